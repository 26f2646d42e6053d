"""Comparing a response with a recorded one: ids, times and tokens by their role, all other values exactly.

A recorded response may be partial (a help page abbreviates): what it leaves out may be anything.
Must not know who sends the requests.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

from understudy.document.pointer import at
from understudy.engine.exchange import Response, body_type
from understudy.recording.bindings import TOKEN, Bindings
from understudy.recording.names import form_of, is_envelope, is_id, is_token, kind_of, time_of
from understudy.recording.recorded import Recorded

Json = Any
Match = Literal["strict", "shape", "status"]
MATCHES: tuple[Match, ...] = ("strict", "shape", "status")


class _Nothing:
    """The type of NOTHING."""

    def __repr__(self) -> str:
        return "nothing"


NOTHING: Json = _Nothing()
"""Stands for a value that is not there."""

TOLERANCE = 10_000
"""Milliseconds by which two times may differ that stand for the same moment."""

STATUS = "status"
_OPAQUE = 8  # characters from which a part of a URL may be a made one


class Difference(NamedTuple):
    """A value that differs: a JSON pointer into the body, `status` or `header NAME`, and both values."""

    pointer: str
    expected: Json
    actual: Json

    def __str__(self) -> str:
        expected, actual = _shown(self.expected, self.actual), _shown(self.actual, self.expected)
        return f"{self.pointer or '/'}: expected {expected}, got {actual}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """How responses are compared. `timed` says that the target's clock stood where the recorded one did."""

    bindings: Bindings = field(default_factory=Bindings)
    match: Match = "strict"
    ignore: Sequence[str] = ()
    timed: bool = False

    def differences(self, recorded: Recorded, actual: Response, above: str = "") -> list[Difference]:
        """What of a response differs from the recorded one. `above` names the resource that the answer is about.

        Where the statuses differ, nothing else is compared; without a recorded body of a partial answer neither.
        """
        expected = recorded.response
        if expected.status != actual.status:
            return [Difference(STATUS, expected.status, actual.status)]
        if recorded.request.method == "HEAD" or (recorded.partial and not expected.body):
            return []
        ignored = frozenset((*recorded.ignore, *self.ignore))
        strict = replace(self, match="strict")
        body = _Body(strict, ignored, partial=recorded.partial)
        values = _content(expected), _content(actual), above
        found = [*strict._headers(expected, actual), *body.compare(*values)]  # binds ids, whatever is compared
        if self.match == "shape":
            found = [*self._headers(expected, actual), *_Body(self, ignored, partial=recorded.partial).compare(*values)]
        return [] if self.match == STATUS else found

    def _headers(self, expected: Response, actual: Response) -> Iterator[Difference]:
        """The media type of a body, and the place of what was made."""
        before, after = body_type(expected), body_type(actual)
        if before and expected.body and before != after:
            yield Difference("header content-type", before, after or NOTHING)
        place = expected.header("location")
        if place is not None and self.match == "strict":
            there = actual.header("location")
            if there is None or not self.same_text(place, there):
                yield Difference("header location", place, NOTHING if there is None else there)

    def same_text(self, expected: str, actual: str) -> bool:
        """Whether a text stands for another."""
        if expected == actual or self.bindings.text(expected) == actual or self.bindings.matches(expected, actual):
            return True
        return self._same_url(expected, actual)

    def same_token(self, name: str, above: str, expected: str, actual: str) -> bool:
        """Whether an opaque text of a member stands for another one, from now on; URLs are compared as such."""
        if expected.startswith(("http://", "https://", "/")) or self.bindings.matches(expected, actual):
            return self.same_text(expected, actual)
        return self.bindings.unify(f"{TOKEN}{kind_of(name, above)}", expected, actual)

    def _same_url(self, expected: str, actual: str) -> bool:
        """Whether two URLs, or paths, differ in made parts only."""
        if not expected.startswith(("http://", "https://", "/")) or not actual.startswith(expected[:1]):
            return False
        try:
            before, after = urlsplit(self.bindings.text(expected)), urlsplit(actual)
        except ValueError:
            return False
        first, second = before.path.split("/"), after.path.split("/")
        if before[:2] != after[:2] or len(first) != len(second) or bool(before.query) != bool(after.query):
            return False
        kinds = ["", *(kind_of(f"{word}_id", "") for word in first[:-1])]
        return all(
            one == other or self._same_part(kind, one, other)
            for kind, one, other in zip(kinds, first, second, strict=True)
        ) and self._same_query(before.query, after.query)

    def _same_part(self, kind: str, one: str, other: str) -> bool:
        is_made = (one.isdigit() and other.isdigit()) or (len(one) >= _OPAQUE and len(other) >= _OPAQUE)
        return is_made and self.bindings.unify(kind, one, other)

    def _same_query(self, expected: str, actual: str) -> bool:
        before, after = expected.split("&"), actual.split("&")
        return len(before) == len(after) and all(
            one == other
            or (
                one.partition("=")[0] == other.partition("=")[0]
                and self._same_part("query", one.partition("=")[2], other.partition("=")[2])
            )
            for one, other in zip(before, after, strict=True)
        )


