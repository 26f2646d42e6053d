"""A command that is interrupted, timed or left without a reader: what it tells, writes and answers all the same."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from understudy import apis, cli
from understudy.engine.worlds import Worlds
from understudy.http.app import App
from understudy_checks import check as checking
from understudy_checks import interruptions, profiles
from understudy_checks.interruptions import Interruption, TimeIsUp, watch_interruptions
from understudy_checks.report import console, progress
from understudy_checks.target import installed
from understudy_checks.target.mock import mock

ROOT = Path(__file__).parents[2]
KEY = "nxs_live_your_key"
RULES = ("--only", "nextstep.runs.*", "--only", "nextstep.creation.created", "--profile", "quick")
INTERRUPTED = {signal.SIGINT: "interrupted", signal.SIGTERM: "ended by SIGTERM"}
AT: dict[int, signal.Signals] = {}
"""Which signal comes at which request."""


def interrupting() -> Any:
    """NextStep, where a signal comes while some request is answered."""
    inner = App(Worlds([installed.declared("nextstep")], seeds=apis.seeds(apis.NAMES), limits={"nextstep": 10**9}))
    made: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        made.append(scope["type"])
        if len(made) in AT:
            signal.raise_signal(AT[len(made)])
        await inner(scope, receive, send)

    return app


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Iterator[Callable[..., tuple[int, str, str, Any]]]:
    """Runs a check at whose n-th request a signal comes: exit code, output, errors, the JSON report if there is one."""

    def run(at: dict[int, signal.Signals], *words: str) -> tuple[int, str, str, Any]:
        AT.update(at)
        told = tmp_path / "told.json"
        code = cli.main(
            ["check", "nextstep", "--app", f"{__name__}:interrupting", "--api-key", KEY, "--json", str(told), *words]
        )
        said = capsys.readouterr()
        return code, said.out, said.err, json.loads(told.read_text()) if told.exists() else None

    yield run
    AT.clear()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_check_and_not_the_report(run, number: signal.Signals, code: int) -> None:
    """What is known is told and written whole, what is missing says why, and the usual handlers come back."""
    before = [signal.getsignal(each) for each in (*INTERRUPTED, signal.SIGALRM)]
    found, out, err, told = run({60: number}, *RULES)
    assert found == code
    assert out.rstrip().endswith(f"; {INTERRUPTED[number]}")
    assert told["ended"] == INTERRUPTED[number]
    assert "passed" in {rule["outcome"] for rule in told["rules"]}
    assert {rule["reason"] for rule in told["rules"] if not rule["checks"]} == {INTERRUPTED[number]}
    assert "Traceback" not in err
    assert [signal.getsignal(each) for each in (*INTERRUPTED, signal.SIGALRM)] == before


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_before_the_first_check_is_no_report(run, number: signal.Signals, code: int) -> None:
    """There is nothing to tell then, and no traceback either."""
    assert run({2: number}, *RULES) == (code, "", "", None)


def test_a_second_signal_ends_the_tidying_up(run) -> None:
    """What was not removed by then is told with all the rest."""
    target = mock("nextstep")
    target.budget.made.extend(["/api/v1/process-runs/a", "/api/v1/process-runs/b"])

    def interrupt() -> Any:
        raise Interruption("interrupted")

    assert "advance" in target.capabilities  # which opens a client, once
    target.open = interrupt  # type: ignore[method-assign]
    report = checking.check_target(target, only=["nextstep.no-such-rule"])
    assert (report.ended, report.left_behind) == ("interrupted", ("/api/v1/process-runs/a", "/api/v1/process-runs/b"))


LIMIT = "the time limit of 900 seconds (--max-time) has passed"


def test_a_time_limit_that_leaves_rules_unchecked_is_exit_code_3(run) -> None:
    """What is known is told, and one line says why it is not all."""
    code, out, err, told = run({60: signal.SIGALRM}, *RULES, "--max-time", "900")
    assert (code, told["ended"]) == (3, LIMIT)
    assert out.rstrip().endswith(f"; {LIMIT}")
    assert err.splitlines()[-1] == f"understudy: {LIMIT}"
    code, out, err, _ = run({2: signal.SIGALRM}, *RULES, "--max-time", "900")
    assert (code, out, err) == (3, "", f"understudy: {LIMIT}\n")


@pytest.mark.parametrize(("failed", "left", "code"), [(True, True, 1), (True, False, 1), (False, False, 0)])
def test_a_time_limit_does_not_hide_what_failed(
    run, monkeypatch: pytest.MonkeyPatch, failed: bool, left: bool, code: int
) -> None:
    """A failure is exit code 1; where every rule was checked the time does not matter."""
    rule = installed.document("nextstep").rules[0]
    usual: Any = {"subject": "", "rules": (rule.id,), "reason": None, "lacking": (), "examples": 1, "requests": 1}
    seen = checking.Failure("wrong", (), ()) if failed else None
    made = checking.Run("test", outcome="failed" if failed else "passed", failure=seen, calls={}, **usual)
    rules = [
        checking.RuleResult("nextstep", rule, (made,)),
        *([checking.RuleResult("nextstep", rule, (), LIMIT)] * left),
    ]
    report = checking.Report("x", ("nextstep",), "quick", tuple(rules), (), 1, 0.0, 1.0, ended=LIMIT)
    monkeypatch.setattr(checking, "check_target", lambda *_, **__: report)
    assert run({}, *RULES, "--max-time", "900")[0] == code


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf"])
def test_a_time_limit_that_cannot_be_meant_is_told(run, text: str) -> None:
    """It is more than no time at all, and less than for ever."""
    code, _, err, _ = run({}, f"--max-time={text}")
    assert (code, err) == (2, f"understudy: --max-time {text} is not a number of seconds between 0 and 1,000,000\n")


def idle() -> None:
    """Go on until somebody interrupts."""
    while True:
        pass


def lose(error: Exception) -> None:
    """Go on after an exception has been lost."""
    sys.unraisablehook(SimpleNamespace(exc_value=error))
    idle()


def test_time_passes() -> None:
    """The limit is one of real time."""
    message = r"limit of 0\.001 seconds \(--max-time\) has passed"
    with pytest.raises(TimeIsUp, match=message), watch_interruptions(0.001):  # it may pass before the block begins
        idle()


def test_what_is_being_written_is_written_whole() -> None:
    """One signal waits until then; whoever sends a second one means it."""
    with watch_interruptions() as watch:
        with watch.holding():
            signal.raise_signal(signal.SIGTERM)
        assert watch.code == 143
        with pytest.raises(Interruption, match="ended by SIGTERM"), watch.holding():
            signal.raise_signal(signal.SIGINT)
        assert watch.code == 143


def test_an_interruption_that_is_lost_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a garbage collector's callback raises goes nowhere: it is raised again, in a moment or at the next step."""
    monkeypatch.setattr(interruptions, "RERAISE_DELAY", 0.001)
    others: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", others.append)
    with watch_interruptions() as watch:
        watch.check()
        with suppress(Interruption):
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(Interruption):
            watch.check()
        with pytest.raises(Interruption, match="interrupted"):
            lose(watch.first)
        sys.unraisablehook(SimpleNamespace(exc_value=ValueError()))
    assert len(others) == 1


