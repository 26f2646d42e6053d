"""Resources: what an operation without a handler does to the records of a tenant."""

from __future__ import annotations

from typing import Any

import pytest

from declared import Caller, api, document, named, operation, workshop, worlds
from understudy.document.compile import ContractError
from understudy.engine.api import Api
from understudy.engine.call import Call, Reply
from understudy.engine.problem import Problem


@pytest.fixture(scope="module")
def served() -> Api:
    """The workshop of the page on resources."""
    return api(workshop(), "workshop")


@pytest.fixture
def caller(served: Api) -> Caller:
    """A caller of fresh worlds."""
    return Caller(worlds(served))


def project(caller: Caller, **members: Any) -> str:
    """The id of a new project."""
    made: str = caller.ok("POST", "/projects", {"name": "Chair", **members})["data"]["id"]
    return made


def test_a_record_is_created_with_defaults_values_and_an_id_of_its_shape(caller: Caller) -> None:
    """What the request leaves out comes from the schema and from `create`, in the order of the schema."""
    response = caller.send("POST", "/projects", {"name": "Chair"})
    made = response.json()["data"]
    assert response.status == 201
    assert made["id"].startswith("prj_")
    assert len(made["id"]) == 16
    assert list(made) == ["id", "name", "status", "labels", "owner", "created_at", "updated_at", "archived_at"]
    now = "2026-04-07T10:00:00.000Z"
    assert made | {"id": ""} == {
        "id": "", "name": "Chair", "status": "open", "labels": [], "owner": "one",
        "created_at": now, "updated_at": now, "archived_at": None,
    }  # fmt: skip
    assert response.header("location") == f"http://localhost/v1/projects/{made['id']}"
    assert caller.ok("GET", f"/projects/{made['id']}")["data"] == made


def test_a_body_sets_only_what_the_request_declares_and_never_a_readonly_member(caller: Caller) -> None:
    """Ids, owners and undeclared members of a body are passed over."""
    made = caller.ok("POST", "/projects", {"name": "Chair", "id": "mine", "owner": "me", "status": "archived", "x": 1})
    kept = made["data"]
    assert (kept["id"] != "mine", kept["owner"], kept["status"], "x" in kept) == (True, "one", "open", False)


def test_an_update_changes_what_it_names(caller: Caller) -> None:
    """Other members stay; `update` sets its values."""
    id = project(caller, labels=["wood"])
    caller.advance(5)
    changed = caller.ok("PATCH", f"/projects/{id}", {"name": "Table"})["data"]
    assert (changed["name"], changed["labels"]) == ("Table", ["wood"])
    assert (changed["created_at"][-9:], changed["updated_at"][-9:]) == ("00:00.000Z"[1:], "00:05.000Z"[1:])


def test_a_replacement_resets_what_it_leaves_out(caller: Caller) -> None:
    """Members get their defaults again, but for readOnly ones."""
    id = project(caller, labels=["wood"])
    replaced = caller.ok("PUT", f"/projects/{id}", {"name": "Table"})["data"]
    assert (replaced["id"], replaced["name"], replaced["labels"], replaced["owner"]) == (id, "Table", [], "one")


def test_a_soft_deletion_hides_a_record(caller: Caller) -> None:
    """It is neither found nor listed nor changed, and its unique name is free again; the record stays."""
    id = project(caller)
    assert caller.send("DELETE", f"/projects/{id}").status == 204
    assert caller.refused("GET", f"/projects/{id}") == 404
    assert caller.refused("PATCH", f"/projects/{id}", {"name": "x"}) == 404
    assert caller.refused("DELETE", f"/projects/{id}") == 404
    assert caller.ok("GET", "/projects")["data"] == []
    assert caller.refused("POST", f"/projects/{id}/tasks", {"title": "x"}) == 404
    assert project(caller)
    kept = caller.worlds.default.tenants["workshop"]["one"]["projects"].get(id)
    assert kept is not None
    assert kept["deleted_at"] == "2026-04-07T10:00:00.000Z"


