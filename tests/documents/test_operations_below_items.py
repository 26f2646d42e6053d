"""Operations below an item that are no resource, as requests see them: changes of it, jobs for it, examples."""

from __future__ import annotations

from typing import Any

import pytest

from own_document import FOLDER, Served, served, shared
from understudy.apis.explained import explained
from understudy.apis.own import Own, understand
from understudy.document.infer import infer
from understudy.document.infer.states import state_after
from understudy.document.open_world import read_own

BELOW = ("feed", "archive", "cancel", "duplicate", "move")


@pytest.fixture
def zoo() -> Served:
    """A zoo with one animal, 1."""
    return zoo_with()


def zoo_with(**assume: Any) -> Served:
    """The same, with assumptions on animals."""
    known = {f"actions.animals.{name.replace('_', '-')}": value for name, value in assume.items()}
    api = served(FOLDER / "traits/actions.yaml", assume=known)
    assert api.send("POST", "/animals", {"name": "Ada"}).status == 201
    return api


def shown(api: Served) -> Any:
    """The animal."""
    return api.get("/animals/1").json()


def test_an_action_that_answers_the_item_changes_what_both_have(zoo: Served) -> None:
    """The answer is the record; members that only the request has are not kept."""
    answer = zoo.send("POST", "/animals/1/feed", {"weight": 7, "grams": 3, "colour": "red"})
    assert answer.json() == shown(zoo) == {"id": 1, "name": "Ada", "weight": 7, "status": "new"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/archive", "archived"),
        ("POST", "/cancel", "cancelled"),
        ("POST", ":activate", "active"),
        ("DELETE", "/nap", "open"),
    ],
)
def test_the_name_of_an_action_sets_the_status(zoo: Served, method: str, path: str, status: str) -> None:
    """Whether it answers the record, something else or nothing."""
    assert zoo.send(method, f"/animals/1{path}").status < 300
    assert shown(zoo)["status"] == status


def test_a_world_may_leave_the_status_as_it_is() -> None:
    """The record is answered then, and must be there all the same."""
    api = zoo_with(does_archive="take")
    assert api.send("POST", "/animals/1/archive").json() == shown(api) == {"id": 1, "name": "Ada", "status": "new"}
    assert api.send("POST", "/animals/2/archive").status == 404


def test_a_world_may_take_nothing_of_the_request() -> None:
    """The action answers the record as it is."""
    api = zoo_with(does_feed="read")
    before = shown(api)
    assert api.send("POST", "/animals/1/feed", {"weight": 7}).json() == shown(api) == before


def test_an_action_whose_answer_holds_a_job_makes_one(zoo: Served) -> None:
    """It names the item, can be read, and is done when the world's time has passed."""
    action = zoo.send("POST", "/animals/1/move").json()["action"]
    assert (action["animal_id"], action["resources"]) == (1, [{"id": 1, "type": "animal"}])
    assert action["status"] == "running"
    assert zoo.send("POST", "/__mock__/clock/advance", {"seconds": 1}).status == 200
    assert zoo.get(f"/actions/{action['id']}").json() == {"action": {**action, "status": "success"}}


def test_an_action_that_makes_a_copy_changes_nothing(zoo: Served) -> None:
    """What it answers is an example: the item is not the copy."""
    before = shown(zoo)
    assert zoo.send("POST", "/animals/1/duplicate").status == 200
    assert shown(zoo) == before


def test_a_list_in_a_request_changes_no_member(zoo: Served) -> None:
    """Its answer is the record."""
    assert zoo.send("PUT", "/animals/1/nap", ["a"]).json() == shown(zoo)


def test_an_example_has_what_the_request_says(zoo: Served) -> None:
    """Ids of the path, also in an object of the item, and members of the body; in the types of the answer."""
    answer = zoo.send("POST", "/animals/1/weighings/4", {"by": "Al"}).json()
    assert answer == {"animalId": "1", "by": "Al", "animal": {"id": 1}, "note": "n"}
    assert zoo.send("POST", "/animals/1/weighings/4", {}).json() == {**answer, "by": "Bob"}
    assert zoo.get("/animals/1/weight").json() == {"animal_id": 1, "grams": 4}
    assert zoo.get("/animals/1/photo").header("content-type") == "image/png"


