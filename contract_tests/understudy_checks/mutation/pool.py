"""The hosts of one run of a command line: each thing to do is done with a host that nobody else uses meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from queue import SimpleQueue
from typing import TypeVar

from understudy.apis.own import Own
from understudy_checks.mutation.host import DOCUMENTED, Host, RemoteHost
from understudy_checks.mutation.runner import iter_completed

T = TypeVar("T")
R = TypeVar("R")
AnyHost = Host | RemoteHost


def _nothing() -> None:
    """There is nothing to end."""


class HostPool:
    """A host in this process, and as many more in processes of their own as are asked for."""

    def __init__(self, api: str | Own, requests: int | None = DOCUMENTED) -> None:
        self._served, self._requests = api, requests
        self.own = Host(api, requests)
        self.api = self.own.api
        self.hosts: list[AnyHost] = [self.own]

    def grow(self, jobs: int) -> None:
        """Have so many hosts."""
        self.hosts += [RemoteHost(self._served, self._requests) for _ in range(jobs - len(self.hosts))]

    def run(
        self, work: Callable[[AnyHost, T], R], things: Iterable[T], *, abort: Callable[[], None] = _nothing
    ) -> Generator[R]:
        """Yield the results of `work(host, thing)` as they complete. Closing the generator cancels what has not begun.

        When it ends early, `abort` ends the work that has begun.
        """
        free: SimpleQueue[AnyHost] = SimpleQueue()
        for host in self.hosts:
            free.put(host)

        def do(thing: T) -> R:
            host = free.get()
            try:
                return work(host, thing)
            finally:
                free.put(host)

        with (
            ThreadPoolExecutor(len(self.hosts)) as pool,
            _or_abort(abort),
            closing(iter_completed(pool, do, things)) as results,
        ):
            yield from results

    def each(self, work: Callable[[AnyHost], R], *, abort: Callable[[], None] = _nothing) -> list[R]:
        """The results of `work(host)` for each host, all at the same time; see `run`."""
        with ThreadPoolExecutor(len(self.hosts)) as pool, _or_abort(abort):
            return list(pool.map(work, self.hosts))

    def close(self) -> None:
        """Stop all hosts."""
        for host in self.hosts:
            host.close()


@contextmanager
def _or_abort(abort: Callable[[], None]) -> Iterator[None]:
    """Call `abort` when the block does not end by itself."""
    try:
        yield
    except BaseException:
        abort()
        raise
