"""The records that an API starts with, as a seed file may hold them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from understudy.document.seed_file import SeedError, SeedPath
from understudy.engine.api import Api, SeededTenant
from understudy.engine.call import Json
from understudy.engine.worlds import Worlds


def first_records(api: Api) -> Mapping[str, Sequence[Json]]:
    """The records by resource, without the members and records that a seed file could not hold."""
    (first,) = api.seed(None, api.contract)
    found = {name: list(records) for name, records in first.data.items()}
    empty = replace(api, start=None, seed=lambda content, contract: [SeededTenant(first.tenant, {}, first.credentials)])
    while any(found.values()):
        worlds = Worlds([empty], seeds={api.name: None})
        try:
            worlds.add(worlds.default, api.name, first.tenant, found)
            break
        except SeedError as error:
            found = {name: list(_mended(name, records, error.errors)) for name, records in found.items()}
    return found


def _mended(name: str, records: Sequence[Json], errors: Sequence[tuple[SeedPath, str]]) -> Iterator[Json]:
    """The records of a resource without wrong members, and without those that are wrong as a whole."""
    for number, record in enumerate(records):
        wrong = {place[2] if len(place) > 2 else None for place, _ in errors if place[:2] == (name, number)}
        if wrong <= record.keys():
            yield {member: value for member, value in record.items() if member not in wrong}
