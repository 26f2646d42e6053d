"""The APIs, documents and seeds that are installed, loaded once for each process, and documents of the user.

Mutants are made of these APIs, and every target is checked against their documents. Do not mutate the results.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from understudy import apis
from understudy.apis.own import Own, declare
from understudy.document.contract import Contract
from understudy.engine.api import Api
from understudy.engine.seed import SeededData, load_seed

Json = Any
_OWN: dict[str, Api] = {}
"""The APIs of the user's documents, by name."""


@cache
def install(api: str | Own) -> str:
    """The name of a built-in API, or that of a user's document, which is loaded.

    Raises Unreadable, UnsupportedDocument or ContractError for a document that cannot be served.
    """
    if isinstance(api, Own):
        _OWN[api.name], _ = declare(api)
        return api.name
    return api


def declared(name: str) -> Api:
    """The API of a name: a built-in one, or that of a document that was installed."""
    return _OWN[name] if name in _OWN else _built_in(name)


def seeds() -> Mapping[str, Json]:
    """The seeds by API; a user's document has none."""
    return {**_built_in_seeds(), **dict.fromkeys(_OWN)}


def load_seed_once(api: Api, seed: Json) -> SeededData:
    """Load a seed into stores. The installed seed is loaded once for an API and all mutants that do not change how."""
    if seed is None or seed is not seeds().get(api.name):
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
