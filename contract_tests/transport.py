"""How one request reaches a server: an ASGI app stepped by hand, or a session over HTTP.

A Transport is a plain function from Request to Response. It decides nothing about what is sent, follows
no redirect, repeats nothing, and must not know any API.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import requests

from mock_server import server
from mock_server.exchange import Request, Response

Transport = Callable[[Request], Response]

TIMEOUT = 30.0


def in_process(app: server.App) -> Transport:
    """A transport that steps our own app's coroutine by hand: no event loop, because nothing in it waits."""
    return partial(server.call, app)


def over_http(origin: str) -> Transport:
    """A transport to the server at `origin` (scheme, host and port). Paths and queries go out exactly as they are."""
    session = requests.Session()
    surroundings = session.merge_environment_settings(origin, {}, False, None, None)  # proxies and certificates

    def send(request: Request) -> Response:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers}
        # Prepared apart from the session, so that no .netrc entry replaces the key.
        prepared = requests.Request(request.method, origin, headers, data=request.body or None).prepare()
        prepared.url = origin + request.path + (f"?{request.query}" if request.query else "")
        answer = session.send(prepared, timeout=TIMEOUT, allow_redirects=False, **surroundings)
        given = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.items()]
        return Response(answer.status_code, tuple(given), answer.content)

    return send
