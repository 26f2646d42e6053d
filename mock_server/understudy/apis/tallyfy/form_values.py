"""The operations on single answers of Tallyfy's form fields, and the removal of a kick-off field.

Source: the official clients.
"""

from __future__ import annotations

from understudy.apis.tallyfy.envelope import nothing, single
from understudy.apis.tallyfy.fields import refusal, with_answer
from understudy.apis.tallyfy.guests import guest_named
from understudy.apis.tallyfy.includes import fields_of
from understudy.apis.tallyfy.life_cycle import move, update_status
from understudy.apis.tallyfy.records import find, stamp
from understudy.apis.tallyfy.tasks import check_changeable
from understudy.apis.tallyfy.template_records import store_template
from understudy.engine.call import Call, Reply
from understudy.engine.problem import Problem
from understudy.engine.store import Record


def set_value(call: Call) -> Reply:
    """PUT /organizations/{org_id}/form-field/value: answers one field of a task or of a kick-off form."""
    holder, _, field_id = call.body["id"].partition(":")
    if call.assumed("tallyfy.form-values.id") == "unknown":
        raise Problem("not-found")
    run = call.store["runs"].get(holder)
    return _set_kickoff(call, run, field_id) if run else _set_task(call, find(call, "tasks", holder), field_id)


def set_guest_value(call: Call) -> Reply:
    """POST /organizations/{org_id}/guests/{guest_id}/form-field/value: answers one field of a task of the guest."""
    guest = guest_named(call, call.arguments["guest_id"])
    holder, _, field_id = call.body["id"].partition(":")
    task = find(call, "tasks", holder)
    if guest["email"] not in task["owners"]["guests"] or call.assumed("tallyfy.form-values.id") == "unknown":
        raise Problem("not-found")
    return _set_task(call, task, field_id)


def delete_kickoff_field(call: Call) -> Reply:
    """DELETE /organizations/{org_id}/checklists/{checklist_id}/preruns/{field_id}."""
    template = find(call, "templates", call.arguments["checklist_id"])
    kept = [field for field in template["prerun"] if field["id"] != call.arguments["field_id"]]
    if template["archived_at"] or len(kept) == len(template["prerun"]):
        raise Problem("not-found")
    prerun = [{**field, "position": at} for at, field in enumerate(kept, 1)]
    store_template(call, {**template, "prerun": prerun, "last_updated": stamp(call.now)})
    return Reply(nothing(call))


def _set_kickoff(call: Call, run: Record, field_id: str) -> Reply:
    fields = call.store["templates"].require(run["checklist_id"])["prerun"]
    if run["archived_at"]:
        raise Problem("run-archived")
    field = _accepted(call, fields, field_id)
    run["prerun"] = {**run["prerun"], field_id: call.body["form_value"]}
    call.store["runs"].put(run | {"last_updated": stamp(call.now)})
    return Reply(single(with_answer(call, field, run["prerun"])))


def _set_task(call: Call, task: Record, field_id: str) -> Reply:
    run = call.store["runs"].get(task["run_id"]) if task["run_id"] else None
    if run:
        check_changeable(run)
    if task["status"] == "completed":
        raise Problem("task-locked", fields={"id": ["A completed task cannot be updated"]})
    field = _accepted(call, fields_of(call, task), field_id)
    task["taskdata"] = {**task["taskdata"], field_id: call.body["form_value"]}
    if call.assumed("tallyfy.task-update.first-answer") == "in-progress":
        move(task, "answer")
    call.store["tasks"].put(task | {"last_updated": stamp(call.now)})
    if run:
        update_status(call, run)
    return Reply(single(with_answer(call, field, task["taskdata"])))


def _accepted(call: Call, fields: list[Record], field_id: str) -> Record:
    """The named field; raises Problem not-found, or invalid for an answer that it refuses."""
    field = next((field for field in fields if field["id"] == field_id), None)
    if field is None:
        raise Problem("not-found")
    message = refusal(call, field, call.body["form_value"])
    if message:
        raise Problem("invalid", message, fields={"form_value": [message]})
    return field
