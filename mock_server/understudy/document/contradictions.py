"""Keywords of one schema that contradict each other, read as they are meant: no value would fit them as they stand.

Must not know where a schema stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import msgspec

from understudy.document.pointer import Json
from understudy.document.shapes import kinds_of

_JOINING = ("allOf", "anyOf", "oneOf")


def settled(schema: dict[str, Json]) -> Iterator[tuple[str, str]]:
    """Change the keywords of a converted schema that exclude each other; yields each with what it is read as."""
    if "enum" in schema and "type" in schema:
        yield from _enum(schema)
    joining = next((one for one in _JOINING if one in schema), None)
    if schema.get("additionalProperties") is False and joining is not None:
        schema["unevaluatedProperties"] = schema.pop("additionalProperties")
        text = f"additionalProperties: false excludes the members that {joining} declares; "
        yield "additionalProperties", f"{text}it is read as unevaluatedProperties: false"


def _enum(schema: dict[str, Json]) -> Iterator[tuple[str, str]]:
    """Values of an enum of which none has the type: written as that type where all can be, else any of the type."""
    kinds = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    if None in schema["enum"] or any(_is_of(value, kinds) for value in schema["enum"]):
        return
    text = f"no value of enum is of the type {' or '.join(kinds)}; "
    written = [_written(value, kinds) for value in schema["enum"]]
    if all(_is_of(value, kinds) for value in written):
        schema["enum"] = written
        yield "enum", f"{text}they are read as such"
    else:
        del schema["enum"]
        yield "enum", f"{text}any such value is taken"


def _is_of(value: Json, kinds: list[str]) -> bool:
    is_whole = isinstance(value, float) and value.is_integer()
    return bool(set(kinds_of(value)) & set(kinds)) or ("integer" in kinds and is_whole)


def _written(value: Json, kinds: list[str]) -> Json:
    """A value as another type has it: a number or truth value as text, what a text says as JSON."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str) and "string" not in kinds:
        with suppress(msgspec.DecodeError):
            return msgspec.json.decode(value.strip().lower())
    return value