@pytest.fixture
def hall() -> Served:
    """A hall with one table, 1."""
    api = shared("halls")
    assert api.send("POST", "/halls/h/tables", {"table": {"legs": 4}}).status == 201
    return api


def test_a_record_without_a_name_is_known_by_its_members(hall: Served) -> None:
    """An action that answers an object with the same ones answers the item."""
    assert hall.send("POST", "/halls/h/tables/1/saw", {"legs": 3}).json() == {"id": 1, "legs": 3}
    assert hall.get("/halls/h/tables/1").json() == {"id": 1, "legs": 3}


def test_an_example_that_is_no_json_has_nothing_of_the_request(hall: Served) -> None:
    """It is answered as it is."""
    answers = [hall.get(f"/halls/h/tables/{id}/photo") for id in (1, 2)]
    assert [one.status for one in answers] == [200, 404]
    assert answers[0].body.startswith(b"\x89PNG")


def test_a_job_that_does_not_go_on_is_done_as_it_is_made(hall: Served) -> None:
    """Requests say how far such a job is, so that time does not; it names what stands in the path."""
    task = hall.send("POST", "/halls/h/tables/1/paint").json()["task"]
    assert (task["hallId"], task["status"]) == ("h", "done")
    made = hall.send("POST", "/tasks", {"task": {"status": "waiting"}}).json()
    assert made["status"] == "waiting"
    assert hall.send("POST", "/__mock__/clock/advance", {"seconds": 99}).status == 200
    assert hall.get(f"/tasks/{made['id']}").json() == made


@pytest.mark.parametrize("path", ["weight", "photo"])
def test_what_is_told_of_an_item_that_is_not_there_is_refused(zoo: Served, path: str) -> None:
    """A world may answer the example all the same."""
    assert zoo.get(f"/animals/2/{path}").status == 404
    assert zoo_with(below="example").get(f"/animals/2/{path}").status == 200


@pytest.mark.parametrize("path", BELOW)
def test_an_action_on_an_item_that_is_not_there_is_refused(zoo: Served, path: str) -> None:
    """As a GET of the item is."""
    assert zoo.send("POST", f"/animals/2/{path}").status == zoo.get("/animals/2").status == 404
    assert zoo.send("POST", "/animals/2:activate").status == 404


def test_each_inference_has_alternatives() -> None:
    """So that a client can be tried under them."""
    found = infer(read_own(FOLDER / "traits/actions.yaml").document, "actions").inferences
    own = {one.id.rpartition(".")[2]: one for one in found if one.kind in ("action", "below", "progress")}
    assert own.keys() == {"below", "progress", "does-feed", "does-archive", "does-cancel", "does-wake", "does-move",
                          "does-reopen-nap", "does-put-nap"}  # fmt: skip
    assert all(one.alternatives for one in own.values())
    assert "becomes 'archived'" in own["does-archive"].reason


def test_explain_tells_what_each_does() -> None:
    """The status that is set, and that an example needs the item."""
    found = understand(Own(FOLDER / "traits/actions.yaml", "zoo"))
    animals = explained(found.api, found.inferred).resources[0]
    does = {one.operation: one.does for one in animals.operations}
    assert does["archive"] == "act: status = archived"
    assert does["weight"] == "example, if it is there"
    assert does["move"] == "take, by a job of actions"
    assert animals.object == ""


@pytest.mark.parametrize(
    ("verb", "states", "state"),
    [
        ("archive", ["Active", "Archived"], "Archived"),
        ("publish", ["draft", "published"], "published"),
        ("publish", ["draft", "live"], "live"),
        ("deny", ["open", "denied"], "denied"),
        ("ship", ["new", "shipped"], "shipped"),
        ("poweron", ["running", "off"], "running"),
        ("reopen", ["open", "closed"], "open"),
        ("resume", ["IN_PROGRESS", "PAUSED"], "IN_PROGRESS"),
        ("feed", ["open", "closed"], None),
        ("", ["ed", "open"], None),
    ],
)
def test_verbs_lead_to_states(verb: str, states: list[str], state: str | None) -> None:
    """By their participle, and by other usual words; none where nothing fits."""
    assert state_after(verb, states) == state
