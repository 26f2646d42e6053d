"""The records that were made of a user's seed, checked against the document: each fault at its place in the seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from understudy.document.seed_file import Place, SeedError, place_of
from understudy.engine.api import Api, SeededTenant
from understudy.engine.call import Json
from understudy.engine.seed import fill_store


def check_records(api: Api, seed: Json, seeded: Sequence[SeededTenant]) -> None:
    """Raises SeedError with every record that does not fit its schema, or else with all that does not fit together."""
    for check in (_faults, _misfits):
        faults = [fault for tenant in seeded for fault in check(api, seed, tenant)]
        if faults:
            raise SeedError(faults)


def _faults(api: Api, seed: Json, tenant: SeededTenant) -> Iterator[tuple[Place, str]]:
    for name, records in tenant.data.items():
        validator = api.contract.fits(api.layouts[name].schema)
        for record in records:
            for error in validator.iter_errors(record):
                within = ".".join(map(str, error.instance_path))
                told = f"{within}: {error.message}" if within else error.message
                yield place_of(seed, record["id"]), f"{name} {record['id']}: {told}"


def _misfits(api: Api, seed: Json, tenant: SeededTenant) -> Iterator[tuple[Place, str]]:
    for misfit in api.inconsistencies(tenant.tenant, fill_store(api, tenant.data)):
        _, _, id = misfit.partition(":")[0].partition(" ")  # `<collection> <id>: ...`
        yield place_of(seed, id), misfit
