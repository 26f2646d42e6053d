"""Tallyfy: what automated actions do where the pages leave it open.

A probe deletes the template that it makes.
"""

from __future__ import annotations

from typing import Any

from understudy_checks.client import Client
from understudy_checks.measurements import by_status, skip_unless
from understudy_checks.probes import probe
from understudy_checks.tallyfy.automated import automated
from understudy_checks.tallyfy.driver import UNKNOWN_ID, first_organization

Json = Any


@probe("tallyfy.automations.awaited-steps", needs=("write",))
def awaited_steps(client: Client) -> Json:
    """Return whether a task begins hidden that an automated action may show."""
    with automated(first_organization(client)) as of:
        of.rule([of.when(0, "completed")], [of.then(1, "show")])
        return "hidden" if of.launch().hidden() == [1] else "visible"


@probe("tallyfy.automations.version", needs=("write",))
def version(client: Client) -> Json:
    """Return whether a process follows an automated action that is newer than itself."""
    with automated(first_organization(client)) as of:
        of.rule([of.when(2, "completed")], [of.then(2, "reopen")])
        started = of.launch()
        of.rule([of.when(0, "completed")], [of.then(1, "hide")])
        started.complete(0)
        return "current" if started.hidden() == [1] else "launched"


@probe("tallyfy.automations.text-case", needs=("write",))
def text_case(client: Client) -> Json:
    """Return whether a condition compares capital letters."""
    with automated(first_organization(client)) as of:
        of.rule([of.when("amount", "equals", "gold")], [of.then(1, "hide")])
        started = of.launch()
        started.say(amount="GOLD")
        started.complete(0)
        return "insensitive" if started.hidden() == [1] else "sensitive"


@probe("tallyfy.automations.order", needs=("write",))
def order(client: Client) -> Json:
    """Return which of two automated actions comes last."""
    with automated(first_organization(client)) as of:
        for verb in ("hide", "show"):
            of.rule([of.when(0, "completed")], [of.then(1, verb)])
        started = of.launch()
        started.complete(0)
        return "last-first" if started.hidden() == [1] else "first-first"


@probe("tallyfy.automations.cascade", needs=("write",))
def cascade(client: Client) -> Json:
    """Return whether a task is checked that an automated action reopened."""
    with automated(first_organization(client)) as of:
        of.rule([of.when(0, "completed")], [of.then(1, "reopen")])
        of.rule([of.when(1, "reopened")], [of.then(2, "hide")])
        started = of.launch()
        for step in (1, 0):
            started.complete(step)
        return "checked" if started.hidden() == [2] else "ignored"


@probe("tallyfy.automations.undated", needs=("write",))
def undated(client: Client) -> Json:
    """Return what a deadline counts from where a task has none."""
    with automated(first_organization(client)) as of:
        of.rule([of.when(0, "completed")], [of.dated(1, 1, None)])
        started = of.launch()
        skip_unless(started.task(1)["deadline"] is None, "each task of this target has a deadline")
        started.complete(0)
        return "nothing" if started.task(1)["deadline"] is None else "now"


@probe("tallyfy.automations.unknown-references", needs=("write",))
def unknown_references(client: Client) -> Json:
    """Return what becomes of an automated action on a step that does not exist."""
    with automated(first_organization(client)) as of:
        action = {**of.then(1, "hide"), "target_step_id": UNKNOWN_ID}
        body = {"conditions": [of.when(0, "completed")], "then_actions": [action]}
        answer = of.org.send("POST", f"/checklists/{of.template['id']}/automated-actions", json=body)
        return by_status(answer, "ignore", "reject")
