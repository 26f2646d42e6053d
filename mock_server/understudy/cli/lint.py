"""`understudy lint`: what is wrong in documents of one's own, and what is not understood, each with its line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from understudy.cli.arguments import file_path
from understudy.cli.exits import FINDINGS, OK, UsageError

if TYPE_CHECKING:
    from understudy.apis.own import Own

HELP = "list what is wrong, or not understood, in documents"


class Line(NamedTuple):
    """A line of output, and whether it tells something wrong."""

    text: str
    wrong: bool = True


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `lint`."""
    parser.description = "List what is wrong in OpenAPI documents, and what this server does not understand in them."
    text = "a document, a folder that is an API, or a seed file of the document before it"
    parser.add_argument("file", nargs="+", type=file_path("DOCUMENT"), metavar="DOCUMENT", help=text)
    parser.add_argument("--strict", action="store_true", help="what is not understood is a problem, too")


def run(options: argparse.Namespace) -> int:
    """Print every problem as FILE:LINE: POINTER: TEXT; exits with 1 if there is one."""
    from understudy.document.read import Unreadable

    missing = next((path for path in options.file if not path.exists()), None)
    if missing is not None:
        raise UsageError(f"{missing}: there is no such file")
    found: list[Line] = []
    for path, seeds in _grouped(options.file):
        try:
            found += _lint(path, seeds)
        except Unreadable as error:  # a folder without a document
            found.append(Line(str(error)))
    for line in dict.fromkeys(found):
        print(line.text)
    problems = sum(one.wrong or options.strict for one in dict.fromkeys(found))
    notes = len(dict.fromkeys(found)) - problems
    counts = f"{_counted(problems, 'problem')}, {_counted(notes, 'note')} in {_counted(len(options.file), 'file')}"
    print(counts, file=sys.stderr)
    return FINDINGS if problems else OK


def _grouped(files: Sequence[Path]) -> list[tuple[Path, list[Path]]]:
    """Each document with the seed files behind it."""
    from understudy.apis.lint import is_seed

    groups: list[tuple[Path, list[Path]]] = []
    for file in files:
        if groups and not file.is_dir() and is_seed(file):
            groups[-1][1].append(file)
        else:
            groups.append((file, []))
    return groups


def _lint(path: Path, seeds: Sequence[Path]) -> Iterator[Line]:
    """The lines of a document, of its seeds and of the other files of its folder."""
    from understudy.apis.lint import lint_beside
    from understudy.apis.own import given, name_for
    from understudy.document.lint import lint

    own = given(path, name_for(path))
    for problem in lint(own.file, own.name):
        note = "" if problem.wrong else "note: "
        place = f"{own.file.parent / problem.file}:{problem.line}: {problem.pointer or '/'}"
        yield Line(f"{place}: {note}{problem.text}", problem.wrong)
    for remark in own.folder.remarks if own.folder else ():
        yield Line(f"note: {remark}", wrong=False)
    if _has_more(own, seeds):
        yield from map(Line, lint_beside(own, [*filter(None, [own.seed]), *seeds]))


def _has_more(own: Own, seeds: Sequence[Path]) -> bool:
    """Whether there is more to check than the document's own words: it takes a while."""
    if own.seed or own.handlers or seeds:
        return True
    try:
        return b"x-resources" in own.file.read_bytes()
    except OSError:
        return False


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
