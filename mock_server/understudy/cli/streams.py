"""Standard output and error when they are closed, full, a broken pipe, or a pipe without a reader.

None of these stops a command, changes its exit code or delays a request. Must not know what is written.
"""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Condition, Thread
from typing import Any, TextIO

MOST_PENDING = 1 << 20
"""The most characters that wait to be written in the background; further lines are dropped."""

_CLOSE_TIMEOUT = 0.5  # seconds for the last lines


def no_color() -> bool:
    """Whether the user wants no escape codes (https://no-color.org)."""
    return bool(os.environ.get("NO_COLOR"))


class Forgiving:
    """A text stream that drops what cannot be written. `failure` is the first error."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.failure: OSError | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write a text, or drop it once a write has failed."""
        self._attempt(lambda: self._stream.write(text))
        return len(text)

    def writelines(self, lines: Sequence[str]) -> None:
        """Write several texts."""
        self.write("".join(lines))

    def flush(self) -> None:
        """Write what the stream has buffered."""
        self._attempt(self._stream.flush)

    def _attempt(self, action: Callable[[], object]) -> None:
        if self.failure is None:
            try:
                action()
            except OSError as error:
                self.failure = error
                _discard(self._stream)


class Background:
    """A text stream that a thread writes in the background, so that callers neither wait nor fail.

    Lines beyond MOST_PENDING characters, and those that cannot be written, are dropped and counted;
    `dropped(count)` is the text that reports them once writing works again.
    """

    def __init__(self, stream: TextIO, dropped: Callable[[int], str]) -> None:
        self.failure: Exception | None = None
        self._stream = stream
        self._dropped = dropped
        self._changed = Condition()
        self._pending: list[str] = []
        self._size = 0
        self._lost = 0  # lines, not yet reported
        self._in_flight = 0  # lines
        self._closing = False
        self._thread = Thread(target=self._run, name="understudy-output", daemon=True)
        self._thread.start()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Accept whole lines."""
        with self._changed:
            if self._pending and self._size + len(text) > MOST_PENDING:
                self._lost += text.count("\n")
            else:
                self._pending.append(text)
                self._size += len(text)
                self._changed.notify()
        return len(text)

    def flush(self) -> None:
        """Do nothing: writing never waits."""

    def close(self) -> int:
        """Write what is pending within half a second; returns the number of lines lost without a report."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(_CLOSE_TIMEOUT)
        with self._changed:
            return self._lost + self._in_flight + sum(text.count("\n") for text in self._pending)

    def _run(self) -> None:
        open = True
        while open:
            text, lost, open = self._take()
            data = self._encoded(text + (self._dropped(lost) if lost else ""))
            written, failure = 0, None
            try:
                for written in _written(self._stream, data):  # noqa: B007 - the last one counts
                    pass
            except (OSError, ValueError) as error:  # ValueError: closed
                failure = error
            with self._changed:
                self._in_flight = 0
                if failure is not None:
                    self.failure = failure
                    self._lost += lost + min(data[written:].count(b"\n"), text.count("\n"))

    def _take(self) -> tuple[str, int, bool]:
        """The pending text, the number of lines that were dropped after it, and whether more may come."""
        with self._changed:
            self._changed.wait_for(lambda: self._pending or self._closing)
            text, self._pending, self._size = "".join(self._pending), [], 0
            lost, self._lost = self._lost, 0
            self._in_flight = text.count("\n") + lost
            return text, lost, not self._closing

    def _encoded(self, text: str) -> bytes:
        return text.encode(getattr(self._stream, "encoding", None) or "utf-8", "backslashreplace")


@contextmanager
def forgiving() -> Iterator[None]:
    """Ignore failures of standard output and error while the block runs."""
    _open_closed()
    before = sys.stdout, sys.stderr
    out, err = Forgiving(sys.stdout), Forgiving(sys.stderr)
    sys.stdout, sys.stderr = out, err
    try:
        yield
    finally:
        out.flush()
        if out.failure is not None and not isinstance(out.failure, BrokenPipeError):
            err.write(f"understudy: standard output cannot be written: {out.failure.strerror}\n")
        err.flush()
        sys.stdout, sys.stderr = before


@contextmanager
def in_background(dropped: Callable[[int], str]) -> Iterator[None]:
    """Write standard output and error in the background while the block runs; report at its end what was lost."""
    before = sys.stdout, sys.stderr
    for stream in before:
        stream.flush()
    out, err = Background(before[0], dropped), Background(before[1], _lines_dropped)
    sys.stdout, sys.stderr = out, err
    try:
        yield
    finally:
        lost = out.close()
        if lost:
            reason = getattr(out.failure, "strerror", None) or "nobody read them"
            err.write(f"understudy: standard output: {lost} lines were dropped: {reason}\n")
        err.close()
        sys.stdout, sys.stderr = before


def _lines_dropped(count: int) -> str:
    return f"understudy: {count} lines were dropped here\n"


def _written(stream: TextIO, data: bytes) -> Iterator[int]:
    """Write all of `data`, past the stream's own buffer where it has a descriptor; yields how much is written."""
    number = _descriptor(stream)
    if number is None:
        stream.write(data.decode())
        stream.flush()
        return
    done = 0
    while done < len(data):
        try:
            done += os.write(number, data[done : done + (1 << 16)])
        except BlockingIOError:  # the parent process made it non-blocking
            select.select([], [number], [])
        yield done


def _descriptor(stream: TextIO) -> int | None:
    try:
        return stream.fileno()
    except (OSError, ValueError):  # io.UnsupportedOperation is both
        return None


def _discard(stream: TextIO) -> None:
    """Redirect a stream to the null device, so that flushing its buffer at exit cannot fail."""
    number = _descriptor(stream)
    if number is not None:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, number)
        os.close(null)


def _open_closed() -> None:
    """Open the standard descriptors that are closed: else the next file or socket would get their numbers."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123 - for as long as the process runs
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115, PTH123 - for as long as the process runs
