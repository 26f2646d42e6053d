"""The operations on the form fields of the steps of Tallyfy's templates.

Source: the official clients. A changed field is changed in the tasks of running processes, too.
"""

from __future__ import annotations

from understudy.apis.tallyfy.envelope import nothing, single
from understudy.apis.tallyfy.records import stamp
from understudy.apis.tallyfy.steps import definition_of, place, step_of, store_definition
from understudy.apis.tallyfy.template_records import described, field_of
from understudy.engine.call import Call, Reply
from understudy.engine.problem import Problem
from understudy.engine.store import Record


def create_field(call: Call) -> Reply:
    """POST .../steps/{step_id}/captures."""
    definition, step = _step(call)
    last = len(step["captures"]) + 1
    field = field_of(call, call.body, last) | {"checklist_id": definition["id"], "step_id": step["id"]}
    step["captures"] = place(step["captures"], field, field["position"])
    return _stored(call, definition, field)


def update_field(call: Call) -> Reply:
    """PUT .../steps/{step_id}/captures/{field_id}."""
    definition, step = _step(call)
    field = _field(step, call.arguments["field_id"])
    field |= {**described(call.body), "last_updated": stamp(call.now)}
    step["captures"] = place(step["captures"], field, field["position"])
    return _stored(call, definition, field)


def delete_field(call: Call) -> Reply:
    """DELETE .../steps/{step_id}/captures/{field_id}."""
    definition, step = _step(call)
    _take(step, _field(step, call.arguments["field_id"]))
    store_definition(call, definition)
    return Reply(nothing(call))


def reorder_fields(call: Call) -> Reply:
    """PUT .../steps/{step_id}/captures: puts one field at a position."""
    definition, step = _step(call)
    field = _field(step, call.body["capture_id"])
    step["captures"] = place(step["captures"], field, call.body["position"])
    return _stored(call, definition, field)


def move_field(call: Call) -> Reply:
    """PUT .../steps/{step_id}/captures/{field_id}/move-out: puts a field into another step."""
    definition, step = _step(call)
    field = _field(step, call.arguments["field_id"])
    target = step_of(definition, call.body["target_step_id"])
    _take(step, field)
    field["step_id"] = target["id"]
    target["captures"] = place(target["captures"], field, call.body.get("position", 1))
    return _stored(call, definition, field)


def _step(call: Call) -> tuple[Record, Record]:
    definition = definition_of(call)
    return definition, step_of(definition, call.arguments["step_id"])


def _field(step: Record, id: str) -> Record:
    for field in step["captures"]:
        if field["id"] == id:
            found: Record = field
            return found
    raise Problem("not-found")


def _take(step: Record, field: Record) -> None:
    """Take a field out of its step, and number the others."""
    step["captures"] = [other for other in step["captures"] if other is not field]
    for at, other in enumerate(step["captures"], 1):
        other["position"] = at


def _stored(call: Call, definition: Record, field: Record) -> Reply:
    store_definition(call, definition)
    return Reply(single(field))
