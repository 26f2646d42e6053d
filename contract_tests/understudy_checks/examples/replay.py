"""How a story can be repeated from a fresh start: the requests that matter, with values from earlier responses.

Ids, cursors and upload URLs that an earlier response holds are taken from it, since a server may choose them anew.
Must not know how a replay is written down.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import dropwhile
from typing import Any, Literal
from urllib.parse import quote, unquote, unquote_plus, urlsplit

from understudy_checks.examples.story import Call, Event, Story, Text, Variable, Wait

Json = Any
Form = Literal["plain", "encoded", "path"]


@dataclass(frozen=True, slots=True)
class Earlier:
    """A value in the response of an earlier request, by JSON pointer.

    In the form `encoded` it is percent-encoded; in the form `path` it is a URL, of which only the path below the base
    URL is meant.
    """

    number: int
    pointer: str
    form: Form = "plain"


@dataclass(frozen=True, slots=True)
class Count:
    """A number that a loop counts up from."""

    start: int


Part = str | Variable | Earlier | Count
Parts = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a replay. The text of `body` is UTF-8 with surrogate escapes; `call` is what happened."""

    number: int
    method: str
    path: Parts
    query: Parts
    headers: tuple[tuple[str, Parts], ...]
    body: Parts
    call: Call = field(compare=False)

    @property
    def parts(self) -> Parts:
        """All parts, in the order of the request."""
        return (*self.path, *self.query, *(part for _, value in self.headers for part in value), *self.body)


@dataclass(frozen=True, slots=True)
class Action:
    """What a person has to do, with its fields as JSON text."""

    name: str
    fields: Parts

    @property
    def parts(self) -> Parts:
        """The parts of the fields."""
        return self.fields


Step = Request | Wait | Action
Replay = tuple[Step, ...]

_IDENTIFIER = re.compile(r"(^|_|-)(ids?|uuid|cursor|token|url)$|[a-z](Ids?|Cursor|Token|Url)$", re.ASCII)
"""Matches the names of members whose values a server chooses."""

_CURSOR = re.compile(r"(cursor|token)$", re.IGNORECASE)
"""Matches the names of members that are taken from the latest response, not from the first."""

_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"(\s*:\s*)?')
"""Matches the strings of a JSON text, a member's name with its colon."""

_LONG = 8
"""The length from which a value is taken for one of an earlier response, whatever the name before it."""


_WINDOW = 30.0
"""The seconds from which a wait is taken to outlast the window of a rate limit."""

_MANY = 20
"""The number of equal requests from which their number matters."""


def replay(story: Story) -> Replay:
    """The replay of a story."""
    return tuple(_pruned(list(_linked(_without_polls(story)))))


def _without_polls(story: Story) -> list[Call | Wait | Event]:
    """Sum up waits; of a request that was repeated until something happened, keep the last one."""
    steps: list[Call | Wait | Event] = []
    for step in story:
        if isinstance(step, Call) and len(steps) > 1 and isinstance(steps[-1], Wait) and _is_poll(steps[-2], step):
            del steps[-2]
            _merge_waits(steps)
        steps.append(step)
        _merge_waits(steps)
    return steps


def _is_poll(before: Call | Wait | Event, after: Call) -> bool:
    """Whether `after` repeats a request that changed nothing."""
    if not isinstance(before, Call) or not (before.method == "GET" or before.response.status == 429):
        return False
    return replace(before, response=after.response) == after


def _merge_waits(steps: list[Call | Wait | Event] | list[Step]) -> None:
    match steps[-2:]:
        case [Wait(first), Wait(second)]:
            steps[-2:] = [Wait(first + second)]


def _linked(steps: list[Call | Wait | Event]) -> Iterator[Step]:
    known = _Responses()
    number = 0
    for step in steps:
        if isinstance(step, Call):
            number += 1
            yield known.request(number, step)
            known.add(number, step)
        else:
            yield known.action(step) if isinstance(step, Event) else step


