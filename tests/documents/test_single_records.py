"""What there is one of: read before anybody has changed it, changed, read back, reset."""

from __future__ import annotations

from typing import Any

from own_document import FOLDER, Served, served
from understudy.engine.exchange import Response

TRAIT = FOLDER / "traits" / "single-records.yaml"


def client(**assume: Any) -> Served:
    """The document with single records, served; assumptions by resource."""
    return served(TRAIT, assume={f"single-records.{name}.served": value for name, value in assume.items()})


def made(response: Response) -> Any:
    """The body of a success."""
    assert response.status < 300, response
    return response.json() if response.body else None


def test_what_is_put_is_read_back_and_reset_by_a_deletion() -> None:
    """The first answer fits the document; a reset brings it back, also where nothing was changed."""
    api = client()
    first = made(api.get("/settings"))
    settings = {"theme": "dark", "language": "eo"}
    assert made(api.send("PUT", "/settings", settings)) == settings
    assert made(api.get("/settings")) == settings
    for _ in range(2):
        assert api.send("DELETE", "/settings").status == 204
        assert made(api.get("/settings")) == first


def test_a_patch_keeps_what_is_not_sent() -> None:
    """The id of the caller's account is no path's, and stays."""
    api = client()
    first = made(api.get("/account"))["account"]
    changed = made(api.send("PATCH", "/account", {"account": {"phone": "555"}}))["account"]
    assert changed == {**first, "phone": "555"}
    assert made(api.get("/account"))["account"] == changed


def test_each_parent_has_one_of_its_own() -> None:
    """It is there with its parent, is no other one's, and goes with it."""
    api = client()
    first, second = (made(api.send("POST", "/rooms", {"name": name}))["id"] for name in "ab")
    before = made(api.get(f"/rooms/{second}/lights"))
    assert api.send("PUT", f"/rooms/{first}/lights", {"level": 7}).status == 204
    assert made(api.get(f"/rooms/{first}/lights")) == {"level": 7}
    assert made(api.get(f"/rooms/{second}/lights")) == before
    assert api.get("/rooms/99/lights").status == 404
    assert api.send("PUT", "/rooms/99/lights", {"level": 7}).status == 404
    api.send("DELETE", f"/rooms/{first}")
    assert api.get(f"/rooms/{first}/lights").status == 404


def test_a_world_may_remember_nothing() -> None:
    """Under its alternative the operations answer examples."""
    api = client(settings="examples")
    first = made(api.get("/settings"))
    api.send("PUT", "/settings", {"theme": "dark", "language": "eo"})
    assert made(api.get("/settings")) == first


def test_one_record_takes_a_json_patch_and_what_has_no_body_answers_an_example() -> None:
    """The patch is read back; a PUT without a body changes nothing."""
    api = client()
    patch = [{"op": "replace", "path": "/level", "value": 9}]
    headers = {"content_type": "application/json-patch+json"}
    assert api.send("PATCH", "/limits", patch, **headers).status == 204
    assert api.send("PUT", "/limits").status == 204
    assert made(api.get("/limits")) == {"level": 9}


def test_a_list_without_items_is_no_single_record() -> None:
    """What is created is listed."""
    api = client()
    made(api.send("POST", "/notes", {"text": "a"}))
    assert [one["text"] for one in made(api.get("/notes"))] == ["a"]
