"""Schemas of OpenAPI 3.0 and 3.1 as JSON Schema 2020-12, with what is not understood left out and reported.

`nullable` becomes the type null, a boolean `exclusiveMinimum` a number, `example` one of `examples`. Must not
know where a schema is used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from math import isfinite
from typing import NamedTuple

from understudy.document import patterns
from understudy.document.contradictions import settled
from understudy.document.pointer import Json, at
from understudy.messages import shorten, suggest

TYPES = ("string", "integer", "number", "boolean", "array", "object", "null")
_ALIASES = {"int": "integer", "long": "integer", "float": "number", "double": "number", "bool": "boolean",
            "str": "string", "text": "string", "list": "array", "dict": "object", "map": "object"}  # fmt: skip
_COUNTS = ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "minContains",
           "maxContains")  # fmt: skip
_NUMBERS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_FLAGS = ("uniqueItems", "deprecated", "readOnly", "writeOnly")
_TEXTS = ("format", "title", "description", "contentMediaType", "contentEncoding")
_ANY = ("default", "const")
_ONE = ("items", "additionalProperties", "not", "if", "then", "else", "propertyNames", "contains",
        "unevaluatedItems", "unevaluatedProperties")  # fmt: skip
_MANY = ("allOf", "anyOf", "oneOf", "prefixItems")
_LITERAL = re.compile(r"/(\^.*|.*\$)/[a-z]*", re.DOTALL)
_BY_NAME = ("properties", "patternProperties", "dependentSchemas")
# what has no bearing on which values are valid, or is reached by a reference only
_SILENT = ("xml", "externalDocs", "example", "nullable", "$schema", "$id", "$comment", "$anchor", "$defs",
           "definitions", "$vocabulary", "contentSchema", "id", "$ref", "name", "summary")  # fmt: skip
_ANNOTATIONS = ("readOnly", "writeOnly", "deprecated", "title", "description", "default", "examples")


class Place(NamedTuple):
    """A place of a document: a file, relative to the document's folder, and a JSON pointer."""

    file: str
    pointer: str

    def __truediv__(self, name: object) -> Place:
        return Place(self.file, self.pointer + at(name))


Report = Callable[[Place, str], None]
Refer = Callable[[Json, Place], Json]


