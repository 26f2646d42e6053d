"""Promises of the Tallyfy mock alone: events, refusals, seeds, inconsistent records, and some alternatives."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from conftest import MANY, NOW, Client
from understudy.apis.tallyfy.records import inconsistencies, moment
from understudy.engine.api import Api
from understudy.engine.clock import Clock, milliseconds
from understudy.engine.exchange import Response
from understudy.engine.worlds import Worlds
from understudy_checks.target import installed

Assuming = Callable[..., "Tallyfy"]
ORGANIZATION = "YOUR_ORGANIZATION_ID"
TOKEN = "YOUR_PERSONAL_ACCESS_TOKEN"
TEMPLATE = "template_timeline_id"
REPORT = "00000000000000000000000000000a02"
OLD = "00000000000000000000000000000a06"


class Tallyfy(Client):
    """Calls the sample organization with the token of an administrator."""

    def ask(self, method: str, target: str, body: Any = None, **headers: str) -> Response:
        """Send one request under the path of the organization."""
        given = {"x_tallyfy_client": "x", "accept": "application/json", **headers}
        return self.send(method, f"/organizations/{ORGANIZATION}{target}", body, **given)

    def data(self, method: str, target: str, body: Any = None) -> Any:
        """Return the data of a successful response."""
        response = self.ask(method, target, body)
        assert response.status < 300, (response.status, response.body)
        return response.json()["data"]

    def happen(self, event: str, **payload: Any) -> Response:
        """Send an event of a person or an automation in the app."""
        return self.control("POST", "/events", {"api": "tallyfy", "event": event, **payload})

    def launched(self) -> tuple[str, list[str]]:
        """Launch a process of three steps; returns its id and those of its tasks."""
        id = self.data("POST", "/runs", {"checklist_id": REPORT, "name": "New"})["id"]
        return id, [task["id"] for task in self.data("GET", f"/runs/{id}/tasks")]

    def complete(self, run: str, task: str) -> None:
        """Complete a task."""
        self.data("POST", f"/runs/{run}/completed-tasks", {"task_id": task})

    def run(self, id: str) -> Any:
        """Read a process by its id."""
        return self.data("GET", f"/runs/{id}")


@pytest.fixture(scope="module")
def declared(control: Api) -> list[Api]:
    """Tallyfy and the control API."""
    return [installed.declared("tallyfy"), control]


@pytest.fixture
def assuming(declared: list[Api], seeds: dict[str, Any]) -> Assuming:
    """A client of worlds under other assumptions, each by its id without `tallyfy.`."""

    def make(assume: dict[str, Any] | None = None) -> Tallyfy:
        assumptions = {f"tallyfy.{id}": value for id, value in (assume or {}).items()}
        clock, own = Clock(milliseconds(NOW), frozen=True), {"tallyfy": seeds["tallyfy"]}
        options: dict[str, Any] = {"clock": clock, "limits": {"tallyfy": MANY}, "seeder": installed.load_seed_once}
        worlds = Worlds(declared, seeds=own, assume=assumptions, **options)
        return Tallyfy(worlds, key=TOKEN)

    return make


@pytest.fixture
def client(assuming: Assuming) -> Tallyfy:
    """A client of a world under the default assumptions."""
    return assuming()


@pytest.mark.parametrize(("policy", "status"), [("any", 200), ("required", 400)])
def test_accept(assuming: Assuming, policy: str, status: int) -> None:
    """A request that does not accept JSON is answered, or by assumption refused."""
    response = assuming({"authentication.accept": policy}).ask("GET", "/me", accept="text/html")
    assert (response.status < 300) == (status == 200)


def test_the_folders_around_a_template(client: Tallyfy) -> None:
    """The path of folders leads from the outermost to the template's own."""
    path = client.data("GET", f"/checklists/{TEMPLATE}?entire_folder_tree=1")["entire_folder_tree"]
    assert [folder["name"] for folder in path] == ["Customers", "Enterprise"]


