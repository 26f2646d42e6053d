"""Tries variants of the mock on a command: which of them it can notice, and which it does notice.

The same results as those of the kit (`runner`). Must not know how they are reported.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence

from understudy_checks.mutation import Alternative, Mutant
from understudy_checks.mutation.advice import advice
from understudy_checks.mutation.baseline import Baseline
from understudy_checks.mutation.difference import Difference
from understudy_checks.mutation.host import Subject
from understudy_checks.mutation.kit_calls import kit_advice
from understudy_checks.mutation.pool import AnyHost, HostPool
from understudy_checks.mutation.program import Program
from understudy_checks.mutation.runner import SubjectResult
from understudy_checks.mutation.selection import Candidate
from understudy_checks.target import installed

BATCH = 8
"""The number of variants that a host compares at a time."""


def learn(pool: HostPool, baseline: Baseline) -> dict[str, int]:
    """Give the recordings to all hosts; returns the command's requests by operation, as in Difference."""
    counts = pool.each(lambda host: host.learn(baseline.recordings))[0]
    operations = installed.document(pool.api).operations
    return {f"{operations[id].method} {operations[id].path}": count for id, count in counts.items()}


def candidates(pool: HostPool, subjects: Sequence[Subject], advance: Callable[[], None]) -> list[Candidate]:
    """Find the first answer to the command that each variant changes; see `learn`. Keeps the order.

    Calls `advance` once for each of them.
    """
    batches = [subjects[start : start + BATCH] for start in range(0, len(subjects), BATCH)]
    found: dict[str, Difference | None] = {}
    for batch, differences in pool.run(lambda host, batch: (batch, host.differences(batch)), batches):
        for subject, one in zip(batch, differences, strict=True):
            found[subject.label] = one
            advance()
    return [Candidate(subject, found[subject.label]) for subject in subjects]


def try_all(
    program: Program, pool: HostPool, chosen: Sequence[Candidate], baseline: Baseline
) -> Generator[SubjectResult]:
    """Run the command against all candidates. Yields each result as soon as it is known."""

    def trial(host: AnyHost, one: Candidate) -> SubjectResult:
        run = program.run(host, one.subject, limit=baseline.limit)
        is_alternative = isinstance(one.subject, Alternative)
        by = tuple(test.name for test in run.tests) or ((run.failure,) if run.failure else ())
        return SubjectResult(
            one.subject,
            run.failure is not None,
            by,
            run.seconds,
            run.output,
            failure=run.failure,
            tests=run.tests,
            difference=one.difference,
            advice=None if one.difference is None or run.failure or is_alternative else one.difference.advice,
        )

    yield from pool.run(trial, chosen, abort=program.close)


def passed_unrun(alternative: Candidate) -> SubjectResult:
    """The result of a command under an alternative that changes none of its answers."""
    return SubjectResult(alternative.subject, failed=False, by=(), seconds=0.0, output="", was_run=False)


def unseen_advice(subject: Subject) -> str | None:
    """A test that would notice a mutant that changes no answer to the command."""
    assert not isinstance(subject, Alternative), "only mutants survive"
    if isinstance(subject, Mutant):
        return kit_advice(subject)
    return advice(installed.document(subject.api), subject)
