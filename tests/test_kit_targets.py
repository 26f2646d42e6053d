"""What the kit runs against: our mock in process and by URL, other servers, servers with hardly anything on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from contract_tests import targets
from contract_tests.client import Access, NotChecked
from contract_tests.rules import Outcome, check_of, checks, run
from contract_tests.targets import Server, Target
from contract_tests.test_pagination import test_a_walk_is_complete as walk_is_complete
from contract_tests.transport import in_process
from mock_server.exchange import Request
from mock_server.server import App, serving
from mock_server.world import Worlds

EVERYTHING = {
    "write",
    "fresh",
    "advance",
    "events",
    "second-key",
    "revoked-key",
    "lapsed-key",
    "other-tenant",
    "members",
}
KEY = "nxs_live_your_key"


@pytest.fixture
def foreign(plant: Callable[..., Worlds], nextstep) -> Callable[..., tuple[Server, Worlds]]:
    """Makes a server that is none of ours to the kit: no control API, one world, a clock that only it knows."""

    def make(access: Access | None = None, *, writes: bool = True, **options: Any) -> tuple[Server, Worlds]:
        worlds = plant(apis=[nextstep], **options)
        transport = in_process(App(worlds))
        known = targets.document("nextstep")
        waiting = worlds.default.advance
        return Server(known, transport, "/api/v1", access or Access((KEY,)), writes=writes, sleep=waiting), worlds

    return make


@pytest.fixture(scope="module")
def served() -> Iterator[str]:
    """Our mock behind a URL."""
    with serving(
        Worlds([targets.declared(name) for name in ("nextstep", "control")], seeds=targets.seeds(), plant=targets.plant)
    ) as url:
        yield url


def outcomes(target: Target) -> list[Outcome]:
    """What all checks give on a target, in the quick profile."""
    return [outcome for check in checks() for outcome in run(check, target)]


def failures(found: list[Outcome]) -> list[tuple[str, Exception | None]]:
    """The checks that failed, each with its error."""
    return [(outcome.check.name, outcome.error) for outcome in found if outcome.result == "failed"]


def test_our_mock_offers_everything() -> None:
    """In process every capability is there."""
    assert targets.mock("nextstep").capabilities == EVERYTHING


def test_every_client_of_our_mock_has_a_world_of_its_own() -> None:
    """What one client changes no other sees; a closed client's world is gone."""
    target = targets.mock("nextstep")
    with target.open() as one, target.open() as other:
        assert one.key != other.key
        template = one.send("GET", "/process-templates", query={"limit": 1}).json()["data"][0]["id"]
        one.send("POST", f"/process-templates/{template}/publish", json={"published": False})
        one.send("POST", f"/process-templates/{template}/publish", json={"published": True})
        seen = [client.send("GET", f"/process-templates/{template}").json() for client in (one, other)]
        assert seen[0] != seen[1]
        world = other.world
    with pytest.raises(RuntimeError, match="404"):
        world.wait(1)


def test_the_clock_of_our_mock_stands_still_until_advanced() -> None:
    """Time passes for a client only when it says so."""
    with targets.mock("nextstep").open() as client:
        before = client.world.control("GET", "/clock")
        client.advance(1.5)
        after = client.world.control("GET", "/clock")
    assert (before["frozen"], before["now"], after["now"]) == (
        True,
        "2030-01-01T09:00:00.000Z",
        "2030-01-01T09:00:01.500Z",
    )


def test_our_mock_is_recognised_behind_a_url(served: str) -> None:
    """A URL whose server answers the control API's health is ours: fresh worlds, a clock, events, no key needed."""
    target = targets.url("nextstep", f"{served}/api/v1/")
    assert target.capabilities == EVERYTHING
    assert repr(target) == "<our mock of nextstep>"


def test_the_same_checks_run_over_http(served: str) -> None:
    """A check passes on our mock by URL as it does in process."""
    target = targets.url("nextstep", f"{served}/api/v1")
    for outcome in run(check_of(walk_is_complete), target):
        assert outcome.result == "passed", outcome.error


def test_paths_go_out_as_they_are(served: str) -> None:
    """Over HTTP neither a path nor a query is put right on the way."""
    with targets.url("nextstep", f"{served}/api/v1").open() as client:
        assert client.send("GET", "/process-runs/a%2Fb%0A/../x", query="limit=%31&limit=").status == 404
        recorded = client.world.control("GET", "/journal")["exchanges"]
    assert (recorded[0]["path"], recorded[0]["query"]) == ("/api/v1/process-runs/a%2Fb%0A/../x", "limit=%31&limit=")


def test_another_server_has_the_given_keys_only(plant, nextstep) -> None:
    """A server without our control API is reached with the keys that were given; on loopback it may be written to."""
    with serving(plant(apis=[nextstep])) as url:
        target = targets.url("nextstep", f"{url}/api/v1", [KEY])
        assert target.capabilities == {"write"}
        assert repr(target) == "<a server of nextstep>"
        with target.open() as client:
            assert client.send("GET", "/process-runs").status == 200


def test_another_server_takes_a_key(plant, nextstep) -> None:
    """Without a key nothing can be checked on a server that is none of ours."""
    with serving(plant(apis=[nextstep])) as url, pytest.raises(ValueError, match="takes an API key"):
        targets.url("nextstep", f"{url}/api/v1")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:1/api/v1", True),
        ("http://127.1.2.3/", True),
        ("http://[::1]:80", True),
        ("http://localhost:8629", True),
        ("https://getnextstep.io/api/v1", False),
        ("http://192.0.2.1/", False),
        ("nonsense", False),
    ],
)
def test_only_this_machine_is_loopback(url: str, expected: bool) -> None:
    """Only what leads to this machine is written to without being asked."""
    assert targets.is_loopback(url) is expected


