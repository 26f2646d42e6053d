"""Notices: what is not understood in a user's document, or is wrong in it, and what that means for the answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Notice(NamedTuple):
    """One place of a document that is not served as it stands there.

    `file` is relative to the document's folder, `pointer` a JSON pointer into it. `wrong` marks a place that breaks
    OpenAPI or contradicts itself; else the place is legal, and this server does less than it says.
    """

    file: str
    pointer: str
    text: str
    wrong: bool = True


def lines(notices: Iterable[Notice], most: int | None = None) -> list[str]:
    """One line for each text: its first place, and how many more there are; at most `most` lines and one more."""
    places: dict[str, list[Notice]] = {}
    for notice in notices:
        places.setdefault(notice.text, []).append(notice)
    shown = [_line(found) for found in places.values()]
    if most is None or len(shown) <= most:
        return shown
    return [*shown[:most], f"and {len(shown) - most} more; `understudy lint` lists them all"]


def _line(places: list[Notice]) -> str:
    first, others = places[0], len(places) - 1
    more = f" (and in {others} more place{'s' if others > 1 else ''})" if others else ""
    return f"{first.file}#{first.pointer}: {first.text}{more}"
