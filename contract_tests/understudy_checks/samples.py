"""Valid request bodies made from a document's schemas, each with values of its own, and the bounds of their members.

Must not know what a body is sent for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from understudy.document.contract import Contract
from understudy.document.operation import Operation
from understudy.document.pointer import at
from understudy.document.sample import NoValue, Samples
from understudy.resources import schemas
from understudy.resources.rules import body_schema
from understudy_checks.client import Skipped
from understudy_checks.pointers import resolve_reference

Json = Any
Path = tuple[str | int, ...]
MAX_DEPTH = 3
"""How deep in a body members are tried at their bounds."""

MAX_LENGTH = 20_000
"""The longest text, and the largest number of items, that is sent to try a bound."""

_EXAMPLES = ("example", "examples")
_MAPS = ("properties", "patternProperties")
_NO_PATTERN = ("", " ", "!", "\u00a7\u00a7\u00a7", "no such text " * 40)
_WRONG: Mapping[str, Json] = {"a": ["wrong", "type"]}


class Case(NamedTuple):
    """A body with one value at a bound: just inside of it, or just outside."""

    bound: str
    body: Json
    is_inside: bool


def make_body(contract: Contract, operation: Operation, seed: str) -> Json:
    """A valid body for an operation, without its examples, the same for the same seed. Raises Skipped without one."""
    schema = body_schema(contract, operation)
    assert operation.body is not None, f"{operation.id} has no body"
    try:
        return _samples(contract).value(
            _bare(schema), operation.body.validator, seed=f"{operation.id}/{seed}", direction="request"
        )
    except NoValue as reason:
        raise Skipped(f"no valid body for {operation.id} was made of its schema: {reason}") from reason


def examples(contract: Contract, operation: Operation) -> Iterator[Json]:
    """The examples of an operation's body that are valid."""
    own = contract.document["paths"][operation.path][operation.method.lower()]["requestBody"]
    assert operation.body is not None, f"{operation.id} has no body"
    for media in resolve_reference(contract.document, own)["content"].values():
        named = [resolve_reference(contract.document, one) for one in media.get("examples", {}).values()]
        given = [media.get("example"), *(one.get("value") for one in named)]
        yield from (one for one in given if one is not None and operation.body.validator.is_valid(one))


def required(contract: Contract, operation: Operation) -> list[str]:
    """The members without which a body is not valid, readOnly ones left out."""
    known = schemas.members(contract.document, body_schema(contract, operation))
    return [name for name, one in known.items() if one.required and not one.has("readOnly")]


def invalid_bodies(contract: Contract, operation: Operation, body: Json) -> list[Json]:
    """Bodies that no server may take that follows the document: a member is missing, or has a wrong type."""
    assert operation.body is not None, f"{operation.id} has no body"
    if not isinstance(body, dict):
        return [_WRONG] if not operation.body.validator.is_valid(_WRONG) else []
    lacking = [{key: value for key, value in body.items() if key != name} for name in required(contract, operation)]
    wrong = [{**body, name: _WRONG} for name in body] if operation.body.kind == "json" else []
    return [one for one in (*lacking, *wrong) if not operation.body.validator.is_valid(one)]


def value_of(contract: Contract, schema: Json, seed: str) -> Json:
    """A value of a schema, without its examples. Raises Skipped without one."""
    try:
        return _samples(contract).value(_bare(schema), contract.fits(schema), seed=seed, direction="request")
    except NoValue as reason:
        raise Skipped(f"no value of a schema was made: {reason}") from reason


def without(operation: Operation, body: Json, name: str) -> Json:
    """A body without a member; None where that says the same: a form without the items of a list has an empty one."""
    assert operation.body is not None, f"{operation.id} has no body"
    empty = {**body, name: []}
    if operation.body.kind != "json" and isinstance(body.get(name), list) and operation.body.validator.is_valid(empty):
        return None
    return {key: value for key, value in body.items() if key != name}


def may_be_left_out(operation: Operation, members: list[str]) -> bool:
    """Whether a body without its only required member is sent as none, and may be: an optional form."""
    body = operation.body
    assert body is not None, f"{operation.id} has no body"
    return body.kind != "json" and not body.required and len(members) == 1 and set(members) == body.properties


