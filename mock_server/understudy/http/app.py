"""The ASGI application, which sends each request through the pipeline; and `call`, which needs no network.

HTML pages go to a Starlette application. Must not decide any other response: `pipeline` does.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from email.utils import formatdate
from functools import cached_property
from typing import Any

from msgspec import structs

from understudy.engine.exchange import Exchange, Headers, Request, Response, find
from understudy.engine.pipeline import INDEX_METHODS, body_bound, handle, unknown_world
from understudy.engine.root_path import FIRST_OF_MARKS
from understudy.engine.worlds import Worlds
from understudy.http.cors import METHODS, Cors
from understudy.http.intake import BODILESS_STATUSES, Arrival, Bounds, Edge, problem

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_LOG = logging.getLogger("uvicorn.error")
_BLANK = ord(" ")
_PAGE_ALLOW: Headers = ((b"allow", ", ".join(INDEX_METHODS).encode()),)
_SERVER_WIDE = Response(204, ((b"allow", METHODS),))  # to OPTIONS * (RFC 9110, 9.3.7)


class App:
    """The ASGI application of one server.

    `page_paths` are those of the HTML pages and documents. `watch`, when given, is called with each exchange (for the
    request log). `cors` is the origin whose pages may call, `*` for any, `off` for none; raises ValueError for any
    other value.
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
        self.date = date_line()  # the line of the Date header, renewed by `Server`
        self.edge = Edge(bounds or Bounds(), self._body_bound, self._answer_from, self.refusal)
        self._small = self.edge.bounds.unchecked_body
        self._watch = watch
        self._cors = Cors(cors, worlds.apis.values(), helpful=worlds.server.helpful)
        documents = (f"/__mock__/openapi/{name}.{form}" for name in worlds.apis for form in ("yaml", "json"))
        paths = ("/__mock__/docs", *documents)
        owned = worlds.fallback is not None and worlds.fallback.owns("/")
        if not owned and "GET" not in worlds.router.find("/", "GET").operations:  # an API's own operation comes first
            paths = ("/", *paths)
        self.page_paths = frozenset(paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection (http or lifespan)."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        method, raw_headers = scope["method"], scope["headers"]
        path, query = scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1")
        origin, headers = None, tuple(raw_headers)
        for name, value in raw_headers:
            if name == b"origin":
                origin = value
            if value and value[-1] <= _BLANK:  # RFC 9112, 5.1: not part of the value, but some servers keep it
                headers = tuple((name, value.strip(b" \t")) for name, value in raw_headers)
        request: Request | None = Request(method, path, query, headers)
        response = None
        if method not in ("GET", "HEAD"):  # their bodies are ignored
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
        response_headers, body = [*response.headers], response.body
        if response.status not in BODILESS_STATUSES:
            response_headers.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": response.status, "headers": response_headers})
        await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})

    async def _arrive(
        self, head: Request, message: MutableMapping[str, Any], receive: Receive
    ) -> tuple[Request | None, Response | None]:
        """Receive a body, `message` first; returns the request, and a response if the rest must not be read.

        The request is None after a disconnect.
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
        """Answer a request in its world; `origin` is its Origin header.

        Never raises: an unexpected exception is logged and answered with 500.
        """
        try:
            if request.path[1:2] in FIRST_OF_MARKS:
                request = self.worlds.enter(request)
            if origin is not None:
                return self._answer_cross_origin(request, origin)
            if request.path in self.page_paths:
                page = self._page(request)
                if page is not None:
                    return page
            if request.path == "*" and request.method == "OPTIONS":
                return _SERVER_WIDE
            world = self.worlds.find(request)
            if world is None:
                return unknown_world(request, self.worlds)
            exchange = handle(request, world, self.worlds)
            if self._watch is not None:
                self._watch(exchange)
            return self.worlds.noted(exchange)
        except Exception:
            _LOG.exception("%s %s could not be answered", request.method, request.path)
            return self.refusal(request, 500, "The server failed; its log says how")

    def refusal(self, request: Request, status: int, detail: str, headers: Headers = ()) -> Response:
        """Build problem details for a request that reaches no API."""
        reason = b"internal" if status == 500 else b"http"
        mock: Headers = ((b"x-mock-reason", reason),) if self.worlds.server.helpful else ()
        response, origin = problem(status, detail, (*headers, *mock)), find(request.headers, b"origin")
        return response if origin is None else self._with_cors(request, origin, response)

    @cached_property
    def _pages(self) -> Callable[[Scope, Receive, Send], Coroutine[Any, Any, None]]:
        from understudy.http.pages import pages  # imports Starlette, which is slow

        return pages(self.worlds)

    def _page(self, request: Request) -> Response | None:
        """Answer a request for a page; None for other methods at `/`, which are routed and recorded.

        None, too, below the URL of an unknown world.
        """
        if request.root_path and self.worlds.find(request) is None:
            return None
        if request.method in ("GET", "HEAD"):
            return call(self._pages, request)
        if request.path == "/":
            return None
        if request.method == "OPTIONS":
            return Response(204, _PAGE_ALLOW)
        detail = f"{request.method} is not allowed here; allowed: {', '.join(INDEX_METHODS)}"
        return self.refusal(request, 405, detail, _PAGE_ALLOW)

    def _answer_from(self, request: Request) -> Response:
        return self.answer(request, find(request.headers, b"origin"))

    def _answer_cross_origin(self, request: Request, origin: bytes) -> Response:
        """Answer a request from a page of an origin: a preflight, or any request with CORS headers."""
        preflight = self._cors.preflight(request, origin)
        if preflight is not None:
            return preflight
        return self._with_cors(request, origin, self.answer(request))

    def _with_cors(self, request: Request, origin: bytes, response: Response) -> Response:
        added = self._cors.headers(request, origin, response)
        return structs.replace(response, headers=response.headers + added)

    def _body_bound(self, request: Request) -> int | None:
        request = self.worlds.enter(request)
        world = self.worlds.find(request)
        return None if world is None else body_bound(request, world, self.worlds)


def step(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that never waits, without an event loop; raises RuntimeError if it waits."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise RuntimeError("the application waited for something; it needs an event loop")


def call(app: Callable[[Scope, Receive, Send], Coroutine[Any, Any, None]], request: Request) -> Response:
    """Send one request to an ASGI application that never waits, in process."""
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
        "root_path": request.root_path,
        "headers": list(request.headers),
        "server": ("understudy", 80),
        "client": ("127.0.0.1", 0),
    }
    step(app(scope, receive, send))
    start, *parts = messages
    return Response(start["status"], tuple(start["headers"]), b"".join(part.get("body", b"") for part in parts))


def date_line() -> bytes:
    """Return the line of the Date header (RFC 9110, 6.6.1), in real time."""
    return f"date: {formatdate(usegmt=True)}\r\n".encode()


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
