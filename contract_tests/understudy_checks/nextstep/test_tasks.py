"""The tasks of runs: their members, their order, and that each belongs to one run."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from understudy_checks.client import Client
from understudy_checks.nextstep.driver import (
    Json,
    listed_run,
    published_templates,
    read_task,
    require,
    run_tasks,
    runs,
    sample_templates,
    simple_tasks,
    start_run,
    start_run_where,
)
from understudy_checks.pagination import assert_no_repetition, ids, pages, unknown_ids
from understudy_checks.refusals import assert_problem
from understudy_checks.rules import rule
from understudy_checks.target.target import Target
from understudy_checks.wording import show

FIELDS = (
    "id", "instance_id", "template_task_id", "title", "completed", "completed_at", "completed_by", "order",
    "section_id", "assignee", "is_essential", "type", "custom_elements", "created_at",
)  # fmt: skip
BY_ID = ("due_date", "webhook_enabled")
ELEMENT = ("id", "type", "label", "value", "required", "display_only")
READ_ONLY = ("text", "image", "video", "lineBreak")
WRITABLE = ("shortText", "longText", "number", "email", "website", "date", "checkbox", "dropdown", "multichoice")
IDS = st.text(st.characters(min_codepoint=48, max_codepoint=122, categories=("L", "N")), min_size=9, max_size=30)


@rule("nextstep.tasks.fields")
def test_tasks_have_their_fields(target: Target) -> None:
    """A task has the documented members in the list, and two more by its id."""
    with target.open() as client:
        _assert_fields(client, [run["id"] for run in runs(client)[:10]])


@rule("nextstep.tasks.fields", needs=("write",))
def test_tasks_of_a_new_run_have_their_fields(target: Target) -> None:
    """A task of a new run has the documented members, the id of its run among them."""
    with target.open() as client:
        _assert_fields(
            client, [start_run(client, template["id"])["id"] for template in list(published_templates(client))[:5]]
        )


@rule("nextstep.tasks.by-position")
@given(limit=st.integers(1, 30))
@example(limit=1)
@example(limit=2)
@example(limit=20)
def test_tasks_are_listed_by_position(target: Target, limit: int) -> None:
    """`order` of a run's tasks counts 0, 1, 2 ... across pages."""
    with target.open() as client:
        listing = client.contract.operations["listRunTasks"]
        listed = require(runs(client)[:20], "run")
        longest = max(listed, key=lambda run: len(run_tasks(client, run["id"])))
        for run in (longest, *listed[:5]):
            size = len(run_tasks(client, run["id"]))
            sizes = iter([max(limit, size // 20)] * 1000)
            walked = [task for page in pages(client, listing, {"id": run["id"]}, limits=sizes) for task in page.items]
            assert_no_repetition(client, walked)
            assert [task["order"] for task in walked] == list(range(size)), (
                f"the `order` of the tasks of run {run['id']} must count from 0, in pages of {limit}"
            )


@rule("nextstep.tasks.section")
def test_tasks_stand_in_sections_of_their_run(target: Target) -> None:
    """`section_id` of a task is null or a section of its run."""
    with target.open() as client:
        for run in runs(client)[:20]:
            _assert_sections(client, run)


@rule("nextstep.tasks.section", needs=("write",))
def test_tasks_of_new_runs_stand_in_their_sections(target: Target) -> None:
    """`section_id` of a new run's task is null or a section of the run, by id and in the list."""
    with target.open() as client:
        for template in sample_templates(client):
            _assert_sections(client, listed_run(client, start_run(client, template["id"])))


@rule("nextstep.tasks.elements")
def test_elements_have_their_fields(target: Target) -> None:
    """An element has its documented members, and `display_only` is true exactly for read-only types."""
    with target.open() as client:
        for run in runs(client)[:20]:
            _assert_elements(client, run_tasks(client, run["id"]))


@rule("nextstep.tasks.elements", needs=("write",))
def test_elements_of_new_runs_have_their_fields(target: Target) -> None:
    """Elements of a new run have their documented members, by id and in the list."""
    with target.open() as client:
        for template in sample_templates(client):
            _assert_elements(client, run_tasks(client, start_run(client, template["id"])["id"]))


@rule("nextstep.tasks.unique-to-the-run", needs=("write",))
def test_task_ids_are_unique_to_the_run(target: Target) -> None:
    """No two tasks have the same id, within a run or across runs of a template."""
    with target.open() as client:
        run, tasks = start_run_where(client, lambda tasks: len(tasks) > 1, "two tasks")
        others = [start_run(client, run["template_id"])["id"] for _ in range(2)]
        seen = ids(tasks) + [id for other in others for id in ids(run_tasks(client, other))]
        assert len(set(seen)) == len(seen), f"tasks must have different ids; they are {show(seen)}"


@rule("nextstep.tasks.unknown-task", needs=("write",))
@given(id=IDS)
@example(id="x")
def test_an_unknown_task_is_not_found(target: Target, id: str) -> None:
    """An unknown task of a known run answers 404; so does the id of the template's task."""
    with target.open() as client:
        run, tasks = start_run_where(client, lambda tasks: len(tasks) > 1, "two tasks")
        for other in unknown_ids(ids(tasks), id, tasks[0]["template_task_id"], run["id"]):
            _assert_unknown(client, {"id": other, "instance_id": run["id"]})
        assert (got := run_tasks(client, run["id"])) == tasks, (
            f"refused requests must not change the tasks of the run; they are now {show(got)}"
        )


@rule("nextstep.tasks.task-of-another-run", needs=("write",))
def test_a_task_is_unknown_in_other_runs(target: Target) -> None:
    """A task answers 404 under another run and stays unchanged."""
    with target.open() as client:
        run, tasks = start_run_where(client, simple_tasks(2), "two simple tasks or more")
        others = [start_run(client, run["template_id"])["id"]]
        others += [start_run(client, template["id"])["id"] for template in list(published_templates(client))[:3]]
        before = [run_tasks(client, id) for id in others]
        for other in others:
            for task in tasks:
                _assert_unknown(client, {"id": task["id"], "instance_id": other})
        assert (got := run_tasks(client, run["id"])) == tasks, (
            f"requests under another run must not change the tasks of the run; they are now {show(got)}"
        )
        assert (got := [run_tasks(client, id) for id in others]) == before, (
            f"requests for tasks of another run must not change the tasks of the named run; they are now {show(got)}"
        )


def _assert_unknown(client: Client, task: Json) -> None:
    arguments = {"runId": task["instance_id"], "taskId": task["id"]}
    assert_problem(client, client.call("getRunTask", arguments), "task-not-found")
    attempts: tuple[dict[str, Json], ...] = ({"completed": False}, {"custom_elements": []}, {"completed": True})
    for fields in attempts:
        assert_problem(client, client.call("updateRunTask", arguments, json=fields), "task-not-found")


def _assert_fields(client: Client, run_ids: list[str]) -> None:
    for run_id in run_ids:
        for task in run_tasks(client, run_id):
            seen = read_task(client, task)
            for view, names in ((task, FIELDS), (seen, (*FIELDS, *BY_ID))):
                assert not set(names) - view.keys(), (
                    f"task {task['id']} must have the members {show(set(names) - view.keys())}"
                )
                assert view["instance_id"] == run_id, (
                    f"a task of run {run_id} must have its `instance_id`, not {show(view['instance_id'])}"
                )
                assert view["id"] == task["id"], (
                    f"a task must be read by its own id; {task['id']} returns {show(view['id'])}"
                )


def _assert_sections(client: Client, run: Json) -> None:
    known = {*ids(run["sections"]), None}
    for task in run_tasks(client, run["id"]):
        assert task["section_id"] in known, (
            f"task {task['id']} must be in one of the sections {show(known)}, not in {show(task['section_id'])}"
        )


def _assert_elements(client: Client, tasks: list[Json]) -> None:
    for task in tasks:
        for element in (*task["custom_elements"], *read_task(client, task)["custom_elements"]):
            assert not set(ELEMENT) - element.keys(), (
                f"an element must have the members {', '.join(ELEMENT)}: {show(element)}"
            )
            wanted = {**dict.fromkeys(READ_ONLY, True), **dict.fromkeys(WRITABLE, False)}
            assert element["display_only"] is wanted.get(element["type"], element["display_only"]), (
                f"`display_only` must be true exactly for read-only types: {show(element)}"
            )
