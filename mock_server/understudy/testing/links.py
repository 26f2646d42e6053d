"""The ways to a server: over HTTP, to the event loop that serves in this process, or straight to the application.

A link sends one request and returns its response. Must not know what is asked.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import closing
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from ssl import create_default_context
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from understudy.engine.exchange import Request, Response

if TYPE_CHECKING:
    from understudy.http.app import App

Link = Callable[[Request], Response]
PATIENCE = 30.0
"""The seconds that a server elsewhere may take for an answer."""


class OverHttp:
    """A server elsewhere, by its URL; each request has a connection of its own, so that nothing is left open."""

    def __init__(self, url: str, ca_file: str | Path | None = None) -> None:
        """`ca_file` is the certificate of a https server's issuer. Raises ValueError for what is no such URL."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r} is no URL such as http://127.0.0.1:8629")
        self._connect: Callable[..., HTTPConnection] = HTTPConnection
        if parts.scheme == "https":
            self._connect = partial(HTTPSConnection, context=create_default_context(cafile=ca_file))
        self._host = parts.netloc.rpartition("@")[2]
        self.url = f"{parts.scheme}://{self._host}"

    def __call__(self, request: Request) -> Response:
        """Send a request. Raises ConnectionError where no server answers."""
        try:
            with closing(self._connect(self._host, timeout=PATIENCE)) as connection:
                return _sent(connection, request)
        except (OSError, HTTPException) as error:
            raise ConnectionError(f"no server answers at {self.url}: {error or type(error).__name__}") from error


class OnLoop:
    """The application of a server in this process, called on the event loop that serves it."""

    def __init__(self, app: App, loop: asyncio.AbstractEventLoop) -> None:
        self._app, self._loop = app, loop

    def __call__(self, request: Request) -> Response:
        """Send a request; waits for the loop."""
        from understudy.http.app import call

        async def answer() -> Response:
            return call(self._app, request)

        return asyncio.run_coroutine_threadsafe(answer(), self._loop).result(PATIENCE)


class InProcess:
    """An application that nothing serves; one request at a time."""

    def __init__(self, app: App) -> None:
        self._app, self._lock = app, threading.Lock()

    def __call__(self, request: Request) -> Response:
        """Send a request."""
        from understudy.http.app import call

        with self._lock:
            return call(self._app, request)


def _sent(connection: HTTPConnection, request: Request) -> Response:
    """Send a request on a connection and read the whole response."""
    target = f"{request.path}?{request.query}" if request.query else request.path
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers}
    connection.request(request.method, target, body=request.body or None, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    given = tuple((name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.getheaders())
    return Response(answer.status, given, body)
