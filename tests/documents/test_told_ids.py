"""Ids that an item does not show, a list's envelope in place of an item, and operations that tell only refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from own_document import FOLDER, Served, served
from understudy.document.infer.ids import key_of, shape_of_pattern
from understudy.document.infer.schemas import Schemas


def client(trait: str) -> Served:
    """A document of this trait, served."""
    return served(FOLDER / "traits" / f"{trait}.yaml")


def test_the_id_that_only_a_creation_tells_leads_to_what_it_made() -> None:
    """It stands in the creation's answer, beside what the record has there, and nowhere in the item."""
    api = client("told-ids")
    made = api.send("POST", "/passes", {"holder": "Ann"}).json()
    place = f"/passes/{made['pass_id']}"
    assert api.get(place).json() == {"holder": "Ann"}
    assert api.send("PUT", place, {"holder": "Bea"}).status == 204
    assert api.get(place).json() == {"holder": "Bea"}
    assert api.get("/passes/none").status == 404


def test_an_id_beside_the_record_is_its_own() -> None:
    """An envelope has the id in creations, reads and changes, each in the type that it has there."""
    api = client("told-ids")
    sent = {"title": "North", "source": 4}
    assert api.send("POST", "/maps/", sent).json() == {"id": 1, "result": sent}
    assert api.get("/maps/1").json() == {"id": "1", "result": sent}
    assert api.get("/maps/").json() == {"result": [{"id": 1, "title": "North"}], "count": 1}
    changed = {"title": "South", "source": 5}
    assert api.send("PUT", "/maps/1", changed).json() == {"id": 1, "result": changed}
    assert api.send("DELETE", "/maps/1").status == 200
    assert api.get("/maps/1").status == 404


def test_an_answer_may_be_the_id_alone_or_an_address_that_ends_with_it() -> None:
    """The only member of a request holds the record, whatever it is called."""
    api = client("told-ids")
    id = api.send("POST", "/tickets", {"payload": {"subject": "Rain"}}).json()
    assert api.get(f"/tickets/{id}").json() == {"subject": "Rain"}
    assert api.send("DELETE", f"/tickets/{id}").status == 204
    address = api.send("POST", "/logs", {"subject": "Wind"}).json()["location"]
    assert api.get(f"/logs/{address.rpartition('/logs/')[2]}").json()["subject"] == "Wind"


def test_what_a_creation_does_not_tell_stands_in_the_list() -> None:
    """The answer says only that it is done."""
    api = client("told-ids")
    assert api.send("POST", "/crates", {"subject": "Figs"}).json() == {"success": True}
    (one,) = api.get("/crates").json()
    assert one["subject"] == "Figs"
    assert api.get(f"/crates/{one['id']}").json() == one


def test_a_list_that_shows_more_than_the_item_has_the_record() -> None:
    """What was sent is kept, although the item shows only a part of it."""
    api = client("told-ids")
    assert api.send("POST", "/keepers", {"name": "Ann", "email": "a@b.example"}).json() == {"name": "Ann"}
    (one,) = api.get("/keepers").json()
    assert (one["name"], one["email"]) == ("Ann", "a@b.example")
    assert api.get(f"/keepers/{one['id']}").json() == {"name": "Ann"}


def test_the_only_member_like_an_id_that_nobody_sends_is_the_id() -> None:
    """Neither one that a creation sends nor one that is called as another collection."""
    api = client("told-ids")
    made = api.send("POST", "/hours", {"Notes": "n", "KeeperIDFK": 7, "PassID": 3}).json()
    assert made == {"EntryID": 1, "Notes": "n", "KeeperIDFK": 7, "PassID": 3}
    assert api.get("/hours/1").json() == made


def test_a_parameter_with_or_in_its_name_names_a_member() -> None:
    """Only `or` as a word parts a name: `connectorId` is no `connect`."""
    schemas = Schemas({})

    def key(parameter: str, *members: str) -> str | None:
        record = {"type": "object", "properties": {name: {"type": "string"} for name in members}}
        return key_of(schemas, record, parameter, frozenset(("integer",)), "thing").member

    assert key("connectorid", "connectorid") == "connectorid"
    assert key("organizerKey", "organizerKey") == "organizerKey"
    assert key("slugOrUuid", "slug") == "slug"


