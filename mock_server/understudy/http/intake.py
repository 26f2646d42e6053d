"""What a server takes in: the bounds of a request's head and body, and of all bodies that arrive together.

An Arrival gathers one body. Before it keeps more than a little, the request is routed and its credential is
checked; then the bound of its operation holds. Must not know how bytes reach the server.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

import msgspec
from msgspec import structs

from understudy.engine.exchange import Headers, Request, Response
from understudy.engine.store import encode

EMPTY = (204, 304)  # RFC 9110, 8.6: no length where there can be no content


class Bounds(msgspec.Struct, frozen=True):
    """How much one server takes in, in bytes, and how long it waits, in seconds."""

    url: int = 65_535
    header: int = 64 << 10  # name and value of one
    headers: int = 128 << 10  # names and values of all
    header_count: int = 128
    trailers: int = 16 << 10  # and what stands between the chunks of a body
    unchecked_body: int = 16 << 10  # of a request that was not routed yet
    ignored_body: int = 1 << 20  # of GET and HEAD, thrown away as it comes
    bodies: int = 256 << 20  # of all connections together
    idle: float = 75  # between two requests, or before the first one
    request: float = 60  # from its first byte to its last, and for a client to go on reading
    linger: float = 2  # for a client to read the last answer, after its request was cut off
    stop: float = 1.5  # for clients to finish when the server stops


class Edge(msgspec.Struct):
    """What an Arrival needs of its server; `held` counts the bytes of all bodies that are arriving.

    `body_bound` returns the most bytes for a request, None when it is refused whatever its body holds; `answer`
    answers a request; `refusal` makes an answer of the edge's own, for a request, from a status, a detail and headers.
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
        """Keep a part; returns the answer where the rest is not to be read."""
        self._parts.append(part)
        self._size += len(part)
        refused = self.expect(self._size) or self._count()
        if refused is not None:
            self.release()
        return refused

    def expect(self, size: int) -> Response | None:
        """Prepare for a body of `size` bytes; returns the answer where it is not to be read."""
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
        """The body, which is complete."""
        body = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self.release()
        return body

    def release(self) -> None:
        """Forget the body."""
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
    """RFC 9457 problem details."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return Response(status, ((b"content-type", b"application/problem+json"), *headers), encode(body))
