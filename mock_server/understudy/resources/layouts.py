"""How the records of a resource are laid out in a store: their key, their order, their indexes.

Beside them stand the collections of what is scheduled, what jobs will do, and the last numbers. Must not know
operations.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from functools import lru_cache
from typing import Any

from understudy.document.contract import Contract
from understudy.engine.clock import milliseconds
from understudy.engine.store import Layout, SharedRecord, encode
from understudy.resources.declaration import Resource
from understudy.resources.identity import STORED

Json = Any
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


def layout_of(resource: Resource, contract: Contract, indexed: tuple[str, ...]) -> Layout:
    """The layout of the records of a resource; `indexed` are the members that they are looked up by."""
    hidden = [name for name, one in resource.members.items() if one.has("writeOnly")]
    key = STORED if resource.whole else resource.key
    schema: Json = {"type": "object"} if resource.fill else {"$ref": f"#/components/schemas/{resource.schema}"}
    if resource.hidden:
        schema = {"type": "object"}
    elif not resource.fill and any(resource.members[name].required for name in hidden):
        schema = _without_required(contract.document["components"]["schemas"][resource.schema], hidden)
    return Layout(
        {"allOf": [schema], "required": [key]},
        sort_key=_sort_key(resource),
        indexes=_indexes(resource, indexed),
        key=key,
    )


def _without_required(schema: Json, hidden: list[str]) -> Json:
    """A schema that does not require members which are never stored."""
    kept = {key: value for key, value in schema.items() if key != "required"}
    return {**kept, "required": [name for name in schema.get("required", ()) if name not in hidden]}


def _indexes(resource: Resource, indexed: tuple[str, ...]) -> Callable[[SharedRecord], tuple[Hashable, ...]]:
    deleted, inside = resource.deleted, resource.fill
    if not indexed and deleted is None:
        return lambda record: (LIVE,)

    def indexes(record: SharedRecord) -> tuple[Hashable, ...]:
        if deleted is not None and record.get(deleted) not in (None, False):
            return ()
        keys: list[Hashable] = [LIVE]
        for member in indexed:
            value = record.get(member)
            if isinstance(value, str):
                keys.append((member, value))
            elif isinstance(value, list):
                keys += [(member, text) for item in value for text in _texts(item, inside=inside)]
            else:
                keys.append((member, text_of(value)))
        return tuple(keys)

    return indexes


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
