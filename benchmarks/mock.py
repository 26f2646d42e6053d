"""The mock in process, as `understudy serve` makes it: three APIs and the control API, limits at a high figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.requests import ASKS, KEY, Ask, as_requests, with_tasks
from understudy.apis import NAMES, control, declare, seeds
from understudy.engine.clock import Clock
from understudy.engine.exchange import Request, Response
from understudy.engine.store import Store
from understudy.engine.world import World
from understudy.engine.worlds import Worlds
from understudy.http.app import App, call


def worlds(*, clock: Clock | None = None, content: Mapping[str, Any] | None = None) -> Worlds:
    """The worlds of a server; `content` are seeds in place of the built-in ones."""
    apis = [*map(declare, NAMES), control.declare]
    return Worlds(apis, seeds=content or seeds(NAMES), clock=clock, limits=dict.fromkeys(NAMES, 10**9))


def app(*, tasks: int = 10) -> App:
    """The application of a server whose template has so many tasks."""
    served = App(worlds())
    for ask in with_tasks(tasks):
        expect(served, as_requests(ask)[0])
    return served


def prepared(asks: Sequence[Ask] = ASKS) -> tuple[App, list[list[Request]]]:
    """An application, and the requests of each ask; raises RuntimeError when it refuses one."""
    served, asked = app(), [as_requests(ask) for ask in asks]
    for requests in asked:
        expect(served, requests[0])
    return served, asked


def expect(served: App, request: Request) -> Response:
    """The answer to a request; raises RuntimeError when it is no 2xx."""
    response = call(served, request)
    if not 200 <= response.status < 300:
        raise RuntimeError(f"{request.method} {request.path}?{request.query}: {response.status} {response.body!r}")
    return response


def team(world: World) -> Store:
    """The data of the tenant that the pages' key belongs to."""
    return world.tenants["nextstep"][world.credentials["nextstep", KEY].tenant]
