"""Operations on many records at once: what creates all that a list holds, and what deletes all that are named.

Each does all of it or nothing. Must not know how one record is made, nor how an answer looks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from understudy.engine.call import Call
from understudy.engine.problem import Problem
from understudy.engine.store import SharedRecord
from understudy.resources.layouts import text_of
from understudy.resources.records import Effect, Records
from understudy.resources.roles import Role, at_pointer
from understudy.resources.values import ABSENT

Json = Any


class Done(NamedTuple):
    """What was done to some records: their ids, and the encoded records."""

    ids: list[Json]
    rows: list[bytes]


Do = Callable[[Call], Done]


def creating(role: Role, records: Records, plan: Callable[[Call], Effect]) -> Do:
    """A function that creates a record of each item in a body; `plan` sees one item as the whole body."""
    pointer, key = role.body, role.resource.key

    def create(call: Call) -> Done:
        items = at_pointer(call.body, pointer) if pointer else call.body
        if not isinstance(items, list):
            raise Problem("invalid", f"a list of {records.name} is expected{f' at {pointer}' if pointer else ''}")
        made: list[tuple[SharedRecord, bytes]] = []
        whole = call.body
        try:
            for item in items:
                call.body = item
                effect = plan(call)
                made.append((effect.record, records.perform(call, effect)))
        except Problem:
            for record, _ in reversed(made):
                records.remove(call, records.layout.id(record))
            raise
        finally:
            call.body = whole
        return Done([record[key] for record, _ in made], [row for _, row in made])

    return create


def deleting(role: Role, records: Records) -> Do:
    """A function that deletes the records that a request names; ids that nothing has are refused or passed over."""
    soft, key, named, parents = role.resource.delete, role.resource.key, role.item, role.parents
    assert callable(named), "roles have a value that names many"

    def effect(call: Call, before: SharedRecord) -> Effect:
        if soft is None:
            return Effect("remove", dict(before), before)
        record = dict(before)
        soft.apply(record, call, before[key])
        return Effect("change", record, before)

    def found(call: Call) -> Iterator[SharedRecord]:
        given = named(call, None)
        if given is ABSENT or given is None:
            raise Problem("invalid", f"the request names no {records.name} to be deleted")
        for id in dict.fromkeys(_ids(given, role)):
            before = records.visible(call, id, parents)
            if before is None and call.value(role.unknown) == "refused":
                raise records.not_found(call, id)
            if before is not None:
                yield before

    def delete(call: Call) -> Done:
        if parents:
            records.check_parents(call, parents)
        effects = [effect(call, before) for before in found(call)]
        rows = [records.perform(call, one) for one in effects]
        return Done([one.record[key] for one in effects], rows)

    return delete


def _ids(given: Json, role: Role) -> Iterator[str]:
    """The ids in a list of ids or of records, in a text with commas, or alone."""
    many: Sequence[Json] = given if isinstance(given, list) else [given]
    for one in many:
        if isinstance(one, Mapping):
            yield text_of(role.resource.id_in(one))
        elif isinstance(one, str):
            yield from (part.strip() for part in one.split(",") if part.strip())
        else:
            yield text_of(one)
