"""What is inferred of small documents with one trait each, as requests see it: round trips, refusals, pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from own_document import FOLDER, Served, served
from understudy.document.keys import shape
from understudy.document.violations import violations
from understudy.engine.exchange import Response

TRAITS = sorted(one.stem for one in (FOLDER / "traits").glob("*.yaml"))


def client(trait: str, **assume: Any) -> Served:
    """A document of this trait, served; assumptions by `area_slug`, in which `_` stands for the last dot."""
    chosen = {f"{trait}.{name.replace('__', '.').replace('_', '-')}": value for name, value in assume.items()}
    return served(FOLDER / "traits" / f"{trait}.yaml", assume=chosen)


def made(response: Response) -> Any:
    """The body of a success."""
    assert response.status < 300, response
    return response.json() if response.body else None


@pytest.mark.parametrize("trait", TRAITS)
def test_what_is_inferred_could_be_declared(trait: str) -> None:
    """Every key that is inferred has the shape that the dialect gives it, and every assumption an alternative."""
    document = client(trait).api.contract.document
    places = shape("/$defs/document").members, shape("/$defs/operation").members
    told = [*violations(document["x-resources"], places[0]["x-resources"])]
    told += violations(document["x-assumptions"], places[0]["x-assumptions"])
    for item in document["paths"].values():
        for operation in item.values():
            for key in operation.keys() & {"x-operation", "x-pagination"}:
                told += violations(operation[key], places[1][key])
    assert told == []


@pytest.mark.parametrize("trait", TRAITS)
def test_every_answer_fits_its_document(trait: str) -> None:
    """Each operation is called, also with what the ones before it left behind."""
    api = client(trait)
    for operation in [*api.api.contract.operations.values()] * 2:
        path = operation.path.replace("{", "").replace("}", "")
        response = api.send(operation.method, f"{api.api.contract.prefixes[0]}{path}", authorization="Basic dTpw")
        assert response.status < 500
        if response.status < 300:
            assert operation.mismatch(response) is None


def test_what_was_sent_is_read_back_and_what_is_gone_is_not() -> None:
    """Creation, list, change and deletion of an object that its answers wrap."""
    api = client("twin-paths")
    new = made(api.send("POST", "/api/crew", {"a": "x", "crew": {"name": "Ann", "insertInstant": 5}}))["crew"]
    assert new.items() >= {"name": "Ann", "insertInstant": 5}.items()
    place = f"/api/crew/{new['id']}"
    assert made(api.get(place))["crew"] == new
    assert made(api.get("/api/crew"))["crews"] == [new]
    assert made(api.send("PATCH", place, {"crew": {"note": "n"}}))["crew"] == {**new, "note": "n"}
    replaced = made(api.send("PUT", place, {"crew": {"name": "Bea"}}))["crew"]
    assert (replaced["name"], "note" in replaced, replaced["id"]) == ("Bea", False, new["id"])
    assert api.send("DELETE", place).status == 200
    gone = api.get(place)
    assert (gone.status, gone.json()["generalErrors"][0]["message"]) == (404, "There is no such record")
    assert gone.json()["generalErrors"][0]["code"] == "not_found"


def test_a_twin_path_creates_with_the_id_that_it_names() -> None:
    """An id that is taken is a conflict, one of another form is refused; verbs below the collection are known."""
    api = client("twin-paths")
    id = "0b0f8e1c-7d6b-4f37-9e53-0d9d9d4d5a11"
    assert made(api.send("POST", f"/api/crew/{id}", {"crew": {"name": "Ann"}}))["crew"]["id"] == id
    assert api.send("POST", f"/api/crew/{id}", {"crew": {"name": "Ann"}}).status == 409
    assert api.send("POST", "/api/crew/short", {"crew": {"name": "Ann"}}).status == 400
    other = made(api.send("POST", "/api/crew/import", {"crew": {"name": "Cy", "id": id}}))["crew"]["id"]
    assert other != id
    assert [one["id"] for one in made(api.get("/api/crew/all"))["crews"]] == [id, other]


def test_a_put_changes_or_replaces_by_assumption() -> None:
    """What is not sent is gone, or kept, in worlds that say so; members of members change by a merge."""
    api = client("twin-paths", crew__put="update")
    id = made(api.send("POST", "/api/crew", {"crew": {"name": "Ann", "note": "n"}}))["crew"]["id"]
    assert made(api.send("PUT", f"/api/crew/{id}", {"crew": {"name": "Bea"}}))["crew"]["note"] == "n"
    api = client("deletions", contacts__patch="merge")
    id = made(api.send("POST", "/contacts", {"email": "a@b.c", "tags": {"x": "1"}}))["contact_id"]
    api.send("PATCH", f"/contacts/{id}", {"tags": {"y": "2"}})
    assert made(api.get(f"/contacts/{id}"))["tags"] == {"x": "1", "y": "2"}


def test_parents_are_there_and_bind_their_children() -> None:
    """A parent that can only be read is there from the start; its id need not stand in the child's schema."""
    api = client("nested")
    first, second = (one["id"] for one in made(api.get("/harbours")))
    berth = made(api.send("POST", f"/harbours/{first}/berths", {"length": 9}))
    assert berth == {"id": 1, "length": 9, "harbour_id": first}
    assert made(api.get(f"/harbours/{first}/berths"))["berths"] == [berth]
    assert made(api.get(f"/harbours/{second}/berths"))["berths"] == []
    assert [api.get(f"/harbours/{one}/berths/1").status for one in (first, second, "none")] == [200, 404, 404]
    assert api.send("POST", "/harbours/none/berths", {"length": 9}).status == 404
    assert made(api.send("PUT", f"/harbours/{first}/berths/1", {"length": 8}))["harbour_id"] == first
    assert made(api.send("POST", "/berths", {"length": 3, "note": "n"})) == {"id": 2, "length": 3, "note": "n"}
    assert [one["id"] for one in made(api.get("/berths"))] == [1, 2]
    assert [one["id"] for one in made(api.get("/berths?note=n"))] == [2]
    assert made(api.get(f"/harbours/{first}/berths/2"))["length"] == 3  # nobody has said whose it is


