"""The body that an operation takes: its validator, and errors by member."""

from __future__ import annotations

from collections.abc import Iterator

import jsonschema_rs
import msgspec
from msgspec.structs import force_setattr

from understudy.document import closed as members
from understudy.document.model import Json, Validator
from understudy.messages import shorten, suggest

JSON = "application/json"
FORM = "multipart/form-data"


class Body(msgspec.Struct, frozen=True):
    """A request body: its validator and the names of the properties that it declares.

    `media_type` is JSON, or multipart/form-data, whose parts are then the properties, each a text. `strict` validates
    against `closed`, the schema that allows no members but the declared ones.
    """

    required: bool
    validator: Validator
    properties: frozenset[str]
    media_type: str = JSON
    closed: Json = True
    strict: Validator | None = None
    sent_as: bytes = b""  # the content type, as most requests have it

    def __post_init__(self) -> None:
        force_setattr(self, "sent_as", self.media_type.encode())

    def fault(self, value: Json) -> str:
        """What is wrong with a `value` that is not valid: the place and the first error, in one line."""
        error = next(self.validator.iter_errors(value))
        place = ".".join(str(part) for part in error.instance_path)
        return f"{place}: {shorten(error.message, 300)}" if place else shorten(error.message, 300)

    def strange(self, value: Json) -> Iterator[str]:
        """What a `value` has and the document does not name, each with the nearest name that it does."""
        for error in self.strict.iter_errors(value) if self.strict else ():
            for name, place, known in members.unknown(error, self.closed):
                where = f" in {'.'.join(place)}" if place else ""
                yield f"unknown member {shorten(name)}{where}{suggest(name[:80], known)}"

    def faults(self, value: Json) -> dict[str, list[str]]:
        """All that is wrong with a `value`, by the dotted name of the member."""
        faults: dict[str, list[str]] = {}
        for error in self.validator.iter_errors(value):
            path, message = [str(part) for part in error.instance_path], shorten(error.message, 300)
            if isinstance(error.kind, jsonschema_rs.ValidationErrorKind.Required):
                path.append(error.kind.property)
                message = f"The {error.kind.property.replace('_', ' ')} field is required."
            faults.setdefault(".".join(path), []).append(message)
        return faults
