"""What a document declares of its resources: `x-resources`, read and checked.

A wrong name of a schema, member, resource, kind or assumption becomes a diagnostic with the nearest valid one.
Must not know what an operation does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from understudy.document.contract import Contract
from understudy.document.model import Assumed
from understudy.document.pointer import at
from understudy.document.violations import Diagnostic
from understudy.messages import suggest
from understudy.resources import ids, schemas, values
from understudy.resources.identity import STORED, is_pointer, names_of, value_at
from understudy.resources.ids import NewId
from understudy.resources.schemas import Member
from understudy.resources.values import Assignments

Json = Any
_KINDS = {  # the kinds of a refusal, and what is taken where neither is declared
    "not-found": ("not-found", "unknown-route"),
    "conflict": ("conflict", "invalid"),
    "refused": ("conflict", "invalid"),
    "unknown-reference": ("invalid",),
}


@dataclass(frozen=True, slots=True)
class Transition:
    """One line of a life cycle: the states before, the one after, what is set, and after how many seconds it comes.

    Without `after` it comes by an operation, a command or an update.
    """

    name: str
    before: tuple[Json, ...]
    to: Json
    set: Assignments
    after: float | Assumed | None
    refused: str


@dataclass(frozen=True, slots=True)
class LifeCycle:
    """The states of a resource: the member that holds them, and the transitions by name."""

    member: str
    transitions: Mapping[str, Transition]
    by_time: Mapping[Json, Transition]

    def timed(self, state: Json) -> Transition | None:
        """The transition that time brings in a state; None for a state that stays."""
        return self.by_time.get(state) if isinstance(state, str | int | float | None) else None


class Parent(NamedTuple):
    """A parent that an operation's path names: parameter, member, the parent's resource, and its own parents there.

    `owner` is None where no resource is known to be the parent.
    """

    parameter: str
    member: str
    owner: str | None
    parents: tuple[Parent, ...]


@dataclass(frozen=True, slots=True)
class Foreign:
    """The refusal of a record that another tenant has: a kind, or an assumption and the kinds that its values mean."""

    kind: str | Assumed
    kinds: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of record, as a document declares it.

    `parent` maps path parameters to members, `refers` members to resources, `includes` names to a member of `refers` or
    to a resource whose parent this one is. `id` makes ids; None for numbers and for ids that a request chooses.
    `key` is the member with the id, a hidden one where the id stands `inside` another member or nowhere; `whole` are
    the members that name a record together, `key` the last of them. A `single` resource has one record, or one of
    each parent, which is always there. `kept` is the schema of members that no answer shows; where a record is
    `formed`, a function makes of it what answers show. `scope` refuses what a credential of another record asks for.
    `delete` is None where a deletion removes the record. Where it is to `fill`, the
    key and the members of parents may be `hidden`: none of the schema, kept and not shown. `listed`, `served`,
    `orphans` and `with_parent` may be assumptions.
    """

    name: str
    schema: str
    members: Mapping[str, Member]
    open: bool
    key: str
    id: NewId | None
    chosen_id: values.Value | None
    order: str | None
    descending: bool
    sort: str | None
    direction: str | None
    parent: Mapping[str, str]
    refers: Mapping[str, str]
    unique: tuple[str, ...]
    create: Assignments
    defaults: Assignments
    update: Assignments
    delete: Assignments | None
    life_cycle: LifeCycle | None
    include: str | None
    includes: Mapping[str, str]
    not_found: str
    conflict: str
    unknown_reference: str
    foreign: Foreign | None
    deleted: str | None = None  # the member that a soft deletion sets
    numbered: bool = field(default=False)
    fill: bool = False
    hidden: frozenset[str] = frozenset()
    listed: Json = "oldest-first"
    served: Json = "records"
    orphans: Json = "refused"
    with_parent: Json = 0
    inside: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
    single: bool = False
    kept: Json = None
    kept_members: frozenset[str] = frozenset()
    formed: bool = False
    scope: str | None = None
    malformed: Json = "not-found"

    def id_in(self, record: Json) -> Json:
        """The id that a record shows; None where it shows none."""
        return value_at(record, self.inside or (self.key,))


