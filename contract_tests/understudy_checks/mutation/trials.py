"""What came of trying mutants and alternatives, and the trial by the kit itself, in as many processes as asked for.

A trial by a command gives the same values (see program). Must not know how any of it is told.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain
from multiprocessing import get_context
from typing import Literal, TypeVar

from understudy_checks.check import seen
from understudy_checks.mutation import Alternative, Mutant, false_positives, kills
from understudy_checks.rules import Outcome

T = TypeVar("T")
R = TypeVar("R")
Subject = Mutant | Alternative
Kind = Literal["mutants", "alternatives"]
Result = Literal["caught", "survived", "broke", "passed"]

WORTHWHILE = 32
"""As many subjects take the kit about as long as a process takes to start."""

BATCH = 4
"""How many subjects a process is given at a time."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What the kit or a command made of one mutant or alternative."""

    subject: Subject
    failed: bool
    """Whether the checks failed, or the command did: right for a mutant, wrong for an alternative."""
    by: tuple[str, ...]
    """The checks that failed, or how the command ended; nothing when nothing failed."""
    seconds: float
    output: str
    """What the checks saw, or the end of what the command said."""
    kit: Mapping[str, str | None] = field(default_factory=dict)
    """Of a mutant that the kit tried: by rule the check that catches it."""

    @property
    def result(self) -> Result:
        """The outcome in a word."""
        if isinstance(self.subject, Mutant):
            return "caught" if self.failed else "survived"
        return "broke" if self.failed else "passed"

    @property
    def is_finding(self) -> bool:
        """Whether somebody has something to do: a mutant survived, or an alternative broke something."""
        return self.result in ("survived", "broke")


@dataclass(frozen=True, slots=True)
class Trials:
    """All that was tried in one run."""

    api: str
    kind: Kind
    command: tuple[str, ...]
    """Nothing when the kit itself was tried."""
    baseline: float | None
    """The seconds that the command took on the mock as it is."""
    trials: tuple[Trial, ...]
    planned: int
    """How many there would have been, had nobody interrupted."""
    seconds: float

    @property
    def findings(self) -> tuple[Trial, ...]:
        """The trials that somebody has something to do about."""
        return tuple(trial for trial in self.trials if trial.is_finding)

    @property
    def is_complete(self) -> bool:
        """Whether nobody interrupted."""
        return len(self.trials) == self.planned


def run_kit(subject: Subject) -> Trial:
    """Run the checks of the rules that a mutant breaks, or those in which the mock asks for an assumption."""
    started = time.perf_counter()
    if isinstance(subject, Mutant):
        found = kills(subject)
        kit = {catch.rule: catch.check for catch in found}
        failures = [catch.failure for catch in found if catch.failure is not None]
        failed = len(failures) == len(found)
    else:
        kit, failures = {}, false_positives(subject)
        failed = failures != []
    saw = {outcome.check.name: _describe(outcome) for outcome in failures}
    return Trial(subject, failed, tuple(saw), time.perf_counter() - started, "\n".join(saw.values()), kit)


def tried(subjects: Sequence[Subject], jobs: int) -> Generator[Trial]:
    """Let the kit try all of them, in so many processes where that is worth it; each as soon as it is known."""
    jobs = min(jobs, -(-len(subjects) // WORTHWHILE))
    if jobs <= 1:
        yield from map(run_kit, subjects)
        return
    batches = [subjects[start : start + BATCH] for start in range(0, len(subjects), BATCH)]
    with _processes(jobs) as pool, closing(iter_completed(pool, _batch, batches)) as results:
        yield from chain.from_iterable(results)


def iter_completed(pool: Executor, work: Callable[[T], R], things: Iterable[T]) -> Generator[R]:
    """The results of `work`, each as soon as it is there; what has not begun when this is closed never does."""
    futures = [pool.submit(work, thing) for thing in things]
    try:
        for future in as_completed(futures):
            yield future.result()
    finally:
        for future in futures:
            future.cancel()


def _processes(jobs: int) -> ProcessPoolExecutor:
    # spawned, which is safe beside threads; Ctrl-C is for the process that starts them
    return ProcessPoolExecutor(
        jobs, mp_context=get_context("spawn"), initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN)
    )


def _batch(subjects: Sequence[Subject]) -> list[Trial]:
    return [run_kit(subject) for subject in subjects]


def _describe(outcome: Outcome) -> str:
    assert outcome.error is not None, "what failed has an error"
    return f"{outcome.check.name}: {seen(outcome.error)}"
