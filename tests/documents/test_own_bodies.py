"""Request bodies of a user's document in every media type."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from own_document import Served, written
from understudy.engine.call import Call, Reply

FORM = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data; boundary=b"
FIELDS = (
    "{type: object, required: [n], properties: {n: {type: integer}, on: {type: boolean}, tags: {type: array, "
    "items: {type: integer}}, o: {type: object, properties: {k: {type: integer}}}, either: {oneOf: [{type: string}, "
    "{type: array, items: {type: string}}]}, objects: {type: array, items: {type: object}}, file: {type: string, "
    "format: binary}}}"
)


def taking(folder: Path, body: str) -> tuple[Served, list[Any]]:
    """An operation with this request body, and the bodies that it took."""
    client = written(
        folder, f"paths: {{/x: {{post: {{requestBody: {body}, responses: {{'204': {{description: ok}}}}}}}}}}\n"
    )
    taken: list[Any] = []

    def handler(call: Call) -> Reply:
        taken.append(call.body)
        return Reply(b"")

    api = replace(client.api, handlers=dict.fromkeys(client.api.handlers, handler))
    return Served(api, client.notices), taken


def form(**fields: str) -> bytes:
    """A multipart form."""
    parts = (f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in fields.items())
    return "".join((*parts, "--b--\r\n")).encode()


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b"n=1", {"n": 1}),
        (b"n=1&on=true&tags=1&tags=2", {"n": 1, "on": True, "tags": [1, 2]}),
        (b"n=1&tags[]=1&tags[]=2", {"n": 1, "tags": [1, 2]}),
        (b"n=1&tags=[1,2]", {"n": 1, "tags": [1, 2]}),
        (b"n=1&tags=3", {"n": 1, "tags": [3]}),
        (b"n=1&o[k]=2", {"n": 1, "o": {"k": 2}}),
        (b"n=1&o=%7B%22k%22:2%7D", {"n": 1, "o": {"k": 2}}),
        (b"n=1&either=a", {"n": 1, "either": "a"}),
        (b"n=1&either=a&either=b", {"n": 1, "either": ["a", "b"]}),
        (b"n=1&objects=%7B%22a%22:1%7D", {"n": 1, "objects": [{"a": 1}]}),
        (b"n=1&other=x", {"n": 1, "other": "x"}),
        (b"n=1&other=x&other[a]=y", {"n": 1, "other": "x"}),
        (b"n=1&other[a]=x", {"n": 1, "other": {"a": "x"}}),
        (b"n=1&o=%7B%22k%22:2%7D&o[k]=3", {"n": 1, "o": {"k": 3}}),
    ],
)
def test_a_form_is_typed_by_its_schema(tmp_path: Path, content: bytes, value: Any) -> None:
    """Numbers and booleans arrive as text and leave typed; arrays repeat, objects have brackets or are JSON."""
    client, taken = taking(tmp_path, f"{{content: {{{FORM}: {{schema: {FIELDS}}}}}}}")
    assert client.send("POST", "/x", content, content_type=FORM).status == 204
    assert taken == [value]


@pytest.mark.parametrize("content", [b"n=x", b"on=true", b"n=1&tags=x", b"n=1&o=x", b"n=1&o[k]=x", b"n=1&tags=[1"])
def test_a_form_that_does_not_fit_is_refused(tmp_path: Path, content: bytes) -> None:
    """As JSON would be."""
    client, taken = taking(tmp_path, f"{{content: {{{FORM}: {{schema: {FIELDS}}}}}}}")
    assert (client.send("POST", "/x", content, content_type=FORM).status, taken) == (400, [])


def test_a_multipart_form_is_typed_by_its_schema(tmp_path: Path) -> None:
    """Files are text, byte by byte."""
    client, taken = taking(tmp_path, f"{{required: true, content: {{multipart/form-data: {{schema: {FIELDS}}}}}}}")
    assert client.send("POST", "/x", form(n="1", file="x\x00"), content_type=PARTS).status == 204
    assert taken == [{"n": 1, "file": "x\x00"}]
    assert client.send("POST", "/x", form(n="x"), content_type=PARTS).status == 400
    assert client.send("POST", "/x", b"--", content_type=PARTS).status == 400
    response = client.send("POST", "/x")
    assert (response.status, response.json()["detail"]) == (400, "A request body is required")


BODIES = (
    "{content: {application/xml: {schema: {type: object}}, text/plain: {schema: {type: object}}, image/*: {}, "
    f"application/vnd.own+json; charset=utf-8: {{schema: {{type: object}}}}, {FORM}: {{schema: {FIELDS}}}}}}}"
)


@pytest.mark.parametrize(
    ("media_type", "content", "value"),
    [
        ("application/vnd.own+json", b'{"a": 1}', {"a": 1}),
        (FORM, b"n=1", {"n": 1}),
        ("application/xml; charset=utf-8", b"<a/>", "<a/>"),
        ("text/plain", b"hello", "hello"),
        ("image/png", b"\x89PNG", "\x89PNG"),
    ],
)
def test_a_body_is_read_in_the_media_type_that_is_sent(
    tmp_path: Path, media_type: str, content: bytes, value: Any
) -> None:
    """Each media type that is declared is taken, ranges too."""
    client, taken = taking(tmp_path, BODIES)
    assert client.send("POST", "/x", content, content_type=media_type).status == 204
    assert taken == [value]


def test_a_media_type_that_is_not_declared_is_refused(tmp_path: Path) -> None:
    """The refusal names those that are."""
    client, _ = taking(tmp_path, BODIES)
    response = client.send("POST", "/x", b"a", content_type="text/csv")
    assert response.status == 415
    assert "application/vnd.own+json or application/x-www-form-urlencoded or text/plain" in response.json()["detail"]
    assert client.send("POST", "/x", b"[]", content_type="application/vnd.own+json").status == 400


def test_bodies_that_are_taken_unchecked_are_told(tmp_path: Path) -> None:
    """XML is declared, and not understood."""
    client, _ = taking(tmp_path, BODIES)
    assert client.texts() == ["request bodies in application/xml are taken unchecked"]
    assert not client.notices[0].wrong


@pytest.mark.parametrize("body", ["{content: {'*/*': {schema: {type: object}}}}", "{content: {application/json: 3}}"])
def test_a_range_or_a_media_type_without_a_schema_is_json(tmp_path: Path, body: str) -> None:
    """What is not said restricts nothing."""
    client, taken = taking(tmp_path, body)
    assert client.send("POST", "/x", {"a": 1}).status == 204
    assert taken == [{"a": 1}]


@pytest.mark.parametrize(
    ("body", "text"), [("[a]", "a request body must be a mapping"), ("{content: [a]}", "content must")]
)
def test_a_body_that_cannot_be_is_reported(tmp_path: Path, body: str, text: str) -> None:
    """Any body is taken then."""
    client, _ = taking(tmp_path, body)
    assert text in client.texts()[0]
    assert client.send("POST", "/x", {"a": 1}).status == 204


def test_a_body_is_not_asked_of_a_get(tmp_path: Path) -> None:
    """HTTP gives it no meaning there, and this server does not read it."""
    text = (
        "paths: {/x: {get: {requestBody: {required: true, content: {application/json: {}}}, responses: {'204': {}}}}}"
    )
    assert written(tmp_path, text).get("/x").status == 204


def test_an_empty_array_is_not_in_a_form(tmp_path: Path) -> None:
    """A required array that is not sent is empty; its bounds still count."""
    schema = "{type: object, required: [a, n], properties: {a: {type: array, items: {type: string}%s}, n: {}}}"
    client, taken = taking(tmp_path, f"{{content: {{{FORM}: {{schema: {schema % ''}}}}}}}")
    assert client.send("POST", "/x", b"n=1", content_type=FORM).status == 204
    assert taken == [{"n": 1, "a": []}]
    client, _ = taking(tmp_path, f"{{content: {{{FORM}: {{schema: {schema % ', minItems: 1'}}}}}}}")
    assert client.send("POST", "/x", b"n=1", content_type=FORM).status == 400
