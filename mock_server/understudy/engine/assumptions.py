"""The value of each assumption in a world."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from understudy.document.operation import Operation

Json = Any


class Assumptions(dict[str, Json]):
    """What is taken for each assumption, by id. Never changed: worlds share it, and `resolved` keeps what it comes to.

    That is by operation, so that no request asks again what the same assumptions always answer.
    """

    __slots__ = ("resolved",)

    def __init__(self, values: Mapping[str, Json]) -> None:
        super().__init__(values)
        self.resolved: dict[Operation, Any] = {}
