"""The objects that recorded exchanges show of an API, by kind and id, each as it was at first.

Those that an exchange made are left out: they come again when it is played. Must not know any API's records.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import msgspec
from msgspec import structs

from understudy.document.operation import Operation
from understudy.document.paths import parameters_of
from understudy.document.pointer import at
from understudy.engine.call import JSON
from understudy.recording.blame import violations
from understudy.recording.picked import Picked

Json = Any
READ = "it is read, but never created"
PARTLY = "only a part of it is read: the rest is made up"
NAMED = "only its id is named: the rest is made up"
EARLIER = "it is first seen after a change, which is undone"
_OF_OTHERS = ("/required", "/additionalProperties")  # rules that a value breaks by its other members


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
        if not _is_id(id) or self.is_made(kind, id):
            return
        one = self.found.setdefault((kind, str(id)), Found(kind, str(id), place))
        one.firm = one.firm or firm
        one.guessed = {**members, **one.guessed}

    def read(self, kind: str, id: Json, place: str, members: Mapping[str, Json], *, text: str = READ) -> None:
        """Note what an answer shows of an object; what was shown earlier stays."""
        if self.is_made(kind, id):
            return
        self.name(kind, id, place)
        one = self.get(kind, id)
        if one is not None and (not one.changed or one.text == NAMED):
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
        names = parameters_of(one.operation.path)
        arguments = dict(parse_qsl(request.query)) | dict(zip(names, one.segments, strict=False))
        sent, answer = _json(request.body), _json(one.recorded.response.body)
        sent = _fitting(sent, _unfit_of_request(one.operation, sent))
        answer = _without(_fitting(answer, _unfit(one)), one.recorded.ignore)
        yield Shown(one.operation.id, arguments, sent, answer, one.recorded.at, one.place)


def objects_in(value: Json) -> list[dict[str, Json]]:
    """The objects with an id that an answer shows: one, or those of a list."""
    items = value if isinstance(value, list) else [value]
    return [one for one in items if isinstance(one, dict) and _is_id(one.get("id"))]


def member(value: Json, name: str) -> Json:
    """A member of an object; None where there is none."""
    return value.get(name) if isinstance(value, dict) else None


def count_of(value: Json) -> int:
    """A number of things; 0 for a value that is none."""
    return value if isinstance(value, int) else 0


def _is_id(value: Json) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and value != ""


def _unfit(picked: Picked) -> Iterator[str]:
    """The places of an answer whose values break the document, in JSON whatever its content type says."""
    response = structs.replace(picked.recorded.response, headers=JSON)
    for one in violations(picked, response):
        if one.pointer.startswith("/") and not one.rule.endswith(_OF_OTHERS):
            yield one.pointer


def _unfit_of_request(operation: Operation, sent: Json) -> Iterator[str]:
    """The places of a request's body whose values break the document."""
    for error in operation.body.validator.iter_errors(sent) if operation.body is not None else ():
        if error.instance_path and not at(*error.schema_path).endswith(_OF_OTHERS):
            yield at(*error.instance_path)


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


def _fitting(value: Json, unfit: Iterable[str]) -> Json:
    """A body without the values that break the document, nor the items of its lists that do."""
    for pointer in sorted(set(unfit), key=_order, reverse=True):  # a later item first: the others keep their places
        above, last = _parts(pointer)
        holder = _holder(value, above)
        if isinstance(holder, list):
            del holder[int(last)]
        elif isinstance(holder, dict) and (last != "id" or not _is_id(holder.get("id"))):
            holder.pop(last, None)
    return value


def _order(pointer: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in pointer.split("/")]


def _without(value: Json, pointers: Iterable[str]) -> Json:
    """A body without the values that are not compared."""
    for pointer in pointers:
        above, last = _parts(pointer)
        holder = _holder(value, above)
        if isinstance(holder, dict) and last != "id":  # else nothing would be known of the object
            holder.pop(last, None)
    return value


def _parts(pointer: str) -> tuple[list[str], str]:
    *above, last = pointer.split("/")[1:] or [""]
    return above, last


def _holder(value: Json, above: Iterable[str]) -> Json:
    """What stands at a place of a body; None where nothing does."""
    for name in above:
        number = int(name) if name.isdecimal() else -1
        is_there = isinstance(value, list) and 0 <= number < len(value)
        value = value[number] if is_there else member(value, name)
    return value


def _json(body: bytes) -> Json:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
