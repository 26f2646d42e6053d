"""The end of connections: timeouts, and the stop of the server."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from conftest import MANY
from understudy.engine.api import Api
from understudy.engine.worlds import Worlds
from understudy.http.app import App
from understudy.http.intake import Bounds
from understudy.http.protocol import Protocol
from understudy.http.server import serving
from wire import CLOSE, GET, HOST, KEYED, POST, RUN, Wire, answers, connect, received, spoken

HALF = f"{POST}{KEYED}content-length: 21\r\n\r\n{{"
SLOW = [
    "G", f"GET {RUN}", f"{GET}x", f"{GET}x: y", HALF, f"{POST}{KEYED}transfer-encoding: chunked\r\n\r\n5\r\n",
    f"{POST}{KEYED}content-length: 99999\r\n\r\n{{",
]  # fmt: skip


@pytest.fixture(scope="module")
def hasty(nextstep: Api, control: Api, small: dict[str, Any]) -> Iterator[Callable[..., Worlds]]:
    """Serves worlds within bounds: `hasty(idle=0.05)`."""
    with ExitStack() as stack:

        def serve(**bounds: float) -> Worlds:
            worlds = Worlds([nextstep, control], seeds=small, limits={"nextstep": MANY})
            stack.enter_context(serving(worlds, bounds=Bounds(**bounds)))  # type: ignore[arg-type]  # sizes are whole
            return worlds

        yield serve


def test_a_silent_connection_is_closed(hasty: Callable[..., Worlds]) -> None:
    """An idle connection is closed."""
    with connect(hasty(idle=0.05)) as connection:
        assert received(connection) == b""


def test_a_slow_request_is_a_408(hasty: Callable[..., Worlds]) -> None:
    """A head or body that does not end in time answers 408 with problem details."""
    worlds = hasty(request=0.05)
    with ExitStack() as stack:
        connections = [stack.enter_context(connect(worlds)) for _ in SLOW]
        for connection, text in zip(connections, SLOW, strict=True):
            connection.sendall(text.encode())
        found = [next(answers(received(connection))) for connection in connections]
    assert [answer.status for answer in found] == [408] * len(SLOW)
    assert {(answer.headers["connection"], json.loads(answer.body)["status"]) for answer in found} == {("close", 408)}


def after(seconds: float) -> Callable[[Protocol], None]:
    """Return the state of a connection after this much time."""
    return lambda protocol: protocol.expire(protocol._loop.time() + seconds)


def note_end(wire: Wire, seen: list[bool], protocol: Protocol) -> None:
    """Record whether the connection is closed."""
    seen.append(wire.closed or wire.ended)


def test_times_begin_anew_with_each_request(worlds: Worlds) -> None:
    """Idle time counts from the last response, request time from the first byte."""
    bounds = Bounds()
    wire = spoken(App(worlds), after(bounds.idle - 1))
    assert not wire.aborted
    for turns, ends in (
        ([after(bounds.idle - 1), f"{GET}\r\n", after(bounds.idle - 1)], False),
        ([f"{GET}\r\n", after(bounds.idle + 1)], True),
        (["\r\n\r\n", after(bounds.idle + 1)], True),
        ([HALF, after(bounds.request - 1)], False),
        ([HALF, " ", after(bounds.request + 1)], True),
    ):
        seen: list[bool] = []
        wire = Wire()
        spoken(
            App(worlds),
            *turns,
            lambda protocol, wire=wire, seen=seen: seen.append(wire.closed or wire.ended),
            wire=wire,
        )
        assert seen == [ends]


def test_more_bytes_do_not_buy_more_time(worlds: Worlds) -> None:
    """A request that arrives byte by byte gets no extra time."""
    deadlines: list[float] = []
    spoken(
        App(worlds), *[turn for byte in HALF for turn in (byte, lambda protocol: deadlines.append(protocol._deadline))]
    )
    assert len(set(deadlines)) == 1


def test_a_client_that_never_reads_is_cut_off(worlds: Worlds) -> None:
    """A connection whose client does not read in time is aborted with its responses."""
    bounds = Bounds()
    for turns in (
        [Protocol.pause_writing, f"{GET}\r\n", after(bounds.request + 1)],
        ["hello\r\n", after(bounds.linger + 1)],
        [f"{GET}connection: close\r\n\r\n", after(bounds.linger + 1)],
    ):
        assert spoken(App(worlds), *turns).aborted


def test_a_client_that_reads_again_gets_time_again(worlds: Worlds) -> None:
    """The timeout restarts when a client continues to read."""
    bounds = Bounds()
    for ask, time in ((f"{GET}\r\n", bounds.idle), (HALF, bounds.request)):
        turns = [ask, Protocol.pause_writing, Protocol.resume_writing, after(time - 1)]
        seen: list[bool] = []
        wire = Wire()
        spoken(App(worlds), *turns, partial(note_end, wire, seen), wire=wire)
        assert seen == [False]


# Stopping


@pytest.fixture
def started(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server of its own, started from the command line, and its URL."""
    ready = tmp_path / "ready.json"
    command = [sys.executable, "-c", STARTER, "serve", "nextstep", "--port", "0", "--log-format", "none"]
    with subprocess.Popen(
        [*command, "--ready-file", str(ready)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()  # the banner comes once connections are accepted
        yield process, json.loads(ready.read_text())["url"]
        process.kill()


STARTER = "import sys; from understudy.cli import main; sys.exit(main(sys.argv[1:]))"
PAGES = f"GET /__mock__/docs HTTP/1.1\r\n{HOST}\r\n" * 4000
CLIENTS = {
    "idle": ("", ""),
    "between two requests": (f"GET /nope HTTP/1.1\r\n{HOST}\r\n", ""),
    "half a head": ("GET /half", "/half that was not sent whole"),
    "half a body": (f"POST /body HTTP/1.1\r\n{HOST}content-length: 9\r\n\r\n", "/body that was not sent whole"),
    "pages that are not read": (PAGES, "answers that were not read"),
    "a refusal that is not read": ("hello\r\n\r\n", ""),
}


def test_sigterm_stops_whatever_clients_do(started: tuple[subprocess.Popen[str], str]) -> None:
    """SIGTERM stops the server despite idle, slow and stalled clients; the log names aborted ones."""
    process, url = started
    parts = urlsplit(url)
    with ExitStack() as stack:
        for sent, _ in CLIENTS.values():
            connection = stack.enter_context(socket.create_connection((parts.hostname, parts.port), 10))
            connection.setblocking(False)  # what does not fit is not sent: the client does not read, either
            for start in range(0, len(sent), 60_000):
                try:
                    connection.send(sent[start : start + 60_000].encode())
                except BlockingIOError:
                    break
        with socket.create_connection((parts.hostname, parts.port), 10) as last:  # all others were met by now
            last.sendall(f"GET /nope HTTP/1.1\r\n{CLOSE}\r\n".encode())
            assert received(last)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=10)
    assert process.returncode == 0
    (line,) = errors.splitlines()
    assert "Stopped; cut off 3 connections: " in line
    for _, lost in CLIENTS.values():
        assert lost in line


def test_a_quiet_server_stops_without_a_word(started: tuple[subprocess.Popen[str], str]) -> None:
    """A stop that aborts no connection logs nothing."""
    process, _ = started
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=10)[1] == ""
    assert process.returncode == 0


