"""Raw HTTP for tests: bytes sent to a real server, and a connection without a network."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from conftest import KEY
from understudy.engine.worlds import Worlds
from understudy.http.app import App
from understudy.http.protocol import Protocol
from understudy.http.server import Server

RUN = "/api/v1/process-runs/R1"
HOST = "host: localhost\r\n"
KEYED = f"authorization: Bearer {KEY}\r\n{HOST}"
CLOSE = f"{KEYED}connection: close\r\n"
GET = f"GET {RUN} HTTP/1.1\r\n{KEYED}"
JSON = "content-type: application/json\r\n"
START = '{"template_id": "T1"}'
POST = f"POST /api/v1/process-runs HTTP/1.1\r\n{JSON}"


class Answer(NamedTuple):
    """One answer as it came: status, headers by lower-case name, body."""

    status: int
    headers: dict[str, str]
    body: bytes


def connect(worlds: Worlds) -> socket.socket:
    """A connection to the server of some worlds; waits at most ten seconds for anything."""
    parts = urlsplit(worlds.server.url)
    return socket.create_connection((parts.hostname, parts.port), 10)


def received(connection: socket.socket) -> bytes:
    """All that comes until the server closes."""
    return b"".join(iter(lambda: connection.recv(65536), b""))


def answers(content: bytes, *, bodiless: bool = False) -> Iterator[Answer]:
    """The answers in what was received; `bodiless` ones are to HEAD."""
    while content:
        top, _, content = content.partition(b"\r\n\r\n")
        lines = top.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        size = 0 if bodiless else int(headers.get("content-length", 0))
        yield Answer(int(lines[0].split()[1]), headers, content[:size])
        content = content[size:]


def exchanged(worlds: Worlds, *parts: str | bytes, half_close: bool = False) -> list[Answer]:
    """Send raw bytes, each part in a segment of its own, read until the server closes; the answers."""
    with connect(worlds) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in parts:
            connection.sendall(part if isinstance(part, bytes) else part.encode("latin-1"))
        if half_close:
            connection.shutdown(socket.SHUT_WR)
        return list(answers(received(connection)))


def sent(worlds: Worlds, head: str, body: bytes = b"", *, cut: bool = False) -> Answer:
    """Send a request, read until the server closes: its one answer, with status 0 when there is none."""
    with connect(worlds) as connection:
        connection.sendall(head.encode("latin-1") + b"\r\n" + body)
        if cut:
            connection.shutdown(socket.SHUT_WR)
        content = received(connection)
    return next(answers(content, bodiless=head.startswith("HEAD ")), Answer(0, {}, b""))


class Wire(asyncio.Transport):
    """A connection that only notes what is written, until it is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.closed = self.ended = self.aborted = False
        self.reading = True

    def write(self, data: Any) -> None:
        assert not self.closed
        self.written.append(data)

    def write_eof(self) -> None:
        self.ended = True

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = self.aborted = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


def spoken(app: App, *turns: str | bytes | Callable[[Protocol], object], wire: Wire | None = None) -> Wire:
    """What is written, and whether we close, when the turns arrive or happen, each in a turn of the event loop."""
    server, wire = Server(app, sockets=[], ready=lambda: None), wire or Wire()

    async def talk() -> None:
        protocol = Protocol(server.config, server.server_state, {})
        protocol.connection_made(wire)
        assert list(server.server_state.connections) == [protocol]
        for turn in turns:
            if callable(turn):
                turn(protocol)
            else:
                protocol.data_received(turn if isinstance(turn, bytes) else turn.encode("latin-1"))
            await asyncio.sleep(0)
        protocol.connection_lost(None)
        assert not server.server_state.connections

    asyncio.run(talk())
    return wire
