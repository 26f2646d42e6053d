"""Pairs of a collection and an item: `/pets` and `/pets/{id}`.

They are found in paths. No pair is a parameter that is one of a few fixed words (`/reports/{type}`), an item that is no
JSON (a file, a page), and a path that nothing is added to and that answers no list of such things: nothing there has an
id. A request with a list, or without a body, adds no item.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from benchmarks.specs.client import body_schema
from benchmarks.specs.document import Document, Json, Operation, is_json
from benchmarks.specs.schemas import Schemas

_GENERIC = frozenset(("links", "_links", "href", "self", "meta"))  # that things of every kind have
_LAST = re.compile(r"/\{[^{}/]+\}(\.\w+)?$")


class Pair(NamedTuple):
    """The operations on a collection and on one of its items; `create` is a POST on the collection."""

    collection: str
    item: str
    listing: Operation | None
    create: Operation | None
    read: Operation | None
    updates: tuple[Operation, ...]
    """What changes an item: by PATCH, by PUT or by POST, on the item or with the id in the body on the collection."""
    delete: Operation | None
    put: Operation | None
    """A PUT on the item, or a POST beside it, which may create one whose id the client chooses."""

    @property
    def name(self) -> str:
        """The collection's path, with the item's where it is not the usual one."""
        return self.item

    @property
    def makes(self) -> bool:
        """Whether it can be created and read: what a round trip needs."""
        return self.create is not None and self.read is not None

    @property
    def parameter(self) -> str:
        """The name of the path parameter that is the id."""
        return re.findall(r"\{([^{}]+)\}", self.item)[-1]


def pairs(document: Document) -> list[Pair]:
    """Every pair in which the item can be read or the collection can be listed or added to."""
    return list(_pairs(document))


def parents(path: str) -> list[str]:
    """The path parameters of a path, outermost first."""
    return re.findall(r"\{([^{}]+)\}", path)


def _pairs(document: Document) -> Iterator[Pair]:
    paths = dict.fromkeys(operation.path for operation in document.operations)
    for item in paths:
        ending = _LAST.search(item)
        if ending is None:
            continue
        base = item[: ending.start()]
        collection = next((path for path in _collections(base, ending[1] or "") if path in paths), None)
        pair = _pair(document, collection, item) if collection is not None else None
        if pair is not None and _has_ids(document, pair):
            yield pair


def _has_ids(document: Document, pair: Pair) -> bool:
    """Whether an item can be read by an id that somebody could know."""
    if pair.read is None or _is_one_of_few(document, pair.read, pair.parameter) or not _is_json(pair.read):
        return False
    return bool(pair.create or pair.put) or (pair.listing is not None and _lists(document, pair.listing, pair.read))


def _is_one_of_few(document: Document, operation: Operation, parameter: str) -> bool:
    known = next((p for p in operation.parameters if p["name"] == parameter and p["in"] == "path"), {})
    return bool(document.deref(known.get("schema") or {}).get("enum"))


def _is_json(operation: Operation) -> bool:
    """Whether a success may be JSON: it is said, or nothing is. A redirection alone leads to a file."""
    statuses = {status[:1] for status in operation.responses}
    if "3" in statuses and not statuses & {"2", "d"}:
        return False
    found = [one.get("content") or {} for status, one in operation.responses.items() if status[:1] in ("2", "d")]
    names = [name for content in found for name in content]
    return not names or any(is_json(name) for name in names)


def _lists(document: Document, listing: Operation, read: Operation) -> bool:
    """Whether a list has things like the item: plain values, or objects with a member that the item has, too."""
    schemas = Schemas(document)
    found, one = _success(listing), _success(read)
    if found is None or one is None or not schemas.has_list([found]):
        return found is not None and schemas.has_list([found])
    shown = {name for inner in _objects(schemas, one, 2) for name in schemas.members(inner)} - _GENERIC
    elements = list(_elements(schemas, found, 3))
    return any(not schemas.members(element) or shown & set(schemas.members(element)) for element in elements)


def _success(operation: Operation) -> Json | None:
    """The schema of a success in JSON; None where none is given."""
    return next((found for found in map(operation.answers, (200, 206)) if found is not None), None)


def _elements(schemas: Schemas, schema: Json, depth: int) -> Iterator[Json]:
    """The schemas of the elements of the lists that stand in no other list."""
    below = schemas.below([schema], 0)
    yield from below
    for name, parts in schemas.members(schema).items() if depth and not below else ():
        for part in parts if not name.lower().endswith("links") else ():
            yield from _elements(schemas, part, depth - 1)


def _objects(schemas: Schemas, schema: Json, depth: int) -> Iterator[Json]:
    """The schemas of an answer, of its members, and of the elements of its lists."""
    yield schema
    inner = [part for parts in schemas.members(schema).values() for part in parts]
    for part in (*inner, *schemas.below([schema], 0)) if depth else ():
        yield from _objects(schemas, part, depth - 1)


def _collections(base: str, suffix: str) -> tuple[str, ...]:
    return (base + suffix, base + "/") if base else ("/", "")


def _pair(document: Document, collection: str, item: str) -> Pair:
    at = document.operation
    create = at("POST", collection)
    create = None if create is None or _is_of_many(document, create) else create
    on_item = [_with_body(at(method, item)) for method in ("PATCH", "PUT")]
    updates = [operation for operation in on_item if operation]
    posted, whole = _with_body(at("POST", item)), _with_body(at("PUT", collection))
    if not updates:
        updates = [operation for operation in (posted if create else None, whole) if operation][:1]
    return Pair(
        collection, item, at("GET", collection), _with_body(create), at("GET", item), tuple(updates),
        at("DELETE", item), _choosing(_with_body(at("PUT", item)), posted, create),
    )  # fmt: skip


def _choosing(put: Operation | None, posted: Operation | None, create: Operation | None) -> Operation | None:
    """What makes an item whose id the client chooses: a POST on it, where a PUT stands beside and no other creates."""
    return posted if put is not None and create is None and posted is not None else put


def _is_of_many(document: Document, operation: Operation) -> bool:
    """Whether a request is a list."""
    schema = document.deref(body_schema(operation) or {})
    return isinstance(schema, dict) and (schema.get("type") == "array" or "items" in schema)


def _with_body(operation: Operation | None) -> Operation | None:
    return operation if operation is not None and operation.bodies else None
