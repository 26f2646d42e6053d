"""NextStep: the fields of a task update, and their effect."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, pairwise
from typing import Any

from understudy.engine.exchange import Response
from understudy_checks.client import Client, Skipped
from understudy_checks.generic.probes import UNKNOWN, is_refused, status_and_code
from understudy_checks.nextstep import driver
from understudy_checks.nextstep.driver import (
    Tasks,
    TasksPredicate,
    complete_run,
    complete_task,
    fill_elements,
    read_task,
    request_update,
    simple_tasks,
    start_run_where,
    update_task,
    value_of,
)
from understudy_checks.nextstep.probes.runs import MOMENT
from understudy_checks.probes import probe

Json = Any

NOBODY = "nobody.at.all@understudy.invalid"
CHECKED = ("email", "website", "date")
"""The types of text that has a form."""

LOOKED_AT = 100
"""How many tasks that can be skipped are looked at to find one that was."""


@probe("nextstep.tasks.update-success", needs=("write",))
def update_success(client: Client) -> Json:
    """Return the status of an accepted update."""
    return request_update(client, _task(client), completed=False).status


@probe("nextstep.tasks.locked-run-status", needs=("write",))
def locked_run_status(client: Client) -> Json:
    """Return the answer to updating a task of a completed run."""
    _, tasks = start_run_where(client, simple_tasks(), "tasks that can be completed")
    complete_run(client, tasks)
    return status_and_code(request_update(client, tasks[0], completed=True))


@probe("nextstep.tasks.unset-value", needs=("write",))
def unset_value(client: Client) -> Json:
    """Return the value of an element that was never filled."""
    _, tasks = start_run_where(client, lambda tasks: bool(driver.writable_elements(tasks)), "a field")
    return driver.writable_elements(tasks)[0][1]["value"]


@probe("nextstep.tasks.scalar-values", needs=("write",))
def scalar_values(client: Client) -> Json:
    """Return how a number element stores the text "42"."""
    task, element = _field(client, "number")
    if is_refused(_set(client, task, element, "42")):
        return "strict"
    value = value_of(read_task(client, task), element["id"])
    return "coerce" if value == 42 else value


@probe("nextstep.tasks.format-checks", needs=("write",))
def format_checks(client: Client) -> Json:
    """Return whether text is refused that is no e-mail address, no website, or no date."""
    _, tasks = start_run_where(client, _has_a_form, "an element whose text has a form")
    fields = [(task, element) for task, element in driver.writable_elements(tasks) if element["type"] in CHECKED]
    seen = {element["type"]: is_refused(_set(client, task, element, "some text")) for task, element in fields}
    return seen.popitem()[1] if len(set(seen.values())) == 1 else seen


@probe("nextstep.tasks.empty-update", needs=("write",))
def empty_update(client: Client) -> Json:
    """Return whether an update without fields is accepted."""
    return "reject" if is_refused(request_update(client, _task(client))) else "accept"


@probe("nextstep.tasks.empty-multichoice", needs=("write",))
def empty_multichoice(client: Client) -> Json:
    """Return whether a multichoice element accepts an empty list."""
    return "reject" if is_refused(_set(client, *_field(client, "multichoice"), [])) else "accept"


@probe("nextstep.tasks.unknown-element", needs=("write",))
def unknown_element(client: Client) -> Json:
    """Return what becomes of a value for an unknown element."""
    return "reject" if is_refused(_set(client, _task(client), {"id": UNKNOWN}, "Jane Smith")) else "ignore"


@probe("nextstep.tasks.null-value", needs=("write",))
def null_value(client: Client) -> Json:
    """Return the effect of null on an element that has a value."""
    _, tasks = start_run_where(client, lambda tasks: bool(driver.writable_elements(tasks)), "a field")
    task, element = driver.writable_elements(tasks)[0]
    fill_elements(client, task, {element["id"]: driver.sample_value(element, 1)})
    if is_refused(_set(client, task, element, None)):
        return "reject"
    value = value_of(read_task(client, task), element["id"])
    return "clears" if value in (None, "", []) else value


@probe("nextstep.tasks.required-on-completion", needs=("write",))
def required_on_completion(client: Client) -> Json:
    """Return whether a task with an empty required element can be completed."""
    _, tasks = start_run_where(client, lambda tasks: any(map(_needs_a_value, tasks)), "a required field")
    task = next(filter(_needs_a_value, tasks))
    if is_refused(request_update(client, task, completed=True)):
        complete_task(client, task)  # nothing else was in the way
        return True
    return False


@probe("nextstep.tasks.completed-by", needs=("write", "members"))
def completed_by(client: Client) -> Json:
    """Return whether a task names the member who completed it by user id or address."""
    member = driver.active_members(client)[0]
    by = complete_task(client, _task(client, simple_tasks()), actor_email=member.email)["completed_by"]
    return {member.user_id: "user-id", member.email: "email"}.get(by, by)


@probe("nextstep.tasks.unknown-actor", needs=("write",))
def unknown_actor(client: Client) -> Json:
    """Return who has completed a task whose actor is unknown."""
    task = update_task(client, complete_task(client, _task(client, simple_tasks(least=2))), completed=False)
    response = request_update(client, task, completed=True, actor_email=NOBODY)
    if is_refused(response):
        return "reject"
    by = read_task(client, task)["completed_by"]
    return "email" if by == NOBODY else by


@probe("nextstep.tasks.unknown-assignee", needs=("write",))
def unknown_assignee(client: Client) -> Json:
    """Return what becomes of an unknown assignee."""
    task = _task(client)
    if is_refused(request_update(client, task, assignee=NOBODY)):
        return "reject"
    shown = read_task(client, task)["assignee"]
    return {NOBODY: "keep", task["assignee"]: "ignore"}.get(shown, shown)


@probe("nextstep.tasks.recompletion", needs=("write",))
def recompletion(client: Client) -> Json:
    """Return whether completing a completed task changes its time."""
    task = complete_task(client, _task(client, simple_tasks(least=2)))
    client.tick(MOMENT)
    if is_refused(request_update(client, task, completed=True)):
        return "reject"
    return "unchanged" if read_task(client, task)["completed_at"] == task["completed_at"] else "refreshed"


@probe("nextstep.tasks.actor-without-completion", needs=("write", "members"))
def actor_without_completion(client: Client) -> Json:
    """Return the answer to an update with an actor and nothing else."""
    task = _task(client)
    if is_refused(request_update(client, task, actor_email=driver.active_members(client)[0].email)):
        return "reject"
    shown = read_task(client, task)
    return "ignored" if driver.updatable_state(shown) == driver.updatable_state(task) else driver.updatable_state(shown)


@probe("nextstep.tasks.completing-approval", needs=("write",))
def completing_approval(client: Client) -> Json:
    """Return the effect of completing an approval through the API."""
    _, tasks = start_run_where(
        client, lambda tasks: any(map(_is_approval, tasks)), "an approval without required fields"
    )
    return _completing(client, next(filter(_is_approval, tasks)))


@probe("nextstep.tasks.completing-skipped", needs=("write", "events"))
def completing_skipped(client: Client) -> Json:
    """Return the effect of completing a skipped task."""
    return _completing(client, _skipped(client))


@probe("nextstep.tasks.skipped-counts-as-completed")
def skipped_counts_as_completed(client: Client) -> Json:
    """Return whether a skipped task is shown as completed."""
    runs = client.call("listProcessRuns").json()["data"]
    tasks = (task for run in runs for task in driver.run_tasks(client, run["id"]) if not task["is_essential"])
    for task in islice(tasks, LOOKED_AT):
        if _whole(client, task).get("skipped"):
            return task["completed"]
    raise Skipped("no skipped task in the newest runs on this target")


@probe("nextstep.tasks.rejection-reopens", needs=("write", "events"))
def rejection_reopens(client: Client) -> Json:
    """Return whether rejecting an approval reopens the task before it."""
    _, tasks = start_run_where(client, lambda tasks: any(_approvals(tasks)), "an approval after a task")
    before, approval = next(_approvals(tasks))
    complete_task(client, before)
    client.event("reject-task", run_id=approval["instance_id"], task_id=approval["id"])
    return "none" if read_task(client, before)["completed"] else "previous"


def _task(client: Client, wanted: TasksPredicate = bool) -> Json:
    """Start a run; returns its first task, on which nobody else works."""
    _, tasks = start_run_where(client, wanted, "a task")
    return tasks[0]


def _field(client: Client, kind: str) -> tuple[Json, Json]:
    """Start a run with an element of type `kind`; returns its task and the element."""
    _, tasks = start_run_where(client, driver.has_element_of(kind), f"an element of type {kind}")
    return next((task, element) for task, element in driver.writable_elements(tasks) if element["type"] == kind)


def _set(client: Client, task: Json, element: Json, value: Json) -> Response:
    """Set an element of a task; returns the response, accepted or refused."""
    return request_update(client, task, custom_elements=[{"id": element["id"], "value": value}])


def _completing(client: Client, task: Json) -> str:
    """Return the effect of completing a task."""
    if is_refused(request_update(client, task, completed=True)):
        return "reject"
    return "completes" if read_task(client, task)["completed_at"] else "nothing"


def _skipped(client: Client) -> Json:
    """Start a run of several tasks; returns a skipped one."""
    _, tasks = start_run_where(
        client, lambda tasks: len(tasks) > 1 and any(map(_is_free, tasks)), "a task that can be skipped"
    )
    task = next(filter(_is_free, tasks))
    driver.skip_task(client, task)
    return task


def _whole(client: Client, task: Json) -> Json:
    """Return a listed task with the members that only its own view shows."""
    return task if "skipped" in task else read_task(client, task)


def _approvals(tasks: Tasks) -> Iterator[tuple[Json, Json]]:
    """Yield each approval that follows a task which can be completed, as a pair of task and approval."""
    pairs = pairwise(tasks)
    return ((before, task) for before, task in pairs if task.get("type") == "approval" and simple_tasks()([before]))


def _is_approval(task: Json) -> bool:
    return task.get("type") == "approval" and not _required(task)


def _is_free(task: Json) -> bool:
    return not _required(task) and not task.get("is_essential") and simple_tasks()([task])


def _needs_a_value(task: Json) -> bool:
    return bool(_required(task)) and simple_tasks()([task])


def _required(task: Json) -> list[Json]:
    return [element for element in task["custom_elements"] if element.get("required")]


def _has_a_form(tasks: Tasks) -> bool:
    return any(driver.has_element_of(kind)(tasks) for kind in CHECKED)
