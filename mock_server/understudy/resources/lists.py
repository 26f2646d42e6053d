"""The lists of a resource: filters by `x-filter` or by a member's name, `sort`, and what a caller asks to include.

A filter by equality is an index of the collection; every other one reads the records that the indexes leave.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from functools import partial
from operator import ge, gt, le, lt
from typing import Any, NamedTuple

from understudy.document.operation import Operation
from understudy.document.pointer import at
from understudy.engine.call import Call
from understudy.engine.clock import milliseconds
from understudy.engine.paging import descending
from understudy.engine.problem import Problem
from understudy.engine.store import Collection, ComputedListing, IndexListing, Record, SharedRecord, decode
from understudy.resources import schemas
from understudy.resources.declaration import Parent, Reader, Resource
from understudy.resources.layouts import LIVE, is_sorted_by, moment_of, text_of
from understudy.resources.records import Records
from understudy.resources.roles import at_pointer
from understudy.resources.values import ABSENT, NOTHING, Assignments

Json = Any
Matches = Callable[[Json, Json], bool]  # the value of a member, and that of the parameter
Row = tuple[SharedRecord, bytes]
_MOST_PAIRS = 3  # of a list: each index costs when a record is stored


class Filter(NamedTuple):
    """What a query parameter filters by. `test` is None for equality, which an index answers."""

    parameter: str
    member: str
    test: Matches | None
    several: bool
    unknown: Json = None  # what a value gets that names no record: empty, or not-found
    members: tuple[str, ...] = ()  # several, of which one must pass

    def passes(self, record: SharedRecord, given: Json) -> bool:
        """Whether a record passes a filter that is no equality."""
        assert self.test is not None, "a filter by equality is no scan"
        return any(self.test(record.get(member), given) for member in self.members or (self.member,))


def filters(
    reader: Reader,
    operation: Operation,
    resource: Resource,
    source: Mapping[str, Json],
    *,
    parents: Sequence[Parent] = (),
) -> list[Filter]:
    """The filters of a list operation, but for those that name parents; diagnostics go to the reader."""
    reserved = _reserved(operation, resource) | set(_naming(parents))
    found = []
    by = source.get("x-operation", {}).get("by", {})
    for one in operation.parameters:
        if one.location == "query" and one.name not in reserved:
            declared, pointer = _declared(reader.document, source, operation, one.name)
            if one.name in by:
                place = at("paths", operation.path, operation.method.lower(), "x-operation", "by", one.name)
                declared, pointer = by[one.name], place
            made = _filter(reader, resource, one.name, declared, pointer)
            if made is not None:
                found.append(made)
    return [*found, *_in_body(reader, operation, resource, source)]


def _in_body(reader: Reader, operation: Operation, resource: Resource, source: Mapping[str, Json]) -> Iterator[Filter]:
    """The filters of a list that stand in the body of its request."""
    own = source.get("x-operation", {})
    place = at("paths", operation.path, operation.method.lower(), "x-operation")
    for name in own.get("arguments", {}):
        if name not in _reserved(operation, resource):
            by = own.get("by", {}).get(name)
            made = _filter(reader, resource, name, by, f"{place}{at('by' if by else 'arguments', name)}")
            if made is not None:
                yield made


def sent(operation: Operation, arguments: Mapping[str, str]) -> Callable[[Json], dict[str, Json]]:
    """A function that reads the arguments of a list from a body; it raises Problem for a page that is no number."""
    settings = operation.pagination.settings if operation.pagination else {}
    counted = {str(settings[name]) for name in ("limit", "page", "offset") if name in settings}

    def read(body: Json) -> dict[str, Json]:
        found = {name: at_pointer(body, pointer) for name, pointer in arguments.items()}
        for name in counted:
            if not isinstance(found.get(name, 0), int | float | None):
                message = f"{name} must be a number"
                raise Problem("invalid", message, fields={name: [message]})
        return {name: value for name, value in found.items() if value is not None}

    return read


def lister(
    records: Records,
    operation: Operation,
    chosen: Sequence[Filter],
    parents: Sequence[Parent],
    *,
    filters: Json = True,
    only: Assignments = NOTHING,
    all: Json = False,
) -> Callable[[Call], IndexListing | ComputedListing]:
    """A function that lists the records that a call asks for, in its order: those with `only`, or `all`."""
    resource, name = records.resource, records.name
    checked = [one for one in chosen if one.unknown is not None and one.member in resource.refers]
    ordered_by_call = bool(operation.pagination and operation.pagination.order)
    natural, sort, listed = is_sorted_by(resource), resource.sort, resource.listed
    conditional = bool(only.constants or only.computed)
    idle = _idle(operation, {one.parameter for one in chosen}) if resource.fill else {}
    pairs = frozenset(paired(parents, chosen))
    limited = () if _has_scope(records, parents) else tuple(member for member, _ in records.limited)

    def listing(call: Call) -> IndexListing | ComputedListing:
        arguments = call.arguments
        for one in checked:
            if one.parameter in arguments:
                _check_named(records.all[resource.refers[one.member]], call, arguments[one.parameter], one.unknown)
        backwards = descending(call) if ordered_by_call else resource.descending or call.value(listed) == "newest-first"
        groups: list[Sequence[Hashable]] = []
        for parent in parents:
            value = arguments[parent.parameter]
            groups.append([(parent.member, value if type(value) is str else text_of(value))])
        if conditional and not call.value(all):
            groups += _only(only, call)
        if limited and call.credential.scope is not None:
            groups += [[(member, call.credential.scope)] for member in limited]
        scans: list[tuple[Filter, Json]] = []
        filtered = filters is True or call.value(filters)
        for one in chosen if filtered else ():
            given = arguments.get(one.parameter, ABSENT)
            if given is ABSENT or (one.parameter in idle and given == idle[one.parameter]):
                continue
            if one.test is not None:
                scans.append((one, given))
            else:
                groups.append([(one.member, value) for value in _values(one, given)])
        asked = filtered and sort in arguments
        keys = _sort_keys(resource, call, descending=backwards, asked=asked) if asked or not natural else ()
        if not groups and not scans and not keys:
            return call.store[name].listing(LIVE, descending=backwards)
        if pairs and len(groups) == 2:
            groups = _paired(groups, pairs)
        found = _indexed(call.store[name], groups, descending=backwards)
        return _computed(records, found, scans, keys) if scans or keys else found

    return listing


def _idle(operation: Operation, filters: set[str]) -> dict[str, Json]:
    """The filters whose default is 0 or empty, which no record is meant by: they ask for nothing then."""
    known = {one.name: one.schema.get("default") for one in operation.parameters if one.name in filters}
    return {name: one for name, one in known.items() if one == "" or (one == 0 and not isinstance(one, bool))}


def paired(parents: Sequence[Parent], chosen: Sequence[Filter]) -> list[tuple[str, str]]:
    """The members that one index answers together: the only parent of a list, and what filters it by equality."""
    equal = [one.member for one in chosen if one.test is None and not one.several]
    return [(parents[0].member, member) for member in equal[:_MOST_PAIRS]] if len(parents) == 1 else []


def _paired(groups: list[Sequence[Hashable]], pairs: frozenset[tuple[str, str]]) -> list[Sequence[Hashable]]:
    """Two groups as one, where an index answers them together."""
    indexes: Any = [group[0] for group in groups if len(group) == 1]
    if len(indexes) == 2 and (indexes[0][0], indexes[1][0]) in pairs:
        return [[tuple(indexes)]]
    return groups


def _naming(parents: Sequence[Parent]) -> Iterator[str]:
    """The parameters that name parents, and theirs."""
    for one in parents:
        yield from (one.parameter, *_naming(one.parents))


def _has_scope(records: Records, parents: Sequence[Parent]) -> bool:
    """Whether a parent is refused already where a credential is limited to another one."""
    owners = [(records.all[one.owner], one.parents) for one in parents if one.owner is not None]
    return any(owner.resource.scope is not None or _has_scope(owner, above) for owner, above in owners)


def _only(only: Assignments, call: Call) -> list[Sequence[Hashable]]:
    """The indexes of the members that all records of a list have."""
    wanted: dict[str, Json] = {}
    only.apply(wanted, call, None)
    return [[(member, text_of(value))] for member, value in wanted.items()]


def _check_named(target: Records, call: Call, given: Json, unknown: Json) -> None:
    """Raise the Problem for a filter by a record that there is not, where the document refuses that."""
    if target.visible(call, text_of(given)) is None and call.value(unknown) == "not-found":
        raise Problem(target.resource.not_found)


def _indexed(collection: Collection, groups: Sequence[Sequence[Hashable]], *, descending: bool) -> IndexListing:
    """The records that are in an index of each group."""
    if not groups:
        return collection.listing(LIVE, descending=descending)
    if len(groups) == 1 and len(groups[0]) == 1:
        return collection.listing(groups[0][0], descending=descending)
    return collection.query(*groups, descending=descending)


def _computed(
    records: Records, found: IndexListing, scans: Sequence[tuple[Filter, Json]], keys: Sequence[tuple[str, bool]]
) -> ComputedListing:
    """The rows of a listing that pass every scan, sorted by members."""
    rows = [(decode(row), row) for row in found.slice(0, found.size())]
    for one, given in scans:
        rows = [pair for pair in rows if one.passes(pair[0], given)]
    for member, backwards in reversed(keys):
        rows.sort(key=partial(_rank, member), reverse=backwards)
    ids = [records.layout.id(record) for record, _ in rows]
    places = {id: place for place, id in enumerate(ids)}
    return ComputedListing(len(ids), lambda place: rows[place][1], ids.__getitem__, places.get)


def _rank(member: str, pair: Row) -> tuple[int, Json]:
    """Orders values of different types; what is absent or null comes first."""
    value = pair[0].get(member)
    if value is None:
        return 0, 0
    if isinstance(value, int | float):
        return 1, value
    return 2, value.lower() if isinstance(value, str) else text_of(value)


def _sort_keys(resource: Resource, call: Call, *, descending: bool, asked: bool) -> list[tuple[str, bool]]:
    """The members that a call sorts by, each with whether it is backwards: `name`, `-name`, `name:desc`, `a,-b`."""
    given = call.arguments.get(resource.sort or "") if asked else None
    if not given:
        return [(str(resource.order), descending)] if resource.order else []
    direction = str(call.arguments.get(resource.direction or "", "")).lower()
    found = (_sort_key(resource, part, direction) for part in _parts(given))
    return [one for one in found if one is not None]


def _sort_key(resource: Resource, text: str, direction: str) -> tuple[str, bool] | None:
    """A member to sort by; None for what is none, where the document does not say that this is refused."""
    member, _, own = text.lstrip("+-").replace(" ", ":").partition(":")
    ending = re.fullmatch(r"(.+)[._](asc|desc)", member, re.IGNORECASE)
    if member not in resource.members and ending and ending[1] in resource.members:
        member, own = ending[1], ending[2]
    if member not in resource.members and resource.fill:
        return None
    if member not in resource.members:
        message = f"{member[:80]} is no member to sort by"
        raise Problem("invalid", message, fields={str(resource.sort): [message]})
    return member, text.startswith("-") or (own or direction).lower().startswith("desc")


def _reserved(operation: Operation, resource: Resource) -> set[str]:
    """The parameters of a list that page, sort or include."""
    settings = operation.pagination.settings if operation.pagination else {}
    paging = {str(settings[name]) for name in ("limit", "cursor", "page", "all", "offset") if name in settings}
    return {name for name in (*paging, resource.sort, resource.direction, resource.include) if name is not None}


def _declared(
    document: Json, source: Mapping[str, Json], operation: Operation, name: str
) -> tuple[Mapping[str, Json] | None, str]:
    """The `x-filter` of a query parameter, and its pointer."""
    own, shared = at("paths", operation.path, operation.method.lower()), at("paths", operation.path)
    entries = [(f"{own}/parameters/{n}", one) for n, one in enumerate(source.get("parameters", ()))]
    path_item = document["paths"][operation.path]
    entries += [(f"{shared}/parameters/{n}", one) for n, one in enumerate(path_item.get("parameters", ()))]
    resolved = ((_place(entry, pointer), schemas.resolve(document, entry)) for pointer, entry in entries)
    pointer, found = next((place, one) for place, one in resolved if one["name"] == name and one["in"] == "query")
    return found.get("x-filter"), f"{pointer}/x-filter"


def _place(entry: Mapping[str, Json], pointer: str) -> str:
    """The pointer of a parameter, or of the component that it refers to."""
    return str(entry["$ref"]).removeprefix("#") if "$ref" in entry else pointer


def _filter(
    reader: Reader, resource: Resource, name: str, declared: Mapping[str, Json] | None, pointer: str
) -> Filter | None:
    if declared is None and name not in resource.members:
        return None
    given = declared or {}
    member, relation = given.get("member", name), given.get("is", "equal")
    if relation == "nothing":
        return None
    members = tuple(member) if isinstance(member, list) else (member,)
    what = f"member of {resource.schema or resource.name}"
    if not all(reader.known(one, resource.members, f"{pointer}/member", what) for one in members):
        return None
    member = members[0]
    if relation in ("equal", "any-of"):
        unknown = reader.assumed(given.get("unknown"), f"{pointer}/unknown")
        return Filter(name, member, None, relation == "any-of", unknown)
    moment = resource.members[member].schema.get("format") in ("date", "date-time")
    if relation == "range":
        return Filter(name, member, _within(name, moment=moment), False)
    if relation in _COMPARED:
        return Filter(name, member, _comparing(_COMPARED[relation], name, moment=moment), False)
    return Filter(name, member, _TESTS[relation], False, members=members)


def _values(one: Filter, given: Json) -> Iterator[str]:
    """The values of a parameter as the indexes have them."""
    if one.several or isinstance(given, list):
        yield from _parts(given)
    else:
        yield text_of(given)


def _parts(given: Json) -> list[str]:
    """The values of a parameter that holds several: an array, or text with commas."""
    return (
        [text_of(item) for item in given] if isinstance(given, list) else [*map(str.strip, text_of(given).split(","))]
    )


def _comparing(holds: Callable[[Any, Any], bool], parameter: str, *, moment: bool) -> Matches:
    """A test of order: of moments, numbers or texts."""

    def test(value: Json, given: Json) -> bool:
        if value is None:
            return False
        if moment:
            return holds(moment_of(value), _given_moment(parameter, given))
        if isinstance(value, int | float) and isinstance(given, int | float):
            return holds(value, given)
        return holds(text_of(value), text_of(given))

    return test


def _within(parameter: str, *, moment: bool) -> Matches:
    """A test of the bounds that an object gives, such as `created[gte]`."""
    tests = {name: _comparing(holds, parameter, moment=moment) for name, holds in _BOUNDS.items()}

    def test(value: Json, given: Json) -> bool:
        bounds = given.items() if isinstance(given, Mapping) else ()
        return all(tests[name](value, bound) for name, bound in bounds if name in tests)

    return test


def _given_moment(parameter: str, given: Json) -> int:
    try:
        return milliseconds(str(given))
    except ValueError:
        message = f"{parameter} must be a date or a time, not {str(given)[:80]!r}"
        raise Problem("invalid", message, fields={parameter: [message]}) from None


def _contains(value: Json, given: Json) -> bool:
    if isinstance(value, list):
        return text_of(given) in map(text_of, value)
    return value is not None and text_of(given).lower() in text_of(value).lower()


_BOUNDS = {
    **dict.fromkeys(("gte", "min", "from", "since", "start"), ge),
    **dict.fromkeys(("lte", "max", "to", "until", "end"), le),
    **dict.fromkeys(("gt", "after"), gt),
    **dict.fromkeys(("lt", "before"), lt),
}
_COMPARED = {"at-least": ge, "at-most": le, "above": gt, "below": lt}
_TESTS: Mapping[str, Matches] = {
    "not-equal": lambda value, given: text_of(value) != text_of(given),
    "contains": _contains,
    "begins-with": lambda value, given: value is not None and text_of(value).lower().startswith(text_of(given).lower()),
    "present": lambda value, given: (value is not None) == (given in (True, "true", "1", 1)),
}
Include = Callable[[Call, SharedRecord], Json]


def includes(records: Records) -> Mapping[str, Include]:
    """What a caller can include in a record, by name: the records that it refers to, or its children."""
    return {name: _include(records, target) for name, target in records.resource.includes.items()}


def wanted(records: Records, known: Mapping[str, Include], call: Call) -> list[tuple[str, Include]]:
    """The includes that a call asks for; raises Problem for an unknown one."""
    names = [part for part in _parts(call.arguments[records.resource.include or ""]) if part]
    for name in names:
        if name not in known:
            message = f"{name[:80]} cannot be included; known: {', '.join(known)}"
            raise Problem("invalid", message, fields={str(records.resource.include): [message]})
    return [(name, known[name]) for name in names]


def with_includes(
    record: SharedRecord, asked: Sequence[tuple[str, Include]], call: Call, *, shown: SharedRecord
) -> Record:
    """What is `shown` of a record, with its includes."""
    return {**shown, **{name: include(call, record) for name, include in asked}}


def _include(records: Records, target: str) -> Include:
    referred = records.resource.refers.get(target)
    if referred is not None:
        return lambda call, record: _referred(records.all[referred], call, record.get(target))
    child, member = next((other, member) for other, member in records.children if other.name == target)

    def children(call: Call, record: SharedRecord) -> Json:
        found = records.ids_below(call, child, member, records.layout.id(record))
        return [child.shown(call, child.collection(call).require(id)) for id in found]

    return children


def _referred(records: Records, call: Call, value: Json) -> Json:
    """The record that a member refers to; a list of them for a list of ids, null for none."""
    if isinstance(value, list):
        found = (records.collection(call).get(text_of(id)) for id in value)
        return [records.shown(call, record) for record in found if record is not None]
    record = None if value is None else records.collection(call).get(text_of(value))
    return None if record is None else records.shown(call, record)
