"""Which members of a large family of tests a run of the long profile tries.

Each run draws others, by the seed that it prints.
"""

from __future__ import annotations

from zlib import crc32


def is_drawn(name: str, seed: str | None, *, one_in: int = 1) -> bool:
    """Whether a run with this seed tries a test of which one in so many is enough. A run without a seed tries all."""
    return seed is None or crc32(f"{seed} {name}".encode()) % one_in == 0
