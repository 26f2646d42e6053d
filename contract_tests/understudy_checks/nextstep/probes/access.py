"""NextStep: refusals that only this API has."""

from __future__ import annotations

from typing import Any

from understudy_checks.client import Client
from understudy_checks.generic import probes
from understudy_checks.generic.probes import UNKNOWN
from understudy_checks.nextstep import driver
from understudy_checks.probes import probe
from understudy_checks.refusals import message_of

Json = Any


@probe("nextstep.errors.foreign-object", needs=("other-tenant",))
def foreign_object(client: Client) -> Json:
    """Return the answer to reading another team's template."""
    return probes.foreign_object(client, client.contract.operations["getProcessTemplate"])


@probe("nextstep.errors.run-not-found-message")
def run_not_found_message(client: Client) -> Json:
    """Return the message about an unknown run."""
    return message_of(client.call("getProcessRun", {"id": UNKNOWN}).json())


@probe("nextstep.errors.task-not-found-message")
def task_not_found_message(client: Client) -> Json:
    """Return the message about an unknown task of a known run."""
    runs = client.call("listProcessRuns", {"limit": 1}).json()["data"]
    run = driver.require(runs, "run")[0]
    return message_of(client.call("getRunTask", {"runId": run["id"], "taskId": UNKNOWN}).json())
