"""Kognitos: what starts a run, and how a run is shown.

A probe starts a run only if reading does not suffice; runs cannot be deleted and stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from understudy.engine.exchange import Response
from understudy_checks.client import Client, Violation
from understudy_checks.kognitos.driver import (
    FINAL_STATUSES,
    MAX_PROCESSES,
    await_final_status,
    create_file,
    known_agents,
    other_agent,
    processes,
    read_run,
    refusal,
    request_file,
    request_run,
    runs,
    start_run,
    upload,
    valid_run_body,
)
from understudy_checks.kognitos.probes.access import NOTHING
from understudy_checks.measurements import by_status, skip, skip_unless
from understudy_checks.pagination import Page, read_page
from understudy_checks.probes import probe

Json = Any

STAGES = ("Draft", "Published")
MOST_ACTIVE = 150
"""The documented number of active runs of an organization."""


def listed(client: Client) -> Iterator[Json]:
    """Yield runs as lists show them."""
    return (run for page in _first_pages(client) for run in page.items)


def run_where(client: Client, what: str, holds: Callable[[Json], object]) -> Json:
    """Return a listed run that satisfies `holds`; raises NotChecked when there is none."""
    return next((run for run in listed(client) if holds(run)), None) or skip(f"no run is listed that {what}")


def attempt(client: Client, **members: Json) -> Response:
    """Request a run with these members; raises NotChecked if a run without them is refused too."""
    response = request_run(client, **members)
    skip_unless(response.status < 300 or request_run(client).status < 300, "this target starts no run of its processes")
    return response


def reading(response: Response, accepted: Json) -> Json:
    """Return what the answer to starting a run means: `accepted`, invalid or not-found."""
    return (
        accepted if response.status < 300 else {400: "invalid", 404: "not-found"}.get(response.status, response.status)
    )


@probe("kognitos.runs.created-at-form")
def created_at_form(client: Client) -> Json:
    """Return whether a time has no offset or is in UTC with a Z."""
    text = run_where(client, "has a time", lambda run: True)["created_at"]
    return "utc" if text.endswith("Z") else "offset" if "+" in text else "naive"


@probe("kognitos.runs.no-outputs")
def no_outputs(client: Client) -> Json:
    """Return the outputs of a run that has not succeeded."""
    outputs = run_where(client, "has not succeeded", lambda run: run["status"] != "Succeeded").get("outputs", "absent")
    return "null" if outputs is None else outputs or "empty"


@probe("kognitos.runs.no-files", needs=("write",))
def no_files(client: Client) -> Json:
    """Return the files of a run that was started without any."""
    return start_run(client).get("file_ids", "absent")


@probe("kognitos.runs.created-is-distinct", needs=("write",))
def created_is_distinct(client: Client) -> Json:
    """Return whether a new run reads Created or Pending."""
    status = read_run(client, start_run(client)["id"])["status"]
    return {"Created": True, "Pending": False}.get(status, status)


@probe("kognitos.runs.waiting-status", needs=("write", "events"))
def waiting_status(client: Client) -> Json:
    """Return the status of a run that waits for a person."""
    run = start_run(client)
    client.event("wait-for-person", run_id=run["id"])
    return read_run(client, run["id"])["status"]


@probe("kognitos.runs.create-success", needs=("write",))
def create_success(client: Client) -> Json:
    """Return the status of starting a run."""
    return request_run(client).status


@probe("kognitos.runs.usable-stages", needs=("write",))
def usable_stages(client: Client) -> Json:
    """Return the stages in which a process can be run."""
    draft, published = (_start_in_the_other_stage(client, stage).status < 300 for stage in STAGES)
    return {(False, False): "own", (False, True): "draft-always", (True, True): "any"}.get(
        (draft, published), "published-always"
    )


@probe("kognitos.runs.missing-stage", needs=("write",))
def missing_stage(client: Client) -> Json:
    """Return the answer to starting a process in a stage that it does not have."""
    tried = (refusal(_start_in_the_other_stage(client, stage)) for stage in STAGES)
    return next(filter(None, tried), None) or skip("every process can be run in either stage")


@probe("kognitos.runs.unknown-file", needs=("write",))
def unknown_file(client: Client) -> Json:
    """Return whether an unknown file is unknown, invalid or ignored."""
    return reading(attempt(client, file_ids=[NOTHING]), "ignore")


@probe("kognitos.runs.file-not-uploaded", needs=("write",))
def file_not_uploaded(client: Client) -> Json:
    """Return whether a run of a file without content is refused, fails or proceeds."""
    response = attempt(client, file_ids=[create_file(client)["id"]])
    if response.status >= 300:
        return reading(response, None)
    status, usual = (await_final_status(client, run)["status"] for run in (response.json(), start_run(client)))
    return "accept" if status == usual else "fail" if status == "Failed" else status


@probe("kognitos.runs.file-of-another-agent", needs=("write",))
def file_of_another_agent(client: Client) -> Json:
    """Return whether a run may use another agent's file."""
    file = request_file(client, agent_id=other_agent(client), file_name="test-file.pdf").json()
    upload(client, file)
    return reading(attempt(client, file_ids=[file["id"]]), "accept")


