"""Groups, tags and folders of the Tallyfy mock: what follows when one of them goes."""

from __future__ import annotations

from test_tallyfy import REPORT, Assuming, Tallyfy, assuming, client, declared

__all__ = ["assuming", "client", "declared"]  # fixtures

ONE_OFF = "00000000000000000000000000000f04"
GROUP, TAG, FOLDER = "60000000000000000000000000000002", "tag_abc", "f0000000000000000000000000000001"


def test_a_task_of_a_deleted_group_is_its_members(client: Tallyfy) -> None:
    """Who was in the group owns the task, in the list of a person, too, also where it is of no process."""
    run, (first, *_) = client.launched()
    owners = {"users": [1003], "guests": [], "groups": [GROUP]}
    client.data("PUT", f"/runs/{run}/tasks/{first}", {"owners": owners})
    assert client.ask("DELETE", f"/groups/{GROUP}").status == 204
    task = client.data("GET", f"/tasks/{first}")
    assert task["owners"] == {"users": [1003, 1002, 1004], "guests": ["guest@customer.example"], "groups": []}
    assert first in [one["id"] for one in client.data("GET", "/users/1004/tasks?without_pagination=true")]
    assert client.data("GET", f"/tasks/{ONE_OFF}")["owners"]["users"] == [1002, 1004]
    assert client.run(run)["collaborators"] == [1002, 1003, 1004]


def test_a_deleted_group_leaves_the_steps_of_templates(client: Tallyfy) -> None:
    """A process that is launched afterwards gives no task to it."""
    client.ask("DELETE", f"/groups/{GROUP}")
    answers = {"b0000000000000000000000000000001": "Hooli"}
    run = client.data("POST", "/runs", {"checklist_id": "template_timeline_id", "prerun": answers})
    tasks = client.data("GET", f"/runs/{run['id']}/tasks?without_pagination=true")
    assert [task["owners"]["groups"] for task in tasks] == [[]] * 8


def test_a_process_is_in_a_folder_once(client: Tallyfy) -> None:
    """Putting a process into a folder that it is in changes nothing."""
    run, _ = client.launched()
    body = {"folder_id": FOLDER, "subject_id": run, "subject_type": "Run"}
    first, again = client.data("POST", "/folders/add-object", body), client.data("POST", "/folders/add-object", body)
    assert first == again
    folders = client.data("GET", f"/runs/{run}?with=folders")["folders"]["data"]
    assert [folder["id"] for folder in folders] == [FOLDER]


def test_folders_inside_a_deleted_one(assuming: Assuming) -> None:
    """They move up, or by assumption go, too; a template in one that goes is in none."""
    inner = "f0000000000000000000000000000002"
    usual, other = assuming(), assuming({"folders.deleted-children": "deleted"})
    for asked in (usual, other):
        asked.ask("DELETE", f"/folders/{FOLDER}")
    assert usual.data("GET", f"/folders/{inner}")["parent_id"] is None
    assert usual.data("GET", "/checklists/template_timeline_id")["folder_id"] == inner
    assert other.ask("GET", f"/folders/{inner}").status == 404
    assert other.data("GET", "/checklists/template_timeline_id")["folder_id"] is None


def test_included_tags(assuming: Assuming) -> None:
    """An included tag has the number of its association, or by assumption its own id alone."""
    path = "/checklists/template_timeline_id?with=tags"
    (usual,), (other,) = (
        one.data("GET", path)["tags"]["data"] for one in (assuming(), assuming({"tags.included": "tag"}))
    )
    assert (usual["tag_id"], str(usual["id"]).isdigit(), usual["title"]) == (TAG, True, "Onboarding")
    assert (other["id"], "tag_id" in other) == (TAG, False)


def test_a_template_tells_its_steps_and_processes(client: Tallyfy) -> None:
    """`steps_count` and `started_processes` count, `users` and `groups` are lists."""
    client.launched()
    shown = client.data("GET", f"/checklists/{REPORT}")
    assert (shown["steps_count"], shown["users"], shown["groups"]) == (3, [], [])
    client.launched()
    assert client.data("GET", f"/checklists/{REPORT}")["started_processes"] == shown["started_processes"] + 1
