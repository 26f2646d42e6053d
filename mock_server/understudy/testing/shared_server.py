"""One server for all worker processes of a test run: the main process starts it when the first worker asks.

It ends with the main process, whatever happens to a worker. Imports Python's library alone: every run with workers
pays for it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Listener

Start = Callable[[], tuple[str, Callable[[], object]]]


class SharedServer:
    """What the main process keeps. `start` returns the URL of a new server and what stops it."""

    def __init__(self, start: Start) -> None:
        self._start = start
        self._stop: Callable[[], object] | None = None
        self._answer: tuple[bool, str] | None = None
        self._closing = False
        self.key = os.urandom(16)
        self._listener = Listener(authkey=self.key, backlog=128)
        self.address = self._listener.address
        self._thread = threading.Thread(target=self._serve, name="understudy workers", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop the server, if a worker asked for it."""
        self._closing = True
        with suppress(OSError, EOFError):
            Client(self.address, authkey=self.key).close()  # wakes the thread
        self._thread.join()
        self._listener.close()
        if self._stop is not None:
            self._stop()

    def _serve(self) -> None:
        while True:
            try:
                with self._listener.accept() as worker:
                    if self._closing:
                        return
                    worker.send(self._started())
            except (OSError, EOFError, AuthenticationError):  # a worker that ended in between
                continue

    def _started(self) -> tuple[bool, str]:
        """Whether the server could be started, and its URL or the reason; the same for every worker."""
        if self._answer is None:
            try:
                url, self._stop = self._start()
                self._answer = True, url
            except Exception as error:  # each worker raises it
                self._answer = False, str(error)
        return self._answer


def shared_url(address: str | tuple[str, int], key: bytes) -> str:
    """The URL of the server that the main process shares. Raises ValueError where it could not be started."""
    with Client(address, authkey=key) as main:
        started, text = main.recv()
    if not started:
        raise ValueError(text)
    url: str = text
    return url
