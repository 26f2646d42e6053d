"""`understudy lint`: what is wrong in documents of one's own, and what is not understood, each with its line."""

from __future__ import annotations

import argparse
import sys

from understudy.cli.arguments import file_path
from understudy.cli.exits import FINDINGS, OK

HELP = "list what is wrong, or not understood, in documents"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `lint`."""
    parser.description = "List what is wrong in OpenAPI documents, and what this server does not understand in them."
    parser.add_argument("file", nargs="+", type=file_path("DOCUMENT"), metavar="DOCUMENT", help="a document")
    parser.add_argument("--strict", action="store_true", help="what is not understood is a problem, too")


def run(options: argparse.Namespace) -> int:
    """Print every problem as FILE:LINE: POINTER: TEXT; exits with 1 if there is one."""
    from understudy.document.lint import lint

    found = [(path, problem) for path in options.file for problem in lint(path)]
    for path, problem in found:
        kind = "" if problem.wrong else "note: "
        place = path.parent / problem.file
        print(f"{place}:{problem.line}: {problem.pointer or '/'}: {kind}{problem.text}")
    problems = sum(one.wrong or options.strict for _, one in found)
    notes = len(found) - problems
    print(f"{problems} problems, {notes} notes in {len(options.file)} files", file=sys.stderr)
    return FINDINGS if problems else OK
