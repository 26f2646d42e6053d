"""What inference makes of names, ids, patterns and paths that no document of one trait has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from own_document import FOLDER, HEAD, Served, written
from understudy.apis import own
from understudy.document.infer import Inferred, infer
from understudy.document.infer.ids import key_of, shape_of, shape_of_pattern
from understudy.document.infer.operations import path_of
from understudy.document.infer.paths import Family, names_for
from understudy.document.infer.schemas import Schemas
from understudy.document.infer.words import same_thing, singular, words
from understudy.document.open_world import read_own
from understudy.document.read import Unreadable

TEXT = {"type": "string"}
NUMBER = {"type": "integer"}
ONE = "content: {application/json: {schema: {type: object, properties: {id: {}}}}}"
OTHER = "content: {application/json: {schema: {type: object, properties: {x: {}}}}}"
LISTED = "responses: {'200': {content: {application/json: {schema: {type: array, items: {properties: {id: {}}}}}}}}"


def inferred(folder: Path, text: str, **options: Any) -> Inferred:
    """What is inferred of a document with this text."""
    (folder / "own.yaml").write_text(HEAD + text)
    return infer(read_own(folder / "own.yaml").document, "own", **options)


def item(schema: str, *, path: str = "/pets/{id}", more: str = "") -> str:
    """The paths of a collection that POST adds to, and of its items; `schema` is that of one."""
    body = f"content: {{application/json: {{schema: {schema}}}}}"
    return f"""
