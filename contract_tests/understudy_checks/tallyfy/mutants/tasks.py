"""Mutants of Tallyfy's tasks: updates, answers, completion, reopening, issues, comments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from understudy.apis.tallyfy.includes import fields_of
from understudy.apis.tallyfy.records import moment, stamp
from understudy.engine.call import Call, Handler, Reply
from understudy.engine.problem import Problem
from understudy.engine.store import decode, encode
from understudy_checks.mutation import Breakage, Table
from understudy_checks.mutation.operators import (
    accept_when,
    ask,
    chain,
    default_body,
    drop_members,
    ignore_body,
    ignore_wrong_type,
    map_body,
    on_request,
    on_success,
    optional_body,
    patch_document,
    put,
    reject_when,
    replace_handler,
    set_body,
    set_members,
    set_record,
    swap_error,
)

UPDATE, COMPLETE, REOPEN = "updateTask", "completeTask", "reopenTask"
COMMENT, REPORT, RESOLVE = "addComment", "reportProblem", "resolveThreads"
SCHEMAS = "/components/schemas"
TITLE = f"{SCHEMAS}/UpdateTask/properties/title"
LATER = "2031-01-01T00:00:00Z"


def forgives(operation: str, kind: str, change: Callable[[Call], dict[str, Any]]) -> Breakage:
    """Answer with the task and the members `change(call)` instead of an error of `kind`."""

    def answer(call: Call) -> Reply:
        id = call.arguments.get("task_id") or call.body["task_id"]
        put(call, "tasks", id, **change(call))
        task = ask(call, "getTask", {**call.arguments, "task_id": id})
        return Reply(encode({"data": {**task, "tasks_changed_by_rules": {}}}))

    return accept_when(operation, kind, answer)


def takes_any(kind: str) -> Breakage:
    """Store any answer to a field of this type."""

    def take(handler: Handler, call: Call) -> Reply:
        fields = {field["id"] for field in fields_of_task(call) if field["field_type"] == kind}
        given = answers_of(call)
        call.body = {**call.body, "taskdata": {id: value for id, value in given.items() if id not in fields}}
        reply = handler(call)
        taken = {id: value for id, value in given.items() if id in fields}
        task = task_of(call)
        if task and taken:
            put(call, "tasks", task["id"], taskdata={**task["taskdata"], **taken})
        return reply

    return replace_handler(UPDATE, take)


def completes_as(when: Callable[[Any], object] = lambda task: True, **values: Any) -> Breakage:
    """Set these values in a task before it is completed."""

    def prepare(call: Call) -> None:
        task = task_of(call)
        if task and when(task):
            put(call, "tasks", task["id"], **values)

    return on_request(COMPLETE, prepare)


def keeps_progress(operation: str) -> Breakage:
    """Leave the counts of a process unchanged after an operation."""

    def keep(handler: Handler, call: Call) -> Reply:
        before = call.store["runs"].get(call.arguments["run_id"])
        reply = handler(call)
        if before:
            put_hidden(call, before["id"], counts=before["_"]["counts"])
        return reply

    return replace_handler(operation, keep)


def leaves(operation: str, *, runs: Any = None, tasks: Any = None) -> Breakage:
    """Set other values in the task, or its process, after an operation on a thread."""

    def change(call: Call, thread: Any) -> None:
        task = task_of(call)
        if task:
            put(call, "tasks", task["id"], **tasks or {})
            put(call, "runs", task["run_id"] or "", **runs or {})

    return on_success(operation, change)


def rewords(operation: str, text: str, message: str | None = None) -> Breakage:
    """Use other words for the errors of each member."""

    def reword(handler: Handler, call: Call) -> Reply:
        try:
            return handler(call)
        except Problem as problem:
            fields = {name: [text] for name in problem.fields}
            raise Problem(problem.kind, message if fields else None, fields=fields) from problem

    return replace_handler(operation, reword)


def gives(name: str) -> Callable[[Call], bool]:
    """Return whether a request has a member."""
    return lambda call: name in call.body


def task_of(call: Call) -> Any:
    """Return the task that a call names, in its path or its body."""
    return call.store["tasks"].get(call.arguments.get("task_id") or call.body["task_id"])


def tasks_of(call: Call, run_id: str) -> list[Any]:
    """Return the stored tasks of a process, by position."""
    rows = call.store["tasks"].query([("run", run_id)])
    return [decode(row) for row in rows.slice(0, rows.size())]


def fields_of_task(call: Call) -> list[Any]:
    """Return the form fields of the task that a call names."""
    task = task_of(call)
    return fields_of(call, task) if task else []


def answers_of(call: Call) -> dict[str, Any]:
    """Return the answers to form fields in an update."""
    return dict(call.body.get("taskdata") or {})


def put_hidden(call: Call, run_id: str, **values: Any) -> None:
    """Set stored members of a process that the API does not show."""
    run = call.store["runs"].get(run_id)
    if run:
        put(call, "runs", run_id, _={**run["_"], **values})


def _keep_the_day(call: Call, task: Any) -> None:
    if call.body.get("deadline"):
        put(call, "tasks", task["id"], deadline=stamp(moment(call.body["deadline"])))


def _add_to_the_owners(call: Call) -> None:
    task = task_of(call)
    if task and "owners" in call.body:
        users = sorted({*task["owners"]["users"], *call.body["owners"].get("users", [])})
        call.body["owners"] = {**call.body["owners"], "users": users}


def _without_nulls(answers: Any) -> Any:
    if not isinstance(answers, dict):
        return answers
    return {id: {k: v for k, v in value.items() if v is not None} if isinstance(value, dict) else value
            for id, value in answers.items()}  # fmt: skip


def _forget_other_answers(call: Call, task: Any) -> None:
    given = answers_of(call)
    if given:
        put(call, "tasks", task["id"], taskdata={id: task["taskdata"][id] for id in task["taskdata"] if id in given})


def _answers_unknown_field(call: Call) -> object:
    return answers_of(call).keys() - {field["id"] for field in fields_of_task(call)}


def _omits_selected(call: Call) -> bool:
    items = [item for value in answers_of(call).values() if isinstance(value, list) for item in value]
    return any(isinstance(item, dict) and "text" in item and "selected" not in item for item in items)


def _answers_at_length(call: Call) -> bool:
    return any(isinstance(value, str) and len(value) >= 200 for value in answers_of(call).values())


def _first_open_task(call: Call) -> str:
    tasks = tasks_of(call, call.arguments["run_id"])
    return next((task["id"] for task in tasks if task["status"] in ("not-started", "in-progress")), "")


def _fill_required_fields(call: Call) -> None:
    task = task_of(call)
    if task and task["status"] != "completed":
        required = [field["id"] for field in fields_of(call, task) if field["required"]]
        empty = {id: "-" for id in required if not task["taskdata"].get(id)}
        put(call, "tasks", task["id"], taskdata={**task["taskdata"], **empty})


def _is_foreign(call: Call) -> bool:
    task = task_of(call)
    restricted = task and task["can_complete_only_assignees"]
    return bool(restricted and int(call.credential.subject) not in task["owners"]["users"])


def _name_the_own_process(call: Call) -> None:
    task = task_of(call)
    if task:
        call.arguments = {**call.arguments, "run_id": task["run_id"]}


def _end_the_issue(call: Call) -> None:
    run = call.store["runs"].get(call.arguments["run_id"])
    if run and run["status"] == "issue":
        put(call, "runs", run["id"], status="active")


def _is_unknown_thread(call: Call) -> bool:
    return call.store["threads"].row(str(call.body.get("thread_id"))) is None


MUTANTS: Table = {
    "task-update.partial": {
        "A summary that is not given is emptied.": default_body(UPDATE, summary=None),
        "`webhook` has no effect.": ignore_body(UPDATE, "webhook"),
    },
    "task-update.wrong-types": {
        "A title that is no text is ignored.": ignore_wrong_type(UPDATE, TITLE, str),
    },
    "task-update.long-title": {
        "A title may have any length; it is cut.": chain(
            patch_document(f"{TITLE}/maxLength", 5_000), map_body(UPDATE, "title", lambda title: title[:600])
        ),
    },
    "task-update.deadline": {
        "A deadline with a space in it is refused.": reject_when(
            UPDATE, lambda call: " " in str(call.body.get("deadline"))
        ),
        "A deadline is kept to the minute.": map_body(
            UPDATE, "deadline", lambda time: f"{time[:16]}:00Z" if isinstance(time, str) else time
        ),
    },
    "task-update.working-day": {
        "A deadline on a Sunday is kept.": on_success(UPDATE, _keep_the_day),
    },
    "task-update.owners": {
        "Owners that are given are added to those before.": on_request(UPDATE, _add_to_the_owners),
    },
    "task-update.answers": {
        "An answer is kept without its members that are null.": map_body(UPDATE, "taskdata", _without_nulls),
        "Answers that are not given again are lost.": on_success(UPDATE, _forget_other_answers),
    },
    "task-update.unknown-answers": {
        "An answer to a field that is not there is 422.": reject_when(UPDATE, _answers_unknown_field),
        "An answer to a field that is not there is kept.": set_record(
            UPDATE, "tasks", taskdata=lambda call, task: {**task["taskdata"], **answers_of(call)}
        ),
    },
    "task-update.not-when-completed": {
        "A completed task is updated like any other.": forgives(
            UPDATE, "task-locked", lambda call: {"taskdata": call.body.get("taskdata", {})}
        ),
    },
    "task-update.unknown-task": {
        "Updating a task that does not exist is 422.": swap_error(UPDATE, "not-found", "invalid"),
    },
    "fields.dropdown": {
        "Any answer to a dropdown is kept.": takes_any("dropdown"),
        "The message about a dropdown is another one.": rewords(UPDATE, "Invalid", "Invalid"),
    },
    "fields.radio": {
        "Any answer to a radio field is kept.": takes_any("radio"),
    },
    "fields.multiselect": {
        "Any answer to a multiselect field is kept.": takes_any("multiselect"),
        "A choice without `selected` is refused.": reject_when(UPDATE, _omits_selected),
    },
    "fields.date": {
        "Any answer to a date field is kept.": takes_any("date"),
    },
    "fields.table": {
        "Any answer to a table is kept.": takes_any("table"),
    },
    "fields.text": {
        "Any answer to a text field is kept.": takes_any("text"),
        "A text of 200 characters is refused.": reject_when(UPDATE, _answers_at_length),
    },
    "fields.file": {
        "Any answer to a file field is kept.": takes_any("file"),
    },
    "fields.assignees": {
        "Any answer to an assignees field is kept.": takes_any("assignees_form"),
    },
    "completion.completed": {
        "A completed task has no `completer_id`.": set_record(COMPLETE, "tasks", completer_id=None),
    },
    "completion.task-id-is-required": {
        "Without a task the first open one is completed.": optional_body(
            COMPLETE, f"{SCHEMAS}/CompleteTask", task_id=_first_open_task
        ),
    },
    ("completion.changed-by-rules", "reopening.changed-by-rules"): {
        "The answers to completing and reopening lack `tasks_changed_by_rules`.": drop_members(
            (COMPLETE, REOPEN), "tasks_changed_by_rules"
        ),
    },
    "completion.only-once": {
        "Completing a completed task answers the task.": forgives(COMPLETE, "already-completed", lambda call: {}),
    },
    "completion.approval": {
        "An approval that is rejected is approved.": set_body(
            COMPLETE, is_approved=True, when=lambda call: call.body.get("is_approved") is False
        ),
    },
    "completion.approval-needs-a-decision": {
        "An approval without a decision is approved.": set_body(
            COMPLETE, is_approved=True, when=lambda call: call.body.get("is_approved") is None
        ),
    },
    "completion.approval-only": {
        "A decision is kept with any task.": set_record(
            COMPLETE, "tasks", is_approved=lambda call, task: call.body.get("is_approved")
        ),
    },
    "completion.override-user": {
        "`override_user` has no effect.": ignore_body(COMPLETE, "override_user"),
    },
    "completion.required-fields": {
        "A required field without an answer gets a dash when its task is completed.": on_request(
            COMPLETE, _fill_required_fields
        ),
        "A task with required fields can never be completed.": reject_when(
            COMPLETE, lambda call: any(field["required"] for field in fields_of_task(call))
        ),
    },
    "completion.no-answers": {
        "Answers in the body of a completion are kept.": set_record(
            COMPLETE, "tasks", taskdata=lambda call, task: {**task["taskdata"], **answers_of(call)}
        ),
    },
    "completion.not-hidden": {
        "A hidden task is completed like any other.": completes_as(
            lambda task: task["status"] == "auto-skipped", status="not-started"
        ),
    },
    "completion.only-assignees": {
        "Anybody completes a task that is for its assignees only.": completes_as(can_complete_only_assignees=False),
        "An administrator, too, must be an assignee.": reject_when(COMPLETE, _is_foreign),
    },
    "completion.unknown-task": {
        "A task is completed under any process.": on_request(COMPLETE, _name_the_own_process),
    },
    "completion.progress": {
        "Completing a task leaves the progress as it was.": keeps_progress(COMPLETE),
    },
    "completion.completes-the-run": {
        "The last task leaves its process active.": set_record(
            COMPLETE, "runs", "run_id", status="active", completed_at=None
        ),
    },
    "completion.not-before-the-last": {
        "Any completed task completes its process.": set_record(
            COMPLETE, "runs", "run_id", status="complete", completed_at=LATER
        ),
    },
    "reopening.reopened": {
        "A reopened task has the status not-started.": chain(
            set_record(REOPEN, "tasks", status="not-started"), set_members(REOPEN, status="not-started")
        ),
        "A reopened approval is still approved.": set_record(REOPEN, "tasks", is_approved=True),
    },
    "reopening.only-completed": {
        "A task that is not completed is reopened.": on_request(
            REOPEN, lambda call: put(call, "tasks", call.arguments["task_id"], status="completed")
        ),
    },
    "reopening.progress": {
        "Reopening a task leaves the progress as it was.": keeps_progress(REOPEN),
    },
    "issues.reported": {
        "An issue leaves the process active.": leaves(REPORT, runs={"status": "active"}),
    },
    "issues.task-is-held": {
        "An issue does not keep a task from being completed.": completes_as(problem=False),
    },
    "issues.reopens": {
        "An issue does not reopen a completed task.": leaves(
            REPORT, tasks={"status": "completed", "completed_at": LATER}
        ),
    },
    "issues.process-is-held": {
        "An issue about the process does not keep its tasks from being completed.": on_request(
            COMPLETE, _end_the_issue
        ),
        "`has_open_issue` is always false.": set_members("getRun", has_open_issue=False),
    },
    "issues.resolved": {
        "Resolving the last issue leaves the process with the status problem.": leaves(
            RESOLVE, runs={"status": "problem"}
        ),
    },
    "issues.all-must-be-resolved": {
        "Resolving one of several issues makes the process active.": leaves(RESOLVE, runs={"status": "active"}),
    },
    "issues.unknown-thread": {
        "A thread that does not exist resolves all issues of the task.": ignore_body(
            RESOLVE, "thread_id", when=_is_unknown_thread
        ),
    },
    "comments.added": {
        "A comment is kept with its characters in reverse order.": map_body(
            COMMENT, "content", lambda text: text[::-1]
        ),
        "A comment is answered and not kept.": on_success(
            COMMENT, lambda call, thread: call.store["threads"].remove(thread["id"])
        ),
    },
    "comments.of-a-bot": {
        "The comment of a bot is answered and not kept.": on_success(
            "addBotComment", lambda call, thread: call.store["threads"].remove(thread["id"])
        ),
        "The comment of a bot is cut.": map_body("addBotComment", "content", lambda text: text[:3]),
    },
    "comments.content-is-required": {
        "A comment without content gets a dash.": optional_body((COMMENT, REPORT), f"{SCHEMAS}/Comment", content="-"),
    },
    "comments.changes-no-status": {
        "A comment puts its task in progress.": leaves(COMMENT, tasks={"status": "in-progress"}),
    },
}
