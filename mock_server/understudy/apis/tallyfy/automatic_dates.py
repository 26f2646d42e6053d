"""The dates that the deadline actions of Tallyfy's automated actions give.

Source: Automations > Automate deadline shifts on tasks. Must not change any record.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from understudy.apis.tallyfy.conditions import Process, kind_of
from understudy.apis.tallyfy.records import moment
from understudy.engine.call import Call
from understudy.engine.clock import milliseconds
from understudy.engine.store import Record

_EVENING = "T17:00:00"  # of a date field that collects no time


def counts_from_itself(action: Record) -> bool:
    """Whether a deadline action counts from the deadline that its target has."""
    return action.get("actionable_id") in (None, action["target_step_id"])


def start_of(call: Call, process: Process, action: Record) -> int | None:
    """Return the time (milliseconds) that a deadline action counts from; None where there is none."""
    kind, id = kind_of(action, "actionable_type"), action.get("actionable_id")
    if counts_from_itself(action) or kind == "Step":
        task = process.tasks.get(str(action["target_step_id"] if id is None else id))
        return milliseconds(task["deadline"]) if task and task["deadline"] else None
    found = process.field(kind, id)
    if found is None or not isinstance(found[1], str) or not found[1]:
        return None
    return _moment_of(call, *found)


def start_in_words(process: Process, action: Record) -> str:
    """Return what a deadline action counts from, for people."""
    step = process.steps.get(str(action.get("actionable_id")))
    if step is not None:
        return f"Step {step['position']}: {step['title']}"
    found = process.field(kind_of(action, "actionable_type"), action.get("actionable_id"))
    return str(found[0]["label"]) if found else "its own deadline"


def _moment_of(call: Call, field: Record, answer: str) -> int | None:
    try:
        if field.get("collect_time"):
            return moment(answer)
        evening = datetime.fromisoformat(answer[:10] + _EVENING)
        return int(evening.replace(tzinfo=_zone(call)).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None


def _zone(call: Call) -> tzinfo:
    try:
        return ZoneInfo(next(iter(call.store["organization"])).get("timezone") or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