def test_a_unique_member_refuses_a_second_record(caller: Caller) -> None:
    """By creation and by update; a record may keep its own value."""
    project(caller)
    other = project(caller, name="Table")
    assert caller.refused("POST", "/projects", {"name": "Chair"}) == 409
    refused = caller.send("PATCH", f"/projects/{other}", {"name": "Chair"})
    assert refused.json()["error"]["fields"] == {"name": ["There is one with this name already"]}
    assert caller.ok("PATCH", f"/projects/{other}", {"name": "Table"})


def test_a_child_belongs_to_the_parent_in_its_path(caller: Caller) -> None:
    """It is found below its own parent only."""
    mine, other = project(caller), project(caller, name="Table")
    task = caller.ok("POST", f"/projects/{mine}/tasks", {"title": "Saw", "project_id": other})["data"]
    assert task["project_id"] == mine
    assert caller.ok("GET", f"/projects/{mine}/tasks/{task['id']}")["data"] == task
    assert caller.refused("GET", f"/projects/{other}/tasks/{task['id']}") == 404
    assert caller.ok("GET", f"/projects/{mine}/tasks") == [task]
    assert caller.ok("GET", f"/projects/{other}/tasks") == []
    assert caller.refused("GET", "/projects/none/tasks") == 404


def test_a_reference_must_exist(caller: Caller) -> None:
    """One that leads nowhere is refused, with the member; a refused request takes no number."""
    id = project(caller)
    refused = caller.send("POST", f"/projects/{id}/tasks", {"title": "Saw", "after_id": 7})
    assert (refused.status, refused.json()["error"]["fields"]) == (400, {"after_id": ["There is no tasks 7"]})
    first = caller.ok("POST", f"/projects/{id}/tasks", {"title": "Saw"})["data"]["id"]
    second = caller.ok("POST", f"/projects/{id}/tasks", {"title": "Glue", "after_id": first})["data"]
    assert (first, second["id"], second["after_id"]) == (1, 2, 1)


def test_a_number_is_never_given_twice(caller: Caller) -> None:
    """Not after the last record was deleted, nor where one was put there by hand."""
    id = project(caller)
    for _ in range(2):
        caller.ok("POST", f"/projects/{id}/tasks", {"title": "Saw"})
    gone = caller.ok("DELETE", f"/projects/{id}/tasks/2")
    assert gone == {"id": 2, "deleted": True}
    tasks = caller.worlds.default.tenants["workshop"]["one"]["tasks"]
    for number in (5, 4):
        tasks.put({"id": number, "project_id": id, "title": "x", "state": "done", "after_id": None})
    assert caller.ok("POST", f"/projects/{id}/tasks", {"title": "Saw"})["data"]["id"] == 6


def test_tenants_have_records_of_their_own(served: Api) -> None:
    """What one makes, another neither sees nor reaches; numbers begin anew."""
    both = worlds(served)
    one, two = Caller(both), Caller(both, key="two")
    id = project(one)
    assert two.refused("GET", f"/projects/{id}") == 404
    assert two.ok("GET", "/projects")["total"] == 0
    assert project(two)


def test_a_seed_is_checked_and_numbers_go_on_from_it(served: Api) -> None:
    """Records of a seed fit their schema; the next number follows the highest."""
    task = {"id": 41, "project_id": "p", "title": "x", "state": "waiting", "after_id": None}
    now = "2026-01-01T00:00:00Z"
    plan = {"id": "p", "name": "x", "status": "open", "labels": [], "owner": "o", "created_at": now}
    plan |= {"updated_at": now, "archived_at": None}
    caller = Caller(worlds(served, {"one": {"tasks": [task], "projects": [plan]}}))
    assert caller.ok("POST", "/projects/p/tasks", {"title": "y"})["data"]["id"] == 42
    with pytest.raises(ValueError, match=r"tasks\.0\.state"):
        worlds(served, {"one": {"tasks": [{**task, "state": "lost"}]}})
    with pytest.raises(ValueError, match="there are two with the id 41"):
        worlds(served, {"one": {"tasks": [task, task]}})


