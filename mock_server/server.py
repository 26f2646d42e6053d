"""The edge: ASGI in and out, uvicorn around it, and the ways to call the application without a network.

One precompiled callable is outermost; Starlette stands behind it for the pages for people. Only this module
and `cli` know HTTP's transport. Must not decide any answer: `pipeline` does.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import json
import signal
import socket
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator, MutableMapping
from contextlib import contextmanager, suppress
from functools import cached_property
from http import HTTPStatus
from typing import Any

import httptools
import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from mock_server.exchange import Exchange, Headers, Request, Response
from mock_server.pipeline import handle, nowhere
from mock_server.store import encode
from mock_server.world import Worlds

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_M_MMAP_THRESHOLD = -3  # mallopt(3)
_LONGEST_URL = 1 << 16  # httptools reads no longer one
_MOST_PENDING = 64  # answers to one client before it is asked whether it reads them
_FAILED = Response(500)
_EMPTY = (204, 304)  # RFC 9110, 8.6: no length where there can be no content


class App:
    """The ASGI application of one server: every request becomes an exchange of one world.

    `page_requests` (method and path) are for the pages for people; all others are for `answer`. `watch`, when given,
    sees each exchange after it was made (the request log).
    """

    def __init__(self, worlds: Worlds, *, watch: Callable[[Exchange], None] | None = None) -> None:
        self.worlds = worlds
        self._watch = watch
        self._most_bytes = max(api.most_bytes for api in worlds.apis.values())
        paths = ("/__mock__/docs", *(f"/__mock__/openapi/{name}.yaml" for name in worlds.apis))
        if "GET" not in worlds.router.find("/").operations:  # an API's own operation comes first
            paths = ("/", *paths)
        self.page_requests = frozenset((method, path) for method in ("GET", "HEAD") for path in paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection (http or lifespan)."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        method, path = scope["method"], scope["raw_path"].decode("latin-1")
        if (method, path) in self.page_requests:
            await self._pages(scope, receive, send)
            return
        body: bytes | None = b""  # what a GET carries is not read
        if method != "GET":
            message = await receive()
            more = message["type"] != "http.request" or message.get("more_body", False)
            body = await self._rest(message, receive) if more else message.get("body", b"")
        if body is None:
            return
        query = scope["query_string"].decode("latin-1")
        response = self.answer(Request(method, path, query, tuple(scope["headers"]), body))
        headers, body = [*response.headers], response.body
        if response.status not in _EMPTY:
            headers.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _rest(self, message: MutableMapping[str, Any], receive: Receive) -> bytes | None:
        """The whole body of which `message` holds the first part; None when the client went away."""
        body = bytearray()
        while message["type"] != "http.disconnect":
            self.gather(body, message.get("body", b""))
            if not message.get("more_body", False):
                return bytes(body)
            message = await receive()
        return None

    @cached_property
    def _pages(self) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
        from mock_server.pages import pages  # and Starlette, which takes as long as all of mock_server

        return pages(self.worlds)

    def gather(self, body: bytearray, part: bytes) -> None:
        """Add what came of a request's body; of one that is too large only so much that this can be told."""
        if len(body) <= self._most_bytes:
            body += part

    def answer(self, request: Request) -> Response:
        """The answer to a request in the world that it belongs to."""
        world = self.worlds.of(request)
        if world is None:
            return nowhere(self.worlds)
        exchange = handle(request, world)
        if self._watch is not None:
            self._watch(exchange)
        return exchange.response


def step(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that never waits, without an event loop; raises RuntimeError when it does wait."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise RuntimeError("the application waited for something; it needs an event loop")


def call(app: Callable[[Scope, Receive, Send], Coroutine[Any, Any, None]], request: Request) -> Response:
    """Send one request to an ASGI application that never waits, in process: 30 times faster than an HTTP client."""
    messages: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": request.body, "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        messages.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": request.path,
        "raw_path": request.path.encode(),
        "query_string": request.query.encode(),
        "root_path": "",
        "headers": list(request.headers),
        "server": ("understudy", 80),
        "client": ("127.0.0.1", 0),
    }
    step(app(scope, receive, send))
    start, *parts = messages
    return Response(start["status"], tuple(start["headers"]), b"".join(part.get("body", b"") for part in parts))


