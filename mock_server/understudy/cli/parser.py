"""The argument parser: the commands, and messages of one line that suggest the nearest valid word."""

from __future__ import annotations

import argparse
import re
from typing import Any, NoReturn, Protocol

from understudy.cli import (
    assumptions,
    check,
    drift,
    explain,
    init,
    lint,
    mutants,
    record,
    redact,
    replay,
    rules,
    serve,
    why,
)
from understudy.cli.arguments import check_api
from understudy.cli.exits import OK, UsageError
from understudy.cli.streams import no_color


class Command(Protocol):
    """A module of one command."""

    HELP: str

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's arguments to its parser."""

    def run(self, options: argparse.Namespace) -> int:
        """Run the command; returns the exit code."""


COMMANDS: dict[str, Command] = {
    "serve": serve,
    "why": why,
    "explain": explain,
    "init": init,
    "rules": rules,
    "lint": lint,
    "check": check,
    "mutants": mutants,
    "assumptions": assumptions,
    "record": record,
    "replay": replay,
    "redact": redact,
    "drift": drift,
}


class Parser(argparse.ArgumentParser):
    """An argument parser that raises UsageError instead of exiting."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.color = not no_color()  # newer Pythons colour their help

    def error(self, message: str) -> NoReturn:
        """See ArgumentParser."""
        raise UsageError(message + _suggest_choice(message))


class Version(argparse.Action):
    """`--version`: look the version up only now, since that takes a while, print it and exit."""

    def __call__(self, *_: object) -> NoReturn:
        """See Action."""
        from importlib.metadata import version

        print(f"understudy {version('understudy')}")
        raise SystemExit(OK)


def build_parser() -> Parser:
    """The parser of all commands. The options that it returns hold `run` and `usage` of the chosen command."""
    parser = Parser(prog="understudy", description="Stands in for workflow services while they are out of reach.")
    parser.add_argument("--version", action=Version, nargs=0, help="show the version and exit")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)
    for name, command in COMMANDS.items():
        own = commands.add_parser(name, help=command.HELP)
        command.add_options(own)
        own.set_defaults(run=command.run, usage=own.format_usage)
    return parser


def parse(words: list[str]) -> argparse.Namespace:
    """The options of a command line; `command` holds the words behind `--`. Raises UsageError."""
    own = words[: words.index("--")] if "--" in words else words
    options, unknown = build_parser().parse_known_args(own)
    if unknown:
        raise UsageError(_unknown(unknown[0], options.usage()))
    names = getattr(options, "api", ())
    for name in [names] if isinstance(names, str) else names:
        # not as a type of argparse: the value of an unknown flag looks like a name
        check_api(name)
    options.command = words[len(own) + 1 :]
    takes_command = getattr(options, "takes_command", "")  # what is done without one
    if options.command and not takes_command:
        raise UsageError(f"{options.command[0]} stands after --, and this command runs no other")
    if takes_command and own != words and not any(options.command[:1]):
        raise UsageError(f"there is no COMMAND after --; without -- {takes_command}")
    return options


def _suggest_choice(message: str) -> str:
    """`; did you mean ...?` for a message of argparse that lists the valid choices."""
    from understudy.messages import suggest

    value, _, choices = message.partition("(choose from ")  # in quotes or not, as Python's version has it
    return suggest(value.rpartition(": ")[2].strip("' ").lower(), re.findall("[a-z]+", choices))


def _unknown(argument: str, usage: str) -> str:
    from understudy.messages import suggest

    return f"unknown argument {argument}{suggest(argument, re.findall('--[a-z-]+', usage))}"
