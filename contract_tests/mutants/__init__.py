"""Breakages of the mock, each of which the tests of the rules that it breaks must catch; and the other way round.

A mutant proves that a test can fail, an alternative of an assumption that it does not cry wolf. mock_server has
no word of either. The mutants of an API live in the module of its name.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from contract_tests import targets
from contract_tests.rules import Arguments, Check, Outcome, attempt, checks, checks_for, expand, run
from contract_tests.targets import Target
from mock_server.api import Api, Handler, Step

Breakage = Callable[[Api], Api]

UNDIRECTED = ("test_conformance.test_answers_conform_to_the_document", "test_life_cycle.test_runs_live_as_documented")
"""Checks that try whatever there is: slow, so left out where each of many targets is checked in little time."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A named breakage, and the ids of the rules that it breaks."""

    name: str
    rules: tuple[str, ...]
    breaks: Breakage

    @property
    def api(self) -> str:
        """The API that it is a mutant of."""
        return self.rules[0].partition(".")[0]

    @property
    def text(self) -> str:
        """What is wrong with the mutant, in one sentence."""
        return (self.breaks.__doc__ or "").strip()


@dataclass(frozen=True, slots=True)
class Alternative:
    """An assumption with a value that is not its default."""

    assumption: str
    value: Any

    @property
    def api(self) -> str:
        """The API that it is an alternative of."""
        return self.assumption.partition(".")[0]


def mutant(*rules: str) -> Callable[[Breakage], Mutant]:
    """Make a function from Api to Api the mutant of its name that breaks `rules`; its docstring says what is wrong."""

    def declare(breaks: Breakage) -> Mutant:
        return Mutant(breaks.__name__.replace("_", "-"), rules, breaks)

    return declare


def mutants(api: str) -> tuple[Mutant, ...]:
    """The mutants of an API, from the modules `<api>` and `<api>_<noun>`."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name.partition("_")[0] == api)
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    return tuple(value for module in modules for value in vars(module).values() if isinstance(value, Mutant))


def handled(api: Api, **handlers: Handler) -> Api:
    """The API with other handlers, by operationId."""
    return replace(api, handlers={**api.handlers, **handlers})


def stepped(api: Api, **steps: Step) -> Api:
    """The API with other steps of the pipeline, by name."""
    return replace(api, steps=replace(api.steps, **steps))


def survivors(mutant: Mutant) -> tuple[str, ...]:
    """The rules of a mutant that no check failed for: none when it is caught."""
    target = targets.mock(mutant.breaks(targets.declared(mutant.api)))
    failed: dict[Check, bool] = {}
    return tuple(id for id in mutant.rules if not any(_fails(check, target, failed) for check in checks_for(id)))


def alternatives(api: str) -> Iterator[Alternative]:
    """Every alternative of every assumption of an API."""
    for assumption in targets.document(api).assumptions.values():
        for value in assumption.alternatives:
            yield Alternative(assumption.id, value)


def false_alarms(alternative: Alternative, *, everything: bool = False) -> list[Outcome]:
    """The checks that fail under one alternative, each with its error: none when the tests lean on no assumption.

    Runs the directed checks in which the mock, as it is, asks for that assumption (no other can notice), or all checks.
    """
    target = targets.mock(alternative.api, assumptions={alternative.assumption: alternative.value})
    if everything:
        outcomes = (outcome for check in checks() for outcome in run(check, target))
    else:
        runs = asking(alternative.api)
        outcomes = (attempt(check, target, given) for check, given, asked in runs if alternative.assumption in asked)
    return [outcome for outcome in outcomes if outcome.result == "failed"]


@cache
def asking(api: str) -> tuple[tuple[Check, Arguments, frozenset[str]], ...]:
    """Every run of every directed check of an API, with the assumptions that the mock, as it is, asks for in it."""
    asked: set[str] = set()
    target = targets.mock(api, watch=lambda exchange: asked.update(exchange.decided))
    runs = []
    for check in (known for known in checks() if known.name not in UNDIRECTED):
        for arguments in expand(check, target.contract):
            asked.clear()
            attempt(check, target, arguments)
            runs.append((check, arguments, frozenset(asked)))
    return tuple(runs)


def _fails(check: Check, target: Target, known: dict[Check, bool]) -> bool:
    if check not in known:
        known[check] = any(outcome.result == "failed" for outcome in run(check, target))
    return known[check]
