"""Where text goes: a terminal, a file or a pipe, with colours and moving lines only where they are wanted.

NO_COLOR (no-color.org) means no escape codes at all. A pipe that is closed takes no more text, and ends nothing.
"""

from __future__ import annotations

import os
import sys
from typing import IO

from rich.console import Console

from understudy.cli.streams import no_color


class Lasting(Console):
    """A console that goes on without a word when nobody reads it any more."""

    def on_broken_pipe(self) -> None:
        """Send what is still to come nowhere."""
        self.quiet = True
        discard(self.file)


def discard(file: IO[str]) -> None:
    """Send what is still to come nowhere, what Python holds back until it ends included."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, file.fileno())
    os.close(nowhere)


def say(text: str) -> None:
    """Write a text on standard output, for whoever still reads it."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        discard(sys.stdout)


def console(*, stderr: bool = False, quiet: bool = False) -> Console:
    """A console on standard output, or on standard error."""
    return Lasting(stderr=stderr, quiet=quiet, force_terminal=False if no_color() else None)