def test_each_parent_has_what_can_only_be_read() -> None:
    """Two records from the start, wherever the paths stand in the document."""
    api = client("nested")
    pilots = [
        [one["name"] for one in made(api.get(f"/harbours/{one['id']}/pilots"))] for one in made(api.get("/harbours"))
    ]
    assert [len(names) for names in pilots] == [2, 2]
    assert not set(pilots[0]) & set(pilots[1])


def test_a_missing_parent_may_be_allowed() -> None:
    """In a world that assumes so."""
    assert made(client("nested", berths__parent="allowed").send("POST", "/harbours/x/berths", {"length": 9}))


def test_a_new_parent_begins_with_what_can_only_be_read() -> None:
    """One record of each kind, or none; it goes with its parent."""
    api = client("nested")
    harbour = made(api.get("/harbours"))[0]["id"]
    made(api.send("POST", f"/harbours/{harbour}/berths", {"length": 9}))
    (inspection,) = made(api.get(f"/harbours/{harbour}/berths/1/inspections"))
    assert inspection.keys() == {"inspection_id", "result"}
    place = f"/harbours/{harbour}/berths/1/inspections/{inspection['inspection_id']}"
    assert made(api.get(place)) == inspection
    assert api.send("DELETE", f"/harbours/{harbour}/berths/1").status == 204
    assert api.get(place).status == 404
    api = client("nested", inspections__children=0)
    made(api.send("POST", f"/harbours/{harbour}/berths", {"length": 9}))
    assert made(api.get(f"/harbours/{harbour}/berths/1/inspections")) == []


def form(**members: str) -> bytes:
    """A form's body."""
    return "&".join(f"{name}={value}" for name, value in members.items()).encode()


