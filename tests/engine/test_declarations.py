"""What is wrong with declared resources is told at start, with a JSON pointer and the nearest valid name."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from declared import Caller, api, document, named, operation, workshop, worlds
from understudy.document.compile import ContractError
from understudy.document.contract import Contract
from understudy.document.dialect import diagnostics
from understudy.resources import access, declare, schemas


@pytest.fixture(scope="module")
def known() -> Contract:
    """The workshop of the page on resources, compiled."""
    return api(workshop(), "workshop").contract


def problems(known: Contract, change: Callable[[Any], None]) -> Sequence[tuple[str, str]]:
    """What is told of the workshop's resources after a change of its document: pointers and texts."""
    document = workshop()
    change(document)
    with pytest.raises(ContractError) as refused:
        declare(replace(known, document=document))
    return refused.value.diagnostics


def _in(*path: str, **entries: Any) -> Callable[[Any], None]:
    """A change of the workshop: entries set at a path of names; None takes one out."""

    def change(document: Any) -> None:
        for name in path:
            document = document[name]
        for name, value in entries.items():
            if value is None:
                del document[name.replace("_", "-")]
            else:
                document[name.replace("_", "-")] = value

    return change


PROJECTS, LIFE = ("x-resources", "projects"), ("x-resources", "tasks", "life-cycle")
ITEM = ("paths", "/projects/{project_id}", "get")
COMMANDS = ("paths", "/projects/{project_id}/tasks/{task_id}/commands", "post")


@pytest.mark.parametrize(
    ("change", "pointer", "advice"),
    [
        (_in(*PROJECTS, schema="Projekt"), "/projects/schema", "Projekt is no schema of this document; did you mean"),
        (_in(*PROJECTS, key="ident"), "/projects/key", "ident is no member of the schema"),
        (_in(*PROJECTS, order="-created"), "/projects/order", "created is no member of the schema; did you mean"),
        (_in(*PROJECTS, unique=["name", "nam"]), "/projects/unique/1", "did you mean name?"),
        (_in(*PROJECTS, id="prj_{base63:20}"), "/projects/id", "is no kind of id; did you mean base62:20?"),
        (_in(*PROJECTS, id="{base62}"), "/projects/id", "{base62} is no kind of id"),
        (_in(*PROJECTS, id="{hex:65}"), "/projects/id", "from 1 to 64"),
        (_in(*PROJECTS, id="prj"), "/projects/id", "has no place such as"),
        (_in(*PROJECTS, id="{hex:3}}"), "/projects/id", "or a brace too many"),
        (_in(*PROJECTS, id="$request.boddy#/x"), "/projects/id", "is no value; did you mean $request.body?"),
        (_in(*PROJECTS, not_found="nowhere"), "/projects/not-found", "nowhere is no kind of x-errors"),
        (_in(*PROJECTS, conflict="conflicts"), "/projects/conflict", "did you mean conflict?"),
        (_in(*PROJECTS, foreign="forbiden"), "/projects/foreign", "did you mean forbidden?"),
        (_in(*PROJECTS, foreign={"assumption": "x"}), "/projects/foreign", "x is no assumption"),
        (_in(*PROJECTS, create={"ownr": "x"}), "/projects/create/ownr", "did you mean owner?"),
        (_in(*PROJECTS, create={"owner": "$tennant"}), "/projects/create/owner", "did you mean $tenant?"),
        (_in(*PROJECTS, create={"owner": "$request.body/x"}), "/projects/create/owner", "write $request.body#/member"),
        (_in(*PROJECTS, create={"owner": "$request.path"}), "/projects/create/owner", "is no value"),
        (_in(*PROJECTS, create={"owner": ["{$nwo}"]}), "/projects/create/owner", "$nwo is no value; did you mean"),
        (_in(*PROJECTS, create={"owner": 5}), "/projects/create/owner", "does not fit the schema of the member"),
        (_in(*PROJECTS, create={"owner": {"assumption": "x"}}), "/projects/create/owner", "x is no assumption"),
        (_in(*PROJECTS, delete={"gone": True}), "/projects/delete/gone", "gone is no member"),
        (_in(*PROJECTS, includes={"parameter": "include", "members": {"a": "taks"}}), "/projects/includes/members/a",
         "did you mean tasks?"),
        (_in(*PROJECTS, parent={"project": "owner"}), "/projects/parent/project",
         "project is no parameter of a path or query of this document; did you mean project_id?"),
        (_in(*PROJECTS, parent={"project_id": "ownr"}), "/projects/parent/project_id", "did you mean owner?"),
        (_in("x-resources", "tasks", refers={"after_id": "task"}), "/tasks/refers/after_id", "did you mean tasks?"),
        (_in("x-resources", "tasks", refers={"aftr_id": "tasks"}), "/tasks/refers/aftr_id", "did you mean after_id?"),
        (_in(*PROJECTS, life_cycle={"member": "state"}), "/projects/life-cycle/member", "did you mean status?"),
        (_in(*LIFE, start={"from": ["x"], "to": "done"}), "/tasks/life-cycle/start/from/0", '"x" is not one of'),
        (_in(*LIFE, start={"from": [], "to": "x"}), "/tasks/life-cycle/start/to", '"x" is not one of'),
        (_in(*LIFE, start={"from": [], "to": "done", "after": {"assumption": "x"}}), "/tasks/life-cycle/start/after",
         "x is no assumption"),
        (_in(*LIFE, start={"from": [], "to": "done", "refused": "conflickt"}), "/tasks/life-cycle/start/refused",
         "did you mean conflict?"),
        (_in(*LIFE, start={"from": ["running"], "to": "done", "after": 1}), "/tasks/life-cycle/finish",
         "time leads out of running by start already"),
    ],
)  # fmt: skip
def test_a_wrong_resource_is_refused(known: Contract, change: Callable[[Any], None], pointer: str, advice: str) -> None:
    """Each wrong name or value is told where it stands."""
    texts = [text for where, text in problems(known, change) if where == f"/x-resources{pointer}"]
    assert any(advice in text for text in texts), texts


