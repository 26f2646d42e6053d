"""Refusals change nothing, and name only fields of the request."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from effort import examples
from sessions import SPOILED, VENDORS, Sent, Session, everything, worlds_of
from understudy.apis import control
from understudy.document.operation import Operation
from understudy.engine.api import Api
from understudy.engine.call import Call, Json
from understudy.engine.clock import milliseconds
from understudy.engine.exchange import Response
from understudy.engine.problem import Refusal
from understudy.engine.world import World
from understudy.engine.worlds import Worlds
from understudy_checks.target import installed

pytestmark = pytest.mark.beside

NOW = milliseconds("2026-04-07T10:00:00Z")
ALL = (*VENDORS, "control")
READABLE = ("malformed-body", "unsupported-media-type")


def kept(worlds: Worlds) -> Any:
    """Return the exports of all worlds, with what they omit: faults, the order of records, the next world."""
    return worlds._ids.count, {id: kept_by(world) for id, world in worlds.all.items()}


def kept_by(world: World) -> Any:
    """Return copies of all that a world stores, in a form that compares quickly."""
    collections = {
        (api, tenant, name): (dict(store[name]._rows), {key: list(ids) for key, ids in store[name]._indexes.items()})
        for api, tenants in world.tenants.items()
        for tenant, store in tenants.items()
        for name in store.names()
    }
    ids, clock = (world.ids.seed, world.ids.count), world.clock.frozen and world.clock.now()
    own = (dict(world.assumptions), dict(world.credentials), sorted(world.jobs), list(world.faults))
    return collections, ids, clock, own


def refuse(session: Session, sent: Sent, before: Any) -> tuple[Response, Any]:
    """Send a request that must change nothing if it is refused; returns the response and the state."""
    response = session.send(sent)
    after = kept(session.worlds)
    assert response.status < 500, (sent, response)
    if response.status >= 400:
        assert after == before, (sent, response)
    return response, after


@pytest.mark.parametrize("seed", range(6))
def test_a_refused_request_changes_nothing(seed: int) -> None:
    """A refused request leaves all worlds unchanged, after any session."""
    worlds = everything(NOW)
    session = Session(worlds.create(), seed)
    before, reasons = kept(worlds), Counter[str | None]()
    for _ in range(examples(250, 400)):
        response, before = refuse(session, session.any_request(spoil=0.4), before)
        reasons[response.header("x-mock-reason")] += 1
    assert {"auth", "route", "validation", "state", "not-found", None} <= set(reasons)


@pytest.mark.parametrize("api", ALL)
def test_every_operation_refuses_without_a_change(api: str) -> None:
    """Each operation refuses each kind of invalid request that its document declares, without a change."""
    worlds = everything(NOW)
    session = Session(worlds.create(), 7)
    before, refused = kept(worlds), Counter[str]()
    for operation in worlds.apis[api].contract.operations.values():
        for spoiled in (*SPOILED, *["member"] * examples(8, 20) * (operation.body is not None)):
            response, before = refuse(session, session.about(api, operation, spoiled), before)
            refused[operation.id] += response.status >= 400
    assert set(refused) == set(worlds.apis[api].contract.operations)
    assert min(refused.values()) > 0


@pytest.mark.parametrize("api", VENDORS)
def test_a_request_beyond_the_limit_changes_nothing(api: str) -> None:
    """A 429 of any operation changes nothing."""
    worlds = everything(NOW, limits=dict.fromkeys(VENDORS, 1), assume={"kognitos.rate-limit.pool": POOL})
    session = Session(worlds.create(), 8)
    statuses = Counter[int]()
    for operation in worlds.apis[api].contract.operations.values():
        before = kept(worlds)
        for _ in range(3):
            response, before = refuse(session, session.about(api, operation), before)
            statuses[response.status] += 1
    assert statuses[429] >= len(worlds.apis[api].contract.operations)


def test_a_foreign_page_changes_nothing() -> None:
    """A control operation from another origin is refused and has no effect."""
    worlds = everything(NOW)
    session = Session(worlds.create(), 9)
    before = kept(worlds)
    for operation in worlds.apis["control"].contract.operations.values():
        sent = session.about("control", operation)
        fields = (*sent.request.headers, (b"origin", b"http://elsewhere.example"))
        request = type(sent.request)(
            sent.request.method, sent.request.path, sent.request.query, fields, sent.request.body
        )
        response, before = refuse(session, sent._replace(request=request), before)
        assert response.status == 403


def test_a_refused_launch_takes_no_id() -> None:
    """A launch after refusals gets the same id as without them."""
    launched = []
    for wrong in ({}, *({name: value} for name, value in WRONG_LAUNCHES.items())):
        world = everything(NOW).create()
        if wrong:
            assert launch(world, wrong).status == 422, wrong
        launched.append(launch(world, {}).body)
    assert launched == launched[:1] * len(launched)


NOBODY = 999_999
REPORT = "00000000000000000000000000000a02"
WRONG_LAUNCHES: dict[str, Any] = {
    "users": [NOBODY], "owner_id": NOBODY, "user_id": NOBODY, "groups": ["nope"], "tags": ["nope"],
    "folders": ["nope"], "parent_id": "nope", "prerun": 5, "name": "x" * 551,
}  # fmt: skip


def launch(world: World, body: dict[str, Any]) -> Response:
    """Launch a Tallyfy process with these members."""
    session = Session(world, 0)
    operation = worlds_of(world).apis["tallyfy"].contract.operations["launchRun"]
    request = session.about("tallyfy", operation).request
    steps = [step["id"] for step in next(iter(world.tenants["tallyfy"].values()))["definitions"].get(REPORT)["steps"]]
    changed = json.dumps({"checklist_id": REPORT, "name": "New", **body}).replace("STEP", steps[-1]).encode()
    return session.send(
        Sent("tallyfy", "launchRun", type(request)("POST", request.path, "", request.headers, changed), "")
    )


WRONG_LAUNCHES["tasks"] = {"STEP": {"owners": {"users": [NOBODY]}}}
POOL = {"requests": 600, "seconds": 60}  # any limit, so that there is one


# Names of what is wrong


def watched(api: Api, seen: list[tuple[Operation, Json, Json]]) -> Api:
    """The API with a log of its refusals: operation, named fields, body."""

    def error_body(call: Call, refusal: Refusal) -> Json:
        body = api.error_body(call, refusal)
        if hasattr(call, "operation"):
            seen.append((call.operation, dict(refusal.fields), body))
        return body

    return replace(api, error_body=error_body)


UNREADABLE = [{f"tallyfy.errors.{kind}": {"status": 422, "code": ""} for kind in READABLE}]


@pytest.mark.parametrize("assume", [{}, *UNREADABLE, {"tallyfy.launch.unknown-template": {"status": 422, "code": ""}}])
def test_an_error_names_a_field_of_its_operation(assume: dict[str, Any]) -> None:
    """Each field in an error is a parameter or body member of the operation, or the body as a whole."""
    seen: list[tuple[Operation, Json, Json]] = []
    apis = [
        *(watched(installed.declared(name), seen) for name in VENDORS),
        lambda worlds: watched(control.declare(worlds), seen),
    ]
    worlds = everything(NOW, apis=apis, assume=assume)
    told = set[str]()
    for seed in range(3):
        session = Session(worlds.create(), seed)
        for name in ALL:
            for operation in worlds.apis[name].contract.operations.values():
                for spoiled in ("", "", "member", "member", "no JSON", "media type", "path", "query", "unknown query"):
                    session.send(session.about(name, operation, spoiled))
    for operation, fields, body in seen:
        known = {parameter.name for parameter in operation.parameters} | {"body", "no_such_parameter"}
        known |= operation.body.properties if operation.body else set()
        named = {name.partition(".")[0] or "body" for name in [*fields, *body.get("errors", ())]}
        assert named <= known, (operation, fields, body)
        told |= {f"{operation.id}: {name}" for name in named}
    assert {"purgeRun: run_id", "completeTask: task_id", "launchRun: checklist_id", "updateRun: prerun"} <= told
    assert not {"purgeRun: task_id", "completeKickoff: prerun", "completeTask: taskdata"} & told
