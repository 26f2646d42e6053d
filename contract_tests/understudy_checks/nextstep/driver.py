"""What NextStep's tests do over and over: find a template that offers something, start a run, fill and complete tasks.

Everything is found through the API. What the vendor leaves open (when a run completes after its last task, whether
required fields must be filled first, whether approvals can be completed) is gone around here, once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from understudy.engine.exchange import Response
from understudy_checks.client import Client, Member, NotChecked
from understudy_checks.pagination import walk

T = TypeVar("T")
Json = Any
Tasks = Sequence[Json]
Wanted = Callable[[Tasks], bool]

TRIED = 10
"""How many templates that seem right are started to find one that is."""

VALUES: Mapping[str, tuple[Json, Json]] = {
    "shortText": ("Jane Smith", "0"),
    "longText": ("First line\nSecond line", "-"),
    "number": (0, 42.5),
    "email": ("jane@example.com", "tom@example.com"),
    "website": ("https://example.com/a?b=c", "https://example.org"),
    "date": ("2026-05-01", "2024-02-29"),
    "checkbox": (False, True),
}
"""Two values that each writable type takes; dropdown and multichoice take what their options say."""


def existing(found: Sequence[T], what: str, *, least: int = 1) -> Sequence[T]:
    """What was found; raises NotChecked, naming `what` is lacking, when that is too little."""
    if len(found) < least:
        raise NotChecked(f"no {what} on this target")
    return found


def templates(client: Client) -> list[Json]:
    """All templates that are listed."""
    return walk(client, client.contract.operations["listProcessTemplates"], {})


def published(client: Client) -> Iterator[Json]:
    """The published templates that are listed; raises NotChecked when there are none."""
    yield from existing([template for template in templates(client) if template["is_published"]], "published template")


def several(client: Client) -> list[Json]:
    """Published templates to try one after the other: all in a world of one's own, else a few."""
    return list(published(client))[: None if "fresh" in client.world.capabilities else TRIED]


def template_of(client: Client, id: str) -> Json:
    """One template, read by its id."""
    return _data(client.call("getProcessTemplate", {"id": id}))


def template_tasks(client: Client, id: str) -> list[Json]:
    """All tasks of a template."""
    return walk(client, client.contract.operations["listTemplateTasks"], {"id": id})


def publish(client: Client, id: str, flag: bool = True) -> None:
    """Publish a template, or unpublish it."""
    _data(client.call("publishProcessTemplate", {"id": id}, json={"published": flag}))


@contextmanager
def unpublished(client: Client, id: str) -> Iterator[None]:
    """Unpublish a template for the time of the block."""
    publish(client, id, flag=False)
    try:
        yield
    finally:
        publish(client, id)


def redesign(client: Client, tasks: Tasks, **fields: Json) -> str:
    """Give a published template other tasks, as its author would in the app, and publish it again; its id."""
    id: str = next(published(client))["id"]
    with unpublished(client, id):
        client.event("edit-template", template_id=id, tasks=list(tasks), **fields)
    return id


def runs(client: Client, **filters: str) -> list[Json]:
    """All runs that are listed under these filters."""
    return walk(client, client.contract.operations["listProcessRuns"], filters)


def start(client: Client, template_id: str, **fields: Json) -> Json:
    """Start a run; what the answer tells of it."""
    response = client.call("createProcessRun", json={"template_id": template_id, **fields})
    assert response.status == 201, f"starting a run with {fields}: {response.status} {response.body[:300]!r}"
    return response.json()["data"]


def begin(client: Client, wanted: Wanted, what: str, **fields: Json) -> tuple[Json, list[Json]]:
    """Start a run of a published template whose tasks are as `wanted`; the run and its tasks.

    Raises NotChecked, naming `what` is lacking, when no template of the target has such tasks.
    """
    fitting = (template["id"] for template in published(client) if wanted(template_tasks(client, template["id"])))
    for id in islice(fitting, TRIED):
        run = start(client, id, **fields)
        tasks = run_tasks(client, run["id"])
        if wanted(tasks):
            return run, tasks
    raise NotChecked(f"no published template with {what} on this target")


def read_run(client: Client, id: str) -> Json:
    """One run, read by its id."""
    return _data(client.call("getProcessRun", {"id": id}))


def listed_run(client: Client, run: Json) -> Json:
    """One run as the list of its template's runs shows it."""
    found = [entry for entry in runs(client, template_id=run["template_id"]) if entry["id"] == run["id"]]
    assert len(found) == 1, f"run {run['id']} is listed {len(found)} times under its template"
    return found[0]


def run_tasks(client: Client, run_id: str) -> list[Json]:
    """All tasks of a run."""
    return walk(client, client.contract.operations["listRunTasks"], {"id": run_id})


def read_task(client: Client, task: Json) -> Json:
    """A task, read by its id."""
    return _data(client.call("getRunTask", _place(task)))


