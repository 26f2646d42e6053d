"""Processes beside the least that Python takes: cold start, help, resident memory, and what an installation weighs."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from benchmarks.constant import FLAGS
from benchmarks.figures import Figure, ratio, summed_up
from benchmarks.requests import ASKS
from benchmarks.servers import SHIPPED, NotStarted, Running, expect, free_port, gist, running

ROOT = Path(__file__).parent.parent
KEEP_BYTECODE = {"PYTHONDONTWRITEBYTECODE": ""}  # as where it is installed, whatever this shell is set to


def measure(*, rounds: int) -> Iterator[Figure]:
    """Milliseconds and MB, ours and the least alternating."""
    cold: dict[str, list[float]] = {"ours": [], "bare": []}
    memory: dict[str, list[float]] = {"ours": [], "bare": []}
    quick: dict[str, list[float]] = {"ours": [], "bare": []}
    for number in range(rounds + 1):
        for whose in ("ours", "bare"):
            took, resident = _first_answer(SERVERS[whose])
            help_took = _wall(lambda: _run(COMMANDS[whose]))  # noqa: B023
            if number:  # the first round compiles bytecode
                cold[whose].append(took)
                memory[whose].append(resident)
                quick[whose].append(help_took)
    yield ratio("cold start: ratio", cold["ours"], cold["bare"])
    yield summed_up("cold start to first answer", cold["ours"], "ms")
    yield summed_up("cold start of a bare uvicorn app", cold["bare"], "ms")
    yield ratio("--help: ratio", quick["ours"], quick["bare"])
    yield summed_up("--help", quick["ours"], "ms")
    yield summed_up("python -c pass", quick["bare"], "ms")
    beyond = [mine - theirs for mine, theirs in zip(memory["ours"], memory["bare"], strict=True)]
    yield summed_up("resident memory beyond a bare app's", beyond, "MB")
    yield summed_up("resident memory, three APIs", memory["ours"], "MB")
    yield summed_up("resident memory of a bare uvicorn app", memory["bare"], "MB")


def install() -> Iterator[Figure]:
    """MB of the server with all that it needs and without the kit, bytecode included, as pip lays it down."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", folder]
        try:
            _run([*command, "--no-build-isolation", "-c", str(ROOT / "constraints.txt"), str(ROOT)])
        except subprocess.CalledProcessError as error:
            raise NotStarted(f"pip cannot install the checkout: {gist(error.stderr.decode())}") from error
        weights = _weights(Path(folder))
    yield summed_up("install size", [sum(weights.values())], "MB")
    for name, weight in sorted(weights.items(), key=lambda item: -item[1])[:6]:
        yield summed_up(f"install size: {name}", [weight], "MB")


def _bare(port: int) -> AbstractContextManager[Running]:
    command = [sys.executable, "-m", "uvicorn", "benchmarks.constant:app", *FLAGS, "--port", str(port)]
    return running(command, port, ASKS[0], environment=KEEP_BYTECODE)


def _ours(port: int) -> AbstractContextManager[Running]:
    command = [sys.executable, "-m", "understudy", "serve", "--port", str(port), *SHIPPED]
    return running(command, port, ASKS[0], environment=KEEP_BYTECODE)


SERVERS: dict[str, Callable[[int], AbstractContextManager[Running]]] = {"ours": _ours, "bare": _bare}
COMMANDS = {
    "ours": [sys.executable, "-m", "understudy", "--help"],
    "bare": [sys.executable, "-c", "pass"],
}


def _first_answer(serve: Callable[[int], AbstractContextManager[Running]]) -> tuple[float, float]:
    """Milliseconds until a new server has answered, and its MB after some answers more."""
    port, begin = free_port(), time.perf_counter()
    with serve(port) as server:
        took = (time.perf_counter() - begin) * 1000
        for ask in ASKS * 25:
            expect(ask, port)
        return took, server.resident()


def _wall(run: Callable[[], object]) -> float:
    begin = time.perf_counter()
    run()
    return (time.perf_counter() - begin) * 1000


def _run(command: Sequence[str]) -> None:
    environment = {**os.environ, **KEEP_BYTECODE}
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=200, check=True, env=environment)


def _weights(folder: Path) -> dict[str, float]:
    """MB of each distribution in a folder."""
    weights = {}
    for found in importlib.metadata.distributions(path=[str(folder)]):
        files = [Path(str(file.locate())) for file in found.files or ()]
        weights[found.name] = sum(file.stat().st_size for file in files if file.is_file()) / 1e6
    everything = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6
    return {**weights, "bytecode and the rest": everything - sum(weights.values())}
