"""The kit's own code for Tallyfy, where no check on a well-behaved target with many data would lead."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec import structs

from understudy.apis import control
from understudy.engine.clock import Clock, milliseconds
from understudy.engine.exchange import Request, Response
from understudy.engine.worlds import Worlds
from understudy.http.app import App
from understudy_checks.budget import Budget
from understudy_checks.client import Skipped
from understudy_checks.tallyfy import test_completion as completion
from understudy_checks.tallyfy import test_includes as includes
from understudy_checks.tallyfy import test_launch as launches
from understudy_checks.tallyfy import test_life_cycle as life_cycle
from understudy_checks.tallyfy import test_lists as lists
from understudy_checks.tallyfy import test_runs as runs
from understudy_checks.tallyfy import test_tasks as tasks
from understudy_checks.tallyfy import test_templates as templates
from understudy_checks.tallyfy.driver import first_organization, is_working_day, launch, plain_template, run_tasks
from understudy_checks.target import installed
from understudy_checks.target.control_api import CONTROL
from understudy_checks.target.mock import START, Mock, mock
from understudy_checks.target.server import Server
from understudy_checks.target.settings import settings_of_entry
from understudy_checks.target.target import Target
from understudy_checks.target.transport import Transport, in_process

TALLYFY = installed.document("tallyfy")

Change = Callable[[str, Any], Any]


def served() -> Transport:
    """Our mock as it is installed."""
    worlds = Worlds(
        [installed.declared("tallyfy"), control.declare],
        seeds={"tallyfy": installed.seeds()["tallyfy"]},
        clock=Clock(milliseconds(START), frozen=True),
        seeder=installed.load_seed_once,
    )
    return in_process(App(worlds))


def changed(change: Change) -> Target:
    """Our mock, where `change` makes the answers to what is read of its paths and of what it should answer."""
    transport = served()

    def send(request: Request) -> Response:
        response = transport(request)
        if request.method != "GET" or CONTROL in request.path or response.status != 200:
            return response
        return structs.replace(response, body=json.dumps(change(request.path, response.json())).encode())

    return Mock(TALLYFY, send)


def empty(path: str, body: Any) -> Any:
    """Lists of nothing, but for the organizations."""
    return {**body, "data": []} if "meta" in body and not path.endswith("/me/organizations") else body


def active(path: str, body: Any) -> Any:
    """Lists of active processes only."""
    if not path.endswith("/runs"):
        return body
    return {**body, "data": [run for run in body["data"] if run["status"] == "active"]}


def unowned(path: str, body: Any) -> Any:
    """No process is listed, so that nobody owns one."""
    return {**body, "data": []} if path.endswith("/runs") else body


def common(path: str, body: Any) -> Any:
    """Nobody is an administrator."""
    return {**body, "data": {**body["data"], "role": "standard"}} if path.endswith("/me") else body


def loose(path: str, body: Any) -> Any:
    """No process is in a folder."""
    told = body["data"]
    if path.endswith("/runs"):
        return {**body, "data": [{**run, "folders": []} for run in told]}
    return body


def idle(path: str, body: Any) -> Any:
    """No organization tells its working days."""
    told = body["data"]
    return {**body, "data": {**told, "working_days": None}} if "working_days" in told else body


def apart() -> Change:
    """Every look at one's organizations finds others."""
    number = count()

    def change(path: str, body: Any) -> Any:
        if not path.endswith("/me/organizations"):
            return body
        return {**body, "data": [{**one, "id": f"{next(number):032x}"} for one in body["data"]]}

    return change


