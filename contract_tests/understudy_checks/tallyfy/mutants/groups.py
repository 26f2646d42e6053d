"""Mutants of Tallyfy's groups, folders and search."""

from __future__ import annotations

from understudy.engine.call import Call, Handler, Reply
from understudy.engine.store import encode
from understudy_checks.mutation import Table
from understudy_checks.mutation.operators import (
    accept_when,
    default_body,
    ignore_body,
    ignore_query,
    map_answer,
    map_item,
    map_list,
    optional_body,
    patch_document,
    reject_when,
    replace_handler,
    set_members,
    set_status,
)

NEW_GROUP = "/components/schemas/NewGroup"
LONGEST = f"{NEW_GROUP}/properties/name/maxLength"


def _keep_the_groups(handler: Handler, call: Call) -> Reply:
    """Delete a group, and give its tasks back to it."""
    id = call.arguments["group_id"]
    rows = call.store["tasks"].query([("group", id)])
    tasks = [call.store["tasks"].require(task) for task in rows.ids]
    reply = handler(call)
    for task in tasks:
        call.store["tasks"].put(task)
    return reply


def _keep_it_in_runs(handler: Handler, call: Call) -> Reply:
    runs = [run for run in call.store["runs"] if call.arguments["group_id"] in run["groups"]]
    reply = handler(call)
    for run in runs:
        call.store["runs"].put(run)
    return reply


def _keep_the_group(handler: Handler, call: Call) -> Reply:
    group = call.store["groups"].get(call.arguments["group_id"])
    reply = handler(call)
    if group is not None:
        call.store["groups"].put(group)
    return reply


def _keep_the_folder(handler: Handler, call: Call) -> Reply:
    folder = call.store["folders"].get(call.arguments["folder_id"])
    reply = handler(call)
    if folder is not None:
        call.store["folders"].put(folder)
    return reply


def _keep_in_folders(handler: Handler, call: Call) -> Reply:
    runs = [run for run in call.store["runs"] if call.arguments["folder_id"] in run["_"]["folders"]]
    reply = handler(call)
    for run in runs:
        call.store["runs"].put(run)
    return reply


def _do_nothing(handler: Handler, call: Call) -> Reply:
    return Reply(b"", 204)


def _answer_any_group(handler: Handler, call: Call) -> Reply:
    call.arguments["group_id"] = next(iter(call.store["groups"].ids()))
    return handler(call)


def _answer_any_folder(handler: Handler, call: Call) -> Reply:
    call.arguments["folder_id"] = next(iter(call.store["folders"].ids()))
    return handler(call)


def _unchanged(handler: Handler, call: Call) -> Reply:
    """Run a handler, and put back the process that it changed."""
    run = call.store["runs"].get(call.body["subject_id"])
    reply = handler(call)
    if run is not None:
        call.store["runs"].put(run)
    return reply


def _first_group(call: Call) -> Reply:
    return Reply(encode({"data": next(iter(call.store["groups"]))}))


def _first_folder(call: Call) -> Reply:
    return Reply(encode({"data": next(iter(call.store["folders"]))}))


