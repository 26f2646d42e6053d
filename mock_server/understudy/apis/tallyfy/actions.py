"""The actions of Tallyfy's automated actions: what each does to the task of its target step.

Sources: Automations > Actions and its pages. A webhook is kept and not sent. Each function says whether it
changed the task. Must not know when an automated action is checked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from understudy.apis.tallyfy.automatic_dates import counts_from_itself, start_of
from understudy.apis.tallyfy.conditions import Process, kind_of
from understudy.apis.tallyfy.deadlines import due_after, move_dependents
from understudy.apis.tallyfy.fields import is_empty
from understudy.apis.tallyfy.includes import HIDDEN
from understudy.apis.tallyfy.life_cycle import move, reopen
from understudy.apis.tallyfy.records import person_id, stamp
from understudy.engine.call import Call, Json
from understudy.engine.store import Record

OPPOSITE = {"show": "hide", "hide": "show"}
_BUCKETS = ("users", "guests", "groups")


def act(call: Call, process: Process, action: Record) -> bool:
    """Do an action to the task of its target step and store the task; returns whether that changed it."""
    task = process.tasks.get(action["target_step_id"])
    if task is None or not _ACTIONS[action["action_type"]](call, process, task, action):
        return False
    keep(call, task)
    if action["action_type"] == "deadline":
        move_dependents(call, process.run, task)
    return True


def switch(task: Record, verb: str, *, again: bool) -> bool:
    """Show or hide a task that is not completed, and that nobody showed or hid by hand.

    `again` keeps a task visible whose work has started (When an automation runs > What a re-check leaves alone).
    """
    if task["_"].get("by_hand") or (again and verb == "hide" and has_started(task)):
        return False
    if verb == "show":
        return show(task)
    return hide(task)


def hide(task: Record) -> bool:
    """Hide a task, which keeps its status for later; returns False for one that is completed or hidden."""
    before = task["status"]
    if not move(task, "hide"):
        return False
    task["_"]["before"] = before
    return True


def show(task: Record) -> bool:
    """Show a hidden task with its former status; returns False for one that is not hidden."""
    if task["status"] != HIDDEN:
        return False
    task["status"] = task["_"]["before"] or "not-started"
    return True


def has_started(task: Record) -> bool:
    """Whether work on a task has started: it is in progress or completed, or has a saved answer."""
    answered = any(not is_empty(value) for value in task["taskdata"].values())
    return bool(task["status"] in ("in-progress", "completed") or answered)


def keep(call: Call, task: Record) -> None:
    """Store a changed task."""
    task["last_updated"] = stamp(call.now)
    call.store["tasks"].put(task)


def _visibility(call: Call, process: Process, task: Record, action: Record) -> bool:
    return switch(task, action["action_verb"], again=False)


def _deadline(call: Call, process: Process, task: Record, action: Record) -> bool:
    start = start_of(call, process, action)
    if start is None and counts_from_itself(action) and call.assumed("tallyfy.automations.undated") == "now":
        start = call.now
    if start is None or task["status"] == "completed" or task["deadline_set_by_hand"]:
        return False
    before, task["deadline"] = task["deadline"], stamp(due_after(action["deadline"], start))
    return bool(task["deadline"] != before)


def _status(call: Call, process: Process, task: Record, action: Record) -> bool:
    if task["status"] != "completed":
        return False
    task |= reopen(call, task)
    return True


def _assignment(call: Call, process: Process, task: Record, action: Record) -> bool:
    if task["status"] == "completed":
        return False
    named, before = _named(call, process, action), task["owners"]
    task["owners"] = {name: _VERBS[action["action_verb"]](before[name], named[name]) for name in _BUCKETS}
    return bool(task["owners"] != before)


def _webhook(call: Call, process: Process, task: Record, action: Record) -> bool:
    return False


_ACTIONS: Mapping[str, Callable[[Call, Process, Record, Record], bool]] = {
    "visibility": _visibility,
    "deadline": _deadline,
    "status": _status,
    "assignment": _assignment,
    "webhook": _webhook,
}
_VERBS: Mapping[str, Callable[[list[Any], list[Any]], list[Any]]] = {
    "assign": lambda before, named: [*before, *(one for one in named if one not in before)],
    "assign_only": lambda before, named: named,
    "unassign": lambda before, named: [one for one in before if one not in named],
    "clear_assignees": lambda before, named: [],
}


def _named(call: Call, process: Process, action: Record) -> dict[str, list[Any]]:
    """Whom an action names: whoever was picked in a form field, else its own list; only who is there."""
    found = process.field(kind_of(action, "actionable_type"), action.get("actionable_id"))
    picked = _picked(found[1] if found else None)
    chosen = picked if any(picked.values()) else _picked(action.get("assignees"))
    people = [person_id(call.store, one) for one in chosen["users"]]
    groups = [str(one) for one in chosen["groups"] if call.store["groups"].row(str(one)) is not None]
    guests = list(dict.fromkeys(str(one) for one in chosen["guests"]))
    return {
        "users": list(dict.fromkeys(one for one in people if one is not None)),
        "guests": guests,
        "groups": list(dict.fromkeys(groups)),
    }


def _picked(answer: Json) -> dict[str, list[Any]]:
    """The people, guests and groups of an answer; a text is the address of a guest."""
    if isinstance(answer, str) and answer:
        return {"users": [], "guests": [answer], "groups": []}
    given = answer if isinstance(answer, dict) else {}
    return {name: list(given.get(name) or ()) for name in _BUCKETS}
