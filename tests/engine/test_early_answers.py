"""What the pipeline answers before a handler runs: steps that answer themselves, bodies of paths that nobody owns."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import toy
from understudy.engine.bounds import Bounds
from understudy.engine.clock import Clock
from understudy.engine.exchange import Exchange, Request, Response
from understudy.engine.journal import Journal, MemoryLimit
from understudy.engine.pipeline import body_bound, handle
from understudy.engine.worlds import Worlds

LIST = Request("GET", "/api/toys", headers=((b"x-toy", b"k1"),))
EARLY = Response(203, (), b"{}")


def serve(**steps: Any) -> Worlds:
    """Worlds of the toy API with other steps."""
    api = toy.api()
    changed = replace(api, steps=replace(api.steps, **steps))
    return Worlds([changed], seeds={"toy": toy.TOYS}, clock=Clock(0, frozen=True), limits={"toy": None})


@pytest.mark.parametrize(
    ("name", "stop"), [("authenticate", "authenticate"), ("limit_rate", "admit"), ("validate", "validate")]
)
def test_a_step_may_answer(name: str, stop: str) -> None:
    """The response of a step is the response, and no later step runs."""
    worlds = serve(**{name: lambda call: EARLY})
    exchange = handle(LIST, worlds.default, worlds)
    assert (exchange.response, exchange.stop, exchange.reason) == (EARLY, stop, None)


def test_a_body_of_an_unowned_path_is_not_read() -> None:
    """No API sets a bound for it, so nothing of it is kept."""
    worlds = serve()
    assert body_bound(Request("POST", "/nobody"), worlds.default, worlds) is None
    assert body_bound(replace_method(LIST, "POST"), worlds.default, worlds) == toy.api().most_bytes


@pytest.mark.parametrize("request_", [Request("PUT", "/api/toys"), Request("POST", "/api/toys")])
def test_a_body_of_a_refused_request_is_not_read(request_: Request) -> None:
    """A wrong method and a missing key are answered without the body."""
    worlds = serve()
    assert body_bound(request_, worlds.default, worlds) is None


def test_a_body_of_an_early_response_is_not_read() -> None:
    """A response of the step `authenticate` does not wait for the body."""
    worlds = serve(authenticate=lambda call: EARLY)
    assert body_bound(replace_method(LIST, "POST"), worlds.default, worlds) is None


def replace_method(request: Request, method: str) -> Request:
    """The request with another method."""
    return Request(method, request.path, request.query, request.headers)


def test_journals_are_cleared_only_as_far_as_needed() -> None:
    """Of several idle journals the idlest go until half of the room is free; the others keep their exchanges."""
    bounds = Bounds()
    journals: list[Journal] = []
    for number in range(4):
        journal = Journal(bounds, MemoryLimit(1 << 40, list))
        request = Request("POST", "/", body=b"x" * (2 << 20))
        journal.append(Exchange(1, f"w{number}", "toy", None, 0, request, Response(200), "run", None, (), None))
        journal.idle_checks = 4 - number
        journals.append(journal)
    MemoryLimit(5 << 20, lambda: journals).enforce()
    assert [len(list(journal)) for journal in journals] == [0, 0, 0, 1]
