"""The records of one resource in a store: how they are laid out, found, added, changed and removed.

A record stays valid by its schema, its references and its unique members. Life cycles move with the world's clock.
Must not know operations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from functools import cached_property
from itertools import count
from types import MappingProxyType
from typing import Any, NamedTuple

from understudy.document.contract import Contract
from understudy.document.lazy import LazyValidator
from understudy.document.model import Validator
from understudy.document.sample import Samples
from understudy.engine.call import Call
from understudy.engine.problem import Problem
from understudy.engine.store import Collection, Record, SharedRecord, encode
from understudy.resources import branches, schemas
from understudy.resources.blank import blank
from understudy.resources.declaration import Parent, Resource, Transition
from understudy.resources.filling import Filler
from understudy.resources.identity import STORED, joined, placed
from understudy.resources.layouts import NUMBERS, PENDING, TIMERS, Indexed, by_members, layout_of, text_of
from understudy.resources.progress import NEVER, done_at_once
from understudy.resources.values import ABSENT

Json = Any
Form = Callable[[Call], Callable[[Record], Record]]
TIMER = "life-cycle"
NO_MEMBERS: Mapping[str, Json] = MappingProxyType({})
_SMALL = (1 << 31) - 1  # up to here a number fits each format
PAYLOAD: Json = {
    "type": "object",
    "required": ["resource", "id", "transition"],
    "properties": {name: {"type": "string"} for name in ("resource", "id", "transition")},
}


class Effect(NamedTuple):
    """What an operation does to a record: `insert` or `remove` it, or `change` it into `record`."""

    effect: str
    record: Record
    before: SharedRecord | None


class Records:
    """The records of a resource. `all` holds those of every resource by name, `owners` parents by path parameter."""

    def __init__(
        self,
        resource: Resource,
        contract: Contract,
        *,
        all: Mapping[str, Records],
        owners: Mapping[str, Resource],
        indexed: Iterable[Indexed],
        is_job: bool,
    ) -> None:
        self.resource = resource
        self.name = resource.name
        self.document = contract.document
        self.all = all
        self.owners = owners
        self.parents = tuple(resource.parent.items())
        self.plain = resource.deleted is None  # then every record can be seen
        self.layout = layout_of(resource, contract, tuple(dict.fromkeys(indexed)))
        self.fits = contract.fits
        whole: Json = {"$ref": f"#/components/schemas/{resource.schema}"} if resource.schema else {}
        self.filler = _filler(resource, contract, whole) if resource.fill else None
        self.validator: Validator = (
            LazyValidator(lambda: contract.shows(whole))
            if resource.fill
            else contract.fits(
                by_members(resource) if resource.formed else whole if resource.hidden else self.layout.schema
            )
        )
        self.kept_validator = None if resource.kept is None else contract.fits(resource.kept)
        self.form: Form | None = None  # what makes of a record what answers show
        self.blank = blank(resource)
        self.order = tuple(resource.members)
        self.take = schemas.taking(contract.document, whole)
        self.complete = None if resource.fill else branches.completing(contract.document, whole, contract.fits)
        self.settable = frozenset(
            name
            for name, one in resource.members.items()
            if not one.has("readOnly") and not one.has("writeOnly") and name not in (resource.key, *resource.hidden)
        )
        self.kept = tuple(
            name for name, one in resource.members.items() if one.has("readOnly") or name in resource.kept_members
        )
        self.moment = resource.order
        self.is_job = is_job  # whether operations answer with one, and do their work when it ends
        self.is_timed = bool(resource.life_cycle and resource.life_cycle.by_time)
        self.whole = resource.whole
        self.keyed = bool(resource.whole or resource.inside)
        self.integers = frozenset(name for name, one in resource.members.items() if one.is_number)

    def collection(self, call: Call) -> Collection:
        """The records of the caller's tenant."""
        return call.store[self.name]

    @cached_property
    def children(self) -> list[tuple[Records, str]]:
        """The resources whose parent this one is, each with the member that holds the parent's id."""
        return [
            (other, member)
            for other in self.all.values()
            for parameter, member in other.resource.parent.items()
            if other.owners.get(parameter) is self.resource
        ]

    def find(
        self,
        call: Call,
        id: str,
        parents: Sequence[Parent] = (),
        *,
        having: Mapping[str, Json] = NO_MEMBERS,
        kind: str | None = None,
    ) -> SharedRecord:
        """The record `id`, below its parents in the path; raises the Problem of the resource or of a parent.

        With `having` it is one with these members. `kind` is another one than that of a record that is not there.
        """
        limit = call.credential.scope
        if limit is not None and self.resource.scope is not None and limit != id:
            raise Problem(self.resource.scope)
        if parents:
            self.check_parents(call, parents)
        record = self.visible(call, id, parents)
        if record is None or (having and any(record.get(member) != value for member, value in having.items())):
            raise self.not_found(call, id, kind)
        if limit is not None:
            for member, kind in self.limited:
                if record.get(member) not in (None, limit):
                    raise Problem(kind)
        return record

    @cached_property
    def limited(self) -> list[tuple[str, str]]:
        """The members that lead to what a credential can be limited to, each with the kind of the refusal."""
        found = ((member, self.all[target].resource.scope) for member, target in self.resource.refers.items())
        return [(member, kind) for member, kind in found if kind is not None]

    def shown(self, call: Call, record: Record) -> Record:
        """What answers show of a record."""
        if self.form is not None:
            return self.form(call)(record)
        hidden = self.resource.hidden
        return {name: value for name, value in record.items() if name not in hidden} if hidden else record

    def visible(self, call: Call, id: str, parents: Sequence[Parent] = ()) -> SharedRecord | None:
        """The record `id`; None for one that is deleted, or of another parent than the one in the path."""
        if self.whole and parents:
            id = self.stored_id(call, id, parents)
        record = call.store[self.name].get_shared(id)
        if record is None or (not self.plain and self.is_deleted(record)):
            return self.standing(call, id, parents) if self.resource.single else None
        for one in parents:
            value, given = record.get(one.member), call.arguments[one.parameter]
            if type(value) is str and value == given:  # quicker than their texts
                continue
            if value is None and self.resource.fill:  # nobody has said whose it is
                continue
            if text_of(value) != text_of(given):
                return None
        return record

    def stored_id(self, call: Call, id: str, parents: Sequence[Parent]) -> str:
        """The id of a record in the store, by its own part and the parents that the path names."""
        if not self.whole:
            return id
        named = {one.member: call.arguments[one.parameter] for one in parents}
        return joined([*(named.get(member) for member in self.whole[:-1]), id])

    def standing(self, call: Call, id: str, parents: Sequence[Parent]) -> Record:
        """The record of a single resource as it is before anybody changes it."""
        record = self.made(id)
        self.resource.defaults.apply(record, call, id)
        record |= {one.member: self.typed(one.member, call.arguments[one.parameter]) for one in parents}
        return self.completed(record)

    def named(self, record: Record) -> Record:
        """A record with its id where it belongs: below a member, and as the text of all its parts."""
        if self.resource.inside:
            record = placed(record, self.resource.inside, record[self.resource.key])
        return {**record, STORED: joined(record.get(one) for one in self.whole)} if self.whole else record

    def identified(self, record: Record) -> Record:
        """A record of an example, with its id as the member that holds it."""
        return self.named({**record, self.resource.key: self.resource.id_in(record)}) if self.keyed else record

    def is_deleted(self, record: SharedRecord) -> bool:
        """Whether a record was deleted softly."""
        deleted = self.resource.deleted
        return deleted is not None and record.get(deleted) not in (None, False)

    def check_parents(self, call: Call, parents: Sequence[Parent]) -> None:
        """Raise the Problem of a parent in the path that is not there."""
        if self.resource.orphans != "refused" and call.value(self.resource.orphans) == "allowed":
            return
        for one in parents:
            if one.owner is not None:
                self.all[one.owner].find(call, text_of(call.arguments[one.parameter]), one.parents)

    def not_found(self, call: Call, id: str, kind: str | None = None) -> Problem:
        """The Problem for a record that is not there, or that another tenant has."""
        malformed, key = self.resource.malformed, self.resource.key
        if malformed != "not-found" and not self._key_validator.is_valid(self.typed(key, id)):
            told = call.value(malformed)
            if told != "not-found":
                return Problem(told, f"{id[:80]!r} is no {key} that the schema allows")
        foreign = self.resource.foreign
        if foreign is not None and call.store[self.name].row(id) is None:  # else it has another parent, or is deleted
            value = call.value(foreign.kind)
            if value != "not-found" and call.exists_for_other_tenant(self.name, id):
                return Problem(foreign.kinds.get(value, value))
        return Problem(kind or self.resource.not_found)

    def taken(self, body: Json, accepted: frozenset[str] | None) -> Record:
        """The members of a body that a record takes; `accepted` are those that the request declares (None: any)."""
        given = self.take(body) if self.take is not None else body
        if not isinstance(given, Mapping):
            return {}
        if accepted is not None and accepted.issuperset(given):
            return dict(given)
        return {name: value for name, value in given.items() if self.takes(name, accepted)}

    def takes(self, name: str, accepted: frozenset[str] | None) -> bool:
        """Whether a record takes a member of a body."""
        if accepted is not None:
            return name in accepted
        return name in self.settable or (self.resource.open and name not in self.resource.members)

    def accepted(self, schema: Json) -> frozenset[str] | None:
        """The members that a record takes of a request with this schema; None where it may have any.

        What answers call readOnly is taken where the request has a schema of its own that does not.
        """
        declared = schemas.members(self.document, schema)
        if schemas.is_open(self.document, schema):
            return None
        sent = {name for name in self.kept if name in declared and not declared[name].has("readOnly")}
        own = {self.resource.key, *self.resource.hidden} if self.resource.fill else sent
        return frozenset(name for name in declared if self.takes(name, None) or name in sent - own)

    def new(self, call: Call, given: Record, parents: Sequence[Parent] = (), *, wanted: Json = ABSENT) -> Record:
        """A new record with the members of a request; `wanted` is an id that the request chooses."""
        above = {one.member: self.typed(one.member, call.arguments[one.parameter]) for one in parents}
        id = self._new_id(call, {**given, **above}) if wanted is ABSENT else wanted
        record = {**self.blank}
        self.resource.defaults.apply(record, call, id)
        record |= given
        record |= above
        record[self.resource.key] = id
        self.resource.create.apply(record, call, id)
        record = self.completed(record)
        ordered = {name: record[name] for name in self.order if name in record}
        return ordered if len(ordered) == len(record) else {**ordered, **record}

    def given(self, call: Call, members: Mapping[str, Json], id: Json) -> Record:
        """A record as a seed has it: what it leaves out gets what a new record gets."""
        record = {**self.blank, self.resource.key: id}
        self.resource.defaults.apply(record, call, id)
        self.resource.create.apply(record, call, id)
        known = self.resource.members
        record |= {
            name: value for name, value in members.items() if name not in known or not known[name].has("writeOnly")
        }
        record = self.completed(record)
        ordered = {name: record[name] for name in self.order if name in record}
        return {**ordered, **record, self.resource.key: id}

    def entry(self, members: Mapping[str, Json]) -> Record:
        """A record as the seed file of an API has it: with defaults that need no call, in the order of the schema."""
        record = {**self.blank, **self.resource.defaults.constants, **members}
        return {**{name: record[name] for name in self.order if name in record}, **record}

    def completed(self, record: Record) -> Record:
        """A record with the defaults of the branches of its schema that it fits; a filled one, where it is to be."""
        if self.filler is not None:
            return self.filled(record, self.filler)
        record = record if self.complete is None else self.complete(record)
        return self.named(record) if self.keyed else record

    def steady(self, record: Record, given: Mapping[str, Json], before: SharedRecord) -> Record:
        """A changed record with its old values for members that a request sets to null, and that may not be null."""
        empty = [name for name, value in given.items() if value is None and before.get(name) is not None]
        if not empty or self.filler is None:
            return record
        return {**record, **{name: before[name] for name in empty if name in self.filler.demanded}}

    def filled(self, record: Record, filler: Filler) -> Record:
        """A record that fits its schema, with its own key and hidden members."""
        hidden = self.resource.hidden
        shown = {name: value for name, value in record.items() if name not in hidden} if hidden else record
        whole = {**filler.required, **shown}
        fitting = filler.fill(whole)
        kept = {name: record[name] for name in (self.resource.key, *hidden) if name in record}
        return self.named({**fitting, **kept}) if self.keyed else {**fitting, **kept}

    def errors(self, record: SharedRecord) -> Iterator[Any]:
        """How a record breaks its schema."""
        hidden = self.resource.hidden
        shown = {name: value for name, value in record.items() if name not in hidden} if hidden else record
        yield from self.validator.iter_errors(shown)
        if self.kept_validator is not None:
            yield from self.kept_validator.iter_errors(record)

    def is_valid(self, record: SharedRecord) -> bool:
        """Whether a record fits its schema, what is not shown left out."""
        plain = not self.resource.hidden and self.kept_validator is None
        return bool(self.validator.is_valid(record)) if plain else not any(self.errors(record))

    def check(self, call: Call, record: Record, before: SharedRecord | None) -> None:
        """Raise a Problem for a record that breaks its schema, a reference or a unique member."""
        if self.filler is None and not self.is_valid(record):
            raise self._misfit(record)
        for member, target in self.resource.refers.items():
            value = record.get(member)
            if value is not None and (before is None or before.get(member) != value):
                self._check_reference(call, member, value, self.all[target])
        for member in self.resource.unique:
            value = record.get(member)
            new = value is not None and (before is None or before.get(member) != value)
            if new and call.store[self.name].listing((member, text_of(value))).size():
                message = f"There is one with this {member} already"
                raise Problem(self.resource.conflict, fields={member: [message]})

    def typed(self, member: str, given: Json) -> Json:
        """The value of a path parameter as that of a member."""
        return (
            int(given) if member in self.integers and isinstance(given, str) and given.lstrip("-").isdigit() else given
        )

    def perform(self, call: Call, effect: Effect) -> bytes:
        """Carry out an effect; returns the encoded record."""
        if effect.effect == "remove":
            if not self.resource.single or call.store[self.name].row(self.layout.id(effect.record)) is not None:
                self.remove(call, self.layout.id(effect.record))
            return encode(effect.record)
        row = self.store(call, effect.record, effect.before)
        if effect.before is None and self.with_parent:
            self._begin(call, effect.record)
        return row

    @cached_property
    def with_parent(self) -> list[tuple[Records, str]]:
        """The children that a new record begins with, each with the member that holds its id."""
        begun = [(other, member) for other, member in self.children if other.resource.with_parent != 0]
        return [(other, member) for other, member in begun if other.nearest is self.resource]

    @cached_property
    def nearest(self) -> Resource | None:
        """The last parent on the path that is a resource."""
        return next((self.owners[one] for one in reversed(tuple(self.resource.parent)) if one in self.owners), None)

    def _begin(self, call: Call, parent: Record) -> None:
        """Make the children that a new record begins with, and theirs."""
        for other, member in self.with_parent:
            for _ in range(int(call.value(other.resource.with_parent))):
                above = {own: parent[known] for own, known in self._shared(other) if known in parent}
                above[member] = parent[self.resource.key]
                child = other.made(other._new_id(call, above))
                child |= above
                child = other.completed(child)
                other.store(call, child, None)
                other._begin(call, child)

    def _shared(self, other: Records) -> list[tuple[str, str]]:
        """The members of a child and of this resource that hold the same parent of both."""
        own = self.resource.parent
        return [(member, own[name]) for name, member in other.resource.parent.items() if name in own]

    @cached_property
    def _key_validator(self) -> Validator:
        return self.fits(self.resource.members[self.resource.key].schema)

    def fits_key(self, id: Json) -> bool:
        """Whether an id that a request chooses fits its member, where no later check of the record tells it."""
        return self.filler is None or bool(self._key_validator.is_valid(id))

    def made(self, id: Json) -> Record:
        """A record that is all made, with this id."""
        sample = self.filler.sample if self.filler is not None else None
        made = deepcopy(sample) if isinstance(sample, dict) else self.blank
        return {**made, **self.resource.defaults.constants, self.resource.key: id}

    def last_number(self, call: Call) -> int:
        """The last number that a record was given; 0 before the first."""
        if self.whole:
            owns = (text_of(record[self.resource.key]) for record in call.store[self.name])
            return max((int(own) for own in owns if own.isdigit()), default=0)
        return self._next_number(call) - 1

    def reserve(self, call: Call, id: str) -> None:
        """Remember a number that is given, so that no other record gets it."""
        above, _, own = id.rpartition("/") if self.whole else ("", "", id)
        if self.resource.numbered and own.isdigit():
            counter = f"{self.name}/{above}" if above else self.name
            known = call.store[NUMBERS].get_shared(counter)
            if known is None or known["last"] < int(own):
                call.store[NUMBERS].put({"id": counter, "last": int(own)})

    def store(self, call: Call, record: Record, before: SharedRecord | None) -> bytes:
        """Add or change a record, and schedule what time brings next; returns the encoded record."""
        collection = call.store[self.name]
        cycle = self.resource.life_cycle if self.is_timed else None
        if cycle is not None and not self.is_job:
            record = done_at_once(cycle, self.move, call, record)
        if before is not None and self.moment is not None and record.get(self.moment) != before.get(self.moment):
            collection.remove(self.layout.id(record))  # to get another place in the order
        row = collection.put(record)
        if cycle is not None and (before is None or before.get(cycle.member) != record.get(cycle.member)):
            self._schedule(call, record, new=before is None)
        return row

    def remove(self, call: Call, id: str) -> None:
        """Remove a record and all its descendants."""
        for other, member in self.children:
            for child in self.ids_below(call, other, member, id):
                other.remove(call, child)
        call.store[self.name].remove(id)
        self.reserve(call, id)
        if self.is_timed:
            self._cancel(call, id)

    def ids_below(self, call: Call, other: Records, member: str, id: str) -> list[str]:
        """The ids of the children of a record in another resource, whose `member` names it."""
        if not self.whole:
            return list(call.store[other.name].listing((member, id)).ids)
        parent = call.store[self.name].get_shared(id) or {}
        shared = [(member, self.resource.key), *self._shared(other)]
        groups = [[(own, text_of(parent.get(known)))] for own, known in shared]
        return list(call.store[other.name].query(*groups).ids)

    def move(self, call: Call, record: SharedRecord, transition: Transition) -> Record:
        """A record after a transition."""
        cycle = self.resource.life_cycle
        assert cycle is not None, "only a resource with a life cycle has transitions"
        if record.get(cycle.member) not in transition.before:
            raise Problem(transition.refused)
        moved = {**record, cycle.member: transition.to}
        id = record[self.resource.key]
        self.resource.update.apply(moved, call, id)
        transition.set.apply(moved, call, id)
        return moved

    def enter(self, call: Call, record: Record, before: SharedRecord) -> Record:
        """A changed record after the transition that its new state stands for; raises Problem for one that is none."""
        cycle = self.resource.life_cycle
        if cycle is None or record.get(cycle.member) == before.get(cycle.member):
            return record
        to = [one for one in cycle.transitions.values() if one.to == record.get(cycle.member) and one.after is None]
        for one in to:
            if before.get(cycle.member) in one.before:
                one.set.apply(record, call, record[self.resource.key])
                return record
        raise Problem(to[0].refused if to else self.resource.conflict)

    def run_timer(self, call: Call) -> None:
        """Run a timed transition, if the record is still in the state that it was scheduled in."""
        id, cycle = call.body["id"], self.resource.life_cycle
        scheduled = call.store[TIMERS].get_shared(f"{self.name}/{id}")
        record = call.store[self.name].get_shared(id)
        if cycle is None or scheduled is None or record is None:
            return
        if scheduled["at"] != call.now or scheduled["transition"] != call.body["transition"]:
            return
        moved = self.move(call, record, cycle.transitions[scheduled["transition"]])
        self.store(call, moved, record)
        ended = self.is_job and cycle.timed(moved[cycle.member]) is None
        if ended and call.store[PENDING].row(id) is not None:
            self._finish(call, id, moved)

    def defer(self, call: Call, effect: Effect, *, job: str, failed: str | None) -> None:
        """Remember what the job `job` will do when it ends."""
        if effect.effect == "insert":
            self.reserve(call, self.layout.id(effect.record))
        before = effect.before or {}
        changed = {name: value for name, value in effect.record.items() if name not in before or before[name] != value}
        record = {**changed, **{name: effect.record[name] for name in (self.resource.key, self.layout.key)}}
        call.store[PENDING].put(
            {"id": job, "resource": self.name, "effect": effect.effect, "record": record, "failed": failed}
        )

    def _finish(self, call: Call, id: str, job: Record) -> None:
        """Do what a job was made for; take its failing transition where that cannot be done any more."""
        pending = call.store[PENDING].get(id)
        assert pending is not None, "the caller has seen it"
        call.store[PENDING].remove(id)
        target = self.all[pending["resource"]]
        try:
            target._perform_pending(call, pending)
        except Problem:
            cycle = self.resource.life_cycle
            if cycle is not None and pending["failed"] is not None:
                transition = cycle.transitions[pending["failed"]]
                failed = {**job, cycle.member: transition.to}
                transition.set.apply(failed, call, job[self.resource.key])
                self.store(call, failed, job)

    def _perform_pending(self, call: Call, pending: Record) -> None:
        id = self.layout.id(pending["record"])
        before = self.visible(call, id)
        if pending["effect"] == "insert":
            if call.store[self.name].row(id) is not None:
                raise Problem(self.resource.conflict)
        elif before is None:
            raise Problem(self.resource.not_found)
        if pending["effect"] == "remove":
            self.remove(call, id)
            return
        record = {**(before or {}), **pending["record"]}
        self.check(call, record, before)
        self.store(call, record, before)

    def _schedule(self, call: Call, record: SharedRecord, *, new: bool) -> None:
        """Schedule the transition that time brings in the present state; forget the one of the former state."""
        cycle, id = self.resource.life_cycle, self.layout.id(record)
        assert cycle is not None, "the caller has seen it"
        if not new:
            self._cancel(call, id)
        following = cycle.timed(record.get(cycle.member))
        if following is None:
            return
        seconds = call.value(following.after)
        if seconds == NEVER:
            return
        at = call.now + round(seconds * 1000)
        call.store[TIMERS].put({"id": f"{self.name}/{id}", "at": at, "transition": following.name})
        call.schedule(seconds, TIMER, {"resource": self.name, "id": id, "transition": following.name})

    def _cancel(self, call: Call, id: str) -> None:
        timers, key = call.store[TIMERS], f"{self.name}/{id}"
        if timers.row(key) is not None:
            timers.remove(key)

    def _new_id(self, call: Call, given: SharedRecord) -> Json:
        """A new id of the record that has these members, the parts of its id among them."""
        make = self.resource.id
        if make is not None:
            return make(call.ids)
        number = self._number_below(call, given) if self.whole else self._next_number(call)
        return number if self.resource.key in self.integers else str(number)

    def _number_below(self, call: Call, given: SharedRecord) -> int:
        """The number after the last one beside the same other parts of an id."""
        above = joined(given.get(member) for member in self.whole[:-1])
        last = call.store[NUMBERS].get_shared(f"{self.name}/{above}")
        known = (id[len(above) + 1 :] for id in call.store[self.name].ids() if id.startswith(f"{above}/"))
        return 1 + max([last["last"] if last else 0, *(int(own) for own in known if own.isdigit())])

    def _next_number(self, call: Call) -> int:
        """The number after the last one that was given, also to a record that is gone."""
        collection, last = call.store[self.name], call.store[NUMBERS].get_shared(self.name)
        newest = collection.newest()
        number = 1 + max(last["last"] if last else 0, int(newest) if newest.isdigit() else 0)
        if collection.row(str(number)) is not None:  # the newest has not the highest number
            number = 1 + max(int(id) for id in collection.ids() if id.isdigit())
            self.reserve(call, str(number))
        if number > _SMALL and not self._key_validator.is_valid(number):  # a request chose the highest that fits
            number = next(one for one in count(1) if collection.row(str(one)) is None)
        return number

    def _check_reference(self, call: Call, member: str, value: Json, target: Records) -> None:
        for one in value if isinstance(value, list) else [value]:
            known = call.store[target.name].get_shared(text_of(one))
            if known is None or target.is_deleted(known):
                message = f"There is no {target.name} {text_of(one)[:80]}"
                raise Problem(self.resource.unknown_reference, f"{member}: {message}", fields={member: [message]})

    def _misfit(self, record: Record) -> Problem:
        """The Problem of a record that does not fit its schema."""
        fields: dict[str, list[str]] = {}
        for error in self.errors(record):
            fields.setdefault(".".join(map(str, error.instance_path)), []).append(error.message[:300])
        path, messages = next(iter(fields.items()))
        return Problem("invalid", f"{path}: {messages[0]}" if path else messages[0], fields=fields)


def _filler(resource: Resource, contract: Contract, schema: Json) -> Filler:
    """What fills the records of a resource; compiled when it is first needed."""
    validator = LazyValidator(lambda: contract.shows(schema))
    samples = Samples(contract.document["components"]["schemas"])
    seed = f"{contract.name}/{resource.name}"
    return Filler(
        validator,
        lambda: samples.value(schema, validator, seed=seed),
        lambda: samples.variants(schema, validator, seed=seed),
    )
