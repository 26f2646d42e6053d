"""Worlds: isolated, selected by key, forked, reset, exported."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import toy
from conftest import KEY, NOW
from effort import examples
from understudy.engine.api import Api
from understudy.engine.clock import Clock, milliseconds
from understudy.engine.exchange import Request
from understudy.engine.pipeline import JSON, handle
from understudy.engine.worlds import Worlds

MakeWorlds = Callable[..., Worlds]


@pytest.fixture
def worlds(make_worlds: MakeWorlds, small: dict[str, Any]) -> Worlds:
    """Small worlds."""
    return make_worlds(seeds=small)


def asked(path: str, **headers: str) -> Request:
    """A GET request with these headers."""
    fields = tuple((name.replace("_", "-").encode(), value.encode()) for name, value in headers.items())
    return Request("GET", path, headers=fields)


def test_a_world_is_found_by_its_key(worlds: Worlds) -> None:
    """A key selects its world, whatever the scheme; a missing, unknown or misplaced key selects the default one."""
    made = worlds.create()
    key = worlds.access_info(made, "nextstep")["api_key"]
    for value in (f"Bearer {key}", f"bearer {key}", key):
        assert worlds.find(asked("/api/v1/x", authorization=value)) is made
    assert worlds.find(asked("/api/v1/x", x_api_key=key)) is worlds.default, "no document that is served names it"
    for value in (KEY, "", "Bearer", "Bearer x"):
        assert worlds.find(asked("/api/v1/x", authorization=value)) is worlds.default
    assert worlds.find(asked("/api/v1/x")) is worlds.default


def test_the_first_known_key_chooses_the_world(make_worlds: MakeWorlds, small: dict[str, Any], nextstep: Api) -> None:
    """A known key selects its world, whatever other headers hold."""
    worlds = make_worlds(apis=[nextstep, toy.api()], seeds={**small, "toy": toy.TOYS})
    first, second = worlds.create(), worlds.create()
    one, other = (f"Bearer {worlds.access_info(world, 'nextstep')['api_key']}".encode() for world in (first, second))
    named = (b"authorization", b"x-toy")
    for name, also in product(named, named):
        for value in (b"", b"else", other):
            assert worlds.find(Request("GET", "/api/v1/x", headers=((name, one), (also, value)))) is first
        assert worlds.find(Request("GET", "/api/v1/x", headers=((name, b"else"), (also, one)))) is first


def test_a_named_world_goes_before_a_key(worlds: Worlds) -> None:
    """X-Mock-World wins over a key, and alone selects the world of control calls."""
    made = worlds.create()
    key = worlds.access_info(made, "nextstep")["api_key"]
    assert worlds.find(asked("/api/v1/x", authorization=key, x_mock_world="default")) is worlds.default
    assert worlds.find(asked("/__mock__/clock", authorization=key)) is worlds.default
    assert worlds.find(asked("/__mock__/clock", x_mock_world=made.id)) is made
    assert worlds.find(asked("/__mock__/clock", x_mock_world="none")) is None


def test_fresh_worlds_differ_in_keys_alone(worlds: Worlds) -> None:
    """Fresh worlds have the same records and next ids, as the default world; their keys differ."""
    first, second = worlds.create(), worlds.create()
    assert first.export()["apis"] == second.export()["apis"] == worlds.default.export()["apis"]
    assert not {token for _, token in first.credentials} & {token for _, token in second.credentials}
    assert first.ids.take(20) == second.ids.take(20) == worlds.default.ids.take(20)


def test_fresh_worlds_are_of_the_fixtures(worlds: Worlds) -> None:
    """A fresh world has the fixtures and the time of the default world, but not its changes."""
    worlds.advance(worlds.default, 60)
    worlds.default.tenants["nextstep"]["t1"]["templates"].put({**template(worlds), "title": "Changed"})
    made = worlds.create()
    row = made.tenants["nextstep"]["t1"]["templates"].get("T1")
    assert row is not None
    assert row["title"] == "Hiring"
    assert made.clock.now() == milliseconds(NOW) + 60_000


def test_fresh_worlds_share_what_they_do_not_write(worlds: Worlds) -> None:
    """Fresh worlds share what none has written; writes and assumptions are their own until a reset."""
    first, second = worlds.create(), worlds.create()
    assert first.origin is not None
    assert worlds.default.origin is not None
    assert first.assumptions is second.assumptions
    assert first.origin.tenants is worlds.default.origin.tenants
    first.tenants["nextstep"]["t1"]["templates"].put({**template(worlds), "title": "Changed"})
    before = dict(second.assumptions)
    id = "nextstep.templates.edits-go-live"
    change = Request("PUT", "/__mock__/assumptions", "", JSON, b'{"%s": "at-once"}' % id.encode())
    assert (handle(change, first, worlds).response.status, first.assumptions[id]) == (200, "at-once")
    worlds.restore(worlds.create(), first.export())
    for other in (second, worlds.default, worlds.create()):
        assert other.export()["apis"] == second.export()["apis"]
        assert other.assumptions == before
    worlds.reset(first)
    assert (first.export()["apis"], first.assumptions) == (second.export()["apis"], before)


def template(worlds: Worlds) -> Any:
    """The record T1 of the default world."""
    return worlds.default.tenants["nextstep"]["t1"]["templates"].get("T1")


def test_the_same_seed_makes_the_same_worlds(make_worlds: MakeWorlds, small: dict[str, Any]) -> None:
    """Ids and keys of fresh worlds are a function of the server's seed and their number."""
    first, second, other = (make_worlds(seeds=small, seed=seed) for seed in ("a", "a", "b"))
    for _ in range(3):
        made = first.create()
        assert made.export() == second.create().export()
        assert made.id != other.create().id