def test_another_server_fails_nothing(foreign) -> None:
    """A server that differs in nothing but what it offers to the kit fails no check; some are not checked."""
    _, worlds = foreign()
    target, _ = foreign(Access.read(worlds.default.entry("nextstep")))
    assert target.capabilities == EVERYTHING - {"fresh", "advance", "events"}
    found = outcomes(target)
    assert failures(found) == []
    assert {outcome.result for outcome in found} == {"passed", "not checked"}


def test_nothing_is_written_where_writing_is_not_allowed(foreign) -> None:
    """A server that may only be read gets no other method than GET, and no check fails for it."""
    target, worlds = foreign(writes=False)
    assert failures(outcomes(target)) == []
    assert {exchange.request.method for exchange in worlds.default.journal} == {"GET"}


def test_a_server_without_data_fails_nothing(foreign) -> None:
    """Where a tenant has nothing at all, checks pass or are not checked."""
    target, _ = foreign(seeds={"nextstep": {"teams": [team()]}})
    assert failures(outcomes(target)) == []


def test_a_server_with_hardly_anything_fails_nothing(foreign) -> None:
    """Where a tenant has a template that nobody published and one without tasks, checks pass or are not checked."""
    bare = {"sections": [], "version": 1, "updated_at": None, "tasks": []}
    templates = [
        {"id": "draft", "title": "Draft", "is_published": False, "created_at": "2026-01-02T00:00:00.000Z", **bare},
        {"id": "bare", "title": "Bare", "is_published": True, "created_at": "2026-01-01T00:00:00.000Z", **bare},
    ]
    others = team(id="others", key="nxs_live_others")
    seed = {"teams": [team(templates=templates), others]}
    target, _ = foreign(Access((KEY,), other_tenant_key="nxs_live_others"), seeds={"nextstep": seed})
    assert failures(outcomes(target)) == []


def test_a_wait_is_bounded(foreign) -> None:
    """A server that asks for a long wait is not waited for."""
    target, worlds = foreign()
    with target.open() as client:
        with pytest.raises(NotChecked, match=r"to wait 76 seconds, 75\.0 are allowed"):
            client.advance(76)
        before = worlds.default.clock.now()
        client.advance(2)
        assert worlds.default.clock.now() - before == 2000


def test_events_need_our_mock(foreign) -> None:
    """What a person does in the app cannot be done on another server."""
    with foreign()[0].open() as client, pytest.raises(NotChecked, match="vendor's own app"):
        client.event("skip-task")


def test_what_is_lacking_is_told() -> None:
    """A target that lacks several things says each of them."""

    class Bare:
        capabilities = frozenset({"write"})

    targets.require(Bare(), ["write"])
    with pytest.raises(NotChecked, match=r"cannot be advanced; no members of the tenant are known"):
        targets.require(Bare(), ["write", "advance", "members"])


def test_control_refusals_are_errors() -> None:
    """A refusal of the control API is a mistake of the test that caused it, and says what was refused."""
    with (
        targets.mock("nextstep").open() as client,
        pytest.raises(RuntimeError, match=r"POST /__mock__/events: 400 .*no-such"),
    ):
        client.event("no-such-event")


def test_exchanges_can_be_watched() -> None:
    """A watched mock tells each exchange with what decided it."""
    seen = []
    with targets.mock("nextstep", watch=seen.append).open() as client:
        client.send("GET", "/process-runs/no-such-run")
    decided = {exchange.operation: exchange.decided for exchange in seen if exchange.api == "nextstep"}
    assert "nextstep.errors.run-not-found-message" in decided["getProcessRun"]


def test_the_transport_can_be_called_by_hand(served: str) -> None:
    """A transport is a plain function from Request to Response, the same over HTTP as in process."""
    worlds = Worlds([targets.declared("nextstep")], seeds=targets.seeds(), plant=targets.plant)
    request = Request("GET", "/api/v1/process-runs", "limit=1", ((b"authorization", f"Bearer {KEY}".encode()),))
    here, there = in_process(App(worlds))(request), targets.over_http(served)(request)
    assert (here.status, here.body, here.header("content-type")) == (
        there.status,
        there.body,
        there.header("content-type"),
    )


def team(*, id: str = "team", key: str = KEY, templates: Any = ()) -> Any:
    """One team of a seed."""
    return {
        "id": id,
        "timezone": "UTC",
        "subscription": "active",
        "members": [],
        "keys": [{"key": key, "state": "valid"}],
        "templates": list(templates),
        "runs": [],
    }


def test_what_is_planted_otherwise_is_planted_anew() -> None:
    """The installed seed is planted once for all that plant it alike; an API with a seed of its own gets that."""
    declared, seed = targets.declared("nextstep"), targets.seeds()["nextstep"]
    planted, credentials = targets.plant(replace(declared, most_bytes=1), seed)
    again, _ = targets.plant(declared, seed)
    tenant = next(iter(planted))
    listed = [store[tenant]["runs"] for store in (planted, again)]
    assert listed[0] is not listed[1]
    assert [record["id"] for record in listed[0]] == [record["id"] for record in listed[1]]
    assert {credential.token for credential in credentials} >= {KEY}
    assert targets.plant(replace(declared, seed=lambda *_: ()), seed) == ({}, ())
