"""The score of each operation: how many of the mutants that change its answers a command kills."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from understudy_checks.mutation.runner import SubjectResults

UNSEEN = "(no answer differs)"
"""Stands for the operation of mutants that change no answer to the command."""


class Score(NamedTuple):
    """The killed and surviving mutants whose first difference is an answer of an operation."""

    operation: str
    requests: int
    killed: int
    survived: int

    @property
    def percent(self) -> int:
        """The share of killed mutants, rounded down: only all are 100 %."""
        return 100 * self.killed // (self.killed + self.survived)


def scores(done: SubjectResults) -> list[Score]:
    """The scores of a command, those of the operations that it calls most first. Empty for alternatives and the kit."""
    found: dict[str, list[bool]] = {}
    for trial in done.trials if done.command and done.kind == "mutants" else ():
        operation = UNSEEN if trial.difference is None else trial.difference.operation
        found.setdefault(operation, []).append(trial.failed)
    made = [
        Score(name, done.requests.get(name, 0), sum(killed), len(killed) - sum(killed))
        for name, killed in found.items()
    ]
    return sorted(made, key=lambda score: (-score.requests, score.operation))


def table(done: SubjectResults) -> Iterator[str]:
    """The scores as lines."""
    found = scores(done)
    width = max(len(score.operation) for score in found)
    yield f"{'operation':{width}}  requests  killed  survived  score"
    for score in found:
        calls = score.requests or "-"
        yield f"{score.operation:{width}}{calls:>10}{score.killed:>8}{score.survived:>10}{score.percent:>5} %"