MUTANTS: Table = {
    "groups.created": {
        "A new group is answered 200.": set_status("createGroup", 200),
        "A new group has no members.": ignore_body("createGroup", "members"),
        "A new group is described in other words.": set_members("createGroup", description="Another one"),
    },
    "groups.required": {
        "A group needs no description.": optional_body("createGroup", NEW_GROUP, description="None"),
        "A group needs no name.": optional_body("createGroup", NEW_GROUP, name="None"),
    },
    "groups.unique-name": {"Two groups may have one name.": accept_when("createGroup", "invalid", _first_group)},
    "groups.long-name": {
        "A group's name may have 199 characters.": patch_document(LONGEST, 199),
        "A group's name may have 201 characters.": patch_document(LONGEST, 201),
    },
    "groups.search": {
        "`q` is ignored in the list of groups.": ignore_query("listGroups", "q"),
        "A group is not found by its description.": map_list(
            "listGroups",
            lambda call, rows: [row for row in rows if call.arguments.get("q", "").lower() in str(row["name"]).lower()],
        ),
    },
    "groups.sort": {
        "`sort_by` is ignored in the list of groups.": ignore_query("listGroups", "sort_by"),
        "Groups are listed the other way round.": map_list("listGroups", lambda call, rows: list(reversed(rows))),
    },
    "groups.includes": {
        "`with` is ignored by groups.": ignore_query(("getGroup", "listGroups"), "with"),
        "A group always shows its users.": set_members(("getGroup", "listGroups"), users=[]),
    },
    "groups.updated": {
        "An update of a group empties what is not given.": default_body("updateGroup", guests=[]),
        "An update of a group ignores its members.": ignore_body("updateGroup", "members"),
    },
    "groups.deleted": {
        "Deleting a group is answered 200.": set_status("deleteGroup", 200),
        "A deleted group stays.": replace_handler("deleteGroup", _keep_the_group),
    },
    "groups.deleted-from-tasks": {
        "The tasks of a deleted group stay with it.": replace_handler("deleteGroup", _keep_the_groups),
        "A process keeps a deleted group.": replace_handler("deleteGroup", _keep_it_in_runs),
    },
    "groups.unknown-group": {
        "An unknown group is answered as another one.": replace_handler("getGroup", _answer_any_group),
        "Deleting an unknown group is answered 204.": replace_handler("deleteGroup", _do_nothing),
    },
    "folders.children": {
        "`with` is ignored by folders.": ignore_query("listFolders", "with"),
        "Folders inside others are listed twice.": map_list(
            "listFolders",
            lambda call, rows: [
                *rows,
                *(child for row in rows for child in row.get("children", {"data": []})["data"]),
            ],
        ),
    },
    "folders.search": {"`q` is ignored in the list of folders.": ignore_query("listFolders", "q")},
    "folders.type-filter": {"`folder_type` is ignored.": ignore_query("listFolders", "folder_type")},
    "folders.at-once": {"`pagination` is ignored.": ignore_query("listFolders", "pagination")},
    "folders.created": {
        "A new folder is in no other one.": ignore_body("createFolder", "parent_id"),
        "A new folder is called otherwise.": set_members("createFolder", name="Folder"),
    },
    "folders.name-is-required": {
        "A folder needs no name.": optional_body("createFolder", "/components/schemas/NewFolder", name="Folder")
    },
    "folders.unknown-parent": {
        "A folder can be made inside one that does not exist.": accept_when("createFolder", "invalid", _first_folder)
    },
    "folders.updated": {
        "A folder keeps its name.": ignore_body("updateFolder", "name"),
        "A folder keeps its place.": ignore_body("updateFolder", "parent_id"),
    },
    "folders.not-inside-itself": {
        "A folder can be moved into itself.": accept_when("updateFolder", "invalid", _first_folder),
    },
    "folders.deleted": {
        "A deleted folder stays.": replace_handler("deleteFolder", _keep_the_folder),
        "Processes stay in a deleted folder.": replace_handler("deleteFolder", _keep_in_folders),
    },
    "folders.unknown-folder": {
        "An unknown folder is answered as another one.": replace_handler("getFolder", _answer_any_folder),
        "Deleting an unknown folder is answered 204.": replace_handler("deleteFolder", _do_nothing),
    },
    "folders.object-added": {
        "The number of an association is text.": map_item(
            "addToFolder", lambda call, item: {**item, "id": str(item["id"])}
        ),
        "A process is put into no folder.": replace_handler("addToFolder", _unchanged),
    },
    "folders.object-unknown": {
        "Putting nothing into a folder is answered 204.": replace_handler(
            "addToFolder",
            lambda handler, call: handler(call) if call.store["runs"].row(call.body["subject_id"]) else Reply(b"", 204),
        )
    },
    "folders.object-removed": {
        "A process stays in its folder.": replace_handler("removeFromFolder", _do_nothing),
    },
    "search.found": {
        "A search minds the case of letters.": map_answer(
            "search",
            lambda call, body: {
                kind: {
                    **part,
                    "data": [
                        item
                        for item in part["data"]
                        if call.arguments["search"] in item.get("name", item.get("title", ""))
                    ],
                }
                for kind, part in body.items()
            },
        ),
        "A search refuses blueprints.": reject_when("search", lambda call: "blueprint" in call.arguments["on"]),
    },
    "search.kinds": {
        "A search always answers snippets, too.": map_answer(
            "search", lambda call, body: {**body, "snippet": body.get("snippet", next(iter(body.values())))}
        )
    },
    "search.pages": {
        "`page` is ignored by the search.": ignore_query("search", "page"),
        "`per_page` is ignored by the search.": ignore_query("search", "per_page"),
    },
}
