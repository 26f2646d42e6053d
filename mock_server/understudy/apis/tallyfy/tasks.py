"""The operations on Tallyfy's tasks.

Sources: Tasks > *.
"""

from __future__ import annotations

from collections.abc import Sequence

from understudy.apis.tallyfy import includes as tallyfy_includes
from understudy.apis.tallyfy.deadlines import move_dependents, on_working_day
from understudy.apis.tallyfy.envelope import single
from understudy.apis.tallyfy.fields import accept
from understudy.apis.tallyfy.guests import guest_named
from understudy.apis.tallyfy.includes import fields_of, requested_includes
from understudy.apis.tallyfy.life_cycle import complete, move, reopen, update_status
from understudy.apis.tallyfy.records import find, me, stamp
from understudy.apis.tallyfy.references import date_member, owners_member
from understudy.apis.tallyfy.task_lists import matching_tasks
from understudy.apis.tallyfy.triggers import check_task
from understudy.engine.call import Call, Reply
from understudy.engine.problem import Problem
from understudy.engine.store import ProjectedListing, Record, Store, decode, encode


def list_run_tasks(call: Call) -> Reply:
    """GET /organizations/{org_id}/runs/{run_id}/tasks."""
    run = find(call, "runs", call.arguments["run_id"])
    return _task_list(call, [("run", run["id"])], status=call.arguments.get("status"))


def list_tasks(call: Call) -> Reply:
    """GET /organizations/{org_id}/tasks."""
    scope: list[tuple[str]] = [("live",), ("archived",)] if call.arguments.get("archived") else [("live",)]
    return _task_list(call, scope, status=call.arguments.get("status"))


def list_my_tasks(call: Call) -> Reply:
    """GET /organizations/{org_id}/me/tasks."""
    status = call.arguments.get("status") or call.assumed("tallyfy.tasks.default-status")
    return _task_list(call, [("live",)], [("owner", me(call)["id"])], status=status)


def list_user_tasks(call: Call) -> Reply:
    """GET /organizations/{org_id}/users/{user_id}/tasks."""
    person = find(call, "people", call.arguments["user_id"])
    return _task_list(call, [("live",)], [("owner", person["id"])], status=call.arguments.get("status"))


def list_guest_tasks(call: Call) -> Reply:
    """GET /organizations/{org_id}/guests/{guest_id}/tasks."""
    guest = guest_named(call, call.arguments["guest_id"])
    return _task_list(call, [("live",)], [("guest", guest["email"])], status=call.arguments.get("status"))


def get_task(call: Call) -> Reply:
    """GET /organizations/{org_id}/tasks/{task_id}: a task of a process, or a one-off task."""
    return _single_task(call, find(call, "tasks", call.arguments["task_id"]))


def get_run_task(call: Call) -> Reply:
    """GET /organizations/{org_id}/runs/{run_id}/tasks/{task_id}."""
    return _single_task(call, _task_of_run(call, call.arguments["task_id"])[1])


def update_task(call: Call) -> Reply:
    """PUT /organizations/{org_id}/runs/{run_id}/tasks/{task_id}: applies the whole body or nothing."""
    run, task = _task_of_run(call, call.arguments["task_id"])
    check_changeable(run)
    changed = changed_task(call, task)
    call.store["tasks"].put(changed)
    if changed["position"] != task["position"]:
        reorder_tasks(call.store, run["id"])
    if changed["deadline"] != task["deadline"]:
        move_dependents(call, run, changed)
    update_status(call, run)
    return Reply(single(tallyfy_includes.task(call, changed)))


def complete_task(call: Call) -> Reply:
    """POST /organizations/{org_id}/runs/{run_id}/completed-tasks."""
    run, task = _task_of_run(call, call.body["task_id"])
    check_changeable(run)
    return _task_reply(call, run, complete(call, task))


def reopen_task(call: Call) -> Reply:
    """DELETE /organizations/{org_id}/runs/{run_id}/completed-tasks/{task_id}."""
    run, task = _task_of_run(call, call.arguments["task_id"])
    check_changeable(run)
    reopened = reopen(call, task)
    if run["status"] == "complete" and call.assumed("tallyfy.runs.reopened-by-task") == "complete":
        run["_"]["closed"] = True
    return _task_reply(call, run, reopened)


def changed_task(call: Call, task: Record) -> Record:
    """Return the task with the changes of the body (Tasks > Update task); raises Problem for the first invalid one."""
    body = call.body
    if task["status"] == "completed":
        raise Problem("task-locked")
    if "status" in body and call.assumed("tallyfy.task-update.status") == "reject":
        raise Problem("invalid", fields={"status": ["The status cannot be set."]})
    answers = accept(call, fields_of(call, task), body.get("taskdata"), "taskdata")
    plain = (
        "title",
        "summary",
        "webhook",
        "prevent_guest_comment",
        "max_assignable",
        "task_type",
        "top_secret",
        "position",
    )
    changed = task | {name: body[name] for name in plain if name in body}
    for name in ("deadline", "started_at"):
        if name in body:
            at = date_member(name, body[name])
            changed[name] = at if at is None else stamp(on_working_day(call, at) if name == "deadline" else at)
    if changed["deadline"] != task["deadline"] and task["step_id"] is not None:
        changed["deadline_set_by_hand"] = True
    if "owners" in body:
        changed["owners"] = owners_member(call, body["owners"], task["owners"], path="owners")
    if answers:
        changed["taskdata"] = task["taskdata"] | answers
        if call.assumed("tallyfy.task-update.first-answer") == "in-progress":
            move(changed, "answer")
    changed["last_updated"] = stamp(call.now)
    return changed


def reorder_tasks(store: Store, run_id: str) -> None:
    """Store the tasks of a run again, in the order of their positions."""
    rows = store["tasks"].query([("run", run_id)])
    tasks = sorted((decode(row) for row in rows.slice(0, rows.size())), key=lambda task: int(task["position"]))
    for task in tasks:
        store["tasks"].remove(task["id"])
    for task in tasks:
        store["tasks"].put(task)


def _task_list(call: Call, *groups: Sequence[tuple[str, ...]], status: str | None) -> Reply:
    includes = requested_includes(call, tallyfy_includes.TASK_INCLUDES)
    found = matching_tasks(call, *groups, status=status)
    return Reply(
        ProjectedListing(found, lambda row: encode(tallyfy_includes.task(call, decode(row), includes, listed=True)))
    )


def _single_task(call: Call, task: Record) -> Reply:
    return Reply(single(tallyfy_includes.task(call, task, requested_includes(call, tallyfy_includes.TASK_INCLUDES))))


def _task_of_run(call: Call, task_id: str) -> tuple[Record, Record]:
    """The run of the call, and its task; raises Problem not-found for a task of another run."""
    run, task = find(call, "runs", call.arguments["run_id"]), find(call, "tasks", task_id)
    if task["run_id"] != run["id"]:
        raise Problem("not-found")
    return run, task


def check_changeable(run: Record) -> None:
    """Raise a Problem for a run whose tasks must not change."""
    if run["archived_at"]:
        raise Problem("run-archived")
    if run["status"] == "issue":
        raise Problem("run-held")


def _task_reply(call: Call, run: Record, task: Record) -> Reply:
    call.store["tasks"].put(task)
    changed = check_task(call, run, task)
    update_status(call, run)
    now = call.store["tasks"].require(task["id"])  # an automated action may have changed it, too
    return Reply(single({**tallyfy_includes.task(call, now), "tasks_changed_by_rules": changed}))
