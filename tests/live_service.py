"""Services whose ids are their own: the built-in APIs with every id of the start state replaced.

What is recorded there is of objects that no usual start state has.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from understudy.apis.control import declare as control
from understudy.engine.clock import Clock
from understudy.engine.exchange import Request
from understudy.engine.worlds import Worlds
from understudy.http.app import App, call
from understudy.recording import journal
from understudy.recording.recorded import Recorded
from understudy_checks.target import installed

Json = Any
NOW, AT = 1_775_556_000_000, "2026-04-07T10:00:00.000Z"


class Client:
    """A client of one service, a second between requests. `record` is what passed."""

    def __init__(self, api: str, *, renamed: bool = True) -> None:
        self.worlds = Worlds(
            [installed.declared(api), control],
            seeds={api: renamed_seed(api) if renamed else installed.seeds()[api]},
            clock=Clock(NOW, frozen=True),
            limits={api: None},
        )
        self._app = App(self.worlds)
        token = next(token for owner, token in self.worlds.default.credentials if owner == api).encode()
        self._headers = (
            (b"authorization", b"Bearer " + token),
            (b"x-api-key", token),
            (b"x-tallyfy-client", b"x"),
            (b"content-type", b"application/json"),
        )
        self._prefix = self.worlds.apis[api].contract.prefixes[0]
        self.tenant = next(iter(self.worlds.default.tenants[api]))

    def __call__(self, method: str, target: str, body: Json = None) -> Json:
        path, _, query = target.partition("?")
        self.worlds.advance(self.worlds.default, 1)
        content = b"" if body is None else json.dumps(body).encode()
        answer = call(self._app, Request(method, self._prefix + path, query, self._headers, content))
        return answer.json() if answer.body else None

    def record(self) -> list[Recorded]:
        """All exchanges so far."""
        exchanges = map(self.worlds.server.mask.whole, self.worlds.default.journal)
        return list(journal.recorded(exchanges, self.worlds.server.url))


@cache
def renamed_seed(api: str) -> Json:
    """The start state of an API with other ids."""
    content = installed.seeds()[api]
    text = json.dumps(content)
    for id in sorted(set(ids(content)), key=len, reverse=True):
        new = hashlib.sha256(id.encode()).hexdigest()[:25]
        text = re.sub(rf"(?<![A-Za-z0-9_]){re.escape(json.dumps(id)[1:-1])}(?![A-Za-z0-9_])", new, text)
    return json.loads(text)


def ids(value: Json) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("id"), str):
            yield value["id"]
        value = list(value.values())
    for child in value if isinstance(value, list) else ():
        yield from ids(child)


def nextstep(ask: Client) -> None:
    """Lists cut, runs and tasks read and completed, a run started and read."""
    runs = ask("GET", "/process-runs?limit=5")["data"]
    for run in runs[:3]:
        path = f"/process-runs/{run['id']}"
        ask("GET", path)
        for task in ask("GET", f"{path}/tasks")["data"][:2]:
            ask("GET", f"{path}/tasks/{task['id']}")
            ask("PATCH", f"{path}/tasks/{task['id']}", {"completed": True, "actor_email": "jane@company.com"})
        ask("GET", path)
    templates = ask("GET", "/process-templates?limit=3")["data"]
    for template in templates:
        ask("GET", f"/process-templates/{template['id']}")
        ask("GET", f"/process-templates/{template['id']}/tasks")
    started = ask("POST", "/process-runs", {"template_id": templates[0]["id"], "name": "Jane"})["data"]
    first = ask("GET", f"/process-runs/{started['id']}/tasks")["data"][0]
    ask("PATCH", f"/process-runs/{started['id']}/tasks/{first['id']}", {"completed": True})
    ask("GET", f"/process-runs/{started['id']}")
    ask("GET", "/process-runs?status=completed&limit=3")
    ask("GET", "/process-runs/nope")


def kognitos(ask: Client) -> None:
    """Lists cut, runs read, one started and polled until it ends."""
    agent = ask.worlds.default.export()["apis"]["kognitos"][ask.tenant]["agents"][0]["id"]
    processes = ask("GET", f"/processes?agent_id={agent}&limit=5")["items"]
    for process in processes[:3]:
        ask("GET", f"/processes/{process['id']}?agent_id={agent}")
        for run in ask("GET", f"/runs?agent_id={agent}&process_id={process['id']}&limit=4")["items"]:
            ask("GET", f"/runs/{run['id']}")
    file = ask("POST", "/files", {"agent_id": agent, "file_name": "order.pdf"})
    given = {"name": "Jane", "inputs": [{"name": "order_id", "value": "1"}], "file_ids": [file["id"]]}
    first = processes[0]
    started = ask("POST", "/runs", {"agent_id": agent, "process_id": first["id"], "stage": first["stage"], **given})
    for _ in range(10):
        ask("GET", f"/runs/{started['id']}")


def tallyfy(ask: Client) -> None:
    """Pages of lists with includes, a task changed and completed, a process launched."""
    base = f"/organizations/{ask.tenant}"
    ask("GET", "/me")
    ask("GET", "/me/organizations")
    runs = ask("GET", f"{base}/runs?per_page=5")["data"]
    for run in runs[:3]:
        ask("GET", f"{base}/runs/{run['id']}?with=checklist,tasks,tags,form_fields,ko_form_fields,next_task")
        for task in ask("GET", f"{base}/runs/{run['id']}/tasks")["data"][:2]:
            ask("GET", f"{base}/runs/{run['id']}/tasks/{task['id']}?with=form_fields,step,run")
    for template in ask("GET", f"{base}/checklists?per_page=4")["data"]:
        ask("GET", f"{base}/checklists/{template['id']}?with=steps,tags,folder")
    for name in ("groups", "tags", "folders", "users", "guests"):
        ask("GET", f"{base}/{name}")
    path = f"{base}/runs/{runs[0]['id']}"
    task = next(one for one in ask("GET", f"{path}/tasks")["data"] if one["status"] != "completed")
    ask("PUT", f"{path}/tasks/{task['id']}", {"title": "New title"})
    ask("POST", f"{path}/completed-tasks", {"task_id": task["id"]})
    ask("GET", path)
    template = ask("GET", f"{base}/checklists?per_page=4&page=2")["data"][0]
    started = ask("POST", f"{base}/runs", {"checklist_id": template["id"], "name": "Jane"})["data"]
    first = ask("GET", f"{base}/runs/{started['id']}/tasks")["data"][0]
    ask("POST", f"{base}/runs/{started['id']}/completed-tasks", {"task_id": first["id"]})
    ask("GET", f"{base}/runs/{started['id']}")


SESSIONS: dict[str, Callable[[Client], None]] = {"nextstep": nextstep, "kognitos": kognitos, "tallyfy": tallyfy}


@cache
def session(api: str) -> tuple[Recorded, ...]:
    """The recorded session of an API."""
    ask = Client(api)
    SESSIONS[api](ask)
    return tuple(ask.record())
