"""The weight of a schema: how many subschemas one value is validated against.

A short schema with nested references can reach 2^30, so the weight is limited.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from understudy.document.pointer import Json
from understudy.document.views import name_of

MOST = 20_000
"""The greatest weight of a schema that is understood."""

_DEEPEST = 100  # of schemas that stand for each other


def overweight(schemas: Mapping[str, Json]) -> list[str]:
    """The names of the component schemas whose weight is greater than MOST."""
    known: dict[str, int] = {}
    return [name for name in schemas if _of_component(name, schemas, known, ()) > MOST]


def _of_component(name: str, schemas: Mapping[str, Json], known: dict[str, int], stack: tuple[str, ...]) -> int:
    if name in stack:
        return 0
    if name not in known:
        deep = len(stack) > _DEEPEST
        known[name] = MOST + 1 if deep else _weight(schemas[name], schemas, known, (*stack, name))
    return known[name]


def _weight(schema: Json, schemas: Mapping[str, Json], known: dict[str, int], stack: tuple[str, ...]) -> int:
    if not isinstance(schema, dict):
        return 1
    weight = 1 + sum(_weight(child, schemas, known, stack) for child in _in_place(schema))
    if "$ref" in schema:
        weight += _of_component(name_of(schema["$ref"]), schemas, known, stack)
    return weight


def _in_place(schema: Json) -> Iterator[Json]:
    """The subschemas for the same value."""
    for key in ("allOf", "anyOf", "oneOf"):
        yield from schema.get(key, ())
    for key in ("not", "if", "then", "else"):
        if key in schema:
            yield schema[key]
    yield from schema.get("dependentSchemas", {}).values()
