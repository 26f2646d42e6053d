"""What Kognitos' tests do over and over: find processes, start runs, follow them, upload files.

Agents cannot be listed: their ids are given with the key. All else is found through the API.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from understudy.engine.exchange import Response
from understudy_checks.client import Client, NotChecked
from understudy_checks.discovery import ATTEMPTS, arrangements
from understudy_checks.pagination import walk

Json = Any

FINAL = ("Succeeded", "Failed", "Cancelled", "TimedOut")
ORDER = ("Created", "Pending", "Running")
REQUIRED = ("agent_id", "process_id", "name", "stage")
IDENTITY = ("id", "agent_id", "process_id", "name", "created_at", "stage", "file_ids")
PATIENCE = 120.0
"""Seconds in which a run that waits for nobody is expected to come to its end."""

SEVERAL = 12
"""How many processes are looked at in a world of one's own; elsewhere one."""


def given(client: Client, name: str) -> Json:
    """Something that no operation tells (`agent_id`, `agent_key` ...); raises NotChecked when it is not known."""
    value = client.access.given.get(name)
    if not value:
        raise NotChecked(f"no {name.replace('_', ' ')} is known")
    return value


def processes(client: Client, agent_id: str | None = None) -> list[Json]:
    """All processes of an agent, by default the one that is given."""
    listing = client.contract.operations["listProcesses"]
    return walk(client, listing, {"agent_id": agent_id or given(client, "agent_id")})


def agents(client: Client) -> list[str]:
    """The agents that are given: the key's own, and another one where that is known."""
    other = client.access.given.get("other_agent") or {}
    return [given(client, "agent_id"), *(id for id in (other.get("agent_id"),) if id)]


def other_agent(client: Client) -> str:
    """An agent of the organization beside the one that is given."""
    return next(iter(agents(client)[1:]), None) or _unknown("other agent")


def runs(client: Client, process: Json, **filters: Json) -> list[Json]:
    """All runs of a process."""
    listing = client.contract.operations["listRuns"]
    return walk(client, listing, {"agent_id": process["agent_id"], "process_id": process["id"], **filters})


def run_in_list(client: Client, run: Json) -> Json:
    """A run as its process' list shows it; raises AssertionError when it is not there."""
    listed = runs(client, {"id": run["process_id"], "agent_id": run["agent_id"]})
    found = [item for item in listed if item["id"] == run["id"]]
    assert len(found) == 1, f"run {run['id']} is listed {len(found)} times"
    return found[0]


def known_runs(client: Client) -> Iterator[Json]:
    """Runs as the lists of some processes show them, a bounded number."""
    found = [
        run for id in agents(client) for process in processes(client, id)[:SEVERAL] for run in runs(client, process)
    ]
    if not found:
        raise NotChecked("the agents that are known have no runs")
    yield from found[:200]


def wanted(client: Client) -> dict[str, Json]:
    """A body that starts a run of some process of the given agent."""
    for arranged in islice(arrangements(client, client.contract.operations["createRun"]), ATTEMPTS):
        return dict(arranged.body)
    raise NotChecked("the agent that is given has no process")


def several(client: Client) -> list[dict[str, Json]]:
    """Bodies that start runs of different processes, more than one only in a world of one's own."""
    most = SEVERAL if "fresh" in client.world.capabilities else 1
    bodies = [arranged.body for arranged in arrangements(client, client.contract.operations["createRun"])]
    return [dict(body) for body in bodies[:most]] or [wanted(client)]


def create(client: Client, body: Mapping[str, Json] | None = None, /, **members: Json) -> Response:
    """Ask for a run: with a body that is right, but for these members."""
    return client.call("createRun", json={**(wanted(client) if body is None else body), **members})


def start(client: Client, body: Mapping[str, Json] | None = None, /, **members: Json) -> Json:
    """Start a run; the answer."""
    response = create(client, body, **members)
    assert response.status < 300, f"a run is refused: {response.status} {response.body[:300]!r}"
    return response.json()


def read(client: Client, id: str) -> Json:
    """A run, read by its id."""
    response = client.call("getRun", {"run_id": id})
    assert response.status == 200, f"run {id}: {response.status}"
    return response.json()


