"""NextStep: pages, filters, and the members that each view omits."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, islice, product
from typing import Any

from understudy.document.operation import Operation
from understudy_checks.client import Client, Skipped
from understudy_checks.generic import probes
from understudy_checks.generic.probes import UNKNOWN, is_refused
from understudy_checks.nextstep import driver
from understudy_checks.nextstep.driver import require
from understudy_checks.pagination import read_page, request_page
from understudy_checks.probes import probe

Json = Any

LOOKED_AT = 40
"""How many lists are read to find an empty one."""


@probe("nextstep.pagination.limit-out-of-range")
def limit_out_of_range(client: Client) -> Json:
    """Return the answers to a `limit` below and above the range."""
    below, above = (probes.limit_outside(client, _runs(client), {}, limit) for limit in (0, 101))
    return below if below == above else f"{below} below, {above} above"


@probe("nextstep.pagination.limit-not-an-integer")
def limit_not_an_integer(client: Client) -> Json:
    """Return the answer to a word as `limit`."""
    return probes.limit_no_integer(client, _runs(client), {})


@probe("nextstep.pagination.unknown-cursor")
def unknown_cursor(client: Client) -> Json:
    """Return the answer to a cursor that the list never returned."""
    return probes.unknown_cursor(client, _runs(client), {})


@probe("nextstep.pagination.cursor-form")
def cursor_form(client: Client) -> Json:
    """Return whether a cursor is the id of the last item of its page."""
    page = read_page(client, _runs(client), {}, limit=1)
    if page.next is None:
        raise Skipped("no list of runs on this target has a second page")
    return "item-id" if page.next == page.items[-1]["id"] else "opaque"


@probe("nextstep.pagination.empty-page-cursor")
def empty_page_cursor(client: Client) -> Json:
    """Return the cursor of an empty list of runs: of all, or of a template's runs in one status."""
    statuses = product(driver.templates(client), ("completed", "active"))
    filters = ({"template_id": template["id"], "status": status} for template, status in statuses)
    for arguments in islice(chain([{}], filters), LOOKED_AT):
        page = read_page(client, _runs(client), arguments, limit=1)
        if not page.items:
            return page.next
    raise Skipped("no list on this target is empty")


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


@probe("nextstep.runs.unknown-status-filter")
def unknown_status_filter(client: Client) -> Json:
    """Return the answer to a list of runs with an unknown status."""
    everything = require(read_page(client, _runs(client), {}).items, "run")
    response = client.call("listProcessRuns", {"status": UNKNOWN})
    if is_refused(response):
        return "reject"
    items = response.json()["data"]
    return "empty" if not items else "ignore" if items == everything else f"{len(items)} items"


@probe("nextstep.runs.unknown-template-filter")
def unknown_template_filter(client: Client) -> Json:
    """Return the answer to a list of runs with an unknown template."""
    response = request_page(client, _runs(client), {"template_id": UNKNOWN})
    if is_refused(response):
        return {404: "not-found"}.get(response.status, response.status)
    items = response.json()["data"]
    return f"{len(items)} items" if items else "empty"


def _runs(client: Client) -> Operation:
    return client.contract.operations["listProcessRuns"]


def _as_written(client: Client, id: str, names: Iterable[str]) -> Json:
    """Return names as the document writes them if it has them, else sorted."""
    assumption, found = client.contract.assumptions[id], sorted(names)
    known = (assumption.default, *assumption.alternatives)
    return next((value for value in known if sorted(value) == found), found)
