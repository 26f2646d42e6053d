"""Lists the members that the schemas of a document declare in responses and request bodies.

Must not know what they are used for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from understudy.document.operation import Operation
from understudy_checks.pointers import resolve_reference

Json = Any
EACH = "[]"
"""The path segment for every item of a list and every value of a map."""

Path = tuple[str, ...]


class Member(NamedTuple):
    """A declared member of a JSON value: its path, its schema, and whether it is required.

    `place` is its declaration: the name of a component or operation, and the path from there.
    """

    path: Path
    schema: Mapping[str, Json]
    required: bool
    place: Path

    def __str__(self) -> str:
        return dotted(self.path)


def members(
    document: Json, schema: Json, place: Path, path: Path = (), ancestors: tuple[str, ...] = ()
) -> Iterator[Member]:
    """The members that a schema declares, at any depth. Stops at recursive references.

    `place` is the declaration of the schema, unless it is a reference to a component.
    """
    if not isinstance(schema, Mapping) or schema.get("$ref") in ancestors:
        return
    if "$ref" in schema:
        ancestors, place = (*ancestors, schema["$ref"]), (schema["$ref"].rpartition("/")[2],)
    schema = resolve_reference(document, schema)
    for name, inner in schema.get("properties", {}).items():
        own = (*place, name)
        yield Member((*path, name), resolve_schema(document, inner), name in schema.get("required", ()), own)
        yield from members(document, inner, own, (*path, name), ancestors)
    for keyword in ("items", "additionalProperties"):
        yield from members(document, schema.get(keyword), (*place, EACH), (*path, EACH), ancestors)
    for keyword in ("allOf", "anyOf", "oneOf"):
        for inner in schema.get(keyword, ()):
            yield from members(document, inner, place, path, ancestors)


def declares(document: Json, schema: Json, path: Path) -> bool:
    """Whether a schema declares a member at a path."""
    return any(member.path == path for member in members(document, schema, ()))


def answer_members(document: Json, operation: Operation, classes: str) -> Iterator[Member]:
    """The members of an operation's responses whose status begins with one of `classes`."""
    for status, response in document["paths"][operation.path][operation.method.lower()]["responses"].items():
        for media_type, media in resolve_reference(document, response).get("content", {}).items():
            if str(status)[0] in classes and media_type.endswith("json"):
                yield from members(document, media["schema"], (operation.id,))


def body_members(document: Json, operation: Operation) -> Iterator[Member]:
    """The members of an operation's request body."""
    return members(document, body_schema(document, operation), (operation.id,)) if operation.body else iter(())


def body_schema(document: Json, operation: Operation) -> Json:
    """The schema of an operation's request body."""
    assert operation.body is not None, "only a declared body has a schema"
    entry = resolve_reference(document, document["paths"][operation.path][operation.method.lower()]["requestBody"])
    return entry["content"][operation.body.media_type]["schema"]


def unique(found: Iterator[Member]) -> Iterator[Member]:
    """Merge the members of each path: required if one is, with the keywords of all."""
    known: dict[Path, Member] = {}
    for member in found:
        before = known.get(member.path, member)
        schema = {**before.schema, **member.schema}
        known[member.path] = Member(member.path, schema, before.required or member.required, before.place)
    yield from known.values()


def dotted(path: Path) -> str:
    """Format a path, with `[]` for the items of a list."""
    return ".".join(path).replace(f".{EACH}", EACH)


def resolve_schema(document: Json, schema: Json) -> Mapping[str, Json]:
    """Resolve a schema to a mapping; empty for a boolean schema."""
    return resolve_reference(document, schema) if isinstance(schema, Mapping) else {}
