"""Tallyfy with tasks that change wrong: updates, answers, completion, reopening, issues, comments."""

from __future__ import annotations

from typing import Any

from contract_tests.mutants import handled, mutant
from contract_tests.mutants.changes import (
    after,
    before,
    lacking,
    members,
    mistaken,
    put,
    refusing,
    respecified,
    showing,
)
from mock_server.api import Api, Call, Problem, Reply
from mock_server.apis.tallyfy_includes import fields_of
from mock_server.apis.tallyfy_records import moment, stamp
from mock_server.store import Record, decode, encode

Json = Any
SCHEMAS = "/components/schemas"
LATER = "2031-01-01T00:00:00Z"


@mutant("tallyfy.task-update.partial")
def an_update_wipes_the_summary(api: Api) -> Api:
    """A summary that is not given is emptied."""
    return before(api, lambda call: call.body.setdefault("summary", None), "updateTask")


@mutant("tallyfy.task-update.partial")
def a_webhook_is_not_changed(api: Api) -> Api:
    """`webhook` has no effect."""
    return before(api, lambda call: call.body.pop("webhook", None), "updateTask")


@mutant("tallyfy.task-update.wrong-types")
def a_title_may_be_anything(api: Api) -> Api:
    """A title that is no text is overlooked."""
    loose = respecified(api, f"{SCHEMAS}/UpdateTask/properties/title", {})

    def drop(call: Call) -> None:
        if not isinstance(call.body.get("title"), str):
            call.body.pop("title", None)

    return before(loose, drop, "updateTask")


@mutant("tallyfy.task-update.long-title")
def titles_may_be_longer(api: Api) -> Api:
    """A title may have any length; it is cut."""
    loose = respecified(api, f"{SCHEMAS}/UpdateTask/properties/title/maxLength", 5_000)
    return before(
        loose,
        lambda call: call.body.update(title=call.body["title"][:600]) if "title" in call.body else None,
        "updateTask",
    )


@mutant("tallyfy.task-update.deadline")
def deadlines_have_one_form(api: Api) -> Api:
    """A deadline with a space in it is refused."""
    return refusing(api, lambda call: " " in str(call.body.get("deadline")), "updateTask")


@mutant("tallyfy.task-update.deadline")
def deadlines_lose_their_seconds(api: Api) -> Api:
    """A deadline is kept to the minute."""

    def cut(call: Call) -> None:
        if isinstance(call.body.get("deadline"), str):
            call.body["deadline"] = f"{call.body['deadline'][:16]}:00Z"

    return before(api, cut, "updateTask")


@mutant("tallyfy.task-update.working-day")
def every_day_is_a_working_day(api: Api) -> Api:
    """A deadline on a Sunday is kept."""

    def keep(call: Call, task: Json) -> None:
        if call.body.get("deadline"):
            put(call, "tasks", task["id"], deadline=stamp(moment(call.body["deadline"])))

    return after(api, keep, "updateTask")


@mutant("tallyfy.task-update.owners")
def owners_are_added(api: Api) -> Api:
    """Owners that are given come beside those before."""

    def add(call: Call) -> None:
        task = _task(call)
        if task and "owners" in call.body:
            users = sorted({*task["owners"]["users"], *call.body["owners"].get("users", [])})
            call.body["owners"] = {**call.body["owners"], "users": users}

    return before(api, add, "updateTask")


@mutant("tallyfy.task-update.answers")
def answers_lose_their_nulls(api: Api) -> Api:
    """An answer is kept without what is null in it."""

    def drop(call: Call) -> None:
        if isinstance(call.body.get("taskdata"), dict):
            call.body["taskdata"] = {id: _without_nulls(value) for id, value in call.body["taskdata"].items()}

    return before(api, drop, "updateTask")


@mutant("tallyfy.task-update.answers")
def other_answers_of_the_task_are_lost(api: Api) -> Api:
    """Answers that are not given again are lost."""

    def lose(call: Call, task: Json) -> None:
        if call.body.get("taskdata"):
            known = {id: value for id, value in task["taskdata"].items() if id in call.body["taskdata"]}
            put(call, "tasks", task["id"], taskdata=known)

    return after(api, lose, "updateTask")


