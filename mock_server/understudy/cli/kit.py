"""What the commands of the contract kit share: its import, and the options of those that run a COMMAND."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from understudy.cli.arguments import (
    document,
    file_path,
    is_document,
    packaged,
    rate_limit,
    seconds,
    shard,
    whole_number,
)
from understudy.cli.documents import add_document, warn
from understudy.cli.exits import CouldNotRun

MOST_JOBS = 1000
MOST_SAMPLE = 10**6
MOST_TIME = 10**6  # seconds

_ALL = {
    "mutants": "run a COMMAND also on those that change no answer to it; the kit on generated ones, too",
    "assumptions": "run a COMMAND also under those that change no answer to it",
}


@contextmanager
def importing() -> Iterator[None]:
    """Turn a missing module in the block into CouldNotRun with the extra to install."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise CouldNotRun(f"the contract kit needs {error.name}: pip install 'understudy[contract]'") from error


def find_document(options: argparse.Namespace) -> None:
    """Set `document`: the document of the user or a package that the argument names, or None. Raises UsageError."""
    from understudy.apis import NAMES
    from understudy.apis.own import Own

    name, options.document = options.api, None
    if name not in NAMES:
        found = document(name, options.flags.get(name)) if is_document(name) else packaged(name)
        options.document = found if isinstance(found, Own) else None
    if options.document is not None and options.document.folder is not None:
        for remark in options.document.folder.remarks:
            warn(remark)


def add_variant_options(parser: argparse.ArgumentParser, variants: str) -> None:
    """Add the arguments of a command that runs the kit, or a COMMAND, on each of the `variants` of an API."""
    parser.description = f"Run the contract kit, or the COMMAND after --, on each of the {variants} of an API."
    files = "[--overlay FILE] [--seed-file FILE] [--handlers FILE]"
    flags = "[--only NAME] [--all] [--sample N] [--shard K/N] [--max-time S] [--jobs N]"
    more = "[--rate-limit N | --no-rate-limit] [--json F] [-q]"
    parser.usage = f"understudy {variants} API {files} {flags} {more} [-- COMMAND]"
    parser.set_defaults(takes_command="the contract kit is run")
    add_document(parser)
    add = parser.add_argument
    limit = parser.add_mutually_exclusive_group()
    limit.add_argument("--no-rate-limit", action="store_true", help="never answer a COMMAND 429")
    number = "a COMMAND may make more requests than documented"
    limit.add_argument("--rate-limit", type=rate_limit, metavar="N", help=number)
    add("--only", action="append", default=[], metavar="NAME", help="only those with this name, a pattern (repeatable)")
    add("--all", action="store_true", help=_ALL[variants])
    size = whole_number("--sample", 1, MOST_SAMPLE)
    add("--sample", type=size, metavar="N", help="only so many, always the same ones, drawn by their names")
    add("--shard", type=shard, metavar="K/N", help="only the K-th of N equal parts, as 1/4, for machines side by side")
    limit_of_time = seconds("--max-time", MOST_TIME)
    add(
        "--max-time",
        type=limit_of_time,
        metavar="S",
        help="stop after so many seconds, and report what is known by then",
    )
    jobs = whole_number("--jobs", 1, MOST_JOBS)
    add("--jobs", type=jobs, metavar="N", help="so many at a time (default: one for each core)")
    path = file_path("--json")
    add("--json", type=path, metavar="F", help="write everything as JSON there (-: on standard output alone)")
    add("-q", "--quiet", action="store_true", help="print nothing but errors")
