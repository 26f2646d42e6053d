"""NextStep: the members of a new run, and its completion."""

from __future__ import annotations

from typing import Any

from understudy_checks.client import Client, Skipped
from understudy_checks.generic.probes import UNKNOWN, is_refused
from understudy_checks.nextstep import driver
from understudy_checks.nextstep.driver import (
    complete_task,
    parse_time,
    read_run,
    simple_tasks,
    start_run,
    start_run_where,
    update_task,
)
from understudy_checks.nextstep.probes.templates import owned_by_the_runner
from understudy_checks.probes import probe

Json = Any

SETTLING = 5.0
"""Seconds in which a run without tasks would complete by itself."""

LONGEST = 20
"""Seconds in which a run completes after its last task."""

MOMENT = 1.5
"""Seconds after which another time is shown, whatever fractions of a second a target shows."""


@probe("nextstep.runs.name-and-title", needs=("write",))
def name_and_title(client: Client) -> Json:
    """Return which of two titles a run has: the one sent as `name` or as `title`."""
    title = start_run(client, _template(client)["id"], name="By name", title="By title")["title"]
    return {"By name": "name", "By title": "title"}.get(title, title)


@probe("nextstep.runs.empty-name", needs=("write",))
def empty_name(client: Client) -> Json:
    """Return the title of a run whose name is empty."""
    template = _template(client)
    run = _offered(client, template["id"], name="")
    return (
        "reject" if run is None else {template["title"]: "template-title", "": "keep"}.get(run["title"], run["title"])
    )


@probe("nextstep.runs.due-date-checked", needs=("write",))
def due_date_checked(client: Client) -> Json:
    """Return whether an invalid due date is refused."""
    return _offered(client, _template(client)["id"], due_date="some day") is None


@probe("nextstep.runs.due-date-echo", needs=("write",))
def due_date_echo(client: Client) -> Json:
    """Return how a due date with an offset is shown."""
    given = "2031-05-01T12:00:00+02:00"
    shown = read_run(client, start_run(client, _template(client)["id"], due_date=given)["id"])["due_date"]
    if shown == given:
        return "as-given"
    return "timestamp" if shown and parse_time(shown) == parse_time(given) else shown


@probe("nextstep.runs.fresh-updated-at", needs=("write",))
def fresh_updated_at(client: Client) -> Json:
    """Return the `updated_at` of a run without updates."""
    run = read_run(client, start_run(client, _template(client)["id"])["id"])
    return "created_at" if run["updated_at"] == run["created_at"] else run["updated_at"]


@probe("nextstep.runs.unknown-prefill-target", needs=("write",))
def unknown_prefill_target(client: Client) -> Json:
    """Return what becomes of a run that pre-fills an unknown element."""
    fields = [{"task_id": UNKNOWN, "element_id": UNKNOWN, "value": "Jane Smith"}]
    run = _offered(client, _template(client)["id"], custom_elements=fields)
    return "reject" if run is None else "ignore"


@probe("nextstep.runs.prefill-checked", needs=("write",))
def prefill_checked(client: Client) -> Json:
    """Return whether an object is refused as a pre-filled value."""
    for template in driver.published_templates(client):
        for task, element in driver.writable_elements(driver.template_tasks(client, template["id"])):
            fields = [{"task_id": task["id"], "element_id": element["id"], "value": {"text": "Jane Smith"}}]
            return _offered(client, template["id"], custom_elements=fields) is None
    raise Skipped("no published template with a field on this target")


@probe("nextstep.runs.unattributed-assignee", needs=("write", "members"))
def unattributed_assignee(client: Client) -> Json:
    """Return the assignee of a workflow runner's task in a run without an actor."""
    wanted = owned_by_the_runner(client)
    tasks = driver.run_tasks(client, start_run(client, wanted["template_id"])["id"])
    return next(task["assignee"] for task in tasks if task["template_task_id"] == wanted["id"])


@probe("nextstep.runs.without-tasks", needs=("write",))
def without_tasks(client: Client) -> Json:
    """Return the status of a run without tasks, some seconds after its start."""
    run, _ = start_run_where(client, lambda tasks: not tasks, "no tasks")
    client.world.wait_between_polls(SETTLING)
    return read_run(client, run["id"])["status"]


@probe("nextstep.runs.completion-delay", needs=("write",))
def completion_delay(client: Client) -> Json:
    """Return after how many seconds a run completes once its last task is completed."""
    run, tasks = start_run_where(client, simple_tasks(), "tasks that can be completed")
    for task in tasks:
        complete_task(client, task)
    for seconds in range(LONGEST):
        if read_run(client, run["id"])["status"] == "completed":
            return seconds
        client.world.wait_between_polls(1)
    raise Skipped(f"a run is not completed {LONGEST} seconds after its last task")


@probe("nextstep.runs.touched-by-tasks", needs=("write",))
def touched_by_tasks(client: Client) -> Json:
    """Return whether completing a task changes `updated_at` of its run."""
    run, tasks = start_run_where(client, simple_tasks(least=2), "two tasks that can be completed")
    before = read_run(client, run["id"])["updated_at"]
    client.tick(MOMENT)
    complete_task(client, tasks[0])
    update_task(client, tasks[0], completed=False)
    return read_run(client, run["id"])["updated_at"] != before


def _template(client: Client) -> Json:
    """Return a published template."""
    return next(driver.published_templates(client))


def _offered(client: Client, template_id: str, **fields: Json) -> Json:
    """Start a run with these fields; returns None if they are refused and a run without them is accepted."""
    response = client.call("createProcessRun", json={"template_id": template_id, **fields})
    if is_refused(response):
        start_run(client, template_id)
        return None
    return response.json()["data"]