@settings(max_examples=examples(30, 100), derandomize=True, database=None, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["restore", "reset", "remove"]), st.integers(0, 3), st.integers(0, 3))))
def test_a_key_leads_to_a_world_that_has_it(steps: list[tuple[str, int, int]]) -> None:
    """After any restore, reset and removal, a key selects one of the worlds that have it."""
    worlds = Worlds([toy.api()], seeds={"toy": toy.TOYS})
    made = [worlds.create() for _ in range(4)]
    seen = {token for world in made for _, token in world.credentials}
    for step, number, other in steps:
        world = made[number]
        if step == "restore":
            worlds.restore(world, made[other].export())
        elif step == "reset":
            worlds.reset(world)
        elif world.id in worlds.all:
            worlds.remove(world.id)
            made[number] = worlds.create()
        for token in seen:
            holders = [one for one in worlds.all.values() if ("toy", token) in one.credentials]
            leads = worlds.find_by_key(token)
            assert any(leads is one for one in holders) if holders else leads is None
        assert all(worlds.find_by_key(token) is not None for one in made for _, token in one.credentials)


def test_a_brought_key_leads_on_when_its_world_is_gone(worlds: Worlds) -> None:
    """A restored key selects the next world that has it, in order of the restores."""
    first, second, third = (worlds.create() for _ in range(3))
    (_, token), *_ = first.credentials
    for other in (second, third):
        worlds.restore(other, first.export())
    assert worlds.find_by_key(token) is first
    worlds.reset(first)
    assert worlds.find_by_key(token) is first
    for gone, heir in ((first, second), (second, third), (third, None)):
        worlds.remove(gone.id)
        assert worlds.find_by_key(token) is heir


def test_the_default_world_stays(worlds: Worlds) -> None:
    """The default world and unknown worlds cannot be removed."""
    with pytest.raises(ValueError, match="reset it instead"):
        worlds.remove("default")
    with pytest.raises(KeyError):
        worlds.remove("w")


@pytest.mark.parametrize(
    ("assume", "message"),
    [
        ({"nextstep.tasks.unset": 1}, "unknown assumption nextstep.tasks.unset; did you mean nextstep.tasks."),
        ({"nextstep.tasks.unset-value": "x"}, "nextstep.tasks.unset-value cannot be 'x'; it is one of None, ''"),
        ({"nextstep.templates.version-step": 1.0}, "cannot be 1.0"),
    ],
)  # fmt: skip
def test_assumptions_must_be_known(make_worlds: MakeWorlds, small: dict[str, Any], assume: Any, message: str) -> None:
    """Only assumptions of the documents can be set at start."""
    with pytest.raises(ValueError) as error:  # noqa: PT011 - the message is what counts
        make_worlds(seeds=small, assume=assume)
    assert message in str(error.value)


def test_records_must_fit_their_document() -> None:
    """A record that violates its schema, or other records, is reported with its pointer."""
    api = toy.api()
    for toys, told in (
        ([*toy.TOYS, {"id": "e", "name": ""}], "toy/one: toys.4.name: "),
        ([{"id": "e", "name": "a", "made": "x"}], 'toy/one: toys.0.made: "x" is not a "date-time"'),
        ([{"id": str(n), "name": "a"} for n in range(10)], "toy/one: too many toys"),
    ):
        with pytest.raises(ValueError, match=r"^toy/one: ") as error:
            Worlds([api], seeds={"toy": toys})
        assert str(error.value).startswith(told)


def test_an_api_without_a_seed_is_empty() -> None:
    """An API without a seed has no records and the real clock."""
    worlds = Worlds([toy.api()], seeds={})
    assert worlds.default.tenants == {"toy": {}}
    assert not worlds.default.clock.frozen


def test_entries_are_the_apis_own(nextstep: Api) -> None:
    """An API provides its own entry of the ready file, below the server's URL."""
    worlds = Worlds([toy.api()], seeds={"toy": toy.TOYS}, clock=Clock(0, frozen=True))
    worlds.server.url = "http://127.0.0.1:1"
    assert worlds.access_info(worlds.default, "toy") == {
        "base_url": "http://127.0.0.1:1/api",
        "keys": ["k1", "k2", "k3", "k4"],
    }


def test_what_happened_is_forgotten_by_a_reset(worlds: Worlds) -> None:
    """A reset or restore clears the journal of a world."""
    for again in (worlds.reset, lambda world: worlds.restore(world, world.export())):
        handle(asked("/api/v1/x"), worlds.default, worlds)
        journal = worlds.default.journal
        again(worlds.default)
        assert worlds.default.origin is not None
        assert worlds.default.journal is worlds.default.origin.journal is not journal


def test_a_thousand_worlds_keep_apart(worlds: Worlds) -> None:
    """Creating and removing worlds leaves no key behind."""
    made = [worlds.create() for _ in range(200)]
    for world in made:
        worlds.remove(world.id)
    assert {world.id for world in worlds._by_token.values()} == {"default"}