def test_forms_are_kept_under_the_names_of_the_answers() -> None:
    """Texts become numbers and truth values; POST on an item changes it; the id fits both patterns."""
    api = client("forms")
    headers = {"authorization": "Basic dTpw", "content_type": "application/x-www-form-urlencoded"}
    queue = made(
        api.send("POST", "/v1/Queues", form(FriendlyName="A", MaxSize="7", Paused="true", Weight="3"), **headers)
    )
    assert {"friendly_name": "A", "max_size": 7, "paused": True, "weight": 3}.items() <= queue.items()
    assert queue["sid"].startswith("QU")
    assert queue["date_created"] == "2026-04-07T10:00:00.000Z"
    place = f"/v1/Queues/{queue['sid']}"
    assert made(api.send("POST", place, form(FriendlyName="B"), **headers)) == {**queue, "friendly_name": "B"}
    made(api.send("POST", "/v1/Queues", form(FriendlyName="C"), **headers))
    page = made(api.get("/v1/Queues?PageSize=1", **headers))
    assert [one["friendly_name"] for one in page["queues"]] == ["B"]
    target = page["meta"]["next_page_url"].partition("understudy")[2]
    assert [one["friendly_name"] for one in made(api.get(target, **headers))["queues"]] == ["C"]


def test_attributes_below_data_are_kept() -> None:
    """JSON:API: what is sent is merged, what the type demands is made; a link leads to the next page."""
    api = client("json-api")
    hooks = [
        made(api.send("POST", "/hooks", {"data": {"attributes": {"url": url}}}))["data"]
        for url in ("http://a", "http://b")
    ]
    assert (hooks[0]["type"], hooks[0]["attributes"]["url"]) == ("hooks", "http://a")
    place = f"/hooks/{hooks[0]['id']}"
    changed = made(api.send("PATCH", place, {"data": {"attributes": {"note": "n"}}}))["data"]
    assert changed["attributes"] == {**hooks[0]["attributes"], "note": "n"}
    assert api.get(place).header("content-type") == "application/vnd.api+json"
    page = made(api.get("/hooks?page[size]=1"))
    assert page["data"] == [changed]
    following = made(api.get(page["links"]["next"].partition("understudy")[2]))
    assert (following["data"], following["links"]["next"]) == ([hooks[1]], None)


def test_a_json_patch_changes_a_record() -> None:
    """It answers nothing; what cannot be carried out is refused, and changes nothing."""
    api = client("json-patch")
    ware = made(api.send("POST", "/wares", {"name": "A", "tags": ["x"]}))
    place = f"/wares/{ware['id']}"
    patch: list[dict[str, Any]] = [
        {"op": "replace", "path": "/name", "value": "B"},
        {"op": "add", "path": "/tags/-", "value": "y"},
        {"op": "replace", "path": "/create_time", "value": "never"},
    ]
    assert api.send("PATCH", place, patch).status == 204
    assert made(api.get(place)) == {**ware, "name": "B", "tags": ["x", "y"]}
    assert api.send("PATCH", place, [{"op": "remove", "path": "none"}]).status == 400
    assert api.send("PATCH", place, [{"op": "add", "path": "/tags/9", "value": "z"}]).status == 422
    assert made(api.get(place))["name"] == "B"


def test_an_id_that_is_sent_is_kept_where_it_is_free() -> None:
    """Else the server makes another; or it makes each, in a world that says so."""
    api = client("json-patch")
    ids = [made(api.send("POST", "/wares", {"name": "A", "id": "WARE-1"}))["id"] for _ in range(2)]
    assert (ids[0], ids[1] == "WARE-1") == ("WARE-1", False)
    api = client("json-patch", wares__sent_id="ignored")
    assert made(api.send("POST", "/wares", {"name": "A", "id": "WARE-1"}))["id"] != "WARE-1"


