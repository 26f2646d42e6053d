"""What a server does where Tallyfy's pages leave open how a process goes: launched, worked on, archived.

A probe launches processes of its own, and deletes them again.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from understudy_checks.client import Client
from understudy_checks.probes import observes
from understudy_checks.readings import bound, demand, either, missing
from understudy_checks.tallyfy.driver import (
    DONE,
    UNKNOWN,
    Place,
    complete,
    finish,
    here,
    is_plain,
    items,
    plain,
    run_of,
    steps,
    task_of_step,
    tasks_of,
    template_where,
)
from understudy_checks.tallyfy.probes.access import first, launch_badly, member, process, refusal

Json = Any

HALF = timedelta(minutes=30)


@observes("tallyfy.progress.percent", needs=("write",))
def percent(client: Client) -> Json:
    """How `percent` is rounded."""
    place = here(client)
    template = template_where(place, lambda t: is_plain(t) and _part(t), "with three steps, or more")
    with process(place, template) as run:
        for task in tasks_of(place, run)[: _part(template)]:
            complete(place, run, task)
        shown = run_of(place, run)["progress"]["percent"]
    exact = 100 * _part(template) / len(steps(template))
    return {int(exact): "down", round(exact): "nearest"}.get(shown, "exact" if abs(shown - exact) < 0.1 else shown)


@observes("tallyfy.runs.due-soon-hours", needs=("write",))
def due_soon_hours(client: Client) -> Json:
    """How many hours before its deadline something is due soon."""
    place = here(client)

    def is_due_soon(hours: int) -> bool:
        deadline = _now(place) + timedelta(hours=hours) - HALF
        with process(place, **_due(plain(place), deadline)) as run:
            return bool(run_of(place, run)["due_soon"])

    return bound((24, 48), is_due_soon)


@observes("tallyfy.runs.without-tasks", needs=("write",))
def without_tasks(client: Client) -> Json:
    """Which status a process of a template without steps has."""
    place = here(client)
    with process(place, template_where(place, lambda template: not steps(template), "without steps")) as run:
        return run_of(place, run)["status"]


@observes("tallyfy.runs.reopened-by-task", needs=("write",))
def reopened_by_task(client: Client) -> Json:
    """Which status a complete process has after one of its tasks is reopened."""
    place = here(client)
    with process(place) as run:
        demand(finish(place, run)["status"] == "complete", "no process could be completed")
        place.do("DELETE", f"/runs/{run['id']}/completed-tasks/{tasks_of(place, run)[0]['id']}")
        return run_of(place, run)["status"]


@observes("tallyfy.runs.unknown-references", needs=("write",))
def unknown_references(client: Client) -> Json:
    """Whether a tag that does not exist is refused or left out."""
    return either(launch_badly(here(client), tags=[UNKNOWN]), "ignore", "reject")


@observes("tallyfy.kickoff.open-status", needs=("write",))
def open_status(client: Client) -> Json:
    """Which `prerun_status` a kick-off form has that is open."""
    place = here(client)
    with process(place, _with_form(place)) as run:
        place.do("DELETE", f"/runs/{run['id']}/complete-prerun")
        return run_of(place, run)["prerun_status"]


@observes("tallyfy.launch.unknown-template", needs=("write",))
def unknown_template(client: Client) -> Json:
    """What launching a template gets that does not exist."""
    return refusal(here(client).send("POST", "/runs", json={"checklist_id": UNKNOWN}))


@observes("tallyfy.launch.name-date", needs=("write",))
def name_date(client: Client) -> Json:
    """In which form a process without a name is called after its date."""
    assumption = client.contract.assumptions["tallyfy.launch.name-date"]
    with process(here(client)) as run:
        forms = (assumption.default, *assumption.alternatives)
        return next((form for form in forms if f"{_time(run):{form}}" in run["name"]), run["name"])


@observes("tallyfy.launch.kickoff", needs=("write",))
def launch_kickoff(client: Client) -> Json:
    """Whether the kick-off form counts as submitted when a process is launched without any answer."""
    place = here(client)
    with process(place, _with_form(place)) as run:
        return "submitted" if run["prerun_status"] == "complete" else "when-answered"


@observes("tallyfy.launch.default-deadline", needs=("write",))
def default_deadline(client: Client) -> Json:
    """Which deadline a task has whose step names none."""
    place = here(client)
    template = template_where(place, _undated, "with a step that names no deadline")
    with process(place, template) as run:
        deadline = task_of_step(place, run, _undated(template)[0])["deadline"]
        passed = deadline and _time(run, deadline) - _time(run)
    return passed and {"value": passed.days, "unit": "days"}


@observes("tallyfy.next-task.without-deadline", needs=("write",))
def next_without_deadline(client: Client) -> Json:
    """Where a task without a deadline stands among those that are next."""
    place = here(client)
    with process(place, **_due(plain(place), _now(place) + timedelta(days=3))) as run:
        task = tasks_of(place, run)[0]
        changed = place.do("PUT", f"/runs/{run['id']}/tasks/{task['id']}", {"deadline": None})
        demand(changed["deadline"] is None, "every task has a deadline")
        return "last" if _next(place, run)["deadline"] else "first"


@observes("tallyfy.next-task.ties", needs=("write",))
def next_ties(client: Client) -> Json:
    """Which of two tasks with the same deadline comes first."""
    place = here(client)
    with process(place, **_due(plain(place), _now(place) + timedelta(days=3))) as run:
        moved, *others = tasks_of(place, run)
        last = max(task["position"] for task in others)
        place.do("PUT", f"/runs/{run['id']}/tasks/{moved['id']}", {"position": last + 1})
        tasks, shown = tasks_of(place, run), _next(place, run)["id"]
        least = {name: min(tasks, key=lambda task: task[name])["id"] for name in ("position", "increment_id")}
        return next((name for name, id in least.items() if id == shown), "neither by position nor by increment_id")


@observes("tallyfy.archive.again", needs=("write",))
def activate_again(client: Client) -> Json:
    """What activating an active process does: nothing, or it is not found."""
    place = here(client)
    run = first(place, "/runs", status="active")
    return either(place.send("PUT", f"/runs/{run['id']}/activate"), "unchanged", "not-found")


@observes("tallyfy.archive.locked", needs=("write",))
def archived_is_locked(client: Client) -> Json:
    """What changing a task of an archived process gets."""
    place = here(client)
    runs = place.body("/runs", archived="only")["data"]
    tasks = [(run, task) for run in runs for task in tasks_of(place, run) if task["status"] != DONE]
    run, task = tasks[0] if tasks else missing("no archived process has an open task")
    return refusal(place.send("PUT", f"/runs/{run['id']}/tasks/{task['id']}", json={"title": task["title"]}))


@observes("tallyfy.purge.not-archived", needs=("write",))
def purge_not_archived(client: Client) -> Json:
    """What deleting a process gets that is not archived."""
    place = member(client, administrator=True)
    with process(place) as run:
        return refusal(place.send("DELETE", f"/runs/{run['id']}/delete"))


def _part(template: Json) -> int:
    """How many of the steps are a percentage with more than half a percent over; 0 when no number is."""
    total = len(steps(template))
    return next((done for done in range(1, total) if 2 * (100 * done % total) > total), 0)


def _undated(template: Json) -> list[Json]:
    return [step for step in steps(template) if step["deadline"] is None]


def _with_form(place: Place) -> Json:
    """A template with a kick-off form that may be left empty."""
    return template_where(
        place,
        lambda t: t["prerun"] and not any(field["required"] for field in t["prerun"]),
        "with a kick-off form that may be left empty",
    )


def _due(template: Json, deadline: datetime) -> dict[str, Json]:
    """What a launch says so that all tasks have this deadline."""
    return {"tasks": {step["id"]: {"deadline": f"{deadline:%Y-%m-%dT%H:%M:%SZ}"} for step in steps(template)}}


def _next(place: Place, run: Json) -> Json:
    """The task of a process that is next."""
    return items(run_of(place, run, with_="next_task")["next_task"])[0]


def _now(place: Place) -> datetime:
    """The time on the target."""
    with process(place) as run:
        return _time(run)


def _time(run: Json, text: str | None = None) -> datetime:
    """A time as it is printed, by default that of a process' launch."""
    return datetime.fromisoformat(text or run["created_at"]).astimezone(UTC)