paths:
  {path.rpartition("/")[0]}:
    post: {{requestBody: {{content: {{application/json: {{schema: {{type: object, properties: {{note: {{}}}}}}}}}}}},
      responses: {{'201': {{{body}}}}}}}
  {path}:
    get: {{responses: {{'200': {{{body}}}}}}}
{more}"""


@pytest.mark.parametrize(
    ("word", "one"),
    [("pets", "pet"), ("categories", "category"), ("boxes", "box"), ("statuses", "status"), ("people", "person"),
     ("class", "class"), ("bus", "bus"), ("series", "series"), ("ties", "tie")],
)  # fmt: skip
def test_plurals_are_known(word: str, one: str) -> None:
    """A word that is no plural is its own singular."""
    assert singular(word) == one


def test_names_are_compared_by_their_words() -> None:
    """Whatever stands between them."""
    assert words("petID_ofUser-2") == ("pet", "id", "of", "user", "2")
    assert same_thing("user-groups", "UserGroup")
    assert not same_thing("", "")


@pytest.mark.parametrize(
    ("pattern", "shape"),
    [
        ("^adr_[a-zA-Z0-9]+$", "adr_{base62:20}"),
        ("^QU[0-9a-fA-F]{32}$", "QU{hex:32}"),
        (r"^\d{4,6}$", "{digits:6}"),
        (r"\w+", "{base62:20}"),
        ("^[A-Z]{2}[a-z]?$", "{capitals:2}"),
        ("^[a-z0-9]{3,}$", "{base36:20}"),
        ("^[A-Za-z]*x$", "{letters:20}x"),
        (r"^a\.[0-9]$", "a.{digits:1}"),
        ("^(a|b)[0-9]+$", None),
        ("^ab+$", None),
        ("^abc$", None),
        ("^[aeiou]+$", None),
        (r"^[\p{L}]+$", None),
        ("^[0-9]{65}$", None),
    ],
)
def test_a_pattern_gives_the_shape_of_ids(pattern: str, shape: str | None) -> None:
    """Literals and classes; what a shape cannot say is none."""
    assert shape_of_pattern(pattern) == shape


@pytest.mark.parametrize(
    ("member", "parameter", "shape"),
    [
        (NUMBER, TEXT, "{number}"),
        (TEXT, NUMBER, "{number}"),
        (None, NUMBER, "{number}"),
        ({**TEXT, "format": "uuid"}, TEXT, "{uuid}"),
        (TEXT, {**TEXT, "format": "uuid"}, "{uuid}"),
        (TEXT, {**TEXT, "pattern": "^u-[0-9]{3}$"}, "u-{digits:3}"),
        ({**TEXT, "pattern": "^(a|b)+$"}, TEXT, "{schema}"),
        ({**TEXT, "pattern": "^[a-z0-9]+$", "maxLength": 5}, TEXT, "{schema}"),
        ({**TEXT, "enum": ["a"]}, TEXT, "{schema}"),
        ({**TEXT, "format": "email"}, TEXT, "{schema}"),
        ({**TEXT, "examples": ["78D335FA-323d-0114-9c3d-d6f0d48968cf"]}, TEXT, "{uuid}"),
        ({**TEXT, "examples": ["17"]}, TEXT, "{number}"),
        ({**TEXT, "examples": ["cus_9s6XKzkNRiz8i3"]}, TEXT, "cus_{base62:14}"),
        ({**TEXT, "examples": ["a_b-c_0123ab"]}, TEXT, "a_b-c_{hex:6}"),
        ({**TEXT, "examples": ["zz_01z3ab"]}, TEXT, "zz_{base36:6}"),
        ({**TEXT, "examples": ["0123456789abcdef"]}, TEXT, "{hex:16}"),
        ({**TEXT, "examples": ["YOUR_ID"]}, TEXT, "{base62:20}"),
        ({**TEXT, "minLength": 36, "maxLength": 36}, TEXT, "{uuid}"),
        ({**TEXT, "minLength": 30}, {**TEXT, "maxLength": 32}, "{base62:30}"),
        ({**TEXT, "maxLength": 8}, TEXT, "{base62:8}"),
    ],
)
def test_ids_fit_the_member_and_the_parameter(member: Any, parameter: Any, shape: str) -> None:
    """By type, pattern, format, example or length."""
    assert shape_of(Schemas({}), member, parameter) == shape


@pytest.mark.parametrize(
    ("members", "parameter", "key", "other"),
    [
        ({"petId": TEXT, "id": TEXT}, "petId", "petId", None),
        ({"pet_id": TEXT}, "petId", "pet_id", None),
        ({"id": NUMBER, "name": TEXT}, "pet", "id", None),
        ({"uuid": TEXT, "id": TEXT}, "pet", "id", "uuid"),
        ({"slug": TEXT, "title": TEXT}, "slug", "slug", None),
        ({"name": TEXT}, "pet_name", "name", None),
        ({"id": TEXT, "email": TEXT}, "id_or_email", "id", None),
        ({"id": TEXT, "name": TEXT}, "idOrName", "id", None),
        ({"name": TEXT, "size": NUMBER}, "pet", "name", None),
        ({"pet_key": TEXT}, "x", "pet_key", None),
        ({"id": {"type": "boolean"}, "sid": TEXT}, "pet", "sid", None),
        ({"id": {"type": "object"}, "title": TEXT}, "id", None, None),
        ({"id": TEXT, "uid": NUMBER}, "thing", "id", "uid"),
        ({"text": TEXT}, "pet", None, None),
        ({"id": {}}, "", "id", None),
    ],
)
def test_the_id_of_a_record_is_found_by_name_and_type(
    members: dict[str, Any], parameter: str, key: str | None, other: str | None
) -> None:
    """The name of the parameter goes first, then what ids are called; another that is as good is told."""
    found = key_of(Schemas({}), {"type": "object", "properties": members}, parameter, frozenset(("string",)), "pet")
    assert (found.member, found.other) == (key, other)


def test_a_number_in_the_path_is_no_text() -> None:
    """A member that holds texts is no number's."""
    schema = {"type": "object", "properties": {"id": TEXT, "number": NUMBER}}
    assert key_of(Schemas({}), schema, "number", frozenset(("integer",)), "pet").member == "number"


