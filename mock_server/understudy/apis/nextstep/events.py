"""The actions of people in NextStep's app, as events of the control API."""

from __future__ import annotations

from understudy.apis.nextstep.editions import fill_tasks
from understudy.apis.nextstep.life_cycle import replace_task
from understudy.apis.nextstep.members import active_member
from understudy.apis.nextstep.run_tasks import RunTasks, is_done
from understudy.engine.call import Call, Json
from understudy.engine.clock import rfc3339
from understudy.engine.lookup import find_for_event
from understudy.engine.problem import Problem
from understudy.engine.store import SharedRecord, decode


def skip_task(call: Call) -> Json:
    """Skip a task that is not essential, as in the app's inbox (Tasks > Response Fields)."""
    tasks, position = _open_task(call)
    task = tasks.get_shared(position)
    if task["is_essential"]:
        raise Problem("refused", f"task {task['id']} is essential and cannot be skipped")
    if is_done(task):
        raise Problem("refused", f"task {task['id']} is {'completed' if task['completed'] else 'skipped'} already")
    replace_task(call, tasks, task, {**task, "skipped": True})
    return decode(tasks.served(call, position))


def approve_task(call: Call) -> Json:
    """Approve an approval task, which completes it."""
    tasks, position, task = _open_approval(call)
    if is_done(task):
        raise Problem("refused", f"task {task['id']} is decided already")
    member = active_member(call.store, call.body.get("actor_email"))
    by = member["id"] if member else task["assignee"] or "api"
    replace_task(call, tasks, task, {**task, "completed": True, "completed_at": rfc3339(call.now), "completed_by": by})
    return decode(tasks.served(call, position))


def reject_task(call: Call) -> Json:
    """Reject an approval task: reopen it and, by assumption, the task before it."""
    tasks, position, _ = _open_approval(call)
    reopened = [position]
    if call.assumed("nextstep.tasks.rejection-reopens") == "previous" and position > 0:
        reopened.append(position - 1)
    for number in reopened:
        before = tasks.get_shared(number)
        after = {**before, "completed": False, "completed_at": None, "completed_by": None, "skipped": False}
        if after != before:
            replace_task(call, tasks, before, after)
    return decode(tasks.served(call, position))


def edit_template(call: Call) -> Json:
    """Edit a template: replace the given members; existing runs keep their own copy."""
    template = find_for_event(call, "templates", call.body["template_id"], "template")
    template |= {key: call.body[key] for key in ("title", "description", "sections") if key in call.body}
    template["updated_at"] = rfc3339(call.now)
    definition = call.store["definitions"].require(template["id"])
    if "tasks" in call.body:
        id = f"{template['id']}.{call.ids.take(6)}"
        tasks = fill_tasks(call.body["tasks"], template, new_id=lambda: call.ids.take(20))
        call.store["editions"].put({"id": id, "tasks": tasks})
        call.store["definitions"].put({**definition, "edition": id})
    call.store["templates"].put(template)
    return template


def lapse_subscription(call: Call) -> Json:
    """End the team's subscription: requests with its keys are refused (REST API; Authentication > Errors)."""
    team = call.credential.tenant
    keys = [c for c in call.world.credentials.values() if c.api == "nextstep" and c.tenant == team]
    for credential in keys:
        if credential.state == "valid":
            call.world.credentials["nextstep", credential.token] = credential._replace(state="lapsed")
    return {"team_id": team, "state": "lapsed"}


def _open_task(call: Call) -> tuple[RunTasks, int]:
    """Return the tasks of a run and the position of the one that an event names; refused when the run is completed."""
    run = find_for_event(call, "runs", call.body["run_id"], "run")
    tasks = RunTasks(call.store, run, call.store["progress"].require_shared(run["id"]))
    position = tasks.position(call.body["task_id"])
    if position is None:
        raise Problem("not-found", f"run {run['id']} has no task {call.body['task_id']}")
    if run["status"] == "completed":
        raise Problem("refused", f"run {run['id']} is completed")
    return tasks, position


def _open_approval(call: Call) -> tuple[RunTasks, int, SharedRecord]:
    tasks, position = _open_task(call)
    task = tasks.get_shared(position)
    if task["type"] != "approval":
        raise Problem("refused", f"task {task['id']} is no approval")
    return tasks, position, task
