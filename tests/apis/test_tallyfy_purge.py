"""A deleted Tallyfy process leaves no record in the state of its world."""

from understudy_checks.tallyfy.driver import first_organization, launch, open_tasks
from understudy_checks.target.control_api import control
from understudy_checks.target.mock import mock


def test_nothing_of_a_deleted_process_is_kept() -> None:
    """The state of a world names a deleted process, its tasks, comments and issues nowhere."""
    with mock("tallyfy").open() as client:
        org = first_organization(client)
        run = launch(org)
        task = open_tasks(org, run)[0]
        org.call("POST", f"/tasks/{task['id']}/comment", {"content": "A remark"})
        org.call("POST", f"/tasks/{task['id']}/problem", {"content": "A fault"})
        org.call("DELETE", f"/runs/{run['id']}")
        before = control(client.transport, "GET", "/state", world=client.world.headers["x-mock-world"])
        assert org.send("DELETE", f"/runs/{run['id']}/delete").status == 200
        after = control(client.transport, "GET", "/state", world=client.world.headers["x-mock-world"])
    assert {word in repr(before) for word in (run["id"], task["id"], "A remark", "A fault")} == {True}
    assert {word in repr(after) for word in (run["id"], task["id"], "A remark", "A fault")} == {False}
