"""The kinds of Problem that an API's source raises, checked against the kinds of its document.

Reads `Problem("<kind>")` and the calls of `engine.lookup` from the syntax tree, so that a misspelt kind stops the
server at start, not a request. A kind that is no literal cannot be checked and is refused, too.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from understudy import cache
from understudy.messages import suggest

NO_LITERAL = ""  # stands for a kind computed at run time
_KIND = {"Problem": 0, "find_record": 3, "missing": 3}  # calls that name a kind, and its place among the arguments


class Definition(NamedTuple):
    """A top-level function, class or assignment: its names, the names it uses, and line and kind of each Problem."""

    file: str
    names: Sequence[str]
    uses: Sequence[str]
    kinds: Sequence[Sequence[Any]]


def unknown(
    name: str,
    files: Sequence[Path],
    *,
    known: Iterable[str],
    events: Iterable[Callable[..., Any]],
    event_kinds: Sequence[str],
) -> list[str]:
    """The wrong kinds that the API `name` raises in `files`, one message each with file and line.

    `known` are the kinds of its document. What `events` use raises kinds of the control API: `event_kinds`.
    """
    contents = [file.read_bytes() for file in files]

    def read() -> list[Definition]:
        return [one for file, content in zip(files, contents, strict=True) for one in definitions(file.name, content)]

    known_definitions = [Definition(*one) for one in cache.cached(f"{name}-kinds", read, *contents)]
    roots = {getattr(event, "__qualname__", "").partition(".")[0] for event in events}
    used, own = _reachable(known_definitions, roots), tuple(known)
    return [
        f"{one.file}:{line}: {_describe(kind, allowed)}"
        for one in known_definitions
        for allowed in (event_kinds if used.intersection(one.names) else own,)
        for line, kind in one.kinds
        if kind not in allowed
    ]


def definitions(file: str, source: bytes) -> Iterator[Definition]:
    """The top-level definitions of a Python source."""
    for statement in ast.parse(source).body:
        nodes = list(ast.walk(statement))
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            names = [statement.name]
        else:
            names = [node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
        uses = {_name(node) for node in nodes if isinstance(node, ast.Name | ast.Attribute)}
        calls = [node for node in nodes if isinstance(node, ast.Call) and _name(node.func) in _KIND]
        yield Definition(file, names, sorted(uses), [(call.lineno, kind) for call in calls for kind in _kinds(call)])


def _kinds(call: ast.Call) -> Iterator[str]:
    named = [word.value for word in call.keywords if word.arg == "kind"]
    for given in (*named, *call.args[_KIND[_name(call.func)] :])[:1]:
        for kind in (given.body, given.orelse) if isinstance(given, ast.IfExp) else (given,):
            yield kind.value if isinstance(kind, ast.Constant) and isinstance(kind.value, str) else NO_LITERAL


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


def _reachable(known_definitions: Sequence[Definition], roots: Iterable[str]) -> set[str]:
    """The names that `roots` use, directly or indirectly."""
    uses = {name: one.uses for one in known_definitions for name in one.names}
    reachable: set[str] = set()
    pending = set(roots) & uses.keys()
    while pending:
        reachable |= pending
        pending = {name for one in pending for name in uses[one] if name in uses} - reachable
    return reachable


def _describe(kind: str, known: Iterable[str]) -> str:
    if kind == NO_LITERAL:
        return "the kind of a Problem must be a literal text"
    return f"{kind} is no kind of x-errors{suggest(kind, known)}"
