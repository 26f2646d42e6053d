"""What the kit runs against: our mock in process and by URL, other servers, servers with hardly anything on them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from msgspec.structs import replace

from understudy.apis import control
from understudy.engine.exchange import Request, Response
from understudy.engine.worlds import Worlds
from understudy.http.app import App
from understudy.http.server import serving
from understudy_checks.budget import Budget
from understudy_checks.client import Skipped
from understudy_checks.discovery import find_arguments
from understudy_checks.generic.test_pagination import test_a_walk_is_complete as walk_is_complete
from understudy_checks.nextstep.driver import runs
from understudy_checks.pagination import longest_list
from understudy_checks.rules import Outcome, check_of, checks, checks_for, run
from understudy_checks.target import connect, installed, sources
from understudy_checks.target.connect import Unreachable
from understudy_checks.target.mock import mock
from understudy_checks.target.server import MOMENT, Server
from understudy_checks.target.settings import BadSettings, Settings, settings_of_entry
from understudy_checks.target.target import Target, require
from understudy_checks.target.transport import in_process, is_loopback, over_http

EVERYTHING = {
    "write",
    "fresh",
    "advance",
    "documented-limit",
    "events",
    "spare-key",
    "second-key",
    "revoked-key",
    "lapsed-key",
    "other-tenant",
    "members",
}
KEY = "nxs_live_your_key"
ONE_KEY = Settings(api_keys=(KEY,), writes=True)


@pytest.fixture
def foreign(make_worlds: Callable[..., Worlds], nextstep) -> Callable[..., tuple[Server, Worlds]]:
    """Makes a server that is none of ours to the kit: no control API, one world, real waits that take no time."""

    def make(settings: Settings = ONE_KEY, **options: Any) -> tuple[Server, Worlds]:
        worlds = make_worlds(apis=[nextstep], **options)
        budget = Budget(max_wait=10**9, sleep=partial(worlds.advance, worlds.default))
        known = installed.document("nextstep")
        server = Server(known, in_process(App(worlds)), "/api/v1", settings, name="elsewhere", budget=budget)
        return server, worlds

    return make


@pytest.fixture(scope="module")
def served() -> Iterator[str]:
    """Our mock behind a URL."""
    with serving(
        Worlds(
            [installed.declared("nextstep"), control.declare],
            seeds=installed.seeds(),
            seeder=installed.load_seed_once,
        )
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
    assert mock("nextstep").capabilities == EVERYTHING


def test_every_client_of_our_mock_has_a_world_of_its_own() -> None:
    """Clients do not see each other's changes; closing a client deletes its world."""
    target = mock("nextstep")
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
    """Time passes in a client's world only when the client advances it."""
    with mock("nextstep").open() as client:
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
    target = connect.url("nextstep", f"{served}/api/v1/")
    assert target.capabilities == EVERYTHING
    assert repr(target) == "<our mock of nextstep>"


@pytest.mark.beside
@pytest.mark.parametrize("root", ["", "/@default"])
def test_the_same_checks_run_over_http(served: str, root: str) -> None:
    """A check passes on our mock by URL, also by that of a world, as it does in process."""
    target = connect.url("nextstep", f"{served}{root}/api/v1")
    for outcome in run(check_of(walk_is_complete), target):
        assert outcome.result == "passed", outcome.error


def test_paths_go_out_as_they_are(served: str) -> None:
    """Over HTTP neither a path nor a query is put right on the way."""
    with connect.url("nextstep", f"{served}/api/v1").open() as client:
        assert client.send("GET", "/process-runs/a%2Fb%0A/../x", query="limit=%31&limit=").status == 404
        recorded = client.world.control("GET", "/journal")["exchanges"]
    assert (recorded[0]["path"], recorded[0]["query"]) == ("/api/v1/process-runs/a%2Fb%0A/../x", "limit=%31&limit=")


