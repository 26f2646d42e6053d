"""NextStep: refusals, authentication and the rate limit."""

from __future__ import annotations

from typing import Any

from understudy.engine.exchange import Response
from understudy_checks.client import Client
from understudy_checks.generic import probes
from understudy_checks.generic.probes import UNKNOWN, is_refused, status_and_code
from understudy_checks.nextstep import driver
from understudy_checks.probes import probe
from understudy_checks.refusals import message_of

Json = Any

NO_TASK = {"runId": UNKNOWN, "taskId": UNKNOWN}
OPEN = {"completed": False}
"""An update that changes nothing in a task of a new run."""


@probe("nextstep.errors.validation-status")
def validation_status(client: Client) -> Json:
    """Return the status for an invalid value: of a parameter, else of a body without a required member."""
    for query in ({"limit": 0}, {"limit": "some"}, {"cursor": UNKNOWN}):
        response = client.call("listProcessTemplates", query)
        if is_refused(response):
            return response.status
    return client.call("createProcessRun", json={}).status


@probe("nextstep.errors.malformed-body", needs=("write",))
def malformed_body(client: Client) -> Json:
    """Return the answer to starting a run with a body that is not JSON."""
    return status_and_code(probes.send_malformed(client, client.contract.operations["createProcessRun"], {}))


@probe("nextstep.errors.unsupported-media-type", needs=("write",))
def unsupported_media_type(client: Client) -> Json:
    """Return the answer to an update sent as plain text; null if it is accepted."""
    response = probes.send_as_text(
        client, client.contract.operations["updateRunTask"], _task_of_a_new_run(client), OPEN
    )
    return status_and_code(response) if is_refused(response) else None


@probe("nextstep.http.head")
def head(client: Client) -> Json:
    """Return whether HEAD is answered like GET."""
    return probes.head(client)


@probe("nextstep.http.options")
def options(client: Client) -> Json:
    """Return whether OPTIONS lists the allowed methods."""
    return probes.options(client)


@probe("nextstep.errors.unknown-route")
def unknown_route(client: Client) -> Json:
    """Return the answer to an unknown path."""
    return status_and_code(client.send("GET", f"/{UNKNOWN}"))


@probe("nextstep.errors.method-not-allowed", needs=("write",))
def method_not_allowed(client: Client) -> Json:
    """Return the answer to PUT on the list of runs."""
    return status_and_code(client.send("PUT", client.contract.operations["listProcessRuns"].path, json={}))


@probe("nextstep.errors.body-too-large", needs=("write",))
def body_too_large(client: Client) -> Json:
    """Return the answer to a large body for an unknown task."""
    return status_and_code(probes.send_oversized(client, client.contract.operations["updateRunTask"], NO_TASK, OPEN))


@probe("nextstep.errors.unknown-body-fields", needs=("write",))
def unknown_body_fields(client: Client) -> Json:
    """Return whether an update with an unknown member is accepted or refused."""
    return probes.unknown_member(client, client.contract.operations["updateRunTask"], _task_of_a_new_run(client), OPEN)


@probe("nextstep.errors.unknown-query-parameters")
def unknown_query_parameters(client: Client) -> Json:
    """Return whether a list with an unknown parameter is answered or refused."""
    return probes.unknown_parameter(client, client.contract.operations["listProcessTemplates"], {})


@probe("nextstep.errors.duplicate-query-parameters")
def duplicate_query_parameters(client: Client) -> Json:
    """Return which of two values of `limit` counts."""
    return probes.repeated_limit(client, client.contract.operations["listProcessTemplates"], {})


@probe("nextstep.errors.foreign-object", needs=("other-tenant",))
def foreign_object(client: Client) -> Json:
    """Return the answer to reading another team's template."""
    return probes.foreign_object(client, client.contract.operations["getProcessTemplate"])


@probe("nextstep.errors.missing-key-message")
def missing_key_message(client: Client) -> Json:
    """Return the message to a request without a key."""
    return message_of(probes.send_without_key(client).json())


@probe("nextstep.errors.forbidden-message", needs=("lapsed-key",))
def forbidden_message(client: Client) -> Json:
    """Return the message to a key of a team without a subscription."""
    return message_of(client.call("listProcessTemplates", key=client.lapsed_key).json())


@probe("nextstep.errors.rate-limited-message", needs=("advance", "documented-limit"))
def rate_limited_message(client: Client) -> Json:
    """Return the message to a request over the rate limit."""
    return message_of(probes.exceed_quota(client).json())


@probe("nextstep.errors.run-not-found-message")
def run_not_found_message(client: Client) -> Json:
    """Return the message about an unknown run."""
    return message_of(_unknown_run(client).json())


@probe("nextstep.errors.task-not-found-message")
def task_not_found_message(client: Client) -> Json:
    """Return the message about an unknown task of a known run."""
    runs = client.call("listProcessRuns", {"limit": 1}).json()["data"]
    run = driver.require(runs, "run")[0]
    return message_of(client.call("getRunTask", {"runId": run["id"], "taskId": UNKNOWN}).json())


@probe("nextstep.authentication.challenge")
def challenge(client: Client) -> Json:
    """Return the `WWW-Authenticate` header of the answer to a request without a key."""
    return probes.challenge(client)


@probe("nextstep.authentication.scheme-case")
def scheme_case(client: Client) -> Json:
    """Return whether `bearer` is accepted like `Bearer`."""
    return probes.scheme_case(client)


@probe("nextstep.rate-limit.window", needs=("advance", "documented-limit"))
def window(client: Client) -> Json:
    """Return when the minute of the rate limit starts."""
    return probes.window(client)


@probe("nextstep.rate-limit.counted-calls", needs=("advance", "documented-limit"))
def counted_calls(client: Client) -> Json:
    """Return whether requests for an unknown run count towards the rate limit."""
    return probes.counted_calls(client, _unknown_run)


@probe("nextstep.rate-limit.headers")
def limit_headers(client: Client) -> Json:
    """Return whether answers have `X-RateLimit-*` headers."""
    return probes.limit_headers(client)


def _task_of_a_new_run(client: Client) -> dict[str, str]:
    """Start a run; returns the path arguments of a task that nobody else works on."""
    run, tasks = driver.start_run_where(client, bool, "a task")
    return {"runId": run["id"], "taskId": tasks[0]["id"]}


def _unknown_run(client: Client) -> Response:
    return client.call("getProcessRun", {"id": UNKNOWN})
