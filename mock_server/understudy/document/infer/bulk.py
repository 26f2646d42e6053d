"""What operations on many records at once do: which of them create what a list holds, and which delete what is named.

Must not know how what is found is written down.
"""

from __future__ import annotations

from typing import Any

from understudy.document.infer.operations import Op
from understudy.document.infer.records import list_in
from understudy.document.infer.schemas import Schemas
from understudy.document.infer.words import plain, thing, words
from understudy.document.pointer import at

Json = Any
_BULK = frozenset(("bulk", "batch", "many", "multiple"))
_DELETING = frozenset(("delete", "remove", "destroy", "purge"))
_OTHERWISE = frozenset(("update", "upsert", "patch", "change", "edit", "archive", "restore", "get", "read", "status",
                        "query", "export", "move", "copy", *_DELETING))  # fmt: skip
_COUNTS = ("count", "deleted", "deletedcount", "deletecount", "numdeleted", "removed", "removedcount", "affected",
           "created", "createdcount", "added", "inserted", "successcount", "total")  # fmt: skip
_IDS = ("ids", "deleted", "deletedids", "created", "createdids", "removed")
_DONE = ("success", "ok", "deleted", "acknowledged", "succeeded")


def creates_many(word: str) -> bool:
    """Whether a word of a path says that many records are made: `bulk`, `batch`, `createMany`."""
    known = {*words(word)}
    return bool(known & _BULK) and not known & _OTHERWISE


def deletes_many(word: str) -> bool:
    """Whether a word of a path says that records are deleted: `delete`, `bulk-delete`, `removeMany`."""
    return bool({*words(word)} & _DELETING)


def items_of_body(schemas: Schemas, op: Op) -> tuple[str, Json] | None:
    """Where the only list of objects in a request stands, and the schema of one; None without one."""
    if op.body is None:
        return None
    if schemas.is_list(op.body):
        return "", schemas.items(op.body)
    lists = [(at(name), one.schema) for name, one in schemas.members(op.body).items() if schemas.is_list(one.schema)]
    found = [(place, schemas.items(one)) for place, one in lists if schemas.members(schemas.items(one))]
    return found[0] if len(found) == 1 else None


def is_sent(schemas: Schemas, item: Json, record: Json) -> bool:
    """Whether an item of a request is what a record is made of."""
    name = schemas.component(record)
    if name is not None and schemas.component(item) == name:
        return True
    own, sent = ({plain(one) for one in schemas.members(schema)} for schema in (record, item))
    return len(sent & own) * 2 > len(sent)


def ids_of(schemas: Schemas, op: Op, word: str, key: str) -> str | None:
    """The value of a request that names many records; None where nothing does.

    It is a parameter or a member that is called as ids are, or the body itself. `word` is what the path calls the
    collection, `key` the member with the id.
    """
    noun = thing(word)
    names = ("ids", f"{noun}ids", f"{plain(key)}s", f"{noun}{plain(key)}s", "id", f"{noun}id", plain(key), plain(word))
    query = {plain(one): one for one in op.parameters("query")}
    asked = next((query[one] for one in names if one in query), None)
    if op.method == "delete" and asked is not None:
        return f"$request.query.{asked}"
    if op.body is None:
        return None
    if schemas.is_list(op.body):
        return "$request.body" if _names(schemas, schemas.items(op.body), key) else None
    members = {plain(name): name for name in schemas.members(op.body)}
    for name in (members[one] for one in names if one in members):
        schema = schemas.members(op.body)[name].schema
        if _names(schemas, schemas.items(schema) if schemas.is_list(schema) else schema, key):
            return f"$request.body#{at(name)}"
    return None


def _names(schemas: Schemas, schema: Json, key: str) -> bool:
    """Whether a value names a record: it is plain, or an object with the id."""
    kinds = schemas.kinds(schema)
    return (bool(kinds) and kinds <= {"string", "integer", "number"}) or key in schemas.members(schema)


def answer_of_many(schemas: Schemas, op: Op, word: str, like: set[str]) -> dict[str, Json]:
    """What the answer to an operation on many records holds, as members of `x-operation`."""
    if op.answer is None:
        return {} if op.silent else {"answer": "$example"}
    spot = list_in(schemas, op.answer, word, like)
    if spot is not None and schemas.component(spot.schema) in like:
        return {"envelope": spot.pointer}
    told = ((name, _told(schemas, name, one.schema, word)) for name, one in schemas.members(op.answer).items())
    return {"answer": {name: one for name, one in told if one is not None} or "$example"}


def _told(schemas: Schemas, name: str, schema: Json, word: str) -> Json:
    """What a member of an answer says of an operation on many records; None where that is not known."""
    kinds = schemas.kinds(schema)
    if schemas.is_list(schema) and plain(name) in (*_IDS, f"{thing(word)}ids"):
        return "$ids" if schemas.is_scalar(schemas.items(schema)) else None
    if plain(name) in _COUNTS and kinds and kinds <= {"integer", "number"}:
        return "$count"
    return True if plain(name) in _DONE and kinds == {"boolean"} else None
