"""In process, without a socket: what one request costs, how a list page and a fresh world grow with the data."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from benchmarks.figures import Figure, growth, summed_up
from benchmarks.requests import ASKS, KEY, RUN, as_requests
from mock_server.apis import declare, seeds
from mock_server.clock import Clock, rfc3339
from mock_server.exchange import Request
from mock_server.pipeline import handle
from mock_server.store import Store
from mock_server.world import World, Worlds

_START = 1_775_600_000_000
_PAGES = ("first page", "last page", "first page, filtered", "last page, filtered")


def dispatch(*, rounds: int, count: int) -> Iterator[Figure]:
    """Microseconds of CPU time per request, through `pipeline.handle`."""
    for ask in ASKS:
        world, requests = _worlds().default, as_requests(ask)
        _check(requests[0], world)
        batches = [_microseconds(requests, world, count) for _ in range(rounds)]
        yield summed_up(f"{ask.name}: dispatch", batches, "us of CPU")


def pages(sizes: Sequence[int], *, rounds: int, count: int) -> Iterator[Figure]:
    """Microseconds of CPU time for pages of 20 in stores of so many runs, and how they grow."""
    worlds = dict(_grown(sizes))
    for name in _PAGES:
        asked = {size: (_page(name, world), world) for size, world in worlds.items()}
        for request, world in asked.values():
            _check(request, world)
        by_size: dict[int, list[float]] = {size: [] for size in sizes}
        for _ in range(rounds):
            for size, (request, world) in asked.items():
                by_size[size].append(_microseconds([request], world, count))
        yield growth(f"{name}: growth", list(by_size.values()))
        yield from (summed_up(f"{name} of {size:,} runs", times, "us of CPU") for size, times in by_size.items())


def fresh_worlds(*, rounds: int, count: int) -> Iterator[Figure]:
    """Milliseconds to make a world, and how that grows when the fixtures hold a hundred times as much."""
    few, many = _worlds(), _worlds()
    assert many.default.origin is not None, "the default world has begun"
    team = _team(many.default.origin)
    _fill(team, 100 * len(team["runs"]))
    by_size: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for times, worlds in zip(by_size, (few, many), strict=True):
            begin = time.perf_counter()
            for _ in range(count):
                worlds.create()
            times.append((time.perf_counter() - begin) / count * 1000)
    yield summed_up("fresh world", by_size[0], "ms")
    yield growth("fresh world: growth", by_size)


def _worlds() -> Worlds:
    apis = [declare("nextstep"), declare("control")]
    return Worlds(apis, seeds=seeds(["nextstep"]), clock=Clock(_START, frozen=True), limits={"nextstep": 10**9})


def _team(world: World) -> Store:
    return world.tenants["nextstep"][world.credentials["nextstep", KEY].tenant]


def _grown(sizes: Sequence[int]) -> Iterator[tuple[int, World]]:
    """A world for each size, from one that grows: they share their rows."""
    world = _worlds().default
    for size in sizes:
        _fill(_team(world), size)
        yield size, world.fork(str(size))


def _fill(store: Store, size: int) -> None:
    """Copies of the pages' own run until there are `size`, one a second; each hundredth is completed."""
    runs = store["runs"]
    run = runs.get(RUN)
    assert run is not None, "the fixtures hold the pages' own run"
    for number in range(len(runs), size):
        status = "active" if number % 100 else "completed"
        runs.put({**run, "id": f"run{number:017d}", "status": status, "created_at": rfc3339(_START + 1000 * number)})


def _page(name: str, world: World) -> Request:
    query = "limit=20&status=active" if "filtered" in name else "limit=20"
    if name.startswith("last"):
        listing = _team(world)["runs"].listing(("active" if "filtered" in name else None, None))
        query += f"&cursor={listing.ids[20]}"  # newest first: the oldest twenty follow it
    return as_requests(ASKS[1])[0]._replace(query=query)


def _check(request: Request, world: World) -> None:
    response = handle(request, world).response
    if response.status >= 300:
        raise RuntimeError(f"{request.method} {request.path}?{request.query}: {response.status} {response.body!r}")


def _microseconds(requests: Sequence[Request], world: World, count: int) -> float:
    """CPU time of one request, over `count` of them."""
    begin = time.process_time()
    for _ in range(count // len(requests)):
        for request in requests:
            handle(request, world)
    return (time.process_time() - begin) / count * 1e6
