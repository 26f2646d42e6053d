"""Where the records of resources stand in schemas: as objects, as items of lists, at members on the way.

Must not know what an operation does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from understudy.document.pointer import at
from understudy.resources import schemas
from understudy.resources.schemas import reference, resolve

Json = Any
FIRST = "0"  # in a JSON pointer: the only record of a list
_MAX_DEPTH = 3  # of an object in an answer


class Place(NamedTuple):
    """Where a record, or a list of records, stands in a body: a JSON pointer, and whether it is a list."""

    pointer: str
    many: bool


def places(document: Json, schema: Json) -> dict[str, Place]:
    """Where each component schema stands in another schema, nearest first."""
    found: dict[str, Place] = {}
    level: list[tuple[str, Json]] = [("", schema)]
    for _ in range(_MAX_DEPTH):
        below: list[tuple[str, Json]] = []
        for pointer, part in level:
            name = reference(part)
            known = resolve(document, part)
            items = reference(known.get("items"))
            if name is not None:
                found.setdefault(name, Place(pointer, many=False))
            if items is not None:
                found.setdefault(items, Place(pointer, many=True))
            below += [(pointer + at(key), one) for key, one in _properties(document, known)]
        level = below
    return found


def first_list(document: Json, schema: Json) -> Place | None:
    """Where the first list of objects stands in a schema, nearest first."""
    known = resolve(document, schema)
    if "items" in known:
        return Place("", many=True)
    for key, one in _properties(document, known):
        part = resolve(document, one)
        if "items" in part and schemas.members(document, part["items"]):
            return Place(at(key), many=True)
    return None


def _properties(document: Json, schema: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    yield from schema.get("properties", {}).items()
    for part in schema.get("allOf", ()):
        yield from _properties(document, resolve(document, part))


def property_of(document: Json, schema: Json, name: str) -> Json | None:
    """The schema of a member of an object, or of the items of a list."""
    if name == FIRST and "items" in resolve(document, schema):
        found: Json = resolve(document, schema)["items"]
        return found
    return dict(_properties(document, resolve(document, schema))).get(name)