@pytest.mark.parametrize(
    ("step", "pointer", "advice"),
    [
        (5, "", "must be a mapping"),
        ({"from": ["x"]}, "", "to is missing on this step; add it"),
        ({"from": [], "to": "done", "afer": 1}, "/afer", "afer is not understood on a step; did you mean after?"),
        ({"from": [], "to": "done", "after": "1"}, "/after", "must be a number of seconds from 0 on"),
        ({"from": [], "to": "done", "after": -1}, "/after", "must be a number of seconds from 0 on"),
        ({"from": [], "to": "done", "set": 5}, "/set", "must be a mapping"),
    ],
)
def test_a_step_of_the_wrong_shape_is_refused(step: Any, pointer: str, advice: str) -> None:
    """The dialect says what a step is."""
    document = workshop()
    document["x-resources"]["tasks"]["life-cycle"]["start"] = step
    told = dict(diagnostics(document))
    assert advice in told[f"/x-resources/tasks/life-cycle/start{pointer}"]


@pytest.mark.parametrize(
    ("change", "pointer", "advice"),
    [
        (_in(*ITEM, x_operation={"resource": "project"}), "/projects~1{project_id}/get/x-operation/resource",
         "did you mean projects?"),
        (_in(*ITEM, x_operation={"do": "raed"}), "/projects~1{project_id}/get/x-operation/do",
         "raed is no action on projects; did you mean read?"),
        (_in(*ITEM, x_operation={"answer": {"x": ["$idd"]}}), "/projects~1{project_id}/get/x-operation/answer",
         "did you mean $id?"),
        (_in(*ITEM, x_operation={"job": {"resource": "export"}}),
         "/projects~1{project_id}/get/x-operation/job/resource", "did you mean exports?"),
        (_in(*ITEM, x_operation={"job": {"resource": "projects"}}),
         "/projects~1{project_id}/get/x-operation/job/resource", "has no life cycle that time moves"),
        (_in(*ITEM, x_operation={"job": {"resource": "exports", "failed": "fial"}}),
         "/projects~1{project_id}/get/x-operation/job/failed", "fial is no transition"),
        (_in(*ITEM, x_operation={"job": {"resource": "exports", "set": {"ulr": "x"}}}),
         "/projects~1{project_id}/get/x-operation/job/set/ulr", "did you mean url?"),
        (_in(*COMMANDS, x_operation={"command": "$request.bdy"}),
         "/projects~1{project_id}~1tasks~1{task_id}~1commands/post/x-operation/command", "did you mean $request.body?"),
        (_in(*COMMANDS, x_operation={"do": "start", "id": "$request"}),
         "/projects~1{project_id}~1tasks~1{task_id}~1commands/post/x-operation/id", "$request is no value"),
        (_in("paths", "/projects", "get", x_operation={"do": "read"}), "/projects/get/x-operation",
         "no path parameter holds the id"),
        (_in("x-resources", "exports", create={}), "/projects~1{project_id}~1exports/post",
         "a new record of exports lacks created_at, which Export requires"),
    ],
)  # fmt: skip
def test_a_wrong_operation_is_refused(
    known: Contract, change: Callable[[Any], None], pointer: str, advice: str
) -> None:
    """Each wrong name or value is told where it stands."""
    texts = [text for where, text in problems(known, change) if where == f"/paths/~1{pointer[1:]}"]
    assert any(advice in text for text in texts), texts


