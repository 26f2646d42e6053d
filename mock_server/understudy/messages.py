"""How a message shows a value, and the known word that is nearest to a wrong one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def closest(word: str, known: Iterable[str], likeness: float = 0.5) -> str | None:
    """The known word that is most like `word`; None when none is (1 is the same, 0 nothing in common)."""
    return next(iter(get_close_matches(word, list(known), 1, likeness)), None)


def suggest(word: str, known: Iterable[str]) -> str:
    """`; did you mean ...?` for the nearest known word, or nothing."""
    match = closest(word, known)
    return "" if match is None else f"; did you mean {match}?"


def shorten(value: object, most: int = 80) -> str:
    """A value as a message shows it, cut to `most` characters."""
    text = value if most > 80 and isinstance(value, str) else repr(value)
    return text if len(text) <= most else f"{text[: most - 3]}..."
