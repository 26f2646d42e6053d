"""The first records of resources that no request can make: always the same ones, of the document's own examples.

Must not know files of seeds, or how a world is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from understudy.engine.ids import Ids
from understudy.engine.store import Record
from understudy.resources.layouts import text_of
from understudy.resources.records import Records

Json = Any
_ATTEMPTS = 20  # to make a record with an id of its own


def first(all: Mapping[str, Records], seed: Mapping[str, Json], name: str) -> dict[str, list[Record]]:
    """The records by resource; `seed` says how many each has, `name` is that of the API."""
    made: dict[str, list[Record]] = {}

    def make(resource: str, above: tuple[str, ...]) -> None:
        records = all[resource]
        for owner in records.owners.values():
            if owner.name in seed and owner.name not in made and owner.name not in above:
                make(owner.name, (*above, owner.name))
        ids = Ids(f"{name}/{resource}")
        fitting = [_whole(records, one) for one in seed[resource]["records"] if _fits(records, one)]
        examples = [records.identified(_belonging(records, one, made, 0)) for one in fitting]
        found = {text_of(one[records.resource.key]): one for one in examples}
        parents = max([len(made.get(one.name, ())) for one in records.owners.values()], default=0)
        wanted = seed[resource]["count"] * max(parents, 1)
        for number in range(1, wanted + _ATTEMPTS):
            if len(found) < wanted:
                record = _whole(records, _record(records, ids, number, made, parent=len(found)))
                found.setdefault(text_of(record[records.resource.key]), record)
        made[resource] = list(found.values())

    for resource in seed:
        if resource not in made:
            make(resource, (resource,))
    return made


def _fits(records: Records, example: Json) -> bool:
    return records.filler is not None and records.filler.fits(example)


def _whole(records: Records, known: Record) -> Record:
    """A record as a seed file has it: with defaults, without unknown members, in the order of the schema."""
    resource = records.resource
    return records.entry({name: value for name, value in known.items() if resource.open or name in resource.members})


def _record(records: Records, ids: Ids, number: int, made: Mapping[str, list[Record]], *, parent: int) -> Record:
    """One record: the sample of its schema, with an id of its own, and with a parent that is there."""
    filler, resource = records.filler, records.resource
    assert filler is not None, "only records that are filled are made at first"
    record = records.made(None)
    known = filler.sample.get(resource.key) if isinstance(filler.sample, dict) else None
    record[resource.key] = _id(records, ids, number, known)
    return records.filled(_belonging(records, record, made, parent), filler)


def _belonging(records: Records, record: Record, made: Mapping[str, list[Record]], number: int) -> Record:
    """A record with parents that are there, those of the record that has this number, and with theirs."""
    own = records.resource.parent
    for name, member in own.items():
        owner = records.owners.get(name)
        rows = made.get(owner.name) if owner else None
        if owner and rows:
            row = rows[number % len(rows)]
            above = {own[one]: row[known] for one, known in owner.parent.items() if one in own and known in row}
            record = {**record, **above, member: row[owner.key]}
    return record


def _id(records: Records, ids: Ids, number: int, known: Json) -> Json:
    """The id of one record; the first one has that of the sample."""
    resource = records.resource
    if resource.numbered:
        return number if resource.key in records.integers or not isinstance(known, str) else str(number)
    made = isinstance(known, str) and known.startswith(f"{resource.key}-")  # of its name: no path may take it
    if number == 1 and isinstance(known, str | int) and known != "" and not made:
        return known
    return resource.id(ids) if resource.id is not None else f"{resource.name}-{number}"
