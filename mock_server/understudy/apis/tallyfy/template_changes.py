"""How Tallyfy's templates are made, changed and duplicated.

Sources: Templates > Create a template, Update template; the official clients.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from understudy.apis.tallyfy import includes as tallyfy_includes
from understudy.apis.tallyfy.access import is_active_member
from understudy.apis.tallyfy.envelope import single
from understudy.apis.tallyfy.fields import refusal
from understudy.apis.tallyfy.records import find, my_number, new_id, number, person_id, stamp
from understudy.apis.tallyfy.references import known_ids, people_member, person_member
from understudy.apis.tallyfy.template_records import (
    TEMPLATE_DEFAULTS,
    alias,
    by_position,
    described,
    live_steps,
    new_field,
    new_fields,
    store_template,
)
from understudy.engine.call import Call, Json, Reply
from understudy.engine.problem import Problem
from understudy.engine.store import Record, Store

_PLAIN = (
    *("title", "type", "summary", "webhook", "explanation_video", "starred", "guidance", "icon", "is_public", "alias"),
    *("is_featured", "public_cover", "default_process_name_format", "is_public_kickoff", "auto_naming", "is_pinned"),
    *("dual_version_enabled", "folderize_process", "tag_process", "allow_launcher_change_name", "can_add_oot"),
    *("kickoff_title", "kickoff_description", "default_folder", "folder_changeable_by_launcher"),
)


def create_template(call: Call) -> Reply:
    """POST /organizations/{org_id}/checklists."""
    me, now = my_number(call), stamp(call.now)
    person_member(call, "user_id", me)
    status = call.assumed("tallyfy.templates.fresh-status")
    template = {**TEMPLATE_DEFAULTS, "owner_id": me, "status": status, **_described(call, me), "_": {"tags": []}}
    form = by_position(new_fields(call, call.body.get("prerun") or ()))
    template |= {"prerun": form, "created_by": me, "created_at": now}
    return _added(call, template, [], [])


def update_template(call: Call) -> Reply:
    """PUT /organizations/{org_id}/checklists/{checklist_id}: changes what is given."""
    template = find(call, "templates", call.arguments["checklist_id"])
    if template["archived_at"]:
        raise Problem("not-found")
    template |= _described(call, template["owner_id"])
    if "prerun" in call.body:
        template["prerun"] = _kickoff(call, template)
    template |= {"last_updated": stamp(call.now), "last_updated_by": my_number(call)}
    store_template(call, template)
    return Reply(single(tallyfy_includes.template(call, template)))


def publish_template(call: Call) -> Reply:
    """PUT /organizations/{org_id}/checklists/{checklist_id}/publish."""
    template = find(call, "templates", call.arguments["checklist_id"])
    if template["archived_at"]:
        raise Problem("not-found")
    template["is_published_state"] = True
    store_template(call, template)
    return Reply(single(tallyfy_includes.template(call, template)))


def clone_template(call: Call) -> Reply:
    """POST /organizations/{org_id}/checklists/{checklist_id}/clone: copies it, also from another organization."""
    store = _source(call)
    template = store["templates"].get(call.arguments["checklist_id"])
    if template is None or template["archived_at"]:
        raise Problem("not-found")
    definition = store["definitions"].require(template["id"])
    parts = {**definition, "steps": live_steps(definition), "prerun": template["prerun"]}
    parts["rules"] = template["automated_actions"]
    copied = _renamed(parts, {id: new_id(call) for id in _ids(parts)})
    if store is not call.store:
        template, copied = _foreign(call, template, copied)
    name = call.assumed("tallyfy.templates.copy-title").replace("{title}", template["title"])
    own = {
        "title": (call.body or {}).get("title") or name,
        "alias": None,
        "created_by": my_number(call),
        "created_at": stamp(call.now),
    }
    template |= {**own, "prerun": copied["prerun"], "automated_actions": copied["rules"], "is_pinned": False}
    return _added(call, template, copied["steps"], copied["stages"])


def _described(call: Call, owner: int) -> Record:
    """What the body says of a template; raises Problem invalid for people, groups and folders that do not exist."""
    body = call.body
    given = {name: body[name] for name in _PLAIN if name in body}
    given["owner_id"] = person_member(call, "owner_id", owner)
    if "users" in body:
        given["users"] = people_member(call, "users")
    if "groups" in body:
        given["groups"] = known_ids(call, "groups", "groups")
    if "folder_id" in body:
        given["folder_id"] = body["folder_id"]
        if body["folder_id"] is not None and call.store["folders"].row(body["folder_id"]) is None:
            raise Problem("invalid", fields={"folder_id": ["The selected folder id is invalid."]})
    return given


def _kickoff(call: Call, template: Record) -> list[Record]:
    """The kick-off form as the body describes it: known fields by their ids, and new ones."""
    known = {field["id"]: field for field in template["prerun"]}
    given = call.body["prerun"]
    _check_fields(call, given, known)
    fields = [_field(call, template, known.get(one.get("id")), one) for one in given]
    if call.assumed("tallyfy.template-update.left-out-fields") == "kept":
        fields += [field for id, field in known.items() if id not in [one.get("id") for one in given]]
    places = [one.get("position", at) for at, one in enumerate(given, 1)]
    places += range(len(given) + 1, len(fields) + 1)
    return by_position([{**field, "position": at} for at, field in zip(places, fields, strict=True)])


def _check_fields(call: Call, given: Sequence[Record], known: Mapping[str, Record]) -> None:
    """Raise Problem invalid for new fields that lack something, unknown ones, and values that their type refuses."""
    wrong: dict[str, list[str]] = {}
    for at, one in enumerate(given):
        field = known.get(one.get("id", ""))
        if field is None and "id" in one:
            wrong[f"prerun.{at}.id"] = ["The selected field is invalid."]
        missing = [] if field or "id" in one else [n for n in ("label", "field_type", "required") if n not in one]
        wrong |= {f"prerun.{at}.{name}": [f"The {name.replace('_', ' ')} field is required."] for name in missing}
        message = field and "value" in one and refusal(call, {**field, **described(one)}, one["value"])
        if message:
            wrong[f"prerun.{at}.value"] = [message]
    if wrong:
        raise Problem("invalid", fields=wrong)


def _field(call: Call, template: Record, known: Record | None, given: Record) -> Record:
    now = stamp(call.now)
    field = known or {**new_field(template["id"], given["label"], now), "id": new_id(call)}
    value = {"value": given["value"]} if "value" in given else {}
    return {**field, **described(given), **value, "last_updated": now}


def _added(call: Call, template: Record, steps: Sequence[Json], stages: Json) -> Reply:
    """Store a template under a new id, with its steps, and reply with it."""
    id, now = new_id(call), stamp(call.now)
    template |= {"id": id, "increment_id": number(call.store, "templates"), "steps_count": len(steps)}
    template |= {"alias": template.get("alias") or _alias(template["title"], id), "last_updated": now}
    template |= {"last_updated_by": my_number(call)}
    template["prerun"] = [{**field, "checklist_id": id} for field in template["prerun"]]
    named = [{**step, "checklist_id": id, "captures": [_at(id, step, f) for f in step["captures"]]} for step in steps]
    call.store["definitions"].put({"id": id, "steps": named, "stages": stages})
    call.store["templates"].put(template)
    return Reply(single(tallyfy_includes.template(call, template)))


def _alias(title: str, id: str) -> str:
    return f"{alias(title).replace('_', '-')}-{id[:6]}"


def _at(template: str, step: Record, field: Record) -> Record:
    return {**field, "checklist_id": template, "step_id": step["id"]}


def _source(call: Call) -> Store:
    """The organization that a copy is made from, by default that of the copy."""
    tenant = (call.body or {}).get("tenant") or call.credential.tenant
    if not is_active_member(call, tenant):
        raise Problem("foreign-organization")
    return call.tenants[tenant]


def _foreign(call: Call, template: Record, parts: Record) -> tuple[Record, Record]:
    """A template and its parts of another organization, without the people, groups and folders of that one."""
    template = {**template, "owner_id": my_number(call), "users": [], "groups": [], "folder_id": None}
    template |= {"_": {"tags": []}, "default_folder": None}
    steps = [
        {**step, "groups": [], "assignees": [p for p in step["assignees"] if person_id(call.store, p) is not None]}
        for step in parts["steps"]
    ]
    return template, {**parts, "steps": steps}


def _ids(parts: Record) -> Iterator[str]:
    """The ids of steps, fields, automated actions, and their conditions and actions."""
    for part in (*parts["steps"], *parts["prerun"], *parts["rules"]):
        yield part["id"]
        for name in ("captures", "conditions", "then_actions"):
            yield from (one["id"] for one in part.get(name, ()))


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    """A JSON value in which each text that is one of these names is replaced."""
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, list):
        return [_renamed(one, names) for one in value]
    return {name: _renamed(one, names) for name, one in value.items()} if isinstance(value, dict) else value
