"""Limits of YAML texts: nesting depth, expansion of aliases, no repeated keys.

Checked on the event stream before anything is loaded: PyYAML crashes the process on very deep nesting, and
silently takes the last of repeated keys.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

MOST_DEEP = 100
"""The deepest nesting of a text."""

MOST_ALIASED = 1_000_000
"""The most values that the aliases of a text may expand to."""


class Refused(ValueError):
    """A YAML text over a limit; `line` is its line."""

    def __init__(self, event: Any, text: str) -> None:
        super().__init__(text)
        self.line: int = event.start_mark.line + 1


def check(content: bytes) -> None:
    """Raises Refused, or an error of PyYAML, for a text over a limit."""
    import yaml

    _Measure().take(yaml.parse(content, Loader=yaml.CSafeLoader))


class _Members:
    """Detects repeated keys of one mapping, whose nodes alternate between key and value."""

    def __init__(self) -> None:
        self._lines: dict[str, int] = {}
        self._next_is_name = True

    def take(self, event: Any, name: str | None) -> None:
        """Take the next node and its text, if it is a scalar; raises Refused for a repeated key."""
        is_name, self._next_is_name = self._next_is_name, not self._next_is_name
        if not is_name or name is None or name == "<<":  # merge keys may repeat
            return
        if name in self._lines:
            raise Refused(event, f"{name[:80]!r} is there already, in line {self._lines[name]}")
        self._lines[name] = event.start_mark.line + 1


class _Measure:
    """Measures nesting and alias expansion over the events of a text."""

    def __init__(self) -> None:
        self._open: list[tuple[str | None, int]] = []  # anchor, size so far
        self._members: list[_Members | None] = []  # of each open mapping; None for a sequence
        self._sizes: dict[str, int] = {}
        self._texts: dict[str, str] = {}  # by anchor
        self._aliased = 0

    def take(self, events: Iterable[Any]) -> None:
        """Raise Refused at the first event over a limit."""
        import yaml

        for event in events:
            if isinstance(event, yaml.NodeEvent) and self._members and (members := self._members[-1]):
                members.take(event, self._text(event))
            if isinstance(event, yaml.CollectionStartEvent):
                self._open_collection(event)
                self._members.append(_Members() if isinstance(event, yaml.MappingStartEvent) else None)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._members.pop()
                self._add(*self._open.pop())
            elif isinstance(event, yaml.ScalarEvent):
                if event.anchor is not None:
                    self._texts[event.anchor] = event.value
                self._add(event.anchor, 1)
            elif isinstance(event, yaml.AliasEvent):
                self._add_alias(event)

    def _text(self, event: Any) -> str | None:
        """The text of a scalar, or of the scalar behind an alias; None for a collection."""
        value: str | None = getattr(event, "value", None)
        return self._texts.get(event.anchor) if value is None else value

    def _open_collection(self, event: Any) -> None:
        if len(self._open) == MOST_DEEP:
            raise Refused(event, f"it nests more than {MOST_DEEP} deep")
        self._open.append((event.anchor, 1))

    def _add(self, anchor: str | None, size: int) -> None:
        if anchor is not None:
            self._sizes[anchor] = size
        if self._open:
            above, before = self._open[-1]
            self._open[-1] = above, before + size

    def _add_alias(self, event: Any) -> None:
        if any(anchor == event.anchor for anchor, _ in self._open):
            raise Refused(event, f"the alias {event.anchor} stands inside of what it stands for")
        size = self._sizes.get(event.anchor, 0)  # PyYAML refuses unknown aliases
        self._aliased += size
        if self._aliased > MOST_ALIASED:
            raise Refused(event, f"its aliases stand for more than {MOST_ALIASED:,} values")
        self._add(None, size)
