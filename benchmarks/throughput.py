"""What our server and a constant do with the same requests, alternating, on one core; the load has another.

Each ratio is taken twice: of requests per second, and of requests per second of the server's own CPU time. On a
machine of its own both are the same; on a shared one others cannot move the second.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from benchmarks.figures import Figure, ratio, summed_up
from benchmarks.load import CONNECTIONS, Sample, load
from benchmarks.requests import ASKS, Ask
from benchmarks.servers import LEAN, Answer, Running, constant, cores, expect, ours


class Round(NamedTuple):
    """What one round of load took: requests per second, microseconds of the server's CPU per request, latency in ms."""

    rate: float
    cpu: float
    p50: float
    p99: float


def measure(*, rounds: int, seconds: int) -> Iterator[Figure]:
    """The four requests as shipped, then the reads with optional features off; raises RuntimeError on a refusal."""
    server, client = cores()
    pinned = "a core each" if server else "NOT pinned (needs taskset and two cores)"
    print(f"  {CONNECTIONS} connections; server and load: {pinned}", flush=True)
    with ours(server) as mock, constant(answers(mock), server) as const:
        for ask in ASKS:
            mine, theirs = alternate([(ask, mock), (ask, const)], rounds, seconds, client)
            yield from _compared(ask.name, mine, theirs)
            yield ratio(f"{ask.name}: p99 / p50", [r.p99 for r in mine], [r.p50 for r in mine])
            yield ratio(f"{ask.name}: p99 / p50 of the constant", [r.p99 for r in theirs], [r.p50 for r in theirs])
            yield from _told(ask.name, "as shipped", mine)
            yield from _told(ask.name, "constant", theirs)
    with ours(server, LEAN) as mock, constant(answers(mock), server) as const:
        for ask in ASKS[:2]:
            mine, theirs = alternate([(ask, mock), (ask, const)], rounds, seconds, client)
            yield from _compared(f"{ask.name}, lean", mine, theirs)


def past_a_million(*, runs: int, seconds: int) -> Iterator[Figure]:
    """POST until there are so many runs and for as long as it takes: latency and memory at the end."""
    server, client = cores()
    sent, taken = 0, list[Sample]()
    with ours(server) as mock:
        before = mock.resident()
        while sent < runs:
            taken.append(sample(ASKS[2], mock, seconds, client))
            sent += taken[-1].answered
        last = [sample(ASKS[2], mock, seconds, client) for _ in range(3)]
        grown = mock.resident() - before
    yield ratio(f"POST past {runs:,} runs: p99 / p50", [s.p99 for s in last], [s.p50 for s in last])
    yield summed_up(f"POST past {runs:,} runs: p99", [s.p99 for s in last], "ms")
    yield ratio(f"POST past {runs:,} runs: rate, of the first round's", [s.rate for s in last], [taken[0].rate] * 3)
    yield summed_up("memory per run of the server", [grown * 1e6 / (sent + sum(s.answered for s in last))], "B")


def alternate(
    asked: Sequence[tuple[Ask, Running]], rounds: int, seconds: int, client: Sequence[str]
) -> tuple[list[Round], ...]:
    """Rounds of load on several servers, each time in another order, after one to warm up; a list for each server."""
    taken: tuple[list[Round], ...] = tuple([] for _ in asked)
    order = list(range(len(asked)))
    for ask, server in asked:
        sample(ask, server, 1, client)
    for _ in range(rounds):
        order.reverse()
        for which in order:
            taken[which].append(_round(*asked[which], seconds, client))
    return taken


def sample(ask: Ask, server: Running, seconds: int, client: Sequence[str]) -> Sample:
    """One round of load; raises RuntimeError when a request fails."""
    taken = load(ask, server.port, seconds, pin=client)
    if taken.failed or not taken.answered:
        raise RuntimeError(f"{ask.name}: {taken.failed} of {taken.answered} requests failed")
    return taken


def answers(mock: Running) -> list[tuple[Ask, Answer]]:
    """What a server answers to each of the four requests."""
    return [(ask, expect(ask, mock.port)) for ask in ASKS]


def _round(ask: Ask, server: Running, seconds: int, client: Sequence[str]) -> Round:
    before = server.cpu_seconds()
    taken = sample(ask, server, seconds, client)
    cpu = (server.cpu_seconds() - before) / taken.answered * 1e6
    return Round(taken.rate, cpu, taken.p50, taken.p99)


def _compared(name: str, mine: Sequence[Round], theirs: Sequence[Round]) -> Iterator[Figure]:
    yield ratio(f"{name}: ratio of rates", [r.rate for r in mine], [r.rate for r in theirs])
    yield ratio(f"{name}: ratio by CPU", [r.cpu for r in theirs], [r.cpu for r in mine])


def _told(name: str, whose: str, taken: Sequence[Round]) -> Iterator[Figure]:
    yield summed_up(f"{name}: {whose}", [r.rate for r in taken], "/s")
    yield summed_up(f"{name}: {whose}, CPU", [r.cpu for r in taken], "us")
    yield summed_up(f"{name}: {whose}, p50", [r.p50 for r in taken], "ms")
    yield summed_up(f"{name}: {whose}, p99", [r.p99 for r in taken], "ms")
