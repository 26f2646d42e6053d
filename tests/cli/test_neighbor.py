"""Other servers on this machine: a taken port, a ready file that was left behind."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from understudy import cli
from understudy.apis import control
from understudy.cli.neighbor import is_left_behind, understudy_at
from understudy.engine.worlds import Worlds
from understudy.http.server import serving
from understudy_checks.target import installed

HOST = "127.0.0.1"


class Answering(BaseHTTPRequestHandler):
    """Answers every GET with the body of its server."""

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.server.body)  # type: ignore[attr-defined]

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def worlds() -> Worlds:
    """NextStep, as it is served."""
    seeds = {"nextstep": installed.seeds()["nextstep"]}
    return Worlds([installed.declared("nextstep"), control.declare], seeds=seeds, seeder=installed.load_seed_once)


@pytest.fixture
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    """The port of somebody's server that answers with the test's parameter."""
    server = HTTPServer((HOST, 0), Answering)
    server.body = request.param  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def test_another_understudy_on_the_port_is_named(worlds: Worlds, capsys: pytest.CaptureFixture[str]) -> None:
    """The error of a second server names the first one, what it serves and the flag that helps."""
    with serving(worlds) as url:
        port = url.rpartition(":")[2]
        assert cli.main(["serve", "nextstep", "--port", port]) == 3
    message = (
        f"cannot listen on {HOST}:{port}: Address already in use: an Understudy that serves nextstep is there already"
    )
    assert capsys.readouterr().err == f"understudy: {message}; --port takes another port, 0 a free one\n"


def test_one_behind_a_token_is_known_too(worlds: Worlds) -> None:
    """A server behind a token is recognized, without what it serves."""
    worlds.server.token = "secret"
    with serving(worlds) as url:
        assert understudy_at(HOST, int(url.rpartition(":")[2])) == "an Understudy"


@pytest.mark.parametrize("port", [b"", b"{", b"[]", b"{}", b"\xff", b'{"status": "ok"}'], indirect=True)
def test_any_other_server_is_not_taken_for_one(port: int) -> None:
    """Neither a page nor other JSON is taken for an Understudy."""
    assert understudy_at(HOST, port) is None


def test_an_address_of_another_machine_is_an_error_with_the_flag(capsys: pytest.CaptureFixture[str]) -> None:
    """The error names the flag that takes another address."""
    assert cli.main(["serve", "nextstep", "--host", "203.0.113.1"]) == 3
    assert "; --host takes an address of this machine\n" in capsys.readouterr().err


def test_only_a_ready_file_without_its_server_is_left_behind(worlds: Worlds, tmp_path: Path) -> None:
    """A ready file whose server answers is in use; another file is not a ready file."""
    file = tmp_path / "ready.json"
    assert not is_left_behind(file)
    for content in ("", "[]", "{}", '{"url": 5}', '{"url": "http://x:y"}', '{"url": "x"}', '"text"', "\0"):
        file.write_text(content)
        assert not is_left_behind(file)
    with serving(worlds) as url:
        file.write_text(json.dumps({"url": url}))
        assert not is_left_behind(file)
    assert is_left_behind(file)


def test_a_ready_file_of_a_killed_server_goes_before_anything_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A client that waits for the file must not read the old one, even if the new server does not start."""
    file = tmp_path / "ready.json"
    with socket.create_server((HOST, 0)) as free:
        port = free.getsockname()[1]
    file.write_text(json.dumps({"url": f"http://{HOST}:{port}", "pid": 1}))
    assert cli.main(["serve", "nextstep", "--assume", "no=1", "--ready-file", str(file)]) == 2
    assert not file.exists()


@pytest.mark.parametrize(("place", "message"), [(".", "it is a folder"), ("/dev/null", "it is a device")])
def test_a_ready_file_is_a_file(capsys: pytest.CaptureFixture[str], place: str, message: str) -> None:
    """A folder or a device is refused before the server starts."""
    assert cli.main(["serve", "nextstep", "--ready-file", place]) == 2
    assert capsys.readouterr().err == f"understudy: --ready-file {place}: {message}\n"