@mutant("tallyfy.task-update.unknown-answers")
def answers_to_nothing_are_refused(api: Api) -> Api:
    """An answer to a field that is not there is 422."""

    def unknown(call: Call) -> object:
        task = _task(call)
        known = {field["id"] for field in fields_of(call, task)} if task else set()
        return set(call.body.get("taskdata") or {}) - known

    return refusing(api, unknown, "updateTask")


@mutant("tallyfy.task-update.unknown-answers")
def answers_to_nothing_are_kept_with_a_task(api: Api) -> Api:
    """An answer to a field that is not there is kept."""

    def keep(call: Call, task: Json) -> None:
        put(call, "tasks", task["id"], taskdata={**task["taskdata"], **dict(call.body.get("taskdata") or {})})

    return after(api, keep, "updateTask")


@mutant("tallyfy.task-update.not-when-completed")
def a_completed_task_takes_answers(api: Api) -> Api:
    """A completed task is updated like any other."""
    return _forgiving(api, "updateTask", "task-locked", lambda call, task: {"taskdata": call.body.get("taskdata", {})})


@mutant("tallyfy.task-update.unknown-task")
def updating_nothing_is_invalid(api: Api) -> Api:
    """Updating a task that does not exist is 422."""
    return mistaken(api, "not-found", "invalid", "updateTask")


@mutant("tallyfy.fields.dropdown")
def a_dropdown_takes_anything(api: Api) -> Api:
    """Any answer to a dropdown is kept."""
    return _taking(api, "dropdown")


@mutant("tallyfy.fields.dropdown")
def a_dropdown_is_refused_in_other_words(api: Api) -> Api:
    """The message about a dropdown is another one."""

    def update(call: Call) -> Reply:
        try:
            return api.handlers["updateTask"](call)
        except Problem as problem:
            fields = {name: ["Invalid"] for name in problem.fields}
            raise Problem(problem.kind, "Invalid" if fields else None, fields=fields) from problem

    return handled(api, updateTask=update)


@mutant("tallyfy.fields.radio")
def a_radio_field_takes_anything(api: Api) -> Api:
    """Any answer to a radio field is kept."""
    return _taking(api, "radio")


@mutant("tallyfy.fields.multiselect")
def a_multiselect_field_takes_anything(api: Api) -> Api:
    """Any answer to a multiselect field is kept."""
    return _taking(api, "multiselect")


@mutant("tallyfy.fields.multiselect")
def selected_must_be_said(api: Api) -> Api:
    """A choice without `selected` is refused."""

    def unsaid(call: Call) -> bool:
        values = dict(call.body.get("taskdata") or {}).values()
        return any(isinstance(item, dict) and "text" in item and "selected" not in item
                   for value in values if isinstance(value, list) for item in value)  # fmt: skip

    return refusing(api, unsaid, "updateTask")


@mutant("tallyfy.fields.date")
def a_date_field_takes_numbers(api: Api) -> Api:
    """Any answer to a date field is kept."""
    return _taking(api, "date")


@mutant("tallyfy.fields.table")
def a_table_takes_any_number_of_cells(api: Api) -> Api:
    """Any answer to a table is kept."""
    return _taking(api, "table")


@mutant("tallyfy.fields.text")
def a_text_field_takes_objects(api: Api) -> Api:
    """Any answer to a text field is kept."""
    return _taking(api, "text")


@mutant("tallyfy.fields.text")
def texts_must_be_shorter(api: Api) -> Api:
    """A text of 200 characters is refused."""

    def long(call: Call) -> bool:
        return any(isinstance(v, str) and len(v) >= 200 for v in dict(call.body.get("taskdata") or {}).values())

    return refusing(api, long, "updateTask")


@mutant("tallyfy.fields.file")
def a_file_field_takes_anything(api: Api) -> Api:
    """Any answer to a file field is kept."""
    return _taking(api, "file")


@mutant("tallyfy.fields.assignees")
def an_assignees_field_takes_anything(api: Api) -> Api:
    """Any answer to an assignees field is kept."""
    return _taking(api, "assignees_form")


@mutant("tallyfy.completion.completed")
def nobody_completed_the_task(api: Api) -> Api:
    """A completed task does not remember who completed it."""
    return after(api, lambda call, task: put(call, "tasks", task["id"], completer_id=None), "completeTask")


