"""Two hundred worlds of one server, used in parallel, behave as two hundred servers do.

Ten worlds are used in the same way: they are compared with one server, which is used so alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest

from understudy import apis
from understudy.apis import control
from understudy.engine.api import Api
from understudy.engine.clock import Clock, milliseconds
from understudy.engine.exchange import Request
from understudy.engine.journal import describe
from understudy.engine.world import World
from understudy.engine.worlds import Worlds
from understudy.http.app import App, call
from understudy.http.server import serving
from understudy_checks.target import installed

pytestmark = pytest.mark.beside

WORLDS, WAYS = 200, 20
AT_ONCE = 8  # clients
Send = Callable[[str, str, Any, dict[str, str]], tuple[int, bytes]]  # method, target, body, headers


def server(served: list[Any]) -> Worlds:
    """A server with all APIs whose clock stands still, with few requests a minute."""
    clock = Clock(milliseconds("2026-04-07T10:00:00Z"), frozen=True)
    limits = {"nextstep": 4, "kognitos": 30, "tallyfy": 30}
    return Worlds(served, seeds=installed.seeds(), seeder=installed.load_seed_once, clock=clock, limits=limits)


def use(number: int, entries: dict[str, Any], send: Send) -> list[tuple[int, bytes]]:
    """What one client does: it writes, pages, waits, errs in many ways, and steers its world."""
    nextstep, kognitos, tallyfy = (entries[name] for name in ("nextstep", "kognitos", "tallyfy"))
    key, wrong = {"authorization": f"Bearer {nextstep['api_key']}"}, {"authorization": f"Bearer no-{number % 7}"}
    start = {"template_id": "CcIJXVzRuiP5HvI26FTE", "name": f"Run {number}"}
    ids = {"agent_id": kognitos["agent_id"], "process_id": kognitos["process_id"]}
    inputs = [{"name": name, "value": str(number)} for name in kognitos["inputs"]]
    run = {**ids, "name": "Mine", "stage": "Draft", "inputs": inputs}
    lists = f"/organizations/{tallyfy['organization_id']}/checklists?per_page=1"
    seen = [send("GET", "/api/v1/process-runs", None, headers) for headers in ({}, wrong, key)]
    seen += [send("POST", "/api/v1/process-runs", start, key) for _ in range(number % 3 + 1)]
    seen.append(send("GET", "/api/v1/process-runs?limit=1&cursr=x", None, key))
    seen.append(send("GET", "/api/v1/nowhere", None, key))
    seen.append(send("POST", "/__mock__/clock/advance", {"seconds": 61 + number % 5}, {}))
    seen.append(send("GET", "/api/v1/process-runs?limit=2", None, key))
    seen.append(send("POST", "/v2/runs", run, {"x-api-key": kognitos["api_key"]}))
    seen.append(send("POST", "/__mock__/faults", {"api": "kognitos", "status": 503, "times": 1}, {}))
    seen.append(send("POST", "/__mock__/clock/advance", {"seconds": 60 * number}, {}))
    for _ in range(2):
        listed = f"/v2/runs?agent_id={ids['agent_id']}&process_id={ids['process_id']}"
        seen.append(send("GET", listed, None, {"x-api-key": kognitos["api_key"]}))
    bearer = {"authorization": f"Bearer {tallyfy['api_key']}", "x-tallyfy-client": "x"}
    seen.append(send("GET", lists, None, bearer))
    return [*seen, send("GET", "/no/api", None, {})]


def over_http(url: str) -> tuple[Send, Callable[[], None]]:
    """A client of a world's URL on one connection, and what closes it."""
    parts = urlsplit(url)
    connection = HTTPConnection(str(parts.hostname), parts.port, timeout=30)

    def send(method: str, target: str, body: Any, headers: dict[str, str]) -> tuple[int, bytes]:
        content, given = (None, headers) if body is None else (json.dumps(body), {**headers, **TYPED})
        connection.request(method, parts.path + target, content, given)
        answer = connection.getresponse()
        return answer.status, answer.read()

    return send, connection.close


