"""Mutants of how Tallyfy's templates are made, changed, duplicated, archived and deleted."""

from __future__ import annotations

from typing import Any

from understudy.engine.call import Call, Handler, Reply
from understudy.engine.problem import Problem
from understudy.engine.store import Record, decode, encode
from understudy_checks.mutation import Table
from understudy_checks.mutation.operators import (
    accept_when,
    drop_members,
    ignore_body,
    map_answer,
    map_document,
    on_success,
    optional_body,
    patch_document,
    replace_handler,
    set_members,
    set_status,
)
from understudy_checks.tallyfy.mutants.members import _as_administrator

NEW, UPDATE, NEW_FIELD = (
    f"/components/schemas/{name}" for name in ("NewTemplate", "UpdateTemplate", "NewKickoffField")
)


def _keep(handler: Handler, call: Call) -> Reply:
    """Answer as usual, and leave the templates and their steps as they were."""
    kept = [(name, list(call.store[name])) for name in ("templates", "definitions")]
    reply = handler(call)
    for name, records in kept:
        for record in records:
            call.store[name].put(record)
    return reply


def _forget(call: Call, data: Any) -> None:
    call.store["templates"].remove(data["id"])


def _without_parts(call: Call, data: Any) -> None:
    definition = call.store["definitions"].require(data["id"])
    call.store["definitions"].put({**definition, "steps": []})


def _archives_runs(call: Call, data: Any) -> None:
    for id in list(call.store["runs"].query([("template", call.arguments["checklist_id"])]).ids):
        run = call.store["runs"].require(id)
        call.store["runs"].put({**run, "archived_at": run["created_at"]})


def _same_steps(handler: Handler, call: Call) -> Reply:
    """Duplicate a template, and give its steps the ids of those of the template."""
    old = call.store["definitions"].require(call.arguments["checklist_id"])["steps"]
    reply = handler(call)
    id = decode(bytes(reply.body))["data"]["id"]  # type: ignore[arg-type]
    definition = call.store["definitions"].require(id)
    steps = [{**step, "id": known["id"]} for step, known in zip(definition["steps"], old, strict=True)]
    call.store["definitions"].put({**definition, "steps": steps})
    return reply


def _unchanged(call: Call) -> Reply:
    return Reply(encode({"data": call.store["templates"].require(call.arguments["checklist_id"])}))


def _any(call: Call) -> Reply:
    return Reply(encode({"data": _first(call), "meta": {}, "message": "", "deleted_references": []}))


def _first(call: Call) -> Record:
    return next(iter(call.store["templates"]))


def _made(call: Call) -> Reply:
    return Reply(encode({"data": _first(call)}), 201)


def _add_people(handler: Handler, call: Call) -> Reply:
    """Add the people that are given to those that there are."""
    template = call.store["templates"].get(call.arguments["checklist_id"])
    if template and "users" in call.body:
        call.body["users"] = [*template["users"], *call.body["users"]]
    return handler(call)


def _lose_fields(handler: Handler, call: Call) -> Reply:
    """Take the kick-off fields that are sent for new ones."""
    for field in call.body.get("prerun", ()):
        if field.pop("id", None):
            field |= {"label": field.get("label", "Contract"), "field_type": "file", "required": False}
    return handler(call)


def _without_form(handler: Handler, call: Call) -> Reply:
    reply = handler(call)
    call.store["templates"].put({**call.store["templates"].require(call.arguments["checklist_id"]), "prerun": []})
    return reply


def _with_a_body(handler: Handler, call: Call) -> Reply:
    if not call.request.body:
        raise Problem("invalid")
    return handler(call)


def _no_meta(call: Call, body: Any) -> Any:
    return {**body, "meta": {"restored_references": [], "unrestored_references": []}}


