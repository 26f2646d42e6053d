"""The operations on Tallyfy's one-off tasks, which are made by themselves and not from a step of a template.

Sources: Tasks > Create one-off task, Archive task, Delete task, Complete task, Reopen task, Update task.
"""

from __future__ import annotations

from collections.abc import Iterator

from understudy.apis.tallyfy import includes as tallyfy_includes
from understudy.apis.tallyfy.assets import remove_assets
from understudy.apis.tallyfy.envelope import single
from understudy.apis.tallyfy.includes import threads_of
from understudy.apis.tallyfy.life_cycle import complete, reopen, update_status
from understudy.apis.tallyfy.records import find, my_number, new_id, number, stamp
from understudy.apis.tallyfy.references import date_member, known_ids, owners_member
from understudy.apis.tallyfy.task_records import oneoff_task
from understudy.apis.tallyfy.tasks import changed_task
from understudy.apis.tallyfy.template_records import new_fields
from understudy.engine.call import Call, Json, Reply
from understudy.engine.problem import Problem
from understudy.engine.store import Record

_NOBODY: Record = {"users": [], "guests": [], "groups": []}


def create_task(call: Call) -> Reply:
    """POST /organizations/{org_id}/tasks: one task, or one for each assignee."""
    owners = owners_member(call, call.body["owners"], _NOBODY, path="owners")
    separate = call.body.get("separate_task_for_each_assignee")
    tasks = [_new(call, one) for one in (_apart(owners) if separate else [owners])]
    for task in tasks:
        task |= {"id": new_id(call), "increment_id": number(call.store, "tasks")}  # a refused request takes no id
        call.store["tasks"].put(task)
        _update_run(call, task)
    served = [tallyfy_includes.task(call, task) for task in tasks]
    several = separate and call.assumed("tallyfy.one-off.separate") == "all"
    return Reply(single(served if several else served[0]))


def update_task(call: Call) -> Reply:
    """PUT /organizations/{org_id}/tasks/{task_id}."""
    task = _changeable(call, call.arguments["task_id"])
    changed = changed_task(call, task)
    if "description" in call.body:
        changed["summary"] = call.body["description"]
    return _stored(call, changed)


def clone_task(call: Call) -> Reply:
    """POST /organizations/{org_id}/tasks/{task_id}/clone."""
    task, now = _alone(call, call.arguments["task_id"]), stamp(call.now)
    fresh = oneoff_task(task["title"], now, my_number(call))
    names = ("summary", "deadline", "owners", "task_type", "max_assignable", "prevent_guest_comment", "started_at")
    own = {"id": new_id(call), "increment_id": number(call.store, "tasks")}
    return _stored(call, {**fresh, **{name: task[name] for name in names}, **own})


def archive_task(call: Call) -> Reply:
    """DELETE /organizations/{org_id}/tasks/{task_id}."""
    task = _alone(call, call.arguments["task_id"])
    call.store["tasks"].put({**task, "archived_at": task["archived_at"] or stamp(call.now)})
    return Reply(b"", 204)


def restore_task(call: Call) -> Reply:
    """PUT /organizations/{org_id}/tasks/{task_id}/restore."""
    return _stored(call, {**_alone(call, call.arguments["task_id"]), "archived_at": None})


def delete_task(call: Call) -> Reply:
    """DELETE /organizations/{org_id}/tasks/{task_id}/delete."""
    task = _alone(call, call.arguments["task_id"])
    for thread in threads_of(call, "task", task["id"]):
        call.store["threads"].remove(thread["id"])
    call.store["tasks"].remove(task["id"])
    remove_assets(call.store, task["id"])
    return Reply(b"", 204)


def complete_task(call: Call) -> Reply:
    """POST /organizations/{org_id}/completed-tasks."""
    return _stored(call, complete(call, _changeable(call, call.body["task_id"])))


def reopen_task(call: Call) -> Reply:
    """DELETE /organizations/{org_id}/completed-tasks/{task_id}."""
    return _stored(call, reopen(call, _changeable(call, call.arguments["task_id"])))


def _new(call: Call, owners: Record) -> Record:
    """A one-off task as the body describes it, without an id."""
    body, now = call.body, stamp(call.now)
    started, due = (date_member(name, body.get(name)) for name in ("started_at", "deadline"))
    run = find(call, "runs", body["run_id"]) if body.get("run_id") else None
    if run is not None and run["archived_at"]:
        raise Problem("run-archived")
    task = oneoff_task(body["title"], now, my_number(call))
    plain = ("max_assignable", "prevent_guest_comment", "everyone_must_complete", "can_complete_only_assignees")
    task |= {name: body[name] for name in (*plain, "webhook", "top_secret", "task_type") if name in body}
    task |= {
        "owners": owners,
        "summary": body.get("description", body.get("summary")),
        "deadline": None if due is None else stamp(due),
        "started_at": now if started is None else stamp(started),
        "run_id": run and run["id"],
        "checklist_id": run and run["checklist_id"],
    }
    task["_"]["tags"] = known_ids(call, "tags", "tags")
    task["_"]["form_fields"] = new_fields(call, body.get("form_fields", ()))
    return task


def _apart(owners: Record) -> Iterator[Record]:
    """The owners of a task for each of several assignees; nobody for a task of nobody."""
    each = [{**_NOBODY, name: [one]} for name, ids in owners.items() for one in ids]
    yield from each or [owners]


def _alone(call: Call, id: str) -> Record:
    """Find a one-off task; raises Problem not-a-one-off-task for one of a process."""
    task = find(call, "tasks", id)
    if task["run_id"] is not None or not task["is_oneoff_task"]:
        raise Problem("not-a-one-off-task")
    return task


def _changeable(call: Call, id: str) -> Record:
    """Find a task that may change; raises Problem run-archived for an archived one."""
    task = find(call, "tasks", id)
    if task["archived_at"]:
        raise Problem("run-archived")
    return task


def _stored(call: Call, task: Record) -> Reply:
    call.store["tasks"].put(task)
    _update_run(call, task)
    return Reply(single(tallyfy_includes.task(call, task)))


def _update_run(call: Call, task: Json) -> None:
    if task["run_id"]:
        update_status(call, call.store["runs"].require(task["run_id"]))
