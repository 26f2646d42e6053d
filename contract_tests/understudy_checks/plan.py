"""Plans a run: the order of its checks, and with a budget the share of requests of each.

Measures the cost of each check on our own mock, with nothing sent to the target. Must not run a check
on the target.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

import msgspec

from understudy.apis.control import declare as declare_control
from understudy.document.contract import Contract
from understudy.engine.clock import Clock, milliseconds
from understudy.engine.worlds import Worlds
from understudy.http.app import App
from understudy_checks.budget import Budget
from understudy_checks.rules import Arguments, Check, attempt, checks, expand
from understudy_checks.target.control_api import control
from understudy_checks.target.installed import declared, seeds
from understudy_checks.target.mock import START
from understudy_checks.target.server import Server
from understudy_checks.target.settings import settings_of_entry
from understudy_checks.target.target import Target
from understudy_checks.target.transport import in_process

Json = Any
UNLIMITED = 10**9
MIN_SHARE = 5
"""The smallest share of a check, in requests."""

UNKNOWN_SHARE = 25
"""The share of a check that cannot be measured, such as one of a prepared object; these come last."""

COST_FACTOR = 3
"""The share of a check, as a multiple of its cost on our mock."""


@dataclass(frozen=True, slots=True)
class Step:
    """A planned check with its arguments, the wanted rules that it covers, and its share of the budget."""

    check: Check
    arguments: Arguments
    rules: tuple[str, ...]
    share: int | None = None
    """The largest number of requests; None for no limit."""
    profile: str | None = None
    """The profile that the budget allows; None for the requested one."""
    repeats: bool = False
    """Whether an earlier step made the same check with one example; only what it left open is worth a repetition."""

    @property
    def key(self) -> str:
        """Equal for steps that make the same check."""
        return " ".join((self.check.name, *(operation.id for operation in self.arguments.values())))


def plan_steps(target: Target, rules: Sequence[str]) -> list[Step]:
    """Plan the steps that check these rules on a target, in order.

    Where waits are real and there is no budget, every check first runs with one example: a rate limit may end the run.
    A check whose examples a profile does not change runs once. Of the others those that create most come last, because
    all lists of a shared target grow by what they create.
    """
    steps = list(_steps(target, rules))
    if target.budget.max_requests is None and "advance" in target.capabilities:
        return steps
    rehearsal = rehearsal_target(target)
    measured = [(step, _cost(step, rehearsal), _created(rehearsal)) for step in steps]
    order = _by_yield([(step, cost) for step, cost, _ in measured])
    if target.budget.max_requests is None:
        created = {step.key: number for step, _, number in measured}
        varied = [step for step, _ in order if step.check.follows_profile]
        varied.sort(key=lambda step: created[step.key])
        first_pass = [replace(step, profile="minimal" if step.check.follows_profile else None) for step, _ in order]
        return first_pass + [replace(step, repeats=True) for step in varied]
    factor = target.budget.max_requests // (1 + sum(cost for _, cost in order))
    profile = None if factor > COST_FACTOR else "minimal"
    return [
        replace(step, share=max(MIN_SHARE, max(COST_FACTOR, factor) * cost) if cost else UNKNOWN_SHARE, profile=profile)
        for step, cost in order
    ]


def rehearsal_target(target: Target) -> Server:
    """Build a mock with exactly the capabilities of the target: one shared world, one clock."""
    api = target.contract.name
    worlds = Worlds(
        [declared(api), declare_control],
        seeds=seeds(),
        clock=Clock(milliseconds(START), frozen=True),
        limits={api: UNLIMITED},
    )
    everything = settings_of_entry(worlds.access_info(worlds.default, api))
    offered = target.capabilities
    settings = msgspec.structs.replace(
        everything,
        api_keys=everything.api_keys[: 2 if "second-key" in offered else 1],
        revoked_key=everything.revoked_key if "revoked-key" in offered else None,
        lapsed_key=everything.lapsed_key if "lapsed-key" in offered else None,
        spare_keys=everything.api_keys[-1:] * len(target.contract.operations) if "spare-key" in offered else (),
        other_tenant_key=everything.other_tenant_key if "other-tenant" in offered else None,
        members=everything.members if "members" in offered else (),
        rate_limit=None if "documented-limit" in offered else 0,
        writes="write" in offered,
    )
    clock, transport = partial(worlds.advance, worlds.default), in_process(App(worlds))

    def person(name: str, fields: Mapping[str, Json]) -> None:
        if name != "revoke-key":  # the remaining measurements need the key
            control(transport, "POST", "/events", {"api": api, "event": name, **fields})

    return Server(
        target.contract,
        transport,
        target.contract.prefixes[0],
        settings,
        name="rehearsal",
        budget=Budget(max_wait=UNLIMITED, sleep=clock),
        clock=clock if "advance" in offered else None,
        person=person if "events" in offered else None,
    )


def _steps(target: Target, rules: Sequence[str]) -> Iterator[Step]:
    for check in checks():
        covered = tuple(id for id in rules if check.covers(id))
        for arguments in expand(check, target.contract) if covered else ():
            said = covered if len(covered) == 1 else rules_about(target.contract, covered, arguments)
            if said:
                yield Step(check, arguments, said)


def rules_about(contract: Contract, rules: Sequence[str], arguments: Arguments) -> tuple[str, ...]:
    """Those of some rules that the document does not state for other operations than those of a check's arguments."""
    places = _places(contract)
    named = {operation.id for operation in arguments.values()}
    return tuple(id for id in rules if not named or places.get(id) in (None, *named))


@cache
def _places(contract: Contract) -> Mapping[str, str]:
    """The operation under which the document states a rule, by rule; without the rules of the whole document."""
    paths = contract.document["paths"]
    return {
        rule["id"]: operation.id
        for operation in contract.operations.values()
        for rule in paths[operation.path][operation.method.lower()].get("x-rules", ())
    }


def _cost(step: Step, target: Target) -> int | None:
    """The number of requests of one example of a check; None when it cannot be checked."""
    before = target.budget.requests
    outcome = attempt(step.check, target, step.arguments, profile="minimal")
    return None if outcome.result == "not checked" else target.budget.requests - before


def _created(target: Target) -> int:
    """The number of objects created on a target since the last call."""
    number = len(target.budget.made)
    target.budget.made.clear()
    return number


def _by_yield(costs: Sequence[tuple[Step, int | None]]) -> list[tuple[Step, int]]:
    """Sort steps by the number of new rules that each covers per request, the cheapest first among equals.

    Returns each step with its cost. Steps that could not be checked on our mock come last.
    """
    left = [(step, cost) for step, cost in costs if cost is not None]
    known: set[str] = set()
    order: list[tuple[Step, int]] = []
    while left:
        best = max(left, key=lambda entry: (len(set(entry[0].rules) - known) / (entry[1] + 1), -entry[1]))
        left.remove(best)
        known.update(best[0].rules)
        order.append(best)
    return [*order, *((step, 0) for step, cost in costs if cost is None)]
