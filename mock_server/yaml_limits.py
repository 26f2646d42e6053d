"""How deep a YAML text may nest and how much its aliases may add, found out before anything is made of it.

PyYAML ends the process where a text nests a hundred thousand deep, and aliases of aliases multiply.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

MOST_DEEP = 100
"""How deep a text may nest."""

MOST_ALIASED = 1_000_000
"""How many values the aliases of a text may stand for."""


def check(content: bytes) -> None:
    """Raises ValueError, or an error of PyYAML, for a text beyond the limits."""
    import yaml

    _Measure().take(yaml.parse(content, Loader=yaml.CSafeLoader))


class _Measure:
    """The sizes of what has an anchor, and what aliases add, as the events of a text go by."""

    def __init__(self) -> None:
        self._open: list[tuple[str | None, int]] = []  # anchor, size so far
        self._sizes: dict[str, int] = {}
        self._aliased = 0

    def take(self, events: Iterable[Any]) -> None:
        """Raises ValueError at the first event beyond the limits."""
        import yaml

        for event in events:
            if isinstance(event, yaml.CollectionStartEvent):
                self._begin(event)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._add(*self._open.pop())
            elif isinstance(event, yaml.ScalarEvent):
                self._add(event.anchor, 1)
            elif isinstance(event, yaml.AliasEvent):
                self._follow(event)

    def _begin(self, event: Any) -> None:
        if len(self._open) == MOST_DEEP:
            raise ValueError(f"{_line(event)}: it nests more than {MOST_DEEP} deep")
        self._open.append((event.anchor, 1))

    def _add(self, anchor: str | None, size: int) -> None:
        if anchor is not None:
            self._sizes[anchor] = size
        if self._open:
            above, before = self._open[-1]
            self._open[-1] = above, before + size

    def _follow(self, event: Any) -> None:
        if any(anchor == event.anchor for anchor, _ in self._open):
            raise ValueError(f"{_line(event)}: the alias {event.anchor} stands inside of what it stands for")
        size = self._sizes.get(event.anchor, 0)  # of an unknown one: PyYAML says so
        self._aliased += size
        if self._aliased > MOST_ALIASED:
            raise ValueError(f"{_line(event)}: its aliases stand for more than {MOST_ALIASED:,} values")
        self._add(None, size)


def _line(event: Any) -> str:
    return f"line {event.start_mark.line + 1}"
