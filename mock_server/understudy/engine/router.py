"""The router: finds the operations of a path."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import quote

from understudy.document.memory import MAX_KEY_LENGTH, memoize
from understudy.document.operation import Operation
from understudy.engine.api import Api
from understudy.messages import closest

_LONGEST_COMPARED = 200  # characters of a path
_NAME = re.compile(r"\{[^{}/]*\}")
_SAFE = "%:@!$&'()*+,;=~-._"  # of a segment (RFC 3986, 3.3)


class Match(NamedTuple):
    """A routed path: the API that owns it, its operations by method, and its parameters, raw.

    `shared` holds the matches by method of a path that several APIs serve; no one API owns it then.
    """

    api: Api | None
    operations: Mapping[str, Operation]
    segments: tuple[str, ...]
    shared: Mapping[str, Match] = {}


class _Node:
    """One segment of known paths. `owner` answers for unknown paths below it, None where no API does."""

    __slots__ = ("children", "operations", "owner", "patterns", "served", "wildcard")

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.patterns: dict[str, tuple[re.Pattern[str], _Node]] = {}  # of segments such as {id}.json
        self.wildcard: _Node | None = None
        self.operations: dict[str, Operation] = {}
        self.served: dict[str, Api] = {}  # the API of each of the operations
        self.owner: Api | None = None

    def candidates(self, segment: str) -> Iterator[tuple[_Node, tuple[str, ...]]]:
        """The nodes that a raw segment may lead to, the most literal one first, with the parameters in it."""
        child = self.children.get(segment)
        if child is not None:
            yield child, ()
        if segment:
            for pattern, node in self.patterns.values():
                found = pattern.fullmatch(segment)
                if found:
                    yield node, found.groups()
            if self.wildcard is not None:
                yield self.wildcard, (segment,)


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
        """Raises ValueError when two operations answer the same method and path."""
        self._root = _Node()
        self._paths: list[tuple[str, str]] = []  # API name, path
        self._suggestions: dict[tuple[str, str], str] = {}
        self._known: dict[str, Match] = {}
        claims: dict[str, dict[str, Api]] = {}
        for api in apis:
            by_prefix: dict[str, list[Operation]] = {}
            for operation in api.contract.operations.values():
                for prefix in _prefixes(api, operation):
                    by_prefix.setdefault(prefix, []).append(operation)
            for prefix, operations in by_prefix.items():
                self._add(api, prefix, operations)
                claims.setdefault(prefix, {})[api.name] = api
        self._claim(claims)

    def find(self, path: str, method: str = "") -> Match:
        """Route a raw path.

        Results are memoized (at most 1024, and none of long paths): the tree takes 6 us, a third of a served request.
        """
        match = self._known.get(path)
        if match is None:
            match = self._find(path)
            if len(path) <= MAX_KEY_LENGTH:
                memoize(self._known, path, match)
        if match.shared:
            return match.shared.get(method) or match.shared.get("GET") or next(iter(match.shared.values()))
        return match

    def _find(self, path: str) -> Match:
        segments = path.split("/")[1:]
        found = self._walk(self._root, segments, 0, ())
        if found is None:
            return Match(self._owner(segments), {}, ())
        node, values = found
        apis = {api.name: api for api in node.served.values()}
        if len(apis) == 1:
            return Match(next(iter(apis.values())), node.operations, values)
        shared = {
            method: Match(api, {m: o for m, o in node.operations.items() if node.served[m] is api}, values)
            for method, api in node.served.items()
        }
        return Match(None, {}, values, shared)

    def _walk(
        self, node: _Node, segments: Sequence[str], depth: int, values: tuple[str, ...]
    ) -> tuple[_Node, tuple[str, ...]] | None:
        """The node with operations that segments lead to, and the parameters; the most literal way first."""
        if depth == len(segments):
            return (node, values) if node.operations else None
        for child, taken in node.candidates(segments[depth]):
            found = self._walk(child, segments, depth + 1, values + taken)
            if found is not None:
                return found
        return None

    def _owner(self, segments: Sequence[str]) -> Api | None:
        """The API that answers for an unknown path."""
        node, owner = self._root, self._root.owner
        for segment in segments:
            found = next(node.candidates(segment), None)
            if found is None:
                break
            node = found[0]
            owner = node.owner or owner
        return owner

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

    def _add(self, api: Api, prefix: str, operations: Iterable[Operation]) -> None:
        for operation in operations:
            for path in _spellings(prefix, operation.path):
                node = self._node(path)
                other = node.served.get(operation.method)
                if other is not None:
                    raise ValueError(f"{path}: {_collision(operation.method, other.name, api.name)}")
                node.operations[operation.method] = operation
                node.served[operation.method] = api
            self._paths.append((api.name, prefix + operation.path))

    def _node(self, path: str) -> _Node:
        node = self._root
        for segment in path.split("/")[1:]:
            if segment.startswith("{") and segment.find("}") == len(segment) - 1:
                node.wildcard = node.wildcard or _Node()
                node = node.wildcard
            elif "{" in segment and "}" in segment:
                shape = _NAME.sub("{}", segment)
                pattern = re.compile("(.+?)".join(map(re.escape, _NAME.split(segment))))
                node.patterns.setdefault(shape, (pattern, _Node()))
                node.patterns = dict(sorted(node.patterns.items(), key=lambda item: -len(item[0])))
                node = node.patterns[shape][1]
            else:
                node = node.children.setdefault(quote(segment, safe=_SAFE), _Node())
        return node

    def _claim(self, claims: Mapping[str, Mapping[str, Api]]) -> None:
        """Say which API answers for unknown paths: the one whose prefix it is, else the one with the first segment."""
        for prefix, apis in claims.items():
            if len(apis) == 1 and prefix not in ("", "/api"):
                self._node(prefix).owner = next(iter(apis.values()))
                continue
            heads: dict[str, set[str]] = {}
            for api in apis.values():
                for operation in api.contract.operations.values():
                    if prefix in _prefixes(api, operation):
                        heads.setdefault(f"{prefix}/{operation.path.split('/')[1]}", set()).add(api.name)
            for head, names in heads.items():
                if len(names) == 1 and head != f"{prefix}/":
                    self._node(head).owner = apis[next(iter(names))]


def _collision(method: str, first: str, second: str) -> str:
    if first == second:
        return f"two operations answer {method}; rename one"
    return f"{first} and {second} both answer {method}; serve them one by one, or move one with NAME=FILE@/prefix"


def _prefixes(api: Api, operation: Operation) -> tuple[str, ...]:
    return operation.prefixes or api.contract.prefixes


def _spellings(prefix: str, path: str) -> tuple[str, ...]:
    """The paths under which an operation is found: that of a prefix alone is the same with and without a slash."""
    return (prefix, f"{prefix}/") if path == "/" and prefix else (prefix + path,)
