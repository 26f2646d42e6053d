"""The curl samples of NextStep's pages, run against the mock and compared with what the pages print.

The pages abbreviate and contradict each other. What one world cannot show at once is replayed from
`fixtures/nextstep/recordings` instead: the created run, length and cursor of the abbreviated task list, and the
completion that the list page shows of a task that the task page shows open.
"""

import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from understudy.engine.worlds import Worlds
from understudy.http.server import serving

RUN = "CWpVWwuj7Jkvl3Smlyxb"
TASK = "POPXQSSPZnYNjUz7QBbn"
TEMPLATE = "CcIJXVzRuiP5HvI26FTE"
KEY = "nxs_live_your_key"

pytestmark = pytest.mark.skipif(
    shutil.which("curl") is None, reason="the samples are curl lines; there is no curl here"
)


@pytest.fixture
def url(worlds: Worlds) -> Iterator[str]:
    """The mock on a port."""
    with serving(worlds) as url:
        yield url


def curl(*arguments: str) -> tuple[int, Any]:
    """Run curl like a reader of the page; returns the status and the decoded body."""
    done = subprocess.run(
        ["curl", "-s", "-w", "\n%{http_code}", *arguments], capture_output=True, check=True, timeout=10
    )
    body, _, status = done.stdout.rpartition(b"\n")
    return int(status), msgspec.json.decode(body)


def shown(printed: Any, answered: Any) -> bool:
    """Return whether every printed value is in the response; list items are matched by id."""
    if isinstance(printed, dict):
        return all(name in answered and shown(value, answered[name]) for name, value in printed.items())
    if isinstance(printed, list):
        by_id = {item["id"]: item for item in answered}
        return all(item["id"] in by_id and shown(item, by_id[item["id"]]) for item in printed)
    return bool(printed == answered)


PRINTED_RUN = {
    "id": RUN,
    "template_id": TEMPLATE,
    "title": "Employee Onboarding - Jane Smith",
    "status": "active",
    "started_by": "user123",
    "team_id": "team_abc",
    "timezone": "Pacific/Auckland",
    "due_date": None,
    "is_shared": False,
    "sections": [{"id": "sec_abc", "title": "First Week", "order": 0, "color": "#EC4899"}],
    "created_at": "2026-03-27T02:08:05.224Z",
    "updated_at": None,
    "completed_at": None,
}
PRINTED_TASK = {
    "id": TASK,
    "instance_id": RUN,
    "template_task_id": "Y9Rxzi3uDOvGAYojkHti",
    "title": "Review employee details",
    "order": 0,
    "section_id": "sec_abc",
    "assignee": "user123",
    "is_essential": False,
    "type": "task",
    "custom_elements": [
        {
            "id": "elem_001",
            "type": "shortText",
            "label": "Employee Name",
            "value": "Jane Smith",
            "required": True,
            "display_only": False,
        },
    ],
    "created_at": "2026-03-27T02:08:05.224Z",
}
SECOND_ELEMENT = {
    "id": "elem_002",
    "type": "email",
    "label": "Employee Email",
    "value": "jane@company.com",
    "required": True,
    "display_only": False,
}


def test_list_active_runs_of_a_template(url: str) -> None:
    """Process Runs > List Runs: the printed run, alone, with a cursor on the last page."""
    status, body = curl(
        "-H", f"Authorization: Bearer {KEY}", f"{url}/api/v1/process-runs?status=active&template_id={TEMPLATE}"
    )
    assert status == 200
    assert len(body["data"]) == 1
    assert shown(PRINTED_RUN, body["data"][0])
    assert body["pagination"] == {"next_cursor": RUN, "has_more": False}


def test_create_a_run(url: str) -> None:
    """Process Runs > Create a Run: 201 and the printed values, all but the new id and its time."""
    body = '{"template_id": "CcIJXVzRuiP5HvI26FTE", "name": "Onboarding - Jane Smith"}'
    status, answer = curl(
        "-X", "POST", "-H", f"Authorization: Bearer {KEY}", "-H", "Content-Type: application/json", "-d", body,
        f"{url}/api/v1/process-runs",
    )  # fmt: skip
    assert status == 201
    printed = {
        "template_id": TEMPLATE,
        "title": "Onboarding - Jane Smith",
        "status": "active",
        "started_by": "api",
        "team_id": "team_abc",
        "timezone": "Pacific/Auckland",
        "completed_at": None,
    }
    assert shown(printed, answer["data"])


