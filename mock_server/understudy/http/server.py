"""The server: uvicorn with the application, listening sockets, start and stop.

Only this module and `protocol` know HTTP's transport.
"""

from __future__ import annotations

import asyncio
import errno
import gc
import json
import logging
import signal
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from understudy.engine.worlds import Worlds
from understudy.http.app import App, date_line
from understudy.http.protocol import Protocol

_MOST_LISTED = 10  # of the aborted connections
_NO_SUCH_FAMILY = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.EPROTONOSUPPORT)
_LOG = logging.getLogger("uvicorn.error")


class Server(uvicorn.Server):
    """A uvicorn server that calls `ready` when it accepts connections, and leaves signals to its caller."""

    def __init__(
        self,
        app: App,
        *,
        sockets: list[socket.socket],
        ready: Callable[[], None],
        tls: ssl.SSLContext | None = None,
    ) -> None:
        config = uvicorn.Config(
            app,
            loop="auto",  # uvloop if installed
            http=Protocol,
            access_log=False,
            log_level="error",
            use_colors=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            ws="none",
            lifespan="off",
        )
        super().__init__(config)
        self._app = app
        self._sockets = sockets
        self._ready = ready
        self._tls = tls

    def replace_app(self, app: App) -> None:
        """Serve another application on the connections that are opened from now on."""
        self._app = self.config.app = app

    async def on_tick(self, counter: int) -> bool:
        """Close expired connections, remove idle worlds (ten times a second), renew the Date header (once a second)."""
        if counter % 10 == 0:
            self._app.date = date_line()
        now = asyncio.get_running_loop().time()
        for connection in self._connections():
            connection.expire(now)
        self._app.worlds.expire(now)
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting, wait a short time for clients to finish, then abort the other connections and log them."""
        for closed in (*self.servers, *(sockets or ())):
            closed.close()
        for connection in self._connections():
            connection.shutdown()
        loop = asyncio.get_running_loop()
        end = loop.time() + self._app.edge.bounds.stop
        while self._connections() and loop.time() < end and not self.force_exit:
            await asyncio.sleep(0.02)
        lost = [connection.cut() for connection in self._connections()]
        if lost:
            more = f" and {len(lost) - _MOST_LISTED} more" if len(lost) > _MOST_LISTED else ""
            listed = "; ".join(lost[:_MOST_LISTED])
            noun = "connection" if len(lost) == 1 else "connections"
            _LOG.error("Stopped; cut off %d %s: %s%s", len(lost), noun, listed, more)
        await asyncio.sleep(0)  # until the aborted connections are closed

    def _connections(self) -> list[Protocol]:
        return list(self.server_state.connections)  # type: ignore[arg-type]  # uvicorn knows its own classes only

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then call `ready`."""
        self.config.ssl = self._tls
        await super().startup(sockets)
        self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop the server on SIGINT and SIGTERM, without raising them again afterwards."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def serve_until_stopped(self) -> None:
        """Serve until SIGINT, SIGTERM or `should_exit`."""
        self.run(sockets=self._sockets)


def listen(host: str, port: int) -> socket.socket:
    """Open a listening socket; port 0 takes a free port. Raises OSError when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6 and host != "::":  # :: means all addresses of both families
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except OSError:
        listener.close()
        raise
    return listener


def listen_all(host: str, port: int) -> list[socket.socket]:
    """Open a listening socket on each address of a host name, IPv4 first, all on the same port.

    Addresses of an unsupported family are skipped. Raises OSError when none is left, or the port is taken on one.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    addresses = sorted({str(address[0]) for *_, address in found}, key=lambda address: (":" in address, address))
    listeners: list[socket.socket] = []
    missing = OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address")
    for address in addresses:
        try:
            listeners.append(listen(address, listeners[0].getsockname()[1] if listeners else port))
        except OSError as error:
            if error.errno not in _NO_SUCH_FAMILY:
                for listener in listeners:
                    listener.close()
                raise
            missing = error
    if not listeners:
        raise missing
    return listeners


def url_of(listener: socket.socket, scheme: str = "http", name: str | None = None) -> str:
    """Return the URL of a listening socket, at its address or at a `name` of it."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"{scheme}://{name or host}:{port}"


@contextmanager
def serving(worlds: Worlds, **options: Any) -> Iterator[str]:
    """Serve on a free loopback port, in a thread, while the block runs; yields the URL.

    `options` are those of App.
    """
    with serving_in_turn(App(worlds, **options)):
        yield worlds.server.url


@contextmanager
def serving_in_turn(app: App) -> Iterator[Callable[[App], None]]:
    """Serve on a free loopback port, in a thread, while the block runs; yields a function that replaces the app.

    Sets the URL of each app's worlds.
    """
    listener = listen("127.0.0.1", 0)
    app.worlds.server.url = url_of(listener)
    started = threading.Event()
    server = Server(app, sockets=[listener], ready=started.set)
    thread = threading.Thread(target=server.serve_until_stopped, daemon=True)
    thread.start()
    started.wait(10)

    def replace_app(other: App) -> None:
        other.worlds.server.url = url_of(listener)
        server.replace_app(other)

    try:
        yield replace_app
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


@contextmanager
def low_latency() -> Iterator[None]:
    """Avoid pauses of 10 to 40 ms: exempt the present objects from garbage collections."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def ready_file(worlds: Worlds) -> str:
    """Return the ready file: the access information of the default world, and the control token if there is one."""
    token = {} if worlds.server.token is None else {"control_token": worlds.server.token}
    return json.dumps({**worlds.ready_info(worlds.default), **token}, indent=2)