class Reader:
    """Reads the resources of a document, and collects diagnostics. Functions make what is shown of the `formed`."""

    def __init__(self, contract: Contract, formed: Collection[str] = ()) -> None:
        self.formed = formed
        self.contract = contract
        self.document = contract.document
        self.declared: Mapping[str, Json] = contract.document.get("x-resources", {})
        self.schemas: Mapping[str, Json] = contract.document.get("components", {}).get("schemas", {})
        self.diagnostics: list[Diagnostic] = []

    def resources(self) -> dict[str, Resource]:
        """The resources by name; those with an unknown schema are left out."""
        read = {name: self._resource(name, given) for name, given in self.declared.items()}
        return {name: resource for name, resource in read.items() if resource is not None}

    def known(self, name: Json, choices: Iterable[Json], pointer: str, what: str) -> bool:
        """Whether a name is one of the choices; a diagnostic with the nearest one otherwise."""
        known = list(choices)
        if name in known:
            return True
        self.diagnostics.append((pointer, f"{name} is no {what}{suggest(str(name), map(str, known))}"))
        return False

    def assumed(self, given: Json, pointer: str) -> Json:
        """A value, or the Assumed of the assumption that holds it."""
        if not isinstance(given, Mapping):
            return given
        self.known(given["assumption"], self.contract.assumptions, pointer, "assumption")
        return Assumed(given["assumption"])

    def kind(self, given: Mapping[str, Json], key: str, pointer: str) -> str:
        """The kind of error that an entry names under `key`, or the usual one."""
        if key in given:
            self.known(given[key], self.contract.errors, f"{pointer}/{key}", "kind of x-errors")
            return str(given[key])
        return next(kind for kind in (*_KINDS[key], "invalid") if kind in self.contract.errors)

    def assignments(self, given: Mapping[str, Json], members: Mapping[str, Member], pointer: str) -> Assignments:
        """The members that an entry sets."""
        constants, computed = {}, []
        for name, entry in given.items():
            place = pointer + at(name)
            schema = members[name].schema if name in members else {}
            self.known(name, members, place, "member of the schema")
            for id in values.assumptions(entry):
                self.known(id, self.contract.assumptions, place, "assumption")
            try:
                constant, value = values.compile_value(entry, schema)
            except ValueError as error:
                self.diagnostics.append((place, str(error)))
                continue
            if constant:
                self._check_constant(value, schema, place)
                constants[name] = value
            else:
                computed.append((name, value))
        return Assignments(constants, tuple(computed))

    def _check_constant(self, value: Json, schema: Mapping[str, Json], pointer: str) -> None:
        for error in self.contract.fits(schema).iter_errors(value):
            self.diagnostics.append((pointer, f"does not fit the schema of the member: {error.message}"))

    def _resource(self, name: str, given: Mapping[str, Json]) -> Resource | None:
        pointer = at("x-resources", name)
        named = given.get("schema")
        if named is not None and not self.known(named, self.schemas, f"{pointer}/schema", "schema of this document"):
            return None
        schema = {} if named is None else self.schemas[named]
        members = schemas.members(self.document, schema)
        kept = self._kept(given, members, f"{pointer}/kept")
        members |= kept
        single, fill = given.get("single", False), given.get("fill", False)
        whole = _listed(given.get("key", STORED if single else "id"))
        key = whole[-1]
        hidden = frozenset((*whole, *given.get("parent", {}).values())) - members.keys() if fill else frozenset()
        hidden |= {STORED} if len(whole) > 1 or key == STORED else frozenset()
        members |= {name: Member({}, required=False) for name in sorted(hidden)}
        hidden |= kept.keys() - {key}
        if is_pointer(key):
            hidden |= {key}
            members[key] = self._inside(schema, key, f"{pointer}/key")
        for number, member in enumerate(whole):
            place = f"{pointer}/key/{number}" if len(whole) > 1 else f"{pointer}/key" if "key" in given else pointer
            self._member(member, members, place)
        order, soft = given.get("order"), given.get("delete")
        if order is not None:
            self._member(order.lstrip("-"), members, f"{pointer}/order")
        for number, member in enumerate(given.get("unique", ())):
            self._member(member, members, f"{pointer}/unique/{number}")
        new_id, chosen = self._id(given, members.get(key), pointer)
        refers = self._refers(given, members, pointer)
        sort = given.get("sort", {})
        return Resource(
            name=name,
            schema=named or "",
            members=members,
            open=named is not None and schemas.is_open(self.document, schema),
            key=key,
            id=new_id,
            chosen_id=chosen,
            order=order.lstrip("-") if order else None,
            descending=bool(order and order.startswith("-")),
            sort=sort.get("by"),
            direction=sort.get("direction"),
            parent=self._parent(given, members, pointer),
            refers=refers,
            unique=tuple(given.get("unique", ())),
            create=self.assignments(given.get("create", {}), members, f"{pointer}/create"),
            defaults=self.assignments(given.get("defaults", {}), members, f"{pointer}/defaults"),
            update=self.assignments(given.get("update", {}), members, f"{pointer}/update"),
            delete=None if soft is None else self.assignments(soft, members, f"{pointer}/delete"),
            life_cycle=self._life_cycle(given, members, pointer),
            include=given.get("includes", {}).get("parameter"),
            includes=dict(given.get("includes", {}).get("members", {})),
            not_found=self.kind(given, "not-found", pointer),
            conflict=self.kind(given, "conflict", pointer),
            unknown_reference=self.kind(given, "unknown-reference", pointer),
            foreign=self._foreign(given, pointer),
            deleted=next(iter(soft), None) if soft else None,
            numbered=chosen is None and ids.is_number(_shape(given, members.get(key))),
            fill=fill,
            hidden=hidden,
            listed=self.assumed(given.get("listed", "oldest-first"), f"{pointer}/listed"),
            served=self.assumed(given.get("served", "records"), f"{pointer}/served"),
            with_parent=self.assumed(given.get("with-parent", 0), f"{pointer}/with-parent"),
            orphans=self.assumed(given.get("orphans", "refused"), f"{pointer}/orphans"),
            inside=names_of(key) if is_pointer(key) else (),
            whole=tuple(whole) if len(whole) > 1 else (),
            single=single,
            kept=given.get("kept"),
            kept_members=frozenset(kept),
            formed=name in self.formed,
            scope=self.kind(given, "scope", pointer) if "scope" in given else None,
            malformed=self.assumed(given.get("malformed-id", "not-found"), f"{pointer}/malformed-id"),
        )

    def _kept(self, given: Mapping[str, Json], members: Mapping[str, Member], pointer: str) -> dict[str, Member]:
        """The members that a record keeps beside those of its schema."""
        kept = given.get("kept", {})
        found = schemas.members(self.document, kept)
        for name in sorted(found.keys() & members.keys()):
            text = f"{name} is a member of {given['schema']} already"
            self.diagnostics.append((f"{pointer}/properties{at(name)}", text))
        if "schema" in given and kept.get("additionalProperties") is False:
            text = f"this refuses the members of {given['schema']}, which stand in the same record; leave it out"
            self.diagnostics.append((f"{pointer}/additionalProperties", text))
        return found

    def _inside(self, schema: Json, key: str, pointer: str) -> Member:
        """The member that a JSON pointer into a record leads to."""
        found = Member(schema, required=True)
        for name in names_of(key):
            known = schemas.members(self.document, found.schema)
            if not self.known(name, known, pointer, f"member on the way of {key}"):
                return Member({}, required=False)
            found = known[name]
        return found

    def _member(self, name: str, members: Mapping[str, Member], pointer: str) -> None:
        self.known(name, members, pointer, "member of the schema")

    def _id(
        self, given: Mapping[str, Json], member: Member | None, pointer: str
    ) -> tuple[NewId | None, values.Value | None]:
        """What makes an id: a function of the world's ids, or one of the request."""
        text, place = _shape(given, member), f"{pointer}/id"
        try:
            if values.is_expression(text):
                return None, values.compile_value(text)[1]
            if text == ids.BY_SCHEMA:
                schema = {} if member is None else member.schema
                return ids.by_schema(_without_examples(schema), self.schemas, self.contract.fits), None
            return (None if ids.is_number(text) else ids.shape(text)), None
        except ValueError as error:
            self.diagnostics.append((place, str(error)))
            return None, None

    def _parent(self, given: Mapping[str, Json], members: Mapping[str, Member], pointer: str) -> Mapping[str, str]:
        parameters = {
            one.name
            for operation in self.contract.operations.values()
            for one in operation.parameters
            if one.location in ("path", "query")
        }
        for parameter, member in given.get("parent", {}).items():
            place = f"{pointer}/parent{at(parameter)}"
            self.known(parameter, sorted(parameters), place, "parameter of a path or query of this document")
            self._member(member, members, place)
        return dict(given.get("parent", {}))

    def _refers(self, given: Mapping[str, Json], members: Mapping[str, Member], pointer: str) -> Mapping[str, str]:
        for member, target in given.get("refers", {}).items():
            place = f"{pointer}/refers{at(member)}"
            self._member(member, members, place)
            self.known(target, self.declared, place, "resource")
        return dict(given.get("refers", {}))

    def _foreign(self, given: Mapping[str, Json], pointer: str) -> Foreign | None:
        entry, place = given.get("foreign"), f"{pointer}/foreign"
        if entry is None:
            return None
        if isinstance(entry, str):
            self.known(entry, self.contract.errors, place, "kind of x-errors")
            return Foreign(entry, {})
        id, kinds = entry["assumption"], entry.get("kinds", {})
        if self.known(id, self.contract.assumptions, place, "assumption"):
            known = self.contract.assumptions[id]
            for value in (known.default, *known.alternatives):
                if value != "not-found":
                    self.known(kinds.get(value, value), self.contract.errors, place, "kind of x-errors")
        return Foreign(Assumed(id), kinds)

    def _life_cycle(self, given: Mapping[str, Json], members: Mapping[str, Member], pointer: str) -> LifeCycle | None:
        entry, pointer = given.get("life-cycle"), f"{pointer}/life-cycle"
        if entry is None:
            return None
        self._member(entry["member"], members, f"{pointer}/member")
        state = members[entry["member"]].schema if entry["member"] in members else {}
        transitions = {
            name: self._transition(name, line, state, members, pointer + at(name))
            for name, line in entry.items()
            if name != "member"
        }
        self._check_times(transitions, pointer)
        by_time = {state: one for one in transitions.values() if one.after is not None for state in one.before}
        return LifeCycle(entry["member"], transitions, by_time)

    def _transition(
        self, name: str, line: Json, state: Mapping[str, Json], members: Mapping[str, Member], pointer: str
    ) -> Transition:
        for number, value in enumerate((*line["from"], line["to"])):
            last = number == len(line["from"])
            self._check_constant(value, state, f"{pointer}/to" if last else f"{pointer}/from/{number}")
        after = line.get("after")
        if isinstance(after, Mapping):
            self.known(after["assumption"], self.contract.assumptions, f"{pointer}/after", "assumption")
            after = Assumed(after["assumption"])
        return Transition(
            name=name,
            before=tuple(line["from"]),
            to=line["to"],
            set=self.assignments(line.get("set", {}), members, f"{pointer}/set"),
            after=after,
            refused=self.kind(line, "refused", pointer),
        )

    def _check_times(self, transitions: Mapping[str, Transition], pointer: str) -> None:
        """Time brings one transition in each state."""
        seen: dict[str, str] = {}
        for name, one in transitions.items():
            for state in one.before if one.after is not None else ():
                if repr(state) in seen:
                    text = f"time leads out of {state} by {seen[repr(state)]} already; only one can come first"
                    self.diagnostics.append((pointer + at(name), text))
                seen[repr(state)] = name


def _listed(given: Json) -> list[str]:
    """The members of a key, one or several."""
    return [given] if isinstance(given, str) else list(given)


def _without_examples(schema: Mapping[str, Json]) -> Json:
    """A schema without values that would be the same each time."""
    return {key: value for key, value in schema.items() if key not in ("examples", "example", "default")}


def _shape(given: Mapping[str, Json], member: Member | None) -> str:
    """The shape of a resource's ids: as declared, or as the schema of the member suggests."""
    if "id" in given:
        return str(given["id"])
    schema = member.schema if member else {}
    if member is not None and member.is_number:
        return "{number}"
    return "{uuid}" if schema.get("format") == "uuid" else "{base62:20}"
