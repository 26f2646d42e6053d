"""Seed files of a user's own: read, checked against a schema, and every fault told with its file, place and line.

A fault's place is a JSON pointer. Must not know any API's records.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from understudy.document import pointer

Json = Any
Place = tuple[str | int, ...]

_MOST = 20  # faults that are told one by one
_LONGEST = 300  # characters of a fault that are told


class SeedError(ValueError):
    """A seed that does not fit, with all that is wrong: places and texts."""

    def __init__(self, faults: Sequence[tuple[Place, str]]) -> None:
        super().__init__("\n".join(f"{pointer.at(*place)}: {text}" for place, text in faults))
        self.faults = faults

    def located(self, file: Path) -> str:
        """A line for each fault (the first ones, where there are many): file, line, pointer, text."""
        lines = _lines(file, [place for place, _ in self.faults[:_MOST]])
        told = [
            f"{file}:{line}: {pointer.at(*place) or '/'}: {_short(text)}"
            for line, (place, text) in zip(lines, self.faults, strict=False)
        ]
        more = len(self.faults) - len(told)
        return "\n".join([*told, f"{file}: and {more} more"] if more else told)


class Validator(Protocol):
    """A JSON Schema validator."""

    def iter_errors(self, instance: Json) -> Iterator[Any]:
        """The errors, each with `instance_path` and `message`."""


class Faults:
    """The faults of a seed, collected while records are made of it."""

    def __init__(self) -> None:
        self._found: list[tuple[Place, str]] = []

    def check(self, validator: Validator, content: Json) -> None:
        """Check the whole seed; raises SeedError."""
        self._found += [(tuple(error.instance_path), error.message) for error in validator.iter_errors(content)]
        self.raise_all()

    @contextmanager
    def at(self, *place: str | int) -> Iterator[None]:
        """Note a ValueError in the block as a fault at a place."""
        try:
            yield
        except ValueError as error:
            self._found.append((place, str(error)))

    def unique(self, rows: Sequence[Json], member: str, *place: str | int) -> None:
        """Note every row whose member is the same as that of an earlier one."""
        seen: set[Json] = set()
        for number, row in enumerate(rows):
            if row[member] in seen:
                self._found.append(((*place, number, member), f"{row[member]} is there already"))
            seen.add(row[member])

    def raise_all(self) -> None:
        """Raises SeedError when anything is wrong."""
        if self._found:
            raise SeedError(self._found)


def check_json(content: Json) -> None:
    """Raises SeedError where a seed holds what JSON has no word for: other names than texts, numbers without an end."""
    faults = list(_strange(content, ()))
    if faults:
        raise SeedError(faults)


def place_of(content: Json, id: str) -> Place:
    """Where the record with an id stands in a seed; the place of the whole when it is not found."""
    return next(_with_id(content, id, ()), ())


def _strange(value: Json, place: Place) -> Iterator[tuple[Place, str]]:
    if isinstance(value, dict):
        yield from ((place, f"{name!r} must be a text; put it in quotes") for name in value if type(name) is not str)
    elif isinstance(value, float) and not math.isfinite(value):
        yield place, f"{value} is no number of JSON"
    elif isinstance(value, int) and abs(value) >= 2**63:
        yield place, "the number is too large"
    for name, child in _children(value):
        yield from _strange(child, (*place, name))


def _with_id(value: Json, id: str, place: Place) -> Iterator[Place]:
    if isinstance(value, dict) and id in (str(value.get("id")), value.get("user_id")):
        yield place
    for name, child in _children(value):
        yield from _with_id(child, id, (*place, name))


def _children(value: Json) -> Iterable[tuple[str | int, Json]]:
    if isinstance(value, dict):
        return [(name, child) for name, child in value.items() if isinstance(name, str)]
    return enumerate(value) if isinstance(value, list) else ()


def _lines(file: Path, places: Sequence[Place]) -> list[int]:
    """The line of each place in a YAML file; where there is none, that of what is around it."""
    import yaml

    with file.open("rb") as stream:
        root = yaml.compose(stream, Loader=yaml.CSafeLoader)
    return [_node(root, place).start_mark.line + 1 if root else 1 for place in places]


def _node(node: Any, place: Place) -> Any:
    for part in place:
        children = node.value
        if isinstance(part, int):
            found = children[part]
        else:
            found = next((value for name, value in children if name.value == part), None)
        if found is None:  # it came by a merge key
            break
        node = found
    return node


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."
