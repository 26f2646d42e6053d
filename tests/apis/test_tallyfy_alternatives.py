"""The effect of Tallyfy's alternatives and events, and responses that no sample shows."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from conftest import MANY, NOW, Client
from understudy.engine.api import Api
from understudy.engine.clock import Clock, milliseconds
from understudy.engine.exchange import Response
from understudy.engine.worlds import Worlds
from understudy_checks.target import installed

Assuming = Callable[..., "Tallyfy"]
HEADERS: dict[str, Any] = {"x_tallyfy_client": "x", "accept": "application/json"}
ONBOARDING = "template_timeline_id"
DOCUMENT = "00000000000000000000000000000a05"
REPORT = "00000000000000000000000000000a02"
RUN = "/runs/run_id_abc"
WEEKLY = "/runs/PROCESS_RUN_ID_TO_UPDATE"
ARCHIVED = "/runs/00000000000000000000000000000c07"
DETAILS = "c0000000000000000000000000000002"
GIFT = "c0000000000000000000000000000007"
COMPANY, MAIL, PRICES = (f"d000000000000000000000000000000{digit}" for digit in "178")
NOBODY = 9999
NAME = "b0000000000000000000000000000001"
SATURDAY = "2026-04-11T12:00:00Z"


class Tallyfy(Client):
    """Calls the sample organization of Tallyfy with the token of an administrator."""

    def ask(self, method: str, target: str, body: Any = None) -> Response:
        """Send one request under the path of the organization."""
        return self.send(method, f"/organizations/YOUR_ORGANIZATION_ID{target}", body, **HEADERS)

    def data(self, method: str, target: str, body: Any = None) -> Any:
        """Return the data of a successful response."""
        response = self.ask(method, target, body)
        assert response.status < 300, (response.status, response.body)
        return response.json()["data"]

    def wrong(self, method: str, target: str, body: Any = None) -> Any:
        """Return the errors by member of a 422."""
        response = self.ask(method, target, body)
        assert response.status == 422, (response.status, response.body)
        return response.json()["errors"]

    def launched(self, template: str = REPORT, **body: Any) -> Any:
        """Launch a process."""
        return self.data("POST", "/runs", {"checklist_id": template, "name": "New", **body})

    def tasks(self, run: str, query: str = "") -> list[Any]:
        """The tasks of a process."""
        return list(self.data("GET", f"{run}/tasks?per_page=100{query}"))

    def task(self, run: str, step: str) -> str:
        """The path of the task of a step."""
        return f"{run}/tasks/{next(task['id'] for task in self.tasks(run) if task['step_id'] == step)}"

    def hide(self, run: str, step: str) -> None:
        """Let an automation hide the task of a step."""
        payload = {"run_id": run.rpartition("/")[2], "task_id": self.task(run, step).rpartition("/")[2]}
        response = self.control("POST", "/events", {"api": "tallyfy", "event": "hide-task", **payload})
        assert response.status < 300, response


@pytest.fixture(scope="module")
def declared(control: Api) -> list[Api]:
    """Tallyfy and the control API."""
    return [installed.declared("tallyfy"), control]


@pytest.fixture
def assuming(declared: list[Api], seeds: dict[str, Any]) -> Assuming:
    """A client of worlds under other assumptions, each by its id without `tallyfy.`."""

    def make(assume: dict[str, Any] | None = None, **state: Any) -> Tallyfy:
        assumptions = {f"tallyfy.{id}": value for id, value in (assume or {}).items()}
        clock = Clock(milliseconds(NOW), frozen=True)
        own = {"tallyfy": state.get("seed", seeds["tallyfy"])}
        options: dict[str, Any] = {"clock": clock, "limits": {"tallyfy": MANY}, "seeder": installed.load_seed_once}
        worlds = Worlds(declared, seeds=own, assume=assumptions, **options)
        return Tallyfy(worlds, key="YOUR_PERSONAL_ACCESS_TOKEN")

    return make


@pytest.fixture
def client(assuming: Assuming) -> Tallyfy:
    """A client of a world under the default assumptions."""
    return assuming()


@pytest.mark.parametrize(("policy", "shown"), [("null", {"value": None}), ("absent", {}), ("shown", {"value": "Jo"})])
def test_fields_without_values(assuming: Assuming, policy: str, shown: dict[str, Any]) -> None:
    """Included fields without requested answers have null, no member, or the answer."""
    client = assuming({"fields.without-values": policy, "fields.answer-name": ["value"]})
    client.data("PUT", client.task(RUN, DETAILS), {"taskdata": {COMPANY: "Jo"}})
    fields = client.data("GET", f"{RUN}?with=form_fields")["form_fields"]["data"]
    company = next(field for field in fields if field["id"] == COMPANY)
    assert {name: company[name] for name in ("value",) if name in company} == shown


@pytest.mark.parametrize(("field", "value"), [(MAIL, 7), (MAIL, "nobody"), (PRICES, "cheap"), (PRICES, [1])])
def test_refused_answers(client: Tallyfy, field: str, value: Any) -> None:
    """An email address must be one, and a table a list with all its columns."""
    wrong = client.wrong("PUT", client.task(RUN, DETAILS), {"taskdata": {field: value}})
    assert list(wrong) == [f"taskdata.{field}"]


def test_unchecked_email(assuming: Assuming) -> None:
    """An email address can be any text when it is not checked."""
    client = assuming({"fields.email-checked": False})
    task = client.data("PUT", client.task(RUN, DETAILS), {"taskdata": {MAIL: "nobody"}})
    assert task["taskdata"][MAIL] == "nobody"


def test_unknown_include(assuming: Assuming) -> None:
    """An unknown include is ignored, or refused."""
    assert "moon" not in assuming().data("GET", f"{RUN}?with=moon")
    assert list(assuming({"includes.unknown": "reject"}).wrong("GET", f"{RUN}?with=moon")) == ["with"]


def test_fields_of_a_one_off_task(client: Tallyfy) -> None:
    """A task without a step has no form fields."""
    assert client.data("GET", "/tasks/ONEOFF_TASK_ID?with=form_fields")["form_fields"] == {"data": []}


def test_whole_progress(assuming: Assuming) -> None:
    """The whole progress counts hidden tasks, or visible ones alone."""
    totals = {}
    for whole in ("all-tasks", "visible-tasks"):
        run = assuming({"progress.whole": whole}).data("GET", RUN)
        totals[whole] = run["whole_progress"]["total"] - run["progress"]["total"]
    assert totals == {"all-tasks": 1, "visible-tasks": 0}


def test_folder_include(client: Tallyfy) -> None:
    """A template includes its folder, and null when it is in none."""
    assert client.data("GET", f"/checklists/{ONBOARDING}?with=folder")["folder"]["data"]["name"] == "Enterprise"
    assert client.data("GET", f"/checklists/{DOCUMENT}?with=folder")["folder"] is None


@pytest.mark.parametrize("status", ["active", "complete"])
def test_run_without_tasks(assuming: Assuming, status: str) -> None:
    """A process without tasks is active, or complete at once."""
    assert assuming({"runs.without-tasks": status}).launched(DOCUMENT)["status"] == status


def test_archived_run_by_id(assuming: Assuming) -> None:
    """An archived process is shown by its id, or not found."""
    assert assuming().data("GET", ARCHIVED)["status"] == "archived"
    assert assuming({"archive.read-by-id": "not-found"}).ask("GET", ARCHIVED).status == 404


def test_archive_again(assuming: Assuming) -> None:
    """Archiving an archived process, or activating an active one, changes nothing, or is not found."""
    client, strict = assuming(), assuming({"archive.again": "not-found"})
    before = client.data("GET", ARCHIVED), client.data("GET", RUN)
    assert (client.data("DELETE", ARCHIVED), client.data("PUT", f"{RUN}/activate")) == before
    assert [strict.ask("DELETE", ARCHIVED).status, strict.ask("PUT", f"{RUN}/activate").status] == [404, 404]


def test_archived_run_is_locked(client: Tallyfy) -> None:
    """An archived process cannot be changed."""
    assert client.ask("PUT", ARCHIVED, {"name": "Other"}).status == 422
    assert client.data("GET", ARCHIVED)["name"] == "Weekly Report - Week 10"


def test_unknown_references(assuming: Assuming) -> None:
    """A launch with an unknown parent is refused, or has no parent."""
    body = {"checklist_id": REPORT, "parent_id": "nothing"}
    assert list(assuming().wrong("POST", "/runs", body)) == ["parent_id"]
    client = assuming({"runs.unknown-references": "ignore"})
    assert client.launched(parent_id="nothing", tags=["nothing", "tag_abc"])["parent_id"] is None


def test_runs_by_task_status(client: Tallyfy) -> None:
    """Processes are listed by the status of their tasks."""
    listed = client.data("GET", "/runs?task_status=in-progress&per_page=100")
    assert {"run_id_abc", "PROCESS_RUN_ID_TO_GET"} <= {run["id"] for run in listed}
    assert "PROCESS_RUN_ID" not in {run["id"] for run in listed}


@pytest.mark.parametrize(("policy", "count"), [("archived", 4), ("nothing", 0)])
def test_status_archived(assuming: Assuming, policy: str, count: int) -> None:
    """The status `archived` lists the archived processes, or nothing."""
    assert len(assuming({"runs.status-archived": policy}).data("GET", "/runs?status=archived")) == count


def test_status_of_an_update(assuming: Assuming) -> None:
    """A status in an update of a task is ignored, or refused."""
    client, strict = assuming(), assuming({"task-update.status": "reject"})
    path, body = client.task(RUN, DETAILS), {"status": "completed"}
    assert client.data("PUT", path, body)["status"] == "in-progress"
    assert list(strict.wrong("PUT", path, body)) == ["status"]


@pytest.mark.parametrize("status", ["in-progress", "not-started"])
def test_first_answer(assuming: Assuming, status: str) -> None:
    """The first answer starts a task, or leaves it as it is."""
    client = assuming({"task-update.first-answer": status})
    path = client.task(WEEKLY, "e0000000000000000000000000000002")
    body = {"taskdata": {"e1000000000000000000000000000001": "News"}}
    assert client.data("PUT", path, body)["status"] == status


def test_new_position(client: Tallyfy) -> None:
    """A task with another position moves in the list of its process."""
    first, *others = [task["id"] for task in client.tasks(WEEKLY)]
    client.data("PUT", f"{WEEKLY}/tasks/{first}", {"position": 9})
    assert [task["id"] for task in client.tasks(WEEKLY)] == [*others, first]


@pytest.mark.parametrize(("among", "count"), [(False, 2), (True, 3)])
def test_hidden_among_active(assuming: Assuming, among: bool, count: int) -> None:
    """Hidden tasks are not among the active ones, or are."""
    client = assuming({"tasks.hidden-among-active": among})
    client.hide(WEEKLY, "e0000000000000000000000000000001")
    assert len(client.tasks(WEEKLY, "&status=active")) == count


def test_deadline_taken_away(client: Tallyfy) -> None:
    """Null removes the deadline of a task; text that is no date is refused."""
    path = client.task(RUN, DETAILS)
    assert client.data("PUT", path, {"deadline": None})["deadline"] is None
    assert list(client.wrong("PUT", path, {"deadline": "someday"})) == ["deadline"]


@pytest.mark.parametrize(("rule", "deadline"), [(None, None), ({"value": 5, "unit": "days"}, "2026-04-12T10:00:00Z")])
def test_default_deadline(assuming: Assuming, rule: Any, deadline: str | None) -> None:
    """A task whose step has no deadline has none, or the default one."""
    client = assuming({"launch.default-deadline": rule})
    run = client.launched(ONBOARDING, prerun={"b0000000000000000000000000000001": "Hooli"})
    tasks = client.tasks(f"/runs/{run['id']}")
    assert next(task["deadline"] for task in tasks if task["step_id"] == GIFT) == deadline


def test_unknown_owner(assuming: Assuming) -> None:
    """An owner from outside the organization is refused, or dropped."""
    client, lenient = assuming(), assuming({"task-update.unknown-owner": "ignore"})
    path, body = client.task(RUN, DETAILS), {"owners": {"users": [1001, NOBODY], "guests": [], "groups": ["none"]}}
    assert list(client.wrong("PUT", path, body)) == ["owners"]
    assert lenient.data("PUT", path, body)["owners"] == {"users": [1001], "guests": [], "groups": []}


def test_unknown_completer(assuming: Assuming) -> None:
    """A completion for an unknown person is refused, or counts for the caller."""
    client, lenient = assuming(), assuming({"completion.unknown-completer": "ignore"})
    task = client.tasks(WEEKLY)[0]["id"]
    path, body = f"{WEEKLY}/completed-tasks", {"task_id": task, "override_user": NOBODY}
    assert list(client.wrong("POST", path, body)) == ["override_user"]
    assert lenient.data("POST", path, body)["completer_id"] == 1002


@pytest.mark.parametrize(("policy", "day"), [("next", "2026-04-13"), ("previous", "2026-04-10")])
def test_working_days(assuming: Assuming, policy: str, day: str) -> None:
    """A deadline on a day off moves to the next working day, or to the one before."""
    client = assuming({"task-update.working-days": policy})
    task = client.data("PUT", client.task(RUN, DETAILS), {"deadline": SATURDAY})
    assert task["deadline"] == f"{day}T12:00:00Z"


def test_no_working_day(assuming: Assuming, seeds: dict[str, Any]) -> None:
    """In an organization that never works a deadline stays on its day of the week."""
    seed = deepcopy(seeds["tallyfy"])
    seed["organizations"][0]["working_days"] = []
    client = assuming(seed=seed)
    task = client.data("PUT", client.task(RUN, DETAILS), {"deadline": SATURDAY})
    assert task["deadline"] == "2026-04-18T12:00:00Z"


def test_resolve_without_thread(assuming: Assuming) -> None:
    """Resolving without a thread resolves all issues of a task, or is refused."""
    client, strict = assuming(), assuming({"issues.without-thread": "reject"})
    held = client.task("/runs/00000000000000000000000000000c04", "e0000000000000000000000000000001").rpartition("/")[2]
    path = f"/tasks/{held}"
    client.data("POST", f"{path}/resolved-threads", {})
    assert client.data("GET", path)["problem"] is False
    assert list(strict.wrong("POST", f"{path}/resolved-threads", {})) == ["thread_id"]
    assert strict.data("GET", path)["problem"] is True


def test_what_was_not_answered_before_is_told_of_the_task(client: Tallyfy) -> None:
    """A completion without required answers names the task, since its body holds no answers."""
    run = f"/runs/{client.launched(ONBOARDING, prerun={NAME: 'Jo'})['id']}"
    task = client.task(run, DETAILS).rpartition("/")[2]
    wrong = client.wrong("POST", f"{run}/completed-tasks", {"task_id": task})
    assert list(wrong) == ["task_id"]
    assert "Company is required" in wrong["task_id"]


def test_what_was_not_answered_before_is_told_of_the_process(client: Tallyfy) -> None:
    """A kick-off form without its required answers names its process."""
    run = client.launched(ONBOARDING, prerun={NAME: "Jo"})["id"]
    client.data("DELETE", f"/runs/{run}/complete-prerun")
    runs = client.worlds.default.tenants["tallyfy"]["YOUR_ORGANIZATION_ID"]["runs"]
    runs.put({**(runs.get(run) or {}), "prerun": {}})
    assert client.wrong("POST", f"/runs/{run}/complete-prerun") == {"run_id": ["Customer Name is required"]}


def test_an_unknown_owner_is_told_where_the_body_has_it(client: Tallyfy) -> None:
    """An unknown owner of a launched task is named below the task's step, of an updated task by itself."""
    owners = {"owners": {"users": [NOBODY]}}
    body = {"checklist_id": ONBOARDING, "prerun": {NAME: "Jo"}, "tasks": {DETAILS: owners}}
    assert list(client.wrong("POST", "/runs", body)) == [f"tasks.{DETAILS}.owners"]
    assert list(client.wrong("PUT", client.task(RUN, DETAILS), owners)) == ["owners"]
