"""Handlers of a user's document: which function answers which operation, and what is refused at start."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import understudy
from own_document import Served
from shop import PAY, SHOP
from understudy import cli
from understudy.apis import own
from understudy.apis.handlers import BadHandlers
from understudy.cli import serve
from understudy.cli.parser import parse


@pytest.fixture(autouse=True)
def _path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders that are added to Python's path are gone after each test."""
    monkeypatch.setattr(sys, "path", list(sys.path))


def shop(folder: Path, python: str, name: str = "handlers.py") -> Served:
    """The shop, served with this Python."""
    (folder / "shop.yaml").write_text(SHOP)
    (folder / name).write_text(python)
    return Served(*own.declare(own.Own(folder / "shop.yaml", "shop", handlers=str(folder / name))))


def refused(folder: Path, python: str) -> str:
    """What is said of this Python."""
    with pytest.raises(BadHandlers) as caught:
        shop(folder, python)
    return str(caught.value).replace(f"{folder}/", "")


def test_a_function_with_the_name_of_an_operation_answers_it(tmp_path: Path) -> None:
    """Its records are those that the declared operations keep; what has no function is done as declared."""
    served = shop(tmp_path, PAY)
    assert served.send("POST", "/v1/carts", {"cents": 300}).json() == {"id": 1, "cents": 300, "paid": False}
    served.send("POST", "/v1/carts", {"cents": 3000})
    assert served.send("POST", "/v1/carts/1/pay").json()["paid"] is True
    assert served.get("/v1/carts/1").json()["paid"] is True
    assert [served.send("POST", f"/v1/carts/{id}/pay").status for id in (2, 3)] == [409, 404]
    assert served.get("/v1/total").json() == {"cents": 3300}


def test_a_table_names_operations_by_method_and_path(tmp_path: Path) -> None:
    """For paths without an operationId, and ids that are no names in Python; parameters may have any name."""
    served = shop(
        tmp_path,
        "def _gone(call): return None\n"
        "def one(call): return {'id': call.arguments['id'], 'cents': 0}\n"
        "HANDLERS = {'delete /carts/{number}': _gone, 'getCart': one}\n",
    )
    gone = served.send("DELETE", "/v1/carts/7")
    assert (gone.status, gone.body) == (204, b"")
    assert served.get("/v1/carts/7").json() == {"id": 7, "cents": 0}


@pytest.mark.parametrize(
    ("returned", "status", "body"),
    [
        ("Reply(b'{}', 202)", 202, {}),
        ("Reply({'a': 1}, status=203)", 203, {"a": 1}),
        ("[1, None]", 200, [1, None]),
        ("Reply(call.store['carts'].listing(()))", 500, None),
    ],
)
def test_a_handler_returns_json_or_a_reply(tmp_path: Path, returned: str, status: int, body: Any) -> None:
    """A Reply has a status of its own; a listing is for operations whose pages the document declares."""
    served = shop(tmp_path, f"from understudy import Reply\ndef getTotal(call): return {returned}\n")
    response = served.get("/v1/total")
    assert response.status == status
    if body is not None:
        assert response.json() == body


def test_what_a_handler_raises_is_a_500_with_its_traceback_in_the_journal(tmp_path: Path) -> None:
    """With the line of the user's own file."""
    served = shop(tmp_path, "def getTotal(call):\n    return 1 / 0\n")
    assert served.get("/v1/total").status == 500
    last = served.get("/__mock__/journal").json()["exchanges"][-1]["id"]
    assert 'handlers.py", line 2' in served.get(f"/__mock__/journal/{last}").json()["error"]


@pytest.mark.parametrize(
    ("python", "told"),
    [
        (
            "def payCrat(call): ...",
            "handlers.py:1: payCrat is no operation; did you mean payCart?",
        ),
        ("\ndef zzzz(call): ...", "handlers.py:2: zzzz is no operation; a function that is no handler begins with _"),
        (
            "HANDLERS = {'GET /cart/{id}': len}",
            "handlers.py:1: GET /cart/{id} is no operation; did you mean GET /carts/",
        ),
        ("HANDLERS = ['x']", "handlers.py:1: HANDLERS is no mapping from operations to functions"),
        ("HANDLERS = {'getCart': 5}", "handlers.py:1: getCart is no function; a handler is"),
        ("async def getCart(call): ...", "handlers.py:1: getCart is async, or a generator; handlers never wait"),
        ("def getCart(call):\n  yield 1", "handlers.py:1: getCart is async, or a generator"),
        ("def getCart(): ...", "handlers.py:1: getCart takes (); a handler is a function with one argument, the Call"),
        ("def _a(c): ...\ndef getCart(c): ...\nHANDLERS = {'getCart': _a}", ":2: operation getCart has two handlers"),
        ("x = 1\n1 / 0", "handlers.py:2: ZeroDivisionError: division by zero"),
        ("def f(:", "handlers.py:1: SyntaxError: invalid syntax"),
        ("import sys\nsys.exit('no')", "handlers.py:2: SystemExit: no"),
        ("import nothing_like_it", "handlers.py:1: ModuleNotFoundError: No module named 'nothing_like_it'"),
        ("\0", "handlers.py: "),
        (
            "def getCart(c): raise Problem('not-fond')",
            "handlers.py:1: there is no kind of problem not-fond; did you mean",
        ),
    ],
)
def test_python_that_fits_nothing_is_refused_at_start(tmp_path: Path, python: str, told: str) -> None:
    """One line with file, line and the nearest valid name."""
    text = refused(tmp_path, python)
    assert told in text
    assert len(text.splitlines()) == 1


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    """A line for each."""
    assert len(refused(tmp_path, "def a(c): ...\ndef b(c): ...").splitlines()) == 2