def test_resources_of_one_name_are_told_apart() -> None:
    """By the word before, or by a number."""
    paths = ["/a/users/{id}", "/b/users/{id}", "/{x}/users/{id}", "/{y}/users/{id}"]
    assert names_for([Family("users", path_of(one), None) for one in paths]) == [
        "a-users", "b-users", "users", "users-2"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("paths", "reason"),
    [
        (item("{type: object, properties: {a: {}}}"), "the record does not show its id, so that nobody can know one"),
        (
            "paths: {'/a/{id}': {get: {responses: {'200': {content: {application/json: {schema: {type: object, "
            "properties: {id: {}}}}}}}}}}",
            "no operation lists or creates one, so that nobody can know an id",
        ),
        (
            "paths: {/a: {post: {responses: {'201': {}}}}, '/a/{id}': {get: {responses: {'204': {}}}}}",
            "no operation answers an object that could be read back",
        ),
        (
            f"paths: {{/a: {{get: {{{LISTED}}}, put: {{requestBody: {{{OTHER}}}, responses: {{'204': {{}}}}}}}}, "
            f"'/a/{{id}}': {{get: {{responses: {{'200': {{{ONE}}}}}}}}}}}",
            "the request does not say which record it is on",
        ),
        (
            f"paths: {{/a: {{get: {{{LISTED}}}}}, '/a/{{id}}': {{get: {{responses: {{'200': {{{OTHER}}}}}}}}}}}",
            "the record does not show its id, so that nobody can know one",
        ),
    ],
)  # fmt: skip
def test_what_is_no_resource_says_why(tmp_path: Path, paths: str, reason: str) -> None:
    """The reason stands beside each operation that answers examples."""
    assert reason in [one.reason for one in inferred(tmp_path, paths).examples_only]


def test_an_item_may_be_no_object(tmp_path: Path) -> None:
    """Its GET answers an example of what the list shows, where that is there."""
    text = "content: {application/json: {schema: {type: string}}}"
    found = inferred(
        tmp_path, f"paths: {{/a: {{get: {{{LISTED}}}}}, '/a/{{id}}': {{get: {{responses: {{'200': {{{text}}}}}}}}}}}"
    )
    assert [one.reason for one in found.inferences if one.kind == "below"] == ["it answers no record"]
    assert list(found.document["x-resources"]) == ["a"]


def test_a_creation_may_have_no_body_or_answer_a_list(tmp_path: Path) -> None:
    """Without a body it makes a record all the same; in a list nobody finds the id of what was made."""
    post = f"post: {{responses: {{'201': {{{ONE}}}}}}}"
    get = f"get: {{responses: {{'200': {{{ONE}}}}}}}"
    client = written(tmp_path, f"paths: {{/a: {{get: {{{LISTED}}}, {post}}}, '/a/{{id}}': {{{get}}}}}")
    new = client.send("POST", "/a").json()["id"]
    assert client.get(f"/a/{new}").json() == {"id": new}
    some = "content: {application/json: {schema: {type: array, items: {properties: {id: {}}}}}}"
    post = f"post: {{requestBody: {{{OTHER}}}, responses: {{'201': {{{some}}}}}}}"
    found = inferred(tmp_path, f"paths: {{/a: {{get: {{{LISTED}}}, {post}}}, '/a/{{id}}': {{{get}}}}}")
    assert [one.reason for one in found.examples_only] == ["its answer does not tell the id of what it makes"]


def test_what_is_documented_oddly_is_served(tmp_path: Path) -> None:
    """A deletion without a documented success, a wrapper beside null, a time of another type, circles, any schema."""
    text = """
paths:
  /pets:
    get: {responses: {2XX: {content: {application/json: {schema: {type: array, items: {
      $ref: '#/components/schemas/Pet'}}}}}}}
    post:
      requestBody: {content: {application/json: {schema: {type: object, properties: {name: {type: string}, loop: {
        $ref: '#/components/schemas/Loop'}}}}}}
      responses: {default: {content: {application/json: {schema: {anyOf: [{$ref: '#/components/schemas/Pet'}, {
        type: object, enum: [null]}]}}}}}
  /pets/{id}:
    get: {responses: {'200': {content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}}}
    delete: {responses: {'404': {description: None}}}
components:
  schemas:
    Loop: {$ref: '#/components/schemas/Loop'}
    Pet: {type: object, required: [id], properties: {id: {type: string}, name: {type: string}, created: {type: boolean},
      any: true, mate: {anyOf: [{$ref: '#/components/schemas/Pet'}, {type: 'null'}]}}}
"""
    client = written(tmp_path, f"openapi: 3.1.0\ninfo: {{title: Odd, version: '1'}}\n{text}")
    pet = client.send("POST", "/pets", {"name": "A"}).json()
    assert client.get("/pets").json() == [pet]
    assert client.send("DELETE", f"/pets/{pet['id']}").status == 200
    assert client.get("/pets").json() == []


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ("{headers: {X-A: {required: true, schema: {type: string, enum: [a]}}}}", 200),
        ("{headers: {X-A: {required: true, schema: {type: string, not: {}}}}}", 200),
        ("{content: {application/json: {schema: {type: object, required: [z], properties: {z: {not: {}}}}}}}", 501),
        ("{content: {text/plain: {schema: {type: string}}}}", 200),
    ],
)
def test_answers_beside_the_record_are_examples(tmp_path: Path, answer: str, status: int) -> None:
    """With the headers that are required, as far as a value fits; a 501 says that none fits a body."""
    put = f"    put: {{requestBody: {{{OTHER}}}, responses: {{'200': {answer}}}}}"
    client = written(tmp_path, item("{type: object, properties: {id: {type: string}}}") + put)
    new = client.send("POST", "/pets", {"note": 1}).json()["id"]
    response = client.send("PUT", f"/pets/{new}", {"x": 1})
    assert (response.status, response.header("x-a") in (None, "a")) == (status, True)


