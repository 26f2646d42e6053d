"""Schemas of answers that a document leaves out: read from the answer's example, or from what requests send.

Must not know which paths are resources.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from understudy.document.body import JSON
from understudy.document.infer.operations import Op, operations
from understudy.document.infer.paths import Family, families
from understudy.document.infer.records import list_in
from understudy.document.infer.schemas import Schemas
from understudy.document.infer.words import words
from understudy.document.paths import collection_of
from understudy.document.pointer import at
from understudy.document.views import name_of

Json = Any
A_SUCCESS: Json = {"description": "A success, which the document does not name"}
"""The response of an operation that names refusals alone."""
_SHAPES = frozenset(("$ref", "properties", "allOf", "oneOf", "anyOf", "items", "enum", "const", "not", "if",
                     "patternProperties"))  # fmt: skip
_DEEPEST = 8
_MOST_ITEMS = 20  # of a list in an example


class Supplied(NamedTuple):
    """What an operation's answer looks like: the JSON pointer and the value of the schema, and why."""

    op: Op
    pointer: str
    value: Json
    default: str
    statement: str
    reason: str
    is_list: bool = False  # of records, as requests send them


def supplied(document: Json) -> tuple[Json, list[Supplied]]:
    """A normal form whose answers have schemas where they can be told, and those that were missing."""
    schemas = Schemas(document["components"].get("schemas", {}))
    ops = [op for op in operations(document) if "x-operation" not in op.own]
    found = [*_by_examples(schemas, ops), *_by_requests(schemas, ops)]
    told = {one.op.id for one in found}
    found += _of_successes(op for op in ops if op.id not in told)
    for one in found:
        document = _with(document, one.pointer.split("/")[1:], one.value)
    return document, found


def _of_successes(ops: Iterable[Op]) -> Iterator[Supplied]:
    """A success, which has no body, for each operation whose document names refusals alone."""
    for op in ops:
        known = op.own["responses"]
        if _refuses_only(op):
            text = f"{op.method.upper()} {op.path} succeeds without a body."
            reason = f"the document names no success, only {', '.join(known) or 'the operation'}"
            yield Supplied(op, f"{op.pointer}{at('responses', '2XX')}", A_SUCCESS, "a success", text, reason)


def _refuses_only(op: Op) -> bool:
    """Whether a document names refusals of an operation alone, neither a success nor another place."""
    return not op.status and not any(key.startswith("3") for key in op.own["responses"])


# by examples


def _by_examples(schemas: Schemas, ops: Iterable[Op]) -> Iterator[Supplied]:
    known: set[str] = set()
    for op in ops:
        place = None if op.answer is None else _place(schemas, op)
        examples = [] if place is None else [*op.examples, *_own_examples(schemas.resolved(op.answer))]
        found = [one for one in examples if isinstance(one, dict | list) and one]
        if place is None or not found or place in known:
            continue
        known.add(place)
        schema = schemas.resolved(op.answer)
        value = {**schema, **_drafted(found, 0)}
        if value.get("properties") or value.get("items"):
            text = f"{op.method.upper()} {op.path} answers what looks like its example."
            yield Supplied(op, place, value, "by example", text, "the answer has an example, and no schema")


def _is_open(schemas: Schemas, op: Op) -> bool:
    """Whether the schema of an answer is its own, and says nothing but that it is an object."""
    if isinstance(op.answer, Mapping) and "$ref" in op.answer:
        return False
    is_list = schemas.resolved(op.answer).get("type") == "array"
    return (
        not op.examples
        and not is_list
        and _place(schemas, op) is not None
        and not _own_examples(schemas.resolved(op.answer))
    )


def _place(schemas: Schemas, op: Op) -> str | None:
    """The JSON pointer of the schema of an answer that leaves open what the answer looks like; else None."""
    schema = schemas.resolved(op.answer)
    if schema.keys() & _SHAPES or schema.get("type", "object") not in ("object", "array"):
        return None
    if isinstance(schema.get("additionalProperties"), Mapping) and schema["additionalProperties"]:
        return None
    if isinstance(op.answer, Mapping) and "$ref" in op.answer:
        return at("components", "schemas", name_of(op.answer["$ref"]))
    return f"{op.place_of_response}{at('content', op.media, 'schema')}"


def _own_examples(schema: Mapping[str, Json]) -> list[Json]:
    return [*schema.get("examples", ()), *([schema["example"]] if "example" in schema else [])]


def _drafted(values: Sequence[Json], depth: int) -> dict[str, Json]:
    """A schema that all these values fit: their type and members, each with an example."""
    known = [one for one in values if one is not None]
    if depth >= _DEEPEST or not known:
        return {}
    if all(isinstance(one, dict) for one in known):
        names = dict.fromkeys(name for one in known for name in one)
        members = {name: _drafted([one[name] for one in known if name in one], depth + 1) for name in names}
        shape = {"type": _or_null("object", values), "properties": members}
        always = [name for name in names if all(name in one for one in known)]
        return {**shape, "required": always} if not depth and _wraps(known) and always else shape
    if all(isinstance(one, list) for one in known):
        items = [item for one in known for item in one[:_MOST_ITEMS]]
        return {"type": _or_null("array", values), "items": _drafted(items, depth + 1)}
    kinds = {_kind(one) for one in known}
    return {"type": _or_null(kinds.pop(), values), "examples": known[:1]} if len(kinds) == 1 else {}


