"""Mutants of the answers that are set one by one, and of kick-off fields that go."""

from __future__ import annotations

from understudy.engine.call import Call, Handler, Reply
from understudy.engine.store import encode
from understudy_checks.mutation import Table
from understudy_checks.mutation.operators import accept_when, on_request, replace_handler

SET, GUEST, DELETE = "setFieldValue", "setGuestFieldValue", "deleteKickoffField"


def _forget(handler: Handler, call: Call) -> Reply:
    """Answer as usual, and leave the task or the process as it was."""
    holder = call.body["id"].partition(":")[0]
    kept = [(name, call.store[name].get(holder)) for name in ("tasks", "runs")]
    reply = handler(call)
    for name, record in kept:
        if record is not None:
            call.store[name].put(record)
    return reply


def _alone(call: Call) -> None:
    """Forget the other answers of the task."""
    task = call.store["tasks"].get(call.body["id"].partition(":")[0])
    if task is not None and task["status"] != "completed":
        call.store["tasks"].put({**task, "taskdata": {}})


def _of_anybody(handler: Handler, call: Call) -> Reply:
    """Answer for a guest who does not own the task, too."""
    task = call.store["tasks"].get(call.body["id"].partition(":")[0])
    if task is not None:
        owners = {**task["owners"], "guests": [*task["owners"]["guests"], call.arguments["guest_id"]]}
        call.store["tasks"].put({**task, "owners": owners})
    return handler(call)


def _keep(handler: Handler, call: Call) -> Reply:
    template = call.store["templates"].get(call.arguments["checklist_id"])
    reply = handler(call)
    call.store["templates"].put(template or {})
    return reply


def _accept(call: Call) -> Reply:
    return Reply(encode({"data": {"id": "a", "field_type": "text"}}))


def _nothing(call: Call) -> Reply:
    return Reply(b"", 204)


MUTANTS: Table = {
    "form-values.set": {
        "A single answer is not kept.": replace_handler(SET, _forget),
        "A single answer removes the others.": on_request(SET, _alone),
    },
    "form-values.refused": {
        "A wrong single answer is accepted.": accept_when(SET, "invalid", _accept),
        "A single answer of nothing is accepted.": accept_when(SET, "not-found", _accept),
    },
    "form-values.guest": {
        "A guest's answer is not kept.": replace_handler(GUEST, _forget),
        "Any guest answers.": replace_handler(GUEST, _of_anybody),
    },
    "kickoff-fields.deleted": {"A deleted kick-off field stays.": replace_handler(DELETE, _keep)},
    "kickoff-fields.unknown-field": {
        "Deleting an unknown kick-off field is answered 204.": accept_when(DELETE, "not-found", _nothing)
    },
}