def test_what_is_being_sent_is_answered_before_the_server_stops(started: tuple[subprocess.Popen[str], str]) -> None:
    """A request in progress is answered before the server stops, if its rest arrives in time."""
    process, url = started
    parts = urlsplit(url)
    with (
        socket.create_connection((parts.hostname, parts.port), 10) as connection,
        socket.create_connection((parts.hostname, parts.port), 10) as idle,
    ):
        connection.sendall(f"GET /first HTTP/1.1\r\n{HOST}\r\nGET /second HTTP/1.1\r\n".encode())
        first = connection.recv(65536)
        process.send_signal(signal.SIGTERM)
        assert idle.recv(1) == b""  # it stops now
        connection.sendall(f"{HOST}\r\n".encode())
        rest = received(connection)
    assert [answer.status for answer in answers(first + rest)] == [404, 404]
    assert process.communicate(timeout=10)[1] == ""


def test_one_that_is_cut_off_is_named(nextstep: Api, control: Api, small: Any, capfd: Any) -> None:
    """One aborted connection is logged in the singular."""
    worlds = Worlds([nextstep, control], seeds=small)
    with ExitStack() as stack, serving(worlds, bounds=Bounds(stop=0.05)):
        connection = stack.enter_context(connect(worlds))
        connection.sendall(f"{GET}\r\n{HALF}".encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
    line = "Stopped; cut off 1 connection: a request for /api/v1/process-runs that was not sent whole\n"
    assert capfd.readouterr().err.endswith(line)


def test_many_that_are_cut_off_are_one_short_line(nextstep: Api, control: Api, small: Any, capfd: Any) -> None:
    """Ten aborted connections are named, the others counted."""
    worlds = Worlds([nextstep, control], seeds=small)
    with ExitStack() as stack, serving(worlds, bounds=Bounds(stop=0.05)):
        for _ in range(12):
            connection = stack.enter_context(connect(worlds))
            connection.sendall(f"{HALF}".encode())
        with connect(worlds) as last:
            last.sendall(f"GET {RUN} HTTP/1.1\r\n{CLOSE}\r\n".encode())
            received(last)
    line = capfd.readouterr().err
    assert "cut off 12 connections" in line
    assert (line.count("not sent whole"), line.rstrip()[-10:]) == (10, "and 2 more")
