"""NextStep's rules about what people do in the app, checked on what a person prepared there."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from understudy_checks.client import Client, Skipped
from understudy_checks.nextstep.driver import (
    await_completed,
    complete_task,
    read_task,
    read_template,
    redesign_template,
    run_tasks,
    simple_tasks,
    skip_task,
    start_run,
    start_run_where,
    template_tasks,
    unpublished,
)
from understudy_checks.prepared import prepared, read_prepared
from understudy_checks.rules import rule
from understudy_checks.target.target import Target
from understudy_checks.wording import show

Json = Any


@rule("nextstep.completion.skipped-counts")
def test_a_prepared_run_of_skipped_tasks_is_completed(target: Target) -> None:
    """A run in which each task was completed or skipped is completed."""
    with target.open() as client:
        await_completed(client, _skipped_run(client)["id"], "each task was completed or skipped")


@rule("nextstep.completion.skipped-is-shown")
def test_a_prepared_skipped_task_is_shown_as_such(target: Target) -> None:
    """The tasks that were skipped have `skipped: true`, read by their ids."""
    with target.open() as client:
        tasks = run_tasks(client, _skipped_run(client)["id"])
        skipped = [task for task in tasks if not task["completed"]]
        shown = [read_task(client, task).get("skipped") for task in skipped or tasks]
        assert all(one is True for one in shown) if skipped else True in shown, (
            f"the tasks that were skipped must have `skipped: true`, not {show(shown)}"
        )


@rule("nextstep.completion.essential-cannot-be-skipped")
def test_a_prepared_essential_task_is_not_skipped(target: Target) -> None:
    """No essential task of the run is skipped, though a person tried it."""
    with target.open() as client:
        run = _read(client, "essential_run", prepared(client, "essential_run", lambda: _essential_run(client)))
        essential = [task for task in run_tasks(client, run["id"]) if task.get("is_essential")]
        if not essential:
            raise Skipped("the `essential_run` of the target file has no essential task")
        for task in essential:
            assert not (got := read_task(client, task).get("skipped")), (
                f"an essential task must not be skipped; `skipped` is {show(got)}"
            )


@rule("nextstep.creation.snapshot")
def test_a_prepared_run_is_what_it_was(target: Target) -> None:
    """A run keeps the titles that its template had, although that has others now."""
    with target.open() as client:
        run, template = _edited_run(client)
        tasks, designed = _titles(run_tasks(client, run["id"])), _titles(template_tasks(client, template["id"]))
        assert tasks != designed, "a run must keep the tasks of its start, not have those of the edited template"
        assert (got := run["title"]) != template["title"], (
            f"a run must keep the title of its start, not have that of the edited template, {show(got)}"
        )
        sections = [section["title"] for section in run.get("sections") or ()]
        assert not sections or sections != [section["title"] for section in template["sections"]], (
            f"a run must keep the sections of its start, not have those of the edited template, {show(sections)}"
        )


@rule("nextstep.publishing.edits-reach-new-runs", needs=("write",))
def test_a_new_run_is_what_its_prepared_template_is(target: Target) -> None:
    """A new run has the titles of its edited template, and not those of the run before."""
    with target.open() as client:
        run, template = _edited_run(client)
        new = start_run(client, template["id"])
        assert (got := new["title"]) == template["title"], (
            f"a new run must have the edited title {show(template['title'])}, not {show(got)}"
        )
        before, tasks = _titles(run_tasks(client, run["id"])), _titles(run_tasks(client, new["id"]))
        designed = [title for _, title in _titles(template_tasks(client, template["id"]))]
        assert None in designed or [title for _, title in tasks] == designed, (  # a template's may show none
            f"a new run must have the tasks of its edited template, {show(designed)}, not {show(tasks)}"
        )
        assert tasks != before, "a new run must not have the tasks that its template had before it was edited"


def _read(client: Client, name: str, id: str) -> Json:
    return read_prepared(client, name, "getProcessRun", {"id": id})["data"]


def _skipped_run(client: Client) -> Json:
    return _read(client, "skipped_run", prepared(client, "skipped_run", lambda: _skip(client)))


def _skip(client: Client) -> str:
    run, (first, *others) = start_run_where(client, _can_be_skipped, "two tasks that can be skipped")
    skip_task(client, first)
    for task in others:
        complete_task(client, task)
    return str(run["id"])


def _can_be_skipped(tasks: Sequence[Json]) -> bool:
    return simple_tasks(2)(tasks) and not any(task.get("is_essential") for task in tasks)


def _essential_run(client: Client) -> str:
    designed = [{"title": "Essential", "is_essential": True}, {"title": "Other"}]
    run = start_run(client, redesign_template(client, designed))
    with suppress(RuntimeError):  # the app refuses it
        skip_task(client, run_tasks(client, run["id"])[0])
    return str(run["id"])


def _edited_run(client: Client) -> tuple[Json, Json]:
    """The run and its template."""
    run = _read(client, "edited_run", prepared(client, "edited_run", lambda: _edit(client)))
    return run, read_template(client, run["template_id"])


def _edit(client: Client) -> str:
    run, tasks = start_run_where(client, simple_tasks(1), "simple tasks")
    edited = [{"id": task["template_task_id"], "title": f"{task['title']}, edited"} for task in tasks]
    sections = [{**section, "title": f"{section['title']}, edited"} for section in run.get("sections") or ()]
    with unpublished(client, run["template_id"]):
        client.event(
            "edit-template",
            template_id=run["template_id"],
            title=f"{run['title']}, edited",
            sections=sections,
            tasks=edited,
        )
    return str(run["id"])


def _titles(tasks: Sequence[Json]) -> list[tuple[str, str | None]]:
    """The tasks of a run or template: the id in the template, and the title, if it is shown."""
    return [(task.get("template_task_id", task["id"]), task.get("title")) for task in tasks]