@pytest.mark.parametrize(
    ("example", "code"),
    [("BAD", "NOT_FOUND"), ("BAD-THING", "NOT-FOUND"), ("bad-thing", "not-found"), ("badThing", "notFound"),
     ("BadThing", "NotFound"), ("bad_thing", "not_found"), ("bad", "not_found"), ("404.7", "404.7")],
)  # fmt: skip
def test_a_refusal_has_a_code_as_the_document_writes_it(tmp_path: Path, example: str, code: str) -> None:
    """In capitals, with dashes, in camel case; what is no word stays."""
    error = f"{{type: object, properties: {{code: {{type: string, example: '{example}'}}}}}}"
    text = item("{type: object, properties: {id: {type: string}}}").replace(
        "get: {responses: {", f"get: {{responses: {{'404': {{content: {{application/json: {{schema: {error}}}}}}}, "
    )
    assert written(tmp_path, text).get("/pets/none").json() == {"code": code}


def test_a_seed_file_is_checked_and_filled(tmp_path: Path) -> None:
    """What is given must fit, what is left out is made."""
    file, seed = FOLDER / "traits/two-shapes.yaml", tmp_path / "seed.yaml"
    seed.write_text("servers: [{id: 5, name: 7}]")
    with pytest.raises(Unreadable, match=r'seed.yaml:1: /servers/0/name: 7 is not of type "string"$'):
        Served(*own.declare(own.Own(file, "shapes", seed=seed)))
    seed.write_text("servers: [{id: 5, name: abc}]")
    client = Served(*own.declare(own.Own(file, "shapes", seed=seed)))
    assert client.get("/servers/5").json()["server"]["name"] == "abc"


def test_what_an_operation_does_may_be_an_assumption(tmp_path: Path) -> None:
    """Also that it answers an example."""
    text = (FOLDER / "traits/json-patch.yaml").read_text()
    document = yaml.safe_load(text)
    document["paths"]["/wares/{ware_id}"]["get"]["x-operation"] = {
        "resource": "goods",
        "do": {"assumption": "own.goods.get"},
    }
    document["x-resources"] = {"goods": {"schema": "Ware", "fill": True}}
    document["x-assumptions"] = [
        {"id": "own.goods.get", "text": "?", "source": "-", "default": "read", "alternatives": ["example"]}
    ]
    for assume, status in (({}, 404), ({"own.goods.get": "example"}, 200)):
        assert (
            written(tmp_path, yaml.safe_dump(document, sort_keys=False), assume=assume).get("/wares/none").status
            == status
        )


def test_no_operation_reads(tmp_path: Path) -> None:
    """Paths that only change something are no resource, though a list answers objects elsewhere."""
    body = "content: {application/json: {schema: {type: object, properties: {id: {}, name: {}}}}}"
    text = (
        f"paths: {{/a: {{post: {{requestBody: {{{body}}}, responses: {{'201': {{{body}}}}}}}}}, '/a/{{id}}': {{patch: "
    )
    found = inferred(tmp_path, f"{text}{{requestBody: {{{body}}}, responses: {{'200': {{{body}}}}}}}}}}}")
    assert [one.reason for one in found.examples_only] == ["no operation answers an object that could be read back"] * 2


