"""The request body of an operation: its validator, and error messages by member."""

from __future__ import annotations

from collections.abc import Iterator

import jsonschema_rs
import msgspec
from msgspec.structs import force_setattr

from understudy.document import closed as closed_schema
from understudy.document.model import Json, Validator
from understudy.messages import shorten, suggest

JSON = "application/json"
FORM = "multipart/form-data"


class Body(msgspec.Struct, frozen=True):
    """A request body: its validator and the names of its declared properties.

    `media_type` is JSON or multipart/form-data; the parts of a form are its properties, each a string. `strict`
    validates against `closed`, the schema without undeclared members.
    """

    required: bool
    validator: Validator
    properties: frozenset[str]
    media_type: str = JSON
    closed: Json = True
    strict: Validator | None = None
    sent_as: bytes = b""  # the Content-Type of most requests, compared first

    def __post_init__(self) -> None:
        force_setattr(self, "sent_as", self.media_type.encode())

    def first_error(self, value: Json) -> str:
        """The first error of an invalid `value` in one line, after the dotted path of the member."""
        error = next(self.validator.iter_errors(value))
        path = ".".join(str(part) for part in error.instance_path)
        return f"{path}: {shorten(error.message, 300)}" if path else shorten(error.message, 300)

    def unknown_members(self, value: Json) -> Iterator[str]:
        """The undeclared members of a `value`, one message each with a suggestion."""
        for error in self.strict.iter_errors(value) if self.strict else ():
            for name, path, known in closed_schema.unknown(error, self.closed):
                location = f" in {'.'.join(path)}" if path else ""
                yield f"unknown member {shorten(name)}{location}{suggest(name[:80], known)}"

    def errors(self, value: Json) -> dict[str, list[str]]:
        """All errors of a `value`: messages by the dotted path of the member."""
        errors: dict[str, list[str]] = {}
        for error in self.validator.iter_errors(value):
            path, message = [str(part) for part in error.instance_path], shorten(error.message, 300)
            if isinstance(error.kind, jsonschema_rs.ValidationErrorKind.Required):
                path.append(error.kind.property)
                message = f"The {error.kind.property.replace('_', ' ')} field is required."
            errors.setdefault(".".join(path), []).append(message)
        return errors
