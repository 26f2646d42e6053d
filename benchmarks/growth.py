"""What a request and a fresh world cost as the data grows: tables, and one plot of them all."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from msgspec import structs

from benchmarks import mock
from benchmarks.figures import Figure, growth, summed_up
from benchmarks.inside import microseconds
from benchmarks.plot import Curve, Panel, drawn
from benchmarks.requests import ASKS, RUN, RUNS, TEMPLATE, as_requests, get, patch, post, with_tasks
from understudy.engine.clock import Clock, rfc3339
from understudy.engine.exchange import Request
from understudy.engine.pipeline import handle
from understudy.engine.store import Store
from understudy.engine.world import World
from understudy.engine.worlds import Worlds
from understudy.http.app import App

PLOT = Path(__file__).with_name("growth.svg")
START = 1_775_600_000_000
PAGES = ("first page", "last page", "first page, filtered", "last page, filtered")


def measure(*, sizes: Sequence[int], tasks: Sequence[int], rounds: int, count: int, keep: bool) -> Iterator[Figure]:
    """Microseconds of CPU time by size, and how they grow; the plot is written when it is to be kept."""
    panels = [
        Panel("a list page of 20, by runs in the store", pages(sizes, rounds=rounds, count=count)),
        Panel("an update of a task, by tasks in its run", [patching(tasks, rounds=rounds, count=count)]),
        Panel("a new world, by runs in it", new_worlds(sizes[:-1], rounds=rounds, count=100)),
    ]
    for panel in panels:
        for curve in panel.curves:
            yield growth(f"{curve.name}: growth", list(curve.rounds.values()))
            for size, taken in curve.rounds.items():
                yield summed_up(f"{curve.name}, {size:,}", taken, "us of CPU")
    for curve in panels[2].curves:
        yield summed_up(curve.name, next(iter(curve.rounds.values())), "us of CPU")
    if keep:
        PLOT.write_text(drawn("Microseconds of CPU, medians", panels))


def pages(sizes: Sequence[int], *, rounds: int, count: int) -> list[Curve]:
    """Pages of 20 in stores of so many runs: first and last, all and only the active."""
    worlds = mock.worlds(clock=Clock(START, frozen=True))
    grown = dict(_grown(worlds.default, sizes))
    curves = []
    for name in PAGES:
        sends = [_sending(worlds, world, [_page(name, world)], count) for world in grown.values()]
        curves.append(Curve(name, _interleaved(list(sizes), sends, rounds)))
    return curves


def patching(sizes: Sequence[int], *, rounds: int, count: int) -> Curve:
    """Updates that complete the last task of a run of so many tasks and open it again, with two form values."""
    app = mock.app()
    sends = [_sending(app.worlds, app.worlds.default, _updates(app, size), count) for size in sizes]
    return Curve("PATCH a task", _interleaved(list(sizes), sends, rounds))


def new_worlds(sizes: Sequence[int], *, rounds: int, count: int) -> list[Curve]:
    """Fresh worlds whose fixtures hold so many runs, and forks of a world that got so many runs since."""
    fresh = [_creating(with_runs(size), None, count) for size in sizes]
    grown = [mock.worlds(clock=Clock(START, frozen=True)) for _ in sizes]
    for worlds, size in zip(grown, sizes, strict=True):
        fill(mock.team(worlds.default), size)
    forks = [_creating(worlds, worlds.default, count) for worlds in grown]
    return [
        Curve("fresh world", _interleaved(list(sizes), fresh, rounds)),
        Curve("fork of a world", _interleaved(list(sizes), forks, rounds)),
    ]


def with_runs(count: int) -> Worlds:
    """Worlds whose fixtures hold so many runs (at least those of the files)."""
    many = mock.worlds(clock=Clock(START, frozen=True))
    assert many.default.origin is not None, "the default world has begun"
    fill(mock.team(many.default.origin), count)
    return many


def fill(store: Store, size: int) -> None:
    """Copies of the pages' own run until there are `size`, one a second; each hundredth is completed."""
    runs = store["runs"]
    run = runs.get(RUN)
    assert run is not None, "the fixtures hold the pages' own run"
    for number in range(len(runs), size):
        status = "active" if number % 100 else "completed"
        runs.put({**run, "id": f"run{number:017d}", "status": status, "created_at": rfc3339(START + 1000 * number)})


def _grown(world: World, sizes: Sequence[int]) -> Iterator[tuple[int, World]]:
    """A world for each size, from one that grows: they share their rows."""
    for size in sizes:
        fill(mock.team(world), size)
        grown = world.mark_origin().origin
        assert grown is not None, "the world has begun just now"
        yield size, grown


def _page(name: str, world: World) -> Request:
    query = "limit=20&status=active" if "filtered" in name else "limit=20"
    if name.startswith("last"):
        listing = mock.team(world)["runs"].listing(("status", "active") if "filtered" in name else ())
        query += f"&cursor={listing.ids[20]}"  # newest first: the oldest twenty follow it
    return structs.replace(as_requests(ASKS[1])[0], query=query)


def _updates(app: App, size: int) -> list[Request]:
    """The two updates of the last task of a new run with so many tasks."""
    for ask in with_tasks(size):
        mock.expect(app, as_requests(ask)[0])
    run = mock.expect(app, as_requests(post(RUNS, {"template_id": TEMPLATE, "name": str(size)}))[0]).json()["data"]
    path, cursor = f"{RUNS}/{run['id']}/tasks", ""
    page: dict[str, Any] = {}
    while not page or page["pagination"]["has_more"]:
        page = mock.expect(app, as_requests(get(f"{path}?limit=100{cursor}"))[0]).json()
        cursor = f"&cursor={page['pagination']['next_cursor']}"
    last = page["data"][-1]
    values = [{"id": element["id"], "value": "Jane Smith"} for element in last["custom_elements"]]
    bodies = [{"completed": done, "custom_elements": values} for done in (True, False)]
    return as_requests(patch(f"{path}/{last['id']}", *bodies))


def _sending(worlds: Worlds, world: World, requests: Sequence[Request], count: int) -> Callable[[], float]:
    for request in requests:
        response = handle(request, world, worlds).response
        if response.status >= 300:
            raise RuntimeError(f"{request.method} {request.path}?{request.query}: {response}")
    return lambda: microseconds(lambda request: handle(request, world, worlds), requests, count)


def _creating(worlds: Worlds, source: World | None, count: int) -> Callable[[], float]:
    def create() -> float:
        begin = time.process_time()
        made = [worlds.create(source=source) for _ in range(count)]
        taken = time.process_time() - begin
        for world in made:
            worlds.remove(world.id)
        return taken / count * 1e6

    return create


def _interleaved(sizes: Sequence[int], measures: Sequence[Callable[[], float]], rounds: int) -> dict[int, list[float]]:
    """So many rounds of each size, side by side, after one to warm up."""
    taken: dict[int, list[float]] = {size: [] for size in sizes}
    for number in range(rounds + 1):
        for size, measured in zip(sizes, measures, strict=True):
            gc.collect()  # else one size pays for what the others left
            value = measured()
            if number:
                taken[size].append(value)
    return taken
