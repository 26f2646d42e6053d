"""The control API of our mock, called through a transport."""

from __future__ import annotations

import json
from typing import Any

from understudy.engine.exchange import Request, Response
from understudy_checks.client import fetch
from understudy_checks.target.transport import Transport

Json = Any
CONTROL = "/__mock__"


def is_ours(health: Response) -> bool:
    """Whether a response to `GET /__mock__/health` is that of our mock: other servers may answer any path with 200."""
    try:
        body = health.json()
    except ValueError:
        return False
    return health.status == 200 and isinstance(body, dict) and {"status", "version", "apis", "worlds"} <= body.keys()


def control(transport: Transport, method: str, path: str, body: Json = None, *, world: str | None = None) -> Json:
    """Call the control API; returns the decoded body or None. Raises RuntimeError for an error status."""
    headers = [] if world is None else [(b"x-mock-world", world.encode())]
    encoded = b"" if body is None else json.dumps(body).encode()
    if encoded:
        headers.append((b"content-type", b"application/json"))
    response = fetch(transport, Request(method, CONTROL + path, "", tuple(headers), encoded))
    if response.status >= 300:
        raise RuntimeError(f"{method} {CONTROL}{path}: {response.status} {response.body.decode(errors='replace')}")
    return response.json() if response.body else None