def test_a_put_makes_what_nothing_else_makes() -> None:
    """With the id of the path; a world may refuse an unknown one."""
    api = client("chosen-ids")
    assert api.send("PUT", "/graphs/g1", {"nodes": {"a": {"x": 1}}}).status == 200
    assert made(api.get("/graphs/g1")) == {"id": "g1", "nodes": {"a": {"x": 1}}}
    assert [one["id"] for one in made(api.get("/graphs"))["graphs"]] == ["g1"]
    assert [api.send("DELETE", "/graphs/g1").status, api.get("/graphs/g1").status] == [204, 404]
    api = client("chosen-ids", graphs__put="update")
    assert api.send("PUT", "/graphs/g1", {"nodes": {}}).status == 200
    api = client("chosen-ids", graphs__creation=False)
    assert api.send("PUT", "/graphs/g1", {"nodes": {}}).status == 404


def test_a_record_need_not_show_its_id() -> None:
    """It is kept beside what the record shows."""
    api = client("chosen-ids")
    assert [api.send("PUT", "/secrets/s", {"text": text}).status for text in "ab"] == [201, 200]
    assert made(api.get("/secrets/s")) == {"text": "b"}
    assert api.get("/secrets/t").status == 404


def test_a_name_in_the_body_is_an_id() -> None:
    """A taken one is a conflict; documented examples are no first records, whose names clients would find taken."""
    api = client("chosen-ids")
    assert made(api.get("/pools")) == {"pools": [], "total_entries": 0}
    assert made(api.send("POST", "/pools", {"name": "default", "slots": 3})) == {"name": "default", "slots": 3}
    assert api.send("POST", "/pools", {"name": "default", "slots": 3}).status == 409
    assert made(api.get("/pools/default"))["slots"] == 3


def test_an_id_stands_in_a_header_of_an_empty_answer() -> None:
    """The required headers of other answers have a value, too."""
    api = client("chosen-ids")
    response = api.send("POST", "/jobs", {"title": "A"})
    assert (response.status, response.body, response.header("x-request-id")) == (201, b"", None)
    place = f"/jobs/{response.header('vault-identifier')}"
    assert made(api.get(place))["title"] == "A"
    changed = api.send("PUT", place, {"title": "B"})
    assert (changed.status, (changed.header("x-version") or "").isdigit()) == (204, True)
    assert (made(api.get(place))["title"], made(api.get(place))["state"]) == ("B", "created")
    assert [api.send("DELETE", place).status, api.get(place).status] == [202, 404]


def names(answer: Any) -> list[str]:
    """The names of the fruit in a list, wherever it stands."""
    if isinstance(answer, list):
        return [one["name"] for one in answer]
    inner = answer.get("_embedded", answer)
    return names(next(value for value in inner.values() if isinstance(value, list)))


@pytest.fixture
def fruit() -> Served:
    """Lists of three pieces of fruit each."""
    api = client("page-styles")
    for kind in ("apples", "pears", "plums", "figs", "dates", "limes"):
        for name in "abc":
            made(api.send("POST", f"/{kind}", {"name": name}))
    return api


def test_pages_by_offset_tell_what_they_document(fruit: Served) -> None:
    """The total, the count, whether more follow, and the offsets around."""
    page = made(fruit.get("/apples?offset=2"))
    assert (names(page), page["total_count"]) == (["c"], 3)
    assert page["pagination"] == {"count": 1, "hasMore": False, "nextOffset": None, "previousOffset": 0}
    assert made(fruit.get("/apples"))["pagination"]["nextOffset"] == 2


def test_pages_by_number_begin_where_the_parameter_does(fruit: Served) -> None:
    """From 0 with a minimum of 0, in a HAL envelope, newest first as the description says; twenty on a page."""
    page = made(fruit.get("/pears?page=0"))
    assert names(page) == ["c", "b", "a"]
    assert page["page"] == {"number": 0, "size": 20, "totalElements": 3, "totalPages": 1}
    assert "next" not in page["_links"] or "href" not in page["_links"]["next"]
    assert names(made(fruit.get("/pears?name=b"))) == ["b"]
    assert names(made(fruit.get("/figs?page=2"))) == ["b"]
    assert 'page=3>; rel="next"' in (fruit.get("/figs?page=2").header("link") or "")


