"""Tallyfy: launching, working on and archiving processes.

A probe deletes each process that it launches.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from understudy_checks.client import Client
from understudy_checks.measurements import by_status, measure_bound, skip, skip_unless
from understudy_checks.probes import probe
from understudy_checks.tallyfy.driver import (
    COMPLETED_STATUS,
    UNKNOWN_ID,
    Organization,
    complete_run,
    complete_task,
    first_organization,
    is_plain_template,
    plain_template,
    read_run,
    run_tasks,
    task_of_step,
    template_steps,
    template_where,
    unwrap_items,
)
from understudy_checks.tallyfy.probes.access import first, launch_badly, member, process, refusal

Json = Any

HALF = timedelta(minutes=30)


@probe("tallyfy.progress.percent", needs=("write",))
def percent(client: Client) -> Json:
    """Return how `percent` is rounded."""
    org = first_organization(client)
    template = template_where(org, lambda t: is_plain_template(t) and _part(t), "with three steps, or more")
    with process(org, template) as run:
        for task in run_tasks(org, run)[: _part(template)]:
            complete_task(org, run, task)
        shown = read_run(org, run)["progress"]["percent"]
    exact = 100 * _part(template) / len(template_steps(template))
    return {int(exact): "down", round(exact): "nearest"}.get(shown, "exact" if abs(shown - exact) < 0.1 else shown)


@probe("tallyfy.runs.due-soon-hours", needs=("write",))
def due_soon_hours(client: Client) -> Json:
    """Return how many hours before its deadline an object is due soon."""
    org = first_organization(client)

    def is_due_soon(hours: int) -> bool:
        deadline = _now(org) + timedelta(hours=hours) - HALF
        with process(org, **_due(plain_template(org), deadline)) as run:
            return bool(read_run(org, run)["due_soon"])

    return measure_bound((24, 48), is_due_soon)


@probe("tallyfy.runs.without-tasks", needs=("write",))
def without_tasks(client: Client) -> Json:
    """Return the status of a process without tasks."""
    org = first_organization(client)
    with process(org, template_where(org, lambda template: not template_steps(template), "without steps")) as run:
        return read_run(org, run)["status"]


@probe("tallyfy.runs.reopened-by-task", needs=("write",))
def reopened_by_task(client: Client) -> Json:
    """Return the status of a complete process after one of its tasks is reopened."""
    org = first_organization(client)
    with process(org) as run:
        skip_unless(complete_run(org, run)["status"] == "complete", "no process could be completed")
        org.call("DELETE", f"/runs/{run['id']}/completed-tasks/{run_tasks(org, run)[0]['id']}")
        return read_run(org, run)["status"]


@probe("tallyfy.runs.unknown-references", needs=("write",))
def unknown_references(client: Client) -> Json:
    """Return whether an unknown tag is refused or dropped."""
    return by_status(launch_badly(first_organization(client), tags=[UNKNOWN_ID]), "ignore", "reject")


@probe("tallyfy.kickoff.open-status", needs=("write",))
def open_status(client: Client) -> Json:
    """Return the `prerun_status` of an open kick-off form."""
    org = first_organization(client)
    with process(org, _with_form(org)) as run:
        org.call("DELETE", f"/runs/{run['id']}/complete-prerun")
        return read_run(org, run)["prerun_status"]


@probe("tallyfy.launch.unknown-template", needs=("write",))
def unknown_template(client: Client) -> Json:
    """Return the answer to launching an unknown template."""
    return refusal(first_organization(client).send("POST", "/runs", json={"checklist_id": UNKNOWN_ID}))


@probe("tallyfy.launch.name-date", needs=("write",))
def name_date(client: Client) -> Json:
    """Return the format of the date in the name of a process without a name."""
    assumption = client.contract.assumptions["tallyfy.launch.name-date"]
    with process(first_organization(client)) as run:
        forms = (assumption.default, *assumption.alternatives)
        return next((form for form in forms if f"{_time(run):{form}}" in run["name"]), run["name"])


@probe("tallyfy.launch.kickoff", needs=("write",))
def launch_kickoff(client: Client) -> Json:
    """Return whether a launch without answers submits the kick-off form."""
    org = first_organization(client)
    with process(org, _with_form(org)) as run:
        return "submitted" if run["prerun_status"] == "complete" else "when-answered"


@probe("tallyfy.launch.default-deadline", needs=("write",))
def default_deadline(client: Client) -> Json:
    """Return the deadline of a task whose step has none."""
    org = first_organization(client)
    template = template_where(org, _undated, "with a step that names no deadline")
    with process(org, template) as run:
        deadline = task_of_step(org, run, _undated(template)[0])["deadline"]
        passed = deadline and _time(run, deadline) - _time(run)
    return passed and {"value": passed.days, "unit": "days"}


@probe("tallyfy.next-task.without-deadline", needs=("write",))
def next_without_deadline(client: Client) -> Json:
    """Return where a task without a deadline stands among the next ones."""
    org = first_organization(client)
    with process(org, **_due(plain_template(org), _now(org) + timedelta(days=3))) as run:
        task = run_tasks(org, run)[0]
        changed = org.call("PUT", f"/runs/{run['id']}/tasks/{task['id']}", {"deadline": None})
        skip_unless(changed["deadline"] is None, "every task has a deadline")
        return "last" if _next(org, run)["deadline"] else "first"


@probe("tallyfy.next-task.ties", needs=("write",))
def next_ties(client: Client) -> Json:
    """Return which of two tasks with the same deadline is next."""
    org = first_organization(client)
    with process(org, **_due(plain_template(org), _now(org) + timedelta(days=3))) as run:
        moved, *others = run_tasks(org, run)
        last = max(task["position"] for task in others)
        org.call("PUT", f"/runs/{run['id']}/tasks/{moved['id']}", {"position": last + 1})
        tasks, shown = run_tasks(org, run), _next(org, run)["id"]
        least = {name: min(tasks, key=lambda task: task[name])["id"] for name in ("position", "increment_id")}
        return next((name for name, id in least.items() if id == shown), "neither by position nor by increment_id")


@probe("tallyfy.archive.again", needs=("write",))
def activate_again(client: Client) -> Json:
    """Return whether activating an active process changes nothing or answers not found."""
    org = first_organization(client)
    run = first(org, "/runs", status="active")
    return by_status(org.send("PUT", f"/runs/{run['id']}/activate"), "unchanged", "not-found")


@probe("tallyfy.archive.locked", needs=("write",))
def archived_is_locked(client: Client) -> Json:
    """Return the answer to updating a task of an archived process."""
    org = first_organization(client)
    runs = org.get_body("/runs", archived="only")["data"]
    tasks = [(run, task) for run in runs for task in run_tasks(org, run) if task["status"] != COMPLETED_STATUS]
    run, task = tasks[0] if tasks else skip("no archived process has an open task")
    return refusal(org.send("PUT", f"/runs/{run['id']}/tasks/{task['id']}", json={"title": task["title"]}))


@probe("tallyfy.purge.not-archived", needs=("write",))
def purge_not_archived(client: Client) -> Json:
    """Return the answer to deleting a process that is not archived."""
    org = member(client, administrator=True)
    with process(org) as run:
        return refusal(org.send("DELETE", f"/runs/{run['id']}/delete"))


def _part(template: Json) -> int:
    """Return how many of the steps give a percentage with a fraction over one half; 0 if no number does."""
    total = len(template_steps(template))
    return next((done for done in range(1, total) if 2 * (100 * done % total) > total), 0)


def _undated(template: Json) -> list[Json]:
    return [step for step in template_steps(template) if step["deadline"] is None]


def _with_form(org: Organization) -> Json:
    """Return a template with a kick-off form that may be left empty."""
    return template_where(
        org,
        lambda t: t["prerun"] and not any(field["required"] for field in t["prerun"]),
        "with a kick-off form that may be left empty",
    )


def _due(template: Json, deadline: datetime) -> dict[str, Json]:
    """Return the launch members that give all tasks this deadline."""
    return {"tasks": {step["id"]: {"deadline": f"{deadline:%Y-%m-%dT%H:%M:%SZ}"} for step in template_steps(template)}}


def _next(org: Organization, run: Json) -> Json:
    """Return the next task of a process."""
    return unwrap_items(read_run(org, run, with_="next_task")["next_task"])[0]


def _now(org: Organization) -> datetime:
    """Return the time of the target."""
    with process(org) as run:
        return _time(run)


def _time(run: Json, text: str | None = None) -> datetime:
    """Return a printed time, by default of a process' launch."""
    return datetime.fromisoformat(text or run["created_at"]).astimezone(UTC)
