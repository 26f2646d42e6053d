"""Schemas of a user's document: what OpenAPI 3.0 and 3.1 say, as a request body meets it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from own_document import Served, written

THREE_ONE = "openapi: 3.1.0\ninfo: {title: Own, version: '1'}\n"


def taking(folder: Path, schema: str, *, more: str = "", head: str = "") -> Served:
    """An operation whose body has a schema; `more` are component schemas."""
    body = f"requestBody: {{required: true, content: {{application/json: {{schema: {schema}}}}}}}"
    text = f"{head}paths: {{/x: {{post: {{{body}, responses: {{'204': {{description: ok}}}}}}}}}}\n"
    return written(folder, f"{text}components: {{schemas: {{{more}}}}}\n")


def accepted(client: Served, value: Any) -> bool:
    """Whether a body is taken."""
    return client.send("POST", "/x", json.dumps(value).encode(), content_type="application/json").status == 204


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ("{type: string, nullable: true}", [None, "a"], [1]),
        ("{type: string, enum: [a], nullable: true}", [None, "a"], ["b"]),
        ("{type: string, enum: [a, null], nullable: true}", [None, "a"], ["b"]),
        ("{nullable: true, allOf: [{type: integer}]}", [None, 1], ["a"]),
        ("{nullable: true, title: t, oneOf: [{type: integer}, {type: string}]}", [None, 1, "a"], [1.5]),
        ("{type: 'null', nullable: true}", [None], [1]),
        ("{type: integer, minimum: 3, exclusiveMinimum: true}", [4], [3]),
        ("{type: integer, minimum: 3, exclusiveMinimum: false}", [3], [2]),
        ("{type: integer, exclusiveMinimum: 3}", [4], [3]),
        ("{type: number, maximum: 3, exclusiveMaximum: true, multipleOf: 0.5}", [2.5], [3, 2.7]),
        ("{type: integer, exclusiveMinimum: true}", [-5], ["a"]),
        ("{type: array, items: {type: integer}, maxItems: 2, uniqueItems: true}", [[1, 2]], [[1, 1], [1, 2, 3]]),
        ("{type: array, items: [{type: integer}, {type: string}]}", [[1, "a"]], [["a"]]),
        ("{type: object, additionalProperties: {type: integer}}", [{"a": 1}], [{"a": "b"}]),
        ("{type: object, additionalProperties: false, properties: {a: {}}}", [{"a": 1}], [{"b": 1}]),
        ("{type: string, pattern: '^\\p{L}+$'}", ["é"], ["1"]),
        ("{type: string, pattern: '^(?!x)[a-z]+$'}", ["ab"], ["xb"]),
        ("{type: string, pattern: '/^[a-z]+$/'}", ["ab"], ["1", "/ab/"]),
        ("{type: string, pattern: '/^[a-z]+$/u'}", ["ab"], ["1"]),
        ("{type: string, pattern: '/[a-z]/'}", ["/a/"], ["a"]),
        ("{type: string, format: date}", ["2026-01-02"], ["2026-13-02"]),
        ("{type: string, format: uuid}", ["6fa459ea-ee8a-4ca4-894e-db77e160355e"], ["x"]),
        ("{not: {type: integer}}", ["a"], [1]),
        ("{type: object, maxProperties: 1, minProperties: 1}", [{"a": 1}], [{}, {"a": 1, "b": 2}]),
        ("{oneOf: [{type: integer}, {$ref: '#/components/schemas/A'}]}", [1, {"a": "b"}], ["b", {"a": 1}]),
        ("{type: string, minLength: 2.0}", ["ab"], ["a"]),
        ("{type: integer, format: int32}", [2**31 - 1, -(2**31)], [2**31, -(2**31) - 1]),
        ("{type: integer, format: int64, minimum: 0}", [2**63 - 1], [2**63, -1]),
        ("{type: number, format: int32}", [2**40], ["a"]),
        ("{type: int}", [1], ["a"]),
        ("{type: string, enum: [1, true, b]}", ["b"], ["1", 1, True]),
        ("{type: string, enum: [1, 2.5, true]}", ["1", "2.5", "true"], [1, "3", True]),
        ("{type: integer, enum: ['1', '2']}", [1, 2], ["1", 3]),
        ("{type: integer, enum: [1.0, 2.0]}", [1], [3]),
        ("{type: boolean, enum: ['True', 'False']}", [True, False], ["True"]),
        ("{type: integer, enum: [0 (None), 1 (Some)]}", [0, 7], ["0 (None)"]),
        ("{type: array, items: {type: string}, enum: [a, b]}", [["a"], ["c"]], ["a"]),
        ("{type: string, nullable: true, enum: [null]}", [None], ["a"]),
        ("{type: string, enum: [[a]]}", ["a", "b"], [["a"]]),
        (
            "{additionalProperties: false, allOf: [{$ref: '#/components/schemas/A'}], properties: {b: {minimum: 0}}}",
            [{"a": "x", "b": 1}],
            [{"a": "x", "c": 1}, {"b": 1}],
        ),
        ("{type: [integer]}", [1], ["a"]),
        ("true", [1], []),
    ],
)
def test_a_keyword_means_what_openapi_says(tmp_path: Path, schema: str, good: list[Any], bad: list[Any]) -> None:
    """Values on both sides of a schema of OpenAPI 3.0."""
    client = taking(tmp_path, schema, more="A: {type: object, required: [a], properties: {a: {type: string}}}")
    assert [value for value in good if not accepted(client, value)] == []
    assert [value for value in bad if accepted(client, value)] == []


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ("{type: [string, 'null']}", [None, "a"], [1]),
        ("{anyOf: [{type: integer}, {type: 'null'}]}", [None, 1], ["a"]),
        ("{const: 3}", [3], [4]),
        ("{prefixItems: [{type: integer}], items: false}", [[1]], [[1, 2], ["a"]]),
        ("{if: {type: integer}, then: {minimum: 3}, else: {type: string}}", [3, "a"], [2, None]),
        ("{$ref: '#/components/schemas/A', minProperties: 2}", [{"a": "b", "c": 1}], [{"a": "b"}, {"c": 1, "d": 2}]),
        ("{$ref: '#/components/schemas/A', description: d}", [{"a": "b"}], [{}]),
        ("{$ref: '#/components/schemas/Any', minimum: 3}", [3], [2]),
        ("{$ref: '#/components/schemas/A', nullable: true, type: object}", [{"a": "b"}], [{}]),
        (
            "{patternProperties: {'^x': {type: integer}}, dependentRequired: {a: [b]}}",
            [{"x1": 1}],
            [{"a": 1}, {"x": ""}],
        ),
        ("{$ref: '#/nowhere', minimum: 3}", [3], [2]),
        ("{propertyNames: {maxLength: 2}, contains: {}}", [{"ab": 1}], [{"abc": 1}]),
    ],
)
def test_a_keyword_of_3_1_means_what_json_schema_says(
    tmp_path: Path, schema: str, good: list[Any], bad: list[Any]
) -> None:
    """Values on both sides of a schema of OpenAPI 3.1, where what stands beside a reference counts."""
    more = "A: {type: object, required: [a], properties: {a: {type: string}}}, Any: true"
    client = taking(tmp_path, schema, more=more, head=THREE_ONE)
    assert [value for value in good if not accepted(client, value)] == []
    assert [value for value in bad if accepted(client, value)] == []


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ("{type: strin}", "the type 'strin' is none of JSON Schema's; did you mean string?; any type is taken"),
        ("{type: String}", "the type 'String' is none of JSON Schema's; did you mean string?; it is read as string"),
        ("{type: file}", "it is read as string"),
        ("{type: 3}", "type: 3 cannot be its value"),
        ("{type: [strin, integer]}", "any type is taken"),
        ("{minLength: many}", "minLength: 'many' cannot be its value"),
        ("{minLength: -1}", "minLength: -1 cannot be its value"),
        ("{minimum: a}", "minimum: 'a' cannot be its value"),
        ("{multipleOf: 0}", "multipleOf: 0 cannot be its value"),
        ("{uniqueItems: 1}", "uniqueItems: 1 cannot be its value"),
        ("{format: 1, title: 2}", "format: 1 cannot be its value"),
        ("{enum: a}", "enum: 'a' cannot be its value"),
        ("{required: true}", "required: True cannot be its value"),
        ("{allOf: []}", "allOf: [] cannot be its value"),
        ("{properties: [a]}", "properties: ['a'] cannot be its value"),
        ("{properties: {a: 3}}", "3 is no schema; any value is taken"),
        ("{pattern: 3}", "pattern: 3 cannot be its value"),
        ("{pattern: '('}", "the pattern '(' is matched by no engine here"),
        ("{pattern: '^(.{1000}){1000}$'}", "is matched by no engine here (or would be too large)"),
        ("{patternProperties: {'(': {}}}", "the pattern '(' is matched by no engine here"),
        ("{examples: 3}", "examples: 3 cannot be its value"),
        ("{discriminator: type}", "discriminator: 'type' cannot be its value"),
        ("{dependentRequired: [a]}", "dependentRequired: ['a'] cannot be its value"),
        ("{maxLenght: 3}", "the keyword 'maxLenght' is not understood; it restricts nothing here"),
        (
            "{$ref: '#/components/schemas/None'}",
            "own.yaml#/components/schemas/None leads nowhere; what it stands for is",
        ),
        ("{$ref: '#/components/schemas/Loop'}", "#/components/schemas/Loop leads back to itself"),
        ("{$ref: '#anchor'}", "#anchor names an anchor, which is not followed"),
    ],
)
def test_what_is_no_schema_is_reported_and_left_out(tmp_path: Path, schema: str, text: str) -> None:
    """A keyword that cannot be is reported at its place, once, and any value is taken there."""
    client = taking(tmp_path, schema, more="Loop: {$ref: '#/components/schemas/Loop'}")
    found = [notice for notice in client.notices if text in notice.text]
    assert found
    assert all(notice.pointer.startswith(("/paths/~1x/post/requestBody", "/components")) for notice in found)
    assert accepted(client, {}) or accepted(client, "x")


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ("{type: integer, enum: [a]}", "no value of enum is of the type integer; any such value is taken"),
        ("{type: string, enum: [1]}", "no value of enum is of the type string; they are read as such"),
        (
            "{additionalProperties: false, anyOf: [{type: object}]}",
            "additionalProperties: false excludes the members that anyOf declares; it is read as unevaluatedProperties",
        ),
    ],
)
def test_keywords_that_exclude_each_other_are_reported(tmp_path: Path, schema: str, text: str) -> None:
    """What they are read as is told at the keyword."""
    client = taking(tmp_path, schema)
    assert any(text in notice.text for notice in client.notices)


def test_keywords_without_an_effect_are_not_reported(tmp_path: Path) -> None:
    """Extensions, descriptions and the like are no notices."""
    schema = (
        "{x-y: 1, xml: {name: a}, externalDocs: {url: u}, description: [1], required: false, deprecated: true, "
        "discriminator: {propertyName: k, mapping: {a: A, b: '#/components/schemas/A', c: 3}}, "
        "examples: {one: {value: 1}, two: 3}}"
    )
    assert taking(tmp_path, schema, more="A: {type: object}").notices == []


def test_a_pattern_that_looks_around_takes_bounded_time(tmp_path: Path) -> None:
    """A pattern of exponential time is matched with a bound on its steps, and refuses then."""
    client = taking(tmp_path, "{type: string, pattern: '^(?=(a+)+$)(a|aa)+$'}")
    assert not accepted(client, "a" * 5_000 + "!")
    assert client.send("POST", "/x", "a" * 5_000 + "!").status == 400


@pytest.mark.parametrize("keyword", ["allOf", "anyOf", "oneOf"])
def test_schemas_that_stand_for_too_many_others_are_left_out(tmp_path: Path, keyword: str) -> None:
    """Thirty lines could make a value be checked against 2^30 schemas: any value is taken, and that is told."""
    twice = "A{0}: {{{1}: [{{$ref: '#/components/schemas/A{2}'}}, {{$ref: '#/components/schemas/A{2}'}}]}}"
    parts = [twice.format(number, keyword, number + 1) for number in range(30)]
    client = taking(tmp_path, "{$ref: '#/components/schemas/A0'}", more=", ".join([*parts, "A30: {type: integer}"]))
    assert accepted(client, "a")
    assert set(client.texts()) == {"its allOf, anyOf and oneOf stand for more than 20,000 schemas; any value is taken"}
    assert client.notices[0].pointer == "/components/schemas/A0"


def test_a_long_chain_of_schemas_is_left_out(tmp_path: Path) -> None:
    """It would take the stack."""
    parts = [f"A{n}: {{not: {{$ref: '#/components/schemas/A{n + 1}'}}}}" for n in range(300)]
    more = ", ".join([*parts, "A300: {if: {dependentSchemas: {a: true}}}"])
    client = taking(tmp_path, "{$ref: '#/components/schemas/A0'}", more=more)
    assert len(client.notices) > 100
    assert accepted(client, "a")


def test_schemas_may_be_circular(tmp_path: Path) -> None:
    """A schema that refers to itself, also by way of another, is checked to any depth."""
    more = (
        "Node: {type: object, required: [v], properties: {v: {type: integer}, "
        "next: {$ref: '#/components/schemas/Node'}, tree: {$ref: '#/components/schemas/Tree'}}}, "
        "Tree: {type: array, items: {$ref: '#/components/schemas/Node'}}"
    )
    client = taking(tmp_path, "{$ref: '#/components/schemas/Node'}", more=more)
    assert accepted(client, {"v": 1, "next": {"v": 2, "tree": [{"v": 3, "tree": []}]}})
    assert not accepted(client, {"v": 1, "next": {"v": 2, "tree": [{"tree": []}]}})


BRANCHES = """
paths:
  /x:
    get:
      responses:
        '200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}
    post:
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}
      responses: {'204': {description: ok}}
