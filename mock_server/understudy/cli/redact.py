"""`understudy redact`: write a recording without its secrets."""

from __future__ import annotations

import argparse
import sys

from understudy.cli import recordings
from understudy.cli.arguments import file_path
from understudy.cli.exits import OK, UsageError
from understudy.cli.output import STDOUT, OutputFile

HELP = "write a recording without its secrets"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `redact`."""
    parser.description = "Write a recording with placeholders for keys, tokens, passwords and cookies."
    parser.add_argument("recording", type=file_path("RECORDING"), metavar="RECORDING", help="a cassette or a HAR")
    add = parser.add_argument
    out = "write it there, in the format of its ending"
    add("--out", required=True, type=file_path("--out"), metavar="F", help=out)
    add_format(parser)
    add("--api", action="append", default=[], metavar="API", help="documents that declare secrets (default: built-in)")
    add("--emails", action="store_true", help="replace e-mail addresses, too")


def add_format(parser: argparse.ArgumentParser) -> None:
    """Add the format that a recording is written in."""
    text = "write this format (default: as the ending of --out says)"
    parser.add_argument("--format", choices=("yaml", "json", "betamax", "har"), help=text)


def run(options: argparse.Namespace) -> int:
    """Write the recording; what cannot be read of it is told and left out."""
    from understudy.recording.files import dumps
    from understudy.recording.message import Odd
    from understudy.recording.redact import Redactor, redacted

    form = form_of(options)
    out = OutputFile("--out", options.out, secret=True)
    if options.out != STDOUT:
        out.check()
    loaded = recordings.read(options.recording)
    redactor = Redactor([api.contract for api in recordings.apis_of(options)], emails=options.emails)
    try:
        text = dumps(redacted(loaded.exchanges, redactor), form)
    except Odd as error:
        raise UsageError(f"--out {options.out}: {error}") from error
    for problem in loaded.problems:
        print(f"understudy: {redactor.text(problem)}", file=sys.stderr)
    if options.out == STDOUT:
        print(text, end="")
    else:
        out.write(text)
    return OK


def form_of(options: argparse.Namespace) -> str:
    """The format of the output file; raises UsageError."""
    from understudy.recording.files import format_for

    if options.format:
        return str(options.format)
    if options.out == STDOUT:
        raise UsageError("--out -: say with --format what is written")
    try:
        return format_for(options.out)
    except ValueError as error:
        raise UsageError(f"--out {error}") from error
