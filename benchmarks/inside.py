"""In process, without a socket: what one request costs, and how many the ways to call the application let through."""

from __future__ import annotations

import asyncio
import time
import warnings
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from typing import Any

from benchmarks import mock
from benchmarks.figures import Figure, summed_up
from benchmarks.requests import ASKS, Ask
from understudy.engine.exchange import Request
from understudy.engine.pipeline import handle
from understudy.http.app import App, call, step

Message = MutableMapping[str, Any]


def dispatch(*, rounds: int, count: int) -> Iterator[Figure]:
    """Microseconds of CPU time per request: of the ASGI application, from its scope to its last message."""
    app, asked = mock.prepared()
    for ask, requests in zip(ASKS, asked, strict=True):
        takes = [_dispatching(app, requests, count) for _ in range(rounds + 1)][1:]
        yield summed_up(f"{ask.name}: dispatch", takes, "us of CPU")


def clients(*, rounds: int, count: int) -> Iterator[Figure]:
    """Requests per second of CPU time, the client's included: by function, by stepped ASGI call, by HTTP clients."""
    app, asked = mock.prepared()
    ways: dict[str, tuple[Callable[[App, Ask, Sequence[Request], int], None], int]] = {
        "handle": (_by_handle, count),
        "server.call": (_by_call, count),
        "httpx.AsyncClient, ASGITransport": (_by_httpx, count // 10),
        "starlette.testclient.TestClient": (_by_test_client, count // 50),
    }
    for ask, requests in zip(ASKS, asked, strict=True):
        for name, (send, share) in ways.items():
            rates = [share / _cpu(lambda: send(app, ask, requests, share)) for _ in range(rounds)]  # noqa: B023
            yield summed_up(f"{ask.name}: {name}", rates, "/s of CPU")


def microseconds(send: Callable[[Request], object], requests: Sequence[Request], count: int) -> float:
    """CPU time of one request, over about `count` of them."""
    turns = max(1, count // len(requests))

    def run() -> None:
        for _ in range(turns):
            for request in requests:
                send(request)

    return _cpu(run) / (turns * len(requests)) * 1e6


def scope_of(request: Request) -> Message:
    """The ASGI scope that uvicorn makes of a request."""
    return {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1",
        "server": ("127.0.0.1", 8629), "client": ("127.0.0.1", 50000), "scheme": "http", "method": request.method,
        "root_path": "", "path": request.path, "raw_path": request.path.encode(),
        "query_string": request.query.encode(), "headers": list(request.headers), "state": {},
    }  # fmt: skip


def _dispatching(app: App, requests: Sequence[Request], count: int) -> float:
    """Microseconds of CPU time of one call, with scope and messages at hand."""
    calls = [(scope_of(request), _receiving(request.body)) for request in requests]
    turns = count // len(calls)

    def run() -> None:
        for _ in range(turns):
            for scope, receive in calls:
                step(app(scope, receive, _ignore))

    return _cpu(run) / (turns * len(calls)) * 1e6


def _receiving(body: bytes) -> Callable[[], Any]:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _ignore(message: Message) -> None:
    pass


def _by_handle(app: App, ask: Ask, requests: Sequence[Request], count: int) -> None:
    worlds = app.worlds
    for n in range(count):
        handle(requests[n % len(requests)], worlds.default, worlds)


def _by_call(app: App, ask: Ask, requests: Sequence[Request], count: int) -> None:
    for n in range(count):
        call(app, requests[n % len(requests)])


def _by_httpx(app: App, ask: Ask, requests: Sequence[Request], count: int) -> None:
    import httpx

    async def run() -> None:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://understudy") as client:
            for n in range(count):
                content = ask.bodies[n % len(ask.bodies)] or None
                response = await client.request(ask.method, ask.target, content=content, headers=ask.headers)
                assert response.is_success, response.text

    asyncio.run(run())


def _by_test_client(app: App, ask: Ask, requests: Sequence[Request], count: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it would like another HTTP client
        from starlette.testclient import TestClient
    with TestClient(app) as client:
        for n in range(count):
            content = ask.bodies[n % len(ask.bodies)] or None
            response = client.request(ask.method, ask.target, content=content, headers=ask.headers)
            assert response.is_success, response.text


def _cpu(run: Callable[[], object]) -> float:
    begin = time.process_time()
    run()
    return time.process_time() - begin