class _Body:
    """The comparison of one body."""

    def __init__(self, how: Comparison, ignore: frozenset[str], *, partial: bool) -> None:
        self._how = how
        self._ignore = ignore
        self._partial = partial

    def compare(self, expected: Json, actual: Json, above: str) -> Iterator[Difference]:
        """The differences of two bodies."""
        yield from self._value(expected, actual, "", "", above)

    def _value(self, expected: Json, actual: Json, pointer: str, name: str, above: str) -> Iterator[Difference]:
        if self._is_ignored(pointer):
            return
        if isinstance(expected, dict) and isinstance(actual, dict):
            yield from self._object(expected, actual, pointer, above if is_envelope(name) else name or above)
        elif isinstance(expected, list) and isinstance(actual, list):
            yield from self._list(expected, actual, pointer, name, above)
        elif not self._same(name, above, expected, actual):
            yield Difference(pointer, expected, actual)

    def _is_ignored(self, pointer: str) -> bool:
        """Whether a pointer is ignored; `*` in an ignored one stands for any name or number."""
        if not self._ignore:
            return False
        parts = pointer.split("/")
        return pointer in self._ignore or any(
            "*" in one
            and len(one.split("/")) == len(parts)
            and all(given in ("*", part) for given, part in zip(one.split("/"), parts, strict=True))
            for one in self._ignore
        )

    def _object(
        self, expected: dict[str, Json], actual: dict[str, Json], pointer: str, name: str
    ) -> Iterator[Difference]:
        for key, value in expected.items():
            below = pointer + at(key)
            if key in actual:
                yield from self._value(value, actual[key], below, key, name)
            elif not self._is_ignored(below):
                yield Difference(below, value, NOTHING)
        for key, value in () if self._partial else actual.items():
            below = pointer + at(key)
            if key not in expected and not self._is_ignored(below):
                yield Difference(below, NOTHING, value)

    def _list(
        self, expected: list[Json], actual: list[Json], pointer: str, name: str, above: str
    ) -> Iterator[Difference]:
        places = self._moved(expected, actual, above if is_envelope(name) else name or above)
        if places is not None:
            yield Difference(pointer, [one["id"] for one in expected], [one["id"] for one in actual])
            for number, moved in enumerate(places):
                yield from self._value(expected[number], actual[moved], pointer + at(number), name, above)
            return
        if self._how.match == "shape" or (len(expected) == len(actual) and not self._partial):
            for number, pair in enumerate(zip(expected, actual, strict=False)):
                yield from self._value(*pair, pointer + at(number), name, above)
            return
        taken: set[int] = set()
        for number, value in enumerate(expected):
            place = self._find(value, actual, number, taken, above if is_envelope(name) else name or above)
            below = pointer + at(number)
            if place is not None:
                taken.add(place)
                yield from self._value(value, actual[place], below, name, above)
            elif not self._is_ignored(below):
                yield Difference(below, value, NOTHING)
        for number, value in () if self._partial else enumerate(actual):
            if number not in taken and not self._is_ignored(pointer + at(number)):
                yield Difference(pointer + at(number), NOTHING, value)

    def _moved(self, expected: list[Json], actual: list[Json], name: str) -> list[int] | None:
        """Where the items of a list are now that has the same ones in another order; None where it has not."""
        if self._partial or self._how.match == "shape" or len(expected) != len(actual):
            return None
        ids = [_id(one) for one in actual]
        bound = [
            None if _id(one) is None else self._how.bindings.value(kind_of("id", name), _id(one)) for one in expected
        ]
        if (
            None in ids
            or bound == ids
            or len(set(map(repr, ids))) != len(ids)
            or sorted(map(repr, bound)) != sorted(map(repr, ids))
        ):
            return None
        return [ids.index(one) for one in bound]

    def _find(self, value: Json, items: list[Json], number: int, taken: set[int], name: str) -> int | None:
        """The place of the item that a recorded one stands for: by its id or, without one, the most similar one."""
        free = [place for place in range(len(items)) if place not in taken]
        if isinstance(value, dict) and "id" in value and not self._is_ignored_id(number):
            bound = self._how.bindings.value(kind_of("id", name), value["id"])
            return next((p for p in free if isinstance(items[p], dict) and items[p].get("id") == bound), None)
        if self._partial or isinstance(value, dict | list):
            return number if number in free else None
        return next((place for place in free if items[place] == value), None)

    def _is_ignored_id(self, number: int) -> bool:
        return any(one.endswith(f"/{number}/id") for one in self._ignore)

    def _same(self, name: str, above: str, expected: Json, actual: Json) -> bool:
        if self._how.match == "shape":
            return _type(expected) == _type(actual)
        if expected is actual:
            return True
        if expected is None or actual is None or isinstance(expected, bool) or isinstance(actual, bool):
            return False
        if not isinstance(expected, int | float | str) or not isinstance(actual, int | float | str):
            return False
        return self._same_leaf(name, above, expected, actual)

    def _same_leaf(self, name: str, above: str, expected: Json, actual: Json) -> bool:
        how = self._how
        if is_id(name):
            return how.bindings.unify(kind_of(name, above), expected, actual)
        if is_token(name) and isinstance(expected, str) and isinstance(actual, str):
            return how.same_token(name, above, expected, actual)
        if expected == actual:
            return True
        moments = time_of(name, expected), time_of(name, actual)
        if moments[0] is not None and moments[1] is not None:
            if form_of(expected) != form_of(actual):
                return False
            if how.timed:
                return abs(moments[0] - moments[1]) <= TOLERANCE
            return how.bindings.unify("time", expected, actual)
        if isinstance(expected, str) and isinstance(actual, str):
            return how.same_text(expected, actual)
        return False


def _id(item: Json) -> Json:
    """The id of an item; None without one."""
    return item.get("id") if isinstance(item, dict) else None


def _content(response: Response) -> Json:
    """The body as JSON or, if it is not JSON, as text."""
    if not response.body:
        return NOTHING
    try:
        return response.json()
    except ValueError:
        return response.body.decode("utf-8", "backslashreplace")


def _type(value: Json) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "number"
    return type(value).__name__


def _shown(value: Json, other: Json) -> str:
    """A value in at most 120 characters: its beginning, or what is around the first difference to another one."""
    text = repr(value)
    if len(text) <= 120:
        return text
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(text, repr(other), strict=False)))
    if same <= 100:
        return f"{text[:117]}..."
    part = text[same - 40 : same + 74]
    return f"...{part}" + ("..." if same + 74 < len(text) else "")
