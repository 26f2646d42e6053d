"""Loads seeds into stores, and checks each record against the document."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from understudy.document.model import Validator
from understudy.document.seed_file import SeedErrors, SeedPath
from understudy.engine.api import Api, SeededTenant
from understudy.engine.call import Json
from understudy.engine.credential import Credential
from understudy.engine.store import Layout, Record, Store
from understudy.messages import suggest

SeededData = tuple[dict[str, Store], tuple[Credential, ...]]  # of one API: stores by tenant, all credentials


def load_seed(api: Api, seed: Json) -> SeededData:
    """The stores and credentials of an API's seed; raises ValueError for a seed that does not fit the document."""
    tenants = api.seed(seed, api.contract)
    stores = {seeded.tenant: load_store(api, seeded.tenant, seeded.data) for seeded in tenants}
    return stores, tuple(credential for seeded in tenants for credential in seeded.credentials)


def read_tenants(
    content: Json,
    name: str,
    *,
    fits: Validator,
    layouts: Mapping[str, Layout],
    read: Callable[[Json, Store, SeedErrors, SeedPath], SeededTenant],
) -> Sequence[SeededTenant]:
    """The tenants in the list `name` of a seed file, each read into an empty store.

    Raises SeedError with all schema errors or, without any, all inconsistencies.
    """
    errors = SeedErrors()
    errors.check(fits, content)
    errors.unique(content[name], "id", name)
    tenants = [read(given, Store.empty(layouts), errors, (name, number)) for number, given in enumerate(content[name])]
    errors.raise_all()
    return tenants


def dangling(store: Store, references: Sequence[tuple[str, str, str]]) -> Iterator[str]:
    """Describe each record whose member names no record: `references` are collection, member, collection named."""
    for owner, member, target in references:
        for record in store[owner]:
            if record[member] is not None and store[target].row(record[member]) is None:
                yield f"{owner} {record['id']}: {member}: there is no {record[member]} in {target}"


def load_store(api: Api, tenant: str, dump: Mapping[str, Sequence[Record]]) -> Store:
    """A store with these records; raises ValueError that names the first record that does not fit the document."""
    for name, records in dump.items():
        layout = api.layouts.get(name)
        if layout is None:
            raise ValueError(f"{api.name}/{tenant}: there is no collection {name}{suggest(name, api.layouts)}")
        validator, seen = api.contract.fits(layout.schema), set[str]()
        for number, record in enumerate(records):
            for error in validator.iter_errors(record):
                path = ".".join(map(str, (name, number, *error.instance_path)))
                raise ValueError(f"{api.name}/{tenant}: {path}: {error.message}")
            id = layout.id(record)
            if id in seen:
                raise ValueError(f"{api.name}/{tenant}: {name}.{number}.{layout.key}: there are two with the id {id}")
            seen.add(id)
    store = fill_store(api, dump)
    for text in api.inconsistencies(tenant, store):
        raise ValueError(f"{api.name}/{tenant}: {text}")
    return store


def fill_store(api: Api, dump: Mapping[str, Sequence[Record]]) -> Store:
    """A store with these records, without checks."""
    store = Store.empty(api.layouts)
    for name, records in dump.items():
        for record in records:
            store[name].put(record)
    return store
