"""What recordings show of the objects that were there before: those that are read, changed or named, but never created.

Must not know how a world is made of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from understudy.engine.api import Api
from understudy.recording.picked import Picked
from understudy.resources.declaration import Parent, Reader, Resource
from understudy.resources.roles import Inference, Role, at_pointer, records_in

Json = Any
Key = tuple[str, str]  # of a resource, and an id
_CHANGES = ("replace", "update", "move", "command")


@dataclass(slots=True)
class Seen:
    """An object that was there: its members as they were at first, and where that was seen.

    A `whole` one was answered with all its members; one that was only named has none but its id and its parents.
    """

    resource: str
    id: Json
    members: dict[str, Json]
    place: str
    whole: bool = False
    read: bool = False  # an answer showed it
    changed: bool = False  # later answers do not show how it was at first


@dataclass(slots=True)
class Model:
    """The resources of an API, and what each of its operations does to them."""

    api: Api
    resources: Mapping[str, Resource]
    roles: Mapping[str, Role]
    owners: Mapping[str, Mapping[str, Resource]]

    def targets(self, resource: Resource) -> Iterator[Key]:
        """The members that lead to another object, with its resource."""
        yield from resource.refers.items()
        for parameter, member in resource.parent.items():
            if parameter in self.owners[resource.name]:
                yield member, self.owners[resource.name][parameter].name

    def typed(self, resource: str, id: Json) -> Json:
        """An id of a path as the member of the resource has it."""
        one = self.resources[resource]
        member = one.members.get(one.key)
        is_number = member is not None and member.is_number
        return int(id) if is_number and isinstance(id, str) and id.lstrip("-").isdigit() else id


def model_of(api: Api) -> Model:
    """The resources of an API that declares or infers them."""
    reader = Reader(api.contract)
    resources = reader.resources()
    inference = Inference(reader, resources)
    owners = {name: inference.owners(one) for name, one in resources.items()}
    return Model(api, resources, inference.roles(()), owners)


@dataclass(slots=True)
class Evidence:
    """Collects the objects of one API that were there before a recording began."""

    model: Model
    seen: dict[Key, Seen] = field(default_factory=dict)
    lists: list[tuple[bool, list[Key]]] = field(default_factory=list)  # the objects, by whether it was asked for some
    _made: set[Key] = field(default_factory=set)
    _below: set[tuple[str, str, str]] = field(
        default_factory=set
    )  # lists that were read: resource, parent's member, id

    def collect(self, picked: Iterable[Picked]) -> list[Seen]:
        """The objects, in the order of the lists that show them, the others as they are seen."""
        for one in picked:
            role = self.model.roles.get(one.operation.id) if one.operation else None
            if role is not None and one.recorded.response.status < 300:
                self._take(one, role)
        for known in self.seen.values():
            self._place(known)
        return [self.seen[key] for key in joined([keys for _, keys in sorted(self.lists, key=_extent)], self.seen)]

    def _take(self, picked: Picked, role: Role) -> None:
        operation = role.operation
        arguments, _ = operation.read(picked.segments, "")
        parents = dict(self._parents(role.parents, arguments, picked.place))
        shown = role.job.resource if role.job else role.resource
        objects = list(_objects(role, picked, shown.key))
        is_new = role.action == "create" or (role.action == "replace" and picked.recorded.response.status == 201)
        if role.job:
            self._made |= {(shown.name, str(one[shown.key])) for one in objects}
            objects = []
        if is_new:
            self._create(picked, role, objects)
            return
        item = arguments.get(role.item) if isinstance(role.item, str) else None
        for one in objects:
            self._see(picked, role, {**parents, **one}, whole=role.answer.members is None)
        if role.action == "list":
            self.lists.append((bool(picked.recorded.request.query), [self._key(role.resource, one) for one in objects]))
            self._below |= {(role.resource.name, member, str(id)) for member, id in parents.items()}
        if not objects and item is not None:
            self._name(role.resource.name, item, picked.place, parents)
        if item is not None and role.action in _CHANGES:
            self._change(role, item)

    def _place(self, one: Seen) -> None:
        """Put what was only named below a parent of which no list was read, as those read do not show it."""
        resource = self.model.resources[one.resource]
        owners = self.model.owners[one.resource]
        if one.read or len(owners) != 1 or len(resource.parent) != 1:
            return
        ((parameter, owner),) = owners.items()
        member = resource.parent[parameter]
        known = [seen.id for (name, _), seen in self.seen.items() if name == owner.name]
        free = [id for id in known if (one.resource, member, str(id)) not in self._below]
        if member not in one.members and free:
            one.members[member] = free[0]

    def _see(self, picked: Picked, role: Role, members: dict[str, Json], *, whole: bool) -> None:
        resource = role.resource
        key = self._key(resource, members)
        if key in self._made:
            return
        known = self.seen.setdefault(key, Seen(resource.name, members[resource.key], {}, picked.place))
        if role.transition and role.resource.life_cycle and not known.read:
            members[role.resource.life_cycle.member] = role.transition.before[0]
        if not known.read or not (known.changed or role.action in _CHANGES):  # else it shows another state
            known.members = {**members, **known.members}
            known.whole = known.whole or (whole and not role.transition)
            known.read = True
        self._name_targets(resource, members, picked.place)

    def _key(self, resource: Resource, members: Mapping[str, Json]) -> Key:
        return resource.name, str(members[resource.key])

    def _change(self, role: Role, item: Json) -> None:
        known = self.seen.get((role.resource.name, str(item)))
        if known is not None:
            known.changed = True

    def _create(self, picked: Picked, role: Role, objects: Sequence[dict[str, Json]]) -> None:
        """Note what an exchange made, and what its request refers to."""
        resource, place = role.resource, picked.recorded.response.header("location")
        ids = [one[resource.key] for one in objects]
        if not ids and place is not None:
            ids = [unquote(str(urlsplit(place).path).rpartition("/")[2])]
        self._made |= {(resource.name, str(id)) for id in ids}
        sent = at_pointer(_json(picked.recorded.request.body), role.body)
        given = {**(sent if isinstance(sent, dict) else {}), **(objects[0] if objects else {})}
        self._name_targets(resource, given, picked.place)

    def _name_targets(self, resource: Resource, members: Mapping[str, Json], place: str) -> None:
        for member, target in self.model.targets(resource):
            value = members.get(member)
            for id in value if isinstance(value, list) else [value]:
                if isinstance(id, str | int) and not isinstance(id, bool):
                    self._name(target, id, place, {})

    def _name(self, resource: str, id: Json, place: str, parents: Mapping[str, Json]) -> None:
        """Note an object of which only the id is known."""
        id = self.model.typed(resource, id)
        if (resource, str(id)) in self._made:
            return
        key = self.model.resources[resource].key
        known = self.seen.setdefault((resource, str(id)), Seen(resource, id, {key: id}, place))
        known.members = {**parents, **known.members}

    def _parents(
        self, parents: Sequence[Parent], arguments: Mapping[str, Json], place: str
    ) -> Iterator[tuple[str, Json]]:
        """The members that a path's parents set; the parents themselves are noted."""
        for parent in parents:
            id = arguments[parent.parameter]
            if parent.owner is not None:
                id = self.model.typed(parent.owner, id)
                self._name(parent.owner, id, place, dict(self._parents(parent.parents, arguments, place)))
            yield parent.member, id


def joined(lists: Iterable[Sequence[Key]], known: Iterable[Key]) -> list[Key]:
    """What is known in one order: that of the first list, what only a later one has behind what it follows there."""
    left = dict.fromkeys(known)
    order: list[Key] = []
    placed: set[Key] = set()
    for one in lists:
        before: Key | None = None
        for key in one:
            if key in left:
                del left[key]
                order.insert(_behind(order, before), key)
                placed.add(key)
            if key in placed:
                before = key
    return [*order, *left]


def _behind(order: Sequence[Key], before: Key | None) -> int:
    """The place behind an object, at the beginning without one."""
    if before is None:
        return 0
    return len(order) if order[-1] == before else order.index(before) + 1


def _extent(found: tuple[bool, list[Key]]) -> tuple[bool, int]:
    """The order of lists, those that asked for all first, then the longest."""
    return found[0], -len(found[1])


def _objects(role: Role, picked: Picked, key: str) -> Iterator[dict[str, Json]]:
    """The objects that an answer shows."""
    body = _json(picked.recorded.response.body)
    found = records_in(role.answer, body)
    for one in found if isinstance(found, list) else [found]:
        if isinstance(one, dict) and isinstance(one.get(key), str | int):
            yield one


def _json(body: bytes) -> Json:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
