"""Runs a user's command against the mock, its mutants and its alternatives, with one server for each run.

Decides the environment, the time limit and the end of the command. Must not know what its
output means: only its exit code counts.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from threading import Lock
from typing import IO, Any

from understudy.apis import control
from understudy.cli.output import OutputFile
from understudy.engine.worlds import Worlds
from understudy.http.server import ready_file, serving
from understudy_checks.mutation import Alternative, Mutant
from understudy_checks.mutation.runner import Subject, SubjectResult, iter_completed
from understudy_checks.target import installed

Json = Any

PREFIX = "UNDERSTUDY_"
FACTOR, MARGIN = 10, 30.0
"""The time limit of a run: FACTOR times the duration on the unchanged mock, plus MARGIN seconds."""

DOCUMENTED = 0
"""Stands for the documented rate limit."""

MAX_OUTPUT = 20_000
"""The number of last bytes of an output that are kept."""


class CannotStart(Exception):
    """The command cannot be started; the message is one line."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a command, including the start of its server."""

    failure: str | None
    """How it failed: `exit code 1`, `signal 11`, `timed out after 42.5 s`; None when it succeeded."""
    seconds: float
    output: str


class Program:
    """A command that can be run against many servers, from any thread."""

    def __init__(self, words: Sequence[str], *, requests: int | None = DOCUMENTED) -> None:
        """`requests` replaces the number of requests of the documented rate limit; None removes the limit."""
        self.words = tuple(words)
        self.requests = requests
        self._lock = Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._closed = False

    def run(self, api: str, subject: Subject | None = None, *, limit: float | None = None) -> Run:
        """Serve the mock, or a mutant or alternative of it, in a new world, and run the command against it.

        Kills the command after `limit` seconds. Raises CannotStart.
        """
        started = time.perf_counter()
        worlds = subject_worlds(api, subject, self.requests)
        with serving(worlds), TemporaryDirectory(prefix="understudy-") as folder, TemporaryFile() as output:
            ready = Path(folder) / "ready.json"
            OutputFile("ready file", ready, secret=True).write(ready_file(worlds))
            variables = {**environment(worlds.access_info(worlds.default, api)), f"{PREFIX}READY_FILE": str(ready)}
            failure = self._wait_for(self._start(variables, output), limit)
            tail = _tail(output)
        return Run(failure, time.perf_counter() - started, tail)

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
        try:
            code = process.wait(limit)
        except subprocess.TimeoutExpired:
            return f"timed out after {limit:.1f} s"
        finally:
            with self._lock:
                self._running.discard(process)
            _kill(process)
            process.wait()
        if code < 0:
            return f"signal {-code}"
        return f"exit code {code}" if code else None


def subject_worlds(api: str, subject: Subject | None, requests: int | None = DOCUMENTED) -> Worlds:
    """Create the worlds of a subject, otherwise as `understudy serve` does."""
    declared = installed.declared(api)
    return Worlds(
        [subject.breaks(declared) if isinstance(subject, Mutant) else declared, control.declare],
        seeds=installed.seeds(),
        assume={subject.assumption: subject.value} if isinstance(subject, Alternative) else None,
        limits=None if requests == DOCUMENTED else {api: requests},
    )


def environment(entry: Mapping[str, Json]) -> dict[str, str]:
    """Extend our environment by a variable for each field of a ready file's entry: text as it is, all else as JSON.

    Fields without a value are unset.
    """
    fields = {f"{PREFIX}{name.upper()}": value for name, value in entry.items()} | {f"{PREFIX}URL": entry["base_url"]}
    others = {name: value for name, value in os.environ.items() if name not in fields}
    known = {name: value for name, value in fields.items() if value is not None}
    return others | {name: value if isinstance(value, str) else json.dumps(value) for name, value in known.items()}


def run_all(program: Program, subjects: Sequence[Subject], jobs: int, *, baseline: float) -> Generator[SubjectResult]:
    """Run the command against all subjects, `jobs` at a time. Yields each result as soon as it is known."""
    limit = FACTOR * baseline + MARGIN

    def trial(subject: Subject) -> SubjectResult:
        run = program.run(subject.api, subject, limit=limit)
        return SubjectResult(
            subject, run.failure is not None, (run.failure,) if run.failure else (), run.seconds, run.output
        )

    with ThreadPoolExecutor(jobs) as pool, closing(program), closing(iter_completed(pool, trial, subjects)) as results:
        yield from results


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and all its children."""
    with suppress(ProcessLookupError, PermissionError):  # already ended; macOS raises the second
        os.killpg(process.pid, signal.SIGKILL)


def _tail(output: IO[bytes]) -> str:
    size = output.seek(0, os.SEEK_END)
    output.seek(max(0, size - MAX_OUTPUT))
    return output.read().decode(errors="replace")