@dataclass(slots=True)
class _Responses:
    """The values of the responses so far, by text: the places where each stands, by path and pointer."""

    values: dict[str, dict[str, Earlier]] = field(default_factory=dict)
    urls: dict[str, Earlier] = field(default_factory=dict)

    def add(self, number: int, call: Call) -> None:
        """Remember the values of a response."""
        path = "".join(part for part in call.path if isinstance(part, str))
        for pointer, name, value in _leaves(_json(call.response.body), "", ""):
            text = str(value)
            if _IDENTIFIER.search(name) and text and not isinstance(value, bool | float):
                places, found = self.values.setdefault(text, {}), Earlier(number, pointer)
                places[path + pointer] = found if _CURSOR.search(name) else places.get(path + pointer, found)
                if text.startswith(("http://", "https://")):
                    self.urls[urlsplit(text).path] = Earlier(number, pointer, "path")

    def find(self, text: str, name: str) -> Earlier | None:
        """Find where a value occurred earlier; None if it did not.

        Prefers a member whose name contains `name` (`next_cursor`), then `name` without its ending (`template` of
        `template_id`), then the first one.
        """
        places = self.values.get(text, {})
        words = (name.lower(), _IDENTIFIER.sub("", name).lower().removesuffix("s"), "")
        named = (found for word in words for place, found in places.items() if word in place.lower())
        return next(named, None)

    def request(self, number: int, call: Call) -> Request:
        """A call as a request of a replay."""
        return Request(
            number=number,
            method=call.method,
            path=self._path(call.path),
            query=_flat(self._query(part) for part in call.query),
            headers=call.headers,
            body=self._body(call),
            call=call,
        )

    def action(self, event: Event) -> Action:
        """An event as an action of a replay."""
        return Action(event.name, self._json_text(json.dumps(event.fields, ensure_ascii=False)))

    def _path(self, path: Text) -> Parts:
        match path:
            case (str(text),) if uploaded := [url for url in self.urls if text and url.endswith(text)]:
                return (self.urls[uploaded[0]],)
        return _flat(self._segments(part) for part in path)

    def _segments(self, part: str | Variable) -> Parts:
        if isinstance(part, Variable):
            return (part,)
        segments = part.split("/")
        return _joined(
            "/",
            [(self._value(raw, unquote(raw), before),) for before, raw in zip(["", *segments], segments, strict=False)],
        )

    def _query(self, part: str | Variable) -> Parts:
        if isinstance(part, Variable):
            return (part,)
        return _joined("&", [self._pair(*pair.partition("=")) for pair in part.split("&")])

    def _pair(self, name: str, equals: str, raw: str) -> Parts:
        is_chosen = _IDENTIFIER.search(name) or len(raw) >= _LONG
        return (f"{name}{equals}", self._value(raw, unquote_plus(raw), name) if is_chosen else raw)

    def _value(self, raw: str, text: str, name: str) -> Part:
        found = self.find(text, name)
        if found is None:
            return raw
        is_plain = quote(text, safe="") == text and not _CURSOR.search(name)  # the next cursor may be of any form
        return found if is_plain else replace(found, form="encoded")

    def _body(self, call: Call) -> Parts:
        text = call.body.decode("utf-8", "surrogateescape")
        if not text:
            return ()
        return self._json_text(text) if _json(call.body) is not None else self._form(text)

    def _json_text(self, text: str) -> Parts:
        """Replace the known strings of a JSON text."""
        parts: list[Part] = []
        end, name, value_at = 0, "", 0
        for match in _STRING.finditer(text):
            if match[2]:
                name, value_at = match[1], match.end()
                continue
            found = self.find(match[1], name)
            if found and (match.start() != value_at or _IDENTIFIER.search(name) or len(match[1]) >= _LONG):
                parts += [text[end : match.start(1)], found]
                end = match.end(1)
        return (*parts, text[end:])

    def _form(self, text: str) -> Parts:
        """Replace the known values in a text that is not JSON."""
        long = sorted((value for value in self.values if len(value) >= _LONG and value in text), key=len)
        if not long:
            return (text,)
        pieces = re.split("|".join(f"({re.escape(value)})" for value in reversed(long)), text)
        return tuple(self.find(piece, "") or piece for piece in pieces if piece)


