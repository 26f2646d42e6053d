"""The requests that a rate limit counted for one credential or tenant."""

from __future__ import annotations

from collections import deque


class Window:
    """The requests granted to one credential or tenant: a count, and their times in ms for sliding windows."""

    __slots__ = ("granted", "start", "times")

    def __init__(self) -> None:
        self.start = -(1 << 62)  # before any time of a clock: an expired window
        self.granted = 0
        self.times: deque[int] = deque()
