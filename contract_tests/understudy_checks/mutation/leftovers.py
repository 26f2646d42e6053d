"""Kills processes that a command left behind in sessions of their own: on Linux, those that have its environment."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

PROCESSES = Path("/proc")


def kill_leftovers(variable: str, value: str) -> None:
    """Kill the processes of this user that have a variable with this value; none where there is no /proc."""
    entry = f"{variable}={value}".encode()
    for environment in PROCESSES.glob("[0-9]*/environ"):
        with suppress(OSError):  # it has ended, or is somebody else's
            if entry in environment.read_bytes().split(b"\0"):
                os.kill(int(environment.parent.name), signal.SIGKILL)
