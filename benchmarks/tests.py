"""What a test pays for its world: made and removed by the Python API, of a server in the process and by its URL."""

from __future__ import annotations

import time
from collections.abc import Iterator

from benchmarks.figures import Figure, summed_up
from understudy import MockServer


def measure(*, rounds: int, count: int) -> Iterator[Figure]:
    """Milliseconds of wall time for a fresh world and its end, with all built-in APIs; and for a server of its own."""
    with MockServer() as server:
        ways = {"on a thread": server, "by its URL": MockServer(url=server.url)}
        for name, way in ways.items():
            takes = [_milliseconds(way, count) for _ in range(rounds + 1)][1:]
            yield summed_up(f"a test's world, {name}", takes, "ms")
    yield summed_up("a server of its own", [_of_a_server() for _ in range(rounds)], "ms")


def _milliseconds(server: MockServer, count: int) -> float:
    begin = time.perf_counter()
    for _ in range(count):
        server.world().close()
    return (time.perf_counter() - begin) * 1000 / count


def _of_a_server() -> float:
    begin = time.perf_counter()
    with MockServer():
        pass
    return (time.perf_counter() - begin) * 1000
