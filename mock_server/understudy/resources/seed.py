"""Records that are given from outside: by a seed file, or to a running world. All are checked before one is stored.

Must not know files, or how a world is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import jsonschema_rs
import msgspec

from understudy import data
from understudy.document.seed_file import SeedError, SeedPath, check_json
from understudy.document.seed_times import moment
from understudy.engine.call import Call
from understudy.engine.store import Record
from understudy.messages import suggest
from understudy.resources import schemas
from understudy.resources.layouts import text_of
from understudy.resources.made import Made
from understudy.resources.records import Records
from understudy.resources.values import in_form_of

Json = Any
FILE = "openapi/seed.schema.json"
COUNT = "count"
_OF_OTHERS = ("required", "oneOf", "anyOf")  # errors that the members which are filled may mend


class New(NamedTuple):
    """A record to add, and where it stands in the seed; a made one stands where its count does."""

    record: Record
    place: SeedPath

    def at(self, *path: str | int, text: str) -> tuple[SeedPath, str]:
        """An error in a value of the record: its place and its text."""
        if self.place[-1] == COUNT:
            return self.place, ": ".join((".".join(map(str, path)), text)) if path else text
        return (*self.place, *path), text


def add(records: Mapping[str, Records], call: Call, content: Json) -> list[Record]:
    """Add records by resource to the tenant of a call, all or none; returns them. Raises SeedError."""
    before = call.ids.seed, call.ids.count
    try:
        batch = _Batch(records, call, {} if content is None else content)
        batch.check()
    except SeedError:  # what is refused takes no id
        call.ids.seed, call.ids.count = before
        raise
    return batch.store()


@cache
def schema() -> Json:
    """The JSON Schema of seed files."""
    return msgspec.json.decode(data.path(FILE).read_bytes())


class _Batch:
    """The records of one seed, made but not stored."""

    def __init__(self, records: Mapping[str, Records], call: Call, content: Json) -> None:
        self._all = records
        self._call = call
        self._errors: list[tuple[SeedPath, str]] = []
        self._untimely: set[SeedPath] = set()  # places of wrong times
        self._last: dict[str, int] = {}  # numbers of numbered resources
        self._new: dict[str, dict[str, New]] = {name: {} for name in records}
        self._check_shape(content)
        for name in _in_order(records):
            self._read(records[name], content.get(name, ()))

    def check(self) -> None:
        """Raise SeedError with all that is wrong."""
        for name, new in self._new.items():
            self._check_unique(self._all[name], new.values())
            for one in new.values():
                self._check(self._all[name], one)
        if self._errors:
            raise SeedError(self._errors)

    def store(self) -> list[Record]:
        """Store the records, and schedule what time brings next."""
        for name, number in self._last.items():
            self._all[name].reserve(self._call, str(number))
        for name, new in self._new.items():
            for one in new.values():
                self._all[name].store(self._call, dict(one.record), None)
        return [one.record for new in self._new.values() for one in new.values()]

    def _fail(self, place: SeedPath, text: str) -> None:
        self._errors.append((place, text))

    def _check_shape(self, content: Json) -> None:
        check_json(content)
        for error in jsonschema_rs.Draft202012Validator(schema()).iter_errors(content):
            self._fail(tuple(error.instance_path), error.message)
        if self._errors:
            raise SeedError(self._errors)
        for name in content:
            if name not in self._all:
                self._fail((name,), f"{name} is no resource of this document{suggest(name, self._all)}")

    def _read(self, records: Records, given: Json) -> None:
        whole = given if isinstance(given, dict) else {"records": given}
        under: SeedPath = (records.name,) if given is not whole else (records.name, "records")
        rows = list(whole.get("records", ()))
        if records.resource.numbered:
            self._last[records.name] = max(_highest(records, rows), records.last_number(self._call))
        for number, row in enumerate(rows):
            self._take(records, self._with_times(records, row, (*under, number)), (*under, number))
        if "values" in whole and not whole.get(COUNT):
            self._fail((records.name, "values"), "there is no count of the records that have these values")
        if whole.get(COUNT):
            self._make(records, int(whole[COUNT]), whole.get("values", {}))

    def _make(self, records: Records, count: int, values: Mapping[str, Json]) -> None:
        """Make records, at the place of their count."""
        place: SeedPath = (records.name, COUNT)
        given = self._with_times(records, values, (records.name, "values"))
        self._check_names(records, given, (records.name, "values"))
        made = Made(records, given, self._call, {name: self._ids(name) for name in self._all})
        for number in range(count):
            if self._errors:
                return
            try:
                self._take(records, made.record(number, count), place)
            except ValueError as error:
                self._fail(place, str(error))

    def _ids(self, name: str) -> list[Json]:
        """The ids of all records of a resource, also of those that are there already."""
        key = self._all[name].resource.key
        return [record[key] for record in self._call.store[name]] + [
            one.record[key] for one in self._new[name].values()
        ]

    def _take(self, records: Records, given: Mapping[str, Json], place: SeedPath) -> None:
        self._check_names(records, given, place)
        self._check_given(records, given, place)
        id = records.resource.id_in(given)
        record = records.given(self._call, given, self._new_id(records, place) if id is None else id)
        text = records.layout.id(record)
        if text in self._new[records.name] or self._call.store[records.name].row(text) is not None:
            self._fail(*New(record, place).at(records.resource.key, text=f"{text} is there already"))
        self._new[records.name][text] = New(record, place)

    def _new_id(self, records: Records, place: SeedPath) -> Json:
        resource = records.resource
        if resource.numbered:
            self._last[resource.name] += 1
            number = self._last[resource.name]
            return number if resource.key in records.integers else str(number)
        if resource.id is None:
            self._fail(place, f"{resource.key} is missing; a request chooses it, so that none is made")
            return f"{len(self._new[resource.name])}"
        return resource.id(self._call.ids)

    def _check_names(self, records: Records, given: Iterable[str], place: SeedPath) -> None:
        for name in given:
            if name not in records.resource.members and not records.resource.open:
                hint = suggest(name, records.resource.members)
                self._fail((*place, name), f"{name} is no member of {records.resource.schema or records.name}{hint}")

    def _check_given(self, records: Records, given: Mapping[str, Json], place: SeedPath) -> None:
        """Collect what is wrong with the members that are given, where the others are filled."""
        for error in records.errors(given) if records.filler is not None else ():
            if error.kind.name not in _OF_OTHERS and (*place, *error.instance_path) not in self._untimely:
                self._fail((*place, *error.instance_path), error.message)

    def _with_times(self, records: Records, given: Mapping[str, Json], place: SeedPath) -> dict[str, Json]:
        known = records.resource.members
        return {
            name: self._with_time(records, value, known[name].schema if name in known else {}, (*place, name))
            for name, value in given.items()
        }

    def _with_time(self, records: Records, value: Json, schema: Mapping[str, Json], place: SeedPath) -> Json:
        """A value with its relative times in the form that the schema says."""
        if isinstance(value, dict):
            known = schemas.members(records.document, schema)
            return {
                name: self._with_time(records, child, known[name].schema if name in known else {}, (*place, name))
                for name, child in value.items()
            }
        if isinstance(value, list):
            items = schemas.resolve(records.document, schema.get("items", {}))
            return [self._with_time(records, child, items, (*place, n)) for n, child in enumerate(value)]
        try:
            at = moment(value, self._call.now) if isinstance(value, str) else None
        except ValueError as error:
            self._fail(place, str(error))
            self._untimely.add(place)
            return value
        return value if at is None else in_form_of(schema)(at)

    def _check(self, records: Records, new: New) -> None:
        """Collect what is wrong with one record: its schema, its parents, its references."""
        for error in records.errors(new.record):
            place, text = new.at(*error.instance_path, text=error.message)
            if place not in self._untimely:
                self._fail(place, text)
        for parameter, member in records.parents:
            owner = records.owners.get(parameter)
            if owner is not None and new.record.get(member) is None and not records.resource.fill:
                self._fail(new.place, f"{member} is missing: the {owner.name} that it belongs to")
        for member, target in _references(records):
            value = new.record.get(member)
            for one in value if isinstance(value, list) else [value] if value is not None else []:
                id = text_of(one)
                if not self._is_known(target, id):
                    self._fail(*new.at(member, text=f"there is no {target} {id[:80]}"))

    def _is_known(self, name: str, id: str) -> bool:
        """Whether a resource has a record that others name so."""
        if self._all[name].whole:
            return id in map(text_of, self._ids(name))
        return id in self._new[name] or self._call.store[name].row(id) is not None

    def _check_unique(self, records: Records, new: Iterable[New]) -> None:
        for member in records.resource.unique:
            seen: set[str] = set()
            for one in new:
                value = one.record.get(member)
                text = text_of(value)
                if value is not None and (
                    text in seen or self._call.store[records.name].listing((member, text)).size()
                ):
                    self._fail(*one.at(member, text=f"there is one with the {member} {text[:80]} already"))
                seen.add(text)


def _highest(records: Records, rows: Sequence[Mapping[str, Json]]) -> int:
    """The highest number that is an id of these records; 0 without one."""
    own = (records.resource.id_in(row) for row in rows)
    ids = (text_of(id) for id in own if id is not None)
    return max((int(id) for id in ids if id.isascii() and id.isdigit()), default=0)


def _references(records: Records) -> Iterator[tuple[str, str]]:
    """The members that lead to another record, with its resource: references, and parents."""
    yield from records.resource.refers.items()
    for parameter, member in records.parents:
        if parameter in records.owners:
            yield member, records.owners[parameter].name


def _in_order(records: Mapping[str, Records]) -> list[str]:
    """The names of the resources, each after those that it leads to, where that is possible."""
    order: dict[str, None] = {}

    def visit(name: str, above: tuple[str, ...]) -> None:
        if name not in above and name not in order:
            for _, target in _references(records[name]):
                visit(target, (*above, name))
            order[name] = None

    for name in records:
        visit(name, ())
    return list(order)
