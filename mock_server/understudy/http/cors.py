"""Cross-origin requests: the CORS headers of responses to pages of another origin.

Source: the Fetch standard's CORS protocol. The control API never answers another origin.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from understudy.engine.api import Api
from understudy.engine.exchange import Headers, Request, Response, find
from understudy.engine.origin import origin_of

_CONTROL = re.compile("(?:/(?:@|%40)[^/]*)?/__mock__/")  # also below a world's own URL
METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
_ALWAYS_ALLOWED = ("Authorization", "Content-Type", "Content-Encoding", "X-Requested-With")
_ALWAYS_EXPOSED = ("Retry-After", "Location", "Link", "Allow", "WWW-Authenticate", "Content-Length", "Date")
_LIMITS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
_MOCK = ("X-Mock-Reason", "X-Mock-Hint", "X-Mock-Warning", "X-Mock-Exchange", "X-Mock-Rule", "X-Mock-Assumed")
_MAX_AGE = b"7200"  # seconds; Chrome's maximum


class Cors:
    """The policy for the vendors' paths: pages of `origin` may call; `*` allows any, `off` none."""

    def __init__(self, origin: str, apis: Iterable[Api], *, helpful: bool = True) -> None:
        """Raise ValueError for an invalid origin."""
        self._any, self._origin = origin == "*", origin_of(origin)
        if self._origin is None and origin not in ("*", "off"):
            raise ValueError(f"{origin} is no origin such as http://localhost:3000, nor off")
        contracts = [api.contract for api in apis if api.name != "control"]
        keys = [scheme.header for contract in contracts for scheme in contract.schemes]
        needed = [name for contract in contracts for name in contract.headers]
        operations = [operation for contract in contracts for operation in contract.operations.values()]
        responses = [response for operation in operations for response in operation.responses.values()]
        declared = [header[0] for response in responses for header in response.headers]
        mock_response, mock_request = (_MOCK, ("X-Mock-World",)) if helpful else ((), ())
        self._allowed = _listed([*_ALWAYS_ALLOWED, *keys, *needed, *mock_request])
        self._exposed = _listed([*_ALWAYS_EXPOSED, *_LIMITS, *declared, *mock_response])

    def preflight(self, request: Request, origin: bytes) -> Response | None:
        """Answer a preflight; None for other requests, and for pages that may not call."""
        headers = request.headers
        if request.method != "OPTIONS" or find(headers, b"access-control-request-method") is None:
            return None
        if not self._allows(request.path, origin):
            return None
        added = [
            *self._allow(origin),
            (b"access-control-allow-methods", METHODS),
            (b"access-control-allow-headers", self._allowed),
            (b"access-control-max-age", _MAX_AGE),
        ]
        if find(headers, b"access-control-request-private-network") == b"true":
            added.append((b"access-control-allow-private-network", b"true"))
        return Response(204, tuple(added))

    def headers(self, request: Request, origin: bytes, response: Response) -> Headers:
        """Return the headers that let a page read a response; none where a fault has set them."""
        if not self._allows(request.path, origin) or find(response.headers, b"access-control-allow-origin"):
            return ()
        return (*self._allow(origin), (b"access-control-expose-headers", self._exposed))

    def _allows(self, path: str, origin: bytes) -> bool:
        if _CONTROL.match(path):
            return False
        return self._any or (self._origin is not None and origin_of(origin.decode("latin-1")) == self._origin)

    def _allow(self, origin: bytes) -> Headers:
        if self._any:
            return ((b"access-control-allow-origin", b"*"),)
        return ((b"access-control-allow-origin", origin), (b"vary", b"Origin"))


def _listed(names: Iterable[str]) -> bytes:
    """A list of header names, without repetitions in any case."""
    return ", ".join({name.lower(): name for name in reversed([*names])}.values()).encode()