def test_another_server_has_the_given_keys_only(make_worlds, nextstep) -> None:
    """A server without our control API is reached with the keys that were given; on loopback it may be written to."""
    with serving(make_worlds(apis=[nextstep])) as url:
        target = connect.url("nextstep", f"{url}/api/v1", Settings(api_keys=(KEY,)))
        assert target.name == f"{url}/api/v1"
        assert target.budget.requests == 1  # asked whether it is ours: that is a request to it, too
        assert target.capabilities == {"write", "documented-limit"}
        assert repr(target) == "<a server of nextstep>"
        with target.open() as client:
            assert client.send("GET", "/process-runs").status == 200


@pytest.mark.parametrize("page", [b"<html>", b"[]", b'{"status":"ok"}'])
def test_a_server_that_answers_any_path_is_not_taken_for_ours(monkeypatch: pytest.MonkeyPatch, page: bytes) -> None:
    """Nothing is written to the control API of a server that only seems to have one."""
    sent: list[str] = []

    def anything(request: Request) -> Response:
        sent.append(request.method)
        return Response(200, (), page)

    monkeypatch.setattr(connect, "over_http", lambda origin, trust: anything)
    found = connect.url("nextstep", "https://elsewhere.example/api/v1", Settings(api_keys=(KEY,)))
    assert isinstance(found, Server)
    assert found.capabilities.isdisjoint({"write", "fresh"})
    found.open()
    assert sent == ["GET"]


@pytest.mark.parametrize(
    "words", [["revoked_key=ключ"], ["lapsed_key=a\nb"], ["other_tenant_key=\x00"], ['api_keys=["é"]']]
)
def test_a_key_that_no_header_carries_is_told(words: list[str]) -> None:
    """It is refused before anything is sent."""
    with pytest.raises(BadSettings, match=r"_keys? cannot be sent in a header: only printable ASCII can$"):
        sources.load_settings("nextstep", None, words, [])


def test_another_server_takes_a_key(make_worlds, nextstep) -> None:
    """Without a key nothing can be checked on a server that is none of ours."""
    with (
        serving(make_worlds(apis=[nextstep])) as url,
        pytest.raises(BadSettings, match="no server of Understudy, so it takes a key"),
    ):
        connect.url("nextstep", f"{url}/api/v1")


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
    """Writes are allowed by default only on loopback URLs."""
    assert is_loopback(url) is expected


@pytest.mark.beside
def test_another_server_fails_nothing(foreign) -> None:
    """A server that differs from our mock only in its capabilities fails no check; some are skipped."""
    _, worlds = foreign()
    target, _ = foreign(replace(settings_of_entry(worlds.access_info(worlds.default, "nextstep")), writes=True))
    assert target.capabilities == EVERYTHING - {"fresh", "advance", "events", "spare-key"}
    found = outcomes(target)
    assert failures(found) == []
    assert {outcome.result for outcome in found} == {"passed", "not checked"}


@pytest.mark.beside
def test_nothing_is_written_where_writing_is_not_allowed(foreign) -> None:
    """A server that may only be read gets no other method than GET, and no check fails for it."""
    target, worlds = foreign(replace(ONE_KEY, writes=False))
    assert failures(outcomes(target)) == []
    assert {exchange.request.method for exchange in worlds.default.journal} == {"GET"}


@pytest.mark.beside
def test_a_server_without_data_fails_nothing(foreign) -> None:
    """Where a tenant has nothing at all, checks pass or are not checked."""
    target, _ = foreign(seeds={"nextstep": {"teams": [team()]}})
    assert failures(outcomes(target)) == []


def test_a_server_with_hardly_anything_fails_nothing(foreign) -> None:
    """Checks pass or are skipped on a tenant with an unpublished template and one without tasks."""
    bare = {"sections": [], "version": 1, "updated_at": None, "tasks": []}
    templates = [
        {"id": "draft", "title": "Draft", "is_published": False, "created_at": "2026-01-02T00:00:00.000Z", **bare},
        {"id": "bare", "title": "Bare", "is_published": True, "created_at": "2026-01-01T00:00:00.000Z", **bare},
    ]
    others = team(id="others", key="nxs_live_others")
    seed = {"teams": [team(templates=templates), others]}
    target, _ = foreign(replace(ONE_KEY, other_tenant_key="nxs_live_others"), seeds={"nextstep": seed})
    assert failures(outcomes(target)) == []


