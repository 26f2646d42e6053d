"""`understudy why`: the story of an exchange of a running server, found by URL, ready file or environment."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from conftest import KEY
from raw_server import answered, wired
from understudy import cli
from understudy.apis import control
from understudy.engine.worlds import Worlds
from understudy.http.server import ready_file, serving
from understudy_checks.target import installed

TYPED = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def served(small: dict[str, Any]) -> Iterator[Worlds]:
    """A running server, on which a few requests were made: default.1 to 4, and one in another world."""
    worlds = Worlds([installed.declared("nextstep"), control.declare], seeds=small)
    with serving(worlds) as url:
        runs, key = f"{url}/api/v1/process-runs", {"Authorization": f"Bearer {KEY}"}
        requests.get(f"{runs}?limit=0", headers=key, timeout=5)
        requests.post(runs, json={"template_id": "T1"}, headers=key, timeout=5)
        requests.get(f"{runs}/R1?zz=1", timeout=5)
        task = requests.get(f"{runs}/R1/tasks", headers=key, timeout=5).json()["data"][0]["id"]
        requests.patch(f"{runs}/R1/tasks/{task}", json={"completed": True}, headers=key, timeout=5)
        requests.get(f"{worlds.url_of(worlds.create())}/api/v1/process-runs", timeout=5)
        yield worlds


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """No server is named by the environment."""
    for name in ("UNDERSTUDY_URL", "UNDERSTUDY_READY_FILE"):
        monkeypatch.delenv(name, raising=False)


def told(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    """What `understudy why` prints: on standard output, or on standard error where it fails."""
    assert cli.main(["why", *words]) == code
    output = capsys.readouterr()
    return output.err if code else output.out


def test_a_refusal_is_explained(served: Worlds, capsys: pytest.CaptureFixture[str]) -> None:
    """The story has the request, what mattered first, the bucket, and each decision with source and alternatives."""
    lines = told(capsys, "1", "--url", served.server.url).splitlines()
    assert lines[0].startswith("GET /api/v1/process-runs?limit=0 at 2")
    assert lines[1] == "400, validation: limit: 0 is less than the minimum of 1"
    assert lines[2] == "  validation  limit: 0 is less than the minimum of 1"
    assert "              before 0, after 1" in lines
    place = next(n for n, line in enumerate(lines) if "limit-out-of-range" in line)
    assert lines[place].startswith('              nextstep.pagination.limit-out-of-range = "reject" [assumed: REST API')
    assert lines[place + 2] == '                alternatives: "clamp"'


def test_what_changed_is_shown(served: Worlds, capsys: pytest.CaptureFixture[str]) -> None:
    """A made record is named; of a changed one each member is shown before and after."""
    assert " was made" in told(capsys, "#default.2", "--url", served.server.url)
    assert "completed: false -> true" in told(capsys, "5", "--url", served.server.url)


def test_hint_and_warning_are_shown(served: Worlds, capsys: pytest.CaptureFixture[str]) -> None:
    """What was meant, and what was ignored, stand below their step; rules have a basis and no alternatives."""
    text = told(capsys, "3", "--url", f"{served.server.url}/api/v1")
    assert "hint: no key was sent; send the header `Authorization: Bearer KEY`" in text
    assert "nextstep.authentication.missing-key [documented: Authentication > Errors]" in text
    requests.get(f"{served.server.url}/api/v1/process-runs?zz=1", headers={"Authorization": f"Bearer {KEY}"}, timeout=5)
    assert "warning: unknown parameter 'zz'" in told(capsys, "last", "--url", served.server.url)


def test_an_exchange_of_another_world_is_found(served: Worlds, capsys: pytest.CaptureFixture[str]) -> None:
    """By its whole id, or as the last one below the URL of its world."""
    (world,) = (one for one in served.all.values() if one.id != "default")
    whole = told(capsys, f"{world.id}.1", "--url", served.server.url)
    assert whole == told(capsys, "last", "--url", f"{served.url_of(world)}/api/v1/process-runs")
    assert f"recorded in world {world.id}" in whole


def test_json_is_the_whole_exchange(served: Worlds, capsys: pytest.CaptureFixture[str]) -> None:
    """`--format json` prints what the control API answers."""
    shown = json.loads(told(capsys, "1", "--url", served.server.url, "--format", "json"))
    assert shown == requests.get(f"{served.server.url}/__mock__/journal/1", timeout=5).json()


def test_the_server_is_found(
    served: Worlds, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """By a ready file with its token, by the environment; a flag goes before the environment."""
    usual = told(capsys, "1", "--url", served.server.url)
    file = tmp_path / "ready.json"
    monkeypatch.setattr(served.server, "token", "secret")
    file.write_text(ready_file(served))
    assert told(capsys, "1", "--ready-file", str(file)) == usual
    assert "X-Mock-Token" in told(capsys, "1", "--url", served.server.url, code=2)
    assert told(capsys, "1", "--url", served.server.url, "--token", "secret") == usual
    monkeypatch.setenv("UNDERSTUDY_READY_FILE", str(file))
    assert told(capsys, "1") == usual
    monkeypatch.setattr(served.server, "token", None)
    monkeypatch.delenv("UNDERSTUDY_READY_FILE")
    monkeypatch.setenv("UNDERSTUDY_URL", f"{served.server.url}/api/v1")
    assert told(capsys, "1") == usual


def test_an_internal_error_shows_its_traceback(served: Worlds, capsys: pytest.CaptureFixture[str]) -> None:
    """The traceback of a programmer's error ends the story."""
    runs = served.default.tenants["nextstep"]["t1"]["runs"]
    row, runs._rows["R2"] = runs._rows["R2"], b"no JSON"
    task, key = f"{served.server.url}/api/v1/process-runs/R2/tasks/x", {"Authorization": f"Bearer {KEY}"}
    requests.patch(task, json={"completed": True}, headers=key, timeout=5)
    runs._rows["R2"] = row
    assert "Traceback" in told(capsys, "last", "--url", served.server.url)


