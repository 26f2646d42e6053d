"""What generators of clients stop at or drop, though OpenAPI allows it: none of it stands in our documents.

`make generators` runs the generators themselves; this holds the same without any of them.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from understudy import data
from understudy.document.pointer import find
from understudy.document.read import read

Json = Any
METHODS = ("get", "put", "post", "delete", "patch")
SECTIONS = ("schemas", "parameters", "responses", "headers", "requestBodies", "examples", "links")


def links(document: Json) -> Iterator[str]:
    """Links whose `requestBody` is no string: openapi-generator takes no other."""
    for pointer, one in objects(document, inside_examples=False):
        if "operationId" in one and "responses" not in one and not isinstance(one.get("requestBody", ""), str):
            yield pointer


def types(document: Json) -> Iterator[str]:
    """Schemas of two types beside null: openapi-generator and openapi-python-client stop at some."""
    for pointer, one in objects(document):
        if isinstance(one.get("type"), list) and len({*one["type"]} - {"null"}) > 1:
            yield pointer


def maps(document: Json) -> Iterator[str]:
    """Maps of declared values that are one choice of several: openapi-generator writes Java of them that is none."""
    for pointer, one in objects(document):
        for keyword in ("anyOf", "oneOf"):
            for branch in one.get(keyword, ()):
                if isinstance(resolved(document, branch).get("additionalProperties"), dict):
                    yield f"{pointer}/{keyword}"


def ranges(document: Json) -> Iterator[str]:
    """Ranges of statuses: orval writes `4XX` into its code as a number."""
    for pointer, one in operations(document):
        yield from (f"{pointer}/responses/{status}" for status in one["responses"] if "X" in status)


def choices(document: Json) -> Iterator[str]:
    """Bodies of several media types that are required: openapi-python-client forgets an import of its own."""
    for pointer, one in operations(document):
        body = resolved(document, one.get("requestBody", {}))
        if len(body.get("content", ())) > 1 and body.get("required"):
            yield pointer


def media(document: Json) -> Iterator[str]:
    """Contents whose first media type is a range: openapi-python-client drops the response."""
    for pointer, one in objects(document, inside_examples=False):
        content = one.get("content", {})
        if "*" in next(iter(content), ""):
            yield pointer


def webhooks(document: Json) -> Iterator[str]:
    """Webhooks: openapi-generator writes code of them that does not compile, over that of operations of their tag."""
    yield from (f"/webhooks/{name}" for name in document.get("webhooks", {}))


def unused(document: Json) -> Iterator[str]:
    """Components that nothing refers to."""
    text = json.dumps(document)
    for section in SECTIONS:
        for name in document["components"].get(section, {}):
            if f'"#/components/{section}/{name}"' not in text:
                yield f"/components/{section}/{name}"


def names(document: Json) -> Iterator[str]:
    """Schemas, and operations, whose names differ in case or marks only: their files and functions are the same."""
    ids = [one["operationId"] for _, one in operations(document)]
    for known in (list(document["components"]["schemas"]), ids):
        counts = Counter(re.sub("[^a-z0-9]", "", name.lower()) for name in known)
        yield from (name for name in known if counts[re.sub("[^a-z0-9]", "", name.lower())] > 1)


def tags(document: Json) -> Iterator[str]:
    """Operations without a tag that the document declares, if it declares any: they land in a class `Default`."""
    declared = {tag["name"] for tag in document.get("tags", ())}
    wrong = (pointer for pointer, one in operations(document) if not {*one.get("tags", ())} & declared)
    yield from wrong if declared else ()


def twice(document: Json) -> Iterator[str]:
    """Members that two branches of an `allOf` declare: openapi-python-client drops such a schema."""
    for pointer, one in objects(document):
        branches = [resolved(document, branch) for branch in one.get("allOf", ())]
        counts = Counter(name for branch in branches for name in branch.get("properties", ()))
        yield from (f"{pointer}/allOf {name}" for name, count in counts.items() if count > 1)


def constants(document: Json) -> Iterator[str]:
    """Constants without a type."""
    for pointer, one in objects(document):
        if "const" in one and "type" not in one and "/x-" not in pointer:
            yield pointer


def bounds(document: Json) -> Iterator[str]:
    """Sizes of pages with a `maximum` that a larger one is taken for: a client refuses what the server takes."""
    own = document.get("x-pagination", {})
    id = own.get("limit-out-of-range", {}).get("assumption")
    if any(one["id"] == id and one["default"] == "clamp" for one in document.get("x-assumptions", ())):
        for pointer, one in objects(document):
            if one.get("name") == own["limit"] and one.get("in") == "query" and "maximum" in one["schema"]:
                yield pointer


def members(document: Json) -> Iterator[str]:
    """Members of examples that their schemas do not declare."""
    for pointer, one in objects(document, inside_examples=False):
        if "schema" in one:
            told = [one["example"]] if "example" in one else []
            told += [resolved(document, entry)["value"] for entry in one.get("examples", {}).values()]
            for value in told:
                yield from (f"{pointer}: {name}" for name in undeclared(document, one["schema"], value))


KINDS: dict[Callable[[Json], Iterator[str]], Callable[[Json], Any]] = {
    links: lambda d: first_link(d).update(requestBody={"title": "Made"}),
    types: lambda d: some_schema(d)["properties"].update(odd={"type": ["object", "array"], "items": {}}),
    maps: lambda d: some_schema(d)["properties"].update(
        odd={"anyOf": [{"type": "array"}, {"type": "object", "additionalProperties": {"type": "string"}}]}
    ),
    ranges: lambda d: first(operations(d))["responses"].update({"4XX": {"description": "Refused"}}),
    choices: lambda d: first(operations(d)).update(requestBody={"required": True, "content": {"a/b": {}, "c/d": {}}}),
    media: lambda d: d["components"]["responses"].update(Odd={"content": {"*/*": {"schema": {"type": "string"}}}}),
    webhooks: lambda d: d.update(webhooks={"done": {"post": {"responses": {}}}}),
    unused: lambda d: d["components"]["schemas"].update(Lonely={"type": "object"}),
    names: lambda d: d["components"]["schemas"].update(
        {next(iter(d["components"]["schemas"])).upper(): {"type": "object"}}
    ),
    tags: lambda d: first(operations(d)).update(tags=["Other"]),
    twice: lambda d: some_schema(d)["properties"].update(
        odd={"allOf": [{"properties": {"a": {"type": "string"}}}, {"properties": {"a": {"const": "b"}}}]}
    ),
    constants: lambda d: some_schema(d)["properties"].update(odd={"const": "b"}),
    bounds: lambda d: next(
        one for one in d["x-assumptions"] if one["id"] == d["x-pagination"]["limit-out-of-range"]["assumption"]
    ).update(default="clamp"),
    members: lambda d: d["components"]["responses"].update(
        Odd={
            "content": {
                "application/json": {"schema": {"properties": {"a": {"type": "string"}}}, "example": {"a": "", "b": 1}}
            }
        }
    ),
}
DOCUMENTS = sorted(data.path("openapi").glob("*.yaml"))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_nothing_in_the_document_stops_a_generator(path: Path, kind: Callable[[Json], Iterator[str]]) -> None:
    """No document has anything of a kind that a generator of clients refuses, drops, or makes broken code of."""
    assert list(kind(read(path))) == []


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_each_kind_is_found(kind: Callable[[Json], Iterator[str]]) -> None:
    """A document that has it is noticed."""
    document = deepcopy(read(data.path("openapi/nextstep.yaml")))
    KINDS[kind](document)
    assert list(kind(document)) != []


def operations(document: Json) -> Iterator[tuple[str, Json]]:
    """The operations of a document with their places."""
    for path, item in document["paths"].items():
        yield from ((f"{path} {method}", item[method]) for method in METHODS if method in item)


def objects(value: Json, pointer: str = "", *, inside_examples: bool = True) -> Iterator[tuple[str, Json]]:
    """All objects of a document with their places, but for those of our own rules and, if asked, of examples."""
    if isinstance(value, dict):
        yield pointer, value
        for name, one in value.items():
            if name not in ("x-rules", "x-assumptions") and (inside_examples or name not in ("example", "examples")):
                yield from objects(one, f"{pointer}/{name}", inside_examples=inside_examples)
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from objects(one, f"{pointer}/{number}", inside_examples=inside_examples)


def resolved(document: Json, value: Json) -> Json:
    """The object that a reference leads to, or the object itself."""
    while "$ref" in value:
        value = find(document, value["$ref"][1:])
    return value


def undeclared(document: Json, schema: Json, value: Json) -> Iterator[str]:
    """The members of a value that nothing in its schema declares; a schema that declares none takes any."""
    parts = list(branches(document, schema))
    if isinstance(value, list):
        for part in parts:
            for one in value if "items" in part else ():
                yield from undeclared(document, part["items"], one)
    if isinstance(value, dict):
        declared = {name: own for part in parts for name, own in part.get("properties", {}).items()}
        if declared and not any("additionalProperties" in part for part in parts):
            yield from (name for name in value if name not in declared)
        for name in value.keys() & declared.keys():
            yield from undeclared(document, declared[name], value[name])


def branches(document: Json, schema: Json) -> Iterator[Json]:
    """A schema and those that it is made of."""
    own = resolved(document, schema)
    yield own
    for keyword in ("allOf", "anyOf", "oneOf"):
        for one in own.get(keyword, ()):
            yield from branches(document, one)


def first(found: Iterator[tuple[str, Json]]) -> Json:
    """The first of some objects."""
    return next(found)[1]


def first_link(document: Json) -> Json:
    """Some link of a document."""
    return next(iter(next(one["links"] for _, one in objects(document) if one.get("links")).values()))


def some_schema(document: Json) -> Json:
    """Some schema with members."""
    return next(schema for schema in document["components"]["schemas"].values() if "properties" in schema)
