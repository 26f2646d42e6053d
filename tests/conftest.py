"""What all tests share: the declared APIs, worlds whose clock stands still, a small client without a network.

Documents and seeds are read once for all tests. Every test gets worlds of its own.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from registry import REGISTRY
from shares import is_drawn
from understudy import MockServer
from understudy.apis.control import declare as declare_control
from understudy.engine.api import Api
from understudy.engine.clock import Clock, milliseconds
from understudy.engine.exchange import Request, Response
from understudy.engine.store import Collection, decode
from understudy.engine.world import World
from understudy.engine.worlds import Worlds
from understudy.http.app import App, call
from understudy_checks.target import installed

NOW = "2026-04-07T10:00:00.000Z"
KEY = "nxs_live_your_key"
MANY = 10**9  # requests a minute


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--deep`: tests marked so are left out without it."""
    parser.addoption("--deep", action="store_true", default=os.environ.get("UNDERSTUDY_DEEP") == "1", help="all tests")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is only for the long profile, and of its large families what the seed of the run does not draw."""
    deep, seed = config.getoption("--deep"), os.environ.get("UNDERSTUDY_SEED")
    marked = [(item, mark) for item in items if (mark := item.get_closest_marker("deep"))]
    left_out = [item for item, mark in marked if not (deep and is_drawn(item.nodeid, seed, **mark.kwargs))]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


class Client:
    """Calls NextStep (`get`, `post`, `patch`) and the control API (`control`) of some worlds, in process.

    With a `world`, every call names it in `X-Mock-World`.
    """

    def __init__(self, worlds: Worlds, *, key: str | None = KEY, world: World | None = None) -> None:
        self.worlds = worlds
        self.app = App(worlds)
        self.key = key
        self.world = world

    def send(self, method: str, target: str, body: Any = None, *, raw: bytes | None = None, **headers: str) -> Response:
        """One request; `target` is path and query, `headers` come instead of the usual ones (`_` is `-`)."""
        path, _, query = target.partition("?")
        given: dict[str, str] = {}
        if self.key is not None and not path.startswith("/__mock__"):
            given["authorization"] = f"Bearer {self.key}"
        if self.world is not None:
            given["x-mock-world"] = self.world.id
        if body is not None or raw is not None:
            given["content-type"] = "application/json"
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        content = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        fields = tuple((name.encode(), value.encode("latin-1")) for name, value in given.items())
        return call(self.app, Request(method, path, query, fields, content))

    def get(self, target: str, **headers: str) -> Response:
        """GET under NextStep's base path."""
        return self.send("GET", f"/api/v1{target}", **headers)

    def post(self, target: str, body: Any = None, **headers: str) -> Response:
        """POST under NextStep's base path."""
        return self.send("POST", f"/api/v1{target}", body, **headers)

    def patch(self, target: str, body: Any = None, **headers: str) -> Response:
        """PATCH under NextStep's base path."""
        return self.send("PATCH", f"/api/v1{target}", body, **headers)

    def control(self, method: str, target: str, body: Any = None, **headers: str) -> Response:
        """A call of the control API."""
        return self.send(method, f"/__mock__{target}", body, **headers)

    def done(self, method: str, target: str, body: Any = None) -> Any:
        """A control call that must succeed; the decoded answer, None without one."""
        response = self.control(method, target, body)
        assert response.status < 300, response
        return response.json() if response.body else None

    def event(self, event: str, **payload: Any) -> Response:
        """What a person does in NextStep's app."""
        return self.control("POST", "/events", {"api": "nextstep", "event": event, **payload})

    def last(self) -> Any:
        """The journal's last exchange, whole."""
        number = self.done("GET", "/journal?limit=1")["exchanges"][0]["id"]
        return self.done("GET", f"/journal/{number}")


