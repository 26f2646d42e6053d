"""Breakages of the mock, each of which the tests of the rules that it breaks must catch; and the other way round.

A mutant proves that a test can fail, an alternative of an assumption that it does not cry wolf. mock_server has
no word of either. A mutant is a line in the table MUTANTS of a module `<api>_<noun>`; its breakage is made by
`operators` and `steps`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from understudy.engine.api import Api
from understudy.engine.call import Handler
from understudy_checks.modules import modules
from understudy_checks.rules import Arguments, Check, Outcome, attempt, checks, checks_for, expand, run
from understudy_checks.target import targets
from understudy_checks.target.targets import Target

Breakage = Callable[[Api], Api]
Table = Mapping[str | tuple[str, ...], Mapping[str, Breakage]]
"""Breakages by what is wrong, in one sentence, by the rule (or rules) that they break, without the API's name."""

UNDIRECTED = (
    "generic.test_conformance.test_answers_conform_to_the_document",
    "nextstep.test_life_cycle.test_runs_live_as_documented",
)
"""Checks that try whatever there is: slow, so left out where each of many targets is checked in little time."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A breakage, what is wrong with it in one sentence, and the ids of the rules that it breaks."""

    text: str
    rules: tuple[str, ...]
    breaks: Breakage

    @property
    def api(self) -> str:
        """The API that it is a mutant of."""
        return self.rules[0].partition(".")[0]

    @property
    def name(self) -> str:
        """The slug of its sentence: `a-page-holds-19-items`."""
        return re.sub(r"[^a-z0-9]+", "-", self.text.lower().replace("'", "")).strip("-")

    @property
    def label(self) -> str:
        """What it is called among those of its API."""
        return self.name

    @property
    def names(self) -> tuple[str, ...]:
        """What it can be picked by: its own name and the rules that it breaks."""
        return (self.name, *self.rules)

    def __reduce__(self) -> tuple[Callable[..., Mutant], tuple[str, str]]:
        # it goes to another process by name: its breakage, a function made by an operator, cannot
        return _named, (self.api, self.name)


@dataclass(frozen=True, slots=True)
class Alternative:
    """An assumption with a value that is not its default."""

    assumption: str
    value: Any

    @property
    def api(self) -> str:
        """The API that it is an alternative of."""
        return self.assumption.partition(".")[0]

    @property
    def text(self) -> str:
        """What is assumed, in one sentence."""
        return targets.document(self.api).assumptions[self.assumption].text

    @property
    def label(self) -> str:
        """What it is called among those of its API: `id = value`, the value as JSON."""
        return f"{self.assumption} = {json.dumps(self.value)}"

    @property
    def names(self) -> tuple[str, ...]:
        """What it can be picked by: the assumption."""
        return (self.assumption,)


@dataclass(frozen=True, slots=True)
class Kill:
    """A rule that a mutant breaks, and the first failure of a check of that rule: None when no check failed."""

    rule: str
    failure: Outcome | None

    @property
    def check(self) -> str | None:
        """The name of the check that failed."""
        return None if self.failure is None else self.failure.check.name


@cache
def mutants(api: str) -> tuple[Mutant, ...]:
    """The mutants of an API, from the modules of its folder `mutants`."""
    return tuple(mutant for module in modules(f"{api}.mutants") for mutant in mutants_in(api, module.MUTANTS))


def mutants_in(api: str, table: Table) -> Iterator[Mutant]:
    """The mutants of a table."""
    for rules, breakages in table.items():
        ids = (rules,) if isinstance(rules, str) else rules
        for text, breaks in breakages.items():
            yield Mutant(text, tuple(f"{api}.{id}" for id in ids), breaks)


def handled(api: Api, **handlers: Handler) -> Api:
    """The API with other handlers, by operationId."""
    return replace(api, handlers={**api.handlers, **handlers})


def stepped(api: Api, **steps: Any) -> Api:
    """The API with other steps of the pipeline, by name."""
    return replace(api, steps=replace(api.steps, **steps))


def kills(mutant: Mutant) -> tuple[Kill, ...]:
    """For each rule of a mutant the check that catches it; of each rule, no check is run after the first that fails."""
    target = targets.mock(mutant.breaks(targets.declared(mutant.api)))
    known: dict[Check, Outcome | None] = {}
    return tuple(Kill(id, _failure(checks_for(id), target, known)) for id in mutant.rules)


def survivors(mutant: Mutant) -> tuple[str, ...]:
    """The rules of a mutant that no check failed for: none when it is caught."""
    return tuple(catch.rule for catch in kills(mutant) if catch.failure is None)


def alternatives(api: str) -> Iterator[Alternative]:
    """Every alternative of every assumption of an API."""
    for assumption in targets.document(api).assumptions.values():
        for value in assumption.alternatives:
            yield Alternative(assumption.id, value)


def false_positives(alternative: Alternative, *, everything: bool = False) -> list[Outcome]:
    """The checks that fail under one alternative, each with its error: none when the tests lean on no assumption.

    Runs the directed checks in which the mock, as it is, asks for that assumption (no other can notice), or all checks.
    """
    target = targets.mock(alternative.api, assumptions={alternative.assumption: alternative.value})
    if everything:
        outcomes = (outcome for check in checks() for outcome in run(check, target))
    else:
        runs = traced_runs(alternative.api)
        outcomes = (attempt(check, target, given) for check, given, asked in runs if alternative.assumption in asked)
    return [outcome for outcome in outcomes if outcome.result == "failed"]


@cache
def traced_runs(api: str) -> tuple[tuple[Check, Arguments, frozenset[str]], ...]:
    """Every run of every directed check of an API, with the assumptions that the mock, as it is, asks for in it."""
    asked: set[str] = set()
    target = targets.mock(api, watch=lambda exchange: asked.update(exchange.trace))
    runs = []
    for check in (known for known in checks() if known.name not in UNDIRECTED):
        for arguments in expand(check, target.contract):
            asked.clear()
            attempt(check, target, arguments)
            runs.append((check, arguments, frozenset(asked)))
    return tuple(runs)


def _failure(checks: Sequence[Check], target: Target, known: dict[Check, Outcome | None]) -> Outcome | None:
    """The first failure of one of these checks; `known` is what was found before."""
    for check in checks:
        if check not in known:
            known[check] = next((outcome for outcome in run(check, target) if outcome.result == "failed"), None)
        if known[check] is not None:
            return known[check]
    return None


def _named(api: str, name: str) -> Mutant:
    """The mutant of an API with this name."""
    return _by_name(api)[name]


@cache
def _by_name(api: str) -> dict[str, Mutant]:
    return {mutant.name: mutant for mutant in mutants(api)}
