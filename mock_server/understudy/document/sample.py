"""Values that fit a schema: made from its own examples where these are valid, else from its keywords.

The same schema and seed give the same value. Each one is checked before it is given away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from math import ceil, floor
from typing import Any

from understudy.document.model import Validator
from understudy.document.patterns import matches
from understudy.document.pointer import Json
from understudy.document.shapes import kinds_of
from understudy.document.texts import Numbers, formatted, matching
from understudy.document.views import name_of

_MOST_VALUES = 400  # of one value, after which only required members are made
_MOST_MADE = 20_000  # values of one value, required ones included
_MOST_ITEMS = 2_000  # of one array or mapping
_MOST_DEEP = 12
_LOWEST = -(1 << 31)  # a bound that stands for a width, and for no number that anybody means
_ATTEMPTS = 12
_SPOILING = 8  # the attempt from which on a value is kept from fitting several branches
_ORDER = ("object", "array", "string", "integer", "number", "boolean", "null")
_HIDDEN = {"request": "readOnly", "response": "writeOnly"}
Path = tuple[str | int, ...]
Stack = tuple[str, ...]  # the components that a schema stands in


class NoValue(Exception):
    """No value that fits a schema was found; the message says what stood in the way."""


class Samples:
    """Makes values of schemas of one document, given its component schemas by name."""

    def __init__(self, schemas: Mapping[str, Json]) -> None:
        self._schemas = schemas

    def value(self, schema: Json, validator: Validator, *, seed: str, direction: str = "response") -> Json:
        """A value that fits a schema, by its validator; raises NoValue.

        A `response` has no writeOnly members, a `request` no readOnly ones.
        """
        reason = "its parts contradict each other"
        avoided: frozenset[Path] = frozenset()
        for attempt in range(_ATTEMPTS):
            maker = _Maker(self._schemas, f"{seed}/{attempt}", _HIDDEN.get(direction, ""), attempt, avoided)
            try:
                value = maker.make(schema, (), ())
            except (_Impossible, ArithmeticError):  # bounds that no number can be compared with
                continue
            error = next(iter(validator.iter_errors(value)), None)
            if error is None:
                return value
            reason = str(error.message)[:200]
            errors = list(validator.iter_errors(value))[:50]
            avoided |= {tuple(one.instance_path) for one in errors}
        raise NoValue(reason)

    def variants(self, schema: Json, validator: Validator, *, seed: str, direction: str = "response") -> Iterator[Json]:
        """Values of further attempts, which choose other branches of oneOf and anyOf."""
        for attempt in range(2, _ATTEMPTS):
            maker = _Maker(self._schemas, f"{seed}/{attempt}", _HIDDEN.get(direction, ""), attempt, frozenset())
            with suppress(_Impossible, ArithmeticError):
                value = maker.make(schema, (), ())
                if validator.is_valid(value):
                    yield value


class _Impossible(Exception):
    """A schema that allows no value, as far as the maker sees."""


class _Maker:
    """Makes one value. Later attempts choose other branches, use fewer examples, and leave out what is optional."""

    def __init__(
        self, schemas: Mapping[str, Json], seed: str, hidden: str, attempt: int, avoided: frozenset[Path]
    ) -> None:
        self._schemas = schemas
        self._numbers = Numbers(seed)
        self._hidden = hidden
        self._attempt = attempt
        self._avoided = avoided  # where an example was wrong
        self._examples = attempt % 4 != 3
        self._optional = attempt % 4 < 2
        self._count = 0

    def make(self, schema: Json, path: Path, stack: Stack) -> Json:
        """A value of a schema; `stack` holds the components that it stands in. Raises _Impossible."""
        if schema is False or len(path) > _MOST_DEEP:
            raise _Impossible
        self._count += 1
        if self._count > _MOST_MADE:
            raise _Impossible
        entered = len(stack)
        merged, stack = self._merged(schema, stack)
        if "discriminator" in merged:
            merged = self._discriminated(merged, stack[entered:])
        if "const" in merged:
            return merged["const"]
        for example in self._own_examples(merged, path):
            return example
        if "enum" in merged:
            return self._choice(merged)
        kind = self._kind(merged)
        return getattr(self, f"_{kind}")(merged, path, stack)

    def _own_examples(self, schema: Mapping[str, Json], path: Path) -> Iterator[Json]:
        if self._examples and path not in self._avoided:
            candidates = [*schema.get("examples", ()), *([schema["default"]] if "default" in schema else ())]
            for example in candidates:
                if self._fits(example, schema):
                    yield example

    def _fits(self, value: Json, schema: Mapping[str, Json]) -> bool:
        """Whether a value is of the type and enum of a schema: the rest is checked in the end."""
        kinds = schema.get("type")
        allowed = [kinds] if isinstance(kinds, str) else kinds
        of_type = allowed is None or bool(set(kinds_of(value)) & set(allowed)) or (
            "integer" in allowed and isinstance(value, float) and value.is_integer()
        )  # fmt: skip
        empty = value in ({}, []) or (value is None and bool(schema.get("properties")))
        return of_type and not empty and ("enum" not in schema or value in schema["enum"])

    def _choice(self, schema: Mapping[str, Json]) -> Json:
        fitting = [value for value in schema["enum"] if value is not None and self._fits_type(value, schema)]
        if not fitting:
            fitting = list(schema["enum"])
        if not fitting:
            raise _Impossible
        return fitting[self._attempt % len(fitting) if self._attempt else 0]

    def _fits_type(self, value: Json, schema: Mapping[str, Json]) -> bool:
        return self._fits(value, {key: schema[key] for key in ("type",) if key in schema})

    def _kind(self, schema: Mapping[str, Json]) -> str:
        kinds = schema.get("type")
        if isinstance(kinds, str):
            return kinds
        if kinds is not None:
            if not kinds:
                raise _Impossible
            return next(kind for kind in _ORDER if kind in kinds)
        return _guessed_kind(schema)

    def _merged(self, schema: Json, stack: Stack) -> tuple[dict[str, Json], Stack]:
        """One schema for all that a schema refers to and joins, with one branch of each choice."""
        if not isinstance(schema, dict):
            return {}, stack
        merged = {key: value for key, value in schema.items() if key not in ("$ref", "allOf", "oneOf", "anyOf")}
        entered = stack
        if "$ref" in schema:
            name = name_of(schema["$ref"])
            if stack.count(name) > (0 if self._attempt else 1):
                raise _Impossible
            target, entered = self._merged(self._schemas[name], (*stack, name))
            merged = _joined(target, merged)
        for branch in schema.get("allOf", ()):
            if branch is False:
                raise _Impossible
            joined, inner = self._merged(branch, stack)
            merged, entered = _joined(merged, joined), (*entered, *inner[len(stack) :])
        for key in ("oneOf", "anyOf"):
            if key in schema:
                joined, inner = self._branch(schema[key], stack, merged)
                if key == "oneOf" and self._attempt >= _SPOILING:
                    joined = _joined(joined, self._spoiled(schema[key], joined, stack))
                merged, entered = _joined(merged, joined), (*entered, *inner[len(stack) :])
        return merged, entered

    def _branch(self, branches: list[Json], stack: Stack, merged: Mapping[str, Json]) -> tuple[dict[str, Json], Stack]:
        """One branch of a choice that is possible: the first ones are tried first, null last."""
        others = [branch for branch in branches if branch not in (False, {"type": "null"})]
        turn = self._attempt // 2 % max(1, len(others))
        nothing = [branch for branch in branches if branch == {"type": "null"}]
        for branch in (*others[turn:], *others[:turn], *nothing):
            try:
                joined, inner = self._merged(branch, stack)
            except _Impossible:
                continue
            if _joined(dict(merged), joined).get("type") != []:
                return joined, inner
        raise _Impossible

    def _spoiled(self, branches: list[Json], chosen: Mapping[str, Json], stack: Stack) -> dict[str, Json]:
        """Members of wrong types that keep a value of one branch from fitting the others as well."""
        members: dict[str, Json] = {}
        for branch in branches:
            try:
                others, _ = self._merged(branch, stack)
            except _Impossible:
                continue
            for name, child in others.get("properties", {}).items():
                if name not in chosen.get("properties", {}) and isinstance(child, dict):
                    members[name] = {"const": 0 if "string" in child.get("type", "string") else "other"}
        return {"properties": members, "required": list(members)}

    def _discriminated(self, schema: dict[str, Json], names: Stack) -> dict[str, Json]:
        """A schema whose discriminator names what is made; `names` are the components that it is, the outer first."""
        name, mapping = schema["discriminator"]["propertyName"], schema["discriminator"]["mapping"]
        own = [one for one in names if "discriminator" not in self._schemas[one]]
        mapped = [key for one in (*own, *names) for key, target in mapping.items() if name_of(target) == one]
        known = schema.get("properties", {}).get(name, {"type": "string"})
        child = {"allOf": [known], "examples": [*mapped, *own, *mapping, *names]}
        return {**schema, "properties": {**schema.get("properties", {}), name: child}}

    def _object(self, schema: Mapping[str, Json], path: Path, stack: Stack) -> Json:
        properties, required = schema.get("properties", {}), schema.get("required", ())
        value: dict[str, Json] = {}
        for name in dict.fromkeys((*properties, *required)):
            child = properties.get(name, self._additional(schema, name))
            if self._left_out(child, name in required, (*path, name)):
                continue
            try:
                value[name] = self.make(child, (*path, name), stack)
            except _Impossible:
                if name in required:
                    raise
        most = schema.get("maxProperties", len(value))
        for name in [name for name in reversed(value) if name not in required][: max(0, len(value) - most)]:
            del value[name]
        self._fill(value, schema, path, stack)
        return value

    def _left_out(self, schema: Json, required: bool, path: Path) -> bool:
        """Whether a member is not made: it is hidden in this direction, or optional and too much."""
        if self._is_hidden(schema):
            return True
        optional = self._optional and self._count < _MOST_VALUES and len(path) < _MOST_DEEP // 2
        return not required and (not optional or (path in self._avoided and self._attempt > 1))

    def _is_hidden(self, schema: Json) -> bool:
        if isinstance(schema, dict) and "$ref" in schema and self._hidden not in schema:
            schema = self._schemas[name_of(schema["$ref"])]
        return isinstance(schema, dict) and schema.get(self._hidden) is True

    def _additional(self, schema: Mapping[str, Json], name: str) -> Json:
        for pattern, child in schema.get("patternProperties", {}).items():
            if matches(pattern, name):
                return child
        child = schema.get("additionalProperties", True)
        return True if child is False else child

    def _fill(self, value: dict[str, Json], schema: Mapping[str, Json], path: Path, stack: Stack) -> None:
        """Add members of other names: one of a mapping that is empty, and as many as there must be."""
        additional = schema.get("additionalProperties", schema.get("unevaluatedProperties", True))
        is_map = isinstance(additional, dict) and not schema.get("properties") and self._optional
        least = max(schema.get("minProperties", 0), 1 if is_map and schema.get("maxProperties", 1) else 0)
        if least > _MOST_ITEMS:
            raise _Impossible
        named, patterns = 0, schema.get("patternProperties", {})
        while len(value) < least and named < least + 10:
            named += 1
            name = self._new_name(schema, named)
            child = next(iter(patterns.values()), additional if additional is not False else True)
            try:
                value.setdefault(name, self.make(child, (*path, name), stack))
            except _Impossible:
                if len(value) < schema.get("minProperties", 0):
                    raise
                return

    def _new_name(self, schema: Mapping[str, Json], number: int) -> str:
        names = schema.get("propertyNames")
        if isinstance(names, dict):
            made = self.make({"type": "string", **names}, (f"name {number}",), ())
            return str(made)
        pattern = next(iter(schema.get("patternProperties", {})), None)
        text = None if pattern is None else matching(pattern, Numbers(f"{number}"))
        return text or f"key{number}"

    def _array(self, schema: Mapping[str, Json], path: Path, stack: Stack) -> Json:
        value = [self.make(child, (*path, n), stack) for n, child in enumerate(schema.get("prefixItems", ()))]
        least, most = schema.get("minItems", 0), schema.get("maxItems", 1 << 20)
        items = schema.get("items", schema.get("contains", True))
        wanted = max(least, schema.get("minContains", 0), 1 if self._optional and "items" in schema else 0)
        if "contains" in schema:
            items, wanted = {"allOf": [items, schema["contains"]]}, max(wanted, 1)
        if least > _MOST_ITEMS:
            raise _Impossible
        tries = 0
        while len(value) < min(wanted, most) and tries < wanted + 20 and items is not False:
            tries += 1
            try:
                item = self.make(items, (*path, len(value)), stack)
            except _Impossible:
                if len(value) < least:
                    raise
                break
            if item not in value or not schema.get("uniqueItems"):
                value.append(item)
            else:  # the same again: without its examples
                self._avoided |= {(*path, len(value))}
                self._attempt += 1
        return value

    def _string(self, schema: Mapping[str, Json], path: Path, stack: Stack) -> str:
        least, most = schema.get("minLength", 0), schema.get("maxLength")
        if "pattern" in schema:
            text = matching(schema["pattern"], self._numbers, least=least, most=most)
            if text is not None:
                return text
        text = formatted(schema.get("format", ""), self._numbers)
        if text is None:
            name = next((part for part in reversed(path) if isinstance(part, str)), "text")
            text = f"{name}-{self._numbers.text(4)}"
        if len(text) < least:
            text += self._numbers.text(min(least - len(text), 1 << 20))
        return text if most is None else text[:most]

    def _integer(self, schema: Mapping[str, Json], path: Path, stack: Stack) -> Json:
        low, high = _range(schema, 1)
        low, high = ceil(low), floor(high)
        step = schema.get("multipleOf", 1)
        if step != 1:
            first = ceil(low / step) * step
            return int(first + step * self._numbers.below(max(1, min(10, int((high - first) / step) + 1))))
        if high < low:
            raise _Impossible
        return low + self._numbers.below(min(1000, high - low + 1))

    def _number(self, schema: Mapping[str, Json], path: Path, stack: Stack) -> Json:
        low, high = _range(schema, 0.01)
        step = schema.get("multipleOf")
        if step:
            return ceil(low / step) * step
        if self._attempt % 2 == 0 and floor(high) >= ceil(low):
            return ceil(low) + self._numbers.below(min(1000, floor(high) - ceil(low) + 1))
        return (low + high) / 2

    def _boolean(self, schema: Mapping[str, Json], path: Path, stack: Stack) -> bool:
        return self._numbers.below(2) == 0

    def _null(self, schema: Mapping[str, Json], path: Path, stack: Stack) -> None:
        return None


def _range(schema: Mapping[str, Json], step: float) -> tuple[Any, Any]:
    """The lowest and the highest number that a schema allows."""
    low, high = schema.get("minimum"), schema.get("maximum")
    if "exclusiveMinimum" in schema:
        low = max(schema["exclusiveMinimum"] + step, schema["exclusiveMinimum"] if low is None else low)
    if "exclusiveMaximum" in schema:
        high = min(schema["exclusiveMaximum"] - step, schema["exclusiveMaximum"] if high is None else high)
    if low is not None and low <= _LOWEST and (high is None or high >= 1):
        low = 1
    if low is None:
        low = 1 if high is None or high >= 1 else high - 1000
    return low, max(low, low + 1000) if high is None else high


def _guessed_kind(schema: Mapping[str, Json]) -> str:
    """The type that the keywords of a schema without a type are about."""
    for kind, keywords in (
        ("object", ("properties", "required", "additionalProperties", "minProperties", "patternProperties")),
        ("array", ("items", "prefixItems", "minItems", "contains", "uniqueItems")),
        ("number", ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")),
        ("string", ("pattern", "minLength", "maxLength", "format")),
    ):
        if any(keyword in schema for keyword in keywords):
            return kind
    return "object"


def _joined(first: dict[str, Json], second: Mapping[str, Json]) -> dict[str, Json]:
    """One schema for two that must both hold, as far as a value needs it."""
    joined = dict(first)
    for key, value in second.items():
        joined[key] = _JOINS.get(key, _last)(joined[key], value) if key in joined else value
    return joined


def _last(first: Json, second: Json) -> Json:
    return second


def _types(first: Json, second: Json) -> Json:
    """The types that both allow; an integer is a number, too."""
    one, other = ([kinds] if isinstance(kinds, str) else kinds for kinds in (first, second))
    both = [kind for kind in one if kind in other]
    return both or (["integer"] if {"integer", "number"} <= {*one, *other} else [])


def _properties(first: Json, second: Json) -> Json:
    both = {name: {"allOf": [first[name], second[name]]} for name in first if name in second}
    return {**first, **second, **both}


def _additional(first: Json, second: Json) -> Json:
    if isinstance(first, bool) and isinstance(second, bool):
        return first and second
    return second if isinstance(first, bool) else first if isinstance(second, bool) else {"allOf": [first, second]}


_JOINS: dict[str, Callable[[Json, Json], Json]] = {
    "type": _types,
    "properties": _properties,
    "patternProperties": _properties,
    "additionalProperties": _additional,
    "items": lambda first, second: {"allOf": [first, second]},
    "required": lambda first, second: list(dict.fromkeys((*first, *second))),
    "enum": lambda first, second: [value for value in first if value in second],
    "examples": lambda first, second: [*second, *first],
    **dict.fromkeys(("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"), max),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"), min),
    **dict.fromkeys(("uniqueItems", "readOnly", "writeOnly"), lambda first, second: first or second),
}
