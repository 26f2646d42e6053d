"""Wall time of processes: from nothing to the first answer, to the help, and of Python alone."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

from benchmarks.figures import Figure, summed_up
from benchmarks.requests import ASKS
from benchmarks.servers import answer, ours


def measure(*, rounds: int) -> Iterator[Figure]:
    """Milliseconds, alternating."""
    kinds = {
        "python -c pass": lambda: _run("-c", "pass"),
        "--help": lambda: _run("-m", "mock_server", "--help"),
        "cold start to first answer": _first_answer,
    }
    times: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(rounds):
        for name, take in kinds.items():
            times[name].append(take() * 1000)
    for name, taken in times.items():
        yield summed_up(name, taken, "ms")


def _run(*arguments: str) -> float:
    begin = time.perf_counter()
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, timeout=20, check=True)
    return time.perf_counter() - begin


def _first_answer() -> float:
    begin = time.perf_counter()
    with ours() as server:
        status, _ = answer(ASKS[0], server.port)
        took = time.perf_counter() - begin
    if status != 200:
        raise RuntimeError(f"the first answer was {status}")
    return took