def test_pages_by_cursor_go_on_from_the_last_item(fruit: Served) -> None:
    """The cursor of the last page is empty, where it may not be null; an unknown one is refused, or the start."""
    first = made(fruit.get("/plums?count=2"))
    last = made(fruit.get(f"/plums?count=2&cursor={first['meta']['cursors']['next']}"))
    assert (names(first), names(last), last["meta"]["cursors"]) == (["a", "b"], ["c"], {"next": ""})
    assert fruit.get("/plums?cursor=none").status == 400
    assert made(client("page-styles", pages__unknown_cursor="start").get("/plums?cursor=none"))["items"] == []


def test_a_list_without_pages_tells_its_total(fruit: Served) -> None:
    """A limit alone bounds it."""
    assert made(fruit.get("/limes")).items() >= {"total": 3, "has_more": False, "next": None}.items()
    assert [names(made(fruit.get(f"/dates{query}"))) for query in ("", "?max=1")] == [["a", "b", "c"], ["a"]]


def test_the_order_of_lists_is_assumed() -> None:
    """Oldest first, where the document does not say it."""
    api = client("page-styles", limes__order="newest-first", apples__order="newest-first")
    for kind in ("limes", "apples"):
        for name in "ab":
            made(api.send("POST", f"/{kind}", {"name": name}))
        assert names(made(api.get(f"/{kind}"))) == ["b", "a"]


def test_answers_of_an_id_and_of_a_deletion() -> None:
    """The id under another name; that it is deleted, or the object as it was; constants and made values beside."""
    api = client("deletions")
    new = made(api.send("POST", "/contacts", {"email": "a@b.c"}))
    assert new.keys() == {"contact_id", "at"}
    assert new["contact_id"].startswith("con_")
    place = f"/contacts/{new['contact_id']}"
    contact = made(api.get(place))
    assert (contact["email"], contact["created"] > 1e12) == ("a@b.c", True)
    assert made(api.get("/contacts")) == {"object": "list", "data": [contact]}
    assert made(api.send("PATCH", place, {"email": "b"})) == {"object": "contact", "id": contact["id"]}
    gone = made(api.send("DELETE", place))
    assert gone.pop("note")
    assert gone == {"object": "contact", "contact": contact["id"], "deleted": True, "kind": "soft"}
    letter = made(api.send("POST", "/letters", {"text": "t"}))
    assert letter == {"id": "1", "text": "t", "created_at": 1775556000}
    assert made(api.send("PUT", "/letters/1", {"text": "u"})) == {"queue": "slow"}
    assert made(api.send("DELETE", "/letters/1")) == {**letter, "text": "u"}
    note = made(api.send("POST", "/notes", {"text": "t"}))["note"]
    assert made(api.get(f"/notes/{note['id']}")) == {"note": note}
    assert made(api.send("DELETE", f"/notes/{note['id']}")) == {"job": "gone"}


REASONS: Mapping[str, str] = {
    "login": "it lists no objects, and no path leads to one item",
    "report": "no operation answers an object that could be read back",
    "find": "what stands at the path of an item is a list",
    "download": "the item is no JSON",
    "listThings": "it answers no list of objects",
    "changeThings": "it is on many records at once",
    "dropThings": "it is on many records at once",
    "addTag": "no operation answers an object that could be read back",
    "refresh": "its answer does not tell the id of what it makes",
    "wish": "it has no body, and answers no record",
    "addAnonymous": "no path leads to one item, and no member of the record is called like an id",
    "listOthers": "the items of its list are other objects",
}


