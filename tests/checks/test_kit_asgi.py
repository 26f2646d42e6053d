"""Any ASGI app as a target: its lifespan, its requests, and what it does wrong."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request as Asked
from starlette.responses import JSONResponse
from starlette.routing import Route

from understudy import apis
from understudy.apis import control
from understudy.engine.exchange import Request
from understudy.engine.worlds import Worlds
from understudy.http.app import App
from understudy_checks.target import asgi, connect, installed
from understudy_checks.target.asgi import NotStarted, hosted, takes_requests
from understudy_checks.target.connect import Unreachable
from understudy_checks.target.settings import BadSettings, Settings
from understudy_checks.target.transport import TooLate

LIVES: list[str] = []
KEY = "nxs_live_your_key"


@asynccontextmanager
async def lifespan(app: Starlette) -> Any:
    """Tell when the app starts and stops."""
    LIVES.append("started")
    yield {"name": "state"}
    LIVES.append("stopped")


async def echo(request: Asked) -> JSONResponse:
    """Say what was asked."""
    if request.url.path.endswith("wrong"):
        raise ValueError("it went wrong")
    return JSONResponse(
        {
            "path": request.url.path,
            "raw": request.scope["raw_path"].decode(),
            "query": request.url.query,
            "key": request.headers["X-Key"],
            "body": (await request.body()).decode(),
            "state": request.state.name,
        },
        headers={"X-Said": "Yes"},
    )


def factory() -> Starlette:
    """Make the app."""
    return Starlette(routes=[Route("/{rest:path}", echo, methods=["GET", "POST"])], lifespan=lifespan)


def ours() -> App:
    """Our own mock, as an app like any other."""
    return App(Worlds([installed.declared("nextstep"), control.declare], seeds=apis.seeds(apis.NAMES)))


def foreign() -> Any:
    """Our own mock without its control API."""
    return App(Worlds([installed.declared("nextstep")], seeds=apis.seeds(apis.NAMES)))


async def unwilling(scope: Any, receive: Any, send: Any) -> None:
    """An app that cannot start."""
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no database"})


async def simple(scope: Any, receive: Any, send: Any) -> None:
    """An app that knows nothing of a lifespan, answers in parts and waits for its client to go."""
    assert scope["type"] == "http"
    await receive()
    await send({"type": "http.response.start", "status": 201})
    await send({"type": "http.response.body", "body": b"a", "more_body": True})
    await send({"type": "http.response.body"})


async def idle(scope: Any, receive: Any, send: Any) -> None:
    """An app that never finishes its start."""
    await receive()
    await receive()


async def slow(scope: Any, receive: Any, send: Any) -> None:
    """An app that waits for what never comes."""
    assert scope["type"] == "http"
    await receive()
    await receive()


async def silent(scope: Any, receive: Any, send: Any) -> None:
    """An app that returns without a word, whatever it is asked for."""


async def late(scope: Any, receive: Any, send: Any) -> None:
    """An app whose work goes wrong after it has answered, and whose client is told nothing of it."""
    await simple(scope, receive, send)
    raise ValueError("too late")


def broken() -> Any:
    """A factory that makes nothing."""
    raise ValueError("no\ndatabase")


@pytest.mark.parametrize("app", [factory, factory()], ids=["factory", "app"])
def test_an_app_lives_as_long_as_it_is_needed(app: Any) -> None:
    """The lifespan runs around the requests, on one loop, and its state reaches them."""
    LIVES.clear()
    with hosted(app) as send:
        assert LIVES == ["started"]
        response = send(Request("POST", "/a%2Fb/c", "x=%31", ((b"x-key", b"k"),), b"body"))
    assert LIVES == ["started", "stopped"]
    assert (response.status, response.header("x-said")) == (200, "Yes")
    assert json.loads(response.body) == {
        "path": "/a/b/c",
        "raw": "/a%2Fb/c",
        "query": "x=%31",
        "key": "k",
        "body": "body",
        "state": "state",
    }


def test_what_an_app_raises_is_a_server_error() -> None:
    """A request that makes the app raise is answered 500, with the traceback for whoever looks."""
    with hosted(factory) as send:
        response = send(Request("GET", "/wrong", "", ((b"x-key", b"k"),)))
    assert response.status == 500


def test_an_app_that_takes_too_long_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a request nor the start waits for ever."""
    monkeypatch.setattr(asgi, "TIMEOUT", 0.01)
    with hosted(slow) as send, pytest.raises(TooLate, match=r"no answer within 0\.01 seconds"):
        send(Request("GET", "/"))
    with pytest.raises(NotStarted, match=r"did not start: nothing came within 0\.01 seconds"), hosted(idle):
        pass


