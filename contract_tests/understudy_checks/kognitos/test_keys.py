"""Kognitos' keys that are limited to one agent, and the shape of errors."""

from __future__ import annotations

from collections.abc import Iterator

from understudy.engine.exchange import Response
from understudy_checks.client import Client
from understudy_checks.kognitos.driver import (
    Json,
    other_agent,
    processes,
    provided,
    read_run,
    request_file,
    runs,
    start_run,
    valid_run_body,
)
from understudy_checks.rules import rule
from understudy_checks.target.target import Target
from understudy_checks.wording import show

UNKNOWN = "no-such-id"


@rule("kognitos.authentication.agent-key-works-on-its-agent")
def test_a_key_of_an_agent_reads_what_is_its_agents(target: Target) -> None:
    """A key of one agent reads that agent's processes and runs as a key of the organization does."""
    with target.open() as client:
        key, agent_id = provided(client, "agent_key"), provided(client, "agent_id")
        known = processes(client)[:3]
        reading: list[tuple[str, dict[str, Json]]] = [("listProcesses", {"agent_id": agent_id})]
        for process in known:
            named = {"process_id": process["id"], "agent_id": agent_id}
            reading += [("getProcess", named), ("listRuns", named)]
            reading += [("getRun", {"run_id": run["id"]}) for run in runs(client, process)[:3]]
        for operation, arguments in reading:
            whole, own = client.call(operation, arguments), client.call(operation, arguments, key=key)
            assert (own.status, own.json()) == (200, whole.json()), (
                f"{operation} with {show(arguments)} must answer the same with a key of one agent, not {own.status}"
            )


@rule("kognitos.authentication.agent-key-works-on-its-agent", needs=("write",))
def test_a_key_of_an_agent_starts_runs_of_its_agent(target: Target) -> None:
    """A key of one agent starts runs and creates files of its agent."""
    with target.open() as client:
        key, body = provided(client, "agent_key"), valid_run_body(client)
        response = client.call("createRun", json=body, key=key)
        assert response.status < 300, (
            f"a key of one agent must start a run of its agent, not get {show(response.status)}"
        )
        assert (got := read_run(client, response.json()["id"])["agent_id"]) == body["agent_id"], (
            f"a run that a key of agent {body['agent_id']} starts must be of that agent, not of {show(got)}"
        )
        made = request_file(client, key=key, agent_id=body["agent_id"], file_name="test-file.pdf")
        assert made.status < 300, f"a key of one agent must create a file of its agent, not get {show(made.status)}"


@rule("kognitos.authentication.agent-key-stays-with-its-agent")
def test_a_key_of_an_agent_reads_nothing_of_another(target: Target) -> None:
    """A key of one agent is refused for another agent's processes and runs, and reveals none of them."""
    with target.open() as client:
        key, agent_id = provided(client, "agent_key"), other_agent(client)
        known = processes(client, agent_id)[:3]
        listed = [run for process in known for run in runs(client, process)[:3]]
        reading: list[tuple[str, dict[str, Json]]] = [("listProcesses", {"agent_id": agent_id})]
        for process in known:
            named = {"process_id": process["id"], "agent_id": agent_id}
            reading += [("getProcess", named), ("listRuns", named)]
        reading += [("getRun", {"run_id": run["id"]}) for run in listed]
        for operation, arguments in reading:
            response = client.call(operation, arguments, key=key)
            assert 400 <= response.status < 500, (
                f"{operation} with {show(arguments)} must be refused to another agent's key, not {response.status}"
            )
            revealed = [thing["name"] for thing in (*known, *listed) if thing["name"] in response.body.decode()]
            assert not revealed, f"a refusal of {operation} with {show(arguments)} must not reveal {show(revealed)}"


@rule("kognitos.authentication.agent-key-stays-with-its-agent", needs=("write",))
def test_a_key_of_an_agent_does_nothing_for_another(target: Target) -> None:
    """A key of one agent starts no run and creates no file of another agent."""
    with target.open() as client:
        key, agent_id = provided(client, "agent_key"), other_agent(client)
        for process in processes(client, agent_id)[:3]:
            before = runs(client, process)
            named = {"agent_id": agent_id, "process_id": process["id"], "stage": process["stage"]}
            for body in (named, {**named, "agent_id": provided(client, "agent_id")}):
                response = client.call("createRun", json={"name": "Not to be started", **body}, key=key)
                assert 400 <= response.status < 500, (
                    f"a run of another agent's process must be refused, not answer {response.status}"
                )
            assert "Not to be started" not in {run["name"] for run in runs(client, process)}, (
                f"a refused request must start no run; the process had {len(before)} runs"
            )
        made = request_file(client, key=key, agent_id=agent_id, file_name="test-file.pdf")
        assert 400 <= made.status < 500, (
            f"a key of one agent must not create a file of another agent, but gets {made.status}"
        )


@rule("kognitos.envelope.error-model", "kognitos.envelope.error-details")
def test_declared_errors_have_the_documented_body(target: Target) -> None:
    """A 400 or 404 has its status, a message, and `details` that are null or a list of objects."""
    with target.open() as client:
        seen = [response for response in _refusals(client) if response.status in (400, 404)]
        assert (got := {response.status for response in seen}) == {400, 404}, (
            f"the refused requests must answer 400 and 404; they answer {show(got)}"
        )
        for response in seen:
            body = response.json()
            assert type(body["status_code"]) is int, (
                f"`status_code` of an error must be an integer, not {show(body['status_code'])}"
            )
            assert body["status_code"] == response.status, (
                f"`status_code` of an error must be its status {response.status}: {show(body)}"
            )
            assert isinstance(body["message"], str), f"`message` of an error must be a string: {show(body)}"
            details = body.get("details")
            assert details is None or all(isinstance(entry, dict) for entry in details), (
                f"`details` of an error must be null or a list of objects: {show(body)}"
            )


def _refusals(client: Client) -> Iterator[Response]:
    """Return the responses of calls that each operation refuses as documented."""
    agent_id = provided(client, "agent_id")
    for operation, arguments in (
        ("listRuns", {}),
        ("listRuns", {"agent_id": agent_id, "process_id": UNKNOWN}),
        ("listProcesses", {}),
        ("listProcesses", {"agent_id": UNKNOWN}),
        ("getProcess", {"process_id": UNKNOWN}),
        ("getProcess", {"process_id": UNKNOWN, "agent_id": agent_id}),
        ("getRun", {"run_id": UNKNOWN}),
    ):
        yield client.call(operation, arguments)
    if "write" in client.world.capabilities:
        body = valid_run_body(client)
        yield client.call("createRun", json={})
        yield client.call("createRun", json={**body, "process_id": UNKNOWN})
        yield client.call("createFile", json={})
        yield client.call("createFile", json={"agent_id": UNKNOWN, "file_name": "test-file.pdf"})
        assert start_run(client, body)["id"] != UNKNOWN, (
            f"a new run must not have the id {UNKNOWN}, which stands for an unknown run"
        )
