"""The pipeline with a toy API: routes, keys, limits, validation, pages and errors as declared."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

import toy
from understudy.engine.api import Api
from understudy.engine.call import Call, Reply
from understudy.engine.clock import Clock
from understudy.engine.exchange import Exchange, Request
from understudy.engine.pipeline import handle
from understudy.engine.worlds import Worlds

Ask = Callable[..., Exchange]


def worlds_of(api: Api, **options: Any) -> Worlds:
    """Worlds that serve the toy API alone, at the beginning of 1970."""
    usual: dict[str, Any] = {"seeds": {"toy": toy.TOYS}, "clock": Clock(0, frozen=True), "limits": {"toy": None}}
    return Worlds([api], **{**usual, **options})


@pytest.fixture(scope="module")
def api() -> Api:
    """The toy API."""
    return toy.api()


@pytest.fixture
def ask(api: Api) -> Ask:
    """Send requests to fresh worlds of the toy API, or to `to`."""
    own = worlds_of(api)

    def send(
        method: str, target: str, body: Any = None, *, key: str | None = "k1", to: Worlds = own, **headers: str
    ) -> Exchange:
        path, _, query = target.partition("?")
        given = {**({} if key is None else {"x-toy": key}), "content-type": "application/json", **headers}
        fields = tuple((name.encode(), value.encode()) for name, value in given.items())
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return handle(Request(method, path, query, fields, content), to.default, to)

    return send


def told(exchange: Exchange) -> tuple[int, str | None, str]:
    """Return status, reason and the step that answered."""
    return exchange.response.status, exchange.reason, exchange.stop


@pytest.mark.parametrize("prefix", ["/api", "/toys/v1"])
def test_every_server_of_the_document_is_served(ask: Ask, prefix: str) -> None:
    """An operation answers under the path of each server of the document."""
    exchange = ask("GET", f"{prefix}/toys?size=1")
    assert exchange.response.json() == {"page": {"items": [{"id": "d", "name": "Kite"}], "next": "ZA=="}, "more": True}
    assert (exchange.api, exchange.operation, exchange.stop) == ("toy", "listToys", "page")


@pytest.mark.parametrize(
    ("method", "target", "status", "owned"),
    [
        ("GET", "/api/toys/x/y", 404, True), ("GET", "/toys/v1/nothing", 404, True), ("GET", "/toys/v1", 404, True),
        ("GET", "/api/others", 404, False), ("GET", "/api", 404, False), ("GET", "/", 404, False), ("GET", "", 404,
        False),
        ("GET", "/toys", 404, False), ("PATCH", "/api/toys", 405, True), ("GET", "/api/toys/", 404, True),
    ],
)  # fmt: skip
def test_a_shared_prefix_is_owned_by_first_segments(
    ask: Ask, method: str, target: str, status: int, owned: bool
) -> None:
    """Under a shared prefix, the first segment selects the API; an unowned path answers problem details."""
    exchange = ask(method, target)
    assert told(exchange) == (status, "route", "route")
    assert ("wrong" in exchange.response.json()) is owned
    assert (exchange.response.header("content-type") == "application/problem+json") is not owned


def test_what_nobody_owns_has_a_hint(ask: Ask) -> None:
    """The answer to an unowned path suggests the nearest known one."""
    assert ask("GET", "/ap/toys").response.json()["detail"].endswith("did you mean /api/toys?")


def test_a_method_that_is_not_offered_names_those_that_are(ask: Ask) -> None:
    """A 405 has `Allow`."""
    assert ask("PUT", "/api/toys").response.header("allow") == "GET, HEAD, OPTIONS, POST"


@pytest.mark.parametrize(
    ("key", "status", "text"),
    [("k1", 200, None), (None, 401, "Say who you are"), ("", 401, "Say who you are"), ("k9", 401, "Nobody"), ("k3",
    401, "Nobody"), ("k2", 403, "Pay")],
)  # fmt: skip
def test_keys_in_a_header_of_the_vendors_own(ask: Ask, key: str | None, status: int, text: str | None) -> None:
    """An apiKey scheme reads its header and distinguishes unknown, revoked and lapsed keys."""
    exchange = ask("GET", "/api/toys", key=key)
    assert exchange.response.status == status
    assert text is None or exchange.response.json()["wrong"]["text"] == text


def test_a_key_sees_its_own_tenant(ask: Ask) -> None:
    """Another team's list is empty."""
    assert ask("GET", "/api/toys", key="k4").response.json() == {"page": {"items": [], "next": None}, "more": False}