def test_a_wait_is_bounded(foreign) -> None:
    """A server is waited for as long as is allowed in all, and no longer."""
    target, worlds = foreign()
    target.budget.max_wait = 75
    before = worlds.default.clock.now()
    with target.open() as client:
        client.advance(74)
        with pytest.raises(Skipped, match="more than the 75 seconds of waiting that are allowed"):
            client.advance(2)
    assert worlds.default.clock.now() - before == 74000


def test_events_need_our_mock(foreign) -> None:
    """What a person does in the app cannot be done on another server."""
    with foreign()[0].open() as client, pytest.raises(Skipped, match="vendor's own app"):
        client.event("skip-task")


def test_what_is_lacking_is_told() -> None:
    """A target without several capabilities names each of them."""

    class Bare:
        capabilities = frozenset({"write"})

    require(Bare(), ["write"])
    with pytest.raises(Skipped, match=r"cannot be advanced; no members of the tenant are known"):
        require(Bare(), ["write", "advance", "members"])


def test_control_refusals_are_errors() -> None:
    """A refusal of the control API raises an error that names the refused request."""
    with (
        mock("nextstep").open() as client,
        pytest.raises(RuntimeError, match=r"POST /__mock__/events: 400 .*no-such"),
    ):
        client.event("no-such-event")


def test_exchanges_can_be_watched() -> None:
    """A watched mock reports each exchange with its trace."""
    seen = []
    with mock("nextstep", watch=seen.append).open() as client:
        client.send("GET", "/process-runs/no-such-run")
    trace = {exchange.operation: exchange.trace for exchange in seen if exchange.api == "nextstep"}
    assert "nextstep.errors.run-not-found-message" in trace["getProcessRun"]


def test_the_transport_can_be_called_by_hand(served: str) -> None:
    """A transport is a plain function from Request to Response, the same over HTTP as in process."""
    worlds = Worlds([installed.declared("nextstep")], seeds=installed.seeds(), seeder=installed.load_seed_once)
    request = Request("GET", "/api/v1/process-runs", "limit=1", ((b"authorization", f"Bearer {KEY}".encode()),))
    here, there = in_process(App(worlds))(request), over_http(served)(request)
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


def test_keys_are_used_in_turn(foreign) -> None:
    """Each client of a server that others use too has another one of the keys, so that no key bears it all."""
    target, _ = foreign(replace(ONE_KEY, api_keys=("a", "b", "c")))
    assert [target.open().key for _ in range(4)] == ["a", "b", "c", "a"]
    assert target.open().second_key == "c"


def test_a_clock_that_can_be_moved_is_moved(make_worlds, nextstep) -> None:
    """Waits take no time on a movable clock; waits between polls also pass a moment of real time."""
    moved, slept = [], []
    budget = Budget(sleep=slept.append)
    target = Server(installed.document("nextstep"), in_process, "", ONE_KEY, name="", budget=budget, clock=moved.append)
    assert "advance" in target.capabilities
    target.wait(60)
    target.wait_between_polls(10)
    target.wait_between_polls(0.01)
    assert (moved, slept) == ([60, 10, 0.01], [MOMENT, 0.01])


def test_another_rate_limit_is_not_the_documented_one(foreign) -> None:
    """The rules of the rate limit are skipped when the target file has another rate limit."""
    target, _ = foreign(replace(ONE_KEY, rate_limit=0))
    with pytest.raises(Skipped, match="rate limit is configured to differ from the documented one"):
        require(target, ["documented-limit"])


