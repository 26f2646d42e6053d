"""Operations without a handler, as a document declares its resources, beside the built-in ones: CPU time in process.

The document is that of docs/how-to/declare-resources.md, served as a user serves it.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import mock
from benchmarks.figures import Figure, ratio, summed_up
from benchmarks.inside import microseconds
from benchmarks.requests import ASKS
from understudy.apis import control, own
from understudy.engine.exchange import Request, Response
from understudy.engine.pipeline import handle
from understudy.engine.worlds import Worlds

PAGE = Path(__file__).parents[1] / "docs/how-to/declare-resources.md"
_FILE = re.compile(r"<!-- file: workshop.yaml -->\n```yaml\n(.*?)```", re.DOTALL)
_HEADERS = (
    (b"host", b"127.0.0.1"),
    (b"x-workshop-key", b"key"),
    (b"content-type", b"application/json"),
)


def measure(*, rounds: int, count: int) -> Iterator[Figure]:
    """A GET, a list of 20, a POST and a PATCH of both kinds, in turn, and the ratio of their costs."""
    app, built_in = mock.prepared()
    worlds = workshop()
    for ask, mine, theirs in zip(ASKS, requests(worlds), built_in, strict=True):
        declared, handled = _in_turn(worlds, mine, app.worlds, theirs, rounds=rounds, count=count)
        yield ratio(f"{ask.name}: declared / built-in", declared, handled)
        yield summed_up(f"{ask.name}: declared", declared, "us of CPU")
        yield summed_up(f"{ask.name}: built-in", handled, "us of CPU")


def workshop() -> Worlds:
    """The worlds of the document's server."""
    found = _FILE.search(PAGE.read_text())
    assert found is not None, "the page has a whole document"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "workshop.yaml"
        file.write_text(found[1])
        api, _ = own.declare(own.Own(file, "workshop"))
    return Worlds([api, control.declare], seeds={"workshop": None})


def requests(worlds: Worlds) -> Sequence[Sequence[Request]]:
    """The four requests on a store of thirty projects; bodies of an update differ, so that each one changes."""
    made = [send(worlds, "POST", "/projects", {"name": f"Project {number}"}) for number in range(30)]
    path = f"/projects/{made[0].json()['data']['id']}"
    return (
        [request("GET", path)],
        [request("GET", "/projects?limit=20")],
        [request("POST", f"{path}/tasks", {"title": "Saw"})],
        [request("PATCH", path, {"labels": [f"label {number}", "wood"]}) for number in range(64)],
    )


def request(method: str, target: str, body: object = None) -> Request:
    """A request to the workshop."""
    path, _, query = target.partition("?")
    content = b"" if body is None else json.dumps(body).encode()
    return Request(method, f"/v1{path}", query, _HEADERS, content)


def send(worlds: Worlds, method: str, target: str, body: object = None) -> Response:
    """The answer to a request; raises RuntimeError when it is no 2xx."""
    response = handle(request(method, target, body), worlds.default, worlds).response
    if not 200 <= response.status < 300:
        raise RuntimeError(f"{method} {target}: {response.status} {response.body!r}")
    return response


def _in_turn(
    mine: Worlds, my_requests: Sequence[Request], theirs: Worlds, their_requests: Sequence[Request], *,
    rounds: int, count: int,
) -> tuple[list[float], list[float]]:  # fmt: skip
    """The costs of both, round by round, after one to warm up."""
    taken: tuple[list[float], list[float]] = [], []
    for _ in range(rounds + 1):
        for worlds, sent, costs in ((mine, my_requests, taken[0]), (theirs, their_requests, taken[1])):
            costs.append(microseconds(lambda one: handle(one, worlds.default, worlds), sent, count))  # noqa: B023
    return taken[0][1:], taken[1][1:]
