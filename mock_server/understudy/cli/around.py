"""Runs a user's command while something of ours serves it. Must not know what is served."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from understudy.cli.arguments import quoted
from understudy.cli.exits import CouldNotRun

if TYPE_CHECKING:
    from subprocess import Popen

PATIENCE = 10.0
"""Seconds that an interrupted command has to end by itself."""


class Ended(KeyboardInterrupt):
    """Ended by SIGTERM."""


@contextmanager
def sigterm_raised() -> Iterator[None]:
    """Raise Ended in the block when SIGTERM comes."""
    before = signal.signal(signal.SIGTERM, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def run_command(command: list[str], base: str) -> int:
    """The exit code of a command, which finds a base URL in UNDERSTUDY_URL; 128 and its number for a signal.

    SIGTERM is passed on to the command; Ctrl-C has reached it already. Raises CouldNotRun.
    """
    import subprocess  # takes a while

    try:
        process = subprocess.Popen(command, env={**os.environ, "UNDERSTUDY_URL": base})  # noqa: S603 - the user's own
    except OSError as error:
        raise CouldNotRun(f"{quoted(command[0])} cannot be run: {error.strerror}") from error
    try:
        with sigterm_raised():
            code = process.wait()
    except KeyboardInterrupt as interruption:
        is_ended = isinstance(interruption, Ended)
        if is_ended:
            process.terminate()
        _wait_for(process)
        return 128 + (signal.SIGTERM if is_ended else signal.SIGINT)
    return code if code >= 0 else 128 - code


def _wait_for(process: Popen[bytes]) -> None:
    """Wait until an interrupted command ends; one that does not, or a second interruption, ends it."""
    from subprocess import TimeoutExpired

    for end in (process.terminate, process.kill):
        try:
            process.wait(PATIENCE)
        except (TimeoutExpired, KeyboardInterrupt):
            end()
    process.wait()


def _end(number: int, frame: FrameType | None) -> None:
    raise Ended
