"""NO_COLOR means no escape codes at all, on a terminal too."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from understudy.cli.parser import build_parser
from understudy_checks.report import console

ROOT = Path(__file__).parents[2]


def on_a_terminal(*words: str, **variables: str) -> bytes:
    """What a command writes when standard output and error are a terminal."""
    ours, theirs = os.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", **variables}
    command = [sys.executable, "-m", "understudy", *words]
    process = subprocess.Popen(command, cwd=ROOT, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    parts = []
    try:
        while part := os.read(ours, 65536):
            parts.append(part)
    except OSError:  # on Linux, the end of a terminal
        pass
    finally:
        os.close(ours)
        process.wait(60)
    return b"".join(parts)


CHECK = ("check", "nextstep", "--only", "nextstep.runs.unknown-run", "--profile", "quick")


@pytest.mark.parametrize("words", [CHECK, ("--help",), ("check", "--help"), ("rules", "nextstep")])
def test_no_color_means_no_escape_codes(words: tuple[str, ...]) -> None:
    """Neither colours nor bold text nor a moving progress bar, whatever else the environment says."""
    output = on_a_terminal(*words, NO_COLOR="1", FORCE_COLOR="1")
    assert output
    assert b"\x1b" not in output


def test_a_terminal_has_colours_otherwise() -> None:
    """So that the test above can fail; an empty NO_COLOR is none."""
    assert b"\x1b[" in on_a_terminal(*CHECK, NO_COLOR="")


def test_every_console_obeys(monkeypatch: pytest.MonkeyPatch) -> None:
    """The consoles of all commands are made in one place, and the parsers of newer Pythons have no colour."""
    monkeypatch.setenv("NO_COLOR", "1")
    assert not console.console().is_terminal
    assert build_parser().color is False
    monkeypatch.delenv("NO_COLOR")
    assert build_parser().color is True
    sources = [path for package in ("mock_server", "contract_tests") for path in (ROOT / package).rglob("*.py")]
    makers = [path.name for path in sources if re.search(r"\b(Console|PipeSafeConsole)\(", path.read_text())]
    assert makers == ["console.py"]
