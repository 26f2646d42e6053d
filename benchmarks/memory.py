"""What is kept in memory: of worlds, runs, the journal, many requests. Each is measured in a process of its own."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

from benchmarks import mock
from benchmarks.figures import Figure, growth, summed_up
from benchmarks.growth import with_runs
from benchmarks.inside import microseconds
from benchmarks.requests import ASKS, KEY, RUNS, TASK, TEMPLATE, Ask, as_requests, get, patch, post
from benchmarks.servers import resident
from understudy.engine.bounds import Bounds
from understudy.engine.exchange import Request
from understudy.engine.pipeline import handle
from understudy.http.app import App, call

LARGE = 64 * 1024
BOUND = Bounds().journal
T = TypeVar("T")


def measure(*, rounds: int, worlds: int, runs: int, requests: int) -> Iterator[Figure]:
    """So many worlds, runs and journals, each in a fresh process, several times; so many requests once."""
    sizes = [[_alone(of_worlds, worlds, fixtures) for _ in range(rounds)] for fixtures in (0, 10_000)]
    yield summed_up("size of a fresh world", [size for size, _ in sizes[0]], "kB")
    yield growth("size of a fresh world: growth", [[size for size, _ in taken] for taken in sizes])
    yield summed_up(f"GET one run, in each of {worlds:,} worlds", [took for _, took in sizes[0]], "us of CPU")
    by_tasks = [[_alone(of_runs, runs, tasks) for _ in range(rounds)] for tasks in (10, 50)]
    yield summed_up("bytes per run, template of 10 tasks", by_tasks[0], "B")
    yield summed_up("bytes per run, template of 50 tasks", by_tasks[1], "B")
    yield growth("bytes per run: growth", by_tasks)
    yield summed_up("journal at its bound, small requests", [_alone(of_journal, 0) for _ in range(rounds)], "MB")
    yield summed_up("journal at its bound, 64 kB requests", [_alone(of_journal, LARGE) for _ in range(rounds)], "MB")
    kept = [_alone(of_requests, requests // 100, requests)]
    yield summed_up(f"memory after {requests // 100:,} requests", [few for few, _ in kept], "MB")
    yield summed_up(f"memory after {requests:,} requests", [many for _, many in kept], "MB")
    yield growth("memory after many requests: growth", [[few for few, _ in kept], [many for _, many in kept]])


def of_worlds(count: int, fixtures: int) -> tuple[float, float]:
    """The kB of each of so many fresh worlds, and microseconds of CPU for a request to each of them."""
    worlds = with_runs(fixtures)
    before = _settled()
    made = [worlds.create() for _ in range(count)]
    size = (_settled() - before) / count * 1000
    keys = {next(key for api, key in world.credentials if api == "nextstep"): world for world in made}
    asked = [as_requests(ASKS[0], key=key)[0] for key in keys]
    turns = iter(keys.values())
    return size, microseconds(lambda request: handle(request, next(turns), worlds), asked, len(asked))


def of_runs(count: int, tasks: int) -> float:
    """Bytes of each of so many runs whose template has so many tasks."""
    app = mock.app(tasks=tasks)
    request = as_requests(ASKS[2])[0]
    _send(app, [request] * 2000)  # the journal is full, tables have grown
    before = _settled()
    _send(app, [request] * count)
    return (_settled() - before) / count * 1e6


def of_journal(length: int) -> float:
    """MB that Python holds for a full journal; requests have a name of so many characters more."""
    app = mock.app()
    app.worlds.default.journal.clear()
    tracemalloc.start()  # finer than resident memory, in which so little may not show
    for n in range(3 * BOUND):  # refused, so that nothing but the exchange is kept
        body = {"template_id": TEMPLATE, "name": str(n) + "x" * length, "due_date": "none"}
        call(app, as_requests(post(RUNS, body))[0])
    assert len(list(app.worlds.default.journal)) == BOUND or length
    return tracemalloc.get_traced_memory()[0] / 1e6


def of_requests(few: int, many: int) -> tuple[float, float]:
    """MB of the process after a few and after many requests that add nothing, most of them never seen before."""
    app = mock.app()
    _send(app, _various(0, few))
    before = _settled()
    _send(app, _various(few, many))
    return before, _settled()


def _various(start: int, stop: int) -> Iterator[Request]:
    for n in range(start, stop):
        yield as_requests(_ONE_OF[n % len(_ONE_OF)](n), key=f"unknown {n}" if n % 7 == 0 else KEY)[0]


_ONE_OF: tuple[Callable[[int], Ask], ...] = (
    lambda n: ASKS[0],
    lambda n: get(f"{RUNS}/unknown{n}"),
    lambda n: get(f"{RUNS}?limit={n % 100 + 1}&cursor=unknown{n}"),
    lambda n: get(f"{RUNS}?other{n}={n}"),
    lambda n: patch(TASK, {"custom_elements": [{"id": "elem_001", "value": f"Jane Smith {n}"}]}),
)


def _send(app: App, requests: Iterator[Request] | list[Request]) -> None:
    for request in requests:
        call(app, request)


def _settled() -> float:
    gc.collect()
    return resident()


def _alone(function: Callable[..., T], *arguments: object) -> T:
    """What a function returns in a fresh process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()