@mutant("tallyfy.completion.task-id-is-required")
def some_task_is_completed(api: Api) -> Api:
    """Without a task the first that can be is completed."""
    loose = respecified(api, f"{SCHEMAS}/CompleteTask/required", [])

    def default(call: Call) -> None:
        rows = call.store["tasks"].matching([("run", call.arguments["run_id"])])
        tasks = [decode(row) for row in rows.slice(0, rows.size())]
        left = [task["id"] for task in tasks if task["status"] in ("not-started", "in-progress")]
        call.body.setdefault("task_id", next(iter(left), ""))

    return before(loose, default, "completeTask")


@mutant("tallyfy.completion.changed-by-rules", "tallyfy.reopening.changed-by-rules")
def rules_are_not_told(api: Api) -> Api:
    """The answers to completing and reopening lack `tasks_changed_by_rules`."""
    return showing(api, lacking("tasks_changed_by_rules"), "completeTask", "reopenTask")


@mutant("tallyfy.completion.only-once")
def completing_again_answers_the_task(api: Api) -> Api:
    """Completing a completed task answers the task."""
    return _forgiving(api, "completeTask", "already-completed", lambda call, task: {})


@mutant("tallyfy.completion.approval")
def every_approval_is_approved(api: Api) -> Api:
    """An approval that is rejected is approved."""
    return before(
        api,
        lambda call: call.body.update(is_approved=True) if call.body.get("is_approved") is False else None,
        "completeTask",
    )


@mutant("tallyfy.completion.approval-needs-a-decision")
def no_decision_is_approval(api: Api) -> Api:
    """An approval without a decision is approved."""
    return before(
        api,
        lambda call: call.body.update(is_approved=True) if call.body.get("is_approved") is None else None,
        "completeTask",
    )


@mutant("tallyfy.completion.approval-only")
def every_task_is_approved(api: Api) -> Api:
    """A decision is kept with any task."""

    def keep(call: Call, task: Json) -> None:
        put(call, "tasks", task["id"], is_approved=call.body.get("is_approved"))

    return after(api, keep, "completeTask")


@mutant("tallyfy.completion.override-user")
def nobody_else_completes(api: Api) -> Api:
    """`override_user` has no effect."""
    return before(api, lambda call: call.body.pop("override_user", None), "completeTask")


@mutant("tallyfy.completion.required-fields")
def required_fields_are_filled_in(api: Api) -> Api:
    """A required field without an answer gets a dash when its task is completed."""

    def dash(call: Call) -> None:
        task = call.store["tasks"].get(call.body["task_id"])
        if task and task["status"] != "completed":
            empty = {f["id"]: "-" for f in fields_of(call, task) if f["required"] and not task["taskdata"].get(f["id"])}
            put(call, "tasks", task["id"], taskdata={**task["taskdata"], **empty})

    return before(api, dash, "completeTask")


@mutant("tallyfy.completion.required-fields")
def nothing_empty_is_an_answer(api: Api) -> Api:
    """A task with required fields can never be completed."""

    def demands(call: Call) -> bool:
        task = call.store["tasks"].get(call.body["task_id"])
        return bool(task and any(field["required"] for field in fields_of(call, task)))

    return refusing(api, demands, "completeTask")


@mutant("tallyfy.completion.no-answers")
def a_completion_takes_answers(api: Api) -> Api:
    """Answers in the body of a completion are kept."""

    def keep(call: Call, task: Json) -> None:
        put(call, "tasks", task["id"], taskdata={**task["taskdata"], **call.body.get("taskdata", {})})

    return after(api, keep, "completeTask")


@mutant("tallyfy.completion.not-hidden")
def hidden_tasks_are_completed(api: Api) -> Api:
    """A hidden task is completed like any other."""
    return _before_completion(api, lambda task: {"status": "not-started"} if task["status"] == "auto-skipped" else {})


@mutant("tallyfy.completion.only-assignees")
def everybody_completes(api: Api) -> Api:
    """Anybody completes a task that is for its assignees only."""
    return _before_completion(api, lambda task: {"can_complete_only_assignees": False})