def test_an_open_operation_needs_no_key(ask: Ask) -> None:
    """`security: []` on an operation disables authentication there."""
    exchange = ask("GET", "/api/toys/a%2Fb?must=3", key=None)
    assert exchange.response.json() == {"id": "a/b", "must": 3}
    assert told(ask("GET", "/api/toys/A?must=3", key=None)) == (400, "validation", "validate")
    assert told(ask("GET", "/api/toys/a", key=None)) == (400, "validation", "validate")


def test_the_rule_of_an_error_is_in_its_trace(ask: Ask) -> None:
    """The trace of a refusal has the rule of its kind or of its Problem, and the assumptions it used."""
    assert "toy.keys.known" in ask("GET", "/api/toys", key="k9").trace
    exchange = ask("DELETE", "/api/toys/safe")
    assert exchange.trace[-1] in ("toy.keys.message", "toy.toys.made")
    assert "toy.toys.made" in exchange.trace
    assert exchange.response.header("x-why") == "safe"
    assert exchange.response.json()["wrong"]["text"] == "It does not break"


@pytest.mark.parametrize(("body", "status"), [({"id": "e", "name": "Yo-yo"}, 201), ({"id": "e"}, 400), ({"id": "e",
"name": "a", "x": 1}, 400),
                                              (b"x" * 101, 413), (None, 400)])  # fmt: skip
def test_bodies_are_held_against_the_document(ask: Ask, body: Any, status: int) -> None:
    """A body is required, bounded in size, valid and without unknown members."""
    assert ask("POST", "/api/toys", body).response.status == status


@pytest.mark.parametrize(
    ("query", "status", "count"),
    [("size=9", 200, 3), ("size=0", 200, 1), ("size=x", 400, 0), ("size=1&size=x", 200, 1), ("colour=red", 400, 0),
    ("kind=ball", 200, 2), ("kind=x", 400, 0),
     ("after=zzz", 400, 0), ("after=Yw%3D%3D", 200, 2), ("new=true&weight=1.5", 200, 2), ("new=1", 400, 0)],
)  # fmt: skip
def test_queries_go_by_what_the_document_says(ask: Ask, query: str, status: int, count: int) -> None:
    """A literal policy (clamp, reject, first) works like an assumed one."""
    exchange = ask("GET", f"/api/toys?{query}")
    assert exchange.response.status == status
    assert status != 200 or len(exchange.response.json()["page"]["items"]) == count


@pytest.mark.parametrize("value", ["ignore", "empty"])
def test_a_parameters_own_policy(api: Api, ask: Ask, value: str) -> None:
    """`x-invalid` accepts an invalid value where its assumption says so."""
    assert ask("GET", "/api/toys?kind=x", to=worlds_of(api, assume={"toy.toys.kind": value})).response.status == 200


@pytest.mark.parametrize(("value", "count"), [("start", 2), ("empty", 0)])
@pytest.mark.parametrize("cursor", ["zzz", "", "Z%C3%A9", "%FF", "/w=="])
def test_unknown_cursors(api: Api, ask: Ask, value: str, count: int, cursor: str) -> None:
    """An unknown cursor of any bytes starts the list again or yields an empty page."""
    exchange = ask("GET", f"/api/toys?after={cursor}", to=worlds_of(api, assume={"toy.pages.cursor": value}))
    assert len(exchange.response.json()["page"]["items"]) == count


def test_a_programmers_error_is_a_500_with_its_traceback(ask: Ask) -> None:
    """The client gets the API's own error; the exchange has the traceback."""
    exchange = ask("POST", "/api/toys", {"id": "e", "name": "bomb"})
    assert told(exchange) == (500, "internal", "run")
    assert exchange.response.json() == {"wrong": {"code": "oops", "text": "Oops"}}
    assert "ZeroDivisionError: boom" in str(exchange.error)


def test_an_assumption_that_has_no_answer_falls_back_on_its_default(api: Api, ask: Ask) -> None:
    """A refusal whose assumption is null uses its default."""
    exchange = ask("GET", "/toys/v1/x", to=worlds_of(api, assume={"toy.errors.route": None}))
    assert (exchange.response.status, exchange.response.json()["wrong"]["code"]) == (404, "where")


