"""Comments on tasks, and issues: on a task, or on a process as a whole, until somebody resolves them.

Sources: Reporting issues, Processes > List processes, the official clients. What an issue means for the
process is worked out by `tallyfy_runs.settle`. Must not know HTTP.
"""

from __future__ import annotations

from understudy.apis.tallyfy.includes import threads_of
from understudy.apis.tallyfy.records import my_number, new_id, stamp
from understudy.engine.call import Call
from understudy.engine.problem import Problem
from understudy.engine.store import Record


def say(call: Call, run_id: str | None, task_id: str | None, label: str, content: str) -> Record:
    """Add a comment or an issue to a task, or to a run as a whole."""
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
    """The issues of a task, or of a run as a whole, that nobody has resolved."""
    found = threads_of(call, name, id)
    whole = name == "run"
    return [
        t for t in found if t["label"] == "problem" and t["resolve_id"] is None and (not whole or t["task_id"] is None)
    ]


def to_resolve(call: Call, task: Record) -> list[Record]:
    """The issues of a task that the body names: one, or all of them."""
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


def resolve(call: Call, issues: list[Record], by: Record) -> None:
    """Let a thread resolve issues."""
    for issue in issues:
        call.store["threads"].put(issue | {"resolve_id": by["id"], "updated_at": stamp(call.now)})
