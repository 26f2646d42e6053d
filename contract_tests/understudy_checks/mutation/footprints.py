"""Selects the check runs that can kill a generated mutant: those whose exchanges show one of its marks.

Exchanges are traced on the unchanged mock. A mutant responds like the mock until an exchange shows a mark of it,
so other runs cannot kill it.
"""

from __future__ import annotations

from functools import cache

from understudy_checks.mutation import EXPLORATORY, TracedRun, traced_runs
from understudy_checks.mutation.generated import Generated
from understudy_checks.rules import Outcome, attempt
from understudy_checks.target import installed
from understudy_checks.target.mock import mock

MAX_FACTOR = 100
"""The request limit of a check on a mutant, as a multiple of its requests on the mock: some loop forever."""


def find_kill(mutant: Generated) -> Outcome | None:
    """Find the first failure of a check on a generated mutant, directed and short runs first; None when it survives."""
    target = mock(mutant.breaks(installed.declared(mutant.api)))
    for footprint in footprints(mutant.api):
        if mutant.marks & footprint.marks:
            target.budget.share(MAX_FACTOR * footprint.exchanges)
            outcome = attempt(footprint.check, target, footprint.arguments)
            if outcome.result == "failed":
                return outcome
    return None


@cache
def footprints(api: str) -> tuple[TracedRun, ...]:
    """Trace every run of every check of an API. Directed checks with the fewest exchanges come first."""
    found = (*traced_runs(api), *traced_runs(api, exploratory=True))
    return tuple(sorted(found, key=lambda traced: (traced.check.name in EXPLORATORY, traced.exchanges)))
