"""Documents of users on the command line: serve, rules, lint."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from own_document import FOLDER, HEAD
from understudy import cli

LIBRARY = FOLDER / "library.yaml"


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line of a usage error."""
    assert cli.main(arguments) == 2
    error = capsys.readouterr().err.splitlines()
    assert "Traceback" not in "".join(error)
    return error[-1]


class Output(StringIO):
    """Standard output that calls back once the server is ready."""

    def __init__(self, ready: Any) -> None:
        super().__init__()
        self._ready = ready

    def write(self, text: str) -> int:
        """Write a text."""
        written = super().write(text)
        if "Ctrl-C" in text:
            self._ready()
        return written


def test_a_document_is_served_with_a_credential_that_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Beside a built-in API, with its own name and prefix; what is not understood stands on standard error."""
    file = tmp_path / "own.yaml"
    file.write_text(LIBRARY.read_text() + "webhooks: {a: {}}\n")
    ready_file = tmp_path / "ready.json"
    seen: list[Any] = []

    def act() -> None:
        try:
            ready = json.loads(ready_file.read_text())
            entry = ready["apis"]["books"]
            assert entry["base_url"] == f"{ready['url']}/moved"
            request = Request(f"{entry['base_url']}/books/7", headers={"X-Key": entry["credentials"]["key"]})
            with urlopen(request) as response:
                seen.append(json.load(response))
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    output = Output(threading.Thread(target=act).start)
    monkeypatch.setattr(sys, "stdout", output)
    arguments = ["serve", "nextstep", f"books={file}@/moved", "--port", "0", "--ready-file", str(ready_file)]
    assert cli.main(arguments) == 0
    assert seen == [{"id": 7, "title": "Middlemarch", "pages": 880}]
    assert "Understudy serves nextstep, books" in output.getvalue()
    assert "curl -H 'X-Key: " in output.getvalue()
    assert capsys.readouterr().err == "understudy: own.yaml#/webhooks: webhooks are not sent\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("none.yaml", "none.yaml: No such file or directory"),
        ("books=none.yaml@", "none.yaml@: No such file or directory"),
        ("Books=library.yaml", "Books is no name; it takes a-z, 0-9 and -, such as petstore"),
        ("books=library.yaml@/a b", "'/a b' is no prefix; it takes letters, digits and /._~-"),
        (
            "nextstep=library.yaml",
            "nextstep is the name of a built-in API; name the document with my-nextstep=",
        ),
        ("control.yaml", "control is the name of a built-in API"),
        ("swagger.yaml", "swagger.yaml is Swagger '2.0', which is not read; convert it to OpenAPI 3 first"),
        ("empty.yaml", "empty.yaml has no operation that can be served"),
        ("broken.yaml", "broken.yaml has no operation that can be served; broken.yaml#/paths: paths must be a mapping"),
        ("folder", "folder: there is no openapi.yaml or openapi.yml or openapi.json in this folder"),
    ],
)
def test_a_document_that_cannot_be_served_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str, message: str
) -> None:
    """It names the value, and what to do."""
    monkeypatch.chdir(tmp_path)
    for name, content in {
        "library": LIBRARY.read_text(), "control": LIBRARY.read_text(), "swagger": "swagger: '2.0'", "empty": HEAD,
        "broken": f"{HEAD}paths: 3",
    }.items():  # fmt: skip
        (tmp_path / f"{name}.yaml").write_text(content)
    (tmp_path / "folder").mkdir()
    assert message in refused(capsys, "serve", text)


def test_two_documents_of_one_name_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """The line says how to name one of them."""
    other = f"library={LIBRARY}@/other"
    assert "there is another API library; name this one with NAME=" in refused(capsys, "serve", str(LIBRARY), other)


def test_two_documents_with_an_equal_path_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, and both names."""
    error = refused(capsys, "serve", str(LIBRARY), f"other={LIBRARY}")
    assert "/v1/books: library and other both answer GET; serve them one by one, or move one" in error


def test_a_file_with_an_equals_sign_is_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is there under the whole text is the document; and a file may end like a prefix."""
    (tmp_path / "a=b.yaml").write_text("swagger: '2.0'")
    (tmp_path / "c.yaml@").mkdir()
    (tmp_path / "c.yaml@/d").write_text("swagger: '2.0'")
    assert "a=b.yaml is Swagger" in refused(capsys, "serve", str(tmp_path / "a=b.yaml"))
    assert "d is Swagger" in refused(capsys, "serve", f"own={tmp_path}/c.yaml@/d")


def test_strict_takes_no_document_that_is_not_understood(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What it is stands before the refusal."""
    file = tmp_path / "own.yaml"
    file.write_text(LIBRARY.read_text() + "webhooks: {a: {}}\n")
    line = refused(capsys, "serve", "--strict", str(file))
    assert line == (
        f"understudy: --strict: {file}: in 1 places something is wrong or not understood; `understudy lint {file}` "
        "lists them"
    )


def test_rules_of_a_document_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """Its assumption, too: which credentials are valid."""
    assert cli.main(["rules", str(LIBRARY)]) == 0
    assert "library.security.credentials  [assumed: securitySchemes]" in capsys.readouterr().out


def test_lint_of_a_file_that_is_not_there_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    """As of any argument."""
    assert refused(capsys, "lint", str(LIBRARY), "none.yaml") == "understudy: none.yaml: there is no such file"


def test_lint_lists_each_problem_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1 for a problem; what is only not understood is a note, unless it is strict."""
    good, noted, wrong = (tmp_path / f"{name}.yaml" for name in ("good", "noted", "wrong"))
    good.write_text(f"{HEAD}paths: {{/x: {{get: {{responses: {{'204': {{}}}}}}}}}}\n")
    noted.write_text(f"{good.read_text()}webhooks: {{a: {{}}}}\n")
    wrong.write_text(f"{good.read_text()}components: {{schemas: {{A: {{type: strin}}}}}}\n")
    assert [cli.main(["lint", str(file)]) for file in (good, noted, wrong)] == [0, 0, 1]
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        f"{noted}:4: /webhooks: note: webhooks are not sent",
        f"{wrong}:4: /components/schemas/A/type: the type 'strin' is none of JSON Schema's; did you mean string?; "
        "any type is taken",
    ]
    assert cli.main(["lint", "--strict", str(good), str(noted)]) == 1
    assert capsys.readouterr().err == "1 problem, 0 notes in 2 files\n"
