"""Interrupts a command on SIGINT, SIGTERM or a time limit. Must not know what the command does."""

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


RERAISE_DELAY = 0.01
"""Seconds until a lost interruption is raised again."""


class Interruption(KeyboardInterrupt):
    """Ends the command; the message gives the reason in one line."""


class TimeIsUp(Interruption):
    """The time limit has passed."""


class Watch:
    """Records the interruptions of a command and raises the first one in its main thread."""

    def __init__(self, max_time: float | None) -> None:
        self.max_time = max_time
        self.first: Interruption | None = None
        self.code: int | None = None
        """The exit code of the received signal; None without one."""
        self.hook = sys.unraisablehook
        self._holding = False

    def check(self) -> None:
        """Raise the first interruption again, since an exception from a signal handler can get lost."""
        if self.first is not None:
            raise self.first

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Defer interruptions until the block ends, except a second signal, so that files are written completely."""
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

    def handle_unraisable(self, unraisable: UnraisableHookArgs) -> None:
        """Raise an interruption again that was lost where exceptions cannot propagate, such as in a finalizer."""
        if isinstance(unraisable.exc_value, Interruption):
            signal.setitimer(signal.ITIMER_REAL, RERAISE_DELAY)
        else:
            self.hook(unraisable)

    def _named(self, number: int) -> Interruption:
        if number == signal.SIGALRM:
            return TimeIsUp(f"the time limit of {self.max_time:g} seconds (--max-time) has passed")
        return Interruption("interrupted" if number == signal.SIGINT else "ended by SIGTERM")


@contextmanager
def watch_interruptions(max_time: float | None = None) -> Iterator[Watch]:
    """Raise Interruption in the block when a signal comes, or `max_time` seconds have passed."""
    watch = Watch(max_time)
    sys.unraisablehook = watch.handle_unraisable
    before = {number: signal.signal(number, watch.interrupt) for number in (*CODES, signal.SIGALRM)}
    signal.setitimer(signal.ITIMER_REAL, max_time or 0)
    try:
        yield watch
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        sys.unraisablehook = watch.hook
        for number, handler in before.items():
            signal.signal(number, handler)