def in_process(worlds: Worlds) -> Send:
    """A client of a server of its own."""
    app = App(worlds)

    def send(method: str, target: str, body: Any, headers: dict[str, str]) -> tuple[int, bytes]:
        path, _, query = target.partition("?")
        content, given = (b"", headers) if body is None else (json.dumps(body).encode(), {**headers, **TYPED})
        fields = tuple((name.encode(), value.encode()) for name, value in given.items())
        answer = call(app, Request(method, path, query, fields, content))
        return answer.status, answer.body

    return send


TYPED = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def served() -> list[Any]:
    """The APIs, declared once."""
    return [*map(installed.declared, apis.NAMES), control.declare]


@pytest.fixture(scope="module")
def used(served: list[Api]) -> Iterator[tuple[Worlds, dict[str, list[tuple[int, bytes]]]]]:
    """One server after all clients have used their worlds in parallel, and what they saw by world."""
    worlds = server(served)
    with serving(worlds):
        made = [worlds.create() for _ in range(WORLDS)]

        def run(number: int) -> list[tuple[int, bytes]]:
            send, close = over_http(worlds.url_of(made[number]))
            seen = use(number % WAYS, worlds.ready_info(made[number])["apis"], send)
            close()
            return seen

        with ThreadPoolExecutor(AT_ONCE) as clients:
            seen = list(clients.map(run, range(WORLDS)))
        yield worlds, {world.id: one for world, one in zip(made, seen, strict=True)}


def test_worlds_behave_as_servers(served: list[Api], used: Any) -> None:
    """Answers, data and journals of each world are those of a server of its own."""
    worlds, seen = used
    ids = list(seen)
    for way in range(WAYS):
        alone = server(served)
        sent = use(way, alone.ready_info(alone.default)["apis"], in_process(alone))
        plain = neutral(alone, "default")
        answers = [(status, plain(body.decode())) for status, body in sent]
        records, exchanges = data_of(alone.default), journal(alone, "default")
        for id in ids[way::WAYS]:
            plain = neutral(worlds, id)
            assert [(status, plain(body.decode())) for status, body in seen[id]] == answers
            assert data_of(worlds.all[id]) == records
            assert journal(worlds, id) == exchanges
    statuses = {status for answers in seen.values() for status, _ in answers}
    assert statuses == {200, 201, 401, 404, 429, 503}
    assert worlds.default.journal.count == 0


def data_of(world: World) -> list[Any]:
    """All records of a world, as the bytes that are kept."""
    stores = [store for tenants in world.tenants.values() for store in tenants.values()]
    return [(name, list(store[name]._rows.items())) for store in stores for name in store.names()]


def journal(worlds: Worlds, id: str) -> list[str]:
    """The journal of a world, as the control API shows it, without what differs by place and by transport."""
    shown = [describe(one, worlds.apis[one.api].contract if one.api else None) for one in worlds.all[id].journal]
    plain = neutral(worlds, id)
    return [plain(json.dumps({**one, "request": one["request"]["body"]})) for one in shown]


def neutral(worlds: Worlds, id: str) -> Callable[[str], str]:
    """A function that numbers the world's id, URL and keys in a text in order of first appearance."""
    world = worlds.all[id]
    names = sorted([worlds.url_of(world), *(key for _, key in world.credentials)], key=len, reverse=True)
    known = re.compile("|".join([*map(re.escape, names), f"(?<=world ){id}"]))
    exchange = re.compile(rf'(?<="x-mock-exchange", ")({id}\.)?(?=[0-9]+")')

    def plain(text: str) -> str:
        text = exchange.sub("", text)
        found = {name: f"<{number}>" for number, name in enumerate(dict.fromkeys(known.findall(text)))}
        return known.sub(lambda match: found[match[0]], text)

    return plain
