"""A state from GET /state can be restored with PUT /state, after any session, in any world."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from effort import examples
from sessions import VENDORS, Sent, Session, everything, worlds_of
from understudy.engine.clock import milliseconds
from understudy.engine.exchange import Request, Response
from understudy.engine.ids import LAST
from understudy.engine.world import World
from understudy.http.app import App, call

TIMES = (
    "0001-01-01T00:00:00Z", "1969-12-31T23:59:50.250Z", "1969-12-31T23:59:59.999Z", "1970-01-01T00:00:00Z",
    "2026-02-28T23:59:59.999Z", "9999-12-31T23:59:52Z", "9999-12-31T23:59:59.999Z",
)  # fmt: skip
LATER = {"nextstep.runs.completion-delay": 2}
REPORT = "00000000000000000000000000000a02"


def control(world: World, method: str, path: str, body: Any = None) -> Response:
    """Send a control request about a world."""
    headers = ((b"x-mock-world", world.id.encode()), (b"content-type", b"application/json"))
    content = b"" if body is None else json.dumps(body).encode()
    return call(App(worlds_of(world)), Request(method, f"/__mock__{path}", "", headers, content))


def exported(world: World) -> Any:
    """Return the exported state of a world."""
    response = control(world, "GET", "/state")
    assert response.status == 200
    return response.json()


def put(world: World, state: Any) -> None:
    """Restore a state into a world, which must accept it."""
    response = control(world, "PUT", "/state", state)
    assert response.status == 204, response.body[:500]


def read(world: World, api: str, path: str, key: str) -> Response:
    """Send a list request with a key and nothing else that names a world."""
    client = (b"x-tallyfy-client", b"x"), (b"accept", b"application/json")
    headers = ((b"authorization", b"Bearer " + key.encode()), (b"x-api-key", key.encode()), *client)
    prefix = worlds_of(world).apis[api].contract.prefixes[0]
    target, _, query = path.partition("?")
    return call(App(worlds_of(world)), Request("GET", prefix + target, query, headers))


def lists(world: World, entries: dict[str, Any]) -> dict[str, Any]:
    """Return what these keys of a ready file list in each API."""
    kognitos, organization = entries["kognitos"], entries["tallyfy"]["organization_id"]
    runs = f"/runs?agent_id={kognitos['agent_id']}&process_id={kognitos['process_id']}"
    paths = {
        "nextstep": "/process-runs",
        "kognitos": runs,
        "tallyfy": f"/organizations/{organization}/runs?archived=true",
    }
    answers = {api: read(world, api, path, entries[api]["api_key"]) for api, path in paths.items()}
    assert all(answer.status == 200 for answer in answers.values()), answers
    return {api: json.loads(answer.body) for api, answer in answers.items()}


def data(state: Any) -> Any:
    """A state without its keys."""
    return {name: part for name, part in state.items() if name != "credentials"}


@pytest.mark.beside
@settings(max_examples=examples(6, 300), derandomize=True, database=None, deadline=None)
@given(
    seed=st.integers(0, 1_000_000),
    now=st.sampled_from(TIMES),
    count=st.sampled_from([0, LAST - 5, LAST]),
    length=st.sampled_from([5, 60]),
    place=st.sampled_from(["fresh world", "another server", "its default world"]),
)
def test_any_state_comes_back(seed: int, now: str, count: int, length: int, place: str) -> None:
    """After any session, a state is restored in its own world and in another, of this server or a second."""
    worlds = everything(milliseconds(now), assume=LATER)
    world = worlds.create()
    world.ids.count = count
    session = Session(world, seed)
    for _ in range(length):
        assert session.send(session.any_request(spoil=0.1)).status < 500
        if session.random.random() < 0.1:
            control(world, "POST", "/clock/advance", {"seconds": session.random.random() * 5})
    before = exported(world)
    put(world, before)
    assert exported(world) == before
    there = worlds if place == "fresh world" else everything(0)
    other = there.default if place == "its default world" else there.create()
    put(other, before)
    kept = exported(other)
    assert data(kept) == data(before)
    put(other, kept)
    assert exported(other) == kept


@pytest.mark.beside
@pytest.mark.parametrize("now", TIMES)
def test_the_keys_of_a_world_open_what_is_put_into_it(now: str) -> None:
    """A state of one fresh world is visible with the key of the world that it is restored into."""
    worlds = everything(milliseconds(now))
    one, other = worlds.create(), worlds.create()
    keys = {world.id: worlds_of(world).ready_info(world)["apis"] for world in (one, other, worlds.default)}
    session = Session(one, 3)
    while one.journal.count < 150:
        session.send(session.any_request(spoil=0))
    for api in VENDORS:
        token = keys[one.id][api]["api_key"]
        one.credentials[api, token] = one.credentials[api, token]._replace(state="valid")
    before, seen = exported(one), lists(one, keys[one.id])
    for receiver in (other, worlds.default):
        assert data(exported(receiver)) != data(before)
        put(receiver, before)
        assert data(exported(receiver)) == data(before)
        assert lists(receiver, keys[receiver.id]) == lists(one, keys[one.id]) == seen
        assert {api: worlds_of(receiver).access_info(receiver, api)["api_key"] for api in VENDORS} == {
            api: entry["api_key"] for api, entry in keys[receiver.id].items() if api in VENDORS
        }


def roles(world: World, entries: dict[str, Any]) -> dict[str, Any]:
    """Return status and visible runs of each key of NextStep."""
    named = {name: key for name, key in entries.items() if name.endswith("_key") and isinstance(key, str)}
    answers = {name: read(world, "nextstep", "/process-runs", key) for name, key in named.items()}
    return {name: (answer.status, answer.body) for name, answer in answers.items()}


def test_each_key_keeps_its_role() -> None:
    """Revoked, lapsed and other tenants' keys keep their roles in a restored state."""
    worlds = everything(0)
    one, other = worlds.create(), worlds.create()
    entries = [worlds_of(world).access_info(world, "nextstep") for world in (one, other)]
    expected = roles(one, entries[0])
    assert {name: status for name, (status, _) in expected.items()} == {
        "api_key": 200, "revoked_key": 401, "lapsed_key": 403, "other_tenant_key": 200,
    }  # fmt: skip
    put(other, exported(one))
    assert roles(other, entries[1]) == expected


