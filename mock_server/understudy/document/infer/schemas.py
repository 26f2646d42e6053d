"""What the schemas of a normal form say of objects: their members, and where objects stand in a body.

References are resolved, `allOf` is joined, branches of `oneOf` and `anyOf` add optional members. Must not know
operations.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from understudy.document.pointer import at
from understudy.document.views import name_of

Json = Any
_DEEPEST = 3  # of an object in a body
_MOST_OBJECTS = 60  # that are looked at in one body
_MOST_PARTS = 40
_SCALARS = frozenset(("string", "integer", "number", "boolean"))


class Member(NamedTuple):
    """One member of an object: its schema, and whether the object requires it."""

    schema: Json
    required: bool


class Spot(NamedTuple):
    """An object in a body, or a list of objects: its JSON pointer, the schema of one object, and the last name."""

    pointer: str
    schema: Json
    many: bool
    depth: int
    name: str


class Schemas:
    """The schemas of one document."""

    def __init__(self, schemas: Mapping[str, Json]) -> None:
        self.known = schemas
        self._members: dict[int, tuple[Json, dict[str, Member]]] = {}

    def resolved(self, schema: Json) -> Mapping[str, Json]:
        """The schema that a schema refers to in the end; an empty one for `true`, `false` and circles."""
        for _ in range(12):
            if not isinstance(schema, dict):
                return {}
            if "$ref" not in schema:
                return schema
            schema = self.known.get(name_of(schema["$ref"]))
        return {}

    def component(self, schema: Json) -> str | None:
        """The component that a schema is: by reference, as the only part of allOf, or beside null."""
        if not isinstance(schema, dict):
            return None
        if "$ref" in schema:
            return name_of(schema["$ref"])
        for keyword in ("allOf", "anyOf", "oneOf"):
            parts = [part for part in schema.get(keyword, ()) if isinstance(part, dict) and part.get("type") != "null"]
            if len(parts) == 1 and "$ref" in parts[0] and "properties" not in schema:
                return name_of(parts[0]["$ref"])
        return None

    def parts(self, schema: Json) -> list[tuple[Mapping[str, Json], bool]]:
        """The schemas that a value fits together, each with whether it always does."""
        found: list[tuple[Mapping[str, Json], bool]] = []
        self._collect(schema, True, found, ())
        return found

    def members(self, schema: Json) -> dict[str, Member]:
        """The members that an object of a schema may have, by name."""
        known = self._members.get(id(schema))
        if known is None:
            known = self._members[id(schema)] = schema, self._read(schema)
        return known[1]

    def kinds(self, schema: Json) -> frozenset[str]:
        """The JSON types that a schema names, null left out; empty where it names none."""
        found: set[str] = set()
        for part, _ in self.parts(schema):
            kind = part.get("type", ())
            found |= {kind} if isinstance(kind, str) else set(kind)
            found |= {"string"} if not kind and all(isinstance(one, str) for one in part.get("enum", (0,))) else set()
        return frozenset(found - {"null"})

    def first(self, schema: Json, keyword: str) -> Json:
        """The first value of a keyword in the parts of a schema; None without one."""
        return next((part[keyword] for part, _ in self.parts(schema) if keyword in part), None)

    def constant(self, schema: Json) -> Json:
        """The only value of a schema; None for one of many."""
        const, enum = self.first(schema, "const"), self.first(schema, "enum")
        if const is not None:
            return const
        return enum[0] if isinstance(enum, list) and len(enum) == 1 else None

    def is_scalar(self, schema: Json) -> bool:
        """Whether a schema allows plain values only."""
        kinds = self.kinds(schema)
        return bool(kinds) and kinds <= _SCALARS

    def is_list(self, schema: Json) -> bool:
        """Whether a schema allows lists only."""
        return self.kinds(schema) == {"array"} or (not self.kinds(schema) and self.items(schema) is not None)

    def items(self, schema: Json) -> Json:
        """The schema of the items of a list; None for what is no list."""
        return self.first(schema, "items")

    def spots(self, schema: Json) -> list[Spot]:
        """The objects, and the lists of objects, in a body, nearest first."""
        found: list[Spot] = []
        level: list[tuple[str, Json, int, str]] = [("", schema, 0, "")]
        while level and len(found) < _MOST_OBJECTS:
            below: list[tuple[str, Json, int, str]] = []
            for pointer, one, depth, name in level:
                spot = self._spot(pointer, one, depth, name)
                if spot is None:
                    continue
                found.append(spot)
                if not spot.many and depth < _DEEPEST:
                    for child, member in self.members(one).items():
                        below.append((pointer + at(child), member.schema, depth + 1, child))
            level = below
        return found

    def _spot(self, pointer: str, schema: Json, depth: int, name: str) -> Spot | None:
        items = self.items(schema)
        if items is not None and self.is_list(schema):
            return Spot(pointer, items, True, depth, name) if self.members(items) else None
        return Spot(pointer, schema, False, depth, name) if self.members(schema) else None

    def _read(self, schema: Json) -> dict[str, Member]:
        found: dict[str, Member] = {}
        parts = self.parts(schema)
        required = {name for part, always in parts if always for name in part.get("required", ())}
        for part, _ in parts:
            for name, child in part.get("properties", {}).items():
                if name not in found or found[name].schema is True:
                    found[name] = Member(child, name in required)
        return found

    def _collect(
        self, schema: Json, always: bool, found: list[tuple[Mapping[str, Json], bool]], seen: tuple[int, ...]
    ) -> None:
        own = self.resolved(schema)
        if not own or id(own) in seen or len(found) >= _MOST_PARTS:
            return
        found.append((own, always))
        for keyword in ("allOf", "anyOf", "oneOf"):
            for part in own.get(keyword, ()):
                self._collect(part, always and keyword == "allOf", found, (*seen, id(own)))
