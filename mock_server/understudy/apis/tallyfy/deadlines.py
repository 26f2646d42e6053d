"""The deadlines of Tallyfy's tasks: worked out from the rules of steps, set by hand, and handed back to the rules.

Sources: Tasks > Reset a task deadline, Update task.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Sequence
from datetime import MAXYEAR, MINYEAR, UTC, datetime

from understudy.apis.tallyfy import includes as tallyfy_includes
from understudy.apis.tallyfy.automatic_dates import counts_from_itself, start_in_words, start_of
from understudy.apis.tallyfy.conditions import process_of, results, together
from understudy.apis.tallyfy.envelope import single
from understudy.apis.tallyfy.includes import run_tasks
from understudy.apis.tallyfy.life_cycle import update_status
from understudy.apis.tallyfy.records import DAY, find, stamp
from understudy.apis.tallyfy.template_records import live_steps
from understudy.engine.call import Call, Json, Reply
from understudy.engine.clock import BEGIN, END, milliseconds
from understudy.engine.problem import Problem
from understudy.engine.store import Record, encode

LENGTHS = {"minutes": 60_000, "hours": 3_600_000, "days": DAY, "weeks": 7 * DAY}
Given = dict[str, int | None]
_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_FIRST = BEGIN + 7 * DAY  # from there, a working day before is still a time
_THURSDAY = 3  # the weekday of 1970-01-01, as an index of _WEEK
_BEFORE = ("before", "prior")  # words with which an `option` begins that counts backwards


def get_automatic_deadline(call: Call) -> Reply:
    """GET /organizations/{org_id}/runs/{run_id}/tasks/{task_id}/automatic-deadline."""
    run, task = _task(call)
    return Reply(single(automatic(call, run, task)))


def reset_deadline(call: Call) -> Reply:
    """POST /organizations/{org_id}/runs/{run_id}/tasks/{task_id}/reset-deadline."""
    run, task = _task(call)
    if run["archived_at"]:
        raise Problem("run-archived")
    told, by_hand = automatic(call, run, task), task["deadline_set_by_hand"]
    if by_hand:
        task |= {"deadline": told["date"], "deadline_set_by_hand": False, "last_updated": stamp(call.now)}
        call.store["tasks"].put(task)
        move_dependents(call, run, task)
        update_status(call, run)
    meta = {"automatic_deadline": told, "deadline_reset": by_hand}
    return Reply(encode({"data": tallyfy_includes.task(call, task), "meta": meta}))


def automatic(call: Call, run: Record, task: Record) -> Json:
    """Return the date that a task has by an automated action or its step's rule, with the reason and the source."""
    by = (run["_"].get("rules") or {"dates": {}})["dates"].get(task["step_id"])
    return (by and _by_automation(call, run, by)) or _by_step(call, run, task)


def _by_automation(call: Call, run: Record, by: Record) -> Json:
    """The date that an automated action would write now; None once its conditions hold no more."""
    process, action = process_of(call, run), by["action"]
    start = None if counts_from_itself(action) else start_of(call, process, action)
    if start is None or not together(by, results(call, process, by)):
        return None
    reason = _gap(action["deadline"], start_in_words(process, action))
    return {"date": stamp(due_after(action["deadline"], start)), "reason": reason, "source": "automation"}


def _by_step(call: Call, run: Record, task: Record) -> Json:
    steps = call.store["definitions"].require(run["checklist_id"])["steps"]
    rule = next(step for step in steps if step["id"] == task["step_id"])["deadline"]
    tasks = {one["step_id"]: one for one in run_tasks(call, run["id"])}
    anchor = _anchor(rule, [step for step in steps if step["id"] in tasks])  # a step may be newer than the run
    source, base = "launch", _moment(run["started_at"])
    if anchor is not None:
        of_anchor = tasks[anchor["id"]]
        source, base = "step", _moment(of_anchor["completed_at"] or of_anchor["deadline"])
    if rule is None or base is None:
        return {"date": None, "reason": "no deadline", "source": source}
    due = on_working_day(call, due_after(rule, base))
    return {"date": stamp(due), "reason": _reason(rule, anchor), "source": source}


