"""Runs of `understudy mutants` and `assumptions` for tests: fixtures, and commands to put behind `--`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from understudy.cli import main
from understudy.http.app import App
from understudy_checks.mutation import host

HOLDS = "a-page-without-a-limit-holds-*"
HOLDS_19 = "a-page-without-a-limit-holds-19-items"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `understudy` with arguments and a command behind `--`: exit code, output, errors."""

    def understudy(*arguments: str, command: list[str] | None = None) -> tuple[int, str, str]:
        code = main([*arguments, *(["--", *command] if command else [])])
        told = capsys.readouterr()
        return code, told.out, told.err

    return understudy


@pytest.fixture
def unserved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing listens: for commands that do not talk to the server."""

    def place(app: App) -> None:
        app.worlds.server.url = "http://127.0.0.1:1"

    @contextmanager
    def nowhere(app: App) -> Iterator[Callable[[App], None]]:
        yield place

    monkeypatch.setattr(host, "serving_in_turn", nowhere)


def only(*names: str) -> list[str]:
    """`--only` for each name."""
    return [word for name in names for word in ("--only", name)]


def shell(text: str) -> list[str]:
    """A command that runs a line of shell."""
    return ["/bin/sh", "-c", text]
