"""NextStep: a filter, and the members that each view omits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from understudy_checks.client import Client, Skipped
from understudy_checks.generic.probes import UNKNOWN, is_refused
from understudy_checks.nextstep import driver
from understudy_checks.nextstep.driver import require
from understudy_checks.probes import probe

Json = Any


@probe("nextstep.templates.single-omits")
def single_omits(client: Client) -> Json:
    """Return the members of a template that the list shows and its own view does not."""
    template = require(client.call("listProcessTemplates", {"limit": 1}).json()["data"], "template")[0]
    shown = driver.read_template(client, template["id"])
    return _as_written(client, "nextstep.templates.single-omits", template.keys() - shown.keys())


@probe("nextstep.runs.created-omits", needs=("write",))
def created_omits(client: Client) -> Json:
    """Return the members of a run that its own view shows and the response to its start does not."""
    created = driver.start_run(client, next(driver.published_templates(client))["id"])
    shown = driver.read_run(client, created["id"])
    return _as_written(client, "nextstep.runs.created-omits", shown.keys() - created.keys())


@probe("nextstep.tasks.list-omits")
def list_omits(client: Client) -> Json:
    """Return the members of a task that its own view shows and the list does not."""
    for run in client.call("listProcessRuns").json()["data"]:
        for task in client.call("listRunTasks", {"id": run["id"], "limit": 1}).json()["data"]:
            shown = driver.read_task(client, task)
            return _as_written(client, "nextstep.tasks.list-omits", shown.keys() - task.keys())
    raise Skipped("no run with a task on this target")


@probe("nextstep.runs.unknown-template-filter")
def unknown_template_filter(client: Client) -> Json:
    """Return the answer to a list of runs with an unknown template."""
    response = client.call("listProcessRuns", {"template_id": UNKNOWN})
    if is_refused(response):
        return {404: "not-found"}.get(response.status, response.status)
    items = response.json()["data"]
    return f"{len(items)} items" if items else "empty"


def _as_written(client: Client, id: str, names: Iterable[str]) -> Json:
    """Return names as the document writes them if it has them, else sorted."""
    assumption, found = client.contract.assumptions[id], sorted(names)
    known = (assumption.default, *assumption.alternatives)
    return next((value for value in known if sorted(value) == found), found)
