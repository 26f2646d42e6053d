"""What Understudy costs: every figure, its spread and its goal, in one run."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from benchmarks import (
    declared,
    foreign,
    growth,
    inside,
    kit,
    load,
    memory,
    mutants,
    recordings,
    start,
    tests,
    throughput,
)
from benchmarks.command import asked, impossible, judged
from benchmarks.figures import Figure, table
from benchmarks.machine import told
from benchmarks.report import goals_table, put_into_page
from benchmarks.servers import NotStarted

Numbers = Mapping[str, Any]


class Group(NamedTuple):
    """Figures that are measured together; how often and how long, in full and in quick runs."""

    title: str
    measure: Callable[..., Iterator[Figure]]
    full: Numbers
    quick: Numbers
    under_load: bool = False


GROUPS = {
    "throughput": Group(
        "Against a constant of the same bytes and headers, same uvicorn flags",
        throughput.measure,
        {"rounds": 5, "seconds": 2},
        {"rounds": 2, "seconds": 1},
        under_load=True,
    ),
    "million": Group(
        "POST past 1,000,000 runs",
        throughput.past_a_million,
        {"runs": 1_000_000, "seconds": 5},
        {"runs": 20_000, "seconds": 1},
        under_load=True,
    ),
    "dispatch": Group(
        "One request in process, from its ASGI scope to its last message",
        inside.dispatch,
        {"rounds": 9, "count": 8192},
        {"rounds": 3, "count": 2048},
    ),
    "declared": Group(
        "Operations without a handler, beside the built-in ones, in process",
        declared.measure,
        {"rounds": 9, "count": 8192},
        {"rounds": 3, "count": 2048},
    ),
    "clients": Group(
        "Requests in process, by the way to call the application",
        inside.clients,
        {"rounds": 3, "count": 10_000},
        {"rounds": 2, "count": 2_000},
    ),
    "growth": Group(
        "As the data grows",
        growth.measure,
        {"sizes": [10**n for n in range(2, 7)], "tasks": [10, 30, 100, 300, 1000], "rounds": 9, "count": 500,
         "keep": True},
        {"sizes": [10**n for n in range(2, 5)], "tasks": [10, 100, 1000], "rounds": 3, "count": 200, "keep": False},
    ),
    "memory": Group(
        "What is kept in memory",
        memory.measure,
        {"rounds": 3, "worlds": 10_000, "runs": 50_000, "requests": 1_000_000},
        {"rounds": 1, "worlds": 3_000, "runs": 10_000, "requests": 50_000},
    ),
    "start": Group("Starting", start.measure, {"rounds": 9}, {"rounds": 3}),
    "tests": Group("The world of a test", tests.measure, {"rounds": 9, "count": 200}, {"rounds": 3, "count": 50}),
    "recordings": Group(
        "Recordings, in process", recordings.measure, {"rounds": 5, "count": 1000}, {"rounds": 2, "count": 200}
    ),
    "install": Group("Installing the server without the kit", start.install, {}, {}),
    "kit": Group(
        "The kit on NextStep, in process",
        kit.measure,
        {"rounds": 3, "cases": 20, "every": 10},
        {"rounds": 1, "cases": 10, "every": 50},
    ),
    "foreign": Group(
        "The kit on NextStep over HTTP, a server that is none of ours beside our mock",
        foreign.measure,
        {"rounds": 3, "profile": "default"},
        {"rounds": 1, "profile": "quick"},
    ),
    "mutants": Group(
        "A command on mutants, beside the command alone; it needs two cores",
        mutants.measure,
        {"rounds": 3, "count": 100, "runs": 5},
        {"rounds": 1, "count": 100, "runs": 3},
    ),
}  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the groups that are named, or all; returns the exit code."""
    options = asked(argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__), arguments, GROUPS)
    names = options.names or list(GROUPS)
    if sys.platform != "linux":
        return impossible("CPU time and memory are read from /proc, so this needs Linux")
    if not load.is_there() and any(GROUPS[name].under_load for name in names):
        return impossible(load.HINT)
    print(told(quick=options.quick))
    print("Medians [lowest .. highest]. Compare ratios, not rates: rates are this machine's, at this moment.")
    try:
        figures = [figure for name in names for figure in _run(GROUPS[name], quick=options.quick)]
    except NotStarted as reason:
        return impossible(reason)
    if options.docs:
        put_into_page("goals", f"{told(quick=options.quick)}\n\n{goals_table(figures)}")
    return judged(figures)


def _run(group: Group, *, quick: bool) -> list[Figure]:
    print(f"\n{group.title}", flush=True)
    figures = list(group.measure(**(group.quick if quick else group.full)))
    print(table(figures), flush=True)
    return figures


if __name__ == "__main__":
    sys.exit(main())
