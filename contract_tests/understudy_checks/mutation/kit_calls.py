"""What the kit's checks of a rule send, and what a client would see of a mutant of it there.

For mutants that no answer to a command shows. Must not run a check on a mutant: `kills` does.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from understudy.engine.clock import milliseconds
from understudy.engine.exchange import Exchange
from understudy_checks.mutation import EXPLORATORY, Mutant
from understudy_checks.mutation.difference import describe
from understudy_checks.mutation.replay import Rerun, recorded
from understudy_checks.rules import Arguments, Check, attempt, checks_for, expand
from understudy_checks.target import installed
from understudy_checks.target.mock import START, mock


def kit_advice(mutant: Mutant) -> str | None:
    """A test like those of the kit that would notice a mutant: `sends ... and checks that the status is 404`."""
    served = mutant.breaks(installed.declared(mutant.api))
    for rule in mutant.rules:
        for rerun in _reruns(mutant.api, rule):
            divergence = rerun.divergence(served)
            if divergence is not None:
                return describe(installed.document(mutant.api), divergence).advice
    return None


@cache
def _reruns(api: str, rule: str) -> tuple[Rerun, ...]:
    """The requests of the directed checks of a rule."""
    own = (check for check in checks_for(rule) if check.name not in EXPLORATORY)
    runs = ((check, arguments) for check in own for arguments in expand(check, installed.document(api)))
    return tuple(recorded(api, _sender(api, *run), start=milliseconds(START)) for run in runs)


def _sender(api: str, check: Check, arguments: Arguments) -> Callable[[Callable[[Exchange], None]], None]:
    def send(watch: Callable[[Exchange], None]) -> None:
        attempt(check, mock(api, watch=watch), arguments)

    return send
