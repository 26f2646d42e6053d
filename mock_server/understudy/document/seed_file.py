"""Seed files of users: checked against a schema; each error is reported with file, line and JSON pointer.

Must not know any API's records.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from understudy.document import pointer
from understudy.document.lines import Lines

Json = Any
SeedPath = tuple[str | int, ...]

_MOST_REPORTED = 20  # errors that are listed
_MAX_LENGTH = 300  # characters of an error message


class Start(NamedTuple):
    """The content of a seed file, and the file."""

    content: Json
    file: Path


class SeedError(ValueError):
    """A seed with errors: paths and messages."""

    def __init__(self, errors: Sequence[tuple[SeedPath, str]]) -> None:
        super().__init__("\n".join(f"{pointer.at(*place)}: {text}" for place, text in errors))
        self.errors = errors

    def report(self, file: Path) -> str:
        """One line for each error (at most 20): file, line, JSON pointer, message."""
        lines = Lines(file.read_bytes())
        messages = [
            f"{file}:{lines.of(where)}: {where or '/'}: {_shorten(text)}"
            for where, text in ((pointer.at(*place), text) for place, text in self.errors[:_MOST_REPORTED])
        ]
        more = len(self.errors) - len(messages)
        return "\n".join([*messages, f"{file}: and {more} more"] if more else messages)


class Validator(Protocol):
    """A JSON Schema validator."""

    def iter_errors(self, instance: Json) -> Iterator[Any]:
        """The errors, each with `instance_path` and `message`."""


class SeedErrors:
    """The errors of a seed, collected while its records are made."""

    def __init__(self) -> None:
        self._found: list[tuple[SeedPath, str]] = []

    def check(self, validator: Validator, content: Json) -> None:
        """Validate the whole seed; raises SeedError."""
        self._found += [(tuple(error.instance_path), error.message) for error in validator.iter_errors(content)]
        self.raise_all()

    @contextmanager
    def at(self, *place: str | int) -> Iterator[None]:
        """Collect a ValueError of the block as an error at this path."""
        try:
            yield
        except ValueError as error:
            self._found.append((place, str(error)))

    def unique(self, rows: Sequence[Json], member: str, *place: str | int) -> None:
        """Collect an error for each row whose `member` repeats that of an earlier row."""
        seen: set[Json] = set()
        for number, row in enumerate(rows):
            if row[member] in seen:
                self._found.append(((*place, number, member), f"{row[member]} is there already"))
            seen.add(row[member])

    def raise_all(self) -> None:
        """Raise SeedError when errors were collected."""
        if self._found:
            raise SeedError(self._found)


def check_json(content: Json) -> None:
    """Raise SeedError for values that are no JSON: keys that are no texts, infinite or too large numbers."""
    errors = list(_non_json(content, ()))
    if errors:
        raise SeedError(errors)


def path_of(content: Json, id: str) -> SeedPath:
    """The path of the record with an id in a seed; empty when it is not found."""
    return next(_paths_of(content, id, ()), ())


def _non_json(value: Json, place: SeedPath) -> Iterator[tuple[SeedPath, str]]:
    if isinstance(value, dict):
        yield from ((place, f"{name!r} must be a text; put it in quotes") for name in value if type(name) is not str)
    elif isinstance(value, float) and not math.isfinite(value):
        yield place, f"{value} is no number of JSON"
    elif isinstance(value, int) and abs(value) >= 2**63:
        yield place, "the number is too large"
    for name, child in _children(value):
        yield from _non_json(child, (*place, name))


def _paths_of(value: Json, id: str, place: SeedPath) -> Iterator[SeedPath]:
    if isinstance(value, dict) and id in (str(value.get("id")), value.get("user_id")):
        yield place
    for name, child in _children(value):
        yield from _paths_of(child, id, (*place, name))


def _children(value: Json) -> Iterable[tuple[str | int, Json]]:
    if isinstance(value, dict):
        return [(name, child) for name, child in value.items() if isinstance(name, str)]
    return enumerate(value) if isinstance(value, list) else ()


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MAX_LENGTH else f"{line[:_MAX_LENGTH]}..."
