"""Parts of messages: shortened values, and suggestions for a misspelt word."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def closest(word: str, known: Iterable[str], cutoff: float = 0.5) -> str | None:
    """The known word most similar to `word`; None when its similarity (0 to 1) is below `cutoff`."""
    return next(iter(get_close_matches(word, list(known), 1, cutoff)), None)


def suggest(word: str, known: Iterable[str]) -> str:
    """`; did you mean ...?` with the most similar known word; empty without one."""
    match = closest(word, known)
    return "" if match is None else f"; did you mean {match}?"


def shorten(value: object, most: int = 80) -> str:
    """The representation of a value, cut to `most` characters; a text above 80 is shown without quotes."""
    text = value if most > 80 and isinstance(value, str) else repr(value)
    return text if len(text) <= most else f"{text[: most - 3]}..."


def counted(count: int, one: str, many: str) -> str:
    """`1 answer`, `2 answers`: a count with the words for it."""
    return f"{count:,} {one if count == 1 else many}"
