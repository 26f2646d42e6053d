"""The router: finds the operations of a path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from understudy.document.memory import MAX_KEY_LENGTH, memoize
from understudy.document.operation import Operation
from understudy.engine.api import Api
from understudy.messages import closest

_LONGEST_COMPARED = 200  # characters of a path


class Match(NamedTuple):
    """A routed path: the API that owns it, its operations by method, and its parameters, raw."""

    api: Api | None
    operations: Mapping[str, Operation]
    segments: tuple[str, ...]


class _Node:
    __slots__ = ("children", "operations", "owner", "wildcard")

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.wildcard: _Node | None = None
        self.operations: dict[str, Operation] = {}
        self.owner: Api | None = None


def _fill(known: str, given: Sequence[str]) -> str:
    """A known path with its parameters replaced by `given` segments: a long id must not spoil the comparison."""
    parts = known.split("/")
    for number, segment in enumerate(given[: len(parts)]):
        if segment and parts[number].startswith("{"):
            parts[number] = segment
    return "/".join(parts)


class Router:
    """A tree of path segments over all APIs; a literal segment matches before a parameter."""

    def __init__(self, apis: Sequence[Api]) -> None:
        """Raises ValueError when two APIs claim the same path."""
        self._root = _Node()
        self._paths: list[tuple[str, str]] = []  # API name, path
        self._suggestions: dict[tuple[str, str], str] = {}
        self._known: dict[str, Match] = {}
        for api in apis:
            for prefix in api.contract.prefixes:
                self._add(api, prefix)

    def find(self, path: str) -> Match:
        """Route a raw path; results are memoized (at most 1024, and none of long paths)."""
        match = self._known.get(path)
        if match is None:
            match = self._find(path)
            if len(path) <= MAX_KEY_LENGTH:
                memoize(self._known, path, match)
        return match

    def _find(self, path: str) -> Match:
        node, owner, segments = self._root, self._root.owner, []
        for segment in path.split("/")[1:]:
            child = node.children.get(segment)
            if child is None:
                if node.wildcard is None or not segment:
                    return Match(owner, {}, ())
                child = node.wildcard
                segments.append(segment)
            node, owner = child, child.owner or owner
        return Match(owner, node.operations, tuple(segments))

    def suggest(self, path: str, api: str | None = None) -> str:
        """`; did you mean ...?` with the known path (of one API, if given) most similar to a raw `path`, or nothing."""
        path = path[:_LONGEST_COMPARED]
        key = (path, api or "")
        if key not in self._suggestions:
            given = path.split("/")
            filled = {_fill(known, given): known for owner, known in self._paths if api in (None, owner)}
            match = closest(path, filled)
            memoize(self._suggestions, key, "" if match is None else f"; did you mean {filled[match]}?")
        return self._suggestions[key]

    def _add(self, api: Api, prefix: str) -> None:
        shared = prefix in ("", "/api")  # several vendors share these: the first segment tells the owner
        if not shared:
            self._claim(api, self._node(prefix))
        for operation in api.contract.operations.values():
            if shared:
                self._claim(api, self._node(f"{prefix}/{operation.path.split('/')[1]}"))
            node = self._node(prefix + operation.path)
            if operation.method in node.operations:
                raise ValueError(f"{prefix}{operation.path}: two operations answer {operation.method}; rename one")
            node.operations[operation.method] = operation
            self._paths.append((api.name, prefix + operation.path))

    def _node(self, path: str) -> _Node:
        node = self._root
        for segment in path.split("/")[1:]:
            if segment.startswith("{"):
                node.wildcard = node.wildcard or _Node()
                node = node.wildcard
            else:
                node = node.children.setdefault(segment, _Node())
        return node

    def _claim(self, api: Api, node: _Node) -> None:
        if node.owner not in (None, api):
            raise ValueError(f"{api.name} and {node.owner.name} claim the same paths; serve them one by one")
        node.owner = api
