"""Probes that follow from a document alone: they need no code of the API, and say why where a target shows nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

import toy
from understudy import apis
from understudy.apis import control
from understudy.engine.api import Api
from understudy.engine.call import Call, Reply
from understudy.engine.problem import Problem, Refusal
from understudy.engine.worlds import Worlds
from understudy.http.app import App
from understudy_checks.budget import Budget
from understudy_checks.probes import ProbeResult, own_probes, probes, run_probes
from understudy_checks.target import installed
from understudy_checks.target.mock import Mock
from understudy_checks.target.transport import in_process

BOUND: dict[str, tuple[str, list[Any]]] = {
    # place in the document, and the values of its assumption
    "x-unknown/body-fields": ("toy.errors.body-fields", ["ignore", "reject"]),
    "x-unknown/query-parameters": ("toy.errors.query-parameters", ["reject", "ignore"]),
    "x-unknown/duplicate-query-parameters": ("toy.errors.duplicates", ["first", "last", "reject"]),
    "x-methods/head": ("toy.http.head", ["like-get", "method-not-allowed"]),
    "x-methods/options": ("toy.http.options", ["allow", "method-not-allowed"]),
    "x-pagination/limit-out-of-range": ("toy.pages.out-of-range", ["clamp", "reject"]),
    "x-pagination/limit-below-minimum": ("toy.pages.below", ["reject", "clamp", "default"]),
    "x-pagination/limit-not-an-integer": ("toy.pages.no-integer", ["reject", "default"]),
    "x-pagination/cursor-form": ("toy.pages.form", ["opaque", "item-id"]),
    "x-rate-limit/headers": ("toy.limit.headers", [True, False]),
    "x-rate-limit/retry-after": ("toy.limit.retry-after", [True, False]),
    "x-errors/malformed-body/status": ("toy.errors.malformed", [400, 422]),
    "x-errors/unsupported-media-type/status": ("toy.errors.media-type", [415, 400]),
    "x-errors/method-not-allowed/status": ("toy.errors.method", [405, 404]),
    "x-errors/missing-credential/message": ("toy.keys.missing", ["Say who you are", "Who?"]),
    "x-errors/invalid-credential/message": ("toy.keys.unknown", ["Nobody", "No"]),
    "x-errors/rate-limited/message": ("toy.limit.message", ["Slow down", "Wait"]),
}
BESIDES = {"toy.errors.status", "toy.keys.challenge", "toy.limit.window", "toy.limit.counts", "toy.pages.cursor"}
"""Bound in the toy's document as it is."""


def document() -> dict[str, Any]:
    """The toy's document with more of its settings assumed, and a limit that can be counted."""
    known = toy.document()
    known["x-methods"] = {}
    for place, (id, (default, *alternatives)) in BOUND.items():
        *parents, last = place.split("/")
        owner = known
        for name in parents:
            owner = owner[name]
        owner[last] = {"assumption": id}
        entry = {"id": id, "text": "No page says it", "source": "Toys", "default": default}
        known["x-assumptions"].append({**entry, "alternatives": alternatives})
    known["x-rate-limit"]["requests"] = 9
    known["paths"]["/toys/{id}/repair"] = {"post": {"operationId": "repairToy", **_repair()}}
    known["x-errors"]["no-toy"] = {"status": 404, "code": "none", "message": "No such toy", "reason": "not-found"}
    known["paths"]["/toys/{id}"]["parameters"][0]["schema"] = {"type": "string"}
    del known["paths"]["/toys/{id}"]["get"]["parameters"]
    del known["paths"]["/toys/{id}"]["get"]["security"]
    known["paths"]["/toys/{id}"]["get"]["responses"]["4XX"] = {"$ref": "#/components/responses/Refused"}
    return known


def _repair() -> dict[str, Any]:
    parameters = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
    return {"parameters": parameters, "responses": {"200": {"description": "As new"}}}


def error_body(call: Call, refusal: Refusal) -> Any:
    """An error with a message."""
    return {"wrong": {"code": refusal.code, "message": refusal.message}}


def access_info(credentials: Any, tenants: Any) -> dict[str, Any]:
    """The keys that the kit is told."""
    keys = {state: [one.token for one in credentials if one.state == state] for state in ("valid", "lapsed")}
    return {"api_keys": keys["valid"], "lapsed_key": keys["lapsed"][0]}


def get_toy(call: Call) -> Reply:
    """GET /toys/{id}."""
    row = call.store["toys"].row(call.arguments["id"])
    if row is None:
        raise Problem("no-toy")
    return Reply(row)


@pytest.fixture(scope="module")
def api() -> Api:
    """The toy API, of which the kit has no folder."""
    return made(document())


def made(known: dict[str, Any]) -> Api:
    """The toy API with a document."""
    handlers = {"listToys": toy.list_toys, "makeToy": toy.make_toy, "getToy": get_toy, "breakToy": toy.break_toy}
    handlers["repairToy"] = get_toy
    return toy.api(known, handlers=handlers, error_body=error_body, access_info=access_info, most_bytes=1 << 20)


