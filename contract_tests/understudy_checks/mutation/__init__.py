"""Mutants, which the tests of the rules that they break must kill, and alternatives, which must fail no test.

A mutant proves that a test can fail; an alternative of an assumption proves that a test has no false positives.
The mock server knows neither. A mutant is a line in the table MUTANTS of a module in an API's folder `mutants`;
its breakage is made by `operators` and `steps`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, NamedTuple

from understudy.document.contract import Contract
from understudy.engine.api import Api
from understudy.engine.call import Handler
from understudy.engine.exchange import Exchange
from understudy.resources.rules import is_declared, stated_of
from understudy_checks.modules import modules
from understudy_checks.mutation.marks import Mark, marks_of
from understudy_checks.rules import Arguments, Check, Outcome, attempt, checks, checks_for, expand, run
from understudy_checks.target import installed
from understudy_checks.target.mock import mock
from understudy_checks.target.target import Target

Breakage = Callable[[Api], Api]
Table = Mapping[str | tuple[str, ...], Mapping[str, Breakage]]
"""Breakages by rule (or rules) and by a sentence that says what is wrong. Rule ids lack the API's name."""

EXPLORATORY = (
    "generic.test_conformance.test_answers_conform_to_the_document",
    "nextstep.test_life_cycle.test_runs_live_as_documented",
)
"""Exploratory checks, too slow to run against many targets."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A breakage, a sentence that says what is wrong, and the ids of the rules that it breaks."""

    text: str
    rules: tuple[str, ...]
    breaks: Breakage

    @property
    def api(self) -> str:
        """The name of its API."""
        return self.rules[0].partition(".")[0]

    @property
    def name(self) -> str:
        """The slug of its sentence: `a-page-holds-19-items`."""
        return re.sub(r"[^a-z0-9]+", "-", self.text.lower().replace("'", "")).strip("-")

    @property
    def label(self) -> str:
        """Its name, unique in its API."""
        return self.name

    @property
    def names(self) -> tuple[str, ...]:
        """The names that select it: its own and those of its rules."""
        return (self.name, *self.rules)

    def __reduce__(self) -> tuple[Callable[..., Mutant], tuple[str, str]]:
        # pickled by name, because its breakage is a closure
        return _named, (self.api, self.name)


@dataclass(frozen=True, slots=True)
class Alternative:
    """An assumption with a value that is not its default."""

    assumption: str
    value: Any

    @property
    def api(self) -> str:
        """The name of its API."""
        return self.assumption.partition(".")[0]

    @property
    def label(self) -> str:
        """Its name, unique in its API: `id = value`, with the value as JSON."""
        return f"{self.assumption} = {json.dumps(self.value)}"

    @property
    def names(self) -> tuple[str, ...]:
        """The names that select it: the assumption's id."""
        return (self.assumption,)


@dataclass(frozen=True, slots=True)
class Kill:
    """A rule that a mutant breaks, and the first failure of its checks, or None when the mutant survives."""

    rule: str
    failure: Outcome | None

    @property
    def check(self) -> str | None:
        """The name of the check that failed."""
        return None if self.failure is None else self.failure.check.name


class TracedRun(NamedTuple):
    """One run of a check on the unchanged mock: what the mock read, and the marks and number of its exchanges."""

    check: Check
    arguments: Arguments
    read: frozenset[str]
    """The ids of the rules and assumptions that the mock consulted."""
    marks: frozenset[Mark]
    exchanges: int


@cache
def mutants(api: str) -> tuple[Mutant, ...]:
    """Load the mutants of an API from the modules of its folder `mutants`, or from `mutants.py` of a user's folder."""
    own = installed.parts("mutants").get(api)
    found = modules(f"{api}.mutants") if own is None else (own,)
    return tuple(mutant for module in found for mutant in mutants_in(api, module.MUTANTS))


def mutants_in(api: str, table: Table) -> Iterator[Mutant]:
    """Create the mutants of a table."""
    for rules, breakages in table.items():
        ids = (rules,) if isinstance(rules, str) else rules
        for text, breaks in breakages.items():
            yield Mutant(text, tuple(f"{api}.{id}" for id in ids), breaks)


def with_handlers(api: Api, **handlers: Handler) -> Api:
    """Return the API with some handlers replaced, by operationId."""
    return replace(api, handlers={**api.handlers, **handlers})


