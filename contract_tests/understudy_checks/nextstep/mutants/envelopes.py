"""Mutants of NextStep's response shapes: envelopes, errors, content types, times, views that disagree."""

from __future__ import annotations

from typing import Any

from understudy.engine.api import Step
from understudy.engine.call import Call, Handler, Reply
from understudy.engine.exchange import Response
from understudy.engine.problem import Problem, Refusal
from understudy_checks.mutation import Table
from understudy_checks.mutation.operators import (
    map_answer,
    map_bytes,
    map_error,
    reject_item,
    replace_handler,
    replace_step,
    set_error_type,
    set_members,
)


def paged(page: Any, **members: Any) -> Any:
    """Return the page with other members in its pagination."""
    return {**page, "pagination": {**page["pagination"], **members}}


def _drop_the_last_cursor(call: Call, page: Any) -> Any:
    more = page["pagination"]["has_more"]
    return page if more else {**page, "pagination": {"has_more": more}}


def _answer_as_a_framework(refusal: Refusal, body: Any) -> Any:
    return {"detail": "Not Found"} if refusal.message.endswith("is no operation of this API") else body


def _list_unreadable_bodies(refusal: Refusal, body: Any) -> Any:
    return {"errors": [refusal.message]} if "not valid JSON" in refusal.message else body


def _take_unreadable_for_empty(step: Step, call: Call) -> Response | None:
    try:
        return step(call)
    except Problem as problem:
        if problem.kind != "malformed-body" or call.operation.id != "updateRunTask":
            raise
        call.body = {}
        return None


def _fall_over(handler: Handler, call: Call) -> Reply:
    try:
        return handler(call)
    except Problem as problem:
        raise LookupError(problem.kind) from problem


MUTANTS: Table = {
    "envelope.single": {
        "A run that is read is not under `data`.": map_answer("getProcessRun", lambda call, body: body["data"]),
        "A run that is created is not under `data`.": map_answer("createProcessRun", lambda call, body: body["data"]),
        "An update answers a list that holds the task.": map_answer(
            "updateRunTask", lambda call, body: {"data": [body["data"]]}
        ),
        "A template that is read is under `template`.": map_answer(
            "getProcessTemplate", lambda call, body: {"template": body["data"]}
        ),
    },
    "envelope.list": {
        "A list of templates is an array.": map_answer("listProcessTemplates", lambda call, page: page["data"]),
        "A list of a run's tasks has no pagination.": map_answer(
            "listRunTasks", lambda call, page: {"data": page["data"]}
        ),
        "The `has_more` of the runs is the text true or false.": map_answer(
            "listProcessRuns", lambda call, page: paged(page, has_more=str(page["pagination"]["has_more"]))
        ),
        "The `next_cursor` of a template's tasks is a number.": map_answer(
            "listTemplateTasks", lambda call, page: paged(page, next_cursor=len(page["data"]))
        ),
        "The last page of the runs has no `next_cursor`, not even null.": map_answer(
            "listProcessRuns", _drop_the_last_cursor
        ),
    },
    "envelope.error": {
        "`error` is the message alone.": map_error(lambda refusal, body: {"error": refusal.message}),
        "`error` holds no code.": map_error(lambda refusal, body: {"error": {"message": refusal.message}}),
        "`error.code` is the status.": map_error(
            lambda refusal, body: {"error": {"code": refusal.status, "message": refusal.message}}
        ),
        "A path that is no endpoint is answered by some framework in its own shape.": map_error(_answer_as_a_framework),
        "A body that is not JSON is answered with a list of errors.": map_error(_list_unreadable_bodies),
        "A body that is not JSON is answered 200 by an update, and ignored.": replace_step(
            "validate", _take_unreadable_for_empty
        ),
        "An id that does not exist is answered 500.": replace_handler("getRunTask", _fall_over),
    },
    "envelope.json": {
        "A refusal is declared as text/html.": set_error_type(b"text/html; charset=utf-8"),
        "A run that is created is answered with text in front of the JSON.": map_bytes(
            "createProcessRun", lambda body: b"Created: " + body
        ),
        "An update answers nothing.": map_bytes("updateRunTask", lambda body: b""),
    },
    "envelope.timestamps": {
        "A run's times are told with an offset instead of Z.": map_bytes(
            "getProcessRun", lambda body: body.replace(b'Z"', b'+00:00"')
        ),
        "A template's times lack their Z.": map_bytes("getProcessTemplate", lambda body: body.replace(b'Z"', b'"')),
        "The time at which a task was completed is told as a date.": set_members(
            "updateRunTask", completed_at=lambda task: task["completed_at"] and task["completed_at"][:10]
        ),
    },
    "envelope.same-in-list-and-single": {
        "A template that is read by its id shows another version than in the list.": set_members(
            "getProcessTemplate", version=lambda template: template["version"] + 1
        ),
        "A run that is read by its id shows another title than in the list.": set_members(
            "getProcessRun", title=lambda run: run["title"].upper()
        ),
        "A task that is read by its id shows nobody as its assignee.": set_members("getRunTask", assignee=None),
        "A run that is listed as completed is unknown by its id.": reject_item(
            "getProcessRun", lambda run: run["status"] == "completed", "run-not-found"
        ),
    },
}
