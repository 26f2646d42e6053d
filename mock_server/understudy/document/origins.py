"""Where the parts of a document come from that was put together: its files and its overlays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from understudy.document.notice import Notice
from understudy.document.schema import Place


class _Part:
    """A part of a document: the place that it comes from, if that does not follow from its parent's, and its parts."""

    __slots__ = ("parts", "source")

    def __init__(self) -> None:
        self.source: Place | None = None
        self.parts: dict[str, _Part] = {}


class Origins:
    """Places by JSON pointer of the whole document; what has none is where its parent is, and a member of it."""

    def __init__(self, file: str, known: Mapping[str, Place] | None = None) -> None:
        self.file = file
        self._root = _Part()
        for pointer, source in sorted((known or {}).items()):  # parents first
            self.put(pointer, source)

    @property
    def known(self) -> dict[str, Place]:
        """All places that do not follow from others, parents first."""
        return dict(_known(self._root, ""))

    def of(self, pointer: str) -> Place:
        """The place that a part of the document comes from."""
        part: _Part | None = self._root
        source, rest = Place(self.file, ""), ""
        for name in pointer.split("/")[1:]:
            part = None if part is None else part.parts.get(name)
            source, rest = (part.source, "") if part is not None and part.source else (source, f"{rest}/{name}")
        return Place(source.file, source.pointer + rest)

    def put(self, pointer: str, source: Place) -> None:
        """Say that a part, with all that is in it, comes from a place."""
        part = self._part(pointer)
        part.source, part.parts = source, {}

    def forget(self, pointer: str) -> None:
        """Forget a part and all that is in it."""
        above, _, name = pointer.rpartition("/")
        self._part(above).parts.pop(name, None)

    def remove_item(self, pointer: str, removed: int, count: int) -> None:
        """Move up what follows an item that was removed from a list of `count` items."""
        places = [self.of(f"{pointer}/{number}") for number in range(count)]
        owner = self._part(pointer)
        moved = [owner.parts.pop(str(number), _Part()) for number in range(removed, count)]
        for number, part in enumerate(moved[1:], removed):
            part.source = places[number + 1]
            owner.parts[str(number)] = part

    def _part(self, pointer: str) -> _Part:
        part = self._root
        for name in pointer.split("/")[1:]:
            part = part.parts.setdefault(name, _Part())
        return part

    def traced(self, notices: Iterable[Notice]) -> list[Notice]:
        """Notices of the whole document at the places that they come from."""
        return [
            one._replace(file=place.file, pointer=place.pointer)
            for one in notices
            for place in [self.of(one.pointer) if one.file == self.file else Place(one.file, one.pointer)]
        ]


def _known(part: _Part, pointer: str) -> Iterator[tuple[str, Place]]:
    if part.source is not None:
        yield pointer, part.source
    for name, child in part.parts.items():
        yield from _known(child, f"{pointer}/{name}")
