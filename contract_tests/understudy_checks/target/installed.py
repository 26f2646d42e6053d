"""The APIs, documents and seeds that are installed, loaded once for each process.

Mutants are made of these APIs, and every target is checked against their documents. Do not mutate the results.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from understudy import apis
from understudy.document.contract import Contract
from understudy.engine.api import Api
from understudy.engine.seed import SeededData, load_seed

Json = Any


@cache
def declared(name: str) -> Api:
    """The installed API of a name."""
    return apis.declare(name)


@cache
def seeds() -> Mapping[str, Json]:
    """The installed seeds by API."""
    return apis.seeds(apis.NAMES)


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
def _seeded(name: str) -> SeededData:
    return apis.load_checked_seed(declared(name), seeds()[name])