@probe("kognitos.runs.inputs-map", needs=("write",))
def inputs_map(client: Client) -> Json:
    """Return whether a map of names to values is accepted as inputs."""
    return by_status(attempt(client, inputs=dict.fromkeys(_input_names(client), "x")), "accept", "reject")


@probe("kognitos.runs.inputs-checked", needs=("write",))
def inputs_checked(client: Client) -> Json:
    """Return whether an input without name and value is refused."""
    return by_status(attempt(client, inputs=[{"understudy": "x"}]), False, True)


@probe("kognitos.runs.unknown-input", needs=("write",))
def unknown_input(client: Client) -> Json:
    """Return whether an unknown input is accepted."""
    return by_status(attempt(client, inputs=[{"name": "understudy_unknown", "value": "x"}]), "accept", "reject")


@probe("kognitos.runs.concurrency-cap", needs=("write", "fresh"))
def concurrency_cap(client: Client) -> Json:
    """Return how many active runs are accepted; null if 151 are."""
    known = (process for id in known_agents(client) for process in processes(client, id))
    active = sum(run["status"] not in FINAL_STATUSES for process in known for run in runs(client, process))
    started = _start_many(client)
    if started > MOST_ACTIVE:
        return None
    return MOST_ACTIVE if started <= MOST_ACTIVE <= started + active else f"between {started} and {started + active}"


@probe("kognitos.runs.over-capacity", needs=("write", "fresh"))
def over_capacity(client: Client) -> Json:
    """Return the answer to starting a run when too many are active."""
    skip_unless(_start_many(client) <= MOST_ACTIVE, "this target runs as many as it is asked to")
    return refusal(client.log[-1].response)


def _start_many(client: Client) -> int:
    """Return how many runs can be started, up to one more than allowed."""
    without_retries, body = client.without_retries(), valid_run_body(client)
    try:
        return next(
            (n for n in range(MOST_ACTIVE + 1) if request_run(without_retries, body).status >= 300), MOST_ACTIVE + 1
        )
    except Violation:  # 503 is one of the answers that are possible here
        return sum(seen.operation == "createRun" and seen.response.status < 300 for seen in client.log)


def _start_in_the_other_stage(client: Client, stage: str) -> Response:
    """Start a process that shows this stage in the other one."""
    known = (process for id in known_agents(client) for process in processes(client, id))
    process = next((process for process in known if process["stage"] == stage), None) or skip(
        f"no process is in the stage {stage}"
    )
    right = {"agent_id": process["agent_id"], "process_id": process["id"], "name": "Another stage", "stage": stage}
    response = request_run(client, right, stage=next(other for other in STAGES if other != stage))
    skip_unless(
        response.status < 300 or request_run(client, right).status < 300, f"no run is started of {process['id']}"
    )
    return response


def _input_names(client: Client) -> list[str]:
    """Return the known input names of the process."""
    known = client.access.given
    return list(known.get("inputs") or ()) if known.get("process_id") == valid_run_body(client)["process_id"] else []


def _first_pages(client: Client) -> Iterator[Page]:
    """Yield the first pages of some lists of runs."""
    listing = client.contract.operations["listRuns"]
    for agent_id in known_agents(client):
        for process in processes(client, agent_id)[:MAX_PROCESSES]:
            yield read_page(client, listing, {"agent_id": agent_id, "process_id": process["id"]}, limit=100)
