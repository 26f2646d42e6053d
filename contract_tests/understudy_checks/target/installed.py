"""The APIs, documents and seeds that are installed, loaded once for each process.

Mutants are made of them, and every target is judged by their documents. Do not change what is returned.
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
    """An API as it is installed; mutants are made of it."""
    return apis.declare(name)


@cache
def seeds() -> Mapping[str, Json]:
    """The start state as it is installed; not to be changed."""
    return apis.seeds(apis.NAMES)


def load_seed_once(api: Api, seed: Json) -> SeededData:
    """Plant a seed. The installed one is planted once for all APIs that would plant it alike: most mutants do."""
    if seed is not seeds().get(api.name):
        return load_seed(api, seed)
    own, parts = declared(api.name), ("contract", "layouts", "inconsistencies", "seed")
    if any(getattr(api, part) is not getattr(own, part) for part in parts):
        return load_seed(api, seed)
    stores, credentials = _installed(api.name)
    return {tenant: store.fork() for tenant, store in stores.items()}, credentials


def document(api: str) -> Contract:
    """The contract of an API as it is installed: what every target is judged by."""
    return declared(api).contract


@cache
def _installed(name: str) -> SeededData:
    return apis.load_checked_seed(declared(name), seeds()[name])
