"""The life cycles of Tallyfy's runs and tasks: how a status is derived, and which transitions are allowed.

`update_status` is called after each change that may affect the status of a run. Sources: Process lifecycle,
Tasks > Complete task, Reopen task; Hiding tasks. Must not know HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from understudy.apis.tallyfy.fields import demand_kept
from understudy.apis.tallyfy.includes import HIDDEN, fields_of, run_tasks
from understudy.apis.tallyfy.records import my_number, person_id, stamp
from understudy.engine.call import Call
from understudy.engine.problem import Problem
from understudy.engine.store import Record


class Facts(NamedTuple):
    """The input of the status of a run that is not archived."""

    process_issues: int
    task_issues: int
    done: bool


# The first status whose condition holds (Processes > List processes; Reporting issues; Process lifecycle).
STATUS: tuple[tuple[str, Callable[[Facts], bool]], ...] = (
    ("issue", lambda facts: facts.process_issues > 0),
    ("problem", lambda facts: facts.task_issues > 0),
    ("complete", lambda facts: facts.done),
    ("active", lambda facts: True),
)


def is_done(call: Call, run: Record) -> bool:
    """Whether a run is done: every visible task is completed and the kick-off form is submitted."""
    hidden = run["_"]
    if hidden["kickoff_open"]:
        return False
    if not hidden["counts"]["all"]:
        return bool(call.assumed("tallyfy.runs.without-tasks") == "complete")
    return bool(hidden["closed"] or 0 < hidden["counts"]["visible"] == hidden["counts"]["done"])


def update_status(call: Call, run: Record) -> Record:
    """Derive progress, status and completion of a run from its tasks, and store it."""
    summarize_tasks(run, run_tasks(call, run["id"]))
    hidden = run["_"]
    facts = Facts(hidden["process_issues"], hidden["task_issues"], is_done(call, run))
    run["status"] = next(status for status, holds in STATUS if holds(facts))
    now = stamp(call.now)
    if run["status"] == "complete":
        call.trace.append("tallyfy.completion.completes-the-run")
        run["completed_at"] = run["completed_at"] or now
    else:
        run["completed_at"] = None
    run["last_updated"] = now
    call.store["runs"].put(run)
    return run


def summarize_tasks(run: Record, tasks: Sequence[Record]) -> None:
    """Set the members of a run that summarize its tasks."""
    hidden = run["_"]
    visible = [task for task in tasks if task["status"] != HIDDEN]
    done = [task for task in visible if task["status"] == "completed"]
    dated = [task for task in visible if task["deadline"]]
    hidden["counts"] = {"done": len(done), "visible": len(visible), "all": len(tasks)}
    hidden["task_issues"] = sum(task["_"]["issues"] for task in tasks)
    hidden["deadlines"] = sorted(task["deadline"] for task in dated if task["status"] != "completed")
    hidden["task_owners"] = sorted({person for task in tasks for person in task["owners"]["users"]})
    hidden["task_groups"] = sorted({str(group) for task in tasks for group in task["owners"]["groups"]})
    hidden["task_statuses"] = sorted({task["status"] for task in visible})
    run["collaborators"] = hidden["task_owners"]
    run["max_task_deadline"] = max((task["deadline"] for task in dated), default=None)


# the statuses before an action, and the one after it (Tasks > Complete task, Reopen task; Hiding tasks)
MOVES: dict[str, tuple[tuple[str, ...], str]] = {
    "answer": (("not-started",), "in-progress"),
    "complete": (("not-started", "in-progress"), "completed"),
    "reopen": (("completed",), "in-progress"),
    "hide": (("not-started", "in-progress"), HIDDEN),
}


def move(task: Record, action: str) -> bool:
    """Change the status of a task by an action; returns False where the action is not allowed."""
    before, after = MOVES[action]
    if task["status"] not in before:
        return False
    task["status"] = after
    return True


def complete(call: Call, task: Record) -> Record:
    """Return the completed task; the order of the checks is documented (Tasks > Complete task)."""
    body, caller = call.body, my_number(call)
    admin = call.store["people"].require(str(caller))["role"] == "admin"
    if task["can_complete_only_assignees"] and caller not in task["owners"]["users"] and not admin:
        raise Problem("not-an-assignee")
    if task["status"] == HIDDEN:
        raise Problem("hidden-task")
    if task["status"] == "completed":
        raise Problem("already-completed")
    if task["problem"]:
        raise Problem("unresolved-issue")
    approval, approved = task["task_type"] == "approval", body.get("is_approved")
    if approval and approved is None:
        raise Problem("invalid", fields={"is_approved": ["The is approved field is required"]})
    demand_kept(call, fields_of(call, task), task["taskdata"])
    completer = _completer(call, caller)
    move(task, "complete")
    task["_"].pop("reopened", None)
    expires = task["task_type"].startswith("expiring") and approved is False
    now = stamp(call.now)
    return task | {
        "is_approved": approved if approval or expires else None,
        "completed_at": now,
        "completer_id": completer,
        "last_updated": now,
    }


def reopen(call: Call, task: Record) -> Record:
    """Return the reopened task (Tasks > Reopen task); raises Problem not-completed."""
    if not move(task, "reopen"):
        raise Problem("not-completed")
    task["_"]["reopened"] = True
    cleared = dict.fromkeys(("completed_at", "completer_id", "completer_guest_id", "is_approved"))
    return task | cleared | {"last_updated": stamp(call.now)}


def _completer(call: Call, caller: int) -> int:
    given = call.body.get("override_user")
    if given is None:
        return caller
    person = person_id(call.store, given)
    if person is None and call.assumed("tallyfy.completion.unknown-completer") == "reject":
        raise Problem("invalid", fields={"override_user": ["The selected override user is invalid."]})
    return caller if person is None else person
