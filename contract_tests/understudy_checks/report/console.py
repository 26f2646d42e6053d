"""Writes text to a terminal, a file or a pipe, with colours and progress bars only on a terminal.

NO_COLOR (no-color.org) switches off all escape codes. A closed pipe silences the output and raises nothing.
"""

from __future__ import annotations

import os
import sys
from typing import IO

from rich.console import Console

from understudy.cli.streams import no_color


class PipeSafeConsole(Console):
    """A console that falls silent when its pipe is closed."""

    def on_broken_pipe(self) -> None:
        """Discard all further output."""
        self.quiet = True
        discard(self.file)


def discard(file: IO[str]) -> None:
    """Redirect a file to the null device, including what Python still buffers for it."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, file.fileno())
    os.close(null)


def write(text: str) -> None:
    """Write a text to standard output; discard it when the pipe is closed."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        discard(sys.stdout)


def console(*, stderr: bool = False, quiet: bool = False) -> Console:
    """Create a console on standard output, or on standard error."""
    return PipeSafeConsole(stderr=stderr, quiet=quiet, force_terminal=False if no_color() else None)
