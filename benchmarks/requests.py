"""The four requests that are measured, everywhere the same: GET one run, list of 20, POST a run, PATCH a task.

All are on records of NextStep's own documentation pages. Must not know who sends them.
"""

from __future__ import annotations

import json

from benchmarks.load import Ask
from mock_server.exchange import Request

KEY = "nxs_live_your_key"
RUN = "CWpVWwuj7Jkvl3Smlyxb"
RUNS = "/api/v1/process-runs"
_GET = {"Authorization": f"Bearer {KEY}"}
_SEND = {**_GET, "Content-Type": "application/json"}


def _run() -> str:
    """The pages' own template, of 24 tasks."""
    return json.dumps({"template_id": "CcIJXVzRuiP5HvI26FTE", "name": "Onboarding: Jane Smith"})


def _values(number: int) -> str:
    """Two form values; every number is another update, so that each request changes the task."""
    elements = [{"id": "elem_001", "value": f"Jane Smith {number}"}, {"id": "elem_002", "value": "jane@company.com"}]
    return json.dumps({"custom_elements": elements})


ASKS = (
    Ask("GET one run", "GET", f"{RUNS}/{RUN}", _GET),
    Ask("list of 20", "GET", f"{RUNS}?limit=20", _GET),
    Ask("POST a run", "POST", RUNS, _SEND, (_run(),)),
    Ask("PATCH a task", "PATCH", f"{RUNS}/{RUN}/tasks/POPXQSSPZnYNjUz7QBbn", _SEND, tuple(map(_values, range(64)))),
)


def as_requests(ask: Ask, *, token: str = KEY) -> list[Request]:
    """The same as the pipeline takes them, with the headers that a server adds."""
    path, _, query = ask.target.partition("?")
    given = {"host": "127.0.0.1", **{name.lower(): value for name, value in ask.headers.items()}}
    given["authorization"] = f"Bearer {token}"
    return [
        Request(ask.method, path, query, tuple((k.encode(), v.encode()) for k, v in given.items()), body.encode())
        for body in ask.bodies
    ]
