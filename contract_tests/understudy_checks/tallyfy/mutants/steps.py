"""Mutants of the steps of Tallyfy's templates, their form fields, and automated actions."""

from __future__ import annotations

from typing import Any

from understudy.engine.call import Call, Handler, Reply
from understudy.engine.store import encode
from understudy_checks.mutation import Table
from understudy_checks.mutation.operators import (
    accept_when,
    drop_members,
    ignore_body,
    map_list,
    optional_body,
    replace_handler,
    set_members,
)

NEW_STEP, NEW_FIELD, NEW_AUTOMATION = (f"/components/schemas/New{name}" for name in ("Step", "Field", "Automation"))


def _keep_template(handler: Handler, call: Call) -> Reply:
    """Answer as usual, and leave the template and its steps as they were."""
    id = call.arguments["checklist_id"]
    kept = [(name, call.store[name].get(id)) for name in ("templates", "definitions")]
    reply = handler(call)
    for name, record in kept:
        if record is not None:
            call.store[name].put(record)
    return reply


def _same_ids(handler: Handler, call: Call) -> Reply:
    """Copy a step, and leave the ids of its fields as they are."""
    definition = call.store["definitions"].require(call.arguments["checklist_id"])
    fields = next((one["captures"] for one in definition["steps"] if one["id"] == call.arguments["step_id"]), None)
    handler(call)
    definition = call.store["definitions"].require(call.arguments["checklist_id"])
    definition["steps"][-1]["captures"] = fields
    call.store["definitions"].put(definition)
    return Reply(encode({"data": definition["steps"][-1]}), 201)


def _first(call: Call) -> Reply:
    step = call.store["definitions"].require(call.arguments["checklist_id"])["steps"][0]
    return Reply(encode({"data": step}))


def _nothing(call: Call) -> Reply:
    return Reply(b"", 204)


def _position(position: int) -> Any:
    def at(handler: Handler, call: Call) -> Reply:
        call.body["position"] = position
        return handler(call)

    return at


def _first_of_all(handler: Handler, call: Call) -> Reply:
    """Add a step, and put it before the others."""
    reply = handler(call)
    definition = call.store["definitions"].require(call.arguments["checklist_id"])
    definition["steps"][-1]["position"] = 0
    call.store["definitions"].put(definition)
    return reply


def _keep_people(handler: Handler, call: Call) -> Reply:
    for step in call.store["definitions"].require(call.arguments["checklist_id"])["steps"]:
        if step["id"] == call.arguments["step_id"]:
            call.body.setdefault("assignees", step["assignees"])
    return handler(call)


MUTANTS: Table = {
    "steps.listed": {"The last step is not listed.": map_list("listSteps", lambda call, rows: rows[:-1])},
    "steps.created": {
        "A new step is the first one.": replace_handler("createStep", _first_of_all),
        "A new step has no summary.": ignore_body("createStep", "summary"),
    },
    "steps.title": {"A step needs no title.": optional_body(("createStep", "updateStep"), NEW_STEP, title="Untitled")},
    "steps.read": {"A step shows no form fields.": drop_members("getStep", "captures")},
    "steps.unknown-step": {"An unknown step is another one.": accept_when("getStep", "not-found", _first)},
    "steps.updated": {
        "An update leaves a step as it was.": replace_handler("updateStep", _keep_template),
        "An update without people keeps them.": replace_handler("updateStep", _keep_people),
    },
    "steps.deleted": {"A deleted step stays.": replace_handler("deleteStep", _keep_template)},
    "steps.cloned": {
        "A copy is not kept.": replace_handler("cloneStep", _keep_template),
        "The fields of a copy are those of the step.": replace_handler("cloneStep", _same_ids),
    },
    "steps.reordered": {
        "A step that is moved stays.": replace_handler("reorderStep", _keep_template),
        "A step is always moved to the front.": replace_handler("reorderStep", _position(1)),
    },
    "step-fields.created": {
        "A new form field is not kept.": replace_handler("createField", _keep_template),
        "A new form field is always the last.": ignore_body("createField", "position"),
    },
    "step-fields.required": {
        "A form field needs no label.": optional_body("createField", NEW_FIELD, label="Field", field_type="text")
    },
    "step-fields.updated": {
        "A changed form field stays.": replace_handler("updateField", _keep_template),
        "A changed form field is required.": set_members("updateField", required=True),
    },
    "step-fields.unknown-field": {
        "Deleting an unknown form field is answered 204.": accept_when("deleteField", "not-found", _nothing)
    },
    "step-fields.deleted": {"A deleted form field stays.": replace_handler("deleteField", _keep_template)},
    "step-fields.reordered": {
        "A form field is always moved to the front.": replace_handler("reorderFields", _position(1))
    },
    "step-fields.moved": {
        "A form field that is moved to another step stays.": replace_handler("moveField", _keep_template),
        "A form field is always the first of the other step.": replace_handler("moveField", _position(1)),
    },
    "automations.created": {
        "A new automated action is not in its template.": replace_handler("createAutomation", _keep_template),
        "A new automated action has no name.": ignore_body("createAutomation", "automated_alias"),
    },
    "automations.required": {
        "An automated action needs no conditions.": optional_body(
            "createAutomation", NEW_AUTOMATION, conditions=[], then_actions=[]
        )
    },
    "automations.updated": {
        "A changed automated action stays.": replace_handler("updateAutomation", _keep_template),
        "A changed automated action loses its name.": set_members("updateAutomation", automated_alias=None),
    },
    "automations.unknown-automation": {
        "Deleting an unknown automated action is answered 204.": accept_when("deleteAutomation", "not-found", _nothing)
    },
    "automations.deleted": {"A deleted automated action stays.": replace_handler("deleteAutomation", _keep_template)},
}
