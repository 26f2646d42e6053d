"""Mutants of Tallyfy's tags."""

from __future__ import annotations

from understudy.engine.call import Call, Handler, Reply
from understudy.engine.store import encode
from understudy_checks.mutation import Table
from understudy_checks.mutation.operators import (
    accept_when,
    default_body,
    drop_members,
    ignore_body,
    ignore_query,
    map_list,
    optional_body,
    patch_document,
    replace_handler,
    set_members,
    set_status,
)

NEW_TAG = "/components/schemas/NewTag"
TITLE, COLOR = (f"{NEW_TAG}/properties/{name}" for name in ("title", "color"))


def _first_tag(call: Call) -> Reply:
    return Reply(encode({"data": next(iter(call.store["tags"]))}))


def _do_nothing(handler: Handler, call: Call) -> Reply:
    return Reply(b"", 204)


def _accept_nothing(handler: Handler, call: Call) -> Reply:
    return handler(call) if call.store["tags"].row(call.body["tag_id"]) else Reply(b"", 204)


def _keep_the_tag(handler: Handler, call: Call) -> Reply:
    tag = call.store["tags"].get(call.arguments["tag_id"])
    reply = handler(call)
    if tag is not None:
        call.store["tags"].put(tag)
    return reply


def _empty_instead(handler: Handler, call: Call) -> Reply:
    """Delete a tag, but leave it, with another title, to what has it."""
    tag = call.store["tags"].get(call.arguments["tag_id"])
    tagged = [(name, one) for name in ("runs", "templates") for one in call.store[name]]
    reply = handler(call)
    if tag is not None:
        call.store["tags"].put({**tag, "auto_generated": False})
        for name, one in tagged:
            call.store[name].put(one)
    return reply


def _answer_any_tag(handler: Handler, call: Call) -> Reply:
    call.arguments["tag_id"] = next(iter(call.store["tags"].ids()))
    return handler(call)


def _remove_the_tag_too(handler: Handler, call: Call) -> Reply:
    used = {tag for name in ("runs", "templates") for one in call.store[name] for tag in one["_"]["tags"]}
    reply = handler(call)
    left = {tag for name in ("runs", "templates") for one in call.store[name] for tag in one["_"]["tags"]}
    for tag in used - left:
        call.store["tags"].remove(tag)
    return reply


def _give_twice(handler: Handler, call: Call) -> Reply:
    """Give a tag even to what has it already."""
    collection = "runs" if call.body["subject_type"] == "Run" else "templates"
    before = call.store[collection].get(call.body["subject_id"])
    reply = handler(call)
    if before is not None and call.body["tag_id"] in before["_"]["tags"]:
        before["_"]["tags"] = [*before["_"]["tags"], call.body["tag_id"]]
        call.store[collection].put(before)
    return reply


MUTANTS: Table = {
    "tags.created": {
        "A new tag is answered 200.": set_status("createTag", 200),
        "A new tag has no color.": ignore_body("createTag", "color"),
    },
    "tags.title-is-required": {"A tag needs no title.": optional_body("createTag", NEW_TAG, title="Untitled")},
    "tags.unique-title": {"Two tags may have one title.": accept_when("createTag", "invalid", _first_tag)},
    "tags.long-title": {
        "A tag's title may have 29 characters.": patch_document(f"{TITLE}/maxLength", 29),
        "A tag's title may have 31 characters.": patch_document(f"{TITLE}/maxLength", 31),
    },
    "tags.color": {
        "A color may have six characters.": patch_document(f"{COLOR}/minLength", 6),
        "A color may have eight characters.": patch_document(f"{COLOR}/maxLength", 8),
    },
    "tags.updated": {
        "An update of a tag takes its color.": default_body("updateTag", color="#000000"),
        "An update of a tag ignores the title.": ignore_body("updateTag", "title"),
    },
    "tags.search": {"`q` is ignored in the list of tags.": ignore_query("listTags", "q")},
    "tags.sort": {
        "`sort` is ignored in the list of tags.": ignore_query("listTags", "sort"),
        "Tags are listed the other way round.": map_list("listTags", lambda call, rows: list(reversed(rows))),
    },
    "tags.automatic": {
        "`all` lists no automatic tag, but leaves out usual ones.": map_list(
            "listTags", lambda call, rows: rows[1:] if call.arguments.get("all") else rows
        ),
        "Automatic tags are always listed.": map_list(
            "listTags", lambda call, rows: [{**row, "auto_generated": True} for row in rows]
        ),
    },
    "tags.statistics": {
        "Tags never show statistics.": drop_members(("getTag", "listTags"), "statistics"),
        "Tags always show statistics.": set_members(("getTag", "listTags"), statistics={"data": {}}),
    },
    "tags.added": {
        "A tag is given to nothing.": replace_handler(
            "addTag",
            lambda handler, call: Reply(
                encode({"data": {"id": 1, "tag_id": "", "subject_id": "", "subject_type": "Run"}})
            ),
        ),
        "A tag that is given twice is there twice.": replace_handler("addTag", _give_twice),
    },
    "tags.added-to-nothing": {"A tag that does not exist can be given.": replace_handler("addTag", _accept_nothing)},
    "tags.removed": {
        "A tag that is taken stays.": replace_handler("removeTag", _do_nothing),
        "A tag that is taken is deleted.": replace_handler("removeTag", _remove_the_tag_too),
    },
    "tags.deletion": {
        "A deleted tag stays.": replace_handler("deleteTag", _keep_the_tag),
        "A deleted tag stays with what has it.": replace_handler("deleteTag", _empty_instead),
    },
    "tags.unknown-tag": {
        "An unknown tag is answered as another one.": replace_handler("getTag", _answer_any_tag),
        "Deleting an unknown tag is answered 204.": replace_handler("deleteTag", _do_nothing),
    },
}
