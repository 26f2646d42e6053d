"""Prepares a world from recordings: what was there before becomes its start records, each an assumption that is told.

Must not know files or formats.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from understudy.document.seed_file import SeedError
from understudy.engine.call import Call
from understudy.engine.jobs import internal_call
from understudy.engine.worlds import Worlds
from understudy.recording.evidence import Evidence, Model, Seen, model_of
from understudy.recording.names import singular
from understudy.recording.picked import Picked

Json = Any
_SHOWN = 10  # ids that a line names


@dataclass(frozen=True, slots=True)
class Inferred:
    """An assumption about the start state: an object that is taken to have been there, and why."""

    api: str
    resource: str
    id: str
    text: str
    place: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """What was prepared. `problems` are objects that could not be made, a line each."""

    inferred: tuple[Inferred, ...]
    problems: tuple[str, ...]

    def lines(self) -> list[str]:
        """A line for each kind of object and reason."""
        groups: dict[tuple[str, str, str], list[str]] = {}
        for one in self.inferred:
            groups.setdefault((one.api, one.resource, one.text), []).append(one.id)
        return [
            f"assumed: {api}: {resource} {_listed(ids)}: {text}" for (api, resource, text), ids in groups.items()
        ] + list(self.problems)


def began(picked: Iterable[Picked]) -> int | None:
    """The time at which a recording began, in milliseconds; None where no exchange has a time."""
    return min((one.recorded.at for one in picked if one.recorded.at is not None), default=None)


def prepare(worlds: Worlds, picked: Sequence[Picked]) -> Prepared:
    """Add to the default world what the recordings show to have been there; `reset` keeps it."""
    inferred: list[Inferred] = []
    problems: list[str] = []
    for api in {one.api.name: one.api for one in picked}.values():
        if api.add is None:  # a built-in API has a seed of its own
            continue
        mine = [one for one in picked if one.api is api]
        model = model_of(api)
        tenants = worlds.default.tenants[api.name]
        seen = Evidence(model).collect(mine)
        absent = [one for one in seen if all(s[one.resource].row(str(one.id)) is None for s in tenants.values())]
        call = internal_call(worlds.default, worlds.apis[api.name], next(iter(tenants)), None)
        made = _Maker(model, call)
        made.add(absent)
        inferred += made.inferred
        problems += made.problems
    worlds.default.mark_origin()
    return Prepared(tuple(inferred), tuple(problems))


class _Maker:
    """Adds the objects of one API: at once where that is possible, else one by one."""

    def __init__(self, model: Model, call: Call) -> None:
        self._model = model
        self._call = call
        self.inferred: list[Inferred] = []
        self.problems: list[str] = []
        self._error = ""  # of the last attempt

    def add(self, seen: Sequence[Seen]) -> None:
        """Add objects; one that does not fit its schema gets made values where it does not."""
        left, count = _in_order(self._model, seen), -1
        while left and len(left) != count:
            count = len(left)
            left = self._round(left)
        if left and self._all(left):  # they lead in a circle to each other
            return
        for one in left:
            if not self._one(one):
                self.problems.append(f"{one.place}: {one.resource} {one.id} cannot be made: {self._error}")

    def _round(self, left: list[Seen]) -> list[Seen]:
        """Add what leads to nothing that is missing: the whole ones all at once, or by resource; returns the others."""
        some = {id(one) for one in _targets_first(self._model, left) if not one.whole and self._one(one)}
        left = [one for one in left if id(one) not in some]
        whole = [one for one in left if one.whole]
        if self._all(whole):
            return [one for one in left if not one.whole]
        for resource in dict.fromkeys(one.resource for one in whole):
            if self._all([one for one in whole if one.resource == resource]):
                left = [one for one in left if not one.whole or one.resource != resource]
        return left

    def _all(self, some: Sequence[Seen]) -> bool:
        """Add objects as they are; returns whether that was possible."""
        if not self._try(_content(self._model, some)):
            return False
        for one in some:
            self._note(one, _READ if one.whole else _PARTLY)
        return True

    def _one(self, one: Seen) -> bool:
        """Add one object, with made values where its own are missing or do not fit; whether that was possible."""
        resource = self._model.resources[one.resource]
        members = _declared(self._model, one)
        if self._try({one.resource: [members]}):
            self._note(one, _READ if one.whole else _PARTLY)
            return True
        names = (resource.key, *resource.parent.values(), *resource.refers)
        firm = {name: value for name, value in one.members.items() if name in names}
        for values in (members, _fitting(self._model, one), firm):
            if self._try({one.resource: {"count": 1, "values": values}}):
                self._note(one, _PARTLY if len(one.members) > len(firm) else _NAMED)
                return True
        return False

    def _try(self, content: Json) -> bool:
        """Add these records, all or none; returns whether that was possible."""
        add = self._model.api.add
        assert add is not None, "only such an API is prepared"
        try:
            add(self._call, content)
        except SeedError as error:
            self._error = str(error).splitlines()[0]
            return False
        return True

    def _note(self, one: Seen, text: str) -> None:
        if one.whole:
            self._show(one)
        self.inferred.append(Inferred(self._model.api.name, one.resource, str(one.id), text, one.place))

    def _show(self, one: Seen) -> None:
        """Make a stored record what its answer was: without more members, and with those that are not declared."""
        collection = self._call.store[one.resource]
        stored = collection.get(str(one.id))
        if stored is not None and stored.keys() != one.members.keys():
            resource = self._model.resources[one.resource]
            needed = {*resource.parent.values(), *(name for name, known in resource.members.items() if known.required)}
            kept = {name: value for name, value in stored.items() if name in one.members or name in needed}
            undeclared = {name: value for name, value in one.members.items() if name not in resource.members}
            shown = {**kept, **undeclared}
            fits = self._model.api.contract.fits(collection.layout.schema)
            collection.put(shown if fits.is_valid(shown) else kept)


_PARTLY = "only a part of it is read: the rest is made up"
_NAMED = "only its id is named: the rest is made up"
_READ = "it is read, but never created"


def _content(model: Model, seen: Iterable[Seen]) -> dict[str, list[Mapping[str, Json]]]:
    content: dict[str, list[Mapping[str, Json]]] = {}
    for one in seen:
        content.setdefault(one.resource, []).append(_declared(model, one))
    return content


def _declared(model: Model, one: Seen) -> dict[str, Json]:
    """The members that the schema declares, or all where it is open: a seed takes no others."""
    resource = model.resources[one.resource]
    return {name: value for name, value in one.members.items() if resource.open or name in resource.members}


def _fitting(model: Model, one: Seen) -> dict[str, Json]:
    """The members that fit their schemas."""
    resource, fits = model.resources[one.resource], model.api.contract.fits
    known = resource.members
    return {
        name: value
        for name, value in one.members.items()
        if name == resource.key or (name in known and fits(known[name].schema).is_valid(value))
    }


def _in_order(model: Model, seen: Sequence[Seen]) -> list[Seen]:
    """Objects such that lists show them in the order in which they were seen."""
    backwards = [one for one in reversed(seen) if model.resources[one.resource].descending]
    return [*(one for one in seen if not model.resources[one.resource].descending), *backwards]


def _targets_first(model: Model, seen: Sequence[Seen]) -> list[Seen]:
    """Objects, each after those that it leads to, where that is possible."""
    by_key = {(one.resource, str(one.id)): one for one in seen}
    order: dict[int, Seen] = {}

    def visit(one: Seen, above: frozenset[int]) -> None:
        if id(one) in above or id(one) in order:
            return
        for member, target in model.targets(model.resources[one.resource]):
            value = one.members.get(member)
            for each in value if isinstance(value, list) else [value]:
                found = by_key.get((target, str(each)))
                if found is not None:
                    visit(found, above | {id(one)})
        order[id(one)] = one

    for one in _in_order(model, seen):
        visit(one, frozenset())
    return list(order.values())


def _listed(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
    return ", ".join(ids[:_SHOWN]) + more


def given_ids(worlds: Worlds) -> Callable[[str, str], bool]:
    """Whether the default world has an object of a kind with an id, as it is now."""
    given: set[tuple[str, str]] = set()
    for name, tenants in worlds.default.tenants.items():
        for store in tenants.values():
            given |= {(singular(kind), id) for kind in worlds.apis[name].layouts for id in store[kind].ids()}
    ids = {id for _, id in given}
    return lambda kind, text: (kind, text) in given or (not kind and text in ids)
