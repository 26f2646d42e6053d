"""Where the reason of a refusal stands in the error bodies that documents declare: messages, lists, maps by member."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from own_document import Served, operation
from understudy.engine.exchange import Response

WHY = "p is required"
DETAILS = {"type": "about:blank", "title": "Bad Request", "status": 400, "detail": WHY}
OBJECT = "schema: {type: object}"


def served(folder: Path, responses: str) -> Served:
    """A document of one operation that requires a parameter, with these responses."""
    text = f"parameters: [{{name: p, in: query, required: true, schema: {{type: string}}}}]\nresponses: {{{responses}}}"
    return operation(folder, text)


def refused(folder: Path, media: str) -> Response:
    """The refusal of a request without the parameter, where the document declares 400 as this JSON."""
    return served(folder, f"'200': {{}}, '400': {{content: {{application/json: {{{media}}}}}}}").get("/x")


def texts(*names: str) -> str:
    """A schema of an object with these members, all required lists of texts."""
    members = ", ".join(f"{name}: {{type: array, minItems: 1, items: {{type: string}}}}" for name in names)
    return f"schema: {{type: object, required: [{', '.join(names)}], properties: {{{members}}}}}"


@pytest.mark.parametrize(
    ("media", "body"),
    [
        (f"{OBJECT}, example: {{Error: Gone}}", {"Error": WHY}),
        (f"{OBJECT}, example: {{errors: [Name is taken, No]}}", {"errors": [WHY]}),
        (texts("errors"), {"errors": [WHY]}),
        (f"{OBJECT}, example: {{message: {{lang: en, value: No}}}}", {"message": {"lang": "en", "value": WHY}}),
        (f"{OBJECT}, example: {{errors: {{email: [is taken]}}}}", {"errors": {"p": [WHY]}}),
        (f"{OBJECT}, example: {{email: [is taken], age: [is low]}}", {"p": [WHY]}),
        (texts("p", "q"), {"p": [WHY], "q": ["q-"]}),
        (f"{OBJECT}, example: {{errors: [{{field: q, message: No}}, {{field: r, message: No}}]}}",
         {"errors": [{"field": "p", "message": WHY}]}),
        (f"{OBJECT}, example: {{type: 'https://a.test/credit', title: No credit, detail: Pay, status: 402}}", DETAILS),
        (f"{OBJECT}, example: {{type: invalid_request, title: No credit, detail: Pay}}",
         {"type": "validation_error", "title": "Bad Request", "detail": WHY}),
        ("schema: {type: object, properties: {errors: {type: object, additionalProperties: {type: string}}}}",
         {"errors": {"p": WHY}}),
        ("schema: {type: object, properties: {errors: {type: object, additionalProperties: {type: array, "
         "items: {type: string}}}}}", {"errors": {"p": [WHY]}}),
        (OBJECT, DETAILS),
    ],
)  # fmt: skip
def test_the_reason_stands_where_the_body_has_a_place_for_it(tmp_path: Path, media: str, body: Any) -> None:
    """Examples of other refusals leave nothing behind that is not said of this one, but for what is required."""
    response = refused(tmp_path, media)
    found = response.json()
    for name in found.keys() & {"q"}:  # made from its name
        found[name] = [text[:2] for text in found[name]]
    assert (response.status, response.header("content-type"), found) == (400, "application/json", body)
    assert response.header("x-mock-warning") is None


def test_a_refusal_of_the_whole_is_about_no_member(tmp_path: Path) -> None:
    """Where reasons stand by member, one that is about none has the name that the example gives it, or base."""
    for example, name in (("{a: [no]}", "base"), ("{non_field_errors: [no], a: [no]}", "non_field_errors")):
        responses = f"'200': {{}}, '503': {{content: {{application/json: {{{OBJECT}, example: {example}}}}}}}"
        client = served(tmp_path, responses)
        client.send("POST", "/__mock__/faults", {"status": 503, "times": 1, "api": "own"})
        assert client.get("/x").json() == {name: ["Injected fault"]}


def test_a_body_without_a_place_has_the_reason_in_a_header(tmp_path: Path) -> None:
    """What the schema allows is answered, and a helpful server says why beside it."""
    response = refused(tmp_path, "schema: {enum: [nope]}")
    assert (response.json(), response.header("x-mock-warning")) == ("nope", WHY)


def test_a_text_is_the_reason_itself(tmp_path: Path) -> None:
    """Also where the document has an example of another one."""
    response = served(tmp_path, "'200': {}, '400': {content: {text/plain: {example: No credit}}}").get("/x")
    assert (response.header("content-type"), response.body) == ("text/plain", WHY.encode())


@pytest.mark.parametrize(
    ("media", "media_type", "body"),
    [
        ("application/json: {example: {message: a key is required}}", "application/json", {"message": WHY}),
        ("application/json: {schema: {type: object}}", "application/json", DETAILS),
        ("application/json: {schema: {type: integer}}", "application/problem+json", DETAILS),
        ("application/json: {schema: {allOf: [{type: integer}, {type: string}]}}", "application/problem+json", DETAILS),
    ],
)
def test_a_lone_default_is_that_of_a_refusal_which_it_can_tell(
    tmp_path: Path, media: str, media_type: str, body: Any
) -> None:
    """What only a success can look like is no refusal."""
    response = served(tmp_path, f"default: {{content: {{{media}}}}}").get("/x")
    assert (response.status, response.header("content-type"), response.json()) == (400, media_type, body)


@pytest.mark.parametrize(
    ("media_type", "body", "warning"),
    [("text/html", WHY.encode(), None), ("text/xml", b"", WHY), ("application/octet-stream", b"", WHY)],
)
def test_a_lone_default_that_is_no_json_is_never_the_example(
    tmp_path: Path, media_type: str, body: bytes, warning: str | None
) -> None:
    """A text is the reason; other content is left out, and a header has the reason."""
    response = served(tmp_path, f"default: {{content: {{{media_type}: {{example: All is well}}}}}}").get("/x")
    seen = (response.status, response.header("content-type"), response.body, response.header("x-mock-warning"))
    assert seen == (400, media_type, body, warning)