THING = {"type": "object", "required": ["id", "when"], "properties": {"id": {"type": "string", "maxLength": 3}}}


def test_a_path_without_a_resource_needs_one_for_its_operation() -> None:
    """`x-operation` without `resource` means that of the path."""
    paths = {"/me": {"get": operation("me", {"type": "object"}, **{"x-operation": {"do": "read"}})}}
    with pytest.raises(ContractError, match="no resource is on this path; name one with `resource`"):
        api(document(paths, {"Thing": THING}, {"things": {"schema": "Thing"}}))


def test_an_id_must_fit_the_schema_of_its_member() -> None:
    """The shape is tried at start."""
    paths = {"/things/{id}": {"get": operation("read", "Thing", path="id")}}
    with pytest.raises(
        ContractError, match=r"/x-resources/things/id: an id such as '.{20}' does not fit the member id"
    ):
        api(document(paths, {"Thing": THING}, {"things": {"schema": "Thing"}}))


def test_a_new_record_must_have_what_its_schema_requires() -> None:
    """By the request, by `create`, by a default, or as null."""
    schema = {
        "type": "object",
        "required": ["id", "a", "b", "c", "d", "e"],
        "properties": {
            "id": {"type": "string"},
            "a": {"type": "string"},
            "b": {"default": 1},
            "c": {"type": ["string", "null"]},
            "d": {"type": "integer"},
            "e": {"type": ["null"]},
        },
    }
    body = {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}}
    paths = {"/things": {"post": operation("make", "Thing", status="201", body=body)}}
    with pytest.raises(ContractError, match="lacks d, which Thing requires"):
        api(document(paths, {"Thing": schema}, {"things": {"schema": "Thing"}}))
    caller = Caller(
        worlds(api(document(paths, {"Thing": schema}, {"things": {"schema": "Thing", "create": {"d": 2}}})))
    )
    made = caller.ok("POST", "/things", {"a": "x"})
    assert made == {"id": made["id"], "a": "x", "b": 1, "c": None, "d": 2, "e": None}


def test_a_job_must_have_what_its_schema_requires() -> None:
    """The operation sets what the job needs."""
    job = {
        "type": "object",
        "required": ["id", "state", "what"],
        "properties": {"id": {"type": "string"}, "state": {"type": "string"}, "what": {"type": "string"}},
    }
    cycle = {"member": "state", "end": {"from": ["new"], "to": "done", "after": 1}}
    paths = {
        "/things": {
            "post": operation("make", "Job", status="202", body="Job", **{"x-operation": {"job": {"resource": "jobs"}}})
        }
    }
    resources = {"things": {"schema": "Job"}, "jobs": {"schema": "Job", "create": {"state": "new"}}}
    resources["jobs"]["life-cycle"] = cycle
    with pytest.raises(ContractError, match="a new record of jobs lacks what"):
        api(document(paths, {"Job": job}, resources))


