"""Schemas of a document as plain JSON Schema: what a body may be in a request, what it may be in an answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import jsonschema_rs

from benchmarks.specs.document import Document, Json

Direction = Literal["in", "out"]
_HIDDEN = {"in": "readOnly", "out": "writeOnly"}
_MAPS = ("properties", "patternProperties")
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_ONES = ("items", "additionalProperties", "not", "contains", "propertyNames", "if", "then", "else")
_PLAIN = (
    "type", "enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength",
    "maxLength", "pattern", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "required",
    "format", "dependentRequired", "minContains", "maxContains",
)  # fmt: skip


class Schemas:
    """The schemas of one document, converted and compiled once each."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._compiled: dict[tuple[int, str], Any] = {}
        self._kept: list[Json] = []

    def errors(self, schema: Json, value: Json, direction: Direction) -> list[str]:
        """What of a value breaks a schema: each as its place and what is wrong, in one line."""
        validator = self._validator(schema, direction)
        found = validator.iter_errors(value) if validator is not None else ()
        return [f"/{'/'.join(map(str, error.instance_path))}: {error.message[:160]}" for error in found]

    def fits(self, schema: Json, value: Json, direction: Direction) -> bool:
        """Whether a value fits a schema."""
        validator = self._validator(schema, direction)
        return validator is None or validator.is_valid(value)

    def branches(self, schema: Json, depth: int = 0) -> Iterator[Mapping[str, Json]]:
        """A schema and the schemas that it is combined of, references resolved."""
        schema = self.document.deref(schema)
        if not isinstance(schema, dict) or depth > 12:
            return
        yield schema
        for keyword in ("allOf", "anyOf", "oneOf"):
            for part in schema.get(keyword) or ():
                yield from self.branches(part, depth + 1)

    def members(self, schema: Json) -> dict[str, list[Json]]:
        """The members that a schema names in any of its branches, with their schemas."""
        found: dict[str, list[Json]] = {}
        for branch in self.branches(schema):
            for name, member in (branch.get("properties") or {}).items():
                found.setdefault(name, []).append(member)
        return found

    def below(self, schemas: list[Json], key: str | int) -> list[Json]:
        """The schemas of a member, or of an item, of values of these schemas."""
        if isinstance(key, str):
            return [part for schema in schemas for part in self.members(schema).get(key, ())]
        return [b["items"] for schema in schemas for b in self.branches(schema) if isinstance(b.get("items"), dict)]

    def has_list(self, schemas: list[Json], depth: int = 4) -> bool:
        """Whether values of these schemas hold a list, as deep as `depth` members."""
        branches = [branch for schema in schemas for branch in self.branches(schema)]
        if any("items" in branch or branch.get("type") == "array" for branch in branches):
            return True
        inner = [part for schema in schemas for parts in self.members(schema).values() for part in parts]
        return bool(depth and inner) and self.has_list(inner, depth - 1)

    def _validator(self, schema: Json, direction: Direction) -> Any:
        key = (id(schema), direction)
        if key not in self._compiled:
            self._kept.append(schema)  # its id stays its own
            self._compiled[key] = _compile(self.plain(schema, direction))
        return self._compiled[key]

    def plain(self, schema: Json, direction: Direction) -> Json:
        """A schema that stands alone: what it refers to is among its own definitions."""
        definitions: dict[str, Json] = {}
        names: dict[str, str] = {}
        converted = self._convert(schema, direction, names, definitions, frozenset())
        if isinstance(converted, dict):
            converted = {**converted, "$defs": definitions}
        return converted

    def _convert(
        self, node: Json, way: Direction, names: dict[str, str], definitions: dict[str, Json], exempt: frozenset[str]
    ) -> Json:
        if not isinstance(node, dict):
            return node if isinstance(node, bool) else {}
        exempt = exempt | self._hidden(node, way)
        if isinstance(node.get("$ref"), str):
            reference = f"{node['$ref']} {sorted(exempt)}"
            if reference not in names:
                names[reference] = f"d{len(names)}"
                target = self.document.deref(node)
                definitions[names[reference]] = self._convert(target, way, names, definitions, exempt)
            pointed = {"$ref": f"#/$defs/{names[reference]}"}
            known = (*_MAPS, *_LISTS, *_ONES, *_PLAIN) if self.document.siblings_count else ()
            rest = {key: value for key, value in node.items() if key in known}
            beside = self._convert(rest, way, names, definitions, exempt) if rest else None
            return {"allOf": [pointed, beside]} if beside else pointed
        found = {key: node[key] for key in _PLAIN if key in node}
        for key in _MAPS:
            if isinstance(node.get(key), dict):
                found[key] = {
                    name: self._convert(part, way, names, definitions, frozenset()) for name, part in node[key].items()
                }
        for key in _LISTS:
            if isinstance(node.get(key), list):
                found[key] = [self._convert(part, way, names, definitions, exempt) for part in node[key]]
        for key in _ONES:
            if isinstance(node.get(key), dict | bool):
                found[key] = self._convert(node[key], way, names, definitions, frozenset())
        return _as_31(found, node, exempt)

    def _hidden(self, node: Mapping[str, Json], way: Direction) -> frozenset[str]:
        """The members that this direction does not have, wherever among the branches they are told."""
        return frozenset(
            name
            for name, parts in self.members(node).items()
            if any((self.document.deref(part) or {}).get(_HIDDEN[way]) is True or _beside(part, way) for part in parts
                   if isinstance(part, dict))
        )  # fmt: skip


def _beside(part: Json, way: Direction) -> bool:
    """Whether a keyword beside a `$ref`, or in a wrapping allOf, hides a member."""
    return part.get(_HIDDEN[way]) is True


def _as_31(found: dict[str, Json], node: Mapping[str, Json], exempt: frozenset[str]) -> Json:
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(found.get(exclusive), bool) and found.pop(exclusive) and bound in found:
            found[exclusive] = found.pop(bound)
    if isinstance(found.get("required"), list):
        found["required"] = [name for name in found["required"] if name not in exempt]
    elif "required" in found:
        del found["required"]
    if node.get("nullable") is not True:
        return found
    return {"anyOf": [{"type": "null"}, found]}


def _compile(schema: Json) -> Any:
    """The validator of a schema; without its patterns where those cannot be compiled; None for one that is broken."""
    for attempt in (schema, _without_patterns(schema)):
        try:
            return jsonschema_rs.Draft202012Validator(attempt, validate_formats=False)
        except (jsonschema_rs.ValidationError, ValueError):
            continue
    return None


def _without_patterns(node: Json) -> Json:
    if isinstance(node, list):
        return [_without_patterns(part) for part in node]
    if isinstance(node, dict):
        return {k: _without_patterns(v) for k, v in node.items() if not (k == "pattern" and isinstance(v, str))}
    return node
