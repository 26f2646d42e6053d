"""Sessions recorded of services that are no code of ours: `elsewhere` (NextStep), `pet_server` (a plain document)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from starlette.applications import Starlette
from starlette.types import Message

import elsewhere
import pet_server
from understudy.engine.exchange import Headers, Request, Response
from understudy.recording.recorded import Recorded

Json = Any
Send = Callable[[Request], tuple[int, Headers, bytes]]


class Client:
    """A client of one service, a second between requests. `record` is what passed."""

    def __init__(self, origin: str, key: tuple[str, str], send: Send, now: Callable[[], float]) -> None:
        self.record: list[Recorded] = []
        self._origin, self._key, self._send, self._now = origin, key, send, now

    def __call__(self, method: str, target: str, body: Json = None, *, key: bool = True) -> Json:
        path, _, query = target.partition("?")
        content = b"" if body is None else json.dumps(body).encode()
        given = dict([self._key] if key else []) | ({"content-type": "application/json"} if content else {})
        request = Request(method, path, query, _fields(given.items()), content)
        at = round(self._now() * 1000)
        response = Response(*self._send(request))
        self.record.append(Recorded(request, response, origin=self._origin, at=at))
        return json.loads(response.body) if response.body else None


def _fields(headers: Iterable[tuple[str, Any]]) -> Headers:
    return tuple((name.lower().encode(), str(value).encode()) for name, value in headers)


def nextstep() -> Client:
    """A client of the other NextStep server; its templates were made one after the other."""
    clock = elsewhere.Clock()
    server = elsewhere.Elsewhere(clock)
    for number, row in enumerate(server.templates.values()):
        row.update(made=row["made"] + number, touched=row["touched"] + number)

    def send(request: Request) -> tuple[int, Headers, bytes]:
        given = {name.decode(): value.decode() for name, value in request.headers}
        status, headers, body = server.answer(request.method, request.path, request.query, given, request.body)
        return status, _fields(headers.items()), body

    def now() -> float:
        clock.advance(1)
        return clock.now()

    return Client("https://getnextstep.io", ("authorization", "Bearer gk-Zm9v"), send, now)


def pets() -> Client:
    """A client of the server of pets."""
    app = pet_server.Pets().app()
    seconds = iter(range(1_900_000_000, 1_900_001_000))
    return Client(
        "https://pets.example", ("x-pets-key", "k"), lambda one: asyncio.run(_of_app(app, one)), lambda: next(seconds)
    )


async def _of_app(app: Starlette, request: Request) -> tuple[int, Headers, bytes]:
    """The answer of an ASGI application, without a server."""
    messages: list[Message] = []
    scope = {
        "type": "http", "method": request.method, "path": request.path, "query_string": request.query.encode(),
        "headers": list(request.headers),
    }  # fmt: skip

    async def receive() -> Message:
        return {"type": "http.request", "body": request.body}

    async def send(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, send)
    start, *bodies = messages
    return start["status"], tuple(start["headers"]), b"".join(one["body"] for one in bodies)


RUNS, TEMPLATES, PETS = "/api/v1/process-runs", "/api/v1/process-templates", "/v1/pets"


def reading(ask: Client) -> None:
    """Lists that are cut and whole, runs and templates with their tasks, and an unknown run."""
    runs = ask("GET", f"{RUNS}?limit=5")["data"]
    ask("GET", f"{RUNS}?limit=100")
    for run in runs[:2]:
        ask("GET", f"{RUNS}/{run['id']}")
        ask("GET", f"{RUNS}/{run['id']}/tasks")
    for template in ask("GET", f"{TEMPLATES}?limit=4")["data"]:
        ask("GET", f"{TEMPLATES}/{template['id']}")
        ask("GET", f"{TEMPLATES}/{template['id']}/tasks?limit=1")
        ask("GET", f"{TEMPLATES}/{template['id']}/tasks")
    ask("GET", f"{RUNS}/nope")


def working(ask: Client) -> None:
    """Tasks of running and of completed processes read and completed, where that is allowed."""
    for run in ask("GET", f"{RUNS}?limit=5")["data"][:4]:
        path = f"{RUNS}/{run['id']}"
        ask("GET", path)
        for task in ask("GET", f"{path}/tasks")["data"][:2]:
            ask("GET", f"{path}/tasks/{task['id']}")
            ask("PATCH", f"{path}/tasks/{task['id']}", {"completed": True, "actor_email": "ada@garden.example"})
        ask("GET", path)


def starting(ask: Client) -> None:
    """A process started, its only task filled and completed, and the run found among the completed ones."""
    template = ask("GET", f"{TEMPLATES}?limit=4")["data"][2]
    ask("GET", f"{TEMPLATES}/{template['id']}/tasks")
    run = ask("POST", RUNS, {"template_id": template["id"], "name": "Jane"})["data"]
    task = ask("GET", f"{RUNS}/{run['id']}/tasks")["data"][0]
    path = f"{RUNS}/{run['id']}/tasks/{task['id']}"
    ask("GET", path)
    filled = [{"id": task["custom_elements"][0]["id"], "value": "x"}]
    ask("PATCH", path, {"completed": True, "custom_elements": filled})
    ask("GET", f"{RUNS}/{run['id']}")
    ask("GET", f"{RUNS}?status=completed&limit=3")


def making(ask: Client) -> None:
    """Pets made, listed page by page, changed and removed, and what is refused of it."""
    ask("GET", PETS)
    first, second, *_ = [ask("POST", PETS, {"name": f"Tom {n}", "kind": "cat", "grams": n + 1}) for n in range(5)]
    kept(ask, first["id"], second["id"])
    ask("POST", PETS, {"name": "x", "kind": "cat"})
    ask("POST", PETS, {"kind": "cat"})
    ask("GET", f"{PETS}?limit=0")
    ask("GET", PETS, key=False)


def kept(ask: Client, first: str, second: str) -> None:
    """Pets that were there before: listed page by page, changed and removed."""
    page = ask("GET", f"{PETS}?limit=3")
    ask("GET", f"{PETS}?limit=3&after={page['next']}")
    ask("GET", f"{PETS}/{first}")
    ask("PATCH", f"{PETS}/{first}", {"nick": None, "name": "Zoë"})
    ask("GET", f"{PETS}/{first}")
    ask("DELETE", f"{PETS}/{second}")
    ask("GET", f"{PETS}/{second}")
    ask("GET", PETS)


def keeping(ask: Client) -> None:
    """The same, recorded after the pets were made."""
    first, second, *_ = [ask("POST", PETS, {"name": f"Tom {n}", "kind": "dog", "grams": n + 1})["id"] for n in range(5)]
    ask.record.clear()
    kept(ask, first, second)


SESSIONS: dict[str, tuple[Callable[[], Client], Callable[[Client], None]]] = {
    "reading": (nextstep, reading),
    "working": (nextstep, working),
    "starting": (nextstep, starting),
    "making": (pets, making),
    "keeping": (pets, keeping),
}
"""The sessions by name, with the client that does them."""


@cache
def recorded(name: str) -> tuple[Recorded, ...]:
    """What a session recorded."""
    client, act = SESSIONS[name]
    ask = client()
    act(ask)
    return tuple(ask.record)