def test_a_record_that_would_break_its_schema_is_refused() -> None:
    """Also where the request's own schema allows it: what is stored can always be served and put back."""
    paths = {
        "/things": {"post": operation("make", "Thing", status="201", body={"type": "object"})},
        "/things/{id}": {"patch": operation("change", "Thing", body={"type": "object"}, path="id")},
    }
    thing = {"type": "object", "properties": {"id": {"type": "string"}, "mail": {"type": "string", "format": "email"}}}
    caller = Caller(worlds(api(document(paths, {"Thing": thing}, {"things": {"schema": "Thing"}}))))
    refused = caller.send("POST", "/things", {"mail": "nobody"})
    assert (refused.status, refused.header("content-type")) == (400, "application/json")
    assert refused.json()["detail"].startswith("mail: ")
    id = caller.ok("POST", "/things", {"mail": "a@b.org", "more": 1})["id"]
    assert caller.refused("PATCH", f"/things/{id}", {"mail": 5}) == 400


def test_a_merge_patch_removes_members_and_goes_into_objects() -> None:
    """RFC 7396: null removes, objects are merged; plain JSON replaces a member."""
    paths = {
        "/things": {"post": operation("make", "Thing", status="201", body="Thing")},
        "/things/{id}": {"patch": operation("change", "Thing", body={"type": "object"}, path="id")},
    }
    size = {"type": "object", "properties": {"wide": {"type": "integer"}, "high": {"type": "integer", "default": 3}}}
    thing = {"type": "object", "properties": {"id": {"type": "string"}, "size": size, "note": {"type": "string"}}}
    caller = Caller(worlds(api(document(paths, {"Thing": thing}, {"things": {"schema": "Thing"}}))))
    made = caller.ok("POST", "/things", {"size": {"wide": 1}, "note": "x"})
    assert made["size"] == {"high": 3, "wide": 1}
    patch = {"size": {"wide": 2, "deep": {"more": 1}}, "note": None}
    merged = caller.ok("PATCH", f"/things/{made['id']}", patch, content_type="application/merge-patch+json")
    assert merged == {"id": made["id"], "size": {"wide": 2, "high": 3, "deep": {"more": 1}}}
    replaced = caller.ok("PATCH", f"/things/{made['id']}", {"size": {"wide": 5}})
    assert replaced["size"] == {"wide": 5, "high": 3}


def test_readonly_and_writeonly_members_inside_objects_are_not_taken() -> None:
    """What a server sets is not taken from a body at any depth; a secret is not served."""
    inner = {
        "type": ["object", "null"],
        "properties": {"rank": {"type": "integer", "readOnly": True}, "name": {"type": "string"}},
    }
    thing = {
        "type": "object",
        "required": ["id", "secret"],
        "properties": {
            "id": {"type": "string"},
            "secret": {"type": "string", "writeOnly": True},
            "inner": {"$ref": "#/components/schemas/Inner"},
            "many": {"items": {"$ref": "#/components/schemas/Inner"}},
        },
    }
    shown = {"type": "object", "properties": {"id": {}, "inner": {}, "many": {}}}
    body = {"type": "object", "properties": {"secret": {}, "inner": {}, "many": {}}}
    paths = {"/things": {"post": operation("make", shown, status="201", body=body)}}
    served = api(document(paths, {"Thing": thing, "Inner": inner}, {"things": {"schema": "Thing"}}))
    caller = Caller(worlds(served))
    one = {"rank": 1, "name": "x"}
    made = caller.ok("POST", "/things", {"secret": "s", "inner": one, "many": [one, None]})
    assert made == {"id": made["id"], "inner": {"name": "x"}, "many": [{"name": "x"}, None]}
    assert caller.ok("POST", "/things", {"inner": None, "many": 4})["many"] == 4
    state = caller.raw("GET", "/__mock__/state").json()
    assert caller.raw("PUT", "/__mock__/state", state).status == 204