def test_an_app_need_not_know_a_lifespan() -> None:
    """Such an app is used as it is; an answer in parts is put together."""
    with hosted(simple) as send:
        response = send(Request("GET", "/"))
    assert (response.status, response.headers, response.body) == (201, (), b"a")


def test_an_app_that_does_not_answer_is_a_server_error() -> None:
    """An app may pass over its lifespan without a word; a request that it passes over is answered 500."""
    with hosted(silent) as send:
        response = send(Request("GET", "/"))
    assert (response.status, response.body) == (500, b"the app returned without a whole answer")


def test_what_goes_wrong_after_an_answer_does_not_change_it() -> None:
    """The answer is the one that a client behind a server would have had by then."""
    with hosted(late) as send:
        response = send(Request("GET", "/"))
    assert (response.status, response.body) == (201, b"a")


def test_what_happens_in_the_block_is_not_the_app_s_business() -> None:
    """An exception of the block comes out as it is, and the app is stopped as ever."""
    LIVES.clear()
    with pytest.raises(KeyError, match="mine"), hosted(factory):
        raise KeyError("mine")
    assert LIVES == ["started", "stopped"]


def test_an_app_that_does_not_start_is_told() -> None:
    """The app's own reason is given."""
    with pytest.raises(NotStarted, match="the app did not start: no database"), hosted(unwilling):
        pass


def test_apps_and_factories_are_told_apart() -> None:
    """What can be called with a scope is an app; what can be called with nothing makes one."""
    assert [takes_requests(found) for found in (simple, factory(), ours(), factory, Starlette)] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_an_app_is_a_target() -> None:
    """An app at `module:attribute` is reached at the API's own paths and may be written to, unless told otherwise."""
    place = f"{__name__}:foreign"
    with connect.app("nextstep", place, Settings(api_keys=(KEY,)), max_requests=7) as target:
        assert (target.name, target.budget.max_requests) == (place, 7)
        assert target.capabilities == {"write", "documented-limit"}
        with target.open() as client:
            assert client.send("GET", "/process-runs").status == 200
    with connect.app("nextstep", place, Settings(api_keys=(KEY,), writes=False)) as target:
        assert target.capabilities == {"documented-limit"}


def test_our_own_app_is_recognised() -> None:
    """Our mock behind an event loop is still our mock, with fresh worlds."""
    with connect.app("nextstep", f"{__name__}:ours") as target, target.open() as client:
        assert "fresh" in target.capabilities
        assert client.send("GET", "/process-runs").status == 200


def test_an_app_that_cannot_be_a_target_is_told() -> None:
    """A wrong place, an app that does not start, one that takes a key."""
    for place, error, told in (
        ("nowhere", BadSettings, "app nowhere is not module:attribute"),
        (f"{__name__}:unwilling", Unreachable, f"{__name__}:unwilling: the app did not start: no database"),
        (f"{__name__}:broken", Unreachable, f"{__name__}:broken: the factory made no app: ValueError: no database"),
        (f"{__name__}:foreign", BadSettings, f"{__name__}:foreign is no server of Understudy, so it takes a key"),
    ):
        with pytest.raises(error) as caught, connect.app("nextstep", place):
            pass
        assert str(caught.value).startswith(told)