def test_what_an_operation_does_follows_from_method_path_and_schemas() -> None:
    """The path's last word names the resource, or the schemas of its answers do."""
    thing = {"type": "object", "properties": {"id": {"type": "string"}}}
    body = {"type": "object"}
    listed = {"type": "object", "properties": {"data": {"type": "array", "items": named("Thing")}}}
    wrapped = {"type": "object", "allOf": [{"properties": {"result": {"properties": {"thing": named("Thing")}}}}]}
    paths = {
        "/Big-Things": {"get": operation("a", listed), "post": operation("b", wrapped, status="201", body=body)},
        "/Big-Things/{id}": {
            "get": operation("c", "Thing", path="id"),
            "put": operation("d", "Thing", path="id", body=body),
            "patch": operation("e", "Thing", path="id", body=body),
            "post": operation("f", "Thing", path="id", body=body),
            "delete": operation("g", status="204", path="id"),
        },
        "/Big-Things/{id}/other": {"post": operation("h", {"type": "object"}, path="id")},
        "/others": {"get": operation("i", "[Other]"), "post": operation("j", "Other", status="201", body=body)},
        "/others/{x}": {"get": operation("k", "Other", path="x")},
        "/others/{x}/again": {"post": operation("l", "Other", path="x")},
        "/kept": {"delete": operation("m", status="204")},
        "/kept/{x}": {"get": operation("n", "Kept", path="x")},
    }
    known = {"Thing": thing, "Other": thing, "Kept": thing}
    resources = {"big_things": {"schema": "Thing"}, "strange": {"schema": "Other"}, "kept-ones": {"schema": "Kept"}}
    contract = document(paths, known, resources)
    ids = {"h", "l", "m"}
    handlers = {id: (lambda call: None) for id in ids}
    found = declare(api(contract, handlers=handlers).contract).roles
    assert {id: f"{role.action} {role.resource.name} {role.answer.pointer}".strip() for id, role in found.items()} == {
        "a": "list big_things /data",
        "b": "create big_things /result/thing",
        "c": "read big_things",
        "d": "replace big_things",
        "e": "update big_things",
        "f": "update big_things",
        "g": "delete big_things",
        "i": "list strange",
        "j": "create strange",
        "k": "read strange",
        "n": "read kept-ones",
    }


def test_a_request_that_is_a_list_makes_no_record() -> None:
    """A JSON Patch, or many records at once, is a handler's; the document is told so where it says otherwise."""
    thing = {"type": "object", "properties": {"id": {"type": "string"}}}
    many: dict[str, Any] = {"items": {"type": "object"}}
    patch = operation("patch", "Thing", body={"type": "array"}, path="id")
    paths = {"/things": {"post": operation("make", "[Thing]", body=many)}, "/things/{id}": {"patch": patch}}
    handlers = {"make": lambda call: None, "patch": lambda call: None}
    made = document(paths, {"Thing": thing}, {"things": {"schema": "Thing"}})
    assert declare(api(made, handlers=handlers).contract).roles == {}
    patch["x-operation"] = {"do": "update"}
    with pytest.raises(ContractError, match="the request is a list, and update takes one record"):
        api(made)


def test_x_operation_says_what_does_not_follow() -> None:
    """Another resource, action, envelope, place in the body, or id."""
    thing = {"type": "object", "properties": {"id": {"type": "string"}, "name": {"type": "string"}}}
    body = {"type": "object", "properties": {"thing": {"type": "object", "properties": {"name": {}}}}}
    answer = {"type": "object", "properties": {"x": {"type": "object"}}}
    make = operation("make", answer, status="201", body=body)
    make["x-operation"] = {"resource": "things", "do": "create", "body": "/thing", "envelope": "/x"}
    mine = operation("mine", "Thing", **{"x-operation": {"resource": "things", "do": "read", "id": "$tenant"}})
    constant = operation("two", "Thing", **{"x-operation": {"resource": "things", "do": "read", "id": "two"}})
    absent = operation(
        "none", "Thing", **{"x-operation": {"resource": "things", "do": "read", "id": "$request.query.q"}}
    )
    refusing = operation("refusing")
    del refusing["responses"]["200"]
    rename = operation("rename", "Thing", body=body, path="id")
    rename["x-operation"] = {"do": "update", "body": "/thing"}
    paths = {
        "/make": {"post": make},
        "/mine": {"get": mine},
        "/two": {"get": constant},
        "/none": {"get": absent},
        "/things/{id}": {"put": rename},
        "/refusals": {"get": refusing},
    }
    known = {"Thing": thing}
    served = api(document(paths, known, {"things": {"schema": "Thing"}}), handlers={"refusing": lambda call: None})
    caller = Caller(worlds(served, {"one": {"things": [{"id": "one", "name": "a"}, {"id": "two", "name": "b"}]}}))
    made = caller.ok("POST", "/make", {"thing": {"name": "new"}})["x"]
    assert made["name"] == "new"
    assert caller.ok("POST", "/make", {})["x"].keys() == {"id"}
    assert [caller.ok("GET", path)["name"] for path in ("/mine", "/two")] == ["a", "b"]
    assert caller.refused("GET", "/none") == 404
    assert caller.ok("PUT", "/things/one", {"thing": {"name": "c"}}) == {"id": "one", "name": "c"}


