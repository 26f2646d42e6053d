"""The arguments that name APIs, and the flags of a document, which belong to the one before them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from understudy.cli.arguments import Flags, check_api, is_document, quoted
from understudy.cli.exits import UsageError

_FLAGS = {
    "--overlay": ("FILE", "an OpenAPI Overlay for the document before it (repeatable: they are applied in order)"),
    "--seed-file": ("FILE", "start records of the document before it"),
    "--handlers": ("FILE", "Python to run for the document before it: a file, or a module by its name"),
}
_REPEATABLE = ("--overlay",)


def add_documents(parser: argparse.ArgumentParser) -> None:
    """Add APIs and documents with their flags: none or several."""
    text = "only these APIs, documents or folders (default: all built-in)"
    parser.add_argument("api", nargs="*", metavar="API", help=text)
    _add_flags(parser, nargs="+")


def add_document(parser: argparse.ArgumentParser) -> None:
    """Add one API or document with its flags."""
    parser.add_argument("api", metavar="API", help="the API, a document or a folder")
    _add_flags(parser, nargs=None)


def warn(line: str) -> None:
    """Print a line about a document on standard error."""
    print(f"understudy: {line}", file=sys.stderr)


def _add_flags(parser: argparse.ArgumentParser, *, nargs: str | None) -> None:
    parser.set_defaults(flags={})
    for flag, (metavar, text) in _FLAGS.items():
        # argparse gives a positional only the first run of words: the words behind a flag's value are APIs again
        parser.add_argument(flag, action=_Flag, nargs=nargs, metavar=metavar, help=text)


class _Flag(argparse.Action):
    """Keeps the value of a flag with the document before it."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        options: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """See Action. Raises UsageError where no document stands before it."""
        flag = self.option_strings[0]
        value, *further = [values] if isinstance(values, str) else list(values or ())
        known = options.api or []
        last = known if isinstance(known, str) else next(reversed(known), None)
        _check(flag, value, last, options.flags)
        own = options.flags.get(last, {})
        options.flags = {**options.flags, last: {**own, flag: (*own.get(flag, ()), value)}}
        if further:
            options.api = [*known, *further]


def _check(flag: str, value: str, last: str | None, flags: Mapping[str, Flags]) -> None:
    if not value:
        raise UsageError(f"{flag}: the path is empty")
    if last is None:
        raise UsageError(f"{flag} {quoted(value)} stands before any document; it belongs to the one before it")
    check_api(last)
    if not is_document(last):
        raise UsageError(f"{flag} {quoted(value)} stands after {last}, an API that is installed; it is for a document")
    if flag in flags.get(last, {}) and flag not in _REPEATABLE:
        raise UsageError(f"{flag} {quoted(value)}: {quoted(last)} has one already")
