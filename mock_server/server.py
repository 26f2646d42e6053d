"""The edge: ASGI in and out, uvicorn around it, and the ways to call the application without a network.

One precompiled callable is outermost; Starlette stands behind it for the pages for people. Only this module
and `cli` know HTTP's transport. Must not decide any answer: `pipeline` does.
"""

from __future__ import annotations

import asyncio
import ctypes
import errno
import gc
import json
import logging
import signal
import socket
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator, MutableMapping
from contextlib import contextmanager, suppress
from email.utils import formatdate
from functools import cached_property
from typing import Any

import uvicorn
from msgspec import structs

from mock_server.cors import METHODS, Cors
from mock_server.exchange import Exchange, Headers, Request, Response, find
from mock_server.intake import Arrival, Bounds, Edge, problem
from mock_server.pipeline import body_bound, handle, nowhere
from mock_server.protocol import EMPTY, Protocol
from mock_server.world import Worlds

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_M_MMAP_THRESHOLD = -3  # mallopt(3)
_BLANK = ord(" ")
_MOST_LISTED = 10  # of the connections that are cut off
_NO_SUCH_FAMILY = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.EPROTONOSUPPORT)
_LOG = logging.getLogger("uvicorn.error")
_SERVER_WIDE = Response(204, ((b"allow", METHODS),))  # to OPTIONS * (RFC 9110, 9.3.7)


class App:
    """The ASGI application of one server: every request becomes an exchange of one world.

    `page_requests` (method and path) are for the pages for people. `watch`, when given, sees each exchange after it
    was made (the request log). `cors` is the origin whose pages may call, `*` for any, `off` for none; raises
    ValueError for what is none of these.
    """

    def __init__(
        self,
        worlds: Worlds,
        *,
        watch: Callable[[Exchange], None] | None = None,
        cors: str = "*",
        bounds: Bounds | None = None,
    ) -> None:
        self.worlds = worlds
        self.date = _date()  # the line of the Date header, which `Server` keeps
        self.edge = Edge(bounds or Bounds(), self._body_bound, self._answer_from, self.refusal)
        self._small = self.edge.bounds.unchecked_body
        self._watch = watch
        self._cors = Cors(cors, worlds.apis.values(), helpful=worlds.helpful)
        paths = ("/__mock__/docs", *(f"/__mock__/openapi/{name}.yaml" for name in worlds.apis))
        if "GET" not in worlds.router.find("/").operations:  # an API's own operation comes first
            paths = ("/", *paths)
        self.page_requests = frozenset((method, path) for method in ("GET", "HEAD") for path in paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection (http or lifespan)."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        method, given = scope["method"], scope["headers"]
        path, query = scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1")
        origin, headers = None, tuple(given)
        for name, value in given:
            if name == b"origin":
                origin = value
            if value and value[-1] <= _BLANK:  # RFC 9112, 5.1: no part of the value; not every server takes it away
                headers = tuple((name, value.strip(b" \t")) for name, value in given)
        request: Request | None = Request(method, path, query, headers)
        response = None
        if method not in ("GET", "HEAD"):  # what these carry is not read
            message = await receive()
            body = message.get("body", b"")
            if message.get("more_body", False) or len(body) > self._small or message["type"] != "http.request":
                request, response = await self._arrive(Request(method, path, query, headers), message, receive)
            else:
                request = Request(method, path, query, headers, body)
        if request is None:
            return
        if response is None:
            response = self.answer(request, origin)
        given_back, body = [*response.headers], response.body
        if response.status not in EMPTY:
            given_back.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": response.status, "headers": given_back})
        await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})

    async def _arrive(
        self, head: Request, message: MutableMapping[str, Any], receive: Receive
    ) -> tuple[Request | None, Response | None]:
        """The request of which `message` holds the first part, and its answer where the rest is not to be read.

        No request when the client went away.
        """
        arrival = Arrival(self.edge, head)
        try:
            while message["type"] != "http.disconnect":
                response = arrival.add(message.get("body", b""))
                if response is not None:
                    return head, response
                if not message.get("more_body", False):
                    return structs.replace(head, body=arrival.whole()), None
                message = await receive()
        finally:
            arrival.release()
        return None, None

    def answer(self, request: Request, origin: bytes | None = None) -> Response:
        """The answer to a request in the world that it belongs to; `origin` is its Origin header.

        Never raises: a programmer's error is logged, and a 500.
        """
        try:
            if origin is not None:
                return self._across(request, origin)
            if (request.method, request.path) in self.page_requests:
                return call(self._pages, request)
            if request.path == "*" and request.method == "OPTIONS":
                return _SERVER_WIDE
            world = self.worlds.of(request)
            if world is None:
                return nowhere(self.worlds)
            exchange = handle(request, world)
            if self._watch is not None:
                self._watch(exchange)
            return exchange.response
        except Exception:
            _LOG.exception("%s %s could not be answered", request.method, request.path)
            return self.refusal(request, 500, "The server failed; its log says how")

    def refusal(self, request: Request, status: int, detail: str, headers: Headers = ()) -> Response:
        """An answer of the edge's own, in problem details, to a request that no API is asked."""
        reason = b"internal" if status == 500 else b"http"
        mock: Headers = ((b"x-mock-reason", reason),) if self.worlds.helpful else ()
        response, origin = problem(status, detail, (*headers, *mock)), find(request.headers, b"origin")
        return response if origin is None else self._shared(request, origin, response)

    @cached_property
    def _pages(self) -> Callable[[Scope, Receive, Send], Coroutine[Any, Any, None]]:
        from mock_server.pages import pages  # and Starlette, which takes as long as all of mock_server

        return pages(self.worlds)

    def _answer_from(self, request: Request) -> Response:
        return self.answer(request, find(request.headers, b"origin"))

    def _across(self, request: Request, origin: bytes) -> Response:
        """The answer to a request from a page of an origin: a preflight's, or the usual one and who may read it."""
        preflight = self._cors.preflight(request, origin)
        if preflight is not None:
            return preflight
        return self._shared(request, origin, self.answer(request))

    def _shared(self, request: Request, origin: bytes, response: Response) -> Response:
        added = self._cors.headers(request, origin, response)
        return structs.replace(response, headers=response.headers + added)

    def _body_bound(self, request: Request) -> int | None:
        world = self.worlds.of(request)
        return None if world is None else body_bound(request, world)


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
        )
        super().__init__(config)
        self._app = app
        self._sockets = sockets
        self._ready = ready

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second: close connections whose time is over; once a second, renew the Date header."""
        if counter % 10 == 0:
            self._app.date = _date()
        now = asyncio.get_running_loop().time()
        for connection in self._connections():
            connection.expire(now)
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept no more, let clients finish for a short time, then cut off the rest and log what that was."""
        for closed in (*self.servers, *(sockets or ())):
            closed.close()
        for connection in self._connections():
            connection.shutdown()
        loop = asyncio.get_running_loop()
        end = loop.time() + self._app.edge.bounds.stop
        while self._connections() and loop.time() < end and not self.force_exit:
            await asyncio.sleep(0.02)
        lost = [connection.cut() for connection in self._connections()]
        if lost:
            more = f" and {len(lost) - _MOST_LISTED} more" if len(lost) > _MOST_LISTED else ""
            listed = "; ".join(lost[:_MOST_LISTED])
            noun = "connection" if len(lost) == 1 else "connections"
            _LOG.error("Stopped; cut off %d %s: %s%s", len(lost), noun, listed, more)
        await asyncio.sleep(0)  # the cut connections are closed

    def _connections(self) -> list[Protocol]:
        return list(self.server_state.connections)  # type: ignore[arg-type]  # uvicorn knows its own classes only

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
        if family == socket.AF_INET6 and host != "::":  # which stands for all addresses of both families
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except OSError:
        listener.close()
        raise
    return listener


