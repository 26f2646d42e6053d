"""The values of the assumptions in a world."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from understudy.document.operation import Operation

Json = Any


class Assumptions(dict[str, Json]):
    """The value of each assumption of a world, by id. Immutable, since worlds share it.

    `resolved` memoizes by operation what follows from these values, such as its rate limits.
    """

    __slots__ = ("resolved",)

    def __init__(self, values: Mapping[str, Json]) -> None:
        super().__init__(values)
        self.resolved: dict[Operation, Any] = {}
