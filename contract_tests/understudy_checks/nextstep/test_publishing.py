"""Publishing and unpublishing templates: what it turns, what it lets pass to new runs, what it leaves alone."""

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
from understudy_checks.target.targets import Target


@rule("nextstep.publishing.unpublish", needs=("write",))
def test_a_template_is_unpublished(target: Target) -> None:
    """Unpublishing turns `is_published` to false, by id and in the list, if that still shows the template."""
    with target.open() as client:
        id = _startable(client)
        with unpublished(client, id):
            client.advance(1)
            assert read_template(client, id)["is_published"] is False
            assert all(not entry["is_published"] for entry in templates(client) if entry["id"] == id)


@rule("nextstep.publishing.publish-again", needs=("write",))
def test_a_template_is_published_again(target: Target) -> None:
    """Publishing turns `is_published` to true again, as often as one likes, and runs can be started again."""
    with target.open() as client:
        id = _startable(client)
        for _ in range(2):
            with unpublished(client, id):
                client.advance(1)
            assert read_template(client, id)["is_published"] is True
            assert [entry["is_published"] for entry in templates(client) if entry["id"] == id] == [True]
            assert start_run(client, id)["template_id"] == id


@rule("nextstep.publishing.publish-again", needs=("write",))
def test_drafts_are_published(target: Target) -> None:
    """A template that was listed as not published can be published, and started."""
    with target.open() as client:
        for draft in [entry["id"] for entry in templates(client) if not entry["is_published"]][:3]:
            publish_template(client, draft)
            try:
                assert read_template(client, draft)["is_published"] is True
                assert start_run(client, draft)["template_id"] == draft
            finally:
                publish_template(client, draft, flag=False)


@rule("nextstep.publishing.edits-reach-new-runs", needs=("write", "events"))
def test_edits_reach_new_runs(target: Target) -> None:
    """What was added, changed and taken out between unpublishing and publishing shows in new runs."""
    with target.open() as client:
        element = {"id": "first", "type": "shortText", "label": "First"}
        id = redesign_template(client, [{"title": "First", "custom_elements": [element]}, {"title": "Second"}])
        assert _design(client, id) == [("First", ["First"]), ("Second", [])]
        first, second = template_tasks(client, id)
        edited = {**element, "label": "Renamed"}, {"id": "more", "type": "number", "label": "More"}
        with unpublished(client, id):
            tasks = [
                {"id": second["id"], "title": "Added"},
                {"id": first["id"], "title": "Moved", "custom_elements": edited},
            ]
            client.event("edit-template", template_id=id, title="Edited", tasks=tasks)
        assert start_run(client, id)["title"] == "Edited"
        assert _design(client, id) == [("Added", []), ("Moved", ["Renamed", "More"])]


@rule("nextstep.publishing.runs-are-unaffected", needs=("write",))
def test_existing_runs_are_unaffected(target: Target) -> None:
    """Unpublishing and publishing a template changes nothing in its runs, which can still be worked on."""
    with target.open() as client:
        run, tasks = start_run_where(
            client,
            lambda tasks: simple_tasks(2)(tasks) and bool(writable_elements(tasks)),
            "simple tasks with elements",
        )
        complete_task(client, tasks[0])
        before = _seen(client, run)
        with unpublished(client, run["template_id"]):
            client.advance(1)
            assert _seen(client, run) == before
        assert _seen(client, run) == before
        with unpublished(client, run["template_id"]):
            update_task(client, tasks[0], completed=False)
        assert read_task(client, tasks[0])["completed"] is False


@rule("nextstep.publishing.wrong-type", needs=("write",))
def test_published_is_no_object(target: Target) -> None:
    """An object or an array for `published` is refused, and the template stays as it was, published or not."""
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
        assert read_template(client, id) == before


def _design(client: Client, id: str) -> list[tuple[str, list[str]]]:
    """The titles of the tasks of a new run, each with the labels of its elements."""
    tasks = run_tasks(client, start_run(client, id)["id"])
    return [(task["title"], [element["label"] for element in task["custom_elements"]]) for task in tasks]


def _seen(client: Client, run: Json) -> tuple[Json, Json, list[Json]]:
    return read_run(client, run["id"]), listed_run(client, run), run_tasks(client, run["id"])
