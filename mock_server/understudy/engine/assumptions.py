"""The values of the assumptions in a world."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from understudy.document.operation import Operation

Json = Any


class Assumptions(dict[str, Json]):
    """The value of each assumption of a world, by id. Immutable, since worlds share it.

    `resolved` memoizes by operation what follows from these values, such as its rate limits. `reading` is the number of
    the APIs that serve under them, among those that a server's documents are read as.
    """

    __slots__ = ("reading", "resolved")

    def __init__(self, values: Mapping[str, Json], *, reading: int = 0) -> None:
        super().__init__(values)
        self.reading = reading
        self.resolved: dict[Operation, Any] = {}