def test_the_first_key_still_opens_where_one_was_revoked() -> None:
    """A revoked key of the state replaces a revoked key here, not one that works."""
    worlds = everything(0)
    one, other = worlds.create(), worlds.create()
    gone, *_ = worlds_of(one).access_info(one, "nextstep")["api_keys"]
    event = {"api": "nextstep", "event": "revoke-key", "key": gone}
    assert control(one, "POST", "/events", event).status == 200
    key = worlds_of(other).access_info(other, "nextstep")["api_key"]
    put(other, exported(one))
    assert read(other, "nextstep", "/process-runs", key).status == 200


def renamed(state: Any, tenant: str) -> Any:
    """A state whose first NextStep team has another id."""
    home = next(iter(state["apis"]["nextstep"]))
    return json.loads(json.dumps(state).replace(f'"{home}"', f'"{tenant}"'))


def test_tenants_of_another_name_are_opened_by_their_place() -> None:
    """Tenants of a restored state are matched with the keys of this world by position."""
    world = everything(0).create()
    entries, state = worlds_of(world).ready_info(world)["apis"], renamed(exported(world), "elsewhere")
    for credential in state["credentials"]:
        credential["token"] = f"foreign-{credential['token']}"
    put(world, state)
    assert read(world, "nextstep", "/process-runs", entries["nextstep"]["api_key"]).status == 200
    assert read(world, "nextstep", "/process-runs", entries["nextstep"]["other_tenant_key"]).status == 200
    assert read(world, "nextstep", "/process-runs", f"foreign-{entries['nextstep']['api_key']}").status == 200


def test_fewer_keys_are_shared() -> None:
    """If the state has one key of a tenant, all keys of this world for it take its role."""
    world = everything(0).create()
    entry, state = worlds_of(world).access_info(world, "nextstep"), exported(world)
    first, *rest = (one for one in state["credentials"] if one["api"] == "nextstep")
    state["credentials"] = [one for one in state["credentials"] if one not in rest]
    first["token"] = "foreign"
    put(world, state)
    assert len(entry["api_keys"]) > 1
    for key in (*entry["api_keys"], "foreign"):
        assert read(world, "nextstep", "/process-runs", key).status == 200
    assert read(world, "nextstep", "/process-runs", entry["other_tenant_key"]).status == 401


