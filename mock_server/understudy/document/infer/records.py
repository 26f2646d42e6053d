"""Where the record of a resource stands in the bodies of its operations.

Must not know what an operation does to the record.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from understudy.document.infer.ids import key_schema
from understudy.document.infer.schemas import Schemas, Spot
from understudy.document.infer.words import plain, same_thing, thing

Json = Any
_WRAPPERS = frozenset(("data", "result", "item", "object", "record", "payload", "response", "body", "content", "entity",
                       "resource", "value", "output", "model", "results"))  # fmt: skip
_LISTS = frozenset(("data", "items", "results", "records", "list", "entries", "values", "value", "content", "objects",
                    "rows", "elements", "result", "collection", "resources", "entities", "hits", "docs", "documents",
                    "nodes", "response"))  # fmt: skip
_IDS = ("id", "uuid", "guid", "uid", "sid", "_id")


def record_in(
    schemas: Schemas, body: Json, word: str, parameter: str, like: Iterable[str], *, sent: Collection[str] = ()
) -> Spot | None:
    """Where one record stands in a body; None where there is none.

    `word` is the last word of the collection's path, `like` names components that records are elsewhere, `sent` are
    the plain names of members that requests send.
    """
    known = frozenset(like)

    def score(spot: Spot) -> float:
        inner = only_object(schemas, spot.schema)
        wraps = inner is not spot.schema and not {*_IDS}.isdisjoint(schemas.members(inner))
        has = not wraps and any(plain(name) in sent for name in schemas.members(spot.schema))
        return _score(schemas, spot, word, parameter, known) + 6 * has

    spots = [one for one in schemas.spots(body) if not one.many and one.depth <= 2]
    best = max(spots, key=score, default=None)
    if best is None or schemas.is_list(body):
        return None
    return best


def list_in(schemas: Schemas, body: Json, word: str, like: Iterable[str]) -> Spot | None:
    """Where the list of records stands in a body; None where there is none."""
    known = frozenset(like)
    spots = [one for one in schemas.spots(body) if one.many]
    return max(spots, key=lambda one: _list_score(schemas, one, word, known), default=None)


def only_one(schemas: Schemas, body: Json, like: Iterable[str]) -> Spot | None:
    """The only record of a list that is answered where one item is asked for; None where it lists other things.

    The list may stand in an envelope that has no such object itself.
    """
    known = frozenset(like)
    spots = [one for one in schemas.spots(body) if schemas.component(one.schema) in known and one.depth <= 2]
    if len(spots) != 1 or not spots[0].many or not known:
        return None
    return Spot(f"{spots[0].pointer}/0", spots[0].schema, False, spots[0].depth + 1, "")


def first_of_list(schemas: Schemas, body: Json, listed: Json, word: str) -> Spot | None:
    """The only record of a list that an item's path answers in the envelope of the collection; None for others."""
    whole = None if listed is None or schemas.is_list(listed) else list_in(schemas, listed, word, ())
    if whole is None or set(schemas.members(body)) & {*_IDS}:
        return None
    same = schemas.component(body) == schemas.component(listed) if schemas.component(body) else body == listed
    name = schemas.component(whole.schema)
    if same:
        return Spot(f"{whole.pointer}/0", whole.schema, False, whole.depth + 1, "")
    return (only_one(schemas, body, [name]) if name is not None else None) or _alike(schemas, body, whole)


def _alike(schemas: Schemas, body: Json, listed: Spot) -> Spot | None:
    """The only record of the only list of objects in a body, which stands where the collection has it, alike."""
    lists = [one for one in schemas.spots(body) if one.many and one.depth <= 2]
    own = set(schemas.members(listed.schema))
    if len(lists) != 1 or lists[0].pointer != listed.pointer or not listed.pointer:
        return None
    shared = own & set(schemas.members(lists[0].schema))
    found = Spot(f"{listed.pointer}/0", lists[0].schema, False, listed.depth + 1, "")
    return found if len(shared) * 2 > len(own) else None


