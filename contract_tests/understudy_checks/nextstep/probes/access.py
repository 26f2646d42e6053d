"""NextStep: how requests are refused, who gets in, how requests are counted."""

from __future__ import annotations

from typing import Any

from understudy.engine.exchange import Response
from understudy_checks.client import Client
from understudy_checks.generic import probes
from understudy_checks.generic.probes import UNKNOWN, is_refused, refused
from understudy_checks.nextstep import driver
from understudy_checks.probes import observes
from understudy_checks.refusals import message_of

Json = Any

NO_TASK = {"runId": UNKNOWN, "taskId": UNKNOWN}
OPEN = {"completed": False}
"""An update that changes nothing in a task of a new run."""


@observes("nextstep.errors.validation-status")
def validation_status(client: Client) -> Json:
    """The status of a value that is refused: of a parameter, or else of a body without what it must have."""
    for query in ({"limit": 0}, {"limit": "some"}, {"cursor": UNKNOWN}):
        response = client.call("listProcessTemplates", query)
        if is_refused(response):
            return response.status
    return client.call("createProcessRun", json={}).status


@observes("nextstep.errors.malformed-body", needs=("write",))
def malformed_body(client: Client) -> Json:
    """What a run gets that is to be started with a body that is not JSON."""
    return refused(probes.unreadable(client, client.contract.operations["createProcessRun"], {}))


@observes("nextstep.errors.unsupported-media-type", needs=("write",))
def unsupported_media_type(client: Client) -> Json:
    """What an update gets that is said to be plain text; null when it is made."""
    response = probes.mistyped(client, client.contract.operations["updateRunTask"], _task_of_a_new_run(client), OPEN)
    return refused(response) if is_refused(response) else None


@observes("nextstep.http.head")
def head(client: Client) -> Json:
    """Whether HEAD is answered like GET."""
    return probes.head(client)


@observes("nextstep.http.options")
def options(client: Client) -> Json:
    """Whether OPTIONS says what is allowed."""
    return probes.options(client)


@observes("nextstep.errors.unknown-route")
def unknown_route(client: Client) -> Json:
    """What a path gets that is no endpoint."""
    return refused(client.send("GET", f"/{UNKNOWN}"))


@observes("nextstep.errors.method-not-allowed", needs=("write",))
def method_not_allowed(client: Client) -> Json:
    """What PUT gets on the list of runs."""
    return refused(client.send("PUT", client.contract.operations["listProcessRuns"].path, json={}))


@observes("nextstep.errors.body-too-large", needs=("write",))
def body_too_large(client: Client) -> Json:
    """What a large body gets that would update a task that there is not."""
    return refused(probes.oversized(client, client.contract.operations["updateRunTask"], NO_TASK, OPEN))


@observes("nextstep.errors.unknown-body-fields", needs=("write",))
def unknown_body_fields(client: Client) -> Json:
    """Whether an update with a field that is not listed is made or refused."""
    return probes.unknown_member(client, client.contract.operations["updateRunTask"], _task_of_a_new_run(client), OPEN)


@observes("nextstep.errors.unknown-query-parameters")
def unknown_query_parameters(client: Client) -> Json:
    """Whether a list is given or refused when a parameter that is not listed is sent."""
    return probes.unknown_parameter(client, client.contract.operations["listProcessTemplates"], {})


@observes("nextstep.errors.duplicate-query-parameters")
def duplicate_query_parameters(client: Client) -> Json:
    """Which `limit` counts of two."""
    return probes.repeated_limit(client, client.contract.operations["listProcessTemplates"], {})


@observes("nextstep.errors.foreign-object", needs=("other-tenant",))
def foreign_object(client: Client) -> Json:
    """What another team's template gets that is read by its id."""
    return probes.foreign_object(client, client.contract.operations["getProcessTemplate"])


@observes("nextstep.errors.missing-key-message")
def missing_key_message(client: Client) -> Json:
    """What a request without a key is told."""
    return message_of(probes.keyless(client).json())


@observes("nextstep.errors.forbidden-message", needs=("lapsed-key",))
def forbidden_message(client: Client) -> Json:
    """What the key of a team without a subscription is told."""
    return message_of(client.call("listProcessTemplates", key=client.lapsed_key).json())


@observes("nextstep.errors.rate-limited-message", needs=("advance", "documented-limit"))
def rate_limited_message(client: Client) -> Json:
    """What one request too many is told."""
    return message_of(probes.exhausted(client).json())


@observes("nextstep.errors.run-not-found-message")
def run_not_found_message(client: Client) -> Json:
    """What is said of a run that there is not."""
    return message_of(_unknown_run(client).json())


@observes("nextstep.errors.task-not-found-message")
def task_not_found_message(client: Client) -> Json:
    """What is said of a task that its run has not."""
    runs = client.call("listProcessRuns", {"limit": 1}).json()["data"]
    run = driver.require(runs, "run")[0]
    return message_of(client.call("getRunTask", {"runId": run["id"], "taskId": UNKNOWN}).json())


@observes("nextstep.authentication.challenge")
def challenge(client: Client) -> Json:
    """What `WWW-Authenticate` says to a request without a key."""
    return probes.challenge(client)


@observes("nextstep.authentication.scheme-case")
def scheme_case(client: Client) -> Json:
    """Whether `bearer` is as good as `Bearer`."""
    return probes.scheme_case(client)


@observes("nextstep.rate-limit.window", needs=("advance", "documented-limit"))
def window(client: Client) -> Json:
    """When the minute of the limit starts."""
    return probes.window(client)


@observes("nextstep.rate-limit.counted-calls", needs=("advance", "documented-limit"))
def counted_calls(client: Client) -> Json:
    """Whether a request is still admitted after as many as the limit lets pass, all for a run that there is not."""
    return probes.counted_calls(client, _unknown_run)


@observes("nextstep.rate-limit.headers")
def limit_headers(client: Client) -> Json:
    """Whether an answer carries `X-RateLimit-*` headers."""
    return probes.limit_headers(client)


def _task_of_a_new_run(client: Client) -> dict[str, str]:
    """Where a task of a new run is found: nobody else works on that one."""
    run, tasks = driver.start_run_where(client, bool, "a task")
    return {"runId": run["id"], "taskId": tasks[0]["id"]}


def _unknown_run(client: Client) -> Response:
    return client.call("getProcessRun", {"id": UNKNOWN})
