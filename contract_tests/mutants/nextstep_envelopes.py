"""NextStep with answers in a wrong shape: envelopes, errors, content types, times, one object in two versions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from msgspec import structs

from contract_tests.mutants import handled, mutant, stepped
from contract_tests.mutants.changes import answered, members, showing
from mock_server.api import Api, Call, Problem, Reply
from mock_server.exchange import Response
from mock_server.store import decode, encode


@mutant("nextstep.envelope.single")
def a_run_is_answered_bare(api: Api) -> Api:
    """A run that is read is not under `data`."""
    return _answering(api, "getProcessRun", lambda body: body["data"])


@mutant("nextstep.envelope.single")
def a_created_run_is_answered_bare(api: Api) -> Api:
    """A run that is created is not under `data`."""
    return _answering(api, "createProcessRun", lambda body: body["data"])


@mutant("nextstep.envelope.single")
def an_updated_task_is_answered_as_a_list(api: Api) -> Api:
    """An update answers a list that holds the task."""
    return _answering(api, "updateRunTask", lambda body: {"data": [body["data"]]})


@mutant("nextstep.envelope.single")
def a_template_is_called_template(api: Api) -> Api:
    """A template that is read is under `template`."""
    return _answering(api, "getProcessTemplate", lambda body: {"template": body["data"]})


@mutant("nextstep.envelope.list")
def lists_are_answered_bare(api: Api) -> Api:
    """A list of templates is an array."""
    return _listing(api, "listProcessTemplates", lambda page: page["data"])


@mutant("nextstep.envelope.list")
def the_pagination_of_tasks_is_left_out(api: Api) -> Api:
    """A list of a run's tasks has no pagination."""
    return _listing(api, "listRunTasks", lambda page: {"data": page["data"]})


@mutant("nextstep.envelope.list")
def the_flag_is_text(api: Api) -> Api:
    """The `has_more` of the runs is the text true or false."""
    return _listing(api, "listProcessRuns", lambda page: _paged(page, has_more=str(page["pagination"]["has_more"])))


@mutant("nextstep.envelope.list")
def the_cursor_is_a_number(api: Api) -> Api:
    """The `next_cursor` of a template's tasks is a number."""
    return _listing(api, "listTemplateTasks", lambda page: _paged(page, next_cursor=len(page["data"])))


@mutant("nextstep.envelope.list")
def the_last_page_has_no_cursor_at_all(api: Api) -> Api:
    """The last page of the runs has no `next_cursor`, not even null."""

    def answer(page: Any) -> Any:
        more = page["pagination"]["has_more"]
        return page if more else {**page, "pagination": {"has_more": more}}

    return _listing(api, "listProcessRuns", answer)


@mutant("nextstep.envelope.error")
def errors_are_text(api: Api) -> Api:
    """`error` is the message alone."""
    return replace(api, error_body=lambda call, refusal: {"error": refusal.message})


@mutant("nextstep.envelope.error")
def errors_have_no_code(api: Api) -> Api:
    """`error` holds no code."""
    return replace(api, error_body=lambda call, refusal: {"error": {"message": refusal.message}})


@mutant("nextstep.envelope.error")
def error_codes_are_numbers(api: Api) -> Api:
    """`error.code` is the status."""
    return replace(api, error_body=lambda call, refusal: _error(refusal.status, refusal.message))


@mutant("nextstep.envelope.error")
def unknown_paths_have_an_envelope_of_their_own(api: Api) -> Api:
    """A path that is no endpoint is answered by some framework in its own shape."""
    return replace(
        api,
        error_body=lambda call, refusal: (
            {"detail": "Not Found"}
            if refusal.message.endswith("is no operation of this API")
            else _error(refusal.code, refusal.message)
        ),
    )


@mutant("nextstep.envelope.error")
def unreadable_bodies_are_listed(api: Api) -> Api:
    """A body that is not JSON is answered with a list of errors."""
    return replace(
        api,
        error_body=lambda call, refusal: (
            {"errors": [refusal.message]}
            if "not valid JSON" in refusal.message
            else _error(refusal.code, refusal.message)
        ),
    )


@mutant("nextstep.envelope.error")
def unreadable_bodies_are_taken_for_empty(api: Api) -> Api:
    """A body that is not JSON is answered 200 by an update, and ignored."""

    def validate(call: Call) -> Response | None:
        try:
            return api.steps.validate(call)
        except Problem as problem:
            if problem.kind != "malformed-body" or call.operation.id != "updateRunTask":
                raise
            call.body = {}
            return None

    return stepped(api, validate=validate)


