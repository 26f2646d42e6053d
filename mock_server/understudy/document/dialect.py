"""The dialect of OpenAPI 3.1 that documents are written in: the known keys, JSON Schema keywords and `x-` keys.

Finds every unknown key and unresolved reference in a parsed document: by the dialect's schema, and what no schema
can say. Must not know what the parts mean: `compile` does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from math import isfinite

import jsonschema_rs

from understudy.document.keys import Node, nodes, schema, shape
from understudy.document.pointer import Json, at, find
from understudy.document.violations import Diagnostic, violations
from understudy.messages import shorten

MAX_DEPTH = 100
_SURROGATE = re.compile("[\ud800-\udfff]")


def diagnostics(document: Json) -> Iterator[Diagnostic]:
    """Everything in a document that the dialect does not allow, each with its JSON pointer."""
    if not isinstance(document, Mapping):
        yield "", "is no mapping; an OpenAPI 3.1 document is needed"
        return
    non_json = list(_non_json(document))
    if non_json:  # further checks need JSON values
        yield from non_json
        return
    errors = list(violations(document))
    yield from errors
    known = list(nodes(document))
    for node in known:
        yield from _check_fraction(node)
        yield from _check_keywords(node)
        yield from _check_reference(node, document)
    yield from _operation_ids(known)
    if not errors:
        yield from _check_assumed(known, _assumption_values(document))


def examples(document: Json) -> Iterator[tuple[str, str, Json]]:
    """Every example and default of a document: its pointer, the pointer of its schema, its value."""
    for node in nodes(document):
        if isinstance(node.value, Mapping) and "$ref" not in node.value:
            yield from _own_examples(node, document)


def own_keys(owner: str) -> dict[str, str]:
    """Our own keys on an object of this kind, and the place of each in the dialect's schema."""
    return {name: place for name, place in shape(f"/$defs/{owner}").members.items() if name.startswith("x-")}


def is_token(name: str) -> bool:
    """Whether a text is a valid name of a header or cookie (RFC 9110, 5.6.2)."""
    return re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", name) is not None


def rebase(schema: Json, uri: str) -> Json:
    """A schema with its `#...` references resolved against the document `uri`."""
    if isinstance(schema, Mapping):
        return {
            key: uri + value if key == "$ref" and isinstance(value, str) else rebase(value, uri)
            for key, value in schema.items()
        }
    return [rebase(item, uri) for item in schema] if isinstance(schema, list) else schema


def _non_json(document: Json) -> Iterator[Diagnostic]:
    """Values that are no JSON or nested deeper than validators can check; YAML aliases may form a cycle."""
    waiting = [(document, "", 0)]
    while waiting:
        value, pointer, depth = waiting.pop()
        if depth > MAX_DEPTH:
            yield pointer, f"is nested deeper than {MAX_DEPTH} levels; name a part of it under components"
            return  # the rest may be as deep
        if isinstance(value, Mapping):
            waiting += [(child, pointer + at(name), depth + 1) for name, child in value.items()]
            if not all(map(_is_text, value)):
                yield pointer, "must have texts as names; put them in quotes"
        elif isinstance(value, list):
            waiting += [(child, f"{pointer}/{number}", depth + 1) for number, child in enumerate(value)]
        elif not (value is None or isinstance(value, bool | int) or _is_text(value) or _is_finite(value)):
            yield pointer, f"{ascii(value)[:80]} is no JSON value; write a text, a number, true, false or null"


def _is_text(value: Json) -> bool:
    """Whether a value is a text without lone surrogates."""
    return isinstance(value, str) and (value.isascii() or _SURROGATE.search(value) is None)


def _is_finite(value: Json) -> bool:
    return isinstance(value, float) and isfinite(value)


def _check_fraction(node: Node) -> Iterator[Diagnostic]:
    """A whole number is written without a fraction."""
    if isinstance(node.value, float) and node.value.is_integer() and node.shape.whole:
        yield node.pointer, f"must be {node.shape.whole}, without a fraction"


