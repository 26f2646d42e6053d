"""Answers of a user's document: examples, made values, media types, headers, statuses; and errors in its schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from own_document import Served, operation, written
from understudy.engine.exchange import Response

JSON = "content: {application/json: {schema: %s}}"


def answer(folder: Path, responses: str, *, method: str = "get", more: str = "") -> Response:
    """What an operation with these responses answers; it must fit the document."""
    client = operation(folder, f"responses: {{{responses}}}", method=method, more=more)
    response = client.send(method.upper(), "/x")
    (compiled,) = client.api.contract.operations.values()
    assert not compiled.responses or compiled.mismatch(response) is None
    return response


@pytest.mark.parametrize(
    ("responses", "status"),
    [
        ("'200': {}, '404': {}", 200),
        ("'404': {}, '202': {}", 202),
        ("2XX: {}, '404': {}", 200),
        ("2xx: {}", 200),
        ("default: {}", 200),
        ("'404': {}, default: {}", 200),
        ("'302': {}, '404': {}", 302),
        ("3XX: {}", 302),
        ("200: {}", 200),
        ("'404': {}", 200),
        ("x-y: {}, '204': {}", 204),
        ("", 200),
    ],
)
def test_the_status_is_the_first_that_means_success(tmp_path: Path, responses: str, status: int) -> None:
    """A number goes before 2XX, that before default, and a redirection is better than nothing."""
    client = operation(tmp_path, f"responses: {{{responses}}}")
    response = client.get("/x")
    assert (response.status, response.body) == (status, b"")


@pytest.mark.parametrize(
    ("media", "value"),
    [
        ("{schema: {type: integer}, example: 7}", 7),
        ("{schema: {type: integer}, example: a, examples: {a: {value: b}, b: {value: 8}}}", 8),
        ("{schema: {type: integer, example: 9}}", 9),
        ("{schema: {type: integer, default: 10}}", 10),
        ("{schema: {type: integer}, examples: {a: {$ref: '#/components/examples/E'}}}", 11),
        ("{schema: {type: integer}, examples: [12]}", 12),
        ("{schema: {const: 13}, examples: {a: {$ref: '#/components/examples/None'}}}", 13),
        ("{schema: {type: object}, example: {$ref: '#/nowhere'}}", {"$ref": "#/nowhere"}),
        ("{schema: {type: integer}, example: {$ref: '#/components/examples/E/value'}}", 11),
        ("{example: [1]}", [1]),
    ],
)
def test_a_valid_example_is_answered(tmp_path: Path, media: str, value: Any) -> None:
    """The first that fits the schema, wherever it stands; one that does not fit is passed over."""
    more = "components: {examples: {E: {value: 11}, None: {externalValue: 'http://x'}}}"
    assert answer(tmp_path, f"'200': {{content: {{application/json: {media}}}}}", more=more).json() == value


@pytest.mark.parametrize(
    ("media_type", "media", "content_type", "body"),
    [
        ("text/plain", "{schema: {type: string, enum: [a]}}", "text/plain", b"a"),
        ("text/csv", "{example: 'a,b'}", "text/csv", b"a,b"),
        ("text/html; charset=utf-8", "{schema: {type: integer, enum: [3]}}", "text/html; charset=utf-8", b"3"),
        ("application/xml", "{schema: {type: object}}", "application/xml", b"<example/>"),
        ("application/xml", "{example: <a/>}", "application/xml", b"<a/>"),
        ("image/png", "{}", "image/png", b"\x89PNG"),
        ("image/gif", "{}", "image/gif", b"GIF89a"),
        ("application/pdf", "{}", "application/pdf", b"%PDF"),
        ("application/zip", "{}", "application/zip", b"PK"),
        (
            "application/octet-stream",
            "{schema: {type: string, format: binary}}",
            "application/octet-stream",
            b"example",
        ),
        ("application/x-ndjson", "{schema: {type: integer, enum: [3]}}", "application/x-ndjson", b"3\n"),
        ("image/*", "{}", "image/x-any", b"example"),
        ("'*/*'", "{schema: {type: integer, enum: [3]}}", "application/json", b"3"),
        ("application/problem+json", "{schema: {enum: [3]}}", "application/problem+json", b"3"),
    ],
)
def test_an_answer_has_the_declared_media_type(
    tmp_path: Path, media_type: str, media: str, content_type: str, body: bytes
) -> None:
    """Files are small files of their type, texts are texts."""
    response = answer(tmp_path, f"'200': {{content: {{{media_type}: {media}}}}}")
    assert response.header("content-type") == content_type
    assert body in response.body


def test_json_goes_before_other_media_types(tmp_path: Path) -> None:
    """Which others are not answered is told."""
    content = "{application/xml: {schema: {type: object}}, application/json: {schema: {type: object}}}"
    client = operation(tmp_path, f"responses: {{'200': {{content: {content}}}}}")
    assert client.get("/x").header("content-type") == "application/json"
    assert client.texts() == ["application/xml is not answered; JSON is"]


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("{schema: {type: integer, enum: [3]}}", "3"),
        ("{schema: {type: boolean, enum: [true]}}", "true"),
        ("{schema: {type: number, enum: [2.5]}}", "2.5"),
        ("{schema: {type: number, nullable: true, enum: [2.5]}}", None),
        ("{required: true, schema: {type: number, nullable: true, enum: [2.5]}}", "2.5"),
        ("{schema: {type: array, items: {enum: [a]}, minItems: 1}}", "a"),
        ("{schema: {type: string}, example: x}", "x"),
        ("{schema: {type: array, items: {enum: [a, null]}}, example: [null]}", None),
        ("{schema: {type: string}, example: é}", None),
        ("{schema: {type: string, minLength: 2, maxLength: 1}}", None),
        ("{$ref: '#/components/headers/H'}", "h"),
        ("{content: {application/json: {schema: {type: object}}}}", None),
        ("3", None),
        ("{$ref: '#/nowhere'}", None),
    ],
)
def test_documented_headers_are_sent(tmp_path: Path, header: str, value: str | None) -> None:
    """With an example or a value that fits; one that no header can hold is left out."""
    more = "components: {headers: {H: {schema: {const: h}}}}"
    response = answer(tmp_path, f"'200': {{headers: {{X-Own: {header}, Content-Length: {{schema: {{}}}}}}}}", more=more)
    assert response.header("x-own") == value
    assert response.header("content-length") in (None, "0")


def test_a_required_header_without_a_value_is_no_answer(tmp_path: Path) -> None:
    """Nothing unchecked is answered: 501 says why."""
    header = "{required: true, schema: {type: string, minLength: 2, maxLength: 1}}"
    response = operation(tmp_path, f"responses: {{'200': {{headers: {{X-Own: {header}}}}}}}").get("/x")
    assert response.status == 501


def test_a_schema_that_no_value_fits_is_no_answer(tmp_path: Path) -> None:
    """The refusal is problem details that say why."""
    schema = "{allOf: [{type: integer}, {type: string}]}"
    response = operation(tmp_path, f"responses: {{'200': {{{JSON % schema}}}}}").get("/x")
    assert (response.status, response.header("content-type")) == (501, "application/problem+json")
    assert "No value was found that fits the response 200" in response.json()["detail"]


def refused(folder: Path, responses: str, *, more: str = "") -> Response:
    """The refusal of a request without its required parameter."""
    text = f"parameters: [{{name: p, in: query, required: true, schema: {{type: string}}}}]\nresponses: {{{responses}}}"
    return operation(folder, text, more=more).get("/x")


FLAT = "{type: object, required: [message], properties: {message: {type: string}, status: {type: integer}}}"


@pytest.mark.parametrize(
    ("responses", "status", "body"),
    [
        (f"'200': {{}}, '400': {{{JSON % FLAT}}}", 400, {"message": "p is required", "status": 400}),
        (f"'200': {{}}, '422': {{{JSON % FLAT}}}", 422, {"message": "p is required", "status": 422}),
        (f"'200': {{}}, 4XX: {{{JSON % FLAT}}}", 400, {"message": "p is required", "status": 400}),
        (f"'200': {{}}, default: {{{JSON % FLAT}}}", 400, {"message": "p is required", "status": 400}),
        (
            "'200': {}, '400': {content: {application/json: {schema: {type: object}, "
            "example: {errors: [{code: '500', detail: d}], ok: [], n: 1}}}}",
            400,
            {"errors": [{"code": "400", "detail": "p is required"}], "ok": [], "n": 1},
        ),
        (
            f"'200': {{}}, '400': {{{JSON % '{properties: {message: {enum: [Fixed]}, code: {enum: [7]}}}'}}}",
            400,
            {"message": "Fixed", "code": 7},
        ),
        (f"'200': {{}}, '400': {{{JSON % '{enum: [nope]}'}}}", 400, "nope"),
        (
            "'200': {}, '400': {content: {application/json: {schema: {type: object}, "
            "example: {status_reason: sample, statusText: x, kind: k}}}}",
            400,
            {"status_reason": "p is required", "statusText": "x", "kind": "k"},
        ),
    ],
)
def test_a_refusal_has_the_declared_error_schema(tmp_path: Path, responses: str, status: int, body: Any) -> None:
    """The message and the status go where the schema has a place for them, and it allows them."""
    response = refused(tmp_path, responses)
    assert (response.status, response.header("content-type")) == (status, "application/json")
    assert response.json() == body


@pytest.mark.parametrize("responses", ["'200': {}", "'200': {}, '404': {}", "default: {}"])
def test_a_refusal_that_is_not_documented_is_problem_details(tmp_path: Path, responses: str) -> None:
    """`default` alone documents the success."""
    response = refused(tmp_path, responses)
    assert (response.status, response.header("content-type")) == (400, "application/problem+json")
    assert response.json() == {"type": "about:blank", "title": "Bad Request", "status": 400, "detail": "p is required"}


def test_a_refusal_whose_schema_no_value_fits_is_problem_details(tmp_path: Path) -> None:
    """Nothing unchecked is answered."""
    response = refused(tmp_path, f"'200': {{}}, '400': {{{JSON % '{allOf: [{type: integer}, {type: string}]}'}}}")
    assert (response.status, response.header("content-type")) == (400, "application/problem+json")


def test_a_refusal_without_a_body_has_its_message_in_a_header(tmp_path: Path) -> None:
    """A helpful server says what a documented answer has no place for."""
    response = refused(tmp_path, "'200': {}, '400': {description: Bad}")
    assert (response.status, response.body, response.header("x-mock-warning")) == (400, b"", "p is required")


def test_an_unknown_path_is_refused_in_the_document_s_own_schema(tmp_path: Path) -> None:
    """Where any operation documents 404 or 405; else in problem details."""
    client = operation(tmp_path, f"responses: {{'204': {{}}, '404': {{{JSON % FLAT}}}}}", path="/x/{id}")
    assert (client.get("/x/7/y").status, client.get("/x/7/y").json()["status"]) == (404, 404)
    response = client.send("PUT", "/x/7")
    assert (response.status, response.header("allow")) == (405, "GET, HEAD, OPTIONS")
    assert response.header("content-type") == "application/problem+json"


def test_a_fault_has_the_declared_error_schema(tmp_path: Path) -> None:
    """An injected 503 looks as the document says, else as problem details; also where it is no JSON."""
    responses = f"'204': {{}}, '503': {{{JSON % FLAT}}}, '500': {{description: Bare}}"
    client = operation(tmp_path, f"responses: {{{responses}}}")
    bodies = []
    for status in (503, 500, 599):
        client.send("POST", "/__mock__/faults", {"status": status, "times": 1, "api": "own"})
        bodies.append(json.loads(client.get("/x").body))
    assert bodies[0] == {"message": "Injected fault", "status": 503}
    assert bodies[1]["title"] == "Internal Server Error"
    assert bodies[2] == {"type": "about:blank", "title": "Refused", "status": 599, "detail": "Injected fault"}


def test_what_a_handler_raises_is_a_500_in_the_document_s_own_schema(tmp_path: Path) -> None:
    """As of our own documents."""
    client = operation(tmp_path, f"responses: {{'204': {{}}, 5XX: {{{JSON % FLAT}}}}}")
    worlds = client.worlds
    worlds.apis["own"].handlers["GET /x"] = None  # type: ignore[index]
    response = client.get("/x")
    assert (response.status, response.json()) == (500, {"message": "The server failed", "status": 500})


@pytest.mark.parametrize(
    ("responses", "text"),
    [
        ("20X: {}", "'20X' is no status such as 200, 4XX or default; it is never answered"),
        ("'200': [a]", "a response must be a mapping; it is answered without a body"),
        ("'200': {content: {application/json: {schema: {$ref: '#/nowhere'}}}}", "what it stands for is left out"),
        ("'200': {$ref: '#/nowhere'}", "what it stands for is left out"),
        ("'200': {headers: [a]}", "headers must be a mapping; it is left out"),
        ("'200': {headers: {A: 3}}", "a header must be a mapping; any value is taken"),
    ],
)
def test_a_response_that_cannot_be_is_reported(tmp_path: Path, responses: str, text: str) -> None:
    """The operation is served without it."""
    client = operation(tmp_path, f"responses: {{{responses}}}")
    assert text in " ".join(client.texts())
    assert client.get("/x").status == 200


def test_links_and_content_by_reference_are_read(tmp_path: Path) -> None:
    """A `$ref` may stand for a media type and for all of `content`, too."""
    more = (
        "components: {x-parts: {Content: {application/json: {$ref: '#/components/x-parts/Media'}}, "
        "Media: {schema: {enum: [3]}}}, links: {L: {operationId: getX, parameters: {id: $response.body#/id}}}}"
    )
    responses = (
        "'200': {content: {$ref: '#/components/x-parts/Content'}, links: {a: {$ref: '#/components/links/L'}, "
        "b: {operationRef: x}, c: {operationId: getX, parameters: 3}}}, '404': {content: {$ref: '#/nowhere'}}"
    )
    assert answer(tmp_path, responses, more=more).json() == 3


def test_one_response_is_one_component(tmp_path: Path) -> None:
    """A response that many operations refer to is read once."""
    item = "{get: {responses: {'200': {$ref: '#/components/responses/R'}}}}"
    client = written(tmp_path, f"paths: {{/a: {item}, /b: {item}}}\ncomponents: {{responses: {{R: {{}}}}}}\n")
    assert list(client.api.contract.document["components"]["responses"]) == ["R"]
    assert client.get("/b").status == 200


def test_answers_are_the_same_each_time(tmp_path: Path) -> None:
    """An answer is made once."""
    schema = "{type: object, required: [a], properties: {a: {type: string}}}"
    client: Served = operation(tmp_path, f"responses: {{'200': {{{JSON % schema}}}}}")
    first, second = client.get("/x"), client.get("/x")
    assert (first.status, first.body) == (second.status, second.body)


@pytest.mark.parametrize("status", [204, 205, 304])
def test_a_status_without_content_has_headers_alone(tmp_path: Path, status: int) -> None:
    """Also where the document gives it a body."""
    header = "headers: {X-Own: {required: true, schema: {const: a}}}"
    client = operation(tmp_path, f"responses: {{'{status}': {{{header}, {JSON % '{type: integer}'}}}}}")
    response = client.get("/x")
    assert (response.status, response.body, response.header("x-own")) == (status, b"", "a")
    assert response.header("content-type") is None


PETS = """
components:
  schemas:
    Pet: {type: object, required: [kind], discriminator: {propertyName: kind}, properties: {kind: {type: string}}}
    Cat: {allOf: [{$ref: '#/components/schemas/Pet'}, {properties: {lives: {type: integer}}}]}
    Mapped:
      oneOf: [{$ref: '#/components/schemas/Dog'}]
      discriminator: {propertyName: kind, mapping: {hound: Dog, none: '#/nowhere'}}
    Animal: {oneOf: [{$ref: '#/components/schemas/Dog'}], discriminator: {propertyName: kind}}
    Dog: {type: object, required: [kind], properties: {kind: {type: string}}}
    Plain: {type: object, discriminator: {propertyName: kind, mapping: {a: Dog}}}
"""


@pytest.mark.parametrize(
    ("name", "kind"), [("Cat", "Cat"), ("Pet", "Pet"), ("Mapped", "hound"), ("Animal", "Dog"), ("Plain", "a")]
)
def test_a_discriminator_names_what_is_answered(tmp_path: Path, name: str, kind: str) -> None:
    """By its mapping, else by the name of the schema."""
    schema = f"{{$ref: '#/components/schemas/{name}'}}"
    client = operation(tmp_path, f"responses: {{'200': {{{JSON % schema}}}}}", more=PETS)
    assert client.get("/x").json()["kind"] == kind