def test_create_a_run_with_prefilled_fields(url: str) -> None:
    """Process Runs > Pre-filling Form Fields: the run's first task holds both values."""
    body = """{"template_id": "CcIJXVzRuiP5HvI26FTE", "name": "Onboarding - Jane Smith", "custom_elements": [
        {"task_id": "Y9Rxzi3uDOvGAYojkHti", "element_id": "elem_001", "value": "Jane Smith"},
        {"task_id": "Y9Rxzi3uDOvGAYojkHti", "element_id": "elem_002", "value": "jane@company.com"}]}"""
    key = ("-H", f"Authorization: Bearer {KEY}")
    _, answer = curl(
        "-X", "POST", *key, "-H", "Content-Type: application/json", "-d", body, f"{url}/api/v1/process-runs"
    )
    _, tasks = curl(*key, f"{url}/api/v1/process-runs/{answer['data']['id']}/tasks")
    assert [e["value"] for e in tasks["data"][0]["custom_elements"]] == ["Jane Smith", "jane@company.com"]


def test_get_a_run(url: str) -> None:
    """Process Runs > Get a Run: the run that the list prints."""
    status, body = curl("-H", f"Authorization: Bearer {KEY}", f"{url}/api/v1/process-runs/{RUN}")
    assert status == 200
    assert shown(PRINTED_RUN, body["data"])


def test_list_run_tasks(url: str) -> None:
    """Process Runs > List Run Tasks: the printed task with both elements, on a page that has more."""
    status, body = curl("-H", f"Authorization: Bearer {KEY}", f"{url}/api/v1/process-runs/{RUN}/tasks")
    assert status == 200
    elements = [*PRINTED_TASK["custom_elements"], SECOND_ELEMENT]
    assert shown([{**PRINTED_TASK, "custom_elements": elements}], body["data"])
    assert body["pagination"]["has_more"] is True


def test_get_a_task(url: str) -> None:
    """Tasks > Get a Task: the printed task, incomplete."""
    status, body = curl("-H", f"Authorization: Bearer {KEY}", f"{url}/api/v1/process-runs/{RUN}/tasks/{TASK}")
    assert status == 200
    still_open = {"completed": False, "completed_at": None, "completed_by": None, "due_date": None}
    assert shown({**PRINTED_TASK, **still_open, "webhook_enabled": False}, body["data"])


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"completed": true}', {"completed": True, "completed_by": "api"}),
        (
            '{ "custom_elements": [ { "id": "elem_001", "value": "Jane Smith" }, '
            '{ "id": "elem_002", "value": "jane@company.com" } ] }',
            {"custom_elements": [*PRINTED_TASK["custom_elements"], SECOND_ELEMENT]},
        ),
        (
            '{ "completed": true, "actor_email": "jane@company.com", "custom_elements": [ '
            '{ "id": "elem_001", "value": "Jane Smith" }, { "id": "elem_002", "value": "jane@company.com" } ] }',
            {"completed": True, "completed_by": "user123"},
        ),
    ],
    ids=["complete", "fill", "both"],
)
def test_update_a_task(url: str, body: str, expected: dict[str, Any]) -> None:
    """Tasks > Update a Task: the three printed bodies take effect, and the run stays open."""
    key = ("-H", f"Authorization: Bearer {KEY}")
    task = f"{url}/api/v1/process-runs/{RUN}/tasks/{TASK}"
    status, answer = curl("-X", "PATCH", *key, "-H", "Content-Type: application/json", "-d", body, task)
    assert status == 200
    assert shown(expected, answer["data"])
    assert curl(*key, f"{url}/api/v1/process-runs/{RUN}")[1]["data"]["status"] == "active"


def test_unpublish_a_template(url: str) -> None:
    """Process Runs > Attributing the run to a person: the body that takes a template out of use."""
    status, answer = curl(
        "-X", "POST", "-H", f"Authorization: Bearer {KEY}", "-H", "Content-Type: application/json",
        "-d", '{ "published": false }', f"{url}/api/v1/process-templates/{TEMPLATE}/publish",
    )  # fmt: skip
    assert status == 200
    assert answer["data"]["is_published"] is False


@pytest.mark.parametrize("query", ["", "?limit=5"])
def test_list_templates(url: str, query: str) -> None:
    """REST API > Quick Start and Pagination: the first page, with the key that is printed there."""
    status, body = curl("-H", "Authorization: Bearer nxs_live_your_key_here", f"{url}/api/v1/process-templates{query}")
    assert status == 200
    assert len(body["data"]) == (5 if query else 20)
    assert body["pagination"]["has_more"] is True


def test_next_page_of_templates(url: str) -> None:
    """REST API > Pagination: `next_cursor` of the previous answer leads on."""
    key = ("-H", "Authorization: Bearer nxs_live_your_key_here")
    first = curl(*key, f"{url}/api/v1/process-templates?limit=5")[1]
    status, second = curl(*key, f"{url}/api/v1/process-templates?limit=5&cursor={first['pagination']['next_cursor']}")
    assert status == 200
    assert not {item["id"] for item in first["data"]} & {item["id"] for item in second["data"]}