def test_what_is_no_resource_answers_examples() -> None:
    """Each with the reason; and what is one on the same path is kept."""
    from understudy.document.infer import infer
    from understudy.document.open_world import read_own

    inferred = infer(read_own(FOLDER / "traits/lookalikes.yaml").document, "lookalikes")
    reasons = {one.operation: one.reason for one in inferred.examples_only}
    assert {id: reasons.get(id) for id in REASONS} == REASONS
    below = {one.id: one.reason for one in inferred.inferences if one.kind == "below"}
    assert below["lookalikes.things.below"] == "its body is a list"
    assert below["lookalikes.wishes.below"] == "it has no body in JSON or in a form"
    api = client("lookalikes")
    assert made(api.send("PUT", "/things/3", {"id": 3, "email": "e"})) == {"id": 3, "email": "e"}
    assert [made(api.get("/things/3"))["email"], api.get("/things/4").status] == ["e", 404]
    assert made(api.get("/wishes"))["wishes"][0].keys() >= {"wish_id"}


def test_paths_may_be_no_resource_by_assumption() -> None:
    """Then nothing is remembered."""
    api = client("two-shapes", servers__served="examples")
    made(api.send("POST", "/servers", {"name": "abc", "type": "t"}))
    assert made(api.get("/servers/99"))["server"]["id"] != 99


def test_the_collection_may_be_the_root_of_the_server() -> None:
    """Its id is of the form that its example has."""
    api = client("root-collection")
    new = made(api.send("POST", "/v2/applications/", {"name": "A"}))
    assert len(new["id"]) == 36
    assert made(api.get("/v2/applications/"))["_embedded"]["applications"] == [new]
    assert made(api.get(f"/v2/applications/{new['id']}")) == new


def test_a_member_of_two_shapes_keeps_what_was_sent() -> None:
    """A text becomes the name of an object, an item a list, a number a text; what cannot be is left out."""
    api = client("two-shapes")
    sent = {
        "name": "abc", "type": "cx1", "size": "40", "tags": "x", "owner": {"id": "o1"}, "count": 3, "active": "true",
        "color": "green", "note": "too long",
    }  # fmt: skip
    answer = made(api.send("POST", "/servers", sent))
    server = answer["server"]
    assert server["type"]["name"] == "cx1"
    assert (server["size"], server["tags"], server["owner"], server["count"]) == (40, ["x"], "o1", "3")
    assert (server["active"], server["color"] in ("red", "blue"), len(server["note"]) <= 4) == (True, True, True)
    assert answer["action"].keys() == {"id", "status"}
    (summary,) = made(api.get("/servers"))["servers"]
    assert (summary["id"], summary["name"], bool(summary["region"])) == (server["id"], "abc", True)
    assert made(api.send("PUT", f"/servers/{server['id']}", {"name": "xyz"}))["server"] == {**server, "name": "xyz"}
    assert made(api.send("PUT", f"/servers/{server['id']}", {"name": "a"}))["server"]["name"] != "a"
    assert made(api.send("DELETE", f"/servers/{server['id']}"))["action"]["id"]


def test_required_and_read_only_members_of_branches_are_made() -> None:
    """Wherever they stand in allOf; of oneOf, the branch that fits what was sent."""
    api = client("two-shapes")
    owner = made(api.send("POST", "/owners", {"name": "Ann"}))
    assert (owner["name"], owner["id"], isinstance(owner["pets"], list)) == ("Ann", 1, True)
    shape = made(api.send("POST", "/shapes", {"kind": "square", "radius": 4}))
    assert (shape["kind"], "side" in shape, len(shape["id"])) == ("square", True, 8)
    assert made(api.send("POST", "/shapes", {"kind": "circle", "radius": 4}))["radius"] == 4


def test_items_may_stand_at_the_singular() -> None:
    """PUT on the collection finds the record by the id in its body; a natural key is kept; finding is listing."""
    api = client("item-twins")
    pet = made(api.send("POST", "/pet", {"id": 7, "name": "Rex"}))
    assert pet == {"id": 7, "name": "Rex"}
    assert made(api.send("POST", "/pet", {"id": -1, "name": "Tom"}))["id"] == 8
    assert made(api.send("PUT", "/pet", {"id": 7, "name": "Max"}))["name"] == "Max"
    assert made(api.get("/pet/7"))["name"] == "Max"
    assert api.send("PUT", "/pet", {"id": 99, "name": "Max"}).status == 404
    made(api.send("PUT", "/pet", {"id": 8, "name": "Tom", "tags": [{"id": 1, "name": "old"}]}))
    assert [[one["id"] for one in made(api.get(f"/pet/findByTags?tags={tag}"))] for tag in ("old", "new")] == [[8], []]
    assert made(api.send("POST", "/people", {"username": "ann", "mail": "m"}))["username"] == "ann"
    assert made(api.get("/person/ann"))["mail"] == "m"
    assert made(api.send("POST", "/people", {"mail": "n"}))["username"]