@pytest.fixture(autouse=True)
def kept_as_put(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No handler changes a record that it looked at or has put: what others look at is what is kept."""
    get_shared, changed = Collection.get_shared, list[Any]()

    def looked(collection: Collection, id: str) -> Any:
        record, row = get_shared(collection, id), collection.row(id)
        if row is not None and record != decode(row):
            changed.append((record, row))
        return record

    monkeypatch.setattr(Collection, "get_shared", looked)
    yield
    assert changed == []


@pytest.fixture(scope="session")
def nextstep() -> Api:
    """NextStep, declared once."""
    return installed.declared("nextstep")


@pytest.fixture(scope="session")
def control() -> Callable[[Worlds], Api]:
    """Makes the control API of some worlds."""
    return declare_control


@pytest.fixture(scope="session")
def seeds() -> dict[str, Any]:
    """The built-in start state; not to be changed."""
    return dict(installed.seeds())


@pytest.fixture
def make_worlds(nextstep: Api, control: Callable[[Worlds], Api], seeds: dict[str, Any]) -> Callable[..., Worlds]:
    """Makes worlds of NextStep and the control API; what Worlds takes can be given."""

    def make(**options: Any) -> Worlds:
        clock = Clock(milliseconds(NOW), frozen=True)
        return Worlds(
            options.pop("apis", [nextstep, control]),
            **{"seeds": seeds, "clock": clock, "seeder": installed.load_seed_once, **options},
        )

    return make


@pytest.fixture
def worlds(make_worlds: Callable[..., Worlds]) -> Worlds:
    """Fresh worlds under the default assumptions, with a rate limit that no test reaches."""
    return make_worlds(limits={"nextstep": MANY})


@pytest.fixture
def client(worlds: Worlds) -> Client:
    """A client of the default world."""
    return Client(worlds)


@pytest.fixture
def assuming(make_worlds: Callable[..., Worlds]) -> Callable[..., Client]:
    """A client of worlds that make other assumptions: `assuming({"nextstep.tasks.unset-value": ""})`."""

    def make(assumptions: dict[str, Any], **options: Any) -> Client:
        return Client(make_worlds(assume=assumptions, limits={"nextstep": MANY}, **options))

    return make


@pytest.fixture(scope="session")
def small() -> dict[str, Any]:
    """A start state with one of each: what a state can hold, and little of it; not to be changed."""
    options = {"options": ["Engineering", "Sales"]}
    elements = [
        {"id": "note", "type": "text", "label": "Read me", "display_only": True},
        {"id": "name", "type": "shortText", "label": "Name", "required": True},
        {"id": "team", "type": "dropdown", "label": "Team", **options},
        {"id": "tools", "type": "multichoice", "label": "Tools", **options},
    ]
    tasks = [
        {"id": "a", "title": "Fill in", "assignee": {"workflow_runner": True}, "custom_elements": elements},
        {"id": "b", "title": "Check", "is_essential": True, "section_id": "s"},
        {"id": "c", "title": "Decide", "type": "approval", "assignee": "u1"},
    ]
    sections = [{"id": "s", "title": "First", "order": 0, "color": None}]
    template = {"is_published": True, "version": 1, "sections": sections, "tasks": tasks}
    template["created_at"] = "2026-01-01T00:00:00.000Z"
    templates = [
        {"id": "T1", "title": "Hiring", **template},
        {"id": "T2", "title": "Draft", **template, "is_published": False},
        {"id": "T3", "title": "Empty", **template, "tasks": []},
    ]
    made = {"template_id": "T1", "created_at": "2026-02-01T00:00:00.000Z"}
    done = {"completed": True, "completed_at": "2026-02-02T00:00:00.000Z", "completed_by": "u1"}
    runs = [
        {"id": "R1", "title": "One", **made, "tasks": [{"template_task_id": "a", "id": "R1a",
        "values": {"name": "Jo"}}]},
        {"id": "R2", "title": "Two", **made, "status": "completed", "completed_at": "2026-02-02T00:00:00.000Z",
         "tasks": [{"template_task_id": id, **done} for id in "abc"]},
    ]  # fmt: skip
    members = [
        {"user_id": "u1", "email": "Ann@x.org", "name": "Ann", "active": True},
        {"user_id": "u2", "email": "bob@x.org", "name": "Bob", "active": False},
    ]
    team = {"id": "t1", "timezone": "UTC", "members": members, "templates": templates, "runs": runs}
    team["keys"] = [{"key": KEY}, {"key": "old", "state": "revoked"}]
    other = {
        "id": "t2",
        "timezone": "UTC",
        "keys": [{"key": "other"}],
        "templates": [{"id": "X1", "title": "X", **template}],
    }
    lapsed = {"id": "t3", "timezone": "UTC", "subscription": "lapsed", "keys": [{"key": "unpaid"}]}
    return {"nextstep": {"teams": [team, other, lapsed]}}


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A document of a user, with a resource and without keys."""
    file = tmp_path_factory.mktemp("documents") / "registry.yaml"
    file.write_text(REGISTRY)
    return file


@pytest.fixture(scope="session")
def server(registry: Path) -> Iterator[MockServer]:
    """A server on a thread: two built-in APIs and the document. Tests take worlds of it."""
    with MockServer("nextstep", "kognitos", registry) as server:
        yield server
