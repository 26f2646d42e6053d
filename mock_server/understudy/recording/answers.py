"""Recorded answers as those of a server: in order, and never one from after a change that was not asked for yet.

So GET, PUT, GET answers the old state, then the new one. Must not know files.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec
from msgspec import structs

from understudy.document.pointer import at
from understudy.engine.exchange import Headers, Request, Response, body_type
from understudy.engine.fallback import CONTROL
from understudy.engine.journal import Journal
from understudy.engine.store import encode
from understudy.engine.world import World
from understudy.messages import closest, shorten
from understudy.recording.marks import mark
from understudy.recording.recorded import Recorded

Json = Any
_READS = ("GET", "HEAD", "OPTIONS")
_DROPPED = (b"date", b"server")
_PLACEHOLDER = re.compile(r"masked-[0-9a-f]{8,}")
_SHOWN = 5
_DEEPER = 2  # segments by which a change may be below what it changes


@dataclass(slots=True)
class _Progress:
    """What one world was answered since its journal began: the numbers of the entries that were given."""

    journal: Journal
    given: set[int] = field(default_factory=set)


class Answers:
    """The answers of recordings. With `only`, a request without one gets a 501; else only on a recorded path.

    `keys` are the names of query parameters that hold credentials, which are not compared.
    """

    def __init__(self, exchanges: Sequence[Recorded], *, only: bool, keys: Collection[str] = ()) -> None:
        self._entries = list(exchanges)
        self._only = only
        self._keys = frozenset(keys)
        self._paths: dict[str, list[int]] = {}
        for number, one in enumerate(self._entries):
            self._paths.setdefault(unquote(one.request.path), []).append(number)
        self._progress: dict[str, _Progress] = {}

    def owns(self, path: str) -> bool:
        """Whether a path was recorded."""
        return path in self._paths

    def answer(self, request: Request, world: World) -> Response | None:
        """The next recorded answer to a request in a world, or a 501; None where others should answer."""
        if request.path.startswith(CONTROL):
            return None
        numbers = self._paths.get(unquote(request.path), [])
        if not numbers and not self._only:
            return None
        return self.next(request, world) or _miss(self._reason(request, numbers, self._progress_of(world).given))

    def next(self, request: Request, world: World) -> Response | None:
        """The next recorded answer to a request in a world; None without one."""
        given = self._progress_of(world).given
        number = self._next(self._same(request), given)
        if number is None:
            return None
        given.add(number)
        return _response(self._entries[number], request, world)

    def _same(self, request: Request) -> list[int]:
        """The entries with the same request."""
        numbers = self._paths.get(unquote(request.path), [])
        return [number for number in numbers if self._difference(self._entries[number].request, request) is None]

    def unused(self, world: World) -> list[str]:
        """The recorded requests that a world was never asked."""
        given = self._progress_of(world).given
        rest = [one for number, one in enumerate(self._entries) if number not in given]
        return [f"{one.request.method} {one.target}" for one in rest]

    def _progress_of(self, world: World) -> _Progress:
        """The progress of a world; it begins anew with the journal, as after a reset."""
        known = self._progress.get(world.id)
        if known is None or known.journal is not world.journal:
            known = self._progress[world.id] = _Progress(world.journal)
        return known

    def _next(self, same: Sequence[int], given: set[int]) -> int | None:
        """The first entry that was not given and that no change has to come before; else the last one given."""
        for number in same:
            if number not in given and self._before(number, given) is None:
                return number
        repeated = [number for number in same if number in given]
        normal = [number for number in repeated if mark(self._entries[number].response.status) is None]
        return max(normal or repeated, default=None)

    def _before(self, number: int, given: set[int]) -> int | None:
        """The first change of what an entry reads, recorded before it, that was not asked for yet."""
        path = self._entries[number].request.path
        if self._entries[number].request.method not in _READS:
            return None
        return next(
            (
                other
                for other in range(number)
                if other not in given
                and self._entries[other].request.method not in _READS
                and _changes(self._entries[other].request.path, path)
            ),
            None,
        )

    def _difference(self, recorded: Request, request: Request) -> str | None:
        """How a request on a recorded path differs; None where it does not."""
        if recorded.method != request.method:
            return f"it was {recorded.method}"
        before, after = self._query(recorded.query), self._query(request.query)
        if not _same(before, after):
            return f"its query was {shorten(recorded.query, 200)}" if recorded.query else "it had no query"
        return _body_difference(_content(recorded), _content(request))

    def _query(self, query: str) -> list[Json]:
        pairs = parse_qsl(query, keep_blank_values=True)
        return sorted([name, value] for name, value in pairs if name not in self._keys)

    def _reason(self, request: Request, numbers: Sequence[int], given: set[int]) -> str:
        """Why no recorded answer fits, with the nearest one."""
        asked, same = f"{request.method} {request.path[:200]}", self._same(request)
        if same:
            change = self._before(same[0], given)
            assert change is not None, "else it would be given"
            one = self._entries[change]
            text = f"is recorded only after {one.request.method} {one.target} (interaction {one.number})"
            return f"{asked} {text}, which was not asked for yet"
        if not numbers:
            near = closest(unquote(request.path)[:200], self._paths)
            return f"{asked} was not recorded{f'; did you mean {near}?' if near else ''}"
        by_method = [one for one in numbers if self._entries[one].request.method == request.method]
        nearest = self._entries[(by_method or numbers)[0]]
        difference = self._difference(nearest.request, request)
        text = f"the nearest is {nearest.request.method} {nearest.target} (interaction {nearest.number})"
        return f"{asked} was not recorded so; {text}: {difference}"


def _changes(changed: str, read: str) -> bool:
    """Whether a change at a path is one of what another path reads: one goes on from the other, `read` at most twice.

    So an item and its actions change its collection, and what is above a path changes all below it.
    """
    first, second = changed.rstrip("/").split("/"), read.rstrip("/").split("/")
    length = min(len(first), len(second))
    return first[:length] == second[:length] and len(first) - len(second) <= _DEEPER


def _content(request: Request) -> Json:
    """A body as a value: JSON, the sorted pairs of a form, else its text."""
    try:
        return msgspec.json.decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        text = request.body.decode("latin-1")
    is_form = body_type(request) == "application/x-www-form-urlencoded"
    return sorted(map(list, parse_qsl(text, keep_blank_values=True))) if is_form else text


def _body_difference(recorded: Json, actual: Json, pointer: str = "") -> str | None:
    """The first place where two bodies differ, in words; None without one."""
    if isinstance(recorded, dict) and isinstance(actual, dict):
        names = dict.fromkeys((*recorded, *actual))
        pairs = [(pointer + at(name), recorded.get(name), actual.get(name)) for name in names]
    elif isinstance(recorded, list) and isinstance(actual, list) and len(recorded) == len(actual):
        pairs = [(pointer + at(n), one, other) for n, (one, other) in enumerate(zip(recorded, actual, strict=True))]
    elif _same(recorded, actual):
        return None
    else:
        return f"its body differs at {pointer or '/'}: recorded {shorten(recorded, 80)}, asked {shorten(actual, 80)}"
    return next((found for below, one, other in pairs if (found := _body_difference(one, other, below))), None)


def _same(recorded: Json, actual: Json) -> bool:
    """Whether two values are the same; a placeholder of a secret stands for any text."""
    if isinstance(recorded, list) and isinstance(actual, list):
        return len(recorded) == len(actual) and all(map(_same, recorded, actual))
    if isinstance(recorded, str) and isinstance(actual, str) and _PLACEHOLDER.search(recorded):
        return re.fullmatch(".+".join(map(re.escape, _PLACEHOLDER.split(recorded))), actual, re.DOTALL) is not None
    return type(recorded) is type(actual) and bool(recorded == actual)


def _response(recorded: Recorded, request: Request, world: World) -> Response:
    """A recorded response whose URLs of the service lead to this server."""
    host, known = request.header("host"), world.server.url
    here = f"{known.partition('://')[0]}://{host}" if host else known
    response = recorded.response
    headers: Headers = tuple(field for field in response.headers if field[0] not in _DROPPED)
    if not recorded.origin:
        return structs.replace(response, headers=headers)
    there, new = recorded.origin.encode(), here.encode("latin-1")
    fields = tuple((name, value.replace(there, new)) for name, value in headers)
    return structs.replace(response, headers=fields, body=response.body.replace(there, new))


def _miss(detail: str) -> Response:
    body: Mapping[str, Json] = {"type": "about:blank", "title": "Not Implemented", "status": 501, "detail": detail}
    return Response(501, ((b"content-type", b"application/problem+json"),), encode(body))


def listed(requests: Sequence[str]) -> str:
    """Some requests, and how many more there are."""
    more = f" and {len(requests) - _SHOWN} more" if len(requests) > _SHOWN else ""
    return ", ".join(requests[:_SHOWN]) + more