@pytest.mark.parametrize(
    ("check", "change"),
    [
        (completion.test_somebody_else_completed_the_task, unowned),
        (completion.test_only_assignees_complete_some_tasks, common),
        (completion.test_an_organization_shares_the_limit, apart()),
        (includes.test_included_tags_are_those_of_the_process, empty),
        (includes.test_the_next_task_has_its_fields_only, empty),
        (launches.test_a_process_has_its_owner, unowned),
        (launches.test_tasks_belong_to_whom_their_steps_name, empty),
        (launches.test_deadlines_count_from_the_launch, empty),
        (lists.test_tasks_of_the_organization_are_found_by_guest_and_group, empty),
        (lists.test_tasks_of_the_organization_are_found_by_deadline, empty),
        (lists.test_tasks_are_found_by_tag_and_folder_of_their_process, empty),
        (lists.test_tasks_are_found_by_the_day_of_their_creation, empty),
        (lists.test_lists_of_tasks_are_sorted, empty),
        (lists.test_listed_tasks_include_what_was_asked_for, empty),
        (lists.test_a_template_shows_its_folders, empty),
        (lists.test_processes_are_found_by_further_statuses, empty),
        (lists.test_included_fields_are_the_same_in_a_list, empty),
        (lists.test_somebody_else_starts_a_process, empty),
        (lists.test_a_process_is_launched_as_told, loose),
        (runs.test_times_go_with_the_status, active),
        (runs.test_archived_processes_are_listed_on_request, active),
        (runs.test_processes_are_filtered_by_status, active),
        (runs.test_processes_are_filtered_by_people_and_groups, empty),
        (runs.test_processes_are_filtered_by_what_they_show, empty),
        (runs.test_only_an_archived_process_is_deleted, common),
        (runs.test_only_an_administrator_deletes, apart()),
        (runs.test_form_fields_of_a_process, empty),
        (tasks.test_a_task_has_its_fields, empty),
        (tasks.test_the_organization_lists_its_tasks, empty),
        (tasks.test_tasks_of_the_organization_are_filtered, empty),
        (tasks.test_a_task_gets_another_deadline, idle),
        (templates.test_a_template_has_its_fields, empty),
    ],
)
def test_a_target_that_lacks_something_is_not_checked(check: Callable[[Target], None], change: Change) -> None:
    """What a check needs and a target has not is a reason not to check."""
    with pytest.raises(Skipped):
        check(changed(change))


def test_a_token_without_organization_or_templates_is_not_checked() -> None:
    """There is nothing to check where a token belongs nowhere, or where there is nothing to launch."""

    def nowhere(path: str, body: Any) -> Any:
        return {**body, "data": []} if path.endswith("/me/organizations") else body

    with changed(nowhere).open() as client, pytest.raises(Skipped, match="no organization"):
        first_organization(client)
    with changed(empty).open() as client, pytest.raises(Skipped, match="no template"):
        plain_template(first_organization(client))


def test_processes_are_looked_at_where_nothing_may_be_written() -> None:
    """On a target that may only be read, the processes that are there are enough."""
    transport = served()
    with Mock(TALLYFY, transport).open() as client:
        settings = settings_of_entry(client.access.given)
        elsewhere = Server(TALLYFY, transport, TALLYFY.prefixes[0], settings, name="elsewhere", budget=Budget())
        runs.test_a_process_has_its_fields(elsewhere)


def test_a_limit_for_bursts_is_waited_for() -> None:
    """A comment that is refused for another reason than the limit for comments is tried three times."""
    transport, tried = served(), []

    def send(request: Request) -> Response:
        response = transport(request)
        if not request.path.endswith("/comment"):
            return response
        tried.append(request)
        body = {"error": True, "message": "Too many requests", "code": "TOO_MANY_REQUESTS"}
        return Response(429, (*response.headers, (b"retry-after", b"1")), json.dumps(body).encode())

    with Mock(TALLYFY, send).open() as client:
        org = first_organization(client)
        task = run_tasks(org, launch(org))[0]
        assert completion._comment(org, task, "Again").status == 429
    assert len(tried) == 3


def test_the_life_cycle_knows_what_can_happen() -> None:
    """The model follows tasks that are completed, reopened, hidden and in trouble, and a form that opens and shuts."""
    machine = life_cycle.LifeCycle(mock("tallyfy"))
    machine.begin()

    def everywhere(*steps: Callable[[int], None]) -> None:
        for number, _ in enumerate(machine.tasks):
            for step in steps:
                step(number)
                machine.shows_what_it_is()

    everywhere(machine.hide_or_show, machine.report, machine.complete_task, machine.hide_or_show)
    everywhere(machine.report, machine.complete_task)
    machine.archive_and_activate()
    for _ in machine.tasks:
        machine.resolve()
        machine.shows_what_it_is()
    everywhere(machine.complete_task, machine.hide_or_show)
    for _ in range(2):
        machine.reopen_or_submit()
        machine.shows_what_it_is()
    everywhere(machine.reopen_task, machine.reopen_task)
    machine.teardown()


def test_a_week_that_is_told_in_part_is_not_relied_on() -> None:
    """Whether a date moves cannot be said; without any day told, each is a working day."""
    half: Any = SimpleNamespace(get=lambda path: {"working_days": {"monday": True}})
    untold: Any = SimpleNamespace(get=lambda path: {})
    at = datetime(2031, 1, 5, tzinfo=UTC)
    with pytest.raises(Skipped, match="does not tell its working days"):
        is_working_day(half, at)
    assert is_working_day(untold, at)
