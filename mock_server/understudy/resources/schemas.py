"""What schemas say about the members of a record: types, defaults, readOnly, writeOnly.

References are resolved, `allOf` is merged, the branches of `anyOf` and `oneOf` add optional members.
Must not know resources.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from understudy.document.pointer import find

Json = Any
Take = Callable[[Json], Json]  # a value of a body, without its readOnly members and with its defaults
_MAX_DEPTH = 12


class Member(NamedTuple):
    """One member of an object: its schema, resolved, and whether the object requires it.

    `has_default` is whether each object has its default, and not only those of a branch of anyOf or oneOf.
    """

    schema: Mapping[str, Json]
    required: bool
    has_default: bool = False

    def has(self, keyword: str) -> bool:
        """Whether the schema sets a flag such as readOnly."""
        return self.schema.get(keyword) is True

    @property
    def types(self) -> tuple[str, ...]:
        """The JSON types that the schema names; empty when it names none."""
        kind = self.schema.get("type", ())
        kinds = (kind,) if isinstance(kind, str) else tuple(kind)
        return kinds + (("null",) if self.schema.get("nullable") is True else ())

    @property
    def is_number(self) -> bool:
        """Whether the schema names numbers, whole or not."""
        return not {"integer", "number"}.isdisjoint(self.types)


def resolve(document: Json, schema: Json) -> Mapping[str, Json]:
    """The schema that a schema refers to; an empty one for `true`, `false` and references in a circle."""
    for _ in range(_MAX_DEPTH):
        if not isinstance(schema, Mapping):
            break
        if "$ref" not in schema:
            return schema
        schema = find(document, str(schema["$ref"]).removeprefix("#"))
    return {}


def reference(schema: Json) -> str | None:
    """The name of the component schema that a schema refers to, directly or as the only part of allOf."""
    parts = [part for part in schema.get("allOf", ()) if "$ref" in part] if isinstance(schema, Mapping) else []
    target = schema.get("$ref") if isinstance(schema, Mapping) else None
    if target is None and len(parts) == 1:
        target = parts[0]["$ref"]
    return str(target).removeprefix("#/components/schemas/") if target is not None else None


def members(document: Json, schema: Json) -> dict[str, Member]:
    """The members that a schema declares, by name."""
    found: dict[str, Member] = {}
    parts = list(_parts(document, schema))
    required = {name for part, always in parts if always for name in part.get("required", ())}
    for part, always in parts:
        for name, child in part.get("properties", {}).items():
            before, merged = found.get(name, Member({}, required=False)), _merged(document, child)
            has_default = before.has_default or (always and "default" in merged)
            found[name] = Member({**before.schema, **merged}, name in required, has_default)
    return found


def constant_parts(document: Json, schema: Json) -> list[Mapping[str, Json]]:
    """The schemas that each object of a schema fits, the branches of anyOf and oneOf left out."""
    return [part for part, always in _parts(document, schema) if always]


def is_open(document: Json, schema: Json) -> bool:
    """Whether an object may have members that its schema does not declare by name."""
    parts = [part for part, _ in _parts(document, schema)]
    return any(part.get("additionalProperties") not in (None, False) for part in parts) or not any(
        part.get("properties") for part in parts
    )


def taking(document: Json, schema: Json) -> Take | None:
    """What makes a body a record; None when nothing of it changes. The first level keeps all its members."""
    return _taking(document, schema, {}, first=True)


def _taking(document: Json, schema: Json, known: dict[tuple[int, bool], Take | None], *, first: bool) -> Take | None:
    """As `taking`; `known` holds what was made already, by the identity of the schema."""
    key = id(resolve(document, schema)), first
    if key not in known:
        known[key] = lambda value: _applied(known[key], value)  # for a schema that contains itself
        known[key] = _make_take(document, _merged(document, schema), known, first=first)
    return known[key]


def _make_take(
    document: Json, schema: Mapping[str, Json], known: dict[tuple[int, bool], Take | None], *, first: bool
) -> Take | None:
    if schema.get("items"):
        inner = _taking(document, schema["items"], known, first=False)
        return None if inner is None else lambda value: [*map(inner, value)] if isinstance(value, list) else value
    own = members(document, schema)
    dropped = {name for name, one in own.items() if not first and (one.has("readOnly") or one.has("writeOnly"))}
    defaults = {} if first else {name: one.schema["default"] for name, one in own.items() if one.has_default}
    children = _properties(document, schema)
    nested = {name: take for name, one in children.items() if (take := _taking(document, one, known, first=False))}
    if not dropped and not defaults and not nested:
        return None

    def take_object(value: Json) -> Json:
        if not isinstance(value, Mapping):
            return value
        kept = {
            name: nested[name](child) if name in nested else child
            for name, child in value.items()
            if name not in dropped
        }
        return {**defaults, **kept} if defaults else kept

    return take_object


def _properties(document: Json, schema: Json) -> dict[str, Json]:
    """The schemas of the members of an object, as the document has them."""
    return {name: child for part, _ in _parts(document, schema) for name, child in part.get("properties", {}).items()}


def _applied(take: Take | None, value: Json) -> Json:
    return value if take is None else take(value)


def _merged(document: Json, schema: Json) -> Mapping[str, Json]:
    """A schema with its references resolved and the keywords of its allOf added."""
    own = resolve(document, schema)
    beside = _beside_reference(schema)
    if beside:
        return {**_merged(document, own), **beside}
    if "allOf" not in own:
        return own
    merged: dict[str, Json] = {}
    for part, always in _parts(document, own):
        merged |= part if always else {}
    return merged


def _beside_reference(schema: Json) -> Mapping[str, Json]:
    """What stands beside the reference of a schema, such as a default: it counts, too."""
    is_reference = isinstance(schema, Mapping) and "$ref" in schema and len(schema) > 1
    return {name: value for name, value in schema.items() if name != "$ref"} if is_reference else {}


def _parts(
    document: Json, schema: Json, seen: frozenset[int] = frozenset(), *, always: bool = True
) -> Iterator[tuple[Mapping[str, Json], bool]]:
    """The schemas that an object fits together, and whether it always does: not those of anyOf and oneOf."""
    own = resolve(document, schema)
    if id(own) in seen:
        return
    below = seen | {id(own)}
    for keyword in ("allOf", "anyOf", "oneOf"):
        for part in own.get(keyword, ()):
            yield from _parts(document, part, below, always=always and keyword == "allOf")
    yield own, always
