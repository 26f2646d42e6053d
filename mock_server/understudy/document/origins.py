"""Where the parts of a document come from that was put together: its files and its overlays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from understudy.document.notice import Notice
from understudy.document.pointer import at
from understudy.document.schema import Place


class Origins:
    """Places by JSON pointer of the whole document; what has none is where its parent is, and a member of it."""

    def __init__(self, file: str, known: Mapping[str, Place] | None = None) -> None:
        self.file = file
        self.known = dict(known or {})

    def of(self, pointer: str) -> Place:
        """The place that a part of the document comes from."""
        known, rest = pointer, ""
        while known and known not in self.known:
            known, _, last = known.rpartition("/")
            rest = f"/{last}{rest}"
        source = self.known.get(known, Place(self.file, ""))
        return Place(source.file, source.pointer + rest)

    def put(self, pointer: str, source: Place) -> None:
        """Say that a part, with all that is in it, comes from a place."""
        self.forget(pointer)
        self.known[pointer] = source

    def forget(self, pointer: str) -> None:
        """Forget a part and all that is in it."""
        for known in [one for one in self.known if one == pointer or one.startswith(f"{pointer}/")]:
            del self.known[known]

    def remove_item(self, pointer: str, removed: int, count: int) -> None:
        """Move up what follows an item that was removed from a list of `count` items."""
        moved = [(number - 1, self._within(pointer + at(number))) for number in range(removed + 1, count)]
        for number in range(removed, count):
            self.forget(pointer + at(number))
        for number, places in moved:
            self.known |= {f"{pointer}{at(number)}{rest}": place for rest, place in places.items()}

    def _within(self, pointer: str) -> dict[str, Place]:
        """The known places of a part and of what is in it, by the rest of their pointers."""
        start = f"{pointer}/"
        inner = {name[len(pointer) :]: place for name, place in self.known.items() if name.startswith(start)}
        return {"": self.of(pointer), **inner}

    def traced(self, notices: Iterable[Notice]) -> list[Notice]:
        """Notices of the whole document at the places that they come from."""
        return [
            one._replace(file=place.file, pointer=place.pointer)
            for one in notices
            for place in [self.of(one.pointer) if one.file == self.file else Place(one.file, one.pointer)]
        ]
