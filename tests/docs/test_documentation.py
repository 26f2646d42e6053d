"""What README and the control API's document say of worlds, journal, events and bounds is what the server does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from understudy import apis, data
from understudy.apis import control
from understudy.cli.parser import build_parser
from understudy.document.contract import Contract
from understudy.document.dialect import _CHOICES
from understudy.document.read import read
from understudy.engine.bounds import NAMES, Bounds
from understudy.engine.pipeline import handle
from understudy.engine.worlds import Worlds
from understudy.recording import cassette
from understudy_checks.target import installed

README = (Path(__file__).parents[2] / "README.md").read_text()
CONTROL = read(data.path("openapi/control.yaml"))


def section(start: str, end: str) -> str:
    """The part of the README between two texts."""
    return README.partition(start)[2].partition(end)[0]


def listed(contract: Contract) -> str:
    """The events of an API with their members, as they are documented."""
    return ", ".join(_event(name, event["schema"]) for name, event in contract.document["x-events"].items())


def _event(name: str, schema: Any) -> str:
    required = schema.get("required", [])
    members = [member if member in required else f"[{member}]" for member in schema.get("properties", {})]
    return f"{name} ({', '.join(members)})" if members else name


@pytest.mark.parametrize("api", apis.NAMES)
def test_events_are_documented_with_their_members(api: str) -> None:
    """README and control.yaml name every event of an API and the members of its body."""
    told = listed(installed.document(api))
    assert f"| {api} | {told} |\n" in README
    described = CONTROL["paths"]["/events"]["post"]["description"]
    assert f"- {api}: {told}" in re.sub(r"\s+", " ", described)


def test_bounds_are_documented() -> None:
    """README names every bound, in order, with its default."""
    table = section("### Bounds", "A 507 is")
    rows = re.findall(r"^\| `([a-z-]+)` \| ([0-9,]+)", table, re.MULTILINE)
    defaults = [getattr(Bounds(), name.replace("-", "_")) for name in NAMES]
    assert rows == [(name, f"{default:,}") for name, default in zip(NAMES, defaults, strict=True)]


def test_the_flags_of_serve_are_documented() -> None:
    """Every flag that `understudy serve --help` lists stands in README's table, and no other does."""
    commands = next(action for action in build_parser()._actions if action.choices and "serve" in action.choices)
    assert commands.choices is not None
    flags = {word for action in commands.choices["serve"]._actions for word in action.option_strings}  # type: ignore[index,union-attr]
    table = section("| flag of `understudy serve [API…]` |", "\n\n")
    shown = {
        flag
        for row in table.splitlines()
        for flag in re.findall(r"--[a-z][a-z-]+", row.split("|")[1] if "|" in row else "")
    }
    assert shown == flags - {"-h", "--help"}


def test_filters_of_the_journal_are_documented() -> None:
    """README names every query parameter of GET /journal, and the default of `limit`."""
    operation = control.contract().operations["listExchanges"]
    row = next(line for line in README.splitlines() if "`GET /journal/{id}`" in line)
    assert set(re.findall(r"`([a-z]+)=", row)) == {parameter.name for parameter in operation.parameters}
    (limit,) = (parameter for parameter in operation.parameters if parameter.name == "limit")
    assert f"the last {limit.default} exchanges" in row


def test_reasons_are_documented() -> None:
    """README, and the filter of the journal, list every reason that a refusal can have."""
    known = set(_CHOICES["error", "reason"])
    told = section("carries `X-Mock-Reason` (", ")")
    assert set(re.split(r",\s+", told)) == known | {"http"}  # of the edge, which no journal sees
    (reason,) = (p for p in CONTROL["paths"]["/journal"]["get"]["parameters"] if p["name"] == "reason")
    assert set(reason["schema"]["enum"]) == known


@pytest.mark.parametrize("api", apis.NAMES)
def test_the_samples_work_in_the_default_world(api: str) -> None:
    """The default world has the key and ids of every recorded sample: it answers with the printed status."""
    declared = [*map(installed.declared, apis.NAMES), control.declare]
    for path in sorted(data.path(f"fixtures/{api}/recordings").glob("documented-*.yaml")):
        if not path.name.endswith(".seed.yaml"):
            worlds = Worlds(declared, seeds=installed.seeds(), seeder=installed.load_seed_once)
            for request, printed, _ in cassette.load(path):
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