@mutant("tallyfy.completion.only-assignees")
def administrators_complete_nothing_else(api: Api) -> Api:
    """An administrator, too, must be an assignee."""

    def foreign(call: Call) -> bool:
        task = call.store["tasks"].get(call.body["task_id"])
        return bool(
            task and task["can_complete_only_assignees"] and int(call.credential.subject) not in task["owners"]["users"]
        )

    return refusing(api, foreign, "completeTask")


@mutant("tallyfy.completion.unknown-task")
def the_process_does_not_matter(api: Api) -> Api:
    """A task is completed under any process."""

    def move(call: Call) -> None:
        task = call.store["tasks"].get(call.body["task_id"])
        if task:
            call.arguments = {**call.arguments, "run_id": task["run_id"]}

    return before(api, move, "completeTask")


@mutant("tallyfy.completion.progress")
def progress_stands_still(api: Api) -> Api:
    """Completing a task leaves the progress as it was."""
    return _keeping_counts(api, "completeTask")


@mutant("tallyfy.completion.completes-the-run")
def a_process_never_ends(api: Api) -> Api:
    """The last task leaves its process active."""
    return after(
        api, lambda call, task: put(call, "runs", task["run_id"], status="active", completed_at=None), "completeTask"
    )


@mutant("tallyfy.completion.not-before-the-last")
def the_first_task_completes_the_process(api: Api) -> Api:
    """Any completed task completes its process."""
    return after(
        api, lambda call, task: put(call, "runs", task["run_id"], status="complete", completed_at=LATER), "completeTask"
    )


@mutant("tallyfy.reopening.reopened")
def a_reopened_task_is_not_started(api: Api) -> Api:
    """A reopened task is not in progress."""
    return showing(
        after(api, lambda call, task: put(call, "tasks", task["id"], status="not-started"), "reopenTask"),
        members(status="not-started"),
        "reopenTask",
    )


@mutant("tallyfy.reopening.reopened")
def a_reopened_approval_stays_approved(api: Api) -> Api:
    """A reopened approval remembers that it was decided."""
    return after(api, lambda call, task: put(call, "tasks", task["id"], is_approved=True), "reopenTask")


@mutant("tallyfy.reopening.only-completed")
def any_task_is_reopened(api: Api) -> Api:
    """A task that is not completed is reopened."""

    def finish(call: Call) -> None:
        if call.store["tasks"].row(call.arguments["task_id"]):
            put(call, "tasks", call.arguments["task_id"], status="completed")

    return before(api, finish, "reopenTask")


@mutant("tallyfy.reopening.progress")
def progress_never_goes_back(api: Api) -> Api:
    """Reopening a task leaves the progress as it was."""
    return _keeping_counts(api, "reopenTask")


@mutant("tallyfy.issues.reported")
def an_issue_is_no_problem(api: Api) -> Api:
    """An issue leaves the process active."""
    return _after_thread(api, "reportProblem", runs={"status": "active"})


@mutant("tallyfy.issues.task-is-held")
def a_task_with_an_issue_is_completed(api: Api) -> Api:
    """An issue does not keep a task from being completed."""
    return _before_completion(api, lambda task: {"problem": False})


@mutant("tallyfy.issues.reopens")
def a_completed_task_stays_so(api: Api) -> Api:
    """An issue does not reopen a completed task."""
    return _after_thread(api, "reportProblem", tasks={"status": "completed", "completed_at": LATER})


@mutant("tallyfy.issues.process-is-held")
def tasks_change_all_the_same(api: Api) -> Api:
    """An issue about the process does not keep its tasks from being completed."""

    def free(call: Call) -> None:
        run = call.store["runs"].get(call.arguments["run_id"])
        if run and run["status"] == "issue":
            put(call, "runs", run["id"], status="active")

    return before(api, free, "completeTask")


@mutant("tallyfy.issues.process-is-held")
def an_issue_is_not_told(api: Api) -> Api:
    """`has_open_issue` is always false."""
    return showing(api, members(has_open_issue=False), "getRun")


@mutant("tallyfy.issues.resolved")
def a_problem_never_ends(api: Api) -> Api:
    """Resolving the last issue leaves the process in trouble."""
    return _after_thread(api, "resolveThreads", runs={"status": "problem"})


@mutant("tallyfy.issues.all-must-be-resolved")
def one_issue_is_enough(api: Api) -> Api:
    """Resolving one issue ends the trouble of its process."""
    return _after_thread(api, "resolveThreads", runs={"status": "active"})


