"""Single answers of the Tallyfy mock: what the checks leave alone."""

from __future__ import annotations

from typing import Any

import pytest
from test_tallyfy_alternatives import COMPANY, DETAILS, NAME, RUN, Assuming, Tallyfy, assuming, client, declared

__all__ = ["assuming", "client", "declared"]  # fixtures

PATH = "/form-field/value"


def answer(client: Tallyfy, value: Any = "Jo") -> dict[str, Any]:
    """The body that answers the company of the second task of the sample process."""
    return {"id": f"{client.task(RUN, DETAILS).rpartition('/')[2]}:{COMPANY}", "form_value": value}


def test_a_first_answer_begins_a_task(assuming: Assuming) -> None:
    """A single answer begins work like an update, or does not."""
    for policy in ("in-progress", "not-started"):
        client = assuming({"task-update.first-answer": policy})
        run = f"/runs/{client.launched('template_timeline_id', prerun={NAME: 'Jo'})['id']}"
        task = client.task(run, DETAILS)
        client.data("PUT", PATH, {"id": f"{task.rpartition('/')[2]}:{COMPANY}", "form_value": "Jo"})
        assert client.data("GET", task)["status"] == policy


def test_answers_of_archived_processes_stay(client: Tallyfy) -> None:
    """Neither a task's nor a kick-off form's is changed."""
    body = answer(client)
    client.data("DELETE", RUN)
    for named in (body, {"id": f"run_id_abc:{NAME}", "form_value": "Jo"}):
        assert client.ask("PUT", PATH, named).status == 422


def test_answers_of_one_off_tasks_are_not_found(client: Tallyfy) -> None:
    """A task without form fields has no answers."""
    assert client.ask("PUT", PATH, {"id": f"ONEOFF_TASK_ID:{COMPANY}", "form_value": "Jo"}).status == 404


def test_answers_of_one_off_tasks_with_fields(client: Tallyfy) -> None:
    """A task that has form fields of its own has answers, too."""
    field = {"label": "Note", "field_type": "text", "required": False}
    body = {"title": "A", "task_type": "task", "deadline": "2031-01-08T10:00:00Z", "owners": {}, "form_fields": [field]}
    task = client.data("POST", "/tasks", body)
    (known,) = client.data("GET", f"/tasks/{task['id']}?with=form_fields")["form_fields"]["data"]
    client.data("PUT", PATH, {"id": f"{task['id']}:{known['id']}", "form_value": "Jo"})
    assert client.data("GET", f"/tasks/{task['id']}")["taskdata"] == {known["id"]: "Jo"}


@pytest.mark.parametrize("path", [PATH, f"/guests/guest@customer.example{PATH}"])
def test_ids_that_nobody_knows(assuming: Assuming, path: str) -> None:
    """Every id is unknown where no id is shown."""
    client = assuming({"form-values.id": "unknown"})
    method = "PUT" if path == PATH else "POST"
    assert client.ask(method, path, answer(client)).status == 404


def test_kickoff_fields_of_archived_templates_stay(client: Tallyfy) -> None:
    """They are not found."""
    client.ask("DELETE", "/checklists/template_timeline_id")
    assert client.ask("DELETE", f"/checklists/template_timeline_id/preruns/{NAME}").status == 404
