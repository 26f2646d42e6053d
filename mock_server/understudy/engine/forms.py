"""Multipart forms (RFC 7578), read in linear time by python-multipart: the bytes of each part as they were sent.

Must not know HTTP's transport, nor any API.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

_MOST_PARTS = 1000
_MOST_HEADERS = 16  # of one part
_LONGEST_HEADER = 8 << 10
_MOST_OPTIONS = 100  # semicolons of one header, also those in a file name
logging.getLogger("python_multipart").addHandler(logging.NullHandler())  # else its warnings go to standard error


class Part(msgspec.Struct, frozen=True, gc=False):
    """One part of a form: its bytes, the name of the file that it is, and its media type, None where it has none."""

    content: bytes
    filename: str | None = None
    media_type: str | None = None

    @property
    def text(self) -> str:
        """The content as text: UTF-8, or one character for each byte where it is not."""
        return _text(self.content)


Parts = dict[str, list[Part]]


def read_form(content_type: str, content: bytes) -> dict[str, str]:
    """The parts of a form by name, the last one of each name; raises ValueError as `read_parts` does."""
    return {name: parts[-1].text for name, parts in read_parts(content_type, content).items()}


def read_parts(content_type: str, content: bytes) -> Parts:
    """All parts of a form by name; a name that is not UTF-8 is decoded as Latin-1.

    Raises ValueError for an invalid form, or one with too many parts or headers.
    """
    from python_multipart.exceptions import FormParserError  # imported late: takes 15 ms
    from python_multipart.multipart import MultipartParser, parse_options_header

    def split(value: bytes) -> tuple[bytes, dict[bytes, bytes]]:
        if value.count(b";") > _MOST_OPTIONS:  # splitting takes quadratic time
            raise ValueError(f"A header of the form has more than {_MOST_OPTIONS} parameters")
        return parse_options_header(value)

    media_type, options = split(content_type.encode("latin-1"))
    boundary = options.get(b"boundary")
    if media_type.lower() != b"multipart/form-data" or not boundary:
        raise ValueError("The content type of the request body names no boundary")
    parts = _Collector(lambda value: split(value)[1])
    try:
        parser = MultipartParser(
            boundary, parts.callbacks(), max_header_count=_MOST_HEADERS, max_header_size=_LONGEST_HEADER
        )
        parser.write(content)
        parser.finalize()
    except FormParserError as error:
        raise ValueError(f"The request body is no form: {error}") from None
    if not parts.ended:
        raise ValueError("The request body is no form: its boundary is not found, or it is cut off")
    return parts.values


class _Collector:
    """Collects the parts that the parser reports."""

    def __init__(self, options_of: Callable[[bytes], dict[bytes, bytes]]) -> None:
        self.values: Parts = {}
        self.ended = False
        self._options_of = options_of
        self._count = 0
        self._field = self._value = b""
        self._name: bytes | None = None
        self._filename: bytes | None = None
        self._media_type: str | None = None
        self._data: list[bytes] = []

    def callbacks(self) -> MultipartCallbacks:
        """The callbacks of the parser, by its names for them."""
        return {
            "on_part_begin": self._begin, "on_part_data": self._add_data, "on_part_end": self._end_part,
            "on_header_field": self._add_field, "on_header_value": self._add_value,
            "on_header_end": self._end_header, "on_end": self._end,
        }  # fmt: skip

    def _begin(self) -> None:
        self._count += 1
        if self._count > _MOST_PARTS:
            raise ValueError(f"The form has more than {_MOST_PARTS} parts")
        self._name = self._filename = self._media_type = None
        self._data = []

    def _add_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        field = self._field.lower()
        if field == b"content-disposition":
            options = self._options_of(self._value)
            self._name, self._filename = options.get(b"name"), options.get(b"filename")
        elif field == b"content-type":
            if self._value.lower().startswith(b"multipart/"):
                raise ValueError("A part of the form has parts itself")
            self._media_type = _text(self._value)
        self._field = self._value = b""

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        self._data.append(data[start:end])

    def _end_part(self) -> None:
        if self._name is None:
            raise ValueError("A part of the form has no name")
        filename = None if self._filename is None else _text(self._filename)
        part = Part(b"".join(self._data), filename, self._media_type)
        self.values.setdefault(_text(self._name), []).append(part)

    def _end(self) -> None:
        self.ended = True


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
