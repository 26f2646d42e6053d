"""Virtual time: an offset from real time and a rate, never backwards.

Every window, life cycle and timestamp of a world reads its Clock. Only this module and `ids` may touch
the real clock or randomness (ruff's banned-api holds that).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache

# the years 1 to 9999, in milliseconds since the epoch
BEGIN = -62_135_596_800_000
END = 253_402_300_799_999


class Clock:
    """A world's time in whole milliseconds since the epoch; runs with real time, or is frozen.

    `ticks` returns the nanoseconds of another monotonic clock than the machine's.
    """

    __slots__ = ("_frozen_at", "_offset", "_ticks")

    _frozen_at: int | None  # milliseconds; None: time runs
    _offset: int  # nanoseconds ahead of the monotonic clock

    def __init__(self, now: int | None = None, *, frozen: bool = False, ticks: Callable[[], int] | None = None) -> None:
        self._ticks = ticks or time.monotonic_ns
        self._set(time.time_ns() // 1_000_000 if now is None else now, frozen=frozen)

    @property
    def frozen(self) -> bool:
        """Whether time stands still until it is advanced."""
        return self._frozen_at is not None

    def now(self) -> int:
        """Milliseconds since the epoch."""
        if self._frozen_at is not None:
            return self._frozen_at
        now = (self._ticks() + self._offset) // 1_000_000
        if now > END:  # faster than `min`, on every request
            return END
        return now

    def move_to(self, now: int) -> None:
        """Jump to `now`; raises ValueError for a time in the past or after the year 9999."""
        self._jump(self.now(), now)

    def advance(self, seconds: float) -> None:
        """Jump forward by `seconds`; raises ValueError for a negative number or beyond the year 9999."""
        now = self.now()  # read once: a second reading would be later
        self._jump(now, now + round(seconds * 1000))

    def run(self, *, frozen: bool) -> None:
        """Freeze time, or let it run with real time."""
        self._set(self.now(), frozen=frozen)

    def fork(self) -> Clock:
        """An independent clock with the same time."""
        return self.at(self.now(), frozen=self.frozen)

    def at(self, now: int, *, frozen: bool) -> Clock:
        """An independent clock with another time."""
        return Clock(now, frozen=frozen, ticks=self._ticks)

    def _jump(self, now: int, then: int) -> None:
        if then > END:
            raise ValueError("time ends with the year 9999")
        if then < now:
            raise ValueError(f"{rfc3339(then)} is before the clock's {rfc3339(now)}: time never goes back")
        self._set(then, frozen=self.frozen)

    def _set(self, now: int, *, frozen: bool) -> None:
        self._frozen_at = now if frozen else None
        self._offset = now * 1_000_000 - self._ticks()


@lru_cache(maxsize=256)  # under load, many requests share a millisecond
def rfc3339(now: int) -> str:
    """A time as text in UTC with milliseconds: `2026-03-27T02:08:05.224Z`."""
    return f"{_whole_seconds(now // 1000)}.{now % 1000:03d}Z"


def milliseconds(text: str) -> int:
    """Milliseconds since the epoch of an ISO 8601 date or date-time (in UTC without an offset).

    Raises ValueError for anything else, and for a time outside the years 1 to 9999 in UTC.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    now = round(moment.timestamp() * 1000)
    if not BEGIN <= now <= END:
        raise ValueError(f"{text} is in UTC not in the years 1 to 9999")
    return now


@lru_cache(maxsize=256)  # many times share a second
def _whole_seconds(now: int) -> str:
    return datetime.fromtimestamp(now, UTC).isoformat()[:19]
