"""The load generator: so many kept-alive connections that send the same few requests for some seconds.

`wrk` where it is installed, else the small one below in a process of its own; both give the same Sample.
Must not know what is served.
"""

from __future__ import annotations

import json
import re
import selectors
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

CONNECTIONS = 32
HINT = "for rounds of a second or more from wrk: apt-get install wrk (Debian, Ubuntu) or brew install wrk"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


class Ask(NamedTuple):
    """One HTTP request. `bodies` are sent in turn, so that an update is one each time."""

    name: str
    method: str
    target: str
    headers: dict[str, str]
    bodies: tuple[str, ...] = ("",)


class Sample(NamedTuple):
    """What one round of load saw: answers, so many a second, latency in ms, and how many were no 2xx (or none)."""

    count: int
    rate: float
    p50: float
    p99: float
    failed: int


def load(ask: Ask, port: int, seconds: float, *, pin: Sequence[str] = ()) -> Sample:
    """Load a server of this machine for some seconds; `pin` is put before the generator's command."""
    return (_wrk if _by_wrk(seconds) else _own)(ask, port, seconds, pin)


def generator(seconds: float) -> str:
    """The name of the load generator that takes rounds of so many seconds."""
    return "wrk" if _by_wrk(seconds) else f"the built-in load generator ({HINT})"


def read_wrk(text: str) -> Sample:
    """The Sample that wrk's report tells."""
    count = re.search(r"(\d+) requests in", text)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    times = {share: float(n) * _UNITS[unit] for share, n, unit in re.findall(r"(\d+)%\s+([\d.]+)(us|ms|s)", text)}
    if count is None or rate is None or "50" not in times:
        raise ValueError(f"wrk reported something else: {text}")
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    failed = int(refused.group(1) if refused else 0) + sum(map(int, errors.groups() if errors else ()))
    return Sample(int(count.group(1)), float(rate.group(1)), times["50"], times["99"], failed)


def _by_wrk(seconds: float) -> bool:
    return seconds >= 1 and shutil.which("wrk") is not None  # wrk counts whole seconds


def _wrk(ask: Ask, port: int, seconds: float, pin: Sequence[str]) -> Sample:
    whole = round(seconds)
    options = [f"-c{CONNECTIONS}", "-t1", f"-d{whole}s", "--latency"]
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "requests.lua"
        script.write_text(_lua(ask))
        url = f"http://127.0.0.1:{port}{ask.target}"
        command = [*pin, "wrk", *options, "-s", str(script), url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=whole + 30, check=True)
    return read_wrk(done.stdout)


def _lua(ask: Ask) -> str:
    headers = "".join(f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}\n" for name, value in ask.headers.items())
    bodies = ", ".join(json.dumps(body) for body in ask.bodies)
    return f"""{headers}local bodies, requests, turn = {{{bodies}}}, {{}}, 0
function init(args)
  for n, body in ipairs(bodies) do
    requests[n] = wrk.format({json.dumps(ask.method)}, nil, nil, body ~= "" and body or nil)
  end
end
function request()
  turn = turn % #requests + 1
  return requests[turn]
end
"""


def _own(ask: Ask, port: int, seconds: float, pin: Sequence[str]) -> Sample:
    command = [*pin, sys.executable, "-m", "benchmarks.load", json.dumps([ask, port, seconds])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30, check=True)
    return Sample(*json.loads(done.stdout))


def wire(ask: Ask) -> list[bytes]:
    """The bytes of the requests."""
    lines = [f"{ask.method} {ask.target} HTTP/1.1", "Host: 127.0.0.1", *(f"{k}: {v}" for k, v in ask.headers.items())]
    lengths = [[f"Content-Length: {len(body.encode())}"] if body else [] for body in ask.bodies]
    return ["\r\n".join([*lines, *length, "", body]).encode() for length, body in zip(lengths, ask.bodies, strict=True)]


def _complete(answer: bytes) -> bool:
    head = answer.find(b"\r\n\r\n")
    if head < 0:
        return False
    length = _LENGTH.search(answer, 0, head + 2)
    return len(answer) >= head + 4 + (int(length.group(1)) if length else 0)


def _drive(ask: Ask, port: int, seconds: float) -> Sample:
    """The built-in generator: one thread, one selector, one request under way on each connection."""
    requests, turn, failed, times = wire(ask), 0, 0, []
    selector = selectors.DefaultSelector()
    partial: dict[socket.socket, bytes] = {}
    sent: dict[socket.socket, float] = {}
    begin = time.perf_counter()
    for _ in range(CONNECTIONS):
        connection = socket.create_connection(("127.0.0.1", port), timeout=10)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(requests[0])
        selector.register(connection, selectors.EVENT_READ)
        partial[connection], sent[connection] = b"", time.perf_counter()
    while (now := time.perf_counter()) < begin + seconds and partial:
        for key, _ in selector.select(1):
            connection: socket.socket = key.fileobj  # type: ignore[assignment]
            data = connection.recv(65536)
            answer = partial[connection] + data if partial[connection] else data
            if data and not _complete(answer):
                partial[connection] = answer
                continue
            failed += answer[9:10] != b"2"
            if not data:
                selector.unregister(connection)
                del partial[connection]
                continue
            now = time.perf_counter()
            times.append(now - sent[connection])
            turn = (turn + 1) % len(requests)
            partial[connection], sent[connection] = b"", now
            connection.sendall(requests[turn])
    return _sample(times, time.perf_counter() - begin, failed)


def _sample(times: list[float], seconds: float, failed: int) -> Sample:
    ordered = sorted(times) or [0.0]
    p50, p99 = (ordered[int(len(ordered) * share)] * 1000 for share in (0.5, 0.99))
    return Sample(len(times), len(times) / seconds, p50, p99, failed)


if __name__ == "__main__":
    asked, to, span = json.loads(sys.argv[1])
    print(json.dumps(_drive(Ask(*asked), to, span)))
