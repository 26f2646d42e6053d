"""Paths that look like those of records and are others, and operations of which a document tells little."""

from __future__ import annotations

from pathlib import Path

import pytest

from own_document import written

PET = "{type: object, properties: {id: {type: string, example: rex}, name: {type: string}}}"
LIST = "{description: x, content: {application/json: {schema: {type: array, items: %s}}}}"
ONE = "{description: x, content: {application/json: {schema: %s}}}"
REF = "{$ref: '#/components/schemas/Pet'}"
TOY = "{$ref: '#/components/schemas/Toy'}"
JOB = "{$ref: '#/components/schemas/Job'}"
PETS = f"""
components: {{schemas: {{Pet: {PET}, Toy: {{type: object, properties: {{kind: {{type: string}}}}}}}}}}
paths:
  /pets:
    get: {{responses: {{'200': {LIST % REF}}}}}
  /pets/{{id}}:
    parameters: [{{name: id, in: path, required: true, schema: {{type: string}}}}]
    get: {{responses: {{'200': {ONE % REF}, '404': {{description: None}}}}}}
"""


def test_the_first_record_has_the_id_of_its_example(tmp_path: Path) -> None:
    """Where nothing makes records, the document's own can be asked for."""
    api = written(tmp_path, PETS)
    assert api.get("/pets").json()[0]["id"] == "rex"
    assert api.get("/pets/rex").json()["id"] == "rex"


@pytest.mark.parametrize(
    "operation",
    [
        f"get: {{responses: {{'200': {LIST % TOY}}}}}",
        f"put: {{responses: {{'200': {ONE % REF}}}}}",
        f"post: {{responses: {{'200': {ONE % '{type: string}'}}}}}",
    ],
)
def test_a_path_called_like_a_collection_may_be_none_of_it(tmp_path: Path, operation: str) -> None:
    """It lists other things, changes all at once, or answers a text: then it answers examples."""
    api = written(tmp_path, f"{PETS}  /shop/pets:\n    {operation}\n")
    method = operation.partition(":")[0].upper()
    assert api.send(method, "/shop/pets", None if method == "GET" else {}).status == 200
    assert api.get("/pets/rex").status == 200


def test_what_is_read_and_changed_as_other_things_is_no_single_record(tmp_path: Path) -> None:
    """A PUT that sends nothing of what is read changes something else."""
    other = "{content: {application/json: {schema: {type: object, properties: {code: {type: integer}}}}}}"
    put = f"put: {{requestBody: {other}, responses: {{'204': {{description: x}}}}}}"
    path = f"/door: {{get: {{responses: {{'200': {ONE % REF}}}}}, {put}}}"
    api = written(tmp_path, f"components: {{schemas: {{Pet: {PET}}}}}\npaths: {{{path}}}")
    before = api.get("/door").json()
    assert api.send("PUT", "/door", {"code": 4}).status == 204
    assert api.get("/door").json() == before


def test_a_declared_creation_that_documents_refusals_alone_answers_no_body(tmp_path: Path) -> None:
    """The record is kept, and nothing says how it is answered."""
    body = "{content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}"
    more = f"""
x-resources: {{pets: {{schema: Pet, fill: true}}}}
    post:
      x-operation: {{resource: pets, do: create}}
      requestBody: {body}
      responses: {{'409': {{description: Taken}}}}
"""
    head, post = more.strip().split("\n", 1)
    api = written(tmp_path, f"{head}{PETS.replace('  /pets/{id}', post + chr(10) + '  /pets/{id}', 1)}")
    answer = api.send("POST", "/pets", {"name": "Bello"})
    assert (answer.status, answer.body) == (200, b"")
    assert "Bello" in [one["name"] for one in api.get("/pets").json()]


def test_records_that_are_made_at_once_go_on_by_themselves(tmp_path: Path) -> None:
    """Their state is that of the first step, as of those that are made one by one."""
    status = "{enum: [created, running, finished]}"
    job = f"{{type: object, properties: {{id: {{type: string}}, name: {{type: string}}, status: {status}}}}}"
    each = "{type: object, properties: {name: {type: string}}}"
    sent = f"{{content: {{application/json: {{schema: {{type: array, items: {each}}}}}}}}}"
    api = written(
        tmp_path,
        f"components: {{schemas: {{Job: {job}}}}}\npaths:\n  /jobs:\n"
        f"    get: {{responses: {{'200': {LIST % JOB}}}}}\n"
        f"    post: {{requestBody: {sent}, responses: {{'201': {LIST % JOB}}}}}\n"
        f"  /jobs/{{jobId}}: {{parameters: [{{name: jobId, in: path, required: true, schema: {{type: string}}}}], "
        f"get: {{responses: {{'200': {ONE % JOB}, '404': {{description: None}}}}}}}}\n",
    )
    made = api.send("POST", "/jobs", [{"name": "a"}, {"name": "b"}]).json()
    assert [one["status"] for one in made] == ["created"] * 2
