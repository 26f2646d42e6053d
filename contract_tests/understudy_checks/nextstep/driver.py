"""Steps that NextStep's checks share: find a template, start a run, fill elements, complete tasks.

Objects are found through the API alone. The driver copes with what the vendor leaves open: when a run completes
after its last task, whether required elements must be filled first, whether the API can complete approvals.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from understudy.document.operation import Operation
from understudy.engine.exchange import Exchange, Response
from understudy_checks.client import Client, Member, Skipped
from understudy_checks.pagination import walk
from understudy_checks.wording import show

T = TypeVar("T")
Json = Any
Tasks = Sequence[Json]
TasksPredicate = Callable[[Tasks], bool]

CREATION = {
    "name": "name",
    "title": "title-alias",
    "due_date": "due-date",
    "actor_email": "no-active-member",
    "custom_elements": "prefill",
}
"""The rule under which a member is accepted when a run is started."""

ELEMENTS = {
    "shortText": "short-text",
    "longText": "long-text",
    "lineBreak": "line-break",
}
"""The types of elements as they stand in rules, where that differs."""

MAX_ATTEMPTS = 10
"""The number of matching templates from which a run is started before a check gives up."""

SAMPLE_VALUES: Mapping[str, tuple[Json, Json]] = {
    "shortText": ("Jane Smith", "0"),
    "longText": ("First line\nSecond line", "-"),
    "number": (0, 42.5),
    "email": ("jane@example.com", "tom@example.com"),
    "website": ("https://example.com/a?b=c", "https://example.org"),
    "date": ("2026-05-01", "2024-02-29"),
    "checkbox": (False, True),
}
"""Two valid values for each writable type; those of dropdown and multichoice are among their options."""


def require(found: Sequence[T], what: str, *, least: int = 1) -> Sequence[T]:
    """Return `found`; raises Skipped, which names `what`, when it has fewer than `least` entries."""
    if len(found) < least:
        raise Skipped(f"no {what} on this target")
    return found


def templates(client: Client) -> list[Json]:
    """List all templates."""
    return walk(client, client.contract.operations["listProcessTemplates"], {})


def harmless_write(client: Client) -> tuple[Operation, Json, Json]:
    """Return an operation that takes JSON, with arguments and body of an update that changes nothing in a new run."""
    run, tasks = start_run_where(client, bool, "a task")
    arguments = {"runId": run["id"], "taskId": tasks[0]["id"]}
    return client.contract.operations["updateRunTask"], arguments, {"completed": False}


def published_templates(client: Client) -> Iterator[Json]:
    """Yield the published templates of the list; raises Skipped when there are none."""
    yield from require([template for template in templates(client) if template["is_published"]], "published template")


def sample_templates(client: Client) -> list[Json]:
    """Return the published templates to try in turn: all of a fresh world, else the first 10."""
    return list(published_templates(client))[: None if "fresh" in client.world.capabilities else MAX_ATTEMPTS]


def read_template(client: Client, id: str) -> Json:
    """Read a template by its id."""
    return _read(client, client.call("getProcessTemplate", {"id": id}))


def template_tasks(client: Client, id: str) -> list[Json]:
    """List all tasks of a template."""
    return walk(client, client.contract.operations["listTemplateTasks"], {"id": id})


def publish_template(client: Client, id: str, flag: bool = True) -> None:
    """Publish a template, or unpublish it with `flag=False`."""
    with client.depending_on(f"nextstep.publishing.{'publish-again' if flag else 'unpublish'}"):
        _data(client.call("publishProcessTemplate", {"id": id}, json={"published": flag}))


@contextmanager
def unpublished(client: Client, id: str) -> Iterator[None]:
    """Keep a template unpublished for the duration of the block."""
    publish_template(client, id, flag=False)
    try:
        yield
    finally:
        publish_template(client, id)


def redesign_template(client: Client, tasks: Tasks, **fields: Json) -> str:
    """Replace the tasks of a published template in the app, publish it again and return its id."""
    id: str = next(published_templates(client))["id"]
    with unpublished(client, id):
        client.event("edit-template", template_id=id, tasks=list(tasks), **fields)
    return id


def start_designed_run(client: Client, tasks: Tasks, **fields: Json) -> list[Json]:
    """Start a run of a template with these tasks, designed in the app, and return the run's tasks."""
    run = start_run(client, redesign_template(client, tasks), **fields)
    found = run_tasks(client, run["id"])
    with client.depending_on("nextstep.creation.copies-the-tasks"):
        assert len(found) == len(tasks), f"a run of {len(tasks)} tasks must not have {len(found)}"
    return found


