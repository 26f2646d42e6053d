"""Runs mutants and alternatives against the kit, in several processes, and holds the results.

`trials` gives the same results for a command. Must not know how results are reported.
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

from understudy_checks.mutation import Alternative, Mutant, false_positives, kills
from understudy_checks.mutation.difference import Difference
from understudy_checks.mutation.footprints import find_kill
from understudy_checks.mutation.generated import Generated
from understudy_checks.mutation.junit import FailedTest
from understudy_checks.rules import Outcome
from understudy_checks.wording import sentence

T = TypeVar("T")
R = TypeVar("R")
Subject = Mutant | Generated | Alternative
Kind = Literal["mutants", "alternatives"]
Result = Literal["caught", "survived", "broke", "passed"]

WORTHWHILE = 32
"""The number of subjects per process at which a process pays off its start."""

BATCH = 4
"""The number of subjects that a process gets at a time."""


@dataclass(frozen=True, slots=True)
class SubjectResult:
    """The result of the kit or of a command on one mutant or alternative."""

    subject: Subject
    failed: bool
    """Whether the checks or the command failed: desired for a mutant, a false positive for an alternative."""
    by: tuple[str, ...]
    """The failed checks or tests, or how the command failed; empty when nothing failed."""
    seconds: float
    output: str
    """The failure messages of the checks, or the last output of the command."""
    kit: Mapping[str, str | None] = field(default_factory=dict)
    """The killing check by rule, for a mutant that the kit was run against."""
    failure: str | None = None
    """How the command failed: `exit code 1`."""
    tests: tuple[FailedTest, ...] = ()
    """The failed tests, where pytest told them."""
    difference: Difference | None = None
    """The first answer to the command that differs; None where none does, and for the kit."""
    advice: str | None = None
    """A test that would notice the variant: `lists ... and compares the ids of the items`."""
    was_run: bool = True
    """Whether the command was run; it is not under an alternative that changes none of its answers."""

    @property
    def result(self) -> Result:
        """The outcome as in the JSON report: `caught` is a killed mutant, `broke` a false positive."""
        if isinstance(self.subject, Alternative):
            return "broke" if self.failed else "passed"
        return "caught" if self.failed else "survived"

    @property
    def is_finding(self) -> bool:
        """Whether the outcome needs action: a surviving mutant or a false positive."""
        return self.result in ("survived", "broke")


@dataclass(frozen=True, slots=True)
class SubjectResults:
    """All results of one run of `understudy mutants` or `understudy assumptions`."""

    api: str
    kind: Kind
    command: tuple[str, ...]
    """The user's command; empty for the kit itself."""
    baseline: float | None
    """The seconds that the command took on the unchanged mock; None for the kit."""
    trials: tuple[SubjectResult, ...]
    planned: int
    """The number of subjects, including those left out by an interruption."""
    seconds: float
    left_out: int = 0
    """The number of mutants that were not run because no answer to the command differs."""
    requests: Mapping[str, int] = field(default_factory=dict)
    """The number of the command's requests by operation, as in Difference."""
    ended: str | None = None
    """Why the run ended early."""

    @property
    def findings(self) -> tuple[SubjectResult, ...]:
        """The results that need action."""
        return tuple(trial for trial in self.trials if trial.is_finding)

    @property
    def is_complete(self) -> bool:
        """Whether no interruption left subjects out."""
        return len(self.trials) == self.planned


def run_kit(subject: Subject) -> SubjectResult:
    """Run the checks that can kill a mutant, or those in which the mock reads an alternative's assumption."""
    started = time.perf_counter()
    kit: Mapping[str, str | None]
    if isinstance(subject, Generated):
        kill = find_kill(subject)
        kit, failures, failed = {}, [] if kill is None else [kill], kill is not None
    elif isinstance(subject, Mutant):
        found = kills(subject)
        kit = {kill.rule: kill.check for kill in found}
        failures = [kill.failure for kill in found if kill.failure is not None]
        failed = len(failures) == len(found)
    else:
        kit, failures = {}, false_positives(subject)
        failed = failures != []
    messages = {outcome.check.name: _describe(outcome) for outcome in failures}
    return SubjectResult(
        subject, failed, tuple(messages), time.perf_counter() - started, "\n".join(messages.values()), kit
    )


def run_all(subjects: Sequence[Subject], jobs: int) -> Generator[SubjectResult]:
    """Run the kit against all subjects, in up to `jobs` processes. Yields each result as soon as it is known."""
    jobs = min(jobs, -(-len(subjects) // WORTHWHILE))
    if jobs <= 1:
        yield from map(run_kit, subjects)
        return
    batches = [subjects[start : start + BATCH] for start in range(0, len(subjects), BATCH)]
    with _processes(jobs) as pool, closing(iter_completed(pool, _batch, batches)) as results:
        yield from chain.from_iterable(results)


def iter_completed(pool: Executor, work: Callable[[T], R], things: Iterable[T]) -> Generator[R]:
    """Yield the results of `work` as they complete. Closing the generator cancels what has not begun."""
    futures = [pool.submit(work, thing) for thing in things]
    try:
        for future in as_completed(futures):
            yield future.result()
    finally:
        for future in futures:
            future.cancel()


def _processes(jobs: int) -> ProcessPoolExecutor:
    # spawned, because forking is unsafe with threads; only the parent process handles Ctrl-C
    return ProcessPoolExecutor(
        jobs, mp_context=get_context("spawn"), initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN)
    )


def _batch(subjects: Sequence[Subject]) -> list[SubjectResult]:
    return [run_kit(subject) for subject in subjects]


def _describe(outcome: Outcome) -> str:
    assert outcome.error is not None, "what failed has an error"
    return f"{outcome.check.name}: {sentence(outcome.error)}"