@mutant("nextstep.envelope.error")
def an_unknown_id_breaks_the_server(api: Api) -> Api:
    """An id that does not exist is answered 500."""

    def get_task(call: Call) -> Reply:
        try:
            return api.handlers["getRunTask"](call)
        except Problem as problem:
            raise LookupError(problem.kind) from problem

    return handled(api, getRunTask=get_task)


@mutant("nextstep.envelope.json")
def errors_are_declared_as_text(api: Api) -> Api:
    """A refusal is declared as text/html."""
    return replace(api, error_type=b"text/html; charset=utf-8")


@mutant("nextstep.envelope.json")
def a_created_run_is_not_json(api: Api) -> Api:
    """A run that is created is answered with text in front of the JSON."""
    return _rewriting(api, "createProcessRun", lambda body: b"Created: " + body)


@mutant("nextstep.envelope.json")
def a_task_is_answered_without_a_body(api: Api) -> Api:
    """An update answers nothing."""
    return _rewriting(api, "updateRunTask", lambda body: b"")


@mutant("nextstep.envelope.timestamps")
def run_times_have_an_offset(api: Api) -> Api:
    """A run's times are told with an offset instead of Z."""
    return _rewriting(api, "getProcessRun", lambda body: body.replace(b'Z"', b'+00:00"'))


@mutant("nextstep.envelope.timestamps")
def template_times_are_not_told_where(api: Api) -> Api:
    """A template's times lack their Z."""
    return _rewriting(api, "getProcessTemplate", lambda body: body.replace(b'Z"', b'"'))


@mutant("nextstep.envelope.timestamps")
def completion_is_told_as_a_date(api: Api) -> Api:
    """The time at which a task was completed is told as a date."""
    return showing(
        api,
        lambda call, task: {**task, "completed_at": task["completed_at"] and task["completed_at"][:10]},
        "updateRunTask",
    )


@mutant("nextstep.envelope.same-in-list-and-single")
def a_template_has_another_version_by_itself(api: Api) -> Api:
    """A template that is read by its id shows another version than in the list."""
    return showing(api, lambda call, known: {**known, "version": known["version"] + 1}, "getProcessTemplate")


@mutant("nextstep.envelope.same-in-list-and-single")
def a_run_is_renamed_by_itself(api: Api) -> Api:
    """A run that is read by its id shows another title than in the list."""
    return showing(api, lambda call, run: {**run, "title": run["title"].upper()}, "getProcessRun")


@mutant("nextstep.envelope.same-in-list-and-single")
def a_task_is_never_assigned_by_itself(api: Api) -> Api:
    """A task that is read by its id shows nobody as its assignee."""
    return showing(api, members(assignee=None), "getRunTask")


@mutant("nextstep.envelope.same-in-list-and-single")
def completed_runs_cannot_be_read(api: Api) -> Api:
    """A run that is listed as completed is unknown by its id."""

    def get_run(call: Call) -> Reply:
        reply = api.handlers["getProcessRun"](call)
        if decode(_bytes(reply))["data"]["status"] == "completed":
            raise Problem("run-not-found")
        return reply

    return handled(api, getProcessRun=get_run)


def _bytes(reply: Reply) -> bytes:
    assert isinstance(reply.body, bytes), "only lists are cut into pages"
    return reply.body


def _rewriting(api: Api, operation: str, rewrite: Callable[[bytes], bytes]) -> Api:
    """An operation whose answer's bytes are changed."""

    def handler(call: Call) -> Reply:
        reply = api.handlers[operation](call)
        return structs.replace(reply, body=rewrite(_bytes(reply)))

    return handled(api, **{operation: handler})


def _answering(api: Api, operation: str, change: Callable[[Any], Any]) -> Api:
    """An operation whose answer is changed."""
    return _rewriting(api, operation, lambda body: encode(change(decode(body))))


def _error(code: Any, message: str) -> Any:
    return {"error": {"code": code, "message": message}}


def _listing(api: Api, operation: str, change: Callable[[Any], Any]) -> Api:
    """A list whose pages are changed after they were cut."""

    def handler(call: Call) -> Reply:
        return Reply(encode(change(answered(call, api.handlers[operation](call)))))

    return handled(api, **{operation: handler})


def _paged(page: Any, **members: Any) -> Any:
    return {**page, "pagination": {**page["pagination"], **members}}
