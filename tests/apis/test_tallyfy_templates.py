"""Templates of the Tallyfy mock that are changed, duplicated and archived: what the checks leave alone."""

from __future__ import annotations

from typing import Any

import pytest
from test_tallyfy import ORGANIZATION, REPORT, TEMPLATE, Assuming, Tallyfy, assuming, client, declared

__all__ = ["assuming", "client", "declared"]  # fixtures
OTHER = "00000000000000000000000000000b0b"
KEY_OF_BOTH = "tfy00000000000000000000000000000000b1004"
HEADERS = {"x_tallyfy_client": "x", "accept": "application/json"}


def made(client: Tallyfy, **body: Any) -> str:
    """The path of a new template."""
    return f"/checklists/{client.data('POST', '/checklists', {'title': 'A', 'type': 'procedure', **body})['id']}"


def test_a_field_that_the_template_does_not_have_is_refused(client: Tallyfy) -> None:
    """A kick-off field with an unknown id, and one that lacks members, are told by their place."""
    path = made(client)
    answer = client.ask("PUT", path, {"title": "A", "prerun": [{"id": "nope"}, {"label": "B"}]})
    assert answer.json()["errors"] == {
        "prerun.0.id": ["The selected field is invalid."],
        "prerun.1.field_type": ["The field type field is required."],
        "prerun.1.required": ["The required field is required."],
    }


@pytest.mark.parametrize(("policy", "labels"), [("removed", ["B"]), ("kept", ["B", "A"])])
def test_fields_that_an_update_leaves_out(assuming: Assuming, policy: str, labels: list[str]) -> None:
    """They are removed, or by assumption kept behind the others."""
    client = assuming({"template-update.left-out-fields": policy})
    path = made(client, prerun=[{"label": "A", "field_type": "text", "required": True}])
    sent = [{"label": "B", "field_type": "text", "required": False}]
    assert [f["label"] for f in client.data("PUT", path, {"title": "A", "prerun": sent})["prerun"]] == labels


def test_an_archived_template_is_neither_changed_nor_duplicated(client: Tallyfy) -> None:
    """It is not found, nor is it archived a second time."""
    path = f"/checklists/{REPORT}"
    assert client.ask("DELETE", path).status == 200
    for method, end, body in (("PUT", "", {"title": "A"}), ("POST", "/clone", {}), ("DELETE", "", None)):
        assert client.ask(method, path + end, body).status == 404, method


def test_what_is_archived_already(assuming: Assuming) -> None:
    """By assumption it is found, and archiving it again changes nothing."""
    client = assuming({"templates.archived": "shown"})
    client.ask("DELETE", f"/checklists/{REPORT}")
    before = client.data("GET", f"/checklists/{REPORT}")
    assert client.ask("DELETE", f"/checklists/{REPORT}").json()["deleted_references"] == []
    assert client.data("GET", f"/checklists/{REPORT}") == before


@pytest.mark.parametrize(("policy", "status"), [("unchanged", 200), ("not-found", 404)])
def test_restoring_what_is_not_archived(assuming: Assuming, policy: str, status: int) -> None:
    """It stays as it is, or by assumption is not found."""
    assert assuming({"templates.restored-again": policy}).ask("PUT", f"/checklists/{REPORT}/restore").status == status


def test_events_on_what_is_so_already(client: Tallyfy) -> None:
    """Archiving twice, and restoring twice, is as good as once."""
    for event, status in (("archive-template", "archived"), ("restore-template", "active")):
        for _ in range(2):
            assert client.happen(event, checklist_id=REPORT).json()["result"]["status"] == status


def test_an_embed_whose_template_is_gone(client: Tallyfy) -> None:
    """A text of a template that was deleted meanwhile is told as one that is not put back."""
    path = made(client)
    span = f'<span data-blueprint-id="{path.rpartition("/")[2]}">[[A]]</span>'
    holder = made(client, guidance=f"{span} and <span data-blueprint-id='x'>more</span>")
    assert [one["type"] for one in client.ask("DELETE", path).json()["deleted_references"]] == ["Blueprint"]
    assert client.data("GET", holder)["guidance"] == " and <span data-blueprint-id='x'>more</span>"
    client.ask("DELETE", holder)
    client.ask("DELETE", f"{holder}/delete")
    meta = client.ask("PUT", f"{path}/restore").json()["meta"]
    assert [one["reason"] for one in meta["unrestored_references"]] == ["It was deleted after the archive."]


