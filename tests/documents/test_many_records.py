"""Operations on many records at once: what is sent in bulk is stored, what is named in bulk is gone; all or nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from own_document import HEAD, Served, shared, written
from understudy.apis import own


@pytest.fixture
def crates() -> Served:
    """Three crates, with the ids 1 to 3, and no tag."""
    api = shared("traits/bulk")
    assert api.send("POST", "/crates", [{"label": label} for label in "abc"]).status == 201
    return api


def ids(api: Served, path: str = "/crates", key: str = "id") -> list[Any]:
    """The ids of all records."""
    return [one[key] for one in api.get(path).json()]


def test_what_a_list_holds_is_created() -> None:
    """Each item is a record, in the order that they were sent, in the documented envelope."""
    api = shared("traits/bulk")
    made = api.send("POST", "/crates", [{"label": "a", "weight": 2.5}, {"label": "b"}])
    assert (made.status, made.json()) == (
        201,
        {"crates": [{"label": "a", "weight": 2.5, "id": 1}, {"label": "b", "id": 2}]},
    )
    assert api.get("/crates").json() == made.json()["crates"]
    assert api.get("/crates/2").json() == {"label": "b", "id": 2}
    assert api.send("POST", "/crates", []).json() == {"crates": []}


def test_a_list_may_stand_in_a_member_and_ids_and_counts_be_answered(crates: Served) -> None:
    """As the answer's members are called; nothing is taken from an example."""
    made = crates.send("POST", "/crates/bulk", {"items": [{"label": "d"}, {"label": "e"}], "comment": "new"})
    assert made.json() == {"ids": [4, 5], "created": 2, "success": True}
    assert ids(crates) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("items", [[{"label": "d"}, {"label": ""}], [{"label": "d"}, {}], {"label": "d"}])
def test_a_refused_item_makes_no_record(crates: Served, items: Any) -> None:
    """The document refuses the whole."""
    assert crates.send("POST", "/crates", items).status == 400
    assert ids(crates) == [1, 2, 3]


@pytest.mark.parametrize(("method", "target", "body", "left", "answer"), [
    ("DELETE", "/crates?ids=1,3", None, [2], None),
    ("DELETE", "/crates?ids=1,1,99", None, [2, 3], None),
    ("DELETE", "/crates/bulk", {"crate_ids": [2, 3, 99]}, [1], {"deleted": 2}),
    ("POST", "/crates/delete", [{"id": 2, "label": "x"}], [1, 3], [{"label": "b", "id": 2}]),
])  # fmt: skip
def test_what_is_named_is_deleted(
    crates: Served, method: str, target: str, body: Any, left: list[int], answer: Any
) -> None:
    """By ids in the query or in a body, or by records; ids that nothing has are passed over."""
    gone = crates.send(method, target, body)
    assert gone.status < 300
    assert (gone.json() if answer is not None else None) == answer
    assert ids(crates) == left
    assert crates.get("/crates/1").status == (200 if 1 in left else 404)


def test_a_world_may_refuse_ids_that_nothing_has() -> None:
    """Then nothing is deleted."""
    api = shared("traits/bulk", assume={"bulk.crates.unknown-ids": "refused"})
    api.send("POST", "/crates", [{"label": "a"}])
    assert api.send("DELETE", "/crates?ids=1,9").status == 404
    assert ids(api) == [1]
    assert api.send("DELETE", "/crates?ids=1").status == 204


@pytest.mark.parametrize(
    ("target", "body"), [("/crates", None), ("/crates/bulk", {}), ("/crates/bulk", {"crate_ids": None})]
)
def test_a_deletion_that_names_nothing_is_refused(crates: Served, target: str, body: Any) -> None:
    """It is not taken for one of all."""
    assert crates.send("DELETE", target, body).status == 400
    assert ids(crates) == [1, 2, 3]


def test_a_job_may_be_answered_for_many_records() -> None:
    """It can be read; an id that is taken refuses the whole."""
    api = shared("traits/bulk")
    task = api.send("POST", "/tags", [{"name": "red"}, {"name": "blue"}, {"name": "green"}]).json()
    assert api.get(f"/tasks/{task['taskId']}").json()["taskId"] == task["taskId"]
    assert ids(api, "/tags", "name") == ["red", "blue", "green"]
    assert api.send("POST", "/tags", [{"name": "grey"}, {"name": "red"}]).status in (400, 409, 422)
    assert ids(api, "/tags", "name") == ["red", "blue", "green"]
    other = api.send("POST", "/tags/delete-batch", ["red", "green"]).json()
    assert other["taskId"] != task["taskId"]
    assert ids(api, "/tags", "name") == ["blue"]