def only_object(schemas: Schemas, item: Json) -> Json:
    """The schema of the only member of an item, where that is an object that stands for it; else the item's own."""
    members = list(schemas.members(item).values())
    alone = members[0].schema if len(members) == 1 else None
    return alone if alone is not None and not schemas.is_list(alone) and schemas.members(alone) else item


def wrapped(schemas: Schemas, item: Json, record: Json, key: str | None) -> tuple[str, Json] | None:
    """The member of an item of a list that holds the record, and its schema; None where none does."""
    name, known = schemas.component(record), set(schemas.members(record))
    for member, (inner, _) in schemas.members(item).items():
        if name is not None and schemas.component(inner) == name:
            return member, inner
        shared = known & set(schemas.members(inner))
        if not schemas.is_list(inner) and key_schema(schemas, inner, key) is not None and len(shared) >= 2:
            return member, inner
    return None


def same_record(schemas: Schemas, body: Json, record: Json, at: str) -> Spot | None:
    """Where the record with this schema stands in another body: as the same component, or with the same members."""
    name, members = schemas.component(record), set(schemas.members(record))
    spots = [one for one in schemas.spots(body) if not one.many and one.depth <= 2]
    root = next(
        (one for one in spots if not one.depth and len(members) > 1 and members <= set(schemas.members(body))), None
    )
    same = [one for one in spots if name is not None and schemas.component(one.schema) == name]
    if same:
        return root or same[0]
    shared = {one.pointer: len(members & set(schemas.members(one.schema))) for one in spots}
    best = max(spots, key=lambda one: (shared[one.pointer] >= 2, one.pointer == at, shared[one.pointer]), default=None)
    if best is None or not shared[best.pointer]:
        return None
    return best if shared[best.pointer] * 3 >= min(len(members), len(schemas.members(best.schema))) else None


def _score(schemas: Schemas, spot: Spot, word: str, parameter: str, known: frozenset[str]) -> float:
    members = {plain(name) for name in schemas.members(spot.schema)}
    noun = thing(word)
    if not spot.depth:  # an id may stand below the record's metadata
        members |= _held(schemas, spot.schema)
    score = -2.0 * spot.depth
    score += 6 if plain(parameter) in members else 0
    score += 5 if members & {*_IDS, f"{noun}id", f"{noun}uid", f"{noun}key"} else 0
    score += 4 if spot.name and (same_thing(spot.name, word) or plain(parameter) == f"{plain(spot.name)}id") else 0
    score += 3 if spot.name and plain(spot.name) in _WRAPPERS else 0
    score += 4 if schemas.component(spot.schema) in known and known else 0
    score -= 5 if spot.name and plain(spot.name) in ("metadata", "attributes") else 0
    score -= 4 if spot.name and plain(spot.name) in ("meta", "links", "pagination", "error", "errors") else 0
    return score


def _held(schemas: Schemas, record: Json) -> set[str]:
    """The names of the members of an object's metadata or attributes."""
    held = (one.schema for name, one in schemas.members(record).items() if plain(name) in ("metadata", "attributes"))
    return {plain(name) for schema in held for name in schemas.members(schema)}


def _list_score(schemas: Schemas, spot: Spot, word: str, known: frozenset[str]) -> float:
    members = {plain(name) for name in schemas.members(spot.schema)}
    score = -2.0 * spot.depth
    score += 8 if known and schemas.component(spot.schema) in known else 0
    score += 5 if spot.name and same_thing(spot.name, word) else 0
    score += 4 if spot.name and plain(spot.name) in _LISTS else 0
    score += 3 if not spot.name else 0
    score += 2 if members & {*_IDS, f"{thing(word)}id"} else 0
    score -= 6 if spot.name and plain(spot.name) in ("errors", "warnings", "links", "messages") else 0
    return score