def runs(client: Client, **filters: str) -> list[Json]:
    """List all runs that match the filters."""
    return walk(client, client.contract.operations["listProcessRuns"], filters)


def start_run(client: Client, template_id: str, **fields: Json) -> Json:
    """Start a run and return the run of the response; asserts status 201."""
    response = client.call("createProcessRun", json={"template_id": template_id, **fields})
    refused = f"starting a run with {show(fields)} must answer 201, not {response.status}: {show(response.body)}"
    with client.depending_on(f"nextstep.creation.{next(map(CREATION.get, fields), None) or 'created'}"):
        assert response.status < 300, refused
    with client.about("nextstep.creation.created"):
        assert response.status == 201, refused
    return response.json()["data"]


def start_run_where(client: Client, holds: TasksPredicate, what: str, **fields: Json) -> tuple[Json, list[Json]]:
    """Start a run whose tasks satisfy `holds`; returns the run and its tasks.

    Raises Skipped, which names `what`, when none of the first 10 matching templates makes such a run.
    """
    matching = (
        template["id"] for template in published_templates(client) if holds(template_tasks(client, template["id"]))
    )
    for id in islice(matching, MAX_ATTEMPTS):
        run = start_run(client, id, **fields)
        tasks = run_tasks(client, run["id"])
        if holds(tasks):
            return run, tasks
    raise Skipped(f"no published template with {what} on this target")


def read_run(client: Client, id: str) -> Json:
    """Read a run by its id."""
    return _read(client, client.call("getProcessRun", {"id": id}))


def listed_run(client: Client, run: Json) -> Json:
    """Return a run as the list of its template's runs shows it; asserts that it is listed once."""
    found = [entry for entry in runs(client, template_id=run["template_id"]) if entry["id"] == run["id"]]
    assert len(found) == 1, f"run {run['id']} must be listed once under its template, not {len(found)} times"
    return found[0]


def run_tasks(client: Client, run_id: str) -> list[Json]:
    """List all tasks of a run."""
    return walk(client, client.contract.operations["listRunTasks"], {"id": run_id})


def read_task(client: Client, task: Json) -> Json:
    """Read a task by its id."""
    return _read(client, client.call("getRunTask", _task_arguments(task)))


def request_update(client: Client, task: Json, **fields: Json) -> Response:
    """Send an update of a task and return the response, accepted or refused."""
    return client.call("updateRunTask", _task_arguments(task), json=fields)


def update_task(client: Client, task: Json, **fields: Json) -> Json:
    """Update a task and return the updated task; asserts that the update is accepted."""
    response = request_update(client, task, **fields)
    if response.status >= 300:
        with client.depending_on(f"nextstep.{_rule_of_update(client, task, fields)}"):
            _data(response)
    return _data(response)


def fill_elements(client: Client, task: Json, values: Mapping[str, Json]) -> Json:
    """Set elements of a task to values by element id; returns the updated task."""
    return update_task(client, task, custom_elements=[{"id": id, "value": value} for id, value in values.items()])


def complete_task(client: Client, task: Json, **fields: Json) -> Json:
    """Fill the required elements of a task, then complete it; returns the updated task."""
    required = {element["id"]: sample_value(element) for element in task["custom_elements"] if element["required"]}
    if required:
        _assert_filled(client, task, fill_elements(client, task, required), required)
    return update_task(client, task, completed=True, **fields)


def complete_run(client: Client, tasks: Iterable[Json]) -> None:
    """Complete the given tasks, the last open ones of their run, and wait until the run is completed."""
    for task in tasks:
        complete_task(client, task)
    await_completed(client, task["instance_id"])