def test_a_pattern_in_brackets_is_one_without() -> None:
    """The brackets of a whole pattern group nothing."""
    assert shape_of_pattern("^([A-Z0-9_]+)$") == shape_of_pattern("^[A-Z0-9_]+$") == "{digits:20}"
    assert shape_of_pattern("^(a|b)$") is None


def test_the_path_of_an_item_may_answer_the_envelope_of_the_list() -> None:
    """With the one item in it, by the envelope's own schema or by one like it."""
    api = client("enveloped-ones")
    made = api.send("POST", "/hooks", {"target": "t"}).json()
    assert made == {"Hooks": [{"hook_id": 1, "target": "t"}]}
    assert api.send("POST", "/hooks", {"target": "u"}).status == 201
    assert api.get("/hooks/1").json() == made
    assert len(api.get("/hooks").json()["Hooks"]) == 2
    assert api.send("DELETE", "/hooks/1").status == 204
    assert api.get("/hooks/1").status == 404
    assert api.send("POST", "/lamps", {"colour": "red"}).json() == {"id": 1, "colour": "red"}
    assert api.get("/lamps/1").json() == {"data": [{"id": 1, "colour": "red"}]}
    maker = api.get("/makers").json()["maker"][1]
    (whole,) = api.get(f"/makers/{maker['id']}").json()["maker"]
    assert {"id": 2, "name": whole["name"]} == maker
    assert api.get("/makers/3").status == 404
    assert api.get("/shades/3").status == 200


def test_an_operation_that_tells_only_its_refusals_answers_the_record() -> None:
    """As another operation answers, lists or sends it, in this order."""
    api = client("untold-successes")
    made = api.send("POST", "/bills", {"amount": 3.5, "note": "n"}).json()
    assert made == {"id": 1, "amount": 3.5, "note": "n"}
    assert api.get("/bills/1").json() == made
    assert api.send("PATCH", "/bills/1", {"amount": 4}).json() == {**made, "amount": 4}
    assert api.get("/bills/2").status == 404
    first = api.get("/rates").json()[0]
    assert api.get(f"/rates/{first['id']}").json() == first
    form = api.send("POST", "/forms", {"amount": 1}).json()
    assert api.get(f"/forms/{form['id']}").json() == form == {"id": 1, "amount": 1}
    mark = api.send("POST", "/marks", {"amount": 2}).json()["mark"]["id"]
    assert api.get(f"/marks/{mark}").json() == {"id": 1, "amount": 2}
    tag = api.get("/tags").json()[0]
    assert api.get(f"/tags/{tag['id']}").json() == tag
    assert (api.get("/signs/1").status, api.get("/signs/1").body) == (200, b"")


def test_what_stands_below_an_unknown_parent_is_there_for_each() -> None:
    """Records that no request makes are the same below each; those that are made belong to the one of their path."""
    api = client("unowned-parents")
    pilots = api.get("/ports/rotterdam/pilots").json()
    assert len(pilots) == 2
    assert api.get("/ports/oslo/pilots").json() == pilots
    assert api.get(f"/ports/oslo/pilots/{pilots[0]['id']}").json() == pilots[0]
    charts: list[Any] = api.get("/charts/baltic").json()
    assert len(charts) == 2
    assert api.get(f"/charts/baltic/{charts[1]['name']}").json() == charts[1]
    assert api.send("POST", "/ports/oslo/cranes", {"name": "Big"}).status == 201
    assert [len(api.get(f"/ports/{port}/cranes").json()) for port in ("oslo", "rotterdam")] == [1, 0]


