"""Members and one-off tasks of the Tallyfy mock: what the checks leave alone."""

from __future__ import annotations

from test_tallyfy import Tallyfy, assuming, client, declared

__all__ = ["assuming", "client", "declared"]  # fixtures

ONE_OFF = "00000000000000000000000000000f04"
BODY = {"title": "Call", "task_type": "task", "deadline": "2031-01-06T09:00:00Z", "owners": {"users": [1001]}}


def test_the_only_administrator_keeps_the_role(client: Tallyfy) -> None:
    """A standard member cannot become what nobody else is."""
    client.data("PUT", "/users/1001/role", {"role": "standard"})
    assert client.ask("PUT", "/users/1002/role", {"role": "light"}).status == 422
    assert client.data("PUT", "/users/1002/role", {"role": "admin"})["role"] == "admin"


def test_no_task_joins_an_archived_process(client: Tallyfy) -> None:
    """A one-off task of an archived process is not made."""
    run, _ = client.launched()
    assert client.data("POST", "/tasks", {**BODY, "run_id": run})["run_id"] == run
    client.ask("DELETE", f"/runs/{run}")
    assert client.ask("POST", "/tasks", {**BODY, "run_id": run}).status >= 400


def test_an_archived_one_off_task_is_not_done(client: Tallyfy) -> None:
    """It has to be restored first."""
    client.ask("DELETE", f"/tasks/{ONE_OFF}")
    assert client.ask("POST", "/completed-tasks", {"task_id": ONE_OFF}).status >= 400


def test_options_may_be_null(client: Tallyfy) -> None:
    """A field without options has an empty list of them."""
    fields = [{"label": "Note", "field_type": "text", "options": None, "columns": None, "required": False}]
    task = client.data("POST", "/tasks", {**BODY, "form_fields": fields})
    shown = client.data("GET", f"/tasks/{task['id']}?with=form_fields")["form_fields"]["data"]
    assert [(one["options"], one["columns"]) for one in shown] == [([], [])]


def test_the_only_administrator_becomes_no_guest(client: Tallyfy) -> None:
    """Another one does, with the same names."""
    client.data("PUT", "/users/1001/role", {"role": "standard"})
    assert client.ask("PUT", "/users/1002/to/guest").status == 422
    assert client.data("GET", "/users/1002")["role"] == "admin"
    assert client.data("PUT", "/users/1001/to/guest")["first_name"] == "Ana"
