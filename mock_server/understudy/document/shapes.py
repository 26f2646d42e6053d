"""Shapes: which types a schema allows, so that texts of a query, path, header or form become typed values.

A shape decides only the type; the schema itself is checked afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite

from understudy.document.pointer import Json
from understudy.document.views import name_of

_INTEGER = re.compile(r"[+-]?[0-9]{1,40}(\.0+)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?([0-9]{1,40}(\.[0-9]{0,40})?|\.[0-9]{1,40})([eE][+-]?[0-9]{1,3})?", re.ASCII)
_BOOLEANS = {"true": True, "false": False}
_DEEP = 2  # levels of nesting: a text reaches no deeper
ANY = frozenset(("string", "integer", "number", "boolean", "array", "object", "null"))


@dataclass(slots=True)
class Shape:
    """The types that a schema allows, and the shapes of items and members; `additional` is that of other members."""

    kinds: frozenset[str] = ANY
    items: Shape | None = None
    members: dict[str, Shape] = field(default_factory=dict)
    additional: Shape | None = None
    required: frozenset[str] = frozenset()

    def typed(self, text: str) -> Json:
        """The value of a text: the first plain type that it can be, else the text itself."""
        kinds = self.kinds
        if "boolean" in kinds and text in _BOOLEANS:
            return _BOOLEANS[text]
        if "integer" in kinds and _INTEGER.fullmatch(text):
            return int(text.partition(".")[0])
        if "number" in kinds and _NUMBER.fullmatch(text) and isfinite(float(text)):
            return float(text)
        if "null" in kinds and "string" not in kinds and text in ("", "null"):
            return None
        return text

    def member(self, name: str) -> Shape:
        """The shape of a member."""
        return self.members.get(name) or self.additional or TEXT

    def item(self) -> Shape:
        """The shape of an item."""
        return self.items or TEXT


TEXT = Shape(frozenset(("string",)))


def shape_of(schema: Json, schemas: Mapping[str, Json], deep: int = 0) -> Shape:
    """The shape of a schema, whose references lead to `schemas` by name."""
    shape = Shape()
    for part in _parts(schema, schemas, ()):
        _narrow(shape, part, schemas, deep)
    return shape


def _parts(schema: Json, schemas: Mapping[str, Json], seen: tuple[str, ...]) -> list[Json]:
    """A schema and what it refers to or joins by `allOf`."""
    if not isinstance(schema, dict):
        return []
    parts = [schema]
    if "$ref" in schema and name_of(schema["$ref"]) not in seen:
        name = name_of(schema["$ref"])
        parts += _parts(schemas[name], schemas, (*seen, name))
    for branch in schema.get("allOf", ()):
        parts += _parts(branch, schemas, seen)
    return parts


def _narrow(shape: Shape, schema: Json, schemas: Mapping[str, Json], deep: int) -> None:
    kinds = schema.get("type")
    if kinds is not None:
        allowed = {kinds} if isinstance(kinds, str) else set(kinds)
        shape.kinds &= allowed | ({"integer"} if "number" in allowed else set())
    elif "enum" in schema:
        shape.kinds &= frozenset(kind for value in schema["enum"] for kind in kinds_of(value))
    elif "properties" in schema:
        shape.kinds &= {"object", "null"}
    if deep < _DEEP:
        for key in ("anyOf", "oneOf"):
            if key in schema:
                _join(shape, [shape_of(branch, schemas, deep + 1) for branch in schema[key]])
        if "items" in schema:
            shape.items = shape_of(schema["items"], schemas, deep + 1)
        for name, child in schema.get("properties", {}).items():
            shape.members[name] = shape_of(child, schemas, deep + 1)
        shape.required |= frozenset(schema.get("required", ()))
        if isinstance(schema.get("additionalProperties"), dict):
            shape.additional = shape_of(schema["additionalProperties"], schemas, deep + 1)


def _join(shape: Shape, branches: list[Shape]) -> None:
    """Allow what any of the branches allows."""
    shape.kinds &= frozenset().union(*(branch.kinds for branch in branches))
    for branch in branches:
        shape.items = shape.items or branch.items
        shape.members = {**branch.members, **shape.members}
        shape.additional = shape.additional or branch.additional


def kinds_of(value: Json) -> tuple[str, ...]:
    """The names of the types of a value."""
    if isinstance(value, bool):
        return ("boolean",)
    if value is None:
        return ("null",)
    names = {int: ("integer", "number"), float: ("number",), str: ("string",), list: ("array",)}
    return names.get(type(value), ("object",))
