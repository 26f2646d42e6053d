"""Shows the progress of a run: a bar on a terminal, otherwise a line every few seconds and after each area."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from threading import Event, Thread
from typing import IO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from understudy_checks import check
from understudy_checks.check import RuleResult
from understudy_checks.report.summary import WORDS, escape_unprintable, with_count

INTERVAL = 10.0
"""Seconds between two plain lines."""


@dataclass(frozen=True, slots=True)
class ProgressCallbacks:
    """The callbacks of a run: `step` before each step, `area` after the last step of an area."""

    step: check.Progress
    area: check.AreaCallback = lambda name, rules: None


def progress(console: Console) -> AbstractContextManager[ProgressCallbacks]:
    """Show the progress of a run in the block."""
    return _moving(console) if console.is_terminal else _plain(console)


@contextmanager
def _moving(console: Console) -> Iterator[ProgressCallbacks]:
    """Show a progress bar that disappears in the end."""
    columns = (
        SpinnerColumn(),
        BarColumn(20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[name]}", markup=False),
    )
    with Progress(*columns, console=console, transient=True) as line:
        task = line.add_task("", name="")
        yield ProgressCallbacks(lambda done, total, name: line.update(task, completed=done, total=total, name=name))


@dataclass(slots=True)
class PlainLines:
    """Writes plain lines, each with the seconds since the start."""

    write: Callable[[str], None]
    clock: Callable[[], float]
    started: float
    step: str = "starting"

    def at(self, done: int, total: int, name: str) -> None:
        """Store the current step."""
        self.step = f"{done} of {total} checks done, now {name}"

    def beat(self) -> None:
        """Write the current step."""
        self.line(self.step)

    def area(self, name: str, rules: Sequence[RuleResult]) -> None:
        """Write the outcome of an area."""
        found = Counter(checked.outcome for checked in rules)
        outcomes = ", ".join(f"{found[outcome]} {word}" for outcome, word in WORDS.items())
        self.line(f"{name}: {with_count(len(rules), 'rule')}: {outcomes}")

    def line(self, text: str) -> None:
        """Write a line."""
        self.write(f"{self.clock() - self.started:5.0f} s  {text}")


class Counted:
    """Counts what is done, and writes a plain line that says how much."""

    def __init__(self, total: int, what: str, file: IO[str], clock: Callable[[], float]) -> None:
        self._total, self._what, self._file, self._clock = total, what, file, clock
        self._started, self._done = clock(), 0

    def advance(self) -> None:
        """Count one more."""
        self._done += 1

    def write(self) -> None:
        """Write the line, with the seconds since the start."""
        seconds = self._clock() - self._started
        self._file.write(f"{seconds:5.0f} s  {self._done} of {self._total} {self._what}\n")
        self._file.flush()


@contextmanager
def _plain(console: Console) -> Iterator[ProgressCallbacks]:
    def write(text: str) -> None:
        console.print(Text(escape_unprintable(text)), soft_wrap=True)
        console.file.flush()

    lines = PlainLines(write, time.perf_counter, time.perf_counter())
    with repeat(INTERVAL, lines.beat):
        yield ProgressCallbacks(lines.at, lines.area)


@contextmanager
def repeat(seconds: float, do: Callable[[], None]) -> Iterator[None]:
    """Call `do` every `seconds` on another thread while the block runs."""
    over = Event()

    def beat() -> None:
        while not over.wait(seconds):
            do()

    thread = Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
