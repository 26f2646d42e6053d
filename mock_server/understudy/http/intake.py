"""Bounds of requests: of heads and bodies, and of all bodies that arrive at the same time.

An Arrival collects one body. Beyond a small size the request is routed and authenticated first; then the bound
of its operation applies. Must not know how bytes reach the server.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

import msgspec
from msgspec import structs

from understudy.engine.exchange import Headers, Request, Response
from understudy.engine.store import encode

BODILESS_STATUSES = (204, 304)  # RFC 9110, 8.6: no length where there can be no content


class Bounds(msgspec.Struct, frozen=True):
    """The bounds of one server: sizes in bytes, times in seconds."""

    url: int = 65_535
    header: int = 64 << 10  # name and value of one
    headers: int = 128 << 10  # names and values of all
    header_count: int = 128
    trailers: int = 16 << 10  # with the framing of chunks
    unchecked_body: int = 16 << 10  # read before the request is routed
    ignored_body: int = 1 << 20  # of GET and HEAD, discarded
    bodies: int = 256 << 20  # of all connections together
    idle: float = 75  # between two requests, or before the first one
    request: float = 60  # from its first byte to its last; also for a client that does not read
    linger: float = 2  # for a client to read the response to a request that was not read to its end
    stop: float = 1.5  # for clients to finish when the server stops


class Edge(msgspec.Struct):
    """The server's side of an Arrival; `held` counts the bytes of all arriving bodies.

    `body_bound` returns the bound of a request's body, None for a request that is refused whatever its body holds;
    `answer` answers a request; `refusal` makes a response from request, status, detail and headers.
    """

    bounds: Bounds
    body_bound: Callable[[Request], int | None]
    answer: Callable[[Request], Response]
    refusal: Callable[[Request, int, str, Headers], Response]
    held: int = 0


class Arrival:
    """The body of one request while it arrives."""

    __slots__ = ("_bound", "_counted", "_edge", "_head", "_parts", "_routed", "_size")

    def __init__(self, edge: Edge, head: Request) -> None:
        self._edge = edge
        self._head = head
        self._bound = edge.bounds.unchecked_body
        self._routed = False
        self._parts: list[bytes] = []
        self._size = self._counted = 0

    def add(self, part: bytes) -> Response | None:
        """Add a part; returns a response if the rest must not be read."""
        self._parts.append(part)
        self._size += len(part)
        refused = self.expect(self._size) or self._count()
        if refused is not None:
            self.release()
        return refused

    def expect(self, size: int) -> Response | None:
        """Check the size of a body; returns a response if the body must not be read."""
        if size <= self._bound:
            return None
        if not self._routed:
            bound = self._edge.body_bound(self._head)
            if bound is None:
                return self._edge.answer(self._head)
            self._routed, self._bound = True, bound
        if size > self._bound:
            return self._edge.answer(structs.replace(self._head, oversized=True))
        return None

    def whole(self) -> bytes:
        """Return the complete body, and release it."""
        body = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self.release()
        return body

    def release(self) -> None:
        """Release the body."""
        self._edge.held -= self._counted
        self._counted = 0
        self._parts.clear()

    def _count(self) -> Response | None:
        if not self._routed:
            return None
        edge = self._edge
        edge.held += self._size - self._counted
        self._counted = self._size
        if edge.held <= edge.bounds.bodies:
            return None
        detail = f"The bodies that arrive now are together larger than {edge.bounds.bodies} bytes; try again"
        return edge.refusal(self._head, 503, detail, ((b"retry-after", b"1"),))


def problem(status: int, detail: str, headers: Headers = ()) -> Response:
    """Build RFC 9457 problem details."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return Response(status, ((b"content-type", b"application/problem+json"), *headers), encode(body))