def test_numbers_below_a_parent_are_those_of_the_server() -> None:
    """A new parent begins with one that can be changed; a number that nobody has given is refused."""
    api = client("unowned-parents")
    assert api.send("POST", "/ports/oslo/cranes", {"name": "Big"}).status == 201
    (load,) = api.get("/ports/oslo/cranes/1/loads").json()
    place = f"/ports/oslo/cranes/1/loads/{load['id']}"
    assert api.send("PUT", place, {"name": "Figs"}).json() == {**load, "name": "Figs"}
    assert api.send("PUT", f"{place}7", {"name": "Figs"}).status == 404


def test_a_list_of_things_of_several_parts_needs_no_path_of_one(tmp_path: Path) -> None:
    """Nothing names one of them by its parts where only the list is on records."""
    path = "/shelves/{owner}/{name}"
    own = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in ("owner", "name")]
    shelf = {"type": "object", "properties": {"name": {"type": "string"}, "size": {"type": "integer"}}}
    content = {"application/json": {"schema": {"type": "array", "items": shelf}}}
    paths = {
        "/shelves": {"get": {"responses": {"200": {"description": "d", "content": content}}}},
        path: {"put": {"parameters": own, "responses": {"204": {"description": "d"}}}},
    }
    document = {"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": paths}
    (tmp_path / "own.json").write_text(json.dumps(document))
    assert len(served(tmp_path / "own.json").get("/shelves").json()) == 2


def test_a_post_on_the_path_of_an_item_creates_it_where_it_says_so() -> None:
    """What nothing describes is what the creation sends; the PUT beside it makes none."""
    api = client("posted-items")
    place = "/devices/mill/pump"
    assert api.send("PUT", place, {"state": "on"}).status == 404
    assert api.send("POST", place, {"name": "pump", "state": "off", "note": "n"}).json()["state"] == "off"
    assert api.send("POST", place, {"name": "pump", "state": "off"}).status == 409
    assert api.get(place).json() == {"name": "pump", "state": "off", "note": "n"}
    assert [one["name"] for one in api.get("/devices/mill").json()] == ["pump"]
    assert api.get("/devices/farm").json() == []
    assert api.send("PUT", place, {"state": "on"}).status == 200
    assert api.get(place).json()["state"] == "on"
    assert api.send("DELETE", place).status == 200
    assert api.get(place).status == 404
    assert api.send("POST", "/rooms/a", {"size": 3}).json() == {"room": "a", "size": 3}
    assert api.get("/rooms/a").json() == {"room": "a", "size": 3}


def test_what_answers_call_read_only_is_kept_where_a_request_has_it(tmp_path: Path) -> None:
    """A request with a schema of its own says what it sends; one that shares the record's schema does not."""
    label = {"id": {"type": "string", "readOnly": True}, "owner": {"type": "string", "readOnly": True},
             "name": {"type": "string"}}  # fmt: skip
    shown, sent = {"type": "object", "properties": label}, {"type": "object", "required": ["owner"], "properties": {
        "owner": {"type": "string"}, "name": {"type": "string"}}}  # fmt: skip

    def item(schema: Any, request: Any) -> Any:
        content = {"application/json": {"schema": schema}}
        made = {"201": {"description": "d", "content": content}}
        post = {"requestBody": {"content": {"application/json": {"schema": request}}}, "responses": made}
        return {"post": post}, {"get": {"responses": {"200": {"description": "d", "content": content}}}}

    own = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
    paths: dict[str, Any] = {}
    for name, request in (("labels", sent), ("marks", shown)):
        paths[f"/{name}"], one = item(shown, request)
        paths[f"/{name}/{{id}}"] = {**one, "parameters": own}
    document = {"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": paths}
    (tmp_path / "own.json").write_text(json.dumps(document))
    api = served(tmp_path / "own.json")
    new = api.send("POST", "/labels", {"owner": "Ann", "name": "n"}).json()
    assert api.get(f"/labels/{new['id']}").json() == new == {"id": new["id"], "owner": "Ann", "name": "n"}
    assert "owner" not in api.send("POST", "/marks", {"owner": "Ann", "name": "n"}).json()
