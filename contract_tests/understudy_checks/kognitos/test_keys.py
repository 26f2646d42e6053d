"""Kognitos' keys of one agent, and the shape of its refusals."""

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
from understudy_checks.target.targets import Target

UNKNOWN = "no-such-id"


@rule("kognitos.authentication.agent-key-works-on-its-agent")
def test_a_key_of_an_agent_reads_what_is_its_agents(target: Target) -> None:
    """A key of one agent sees that agent's processes and runs as a key of the organization does."""
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
            assert (own.status, own.json()) == (200, whole.json()), f"{operation} with {arguments}: {own.status}"


@rule("kognitos.authentication.agent-key-works-on-its-agent", needs=("write",))
def test_a_key_of_an_agent_starts_runs_of_its_agent(target: Target) -> None:
    """A key of one agent starts a run of its agent's process and makes a file for its agent."""
    with target.open() as client:
        key, body = provided(client, "agent_key"), valid_run_body(client)
        response = client.call("createRun", json=body, key=key)
        assert response.status < 300, f"createRun: {response.status}"
        assert (got := read_run(client, response.json()["id"])["agent_id"]) == body["agent_id"], (
            f"a run that a key of agent {body['agent_id']} starts must be of that agent, not of {got!r:.200}"
        )
        made = request_file(client, key=key, agent_id=body["agent_id"], file_name="test-file.pdf")
        assert made.status == 201, f"createFile: {made.status}"


@rule("kognitos.authentication.agent-key-stays-with-its-agent")
def test_a_key_of_an_agent_reads_nothing_of_another(target: Target) -> None:
    """With a key of one agent, lists, processes and runs of another are refused, and nothing of them is told."""
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
            assert 400 <= response.status < 500, f"{operation} with {arguments}: {response.status}"
            told = [thing["name"] for thing in (*known, *listed) if thing["name"] in response.body.decode()]
            assert not told, f"{operation} with {arguments} tells {told}"


@rule("kognitos.authentication.agent-key-stays-with-its-agent", needs=("write",))
def test_a_key_of_an_agent_does_nothing_for_another(target: Target) -> None:
    """With a key of one agent, no run of another agent's process is started, and no file is made for it."""
    with target.open() as client:
        key, agent_id = provided(client, "agent_key"), other_agent(client)
        for process in processes(client, agent_id)[:3]:
            before = runs(client, process)
            named = {"agent_id": agent_id, "process_id": process["id"], "stage": process["stage"]}
            for body in (named, {**named, "agent_id": provided(client, "agent_id")}):
                response = client.call("createRun", json={"name": "Not to be started", **body}, key=key)
                assert 400 <= response.status < 500, f"createRun with {body}: {response.status}"
            assert "Not to be started" not in {run["name"] for run in runs(client, process)}, f"once {len(before)} runs"
        made = request_file(client, key=key, agent_id=agent_id, file_name="test-file.pdf")
        assert 400 <= made.status < 500, f"createFile: {made.status}"


@rule("kognitos.envelope.error-model", "kognitos.envelope.error-details")
def test_declared_errors_have_the_documented_body(target: Target) -> None:
    """What is answered 400 or 404 repeats its status, has a message, and details that are null or a list of objects."""
    with target.open() as client:
        seen = [response for response in _refusals(client) if response.status in (400, 404)]
        assert (got := {response.status for response in seen}) == {400, 404}, (
            f"the refused requests must answer 400 and 404; they answer {got!r:.200}"
        )
        for response in seen:
            body = response.json()
            assert type(body["status_code"]) is int, (
                f"`status_code` of an error must be an integer, not {body['status_code']!r}"
            )
            assert body["status_code"] == response.status, body
            assert isinstance(body["message"], str), body
            details = body.get("details")
            assert details is None or all(isinstance(entry, dict) for entry in details), body


def _refusals(client: Client) -> Iterator[Response]:
    """Calls that every operation refuses as it declares."""
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