MUTANTS: Table = {
    "templates.created": {
        "A new template is not kept.": on_success("createTemplate", _forget),
        "A new template has no guidance.": ignore_body("createTemplate", "guidance"),
        "A new template is answered 200.": set_status("createTemplate", 200),
    },
    "templates.new-members": {
        "A new template does not tell how many steps it has.": drop_members("createTemplate", "steps_count"),
        "A new template is pinned.": set_members("createTemplate", is_pinned=True),
    },
    "templates.required": {"A template needs no type.": optional_body("createTemplate", NEW, type="procedure")},
    "templates.lengths": {
        "A title may be as long as one likes.": map_document(
            f"{NEW}/properties/title", lambda known: {"type": "string"}
        ),
        "A summary has at most 500 characters.": map_document(
            f"{NEW}/properties/summary", lambda known: {**known, "maxLength": 500}
        ),
    },
    "templates.urls": {
        "A webhook is any text.": patch_document(f"{NEW}/properties/webhook", {"type": ["string", "null"]})
    },
    "templates.own-people": {
        "A template of nobody is made.": accept_when("createTemplate", "invalid", _made),
        "A folder that does not exist is forgotten.": ignore_body(
            "createTemplate",
            "folder_id",
            when=lambda call: call.store["folders"].row(str((call.body or {}).get("folder_id"))) is None,
        ),
    },
    "templates.new-kickoff": {
        "A kick-off field need not say whether it is required.": patch_document(f"{NEW_FIELD}/allOf/1/required", []),
        "A new template has no kick-off form.": ignore_body("createTemplate", "prerun"),
    },
    "template-update.changed": {
        "A changed template stays.": replace_handler("updateTemplate", _keep),
        "A changed template has no icon.": set_members("updateTemplate", icon=None),
    },
    "template-update.title": {"An update needs no title.": optional_body("updateTemplate", UPDATE, title="Untitled")},
    "template-update.people": {"People are added to a template.": replace_handler("updateTemplate", _add_people)},
    "template-update.kickoff": {
        "A kick-off field gets another id with an update.": replace_handler("updateTemplate", _lose_fields),
        "The value of a kick-off field is not checked.": accept_when("updateTemplate", "invalid", _unchanged),
    },
    "template-update.unknown-template": {
        "An update of an unknown template is answered 200.": accept_when("updateTemplate", "not-found", _any)
    },
    "templates.published": {
        "Publishing a template empties its form.": replace_handler("publishTemplate", _without_form),
        "Publishing needs a body.": replace_handler("publishTemplate", _with_a_body),
        "An unknown template is published.": accept_when("publishTemplate", "not-found", _any),
    },
    "templates.cloned": {
        "A duplicate has no steps.": on_success("cloneTemplate", _without_parts),
        "A duplicate's steps have the ids of the template's.": replace_handler("cloneTemplate", _same_steps),
        "A duplicate is called like the template.": ignore_body("cloneTemplate", "title"),
    },
    "templates.archiving": {
        "Archiving is answered 204.": set_status("archiveTemplate", 204),
        "Archiving tells no references.": map_answer(
            "archiveTemplate", lambda call, body: {"message": body["message"], "deleted_references": None}
        ),
    },
    "templates.archived-is-hidden": {
        "An archived template stays in the list.": replace_handler("archiveTemplate", _keep),
        "Archiving a template archives its processes.": on_success("archiveTemplate", _archives_runs),
    },
    "templates.archive-unknown": {
        "Archiving an unknown template is answered 200.": accept_when("archiveTemplate", "not-found", _any)
    },
    "templates.embeds-are-taken-out": {
        "Archiving does not tell whose text it changed.": map_answer(
            "archiveTemplate", lambda call, body: {**body, "deleted_references": []}
        )
    },
    "templates.restored": {
        "A restored template stays archived.": replace_handler("restoreTemplate", _keep),
        "A restored template has lost its steps.": on_success("restoreTemplate", _without_parts),
    },
    "templates.embeds-are-put-back": {
        "Restoring tells no references.": map_answer("restoreTemplate", _no_meta),
        "Restoring does not put embeds back.": replace_handler("restoreTemplate", _keep),
    },
    "templates.purged": {"A deleted template stays.": replace_handler("purgeTemplate", _keep)},
    "templates.purged-only-archived": {
        "A template that is not archived is deleted, too.": accept_when("purgeTemplate", "template-not-archived", _any)
    },
    "templates.purged-only-by-administrators": {
        "Anybody deletes templates.": replace_handler("purgeTemplate", _as_administrator)
    },
}