def test_a_status_of_its_own_wins(ask: Ask) -> None:
    """A handler's status wins over the operation's; a 204 has no body."""
    assert ask("POST", "/api/toys", {"id": "e", "name": "Yo-yo"}).response.status == 201
    gone = ask("DELETE", "/api/toys/a").response
    assert (gone.status, gone.body, gone.headers) == (204, b"", ())


def test_a_body_that_nobody_asked_for_is_not_read(ask: Ask) -> None:
    """An operation without a body ignores one, unless it is too large."""
    gone = ask("DELETE", "/api/toys/a", {"id": 1})
    assert told(ask("DELETE", "/api/toys/b", {"x": "x" * (1 << 20)})) == (413, "validation", "validate")
    assert gone.response.status == 204


def test_a_step_or_handler_can_be_swapped(ask: Ask) -> None:
    """`replace` exchanges a step or handler of an API and leaves the rest."""

    def closed(call: Call) -> Any:
        return Reply(b"{}", 200)

    changed = toy.api(handlers={**toy.api().handlers, "listToys": closed})
    assert ask("GET", "/api/toys", to=worlds_of(changed)).response.body == b"{}"
    open_to_all = replace(changed, steps=replace(changed.steps, authenticate=lambda call: None))
    assert ask("GET", "/api/toys", key=None, to=worlds_of(open_to_all)).response.status == 200


def test_helpful_servers_tell_the_reason(api: Api, ask: Ask) -> None:
    """Each refusal has X-Mock-Reason, unless the server is strict."""
    assert ask("GET", "/x").response.header("x-mock-reason") == "route"
    assert ask("GET", "/x", to=worlds_of(api, helpful=False)).response.header("x-mock-reason") is None


# Limits


def statuses(ask: Ask, worlds: Worlds, count: int, target: str = "/api/toys", **options: Any) -> list[int]:
    """Return the statuses of this many requests."""
    return [ask("GET", target, to=worlds, **options).response.status for _ in range(count)]


def limited(api: Api, **assume: str) -> Worlds:
    """Worlds with the declared limit of 3 in 10 seconds, 64 seconds into 1970."""
    assumptions = {f"toy.limit.{name}": value for name, value in assume.items()}
    return worlds_of(api, limits={}, assume=assumptions, clock=Clock(64_000, frozen=True))


def test_a_fixed_window_starts_with_its_first_request(api: Api, ask: Ask) -> None:
    """A fixed window of 10 seconds starts with its first request and grants 3."""
    worlds = limited(api)
    assert statuses(ask, worlds, 1) == [200]
    worlds.advance(worlds.default, 4.5)
    assert statuses(ask, worlds, 3) == [200, 200, 429]
    refused = ask("GET", "/api/toys", to=worlds).response
    assert refused.header("retry-after") == "6", "5.5 seconds, in whole ones"
    worlds.advance(worlds.default, 5.499)
    assert statuses(ask, worlds, 1) == [429]
    worlds.advance(worlds.default, 0.001)
    assert statuses(ask, worlds, 4) == [200, 200, 200, 429]


def test_a_calendar_window_starts_with_the_clock(api: Api, ask: Ask) -> None:
    """A calendar window starts at each multiple of 10 seconds."""
    worlds = limited(api, window="calendar")
    assert statuses(ask, worlds, 4) == [200, 200, 200, 429]
    assert ask("GET", "/api/toys", to=worlds).response.header("retry-after") == "6"
    worlds.advance(worlds.default, 6)
    assert statuses(ask, worlds, 4) == [200, 200, 200, 429]


def test_a_sliding_window_is_the_last_seconds(api: Api, ask: Ask) -> None:
    """A sliding window grants a request 10 seconds after the one it replaces."""
    worlds = limited(api, window="sliding")
    assert statuses(ask, worlds, 1) == [200]
    worlds.advance(worlds.default, 6)
    assert statuses(ask, worlds, 3) == [200, 200, 429]
    assert ask("GET", "/api/toys", to=worlds).response.header("retry-after") == "4"
    worlds.advance(worlds.default, 4)
    assert statuses(ask, worlds, 2) == [200, 429]


