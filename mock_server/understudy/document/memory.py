"""Memoization with bounds."""

from __future__ import annotations

from typing import Any

MAX_KEY_LENGTH = 512  # characters of a path or query
MAX_ENTRIES = 1024
MAX_BODIES = 64
MAX_BODY_LENGTH = 1 << 14  # bytes of a response body


def memoize(memory: dict[Any, Any], key: Any, value: Any, most: int = MAX_ENTRIES) -> None:
    """Store `value` for `key`; a full memory is cleared first."""
    if len(memory) >= most:
        memory.clear()
    memory[key] = value
