"""Tallyfy's comments on tasks, and issues of a task or of a whole process, which stay open until they are resolved.

Sources: Reporting issues, Processes > List processes, the official clients. `life_cycle` derives the status of
the process. Must not know HTTP.
"""

from __future__ import annotations

from understudy.apis.tallyfy import includes as tallyfy_includes
from understudy.apis.tallyfy.envelope import nothing, single
from understudy.apis.tallyfy.includes import threads_of
from understudy.apis.tallyfy.life_cycle import reopen, update_status
from understudy.apis.tallyfy.records import find, my_number, new_id, stamp
from understudy.apis.tallyfy.triggers import check_task
from understudy.engine.call import Call, Reply
from understudy.engine.problem import Problem
from understudy.engine.store import Record


def add_comment(call: Call) -> Reply:
    """POST /organizations/{org_id}/tasks/{task_id}/comment."""
    task = _commented_task(call)
    label = call.body.get("label") or "comment"
    if label == "problem" and call.assumed("tallyfy.comments.problem-label") == "issue":
        return report_problem(call)
    thread = add_thread(call, task["run_id"], task["id"], label, call.body["content"])
    if label == "improvement" and task["run_id"]:
        run = call.store["runs"].require(task["run_id"])
        run["_"]["improvements"] += 1
        call.store["runs"].put(run)
    return Reply(single(tallyfy_includes.thread(thread)))


def add_bot_comment(call: Call) -> Reply:
    """POST /organizations/{org_id}/tasks/{task_id}/bot-comment."""
    task = _commented_task(call)
    thread = add_thread(call, task["run_id"], task["id"], call.body.get("label") or "comment", call.body["content"])
    thread["author_type"] = call.assumed("tallyfy.comments.bot")
    call.store["threads"].put(thread)
    return Reply(single(tallyfy_includes.thread(thread)))


def report_problem(call: Call) -> Reply:
    """POST /organizations/{org_id}/tasks/{task_id}/problem: reopens a completed task (Reporting issues)."""
    task = _commented_task(call)
    thread = add_thread(call, task["run_id"], task["id"], "problem", call.body["content"])
    done = task["status"] == "completed"
    task = reopen(call, task) if done else task
    _recount_issues(call, task)
    if done and task["run_id"]:
        run = call.store["runs"].require(task["run_id"])
        check_task(call, run, task)
        update_status(call, run)
    return Reply(single(tallyfy_includes.thread(thread)))


def resolve_threads(call: Call) -> Reply:
    """POST /organizations/{org_id}/tasks/{task_id}/resolved-threads."""
    task = _commented_task(call)
    issues = _issues_to_resolve(call, task)
    content = call.body.get("content") or "Resolved"
    thread = add_thread(call, task["run_id"], task["id"], "resolve", content)
    resolve_issues(call, issues, thread)
    _recount_issues(call, task)
    return Reply(single(tallyfy_includes.thread(thread)))


def update_comment(call: Call) -> Reply:
    """PUT /organizations/{org_id}/tasks/{task_id}/comment/{comment_id}."""
    _, thread = _thread_of_task(call)
    names = ("content", "state", "label", "sent_to")
    given = {name: call.body[name] for name in names if call.body.get(name) is not None}
    thread |= given | {"updated_at": stamp(call.now)}
    call.store["threads"].put(thread)
    return Reply(single(tallyfy_includes.thread(thread)))


def delete_comment(call: Call) -> Reply:
    """DELETE /organizations/{org_id}/tasks/{task_id}/comment/{comment_id}."""
    task, thread = _thread_of_task(call)
    call.store["threads"].remove(thread["id"])
    _recount_issues(call, task)
    return Reply(nothing(call))


def add_thread(call: Call, run_id: str | None, task_id: str | None, label: str, content: str) -> Record:
    """Add a comment or an issue to a task or, without one, to a run."""
    now = stamp(call.now)
    body = call.body
    thread = {
        "id": new_id(call),
        "content": content,
        "label": label,
        "state": body.get("state") or "open",
        "task_id": task_id,
        "author_id": my_number(call),
        "author_type": "user",
        "resolve_id": None,
        "sent_to": body.get("sent_to") or [],
        "created_at": now,
        "updated_at": now,
        "archived_at": None,
        "_": {"run_id": run_id},
    }
    call.store["threads"].put(thread)
    return thread


def open_issues(call: Call, name: str, id: str) -> list[Record]:
    """Return the unresolved issues of a task (`name` is `task`) or of a run as a whole (`run`)."""
    found = threads_of(call, name, id)
    whole = name == "run"
    return [
        t for t in found if t["label"] == "problem" and t["resolve_id"] is None and (not whole or t["task_id"] is None)
    ]


def resolve_issues(call: Call, issues: list[Record], by: Record) -> None:
    """Mark issues as resolved by the thread `by`."""
    for issue in issues:
        call.store["threads"].put(issue | {"resolve_id": by["id"], "updated_at": stamp(call.now)})


def _issues_to_resolve(call: Call, task: Record) -> list[Record]:
    """The issues of a task that a request resolves: the one that its body names, else all."""
    issues = open_issues(call, "task", task["id"])
    wanted = call.body.get("thread_id")
    if wanted is None:
        if call.assumed("tallyfy.issues.without-thread") == "reject":
            raise Problem("invalid", fields={"thread_id": ["The thread id field is required."]})
        return issues
    chosen = [issue for issue in issues if issue["id"] == wanted]
    if not chosen:
        raise Problem("not-found")
    return chosen


def _commented_task(call: Call) -> Record:
    """Find the task of a comment or an issue; raises Problem run-archived for a task of an archived run."""
    task = find(call, "tasks", call.arguments["task_id"])
    if task["archived_at"]:
        raise Problem("run-archived")
    return task


def _thread_of_task(call: Call) -> tuple[Record, Record]:
    """The task of the call, and its comment or issue; raises Problem not-found for one of another task."""
    task, thread = _commented_task(call), find(call, "threads", call.arguments["comment_id"])
    if thread["task_id"] != task["id"]:
        raise Problem("not-found")
    return task, thread


def _recount_issues(call: Call, task: Record) -> None:
    issues = len(open_issues(call, "task", task["id"]))
    task |= {"problem": issues > 0, "last_updated": stamp(call.now)}
    task["_"]["issues"] = issues
    call.store["tasks"].put(task)
    if task["run_id"]:
        update_status(call, call.store["runs"].require(task["run_id"]))
