"""What the commands of the contract kit share: its import, and the options of those that run a COMMAND."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from understudy.cli.arguments import file_path, rate_limit, whole_number
from understudy.cli.exits import CouldNotRun

MOST_JOBS = 1000


@contextmanager
def importing() -> Iterator[None]:
    """Turn a missing module in the block into CouldNotRun with the extra to install."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise CouldNotRun(f"the contract kit needs {error.name}: pip install 'understudy[contract]'") from error


def add_variant_options(parser: argparse.ArgumentParser, variants: str) -> None:
    """Add the arguments of a command that runs the kit, or a COMMAND, on each of the `variants` of an API."""
    parser.description = f"Run the contract kit, or the COMMAND after --, on each of the {variants} of an API."
    flags = "[--only NAME] [--jobs N] [--rate-limit N | --no-rate-limit] [--json F] [-q]"
    parser.usage = f"understudy {variants} API {flags} [-- COMMAND]"
    parser.set_defaults(takes_command=True)
    add = parser.add_argument
    add("api", metavar="API", help="the API")
    limit = parser.add_mutually_exclusive_group()
    limit.add_argument("--no-rate-limit", action="store_true", help="never answer a COMMAND 429")
    number = "a COMMAND may make more requests than documented"
    limit.add_argument("--rate-limit", type=rate_limit, metavar="N", help=number)
    add("--only", action="append", default=[], metavar="NAME", help="only those with this name, a pattern (repeatable)")
    jobs = whole_number("--jobs", 1, MOST_JOBS)
    add("--jobs", type=jobs, metavar="N", help="so many at a time (default: one for each core)")
    path = file_path("--json")
    add("--json", type=path, metavar="F", help="write everything as JSON there (-: on standard output alone)")
    add("-q", "--quiet", action="store_true", help="print nothing but errors")