def test_read_only_resources_begin_with_records() -> None:
    """Two, with ids of their own; two collections of one name are told apart by what stands before them."""
    api = client("item-twins")
    ids = [one["uuid"] for one in made(api.get("/vendors/orders"))]
    assert len(set(ids)) == 2
    assert [api.get(f"/vendors/orders/{id}").status for id in (*ids, 99)] == [200, 200, 404]
    assert {"vendor-orders", "buyer-orders"} <= set(api.api.layouts)


def test_a_job_in_place_of_the_object_can_be_read() -> None:
    """What it stands for is done at once; where no time passes for jobs, the job is done, too."""
    api = client("jobs", tasks__progress=0)
    known = len(made(api.get("/tasks"))["results"])
    task = made(api.send("POST", "/indexes", {"uid": "a", "primaryKey": "id"}))
    assert made(api.get(f"/tasks/{task['taskUid']}"))["status"] == "succeeded"
    index = made(api.get("/indexes/a"))
    assert (index["primaryKey"], index["createdAt"][:4]) == ("id", "2026")
    made(api.send("PATCH", "/indexes/a", {"primaryKey": "b"}))
    assert made(api.get("/indexes/a"))["primaryKey"] == "b"
    whole = made(api.send("PUT", "/indexes/a", {"primaryKey": "c"}))
    assert made(api.get(f"/tasks/{whole['uid']}")) == whole
    made(api.send("DELETE", "/indexes/a"))
    assert api.get("/indexes/a").status == 404
    assert len(made(api.get("/tasks"))["results"]) == known + 4
    process = made(api.send("POST", "/orders", {"uid": "o"}))["processId"]
    assert (made(api.get("/orders/o"))["uid"], made(api.get(f"/processes/{process}"))["id"]) == ("o", process)


def test_parameters_with_names_of_members_filter_by_assumption() -> None:
    """A world may let them change nothing."""
    for assumed, found in ((True, []), (False, ["a"])):
        api = client("page-styles", pears__filters=assumed)
        made(api.send("POST", "/pears", {"name": "a"}))
        assert names({"_embedded": {"pears": [], **made(api.get("/pears?name=b"))["_embedded"]}}) == found


def test_a_parameter_beside_other_text_names_an_item() -> None:
    """Paths such as /crates/{id}.json and /bays/{id}/ keep records, with children, and tell where a new one is."""
    api = client("path-suffixes")
    new = api.send("POST", "/crates.json", {"name": "A"})
    assert made(new) == {"id": 1, "name": "A"}
    assert (new.header("location") or "").endswith("/crates/1.json")
    assert made(api.send("PUT", "/crates/1.json", {"name": "B"})) == made(api.send("GET", "/crates/1.json"))
    assert made(api.send("GET", "/crates.json")) == [{"id": 1, "name": "B"}]
    assert made(api.send("POST", "/crates/1/labels.json", {"text": "up"})) == {"id": 1, "text": "up"}
    assert made(api.send("GET", "/crates/1/labels/1.json"))["text"] == "up"
    assert api.send("GET", "/crates/2/labels.json").status == 404
    assert api.send("GET", "/crates/1/labels/3.json").status == 404
    assert made(api.send("POST", "/bays/", {"name": "North"})) == made(api.send("GET", "/bays/1/"))
    assert api.send("DELETE", "/bays/1/").status == 204
    assert [api.send("GET", f"{path}").status for path in ("/bays/1/", "/crates/9.json")] == [404, 404]