def with_steps(api: Api, **steps: Any) -> Api:
    """Return the API with some steps of the pipeline replaced, by name."""
    return replace(api, steps=replace(api.steps, **steps))


def kills(mutant: Mutant) -> tuple[Kill, ...]:
    """Find the check that kills a mutant, for each of its rules. Stops at the first failing check of a rule."""
    target = mock(mutant.breaks(installed.declared(mutant.api)))
    known: dict[Check, Outcome | None] = {}
    return tuple(Kill(id, _failure(checks_for(id), target, id, known)) for id in mutant.rules)


def survivors(mutant: Mutant) -> tuple[str, ...]:
    """The rules of a mutant without a failing check; empty when it is killed."""
    return tuple(kill.rule for kill in kills(mutant) if kill.failure is None)


def alternatives(api: str) -> Iterator[Alternative]:
    """Every alternative of every assumption of an API."""
    for assumption in installed.document(api).assumptions.values():
        for value in assumption.alternatives:
            yield Alternative(assumption.id, value)


def false_positives(alternative: Alternative, *, everything: bool = False, profile: str = "gate") -> list[Outcome]:
    """Find the checks that fail under an alternative, with their errors. Empty when no test depends on the assumption.

    Runs the directed checks in which the unchanged mock reads the assumption (only they can differ), or all checks.
    """
    values, runs = {alternative.assumption: alternative.value}, () if everything else traced_runs(alternative.api)
    with installed.read_as(alternative.api, values):
        target = mock(alternative.api, assumptions=values)
        if everything:
            outcomes = (outcome for check in checks() for outcome in run(check, target, profile=profile))
        else:
            asking = [traced for traced in runs if alternative.assumption in traced.read]
            given = (one for traced in asking for one in _anew(traced, target.contract))
            outcomes = (attempt(check, target, arguments, profile=profile) for check, arguments in given)
        return [outcome for outcome in outcomes if outcome.result == "failed"]


def _anew(traced: TracedRun, contract: Contract) -> Iterator[tuple[Check, Arguments]]:
    """A check with its arguments in a contract that may be another reading of the document; none where it has none."""
    wanted = {name: getattr(one, "id", one) for name, one in traced.arguments.items()}
    for arguments in expand(traced.check, contract):
        if {name: getattr(one, "id", one) for name, one in arguments.items()} == wanted:
            yield traced.check, arguments


@cache
def traced_runs(api: str, *, exploratory: bool = False) -> tuple[TracedRun, ...]:
    """Run every directed check of an API, or every exploratory one, on the unchanged mock and trace its exchanges."""
    exchanges: list[Exchange] = []
    target = mock(api, watch=exchanges.append)
    runs = []
    for check in (known for known in checks() if (known.name in EXPLORATORY) == exploratory):
        for arguments in expand(check, target.contract):
            exchanges.clear()
            attempt(check, target, arguments)
            read = frozenset(id for exchange in exchanges for id in exchange.trace)
            own = [exchange for exchange in exchanges if exchange.api == api]
            marks = frozenset(mark for exchange in own for mark in marks_of(exchange))
            runs.append(TracedRun(check, arguments, read, marks, len(own)))
    return tuple(runs)


def _failure(checks: Sequence[Check], target: Target, rule: str, known: dict[Check, Outcome | None]) -> Outcome | None:
    """The first failure among these checks. `known` memoizes the outcomes."""
    for check in checks:
        if check not in known:
            outcomes = (
                attempt(check, target, given)
                for given in expand(check, target.contract)
                if _is_about(target.contract, rule, given)
            )
            known[check] = next((outcome for outcome in outcomes if outcome.result == "failed"), None)
        if known[check] is not None:
            return known[check]
    return None


def _is_about(contract: Contract, rule: str, arguments: Arguments) -> bool:
    """Whether a check with these arguments says a rule: one that was declared is about its own operation only."""
    return not is_declared(contract) or any(rule in stated_of(contract, one) for one in arguments.values())


def _named(api: str, name: str) -> Mutant:
    """Find the mutant of an API by name."""
    return _by_name(api)[name]


@cache
def _by_name(api: str) -> dict[str, Mutant]:
    return {mutant.name: mutant for mutant in mutants(api)}
