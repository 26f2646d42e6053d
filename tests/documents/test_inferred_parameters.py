"""Query parameters that are inferred beside those that a document declares."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from own_document import HEAD, written

LIST = """
paths:
  /notes:
    get:
      parameters:
      - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 10}}
      - {name: before/after, in: query, style: form, explode: true, schema: {type: object, properties: {
          before: {type: string}, after: {type: string}}}}
      responses:
        "200":
          description: Notes
          content: {application/json: {schema: {type: object, required: [data, next_url], properties: {
            data: {type: array, items: {$ref: "#/components/schemas/Note"}},
            next_url: {type: string, format: uri, nullable: true}}}}}
    post:
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Note"}}}}
      responses: {"200": {description: New, content: {application/json: {schema: {$ref: "#/components/schemas/Note"}}}}}
  /notes/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get:
      responses: {"200": {description: One, content: {application/json: {schema: {$ref: "#/components/schemas/Note"}}}}}
components:
  schemas:
    Note: {type: object, required: [id], properties: {id: {type: string, readOnly: true}, text: {type: string}}}
"""


def test_a_token_is_read_where_an_object_of_its_members_is_declared(tmp_path: Path) -> None:
    """The URL of the next page leads on, although its parameter is a member of an exploded object, too."""
    api = written(tmp_path, HEAD + LIST)
    made = {api.send("POST", "/notes", {"text": text}).json()["id"] for text in ("a", "b", "c")}
    seen, url = [], "/notes?limit=1"
    while url:
        page = api.get(url).json()
        seen += [note["id"] for note in page["data"]]
        assert len(seen) <= 10
        parts = urlsplit(page["next_url"] or "")
        url = parts.path and f"{parts.path}?{parts.query}"
    assert made <= set(seen)
    assert len(seen) == len(set(seen))
