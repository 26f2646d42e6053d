"""The operations on Tallyfy's folders, and on what is in them.

Source: the official clients. Creating and reading a folder is declared in the document.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter

from understudy.apis.tallyfy.associations import associated, association_number, find_association
from understudy.apis.tallyfy.envelope import nothing, single
from understudy.apis.tallyfy.includes import requested_includes
from understudy.apis.tallyfy.records import find, listing_of
from understudy.engine.call import Call, Reply
from understudy.engine.problem import Problem
from understudy.engine.store import Record, encode


def list_folders(call: Call) -> Reply:
    """GET /organizations/{org_id}/folders."""
    given, kind = call.arguments, call.arguments.get("folder_type")
    nested = "children" in requested_includes(call, {"children": None})
    found = [
        folder
        for folder in call.store["folders"]
        if given.get("q", "").lower() in folder["name"].lower()
        and (kind is None or folder["folder_type"] in (None, kind))
    ]
    found.sort(key=itemgetter(given.get("sort", "name")))
    tops = [folder for folder in found if folder["parent_id"] is None] if nested and "q" not in given else found
    rows = [encode(folder | ({"children": _children(found, folder)} if nested else {})) for folder in tops]
    if given.get("pagination") == "false":
        return Reply(b'{"data":[%b]}' % b",".join(rows))
    return Reply(listing_of(rows))


def update_folder(call: Call) -> Reply:
    """PUT /organizations/{org_id}/folders/{folder_id}."""
    folder, body = find(call, "folders", call.arguments["folder_id"]), call.body
    if body.get("parent_id") is not None:
        _check_parent(call, folder["id"], body["parent_id"])
    folder |= {name: body[name] for name in ("name", "parent_id") if name in body}
    call.store["folders"].put(folder)
    return Reply(single(folder))


def delete_folder(call: Call) -> Reply:
    """DELETE /organizations/{org_id}/folders/{folder_id}."""
    _delete(call, find(call, "folders", call.arguments["folder_id"]))
    return Reply(nothing(call))


def add_to_folder(call: Call) -> Reply:
    """POST /organizations/{org_id}/folders/add-object."""
    folder, run = find(call, "folders", call.body["folder_id"]), find(call, "runs", call.body["subject_id"])
    if folder["id"] not in run["_"]["folders"]:
        run["_"]["folders"] = [*run["_"]["folders"], folder["id"]]
        call.store["runs"].put(run)
    number = association_number(run["id"], folder["id"])
    return Reply(single({"id": number, "folder_id": folder["id"], "subject_id": run["id"], "subject_type": "Run"}))


def remove_from_folder(call: Call) -> Reply:
    """DELETE /organizations/{org_id}/folders-objects/{folder_object_id}."""
    number = call.arguments["folder_object_id"]
    found = find_association(call.store, ("runs",), "folder", number, targets=list(call.store["folders"].ids()))
    if found is None:
        raise Problem("not-found")
    _take_out(call, found[1], found[2])
    return Reply(nothing(call))


def _children(folders: Sequence[Record], parent: Record) -> Record:
    """The folders inside another one, each with those inside it."""
    inside = [folder for folder in folders if folder["parent_id"] == parent["id"]]
    return {"data": [folder | {"children": _children(folders, folder)} for folder in inside]}


def _check_parent(call: Call, id: str, parent: str | None) -> None:
    """Raise a Problem for a folder that does not exist, or is inside the folder `id`."""
    while parent is not None:
        if parent == id:
            raise Problem("invalid", fields={"parent_id": ["A folder cannot be inside itself."]})
        parent = find(call, "folders", parent)["parent_id"]


def _delete(call: Call, folder: Record) -> None:
    whole = call.assumed("tallyfy.folders.deleted-children") == "deleted"
    for child in [child for child in call.store["folders"] if child["parent_id"] == folder["id"]]:
        if whole:
            _delete(call, child)
        else:
            call.store["folders"].put({**child, "parent_id": folder["parent_id"]})
    for template in associated(call.store, "templates", "folder", folder["id"]):
        call.store["templates"].put({**template, "folder_id": None})
    for run in associated(call.store, "runs", "folder", folder["id"]):
        _take_out(call, run, folder["id"])
    call.store["folders"].remove(folder["id"])


def _take_out(call: Call, run: Record, folder: str) -> None:
    run["_"]["folders"] = [id for id in run["_"]["folders"] if id != folder]
    call.store["runs"].put(run)
