"""Answers that are not the normal one: refused for their rate or their key, or failed."""

from __future__ import annotations

_MARKS = {401: "auth", 429: "rate-limit"}


def mark(status: int) -> str | None:
    """What an answer with a status is marked with; None for a normal one."""
    return "failed" if status >= 500 else _MARKS.get(status)
