"""Serves an application on a thread of this process, on a free loopback port, or without a network.

Must not know what is served.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from understudy.testing.links import InProcess, Link, OnLoop

if TYPE_CHECKING:
    from understudy.http.app import App

PATIENCE = 30.0
"""The seconds that a server may take to start or to stop."""


class Hosting:
    """One served application; `link` sends requests to it until `stop`."""

    def __init__(self, app: App, *, listen: bool) -> None:
        """Raises OSError where no port is free."""
        self.link: Link = InProcess(app)
        self._stop = _on_thread(self, app) if listen else None

    def stop(self) -> None:
        """Close the port and end the thread."""
        if self._stop is not None:
            self._stop()
            self._stop = None


def _on_thread(hosting: Hosting, app: App) -> Callable[[], None]:
    from understudy.http.server import Server, listen, url_of

    listener, started = listen("127.0.0.1", 0), threading.Event()
    app.worlds.server.url = url_of(listener)

    def ready() -> None:
        hosting.link = OnLoop(app, asyncio.get_running_loop())
        started.set()

    server = Server(app, sockets=[listener], ready=ready)
    thread = threading.Thread(target=server.serve_until_stopped, name="understudy", daemon=True)
    thread.start()
    started.wait(PATIENCE)

    def stop() -> None:
        server.should_exit = True
        thread.join(PATIENCE)
        listener.close()

    return stop
