"""The APIs that can be served, by name."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from mock_server import cache, data, grammar
from mock_server.api import Api, Json

NAMES = ("nextstep", "kognitos", "tallyfy")


def declare(name: str) -> Api:
    """The API `name` (one of NAMES, or `control`), its document compiled. Raises ContractError."""
    api: Api = import_module(f"mock_server.apis.{name}").declare()
    return api


def seeds(names: Sequence[str], folder: Path | None = None) -> dict[str, Json]:
    """The content of `<name>/seed.yaml` in the fixtures folder (ours by default), by name; raises Unreadable."""
    read = grammar.read if folder else _kept
    places = {name: (folder or data.path("fixtures")) / name / "seed.yaml" for name in names if name in NAMES}
    return {name: read(place) for name, place in places.items()}


def _kept(place: Path) -> Json:
    return cache.kept(place, lambda: grammar.read(place))