class Converter:
    """Converts schemas. `report` takes a place and what is wrong there, `refer` makes the schema of a `$ref`."""

    def __init__(self, report: Report, refer: Refer, *, siblings: bool) -> None:
        self._report = report
        self._refer = refer
        self._siblings = siblings  # whether what stands beside a `$ref` counts (3.1)
        self._readers: dict[str, Callable[[str, Json, Place, dict[str, Json]], None]] = {
            **dict.fromkeys(_COUNTS, self._count),
            **dict.fromkeys(_NUMBERS, self._number),
            **dict.fromkeys(_FLAGS, self._flag),
            **dict.fromkeys(_TEXTS, self._text),
            **dict.fromkeys(_ANY, self._any),
            **dict.fromkeys(_ONE, self._one),
            **dict.fromkeys(_MANY, self._many),
            **dict.fromkeys(_BY_NAME, self._by_name),
            **dict.fromkeys(_SILENT, self._nothing),
            "multipleOf": self._multiple,
            "type": self._type,
            "enum": self._enum,
            "examples": self._examples,
            "required": self._required,
            "pattern": self._pattern,
            "discriminator": self._discriminator,
            "dependentRequired": self._dependent,
        }

    def convert(self, value: Json, place: Place) -> Json:
        """The schema at a place in JSON Schema 2020-12; `True` where nothing is understood."""
        if isinstance(value, bool):
            return value
        if not isinstance(value, Mapping):
            self._report(place, f"{shorten(value)} is no schema; any value is taken")
            return True
        if isinstance(value.get("$ref"), str):
            return self._reference(value, place)
        return self._own(value, place)

    def _reference(self, value: Mapping[str, Json], place: Place) -> Json:
        target = self._refer(value, place)
        if not self._siblings or len(value) == 1:
            return target
        own = self._own(value, place)
        if isinstance(target, bool):
            return own
        return {**own, **target} if isinstance(own, dict) and "$ref" not in own else target

    def _own(self, value: Mapping[str, Json], place: Place) -> Json:
        schema: dict[str, Json] = {}
        for name, child in value.items():
            reader = self._readers.get(name)
            if reader is not None:
                reader(name, child, place / name, schema)
            elif not name.startswith("x-"):
                self._report(place / name, f"the keyword {shorten(name)} is not understood; it restricts nothing here")
        self._bounds(value, schema)
        _bound_format(schema)
        for name, text in settled(schema):
            self._report(place / name, text)
        if "example" in value:
            schema["examples"] = [value["example"], *schema.get("examples", ())]
        return _nullable(schema) if value.get("nullable") is True else schema

    def _bounds(self, value: Mapping[str, Json], schema: dict[str, Json]) -> None:
        """A boolean `exclusiveMinimum` (3.0) makes `minimum` exclusive."""
        for exclusive, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
            if value.get(exclusive) is True and bound in schema:
                schema[exclusive] = schema.pop(bound)

    def _wrong(self, name: str, value: Json, place: Place) -> None:
        self._report(place, f"{name}: {shorten(value)} cannot be its value; the keyword is left out")

    def _count(self, name: str, value: Json, place: Place, schema: dict[str, Json]) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0 or value != int(value):
            self._wrong(name, value, place)
        else:
            schema[name] = int(value)

    def _number(self, name: str, value: Json, place: Place, schema: dict[str, Json]) -> None:
        if isinstance(value, bool) and name.startswith("exclusive"):
            return
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._wrong(name, value, place)
        else:
            schema[name] = value

    def _multiple(self, name: str, value: Json, place: Place, schema: dict[str, Json]) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0 or not isfinite(value):
            self._wrong(name, value, place)
        else:
            schema[name] = value

    def _flag(self, name: str, value: Json, place: Place, schema: dict[str, Json]) -> None:
        if isinstance(value, bool):
            schema[name] = value
        else:
            self._wrong(name, value, place)

    def _text(self, name: str, value: Json, place: Place, schema: dict[str, Json]) -> None:
        if isinstance(value, str):
            schema[name] = value
        elif name == "format":
            self._wrong(name, value, place)

    def _any(self, name: str, value: Json, place: Place, schema: dict[str, Json]) -> None:
        schema[name] = value

    def _nothing(self, name: str, value: Json, place: Place, schema: dict[str, Json]) -> None:
        pass

    def _one(self, name: str, value: Json, place: Place, schema: dict[str, Json]) -> None:
        if name == "items" and isinstance(value, list):  # a tuple, as before 2020-12
            self._many("prefixItems", value, place, schema)
        else:
            schema[name] = self.convert(value, place)

    def _many(self, name: str, value: Json, place: Place, schema: dict[str, Json]) -> None:
        if not isinstance(value, list) or not value:
            self._wrong(name, value, place)
        else:
            schema[name] = [self.convert(child, place / number) for number, child in enumerate(value)]

    def _by_name(self, name: str, value: Json, place: Place, schema: dict[str, Json]) -> None:
        if not isinstance(value, Mapping):
            self._wrong(name, value, place)
            return
        children = {key: self.convert(child, place / key) for key, child in value.items()}
        if name == "patternProperties":
            children = {key: child for key, child in children.items() if self._known(key, place / key)}
        schema[name] = children

    def _type(self, name: str, value: Json, place: Place, schema: dict[str, Json]) -> None:
        names = [value] if isinstance(value, str) else value
        if not isinstance(names, list) or not names or not all(isinstance(one, str) for one in names):
            self._wrong(name, value, place)
            return
        known = [self._type_name(one, place, schema) for one in names]
        if None not in known:
            kinds = list(dict.fromkeys(known))
            schema["type"] = kinds[0] if len(kinds) == 1 else kinds

    def _type_name(self, name: str, place: Place, schema: dict[str, Json]) -> str | None:
        """The type of this name; None for one that is unknown."""
        if name in TYPES:
            return name
        if name == "file":  # of Swagger 2.0
            schema["format"] = "binary"
        found = "string" if name == "file" else _ALIASES.get(name, name.lower())
        text = f"the type {shorten(name)} is none of JSON Schema's{suggest(name, TYPES)}; "
        if found not in TYPES:
            self._report(place, f"{text}any type is taken")
            return None
        self._report(place, f"{text}it is read as {found}")
        return found

    def _enum(self, name: str, value: Json, place: Place, schema: dict[str, Json]) -> None:
        if isinstance(value, list) and value:
            schema["enum"] = value
        else:
            self._wrong(name, value, place)

    def _examples(self, name: str, value: Json, place: Place, schema: dict[str, Json]) -> None:
        if isinstance(value, Mapping):  # as those of a media type are written
            value = [one["value"] for one in value.values() if isinstance(one, Mapping) and "value" in one]
        if isinstance(value, list):
            schema["examples"] = value
        else:
            self._wrong(name, value, place)

    def _required(self, name: str, value: Json, place: Place, schema: dict[str, Json]) -> None:
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            schema["required"] = list(dict.fromkeys(value))
        elif value is not False:
            self._wrong(name, value, place)

    def _pattern(self, name: str, value: Json, place: Place, schema: dict[str, Json]) -> None:
        if not isinstance(value, str):
            self._wrong(name, value, place)
            return
        literal = _LITERAL.fullmatch(value)
        if literal:
            text = f"the pattern {shorten(value)} is a literal of JavaScript; it is read without its slashes"
            self._report(place, text)
        pattern = literal[1] if literal else value
        if self._known(pattern, place):
            schema["pattern"] = pattern

    def _known(self, pattern: str, place: Place) -> bool:
        """Whether an engine matches a pattern; reports one that none does."""
        known = patterns.engine(pattern) is not None
        if not known:
            text = f"the pattern {shorten(pattern)} is matched by no engine here (or would be too large); "
            self._report(place, f"{text}any text is taken")
        return known

    def _discriminator(self, name: str, value: Json, place: Place, schema: dict[str, Json]) -> None:
        if not isinstance(value, Mapping) or not isinstance(value.get("propertyName"), str):
            self._wrong(name, value, place)
            return
        mapping = value.get("mapping")
        named = mapping if isinstance(mapping, Mapping) else {}
        targets = {
            key: self._refer({"$ref": as_reference(target)}, place / "mapping" / key)
            for key, target in named.items()
            if isinstance(target, str)
        }
        schema["discriminator"] = {
            "propertyName": value["propertyName"],
            "mapping": {key: target["$ref"] for key, target in targets.items() if isinstance(target, dict)},
        }

    def _dependent(self, name: str, value: Json, place: Place, schema: dict[str, Json]) -> None:
        if isinstance(value, Mapping) and all(isinstance(names, list) for names in value.values()):
            schema[name] = value
        else:
            self._wrong(name, value, place)


