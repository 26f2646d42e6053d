"""Findings: failures that a check meets on its way and that a rule says which need not be its own.

A finding is kept once for each cause, and the check goes on. Must not know how checks run or what a report looks like.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from hypothesis.errors import UnsatisfiedAssumption

from understudy_checks.examples.story import Story

MAX_ENDED = 3
"""The number of examples of a check that findings may end before the whole check ends."""

_INDEX = re.compile(r"/\d+(?=[/:])")


class Met(UnsatisfiedAssumption):
    """Ends an example that met a failure of another rule and cannot go on; hypothesis tries other examples."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.met)
        self.finding = finding

    def __str__(self) -> str:
        return self.finding.met


@dataclass(frozen=True, slots=True)
class Finding:
    """A failure of a rule."""

    rule: str
    """The id of the rule that says it."""
    seen: str
    calls: tuple[str, ...] = ()
    """The calls that led to it as the lines of a script."""
    story: Story = ()
    """What was done until it was seen."""

    @property
    def met(self) -> str:
        """Why a check that met it has not been made."""
        return f"its check met a failure of {self.rule}: {self.seen}"

    @property
    def cause(self) -> tuple[str, str]:
        """Equal for findings with the same cause: the rule, and what was seen without list indices."""
        return self.rule, without_indices(self.seen)


@dataclass(slots=True)
class Findings:
    """Collects the findings of a run on a target. `own` holds the rules of the check that runs."""

    own: Sequence[str] = ()
    ended: int = 0
    """The number of examples of the running check that a finding ended."""
    _latest: dict[tuple[str, str], Finding] = field(default_factory=dict)
    _lengths: dict[tuple[str, str], int] = field(default_factory=dict)

    def record(
        self,
        rule: str,
        seen: str,
        *,
        length: int,
        calls: Callable[[], Sequence[str]],
        story: Callable[[], Story] = tuple,
    ) -> Finding:
        """Keep a failure of a rule, the one with the fewest calls (`length`) of each cause."""
        finding = Finding(rule, seen)
        if length < self._lengths.get(finding.cause, length + 1):
            finding = Finding(rule, seen, tuple(calls()), story())
            self._lengths[finding.cause] = length
            self._latest[finding.cause] = finding
        return self._latest.setdefault(finding.cause, finding)

    def begin(self, rules: Sequence[str]) -> None:
        """Begin a check of these rules."""
        self.own, self.ended = rules, 0

    def is_met_often(self) -> bool:
        """Count an example that a finding ends. Whether there were so many that further ones would tell nothing."""
        self.ended += 1
        return self.ended > MAX_ENDED

    def take(self) -> list[Finding]:
        """Return the findings since the last call, each cause once."""
        found = list(self._latest.values())
        self._latest.clear()
        return found


def resolve(ids: Sequence[str], pattern: str) -> str | None:
    """The first rule id that matches a pattern such as `*.envelope.json`; None without one."""
    return next((id for id in ids if fnmatchcase(id, pattern)), None)


def without_indices(violation: str) -> str:
    """Replace the list indices in a violation by `*`, so that similar violations are equal."""
    return _INDEX.sub("/*", violation)