def test_an_answer_that_has_only_an_example_looks_like_it() -> None:
    """Records are kept in the form of the examples, with numbers as ids, whatever the number's type."""
    api = client("answers-by-example")
    new = made(api.send("POST", "/rules", {"name": "Second", "ratio": 1.5}))
    assert new["status"] == "ok"
    assert new["data"].items() >= {"name": "Second", "ratio": 1.5}.items()
    id = new["data"]["rule_id"]
    assert made(api.send("GET", f"/rules/{id}"))["data"].items() >= new["data"].items()
    listed = made(api.send("GET", "/rules"))["data"]["data"]
    assert [one["rule_id"] for one in listed].count(id) == 1
    assert api.send("DELETE", f"/rules/{id}").status == 204
    assert [api.send("GET", f"/rules/{one}").status for one in (id, 77)] == [404, 404]
    assert [made(api.send("GET", path)) for path in ("/motto", "/secret")] == [[1, "two"], "quiet"]
    assert made(api.send("GET", "/labels")) == {"low": "l"}


def test_an_answer_that_is_not_described_is_what_requests_send() -> None:
    """With an id beside it; where a header tells the id, the answer to a creation stays empty."""
    api = client("answers-not-described")
    assert made(api.send("POST", "/notices", {"text": "Open"})) == {"id": 1, "text": "Open"}
    assert made(api.send("PUT", "/notices/1", {"text": "Shut"})) is None
    assert made(api.send("GET", "/notices/1")) == {"id": 1, "text": "Shut"}
    assert made(api.send("GET", "/notices")) == [{"id": 1, "text": "Shut"}]
    assert api.send("POST", "/notices", {}).status == 400
    assert api.send("DELETE", "/notices/1").status == 200
    assert api.send("GET", "/notices/1").status == 404
    mark = made(api.send("POST", "/marks", {"text": "Deep"}))
    assert mark == {"text": "Deep", "id": mark["id"]} == made(api.send("GET", f"/marks/{mark['id']}"))
    assert made(api.send("GET", "/marks")) == [mark]
    assert api.send("PUT", "/tags/red", {"name": "red", "hue": 3}).status == 204
    assert made(api.send("GET", "/tags/red")) == {"name": "red", "hue": 3}
    seat = api.send("POST", "/seats", {"row": 4})
    assert made(seat) is None
    place = (seat.header("location") or "").partition("/seats/")[2]
    assert made(api.send("GET", f"/seats/{place}")) == {"row": 4, "seatCode": place}


def test_an_id_fits_the_path_that_it_stands_in() -> None:
    """A text that names a number is one, whoever chose it; a longer name that ends like the path's is the same."""
    api = client("odd-ids")
    new = made(api.send("POST", "/accounts", {"accountid": "mine", "owner": "Ann"}))
    assert new["owner"] == "Ann"
    assert made(api.send("GET", f"/accounts/{int(new['accountid'])}")) == new
    listed = made(api.send("GET", "/rules"))
    assert len(listed) == 2, "what a request makes without a body cannot be chosen: a world begins with some"
    assert made(api.send("GET", f"/rules/{listed[0]['receipt_rule_id']}")) == listed[0]
    more = made(api.send("POST", "/rules"))["receipt_rule_id"]
    assert api.send("GET", f"/rules/{more}").status == 200


def test_one_record_may_be_answered_as_a_list_of_one() -> None:
    """Where a list has the same things, one that is asked for, or changed, stands alone in one."""
    api = client("lists-of-one")
    new = made(api.send("POST", "/vaults", {"name": "North"}))
    assert made(api.send("GET", f"/vaults/{new['id']}")) == [new] == made(api.send("GET", "/vaults"))
    assert made(api.send("PUT", f"/vaults/{new['id']}", {"name": "South"})) == [{**new, "name": "South"}]
    assert api.send("DELETE", f"/vaults/{new['id']}").status == 204
    assert api.send("GET", f"/vaults/{new['id']}").status == 404
    assert api.send("GET", "/doors/77").status == 200
