"""A schema with its objects closed: it takes no members but the declared ones.

Whoever fits it fits the schema that it was made from, so one look tells that a good body has nothing unknown in it.
Must not know what an unknown member leads to: that is `validation`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from understudy.document.pointer import find

Json = Any


def closed(schema: Json, document: Json, seen: tuple[str, ...] = ()) -> Json:
    """`schema` of `document` with references resolved and without additional properties wherever there are named ones.

    What stands below oneOf, not and if stays as it is, since there a narrower schema could take more.
    """
    if not isinstance(schema, Mapping):
        return schema
    if "$ref" in schema:
        pointer = schema["$ref"][1:]
        return schema if pointer in seen else closed(find(document, pointer), document, (*seen, pointer))
    result = {key: _inside(key, value, document, seen) for key, value in schema.items()}
    if schema.get("properties") and not schema.keys() & _OPENING:
        result["additionalProperties"] = False
    return result


def unknown(error: Any, schema: Json) -> Iterator[tuple[str, tuple[str, ...], Mapping[str, Json]]]:
    """Of an error against a closed schema each unknown member: its name, its place, the members known there."""
    names = getattr(error.kind, "unexpected", ())
    for name in names:
        place = tuple(str(part) for part in error.instance_path)
        yield name, place, _at(schema, list(error.schema_path)[:-1]).get("properties", {})
    for branch in getattr(error.kind, "context", ()) if not names else ():
        for one in branch:
            yield from unknown(one, schema)


_OPENING = frozenset(("additionalProperties", "patternProperties", "anyOf", "oneOf", "allOf", "if", "not"))


def _inside(key: str, value: Json, document: Json, seen: tuple[str, ...]) -> Json:
    if key == "properties":
        return {name: closed(child, document, seen) for name, child in value.items()}
    if key == "anyOf":
        return [closed(child, document, seen) for child in value]
    return closed(value, document, seen) if key in ("items", "additionalProperties") else value


def _at(schema: Json, path: list[str | int]) -> Json:
    for part in path:
        schema = schema[part]
    return schema
