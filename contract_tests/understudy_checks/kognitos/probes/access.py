"""Kognitos: refusals, keys, and the rate limit.

A probe here writes only if it must.
"""

from __future__ import annotations

from typing import Any

from understudy.engine.exchange import Response
from understudy_checks.client import Client
from understudy_checks.generic import probes
from understudy_checks.kognitos.driver import other_agent, provided
from understudy_checks.measurements import by_status
from understudy_checks.probes import probe

Json = Any

NOTHING = "0a1b2c3d4e5f6a7b8c9d0e1f2"
"""An id in the documented form that no object has."""


def refusal(response: Response) -> Json:
    """Return the status of a refusal with the documented shape of its body as `code`; None for a success."""
    if response.status < 300:
        return None
    names = ("status_code", "error-model"), ("statusCode", "status-code"), ("message", "gateway")
    body = response.json()
    return {"status": response.status, "code": next((code for name, code in names if name in body), "other")}


def list_processes(client: Client, agent_id: str | None = None, /, **options: Any) -> Response:
    """Request the processes of an agent, by default the configured one."""
    return client.call("listProcesses", {"agent_id": agent_id or provided(client, "agent_id"), "limit": 1}, **options)


@probe("kognitos.errors.invalid-key")
def invalid_key(client: Client) -> Json:
    """Return the answer to an unknown key."""
    return refusal(list_processes(client, key=NOTHING))


@probe("kognitos.errors.invalid-key-message")
def invalid_key_message(client: Client) -> Json:
    """Return the message to an unknown key."""
    return list_processes(client, key=NOTHING).json()["message"]


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


@probe("kognitos.errors.malformed-body", needs=("write",))
def malformed_body(client: Client) -> Json:
    """Return the answer to a body that is not JSON."""
    return refusal(probes.send_malformed(client, client.contract.operations["createFile"], {}))


@probe("kognitos.errors.unsupported-media-type", needs=("write",))
def unsupported_media_type(client: Client) -> Json:
    """Return the answer to a body of another content type; null if it is accepted."""
    return refusal(probes.send_as_text(client, client.contract.operations["createFile"], {}, _new_file(client)))


@probe("kognitos.http.head")
def head(client: Client) -> Json:
    """Return whether HEAD is answered like GET."""
    return probes.head(client)


@probe("kognitos.http.options")
def options(client: Client) -> Json:
    """Return whether OPTIONS lists the allowed methods."""
    return probes.options(client)


@probe("kognitos.errors.unknown-route")
def unknown_route(client: Client) -> Json:
    """Return the answer to an unknown path."""
    return refusal(client.send("GET", f"/{NOTHING}"))


@probe("kognitos.errors.method-not-allowed")
def method_not_allowed(client: Client) -> Json:
    """Return the answer to a method that the path does not have."""
    return refusal(client.send("GET", "/files"))


@probe("kognitos.errors.unknown-body-fields", needs=("write",))
def unknown_body_fields(client: Client) -> Json:
    """Return whether an unknown member of a body is ignored or refused."""
    return probes.unknown_member(client, client.contract.operations["createFile"], {}, _new_file(client))


@probe("kognitos.errors.unknown-query-parameters")
def unknown_query_parameters(client: Client) -> Json:
    """Return whether an unknown query parameter is ignored or refused."""
    return probes.unknown_parameter(client, client.contract.operations["listProcesses"], _the_agent(client))


@probe("kognitos.errors.duplicate-query-parameters")
def duplicate_query_parameters(client: Client) -> Json:
    """Return which of two values of a query parameter counts, unless the request is refused."""
    arguments = _the_agent(client)
    return probes.repeated_limit(client, client.contract.operations["listProcesses"], arguments)


@probe("kognitos.health.key-required")
def key_required(client: Client) -> Json:
    """Return whether the health check needs a key."""
    return by_status(client.call("getHealth", key=None), False, True)


@probe("kognitos.rate-limit.pool", needs=("fresh", "advance"))
def pool(client: Client) -> Json:
    """Return how many requests are accepted in how many seconds; null without a limit."""
    quota = probes.measure_quota(client)
    return quota and quota._asdict()


@probe("kognitos.rate-limit.window", needs=("fresh", "advance"))
def window(client: Client) -> Json:
    """Return when the window of the rate limit starts."""
    return probes.window(client)


@probe("kognitos.rate-limit.answer", needs=("fresh", "advance"))
def rate_limited(client: Client) -> Json:
    """Return the answer to a request over the rate limit."""
    return refusal(probes.exceed_quota(client))


@probe("kognitos.rate-limit.retry-after", needs=("fresh", "advance"))
def retry_after(client: Client) -> Json:
    """Return whether a refusal by the rate limit has Retry-After."""
    return probes.exceed_quota(client).header("retry-after") is not None


def _the_agent(client: Client) -> dict[str, Json]:
    return {"agent_id": provided(client, "agent_id")}


def _new_file(client: Client) -> dict[str, Json]:
    return {**_the_agent(client), "file_name": "test-file.pdf"}
