"""What an answer shows as far as the document speaks of it: members that it does not name are left out.

A server may add what it likes (a number for each request, the time of day), and no test may stumble over that.
What is refused keeps everything: it may tell too much. Must not know any API.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

import msgspec

from understudy.document.contract import Contract
from understudy.document.operation import Operation
from understudy.engine.exchange import Response
from understudy_checks.pointers import resolve_reference

Json = Any


class Shape:
    """The members that schemas, all of one value, name; `members` is None where they leave open which there are."""

    def __init__(self, document: Json, schemas: Iterable[Json]) -> None:
        self._document = document
        self._schemas = [part for schema in schemas for part in _parts(document, schema)]

    @cached_property
    def members(self) -> Mapping[str, Shape | None] | None:
        """The shape of each member, None for one that is kept whole."""
        found: dict[str, list[Json]] = {}
        for schema in self._schemas:
            for name, entry in schema.get("properties", {}).items():
                found.setdefault(name, []).append(entry)
        is_open = not found or any(schema.get("additionalProperties") for schema in self._schemas)
        return None if is_open else {name: self._inner(entries) for name, entries in found.items()}

    @cached_property
    def items(self) -> Shape | None:
        """The shape of what a list holds."""
        return self._inner([schema["items"] for schema in self._schemas if "items" in schema])

    def of(self, value: Json) -> Json:
        """A value with the members that are named; what is no object or list as it is."""
        if isinstance(value, list) and (items := self.items) is not None:
            return [items.of(entry) for entry in value]
        if isinstance(value, dict) and (members := self.members) is not None:
            return {
                name: entry if (shape := members[name]) is None else shape.of(entry)
                for name, entry in value.items()
                if name in members
            }
        return value

    def _inner(self, schemas: Iterable[Json]) -> Shape | None:
        shape = Shape(self._document, schemas)
        return shape if any({"properties", "items"} & schema.keys() for schema in shape._schemas) else None


def shown(contract: Contract, operation: Operation | None, response: Response) -> Response:
    """A successful answer without what the document does not name; the answer itself when that is nothing."""
    shape = _shape(contract, operation, response.status) if operation is not None and response.body else None
    if shape is None:
        return response
    body = response.json()
    named = shape.of(body)
    if named == body:
        return response
    headers = tuple(header for header in response.headers if header[0] != b"content-length")
    return Response(response.status, headers, msgspec.json.encode(named))


_SHAPES: dict[tuple[int, str, int], tuple[Contract, Shape | None]] = {}


def _shape(contract: Contract, operation: Operation, status: int) -> Shape | None:
    """The shape of an answer, made once for each document; None for a refusal."""
    place = id(contract), operation.id, status
    if place not in _SHAPES:
        schemas = list(_answers(contract.document, operation, status)) if status < 300 else []
        _SHAPES[place] = contract, Shape(contract.document, schemas) if schemas else None
    return _SHAPES[place][1]


def _answers(document: Json, operation: Operation, status: int) -> Iterator[Json]:
    """The schema of the JSON that is answered with a status, if there is one."""
    responses = document["paths"][operation.path][operation.method.lower()]["responses"]
    known = [name for name in (str(status), f"{status // 100}XX", "default") if name in responses]
    for name in known[:1]:
        for entry in resolve_reference(document, responses[name]).get("content", {}).values():
            yield entry["schema"]


def _parts(document: Json, schema: Json) -> Iterator[Mapping[str, Json]]:
    """A schema and those that it is put together of, whichever of them holds."""
    found = resolve_reference(document, schema)
    yield found
    for word in ("allOf", "anyOf", "oneOf"):
        for part in found.get(word, ()):
            yield from _parts(document, part)