def cases(contract: Contract, operation: Operation, body: Json) -> Iterator[Case]:
    """Bodies at each bound of the members of a valid body; those of several bounds at once are left out."""
    assert operation.body is not None, f"{operation.id} has no body"
    validator, is_text = operation.body.validator, operation.body.kind != "json"
    for path, schema, value in _members(contract, body_schema(contract, operation), body, ()):
        for keyword, inside, outside in _values(schema, value, is_text=is_text):
            tried = [(outside, False)] if inside is None else [(inside, True), (outside, False)]
            made = [Case(f"{at(*path)} ({keyword})", _replaced(body, path, one), valid) for one, valid in tried]
            yield from (case for case in made if validator.is_valid(case.body) is case.is_inside)


def _members(
    contract: Contract, schema: Json, value: Json, path: Path
) -> Iterator[tuple[Path, Mapping[str, Json], Json]]:
    if not isinstance(value, dict) or len(path) >= MAX_DEPTH:
        return
    for name, member in schemas.members(contract.document, schema).items():
        if name in value and not member.has("readOnly"):
            yield (*path, name), member.schema, value[name]
            yield from _members(contract, member.schema, value[name], (*path, name))


def _values(schema: Mapping[str, Json], value: Json, *, is_text: bool) -> Iterator[tuple[str, Json | None, Json]]:
    """The keyword of each bound, a value just inside (None: not made) and one just outside; a form has texts only."""
    if is_text and isinstance(value, bool | int | float):
        yield "type", None, "no such number"
    elif not is_text and schema.get("type") not in (None, "object", ["object"]) and not isinstance(value, dict):
        yield "type", None, _WRONG
    if isinstance(schema.get("enum"), list):
        yield "enum", None, "no such value" if isinstance(value, str) else 987654321
    if isinstance(value, str):
        yield from _texts(schema, value)
    elif isinstance(value, list):
        yield from _lists(schema, value, least=1 if is_text else 0)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _numbers(schema, value)


def _texts(schema: Mapping[str, Json], value: str) -> Iterator[tuple[str, Json | None, Json]]:
    for keyword, step in (("minLength", -1), ("maxLength", 1)):
        length = schema.get(keyword)
        if isinstance(length, int) and 0 <= length + step <= MAX_LENGTH:
            yield keyword, _of_length(value, length), _of_length(value, length + step)
    if "pattern" in schema:
        yield from (("pattern", None, text) for text in _NO_PATTERN)


def _lists(schema: Mapping[str, Json], value: list[Json], *, least: int) -> Iterator[tuple[str, Json | None, Json]]:
    """Lists at their bounds, of `least` items at least: a form without any item of a list does not have the list."""
    for keyword, step in (("minItems", -1), ("maxItems", 1)):
        length = schema.get(keyword)
        if isinstance(length, int) and value and least <= length + step <= MAX_LENGTH:
            longer = value * (length // len(value) + 2)
            yield keyword, longer[:length], longer[: length + step]
    if schema.get("uniqueItems") is True and value:
        yield "uniqueItems", None, [value[0], value[0]]


def _numbers(schema: Mapping[str, Json], value: float) -> Iterator[tuple[str, Json | None, Json]]:
    step: float = 1 if isinstance(value, int) else 0.5
    for keyword, sign in (("minimum", -1), ("maximum", 1)):
        if isinstance(schema.get(keyword), int | float):
            yield keyword, schema[keyword], schema[keyword] + sign * step
    for keyword, sign in (("exclusiveMinimum", -1), ("exclusiveMaximum", 1)):
        if isinstance(schema.get(keyword), int | float) and not isinstance(schema[keyword], bool):
            yield keyword, schema[keyword] - sign * step, schema[keyword]
    if "multipleOf" in schema:
        yield "multipleOf", None, value + schema["multipleOf"] / 2


def _of_length(text: str, length: int) -> str:
    return (text + "x" * length)[:length]


def _replaced(body: Json, path: Path, value: Json) -> Json:
    """The body with another value at a path; the rest is shared."""
    name, *rest = path
    return {**body, name: _replaced(body[name], tuple(rest), value) if rest else value}


@cache
def _samples(contract: Contract) -> Samples:
    known = contract.document.get("components", {}).get("schemas", {})
    return Samples({name: _bare(schema) for name, schema in known.items()})


def _bare(schema: Json, *, is_map: bool = False) -> Json:
    """A schema without examples and defaults: values of its own tell what was sent from what a document prints."""
    if isinstance(schema, list):
        return [_bare(part) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    left_out: tuple[str, ...] = () if is_map else (*_EXAMPLES, "default")
    return {
        name: part if name in ("enum", "const") and not is_map else _bare(part, is_map=name in _MAPS and not is_map)
        for name, part in schema.items()
        if name not in left_out
    }
