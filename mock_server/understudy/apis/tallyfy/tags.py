"""The operations on Tallyfy's tags, and what gives them to templates and runs.

Sources: Tags > *, the official clients. Creating and updating a tag is declared in the document.
"""

from __future__ import annotations

from collections.abc import Iterable

from understudy.apis.tallyfy.associations import associated, association_number, find_association
from understudy.apis.tallyfy.envelope import nothing, single
from understudy.apis.tallyfy.includes import requested_includes
from understudy.apis.tallyfy.records import find, listing_of
from understudy.engine.call import Call, Json, Reply
from understudy.engine.problem import Problem
from understudy.engine.store import Record, encode

_SUBJECTS = {"Checklist": "templates", "Run": "runs"}
_INCLUDES = {"statistics": None}


def list_tags(call: Call) -> Reply:
    """GET /organizations/{org_id}/tags."""
    wanted, given = requested_includes(call, _INCLUDES), call.arguments
    found = [tag for tag in call.store["tags"] if given.get("q", "").lower() in tag["title"].lower()]
    if "auto_generated" in given:
        found = [tag for tag in found if tag["auto_generated"] == given["auto_generated"]]
    elif given.get("all") != "true":
        found = [tag for tag in found if not tag["auto_generated"]]
    sort = given.get("sort")
    if sort:
        found.sort(key=lambda tag: str(tag[sort.lstrip("-")]), reverse=sort.startswith("-"))
    return Reply(listing_of([encode(_shown(call, tag, wanted)) for tag in found]))


def get_tag(call: Call) -> Reply:
    """GET /organizations/{org_id}/tags/{tag_id}."""
    wanted = requested_includes(call, _INCLUDES)
    return Reply(single(_shown(call, find(call, "tags", call.arguments["tag_id"]), wanted)))


def delete_tag(call: Call) -> Reply:
    """DELETE /organizations/{org_id}/tags/{tag_id}: takes it from all that has it."""
    tag = find(call, "tags", call.arguments["tag_id"])
    for collection in _SUBJECTS.values():
        for record in associated(call.store, collection, "tag", tag["id"]):
            _untag(call, collection, record, tag["id"])
    call.store["tags"].remove(tag["id"])
    return Reply(single(tag)) if call.assumed("tallyfy.tags.deleted") == "shown" else Reply(b"", 204)


def add_tag(call: Call) -> Reply:
    """POST /organizations/{org_id}/checklists/tags."""
    body = call.body
    tag = find(call, "tags", body["tag_id"])
    collection = _SUBJECTS[body["subject_type"]]
    subject = find(call, collection, body["subject_id"])
    if tag["id"] not in subject["_"]["tags"]:
        subject["_"]["tags"] = [*subject["_"]["tags"], tag["id"]]
        call.store[collection].put(subject)
    return Reply(single({
        "id": association_number(subject["id"], tag["id"]),
        "tag_id": tag["id"],
        "subject_id": subject["id"],
        "subject_type": body["subject_type"],
        "tag_type": body.get("tag_type", "private"),
    }))  # fmt: skip


def remove_tag(call: Call) -> Reply:
    """DELETE /organizations/{org_id}/checklists/tags/{association_id}."""
    number = call.arguments["association_id"]
    found = find_association(call.store, _SUBJECTS.values(), "tag", number, targets=list(call.store["tags"].ids()))
    if found is None:
        raise Problem("not-found")
    _untag(call, *found)
    return Reply(nothing(call))


def _untag(call: Call, collection: str, record: Record, tag: str) -> None:
    record["_"]["tags"] = [id for id in record["_"]["tags"] if id != tag]
    call.store[collection].put(record)


def _shown(call: Call, tag: Record, wanted: Iterable[str]) -> Record:
    return {**tag, **{name: {"data": _statistics(call, tag["id"])} for name in wanted}}


def _statistics(call: Call, tag: str) -> Json:
    """Count the templates and runs that have a tag (Tags > List tags > Response)."""
    shelves = {"active": "live", "archived": "archived"}
    kinds = {"template": "templates", "process": "runs"}
    return {
        f"{shelf}_{kind}": call.store[collection].query([("tag", tag)], [(index,)]).size()
        for kind, collection in kinds.items()
        for shelf, index in shelves.items()
    }
