"""The APIs, documents and seeds that are installed, loaded once for each process, and documents of the user.

Mutants are made of these APIs, and every target is checked against their documents. Do not mutate the results.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from understudy import apis
from understudy.apis.handlers import run
from understudy.apis.own import Own, declare
from understudy.apis.packages import find
from understudy.document.contract import Contract
from understudy.engine.api import Api
from understudy.engine.seed import SeededData, load_seed
from understudy.resources.rules import with_rules

Json = Any
Part = Literal["checks", "mutants"]
_OWN: dict[str, Api] = {}
"""The APIs of the user's documents and of packages, by name."""
_PARTS: dict[tuple[str, Part], ModuleType] = {}
"""What stands for the kit in folders, by the name of their API."""


@cache
def install(api: str | Own) -> str:
    """The name of an API; a user's document, or an API of a package, is loaded.

    Raises Unreadable, UnsupportedDocument, ContractError or BadHandlers for what cannot be served.
    """
    found = api if isinstance(api, Own) or api in apis.NAMES else find(api)
    if isinstance(found, Own):
        served, _ = declare(found)
        _OWN[found.name] = with_rules(served)
        _run_parts(found)
        return found.name
    if isinstance(found, Api):
        _OWN[found.name] = found
        return found.name
    return found


def parts(part: Part) -> Mapping[str, ModuleType]:
    """The modules `checks.py`, or `mutants.py`, of the folders that were installed, by the name of their API."""
    return {name: module for (name, known), module in _PARTS.items() if known == part}


def _run_parts(own: Own) -> None:
    """Run what stands for the kit in the folder of an API. Raises BadHandlers."""
    files: dict[Part, Path | None] = {}
    if own.folder is not None:
        files = {"checks": own.folder.checks, "mutants": own.folder.mutants}
    for part, file in files.items():
        if file is not None:
            _PARTS[own.name, part], _ = run(str(file))


def declared(name: str) -> Api:
    """The API of a name: a built-in one, or that of a document that was installed."""
    return _OWN[name] if name in _OWN else _built_in(name)


@contextmanager
def read_as(name: str, values: Mapping[str, Json]) -> Iterator[None]:
    """Meanwhile, the API of a user's document is what it is by these values of assumptions; others stay as they are.

    Its contract has the rules of that reading: what is checked of pages follows from how they are asked for.
    """
    known = declared(name)
    read = known.read_as(values)
    if read is known:
        yield
        return
    _OWN[name] = with_rules(read)
    try:
        yield
    finally:
        _OWN[name] = known


def seeds() -> Mapping[str, Json]:
    """The seeds by API; a user's document has none."""
    return {**_built_in_seeds(), **dict.fromkeys(_OWN)}


def load_seed_once(api: Api, seed: Json) -> SeededData:
    """Load a seed into stores. The installed seed is loaded once for an API and all mutants that do not change how."""
    if seed is not seeds().get(api.name):
        return load_seed(api, seed)
    unchanged, parts = declared(api.name), ("contract", "layouts", "inconsistencies", "seed")
    if any(getattr(api, part) is not getattr(unchanged, part) for part in parts):
        return load_seed(api, seed)
    stores, credentials = _seeded(api.name)
    return {tenant: store.fork() for tenant, store in stores.items()}, credentials


def document(api: str) -> Contract:
    """The installed contract of an API, against which every target is checked."""
    return declared(api).contract


@cache
def _built_in(name: str) -> Api:
    return apis.declare(name)


@cache
def _built_in_seeds() -> Mapping[str, Json]:
    return apis.seeds(apis.NAMES)


@cache
def _seeded(name: str) -> SeededData:
    api = declared(name)
    return load_seed(api, None) if name in _OWN else apis.load_checked_seed(api, seeds()[name])
