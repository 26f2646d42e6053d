"""What a server does where Kognitos' pages leave open how a request is refused, and who may ask.

Nothing here writes that need not; the other probes of Kognitos are in the modules `kognitos_<noun>`.
"""

from __future__ import annotations

from typing import Any

from understudy.engine.exchange import Response
from understudy_checks.client import Client
from understudy_checks.generic import probes
from understudy_checks.kognitos.driver import other_agent, provided
from understudy_checks.probes import observes
from understudy_checks.readings import either

Json = Any

NOTHING = "0a1b2c3d4e5f6a7b8c9d0e1f2"
"""An id in the documented form that no object has."""


def refusal(response: Response) -> Json:
    """The status of a refusal, and as `code` which of the printed shapes its body has; None when it is none."""
    if response.status < 300:
        return None
    names = ("status_code", "error-model"), ("statusCode", "status-code"), ("message", "gateway")
    body = response.json()
    return {"status": response.status, "code": next((code for name, code in names if name in body), "other")}


def list_processes(client: Client, agent_id: str | None = None, /, **options: Any) -> Response:
    """Ask for the processes of an agent, by default the one that is given."""
    return client.call("listProcesses", {"agent_id": agent_id or provided(client, "agent_id"), "limit": 1}, **options)


@observes("kognitos.errors.invalid-key")
def invalid_key(client: Client) -> Json:
    """What a key gets that does not exist."""
    return refusal(list_processes(client, key=NOTHING))


@observes("kognitos.errors.invalid-key-message")
def invalid_key_message(client: Client) -> Json:
    """What is said to a key that does not exist."""
    return list_processes(client, key=NOTHING).json()["message"]


@observes("kognitos.errors.out-of-scope")
def out_of_scope(client: Client) -> Json:
    """What the key of one agent gets for the processes of another."""
    return refusal(list_processes(client, other_agent(client), key=provided(client, "agent_key")))


@observes("kognitos.errors.foreign-object", needs=("other-tenant",))
def foreign_object(client: Client) -> Json:
    """Whether another organization's process is unknown or forbidden."""
    return probes.foreign_object(client, client.contract.operations["getProcess"])


@observes("kognitos.errors.details")
def details(client: Client) -> Json:
    """What an error has as `details` that has none to tell."""
    shown = client.call("getRun", {"run_id": NOTHING}).json().get("details", "absent")
    return {"NoneType": "null", "list": "list"}.get(type(shown).__name__, shown)


@observes("kognitos.errors.malformed-id")
def malformed_id(client: Client) -> Json:
    """Whether an id that no object can have is unknown or invalid."""
    status = client.call("getRun", {"run_id": "no id: it has spaces"}).status
    return {404: "not-found", 400: "invalid"}.get(status, status)


@observes("kognitos.errors.malformed-body", needs=("write",))
def malformed_body(client: Client) -> Json:
    """What a body gets that is not JSON."""
    return refusal(probes.unreadable(client, client.contract.operations["createFile"], {}))


@observes("kognitos.errors.unsupported-media-type", needs=("write",))
def unsupported_media_type(client: Client) -> Json:
    """What a body of another content type gets; null where it is read all the same."""
    return refusal(probes.mistyped(client, client.contract.operations["createFile"], {}, _new_file(client)))


@observes("kognitos.http.head")
def head(client: Client) -> Json:
    """Whether HEAD is answered like GET."""
    return probes.head(client)


@observes("kognitos.http.options")
def options(client: Client) -> Json:
    """Whether OPTIONS says what is allowed."""
    return probes.options(client)


@observes("kognitos.errors.unknown-route")
def unknown_route(client: Client) -> Json:
    """What a path gets that is no operation."""
    return refusal(client.send("GET", f"/{NOTHING}"))


@observes("kognitos.errors.method-not-allowed")
def method_not_allowed(client: Client) -> Json:
    """What a method gets that the path does not offer."""
    return refusal(client.send("GET", "/files"))


@observes("kognitos.errors.unknown-body-fields", needs=("write",))
def unknown_body_fields(client: Client) -> Json:
    """Whether a body field that is not listed is ignored or refused."""
    return probes.unknown_member(client, client.contract.operations["createFile"], {}, _new_file(client))


@observes("kognitos.errors.unknown-query-parameters")
def unknown_query_parameters(client: Client) -> Json:
    """Whether a query parameter that is not listed is ignored or refused."""
    return probes.unknown_parameter(client, client.contract.operations["listProcesses"], _the_agent(client))


@observes("kognitos.errors.duplicate-query-parameters")
def duplicate_query_parameters(client: Client) -> Json:
    """Which of two values of a query parameter counts, if the request is not refused."""
    arguments = _the_agent(client)
    return probes.repeated_limit(client, client.contract.operations["listProcesses"], arguments)


@observes("kognitos.health.key-required")
def key_required(client: Client) -> Json:
    """Whether a key is needed to ask for the health."""
    return either(client.call("getHealth", key=None), False, True)


@observes("kognitos.rate-limit.pool", needs=("fresh", "advance"))
def pool(client: Client) -> Json:
    """How many requests may be made in how many seconds; null where none is refused."""
    quota = probes.met_quota(client)
    return quota and quota._asdict()


@observes("kognitos.rate-limit.window", needs=("fresh", "advance"))
def window(client: Client) -> Json:
    """When the time starts in which requests are counted."""
    return probes.window(client)


@observes("kognitos.rate-limit.answer", needs=("fresh", "advance"))
def rate_limited(client: Client) -> Json:
    """What a request over the limit gets."""
    return refusal(probes.exhausted(client))


@observes("kognitos.rate-limit.retry-after", needs=("fresh", "advance"))
def retry_after(client: Client) -> Json:
    """Whether the refusal of a request over the limit tells how long to wait."""
    return probes.exhausted(client).header("retry-after") is not None


def _the_agent(client: Client) -> dict[str, Json]:
    return {"agent_id": provided(client, "agent_id")}


def _new_file(client: Client) -> dict[str, Json]:
    return {**_the_agent(client), "file_name": "test-file.pdf"}
