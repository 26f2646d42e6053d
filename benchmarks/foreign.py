"""The kit on a server that is none of ours, beside our own mock: one check of each over HTTP, by its real time.

The server is the stand-in of `tests/elsewhere.py`, without a limit, on its own clock. Must not know any check.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Figure, ratio, summed_up
from benchmarks.requests import ASKS, Ask
from benchmarks.servers import NotStarted, free_port, running

TESTS = Path(__file__).parent.parent / "tests"
KEY = "gk-Zm9v"
SETTINGS = f"""api_keys = ["{KEY}", "gk-YmFy"]
revoked_key = "gk-cXV1eA"
lapsed_key = "gk-bGFwc2Vk"
other_tenant_key = "gk-b3RoZXI"
rate_limit = 0
"""
SERVE = """
import signal
import sys
from elsewhere import Clock, Elsewhere, serving

Elsewhere.quota = sys.maxsize
with serving(Elsewhere(Clock(goes=True)), port=int(sys.argv[1])):
    signal.pause()
"""
FIRST = Ask("templates", "GET", "/api/v1/process-templates", {"authorization": f"Bearer {KEY}"})


def measure(*, rounds: int, profile: str) -> Iterator[Figure]:
    """A check of both servers in each round, the one after the other."""
    theirs, ours = [], []
    for _ in range(rounds):
        ours.append(_ours(profile))
        theirs.append(_theirs(profile))
    yield ratio("check of a foreign server / check of our mock", theirs, ours)
    yield summed_up("check of a foreign server", theirs, "s")
    yield summed_up("check of our mock over HTTP", ours, "s")


def _ours(profile: str) -> float:
    """Seconds of a check of `understudy serve`."""
    port = free_port()
    command = [sys.executable, "-m", "understudy", "serve", "nextstep", "--port", str(port), "--log-format", "none"]
    with running(command, port, ASKS[0]):
        return _check(port, "", profile=profile)


def _theirs(profile: str) -> float:
    """Seconds of a check of the stand-in."""
    port = free_port()
    with running([sys.executable, "-c", SERVE, str(port)], port, FIRST, environment={"PYTHONPATH": str(TESTS)}):
        return _check(port, SETTINGS, profile=profile)


def _check(port: int, settings: str, *, profile: str) -> float:
    """Seconds of a check by URL; raises NotStarted when a rule fails."""
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
        file.write(settings)
        file.flush()
        url, told = f"http://127.0.0.1:{port}/api/v1", ["--target", file.name] if settings else []
        begin = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "understudy", "check", "nextstep", "--url", url, *told, "-q", "--profile", profile],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode:
        raise NotStarted(f"check of {url}: exit code {done.returncode}: {done.stdout[-300:]}{done.stderr[-300:]}")
    return time.perf_counter() - begin
