"""Publishing and unpublishing templates: the flag, the edits that new runs get, the runs that stay as they are."""

from __future__ import annotations

from understudy_checks.client import Client
from understudy_checks.nextstep.driver import (
    Json,
    complete_task,
    listed_run,
    publish_template,
    read_run,
    read_task,
    read_template,
    redesign_template,
    run_tasks,
    simple_tasks,
    start_run,
    start_run_where,
    template_tasks,
    templates,
    unpublished,
    update_task,
    writable_elements,
)
from understudy_checks.refusals import assert_problem
from understudy_checks.rules import rule
from understudy_checks.target.target import Target
from understudy_checks.wording import show


@rule("nextstep.publishing.unpublish", needs=("write",))
def test_a_template_is_unpublished(target: Target) -> None:
    """An unpublished template has `is_published: false`, by id and in a list that shows it."""
    with target.open() as client:
        id = _startable(client)
        with unpublished(client, id):
            client.idle(1, "publishing changes nothing else")
            assert (got := read_template(client, id)["is_published"]) is False, (
                f"an unpublished template must have `is_published: false`, not {show(got)}"
            )
            assert all(not entry["is_published"] for entry in templates(client) if entry["id"] == id), (
                f"the list must not show the unpublished template {id} as published"
            )


@rule("nextstep.publishing.publish-again", needs=("write",))
def test_a_template_is_published_again(target: Target) -> None:
    """A template can be published again any number of times, and then runs can be started."""
    with target.open() as client:
        id = _startable(client)
        for _ in range(2):
            with unpublished(client, id):
                client.idle(1, "publishing changes nothing else")
            assert (got := read_template(client, id)["is_published"]) is True, (
                f"a republished template must have `is_published: true`, not {show(got)}"
            )
            assert (got := [entry["is_published"] for entry in templates(client) if entry["id"] == id]) == [True], (
                f"the list must show the republished template once, with `is_published: true`; shown: {show(got)}"
            )
            assert (got := start_run(client, id)["template_id"]) == id, (
                f"a run of a republished template must have its `template_id`, not {show(got)}"
            )


@rule("nextstep.publishing.publish-again", needs=("write",))
def test_drafts_are_published(target: Target) -> None:
    """A draft from the list can be published, and then a run can be started."""
    with target.open() as client:
        for draft in [entry["id"] for entry in templates(client) if not entry["is_published"]][:3]:
            publish_template(client, draft)
            try:
                assert (got := read_template(client, draft)["is_published"]) is True, (
                    f"a published draft must have `is_published: true`, not {show(got)}"
                )
                assert (got := start_run(client, draft)["template_id"]) == draft, (
                    f"a run of a published draft must have its `template_id`, not {show(got)}"
                )
            finally:
                publish_template(client, draft, flag=False)


@rule("nextstep.publishing.edits-reach-new-runs", needs=("write", "events"))
def test_edits_reach_new_runs(target: Target) -> None:
    """A new run has the edits that were made while its template was unpublished."""
    with target.open() as client:
        element = {"id": "first", "type": "shortText", "label": "First"}
        id = redesign_template(client, [{"title": "First", "custom_elements": [element]}, {"title": "Second"}])
        assert (got := _design(client, id)) == [("First", ["First"]), ("Second", [])], (
            f"a new run must have the tasks and elements of its template, not {show(got)}"
        )
        first, second = template_tasks(client, id)
        edited = {**element, "label": "Renamed"}, {"id": "more", "type": "number", "label": "More"}
        with unpublished(client, id):
            tasks = [
                {"id": second["id"], "title": "Added"},
                {"id": first["id"], "title": "Moved", "custom_elements": edited},
            ]
            client.event("edit-template", template_id=id, title="Edited", tasks=tasks)
        assert (got := start_run(client, id)["title"]) == "Edited", (
            f"a new run must have the edited title of its template, not {show(got)}"
        )
        assert (got := _design(client, id)) == [("Added", []), ("Moved", ["Renamed", "More"])], (
            f"a new run must have the edited tasks and elements of its template, not {show(got)}"
        )


@rule("nextstep.publishing.runs-are-unaffected", needs=("write",))
def test_existing_runs_are_unaffected(target: Target) -> None:
    """Publishing and unpublishing a template changes none of its runs; their tasks can still be updated."""
    with target.open() as client:
        run, tasks = start_run_where(
            client,
            lambda tasks: simple_tasks(2)(tasks) and bool(writable_elements(tasks)),
            "simple tasks with elements",
        )
        complete_task(client, tasks[0])
        before = _seen(client, run)
        with unpublished(client, run["template_id"]):
            client.idle(1, "publishing changes nothing else")
            assert (got := _seen(client, run)) == before, (
                f"unpublishing a template must not change its runs; this one is now {show(got)}"
            )
        assert (got := _seen(client, run)) == before, (
            f"publishing a template again must not change its runs; this one is now {show(got)}"
        )
        with unpublished(client, run["template_id"]):
            update_task(client, tasks[0], completed=False)
        assert (got := read_task(client, tasks[0])["completed"]) is False, (
            f"a task must be reopened while its template is unpublished; `completed` is {show(got)}"
        )


@rule("nextstep.publishing.wrong-type", needs=("write",))
def test_published_is_no_object(target: Target) -> None:
    """An object or an array for `published` is refused and leaves the template as it is."""
    with target.open() as client:
        id = _startable(client)
        _assert_refused(client, id)
        with unpublished(client, id):
            _assert_refused(client, id)


def _startable(client: Client) -> str:
    return str(start_run_where(client, simple_tasks(), "simple tasks")[0]["template_id"])


def _assert_refused(client: Client, id: str) -> None:
    before = read_template(client, id)
    for value in ({}, {"published": True}, [], [True], [False]):
        response = client.call("publishProcessTemplate", {"id": id}, json={"published": value})
        assert_problem(client, response, "invalid")
        assert (got := read_template(client, id)) == before, (
            f"a refused request must not change the template; it is now {show(got)}"
        )


def _design(client: Client, id: str) -> list[tuple[str, list[str]]]:
    """Start a run; returns the title of each task with the labels of its elements."""
    tasks = run_tasks(client, start_run(client, id)["id"])
    return [(task["title"], [element["label"] for element in task["custom_elements"]]) for task in tasks]


def _seen(client: Client, run: Json) -> tuple[Json, Json, list[Json]]:
    return read_run(client, run["id"]), listed_run(client, run), run_tasks(client, run["id"])