def test_an_id_that_the_request_chooses() -> None:
    """PUT makes a record or replaces it; a second POST of the same id is a conflict."""
    put = operation("put", "Thing", body="Thing", path="name")
    put["responses"]["201"] = put["responses"]["200"]
    paths = {
        "/things": {"post": operation("make", "Thing", status="201", body="Thing")},
        "/things/{name}": {"put": put, "get": operation("read", "Thing", path="name")},
    }
    thing = {"type": "object", "properties": {"name": {"type": "string"}, "size": {"type": "integer", "default": 1}}}
    resource = {"schema": "Thing", "key": "name", "id": "$request.body#/name"}
    caller = Caller(worlds(api(document(paths, {"Thing": thing}, {"things": resource}))))
    assert caller.send("PUT", "/things/a", {"name": "a", "size": 2}).status == 201
    assert caller.send("PUT", "/things/a", {}).json() == {"name": "a", "size": 1}
    assert caller.send("PUT", "/things/a", {"size": 3}).status == 200
    assert caller.refused("POST", "/things", {"name": "a"}) == 409
    assert caller.ok("POST", "/things", {"name": "b"}) == {"name": "b", "size": 1}
    for body in ({}, {"name": ""}):
        assert caller.send("POST", "/things", body).json()["detail"] == "name is required"


def test_a_deletion_takes_the_children_along() -> None:
    """Records of a deleted parent are gone, and so are theirs."""
    schemas = {
        "House": {"type": "object", "properties": {"id": {"type": "string"}}},
        "Room": {"type": "object", "properties": {"id": {"type": "string"}, "house": {"type": "string"}}},
        "Bed": {"type": "object", "properties": {"id": {"type": "string"}, "room": {"type": "string"}}},
    }
    paths = {
        "/houses": {"post": operation("build", "House", status="201", body={"type": "object"})},
        "/houses/{h}": {"delete": operation("raze", status="204", path="h")},
        "/houses/{h}/rooms": {"post": operation("add", "Room", status="201", body={"type": "object"}, path="h")},
        "/houses/{h}/rooms/{r}": {"get": operation("room", "Room", path="h r")},
        "/houses/{h}/rooms/{r}/beds": {
            "post": operation("put", "Bed", status="201", body={"type": "object"}, path="h r"),
            "get": operation("beds", "[Bed]", path="h r"),
        },
        "/beds": {"get": operation("all", "[Bed]")},
    }
    resources = {
        "houses": {"schema": "House"},
        "rooms": {"schema": "Room", "parent": {"h": "house"}},
        "beds": {"schema": "Bed", "parent": {"r": "room"}},
    }
    caller = Caller(worlds(api(document(paths, schemas, resources))))
    houses = [caller.ok("POST", "/houses", {})["id"] for _ in range(2)]
    for house in houses:
        room = caller.ok("POST", f"/houses/{house}/rooms", {})["id"]
        caller.ok("POST", f"/houses/{house}/rooms/{room}/beds", {})
    assert caller.refused("GET", f"/houses/{houses[0]}/rooms/{room}/beds") == 404
    assert len(caller.ok("GET", "/beds")) == 2
    caller.ok("DELETE", f"/houses/{houses[0]}")
    assert [bed["room"] for bed in caller.ok("GET", "/beds")] == [room]