def test_an_embed_in_a_step_of_a_template_that_is_gone(client: Tallyfy) -> None:
    """A step whose template was deleted meanwhile is told, too."""
    path, holder = made(client), made(client)
    text = f'<span data-blueprint-id="{path.rpartition("/")[2]}">[[A]]</span>'
    client.data("POST", f"{holder}/steps", {"title": "Call", "summary": text})
    for gone in (path, holder, f"{holder}/delete"):
        client.ask("DELETE", gone)
    (lost,) = client.ask("PUT", f"{path}/restore").json()["meta"]["unrestored_references"]
    assert (lost["type"], lost["resolution"]) == ("Step", "skipped")


@pytest.mark.parametrize("resolution", ["skipped", "not_restored", "manual"])
def test_the_resolution_of_an_embed_that_is_not_put_back(assuming: Assuming, resolution: str) -> None:
    """A text that was edited after the archive is told with the resolution that is assumed."""
    client = assuming({"templates.unrestored-resolution": resolution})
    path = made(client)
    holder = made(client, guidance=f'<span data-blueprint-id="{path.rpartition("/")[2]}">[[A]]</span>')
    client.ask("DELETE", path)
    client.data("PUT", holder, {"title": "Holds it", "guidance": "Other words"})
    (lost,) = client.ask("PUT", f"{path}/restore").json()["meta"]["unrestored_references"]
    assert lost["resolution"] == resolution
    assert lost["reason"] == "It was edited after the archive."


@pytest.mark.parametrize(("policy", "status"), [("deleted", 200), ("reject", 422)])
def test_a_template_with_processes_is_deleted(assuming: Assuming, policy: str, status: int) -> None:
    """Its processes are deleted with it, or by assumption it stays while there are any."""
    client = assuming({"templates.purged-processes": policy})
    run, _ = client.launched()
    client.ask("DELETE", f"/checklists/{REPORT}")
    assert client.ask("DELETE", f"/checklists/{REPORT}/delete").status == status
    assert (client.ask("GET", f"/runs/{run}").status == 200) == (status == 422)


def test_a_template_of_another_organization_is_duplicated(client: Tallyfy) -> None:
    """A person of both gets a copy without people, groups and folders of the other one; nobody else gets one."""
    path = f"/checklists/{TEMPLATE}/clone"
    for tenant in (OTHER, "nowhere"):
        assert client.ask("POST", path, {"tenant": tenant}).status == 403
    client.key = KEY_OF_BOTH
    answer = client.send("POST", f"/organizations/{OTHER}{path}", {"tenant": ORGANIZATION}, **HEADERS)
    assert answer.status == 201, answer.body
    copy = answer.json()["data"]
    assert (copy["owner_id"], copy["users"], copy["groups"], copy["folder_id"]) == (1004, [], [], None)
    steps = client.send("GET", f"/organizations/{OTHER}/checklists/{copy['id']}/steps", **HEADERS).json()["data"]
    assert {(tuple(step["groups"]), *step["assignees"]) for step in steps} <= {((),), ((), 1004)}
    assert client.ask("POST", "/checklists/nope/clone", {}).status == 404


def test_a_template_is_duplicated_without_a_body(client: Tallyfy) -> None:
    """All of the body may be left out, and so may the body."""
    answer = client.ask("POST", f"/checklists/{TEMPLATE}/clone", None)
    assert answer.status == 201
    assert answer.json()["data"]["title"]


def test_the_copy_of_a_form_is_sent_as_a_form(client: Tallyfy) -> None:
    """The official client sends no JSON here."""
    path = f"/organizations/{ORGANIZATION}/checklists/{TEMPLATE}/clone"
    form = {"content_type": "application/x-www-form-urlencoded"}
    copy = client.send("POST", path, raw=b"title=B+%26+C", **HEADERS, **form).json()["data"]
    assert (copy["title"], copy["alias"]) == ("B & C", f"b-c-{copy['id'][:6]}")


def test_an_archived_template_is_not_published(client: Tallyfy) -> None:
    """It has to be restored first."""
    made = client.data("POST", "/checklists", {"title": "Old", "type": "procedure"})
    client.ask("DELETE", f"/checklists/{made['id']}")
    assert client.ask("PUT", f"/checklists/{made['id']}/publish").status == 404
    client.ask("PUT", f"/checklists/{made['id']}/restore")
    assert client.data("PUT", f"/checklists/{made['id']}/publish")["is_published_state"] is True
