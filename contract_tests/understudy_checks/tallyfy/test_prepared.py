"""Tallyfy's rules about what people and automations do in the app, checked on what a person prepared there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from understudy_checks.client import Client, Skipped
from understudy_checks.prepared import prepared, read_prepared
from understudy_checks.rules import rule
from understudy_checks.tallyfy.driver import (
    COMPLETED_STATUS,
    HIDDEN_STATUS,
    Organization,
    complete_task,
    first_organization,
    launch,
    open_tasks,
    read_run,
    run_tasks,
    unwrap_items,
)
from understudy_checks.target.target import Target
from understudy_checks.wording import show

Json = Any


@rule("tallyfy.tasks.hidden-are-listed")
def test_a_prepared_hidden_task_is_listed(target: Target) -> None:
    """A hidden task is in the list of its process once, with its status."""
    with target.open() as client:
        org, task = _hidden_task(client)
        listed = [one["status"] for one in run_tasks(org, {"id": task["run_id"]}) if one["id"] == task["id"]]
        assert listed == [HIDDEN_STATUS], (
            f"a hidden task must be listed once, as {show(HIDDEN_STATUS)}, not {show(listed)}"
        )


@rule("tallyfy.includes.tasks")
def test_a_prepared_hidden_task_is_not_included(target: Target) -> None:
    """The included tasks of a process are all but the hidden ones."""
    with target.open() as client:
        org, task = _hidden_task(client)
        shown = unwrap_items(read_run(org, {"id": task["run_id"]}, with_="tasks")["tasks"])
        tasks = run_tasks(org, {"id": task["run_id"]})
        visible = [one["id"] for one in tasks if one["status"] != HIDDEN_STATUS and one["id"] != task["id"]]
        assert (got := sorted(one["id"] for one in shown)) == sorted(visible), (
            f"the included tasks must be all but the hidden ones, {show(sorted(visible))}, not {show(got)}"
        )


@rule("tallyfy.next-task.no-hidden-task")
def test_a_prepared_hidden_task_is_not_next(target: Target) -> None:
    """A hidden task is not the next one of its process."""
    with target.open() as client:
        org, task = _hidden_task(client)
        following = unwrap_items(read_run(org, {"id": task["run_id"]}, with_="next_task")["next_task"])
        assert task["id"] not in [one["id"] for one in following], (
            f"a hidden task must not be the next one: {task['id']}"
        )


@rule("tallyfy.progress.hidden-tasks")
def test_a_prepared_hidden_task_does_not_count(target: Target) -> None:
    """The progress of a process counts the tasks that are not hidden."""
    with target.open() as client:
        org, task = _hidden_task(client)
        tasks = run_tasks(org, {"id": task["run_id"]})
        visible = [one for one in tasks if one["status"] != HIDDEN_STATUS and one["id"] != task["id"]]
        assert (got := read_run(org, {"id": task["run_id"]})["progress"]["total"]) == len(visible), (
            f"the progress must count the {show(len(visible))} tasks that are not hidden, not {show(got)}"
        )


@rule("tallyfy.completion.not-hidden", needs=("write",))
def test_a_prepared_hidden_task_is_not_completed(target: Target) -> None:
    """A hidden task cannot be completed."""
    with target.open() as client:
        org, task = _hidden_task(client)
        org.assert_refused("POST", f"/runs/{task['run_id']}/completed-tasks", {"task_id": task["id"]})
        assert (got := org.get(f"/tasks/{task['id']}")["status"]) == HIDDEN_STATUS, (
            f"a refused completion must leave the hidden task hidden, but it is {show(got)}"
        )


@rule("tallyfy.issues.process-is-held", needs=("write",))
def test_a_prepared_issue_holds_the_process(target: Target) -> None:
    """A process with an issue of its own shows it, and none of its tasks can be changed."""
    with target.open() as client:
        org = first_organization(client)
        id = prepared(client, "issue_run", lambda: _report_issue(client, org))
        arguments = {"org_id": org.id, "run_id": id}
        run = read_prepared(client, "issue_run", "getRun", arguments)["data"]
        assert (got := (run["status"], run["has_open_issue"])) == ("issue", True), (
            f"a process with an issue must have status `issue` and `has_open_issue: true`, not {show(got)}"
        )
        before: Json = run_tasks(org, run)
        for task in before:
            org.assert_refused("PUT", f"/runs/{id}/tasks/{task['id']}", {"title": task["title"]})
            if task["status"] != COMPLETED_STATUS:
                org.assert_refused("POST", f"/runs/{id}/completed-tasks", {"task_id": task["id"]})
        assert (after := run_tasks(org, run)) == before, f"an issue must hold the tasks; they are now {show(after)}"


@rule("tallyfy.templates.archived-filter")
def test_a_prepared_archived_template_is_listed_on_request(target: Target) -> None:
    """An archived template is listed with `archived=only`, `true` and `1`, and not without."""
    with target.open() as client:
        org = first_organization(client)
        id = prepared(client, "archived_template", lambda: _archive(client, org))
        listed = {
            value: [template["id"] for template in org.list_all("/checklists", archived=value)]
            for value in (None, "false", "0", "only", "true", "1")
        }
        if not any(id in ids for ids in listed.values()):
            _check_archived(client, org, id)
        assert id in listed["only"], "an archived template must be listed with `archived=only`"
        for value in (None, "false", "0"):
            assert not (got := {id, *listed["only"]} & set(listed[value])), (
                f"no archived template must be listed with `archived={show(value)}`, as is {show(got)}"
            )
        for value in ("true", "1"):
            assert sorted(listed[value]) == sorted(listed["only"] + listed[None]), (
                f"`archived={show(value)}` must list all templates, archived or not"
            )


def _check_archived(client: Client, org: Organization, id: str) -> None:
    """Raise Skipped when a template that no list has cannot be read as an archived one either."""
    arguments = {"org_id": org.id, "checklist_id": id}
    template = read_prepared(client, "archived_template", "getTemplate", arguments)["data"]
    if not template.get("archived_at"):
        raise Skipped("the `archived_template` of the target file is not archived")


def _hidden_task(client: Client) -> tuple[Organization, Json]:
    """The organization and the hidden task, as it is read by its id."""
    org = first_organization(client)
    id = prepared(client, "hidden_task", lambda: _hide(client, org))
    task = read_prepared(client, "hidden_task", "getTask", {"org_id": org.id, "task_id": id})["data"]
    if task["status"] in (COMPLETED_STATUS, "not-started", "active"):
        raise Skipped(f"the `hidden_task` of the target file is {task['status']}")
    return org, task


def _hide(client: Client, org: Organization) -> str:
    run = launch(org)
    task: Json = open_tasks(org, run)[0]
    client.event("hide-task", run_id=run["id"], task_id=task["id"])
    return str(task["id"])


def _report_issue(client: Client, org: Organization) -> str:
    run = launch(org)
    complete_task(org, run, open_tasks(org, run)[0])
    client.event("report-process-issue", run_id=run["id"], content="Wrong customer")
    return str(run["id"])


def _archive(client: Client, org: Organization) -> str:
    templates: Sequence[Json] = org.list_all("/checklists")
    client.event("archive-template", checklist_id=templates[0]["id"])
    return str(templates[0]["id"])
