"""HTTP/1.1 on one connection: httptools parses, complete requests are answered at once, without a task.

Implements the protocol class of uvicorn.Server. Applies the bounds of heads and the deadlines of connections;
`intake` has the bounds of bodies. Must not decide any response to a request: `App` does.
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
from understudy.http.intake import BODILESS_STATUSES, Arrival

_MOST_PENDING = 64  # responses that are written at once
_MOST_PENDING_BYTES = 1 << 20
_PIECE = 1 << 14  # bytes that are parsed at once: no bound is exceeded by more
_RELEVANT = frozenset((b"host", b"origin", b"expect", b"content-length", b"transfer-encoding"))
_HOST = re.compile(rb"[A-Za-z0-9.:_~!$&'()*+,;=%\[\]-]*")
_STATUS = {status: b"HTTP/1.1 %d \r\n" % status for status in range(100, 600)}


_STATUS |= {one.value: f"HTTP/1.1 {one.value} {one.phrase}\r\n".encode() for one in HTTPStatus}

_BODILESS = ("GET", "HEAD")  # their bodies are ignored
_SMALL = 4  # digits of a Content-Length below Bounds.unchecked_body
_LOG = logging.getLogger("uvicorn.error")
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
Head = tuple[str, str, str, Headers]  # method, path, query, headers


class Unreadable(Exception):
    """The rest of the connection is not parsed; holds status and detail, or nothing after a response was written."""


class Sent(NamedTuple):
    """A head as received: method, target, and headers with names in lower case."""

    method: bytes
    url: bytes
    headers: Headers


class Protocol(asyncio.Protocol):
    """One connection.

    Responses of one iteration of the event loop are written together. While a client does not read, its requests wait
    and reading is paused. After a request that is refused before its end, input is discarded for a while: closing a
    connection with unread bytes could destroy the response.
    """

    _sent: Sent | None
    _headers: list[tuple[bytes, bytes]]
    _relevant: dict[bytes, bytes]
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
        self._is_tls = False
        self._parser = self._new_parser()
        self._deadline = 0.0
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._waiting: deque[Callable[[], None]] = deque()  # pending answers, while the client does not read
        self._paused = False  # the client does not read
        self._discarding = False  # input is discarded
        self._stopping = False
        self._half_closed = False
        self._host = b"localhost"  # the last valid one
        self._repeated: Sent | None = None  # the head that is parsed again
        self._begin()
        self._begun = False

    # The connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # asyncio passes a Transport
        """Begin a connection."""
        self._state.connections.add(self)  # type: ignore[arg-type]  # uvicorn knows its own classes only
        self._transport = transport
        self._is_tls = transport.get_extra_info("sslcontext") is not None
        self._deadline = self._loop.time() + self._bounds.idle

    def connection_lost(self, exc: Exception | None) -> None:
        """Drop the connection and its pending requests."""
        self._state.connections.discard(self)
        self._discarding = True
        self._waiting.clear()
        self._pending.clear()
        if self._arrival is not None:
            self._arrival.release()

    def eof_received(self) -> bool:
        """Handle the end of input; the client may still read. Returns whether the connection stays open."""
        self._flush()
        self._half_closed = True
        return bool(self._waiting) and not self._is_tls  # TLS has no half-closed connection

    def pause_writing(self) -> None:
        """Wait until the client reads."""
        self._paused = True
        self._deadline = self._loop.time() + self._bounds.request

    def resume_writing(self) -> None:
        """Answer the waiting requests: the client reads again."""
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
        """Close the connection after its deadline; `now` is the time of the event loop in seconds."""
        if now < self._deadline:
            return
        if self._paused or self._discarding or self._transport.is_closing():
            self._transport.abort()
        elif self._begun:
            self._refuse(408, f"The request was not whole after {self._bounds.request:g} seconds")
        else:
            self._close()

    def shutdown(self) -> None:
        """Close the connection: at once if idle, else after the response to the request that is being read."""
        self._stopping = True
        if self._discarding or not (self._begun or self._waiting):
            self._close()

    def cut(self) -> str:
        """Abort the connection; returns a description of what is lost."""
        self._transport.abort()
        if self._begun and not self._discarding:
            return f"a request for {self._url[:80].decode('latin-1') or 'nothing yet'} that was not sent whole"
        return "answers that were not read"

    # Input

    def data_received(self, data: bytes) -> None:
        """Parse received bytes."""
        if len(data) <= _PIECE:
            self._feed(data)
            return
        for start in range(0, len(data), _PIECE):
            self._feed(data[start : start + _PIECE])

    def on_message_begin(self) -> None:
        """Begin a request."""
        if self._discarding:
            raise Unreadable
        self._begin()

    def on_url(self, url: bytes) -> None:
        """Add a part of the request's target."""
        self._url += url
        if len(self._url) > self._bounds.url:
            raise Unreadable(414, f"The URL is longer than {self._bounds.url} bytes")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Add a header, or a trailer after a chunked body."""
        name = name.lower()
        value = value.rstrip(b" \t")  # RFC 9112, 5.1: blanks around a value are not part of it
        self._headers.append((name, value))
        if name in _RELEVANT and self._head is None:
            if name == b"host" and name in self._relevant:  # RFC 9112, 3.2
                raise Unreadable(400, "The request has more than one Host header")
            self._relevant[name] = value

    def on_headers_complete(self) -> None:
        """Check the complete head, and whether its body is to be read."""
        parser, relevant = self._parser, self._relevant
        if parser.should_upgrade():
            return
        if self._spread or len(self._headers) > self._bounds.header_count:
            self._check_fields()
        version, host = parser.get_http_version(), relevant.get(b"host")
        if host != self._host:
            self._check_host(host, version)
        if self._sent is None:
            self._head = head_of(parser.get_method(), self._url, tuple(self._headers))
        else:
            self._head = head_of(*self._sent)
        self._headers = []
        self._keep_alive = version != "1.0" and parser.should_keep_alive()
        length = relevant.get(b"content-length", b"")
        if b"transfer-encoding" in relevant or b"expect" in relevant or len(length) > _SMALL:
            self._expect_body(version)

    def on_chunk_header(self) -> None:
        """Allow for the framing of a chunk."""
        self._framing -= 16

    def on_body(self, body: bytes) -> None:
        """Add a part of the body."""
        assert self._head is not None, "the head comes first"
        if self._arrival is None and self._head[0] not in _BODILESS:
            self._body += body  # a small one: see on_headers_complete
            return
        self._framing -= 3 * len(body)  # the part itself, and twice as much for the framing of small chunks
        if self._arrival is not None:
            self._stop(self._arrival.add(body))
            return
        self._ignored += len(body)
        if self._ignored > self._bounds.ignored_body:
            self._stop(self._app.answer(Request(*self._head), self._relevant.get(b"origin")))

    def on_message_complete(self) -> None:
        """Answer the complete request, or let it wait."""
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
            self._wait(partial(self._respond, request, self._relevant.get(b"origin"), self._keep_alive))
        else:
            self._respond(request, self._relevant.get(b"origin"), self._keep_alive)

    def _begin(self) -> None:
        self._begun = True
        self._sent, self._repeated = self._repeated, None
        self._url = b""
        self._headers = []
        self._relevant = {}
        self._head = None
        self._body = b""
        self._arrival = None
        self._spread = False  # received in more than one piece
        self._framing = 0  # bytes outside head and body
        self._ignored = 0

    def _feed(self, data: bytes) -> None:
        while data and not self._discarding:
            end = None  # of a head with an Upgrade
            try:
                self._parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                end = upgrade.args[0]
            except httptools.HttpParserError as error:
                if not self._discarding:
                    self._refuse(*self._refusal_of(error))
                return
            if end is None:
                self._set_deadline(len(data))
                return
            self._repeat()
            data = data[end:]

    def _set_deadline(self, size: int) -> None:
        """Set the deadline for the next piece, after one of `size` bytes."""
        if self._begun:
            self._check_progress(size)
        elif not self._paused and not self._discarding:
            self._deadline = self._loop.time() + self._bounds.idle

    def _check_progress(self, size: int) -> None:
        """Apply the bounds of an incomplete request, after a piece of `size` bytes."""
        if not self._spread:
            self._spread = True
            self._deadline = self._loop.time() + self._bounds.request
        elif self._head is None:
            self._framing += size
            if self._framing > self._bounds.headers + self._bounds.url:
                self._refuse(*self._too_large())
        elif b"transfer-encoding" in self._relevant:
            self._framing = max(0, self._framing + size)
            if self._framing > self._bounds.trailers:
                self._refuse(431, f"Chunk extensions or trailers are longer than {self._bounds.trailers} bytes")

    def _repeat(self) -> None:
        """Parse a head again without its Upgrade, which is ignored (RFC 9110, 7.8); httptools stops after it."""
        parser, headers = self._parser, tuple(self._headers)
        self._repeated = Sent(parser.get_method(), self._url, headers)
        method, url = (b"POST", b"/") if self._repeated.method == b"CONNECT" else self._repeated[:2]
        head = [b"%b %b HTTP/%b\r\n" % (method, url, parser.get_http_version().encode())]
        head += [b"%b: %b\r\n" % header for header in headers if header[0] != b"upgrade"]
        self._parser = self._new_parser()
        self.data_received(b"".join([*head, b"\r\n"]))

    def _new_parser(self) -> httptools.HttpRequestParser:
        parser = httptools.HttpRequestParser(self)
        parser.set_dangerous_leniencies(lenient_data_after_close=True)  # what follows the last request is ignored
        return parser

    def _check_fields(self) -> None:
        """Apply the bounds of headers or trailers; those received in one piece cannot exceed the sizes."""
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
        """Decide before the body arrives whether it is read, and answer Expect: 100-continue."""
        head, relevant = self._head, self._relevant
        assert head is not None, "the head is whole"
        if relevant.get(b"transfer-encoding", b"chunked").lower() != b"chunked":  # RFC 9112, 6.1
            raise Unreadable(501, "The only transfer coding that is supported is chunked")
        asks = version != "1.0" and relevant.get(b"expect", b"").lower() == b"100-continue"
        if head[0] not in _BODILESS:
            self._arrival = Arrival(self._app.edge, Request(*head))
            least = self._bounds.unchecked_body + 1 if asks else 0
            self._stop(self._arrival.expect(max(least, int(relevant.get(b"content-length", b"0")))))
        if asks and (self._paused or self._waiting):
            self._wait(partial(self._write, _CONTINUE))
        elif asks:
            self._write(_CONTINUE)

    def _refusal_of(self, error: httptools.HttpParserError) -> tuple[int, str]:
        """The status and detail of an exception of the parser."""
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

    # Output

    def _respond(self, request: Request, origin: bytes | None, keep_alive: bool) -> None:
        if request.method == "CONNECT" and request.path[:1] != "/":
            response = self._app.refusal(request, 501, "This server is no proxy")
        else:
            response = self._app.answer(request, origin)
        keep_alive = self._answer(request.method, response, keep_alive and not self._stopping)
        if not keep_alive:
            self._close()

    def _answer(self, method: str, response: Response, keep_alive: bool) -> bool:
        """Write a response; returns whether the connection stays open."""
        lines = [_STATUS[response.status], self._app.date]
        if response.status not in BODILESS_STATUSES:
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
        """Send the response, if there is one, to a request whose body is not read to its end."""
        if response is not None:
            assert self._head is not None, "the head is whole"
            self._end(self._head[0], response)
            raise Unreadable

    def _refuse(self, status: int, detail: str) -> None:
        """Answer an invalid or late request, and stop reading."""
        sent = (
            "",
            self._url.decode("latin-1"),
            "",
            tuple(self._headers),
        )  # so far: CORS headers depend on them
        request = Request(*(sent if self._head is None else self._head))
        self._end(request.method, self._app.refusal(request, status, detail))

    def _end(self, method: str, response: Response) -> None:
        self._discarding = True
        if self._paused or self._waiting:
            self._wait(partial(self._linger, method, response))
        else:
            self._linger(method, response)

    def _linger(self, method: str, response: Response) -> None:
        """Send the last response, and discard input for a while, until the client closes."""
        self._answer(method, response, False)
        self._flush()
        if not self._transport.is_closing():
            if not self._is_tls:
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
        self._discarding = True
        self._waiting.clear()  # requests after the last one are not answered
        self._flush()
        self._transport.close()
        self._deadline = self._loop.time() + self._bounds.linger


def head_of(sent: bytes, target: bytes, headers: Headers) -> Head:
    """Return method, path, query and headers of a received head. Raises Unreadable."""
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
