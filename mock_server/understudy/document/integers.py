"""Whole numbers that are written with a fraction: `1.0` and `1e2` are integers by JSON Schema.

Where a schema asks for an integer, they become one, so that nobody counts with a fraction. Elsewhere they stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Json = Any
_LIKE = re.compile(rb"[0-9](?:\.0|[eE])")
_FRACTION = re.compile(rb"(?:^|[-:,\[\s])[0-9.]+(?:\.0|[eE])")


def may_hold_fractions(content: bytes) -> bool:
    """Whether a JSON text may hold a whole number with a fraction; ids with a digit before an `e` are common."""
    return _LIKE.search(content) is not None and _FRACTION.search(content) is not None


def with_integers(value: Json, *schemas: Json) -> Json:
    """Return a valid value in which the numbers are integers that must be; references are not followed."""
    parts = [part for schema in schemas for part in _parts(schema)]
    if isinstance(value, float):
        return int(value) if value.is_integer() and any(_asks_integer(part) for part in parts) else value
    if isinstance(value, list):
        return [with_integers(item, *_below(parts, "items")) for item in value]
    if isinstance(value, dict):
        return {name: with_integers(member, *_members(parts, name)) for name, member in value.items()}
    return value


def _parts(schema: Json) -> Iterator[Mapping[str, Json]]:
    """A schema and those that it is made of, or chosen from."""
    if isinstance(schema, Mapping):
        yield schema
        for key in ("allOf", "anyOf", "oneOf"):
            for one in schema.get(key, ()):
                yield from _parts(one)


def _asks_integer(part: Mapping[str, Json]) -> bool:
    kinds = part.get("type", ())
    return "integer" in ([kinds] if isinstance(kinds, str) else kinds)


def _below(parts: Sequence[Mapping[str, Json]], key: str) -> list[Json]:
    return [part[key] for part in parts if key in part]


def _members(parts: Sequence[Mapping[str, Json]], name: str) -> list[Json]:
    declared = [part["properties"][name] for part in parts if name in part.get("properties", ())]
    return declared or _below(parts, "additionalProperties")
