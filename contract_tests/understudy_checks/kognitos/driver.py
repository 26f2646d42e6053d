"""Steps that Kognitos' checks share: find processes, start runs, follow them to their end, upload files.

Agent ids come from the settings, since no operation lists agents. All else is found through the API.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from understudy.document.operation import Operation
from understudy.engine.exchange import Response
from understudy_checks.client import Client, Skipped
from understudy_checks.discovery import MAX_ATTEMPTS, find_all_arguments
from understudy_checks.pagination import walk
from understudy_checks.wording import show

Json = Any

FINAL_STATUSES = ("Succeeded", "Failed", "Cancelled", "TimedOut")
ACTIVE_STATUSES = ("Created", "Pending", "Running")
REQUIRED_MEMBERS = ("agent_id", "process_id", "name", "stage")
CONSTANT_MEMBERS = ("id", "agent_id", "process_id", "name", "created_at", "stage", "file_ids")
MAX_RUN_SECONDS = 120.0
"""The longest time in seconds that a run takes when it waits for nobody."""

MAX_PROCESSES = 12
"""The number of processes that a check tries in a fresh world; elsewhere it tries one."""


def provided(client: Client, name: str) -> Json:
    """Return a setting that no operation lists (`agent_id`, `agent_key` ...); raises Skipped without it."""
    value = client.access.given.get(name)
    if not value:
        raise Skipped(f"no {name.replace('_', ' ')} is known")
    return value


def harmless_write(client: Client) -> tuple[Operation, Json, Json]:
    """Return an operation that takes JSON, with arguments and body: a file without content, since a run does work."""
    body = {"agent_id": provided(client, "agent_id"), "file_name": "test-file.pdf"}
    return client.contract.operations["createFile"], {}, body


def refusal(response: Response) -> Json:
    """Return the status of a refusal with the documented shape of its body as `code`; None for a success."""
    if response.status < 300:
        return None
    names = ("status_code", "error-model"), ("statusCode", "status-code"), ("message", "gateway")
    body = response.json()
    return {"status": response.status, "code": next((code for name, code in names if name in body), "other")}


def processes(client: Client, agent_id: str | None = None) -> list[Json]:
    """List all processes of an agent, by default of the configured one."""
    listing = client.contract.operations["listProcesses"]
    return walk(client, listing, {"agent_id": agent_id or provided(client, "agent_id")})


def known_agents(client: Client) -> list[str]:
    """List the configured agents: the key's own, then another one if it is configured."""
    other = client.access.given.get("other_agent") or {}
    return [provided(client, "agent_id"), *(id for id in (other.get("agent_id"),) if id)]


def other_agent(client: Client) -> str:
    """Return a second agent of the organization; raises Skipped when none is configured."""
    return next(iter(known_agents(client)[1:]), None) or _not_configured("other agent")


def runs(client: Client, process: Json, **filters: Json) -> list[Json]:
    """List all runs of a process."""
    listing = client.contract.operations["listRuns"]
    return walk(client, listing, {"agent_id": process["agent_id"], "process_id": process["id"], **filters})


def listed_run(client: Client, run: Json) -> Json:
    """Return a run as the list of its process shows it; asserts that it is listed once."""
    listed = runs(client, {"id": run["process_id"], "agent_id": run["agent_id"]})
    found = [item for item in listed if item["id"] == run["id"]]
    assert len(found) == 1, f"run {run['id']} must be listed once under its process, not {len(found)} times"
    return found[0]


def sample_runs(client: Client) -> Iterator[Json]:
    """Yield up to 200 runs from the lists of some processes; raises Skipped when there are none."""
    found = [
        run
        for id in known_agents(client)
        for process in processes(client, id)[:MAX_PROCESSES]
        for run in runs(client, process)
    ]
    if not found:
        raise Skipped("the configured agents have no runs")
    yield from found[:200]


def valid_run_body(client: Client) -> dict[str, Json]:
    """Return a body that starts a run of a process of the configured agent; raises Skipped without one."""
    for found_arguments in islice(find_all_arguments(client, client.contract.operations["createRun"]), MAX_ATTEMPTS):
        return dict(found_arguments.body)
    raise Skipped("the configured agent has no process")


def sample_run_bodies(client: Client) -> list[dict[str, Json]]:
    """Return valid bodies for runs of up to 12 processes in a fresh world, elsewhere of one."""
    most = MAX_PROCESSES if "fresh" in client.world.capabilities else 1
    bodies = [
        found_arguments.body for found_arguments in find_all_arguments(client, client.contract.operations["createRun"])
    ]
    return [dict(body) for body in bodies[:most]] or [valid_run_body(client)]


def request_run(client: Client, body: Mapping[str, Json] | None = None, /, **members: Json) -> Response:
    """Send a request for a run and return the response; `members` override those of a valid body."""
    return client.call("createRun", json={**(valid_run_body(client) if body is None else body), **members})