def test_another_tenants_record_is_not_found_or_forbidden_as_declared() -> None:
    """`foreign` names the kind of the refusal, or an assumption that does."""
    thing = {"type": "object", "properties": {"id": {"type": "string"}}}
    paths = {
        "/things": {"post": operation("make", "Thing", status="201", body={"type": "object"})},
        "/things/{id}": {"get": operation("read", "Thing", path="id")},
    }
    security = {
        "security": [{"key": []}],
        "components": {
            "schemas": {"Thing": thing},
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Workshop-Key"}},
        },
    }
    assumption = {
        "id": "declared.errors.foreign", "text": "?", "source": "?", "default": "not-found",
        "alternatives": ["forbidden"],
    }  # fmt: skip
    for foreign, assume, status in (
        ("forbidden", {}, 403),
        ({"assumption": assumption["id"]}, {}, 404),
        ({"assumption": assumption["id"]}, {assumption["id"]: "forbidden"}, 403),
        ({"assumption": assumption["id"], "kinds": {"forbidden": "conflict"}}, {assumption["id"]: "forbidden"}, 409),
    ):
        resources = {"things": {"schema": "Thing", "foreign": foreign}}
        served = api(document(paths, {}, resources, **security, **{"x-assumptions": [assumption]}))
        both = worlds(served, assume=assume)
        id = Caller(both, key="two").ok("POST", "/things", {})["id"]
        assert Caller(both).refused("GET", f"/things/{id}") == status
        assert Caller(both).refused("GET", "/things/none") == 404


def test_a_handler_replaces_the_generic_behaviour() -> None:
    """The operation named is the handler's; the others stay."""

    def update(call: Call) -> Reply:
        raise Problem("conflict", "No change after six")

    served = api(workshop(), "workshop", handlers={"updateProject": update})
    caller = Caller(worlds(served))
    id = project(caller)
    assert caller.send("PATCH", f"/projects/{id}", {}).json()["error"]["message"] == "No change after six"
    assert caller.ok("GET", f"/projects/{id}")


def test_an_operation_without_security_acts_for_the_first_tenant() -> None:
    """So that a document without keys has state, too."""
    thing = {"type": "object", "properties": {"id": {"type": "string"}}}
    paths = {"/things": {"post": operation("make", "Thing", status="201", body={"type": "object"})}}
    both = worlds(api(document(paths, {"Thing": thing}, {"things": {"schema": "Thing"}})))
    Caller(both).ok("POST", "/things", {})
    stores = both.default.tenants["declared"]
    assert (len(stores["one"]["things"]), len(stores["two"]["things"])) == (1, 0)


def test_an_answer_shows_what_its_schema_declares() -> None:
    """A creation may answer only the id, in an envelope with constant members; a list may leave members out."""
    thing = {
        "type": "object",
        "properties": {"id": {"type": "string"}, "name": {"type": "string"}, "size": {"type": "integer"}},
    }
    only_id = {
        "type": "object",
        "properties": {
            "object": {"const": "thing"},
            "data": {"type": "object", "properties": {"id": {"type": "string"}}},
        },
    }
    brief = {"type": "object", "properties": {"id": {}, "name": {}}}
    listed = {"type": "object", "properties": {"things": {"type": "array", "items": brief}, "ok": {"default": True}}}
    make = operation("make", only_id, status="201", body={"type": "object", "properties": {"name": {}, "size": {}}})
    make["x-operation"] = {"envelope": "/data"}
    paths = {
        "/things": {
            "get": operation("list", listed, **{"x-operation": {"envelope": "/things"}}),
            "post": make,
        },
        "/things/{id}": {"get": operation("read", {"allOf": [named("Thing")]}, path="id")},
    }
    caller = Caller(worlds(api(document(paths, {"Thing": thing}, {"things": {"schema": "Thing"}}))))
    made = caller.ok("POST", "/things", {"name": "x", "size": 1})
    id = made["data"]["id"]
    assert made == {"object": "thing", "data": {"id": id}}
    assert caller.ok("GET", "/things") == {"ok": True, "things": [{"id": id, "name": "x"}]}
    assert caller.ok("GET", f"/things/{id}") == {"id": id, "name": "x", "size": 1}


