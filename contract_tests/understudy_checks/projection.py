"""Projects a response onto its document: removes the members that the document does not name.

A server may add members of its own (a request id, a time), and no test may fail because of them.
Refusals are kept whole, since they might reveal too much. Must not know any API.
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
    """The members that the schemas of one value name. `members` is None where the schemas allow any."""

    def __init__(self, document: Json, schemas: Iterable[Json]) -> None:
        self._document = document
        self._schemas = [part for schema in schemas for part in _parts(document, schema)]

    @cached_property
    def members(self) -> Mapping[str, Shape | None] | None:
        """The shape of each member; None for a member that is kept whole."""
        found: dict[str, list[Json]] = {}
        for schema in self._schemas:
            for name, entry in schema.get("properties", {}).items():
                found.setdefault(name, []).append(entry)
        is_open = not found or any(schema.get("additionalProperties") for schema in self._schemas)
        return None if is_open else {name: self._inner(entries) for name, entries in found.items()}

    @cached_property
    def items(self) -> Shape | None:
        """The shape of a list's items; None without one."""
        return self._inner([schema["items"] for schema in self._schemas if "items" in schema])

    def project(self, value: Json) -> Json:
        """Project a value onto this shape. Returns anything but an object or a list unchanged."""
        if isinstance(value, list) and (items := self.items) is not None:
            return [items.project(entry) for entry in value]
        if isinstance(value, dict) and (members := self.members) is not None:
            return {
                name: entry if (shape := members[name]) is None else shape.project(entry)
                for name, entry in value.items()
                if name in members
            }
        return value

    def _inner(self, schemas: Iterable[Json]) -> Shape | None:
        shape = Shape(self._document, schemas)
        return shape if any({"properties", "items"} & schema.keys() for schema in shape._schemas) else None


def project(contract: Contract, operation: Operation | None, response: Response) -> Response:
    """Return a successful response without members that the document does not name. Returns a refusal unchanged."""
    shape = _shape(contract, operation, response.status) if operation is not None and response.body else None
    if shape is None:
        return response
    body = response.json()
    named = shape.project(body)
    if named == body:
        return response
    headers = tuple(header for header in response.headers if header[0] != b"content-length")
    return Response(response.status, headers, msgspec.json.encode(named))


_SHAPES: dict[tuple[int, str, int], tuple[Contract, Shape | None]] = {}


def _shape(contract: Contract, operation: Operation, status: int) -> Shape | None:
    """The shape of a response, memoized by document; None for a refusal."""
    key = id(contract), operation.id, status
    if key not in _SHAPES:
        schemas = list(_response_schemas(contract.document, operation, status)) if status < 300 else []
        _SHAPES[key] = contract, Shape(contract.document, schemas) if schemas else None
    return _SHAPES[key][1]


def _response_schemas(document: Json, operation: Operation, status: int) -> Iterator[Json]:
    """The schemas of an operation's response bodies with a status; of all successes for an undocumented one."""
    responses = document["paths"][operation.path][operation.method.lower()]["responses"]
    successes = [name for name in responses if name.startswith("2")]
    known = [name for name in (str(status), f"{status // 100}XX") if name in responses]
    for name in known[:1] or successes or [name for name in responses if name == "default"]:
        for entry in resolve_reference(document, responses[name]).get("content", {}).values():
            yield entry["schema"]


def _parts(document: Json, schema: Json) -> Iterator[Mapping[str, Json]]:
    """A schema and all its parts in allOf, anyOf and oneOf, with references resolved."""
    found = resolve_reference(document, schema)
    yield found
    for keyword in ("allOf", "anyOf", "oneOf"):
        for part in found.get(keyword, ()):
            yield from _parts(document, part)
