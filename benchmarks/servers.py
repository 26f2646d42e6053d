"""Servers as processes of their own: ours as it is shipped, the constant, or any command that listens on a port.

Needs Linux: cores are chosen with taskset, CPU time and memory are read from /proc.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks.constant import ANSWERS, FLAGS
from benchmarks.requests import ASKS, Ask, with_tasks

SHIPPED = ("--rate-limit", "1000000000")
LEAN = ("--no-rate-limit", "--log-format", "none", "--fidelity", "strict")
PATIENCE = 60.0
_TICK = os.sysconf("SC_CLK_TCK")


class Answer(NamedTuple):
    """What a server answered; header names are as it wrote them."""

    status: int
    headers: list[tuple[str, str]]
    body: str


class Running(NamedTuple):
    """A server that answers."""

    port: int
    process: int

    def cpu_seconds(self) -> float:
        """How long it has computed, system calls and all threads included (proc(5), stat, fields 14 and 15)."""
        fields = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICK

    def resident(self) -> float:
        """Resident memory in MB."""
        return resident(self.process)


class NotStarted(Exception):
    """A server that does not come up, with the last thing that it said."""


def resident(process: int | str = "self") -> float:
    """Resident memory of a process in MB (proc(5), statm, field 2)."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def cores() -> tuple[list[str], list[str]]:
    """What to put before the command of a server and of a load generator: each gets a core of its own, if it can."""
    free = sorted(os.sched_getaffinity(0))
    if len(free) < 2 or shutil.which("taskset") is None:
        return [], []
    return ["taskset", "-c", str(free[0])], ["taskset", "-c", str(free[1])]


@contextmanager
def ours(pin: Sequence[str] = (), options: Sequence[str] = SHIPPED) -> Iterator[Running]:
    """`understudy serve`, all three APIs, the log going nowhere; its template has ten tasks."""
    port = free_port()
    command = [*pin, sys.executable, "-m", "understudy", "serve", "--port", str(port), *options]
    with running(command, port, ASKS[0]) as server:
        for ask in with_tasks(10):
            expect(ask, port)
        yield server


@contextmanager
def constant(answers: Sequence[tuple[Ask, Answer]], pin: Sequence[str] = ()) -> Iterator[Running]:
    """The constant with these answers, on the flags that ours is started with."""
    port = free_port()
    command = [*pin, sys.executable, "-m", "uvicorn", "benchmarks.constant:app", *FLAGS, "--port", str(port)]
    with tempfile.TemporaryDirectory() as folder:
        content = Path(folder) / "answers.json"
        content.write_text(json.dumps([[ask.method, ask.target, *answer] for ask, answer in answers]))
        with running(command, port, ASKS[0], environment={ANSWERS: str(content)}) as server:
            for ask, given in answers:
                assert expect(ask, port) == given, f"{ask.name}: the constant answers something else"
            yield server


@contextmanager
def running(
    command: Sequence[str], port: int, first: Ask, *, environment: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """The process while the block runs, from its first answer on; raises NotStarted when that is no 2xx."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            list(command), stdout=subprocess.DEVNULL, stderr=said, env={**os.environ, **(environment or {})}
        )
        try:
            _await(process, port, first, lambda: gist(os.pread(said.fileno(), 1 << 16, 0).decode(errors="replace")))
            yield Running(port, process.pid)
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def answer(ask: Ask, port: int) -> Answer:
    """The answer to one request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(ask.method, ask.target, ask.bodies[0] or None, ask.headers)
        response = connection.getresponse()
        return Answer(response.status, response.getheaders(), response.read().decode())
    finally:
        connection.close()


def expect(ask: Ask, port: int) -> Answer:
    """The answer to one request; raises NotStarted when it is no 2xx."""
    got = answer(ask, port)
    if not 200 <= got.status < 300:
        raise NotStarted(f"{ask.name}: {got.status} {got.body[:200]}")
    return got


def _await(process: subprocess.Popen[bytes], port: int, first: Ask, said: Callable[[], str]) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            expect(first, port)
            return
        except OSError as error:
            if process.poll() is not None or time.monotonic() > until:
                raise NotStarted(said() or f"{process.args!r} does not answer") from error
        time.sleep(0.001)


def gist(said: str) -> str:
    """What a process said of its end: the first line that names an error, else the last one."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return next((line for line in lines if re.search(r"error\b", line, re.IGNORECASE)), lines[-1] if lines else "")
