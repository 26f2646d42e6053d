"""Closed schemas: copies that allow no undeclared members.

A value that fits the closed schema fits the original, so one validation shows that a valid body has no unknown
members. Must not know how unknown members are handled: `validation` does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from understudy.document.pointer import find

Json = Any


def closed(schema: Json, document: Json, seen: tuple[str, ...] = ()) -> Json:
    """A copy of `schema` with references resolved, and closed wherever properties are declared.

    Schemas below oneOf, not and if stay open: closing them could accept more.
    """
    if not isinstance(schema, Mapping):
        return schema
    if "$ref" in schema:
        pointer = schema["$ref"][1:]
        return schema if pointer in seen else closed(find(document, pointer), document, (*seen, pointer))
    result = {key: _close_below(key, value, document, seen) for key, value in schema.items()}
    if schema.get("properties") and not schema.keys() & _OPEN_KEYWORDS:
        result["additionalProperties"] = False
    return result


def unknown(error: Any, schema: Json) -> Iterator[tuple[str, tuple[str, ...], Mapping[str, Json]]]:
    """The unknown members in an error against a closed schema: name, path, and the declared members there."""
    names = getattr(error.kind, "unexpected", ())
    for name in names:
        path = tuple(str(part) for part in error.instance_path)
        yield name, path, _at(schema, list(error.schema_path)[:-1]).get("properties", {})
    for branch in getattr(error.kind, "context", ()) if not names else ():
        for nested in branch:
            yield from unknown(nested, schema)


_OPEN_KEYWORDS = frozenset(("additionalProperties", "patternProperties", "anyOf", "oneOf", "allOf", "if", "not"))


def _close_below(key: str, value: Json, document: Json, seen: tuple[str, ...]) -> Json:
    if key == "properties":
        return {name: closed(child, document, seen) for name, child in value.items()}
    if key == "anyOf":
        return [closed(child, document, seen) for child in value]
    return closed(value, document, seen) if key in ("items", "additionalProperties") else value


def _at(schema: Json, path: list[str | int]) -> Json:
    for part in path:
        schema = schema[part]
    return schema
