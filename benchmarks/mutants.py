"""`understudy mutants` on a command: how long so many mutants take, beside so many runs of the command alone.

The command is pytest on the client of `tests/client_project`. Must not know what a mutant is.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.figures import Figure, ratio, summed_up
from benchmarks.requests import ASKS, KEY, Ask
from benchmarks.servers import NotStarted, expect, free_port, running

PROJECT = Path(__file__).parent.parent / "tests/client_project"
COMMAND = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "client_tests.py"]
ALONE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"}  # as where only pytest is installed
RESET = Ask("reset", "POST", "/__mock__/reset", {})
JOBS = 2


class Spent(NamedTuple):
    """Seconds of a process and of all that it started: of the clock, and of CPU, which others cannot move."""

    wall: float
    cpu: float


def measure(*, rounds: int, count: int, runs: int) -> Iterator[Figure]:
    """So many mutants, the command's own time as the median of so many runs, side by side in each round."""
    ours, theirs, tried = [], [], []
    for _ in range(rounds):
        theirs.append(_alone(runs))
        spent, number = _mutants(count)
        ours.append(spent)
        tried.append(number)
    name = f"{count} mutants with {JOBS} jobs / as many runs of the command"
    shares = [number * one.wall / JOBS for number, one in zip(tried, theirs, strict=True)]
    yield ratio(f"{name} / {JOBS}", [one.wall for one in ours], shares)
    shares = [number * one.cpu for number, one in zip(tried, theirs, strict=True)]
    yield ratio(f"{name}: by CPU", [one.cpu for one in ours], shares)
    yield summed_up(f"{count} mutants with {JOBS} jobs", [one.wall for one in ours], "s")
    yield summed_up("the command alone", [one.wall for one in theirs], "s")


def _alone(runs: int) -> Spent:
    """The command against a server that is there; its CPU time is the median of the runs, as is its time."""
    port = free_port()
    serve = [sys.executable, "-m", "understudy", "serve", "nextstep", "--port", str(port), "--no-rate-limit"]
    address = {"UNDERSTUDY_URL": f"http://127.0.0.1:{port}/api/v1", "UNDERSTUDY_API_KEY": KEY}
    with running([*serve, "--log-format", "none"], port, ASKS[0]):
        spent = []
        for _ in range(runs + 1):
            expect(RESET, port)
            spent.append(_run(COMMAND, address))
    timed = spent[1:]  # the first one reads everything from the disk
    return Spent(median(one.wall for one in timed), median(one.cpu for one in timed))


def _mutants(count: int) -> tuple[Spent, int]:
    """A whole run of `understudy mutants`, and the number of mutants that it tried."""
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "told.json"
        options = ["--sample", str(count), "--jobs", str(JOBS), "--json", str(told), "-q"]
        spent = _run([sys.executable, "-m", "understudy", "mutants", "nextstep", *options, "--", *COMMAND], {}, code=1)
        trials = json.loads(told.read_text())["trials"]
    return spent, len(trials)


def _run(command: list[str], variables: Mapping[str, str], *, code: int = 0) -> Spent:
    """What a process takes to its end; raises NotStarted when it ends with another exit code."""
    begin, before = time.perf_counter(), os.times()
    done = subprocess.run(
        command, cwd=PROJECT, env={**os.environ, **ALONE, **variables}, capture_output=True, text=True, check=False
    )
    after = os.times()
    if done.returncode != code:
        raise NotStarted(f"{' '.join(command)}: exit code {done.returncode}: {done.stdout[-300:]}{done.stderr[-300:]}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Spent(time.perf_counter() - begin, cpu)
