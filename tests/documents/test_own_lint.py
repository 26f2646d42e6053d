"""What lint says of a document: each problem with file, line and pointer."""

from __future__ import annotations

from pathlib import Path

import pytest

from own_document import HEAD
from understudy.document.lines import Lines
from understudy.document.lint import lint

GOOD = HEAD + "paths: {/x: {get: {responses: {'204': {}}}}}\n"


def found(folder: Path, text: str) -> list[tuple[int, str, bool]]:
    """The findings of a document: line, pointer and text, and whether it is wrong."""
    (folder / "own.yaml").write_text(text)
    return [(one.line, f"{one.pointer}: {one.text}", one.wrong) for one in lint(folder / "own.yaml").findings]


def test_a_good_document_has_no_problem(tmp_path: Path) -> None:
    """Nothing is found."""
    assert found(tmp_path, GOOD) == []


def test_each_problem_has_its_line(tmp_path: Path) -> None:
    """In order of lines, those of other files last."""
    (tmp_path / "other.yaml").write_text("\ntype: integer\nmaximum: a\n")
    text = f"""{HEAD}
webhooks: {{a: {{}}}}
paths:
  /x:
    get:
      parameters:
      - {{name: p, in: query, schema: {{type: integer}}, example: a}}
      responses:
        '200':
          content:
            application/json:
              schema: {{$ref: other.yaml}}
              examples:
                one: {{$ref: '#/components/examples/E'}}
                two: {{externalValue: a}}
                three: {{value: 3}}
components:
  examples:
    E: {{value: text}}
"""
    assert found(tmp_path, text) == [
        (4, "/webhooks: webhooks are not sent", False),
        (9, "/paths/~1x/get/parameters/0/example: the example does not fit its schema: /: \"a\" is not of type "
         '"integer"', True),
        (21, "/components/examples/E/value: the example does not fit its schema: /: \"text\" is not of type "
         '"integer"', True),
        (3, "/maximum: maximum: 'a' cannot be its value; the keyword is left out", True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("place", "example", "wrong"),
    [
        ("requestBody: {content: {%s}}", "{name: a, secret: b}", False),
        ("requestBody: {content: {%s}}", "{id: 1, name: a}", True),
        ("responses: {'200': {content: {%s}}}", "{id: 1, name: a}", False),
        ("responses: {'200': {content: {%s}}}", "{name: a, secret: b}", True),
    ],
)
def test_an_example_fits_its_schema_in_its_direction(tmp_path: Path, place: str, example: str, wrong: bool) -> None:
    """A request needs no readOnly member, a response no writeOnly one."""
    media = "application/json: {schema: {$ref: '#/components/schemas/User'}, example: " + example + "}"
    text = f"""{HEAD}
paths: {{/x: {{post: {{{place % media}}}}}}}
components:
  schemas:
    User:
      allOf:
      - {{type: object, required: [id, name, secret]}}
      - properties: {{id: {{type: integer, readOnly: true}}, name: {{}}, secret: {{type: string, writeOnly: true}}}}
"""
    assert ("does not fit" in str(found(tmp_path, text))) == wrong


def test_a_response_that_no_value_fits_is_a_problem(tmp_path: Path) -> None:
    """It could never be answered."""
    schema = "{allOf: [{type: integer}, {type: string}]}"
    text = f"paths: {{/x: {{get: {{responses: {{'200': {{content: {{application/json: {{schema: {schema}}}}}}}}}}}}}}}"
    ((_, problem, _),) = found(tmp_path, HEAD + text)
    assert problem.startswith("/paths/~1x/get/responses/200: no value was found that fits this response")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("swagger: '2.0'", "is Swagger '2.0'"),
        ("a: [", "did not find expected node content"),
        ("x-own: 1", "no OpenAPI"),
    ],
)
def test_what_cannot_be_read_is_one_problem(tmp_path: Path, text: str, problem: str) -> None:
    """Whatever it is."""
    ((line, message, wrong),) = found(tmp_path, text)
    assert (line, wrong) == (1, True)
    assert problem in message


def test_lines_are_those_of_the_nearest_parent() -> None:
    """Where a pointer leads nowhere; and the first where a text is no YAML."""
    lines = Lines(b"a:\n  - b: 1\n  - c\n")
    pointers = ("", "/a", "/a/0/b", "/a/1", "/a/2", "/a/x", "/a/1/d", "/none")
    assert [lines.of(pointer) for pointer in pointers] == [1, 2, 2, 3, 2, 2, 3, 1]
    assert Lines(b"a: [\n").of("/a") == 1