def _pruned(steps: list[Step]) -> list[Step]:
    """Leave out reads that no later request needs, unless they read what the last request is about, or count."""
    requests = [step for step in steps if isinstance(step, Request)]
    seen = [request for request in requests if not request.call.is_cleanup]
    about = seen[-1].call.path if seen else ()
    needed = {request.number for request in requests if request.method != "GET" or request.call.path == about}
    if seen and seen[-1].method != "GET" and seen[-1].call.response.status < 300:  # what was refused before is no part
        needed -= {request.number for request in seen if request.call.response.status >= 400}
    for window in _windows(steps):
        counted = {request.number for request in window}
        needed = needed | counted if _is_counted(window) else needed
    for step in reversed(steps):
        if not isinstance(step, Request) or step.number in needed:
            needed |= used_numbers(step)
    kept: list[Step] = []
    for step in steps:
        if not isinstance(step, Request) or step.number in needed:
            kept.append(step)
            _merge_waits(kept)
    return _renumbered(list(dropwhile(lambda step: isinstance(step, Wait), kept)))


def _windows(steps: list[Step]) -> list[list[Request]]:
    """The requests between waits that outlast the window of a rate limit."""
    windows: list[list[Request]] = [[]]
    for step in steps:
        if isinstance(step, Wait) and step.seconds >= _WINDOW:
            windows.append([])
        elif isinstance(step, Request):
            windows[-1].append(step)
    return windows


def _is_counted(window: list[Request]) -> bool:
    """Whether the number of requests matters: a rate limit was met, or one was looked for."""
    times = Counter((request.method, request.path, request.query) for request in window)
    return max(times.values(), default=0) >= _MANY or any(request.call.response.status == 429 for request in window)


def used_numbers(step: Step) -> set[int]:
    """The numbers of the requests whose responses a step takes values from."""
    parts = () if isinstance(step, Wait) else step.parts
    return {part.number for part in parts if isinstance(part, Earlier)}


def _renumbered(steps: list[Step]) -> list[Step]:
    """Number the requests from 1 on, and the values from their responses with them."""
    left = [step.number for step in steps if isinstance(step, Request)]
    numbers = {old: new for new, old in enumerate(left, 1)}
    return [renamed(step, numbers.__getitem__) for step in steps]


def renamed(step: Step, name: Callable[[int], int]) -> Step:
    """A step with other numbers of requests."""

    def with_names(parts: Parts) -> Parts:
        return tuple(replace(part, number=name(part.number)) if isinstance(part, Earlier) else part for part in parts)

    if isinstance(step, Request):
        path, query, body = map(with_names, (step.path, step.query, step.body))
        return replace(step, number=name(step.number), path=path, query=query, body=body)
    return replace(step, fields=with_names(step.fields)) if isinstance(step, Action) else step


def _leaves(value: Json, pointer: str, name: str) -> Iterator[tuple[str, str, Json]]:
    """The plain values of a JSON value, with their pointers and the names of the members that hold them."""
    if isinstance(value, Mapping):
        for key, entry in value.items():
            yield from _leaves(entry, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}", key)
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _leaves(entry, f"{pointer}/{index}", name)
    elif value is not None:
        yield pointer, name, value


def _json(body: bytes) -> Json:
    """The decoded body; None when it is not JSON."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _joined(separator: str, pieces: list[Parts]) -> Parts:
    """Join pieces by a separator."""
    return _flat((*((separator,) if number else ()), *piece) for number, piece in enumerate(pieces))


def _flat(pieces: Iterable[Parts]) -> Parts:
    """Put pieces together, neighbouring texts into one."""
    parts: list[Part] = []
    for part in (part for piece in pieces for part in piece if part != ""):
        if isinstance(part, str) and parts and isinstance(parts[-1], str):
            parts[-1] += part
        else:
            parts.append(part)
    return tuple(parts)
