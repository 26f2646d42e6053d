"""The objects that recorded exchanges show of an API, by kind and id, each as it was at first.

Those that an exchange made are left out: they come again when it is played. Must not know any API's records.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import msgspec

from understudy.recording.blame import violations
from understudy.recording.picked import Picked

Json = Any
READ = "it is read, but never created"
PARTLY = "only a part of it is read: the rest is made up"
NAMED = "only its id is named: the rest is made up"
EARLIER = "it is first seen after a change, which is undone"


class Shown(NamedTuple):
    """An exchange that was accepted: its operation, what path and query say, both bodies, its time in milliseconds."""

    operation: str
    arguments: Mapping[str, str]
    sent: Json
    answer: Json
    at: int | None
    place: str


@dataclass(slots=True)
class Found:
    """An object that was there before: the members that answers show, and those that are guessed from others.

    `firm` says that an exchange was about it, not only a list of ids.
    """

    kind: str
    id: str
    place: str
    members: dict[str, Json] = field(default_factory=dict)
    guessed: dict[str, Json] = field(default_factory=dict)
    text: str = NAMED
    firm: bool = False
    changed: bool = False  # later answers do not show how it was at first


@dataclass(slots=True)
class Objects:
    """Collects objects in the order in which they are first seen."""

    found: dict[tuple[str, str], Found] = field(default_factory=dict)
    _made: set[tuple[str, str]] = field(default_factory=set)
    _ranks: dict[tuple[str, str], int] = field(default_factory=dict)

    def make(self, kind: str, id: Json) -> None:
        """Note that an exchange made an object."""
        self._made.add((kind, str(id)))

    def is_made(self, kind: str, id: Json) -> bool:
        """Whether an exchange before made an object."""
        return (kind, str(id)) in self._made

    def name(self, kind: str, id: Json, place: str, *, firm: bool = True, **members: Json) -> None:
        """Note an object of which only the id is known, and these members are guessed."""
        if isinstance(id, bool) or not isinstance(id, str | int) or id == "" or self.is_made(kind, id):
            return
        one = self.found.setdefault((kind, str(id)), Found(kind, str(id), place))
        one.firm = one.firm or firm
        one.guessed = {**members, **one.guessed}

    def read(self, kind: str, id: Json, place: str, members: Mapping[str, Json], *, text: str = READ) -> None:
        """Note what an answer shows of an object; what was shown earlier stays."""
        if self.is_made(kind, id):
            return
        self.name(kind, id, place)
        one = self.found[kind, str(id)]
        if not one.changed or one.text == NAMED:
            one.members = {**members, **one.members, **_longer(one.members, members)}
            one.text = text if one.text in (NAMED, PARTLY) else one.text

    def change(self, kind: str, id: Json) -> None:
        """Note that an exchange changed an object: what is shown of it afterwards is another state."""
        one = self.found.get((kind, str(id)))
        if one is not None:
            one.changed = True

    def settle(self) -> None:
        """Take guesses for the members that no answer showed."""
        for one in self.found.values():
            one.members = {**{name: value for name, value in one.guessed.items() if value is not None}, **one.members}

    def rank(self, kind: str, ids: Iterable[Json]) -> None:
        """Note the order of the objects in a list."""
        for id in ids:
            self._ranks.setdefault((kind, str(id)), len(self._ranks))

    def of(self, kind: str) -> list[Found]:
        """The objects of a kind, in the order of the lists that show them, the others behind."""
        found = [one for one in self.found.values() if one.kind == kind]
        return sorted(found, key=lambda one: self._ranks.get((kind, one.id), len(self._ranks)))

    def get(self, kind: str, id: Json) -> Found | None:
        """An object; None for one that was not there, or not seen."""
        return self.found.get((kind, str(id)))


def shown(picked: Iterable[Picked]) -> Iterator[Shown]:
    """The exchanges that were accepted, in order."""
    for one in picked:
        if one.operation is None or one.recorded.response.status >= 300:
            continue
        request = one.recorded.request
        names = [part[1:-1] for part in one.operation.path.split("/") if part.startswith("{")]
        arguments = dict(parse_qsl(request.query)) | dict(zip(names, one.segments, strict=False))
        answer = _without(_json(one.recorded.response.body), (*one.recorded.ignore, *_unfit(one)))
        yield Shown(one.operation.id, arguments, _json(request.body), answer, one.recorded.at, one.place)


def objects_in(value: Json) -> list[dict[str, Json]]:
    """The objects with an id that an answer shows: one, or those of a list."""
    items = value if isinstance(value, list) else [value]
    return [one for one in items if isinstance(one, dict) and isinstance(one.get("id"), str | int)]


def member(value: Json, name: str) -> Json:
    """A member of an object; None where there is none."""
    return value.get(name) if isinstance(value, dict) else None


def _unfit(picked: Picked) -> Iterator[str]:
    """The places of an answer whose values break the document."""
    for one in violations(picked, picked.recorded.response):
        if one.pointer.startswith("/") and not one.rule.endswith(("/required", "/additionalProperties")):
            yield one.pointer


def _longer(before: Mapping[str, Json], after: Mapping[str, Json]) -> dict[str, Json]:
    """The lists that go on where an earlier answer, which was cut, ended."""
    return {
        name: value
        for name, value in after.items()
        if isinstance(value, list)
        and isinstance(before.get(name), list)
        and len(value) > len(before[name])
        and [member(one, "id") for one in value[: len(before[name])]] == [member(one, "id") for one in before[name]]
    }


def _without(value: Json, pointers: Sequence[str]) -> Json:
    """A body without the values that are not compared."""
    for pointer in pointers:
        *above, last = pointer.split("/")[1:] or [""]
        holder = value
        for name in above:
            number = int(name) if name.isdigit() else -1
            is_there = isinstance(holder, list) and 0 <= number < len(holder)
            holder = holder[number] if is_there else member(holder, name)
        if isinstance(holder, dict) and last != "id":  # else nothing would be known of the object
            holder.pop(last, None)
    return value


def _json(body: bytes) -> Json:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None
