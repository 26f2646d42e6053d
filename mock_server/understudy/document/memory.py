"""A bounded memory of results that are asked for again and again."""

from __future__ import annotations

from typing import Any

MAX_KEY_LENGTH = 512  # characters of a path or query that is remembered
MAX_ENTRIES = 1024
MAX_BODIES = 64
MAX_BODY_LENGTH = 1 << 14  # bytes of a body that is remembered


def memoize(memory: dict[Any, Any], key: Any, value: Any, most: int = MAX_ENTRIES) -> None:
    """Keep `value` for `key`; what was kept before makes room when there is too much of it."""
    if len(memory) >= most:
        memory.clear()
    memory[key] = value
