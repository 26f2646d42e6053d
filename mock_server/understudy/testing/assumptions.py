"""The assumptions of a world: what the server takes where the documents are silent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from understudy.messages import suggest
from understudy.testing.control import Control, door, read

Json = Any


@dataclass(frozen=True, slots=True)
class Assumption:
    """A gap in a document, and the value that a world takes there: the default or one of the alternatives."""

    id: str
    text: str
    source: str
    default: Json
    alternatives: Sequence[Json]
    value: Json


class WorldAssumptions(Mapping[str, Json]):
    """The values of all assumptions in a world, by id."""

    def __init__(self, control: Control) -> None:
        self._control = control

    def __getitem__(self, id: str) -> Json:
        values = {one.id: one.value for one in self.list()}
        if id not in values:
            raise KeyError(f"{id}{suggest(id, values)}")
        return values[id]

    def __iter__(self) -> Iterator[str]:
        return (one.id for one in self.list())

    def __len__(self) -> int:
        return len(self.list())

    @door("listAssumptions")
    def list(self) -> Sequence[Assumption]:
        """All assumptions, in the order of the documents."""
        return _all(self._control.call("listAssumptions"))

    @door("setAssumptions")
    def set(self, values: Mapping[str, Json]) -> Sequence[Assumption]:
        """Switch assumptions, by id; returns all of them. Raises ControlError, and switches none, for a wrong one."""
        return _all(self._control.call("setAssumptions", dict(values)))


def _all(answer: Json) -> Sequence[Assumption]:
    return tuple(read(Assumption, one) for one in answer["assumptions"])