@pytest.mark.parametrize(("policy", "status"), [("not-found", 404), ("shown", 200)])
def test_archived_templates(assuming: Assuming, policy: str, status: int) -> None:
    """An archived template is not found, or by assumption shown."""
    assert assuming({"templates.archived": policy}).ask("GET", f"/checklists/{OLD}").status == status


def test_templates_are_archived_and_restored(client: Tallyfy) -> None:
    """A template is gone while it is archived; an unknown one cannot be archived."""
    assert client.happen("archive-template", checklist_id=REPORT).json()["result"]["status"] == "archived"
    assert client.ask("GET", f"/checklists/{REPORT}").status == 404
    assert client.happen("restore-template", checklist_id=REPORT).json()["result"]["status"] == "active"
    assert client.ask("GET", f"/checklists/{REPORT}").status == 200
    assert client.happen("archive-template", checklist_id="nope").status == 404


def test_a_task_moves(client: Tallyfy) -> None:
    """A task that is given another position has it afterwards."""
    run, tasks = client.launched()
    client.data("PUT", f"/runs/{run}/tasks/{tasks[0]}", {"position": 3})
    assert client.data("GET", f"/runs/{run}/tasks/{tasks[0]}")["position"] == 3


@pytest.mark.parametrize("policy", ["active", "complete"])
def test_a_complete_process_whose_task_is_reopened(assuming: Assuming, policy: str) -> None:
    """The process is active again, or by assumption stays complete."""
    client = assuming({"runs.reopened-by-task": policy})
    run, tasks = client.launched()
    for task in tasks:
        client.complete(run, task)
    assert client.run(run)["status"] == "complete"
    client.data("DELETE", f"/runs/{run}/completed-tasks/{tasks[0]}")
    assert client.run(run)["status"] == policy


@pytest.mark.parametrize(("policy", "problem"), [("comment", False), ("issue", True)])
def test_a_comment_labelled_problem(assuming: Assuming, policy: str, problem: bool) -> None:
    """A comment with the label problem is a comment, or by assumption an issue."""
    client = assuming({"comments.problem-label": policy})
    run, tasks = client.launched()
    client.data("POST", f"/tasks/{tasks[0]}/comment", {"content": "Hm", "label": "problem"})
    assert client.data("GET", f"/runs/{run}/tasks/{tasks[0]}")["problem"] is problem


def test_an_improvement_marks_its_process(client: Tallyfy) -> None:
    """A process with a suggested improvement is listed as such."""
    run, tasks = client.launched()
    client.data("POST", f"/tasks/{tasks[0]}/comment", {"content": "Hm", "label": "improvement"})
    assert run in [found["id"] for found in client.data("GET", "/runs?status=improvement")]


def test_an_issue_about_a_task_of_no_process(client: Tallyfy) -> None:
    """A one-off task takes an issue and has no process to count it."""
    task = next(task for task in client.worlds.default.tenants["tallyfy"][ORGANIZATION]["tasks"] if not task["run_id"])
    client.data("POST", f"/tasks/{task['id']}/problem", {"content": "Hm"})
    assert client.data("GET", f"/tasks/{task['id']}")["problem"] is True


def test_only_what_can_be_hidden_is(client: Tallyfy) -> None:
    """An open task can be hidden and shown again; a completed one cannot be hidden."""
    run, tasks = client.launched()
    client.complete(run, tasks[0])
    assert client.happen("hide-task", run_id=run, task_id=tasks[0]).status == 409
    assert client.happen("show-task", run_id=run, task_id=tasks[1]).status == 409
    assert client.happen("hide-task", run_id=run, task_id=tasks[1]).json()["result"]["status"] == "auto-skipped"
    assert client.happen("show-task", run_id=run, task_id=tasks[1]).json()["result"]["status"] != "auto-skipped"