def test_state_forks_resets_and_can_be_put_back(caller: Caller) -> None:
    """Generic records are part of a world as all others are: exported, restored, in worlds of their own."""
    id = project(caller)
    caller.ok("POST", f"/projects/{id}/tasks", {"title": "Saw"})
    state = caller.raw("GET", "/__mock__/state").json()
    project(caller, name="Table")
    assert caller.raw("PUT", "/__mock__/state", state).status == 204
    assert [one["id"] for one in caller.ok("GET", "/projects")["data"]] == [id]
    assert caller.ok("POST", f"/projects/{id}/tasks", {"title": "Glue"})["data"]["id"] == 2
    assert caller.raw("POST", "/__mock__/reset").status == 204
    assert caller.ok("GET", "/projects")["data"] == []


def test_a_schema_that_contains_itself_is_taken_at_every_depth() -> None:
    """ReadOnly members and defaults hold in each level of a tree; a reference in a circle is any value."""
    node = {
        "type": "object",
        "properties": {
            "id": {"type": "string", "readOnly": True},
            "name": {"type": "string", "default": "leaf"},
            "children": {"type": "array", "items": named("Node")},
        },
    }
    plain = {"type": "object", "properties": {"more": named("Plain"), "any": True}}
    thing = {
        "type": "object",
        "allOf": [{"properties": {"id": {"type": "string"}}}, {"properties": {"top": named("Node")}}],
        "properties": {"plain": named("Plain"), "free": {"type": "object", "additionalProperties": True}},
    }
    make = operation("make", "Thing", status="201", body="Thing")
    schemas = {"Node": node, "Plain": plain, "Thing": thing}
    caller = Caller(worlds(api(document({"/things": {"post": make}}, schemas, {"things": {"schema": "Thing"}}))))
    top = {"id": "x", "children": [{"id": "y", "children": [{"id": "z", "name": "z"}]}]}
    made = caller.ok("POST", "/things", {"top": top, "plain": {"more": {"any": 1}}})
    assert made["top"] == {"name": "leaf", "children": [{"name": "leaf", "children": [{"name": "z"}]}]}
    assert made["plain"] == {"more": {"any": 1}}


def test_branches_of_a_schema_add_members_that_may_be_absent() -> None:
    """What only one branch requires, no new record needs."""
    thing = {
        "type": "object",
        "required": ["id"],
        "properties": {"id": {"type": "string"}},
        "oneOf": [
            {"required": ["wide"], "properties": {"wide": {"type": "integer"}}},
            {"required": ["high"], "properties": {"high": {"type": "integer"}}},
        ],
    }
    paths = {"/things": {"post": operation("make", "Thing", status="201", body="Thing")}}
    paths["/things"]["post"]["requestBody"]["content"]["application/json"]["schema"] = {
        "type": "object", "properties": {"wide": {}, "high": {}},
    }  # fmt: skip
    caller = Caller(worlds(api(document(paths, {"Thing": thing}, {"things": {"schema": "Thing"}}))))
    assert caller.ok("POST", "/things", {"high": 3})["high"] == 3
    assert caller.refused("POST", "/things", {}) == 400


def test_a_parent_may_come_by_the_body_where_the_path_has_none() -> None:
    """The same resource stands below its parent and by itself."""
    thing = {"type": "object", "properties": {"id": {"type": "string"}, "box": {"type": "integer"}}}
    body = {"type": "object", "properties": {"box": {"type": "integer"}}}
    paths = {
        "/things": {"post": operation("make", "Thing", status="201", body=body), "get": operation("all", "[Thing]")},
        "/boxes/{box}/things": {
            "post": operation("put", "Thing", status="201", body=body, path="box"),
            "get": operation("in", "[Thing]", path="box"),
        },
    }
    resources = {"things": {"schema": "Thing", "parent": {"box": "box"}}}
    caller = Caller(worlds(api(document(paths, {"Thing": thing}, resources))))
    caller.ok("POST", "/things", {"box": 1})
    caller.ok("POST", "/boxes/2/things", {"box": 1})
    assert [one["box"] for one in caller.ok("GET", "/things")] == [1, 2]
    assert [one["box"] for one in caller.ok("GET", "/boxes/2/things")] == [2]
    assert caller.refused("POST", "/boxes/x/things", {}) == 400


