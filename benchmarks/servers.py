"""The two servers that are compared, each a process on the same core: ours as shipped, and a bare one.

The bare one is a Starlette route for each request that reads the body and returns what ours answered, as
ready JSON, on our own uvicorn flags: what any Python server that does nothing would reach.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.load import Ask
from benchmarks.requests import ASKS

SERVE = ("-m", "mock_server", "serve", "--port", "0", "--rate-limit", "1000000000")


class Running(NamedTuple):
    """A server that accepts connections."""

    port: int
    process: int

    def cpu_seconds(self) -> float:
        """How long it has computed, system calls included (proc(5), fields 14 and 15); not on Linux: lived."""
        stat = Path(f"/proc/{self.process}/stat")
        if not stat.exists():
            return time.monotonic()
        fields = stat.read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cores() -> tuple[list[str], list[str]]:
    """What to put before the command of a server and of a load generator: each gets a core of its own, if it can."""
    free = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(free) < 2 or shutil.which("taskset") is None:
        return [], []
    return ["taskset", "-c", str(free[0])], ["taskset", "-c", str(free[1])]


@contextmanager
def ours(pin: Sequence[str] = ()) -> Iterator[Running]:
    """`understudy serve` with everything on, the log going nowhere; yields it."""
    command = [*pin, sys.executable, *SERVE]
    with tempfile.TemporaryDirectory() as folder, _running(command, Path(folder) / "ready.json") as running:
        yield running


@contextmanager
def bare(answers: dict[str, tuple[int, str]], pin: Sequence[str] = ()) -> Iterator[Running]:
    """The bare server; `answers` are status and body by the request's name. Yields it."""
    with tempfile.TemporaryDirectory() as folder:
        content = Path(folder) / "answers.json"
        content.write_text(json.dumps(answers))
        command = [*pin, sys.executable, "-m", "benchmarks.servers", str(content)]
        with _running(command, Path(folder) / "ready.json") as running:
            yield running


def answer(ask: Ask, port: int) -> tuple[int, str]:
    """Status and body of one request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(ask.method, ask.target, ask.bodies[0] or None, ask.headers)
    response = connection.getresponse()
    status, body = response.status, response.read().decode()
    connection.close()
    return status, body


@contextmanager
def _running(command: Sequence[str], ready: Path) -> Iterator[Running]:
    """The process while the block runs, once it has written its ready file."""
    process = subprocess.Popen([*command, "--ready-file", str(ready)], stdout=subprocess.DEVNULL)
    try:
        url = _await(process, ready)["url"]
        yield Running(int(url.rpartition(":")[2]), process.pid)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


def _await(process: subprocess.Popen[bytes], ready: Path) -> Any:
    until = time.monotonic() + 20
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"{process.args} did not start")
        time.sleep(0.001)
    return json.loads(ready.read_text())


def _serve_bare(answers: dict[str, tuple[int, str]], ready: Path) -> None:
    from starlette.applications import Starlette
    from starlette.routing import Route

    from mock_server.server import Server, listen, url_of

    routes = [Route(_path(ask), _constant(*answers[ask.name]), methods=[ask.method]) for ask in ASKS]
    listener = listen("127.0.0.1", 0)

    def tell() -> None:
        partial = ready.with_suffix(".partial")
        partial.write_text(json.dumps({"url": url_of(listener)}))
        partial.replace(ready)

    server = Server(Starlette(routes=routes), sockets=[listener], ready=tell)  # type: ignore[arg-type]
    server.config.http = "httptools"  # as uvicorn has it: not with what ours adds
    server.serve_until_stopped()


def _path(ask: Ask) -> str:
    return ask.target.partition("?")[0]


def _constant(status: int, text: str) -> Any:
    from starlette.requests import Request
    from starlette.responses import Response

    body = text.encode()

    async def endpoint(request: Request) -> Response:
        if request.method != "GET":
            await request.body()
        return Response(body, status, media_type="application/json")

    return endpoint


if __name__ == "__main__":
    _serve_bare(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[3]))
