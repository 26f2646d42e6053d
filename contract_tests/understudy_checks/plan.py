"""In which order a target is checked: as the tests stand, or, within a budget, the most telling for least first.

What a check costs is found out beforehand on our own mock, with nothing sent to the target. Must not run a check
on the target.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import msgspec

from understudy.apis.control import declare as declare_control
from understudy.engine.clock import Clock, milliseconds
from understudy.engine.worlds import Worlds
from understudy.http.app import App
from understudy_checks.budget import Guest
from understudy_checks.rules import Arguments, Check, attempt, checks, expand
from understudy_checks.target.control_api import control
from understudy_checks.target.installed import declared, seeds
from understudy_checks.target.mock import START
from understudy_checks.target.server import Server
from understudy_checks.target.settings import told_by
from understudy_checks.target.target import Target
from understudy_checks.target.transport import in_process

Json = Any
MANY = 10**9
LEAST = 5
"""How many requests a check may make, however few it made before."""

ROOM = 3
"""How many times what a check cost on our mock it may cost on the target."""


@dataclass(frozen=True, slots=True)
class Step:
    """A check that is to be run with some arguments, the rules of interest that it covers, and its share."""

    check: Check
    arguments: Arguments
    rules: tuple[str, ...]
    share: int | None = None
    """How many requests it may make; None for as many as it takes."""
    profile: str | None = None
    """The profile that the budget allows; None for the one that is asked for."""


def planned(target: Target, rules: Sequence[str]) -> list[Step]:
    """What is to be done on a target to check these rules, in order.

    Where waits are real, and nobody knows how long a limit lets the kit go on, everything is glanced at first.
    """
    steps = list(_steps(target, rules))
    if target.guest.budget is None and "advance" in target.capabilities:
        return steps
    costs = [_cost(step, rehearsal) for rehearsal in [rehearsed(target)] for step in steps]
    order = _ordered(list(zip(steps, costs, strict=True)))
    if target.guest.budget is None:
        glances = [replace(step, profile="glance") for step, _ in order]
        return glances + [step for step, _ in order]
    plenty = target.guest.budget // (1 + sum(cost for _, cost in order))
    profile = None if plenty > ROOM else "glance"
    return [replace(step, share=max(LEAST, max(ROOM, plenty) * cost), profile=profile) for step, cost in order]


def rehearsed(target: Target) -> Server:
    """A mock that offers what the target offers, and nothing more: no worlds of one's own, one clock."""
    api = target.contract.name
    worlds = Worlds(
        [declared(api), declare_control],
        seeds=seeds(),
        clock=Clock(milliseconds(START), frozen=True),
        limits={api: MANY},
    )
    everything = told_by(worlds.access_info(worlds.default, api))
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
        if name != "revoke-key":  # the key is needed for the other costs
            control(transport, "POST", "/events", {"api": api, "event": name, **fields})

    return Server(
        target.contract,
        transport,
        target.contract.prefixes[0],
        settings,
        name="rehearsal",
        guest=Guest(max_wait=MANY, sleep=clock),
        clock=clock if "advance" in offered else None,
        person=person if "events" in offered else None,
    )


def _steps(target: Target, rules: Sequence[str]) -> Iterator[Step]:
    for check in checks():
        covered = tuple(id for id in rules if check.covers(id))
        if covered:
            yield from (Step(check, arguments, covered) for arguments in expand(check, target.contract))


def _cost(step: Step, target: Target) -> int | None:
    """The requests that one example of a check makes; None when it cannot be checked."""
    before = target.guest.requests
    outcome = attempt(step.check, target, step.arguments, profile="glance")
    return None if outcome.result == "not checked" else target.guest.requests - before


def _ordered(costs: Sequence[tuple[Step, int | None]]) -> list[tuple[Step, int]]:
    """Always the step next that tells of most new rules for a request, or of least requests when none tells more.

    Each with what it costs; what could not be checked on our mock comes last.
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