def _check_keywords(node: Node) -> Iterator[Diagnostic]:
    """Errors in a schema's own keywords by JSON Schema (not in its subschemas)."""
    if node.shape.kind != "schema" or not isinstance(node.value, Mapping):
        return
    try:
        jsonschema_rs.Draft202012Validator({k: v for k, v in node.value.items() if k in _plain_keywords()})
    except (jsonschema_rs.ValidationError, ValueError) as error:
        path, text = getattr(error, "instance_path", ()), getattr(error, "message", str(error))
        yield node.pointer + at(*path), f"is no JSON schema: {text}"


@cache
def _plain_keywords() -> frozenset[str]:
    """JSON Schema's keywords that hold no other schema."""
    known = shape("/$defs/schema").members
    return frozenset(name for name, place in known.items() if find(schema(), place) == {})


def _check_reference(node: Node, document: Json) -> Iterator[Diagnostic]:
    """A `$ref` resolves, directly or by other references, to a component of its kind."""
    value, seen, section = node.value, list[str](), _sections().get(node.shape.kind)
    while section and isinstance(value, Mapping) and "$ref" in value:
        target = str(value["$ref"])
        if not re.fullmatch(f"#/components/{section}/[^/]+", target) or target in seen:
            yield node.pointer, f"{target} leads nowhere; point it to #/components/{section}/<name>"
            return
        seen.append(target)
        try:
            value = find(document, target[1:])
        except (LookupError, ValueError, TypeError):
            value = {"$ref": f"{target} (missing)/"}


@cache
def _sections() -> Mapping[str, str]:
    """The section of /components for each kind that a $ref may name."""
    known = shape("/$defs/components").members
    return {shape(f"{place}/additionalProperties").kind: name for name, place in known.items()}


def _assumption_values(document: Json) -> dict[str, list[Json]]:
    """The possible values of each assumption, by its id."""
    operations = [o for item in document["paths"].values() for o in item.values() if isinstance(o, Mapping)]
    declared = [one for owner in (document, *operations) for one in owner.get("x-assumptions", ())]
    return {one["id"]: [one["default"], *one["alternatives"]] for one in declared}


def _check_assumed(known: Sequence[Node], values: Mapping[str, Sequence[Json]]) -> Iterator[Diagnostic]:
    """Wherever `{assumption: <id>}` is used, each value of the assumption has the expected shape."""
    for node in known:
        place = node.shape.values
        if place is None or not isinstance(node.value, Mapping):
            continue
        id = node.value["assumption"]
        for one in values.get(id, ()):
            for pointer, text in violations(one, place):
                yield node.pointer, f"{id} may be {shorten(one)}{pointer and f', at {pointer}'}, and {text}"


def _operation_ids(known: Sequence[Node]) -> Iterator[Diagnostic]:
    """Each operation under `paths` (not webhooks) has a unique operationId."""
    seen: set[str] = set()
    for node in known:
        if node.shape.kind != "operation" or not isinstance(node.value, Mapping) or node.pointer.startswith("/web"):
            continue
        id = str(node.value.get("operationId", ""))
        if not id:
            yield node.pointer, "operationId is missing on this operation; add it"
        elif id in seen:
            yield node.pointer, f"operationId {id} is used twice; ids are unique"
        else:
            seen.add(id)


def _own_examples(node: Node, document: Json) -> Iterator[tuple[str, str, Json]]:
    pointer, value, kind = node.pointer, node.value, node.shape.kind
    if kind == "schema":
        for number, example in enumerate(value.get("examples", ())):
            yield f"{pointer}/examples/{number}", pointer, example
        if "default" in value:
            yield f"{pointer}/default", pointer, value["default"]
    elif kind in ("media", "parameter", "header") and "schema" in value:
        if "example" in value:
            yield f"{pointer}/example", f"{pointer}/schema", value["example"]
        for name, example in value.get("examples", {}).items():
            target = find(document, example["$ref"][1:]) if "$ref" in example else example
            yield f"{pointer}/examples{at(name)}", f"{pointer}/schema", target["value"]
