"""Standard output and error that fail or that nobody reads: no command notices."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

import pytest

from understudy import cli
from understudy.cli import streams
from understudy.cli.streams import MOST_PENDING, Background, Forgiving
from understudy.http.log import DROPPED

ROOT = Path(__file__).parents[2]
LINE = "x" * 99 + "\n"
COMMAND = (sys.executable, "-m", "understudy")


class Gate:
    """A text stream whose writes wait until it is opened, and fail while it has an `error`."""

    encoding = "ascii"

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.entered = threading.Semaphore(0)
        self.error: Exception | None = None
        self.texts: list[str] = []

    def write(self, text: str) -> int:
        """Wait, then fail or keep the text."""
        self.entered.release()
        assert self.opened.wait(20)
        if self.error is not None:
            raise self.error
        self.texts.append(text)
        return len(text)

    def flush(self) -> None:
        """Nothing is buffered."""

    def fileno(self) -> int:
        """It has no descriptor."""
        raise io.UnsupportedOperation


def dropped(count: int) -> str:
    """The text that reports dropped lines."""
    return f"[{count}]\n"


@pytest.fixture
def pipe() -> Iterator[tuple[IO[str], IO[str]]]:
    """The reading and the writing end of a pipe."""
    reader, writer = os.pipe()
    with os.fdopen(reader) as read, os.fdopen(writer, "w") as write:
        yield read, write


def test_lines_beyond_the_bound_are_dropped_and_counted_where_they_are_missing() -> None:
    """A writer does not wait for a reader; a reader finds the number of dropped lines at their position."""
    gate = Gate()
    stream = Background(gate, dropped)  # type: ignore[arg-type]
    stream.write("first\n")
    assert gate.entered.acquire(timeout=20)
    for _ in range(MOST_PENDING // len(LINE) + 7):
        stream.write(LINE)
    gate.opened.set()
    assert gate.entered.acquire(timeout=20)
    stream.write("last\n")
    assert stream.close() == 0
    text = "".join(gate.texts)
    assert text.startswith("first\n")
    assert text.replace(LINE, "") == "first\n[7]\nlast\n"


def test_lines_that_cannot_be_written_are_counted_once_writing_works_again() -> None:
    """After a disk was full for a while, the number of dropped lines and the next lines are written."""
    gate = Gate()
    gate.opened.set()
    gate.error = OSError("full")
    stream = Background(gate, dropped)  # type: ignore[arg-type]
    stream.write("lost\nlost\n")
    assert gate.entered.acquire(timeout=20)
    stream.write("lost\n")
    assert gate.entered.acquire(timeout=20)
    gate.error = None
    stream.write("kept \xe9\n")
    assert stream.close() == 0
    assert "".join(gate.texts) in ("kept \\xe9\n[3]\n", "[3]\nkept \\xe9\n", "lost\nkept \\xe9\n[2]\n")


def test_what_was_never_reported_is_returned_at_the_end(pipe: tuple[IO[str], IO[str]]) -> None:
    """The lines that are in flight or pending in a pipe without a reader are counted as lost."""
    _, write = pipe
    stream = Background(write, dropped)
    total = 3000
    for _ in range(total):
        stream.write(LINE)
    assert total - 700 <= stream.close() <= total


def test_a_broken_pipe_is_the_end_of_no_writer(pipe: tuple[IO[str], IO[str]]) -> None:
    """Lines are still accepted after a failure, and their number is known at the end."""
    read, write = pipe
    read.close()
    stream = Background(write, dropped)
    stream.write("one\ntwo\n")
    stream.flush()
    assert stream.close() == 2
    assert isinstance(stream.failure, BrokenPipeError)
    assert stream.isatty() is False


def test_a_pipe_that_does_not_block_is_waited_for(pipe: tuple[IO[str], IO[str]]) -> None:
    """A non-blocking descriptor gets all lines."""
    read, write = pipe
    os.set_blocking(write.fileno(), False)
    stream = Background(write, dropped)
    for _ in range(3000):
        stream.write(LINE)
    texts: list[str] = []
    reader = threading.Thread(target=lambda: texts.extend(read.readline() for _ in range(3000)))
    reader.start()
    reader.join(20)
    assert stream.close() == 0
    assert texts == [LINE] * 3000


def test_a_dropped_line_is_told_in_the_format_of_the_log() -> None:
    """A program that reads JSON lines gets JSON."""
    assert json.loads(DROPPED["json"](3)) == {"dropped": 3}
    assert "3 lines" in DROPPED["text"](3)


def test_the_end_says_on_standard_error_what_was_lost(
    monkeypatch: pytest.MonkeyPatch, pipe: tuple[IO[str], IO[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    """The report holds number and reason, and the former streams are restored."""
    pipe[0].close()
    monkeypatch.setattr(sys, "stdout", pipe[1])
    with streams.in_background(dropped):
        sys.stdout.write("one\ntwo\n")
    assert sys.stdout is pipe[1]
    assert capsys.readouterr().err == "understudy: standard output: 2 lines were dropped: Broken pipe\n"


def test_lost_lines_of_standard_error_are_counted_there() -> None:
    """Standard error reports its own dropped lines."""
    assert "4 lines" in streams._lines_dropped(4)


def test_a_forgiving_stream_fails_once_and_then_drops() -> None:
    """The first error is kept and not raised; other attributes are those of the stream."""
    gate = Gate()
    gate.opened.set()
    stream = Forgiving(gate)  # type: ignore[arg-type]
    stream.writelines(["a", "b"])
    gate.error = OSError("broken")
    assert stream.write("cd") == 2
    gate.error = None
    stream.write("e")
    stream.flush()
    assert (gate.texts, stream.failure.args, stream.encoding) == (["ab"], ("broken",), "ascii")


def ended(*words: str, out: str, code: str = "", err: str = "") -> tuple[int, str]:
    """Runs the command in a shell with such redirections; exit code and standard error."""
    command = " ".join([sys.executable, "-m", "understudy", *words])
    script = f"{{ {command} {out}; echo $? >&3; }} {code}"
    done = subprocess.run(
        ["bash", "-c", f"exec 3>&1; {script} {err}"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    return int(done.stdout.splitlines()[-1]), done.stderr


@pytest.mark.parametrize(
    ("out", "rest", "message"),
    [
        (">&-", "", ""),
        (">/dev/full", "", "understudy: standard output cannot be written: No space left on device\n"),
        ("", "| true", ""),
        ("<&- >&- 2>&-", "", ""),
        (">&- 2>/dev/full", "", ""),
    ],
)
@pytest.mark.parametrize(
    ("words", "code"),
    [(("--help",), 0), (("rules", "nextstep"), 0), (("serve", "x"), 2), ((), 0), (("--version",), 0)],
)
def test_no_output_changes_an_exit_code(words: tuple[str, ...], code: int, out: str, rest: str, message: str) -> None:
    """Closed, full or broken: the exit code is that of the command, and there is no traceback."""
    found, error = ended(*words, out=out, code=rest)
    unknown = "understudy: unknown API x; known: kognitos, nextstep, tallyfy, or the path of a document\n"
    own = "" if "2>" in out or code == 0 else unknown
    assert (found, error) == (code, message if code == 0 else own)


def test_a_failing_check_fails_also_without_a_reader() -> None:
    """`check | true` has the exit code of the check (here 1: nothing could be checked)."""
    words = ("check", "nextstep", "--only", "nextstep.runs.unknown-run", "--budget", "1", "--profile", "quick")
    expected = subprocess.run([*COMMAND, *words], cwd=ROOT, capture_output=True, timeout=60).returncode
    assert ended(*words, out="", code="| true")[0] == expected == 1


@pytest.mark.parametrize(
    "wrapped", [("{} | head -c 1",), ("{} >&-",), ("{} >/dev/full",), ("{} | sleep 100",), ("{} 2>&1 | sleep 100",)]
)
def test_a_server_goes_on_whatever_becomes_of_its_output(tmp_path: Path, wrapped: tuple[str]) -> None:
    """More requests than a pipe holds lines are answered, and SIGTERM ends it with exit code 0."""
    ready, code = tmp_path / "ready.json", tmp_path / "code"
    path = "/api/v1/process-runs/" + "x" * 2000
    server = f"{sys.executable} -m understudy serve nextstep --port 0 --ready-file {ready} --no-rate-limit"
    script = wrapped[0].format(f"{{ {server}; echo $? >{code}; }}")
    shell = subprocess.Popen(
        ["bash", "-c", script], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )
    try:
        server = appeared(ready, shell)
        for _ in range(150):
            request = urllib.request.Request(server["url"] + path, headers={"Authorization": "Bearer nope"})
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(request, timeout=5)
            refused.value.close()
            assert refused.value.code == 401
        os.kill(server["pid"], signal.SIGTERM)
        appeared(code, shell, decode=int)
        assert code.read_text().strip() == "0"
    finally:
        os.killpg(shell.pid, signal.SIGKILL)
        error = shell.communicate(timeout=20)[1].decode()
    assert "Traceback" not in error


def appeared(path: Path, shell: subprocess.Popen[bytes], *, decode: Any = json.loads) -> Any:
    """The content of a file once it is there."""
    waiting = threading.Event()
    for _ in range(400):
        if path.exists() and path.read_text():
            return decode(path.read_text())
        waiting.wait(0.05)
    raise AssertionError(f"{path} did not appear; {shell.poll()}")


def test_closed_descriptors_are_opened_before_anything_else_gets_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """A closed standard stream and its descriptor are opened on the null device."""
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    with streams.forgiving():
        sys.stdout.write("nowhere")
        sys.stderr.write("nowhere")
    for stream in (sys.stdout, sys.stderr):
        stream.close()
    monkeypatch.undo()
    opened: list[str] = []

    def closed(number: int) -> None:
        if number == 2:
            raise OSError(9, "Bad file descriptor")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fstat", closed)
        patched.setattr(os, "open", lambda path, flags: opened.append(path))
        streams._open_closed()
    assert opened == [os.devnull]


def test_a_command_alone_prints_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    """`understudy` alone prints its help."""
    assert cli.main([]) == 0
    assert capsys.readouterr().out.startswith("usage: understudy")


def test_the_version_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    """`--version` is that of the installed package."""
    with pytest.raises(SystemExit) as end:
        cli.main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"understudy {version('understudy')}\n"


def test_a_full_output_is_said_once_and_then_leads_nowhere(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The reason stands on standard error; what is left in the buffer cannot fail when the interpreter ends."""
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert cli.main(["rules", "nextstep"]) == 0
        full.flush()
    message = "understudy: standard output cannot be written: No space left on device\n"
    assert capsys.readouterr().err == message
