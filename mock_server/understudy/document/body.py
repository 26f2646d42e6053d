"""The request body of an operation: its validator, and error messages by member."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import jsonschema_rs
import msgspec

from understudy.document import closed as closed_schema
from understudy.document.model import Json, Validator
from understudy.document.shapes import Shape
from understudy.messages import shorten, suggest

JSON = "application/json"
FORM = "multipart/form-data"
URLENCODED = "application/x-www-form-urlencoded"
_JSON = (JSON, "text/json")  # the second by ASP.NET


class Body(msgspec.Struct, frozen=True):
    """A request body: its validator and the names of its declared properties.

    `media_type` is JSON or multipart/form-data; the parts of a form are its properties, each a string. `strict`
    validates against `closed`, the schema without undeclared members. `others` are the same body in other media types.
    With a `shape` the values of a form are typed by it.
    """

    required: bool
    validator: Validator
    properties: frozenset[str]
    media_type: str
    kind: str  # json, multipart, urlencoded, text or bytes: how it is read
    sent_as: bytes  # the media type as most requests send it, compared first
    closed: Json = True
    strict: Validator | None = None
    others: tuple[Body, ...] = ()
    shape: Callable[[], Shape] | None = None

    def taking(self, media_type: str) -> Body | None:
        """The body in this media type (lower case, without parameters); None where it is not declared."""
        return next((one for one in (self, *self.others) if _takes(one.media_type, media_type)), None)

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


def kind_of(media_type: str) -> str:
    """How a body of a media type is read: as json, multipart, urlencoded, text or bytes."""
    if media_type in _JSON or media_type.endswith("+json"):
        return "json"
    if media_type in (FORM, URLENCODED):
        return "multipart" if media_type == FORM else "urlencoded"
    return "text" if media_type.startswith("text/") else "bytes"


def is_json(media_type: str) -> bool:
    """Whether a response in a media type, or in its range, is JSON."""
    name = media_type.partition(";")[0].strip().lower()
    return kind_of(name) == "json" or name in ("*/*", "application/*")


def _takes(declared: str, sent: str) -> bool:
    if declared.endswith("/*"):
        return declared == "*/*" or sent.startswith(declared[:-1])
    return declared == sent or (declared == JSON and sent.endswith("+json"))
