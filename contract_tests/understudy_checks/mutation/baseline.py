"""Runs a command on the unchanged mock first: what it sends, and whether it passes, again, and beside itself."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from understudy.cli.exits import CouldNotRun
from understudy_checks.mutation.pool import HostPool
from understudy_checks.mutation.program import Program, Run
from understudy_checks.mutation.replay import Recording

FACTOR, MARGIN = 5, 5.0
"""The time limit of a run: FACTOR times the longest one on the unchanged mock, plus MARGIN seconds."""

MAX_OUTPUT_LINES = 8
"""The number of last lines of an output that are shown."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """What the command does on the unchanged mock."""

    seconds: float
    """The time of its longest run."""
    recordings: tuple[Recording, ...]
    """The requests of its runs, those alike once."""

    @property
    def limit(self) -> float:
        """The seconds after which a run hangs."""
        return FACTOR * self.seconds + MARGIN


def first_run(program: Program, pool: HostPool) -> Baseline:
    """Run the command once; asks pytest for results only if it passes so. Raises CouldNotRun when it fails."""
    run, recording = program.record(pool.own)
    if run.failure is not None and "xml" in run.output:  # pytest without JUnit, or a file of the user's that is missed
        program.asks_pytest = False
        run, recording = program.record(pool.own)
    if run.failure is not None:
        raise _refused(program, run, f"fails on the mock as it is ({run.failure}), so its failing tells nothing")
    return Baseline(run.seconds, (recording,))


def second_run(program: Program, pool: HostPool, first: Baseline) -> Baseline:
    """Run the command once more on each host, all at the same time. Raises CouldNotRun when it fails."""
    runs = pool.each(lambda host: program.record(host, limit=first.limit), abort=program.close)
    failed = next((run for run, _ in runs if run.failure is not None), None)
    if failed is not None:
        raise _refused(program, failed, _fault(program, pool, first, failed))
    seconds = max(first.seconds, *(run.seconds for run, _ in runs))
    (before,), after = first.recordings, runs[0][1]
    return Baseline(seconds, (before,) if after.sends_like(before) else (before, after))


def ending(output: str) -> list[str]:
    """The last lines of an output that are not blank."""
    return [line.rstrip() for line in output.splitlines() if line.strip()][-MAX_OUTPUT_LINES:]


def _fault(program: Program, pool: HostPool, first: Baseline, failed: Run) -> str:
    """Why a command fails that passed before: it meets itself, or it is flaky."""
    count = len(pool.hosts)
    if count > 1 and program.run(pool.own, limit=first.limit).failure is None:
        return f"passes alone and fails when {count} of it run at the same time ({failed.failure}): give --jobs 1"
    return f"is flaky: on the mock as it is it passed, then failed ({failed.failure}), so its failing tells nothing"


def _refused(program: Program, run: Run, reason: str) -> CouldNotRun:
    return CouldNotRun("\n    ".join((f"{shlex.join(program.words)} {reason}", *ending(run.output))))