def test_a_key_that_a_state_of_its_own_world_leaves_out_is_gone() -> None:
    """A key that is removed from a world's own state is gone after the restore."""
    world = everything(0).create()
    key, state = worlds_of(world).access_info(world, "nextstep")["api_key"], exported(world)
    state["credentials"] = [one for one in state["credentials"] if one["token"] != key]
    put(world, state)
    assert read(world, "nextstep", "/process-runs", key).status == 401
    assert exported(world) == state


def test_a_state_that_no_key_would_open_is_refused() -> None:
    """A state without a key of an API that this world has keys for is refused with the API's name."""
    world = everything(0).create()
    before = exported(world)
    state = before | {"credentials": [one for one in before["credentials"] if one["api"] != "kognitos"]}
    refused = control(world, "PUT", "/state", state)
    assert refused.status == 400
    assert refused.json()["detail"] == "credentials: no key of this world would open kognitos"
    assert exported(world) == before


@pytest.mark.parametrize("count", [LAST + 1, 1e300, -1])
def test_a_count_that_no_reader_keeps_is_refused(count: float) -> None:
    """A state whose counter of ids is negative or beyond exact integers is refused."""
    world = everything(0).create()
    state = exported(world)
    state["ids"]["count"] = count
    assert control(world, "PUT", "/state", state).status == 400


def test_a_used_up_stream_of_ids_goes_on() -> None:
    """After the last number of a stream, ids stay unique and the state can be exported and restored."""
    world = everything(0).create()
    state = exported(world)
    state["ids"]["count"] = LAST - 1
    put(world, state)
    ids = [world.ids.take(20) for _ in range(3)]
    assert len(set(ids)) == 3
    assert world.ids.count == 2
    put(world, exported(world))


def test_children_of_a_deleted_process_come_back() -> None:
    """A process that names a deleted parent can be restored."""
    world = everything(milliseconds("2026-04-07")).create()
    session = Session(world, 0)
    organization = worlds_of(world).access_info(world, "tallyfy")["organization_id"]

    def ask(method: str, path: str, body: Any = None) -> Response:
        request = session.about("tallyfy", worlds_of(world).apis["tallyfy"].contract.operations["launchRun"]).request
        key = worlds_of(world).access_info(world, "tallyfy")["api_key"].encode()
        fields = tuple((name, b"Bearer " + key if name == b"authorization" else it) for name, it in request.headers)
        content = b"" if body is None else json.dumps(body).encode()
        target = f"/api/organizations/{organization}{path}"
        return session.send(Sent("tallyfy", "launchRun", Request(method, target, "", fields, content), ""))

    parent = ask("POST", "/runs", {"checklist_id": REPORT}).json()["data"]["id"]
    child = ask("POST", "/runs", {"checklist_id": REPORT, "parent_id": parent}).json()["data"]["id"]
    assert [ask("DELETE", f"/runs/{parent}{more}").status for more in ("", "/delete")] == [200, 200]
    before = exported(world)
    put(world, before)
    assert exported(world) == before
    assert ask("GET", f"/runs/{child}").json()["data"]["parent_id"] == parent


def test_due_jobs_keep_their_order_at_the_largest_number() -> None:
    """Restored jobs keep their order and are renumbered, so that more can follow."""
    world = everything(0).create()
    payload = {"run_id": "nope"}
    due = {"at": 5000, "api": "nextstep", "tenant": "team_abc", "timer": "complete-run", "payload": payload}
    state = exported(world) | {"due": [due | {"number": LAST}, due | {"number": 3, "payload": {"run_id": "first"}}]}
    put(world, state)
    world.schedule(5000, "nextstep", "team_abc", "complete-run", payload)
    told = exported(world)["due"]
    assert [(one["number"], one["payload"]["run_id"]) for one in told] == [(1, "first"), (2, "nope"), (3, "nope")]
    put(world, exported(world))


def test_a_state_takes_no_key_from_another_world() -> None:
    """A restored state takes no key from another world."""
    worlds = everything(0)
    one, other = worlds.create(), worlds.create()
    key = worlds_of(one).access_info(one, "nextstep")["api_key"].encode()
    put(other, exported(one))
    request = Request("GET", "/api/v1/process-runs", "", ((b"authorization", b"Bearer " + key),))
    assert worlds.find(request) is one
    worlds.reset(other)
    assert worlds.find(request) is one
