"""HTTP/1.1 on one connection: httptools reads, each request is answered as soon as it is whole, without a task.

The class has the form that uvicorn.Server makes and shuts down. It holds the bounds of a request's head and the
connection's deadlines; the bounds of bodies are `intake`'s. Must not decide any answer to a request: `App` does.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import deque
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any, NamedTuple

import httptools
import uvicorn
from uvicorn.server import ServerState

from understudy.engine.exchange import Headers, Request, Response
from understudy.http.app import App
from understudy.http.intake import EMPTY, Arrival

_MOST_PENDING = 64  # answers to one client before it is asked whether it reads them
_MOST_PENDING_BYTES = 1 << 20
_PIECE = 1 << 14  # bytes that are read at once, so that no bound is passed by more
_NOTED = frozenset((b"host", b"origin", b"expect", b"content-length", b"transfer-encoding"))
_HOST = re.compile(rb"[A-Za-z0-9.:_~!$&'()*+,;=%\[\]-]*")
_STATUS = {status: b"HTTP/1.1 %d \r\n" % status for status in range(100, 600)}


_STATUS |= {one.value: f"HTTP/1.1 {one.value} {one.phrase}\r\n".encode() for one in HTTPStatus}

_BODILESS = ("GET", "HEAD")  # what these carry is not read
_SMALL = 4  # digits of the length of a body that is less than Bounds.unchecked_body
_LOG = logging.getLogger("uvicorn.error")
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
Head = tuple[str, str, str, Headers]  # method, path, query, headers


class Unreadable(Exception):
    """Reading ends here: with a status and a detail, or without arguments where there is an answer already."""


class Sent(NamedTuple):
    """A head as it came: method, target, and headers with names in lower case."""

    method: bytes
    url: bytes
    headers: Headers


class Protocol(asyncio.Protocol):
    """One connection.

    Answers of one turn of the event loop leave in one system call. While a client does not read, its requests wait,
    and no more is read. Behind a request that is refused before its end, what still comes is thrown away for a while:
    a connection that is closed with unread bytes would take the answer with it.
    """

    _sent: Sent | None
    _headers: list[tuple[bytes, bytes]]
    _noted: dict[bytes, bytes]
    _head: Head | None
    _arrival: Arrival | None

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._app: App = config.app  # type: ignore[assignment]  # uvicorn allows any ASGI application
        self._bounds = self._app.edge.bounds
        self._loop = _loop or asyncio.get_running_loop()
        self._state = server_state
        self._transport: asyncio.Transport
        self._parser = self._new_parser()
        self._deadline = 0.0
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._waiting: deque[Callable[[], None]] = deque()  # answers, while the client does not read
        self._paused = False  # the client does not read
        self._deaf = False  # no further request is read
        self._stopping = False
        self._half_closed = False
        self._host = b"localhost"  # the last one that was found to be a host
        self._repeated: Sent | None = None  # the head that is read once more
        self._begin()
        self._begun = False

    # The connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # what asyncio gives
        """Begin a connection."""
        self._state.connections.add(self)  # type: ignore[arg-type]  # uvicorn knows its own classes only
        self._transport = transport
        self._deadline = self._loop.time() + self._bounds.idle

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection and what is not answered on it."""
        self._state.connections.discard(self)
        self._deaf = True
        self._waiting.clear()
        self._pending.clear()
        if self._arrival is not None:
            self._arrival.release()

    def eof_received(self) -> bool:
        """The client sends no more; it may still read. Returns whether the connection stays open."""
        self._flush()
        self._half_closed = True
        return bool(self._waiting)

    def pause_writing(self) -> None:
        """The client does not read what it was sent."""
        self._paused = True
        self._deadline = self._loop.time() + self._bounds.request

    def resume_writing(self) -> None:
        """The client reads again: answer what waits."""
        self._paused = False
        self._deadline = self._loop.time() + (self._bounds.request if self._begun else self._bounds.idle)
        while self._waiting and not self._paused:
            self._waiting.popleft()()
        if self._waiting or self._transport.is_closing():
            return
        if self._half_closed:
            self._close()
        else:
            self._transport.resume_reading()

    def expire(self, now: float) -> None:
        """Close the connection when its time (of the event loop, in seconds) is over."""
        if now < self._deadline:
            return
        if self._paused or self._deaf or self._transport.is_closing():
            self._transport.abort()
        elif self._begun:
            self._refuse(408, f"The request was not whole after {self._bounds.request:g} seconds")
        else:
            self._close()

    def shutdown(self) -> None:
        """Close the connection: at once when it is idle, else behind the answer to the request that is being read."""
        self._stopping = True
        if self._deaf or not (self._begun or self._waiting):
            self._close()

    def cut(self) -> str:
        """Close the connection as it is; returns what is lost."""
        self._transport.abort()
        if self._begun and not self._deaf:
            return f"a request for {self._url[:80].decode('latin-1') or 'nothing yet'} that was not sent whole"
        return "answers that were not read"

    # What is read

    def data_received(self, data: bytes) -> None:
        """Read what came."""
        if len(data) <= _PIECE:
            self._feed(data)
            return
        for start in range(0, len(data), _PIECE):
            self._feed(data[start : start + _PIECE])

    def on_message_begin(self) -> None:
        """A request begins."""
        if self._deaf:
            raise Unreadable
        self._begin()

    def on_url(self, url: bytes) -> None:
        """A part of the request's target."""
        self._url += url
        if len(self._url) > self._bounds.url:
            raise Unreadable(414, f"The URL is longer than {self._bounds.url} bytes")

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer behind a body in chunks."""
        name = name.lower()
        value = value.rstrip(b" \t")  # RFC 9112, 5.1: blanks around a value are no part of it
        self._headers.append((name, value))
        if name in _NOTED and self._head is None:
            if name == b"host" and name in self._noted:  # RFC 9112, 3.2
                raise Unreadable(400, "The request has more than one Host header")
            self._noted[name] = value

    def on_headers_complete(self) -> None:
        """The head is whole: see whether its body is to be read at all."""
        parser, noted = self._parser, self._noted
        if parser.should_upgrade():
            return
        if self._spread or len(self._headers) > self._bounds.header_count:
            self._check_fields()
        version, host = parser.get_http_version(), noted.get(b"host")
        if host != self._host:
            self._check_host(host, version)
        if self._sent is None:
            self._head = head_of(parser.get_method(), self._url, tuple(self._headers))
        else:
            self._head = head_of(*self._sent)
        self._headers = []
        self._keep_alive = version != "1.0" and parser.should_keep_alive()
        length = noted.get(b"content-length", b"")
        if b"transfer-encoding" in noted or b"expect" in noted or len(length) > _SMALL:
            self._expect_body(version)

    def on_chunk_header(self) -> None:
        """A chunk begins."""
        self._framing -= 16

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        assert self._head is not None, "the head comes first"
        if self._arrival is None and self._head[0] not in _BODILESS:
            self._body += body  # all of it is small: see on_headers_complete
            return
        self._framing -= 3 * len(body)  # itself, and twice as much for what small chunks have around them
        if self._arrival is not None:
            self._stop(self._arrival.add(body))
            return
        self._ignored += len(body)
        if self._ignored > self._bounds.ignored_body:
            self._stop(self._app.answer(Request(*self._head), self._noted.get(b"origin")))

    def on_message_complete(self) -> None:
        """The request is whole: answer it, or let it wait."""
        if self._parser.should_upgrade():
            return
        if self._headers:  # the trailers
            self._check_fields()
        head, self._begun = self._head, False
        assert head is not None, "the head comes first"
        if self._arrival is not None:
            self._body, self._arrival = self._arrival.whole(), None
        request = Request(*head, self._body)
        if self._paused or self._waiting:
            self._wait(partial(self._respond, request, self._noted.get(b"origin"), self._keep_alive))
        else:
            self._respond(request, self._noted.get(b"origin"), self._keep_alive)

    def _begin(self) -> None:
        self._begun = True
        self._sent, self._repeated = self._repeated, None
        self._url = b""
        self._headers = []
        self._noted = {}
        self._head = None
        self._body = b""
        self._arrival = None
        self._spread = False  # over more than one piece
        self._framing = 0  # bytes that are neither head nor body
        self._ignored = 0

    def _feed(self, data: bytes) -> None:
        while data and not self._deaf:
            end = None  # of a head with an Upgrade
            try:
                self._parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                end = upgrade.args[0]
            except httptools.HttpParserError as error:
                if not self._deaf:
                    self._refuse(*self._fault_of(error))
                return
            if end is None:
                self._note_time(len(data))
                return
            self._repeat()
            data = data[end:]

    def _note_time(self, size: int) -> None:
        """Set the deadline for what comes after a piece of `size` bytes."""
        if self._begun:
            self._go_on(size)
        elif not self._paused and not self._deaf:
            self._deadline = self._loop.time() + self._bounds.idle

    def _go_on(self, size: int) -> None:
        """Hold the bounds of a request that is not whole yet, after a piece of `size` bytes."""
        if not self._spread:
            self._spread = True
            self._deadline = self._loop.time() + self._bounds.request
        elif self._head is None:
            self._framing += size
            if self._framing > self._bounds.headers + self._bounds.url:
                self._refuse(*self._too_large())
        elif b"transfer-encoding" in self._noted:
            self._framing = max(0, self._framing + size)
            if self._framing > self._bounds.trailers:
                self._refuse(431, f"Chunk extensions or trailers are longer than {self._bounds.trailers} bytes")

    def _repeat(self) -> None:
        """Read a head again without its Upgrade, which is ignored (RFC 9110, 7.8); httptools stops behind it."""
        parser, headers = self._parser, tuple(self._headers)
        self._repeated = Sent(parser.get_method(), self._url, headers)
        method, url = (b"POST", b"/") if self._repeated.method == b"CONNECT" else self._repeated[:2]
        head = [b"%b %b HTTP/%b\r\n" % (method, url, parser.get_http_version().encode())]
        head += [b"%b: %b\r\n" % header for header in headers if header[0] != b"upgrade"]
        self._parser = self._new_parser()
        self.data_received(b"".join([*head, b"\r\n"]))

    def _new_parser(self) -> httptools.HttpRequestParser:
        parser = httptools.HttpRequestParser(self)
        parser.set_dangerous_leniencies(lenient_data_after_close=True)  # what follows a last request is not answered
        return parser

    def _check_fields(self) -> None:
        """Hold the bounds of the headers, or of the trailers; what came in one piece is not larger than they allow."""
        fields, bounds = self._headers, self._bounds
        if len(fields) > bounds.header_count:
            raise Unreadable(431, f"The request has more than {bounds.header_count} headers")
        if self._spread and fields:
            sizes = [len(name) + len(value) for name, value in fields]
            if max(sizes) > bounds.header or sum(sizes) > bounds.headers:
                raise Unreadable(*self._too_large())

    def _check_host(self, host: bytes | None, version: str) -> None:
        if host is not None:
            if _HOST.fullmatch(host) is None:
                raise Unreadable(400, "The Host header is no host")
            self._host = host
        elif version == "1.1":  # RFC 9112, 3.2
            raise Unreadable(400, "The request has no Host header")

    def _expect_body(self, version: str) -> None:
        """Decide before the body comes whether it is wanted, and tell a client that waits to be told."""
        head, noted = self._head, self._noted
        assert head is not None, "the head is whole"
        if noted.get(b"transfer-encoding", b"chunked").lower() != b"chunked":  # RFC 9112, 6.1
            raise Unreadable(501, "The only transfer coding that is supported is chunked")
        asks = version != "1.0" and noted.get(b"expect", b"").lower() == b"100-continue"
        if head[0] not in _BODILESS:
            self._arrival = Arrival(self._app.edge, Request(*head))
            least = self._bounds.unchecked_body + 1 if asks else 0
            self._stop(self._arrival.expect(max(least, int(noted.get(b"content-length", b"0")))))
        if asks and (self._paused or self._waiting):
            self._wait(partial(self._write, _CONTINUE))
        elif asks:
            self._write(_CONTINUE)

    def _fault_of(self, error: httptools.HttpParserError) -> tuple[int, str]:
        """The status and detail for what the parser raised."""
        cause = error.__context__
        if isinstance(cause, Unreadable):
            return cause.args[0], cause.args[1]
        if isinstance(error, httptools.HttpParserCallbackError):  # a programmer's error
            _LOG.error("A request could not be read", exc_info=error)
            return 500, "The request could not be read"
        return 400, "Invalid HTTP request received"

    def _too_large(self) -> tuple[int, str]:
        bounds = self._bounds
        return 431, f"A header is longer than {bounds.header} bytes, or all together than {bounds.headers}"

    # What is written

    def _respond(self, request: Request, origin: bytes | None, keep_alive: bool) -> None:
        if request.method == "CONNECT" and request.path[:1] != "/":
            response = self._app.refusal(request, 501, "This server is no proxy")
        else:
            response = self._app.answer(request, origin)
        keep_alive = self._answer(request.method, response, keep_alive and not self._stopping)
        if not keep_alive:
            self._close()

    def _answer(self, method: str, response: Response, keep_alive: bool) -> bool:
        """Write an answer; returns whether the connection stays open."""
        lines = [_STATUS[response.status], self._app.date]
        if response.status not in EMPTY:
            lines.append(b"content-length: %d\r\n" % len(response.body))
        for name, value in response.headers:
            lines.append(b"%b: %b\r\n" % (name, value))
            if name == b"connection" and b"close" in value.lower():  # a fault's
                keep_alive = False
        lines.append(b"\r\n" if keep_alive else b"connection: close\r\n\r\n")
        if method != "HEAD":
            lines.append(response.body)
        self._write(b"".join(lines))
        return keep_alive

    def _stop(self, response: Response | None) -> None:
        """Answer, where there is an answer, a request whose body is not read to its end, and read no more."""
        if response is not None:
            assert self._head is not None, "the head is whole"
            self._end(self._head[0], response)
            raise Unreadable

    def _refuse(self, status: int, detail: str) -> None:
        """Answer what is no HTTP request, or none in time, and read no more."""
        sent = ("", self._url.decode("latin-1"), "", tuple(self._headers))  # so far: a page may read a refusal, too
        request = Request(*(sent if self._head is None else self._head))
        self._end(request.method, self._app.refusal(request, status, detail))

    def _end(self, method: str, response: Response) -> None:
        self._deaf = True
        if self._paused or self._waiting:
            self._wait(partial(self._linger, method, response))
        else:
            self._linger(method, response)

    def _linger(self, method: str, response: Response) -> None:
        """Send the last answer, and throw away what comes until the client has closed, for a while."""
        self._answer(method, response, False)
        self._flush()
        if not self._transport.is_closing():
            self._transport.write_eof()
            self._transport.resume_reading()
        self._deadline = self._loop.time() + self._bounds.linger

    def _wait(self, answer: Callable[[], None]) -> None:
        if not self._waiting and not self._transport.is_closing():
            self._transport.pause_reading()
        self._waiting.append(answer)

    def _write(self, data: bytes) -> None:
        if not self._pending:
            self._loop.call_soon(self._flush)
        self._pending.append(data)
        self._pending_bytes += len(data)
        if len(self._pending) == _MOST_PENDING or self._pending_bytes > _MOST_PENDING_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._pending and not self._transport.is_closing():
            self._transport.write(b"".join(self._pending))
        self._pending.clear()
        self._pending_bytes = 0

    def _close(self) -> None:
        self._deaf = True
        self._waiting.clear()  # what was sent behind a last request is not done
        self._flush()
        self._transport.close()
        self._deadline = self._loop.time() + self._bounds.linger


def head_of(sent: bytes, target: bytes, headers: Headers) -> Head:
    """Method, path, query and headers of a head as it came. Raises Unreadable."""
    try:
        method, url = sent.decode("ascii"), target.decode("ascii")
    except UnicodeDecodeError:
        raise Unreadable(400, "The URL has characters that are not ASCII; they are sent percent-encoded") from None
    if url[:1] == "/" or method == "CONNECT":
        if "#" in url:
            url = url.partition("#")[0]
        path, _, query = url.partition("?")
        return method, path, query, headers
    return _absolute(method, target, headers)


def _absolute(method: str, target: bytes, headers: Headers) -> Head:
    """The head of a request whose target is `*` or a whole URL, whose host counts (RFC 9112, 3.2.2 and 3.2.4)."""
    if target == b"*":
        return method, "*", "", headers
    try:
        url = httptools.parse_url(target)
    except httptools.HttpParserInvalidURLError:
        raise Unreadable(400, "The request's target is no URL") from None
    host = url.host if url.port is None else b"%b:%d" % (url.host, url.port)
    headers = tuple((name, host if name == b"host" else value) for name, value in headers)
    path = (url.path or (b"*" if method == "OPTIONS" else b"/")).decode("ascii")
    return method, path, (url.query or b"").decode("ascii"), headers
