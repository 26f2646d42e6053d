"""The check of the records of a user's seed against the document; each error has a path in the seed file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from understudy.document.seed_file import SeedError, SeedPath, path_of
from understudy.engine.api import Api, SeededTenant
from understudy.engine.call import Json
from understudy.engine.seed import fill_store


def check_records(api: Api, seed: Json, seeded: Sequence[SeededTenant]) -> None:
    """Raise SeedError with all schema errors or, without any, all inconsistencies between records."""
    for check in (_schema_errors, _inconsistencies):
        errors = [error for tenant in seeded for error in check(api, seed, tenant)]
        if errors:
            raise SeedError(errors)


def _schema_errors(api: Api, seed: Json, tenant: SeededTenant) -> Iterator[tuple[SeedPath, str]]:
    for name, records in tenant.data.items():
        validator = api.contract.fits(api.layouts[name].schema)
        for record in records:
            for error in validator.iter_errors(record):
                path = ".".join(map(str, error.instance_path))
                message = f"{path}: {error.message}" if path else error.message
                yield path_of(seed, record["id"]), f"{name} {record['id']}: {message}"


def _inconsistencies(api: Api, seed: Json, tenant: SeededTenant) -> Iterator[tuple[SeedPath, str]]:
    for inconsistency in api.inconsistencies(tenant.tenant, fill_store(api, tenant.data)):
        _, _, id = inconsistency.partition(":")[0].partition(" ")  # `<collection> <id>: ...`
        yield path_of(seed, id), inconsistency