def is_final(run: Json) -> bool:
    """Whether a run is over."""
    return run["status"] in FINAL


def ended(client: Client, run: Json) -> Json:
    """The run when it is over; raises NotChecked when that takes too long on a target that is not ours."""
    try:
        return client.eventually(lambda: _if(is_final, read(client, run["id"])), within=PATIENCE)
    except AssertionError:
        if "fresh" in client.world.capabilities:
            raise
        raise NotChecked(f"run {run['id']} was not over after {PATIENCE} seconds, and may wait for somebody") from None


def history(client: Client, run: Json, *, step: float = 0.5, after: int = 3) -> list[Json]:
    """The run as it is read from time to time until it is over, and `after` times more."""
    seen = [run, read(client, run["id"])]
    left = after
    while left and len(seen) * step < PATIENCE:
        client.advance(step)
        seen.append(read(client, run["id"]))
        left -= is_final(seen[-1])
    return seen


def shows_no_outputs(run: Json) -> bool:
    """Whether a run shows no outputs: null, an empty list, or not at all."""
    return run.get("outputs") in (None, [])


def assert_starts_nothing(client: Client, bodies: Sequence[Json], *statuses: int) -> None:
    """Assert that each of these bodies is refused with one of the statuses, and that no run is started."""
    right = wanted(client)
    process = {"id": right["process_id"], "agent_id": right["agent_id"]}
    before = {run["id"] for run in runs(client, process)}
    for body in bodies:
        response = client.call("createRun", json=body)
        assert response.status in statuses, f"{body}: {response.status} {response.body[:200]!r}"
    added = [run for run in runs(client, process) if run["id"] not in before]
    if "fresh" not in client.world.capabilities:
        names = {body.get("name") for body in bodies}
        added = [run for run in added if run["name"] in names]
    assert not added, f"a run was refused and started: {added}"


def create_file(client: Client, *, key: str | None = None, **members: Json) -> Response:
    """Ask for a file."""
    options: dict[str, Json] = {} if key is None else {"key": key}
    return client.call("createFile", json=members, **options)


def new_file(client: Client, name: str = "test-file.pdf") -> Json:
    """A new file of the given agent, without content."""
    response = create_file(client, agent_id=given(client, "agent_id"), file_name=name)
    assert response.status < 300, f"a file is refused: {response.status} {response.body[:300]!r}"
    return response.json()


def upload(
    client: Client, file: Json, content: bytes = b"content", *, fields: Json = None, part: str | None = "file"
) -> Response:
    """Post a file's content to its address, as a form with its fields; `part` names the content, None leaves it out."""
    return post_form(
        client, file["upload_url"], file["upload_fields"] if fields is None else fields, content, part=part
    )


def post_form(
    client: Client, url: str, fields: Mapping[str, str], content: bytes, *, part: str | None = "file"
) -> Response:
    """Post a form without a key; raises NotChecked when the address is not on the target."""
    path = urlsplit(url).path
    if not path.startswith(f"{client.prefix}/"):
        raise NotChecked("the content of files goes to another server than the target")
    boundary = "understudy-3f1c9a7e5b"
    pieces = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    if part is not None:
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{part}"; filename="test-file.pdf"\r\n'
        pieces += [head.encode(), b"Content-Type: application/octet-stream\r\n\r\n", content, b"\r\n"]
    body = b"".join([*pieces, f"--{boundary}--\r\n".encode()])
    headers = {"content-type": f"multipart/form-data; boundary={boundary}"}
    return client.send("POST", path.removeprefix(client.prefix), body=body, headers=headers, key=None)


def uploaded(client: Client) -> str:
    """The id of a new file whose content is there."""
    file = new_file(client)
    response = upload(client, file)
    assert response.status == 204, f"an upload is refused: {response.status}"
    return str(file["id"])


def _if(holds: Callable[[Json], bool], value: Json) -> Json:
    return value if holds(value) else None


def _unknown(what: str) -> str:
    raise NotChecked(f"no {what} is known")
