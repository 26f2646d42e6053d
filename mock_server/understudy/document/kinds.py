"""The kinds of problem that an API's source raises, and which of them its document does not know.

Reads `Problem("<kind>")` from the syntax tree, so that a misspelt kind stops the server at start and not the
request that meets it. A kind that is no literal text cannot be checked and is refused, too.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from understudy import cache
from understudy.messages import suggest

NO_LITERAL = ""  # in place of a kind that is worked out while the server runs


class Definition(NamedTuple):
    """A top-level function, class or assignment: its names, the names that it uses, line and kind of each Problem."""

    file: str
    names: Sequence[str]
    uses: Sequence[str]
    kinds: Sequence[Sequence[Any]]


def unknown(
    name: str, files: Sequence[Path], *, known: Iterable[str], events: Iterable[Callable[..., Any]], told: Sequence[str]
) -> list[str]:
    """What is wrong with the kinds that the API `name` raises in `files`, one text each with file and line.

    `known` are the kinds of its document. What its `events` use raises those of the control API, `told`, instead.
    """
    contents = [file.read_bytes() for file in files]

    def read() -> list[Definition]:
        return [one for file, content in zip(files, contents, strict=True) for one in definitions(file.name, content)]

    found = [Definition(*one) for one in cache.cached(f"{name}-kinds", read, *contents)]
    roots = {getattr(event, "__qualname__", "").partition(".")[0] for event in events}
    used, own = _reachable(found, roots), tuple(known)
    return [
        f"{one.file}:{line}: {_fault(kind, allowed)}"
        for one in found
        for allowed in (told if used.intersection(one.names) else own,)
        for line, kind in one.kinds
        if kind not in allowed
    ]


def definitions(file: str, source: bytes) -> Iterator[Definition]:
    """The top-level definitions of Python source that make a Problem or use names."""
    for statement in ast.parse(source).body:
        nodes = list(ast.walk(statement))
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            names = [statement.name]
        else:
            names = [node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
        uses = {_name(node) for node in nodes if isinstance(node, ast.Name | ast.Attribute)}
        calls = [node for node in nodes if isinstance(node, ast.Call) and _name(node.func) == "Problem"]
        yield Definition(file, names, sorted(uses), [(call.lineno, kind) for call in calls for kind in _kinds(call)])


def _kinds(call: ast.Call) -> Iterator[str]:
    named = [word.value for word in call.keywords if word.arg == "kind"]
    for given in (*named, *call.args[:1])[:1]:
        for kind in (given.body, given.orelse) if isinstance(given, ast.IfExp) else (given,):
            yield kind.value if isinstance(kind, ast.Constant) and isinstance(kind.value, str) else NO_LITERAL


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


def _reachable(found: Sequence[Definition], roots: Iterable[str]) -> set[str]:
    """The names that `roots` use, by way of others too."""
    uses = {name: one.uses for one in found for name in one.names}
    reached: set[str] = set()
    waiting = set(roots) & uses.keys()
    while waiting:
        reached |= waiting
        waiting = {name for one in waiting for name in uses[one] if name in uses} - reached
    return reached


def _fault(kind: str, known: Iterable[str]) -> str:
    if kind == NO_LITERAL:
        return "the kind of a Problem must be a literal text"
    return f"{kind} is no kind of x-errors{suggest(kind, known)}"
