"""Mutants of Tallyfy's one-off tasks, and of comments that are changed."""

from __future__ import annotations

from understudy.apis.tallyfy import includes as tallyfy_includes
from understudy.engine.call import Call, Handler, Json, Reply
from understudy.engine.store import encode
from understudy_checks.mutation import Breakage, Table
from understudy_checks.mutation.operators import (
    accept_when,
    default_body,
    ignore_body,
    on_success,
    optional_body,
    patch_document,
    replace_handler,
    set_members,
    set_status,
)

NEW, UPDATE = "/components/schemas/NewTask", "/components/schemas/UpdateOneOffTask"


def _first_task(call: Call) -> Reply:
    task = next(iter(call.store["tasks"]))
    return Reply(encode({"data": {name: value for name, value in task.items() if name != "_"}}))


def _nothing(call: Call) -> Reply:
    return Reply(b"", 204)


def _keep_the_task(handler: Handler, call: Call) -> Reply:
    task = call.store["tasks"].get(call.arguments["task_id"])
    reply = handler(call)
    if task is not None:
        call.store["tasks"].put(task)
    return reply


def _keep_the_comment(handler: Handler, call: Call) -> Reply:
    thread = call.store["threads"].get(call.arguments["comment_id"])
    reply = handler(call)
    if thread is not None:
        call.store["threads"].put(thread)
    return reply


def _unchanged(handler: Handler, call: Call) -> Reply:
    """Complete a task, and put it back."""
    task = call.store["tasks"].get(call.body["task_id"])
    reply = handler(call)
    if task is not None:
        call.store["tasks"].put(task)
    return reply


def _the_task_itself(handler: Handler, call: Call) -> Reply:
    handler(call)
    return Reply(encode({"data": tallyfy_includes.task(call, call.store["tasks"].require(call.arguments["task_id"]))}))


def on_copy(**members: Json) -> Breakage:
    """Store the duplicate of a task with other members."""

    def change(call: Call, copy: Json) -> None:
        call.store["tasks"].put({**call.store["tasks"].require(copy["id"]), **members})

    return on_success("cloneTask", change)


MUTANTS: Table = {
    "one-off.created": {
        "A new one-off task is answered 200.": set_status("createTask", 200),
        "A new one-off task has no description.": ignore_body("createTask", "description"),
        "A new one-off task is in progress.": set_members("createTask", status="in-progress"),
    },
    "one-off.required": {
        "A one-off task needs no deadline.": optional_body("createTask", NEW, deadline="2031-01-06T09:00:00Z"),
        "A one-off task needs no owners.": optional_body("createTask", NEW, owners={}),
    },
    "one-off.long-title": {
        "A one-off title may have 599 characters.": patch_document(f"{NEW}/properties/title/maxLength", 599),
        "A one-off title may have 601 characters.": patch_document(f"{NEW}/properties/title/maxLength", 601),
    },
    "one-off.separate-tasks": {
        "All assignees share a task.": ignore_body("createTask", "separate_task_for_each_assignee")
    },
    "one-off.of-a-process": {"A one-off task is of no process.": ignore_body("createTask", "run_id")},
    "one-off.form-fields": {
        "A one-off task has no form fields.": ignore_body("createTask", "form_fields"),
        "A one-off task is completed without an answer.": accept_when("completeOneOffTask", "invalid", _first_task),
    },
    "one-off.updated": {
        "An update of a one-off task ignores the title.": ignore_body("updateOneOffTask", "title"),
        "An update of a one-off task takes its webhook.": default_body("updateOneOffTask", webhook=None),
    },
    "one-off.update-required": {
        "An update of a one-off task needs no owners.": optional_body("updateOneOffTask", UPDATE, owners={})
    },
    "one-off.archived": {
        "Archiving a one-off task is answered 200.": set_status("archiveTask", 200),
        "An archived one-off task stays in the lists.": replace_handler("archiveTask", _keep_the_task),
    },
    "one-off.restored": {
        "A restored one-off task stays archived.": replace_handler("restoreTask", _keep_the_task),
        "A restored one-off task has another title.": set_members("restoreTask", title="Restored"),
    },
    "one-off.deleted": {
        "A deleted one-off task stays.": replace_handler("deleteTask", _keep_the_task),
        "Deleting a one-off task is answered 200.": set_status("deleteTask", 200),
    },
    "one-off.only-one-off": {
        "A task of a process can be archived by itself.": accept_when("archiveTask", "not-a-one-off-task", _nothing),
        "A task of a process can be deleted by itself.": accept_when("deleteTask", "not-a-one-off-task", _nothing),
    },
    "one-off.completed": {
        "A completed one-off task stays as it was.": replace_handler("completeOneOffTask", _unchanged),
        "Rules changed tasks of a one-off task.": set_members("completeOneOffTask", tasks_changed_by_rules={}),
    },
    "one-off.completed-once": {
        "A one-off task can be completed twice.": accept_when("completeOneOffTask", "already-completed", _first_task)
    },
    "one-off.reopened": {
        "A reopened one-off task keeps who completed it.": set_members("reopenOneOffTask", completer_id=1001),
        "A one-off task that is not completed can be reopened.": accept_when(
            "reopenOneOffTask", "not-completed", _first_task
        ),
    },
    "comments.updated": {
        "A changed comment stays.": replace_handler("updateComment", _keep_the_comment),
        "A changed comment has another author.": set_members("updateComment", author_id=1),
    },
    "comments.deleted": {
        "A deleted comment stays.": replace_handler("deleteComment", _keep_the_comment),
        "A deleted issue holds its task up.": replace_handler("deleteComment", _keep_the_task),
    },
    "comments.unknown-comment": {
        "Deleting an unknown comment is answered 204.": accept_when("deleteComment", "not-found", _nothing)
    },
    "one-off.cloned": {
        "A duplicate is answered as the task itself.": replace_handler("cloneTask", _the_task_itself),
        "A duplicate has no owners.": on_copy(owners={"users": [], "guests": [], "groups": []}),
        "A duplicate has no deadline.": on_copy(deadline=None),
        "A duplicate is called Copy.": on_copy(title="Copy"),
        "A duplicate of a completed task is completed.": on_copy(
            status="completed", completed_at="2031-01-01T00:00:00Z"
        ),
    },
}
