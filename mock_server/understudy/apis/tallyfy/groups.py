"""The operations on Tallyfy's groups of people and guests.

Sources: Groups > *. Creating and updating a group is declared in the document.
"""

from __future__ import annotations

from collections.abc import Iterable

from understudy.apis.tallyfy import includes as tallyfy_includes
from understudy.apis.tallyfy.envelope import single
from understudy.apis.tallyfy.includes import requested_includes
from understudy.apis.tallyfy.owners import replace_owner
from understudy.apis.tallyfy.people import shown_member
from understudy.apis.tallyfy.records import find, listing_of, person_id
from understudy.engine.call import Call, Json, Reply
from understudy.engine.store import Record, encode

_INCLUDES = {"assets": None, "users": None, "guests": None}
_ORDER = {"name": "name", "created_at": "created_at", "updated_at": "last_updated"}


def list_groups(call: Call) -> Reply:
    """GET /organizations/{org_id}/groups."""
    wanted, text = requested_includes(call, _INCLUDES), call.arguments.get("q", "").lower()
    found = [
        group
        for group in call.store["groups"]
        if any(text in str(group[name] or "").lower() for name in ("name", "description"))
    ]
    found.sort(key=lambda group: str(group[_ORDER[call.arguments["sort_by"]]]))
    return Reply(listing_of([encode(_shown(call, group, wanted)) for group in found]))


def get_group(call: Call) -> Reply:
    """GET /organizations/{org_id}/groups/{group_id}."""
    wanted = requested_includes(call, _INCLUDES)
    return Reply(single(_shown(call, find(call, "groups", call.arguments["group_id"]), wanted)))


def delete_group(call: Call) -> Reply:
    """DELETE /organizations/{org_id}/groups/{group_id}: takes it from all that it was assigned to."""
    group = find(call, "groups", call.arguments["group_id"])
    people = [id for person in group["members"] if (id := person_id(call.store, person)) is not None]
    replace_owner(call, "groups", group["id"], people, guests=group["guests"])
    for definition in call.store["definitions"]:
        for step in definition["steps"]:
            step["groups"] = [id for id in step["groups"] if id != group["id"]]
        call.store["definitions"].put(definition)
    for name in ("runs", "templates"):
        for record in call.store[name]:
            if group["id"] in record["groups"]:
                call.store[name].put({**record, "groups": [id for id in record["groups"] if id != group["id"]]})
    call.store["groups"].remove(group["id"])
    return Reply(b"", 204)


def _shown(call: Call, group: Record, wanted: Iterable[str]) -> Record:
    return group | {name: _include(call, group, name) for name in wanted if name != "guests"}


def _include(call: Call, group: Record, name: str) -> Json:
    people = [call.store["people"].get(str(id)) for id in group["members"]] if name == "users" else []
    return tallyfy_includes.undescribed(call, [shown_member(person) for person in people if person])