def move_dependents(call: Call, run: Record, task: Record) -> None:
    """Move the open tasks whose deadlines count from a changed one, but for those that were set by hand."""
    steps = live_steps(call.store["definitions"].require(run["checklist_id"]))
    _move(call, run, task["step_id"], {step["id"]: step for step in steps}, frozenset())


def step_deadlines(steps: Sequence[Record], start: int, given: Given, *, move: Callable[[int], int]) -> Given:
    """Return the deadline of each step's task (milliseconds): `given`, or relative to the launch or another task.

    `move` puts a date that was worked out on a working day.
    """
    due = dict(given)

    def of(step: Record) -> int | None:
        if step["id"] not in due:
            due[step["id"]] = None  # for a cycle of steps
            rule = step["deadline"]
            if rule is not None:
                anchor = _anchor(rule, steps)
                base = start if anchor is None else of(anchor)
                due[step["id"]] = None if base is None else move(due_after(rule, base))
        return due[step["id"]]

    return {step["id"]: of(step) for step in steps}


def due_after(rule: Record, base: int) -> int:
    """Return the time that the rule of a step gives, counted from a time; months are those of the calendar.

    It is a time of the years 1 to 9999, whatever the rule says.
    """
    value = int(rule["value"]) * (-1 if str(rule.get("option")).startswith(_BEFORE) else 1)
    due = _months_after(base, value) if rule["unit"] == "months" else base + value * LENGTHS[rule["unit"]]
    return max(_FIRST, min(due, END))


def on_working_day(call: Call, at: int) -> int:
    """Move a time to the organization's next or previous working day, as an assumption of the world decides."""
    days = next(iter(call.store["organization"])).get("working_days") or {}
    step = DAY if call.assumed("tallyfy.task-update.working-days") == "next" else -DAY
    for _ in _WEEK:
        if days.get(_WEEK[(at // DAY + _THURSDAY) % 7], True):
            break
        at += step
    return at


def _task(call: Call) -> tuple[Record, Record]:
    """The run of the call, and its task, which must be from a step and open."""
    run, task = find(call, "runs", call.arguments["run_id"]), find(call, "tasks", call.arguments["task_id"])
    if task["run_id"] != run["id"]:
        raise Problem("not-found")
    if task["step_id"] is None:
        raise Problem("invalid", fields={"task_id": ["This task is not from a step of a template."]})
    if task["status"] == "completed":
        raise Problem("invalid", fields={"task_id": ["Reopen the completed task first."]})
    return run, task


def _anchor(rule: Record | None, steps: Sequence[Record]) -> Record | None:
    return next((step for step in steps if step["id"] == rule.get("step")), None) if rule else None


def _months_after(base: int, months: int) -> int:
    at = datetime.fromtimestamp(base / 1000, UTC)
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    if not MINYEAR <= year <= MAXYEAR:
        return END if months > 0 else BEGIN
    day = min(at.day, monthrange(year, month + 1)[1])
    return int(at.replace(year=year, month=month + 1, day=day).timestamp() * 1000)


def _moment(at: str | None) -> int | None:
    return None if at is None else milliseconds(at)


def _reason(rule: Record, anchor: Record | None) -> str:
    return _gap(rule, "launch" if anchor is None else f"Step {anchor['position']}: {anchor['title']}")


def _gap(rule: Record, start: str) -> str:
    unit = rule["unit"].removesuffix("s") if int(rule["value"]) == 1 else rule["unit"]
    word = "before" if str(rule.get("option")).startswith(_BEFORE) else "after"
    return f"{rule['value']} {unit} {word} {start}"


def _move(call: Call, run: Record, step: str, steps: dict[str, Record], seen: frozenset[str]) -> None:
    for task in run_tasks(call, run["id"]):
        rule = steps.get(task["step_id"], {}).get("deadline")
        depends = rule and rule.get("step") == step and task["step_id"] not in seen
        if depends and task["status"] != "completed" and not task["deadline_set_by_hand"]:
            call.store["tasks"].put(task | {"deadline": automatic(call, run, task)["date"]})
            _move(call, run, task["step_id"], steps, seen | {step})
