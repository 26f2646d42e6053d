"""What our server and a bare one do with the same requests, alternating, on one core.

The ratio that counts is of requests per second of the server's own CPU time: on a machine of its own, whose
core the load keeps busy, that is the ratio of requests per second; on a shared one, others cannot move it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from benchmarks.figures import Figure, ratio, summed_up
from benchmarks.load import CONNECTIONS, Ask, generator, load
from benchmarks.requests import ASKS
from benchmarks.servers import Running, answer, bare, cores, ours


class Round(NamedTuple):
    """What one round of load took: requests per second, microseconds of the server's CPU per request, latency in ms."""

    rate: float
    cpu: float
    p99: float


def measure(*, rounds: int, seconds: float) -> Iterator[Figure]:
    """Ratio and rates for each of the four requests; raises RuntimeError when a server refuses one."""
    server, client = cores()
    pinned = "a core each" if server else "NOT pinned (needs taskset and two cores)"
    print(f"  {CONNECTIONS} connections from {generator(seconds)}; server and load: {pinned}")
    with ours(server) as mock, bare({ask.name: answer(ask, mock.port) for ask in ASKS}, server) as plain:
        for ask in ASKS:
            mine, theirs = _alternate(ask, (mock, plain), rounds, seconds, client)
            yield ratio(f"{ask.name}: ratio", [r.cpu for r in theirs], [r.cpu for r in mine])
            yield ratio(f"{ask.name}: ratio by wall clock", [r.rate for r in mine], [r.rate for r in theirs])
            for whose, taken in (("ours", mine), ("bare", theirs)):
                yield summed_up(f"{ask.name}: {whose}", [r.rate for r in taken], "/s")
                yield summed_up(f"{ask.name}: {whose}, CPU", [r.cpu for r in taken], "us")
                yield summed_up(f"{ask.name}: {whose}, p99", [r.p99 for r in taken], "ms")


def _alternate(
    ask: Ask, servers: tuple[Running, Running], rounds: int, seconds: float, client: list[str]
) -> tuple[list[Round], list[Round]]:
    """Rounds of load, now the one server first, now the other, after one to warm up."""
    taken: tuple[list[Round], list[Round]] = ([], [])
    for server in servers:
        _round(ask, server, seconds, client)
    for number in range(rounds):
        for which in (0, 1) if number % 2 else (1, 0):
            taken[which].append(_round(ask, servers[which], seconds, client))
    return taken


def _round(ask: Ask, server: Running, seconds: float, client: list[str]) -> Round:
    before = server.cpu_seconds()
    sample = load(ask, server.port, seconds, pin=client)
    if sample.failed:
        raise RuntimeError(f"{ask.name}: {sample.failed} of {sample.count} requests failed on port {server.port}")
    return Round(sample.rate, (server.cpu_seconds() - before) / sample.count * 1e6, sample.p99)