def update(client: Client, task: Json, **fields: Json) -> Response:
    """Update a task; the answer as it is."""
    return client.call("updateRunTask", _place(task), json=fields)


def change(client: Client, task: Json, **fields: Json) -> Json:
    """Update a task with what must be accepted; the updated task of the answer."""
    return _data(update(client, task, **fields))


def fill(client: Client, task: Json, values: Mapping[str, Json]) -> Json:
    """Set elements of a task, by id."""
    return change(client, task, custom_elements=[{"id": id, "value": value} for id, value in values.items()])


def complete(client: Client, task: Json, **fields: Json) -> Json:
    """Fill the required elements of a task, so that nothing is in the way, and complete it."""
    required = {element["id"]: value_for(element) for element in task["custom_elements"] if element["required"]}
    if required:
        fill(client, task, required)
    return change(client, task, completed=True, **fields)


def finish(client: Client, tasks: Iterable[Json]) -> None:
    """Complete these tasks, which are all that a run has open, and wait until the run is completed."""
    for task in tasks:
        complete(client, task)
    await_completed(client, task["instance_id"])


def await_completed(client: Client, run_id: str) -> Json:
    """Wait until a run is completed, which may take some seconds; the run."""
    client.eventually(lambda: read_run(client, run_id)["status"] == "completed")
    return read_run(client, run_id)


def skip(client: Client, task: Json) -> None:
    """Skip a task in the app."""
    client.event("skip-task", run_id=task["instance_id"], task_id=task["id"])


def active_members(client: Client) -> Sequence[Member]:
    """The members who are active; raises NotChecked when there are none."""
    return existing([member for member in client.members if member.active], "active member that is known")


def simple(least: int = 1, most: int = 6) -> Wanted:
    """Between `least` and `most` tasks, each of which the API can complete."""

    def wanted(tasks: Tasks) -> bool:
        return least <= len(tasks) <= most and all(_is_simple(task) for task in tasks)

    return wanted


def having(kind: str) -> Wanted:
    """Some task with an element of type `kind`, with options where the type needs them."""
    return lambda tasks: any(fits(element, kind) for task in tasks for element in task["custom_elements"])


def fillable(tasks: Tasks) -> list[tuple[Json, Json]]:
    """Each element that takes a known value, after its task."""
    return [(task, element) for task in tasks for element in task["custom_elements"] if _is_fillable(element)]


def fits(element: Json, kind: str) -> bool:
    """Whether an element is of type `kind`; one whose type is not shown may be."""
    return bool(element.get("type", kind) == kind and (kind not in ("dropdown", "multichoice") or options(element)))


def options(element: Json) -> list[str]:
    """The options of an element; empty where none are shown."""
    return list(element.get("options") or ())


def value_for(element: Json, number: int = 0) -> Json:
    """A value that an element takes; `number` 0 or 1 choose between two."""
    kind = element["type"]
    if kind == "dropdown":
        return options(element)[-number]
    if kind == "multichoice":
        return options(element)[: len(options(element)) - number] or options(element)
    return VALUES[kind][number]


def value_of(task: Json, element_id: str) -> Json:
    """The value of an element of a task."""
    return next(element["value"] for element in task["custom_elements"] if element["id"] == element_id)


def values_of(tasks: Tasks) -> dict[tuple[str, str], Json]:
    """All values of a run's tasks, by template task id and element id."""
    return {
        (task["template_task_id"], element["id"]): element["value"]
        for task in tasks
        for element in task["custom_elements"]
    }


def same_value(element: Json, seen: Json, given: Json) -> bool:
    """Whether `seen` is the value that was given: the same, true and 1 told apart, and of dates the day."""
    if element["type"] == "date":
        return isinstance(seen, str) and seen[:10] == given[:10]
    if element["type"] == "multichoice":
        return isinstance(seen, list) and sorted(seen) == sorted(given)
    return isinstance(seen, bool) == isinstance(given, bool) and bool(seen == given)


def moment(text: str) -> datetime:
    """The moment that a timestamp of the API names."""
    return datetime.fromisoformat(text)


def state_of(task: Json) -> Json:
    """What an update can change of a task, and nothing else."""
    names = ("completed", "completed_at", "completed_by", "assignee")
    return {**{name: task[name] for name in names}, "values": values_of([task])}


def _place(task: Json) -> dict[str, str]:
    return {"runId": task["instance_id"], "taskId": task["id"]}


def _data(response: Response) -> Json:
    assert response.status < 300, f"expected success, got {response.status}: {response.body[:300]!r}"
    return response.json()["data"]


def _is_simple(task: Json) -> bool:
    required = [element for element in task["custom_elements"] if element.get("required")]
    return task.get("type", "task") == "task" and all(_is_fillable(element) for element in required)


def _is_fillable(element: Json) -> bool:
    kind = element.get("type", "shortText")
    return kind in VALUES or (kind in ("dropdown", "multichoice") and bool(options(element)))