def test_a_member_that_nobody_can_fill_leaves_examples(tmp_path: Path) -> None:
    """No id of 65 letters is made: the document is served all the same."""
    client = written(tmp_path, item("{type: object, properties: {id: {type: string, minLength: 65}}}"))
    assert client.send("POST", "/pets", {}).status == 201
    assert len(client.get("/pets/a").json()["id"]) >= 65
    found = inferred(tmp_path, item("{type: object, properties: {id: {type: string}}}"), without={"pets": "of a test"})
    assert {one.reason for one in found.examples_only} == {"of a test"}


def test_wrong_keys_of_a_user_are_errors_all_the_same(tmp_path: Path) -> None:
    """Only what was inferred is left to examples."""
    text = f"x-resources: {{a: {{schema: None}}}}\n{item('{type: object, properties: {id: {type: string}}}')}"
    with pytest.raises(own.WrongDeclaration, match="no schema of this document"):
        written(tmp_path, text)


def test_ids_of_a_bounded_form_are_made_by_their_schema(tmp_path: Path) -> None:
    """Each with another value."""
    client = written(tmp_path, item("{type: object, properties: {id: {type: string, pattern: '^(ab|cd)[0-9]{6}$'}}}"))
    ids = {client.send("POST", "/pets", {"note": 1}).json()["id"] for _ in range(3)}
    assert len(ids) == 3


def test_a_name_that_is_taken_gets_another(tmp_path: Path) -> None:
    """A component that an inline schema becomes is not one that the document has."""
    more = "components: {schemas: {PetRecord: {type: integer}}}"
    found = inferred(tmp_path, item("{type: object, properties: {id: {}}}", more=more))
    assert found.document["x-resources"]["pets"]["schema"] == "PetRecord_"
    assert found.document["components"]["schemas"]["PetRecord"] == {"type": "integer"}


def test_what_a_document_declares_wins(tmp_path: Path) -> None:
    """Its resources, the pages of a list, and the actions of operations; what is beside them is inferred."""
    text = (FOLDER / "traits/page-styles.yaml").read_text()
    document = yaml.safe_load(text)
    document["x-resources"] = {"apples": {"schema": "Fruit"}}
    document["paths"]["/pears"]["get"]["x-pagination"] = {"style": "all", "items": "/_embedded/pears"}
    document["paths"]["/plums"]["post"]["x-operation"] = {"do": "example"}
    document["components"]["schemas"]["Other"] = document["components"]["schemas"].pop("Fruit")
    document = yaml.safe_load(yaml.safe_dump(document).replace("schemas/Fruit", "schemas/Other"))
    document["components"]["schemas"]["Fruit"] = {"type": "object", "properties": {"id": {}}}
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(document))
    found = infer(read_own(tmp_path / "own.yaml").document, "own")
    assert set(found.document["x-resources"]) == {"pears", "plums", "figs", "dates", "limes", "apples"}
    assert found.document["paths"]["/pears"]["get"]["x-pagination"]["style"] == "all"
    assert found.document["paths"]["/plums"]["post"]["x-operation"] == {"do": "example"}
    assert "x-operation" not in found.document["paths"]["/apples"]["get"]


def test_records_of_a_declared_schema_are_left_to_the_declaration(tmp_path: Path) -> None:
    """Wherever their paths stand."""
    document = yaml.safe_load((FOLDER / "traits/json-patch.yaml").read_text())
    document["x-resources"] = {"goods": {"schema": "Ware", "fill": True}}
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(document))
    found = infer(read_own(tmp_path / "own.yaml").document, "own")
    assert (list(found.document["x-resources"]), found.inferences) == (["goods"], ())


def test_circles_and_any_schema_have_no_members() -> None:
    """Nothing is known of them."""
    loop = {"$ref": "#/components/schemas/Loop"}
    schemas = Schemas({"Loop": loop})
    assert (schemas.members(loop), schemas.members(True), schemas.component(True)) == ({}, {}, None)