@pytest.mark.parametrize("window", ["fixed", "sliding", "calendar"])
@pytest.mark.parametrize(("counts", "expected"), [("admitted", [400, 400, 400, 429]), ("successful", [400] * 4)])
def test_what_counts(api: Api, ask: Ask, window: str, counts: str, expected: list[int]) -> None:
    """Refused requests are refunded if only successful ones count."""
    worlds = limited(api, window=window, counts=counts)
    assert statuses(ask, worlds, 4, "/api/toys?size=x") == expected
    assert statuses(ask, worlds, 4) == ([429] * 4 if counts == "admitted" else [200, 200, 200, 429])


def test_each_credential_has_its_own_window(api: Api, ask: Ask) -> None:
    """Each key has its own window; refused keys use none."""
    worlds = limited(api)
    assert statuses(ask, worlds, 4) == [200, 200, 200, 429]
    assert statuses(ask, worlds, 1, key="k4") == [200]
    assert statuses(ask, worlds, 5, key="k2") == [403] * 5
    assert statuses(ask, worlds, 5, "/api/toys/a?must=1", key=None) == [200] * 5, "an open operation is not limited"


def test_limit_headers_tell_what_is_left(api: Api, ask: Ask) -> None:
    """Every response, refusals too, has limit, remaining and reset."""
    worlds = limited(api)
    seen = []
    for _ in range(4):
        response = ask("GET", "/api/toys", to=worlds).response
        seen.append([response.header(f"x-ratelimit-{name}") for name in ("limit", "remaining", "reset")])
        worlds.advance(worlds.default, 1)
    assert seen == [["3", "2", "10"], ["3", "1", "9"], ["3", "0", "8"], ["3", "0", "7"]]
    sliding = limited(api, window="sliding")
    assert ask("GET", "/api/toys", to=sliding).response.header("x-ratelimit-reset") == "10"


def test_another_limit_is_told_in_the_headers(api: Api, ask: Ask) -> None:
    """A limit given at start replaces the documented one; None disables it with its headers."""
    worlds = worlds_of(api, limits={"toy": 1})
    assert statuses(ask, worlds, 2) == [200, 429]
    assert ask("GET", "/api/toys", to=worlds).response.header("x-ratelimit-limit") == "1"
    assert ask("GET", "/api/toys", to=worlds_of(api)).response.header("x-ratelimit-limit") is None


# Bearer


def bearer(**scheme: Any) -> Api:
    """The toy API with bearer tokens."""
    document = toy.document()
    document["components"]["securitySchemes"]["key"] = {"type": "http", "scheme": "bearer", **scheme}
    return toy.api(document)


@pytest.mark.parametrize(
    ("value", "status"),
    [("Bearer k1", 200), ("bearer k1", 200), ("BEARER k1", 200), ("Basic k1", 401), ("k1", 401), ("Bearer", 401),
    ("Bearer  k1", 401)],
)  # fmt: skip
def test_bearer_tokens_without_assumptions(ask: Ask, value: str, status: int) -> None:
    """Without an assumption, the scheme name has any case, as in HTTP, and no challenge is sent."""
    exchange = ask("GET", "/api/toys", key=None, to=worlds_of(bearer()), authorization=value)
    assert exchange.response.status == status
    assert exchange.response.header("www-authenticate") is None


@pytest.mark.parametrize(("case", "status"), [("insensitive", 200), ("sensitive", 401)])
def test_bearer_tokens_by_assumption(ask: Ask, case: str, status: int) -> None:
    """Case and challenge follow the world's assumptions."""
    api = bearer(
        **{"x-scheme-case": {"assumption": "toy.keys.case"}, "x-challenge": {"assumption": "toy.keys.challenge"}}
    )
    worlds = worlds_of(api, assume={"toy.keys.case": case, "toy.keys.challenge": "Toy"})
    assert ask("GET", "/api/toys", key=None, to=worlds, authorization="bearer k1").response.status == status
    assert ask("GET", "/api/toys", key=None, to=worlds).response.header("www-authenticate") == "Toy"


def test_an_api_without_security_has_no_challenge(ask: Ask) -> None:
    """An API without security sends no challenge."""
    document = toy.document()
    del document["components"]["securitySchemes"]
    document["security"] = []
    worlds = worlds_of(toy.api(document))
    exchange = ask("DELETE", "/api/toys/a", key=None, to=worlds)
    assert exchange.response.status == 204
