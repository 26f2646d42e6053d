"""The dialect's JSON Schema, `openapi/dialect.schema.json`, and the parts of a document that it describes.

The schema is the one place of a key: its shape, its words and its text for people. Must not know what a key means.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple

import msgspec

from understudy import data
from understudy.document.pointer import Json, at, find

FILE = "openapi/dialect.schema.json"
_TYPES = {
    "string": "a text",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}


class Shape(NamedTuple):
    """What the dialect says of one part of a document. A place is a JSON pointer into the dialect's schema.

    `kind` is the name of its definition, `members` the place of each known member, `others` that of all other
    members, `items` that of a list's items; `values` that of each value of an assumption, where `{assumption: <id>}`
    may stand. `whole` says which whole numbers it may be, `referable` whether a `$ref` may stand in its place.
    """

    kind: str
    members: Mapping[str, str]
    others: str | None
    items: str | None
    values: str | None
    whole: str | None
    referable: bool


class Node(NamedTuple):
    """A part of a document: its pointer, its value, its place in the dialect, and what the dialect says there."""

    pointer: str
    value: Json
    place: str
    shape: Shape


@cache
def schema() -> Json:
    """The dialect's schema."""
    return msgspec.json.decode(data.path(FILE).read_bytes())


def nodes(document: Json) -> Iterator[Node]:
    """Every part of a document that the dialect describes, each before its own parts, in the document's order."""
    waiting = [Node("", document, "", shape(""))]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node.value, Mapping | list):
            waiting += reversed(list(_children(node)))


def _children(node: Node) -> Iterator[Node]:
    value, known = node.value, node.shape
    if isinstance(value, list) and known.items is not None:
        for number, item in enumerate(value):
            yield Node(f"{node.pointer}/{number}", item, known.items, shape(known.items))
    elif isinstance(value, Mapping) and not (known.referable and "$ref" in value):
        for name, item in value.items():
            place = known.members.get(name, known.others)
            if place is not None:
                yield Node(node.pointer + at(name), item, place, shape(place))


@cache
def shape(place: str) -> Shape:
    """What the dialect says at one of its places."""
    parts = {where: find(schema(), where) for where in _parts(place)}
    kinds = [part["$ref"].rpartition("/")[2] for part in parts.values() if "$ref" in part]
    return Shape(
        kind=kinds[0] if kinds else "",
        members={name: where + at("properties", name) for where, part in parts.items() for name in _members(part)},
        others=_last(parts, "additionalProperties"),
        items=_last(parts, "items"),
        values=_last(parts, "x-values") or _first_choice(parts),
        whole=next((title(part) for part in parts.values() if "integer" in part.get("type", ())), None),
        referable="reference" in kinds,
    )


def title(part: Json) -> str:
    """What may stand at a part of the dialect: its title, or its types."""
    kinds = part.get("type", ())
    words = [_TYPES[kind] for kind in ([kinds] if isinstance(kinds, str) else kinds)]
    return str(part.get("title", " or ".join(words)))


def _parts(place: str) -> Iterator[str]:
    """The places of all subschemas for the same value."""
    part = find(schema(), place)
    yield place
    if "$ref" in part:
        yield from _parts(part["$ref"][1:])
    for key in ("then", "else"):
        if key in part:
            yield from _parts(f"{place}/{key}")
    for key in ("allOf", "anyOf"):
        for number in range(len(part.get(key, ()))):
            yield from _parts(f"{place}/{key}/{number}")


def _members(part: Json) -> Json:
    return part.get("properties", {})


def _first_choice(parts: Mapping[str, Json]) -> str | None:
    """The place of what may stand where `{assumption: <id>}` may stand as well; None elsewhere."""
    places = (where for where, part in parts.items() if {"$ref": "#/$defs/assumed"} in part.get("anyOf", ()))
    return next((f"{where}/anyOf/0" for where in places), None)


def _last(parts: Mapping[str, Json], key: str) -> str | None:
    """The place of a keyword's subschema; None where no part has one."""
    places = [f"{where}/{key}" for where, part in parts.items() if isinstance(part.get(key), Mapping)]
    return places[-1] if places else None
