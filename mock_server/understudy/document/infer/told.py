"""Where a document tells the id of a record that the record does not show: other answers, and members beside it.

Must not know what an operation does to the record.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from understudy.document.infer.ids import Key, key_of
from understudy.document.infer.operations import Op
from understudy.document.infer.paths import Family
from understudy.document.infer.records import list_in, only_object, record_in
from understudy.document.infer.schemas import Schemas, Spot
from understudy.document.infer.words import plain, thing, words

Json = Any
_ENDS = ("id", "uuid", "guid", "uid", "sid")
_MAKING = frozenset(("create", "creates", "new", "add", "adds", "register", "registers"))
_LOCATED = ("location", "content-location")
_PLACES = ("location", "href", "url", "uri", "self", "resourceurl", "resourceuri")


class _Told(NamedTuple):
    """An answer that shows the id of a record: the operation, where the record stands there, and the id's member."""

    op: Op
    spot: Spot
    key: Key


def told(
    schemas: Schemas, family: Family, record: Spot, items: Mapping[str, Op], collection: Mapping[str, Op], *,
    why: str, paths: Iterable[str],
) -> tuple[Spot, Key, str]:  # fmt: skip
    """A record that does not show its id as the path names it, its key, and why it is one.

    The record is that of a list that shows all of it and more. The key has no member where nothing tells it; `paths`
    are all of the document.
    """
    others = {thing(part) for path in paths for part in path.split("/") if part and "{" not in part}
    made = [one.body for one in (collection.get("post"), collection.get("put")) if one is not None]
    only = _only_id(schemas, record.schema, made, others - {thing(family.word)})
    if only is not None:
        return record, only, why
    found = _shown_elsewhere(schemas, family, record.schema, items, collection)
    if found is None:
        return record, Key(None, "no member of the record is called like an id"), why
    spot = found.spot
    if spot.many and schemas.members(record.schema).keys() <= schemas.members(spot.schema).keys():
        place = f", at {spot.pointer}" if spot.pointer else ""
        return spot, found.key, f"GET {found.op.path} answers a list of them{place}"
    return record, found.key, why


def _shown_elsewhere(
    schemas: Schemas, family: Family, record: Json, items: Mapping[str, Op], collection: Mapping[str, Op]
) -> _Told | None:
    """The first of other answers that shows the id; of lists, one whose items are records like this."""
    own = set(schemas.members(record))
    read = items.get("get")
    known = {} if read is None else read.parameters("path")
    kinds = schemas.kinds(known[family.parameter]["schema"]) if family.parameter in known else frozenset()
    for op, spot in _shown(schemas, family, collection, items):
        key = key_of(schemas, spot.schema, family.parameter or "id", kinds, thing(family.word))
        is_like = not spot.many or len(own & set(schemas.members(spot.schema))) * 2 > len(own)
        if key.member is not None and not key.member.startswith("/") and is_like:
            reason = f"{op.method.upper()} {op.path} answers it, and {key.reason}"
            return _Told(op, spot, Key(key.member, reason, None, key.named))
    return None


def _shown(
    schemas: Schemas, family: Family, collection: Mapping[str, Op], items: Mapping[str, Op]
) -> Iterator[tuple[Op, Spot]]:
    """Where records stand in the answers of a list, of a creation, and of changes."""
    for op in (collection.get("get"), collection.get("post"), items.get("put"), items.get("patch"), items.get("post")):
        if op is None or op.answer is None:
            continue
        listed = list_in(schemas, op.answer, family.word, ()) if op.method == "get" else None
        spot = listed or record_in(schemas, op.answer, family.word, family.parameter, ())
        if spot is not None:
            yield op, spot


def _only_id(schemas: Schemas, record: Json, bodies: Iterable[Json], others: Iterable[str]) -> Key | None:
    """The only member whose name ends like an id, that no creation sends and that is not called as another thing."""
    sent = {plain(name) for body in bodies for name in schemas.members(body)}
    foreign = {plain(f"{one}{end}") for one in others for end in _ENDS}
    found = [
        name
        for name, member in schemas.members(record).items()
        if {*words(name)[-1:]} & {*_ENDS} and schemas.kinds(member.schema) & {"integer", "string"}
        and plain(name) not in sent | foreign
    ]  # fmt: skip
    if len(found) != 1:
        return None
    return Key(found[0], "no other member is called like an id, and no request sends it")


def beside(schemas: Schemas, answer: Json, spot: Spot, key: Key, noun: str) -> dict[str, Json]:
    """The members beside the record in an answer that hold its id, as a template of the answer; empty without any."""
    if not spot.pointer or key.member is None or key.member in schemas.members(spot.schema):
        return {}
    names = ("id", plain(key.member), f"{noun}id")
    known = schemas.members(answer)
    found = {name: "$id" for name, one in known.items() if plain(name) in names and schemas.is_scalar(one.schema)}
    return {"answer": found} if found else {}


def as_text(schemas: Schemas, answer: Json) -> Json:
    """What an answer of a creation is that is the id alone, or holds the address of what it made; None for others."""
    if schemas.is_scalar(answer) and "boolean" not in schemas.kinds(answer):
        return "$id"
    for name, member in schemas.members(answer).items():
        if plain(name) in _PLACES and "string" in schemas.kinds(member.schema):
            return {name: "{$url}/{$id}"}
    return None


def headers_with_id(op: Op, noun: str) -> dict[str, str]:
    """Headers of a creation's answer that hold the id."""
    names = [name for name in op.response.get("headers", {}) if name.lower() not in _LOCATED]
    ids = ("id", "identifier", f"{noun}id", f"{noun}identifier")
    found = [name for name in names if op.silent and any(plain(name).endswith(one) for one in ids)]
    return {name: "$id" for name in found if "request" not in name.lower() and "trace" not in name.lower()}


def sent_names(schemas: Schemas, items: Mapping[str, Op], collection: Mapping[str, Op]) -> set[str]:
    """The plain names of the members that requests of a family send, but for those that are called like ids."""
    bodies = (collection.get("post"), items.get("put"), items.get("patch"))
    sent = [one for op in bodies if op is not None for one in (op.body, only_object(schemas, op.body))]
    names = {plain(name) for body in sent for name in schemas.members(body)}
    return {name for name in names if not name.endswith(("id", "key"))}


def says_creation(op: Op) -> bool:
    """Whether an operation is called a creation: in its operationId, or in its summary."""
    return bool({*words(op.id), *words(str(op.own.get("summary", "")))} & _MAKING)
