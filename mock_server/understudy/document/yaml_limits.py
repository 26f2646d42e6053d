"""What no YAML text may do: nest too deep, have aliases that multiply, give a member twice.

Found out before anything is made of a text: PyYAML ends the process where one nests a hundred thousand deep, and of
members of the same name it silently takes the last.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

MOST_DEEP = 100
"""How deep a text may nest."""

MOST_ALIASED = 1_000_000
"""How many values the aliases of a text may stand for."""


class Refused(ValueError):
    """A text that does what none may: the line, and what it is."""

    def __init__(self, event: Any, text: str) -> None:
        super().__init__(text)
        self.line: int = event.start_mark.line + 1


def check(content: bytes) -> None:
    """Raises Refused, or an error of PyYAML, for a text that does what none may."""
    import yaml

    _Measure().take(yaml.parse(content, Loader=yaml.CSafeLoader))


class _Members:
    """The names of the members of one mapping, as its nodes go by: a name, a value, a name, a value."""

    def __init__(self) -> None:
        self._lines: dict[str, int] = {}
        self._name_is_next = True

    def take(self, event: Any, name: str | None) -> None:
        """The next node, and its text where it is one; raises Refused for a name that was there."""
        is_name, self._name_is_next = self._name_is_next, not self._name_is_next
        if not is_name or name is None or name == "<<":  # several merge keys are all merged
            return
        if name in self._lines:
            raise Refused(event, f"{name[:80]!r} is there already, in line {self._lines[name]}")
        self._lines[name] = event.start_mark.line + 1


class _Measure:
    """The sizes of what has an anchor, and what aliases add, as the events of a text go by."""

    def __init__(self) -> None:
        self._open: list[tuple[str | None, int]] = []  # anchor, size so far
        self._members: list[_Members | None] = []  # of each that is open, where it is a mapping
        self._sizes: dict[str, int] = {}
        self._texts: dict[str, str] = {}  # by anchor
        self._aliased = 0

    def take(self, events: Iterable[Any]) -> None:
        """Raises Refused at the first event that no text may have."""
        import yaml

        for event in events:
            if isinstance(event, yaml.NodeEvent) and self._members and (members := self._members[-1]):
                members.take(event, self._text(event))
            if isinstance(event, yaml.CollectionStartEvent):
                self._begin(event)
                self._members.append(_Members() if isinstance(event, yaml.MappingStartEvent) else None)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._members.pop()
                self._add(*self._open.pop())
            elif isinstance(event, yaml.ScalarEvent):
                if event.anchor is not None:
                    self._texts[event.anchor] = event.value
                self._add(event.anchor, 1)
            elif isinstance(event, yaml.AliasEvent):
                self._follow(event)

    def _text(self, event: Any) -> str | None:
        """The text of a scalar, or of an alias of one."""
        value: str | None = getattr(event, "value", None)
        return self._texts.get(event.anchor) if value is None else value

    def _begin(self, event: Any) -> None:
        if len(self._open) == MOST_DEEP:
            raise Refused(event, f"it nests more than {MOST_DEEP} deep")
        self._open.append((event.anchor, 1))

    def _add(self, anchor: str | None, size: int) -> None:
        if anchor is not None:
            self._sizes[anchor] = size
        if self._open:
            above, before = self._open[-1]
            self._open[-1] = above, before + size

    def _follow(self, event: Any) -> None:
        if any(anchor == event.anchor for anchor, _ in self._open):
            raise Refused(event, f"the alias {event.anchor} stands inside of what it stands for")
        size = self._sizes.get(event.anchor, 0)  # of an unknown one: PyYAML says so
        self._aliased += size
        if self._aliased > MOST_ALIASED:
            raise Refused(event, f"its aliases stand for more than {MOST_ALIASED:,} values")
        self._add(None, size)