def completed_tasks(client: Client, run_id: str) -> str:
    """Say that all tasks of a run are completed, and in which order this client did that."""
    order: dict[str, None] = {}
    for exchange in client.log:
        *_, run, _, task = ["", "", *exchange.request.path.split("/")]
        said = _completion(exchange) if run == run_id else None
        if said is not None:
            order.pop(task, None)
        if said:
            order[task] = None
    places = {task["id"]: number for number, task in enumerate(run_tasks(client, run_id), 1)}
    if order.keys() != places.keys():
        return "all tasks are completed or skipped"
    if len(order) == 1:
        return "the only task is completed"
    return f"all {len(order)} tasks are completed, in the order {_ranges([places[task] for task in order])}"


def _completion(exchange: Exchange) -> bool | None:
    """What an accepted update said of a task's completion; None where it said nothing."""
    if exchange.request.method != "PATCH" or exchange.response.status >= 300:
        return None
    said = json.loads(exchange.request.body)
    return said.get("completed") if isinstance(said, dict) else None


def _ranges(numbers: Sequence[int]) -> str:
    """Numbers as text, three or more in a row as a range: `1 to 30`, `3, 1, 2`."""
    parts: list[list[int]] = []
    for number in numbers:
        part = parts[-1] if parts else []
        step = number - part[-1] if part else 0
        if step in (1, -1) and part[1:2] in ([], [part[0] + step]):
            part.append(number)
        else:
            parts.append([number])
    return ", ".join(f"{part[0]} to {part[-1]}" if part[2:] else ", ".join(map(str, part)) for part in parts)


def assert_element(client: Client, task: Json, id: str, seen: Json, given: Json) -> None:
    """Assert that an element of a task shows the value that it was given beside other changes.

    Where it does not keep that value alone either, the rule about its type is broken instead.
    """
    element = next(element for element in task["custom_elements"] if element["id"] == id)
    if same_value(element, seen, given):
        return
    text = f"the element must be set as in {show({'id': id, 'value': given})}, not to {show(seen)}"
    if not same_value(element, value_of(fill_elements(client, task, {id: given}), id), given):
        with client.depending_on(rule_of_element(element)):
            raise AssertionError(text)
    raise AssertionError(text)


def _assert_filled(client: Client, task: Json, seen: Json, values: Mapping[str, Json]) -> None:
    """Assert that a task shows the values that it was filled with, each under the rule about its type."""
    for element in task["custom_elements"]:
        if element["id"] in values:
            value, given = value_of(seen, element["id"]), values[element["id"]]
            with client.depending_on(rule_of_element(element)):
                assert same_value(element, value, given), (
                    f"an element of type {element['type']} must keep {show(given)}, not turn it into {show(value)}"
                )


def await_completed(client: Client, run_id: str, after: str | None = None, *, rule: str = "last-task") -> Json:
    """Wait up to 10 s until a run is completed; returns the run.

    The failure message begins with `after`, by default with what this client completed. `rule` says that the run must
    complete, in the area `completion`.
    """
    with client.depending_on(f"nextstep.completion.{rule}"):
        try:
            client.eventually(lambda: _completed_status(client, run_id), subject="the run")
        except AssertionError as error:
            error.args = (f"{after or completed_tasks(client, run_id)}; {error}",)
            raise
    return read_run(client, run_id)


def skip_task(client: Client, task: Json) -> None:
    """Skip a task in the app."""
    client.event("skip-task", run_id=task["instance_id"], task_id=task["id"])


def active_members(client: Client) -> Sequence[Member]:
    """Return the known active members; raises Skipped when there are none."""
    return require([member for member in client.members if member.active], "active member that is known")


def simple_tasks(least: int = 1, most: int = 6) -> TasksPredicate:
    """Return a predicate: there are `least` to `most` tasks, and the API can complete each of them."""

    def holds(tasks: Tasks) -> bool:
        return least <= len(tasks) <= most and all(_is_completable(task) for task in tasks)

    return holds


def has_element_of(kind: str) -> TasksPredicate:
    """Return a predicate: some task has an element of type `kind`, with options if the type needs them."""
    return lambda tasks: any(is_element_of(element, kind) for task in tasks for element in task["custom_elements"])


def writable_elements(tasks: Tasks) -> list[tuple[Json, Json]]:
    """List the writable elements of the tasks, each as a pair of its task and itself."""
    return [(task, element) for task in tasks for element in task["custom_elements"] if _is_writable(element)]


def is_element_of(element: Json, kind: str) -> bool:
    """Return whether an element is of type `kind`; an element that shows no type counts as any."""
    return bool(element.get("type", kind) == kind and (kind not in ("dropdown", "multichoice") or options_of(element)))


