"""The APIs that can be served, by name."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import msgspec

from mock_server import cache, data, grammar, refusals
from mock_server.api import Api, Credential, Json
from mock_server.world import Planted, filled, planted

NAMES = ("nextstep", "kognitos", "tallyfy")
EVENT_KINDS = ("invalid", "not-found", "refused")  # how the control API refuses an event


def declare(name: str) -> Api:
    """The API `name` (one of NAMES, or `control`), its document compiled.

    Raises ContractError for a document that is not understood, ValueError for a Problem that it does not know.
    """
    api: Api = import_module(f"mock_server.apis.{name}").declare()
    faults = refusals.unknown(
        name, sources(name), known=api.contract.errors, events=api.events.values(), told=EVENT_KINDS
    )
    if faults:
        raise ValueError(f"{api.contract.source}: {'; '.join(faults)}")
    return api


def sources(name: str) -> list[Path]:
    """The files that hold the handlers of the API `name`: `<name>.py` and `<name>_*.py`."""
    folder = Path(__file__).parent
    return [folder / f"{name}.py", *sorted(folder.glob(f"{name}_*.py"))]


def seeds(names: Sequence[str], folder: Path | None = None) -> dict[str, Json]:
    """The content of `<name>/seed.yaml` in the fixtures folder (ours by default), by name; raises Unreadable."""
    read = grammar.read if folder else _kept
    places = {name: (folder or data.path("fixtures")) / name / "seed.yaml" for name in names if name in NAMES}
    return {name: read(place) for name, place in places.items()}


def plant(api: Api, seed: Json) -> Planted:
    """What grows from a seed, as `planted` tells; that it fits our document of the API is found out once."""

    def grown() -> Json:
        planted(api, seed)
        return msgspec.to_builtins(api.seed(seed, api.contract))

    contents = msgspec.json.encode(seed), data.path(f"openapi/{api.name}.yaml").read_bytes()
    known = cache.kept(f"{api.name}-grown", grown, *contents)
    stores = {one["tenant"]: filled(api, one["data"]) for one in known}
    return stores, tuple(Credential(*credential) for one in known for credential in one["credentials"])


def _kept(place: Path) -> Json:
    return cache.kept(f"{place.parent.name}-seed", lambda: grammar.read(place), place.read_bytes())
