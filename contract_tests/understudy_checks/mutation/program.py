"""Runs a user's command against a host: its environment, its time limit, its end, and what is left of it.

Only the exit code decides whether it failed; what pytest's results say is told with it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from threading import Event, Lock, Timer
from typing import IO, Any

from understudy.cli.output import OutputFile
from understudy_checks.mutation import junit
from understudy_checks.mutation.host import Access, Subject
from understudy_checks.mutation.junit import FailedTest
from understudy_checks.mutation.leftovers import kill_leftovers
from understudy_checks.mutation.pool import AnyHost
from understudy_checks.mutation.replay import Recording

Json = Any

PREFIX = "UNDERSTUDY_"

MAX_OUTPUT = 20_000
"""The number of last bytes of an output that are kept."""


class CannotStart(Exception):
    """The command cannot be started; the message is one line."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a command, including what serves it."""

    failure: str | None
    """How it failed: `exit code 1`, `signal 11`, `timed out after 42.5 s`; None when it succeeded."""
    seconds: float
    output: str
    tests: tuple[FailedTest, ...] = ()
    """The failed tests, where the command is pytest or runs it."""


class Program:
    """A command that can be run against many hosts, from any thread."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = tuple(words)
        self.asks_pytest = True
        """Whether pytest is asked which tests failed."""
        self._lock = Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._closed = False

    def run(self, host: AnyHost, subject: Subject | None = None, *, limit: float | None = None) -> Run:
        """Run the command against the mock, or a variant of it, in a new world.

        Kills the command after `limit` seconds. Raises CannotStart.
        """
        started = time.perf_counter()
        failure, output, tests = self._run(host.serve(subject), limit)
        return Run(failure, time.perf_counter() - started, output, tests)

    def record(self, host: AnyHost, *, limit: float | None = None) -> tuple[Run, Recording]:
        """Run the command against the mock, and record its requests; see `run`."""
        started = time.perf_counter()
        failure, output, tests = self._run(host.record(), limit)
        return Run(failure, time.perf_counter() - started, output, tests), host.recording()

    def _run(self, access: Access, limit: float | None) -> tuple[str | None, str, tuple[FailedTest, ...]]:
        """Run the command; returns how it failed, the end of its output, and the failed tests."""
        with TemporaryDirectory(prefix="understudy-", ignore_cleanup_errors=True) as folder, TemporaryFile() as output:
            ready, results = Path(folder) / "ready.json", Path(folder) / "junit.xml"
            OutputFile("ready file", ready, secret=True).write(access.ready_file)
            variables = {**environment(access.entry), f"{PREFIX}READY_FILE": str(ready)}
            if self.asks_pytest:
                variables |= junit.options(results, variables)
            try:
                failure = self._wait_for(self._start(variables, output), limit)
            finally:
                kill_leftovers(f"{PREFIX}READY_FILE", str(ready))
            return failure, _tail(output), junit.failed_tests(results) if failure else ()

    def close(self) -> None:
        """Kill every run, also those that are about to start."""
        with self._lock:
            self._closed = True
            for process in self._running:
                _kill(process)

    def _start(self, variables: Mapping[str, str], output: IO[bytes]) -> subprocess.Popen[bytes]:
        with self._lock:
            try:
                process = subprocess.Popen(  # noqa: S603 - the user asked to run it
                    self.words,
                    env=variables,
                    stdin=subprocess.DEVNULL,
                    stdout=output,  # a file: a pipe would block until background processes end
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # so that its child processes are killed with it
                )
            except OSError as error:
                raise CannotStart(f"cannot run {self.words[0]}: {error.strerror}") from error
            self._running.add(process)
            if self._closed:
                _kill(process)
            return process

    def _wait_for(self, process: subprocess.Popen[bytes], limit: float | None) -> str | None:
        """Wait for a process, kill what is left of it, and return how it failed, if it did."""
        late = Event()

        def end() -> None:
            late.set()
            _kill(process)

        timer = Timer(limit or 0, end)  # not `wait(limit)`, which asks again and again
        if limit is not None:
            timer.start()
        try:
            code = process.wait()
        finally:
            timer.cancel()
            with self._lock:
                self._running.discard(process)
            _kill(process)
            process.wait()
        if code < 0:
            return f"timed out after {limit:.1f} s" if late.is_set() else f"signal {-code}"
        return f"exit code {code}" if code else None


def environment(entry: Mapping[str, Json]) -> dict[str, str]:
    """Extend our environment by a variable for each field of a ready file's entry: text as it is, all else as JSON.

    Fields without a value are unset.
    """
    fields = {f"{PREFIX}{name.upper()}": value for name, value in entry.items()} | {f"{PREFIX}URL": entry["base_url"]}
    others = {name: value for name, value in os.environ.items() if name not in fields}
    known = {name: value for name, value in fields.items() if value is not None}
    return others | {name: value if isinstance(value, str) else json.dumps(value) for name, value in known.items()}


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and all its children."""
    with suppress(ProcessLookupError, PermissionError):  # already ended; macOS raises the second
        os.killpg(process.pid, signal.SIGKILL)


def _tail(output: IO[bytes]) -> str:
    size = output.seek(0, os.SEEK_END)
    output.seek(max(0, size - MAX_OUTPUT))
    return output.read().decode(errors="replace")
