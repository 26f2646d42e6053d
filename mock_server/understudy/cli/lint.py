"""`understudy lint`: what is wrong in documents of one's own, and what is not understood, each with its line."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from understudy.cli.arguments import file_path
from understudy.cli.exits import FINDINGS, OK, UsageError

if TYPE_CHECKING:
    from understudy.apis.own import Own

HELP = "list what is wrong, or not understood, in documents"


class Line(NamedTuple):
    """A line of output, and whether it tells something wrong."""

    text: str
    wrong: bool = True


@dataclass(slots=True)
class Group:
    """A document with the overlays and seed files behind it; None for overlays that no document stands before."""

    document: Path | None
    overlays: list[Path] = field(default_factory=list)
    seeds: list[Path] = field(default_factory=list)


class Linted(NamedTuple):
    """The lines of a document, and of how many files they are."""

    lines: list[Line]
    files: int


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `lint`."""
    parser.description = "List what is wrong in OpenAPI documents, and what this server does not understand in them."
    path = file_path("DOCUMENT")
    text = "a document, a folder that is an API, or an overlay or a seed file of the document before it"
    parser.add_argument("file", nargs="+", type=path, metavar="DOCUMENT", help=text)
    parser.set_defaults(kinds={})
    for flag, kind in {"--overlay": "overlay", "--seed-file": "seed"}.items():
        text = (
            f"the same as FILE alone, which its content shows to be {'an overlay' if kind == 'overlay' else 'a seed'}"
        )
        parser.add_argument(flag, action=_Kind, const=kind, nargs="+", type=file_path(flag), metavar="FILE", help=text)
    parser.add_argument("--strict", action="store_true", help="what is not understood is a problem, too")


class _Kind(argparse.Action):
    """Takes a file as one of this kind, whatever it holds; further ones are as without the flag."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        options: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """See Action."""
        options.kinds = {**options.kinds, values[0]: self.const}
        options.file = [*(options.file or ()), *values]


def run(options: argparse.Namespace) -> int:
    """Print every problem as FILE:LINE: POINTER: TEXT; exits with 1 if there is one."""
    from understudy.document.read import suggest_file

    missing = next((path for path in options.file if not path.exists()), None)
    if missing is not None:
        raise UsageError(f"{missing}: there is no such file{suggest_file(missing)}")
    linted = [_lint(group) for group in _grouped(options.file, options.kinds)]
    found = dict.fromkeys(line for one in linted for line in one.lines)
    for line in found:
        print(line.text)
    problems = sum(one.wrong or options.strict for one in found)
    notes, files = len(found) - problems, sum(one.files for one in linted)
    print(f"{_counted(problems, 'problem')}, {_counted(notes, 'note')} in {_counted(files, 'file')}", file=sys.stderr)
    return FINDINGS if problems else OK


def _grouped(files: Sequence[Path], kinds: dict[Path, str]) -> list[Group]:
    """Each document with the overlays and seed files behind it."""
    from understudy.apis.lint import kind_of

    groups: list[Group] = []
    for file in files:
        kind = kinds.get(file) or ("document" if file.is_dir() else kind_of(file))
        if kind == "document" or (kind == "seed" and not groups):
            groups.append(Group(file))
            continue
        if not groups:
            groups.append(Group(None))
        (groups[-1].overlays if kind == "overlay" else groups[-1].seeds).append(file)
    return groups


def _lint(group: Group) -> Linted:
    """The lines of a document with what stands beside it."""
    from dataclasses import replace

    from understudy.apis.lint import lint_overlay
    from understudy.apis.own import given, name_for
    from understudy.document.read import Unreadable

    if group.document is None:
        return Linted([Line(text) for one in group.overlays for text in lint_overlay(one)], len(group.overlays))
    try:
        own = given(group.document, name_for(group.document))
    except Unreadable as error:  # a folder without a document
        return Linted([Line(str(error))], 1)
    own = replace(own, overlays=(*own.overlays, *group.overlays))
    return _linted(own, [*filter(None, [own.seed]), *group.seeds])


def _linted(own: Own, seeds: Sequence[Path]) -> Linted:
    """The lines of a document, of its overlays and seeds, and of the other files of its folder."""
    from understudy.apis.lint import lint_beside
    from understudy.document.lint import lint

    found, lines = lint(own.file, own.name, own.overlays), []
    for problem in found.findings:
        file = os.path.normpath(own.file.parent / problem.file)
        place = f"{file}:{problem.line}: {problem.pointer or '/'}"
        lines.append(Line(f"{place}: {'' if problem.wrong else 'note: '}{problem.text}", problem.wrong))
    lines += [Line(f"note: {remark}", wrong=False) for remark in (own.folder.remarks if own.folder else ())]
    if _has_more(own, seeds):
        lines += map(Line, lint_beside(own, seeds))
    return Linted(lines, found.files + len(seeds))


def _has_more(own: Own, seeds: Sequence[Path]) -> bool:
    """Whether there is more to check than the document's own words: it takes a while."""
    if own.handlers or own.overlays or seeds:
        return True
    try:
        return b"x-resources" in own.file.read_bytes()
    except OSError:
        return False


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
