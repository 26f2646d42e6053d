"""A command of somebody's own, run against servers of ours, one server for each run.

Decides what the command is told of its server, how long it may take and how it is ended. Must not know what its
output means: it fails or it does not.
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
from understudy_checks.mutation.trials import Subject, Trial, iter_completed
from understudy_checks.target import targets

Json = Any

PREFIX = "UNDERSTUDY_"
FACTOR, MARGIN = 10, 30.0
"""How many times as long as on the mock as it is, and how many seconds more, a run may take."""

DOCUMENTED = 0
"""Stands for the number of requests that the document says."""

MAX_OUTPUT = 20_000
"""How many bytes of the end of an output are kept."""


class Unstartable(Exception):
    """The command cannot be started: one line."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a command, the start of its server included."""

    failure: str | None
    """How it ended when it failed: `exit code 1`, `signal 11`, `timed out after 42.5 s`."""
    seconds: float
    output: str


class Program:
    """A command that is run against one server after the other, on any thread."""

    def __init__(self, words: Sequence[str], *, requests: int | None = DOCUMENTED) -> None:
        """`requests` are admitted where another number is documented; None for any number."""
        self.words = tuple(words)
        self.requests = requests
        self._lock = Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._closed = False

    def run(self, api: str, subject: Subject | None = None, *, limit: float | None = None) -> Run:
        """Serve the mock, or a mutant or an alternative of it, in a fresh world, and run the command against it.

        After `limit` seconds it is ended. Raises Unstartable.
        """
        started = time.perf_counter()
        worlds = subject_worlds(api, subject, self.requests)
        with serving(worlds), TemporaryDirectory(prefix="understudy-") as folder, TemporaryFile() as output:
            ready = Path(folder) / "ready.json"
            OutputFile("ready file", ready, secret=True).write(ready_file(worlds))
            variables = {**environment(worlds.access_info(worlds.default, api)), f"{PREFIX}READY_FILE": str(ready)}
            failure = self._wait_for(self._start(variables, output), limit)
            said = _end_of(output)
        return Run(failure, time.perf_counter() - started, said)

    def close(self) -> None:
        """End every run, also those that are about to start."""
        with self._lock:
            self._closed = True
            for process in self._running:
                _end(process)

    def _start(self, variables: Mapping[str, str], output: IO[bytes]) -> subprocess.Popen[bytes]:
        with self._lock:
            try:
                process = subprocess.Popen(  # noqa: S603 - running it is what was asked for
                    self.words,
                    env=variables,
                    stdin=subprocess.DEVNULL,
                    stdout=output,  # a file: whatever it leaves running cannot keep us waiting, as with a pipe
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # so that it is ended with all that it started
                )
            except OSError as error:
                raise Unstartable(f"cannot run {self.words[0]}: {error.strerror}") from error
            self._running.add(process)
            if self._closed:
                _end(process)
            return process

    def _wait_for(self, process: subprocess.Popen[bytes], limit: float | None) -> str | None:
        """Wait for a process and end what is left of it; how it failed, if it did."""
        try:
            code = process.wait(limit)
        except subprocess.TimeoutExpired:
            return f"timed out after {limit:.1f} s"
        finally:
            with self._lock:
                self._running.discard(process)
            _end(process)
            process.wait()
        if code < 0:
            return f"signal {-code}"
        return f"exit code {code}" if code else None


def subject_worlds(api: str, subject: Subject | None, requests: int | None = DOCUMENTED) -> Worlds:
    """What is served to a command: as `understudy serve` does, but for what the subject changes."""
    declared = targets.declared(api)
    return Worlds(
        [subject.breaks(declared) if isinstance(subject, Mutant) else declared, control.declare],
        seeds=targets.seeds(),
        assume={subject.assumption: subject.value} if isinstance(subject, Alternative) else None,
        limits=None if requests == DOCUMENTED else {api: requests},
    )


def environment(entry: Mapping[str, Json]) -> dict[str, str]:
    """Our environment, and a variable for each field of a ready file's entry: text as it is, all else as JSON.

    What the entry has no value for is unset.
    """
    told = {f"{PREFIX}{name.upper()}": value for name, value in entry.items()} | {f"{PREFIX}URL": entry["base_url"]}
    others = {name: value for name, value in os.environ.items() if name not in told}
    known = {name: value for name, value in told.items() if value is not None}
    return others | {name: value if isinstance(value, str) else json.dumps(value) for name, value in known.items()}


def tried(program: Program, subjects: Sequence[Subject], jobs: int, *, baseline: float) -> Generator[Trial]:
    """Run the command against all of them, so many at a time; each as soon as it is known."""
    limit = FACTOR * baseline + MARGIN

    def trial(subject: Subject) -> Trial:
        run = program.run(subject.api, subject, limit=limit)
        return Trial(subject, run.failure is not None, (run.failure,) if run.failure else (), run.seconds, run.output)

    with ThreadPoolExecutor(jobs) as pool, closing(program), closing(iter_completed(pool, trial, subjects)) as results:
        yield from results


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started."""
    with suppress(ProcessLookupError, PermissionError):  # nothing of it is left; macOS has the second word for it
        os.killpg(process.pid, signal.SIGKILL)


def _end_of(output: IO[bytes]) -> str:
    size = output.seek(0, os.SEEK_END)
    output.seek(max(0, size - MAX_OUTPUT))
    return output.read().decode(errors="replace")
