"""Query parameters that are inferred beside those that a document declares."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from own_document import FOLDER, HEAD, served, written


def test_a_token_is_read_where_an_object_of_its_members_is_declared() -> None:
    """The URL of the next page leads on, although its parameter is a member of an exploded object, too."""
    api = served(FOLDER / "traits/next-url.yaml")
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


@pytest.mark.parametrize("query", ["slope=37", "slope=37.0", "slope=3.7e1"])
def test_a_whole_number_is_found_however_it_is_written(tmp_path: Path, query: str) -> None:
    """37 and 37.0 are one number, in a request and in a record."""
    hill = "{type: object, required: [id], properties: {id: {type: integer}, slope: {type: number}}}"
    one = f"{{description: d, content: {{application/json: {{schema: {hill}}}}}}}"
    all = f"{{description: d, content: {{application/json: {{schema: {{type: array, items: {hill}}}}}}}}}"
    body = "{content: {application/json: {schema: {type: object, properties: {slope: {type: number}}}}}}"
    parameters = "[{name: slope, in: query, schema: {type: number}}]"
    item = "[{name: id, in: path, required: true, schema: {type: integer}}]"
    api = written(
        tmp_path,
        HEAD
        + f"""paths:
  /hills:
    get: {{parameters: {parameters}, responses: {{'200': {all}}}}}
    post: {{requestBody: {body}, responses: {{'201': {one}}}}}
  /hills/{{id}}: {{get: {{parameters: {item}, responses: {{'200': {one}}}}}}}
""",
    )
    for slope in (b"37", b"37.0", b"37.5"):
        assert api.send("POST", "/hills", b'{"slope": %s}' % slope, content_type="application/json").status == 201
    assert [one["slope"] for one in api.get(f"/hills?{query}").json()] == [37, 37]
