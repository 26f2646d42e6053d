"""Records that the same member wraps in requests, answers and the items of lists."""

from __future__ import annotations

from pathlib import Path

from own_document import written

DOCUMENT = """
paths:
  /clients/{id}/notes:
    parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
    get: {responses: {"200": {content: {application/json: {schema: {
      type: array, items: {$ref: "#/components/schemas/Note"}}}}}}}
    post:
      requestBody: {content: {application/json: {schema: {properties: {client_note: {
        $ref: "#/components/schemas/NewNote"}}}}}}
      responses: {"200": {content: {application/json: {schema: {$ref: "#/components/schemas/Note"}}}}}
  /clients/{id}/notes/{note_id}:
    parameters:
    - {name: id, in: path, required: true, schema: {type: integer}}
    - {name: note_id, in: path, required: true, schema: {type: integer}}
    get: {responses: {"200": {content: {application/json: {schema: {$ref: "#/components/schemas/Note"}}}}}}
components:
  schemas:
    Note: {type: object, properties: {client_note: {$ref: "#/components/schemas/NoteFields"}}}
    NewNote: {type: object, properties: {place_id: {type: integer}, text: {type: string}}}
    NoteFields:
      type: object
      properties: {area: {type: string}, place_id: {type: integer}, client_id: {type: integer}, id: {type: integer},
        text: {type: string}}
"""


def test_what_a_member_wraps_everywhere_is_the_record(tmp_path: Path) -> None:
    """Its id is inside, and is shown by each answer."""
    api = written(tmp_path, DOCUMENT)
    made = api.send("POST", "/clients/1/notes", {"client_note": {"text": "a"}}).json()
    assert made["client_note"].items() >= {"id": 1, "text": "a"}.items()
    assert api.get("/clients/1/notes/1").json() == made
    assert api.get("/clients/1/notes").json() == [made]
