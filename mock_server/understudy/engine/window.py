"""The requests that a rate limit has counted for one credential or tenant."""

from __future__ import annotations

from collections import deque


class Window:
    """The requests that one credential was granted, as times in milliseconds (a fixed window needs only some)."""

    __slots__ = ("granted", "start", "times")

    def __init__(self) -> None:
        self.start = -(1 << 62)  # a window that ended before any time that a clock shows
        self.granted = 0
        self.times: deque[int] = deque()
