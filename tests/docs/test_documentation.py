"""What README, docs and the control API's document say of keys, events, bounds and reasons is what the server does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from understudy import apis, data
from understudy.apis import control
from understudy.document.contract import Contract
from understudy.document.keys import schema
from understudy.document.read import read
from understudy.engine.bounds import NAMES, Bounds
from understudy.engine.pipeline import handle
from understudy.engine.worlds import Worlds
from understudy.recording import files
from understudy_checks.target import installed

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
BOUNDS = (ROOT / "docs/reference/bounds.md").read_text()
HTTP = (ROOT / "docs/reference/http.md").read_text()
CONTROL = read(data.path("openapi/control.yaml"))


def listed(contract: Contract) -> str:
    """The events of an API with their members, as they are documented."""
    return ", ".join(_event(name, event["schema"]) for name, event in contract.document["x-events"].items())


def _event(name: str, schema: Any) -> str:
    required = schema.get("required", [])
    members = [member if member in required else f"[{member}]" for member in schema.get("properties", {})]
    return f"{name} ({', '.join(members)})" if members else name


@pytest.mark.parametrize("api", apis.NAMES)
def test_events_are_documented_with_their_members(api: str) -> None:
    """control.yaml names every event of an API and the members of its body."""
    told = listed(installed.document(api))
    described = CONTROL["paths"]["/events"]["post"]["description"]
    assert f"- {api}: {told}" in re.sub(r"\s+", " ", described)


def test_bounds_are_documented() -> None:
    """The page on bounds names every bound, in order, with its default."""
    rows = re.findall(r"^\| `([a-z-]+)` \| ([0-9,]+)", BOUNDS, re.MULTILINE)
    defaults = [getattr(Bounds(), name.replace("-", "_")) for name in NAMES]
    assert rows == [(name, f"{default:,}") for name, default in zip(NAMES, defaults, strict=True)]


def test_reasons_are_documented() -> None:
    """The page on HTTP, and the filter of the journal, list every reason that a refusal can have."""
    known = set(schema()["$defs"]["error"]["properties"]["reason"]["enum"])
    (told,) = re.findall(r"^Reasons: (.*)\.$", HTTP, re.MULTILINE)
    assert set(told.split(", ")) == known | {"http"}  # of the edge, which no journal sees
    (reason,) = (p for p in CONTROL["paths"]["/journal"]["get"]["parameters"] if p["name"] == "reason")
    assert set(reason["schema"]["enum"]) == known


@pytest.mark.parametrize("api", apis.NAMES)
def test_the_samples_work_in_the_default_world(api: str) -> None:
    """The default world has the key and ids of every recorded sample: it answers with the printed status."""
    declared = [*map(installed.declared, apis.NAMES), control.declare]
    for path in sorted(data.path(f"fixtures/{api}/recordings").glob("documented-*.yaml")):
        if not path.name.endswith(".seed.yaml"):
            worlds = Worlds(declared, seeds=installed.seeds(), seeder=installed.load_seed_once)
            for request, printed, *_ in files.load(path).exchanges:
                assert handle(request, worlds.default, worlds).response.status == printed.status, (path.name, request)


@pytest.mark.parametrize("api", apis.NAMES)
def test_the_keys_of_the_table_work(api: str) -> None:
    """Each key of README's table is valid in the default world."""
    row = next(line for line in README.splitlines() if line.startswith(f"| {api} | `https"))
    keys = re.findall("`([^`]+)`", row.split("|")[4].partition(" with ")[0])
    credentials = Worlds(
        [installed.declared(api)], seeds=installed.seeds(), seeder=installed.load_seed_once
    ).default.credentials
    assert keys
    assert {credentials[api, key].state for key in keys} == {"valid"}