def test_what_neither_makes_nor_deletes_records_answers_examples(crates: Served) -> None:
    """Updates in bulk, batches of other things, and a deletion of all."""
    paths = crates.api.contract.document["paths"]
    posts = [f"/crates/{word}" for word in ("bulk-update", "batch", "multiple", "purge")]
    left = [*((path, "post") for path in posts), ("/tags", "delete")]
    assert [paths[path][method]["x-operation"]["do"] for path, method in left] == ["example"] * 5
    assert crates.send("POST", "/crates/batch", {"operations": [{"method": "x"}]}).status == 204
    assert ids(crates) == [1, 2, 3]


DECLARED = (
    HEAD
    + """x-resources: {cups: {schema: Cup, delete: {gone: true}}}
x-errors: {conflict: {status: 409, code: taken, message: Taken, reason: state}}
paths:
  /cups:
    get: {responses: {'200': {description: d, content: {application/json: {schema: {type: array,
      items: {$ref: '#/components/schemas/Cup'}}}}}}}
    post:
      x-operation: {do: create-many, body: /all, id: '$request.body#/id'}
      requestBody: {content: {application/json: {schema: {type: object, properties: {all: {type: array,
        items: {$ref: '#/components/schemas/NewCup'}}}}}}}
      responses: {'201': {description: d, content: {application/json: {schema: {type: array,
        items: {type: object, properties: {id: {type: string}}}}}}}}
    delete:
      x-operation: {do: delete-many, id: '$request.query.id', answer: {gone: $ids}}
      parameters: [{name: id, in: query, schema: {type: string}}]
      responses: {'200': {description: d, content: {application/json: {schema: {}}}}}
components: {schemas: {Cup: {type: object, required: [id], properties: {id: {type: string}, gone: {type: boolean}}},
  NewCup: {type: object, properties: {id: {type: string}}}}}
"""
)


def test_they_are_declared_with_a_place_of_the_list_and_a_value_of_the_ids(tmp_path: Path) -> None:
    """A soft deletion keeps the record; an answer shows the members that it has."""
    api = written(tmp_path, DECLARED)
    assert api.send("POST", "/cups", {"all": [{"id": "a"}, {"id": "b"}, {"id": "c"}]}).json() == [
        {"id": "a"}, {"id": "b"}, {"id": "c"}]  # fmt: skip
    assert api.send("POST", "/cups", {"all": [{"id": "d"}, {"id": "a"}]}).status == 409
    refused = api.send("POST", "/cups", {})
    assert (refused.status, b"a list of cups is expected at /all" in refused.body) == (400, True)
    assert api.send("DELETE", "/cups?id=a,%20b,").json() == {"gone": ["a", "b"]}
    assert ids(api, "/cups") == ["c"]


def test_a_deletion_without_a_value_of_its_ids_is_refused(tmp_path: Path) -> None:
    """At start, with the place."""
    with pytest.raises(own.WrongDeclaration) as caught:
        written(tmp_path, DECLARED.replace("id: '$request.query.id', ", ""))
    assert "name the ids of what is deleted with `id`" in str(caught.value)


NESTED = (
    HEAD
    + """paths:
  /shelves:
    post: {responses: {'201': {description: d, content: {application/json: {schema: &shelf {type: object,
      properties: {id: {type: integer}}}}}}}}
  /shelves/{shelf}:
    get: {parameters: [&s {name: shelf, in: path, required: true, schema: {type: integer}}],
      responses: {'200': {description: d, content: {application/json: {schema: *shelf}}}}}
  /shelves/{shelf}/books:
    get: {parameters: [*s], responses: {'200': {description: d, content: {application/json: {schema: {type: array,
      items: {$ref: '#/components/schemas/Book'}}}}}}}
    post: {parameters: [*s], requestBody: {content: {application/json: {schema: {type: array,
      items: {type: object, properties: {title: {type: string}}}}}}}, responses: {'204': {description: d}}}
    delete: {parameters: [*s, {name: bookIds, in: query, schema: {type: string}}], responses: {'204': {description: d}}}
  /shelves/{shelf}/books/{bookId}:
    get: {parameters: [*s, {name: bookId, in: path, required: true, schema: {type: integer}}],
      responses: {'200': {description: d, content: {application/json: {schema: {$ref: '#/components/schemas/Book'}}}}}}
components: {schemas: {Book: {type: object, properties: {id: {type: integer}, title: {type: string}}}}}
"""
)


def test_records_of_one_parent_stay_apart(tmp_path: Path) -> None:
    """What is named below another parent is no record of it, and a parent must be there."""
    api = written(tmp_path, NESTED)
    for _ in "ab":
        assert api.send("POST", "/shelves").status == 201
    for shelf in (1, 2):
        assert api.send("POST", f"/shelves/{shelf}/books", [{"title": "x"}, {"title": "y"}]).status == 204
    assert api.send("DELETE", "/shelves/1/books?bookIds=2,3").status == 204
    assert [ids(api, f"/shelves/{shelf}/books") for shelf in (1, 2)] == [[1], [3, 4]]
    assert api.send("DELETE", "/shelves/9/books?bookIds=1").status == 404
    assert api.send("POST", "/shelves/9/books", [{"title": "z"}]).status == 404