def test_a_callable_without_a_signature_is_taken(tmp_path: Path) -> None:
    """Such as a builtin, which fails only when it is called."""
    assert shop(tmp_path, "getTotal = iter\nfrom dataclasses import dataclass\n@dataclass\nclass Sum: ...\n").get(
        "/v1/total"
    ).status == 500  # fmt: skip


def test_a_module_is_found_in_the_present_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its dotted name; what it imports from beside it was run, too."""
    (tmp_path / "shop_sums.py").write_text("from shop_numbers import N\ndef getTotal(call): return {'n': N}\n")
    (tmp_path / "shop_numbers.py").write_text("N = 4\n")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.yaml").write_text(SHOP)
    shop = own.Own(tmp_path / "shop.yaml", "shop", handlers="shop_sums")
    first, second = (Served(*own.declare(shop)) for _ in range(2))  # the folder is in Python's path by then
    assert first.get("/v1/total").json() == second.get("/v1/total").json() == {"n": 4}
    assert first.api.ran == ("shop_sums.py", "shop_numbers.py")


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Exit code and standard error of a command."""
    code = cli.main(words)
    return code, capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--handlers", "h.py"], "--handlers h.py stands before any document; it belongs to the one before it"),
        (
            ["nextstep", "--handlers", "h.py"],
            "--handlers h.py stands after nextstep, an API that is installed; it is for",
        ),
        (["nextstp", "--seed-file", "s"], "unknown API nextstp; did you mean nextstep?"),
        (["./shop.yaml", "--handlers", "a.py", "--handlers", "b.py"], "--handlers b.py: ./shop.yaml has one already"),
        (["./shop.yaml", "--handlers", ""], "--handlers: the path is empty"),
        (
            ["./shop.yaml", "--handlers", "handlrs.py"],
            "handlrs.py: No such file or directory; did you mean handlers.py?",
        ),
        (["./shop.yaml", "--handlers", "no_such.module"], "no_such.module: there is no such module, and no file"),
        (["./shop.yaml", "--handlers", "bad"], "bad.py:1: NameError: name 'nothing' is not defined"),
    ],
)
def test_a_flag_belongs_to_the_document_before_it(
    words: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """After a built-in name, or none, it is an error."""
    shop(tmp_path, PAY)
    (tmp_path / "bad.py").write_text("nothing\n")
    monkeypatch.chdir(tmp_path)
    code, text = run(capsys, "rules", *words)
    assert (code, told in text) == (2, True), text


def test_documents_may_stand_behind_the_flags_of_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has its own; the first line of a start names each file that is run."""
    shop(tmp_path, PAY)
    (tmp_path / "other.py").write_text("def getTotal(call): return {}\n")
    monkeypatch.chdir(tmp_path)
    words = ["./shop.yaml", "--handlers", "handlers.py", "two=shop.yaml@/two", "--handlers", "other.py"]
    worlds = serve._worlds(parse(["serve", "nextstep", *words]))
    worlds.server.url = "http://127.0.0.1:1"
    first = serve._banner(worlds)[0]
    assert first.startswith("Understudy serves nextstep, shop (runs handlers.py), two (runs other.py) at http://127.")


def test_the_public_names_are_loaded_when_they_are_asked_for() -> None:
    """Importing the package imports nothing else of it; an unknown name is an AttributeError."""
    assert understudy.Problem("not-found").kind == "not-found"
    with pytest.raises(AttributeError, match="has no attribute 'Cal'"):
        understudy.Cal  # noqa: B018
    code = "import sys, understudy; print([n for n in sys.modules if n.startswith('understudy.')])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert done.stdout == "[]\n"
