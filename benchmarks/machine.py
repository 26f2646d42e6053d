"""What is measured on: date, versions and machine, in a line."""

from __future__ import annotations

import os
import platform
import re
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

NAMES = ("uvicorn", "uvloop", "httptools", "starlette", "msgspec", "jsonschema-rs")


def told(*, quick: bool = False) -> str:
    """Date, Python, the libraries that decide, processor and cores; whether the run was a quick one."""
    versions = ", ".join(f"{name} {version(name)}" for name in NAMES)
    cores = len(os.sched_getaffinity(0))
    length = "; a quick run" if quick else ""
    python = f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}"
    return f"{python}, {versions}; {cores} cores of {_model()}{length}"


def _model() -> str:
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return found.group(1) if found else platform.machine()
