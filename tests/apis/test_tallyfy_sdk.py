"""Tallyfy's official Python SDK, unpatched, against the mock over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from tallyfy import TallyfyError, TallyfySDK

from understudy.apis import control
from understudy.engine.worlds import Worlds
from understudy.http.server import serving
from understudy_checks.target import installed

NAME = "b0000000000000000000000000000001"
PLAN = "b0000000000000000000000000000003"
MODULES = "b0000000000000000000000000000004"
COMPANY = "d0000000000000000000000000000001"
INDUSTRY = "d0000000000000000000000000000003"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The URL of a server with the default world."""
    worlds = Worlds(
        [installed.declared("tallyfy"), control.declare],
        seeds={"tallyfy": installed.seeds()["tallyfy"]},
        checked=True,
    )
    with serving(worlds) as served:
        yield served


@pytest.fixture
def world(url: str) -> Iterator[dict[str, Any]]:
    """A fresh world of that server, as the control API describes it."""
    made = requests.post(f"{url}/__mock__/worlds", timeout=10).json()
    yield {**made, **made["apis"]["tallyfy"]}
    requests.delete(f"{url}/__mock__/worlds/{made['id']}", timeout=10)


@pytest.fixture
def sdk(world: dict[str, Any]) -> Iterator[TallyfySDK]:
    """The SDK with a token of the world."""
    with closing_sessions(TallyfySDK(world["api_key"], world["base_url"], retry_delay=0.01, retry_jitter=0)) as made:
        yield made


@pytest.fixture
def organization(world: dict[str, Any]) -> str:
    """The id of the organization."""
    return str(world["organization_id"])


class closing_sessions:  # noqa: N801 - reads like contextlib.closing
    """Close the SDK's HTTP session, for which it has no method."""

    def __init__(self, sdk: TallyfySDK) -> None:
        self.sdk = sdk

    def __enter__(self) -> TallyfySDK:
        return self.sdk

    def __exit__(self, *failure: object) -> None:
        self.sdk.session.close()


def test_a_process_is_launched_worked_on_and_archived(sdk: TallyfySDK, organization: str) -> None:
    """A process is launched with a kick-off form, filled, completed, reopened, archived and activated."""
    template = sdk.templates.get_template(organization, "template_timeline_id")
    assert [field.id for field in template.prerun if field.required] == [NAME]
    form = sdk.templates.get_kickoff_form_fields(organization, template.id)
    assert {field["id"] for field in form} >= {NAME, PLAN}
    plan = {"id": 2, "text": "Premium", "value": None}
    answers = {NAME: "Hooli", PLAN: plan, MODULES: [{"id": 1, "text": "Billing"}]}
    run = sdk.tasks.launch_process(organization, template.id, "Onboarding - Hooli", summary="By SDK", prerun=answers)
    assert (run.name, run.status, run.prerun) == ("Onboarding - Hooli", "active", answers)
    assert (run.progress.complete, run.progress.total, run.progress.percent) == (0, 7, 0)

    tasks = sdk.tasks.get_tasks_for_process(organization, run.id)
    assert [task.position for task in tasks.data] == list(range(1, 9))
    assert [task.status for task in tasks.data].count("auto-skipped") == 1
    details = next(task for task in tasks.data if task.title == "Collect Details")
    with pytest.raises(TallyfyError) as refused:
        sdk.tasks.complete_task(organization, run.id, details.id)
    assert refused.value.status_code == 422
    values = {COMPANY: "Hooli", INDUSTRY: {"id": 2, "text": "Retail", "value": None}}
    owners = {"users": [1002], "guests": [], "groups": []}
    filled = sdk.tasks.update_task(organization, run.id, details.id, taskdata=values, owners=owners)
    assert (filled.taskdata, filled.owners.users, filled.status) == (values, [1002], "in-progress")

    done = sdk.tasks.complete_task(organization, run.id, details.id)
    assert (done.status, done.completer_id) == ("completed", 1002)
    assert sdk.tasks.reopen_task(organization, run.id, details.id).completed_at is None
    for task in sdk.tasks.get_tasks_for_process(organization, run.id).data:
        if task.status != "auto-skipped":
            approved = True if task.task_type == "approval" else None
            assert sdk.tasks.complete_task(organization, run.id, task.id, is_approved=approved).status == "completed"
    complete = sdk.tasks.get_process(organization, run.id, with_="next_task,tasks")
    assert (complete.status, complete.progress.percent) == ("complete", 100)
    assert complete.completed_at is not None
    assert complete.extra["next_task"] == {"data": []}

    assert sdk.tasks.archive_process(organization, run.id)
    assert run.id not in [listed.id for listed in sdk.tasks.get_organization_runs(organization).data]
    assert run.id in [listed.id for listed in sdk.tasks.get_organization_runs(organization, archived="only").data]
    assert sdk.tasks.reactivate_process(organization, run.id).status == "complete"


