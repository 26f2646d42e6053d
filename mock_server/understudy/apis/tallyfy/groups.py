"""The operations on Tallyfy's groups of people and guests.

Sources: Groups > *. Creating and updating a group is declared in the document.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from understudy.apis.tallyfy import includes as tallyfy_includes
from understudy.apis.tallyfy.envelope import single
from understudy.apis.tallyfy.includes import requested_includes, run_tasks
from understudy.apis.tallyfy.life_cycle import summarize_tasks
from understudy.apis.tallyfy.members import shown_member
from understudy.apis.tallyfy.records import find, listing_of, person_id
from understudy.engine.call import Call, Json, Reply
from understudy.engine.store import Collection, Record, decode, encode

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
    for task in _having(call.store["tasks"], group["id"]):
        _hand_over(call, task, group)
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


def _hand_over(call: Call, task: Record, group: Record) -> None:
    """Give a task of a group to its members and guests (Groups > Delete group)."""
    owners = task["owners"]
    people = [id for person in group["members"] if (id := person_id(call.store, person)) is not None]
    task["owners"] = {
        "users": list(dict.fromkeys([*owners["users"], *people])),
        "guests": list(dict.fromkeys([*owners["guests"], *group["guests"]])),
        "groups": [id for id in owners["groups"] if id != group["id"]],
    }
    call.store["tasks"].put(task)
    run = call.store["runs"].get(task["run_id"]) if task["run_id"] else None
    if run is not None:
        summarize_tasks(run, run_tasks(call, run["id"]))
        call.store["runs"].put(run)


def _having(tasks: Collection, group: str) -> Iterator[Record]:
    rows = tasks.query([("group", group)])
    yield from map(decode, rows.slice(0, rows.size()))


def _shown(call: Call, group: Record, wanted: Iterable[str]) -> Record:
    return group | {name: _include(call, group, name) for name in wanted if name != "guests"}


def _include(call: Call, group: Record, name: str) -> Json:
    people = [call.store["people"].get(str(id)) for id in group["members"]] if name == "users" else []
    return tallyfy_includes.undescribed(call, [shown_member(person) for person in people if person])