def test_events_name_what_there_is(client: Tallyfy) -> None:
    """An event for an unknown process or task answers 404, for an archived process or one without an issue 409."""
    run, tasks = client.launched()
    assert client.happen("hide-task", run_id="nope", task_id=tasks[0]).status == 404
    assert client.happen("hide-task", run_id=run, task_id="nope").status == 404
    assert client.happen("resolve-process-issue", run_id=run).status == 409
    client.ask("DELETE", f"/runs/{run}")
    assert client.happen("hide-task", run_id=run, task_id=tasks[0]).status == 409


def test_a_process_with_an_issue_is_held(client: Tallyfy) -> None:
    """No task of a process with an issue can be archived or completed until the issue is resolved."""
    run, tasks = client.launched()
    client.happen("report-process-issue", run_id=run)
    assert client.ask("POST", f"/runs/{run}/completed-tasks", {"task_id": tasks[0]}).status >= 400
    assert client.happen("resolve-process-issue", run_id=run).json()["result"]["status"] == "active"
    client.complete(run, tasks[0])


def test_archived_processes_stand_still(client: Tallyfy) -> None:
    """Tasks of an archived process are neither completed nor commented on."""
    run, tasks = client.launched()
    client.ask("DELETE", f"/runs/{run}")
    assert client.ask("POST", f"/runs/{run}/completed-tasks", {"task_id": tasks[0]}).status == 422
    assert client.ask("POST", f"/tasks/{tasks[0]}/comment", {"content": "Hm"}).status == 422


def test_revoked_tokens_are_no_good(client: Tallyfy) -> None:
    """A revoked token is refused at once; an unknown one cannot be revoked."""
    assert client.happen("revoke-key", key="nope").status == 404
    assert client.happen("revoke-key", key=TOKEN).json()["result"]["state"] == "revoked"
    assert client.ask("GET", "/me").status == 401


@pytest.mark.parametrize(("policy", "status"), [("not-found", 404), ("forbidden", 403)])
def test_processes_of_another_organization(assuming: Assuming, policy: str, status: int) -> None:
    """Another organization's process is not found, or by assumption forbidden."""
    client = assuming({"errors.foreign-object": policy})
    tenants = client.worlds.default.tenants["tallyfy"]
    run = next(run["id"] for name, store in tenants.items() if name != ORGANIZATION for run in store["runs"])
    assert client.ask("GET", f"/runs/{run}").status == status


def _first(kind: str, **changes: Any) -> Callable[[Any], Any]:
    return lambda organization: organization[kind][0].update(changes)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_first("tokens", state="lost"), "lost is none of valid, revoked"),
        (_first("tokens", user=9999), "there is no person 9999"),
        (_first("runs", template="nope"), "there is no template nope"),
        (_first("runs", completed_at=NOW, tasks=[]), "with completed_at"),
        (_first("runs", tasks=[{"step": "nope"}]), "the template has no step nope"),
        (_first("tasks", status="completed", completed_at=None), "is completed with completed_at None"),
        (_first("people", nmae="x"), "'nmae' was unexpected"),
    ],
)
def test_a_seed_that_does_not_fit_is_told(
    declared: list[Api], seeds: dict[str, Any], damage: Callable[[Any], Any], message: str
) -> None:
    """An error in a seed file is reported with its pointer."""
    content = deepcopy(seeds["tallyfy"])
    damage(content["organizations"][0])
    with pytest.raises(ValueError, match=message):
        declared[0].seed(content, declared[0].contract)