def options_of(element: Json) -> list[str]:
    """Return the options of an element; empty where it shows none."""
    return list(element.get("options") or ())


def sample_value(element: Json, number: int = 0) -> Json:
    """Return a valid value for an element; `number` 0 or 1 selects one of two."""
    kind = element["type"]
    if kind == "dropdown":
        return options_of(element)[-number]
    if kind == "multichoice":
        return options_of(element)[: len(options_of(element)) - number] or options_of(element)
    return SAMPLE_VALUES[kind][number]


def value_of(task: Json, element_id: str) -> Json:
    """Return the value of an element of a task."""
    return next(element["value"] for element in task["custom_elements"] if element["id"] == element_id)


def values_of(tasks: Tasks) -> dict[tuple[str, str], Json]:
    """Map template task id and element id to the value, for all elements of a run's tasks."""
    return {
        (task["template_task_id"], element["id"]): element["value"]
        for task in tasks
        for element in task["custom_elements"]
    }


def same_value(element: Json, seen: Json, given: Json) -> bool:
    """Return whether `seen` equals the value sent; dates compare by day, multichoice lists in any order.

    `True` and 1 differ.
    """
    if element["type"] == "date":
        return isinstance(seen, str) and seen[:10] == given[:10]
    if element["type"] == "multichoice":
        return isinstance(seen, list) and sorted(seen) == sorted(given)
    return isinstance(seen, bool) == isinstance(given, bool) and bool(seen == given)


def rule_of_element(element: Json) -> str:
    """Return the rule about the values of an element."""
    kind = element.get("type")
    return f"nextstep.elements.{ELEMENTS.get(kind, kind)}"


def parse_time(text: str) -> datetime:
    """Parse a timestamp of the API."""
    return datetime.fromisoformat(text)


def updatable_state(task: Json) -> Json:
    """Return the part of a task that an update can change: completion, assignee and values."""
    names = ("completed", "completed_at", "completed_by", "assignee")
    return {**{name: task[name] for name in names}, "values": values_of([task])}


class _OpenStatus(str):
    """The status of a run that is not completed; false, so that `eventually` goes on reading."""

    def __bool__(self) -> bool:
        return False


def _completed_status(client: Client, run_id: str) -> str:
    status: str = read_run(client, run_id)["status"]
    return status if status == "completed" else _OpenStatus(status)


def _rule_of_update(client: Client, task: Json, fields: Mapping[str, Json]) -> str:
    """The rule under which an update of an open task is accepted, without the name of the API."""
    if len(client.log) > 1 and client.log[-2].response.status == 429:
        return "rate-limit.refused-does-nothing"
    if not task.get("completed") and read_run(client, task["instance_id"])["status"] == "completed":
        return "completion.open-task-keeps-active"
    if "completed" in fields and "custom_elements" in fields:
        return "updates.together"
    if "completed" in fields:
        return "updates.complete" if fields["completed"] else "updates.uncomplete"
    if "assignee" in fields:
        return f"updates.assign-by-{'email' if '@' in fields['assignee'] else 'user-id'}"
    kinds = {element["id"]: element.get("type") for element in task["custom_elements"]}
    given = {kinds.get(item["id"]) for item in fields.get("custom_elements", ())}
    kind = given.pop() if len(given) == 1 else None
    return f"elements.{ELEMENTS.get(kind, kind)}" if kind else "updates.together"


def _task_arguments(task: Json) -> dict[str, str]:
    return {"runId": task["instance_id"], "taskId": task["id"]}


def _read(client: Client, response: Response) -> Json:
    """The object in the response to reading something that is listed."""
    with client.depending_on("nextstep.envelope.same-in-list-and-single"):
        return _data(response)


def _data(response: Response) -> Json:
    assert response.status < 300, f"the request must succeed, not answer {response.status}: {show(response.body)}"
    return response.json()["data"]


def _is_completable(task: Json) -> bool:
    required = [element for element in task["custom_elements"] if element.get("required")]
    return task.get("type", "task") == "task" and all(_is_writable(element) for element in required)


def _is_writable(element: Json) -> bool:
    kind = element.get("type", "shortText")
    return kind in SAMPLE_VALUES or (kind in ("dropdown", "multichoice") and bool(options_of(element)))
