"""The actions of people in Tallyfy's app, as events of the control API."""

from __future__ import annotations

from understudy.apis.tallyfy import includes as tallyfy_includes
from understudy.apis.tallyfy.actions import hide, show
from understudy.apis.tallyfy.life_cycle import update_status
from understudy.apis.tallyfy.records import stamp
from understudy.apis.tallyfy.template_archive import archive, restore
from understudy.apis.tallyfy.threads import add_thread, open_issues, resolve_issues
from understudy.engine.call import Call, Json
from understudy.engine.lookup import find_for_event
from understudy.engine.problem import Problem
from understudy.engine.store import Record


def hide_task(call: Call) -> Json:
    """Hide a task that is not completed, as a person does in the app (Hiding tasks)."""
    run, task = _task_of_event(call)
    if not hide(task):
        raise Problem("refused", f"task {task['id']} is {task['status']}")
    return _store_task(call, run, task)


def show_task(call: Call) -> Json:
    """Show a hidden task again, with its former status."""
    run, task = _task_of_event(call)
    if not show(task):
        raise Problem("refused", f"task {task['id']} is not hidden")
    return _store_task(call, run, task)


def report_process_issue(call: Call) -> Json:
    """Report an issue of a whole process."""
    run = _run_of_event(call)
    add_thread(call, run["id"], None, "problem", call.body.get("content", "Something is wrong."))
    run["_"]["process_issues"] += 1
    return tallyfy_includes.run(call, update_status(call, run))


def resolve_process_issue(call: Call) -> Json:
    """Resolve all open issues of a whole process."""
    run = _run_of_event(call)
    issues = open_issues(call, "run", run["id"])
    if not issues:
        raise Problem("refused", f"run {run['id']} has no open issue")
    resolve_issues(call, issues, add_thread(call, run["id"], None, "resolve", "Resolved"))
    run["_"]["process_issues"] = 0
    return tallyfy_includes.run(call, update_status(call, run))


def archive_template(call: Call) -> Json:
    """Archive a template, which can then not be launched."""
    template = _template_of_event(call)
    return tallyfy_includes.template(call, template if template["archived_at"] else archive(call, template))


def restore_template(call: Call) -> Json:
    """Restore an archived template."""
    template = _template_of_event(call)
    if template["archived_at"]:
        restore(call, template)
    return tallyfy_includes.template(call, template)


def _run_of_event(call: Call) -> Record:
    """Find the run that an event names; it must not be archived."""
    run = find_for_event(call, "runs", call.body["run_id"], "run")
    if run["archived_at"]:
        raise Problem("refused", f"run {run['id']} is archived")
    return run


def _task_of_event(call: Call) -> tuple[Record, Record]:
    run, task = _run_of_event(call), call.store["tasks"].get(call.body["task_id"])
    if task is None or task["run_id"] != run["id"]:
        raise Problem("not-found", f"run {run['id']} has no task {call.body['task_id']}")
    return run, task


def _store_task(call: Call, run: Record, task: Record) -> Json:
    task["_"]["by_hand"] = True  # automated actions leave it alone (Manual overrides beat automation)
    task["last_updated"] = stamp(call.now)
    call.store["tasks"].put(task)
    update_status(call, run)
    return tallyfy_includes.task(call, task)


def _template_of_event(call: Call) -> Record:
    return find_for_event(call, "templates", call.body["checklist_id"], "template")