def listen_all(host: str, port: int) -> list[socket.socket]:
    """Listening sockets on each address that a name stands for, IPv4 first; all on the same port.

    An address of a family that this machine has not is left out. Raises OSError when none is left, or the port is
    taken on one of them.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    addresses = sorted({str(address[0]) for *_, address in found}, key=lambda address: (":" in address, address))
    listeners: list[socket.socket] = []
    missing = OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address")
    for address in addresses:
        try:
            listeners.append(listen(address, listeners[0].getsockname()[1] if listeners else port))
        except OSError as error:
            if error.errno not in _NO_SUCH_FAMILY:
                for listener in listeners:
                    listener.close()
                raise
            missing = error
    if not listeners:
        raise missing
    return listeners


def url_of(listener: socket.socket) -> str:
    """The URL at which a listening socket is reached."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{host}:{port}"


@contextmanager
def serving(worlds: Worlds, **options: Any) -> Iterator[str]:
    """Serve on a free port of this machine, on a thread, while the block runs; yields the URL.

    `options` are those of App.
    """
    listener = listen("127.0.0.1", 0)
    worlds.url = url_of(listener)
    started = threading.Event()
    server = Server(App(worlds, **options), sockets=[listener], ready=started.set)
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


def _date() -> bytes:
    """The line of the Date header (RFC 9110, 6.6.1): real time, whatever the worlds' clocks say."""
    return f"date: {formatdate(usegmt=True)}\r\n".encode()


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