def test_the_kickoff_form_is_reopened_and_submitted(sdk: TallyfySDK, organization: str) -> None:
    """A complete process is active while its kick-off form is open, and complete again when it is submitted."""
    run = "00000000000000000000000000000c02"
    assert sdk.tasks.get_process(organization, run).status == "complete"
    assert sdk.tasks.reopen_kickoff_form(organization, run)
    assert sdk.tasks.get_process(organization, run).status == "active"
    assert sdk.tasks.complete_kickoff_form(organization, run)
    assert sdk.tasks.get_process(organization, run).status == "complete"


def test_an_issue_holds_a_task(sdk: TallyfySDK, organization: str) -> None:
    """A reported issue puts the process into problem, keeps the task from being completed, and is resolved."""
    run = sdk.tasks.get_process(organization, "PROCESS_RUN_ID")
    task = sdk.tasks.get_tasks_for_process(organization, run.id, status="incomplete").data[0]
    assert sdk.threads.add_task_comment(organization, task.id, "Looking into it").content == "Looking into it"
    issue = sdk.threads.report_task_issue(organization, task.id, "It is broken")
    assert sdk.tasks.get_process(organization, run.id).status == "problem"
    with pytest.raises(TallyfyError):
        sdk.tasks.complete_task(organization, run.id, task.id)
    assert sdk.threads.resolve_task_issues(organization, task.id, issue.id)
    assert sdk.tasks.get_process(organization, run.id).status == "active"
    said = sdk.threads.get_task_comments(organization, run.id, task.id)
    assert [comment.label for comment in said] == ["comment", "problem", "resolve"]
    assert sdk.tasks.complete_task(organization, run.id, task.id).status == "completed"


def test_every_list_is_read_page_by_page(sdk: TallyfySDK, organization: str) -> None:
    """Processes, templates and tasks are read to the end, each item once."""
    lists: list[Callable[..., Any]] = [
        sdk.tasks.get_organization_runs,
        sdk.templates.get_all_templates,
        sdk.tasks.get_my_tasks,
        lambda organization, **paging: sdk.tasks.get_user_tasks(organization, 1003, **paging),
    ]
    for read in lists:
        first = read(organization, page=1, per_page=7)
        pages = [read(organization, page=page, per_page=7) for page in range(1, first.meta.total_pages + 1)]
        ids = [item.id for page in pages for item in page.data]
        assert len(pages) > 1
        assert len(set(ids)) == len(ids) == first.meta.total
        assert first.meta.links.next
        assert pages[-1].meta.links.next is None


def test_a_429_is_obeyed(url: str, world: dict[str, Any], sdk: TallyfySDK, organization: str) -> None:
    """The SDK waits as long as a 429 says, one real second, and then gets its response."""
    fault = {"api": "tallyfy", "operation": "launchRun", "status": 429, "headers": {"Retry-After": "1"}, "times": 1}
    headers = {"X-Mock-World": world["id"]}
    requests.post(f"{url}/__mock__/faults", json=fault, headers=headers, timeout=10).raise_for_status()
    assert (
        sdk.tasks.launch_process(organization, "00000000000000000000000000000a02", "After the wait").status == "active"
    )
    journal = requests.get(f"{url}/__mock__/journal", headers=headers, timeout=10).json()["exchanges"]
    assert [exchange["status"] for exchange in journal] == [429, 201]


def test_refusals_are_told(world: dict[str, Any], sdk: TallyfySDK, organization: str) -> None:
    """An unknown process answers 404, a missing kick-off answer 422 with the field, a wrong token 401."""
    with pytest.raises(TallyfyError) as unknown:
        sdk.tasks.get_process(organization, "0123456789abcdef0123456789abcdef")
    assert (unknown.value.status_code, unknown.value.response_data["code"]) == (404, "RESOURCE_NOT_FOUND")
    with pytest.raises(TallyfyError) as invalid:
        sdk.tasks.launch_process(organization, "template_timeline_id", "Without an answer")
    assert invalid.value.status_code == 422
    assert invalid.value.response_data["errors"] == {f"prerun.{NAME}": ["Customer Name is required"]}
    with closing_sessions(TallyfySDK("wrong", world["base_url"])) as stranger:
        with pytest.raises(TallyfyError) as refused:
            stranger.users.get_current_user_info(organization)
        assert refused.value.status_code == 401


def test_who_i_am(sdk: TallyfySDK, organization: str) -> None:
    """The token's owner has a name and a number."""
    person = sdk.users.get_current_user_info(organization)
    assert (person.id, person.full_name, person.role) == (1002, "Ben Sato", "admin")
