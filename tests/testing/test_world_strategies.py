"""Worlds that Hypothesis draws: plausible, of any size, and shrunk to the smallest one that breaks a client."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, find, given, settings

import understudy
from registry import REGISTRY
from understudy import MockServer, strategies
from understudy.strategies import DrawnWorld, worlds

SETTINGS = settings(
    max_examples=10, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
SHOP = REGISTRY.replace(
    "x-resources:",
    """    Pet:
      type: object
      required: [id, name, owner]
      properties: {id: {type: integer}, name: {type: string}, owner: {type: string}}
x-resources:
  pets: {schema: Pet, refers: {owner: owners}}""",
)


@pytest.fixture(autouse=True, scope="module")
def without_running_server() -> Iterator[None]:
    """No server is named, and those that are started for these tests end with them."""
    started: list[MockServer] = []
    start = MockServer.start
    with pytest.MonkeyPatch.context() as patch:
        for name in ("UNDERSTUDY_URL", "UNDERSTUDY_READY_FILE"):
            patch.delenv(name, raising=False)
        patch.setattr(MockServer, "start", lambda server: started.append(server) or start(server))
        yield
    strategies._server.cache_clear()
    for server in started:
        server.stop()


def smallest(condition: Callable[[DrawnWorld], bool], *arguments: Any, **options: Any) -> DrawnWorld:
    """The smallest drawn world that fulfils a condition."""
    found: DrawnWorld = find(worlds(*arguments, **options), condition, settings=settings(SETTINGS, max_examples=300))
    return found


def listed(world: DrawnWorld, path: str) -> httpx.Response:
    """The answer to a client without a network."""
    with httpx.Client(transport=world.transport, headers={"authorization": f"Bearer {world.api_key}"}) as client:
        return client.get(world.base_url + path)


def reads_too_little(world: DrawnWorld) -> bool:
    """Whether a client that follows no page misses a run."""
    return len(listed(world, "/process-runs").json()["data"]) < len(world.state["runs"])


def is_unusual(world: DrawnWorld) -> bool:
    """Whether an assumption has another value than the usual one."""
    return any(one.value != one.default for one in world.assumptions.list())


@pytest.mark.parametrize("api", ["kognitos", "nextstep", "tallyfy"])
def test_drawn_worlds_hold_what_is_planned(api: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nearly each draw is accepted, and its records are there, with all that they refer to; each is removed."""
    refused: list[str] = []
    reject = strategies.reject
    monkeypatch.setattr(strategies, "reject", lambda: refused.append(api) or reject())
    seen: set[str] = set()

    @SETTINGS
    @given(world=worlds(api))
    def check(world: DrawnWorld) -> None:
        seen.add(repr(world))
        assert world.clock.frozen
        state = world.state
        assert {name: len(state[name]) for name in world.plan.kept} == dict(world.plan.kept)
        assert [world.assumptions[id] for id in world.plan.assume] == list(world.plan.assume.values())
        assert len(world.faults) == len(world.plan.faults)

    check()
    assert len(seen) > 5
    assert len(refused) <= 4
    assert len(strategies._server(api, None).worlds()) == 1


class TestShrinking:
    """The smallest world that breaks a property is told."""

    def test_a_client_that_follows_no_page_breaks_on_one_record_too_many(self) -> None:
        """21 runs, where a page holds 20; nothing else is unusual."""
        world = smallest(reads_too_little, "nextstep", faults=False)
        assert (world.plan.kept["runs"], world.plan.assume, world.plan.faults) == (21, {}, [])
        assert repr(world).startswith("<world of nextstep with ")
        assert "21 runs" in repr(world)

    def test_a_client_that_leans_on_an_assumption_breaks_on_its_alternative(self) -> None:
        """No record, no fault."""
        world = smallest(is_unusual, "kognitos")
        assert (sum(world.plan.kept.values()), len(world.plan.assume), world.plan.faults) == (0, 1, [])
        assert f"no records; assume {next(iter(world.plan.assume))}=" in repr(world)

    def test_a_client_that_never_tries_again_breaks_on_one_fault(self) -> None:
        """Once is enough."""
        world = smallest(lambda world: listed(world, "/process-runs").status_code >= 500, "nextstep", records=False)
        (fault,) = world.plan.faults
        assert (fault["operation"], fault["times"]) == ("listProcessRuns", 1)
        assert world.plan.assume == {}
        assert "; fault {'operation': 'listProcessRuns'" in repr(world)


def test_a_failure_names_the_world_also_where_arguments_are_not_shown() -> None:
    """Schemathesis's plugin, which comes with the kit, shows none."""

    @settings(SETTINGS, print_blob=False)
    @given(world=worlds("kognitos", alternatives=False, faults=False))
    def check(world: DrawnWorld) -> None:
        assert world.plan.kept["runs"] < 1

    with pytest.raises(AssertionError) as failure:
        check()
    (note,) = (note for note in failure.value.__notes__ if note.startswith("The world: kognitos with "))
    assert note.endswith(" processes, 1 runs")


class TestDocuments:
    """Worlds of a document of the user."""

    @pytest.fixture
    def shop(self, tmp_path: Path) -> Path:
        """A folder with two resources, one of which refers to the other, and start records of one."""
        (tmp_path / "openapi.yaml").write_text(SHOP)
        (tmp_path / "seed.yaml").write_text("owners: [{id: own_ann, name: Ann}, {id: own_bob, name: Bob}]")
        return tmp_path

    def test_records_are_made_where_a_resource_has_none(self, shop: Path) -> None:
        """Others are left out; a pet without an owner cannot be, and is no example."""
        world = smallest(lambda world: len(world.state["pets"]) >= 2, "shop", shop)
        assert world.plan.kept == {"owners": 1, "pets": 2}

    def test_a_document_without_names_of_operations_draws_no_faults(self, shop: Path) -> None:
        """Nothing else would find them."""
        file = shop / "openapi.yaml"
        file.write_text(SHOP.replace("      operationId: listOwners\n", ""))

        @settings(SETTINGS, max_examples=10)
        @given(world=worlds("shop", file))
        def check(world: DrawnWorld) -> None:
            assert world.plan.faults == []

        check()

    def test_a_document_without_assumptions_draws_none(self) -> None:
        """As where all inferences are stated."""
        assert find(strategies._assumed([]), lambda drawn: True, settings=SETTINGS) == {}


def test_each_part_can_be_switched_off() -> None:
    """Then it is as usual."""

    @settings(SETTINGS, max_examples=5)
    @given(world=worlds("nextstep", records=False, alternatives=False, faults=False, clock="real"))
    def check(world: DrawnWorld) -> None:
        assert (world.plan.kept, world.plan.assume, world.plan.faults) == ({}, {}, [])
        assert (len(world.state["runs"]), world.clock.frozen) == (78, False)

    check()


def test_a_running_server_is_used(server: MockServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """So properties run under mutants, too."""
    monkeypatch.setenv("UNDERSTUDY_URL", server.url)
    strategies._server.cache_clear()

    @settings(SETTINGS, max_examples=3)
    @given(world=worlds("nextstep"))
    def check(world: DrawnWorld) -> None:
        assert world.id in [one.id for one in server.worlds()]

    check()
    strategies._server.cache_clear()


def test_without_hypothesis_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the rest of the package works."""
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    monkeypatch.delitem(sys.modules, "understudy.strategies")
    with pytest.raises(ImportError, match=r"pip install 'understudy\[hypothesis\]'"):
        import_module("understudy.strategies")
    monkeypatch.undo()
    assert understudy.strategies is strategies