def test_a_record_in_the_body_is_found_by_its_schema() -> None:
    """A wrapped body needs no key where it names the resource's schema."""
    thing = {"type": "object", "properties": {"id": {"type": "string"}, "name": {"type": "string"}}}
    body = {"type": "object", "properties": {"thing": named("Thing")}}
    paths = {"/things": {"post": operation("make", body, status="201", body=body)}}
    caller = Caller(worlds(api(document(paths, {"Thing": thing}, {"things": {"schema": "Thing"}}))))
    assert caller.ok("POST", "/things", {"thing": {"name": "x"}})["thing"]["name"] == "x"


def test_references_in_a_circle_lead_to_no_schema() -> None:
    """They are any value, and so are parts of a schema that contain themselves."""
    circle = {"components": {"schemas": {"A": named("B"), "B": named("A"), "C": {"allOf": [named("C")]}}}}
    assert schemas.resolve(circle, named("A")) == {}
    assert schemas.members(circle, named("C")) == {}
    assert schemas.resolve(circle, True) == {}


VALUES = {
    "text": "plain",
    "now": "$now",
    "day": "$now",
    "seconds": "$now",
    "exact": "$now",
    "milliseconds": "$milliseconds",
    "own": "$id",
    "tenant": "$tenant",
    "caller": "$caller",
    "url": "$url",
    "method": "$method",
    "body": "$request.body#/deep/0",
    "whole": "$request.body",
    "path": "$request.path.box",
    "query": "$request.query.q",
    "header": "$request.header.X-Note",
    "absent": "$request.body#/no/where",
    "no_header": "$request.header.X-None",
    "no_query": "$request.query.none",
    "link": "https://x.example/{$request.path.box}/{$id}?q={$request.query.none}",
    "nested": {"a": ["$tenant", 1], "b": "$request.query.none"},
    "plain": {"a": [1, {"b": 2}]},
    "assumed": {"assumption": "declared.things.value"},
}


def test_values_come_from_the_world_and_the_request() -> None:
    """Times in the form of their member, OpenAPI's runtime expressions, and the value of an assumption."""
    kinds = {
        "day": {"type": "string", "format": "date"},
        "seconds": {"type": "integer"},
        "exact": {"type": "number"},
    }
    thing = {"type": "object", "properties": {"id": {"type": "string"}, **{key: {} for key in VALUES}, **kinds}}
    body = {"type": "object", "additionalProperties": True}
    paths = {"/boxes/{box}/things": {"post": operation("make", "Thing", status="201", path="box", body=body,
             query={"q": {"type": "integer"}})}}  # fmt: skip
    assumption = {"id": "declared.things.value", "text": "?", "source": "?", "default": 7, "alternatives": [8]}
    resources = {"things": {"schema": "Thing", "id": "x{digits:2}", "create": VALUES}}
    served = api(document(paths, {"Thing": thing}, resources, **{"x-assumptions": [assumption]}))
    caller = Caller(worlds(served))
    sent = {"deep": ["first"]}
    made = caller.ok("POST", "/boxes/b%20c/things?q=5", sent, x_note="hello")
    id = made["id"]
    assert made | {"id": ""} == {
        "id": "", "text": "plain", "now": "2026-04-07T10:00:00.000Z", "day": "2026-04-07", "seconds": 1775556000,
        "exact": 1775556000.0, "milliseconds": 1775556000000, "own": id, "tenant": "one", "caller": "one",
        "url": "http://localhost/v1/boxes/b%20c/things", "method": "POST", "body": "first", "whole": sent,
        "path": "b c", "query": 5, "header": "hello", "link": f"https://x.example/b c/{id}?q=",
        "nested": {"a": ["one", 1]}, "plain": {"a": [1, {"b": 2}]}, "assumed": 7,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("shape", "pattern"),
    [
        ("{uuid}", "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"),
        ("a-{letters:3}-{capitals:2}-{base36:4}-z", "^a-[A-Za-z]{3}-[A-Z]{2}-[0-9a-z]{4}-z$"),
        ("{hex:8}", "^[0-9a-f]{8}$"),
    ],
)
def test_ids_have_the_declared_shape(shape: str, pattern: str) -> None:
    """The schema's own pattern agrees, at start and for every record."""
    thing = {"type": "object", "properties": {"id": {"type": "string", "pattern": pattern}}}
    paths = {"/things": {"post": operation("make", "Thing", status="201", body={"type": "object"})}}
    caller = Caller(worlds(api(document(paths, {"Thing": thing}, {"things": {"schema": "Thing", "id": shape}}))))
    assert len({caller.ok("POST", "/things", {})["id"] for _ in range(3)}) == 3


