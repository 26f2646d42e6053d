"""Defects: the failures of a report grouped by cause, each under the rules that say it.

Reports print defects. Must not know how a defect looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from understudy.document.model import Rule
from understudy_checks.check import Failure, Report, Run
from understudy_checks.findings import without_indices
from understudy_checks.target import installed
from understudy_checks.waits import EARLIER

CONSEQUENCES: Mapping[str, tuple[str, ...]] = {
    "*.pagination.cursor-continues": (
        "*.pagination.walk-is-complete",
        "*.pagination.filters-are-kept",
        "*.pagination.stable-while-*",
    ),
}
"""The rules that a failure of a rule breaks as well, as patterns: one defect when both fail."""


@dataclass(frozen=True, slots=True)
class Defect:
    """One defect of a target: the failed rules that say it, the runs of checks that found it, and how it shows."""

    rules: tuple[Rule, ...]
    """The rules that say it, the first one first of all."""
    runs: tuple[Run, ...]
    """The failed runs that found it."""
    failure: Failure
    """The shortest failure that shows it, of a check that waited long and is one of its rules where there is one."""
    met: tuple[Rule, ...] = ()
    """Other rules whose checks met it: broken by it, not checked because of it, or checked in spite of it."""

    @property
    def subjects(self) -> list[str]:
        """The operations at which its only check found it; empty without operations or with several checks."""
        return list(dict.fromkeys(run.subject for run in self.runs if run.subject)) if len(self.checks) == 1 else []

    @property
    def checks(self) -> list[str]:
        """The names of the checks that found it."""
        return list(dict.fromkeys(run.check for run in self.runs))


def defects(report: Report) -> tuple[Defect, ...]:
    """Group the failures of a report into defects, those with the shortest calls first.

    Failures of the same rules are one defect. So are failures in which a response violates the document in the same
    way, and failures of rules of which one follows from the other. Defects without reproducing calls come last.
    """
    operations = {id for api in report.apis for id in installed.document(api).operations}
    groups: list[tuple[set[object], list[Run]]] = []
    for run in report.runs:
        if run.failure is not None:
            _add(groups, _keys(run, operations), run)
    found = [_defect(report, runs) for _, runs in groups]
    return tuple(sorted(_joined(found), key=lambda defect: _length(defect.failure)))


def _keys(run: Run, operations: Iterable[str]) -> set[object]:
    """What the failures of one defect have in common: the rules, or the violation of the document."""
    assert run.failure is not None, "called for failures"
    seen = run.failure.seen
    violates = seen.partition(":")[0] in operations
    return {run.rules, without_indices(seen)} if violates else {run.rules}


def _add(groups: list[tuple[set[object], list[Run]]], keys: set[object], run: Run) -> None:
    """Add a run to the groups that share a key with it, which become one."""
    same = [group for group in groups if group[0] & keys]
    groups[:] = [group for group in groups if group not in same]
    groups.append((keys.union(*(known for known, _ in same)), [*(run for _, runs in same for run in runs), run]))


def _defect(report: Report, runs: Sequence[Run]) -> Defect:
    broken = {id for run in runs for id in run.rules}
    found = [(EARLIER in run.failure.seen, bool(run.found_by), run.failure) for run in runs if run.failure is not None]
    return Defect(
        rules=_rules(report, broken),
        runs=tuple(runs),
        failure=min(found, key=lambda one: (*one[:2], _length(one[2])))[2],
        met=_rules(report, {id for run in runs for id in run.found_by} - broken),
    )


def _rules(report: Report, ids: set[str]) -> tuple[Rule, ...]:
    return tuple(checked.rule for checked in report.rules if checked.rule.id in ids)


def _length(failure: Failure) -> tuple[bool, int, int]:
    """The order of failures: those with the fewest calls first, those without calls last."""
    return not failure.curl, len(failure.curl), len("".join(failure.curl))


def _joined(found: list[Defect]) -> list[Defect]:
    """Join each defect that follows from another to it."""
    for cause in [defect for defect in found if not any(_follows(defect, other) for other in found)]:
        following = [defect for defect in found if _follows(defect, cause)]
        if following:
            found = [defect for defect in found if defect not in (cause, *following)]
            found.append(_with(cause, following))
    return found


def _with(cause: Defect, following: Sequence[Defect]) -> Defect:
    known = dict.fromkeys([*cause.met, *(rule for defect in following for rule in (*defect.rules, *defect.met))])
    runs = (*cause.runs, *(run for defect in following for run in defect.runs))
    return replace(cause, runs=runs, met=tuple(rule for rule in known if rule not in cause.rules))


def _follows(defect: Defect, cause: Defect) -> bool:
    """Whether all rules of a defect are broken as well when those of another are."""
    patterns = [
        pattern
        for known, consequences in CONSEQUENCES.items()
        if any(fnmatchcase(rule.id, known) for rule in cause.rules)
        for pattern in consequences
    ]
    return all(any(fnmatchcase(rule.id, pattern) for pattern in patterns) for rule in defect.rules)