class _Gathered(asyncio.Transport):
    """A transport that sends what is written in one turn of the event loop at once, in one system call.

    The loop first reads and answers all that came, then writes: a client is woken once for many answers.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._pending: list[bytes] = []

    def write(self, data: Any) -> None:
        if not self._pending:
            self._loop.call_soon(self._flush)
        self._pending.append(data)
        if len(self._pending) == _MOST_PENDING:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def _flush(self) -> None:
        if self._pending and not self._transport.is_closing():
            self._transport.write(b"".join(self._pending))
        self._pending.clear()


class Protocol(HttpToolsProtocol):
    """HTTP as uvicorn reads it; a request is answered as soon as it is read, in one write, without a task.

    Tasks are for what may have to wait: a page, and whatever comes while one is made or while the client reads
    slower than it asks. What is no HTTP gets problem details in place of the framework's own text.
    """

    app: App
    _head: tuple[str, str, str, Headers] | None = None  # of the request that is being read; None: a task's

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin a connection."""
        super().connection_made(transport)
        self.transport = _Gathered(transport, self.loop)

    def on_headers_complete(self) -> None:
        """Begin a request."""
        method, url = self.parser.get_method().decode("ascii"), httptools.parse_url(self.url)
        path = url.path.decode("ascii")
        behind = self.flow.write_paused or (self.cycle is not None and not self.cycle.response_complete)
        if behind or (method, path) in self.app.page_requests:
            super().on_headers_complete()
            return
        self._head = (method, path, (url.query or b"").decode("latin-1"), tuple(self.headers))
        self._body = bytearray()
        self._keep_alive = self.parser.get_http_version() != "1.0" and self.parser.should_keep_alive()
        if self.expect_100_continue:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        """Take in a part of the request's body; what a GET carries is not read."""
        if self._head is None:
            super().on_body(body)
        elif self._head[0] != "GET":
            self.app.gather(self._body, body)

    def on_message_complete(self) -> None:
        """Answer the request."""
        if self._head is None:
            super().on_message_complete()
            return
        request, self._head = Request(*self._head, bytes(self._body)), None
        if self.transport.is_closing():  # behind an answer that was the last one
            return
        self.transport.write(self._answered(request))
        if not self._keep_alive:
            self.transport.close()
        self.on_response_complete()

    def shutdown(self) -> None:
        """Close the connection, after the answer to the request that is being read."""
        if self._head is None:
            super().shutdown()
        else:
            self._keep_alive = False

    def _answered(self, request: Request) -> bytes:
        """The bytes of the answer."""
        try:
            response = self.app.answer(request)
        except Exception:  # a programmer's error outside of the pipeline; the parser would call it bad HTTP
            self.logger.exception("%s %s could not be answered", request.method, request.path)
            response = _FAILED
        lines = [STATUS_LINE[response.status]]
        if response.status not in _EMPTY:
            lines.append(b"content-length: %d\r\n" % len(response.body))
        for name, value in response.headers:
            lines.append(b"%b: %b\r\n" % (name, value))
            if name == b"connection" and b"close" in value.lower():  # a fault's
                self._keep_alive = False
        lines.append(b"\r\n" if self._keep_alive else b"connection: close\r\n\r\n")
        if request.method != "HEAD":
            lines.append(response.body)
        return b"".join(lines)

    def send_400_response(self, msg: str) -> None:
        """Say that the bytes were no HTTP request, or its URL longer than can be read, and close the connection."""
        status = HTTPStatus.BAD_REQUEST if len(self.url) < _LONGEST_URL else HTTPStatus.REQUEST_URI_TOO_LONG
        body = encode({"type": "about:blank", "title": status.phrase, "status": status, "detail": msg})
        self.transport.write(
            f"HTTP/1.1 {status} {status.phrase}\r\ncontent-type: application/problem+json\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n".encode()
            + body
        )
        self.transport.close()


class Server(uvicorn.Server):
    """A uvicorn server that tells once it accepts connections and leaves signals to its caller."""

    def __init__(self, app: App, *, sockets: list[socket.socket], ready: Callable[[], None]) -> None:
        config = uvicorn.Config(
            app,
            loop="auto",  # uvloop where there is one
            http=Protocol,
            access_log=False,
            log_level="error",
            use_colors=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            ws="none",
            lifespan="off",
            timeout_graceful_shutdown=2,
        )
        super().__init__(config)
        self._sockets = sockets
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell."""
        await super().startup(sockets)
        self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """SIGINT and SIGTERM stop the server, and that is all: they are not raised again afterwards."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def serve_until_stopped(self) -> None:
        """Serve until SIGINT, SIGTERM or `should_exit`."""
        self.run(sockets=self._sockets)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises OSError when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except OSError:
        listener.close()
        raise
    return listener


def url_of(listener: socket.socket) -> str:
    """The URL at which a listening socket is reached."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{host}:{port}"


@contextmanager
def serving(worlds: Worlds) -> Iterator[str]:
    """Serve on a free port of this machine, on a thread, while the block runs; yields the URL."""
    listener = listen("127.0.0.1", 0)
    worlds.url = url_of(listener)
    started = threading.Event()
    server = Server(App(worlds), sockets=[listener], ready=started.set)
    thread = threading.Thread(target=server.serve_until_stopped, daemon=True)
    thread.start()
    started.wait(10)
    try:
        yield worlds.url
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


@contextmanager
def without_pauses() -> Iterator[None]:
    """Spare the server what would stop it for 10 to 40 ms at a time, in the middle of requests."""
    with suppress(AttributeError, TypeError):  # not glibc: its allocator grows a list in its own way
        # large blocks apart from the others, so that a list of a million ids grows in place and is not copied
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, 1 << 18)
    gc.freeze()  # what is there now stays: it need not be walked again and again
    try:
        yield
    finally:
        gc.unfreeze()


def ready_file(worlds: Worlds) -> str:
    """What the ready file holds: how to reach the default world, and the control token where one is needed."""
    token = {} if worlds.token is None else {"control_token": worlds.token}
    return json.dumps({**worlds.default.reached(), **token}, indent=2)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