def as_reference(target: str) -> str:
    """The `$ref` that a value of a discriminator's mapping stands for: a name of a schema, or a reference."""
    is_reference = "/" in target or target.startswith("#") or target.endswith((".yaml", ".yml", ".json"))
    return target if is_reference else f"#/components/schemas{at(target)}"


def _bound_format(schema: dict[str, Json]) -> None:
    """`int32` and `int64` bound an integer (OpenAPI 3.0, 4.4)."""
    bits = {"int32": 31, "int64": 63}.get(schema.get("format", ""))
    if bits is not None and "integer" in schema.get("type", ()):
        schema["minimum"] = max(schema.get("minimum", -(1 << bits)), -(1 << bits))
        schema["maximum"] = min(schema.get("maximum", (1 << bits) - 1), (1 << bits) - 1)


def _nullable(schema: dict[str, Json]) -> Json:
    """The schema that also allows null."""
    kinds = schema.get("type")
    if isinstance(kinds, str) and not schema.keys() & {"const", "allOf", "anyOf", "oneOf", "not", "if", "$ref"}:
        widened = {**schema, "type": kinds if kinds == "null" else [kinds, "null"]}
        if "enum" in schema and None not in schema["enum"]:
            widened["enum"] = [*schema["enum"], None]
        return widened
    outer = {name: value for name, value in schema.items() if name in _ANNOTATIONS}
    return {**outer, "anyOf": [{k: v for k, v in schema.items() if k not in outer}, {"type": "null"}]}
