"""Steps and automated actions of templates of the Tallyfy mock: what the checks leave alone."""

from __future__ import annotations

from test_tallyfy import REPORT, Tallyfy, assuming, client, declared

__all__ = ["assuming", "client", "declared"]  # fixtures


def test_nothing_changes_in_an_archived_template(client: Tallyfy) -> None:
    """Its steps and automated actions are not found."""
    path = f"/checklists/{REPORT}"
    client.happen("archive-template", checklist_id=REPORT)
    assert client.ask("GET", f"{path}/steps").status == 404
    assert client.ask("POST", f"{path}/automated-actions", {"conditions": [], "then_actions": []}).status == 404


def test_one_of_two_automated_actions_is_changed(client: Tallyfy) -> None:
    """The other one stays as it was."""
    path = f"/checklists/{REPORT}/automated-actions"
    first, second = (client.data("POST", path, {"conditions": [], "then_actions": []}) for _ in range(2))
    changed = client.data("PUT", f"{path}/{second['id']}", {"automated_alias": "Second"})
    assert client.data("GET", f"/checklists/{REPORT}")["automated_actions"] == [first, changed]


def test_a_template_with_a_changed_step_comes_first(client: Tallyfy) -> None:
    """Those that are pinned aside, the list begins with the template that was changed last."""
    last = next(one for one in reversed(client.data("GET", "/checklists?per_page=100")) if not one["archived_at"])
    client.data("POST", f"/checklists/{last['id']}/steps", {"title": "One more"})
    listed = [one for one in client.data("GET", "/checklists?per_page=100") if not one["is_pinned"]]
    assert listed[0]["id"] == last["id"]
