"""The operations on the steps of Tallyfy's templates.

Source: the official clients. A step that is deleted stays in the store, archived, for the tasks of running processes.
"""

from __future__ import annotations

from collections.abc import Sequence

from understudy.apis.tallyfy.envelope import nothing, single
from understudy.apis.tallyfy.records import find, listing_of, new_id, stamp
from understudy.apis.tallyfy.references import owners_member
from understudy.apis.tallyfy.template_records import alias, live_steps, new_step, store_template
from understudy.engine.call import Call, Reply
from understudy.engine.problem import Problem
from understudy.engine.store import Record, encode

_MEMBERS = (
    *("title", "summary", "step_type", "webhook", "max_assignable", "deadline", "start_date", "allow_guest_owners"),
    *("can_complete_only_assignees", "everyone_must_complete", "assign_run_starter", "prevent_guest_comment"),
)


def list_steps(call: Call) -> Reply:
    """GET /organizations/{org_id}/checklists/{checklist_id}/steps."""
    return Reply(listing_of([encode(step) for step in live_steps(definition_of(call))]))


def create_step(call: Call) -> Reply:
    """POST /organizations/{org_id}/checklists/{checklist_id}/steps: the new step is the last one."""
    definition = definition_of(call)
    step = new_step(definition["id"], call.body["title"], stamp(call.now)) | _described(call)
    return _added(call, definition, step)


def get_step(call: Call) -> Reply:
    """GET /organizations/{org_id}/checklists/{checklist_id}/steps/{step_id}."""
    return Reply(single(step_of(definition_of(call), call.arguments["step_id"])))


def update_step(call: Call) -> Reply:
    """PUT /organizations/{org_id}/checklists/{checklist_id}/steps/{step_id}."""
    definition = definition_of(call)
    step = step_of(definition, call.arguments["step_id"])
    step |= {**_described(call), "alias": alias(call.body["title"]), "last_updated": stamp(call.now)}
    store_definition(call, definition)
    return Reply(single(step))


def delete_step(call: Call) -> Reply:
    """DELETE /organizations/{org_id}/checklists/{checklist_id}/steps/{step_id}."""
    definition = definition_of(call)
    step_of(definition, call.arguments["step_id"])["archived_at"] = stamp(call.now)
    store_definition(call, definition)
    return Reply(nothing(call))


def clone_step(call: Call) -> Reply:
    """POST /organizations/{org_id}/checklists/{checklist_id}/steps/{step_id}/clone: the copy is the last step."""
    definition = definition_of(call)
    step, now = step_of(definition, call.arguments["step_id"]), stamp(call.now)
    copied = {**step, "created_at": now, "last_updated": now}
    copied["captures"] = [{**field, "id": new_id(call)} for field in step["captures"]]
    return _added(call, definition, copied)


def reorder_step(call: Call) -> Reply:
    """PUT /organizations/{org_id}/checklists/{checklist_id}/steps/{step_id}/reorder."""
    definition = definition_of(call)
    step = step_of(definition, call.arguments["step_id"])
    place(live_steps(definition), step, call.body["position"])
    store_definition(call, definition)
    return Reply(single(step))


def definition_of(call: Call) -> Record:
    """Return the steps of the template that the path names, to change and put back."""
    template = find(call, "templates", call.arguments["checklist_id"])
    if template["archived_at"]:
        raise Problem("not-found")
    return call.store["definitions"].require(template["id"])


def step_of(definition: Record, id: str) -> Record:
    """Return a step; raises Problem not-found."""
    for step in live_steps(definition):
        if step["id"] == id:
            return step
    raise Problem("not-found")


def place(among: Sequence[Record], one: Record, position: int) -> list[Record]:
    """Number things from 1, with one of them at a position, or last; returns them in this order."""
    placed = [other for other in among if other is not one]
    placed.insert(min(position, len(placed) + 1) - 1, one)
    for at, other in enumerate(placed, 1):
        other["position"] = at
    return placed


def store_definition(call: Call, definition: Record) -> None:
    """Store changed steps, and what the template tells of them."""
    steps = live_steps(definition)
    for at, step in enumerate(steps, 1):
        step["position"] = at
    call.store["definitions"].put(definition)
    template = call.store["templates"].require(definition["id"])
    store_template(call, {**template, "steps_count": len(steps), "last_updated": stamp(call.now)})


def _added(call: Call, definition: Record, step: Record) -> Reply:
    id = new_id(call)
    fields = [{**field, "step_id": id} for field in step["captures"]]
    step = {**step, "id": id, "captures": fields, "position": len(live_steps(definition)) + 1}
    definition["steps"].append(step)
    store_definition(call, definition)
    return Reply(single(step))


def _described(call: Call) -> Record:
    """What the body says of a step; whoever is not named is no longer assigned."""
    body = call.body
    given = {"users": body.get("assignees", []), "guests": body.get("guests", []), "groups": body.get("groups", [])}
    owners = owners_member(call, given, given, path="assignees")
    assigned = {"assignees": owners["users"], "guests": owners["guests"], "groups": owners["groups"]}
    return {name: body[name] for name in _MEMBERS if name in body} | assigned