@pytest.mark.parametrize(
    ("collection", "changes", "message"),
    [
        ("organization", {"id": "other"}, "there must be one"),
        ("folders", {"parent_id": "nope"}, "there is no nope in folders"),
        ("folders", {"parent_id": "f0000000000000000000000000000002"}, "it is inside itself"),
        ("tasks", {"checklist_id": "nope"}, "it is not that of its run"),
        ("tasks", {"step_id": "nope"}, "its template has no step nope"),
        ("tasks", {"deadline": "soon"}, "soon"),
        ("tasks", {"deadline": "0000-01-01"}, "year 0"),
    ],
)
def test_records_that_do_not_fit_are_told(client: Tallyfy, collection: str, changes: Any, message: str) -> None:
    """Inconsistent records in a state are reported with their pointer."""
    store = client.worlds.default.tenants["tallyfy"][ORGANIZATION]
    assert list(inconsistencies(ORGANIZATION, store)) == []
    store[collection].put(next(iter(store[collection])) | changes)
    assert any(message in misfit for misfit in inconsistencies(ORGANIZATION, store))


def test_an_organization_has_people(client: Tallyfy) -> None:
    """An organization without people is refused, and no time is before 1970."""
    store = client.worlds.default.tenants["tallyfy"][ORGANIZATION]
    for person in list(store["people"]):
        store["people"].remove(person["id"])
    assert "people: there must be at least one" in list(inconsistencies(ORGANIZATION, store))
    with pytest.raises(ValueError, match="before 1970"):
        moment("1969-12-31")


@pytest.mark.parametrize(("policy", "status"), [("empty", 200), ("reject", 422)])
def test_a_page_past_the_end(assuming: Assuming, policy: str, status: int) -> None:
    """A page after the last one is empty, or by assumption refused with the page's name."""
    response = assuming({"pagination.past-the-end": policy}).ask("GET", "/runs?page=999")
    assert response.status == status
    assert response.json().get("data", []) == []
    assert ("page" in response.json().get("errors", {})) == (status == 422)


@pytest.mark.parametrize("policy", [False, True])
def test_everything_at_once(assuming: Assuming, policy: bool) -> None:
    """A list without paging has no pagination, or by assumption that of one page."""
    body = assuming({"pagination.meta-of-everything": policy}).ask("GET", "/runs?without_pagination=true").json()
    assert ("meta" in body) is policy
    if policy:
        assert body["meta"]["pagination"]["total"] == len(body["data"])


@pytest.mark.parametrize("owners", [{"users": [1002, 1002]}, {"guests": ["a@x.org"] * 3}, {"users": ["1002", 1002]}])
def test_an_owner_given_twice_owns_a_task_once(client: Tallyfy, owners: dict[str, Any]) -> None:
    """A task lists an owner once who was sent several times, and no other task changes."""
    run, tasks = client.launched()
    path = f"/runs/{run}/tasks"
    assert client.ask("PUT", f"{path}/{tasks[0]}", {"owners": owners}).status == 200
    for task in (tasks[1], tasks[0], tasks[1]):
        assert client.ask("PUT", f"{path}/{task}", {"position": 5}).status == 200
    assert sorted(task["id"] for task in client.data("GET", path)) == sorted(tasks)
    for own in ({"users": [1001]}, owners, {"users": []}):
        assert client.ask("PUT", f"{path}/{tasks[0]}", {"owners": own}).status == 200
        assert sorted(task["id"] for task in client.data("GET", path)) == sorted(tasks)
    client.done("PUT", "/state", client.done("GET", "/state"))


@pytest.mark.parametrize("now", ["0001-01-01", "1969-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"])
def test_a_process_is_launched_at_any_time(assuming: Assuming, now: str) -> None:
    """A launch works at any clock time; a deadline beyond the last timestamp is the last timestamp."""
    client = assuming()
    client.worlds.default.clock = Clock(milliseconds(now), frozen=True)
    run, tasks = client.launched()
    assert client.run(run)["started_at"] == f"{now[:10]}T{now[11:19] or '00:00:00'}Z"
    deadlines = [task["deadline"] for task in client.data("GET", f"/runs/{run}/tasks")]
    assert all(deadline is None or now[:4] <= deadline[:4] for deadline in deadlines)
    for task in tasks:
        client.ask("PUT", f"/runs/{run}/tasks/{task}", {"deadline": "9999-12-31 23:59:59"})
    client.done("PUT", "/state", client.done("GET", "/state"))
