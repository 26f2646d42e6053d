"""The load: wrk, with so many kept-alive connections that send the same few requests for some seconds.

Must not know what is served.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.requests import Ask

CONNECTIONS = 32
HINT = "the load comes from wrk: apt-get install wrk (Debian, Ubuntu), brew install wrk, or https://github.com/wg/wrk"
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


class Sample(NamedTuple):
    """What one round of load saw: answers, so many a second, latency in ms, and how many were no 2xx (or none)."""

    answered: int
    rate: float
    p50: float
    p99: float
    failed: int


def is_there() -> bool:
    """Whether wrk is installed."""
    return shutil.which("wrk") is not None


def load(ask: Ask, port: int, seconds: int, *, pin: Sequence[str] = ()) -> Sample:
    """Load a server of this machine for some whole seconds; `pin` is put before wrk's command."""
    options = [f"-c{CONNECTIONS}", "-t1", f"-d{seconds}s", "--latency"]
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "requests.lua"
        script.write_text(lua(ask))
        command = [*pin, "wrk", *options, "-s", str(script), f"http://127.0.0.1:{port}{ask.target}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30, check=True)
    return read(done.stdout)


def read(report: str) -> Sample:
    """The Sample that wrk's report tells."""
    count = re.search(r"(\d+) requests in", report)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", report)
    times = {share: float(n) * _UNITS[unit] for share, n, unit in re.findall(r"(\d+)%\s+([\d.]+)(us|ms|s)", report)}
    if count is None or rate is None or "50" not in times:
        raise ValueError(f"wrk reported something else: {report}")
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", report)
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", report)
    failed = int(refused.group(1) if refused else 0) + sum(map(int, errors.groups() if errors else ()))
    return Sample(int(count.group(1)), float(rate.group(1)), times["50"], times["99"], failed)


def lua(ask: Ask) -> str:
    """The script for wrk: all requests are made beforehand, and sent in turn."""
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