def _wraps(values: Sequence[Mapping[str, Json]]) -> bool:
    """Whether objects hold other ones: what stands beside these is always there."""
    inner = [member for one in values for member in one.values()]
    return any(isinstance(one, dict) or (isinstance(one, list) and one and isinstance(one[0], dict)) for one in inner)


def _kind(value: Json) -> str:
    """The JSON type of a value; that of all numbers is the same, for an example that is whole proves nothing."""
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, int | float) else "string" if isinstance(value, str) else "object"


def _or_null(kind: str, values: Sequence[Json]) -> Json:
    return [kind, "null"] if any(one is None for one in values) else kind


# by requests


def _by_requests(schemas: Schemas, ops: Sequence[Op]) -> Iterator[Supplied]:
    by_path: dict[str, list[Op]] = {}
    for op in ops:
        by_path.setdefault(op.path, []).append(op)
    for family in families(by_path, lambda ends: _may_list(schemas, ends, by_path)):
        if family.item is None or family.collection is None:
            continue
        items = {op.method: op for op in by_path[family.item.text]}
        collection = {op.method: op for op in by_path[family.collection.text]}
        if _is_untold(schemas, items.get("get")):
            yield from _of_family(schemas, family, items, collection)


def _may_list(schemas: Schemas, ops: Sequence[Op], paths: Collection[str]) -> bool:
    """Whether a path with a parameter at its end may list what goes on from it: nothing is said, and it is no item."""
    reads = [op for op in ops if op.method == "get"]
    return collection_of(ops[0].path) not in paths and all(_is_untold(schemas, op) for op in reads)


def _of_family(
    schemas: Schemas, family: Family, items: Mapping[str, Op], collection: Mapping[str, Op]
) -> Iterator[Supplied]:
    """The answers of a collection and its items that are not described: a record is what others answer, or are sent."""
    described = _described(schemas, family, items, collection)
    record, reason = described or _sent(schemas, family, items, collection) or (None, "")
    for op in (*items.values(), *collection.values()) if record is not None else ():
        if op.method != "delete" and _is_untold(schemas, op):
            is_list = op.method == "get" and op is not items["get"]
            value = {"type": "array", "items": record} if is_list else record
            text = f"{op.method.upper()} {op.path} answers {'a list of records' if is_list else 'the record'}."
            how = "by answer" if described else "by request"
            yield Supplied(op, *_placed(op, value), how, text, reason, is_list)


def _placed(op: Op, schema: Json) -> tuple[str, Json]:
    """The place in the document that a schema of an answer gets, and what stands there."""
    if not op.status:
        return op.pointer + at("responses", "2XX"), {**A_SUCCESS, "content": {JSON: {"schema": schema}}}
    place = f"{op.place_of_response}/content"
    return (place, {JSON: {"schema": schema}}) if op.silent else (f"{place}{at(op.media, 'schema')}", schema)


def _described(
    schemas: Schemas, family: Family, items: Mapping[str, Op], collection: Mapping[str, Op]
) -> tuple[Json, str] | None:
    """The record that another answer of a family holds, and why it is one; None without such an answer."""
    for op in (collection.get("post"), items.get("put"), items.get("patch")):
        if op is None or op.answer is None or op.body is None or _is_untold(schemas, op):
            continue
        if schemas.members(op.answer).keys() & schemas.members(op.body).keys():
            return op.answer, f"the answer is not described, and {op.method.upper()} {op.path} answers such an object"
    listed = collection.get("get")
    if listed is not None and listed.answer is not None and not _is_untold(schemas, listed):
        spot = list_in(schemas, listed.answer, family.word, ())
        if spot is not None:
            return spot.schema, f"the answer is not described, and GET {listed.path} lists such objects"
    return None


def _sent(
    schemas: Schemas, family: Family, items: Mapping[str, Op], collection: Mapping[str, Op]
) -> tuple[Json, str] | None:
    """The record that a request of a family sends, and why it is one; None without such a request."""
    sources = (collection.get("post"), items.get("post"), items.get("put"), items.get("patch"))
    source = next((one for one in sources if one is not None and schemas.members(one.body)), None)
    if source is None or source.patch:
        return None
    reason = f"the answer is not described, and {source.method.upper()} {source.path} sends such an object"
    return _with_id(schemas, source.body, family.parameter, items["get"]), reason


def _is_untold(schemas: Schemas, op: Op | None) -> bool:
    """Whether an operation has a success of its own whose body is not described, or may be anything."""
    if op is None or op.status not in ("200", "201", "2XX", "default", ""):
        return False
    if not op.status:
        return _refuses_only(op)
    if not op.silent and (op.answer is None or not _is_open(schemas, op)):
        return False
    headers = map(str.lower, op.response.get("headers", {}))
    return "$ref" not in op.own["responses"][op.status] and "location" not in headers


def _with_id(schemas: Schemas, body: Json, parameter: str, read: Op) -> Json:
    """The schema of a request, with a member for the id where it has none."""
    name = "id" if "id" in words(parameter)[-1:] else parameter
    if name in schemas.members(body):
        return body
    declared = read.parameters("path").get(parameter, {}).get("schema", True)
    kind = "integer" if "integer" in schemas.kinds(declared) else "string"
    return {"allOf": [body, {"type": "object", "properties": {name: {"type": kind, "readOnly": True}}}]}


def _with(value: Json, parts: Sequence[str], new: Json) -> Json:
    """A copy of a value with another one at a place."""
    if not parts:
        return new
    key = parts[0].replace("~1", "/").replace("~0", "~")
    return {**value, key: _with(value.get(key, {}), parts[1:], new)}