@pytest.mark.parametrize(
    ("words", "told_", "code"),
    [
        (["999"], "understudy: 999 at {url}: the journal of world default holds no exchange 999", 2),
        (["defalt.1"], "there is no world 'defalt'; did you mean default?", 2),
        (["w/../../1"], "understudy: w/../../1 at {url}: ", 2),
        ([""], "understudy: '' at {url}: ", 2),
    ],
)
def test_an_unknown_id_is_one_line(
    served: Worlds, capsys: pytest.CaptureFixture[str], words: list[str], told_: str, code: int
) -> None:
    """The message names id, server and what there is."""
    text = told(capsys, *words, "--url", served.server.url, code=code)
    assert told_.format(url=served.server.url) in text
    assert text.count("\n") == 1


@pytest.mark.parametrize("url", ["nope", "ftp://x", "http://", "http://h:x", "http://["])
def test_what_is_no_url_is_refused(capsys: pytest.CaptureFixture[str], url: str) -> None:
    """The message shows a URL as it should be."""
    assert f"--url {url} is no URL such as http://127.0.0.1:8629" in told(capsys, "1", "--url", url, code=2)


@pytest.mark.parametrize("content", [None, "{", "[]", "{}", '{"url": 5}'])
def test_what_is_no_ready_file_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path, content: Any) -> None:
    """A missing file and one of another kind are told in a line."""
    file = tmp_path / "ready.json"
    if content is not None:
        file.write_text(content)
    text = told(capsys, "1", "--ready-file", str(file), code=2)
    assert text.startswith(f"understudy: --ready-file {file}")
    assert text.count("\n") == 1


@pytest.mark.parametrize("answer", [b'{"ok": true}', b"[]", b"<html>"])
def test_another_server_is_told(capsys: pytest.CaptureFixture[str], answer: bytes) -> None:
    """A server of another kind is named as such, and so is none at all."""
    with wired(lambda request: answered(answer)) as server:
        words = ["1", "--url", server.origin]
        assert cli.main(["why", *words]) in (2, 3)
        text = capsys.readouterr().err
        assert "Understudy" in text
    assert "no Understudy answers at" in told(capsys, *words, code=3)
