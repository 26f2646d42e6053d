"""The APIs that can be served, by name."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from importlib import import_module
from pathlib import Path

import msgspec

from mock_server import cache, data, grammar
from mock_server.api import Api, Credential, Json
from mock_server.world import Planted, filled, planted

NAMES = ("nextstep", "kognitos", "tallyfy")


def declare(name: str) -> Api:
    """The API `name` (one of NAMES, or `control`), its document compiled. Raises ContractError."""
    api: Api = import_module(f"mock_server.apis.{name}").declare()
    return api


def seeds(names: Sequence[str], folder: Path | None = None) -> dict[str, Json]:
    """The content of `<name>/seed.yaml` in the fixtures folder (ours by default), by name; raises Unreadable."""
    known = [name for name in names if name in NAMES]
    if folder is not None:
        return {name: grammar.read(folder / name / "seed.yaml") for name in known}
    return {name: cache.kept(f"{name}-seed", partial(grammar.read, _seed(name)), _seed(name)) for name in known}


def plant(api: Api, seed: Json) -> Planted:
    """What grows from the seed that is ours, as `planted` tells; that it fits the document is found out once."""

    def grown() -> Json:
        planted(api, seed)
        return msgspec.to_builtins(api.seed(seed, api.contract))

    known = cache.kept(f"{api.name}-grown", grown, _seed(api.name), data.path(f"openapi/{api.name}.yaml"))
    stores = {one["tenant"]: filled(api, one["data"]) for one in known}
    return stores, tuple(Credential(*credential) for one in known for credential in one["credentials"])


def _seed(name: str) -> Path:
    return data.path(f"fixtures/{name}/seed.yaml")