def test_examples_are_first_records_where_they_fit(tmp_path: Path) -> None:
    """One of a list and one of an item are the same by their ids; a wrong one is left out."""
    schema = "{type: object, required: [id], properties: {id: {type: integer}, name: {type: string}}}"
    text = f"""
paths:
  /pets:
    get: {{responses: {{'200': {{content: {{application/json: {{schema: {{type: array, items: {schema}}},
      examples: {{b: {{externalValue: x}},
        a: {{value: [{{id: 3, name: A}}, {{id: 4, name: 7}}, {{name: none}}]}}}}}}}}}}}}}}
  /pets/{{id}}:
    get: {{responses: {{'200': {{content: {{application/json: {{schema: {schema}, example: {{id: 3, name: B}}}}}}}}}}}}
    put: {{requestBody: {{content: {{application/json: {{schema: {schema}}}}}}}, responses: {{'204': {{}}}}}}
"""
    client = written(tmp_path, text)
    assert client.get("/pets").json() == [{"id": 3, "name": "B"}]
    assert client.send("PUT", "/pets/9", {"id": 9, "name": "C"}).status == 204
    assert [one["id"] for one in client.get("/pets").json()] == [3, 9]


def test_an_order_that_the_description_tells_is_taken() -> None:
    """It is the reason that is given."""
    found = infer(read_own(FOLDER / "traits/page-styles.yaml").document, "lists")
    order = next(one for one in found.inferences if one.id == "lists.pears.order")
    assert (order.default, order.reason) == ("newest-first", "its description says 'newest first'")


def test_ties_are_told() -> None:
    """Which of two members is the id, and whether an id that is sent is kept."""
    found = infer(read_own(FOLDER / "traits/item-twins.yaml").document, "twins")
    assert {one.id for one in found.inferences if one.tie} >= {"twins.vendor-orders.served", "twins.pet.sent-id"}


def test_a_prefix_moves_what_is_inferred(tmp_path: Path) -> None:
    """As it moves the document."""
    client = Served(*own.declare(own.Own(FOLDER / "traits/root-collection.yaml", "apps", prefix="/moved")))
    assert client.send("POST", "/moved/", {"name": "A"}).status == 201
    assert len(client.get("/moved/").json()["_embedded"]["applications"]) == 1


@pytest.mark.parametrize(("media", "does"), [("application/merge-patch+json", "merge"), ("application/json", "update")])
def test_the_media_type_says_how_a_change_is_merged(tmp_path: Path, media: str, does: str) -> None:
    """A JSON Merge Patch changes members of members, and null removes one (RFC 7396)."""
    change = f"requestBody: {{content: {{{media}: {{schema: {{type: object}}}}}}}}, responses: {{'204': {{}}}}"
    found = inferred(
        tmp_path, item("{type: object, properties: {id: {type: string}}}", more=f"    patch: {{{change}}}")
    )
    assert {one.default for one in found.inferences if one.id.endswith(".patch")} == {does}


def test_a_resource_whose_ids_fit_nothing_is_left_to_examples(tmp_path: Path) -> None:
    """A pattern that no text matches stops neither the server nor the other resources."""
    text = (FOLDER / "traits/header-id.yaml").read_text()
    document = yaml.safe_load(text)
    thing = {"type": "object", "properties": {"id": {"type": "string", "pattern": "a^b"}, "name": {"type": "string"}}}
    answer = {"200": {"description": "One", "content": {"application/json": {"schema": thing}}}}
    sent = {"content": {"application/json": {"schema": thing}}}
    document["paths"]["/things"] = {"post": {"requestBody": sent, "responses": answer}}
    item = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    document["paths"]["/things/{id}"] = {"parameters": [item], "get": {"responses": answer}}
    file = tmp_path / "odd.yaml"
    file.write_text(yaml.safe_dump(document))
    found = own.understand(own.Own(file, "odd"))
    reasons = {one.reason for one in found.inferred.examples_only if one.path.startswith("/things")}
    assert reasons
    assert all("no id was found that fits the member id" in one for one in reasons)
