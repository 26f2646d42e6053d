"""The operations on the tasks of NextStep's runs.

Source: the page Tasks. Documented behaviour is a rule in `openapi/nextstep.yaml`, the rest
an assumption there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from understudy.apis.nextstep.elements import accept, is_unset
from understudy.apis.nextstep.envelope import single
from understudy.apis.nextstep.life_cycle import replace_task
from understudy.apis.nextstep.members import active_member, notify_assignee
from understudy.apis.nextstep.run_tasks import RunTasks, find_run_tasks
from understudy.engine.call import Call, Reply
from understudy.engine.clock import rfc3339
from understudy.engine.problem import Problem
from understudy.engine.store import Record, SharedRecord


def list_run_tasks(call: Call) -> Reply:
    """GET /process-runs/{id}/tasks: by position."""
    return Reply(find_run_tasks(call, call.arguments["id"]).listing(call))


def get_task(call: Call) -> Reply:
    """GET /process-runs/{runId}/tasks/{taskId}."""
    tasks, position = _task(call)
    return Reply(single(tasks.served(call, position)))


def update_task(call: Call) -> Reply:
    """PATCH /process-runs/{runId}/tasks/{taskId}: applies the whole body or nothing (Tasks > Update a Task)."""
    tasks, position = _task(call)
    if tasks.run["status"] == "completed":
        raise Problem("run-locked")
    task, body = tasks.get_shared(position), call.body
    if not body and call.assumed("nextstep.tasks.empty-update") == "reject":
        raise Problem("invalid", "at least one field is required")
    changed = {**task}
    if "custom_elements" in body:
        numbers = tasks.edition.elements[position]
        changed["custom_elements"] = _filled(call, task["custom_elements"], numbers, body["custom_elements"])
    member = _assign(call, changed, body["assignee"]) if "assignee" in body else None
    if "completed" in body:
        _complete(call, changed, body)
    elif "actor_email" in body and call.assumed("nextstep.tasks.actor-without-completion") == "reject":
        raise Problem("invalid", "actor_email goes with completed")
    if changed != task:
        replace_task(call, tasks, task, changed)
    if member is not None and changed["assignee"] != task["assignee"]:
        notify_assignee(call, member, tasks.run["id"], task["id"])
    return Reply(single(tasks.served(call, position)))


def _task(call: Call) -> tuple[RunTasks, int]:
    tasks = find_run_tasks(call, call.arguments["runId"])
    position = tasks.position(call.arguments["taskId"])
    if position is None:
        raise Problem("task-not-found")
    return tasks, position


def _filled(
    call: Call, elements: Sequence[Record], numbers: Mapping[str, int], items: Sequence[Record]
) -> list[Record]:
    """The elements with the values of an update; `numbers` are their positions by id."""
    filled = [*elements]
    for item in items:
        number = numbers.get(item["id"])
        if number is not None:
            element = filled[number]
            filled[number] = {**element, "value": accept(call, element, item["value"])}
        elif call.assumed("nextstep.tasks.unknown-element") == "reject":
            raise Problem("invalid", f"the task has no element {item['id'][:80]}")
    return filled


def _assign(call: Call, task: Record, assignee: str) -> SharedRecord | None:
    """Assign a task to the member with this user id or e-mail; returns the member, None for an unknown one."""
    member = call.store["members"].get_shared(assignee)
    if member is None or not member["active"]:
        member = active_member(call.store, assignee)
    if member is not None:
        task["assignee"] = member["id"]
        return member
    unknown = call.assumed("nextstep.tasks.unknown-assignee")
    if unknown == "reject":
        raise Problem("invalid", f"assignee {assignee[:80]!r} is no active member of the team")
    if unknown == "keep":
        task["assignee"] = assignee
    return None


def _complete(call: Call, task: Record, body: dict[str, Any]) -> None:
    """Set or clear the completion of a task."""
    if not body["completed"]:
        task |= {"completed": False, "completed_at": None, "completed_by": None}
        return
    if task["completed"] and call.assumed("nextstep.tasks.recompletion") == "unchanged":
        return
    if task["skipped"] and call.assumed("nextstep.tasks.completing-skipped") == "reject":
        raise Problem("invalid", "A skipped task cannot be completed")
    if task["type"] == "approval" and call.assumed("nextstep.tasks.completing-approval") == "reject":
        raise Problem("invalid", "An approval is decided in the app")
    missing = [e["label"] for e in task["custom_elements"] if e["required"] and is_unset(e["value"])]
    if missing and call.assumed("nextstep.tasks.required-on-completion"):
        raise Problem("invalid", f"required before completion: {', '.join(missing)}")
    by = _recorded_actor(call, body.get("actor_email"))
    task |= {"completed": True, "completed_at": rfc3339(call.now), "completed_by": by, "skipped": False}


def _recorded_actor(call: Call, email: str | None) -> str:
    """The value of `completed_by`: `api` without an `actor_email` (Tasks > Request Body)."""
    if email is None:
        return "api"
    member = active_member(call.store, email)
    if member is not None:
        return str(member["id"]) if call.assumed("nextstep.tasks.completed-by") == "user-id" else email
    unknown = call.assumed("nextstep.tasks.unknown-actor")
    if unknown == "reject":
        raise Problem("invalid", f"actor_email {email[:80]!r} is no active member of the team")
    return email if unknown == "email" else "api"
