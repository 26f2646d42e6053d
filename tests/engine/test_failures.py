"""No exception leaves the pipeline: an error in a handler, step or timer becomes a response and a journal entry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

import toy
from conftest import Client
from understudy.engine.api import Api, Timer
from understudy.engine.call import Call, Reply
from understudy.engine.clock import Clock
from understudy.engine.exchange import Exchange, Request, Response
from understudy.engine.pipeline import handle
from understudy.engine.problem import Problem
from understudy.engine.store import encode
from understudy.engine.worlds import Worlds

OOPS = {"wrong": {"code": "oops", "text": "Oops"}}
LIST = Request("GET", "/api/toys", headers=((b"x-toy", b"k1"),))
PAYLOAD = {"type": "object", "required": ["toy"], "properties": {"toy": {"type": "string"}}}


def boom(*_: Any) -> Any:
    """Raise an error, as any part of an API may."""
    raise ZeroDivisionError("boom")


def unknown_kind(*_: Any) -> Any:
    """Raise a problem of a kind that no document has."""
    raise Problem("no-such-kind")


def deep(*_: Any) -> Any:
    """Recurse without end."""
    return deep(*_)


def listing(handler: Callable[[Call], Any]) -> Api:
    """The toy API with another listToys."""
    return toy.api(handlers={**toy.api().handlers, "listToys": handler})


def step(name: str, does: Callable[[Call], Any]) -> Api:
    """The toy API with another step."""
    api = toy.api()
    return replace(api, steps=replace(api.steps, **{name: does}))


def ask(api: Api, request: Request = LIST, **options: Any) -> Exchange:
    """Send one request to fresh worlds of an API; returns its exchange from the journal."""
    worlds = Worlds([api], seeds={"toy": toy.TOYS}, clock=Clock(0, frozen=True), limits={"toy": None}, **options)
    exchange = handle(request, worlds.default, worlds)
    assert list(worlds.default.journal) == [exchange]
    return exchange


STEPS = ("fault", "authenticate", "limit_rate", "validate")


@pytest.mark.parametrize(
    ("api", "message"),
    [
        (listing(boom), "ZeroDivisionError: boom"),
        (listing(unknown_kind), "KeyError: 'no-such-kind'"),
        (listing(deep), "RecursionError"),
        (listing(lambda call: None), "AttributeError"),
        (listing(lambda call: Reply("text")), "AttributeError"),  # type: ignore[arg-type]
        (listing(lambda call: Reply(b"", "200")), "TypeError"),  # type: ignore[arg-type]
        *((step(name, boom), "ZeroDivisionError: boom") for name in STEPS),
        *((step(name, unknown_kind), "KeyError: 'no-such-kind'") for name in ("fault", "authenticate", "validate")),
        (step("fault", lambda call: True), "AttributeError"),
    ],
)
def test_what_goes_wrong_is_the_apis_own_500(api: Api, message: str) -> None:
    """The client gets the API's own 500 with its reason; the exchange has the traceback."""
    exchange = ask(api)
    assert (exchange.response.status, exchange.response.json(), exchange.reason) == (500, OOPS, "internal")
    assert exchange.response.header("x-mock-reason") == "internal"
    assert message in str(exchange.error)


@pytest.mark.parametrize("handler", [toy.list_toys, boom, unknown_kind])
def test_an_error_shape_that_raises_is_problem_details(handler: Callable[[Call], Any]) -> None:
    """An error that cannot be rendered in the API's shape becomes an RFC 9457 one; the journal has the cause."""
    exchange = ask(replace(listing(handler), error_body=boom), Request("GET", "/api/toys"))
    assert (exchange.response.status, exchange.response.json()["status"], exchange.reason) == (500, 500, "internal")
    assert exchange.response.header("content-type") == "application/problem+json"
    assert "ZeroDivisionError: boom" in str(exchange.error)


def test_an_error_that_cannot_be_encoded_is_problem_details() -> None:
    """An error that cannot be encoded as JSON becomes an RFC 9457 one; both tracebacks are in the journal."""
    exchange = ask(replace(listing(boom), error_body=lambda call, refusal: object()))
    assert exchange.response.header("content-type") == "application/problem+json"
    assert str(exchange.error).count("Traceback") >= 2