def test_the_schema_of_the_member_says_the_shape_where_nothing_else_does() -> None:
    """An integer counts up, a uuid is one, any other text has 20 characters."""
    paths = {"/things": {"post": operation("make", "Thing", status="201", body={"type": "object"})}}
    for schema, length in (
        ({"type": "integer"}, 1),
        ({"type": "string", "format": "uuid"}, 36),
        ({"type": "string"}, 20),
    ):
        thing = {"type": "object", "properties": {"id": schema}}
        caller = Caller(worlds(api(document(paths, {"Thing": thing}, {"things": {"schema": "Thing"}}))))
        assert len(str(caller.ok("POST", "/things", {})["id"])) == length


ERROR_BODIES = [
    ({"code": "$code", "text": ["$message", "$status"], "fields": "$fields"},
     {"code": "invalid", "text": ["name is required", 400], "fields": {"name": ["name is required"]}}),
    ({"errors": [{"on": "$field", "says": "$message", "status": "$status", "help": "https://x.example"}]},
     {"errors": [{"on": "name", "says": "name is required", "status": 400, "help": "https://x.example"}]}),
    ({"title": "$title", "at": "$now", "url": "$url"},
     {"title": "Bad Request", "at": "2026-04-07T10:00:00.000Z", "url": "http://localhost/v1/things"}),
    (None, {"type": "about:blank", "title": "Bad Request", "status": 400, "detail": "name is required"}),
]  # fmt: skip


@pytest.mark.parametrize(("template", "expected"), ERROR_BODIES)
def test_errors_have_the_declared_body(template: Any, expected: Any) -> None:
    """Words stand for what is refused; without `x-error-body` it is problem details."""
    thing = {"type": "object", "properties": {"name": {"type": "string"}}}
    paths = {"/things": {"post": operation("make", "Thing", status="201", body={"type": "object"})}}
    resources = {"things": {"schema": "Thing", "key": "name", "id": "$request.body#/name"}}
    more = {} if template is None else {"x-error-body": template}
    caller = Caller(worlds(api(document(paths, {"Thing": thing}, resources, **more))))
    assert caller.send("POST", "/things", {}).json() == expected


def test_errors_without_fields_leave_them_out() -> None:
    """A member that has no value is not there; a list by fields is empty."""
    template = {"code": "$code", "fields": "$fields", "errors": [{"f": "$field"}]}
    paths = {"/now": {"get": operation("now")}}
    served = api(document(paths, {}, {}, **{"x-error-body": template}), handlers={"now": lambda call: None})
    assert Caller(worlds(served)).send("GET", "/now/nothing").json() == {"code": "unknown-route", "errors": []}


def test_the_media_type_of_errors_is_that_of_the_document() -> None:
    """The first documented refusal decides; without one, the body does."""
    thing = {"type": "object", "properties": {"id": {"type": "string"}}}
    for more, media_type in (({}, b"application/problem+json"), ({"x-error-body": {}}, b"application/json")):
        one = operation("read", "Thing", path="id")
        del one["responses"]["4XX"]
        contract = api(
            document({"/t/{id}": {"get": one}}, {"Thing": thing}, {"t": {"schema": "Thing"}}, **more)
        ).contract
        assert access.error_type(contract) == media_type


@pytest.mark.parametrize(
    ("key", "value", "advice"),
    [
        (
            "x-error-body",
            {"a": ["$mesage"]},
            "/x-error-body/a/0: $mesage is no value of an error; did you mean $message?",
        ),
        ("x-keys", "{number}", "/x-keys: a key is no number"),
        ("x-keys", "{hax:3}", "/x-keys: {hax:3} is no kind of id"),
    ],
)
def test_a_wrong_error_body_or_key_is_refused(key: str, value: Any, advice: str) -> None:
    """At start, with its place."""
    with pytest.raises(ContractError) as refused:
        api(document({}, {}, {}, **{key: value}))
    assert advice in str(refused.value)


def test_fresh_worlds_have_keys_of_the_declared_shape() -> None:
    """A world of one's own has a key for each of the default one's."""
    caller = Caller(worlds(api(workshop(), "workshop")))
    keys = caller.raw("POST", "/__mock__/worlds").json()["apis"]["workshop"]["keys"]
    assert len(keys) == 2
    assert all(re.fullmatch("ws_[0-9a-f]{24}", key) for key in keys)
