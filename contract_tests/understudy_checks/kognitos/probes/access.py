"""Kognitos: refusals that only this API has."""

from __future__ import annotations

from typing import Any

from understudy.engine.exchange import Response
from understudy_checks.client import Client
from understudy_checks.generic import probes
from understudy_checks.kognitos.driver import other_agent, provided, refusal
from understudy_checks.probes import probe

Json = Any

NOTHING = "0a1b2c3d4e5f6a7b8c9d0e1f2"
"""An id in the documented form that no object has."""


def list_processes(client: Client, agent_id: str | None = None, /, **options: Any) -> Response:
    """Request the processes of an agent, by default the configured one."""
    return client.call("listProcesses", {"agent_id": agent_id or provided(client, "agent_id"), "limit": 1}, **options)


@probe("kognitos.errors.out-of-scope")
def out_of_scope(client: Client) -> Json:
    """Return the answer to a key of one agent that reads another agent's processes."""
    return refusal(list_processes(client, other_agent(client), key=provided(client, "agent_key")))


@probe("kognitos.errors.foreign-object", needs=("other-tenant",))
def foreign_object(client: Client) -> Json:
    """Return whether another organization's process is unknown or forbidden."""
    return probes.foreign_object(client, client.contract.operations["getProcess"])


@probe("kognitos.errors.details")
def details(client: Client) -> Json:
    """Return the `details` of an error that has none."""
    shown = client.call("getRun", {"run_id": NOTHING}).json().get("details", "absent")
    return {"NoneType": "null", "list": "list"}.get(type(shown).__name__, shown)


@probe("kognitos.errors.malformed-id")
def malformed_id(client: Client) -> Json:
    """Return whether an id of an impossible form is unknown or invalid."""
    status = client.call("getRun", {"run_id": "no id: it has spaces"}).status
    return {404: "not-found", 400: "invalid"}.get(status, status)
