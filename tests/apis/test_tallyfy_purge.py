"""What is left of a Tallyfy process that is deleted for good: nothing, also where no operation shows it."""

from understudy_checks.tallyfy.driver import here, launch, open_tasks
from understudy_checks.target.control_api import control
from understudy_checks.target.mock import mock


def test_nothing_of_a_deleted_process_is_kept() -> None:
    """Its tasks, comments and issues are gone with it: the state of the world names it nowhere."""
    with mock("tallyfy").open() as client:
        place = here(client)
        run = launch(place)
        task = open_tasks(place, run)[0]
        place.do("POST", f"/tasks/{task['id']}/comment", {"content": "A remark"})
        place.do("POST", f"/tasks/{task['id']}/problem", {"content": "A fault"})
        place.do("DELETE", f"/runs/{run['id']}")
        before = control(client.transport, "GET", "/state", world=client.world.headers["x-mock-world"])
        assert place.send("DELETE", f"/runs/{run['id']}/delete").status == 200
        after = control(client.transport, "GET", "/state", world=client.world.headers["x-mock-world"])
    assert {word in repr(before) for word in (run["id"], task["id"], "A remark", "A fault")} == {True}
    assert {word in repr(after) for word in (run["id"], task["id"], "A remark", "A fault")} == {False}