@pytest.mark.parametrize(
    ("url", "error", "message"),
    [
        ("127.0.0.1:1", BadSettings, "127.0.0.1:1 is no URL; it looks like http://127.0.0.1:8629/api/v1"),
        ("ftp://x/", BadSettings, "ftp://x/ is no URL"),
        ("http://[::1/api", BadSettings, "http://[::1/api is no URL: Invalid IPv6 URL"),
        ("http://me:secret@x/", BadSettings, "the URL of x holds a user name, which would be sent in place of the key"),
        ("http://127.0.0.1:1/api/v1", Unreachable, "nothing answers at http://127.0.0.1:1/api/v1: "),
    ],
)
def test_a_url_that_leads_nowhere_is_told(url: str, error: type[Exception], message: str) -> None:
    """The error is one line."""
    with pytest.raises(error) as caught:
        connect.url("nextstep", url, ONE_KEY)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_our_mock_can_be_told_not_to_be_written_to(served: str) -> None:
    """A mock that may only be read offers everything but writing."""
    assert mock("nextstep", writes=False).capabilities == EVERYTHING - {"write"}
    assert connect.url("nextstep", f"{served}/api/v1", Settings(writes=False)).capabilities == EVERYTHING - {"write"}


def test_what_was_found_is_kept_where_nothing_is_written(foreign) -> None:
    """On a server that may only be read nothing is looked for twice; a search that broke off is begun again."""
    target, _ = foreign(replace(ONE_KEY, writes=False))
    listing = target.contract.operations["listRunTasks"]
    target.budget.share(3)
    with target.open() as client, pytest.raises(Skipped):
        longest_list(client, listing)
    target.budget.share(None)
    with target.open() as client:
        found = longest_list(client, listing)
        before = target.budget.requests
        assert longest_list(client, listing) == found
        assert find_arguments(client, listing) == find_arguments(client, listing)
        assert target.budget.requests == before


def test_only_what_was_made_here_is_removed(foreign) -> None:
    """On a shared target the kit deletes only objects that it created itself, and records those."""
    target, _ = foreign()
    with target.open() as client:
        with pytest.raises(Skipped, match="it would delete an object that the kit did not create on this target"):
            client.send("DELETE", "/process-runs/r1")
        template = next(
            item for item in client.send("GET", "/process-templates").json()["data"] if item["is_published"]
        )
        client.send("POST", f"/process-templates/{template['id']}/publish", json={"published": True})
        made = client.send("POST", "/process-runs", json={"template_id": template["id"]}).json()["data"]["id"]
        refused = client.send("POST", "/process-runs", json={})
        assert target.budget.made == [f"/api/v1/process-runs/{made}"]
        assert refused.status == 400
        statuses = [client.send("DELETE", f"/process-runs/{made}{rest}").status for rest in ("", "/tasks/t1")]
        assert statuses == [405, 405]
    with mock("nextstep").open() as client:
        assert client.send("DELETE", "/process-runs/r1").status == 405


def test_what_is_planted_otherwise_is_planted_anew() -> None:
    """The installed seed is planted once for all that make_worlds it alike; an API with a seed of its own gets that."""
    declared, seed = installed.declared("nextstep"), installed.seeds()["nextstep"]
    planted, credentials = installed.load_seed_once(dataclasses.replace(declared, most_bytes=1), seed)
    again, _ = installed.load_seed_once(declared, seed)
    tenant = next(iter(planted))
    listed = [store[tenant]["runs"] for store in (planted, again)]
    assert listed[0] is not listed[1]
    assert [record["id"] for record in listed[0]] == [record["id"] for record in listed[1]]
    assert {credential.token for credential in credentials} >= {KEY}
    assert installed.load_seed_once(dataclasses.replace(declared, seed=lambda *_: ()), seed) == ({}, ())


def test_where_others_are_only_what_was_made_is_written_to(foreign) -> None:
    """Existing runs and tasks are only read; operations get newly created ones."""
    target, worlds = foreign()
    with target.open() as client:
        before = {f"/api/v1/process-runs/{run['id']}" for run in runs(client)}
    for rule in ("nextstep.authentication.missing-key", "nextstep.envelope.single", "nextstep.rate-limit.next-is-429"):
        for check in checks_for(rule):
            assert [outcome.check.name for outcome in run(check, target) if outcome.result == "failed"] == []
    done = [exchange for exchange in worlds.default.journal if exchange.response.status < 300]
    written = [exchange.request.path for exchange in done if exchange.request.method == "PATCH"]
    assert written
    assert [path for path in written if path.partition("/tasks/")[0] in before] == []