@mutant("tallyfy.issues.unknown-thread")
def an_unknown_thread_means_all(api: Api) -> Api:
    """A thread that does not exist resolves all issues of the task."""

    def forget(call: Call) -> None:
        if call.store["threads"].row(str(call.body.get("thread_id"))) is None:
            call.body.pop("thread_id", None)

    return before(api, forget, "resolveThreads")


@mutant("tallyfy.comments.added")
def a_comment_is_turned(api: Api) -> Api:
    """A comment is kept from its end to its beginning."""
    return before(api, lambda call: call.body.update(content=call.body["content"][::-1]), "addComment")


@mutant("tallyfy.comments.added")
def a_comment_is_lost(api: Api) -> Api:
    """A comment is answered and not kept."""
    return after(api, lambda call, thread: call.store["threads"].remove(thread["id"]), "addComment")


@mutant("tallyfy.comments.content-is-required")
def a_comment_may_say_nothing(api: Api) -> Api:
    """A comment without content says a dash."""
    loose = respecified(api, f"{SCHEMAS}/Comment/required", [])
    return before(loose, lambda call: call.body.setdefault("content", "-"), "addComment", "reportProblem")


@mutant("tallyfy.comments.changes-no-status")
def a_comment_begins_a_task(api: Api) -> Api:
    """A comment puts its task in progress."""
    return _after_thread(api, "addComment", tasks={"status": "in-progress"})


def _task(call: Call) -> Record | None:
    return call.store["tasks"].get(call.arguments["task_id"])


def _forgiving(api: Api, operation: str, kind: str, change: Any) -> Api:
    """An operation that, where it should refuse with a kind of problem, changes the task and answers it."""

    def forgive(call: Call) -> Reply:
        try:
            return api.handlers[operation](call)
        except Problem as problem:
            if problem.kind != kind:
                raise
            id = call.arguments.get("task_id") or call.body["task_id"]
            put(call, "tasks", id, **change(call, call.store["tasks"].get(id)))
            call.arguments = {**call.arguments, "task_id": id}
            body = api.handlers["getTask"](call).body
            assert isinstance(body, bytes)
            return Reply(encode({"data": {**decode(body)["data"], "tasks_changed_by_rules": {}}}))

    return handled(api, **{operation: forgive})


def _taking(api: Api, kind: str) -> Api:
    """Updates that keep any answer to fields of a type."""

    def take(call: Call) -> Reply:
        task = _task(call)
        fields = {field["id"] for field in fields_of(call, task) if field["field_type"] == kind} if task else set()
        given = dict(call.body.get("taskdata") or {})
        call.body = {**call.body, "taskdata": {id: value for id, value in given.items() if id not in fields}}
        reply = api.handlers["updateTask"](call)
        taken = {id: value for id, value in given.items() if id in fields}
        record = _task(call)
        if record and taken:
            put(call, "tasks", record["id"], taskdata={**record["taskdata"], **taken})
        return reply

    return handled(api, updateTask=take)


def _before_completion(api: Api, change: Any) -> Api:
    def prepare(call: Call) -> None:
        task = call.store["tasks"].get(call.body["task_id"])
        if task:
            put(call, "tasks", task["id"], **change(task))

    return before(api, prepare, "completeTask")


def _keeping_counts(api: Api, operation: str) -> Api:
    def keep(call: Call) -> Reply:
        was = call.store["runs"].get(call.arguments["run_id"])
        reply = api.handlers[operation](call)
        run = call.store["runs"].get(call.arguments["run_id"])
        if was and run:
            put(call, "runs", run["id"], _={**run["_"], "counts": was["_"]["counts"]})
        return reply

    return handled(api, **{operation: keep})


def _after_thread(api: Api, operation: str, *, runs: Json = None, tasks: Json = None) -> Api:
    """An operation about a thread that leaves its task, or the process, with other values."""

    def change(call: Call, thread: Json) -> None:
        task = _task(call)
        if task and tasks:
            put(call, "tasks", task["id"], **tasks)
        if task and runs and task["run_id"]:
            put(call, "runs", task["run_id"], **runs)

    return after(api, change, operation)


def _without_nulls(value: Json) -> Json:
    return {k: v for k, v in value.items() if v is not None} if isinstance(value, dict) else value