def test_an_answer_may_leave_members_out() -> None:
    """Always, or as an assumption says; the record keeps them."""
    thing = {"type": "object", "properties": {"id": {"type": "string"}, "a": {}, "b": {}}}
    assumption = {"id": "declared.things.omits", "text": "?", "source": "?", "default": [], "alternatives": [["b"]]}
    for omits, assume, shown in (
        (["a"], {}, {"id": "x", "b": 2}),
        ({"assumption": assumption["id"]}, {}, {"id": "x", "a": 1, "b": 2}),
        ({"assumption": assumption["id"]}, {assumption["id"]: ["b"]}, {"id": "x", "a": 1}),
    ):
        paths = {"/things/{id}": {"get": operation("read", "Thing", path="id", **{"x-operation": {"omits": omits}})}}
        made = document(paths, {"Thing": thing}, {"things": {"schema": "Thing"}}, **{"x-assumptions": [assumption]})
        served = worlds(api(made), {"one": {"things": [{"id": "x", "a": 1, "b": 2}]}}, assume=assume)
        assert Caller(served).ok("GET", "/things/x") == shown


def test_an_operation_on_no_resource_may_answer_a_template() -> None:
    """One that never changes, or that tells of the request."""
    paths = {
        "/health": {"get": operation("health", {"type": "object"}, **{"x-operation": {"answer": {"status": "OK"}}})},
        "/now": {"get": operation("now", {"type": "object"}, **{"x-operation": {"answer": {"at": "$now"}}})},
    }
    caller = Caller(worlds(api(document(paths, {}, {}))))
    assert caller.ok("GET", "/health") == {"status": "OK"}
    assert caller.ok("GET", "/now") == {"at": "2026-04-07T10:00:00.000Z"}
    paths["/now"]["get"]["x-operation"] = {"answer": {"at": "$noww"}}
    with pytest.raises(ContractError, match=r"/paths/~1now/get/x-operation/answer: \$noww is no value; did you mean"):
        api(document(paths, {}, {}))


def test_a_parameter_may_name_a_parent_in_one_path_and_the_record_in_another() -> None:
    """`/boxes/{id}/things` and `/things/{id}`: the parent is the box where the path names it."""
    thing = {"type": "object", "properties": {"id": {"type": "string"}, "box": {"type": "string"}}}
    box = {"type": "object", "properties": {"id": {"type": "string"}}}
    body = {"type": "object", "properties": {"box": {"type": "string"}}}
    paths = {
        "/things/{id}": {"get": operation("read", "Thing", path="id"), "delete": operation("drop", path="id")},
        "/boxes": {"post": operation("build", "Box", status="201", body=body)},
        "/boxes/{id}": {"get": operation("box", "Box", path="id")},
        "/boxes/{id}/things": {
            "post": operation("put", "Thing", status="201", body=body, path="id"),
            "get": operation("in", "[Thing]", path="id"),
        },
    }
    resources = {"boxes": {"schema": "Box"}, "things": {"schema": "Thing", "parent": {"id": "box"}}}
    caller = Caller(worlds(api(document(paths, {"Thing": thing, "Box": box}, resources))))
    home = caller.ok("POST", "/boxes", {})["id"]
    made = caller.ok("POST", f"/boxes/{home}/things", {"box": "other"})
    assert made["box"] == home
    assert caller.ok("GET", f"/things/{made['id']}") == made
    assert caller.ok("GET", f"/boxes/{home}/things") == [made]
    assert caller.refused("POST", "/boxes/none/things", {}) == 404
    caller.ok("DELETE", f"/things/{made['id']}")
    assert caller.ok("GET", f"/boxes/{home}/things") == []
