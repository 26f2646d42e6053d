"""`understudy check`: check a server against the documented rules of an API."""

from __future__ import annotations

import argparse

from understudy.cli.arguments import file_path, seconds, whole_number
from understudy.cli.documents import add_document
from understudy.cli.kit import find_document, importing

HELP = "check a server against the documented rules"
MOST_TIME = 10**6
MOST_REQUESTS = 10**9


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `check`."""
    parser.description = "Check a server against the documented rules of an API; without --url or --app, our own mock."
    add_document(parser)
    _add_target(parser)
    _add_limits(parser)
    _add_reports(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command of the contract kit."""
    with importing():
        from understudy_checks.commands import check
    find_document(options)
    return check.run(options)


def _add_target(parser: argparse.ArgumentParser) -> None:
    """What is checked, and the credentials for it."""
    add = parser.add_argument
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--url", help="base URL of the server, such as http://127.0.0.1:8629/api/v1")
    where.add_argument("--app", metavar="MODULE:ATTRIBUTE", help="an ASGI app, or a factory of one, run in process")
    add("--api-key", action="append", default=[], metavar="KEY", help="a valid key (repeat for more of one tenant)")
    add("--header", action="append", default=[], metavar="'N: V'", help="send this with every request (repeatable)")
    add("--auth", metavar="USER:PASS", help="send this as Basic")
    add("--auth-command", metavar="CMD", help="a command that prints a token; run again when that is refused")
    add("--target", type=file_path("--target"), metavar="FILE", help="what is known of the server, as TOML")
    add("--set", action="append", default=[], metavar="NAME=VALUE", help="the same, one by one (repeatable)")
    trust = parser.add_mutually_exclusive_group()
    ca = file_path("--ca")
    trust.add_argument("--ca", type=ca, metavar="FILE", help="trust these certificates (PEM), not the machine's")
    trust.add_argument("--insecure", action="store_true", help="take any certificate")


def _add_limits(parser: argparse.ArgumentParser) -> None:
    """What the kit may do, and which rules it checks."""
    add = parser.add_argument
    writes = parser.add_mutually_exclusive_group()
    writes.add_argument("--read-only", dest="writes", action="store_false", help="send no request that changes data")
    writes.add_argument("--allow-writes", dest="writes", action="store_true", help="write, also off this machine")
    parser.set_defaults(writes=None)
    budget, max_time = whole_number("--budget", 1, MOST_REQUESTS), seconds("--max-time", MOST_TIME)
    add("--budget", type=budget, metavar="N", help="make at most so many requests in all")
    add("--max-time", type=max_time, metavar="S", help="stop after so many seconds, and report what is known by then")
    add("--strict", action="store_true", help="what is not checked is a failure too")
    add("--profile", choices=("quick", "default", "deep"), default="default", help="how many examples are tried")
    add("--only", action="append", default=[], metavar="RULE", help="only these rules, by id or pattern (repeatable)")
    add("--exclude", action="append", default=[], metavar="RULE", help="not these rules, by id or pattern (repeatable)")


def _add_reports(parser: argparse.ArgumentParser) -> None:
    """Where the results go."""
    for form, text in {
        "baseline": "an earlier --json report: what failed there fails nothing",
        "html": "write a page to read there (-: on standard output, not the table)",
        "junit": "write JUnit XML there (- as before)",
        "json": "write everything as JSON there (- as before)",
        "markdown": "write a comment for a pull request there (- as before)",
        "sarif": "write SARIF for code scanning there (- as before)",
        "arazzo": "write the failing examples as Arazzo workflows there (- as before)",
    }.items():
        parser.add_argument(f"--{form}", type=file_path(f"--{form}"), metavar="F", help=text)
    parser.add_argument("--all", action="store_true", help="with --arazzo: the shortest examples of passed rules too")
    parser.add_argument("-v", "--verbose", action="store_true", help="print what was not checked, and all scripts")
    parser.add_argument("-q", "--quiet", action="store_true", help="print nothing but errors")