components:
  schemas:
    Id: {type: integer, readOnly: true}
    Fields: {type: object, properties: {id: {type: integer, readOnly: true}, secret: {type: string, writeOnly: true}}}
    Needs: {type: object, required: [id, secret, name, own], properties: {name: {type: string}}}
    Pet:
      allOf:
      - $ref: '#/components/schemas/Fields'
      - $ref: '#/components/schemas/Needs'
      - {properties: {own: {$ref: '#/components/schemas/Id'}, inner: {$ref: '#/components/schemas/Needs'}}}
"""


def test_read_only_members_are_not_required_of_a_request(tmp_path: Path) -> None:
    """Also where `required` and `readOnly` stand in different branches; elsewhere the same schema demands them."""
    client = written(tmp_path, BRANCHES)
    assert accepted(client, {"secret": "s", "name": "n"})
    assert not accepted(client, {"secret": "s"})
    assert not accepted(client, {"secret": "s", "name": "n", "inner": {"name": "n"}})
    whole = {"id": 1, "secret": "s", "name": "n", "own": 2}
    assert accepted(client, {**whole, "inner": whole})


def test_write_only_members_are_in_no_answer(tmp_path: Path) -> None:
    """A response leaves them out although they are required."""
    answer = written(tmp_path, BRANCHES).get("/x").json()
    assert answer.keys() >= {"id", "name", "own"}
    assert "secret" not in answer


def test_a_json_document_is_read_as_yaml_is(tmp_path: Path) -> None:
    """JSON, here with tabs and a byte order mark, says the same."""
    responses = {"204": {"description": "ok"}}
    document = {"openapi": "3.0.0", "info": {}, "paths": {"/x": {"post": {"responses": responses}}}}
    (tmp_path / "own.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(document, indent="\t").encode())
    text = json.dumps(document, indent="\t")
    assert accepted(written(tmp_path, text, name="two.json"), 1)