@pytest.mark.parametrize("command", ["check", "mutants"])
def test_a_closed_pipe_changes_nothing(command: str, tmp_path: Path) -> None:
    """Neither the exit code, nor what is written, nor is there a traceback."""
    told = tmp_path / "told.json"
    rule = ["--only", "nextstep.runs.unknown-run" if command == "check" else "the-task-list-of-an-unknown-run-is-empty"]
    reading, writing = os.pipe()
    os.close(reading)
    words = [sys.executable, "-m", "understudy", command, "nextstep", "--json", str(told), *rule]
    done = subprocess.run(words, cwd=ROOT, stdout=writing, stderr=writing, check=False)
    os.close(writing)
    assert done.returncode == 0
    assert json.loads(told.read_text())


def test_a_pipe_that_closes_takes_no_more(tmp_path: Path) -> None:
    """What is written afterwards goes nowhere, without a word."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as file:
        shown = console.PipeSafeConsole(file=file)
        shown.print("words")
        assert shown.quiet
        file.write("more")


def test_a_text_that_nobody_reads_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written afterwards goes nowhere, too."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as file:
        monkeypatch.setattr(sys, "stdout", file)
        console.write("words")
        console.write("more")
        monkeypatch.undo()


def test_no_color_is_no_escape_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not bold, not dim, and nothing that moves, whatever else asks for it."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("NO_COLOR", "")
    assert console.console().is_terminal
    monkeypatch.setenv("NO_COLOR", "1")
    shown = console.console()
    assert not shown.is_terminal
    with shown.capture() as captured:
        shown.print("words", style="bold red")
    assert captured.get() == "words\n"


def test_signs_of_life_are_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the run is, each time that some seconds have passed."""
    monkeypatch.setattr(progress, "INTERVAL", 0.001)
    twice = Event()

    class File(io.StringIO):
        def flush(self) -> None:
            if self.getvalue().count("3 of 10") >= 2:
                twice.set()

    file = File()
    with progress.progress(Console(file=file)) as tell:
        tell.step(3, 10, "test_a.[b]test")
        assert twice.wait(10)
    assert re.fullmatch(r" +\d+ s  3 of 10 checks done, now test_a\.\[b\]test", file.getvalue().splitlines()[-1])


def test_each_area_is_told_at_its_end(run) -> None:
    """Once, when the last of its checks is made."""
    rules = ("nextstep.runs.fields", "nextstep.runs.unknown-run", "nextstep.templates.unknown-template")
    *_, err, _ = run({}, "--profile", "quick", *(f"--only={rule}" for rule in rules))
    ends = [line.partition("s  ")[2] for line in err.splitlines() if ": " in line]
    assert sorted(ends) == [
        "runs: 2 rules: 2 passed, 0 failed, 0 not checked",
        "templates: 1 rule: 1 passed, 0 failed, 0 not checked",
    ]


def test_nothing_is_left_in_the_temporary_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """What hypothesis keeps stands beside what else is kept for the user; without a home it has to."""
    monkeypatch.setenv("XDG_CACHE_HOME", "/kept")
    assert profiles.hypothesis_folder() == Path("/kept/understudy/hypothesis")
    monkeypatch.setattr(profiles.cache, "folder", lambda: Path("~nobody-of-this-name").expanduser())
    assert profiles.hypothesis_folder().name == f"understudy-hypothesis-{os.getuid()}"
