"""How the records of a resource are laid out in a store: their key, their order, their indexes.

Beside them stand the collections of what is scheduled, what jobs will do, and the last numbers. Must not know
operations.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from functools import lru_cache
from itertools import product
from typing import Any

from understudy.document.contract import Contract
from understudy.engine.clock import milliseconds
from understudy.engine.store import Layout, SharedRecord, encode
from understudy.resources.declaration import Resource
from understudy.resources.identity import STORED

Json = Any
Indexed = str | tuple[str, str]  # a member that records are looked up by, or a parent's and another one together
TIMERS = "(timers)"  # collections beside the resources: what is scheduled, what jobs will do, the last numbers
PENDING = "(pending)"
NUMBERS = "(numbers)"
REPLIES = "(replies)"  # to requests that may be repeated
LIVE = ()  # the index of all records that are not deleted
_TEXT: Json = {"type": "string"}
_HEADERS: Json = {"type": "array", "items": {"type": "array", "items": _TEXT}}
_FARTHEST = 1 << 62  # of a sort key
HELPERS: Mapping[str, Layout] = {
    TIMERS: Layout(
        {
            "type": "object",
            "required": ["id", "at", "transition"],
            "properties": {"id": _TEXT, "at": {"type": "integer"}, "transition": _TEXT},
        }
    ),
    PENDING: Layout(
        {
            "type": "object",
            "required": ["id", "resource", "effect", "record", "failed"],
            "properties": {
                "id": _TEXT,
                "resource": _TEXT,
                "effect": {"enum": ["insert", "change", "remove"]},
                "record": {"type": "object"},
                "failed": {"type": ["string", "null"]},
            },
        }
    ),
    REPLIES: Layout(
        {
            "type": "object",
            "required": ["id", "content", "status", "body", "head", "headers"],
            "properties": {
                "id": _TEXT,
                "content": _TEXT,
                "status": {"type": ["integer", "null"]},
                "body": _TEXT,
                "head": _HEADERS,
                "headers": _HEADERS,
            },
        }
    ),
    NUMBERS: Layout(
        {"type": "object", "required": ["id", "last"], "properties": {"id": _TEXT, "last": {"type": "integer"}}}
    ),
}


def layout_of(resource: Resource, contract: Contract, indexed: tuple[Indexed, ...]) -> Layout:
    """The layout of the records of a resource; `indexed` is what they are looked up by."""
    hidden = [name for name, one in resource.members.items() if one.has("writeOnly")]
    key = STORED if resource.whole else resource.key
    schema: Json = {"type": "object"} if resource.fill else {"$ref": f"#/components/schemas/{resource.schema}"}
    if resource.hidden - resource.kept_members or not resource.schema:
        schema = {"type": "object"}
    elif resource.formed or resource.kept is not None:
        schema = by_members(resource)
    elif not resource.fill and any(resource.members[name].required for name in hidden):
        schema = _without_required(contract.document["components"]["schemas"][resource.schema], hidden)
    kept = () if resource.kept is None else (resource.kept,)
    is_plain = not resource.schema and resource.order is None and not indexed  # no list needs an order
    return Layout(
        {"allOf": [schema, *kept], "required": [key]},
        sort_key=None if is_plain else _sort_key(resource),
        indexes=_indexes(resource, indexed),
        key=key,
    )


def by_members(resource: Resource) -> Json:
    """A schema of what a record has of its members: each fits, and none is required."""
    own = {name: one.schema for name, one in resource.members.items() if name not in resource.kept_members}
    return {"type": "object", "properties": own}


def _without_required(schema: Json, hidden: list[str]) -> Json:
    """A schema that does not require members which are never stored."""
    kept = {key: value for key, value in schema.items() if key != "required"}
    return {**kept, "required": [name for name in schema.get("required", ()) if name not in hidden]}


def _indexes(resource: Resource, indexed: tuple[Indexed, ...]) -> Callable[[SharedRecord], tuple[Hashable, ...]]:
    deleted, inside = resource.deleted, resource.fill
    members = [one for one in indexed if isinstance(one, str)]
    pairs = [one for one in indexed if not isinstance(one, str)]
    if not indexed and deleted is None:
        return lambda record: (LIVE,)

    def indexes(record: SharedRecord) -> tuple[Hashable, ...]:
        if deleted is not None and record.get(deleted) not in (None, False):
            return ()
        keys: list[Hashable] = [LIVE]
        for member in members:
            value = record.get(member)
            if isinstance(value, str):
                keys.append((member, value))
            elif isinstance(value, list):
                keys += [(member, text) for item in value for text in _texts(item, inside=inside)]
            else:
                keys.append((member, text_of(value)))
        for first, second in pairs:
            keys += product(_keys(record, first, inside=inside), _keys(record, second, inside=inside))
        return tuple(keys)

    return indexes


def _keys(record: SharedRecord, member: str, *, inside: bool) -> list[tuple[str, str]]:
    """The indexes of one member that hold a record."""
    value = record.get(member)
    items = value if isinstance(value, list) else None
    texts = [text_of(value)] if items is None else [text for one in items for text in _texts(one, inside=inside)]
    return [(member, text) for text in texts]


def _texts(item: Json, *, inside: bool) -> list[str]:
    """The texts by which an item of a list is found: its own, or those of its members."""
    if inside and isinstance(item, dict):
        return [text_of(value) for value in item.values()]
    return [text_of(item)]


def _sort_key(resource: Resource) -> Callable[[SharedRecord], int]:
    order = resource.order
    if order is None or not _is_moment(resource.members[order].schema):
        return lambda record: 0

    def sort_key(record: SharedRecord) -> int:
        value = record.get(order)
        return moment_of(value) if isinstance(value, str) else _bounded(value)

    return sort_key


def _is_moment(schema: Mapping[str, Json]) -> bool:
    return schema.get("format") in ("date", "date-time") or "integer" in schema.get("type", ())


def _bounded(value: Json) -> int:
    return max(-_FARTHEST, min(int(value), _FARTHEST)) if isinstance(value, int | float) else 0


@lru_cache(maxsize=256)  # many records share a moment
def moment_of(text: str) -> int:
    """The milliseconds of a date or time; 0 for one that no clock shows, such as a leap second."""
    try:
        return milliseconds(text)
    except ValueError:
        return 0


def is_sorted_by(resource: Resource) -> bool:
    """Whether a collection keeps the order that the resource declares."""
    return resource.order is None or _is_moment(resource.members[resource.order].schema)


def text_of(value: Json) -> str:
    """A value as a path or query has it; a whole number without a fraction."""
    if isinstance(value, str):
        return value
    whole = isinstance(value, float) and value.is_integer()
    return encode(int(value) if whole else value).decode()