def start_run(client: Client, body: Mapping[str, Json] | None = None, /, **members: Json) -> Json:
    """Start a run and return it; asserts that it is accepted."""
    response = request_run(client, body, **members)
    assert response.status < 300, f"starting a run must succeed, not answer {response.status}: {show(response.body)}"
    return response.json()


def read_run(client: Client, id: str) -> Json:
    """Read a run by its id."""
    response = client.call("getRun", {"run_id": id})
    assert response.status == 200, f"reading run {id} must answer 200, not {response.status}"
    shown = response.json()
    with client.depending_on("kognitos.runs.by-id"):
        assert (got := shown["id"]) == id, f"a run must be read by its own id; {id} returns {show(got)}"
    return shown


def is_final(run: Json) -> bool:
    """Return whether a run has a final status."""
    return run["status"] in FINAL_STATUSES


def await_final_status(client: Client, run: Json) -> Json:
    """Wait until a run has a final status; returns the run.

    On a target without fresh worlds, raises Skipped after 120 s.
    """
    try:
        client.eventually(lambda: _final_status(client, run["id"]), within=MAX_RUN_SECONDS)
    except AssertionError as error:
        if "fresh" not in client.world.capabilities:
            raise Skipped(
                f"run {run['id']} has no final status after {MAX_RUN_SECONDS:g} s, and may wait for a person"
            ) from None
        error.args = (f"run {run['id']} must reach a final status by itself; {error}",)
        raise
    return read_run(client, run["id"])


def run_history(client: Client, run: Json, *, step: float = 0.5, after: int = 3) -> list[Json]:
    """Read a run every `step` seconds until its status is final and `after` times more; returns all readings."""
    seen = [run, read_run(client, run["id"])]
    left = after
    while left and len(seen) * step < MAX_RUN_SECONDS:
        client.advance(step)
        seen.append(read_run(client, run["id"]))
        left -= is_final(seen[-1])
    return seen


def shows_no_outputs(run: Json) -> bool:
    """Return whether `outputs` of a run is null, an empty list or missing."""
    return run.get("outputs") in (None, [])


def assert_refused_without_a_run(client: Client, bodies: Sequence[Json], *statuses: int) -> None:
    """Assert that each body is refused with one of the statuses and starts no run."""
    expected = " or ".join(map(str, statuses))
    right = valid_run_body(client)
    process = {"id": right["process_id"], "agent_id": right["agent_id"]}
    before = {run["id"] for run in runs(client, process)}
    for body in bodies:
        response = client.call("createRun", json=body)
        assert response.status in statuses, (
            f"{show(body)} must answer {expected}, not {response.status}: {show(response.body)}"
        )
    added = [run for run in runs(client, process) if run["id"] not in before]
    if "fresh" not in client.world.capabilities:
        names = {body.get("name") for body in bodies}
        added = [run for run in added if run["name"] in names]
    assert not added, f"a refused request must start no run; these were started: {show(added)}"


def request_file(client: Client, *, key: str | None = None, **members: Json) -> Response:
    """Send a request for a file and return the response, accepted or refused."""
    options: dict[str, Json] = {} if key is None else {"key": key}
    return client.call("createFile", json=members, **options)


def create_file(client: Client, name: str = "test-file.pdf") -> Json:
    """Create a file of the configured agent, without content; asserts that it is accepted."""
    response = request_file(client, agent_id=provided(client, "agent_id"), file_name=name)
    assert response.status < 300, f"creating a file must succeed, not answer {response.status}: {show(response.body)}"
    return response.json()


def upload(
    client: Client, file: Json, content: bytes = b"content", *, fields: Json = None, part: str | None = "file"
) -> Response:
    """Post content to a file's upload URL; `part` names the content's form part, None omits it."""
    return post_form(
        client, file["upload_url"], file["upload_fields"] if fields is None else fields, content, part=part
    )


def post_form(
    client: Client, url: str, fields: Mapping[str, str], content: bytes, *, part: str | None = "file"
) -> Response:
    """Post a multipart form without a key; raises Skipped when the URL is on another server than the target."""
    path = urlsplit(url).path
    if not path.startswith(f"{client.prefix}/"):
        raise Skipped("the upload URL is on another server than the target")
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
    response = client.send("POST", path.removeprefix(client.prefix), body=body, headers=headers, key=None)
    with client.depending_on("kognitos.upload.needs-no-key"):
        assert response.status != 401, "an upload must need no key, but without one it is answered 401"
    return response


def create_uploaded_file(client: Client) -> str:
    """Create a file, upload its content and return its id."""
    file = create_file(client)
    response = upload(client, file)
    assert response.status == 204, f"an upload must answer 204, not {response.status}"
    return str(file["id"])


class _ActiveStatus(str):
    """The status of a run that is not over; false, so that `eventually` goes on reading."""

    def __bool__(self) -> bool:
        return False


def _final_status(client: Client, run_id: str) -> str:
    status: str = read_run(client, run_id)["status"]
    return status if status in FINAL_STATUSES else _ActiveStatus(status)


def _not_configured(what: str) -> str:
    raise Skipped(f"no {what} is known")