def test_a_path_that_cannot_be_routed_is_problem_details(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error before an API is found is rendered as problem details."""
    api = toy.api()
    monkeypatch.setattr("understudy.engine.router.Router.find", boom)
    exchange = ask(api)
    assert (exchange.response.status, exchange.api, exchange.operation) == (500, "", None)


def test_an_answer_that_cannot_be_checked_is_a_500(monkeypatch: pytest.MonkeyPatch) -> None:
    """With `--check`, an error of the validation itself is a mismatch with its traceback."""
    monkeypatch.setattr("understudy.document.operation.Operation.mismatch", boom)
    exchange = ask(toy.api(), checked=True)
    assert (exchange.response.status, exchange.response.json()) == (500, OOPS)
    assert "ZeroDivisionError: boom" in str(exchange.error)


def timed(happened: list[Any]) -> Worlds:
    """Worlds with a timer that raises until `happened` has an entry, and one that records its payload."""

    def fail(call: Call) -> None:
        if not happened:
            boom()
        happened.append(call.body)

    def note(call: Call) -> None:
        call.store["toys"].put({"id": "e", "name": call.body["toy"]})

    timers = {"fail": Timer(fail, PAYLOAD), "note": Timer(note, PAYLOAD)}
    worlds = Worlds(
        [toy.api(timers=timers)], seeds={"toy": toy.TOYS}, clock=Clock(0, frozen=True), limits={"toy": None}
    )
    world = worlds.default
    world.schedule(1_000, "toy", "one", "fail", {"toy": "x"})
    world.schedule(1_000, "toy", "one", "note", {"toy": "Yo-yo"})
    world.schedule(9_000, "toy", "one", "note", {"toy": "later"})
    return worlds


def test_a_timer_that_raises_is_no_requests_fault() -> None:
    """A failing timer fails no request: other jobs run, the failure is in the journal, its job stays scheduled."""
    happened: list[Any] = []
    worlds = timed(happened)
    world = worlds.default
    world.clock.advance(2)
    exchange = handle(LIST, world, worlds)
    assert exchange.response.status == 200
    assert world.tenants["toy"]["one"]["toys"].row("e") is not None
    assert [(due.timer, due.at) for due in sorted(world.jobs)] == [("fail", 1_000), ("note", 9_000)]
    failure, answered = world.journal
    assert answered is exchange
    assert (failure.api, failure.operation, failure.at, failure.reason) == ("toy", None, 1_000, "internal")
    assert (failure.request.method, failure.request.path) == ("TIMER", "fail")
    assert failure.request.body == encode({"toy": "x"})
    assert "ZeroDivisionError: boom" in str(failure.error)


def test_a_job_that_failed_is_tried_again() -> None:
    """A failed job runs once its timer works, exactly once; an exported state contains it meanwhile."""
    happened: list[Any] = []
    worlds = timed(happened)
    world = worlds.default
    worlds.advance(world, 2)
    assert len(world.journal.find(1).error or "") > 0  # type: ignore[union-attr]
    other = worlds.create()
    worlds.restore(other, world.export())
    assert [due[2:] for due in sorted(other.jobs)] == [due[2:] for due in sorted(world.jobs)]
    happened.append("mended")
    for _ in range(2):
        worlds.advance(world, 1)
    assert happened == ["mended", {"toy": "x"}]
    assert [due.at for due in world.jobs] == [9_000]


def test_a_failed_timer_is_told_by_the_control_api(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control API lists a failed timer with its traceback in the documented shape."""
    world = client.worlds.default
    api = client.worlds.apis["nextstep"]
    changed = replace(api, timers={**api.timers, "toy": Timer(boom, {})})
    monkeypatch.setitem(client.worlds.apis, "nextstep", changed)
    world.schedule(world.clock.now(), "nextstep", next(iter(world.tenants["nextstep"])), "toy", {"n": 1})
    client.worlds.server.checked = True
    assert client.done("POST", "/clock/advance", {"seconds": 1})["frozen"] is True
    last = client.last()
    assert (last["method"], last["path"], last["status"], last["reason"]) == ("TIMER", "toy", 500, "internal")
    assert last["request"]["body"] == '{"n":1}'
    assert "ZeroDivisionError: boom" in last["error"]


def test_a_response_is_needed_for_the_last_resort() -> None:
    """The plain 500 has a body and a type and names no API."""
    exchange = ask(replace(listing(boom), error_body=boom))
    assert isinstance(exchange.response, Response)
    assert exchange.response.json()["detail"] == "The mock failed; GET /__mock__/journal holds the traceback"
