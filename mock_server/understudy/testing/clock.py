"""The clock of a world: read, advanced, set, and driven by what waits in a test."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from understudy.testing.control import Control, door, given
from understudy.testing.waiting import Drive

Json = Any


class WorldClock:
    """The time of a world, which is virtual: nothing waits, and it never goes back."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._drives: list[Drive] = []

    def __repr__(self) -> str:
        return f"<clock of {self._control.world}: {self.now.isoformat()}{', frozen' if self.frozen else ''}>"

    @door("getClock")
    def read(self) -> dict[str, Json]:
        """Time and state as the server tells them: `now` (RFC 3339 in UTC with milliseconds) and `frozen`."""
        answer: dict[str, Json] = self._control.call("getClock")
        return answer

    @property
    def now(self) -> datetime:
        """The time, in UTC, to the millisecond."""
        return _moment(self.read()["now"])

    @property
    def frozen(self) -> bool:
        """Whether time stands still until it is advanced."""
        return bool(self.read()["frozen"])

    @door("advanceClock")
    def advance(self, seconds: float = 0, *, minutes: float = 0, hours: float = 0, days: float = 0) -> datetime:
        """Move time on, to the millisecond; returns the new time, after all that was due has happened.

        Raises ControlError for a negative time and beyond the year 9999.
        """
        span = timedelta(seconds=seconds, minutes=minutes, hours=hours, days=days)
        return _moment(self._control.call("advanceClock", {"seconds": span.total_seconds()})["now"])

    @door("setClock")
    def set(self, now: datetime | str | None = None, *, frozen: bool | None = None) -> datetime:
        """Move to a time (a text is ISO 8601; without an offset it is UTC), and stop the clock or let it run.

        Returns the new time. Raises ControlError for a time in the past.
        """
        text = now.isoformat() if isinstance(now, datetime) else now
        return _moment(self._control.call("setClock", given({"now": text, "frozen": frozen}))["now"])

    def freeze(self) -> datetime:
        """Let time stand still until it is advanced; returns it."""
        return self.set(frozen=True)

    def run(self) -> datetime:
        """Let time go on with real time; returns it."""
        return self.set(frozen=False)

    def drive(self) -> Drive:
        """Let the waiting of this thread, and of the event loop that runs in it, follow this clock.

        `time.sleep` and `asyncio.sleep` move the clock in place of waiting; `time.time`, `time.monotonic`,
        `time.perf_counter` and `loop.time()` go with it. It ends with the `with` block, with `stop()`, or with the
        world, at a test's teardown. Raises RuntimeError where another clock drives this thread.
        """
        drive = Drive(lambda seconds: self.advance(seconds), lambda: self.now.timestamp())
        self._drives.append(drive.start())
        return drive

    def stop_driving(self) -> None:
        """End every `drive` of this clock."""
        while self._drives:
            self._drives.pop().stop()


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
