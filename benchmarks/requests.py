"""The four requests that are measured, everywhere the same: GET one run, list of 20, POST a run, PATCH a task.

All are on records of NextStep's own documentation pages, but for a template that is given ten tasks first.
Must not know who sends them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from understudy.engine.exchange import Request

KEY = "nxs_live_your_key"
RUN = "CWpVWwuj7Jkvl3Smlyxb"
RUNS = "/api/v1/process-runs"
TASK = f"{RUNS}/{RUN}/tasks/POPXQSSPZnYNjUz7QBbn"
TEMPLATE = "yoTn7hgFcUGCmC36ZoUN"
_GET = {"Authorization": f"Bearer {KEY}"}
_SEND = {**_GET, "Content-Type": "application/json"}


class Ask(NamedTuple):
    """One HTTP request. `bodies` are sent in turn, so that an update is one each time."""

    name: str
    method: str
    target: str
    headers: dict[str, str]
    bodies: tuple[str, ...] = ("",)


def post(path: str, body: Any) -> Ask:
    """A POST of JSON."""
    return Ask(f"POST {path}", "POST", path, _SEND, (json.dumps(body),))


def patch(path: str, *bodies: Any) -> Ask:
    """A PATCH of JSON; the bodies are sent in turn."""
    return Ask(f"PATCH {path}", "PATCH", path, _SEND, tuple(map(json.dumps, bodies)))


def get(path: str) -> Ask:
    """A GET."""
    return Ask(f"GET {path}", "GET", path, _GET)


def with_tasks(count: int) -> Iterator[Ask]:
    """What gives the template so many tasks, each with two form elements: an edit in the app, then publishing."""
    elements = [{"id": f"elem_{n}", "type": "shortText", "label": f"Field {n}"} for n in range(2)]
    tasks = [{"title": f"Task {n}", "custom_elements": elements} for n in range(count)]
    edit = {"api": "nextstep", "event": "edit-template", "template_id": TEMPLATE, "tasks": tasks}
    yield post("/__mock__/events", edit)
    for published in (False, True):  # what is published already stays as it is
        yield post(f"/api/v1/process-templates/{TEMPLATE}/publish", {"published": published})


def _values(number: int) -> Any:
    """Two form values; every number is another update, so that each request changes the task."""
    elements = [{"id": "elem_001", "value": f"Jane Smith {number}"}, {"id": "elem_002", "value": "jane@company.com"}]
    return {"custom_elements": elements}


ASKS = (
    get(f"{RUNS}/{RUN}")._replace(name="GET one run"),
    get(f"{RUNS}?limit=20")._replace(name="list of 20"),
    post(RUNS, {"template_id": TEMPLATE, "name": "Onboarding: Jane Smith"})._replace(name="POST a run"),
    patch(TASK, *map(_values, range(64)))._replace(name="PATCH two values"),
)


def as_requests(ask: Ask, *, key: str = KEY) -> list[Request]:
    """The same as the pipeline takes them, with the headers that wrk sends."""
    path, _, query = ask.target.partition("?")
    given = {"host": "127.0.0.1", **{name.lower(): value for name, value in ask.headers.items()}}
    given["authorization"] = f"Bearer {key}"
    return [
        Request(ask.method, path, query, tuple((k.encode(), v.encode()) for k, v in _sized(given, body)), body.encode())
        for body in ask.bodies
    ]


def _sized(headers: dict[str, str], body: str) -> list[tuple[str, str]]:
    return [*headers.items(), *([("content-length", str(len(body.encode())))] if body else [])]
