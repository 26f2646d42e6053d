"""Arguments: every value that cannot be meant is one line with the flag, the value and what would be valid."""

from __future__ import annotations

import argparse
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from understudy import cli
from understudy.cli.arguments import file_path, quoted, rate_limit, seconds, whole_number
from understudy.cli.exits import UsageError
from understudy.cli.parser import COMMANDS, build_parser

SERVE = ["serve", "nextstep"]
LIMIT = "is not a whole number from 1 to 1,000,000,000; --no-rate-limit switches it off"


def actions() -> Iterator[tuple[str, argparse.Action]]:
    """Every argument of every command."""
    (commands,) = (action for action in build_parser()._actions if isinstance(action, argparse._SubParsersAction))
    for name, parser in commands.choices.items():
        yield from ((name, action) for action in parser._actions)


@pytest.mark.parametrize(
    "text", ["x", "", "1_0", "1.5", " 5", "0x10", "+5", "\u0663", "9" * 19, "9" * 5000, "-1", "11"]
)
def test_a_whole_number_is_decimal_digits_in_a_range(text: str) -> None:
    """What Python's `int` would take beside plain digits, and what is out of range, is refused with the flag."""
    with pytest.raises(UsageError) as caught:
        whole_number("--n", 0, 10, remedy="; why")(text)
    assert str(caught.value) == f"--n {quoted(text)} is not a whole number from 0 to 10; why"


def test_a_whole_number_in_its_range_is_read() -> None:
    """Both ends are valid, and leading zeros do not matter."""
    assert [whole_number("--n", 0, 10)(text) for text in ("0", "10", "007")] == [0, 10, 7]


@pytest.mark.parametrize("text", ["x", "", "1_0", "0", "-1", "nan", "inf", "10"])
def test_a_number_of_seconds_is_between_its_limits(text: str) -> None:
    """Neither zero nor the limit itself is valid."""
    with pytest.raises(UsageError) as caught:
        seconds("--s", 10)(text)
    assert str(caught.value) == f"--s {quoted(text)} is not a number of seconds between 0 and 10"
    assert seconds("--s", 10)("0.5") == 0.5


def test_an_empty_path_is_refused() -> None:
    """An empty text is not the current folder."""
    with pytest.raises(UsageError, match=r"^--f: the path is empty$"):
        file_path("--f")("")
    assert file_path("--f")("a") == Path("a")


@pytest.mark.parametrize(
    ("text", "shown"), [("a=1", "a=1"), ("", "''"), ("a b", "'a b'"), ("é", "'é'"), ("a\nb", r"'a\nb'")]
)
def test_a_value_with_blanks_is_shown_in_quotes(text: str, shown: str) -> None:
    """The reader sees where a value begins and ends, and a long one is cut."""
    assert quoted(text) == shown
    assert len(quoted("x" * 1000)) <= 80


def test_no_argument_is_read_by_pythons_own_types() -> None:
    """Their messages speak of `int value` and their rules are Python's, such as `1_0` for 10."""
    assert {action.dest for _, action in actions() if action.type in (int, float, Path)} == set()
    paths = {
        f"{name} {action.option_strings[-1]}" for name, action in actions() if action.metavar in ("F", "FILE", "DIR")
    }
    assert len(paths) == 55
    assert {path for path in paths if "path is empty" not in refused(*path.split(), "")} == set()


def refused(command: str, flag: str, value: str) -> str:
    """The message for a value of a flag."""
    with pytest.raises(UsageError) as caught:
        build_parser().parse_known_args([command, "nextstep", flag, value])
    return str(caught.value)


def test_each_command_is_a_module() -> None:
    """A module of its own holds the options of each command, and runs it."""
    assert {name: command.__name__ for name, command in COMMANDS.items()} == {  # type: ignore[attr-defined]
        name: f"understudy.cli.{name}" for name in COMMANDS
    }
    assert rate_limit("5") == 5


@pytest.mark.parametrize("command", ["mutants", "assumptions"])
@pytest.mark.parametrize("words", [["--"], ["--", ""]])
def test_nothing_behind_two_hyphens_is_refused(
    capsys: pytest.CaptureFixture[str], command: str, words: list[str]
) -> None:
    """Where a COMMAND was forgotten, the contract kit is not run instead of it."""
    assert cli.main([command, "nextstep", *words]) == 2
    assert capsys.readouterr().err == "understudy: there is no COMMAND after --; without -- the contract kit is run\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--rate-limit", "1_0"], f"--rate-limit 1_0 {LIMIT}"),
        (["--rate-limit", "9" * 10], f"--rate-limit {'9' * 10} {LIMIT}"),
        (["--assume", "nextstep.tasks.unset-value"], "--assume nextstep.tasks.unset-value is not ID=VALUE"),
        (["--assume", " =1"], "--assume ' =1': unknown assumption  "),
        (
            ["--assume", "nextstep.tasks.unset-valeu=1"],
            "--assume nextstep.tasks.unset-valeu=1: unknown assumption nextstep.tasks.unset-valeu"
            "; did you mean nextstep.tasks.unset-value?",
        ),
        (
            ["--assume", "nextstep.tasks.unset-value=1"],
            "--assume nextstep.tasks.unset-value=1: nextstep.tasks.unset-value cannot be 1; it is one of None, ''",
        ),
        (
            ["kognitos", "--assume", "tallyfy.x=1"],
            "--assume tallyfy.x=1: tallyfy is not served; served: nextstep, kognitos",
        ),
        (["--bound", "worlds= 5"], "--bound worlds= 5: ' 5' is not a whole number from 1 to 10^18 - 1"),
        (["--cors", ""], "--cors '' is no origin such as http://localhost:3000, nor off"),
        (
            ["--cors", "http://x/"],
            "--cors http://x/ is no origin such as http://localhost:3000, nor off; did you mean http://x?",
        ),
        (
            ["--cors", "x:3000/a?b"],
            "--cors x:3000/a?b is no origin such as http://localhost:3000, nor off; did you mean http://x:3000?",
        ),
        (
            ["--host", ""],
            "--host is empty; --host takes an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all of them",
        ),
        (
            ["--host", "a..b"],
            "--host a..b is no host name; --host takes an address of this machine, such as 127.0.0.1",
        ),
        (["--clock", "at noon"], "--clock 'at noon' is neither real nor frozen nor an ISO 8601 time from "
        "0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z"),
    ],
)  # fmt: skip
def test_what_serve_cannot_mean_is_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    """Exit code 2, and the whole line names the flag."""
    assert cli.main([*SERVE, *arguments]) == 2
    assert capsys.readouterr().err == f"understudy: {message}\n"


def test_a_host_without_an_address_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that cannot be resolved is refused with the flag and what it takes; exit code 3."""

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert cli.main([*SERVE, "--host", "host.invalid", "--port", "0"]) == 3
    assert capsys.readouterr().err == (
        "understudy: --host host.invalid has no address: Name or service not known"
        "; --host takes an address of this machine, such as 127.0.0.1\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--url", ""], "(empty) is no URL; it looks like http://127.0.0.1:8629/api/v1"),
        (["--app", ""], "app (empty) is not module:attribute"),
        (["--budget", "1_0"], "--budget 1_0 is not a whole number from 1 to 1,000,000,000"),
    ],
)
def test_what_check_cannot_mean_is_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    """Exit code 2."""
    assert cli.main(["check", "nextstep", *arguments]) == 2
    assert capsys.readouterr().err == f"understudy: {message}\n"