def found(api: Api, assumed: Mapping[str, Any], content: Any = toy.TOYS) -> dict[str, ProbeResult]:
    """What all probes see on a mock of the API, by the id of the assumption."""
    worlds = Worlds([api, control.declare], seeds={"toy": content}, assume=assumed)
    target = Mock(api.contract, in_process(App(worlds)), name="toy", budget=Budget())
    return {result.assumption.id: result for result in run_probes(target)}


def cases() -> list[tuple[str, Any]]:
    """Each assumption that the document binds, with each of its values."""
    known = toy.document()["x-assumptions"]
    as_it_is = {one["id"]: [one["default"], *one["alternatives"]] for one in known if one["id"] in BESIDES}
    return [(id, value) for id, values in {**dict(BOUND.values()), **as_it_is}.items() for value in values]


@pytest.mark.parametrize(("id", "value"), cases(), ids=str)
def test_a_bound_assumption_is_seen_without_code_of_the_api(api: Api, id: str, value: Any) -> None:
    """The probe that follows from the document finds each value of the assumption."""
    assert own_probes("toy") == ()
    result = found(api, {id: value})[id]
    assert (result.seen, type(result.seen)) == (value, type(value)), result.reason


def test_a_target_without_data_says_what_is_lacking(api: Api) -> None:
    """Without any toy, a probe sees what the mock does all the same, or gives a reason of its own."""
    results = found(api, {"toy.pages.below": "clamp"}, content=[])
    reasons = {id: result.reason for id, result in results.items() if result.found == "not observed"}
    assert not [reason for reason in reasons.values() if reason.startswith("the probe failed")], reasons
    assert results["toy.pages.out-of-range"].seen == "clamp"  # there is no other way to accept it
    assert reasons["toy.pages.below"] == "no list on this target is long enough"
    assert reasons["toy.pages.form"] == "no listToys on this target has a second page"


def test_a_body_that_nothing_shows_is_not_made_up() -> None:
    """Where neither data nor an example of the document gives a body, nothing is sent."""
    known = document()
    del known["paths"]["/toys"]["post"]["requestBody"]["content"]["application/json"]["example"]
    assert found(made(known), {})["toy.errors.malformed"].reason == "no data on this target lead to makeToy"


def test_a_body_may_come_from_the_target_itself() -> None:
    """Where a link of the document leads to an operation with a body, that is sent."""
    known = document()
    del known["paths"]["/toys"]["post"]["requestBody"]["content"]["application/json"]["example"]
    body = {name: f"$response.body#/page/items/0/{name}" for name in ("id", "name")}
    links = known["paths"]["/toys"]["get"]["responses"]["200"]["links"]
    links["again"] = {"operationId": "makeToy", "requestBody": body}
    results = found(made(known), {"toy.errors.body-fields": "reject"})
    assert [results[id].seen for id in ("toy.errors.malformed", "toy.errors.body-fields")] == [400, "reject"]


def test_an_api_that_only_reads_says_what_is_lacking() -> None:
    """Without an operation that takes JSON, without a limit, and where no value is refused, that is the reason."""
    known = document()
    for path in ("/toys", "/toys/{id}", "/toys/{id}/repair"):
        for method in known["paths"][path].keys() & {"post", "delete"}:
            del known["paths"][path][method]
    del known["x-rate-limit"], known["x-events"], known["paths"]["/toys/{id}"], known["paths"]["/toys/{id}/repair"]
    del known["paths"]["/toys"]["get"]["responses"]["200"]["links"]
    handlers = {"listToys": toy.list_toys}
    api = toy.api(known, handlers=handlers, error_body=error_body, access_info=access_info, events={})
    results = found(api, {"toy.pages.below": "clamp", "toy.pages.no-integer": "default"})
    assert results["toy.errors.malformed"].reason == "no operation of this API takes JSON"
    assert results["toy.errors.method"].reason == "every path has GET"
    assert (results["toy.errors.status"].reason or "").startswith("this target refuses no value of a parameter")
    assert results["toy.limit.window"].reason == "the kit has no probe for it"


def test_an_object_that_is_never_missing_counts_for_nothing(api: Api) -> None:
    """Where each id is of an object, no request can be refused for its content."""
    everything = {**api.handlers, "getToy": lambda call: Reply(toy.encode({"id": "a", "name": "Ball"}))}
    results = found(toy.api(document(), handlers=everything, error_body=error_body, access_info=access_info), {})
    assert results["toy.limit.counts"].reason == "no read of an unknown object is a 404 on this target"


def test_an_api_of_the_kit_has_each_assumption_asked_once() -> None:
    """An API's own probe has precedence over the one that follows from its document."""
    for name in apis.NAMES:
        asked = [probe.assumption for probe in probes(installed.document(name))]
        assert len(asked) == len(set(asked))
        assert {probe.assumption for probe in own_probes(name)} < set(asked)
