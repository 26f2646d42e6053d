"""A world without a network: as an ASGI application, and as a transport of httpx.

Every request belongs to the world, whatever its key.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from understudy.engine.exchange import Headers, Request, Response
from understudy.testing.links import Link

if TYPE_CHECKING:
    import httpx

Message = MutableMapping[str, Any]
BODILESS = (204, 205, 304)


class WorldApp:
    """The ASGI application of one world."""

    def __init__(self, link: Link, world: str) -> None:
        self._link, self._world = link, world

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        """Serve one ASGI connection (http or lifespan)."""
        if scope["type"] == "lifespan":
            while (message := await receive())["type"] != "lifespan.shutdown":
                await send({"type": f"{message['type']}.complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        path = scope.get("raw_path") or scope["path"].encode()
        body = await _body(receive)
        request = Request(
            scope["method"],
            path.decode("latin-1").partition("?")[0],
            scope["query_string"].decode("latin-1"),
            tuple((name.lower(), value) for name, value in scope["headers"]),
            body,
        )
        response = self.answer(request)
        length = [] if response.status in BODILESS else [(b"content-length", b"%d" % len(response.body))]
        await send({"type": "http.response.start", "status": response.status, "headers": [*response.headers, *length]})
        body = b"" if request.method == "HEAD" else response.body
        await send({"type": "http.response.body", "body": body})

    def answer(self, request: Request) -> Response:
        """The answer to a request in this world."""
        headers: Headers = tuple(one for one in request.headers if one[0] != b"x-mock-world")
        own = (*headers, (b"x-mock-world", self._world.encode()))
        response = self._link(Request(request.method, request.path, request.query, own, request.body))
        kept = tuple(one for one in response.headers if one[0] != b"content-length")
        return Response(response.status, kept, response.body)


def transport(app: WorldApp) -> httpx.MockTransport:
    """A transport of httpx, for `httpx.Client` and `httpx.AsyncClient`. Raises ImportError without httpx."""
    import httpx

    def answer(request: httpx.Request) -> httpx.Response:
        raw = request.url.raw_path.decode("ascii").partition("?")
        headers = tuple((name.lower(), value) for name, value in request.headers.raw)
        response = app.answer(Request(request.method, raw[0], raw[2], headers, request.content))
        return httpx.Response(response.status, headers=list(response.headers), content=response.body)

    return httpx.MockTransport(answer)


async def _body(receive: Callable[[], Awaitable[Message]]) -> bytes:
    """The whole body of a request."""
    parts, more = [], True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)
