"""A document served as a user serves it: `understudy serve FILE` as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks.servers import gist, resident

PATIENCE = 60.0


class NotServed(Exception):
    """A document with which the server does not start, with what it says."""


class Served(NamedTuple):
    """Where a document is served."""

    base_url: str
    credentials: Mapping[str, str]
    ready: float
    """Seconds from the start of the process until its ready file stood there."""
    process: int

    def resident(self) -> float:
        """Resident memory in MB."""
        return resident(self.process)


@contextmanager
def served(file: Path, cache: Path) -> Iterator[Served]:
    """The server of a document while the block runs; raises NotServed."""
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "said").open("w+") as said:
        ready = Path(folder) / "ready.json"
        command = [sys.executable, "-m", "understudy", "serve", str(file), "--port", "0", "--log-format", "none"]
        environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}
        started = time.perf_counter()
        process = subprocess.Popen(
            [*command, "--ready-file", str(ready)], stdout=said, stderr=said, cwd=folder, env=environment
        )
        try:
            seconds = _wait(process, ready, started, Path(said.name))
            (entry,) = json.loads(ready.read_text())["apis"].values()
            yield Served(entry["base_url"], entry["credentials"], seconds, process.pid)
        finally:
            _stop(process)


def _wait(process: subprocess.Popen[bytes], ready: Path, started: float, said: Path) -> float:
    while not (ready.exists() and ready.stat().st_size):
        if process.poll() is not None:
            raise NotServed(gist(said.read_text()) or f"exit {process.returncode}")
        if time.perf_counter() - started > PATIENCE:
            raise NotServed(f"not ready in {PATIENCE:g} s")
        time.sleep(0.002)
    return time.perf_counter() - started


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
