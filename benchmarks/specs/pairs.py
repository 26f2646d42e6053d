"""Pairs of a collection and an item: `/pets` and `/pets/{id}`.

They are found in paths alone. No pair is a parameter that is one of a few fixed words (`/reports/{type}`), and a
path that nothing is added to and that answers no list: nothing there has an id.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from benchmarks.specs.document import Document, Operation
from benchmarks.specs.schemas import Schemas

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
    """A PUT on the item, which may create one whose id the client chooses."""

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
    if pair.read is None or _is_one_of_few(document, pair.read, pair.parameter):
        return False
    return bool(pair.create or pair.put) or (pair.listing is not None and _lists(document, pair.listing))


def _is_one_of_few(document: Document, operation: Operation, parameter: str) -> bool:
    known = next((p for p in operation.parameters if p["name"] == parameter and p["in"] == "path"), {})
    return bool(document.deref(known.get("schema") or {}).get("enum"))


def _lists(document: Document, operation: Operation) -> bool:
    """Whether the document shows a list in the success of an operation."""
    answers = (operation.answers(status) for status in (200, 206))
    return any(schema is not None and Schemas(document).has_list([schema]) for schema in answers)


def _collections(base: str, suffix: str) -> tuple[str, ...]:
    return (base + suffix, base + "/") if base else ("/", "")


def _pair(document: Document, collection: str, item: str) -> Pair:
    at = document.operation
    create = at("POST", collection)
    on_item = [_with_body(at(method, item)) for method in ("PATCH", "PUT")]
    updates = [operation for operation in on_item if operation]
    posted, whole = _with_body(at("POST", item)), _with_body(at("PUT", collection))
    if not updates:
        updates = [operation for operation in (posted if create else None, whole) if operation][:1]
    return Pair(
        collection, item, at("GET", collection), _with_body(create), at("GET", item), tuple(updates),
        at("DELETE", item), at("PUT", item),
    )  # fmt: skip


def _with_body(operation: Operation | None) -> Operation | None:
    return operation if operation is not None and operation.bodies else None
