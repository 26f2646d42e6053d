"""What ends a command before it is done: SIGINT, SIGTERM, or a time limit. Must not know what the command does."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}
"""The exit codes of signals: 128 and their number."""


MOMENT = 0.01
"""Seconds until what was lost is raised once more."""


class Interruption(KeyboardInterrupt):
    """The command is to end now, and why: one line."""


class TimeIsUp(Interruption):
    """The time limit has passed."""


class Watch:
    """What has interrupted a command so far. The first interruption is raised where the command is, once."""

    def __init__(self, max_time: float | None) -> None:
        self.max_time = max_time
        self.first: Interruption | None = None
        self.code: int | None = None
        """The exit code of the signal that came; None when none did."""
        self.hook = sys.unraisablehook
        self._holding = False

    def check(self) -> None:
        """Raise what has interrupted the command: an exception can get lost where a signal happens to raise it."""
        if self.first is not None:
            raise self.first

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Let nothing interrupt the block but a second signal: what is written in it is written whole."""
        self._holding = True
        try:
            yield
        finally:
            self._holding = False

    def interrupt(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal."""
        is_second = number in CODES and self.code is not None
        self.first = self.first or self._named(number)
        self.code = self.code or CODES.get(signal.Signals(number))
        if is_second or not self._holding:
            raise self.first

    def lost(self, told: UnraisableHookArgs) -> None:
        """Raise once more, in a moment, what was raised where nothing can be, as in a garbage collector's callback."""
        if isinstance(told.exc_value, Interruption):
            signal.setitimer(signal.ITIMER_REAL, MOMENT)
        else:
            self.hook(told)

    def _named(self, number: int) -> Interruption:
        if number == signal.SIGALRM:
            return TimeIsUp(f"the time limit of {self.max_time:g} seconds (--max-time) has passed")
        return Interruption("interrupted" if number == signal.SIGINT else "ended by SIGTERM")


@contextmanager
def watched(max_time: float | None = None) -> Iterator[Watch]:
    """Raise Interruption in the block when a signal comes, or `max_time` seconds have passed."""
    watch = Watch(max_time)
    sys.unraisablehook = watch.lost
    before = {number: signal.signal(number, watch.interrupt) for number in (*CODES, signal.SIGALRM)}
    signal.setitimer(signal.ITIMER_REAL, max_time or 0)
    try:
        yield watch
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        sys.unraisablehook = watch.hook
        for number, handler in before.items():
            signal.signal(number, handler)
