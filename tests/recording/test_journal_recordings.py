"""The journal as a recording: whole, without secrets, and played again without a difference."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pets import declared
from understudy.apis.control import declare as control
from understudy.cli import main
from understudy.engine.exchange import Headers, Request, Response
from understudy.engine.worlds import Worlds
from understudy.http.app import App, call
from understudy.recording import files


def served(folder: Path, *, show_secrets: bool = False) -> App:
    """A server of the pets, with some exchanges."""
    api = declared(folder)
    app = App(Worlds([api, control], seeds={api.name: None}, show_secrets=show_secrets))
    ((_, key),) = app.worlds.default.credentials
    headers: Headers = ((b"x-key", key.encode()), (b"content-type", b"application/json"))
    body = json.dumps({"name": "Jane", "password": "open-sesame"}).encode()
    for method, path in (("POST", "/v1/owners"), ("GET", "/v1/owners/1"), ("GET", "/v1/owners/9")):
        call(app, Request(method, path, "", headers, body if method == "POST" else b""))
    return app


def exported(app: App, query: str = "") -> Response:
    """The journal as a recording."""
    return call(app, Request("GET", "/__mock__/journal.har", query))


@pytest.mark.parametrize("form", files.FORMATS)
def test_the_journal_is_replayed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    """In each format, with the times and the order of the exchanges, and no key or password."""
    monkeypatch.chdir(tmp_path)
    app = served(tmp_path)
    response = exported(app, f"format={form}")
    assert response.status == 200
    ((_, key),) = app.worlds.default.credentials
    assert key.encode() not in response.body
    assert b"open-sesame" not in response.body
    name = "journal.yaml" if form == "yaml" else "journal.json"
    Path(name).write_bytes(response.body)
    assert main(["replay", name, "--api", "pets.yaml", "--api", "nextstep"]) == 0


def test_a_har_is_the_usual_format(tmp_path: Path) -> None:
    """Without a format it is a HAR; a server that shows secrets shows them here, too."""
    app = served(tmp_path, show_secrets=True)
    response = exported(app)
    assert len(response.json()["log"]["entries"]) == 3
    assert response.header("content-type") == "application/json"
    assert b"open-sesame" in response.body


def test_binary_bodies_have_no_place_in_a_json_cassette(tmp_path: Path) -> None:
    """That is refused, and the other formats are named."""
    app = served(tmp_path)
    call(app, Request("POST", "/v1/owners", "", (), b"\xff\x00"))
    assert exported(app, "format=json").status == 400
    assert "write YAML or HAR" in exported(app, "format=json").body.decode()
    assert exported(app, "format=xml").status == 400


def test_python_exports_the_journal() -> None:
    """A handle of a world returns a HAR as JSON, and a cassette in YAML as text."""
    from understudy import MockServer

    with MockServer("nextstep") as server:
        journal = server.world().journal
        assert journal.export()["log"]["entries"] == []
        assert journal.export("yaml").startswith("version: 1")
