"""Cross-origin requests: what a browser is told when a page of another origin calls a vendor's path.

The Fetch standard's CORS protocol. Never for the control API: no other origin may steer the server.
"""

from __future__ import annotations

from collections.abc import Iterable

from understudy.engine.api import Api
from understudy.engine.exchange import Headers, Request, Response, find
from understudy.engine.origin import origin_of

CONTROL = "/__mock__/"
METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
_ALWAYS_ALLOWED = ("Authorization", "Content-Type", "Content-Encoding", "X-Requested-With")
_ALWAYS_EXPOSED = ("Retry-After", "Location", "Link", "Allow", "WWW-Authenticate", "Content-Length", "Date")
_LIMITS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
_MOCK = ("X-Mock-Reason", "X-Mock-Hint", "X-Mock-Warning")
_MAX_AGE = b"7200"  # seconds; Chrome remembers a preflight no longer


class Cors:
    """Which pages may call the vendors' paths: those of `origin`; `*` of any, `off` of none."""

    def __init__(self, origin: str, apis: Iterable[Api], *, helpful: bool = True) -> None:
        """Raises ValueError for what is no origin."""
        self._any, self._origin = origin == "*", origin_of(origin)
        if self._origin is None and origin not in ("*", "off"):
            raise ValueError(f"{origin} is no origin such as http://localhost:3000, nor off")
        contracts = [api.contract for api in apis if api.name != "control"]
        keys = [scheme.header for contract in contracts for scheme in contract.schemes]
        needed = [name for contract in contracts for name in contract.headers]
        operations = [operation for contract in contracts for operation in contract.operations.values()]
        responses = [response for operation in operations for response in operation.responses.values()]
        told = [header[0] for response in responses for header in response.headers]
        mock, steering = (_MOCK, ("X-Mock-World",)) if helpful else ((), ())
        self._allowed = _listed([*_ALWAYS_ALLOWED, *keys, *needed, *steering])
        self._exposed = _listed([*_ALWAYS_EXPOSED, *_LIMITS, *told, *mock])

    def preflight(self, request: Request, origin: bytes) -> Response | None:
        """The answer to a preflight; None for any other request, or where the page may not call."""
        headers = request.headers
        if request.method != "OPTIONS" or find(headers, b"access-control-request-method") is None:
            return None
        if not self._lets_in(request.path, origin):
            return None
        given = [
            *self._allow(origin),
            (b"access-control-allow-methods", METHODS),
            (b"access-control-allow-headers", self._allowed),
            (b"access-control-max-age", _MAX_AGE),
        ]
        if find(headers, b"access-control-request-private-network") == b"true":
            given.append((b"access-control-allow-private-network", b"true"))
        return Response(204, tuple(given))

    def headers(self, request: Request, origin: bytes, response: Response) -> Headers:
        """What is added to an answer so that the page may read it; nothing where a fault has set it already."""
        if not self._lets_in(request.path, origin) or find(response.headers, b"access-control-allow-origin"):
            return ()
        return (*self._allow(origin), (b"access-control-expose-headers", self._exposed))

    def _lets_in(self, path: str, origin: bytes) -> bool:
        if path.startswith(CONTROL):
            return False
        return self._any or (self._origin is not None and origin_of(origin.decode("latin-1")) == self._origin)

    def _allow(self, origin: bytes) -> Headers:
        if self._any:
            return ((b"access-control-allow-origin", b"*"),)
        return ((b"access-control-allow-origin", origin), (b"vary", b"Origin"))


def _listed(names: Iterable[str]) -> bytes:
    """Header names in a list, each once whatever its case."""
    return ", ".join({name.lower(): name for name in reversed([*names])}.values()).encode()
