"""Parameters of a user's document in every style, as the journal's call has them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from own_document import Served, written
from understudy.engine.call import Call, Reply


def reading(folder: Path, parameters: str, *, path: str = "/x", head: str = "") -> tuple[Served, list[Any]]:
    """An operation with these parameters, and the arguments of each call that it took."""
    responses = "responses: {'204': {description: ok}}"
    client = written(folder, f"{head}paths: {{'{path}': {{get: {{parameters: [{parameters}], {responses}}}}}}}\n")
    taken: list[Any] = []

    def handler(call: Call) -> Reply:
        taken.append(call.arguments)
        return Reply(b"")

    api = replace(client.api, handlers=dict.fromkeys(client.api.handlers, handler))
    return Served(api, client.notices), taken


OBJECT = "{type: object, required: [a], properties: {a: {type: integer}, b: {type: string}}}"
NUMBERS = "{type: array, items: {type: integer}}"


@pytest.mark.parametrize(
    ("parameter", "query", "value"),
    [
        (f"schema: {NUMBERS}", "p=1&p=2", [1, 2]),
        (f"schema: {NUMBERS}", "p=1", [1]),
        (f"schema: {NUMBERS}, explode: false", "p=1,2", [1, 2]),
        (f"schema: {NUMBERS}, explode: false", "p=", []),
        (f"schema: {NUMBERS}, style: spaceDelimited, explode: false", "p=1%202", [1, 2]),
        (f"schema: {NUMBERS}, style: pipeDelimited, explode: false", "p=1|2", [1, 2]),
        (f"schema: {OBJECT}, explode: false", "p=a,1,b,x", {"a": 1, "b": "x"}),
        (f"schema: {OBJECT}", "a=1&b=x", {"a": 1, "b": "x"}),
        (f"schema: {OBJECT}, style: deepObject", "p[a]=1&p[b]=x", {"a": 1, "b": "x"}),
        ("schema: {type: object, additionalProperties: {type: integer}}, style: deepObject", "p[k]=1", {"k": 1}),
        ("schema: {type: object, properties: {a: {type: object}}}, style: deepObject", "p[a][b]=1", {"a": {"b": "1"}}),
        ("schema: {type: object, properties: {a: {type: string}}}, style: deepObject", "p[a]=x&p[a][b]=1", {"a": "x"}),
        ("schema: {type: object}, style: deepObject", "p[=1&p[a]=x", {"a": "x"}),
        ("content: {application/json: {schema: {type: object}}}", "p=%7B%22a%22:1%7D", {"a": 1}),
        ("content: {text/plain: {schema: {type: string}}}", "p=%7B", "{"),
        ("schema: {type: string, enum: ['1', x]}", "p=1", "1"),
        ("schema: {anyOf: [{type: integer}, {type: 'null'}]}", "p=3", 3),
        ("schema: {anyOf: [{type: integer}, {type: 'null'}]}", "p=null", None),
        ("schema: {oneOf: [{type: integer}, {type: string}]}", "p=x", "x"),
        ("schema: {oneOf: [{type: string}, {type: array, items: {type: string}}]}", "p=a,b", "a,b"),
        ("schema: {oneOf: [{type: string}, {type: array, items: {type: string}}]}", "p=a&p=b", ["a", "b"]),
        ("schema: {oneOf: [{type: boolean}, {type: number}]}", "p=true", True),
        ("schema: {oneOf: [{type: boolean}, {type: number}]}", "p=1.5", 1.5),
        ("schema: {}", "p=1", 1),
        ("schema: {enum: [1, null, 2.5, true, [a], {b: c}]}", "p=1", 1),
        ("schema: {properties: {a: {type: integer}}}", "a=1", {"a": 1}),
        ("schema: {allOf: [{type: number}, {type: integer}]}", "p=2", 2),
        ("schema: {$ref: '#/components/schemas/Loop'}", "p=x", "x"),
        ("schema: {type: boolean}", "p=false", False),
        ("schema: {type: integer, default: 7}", "", 7),
        ("schema: {type: array, items: {type: string}, default: [a]}", "", ["a"]),
        ("schema: {type: string}, style: bold", "p=x", "x"),
        ("type: integer", "p=3", 3),
        ("", "p=3", 3),
        ("content: {}", "p=3", 3),
    ],
)
def test_a_query_parameter_is_read_by_its_style(tmp_path: Path, parameter: str, query: str, value: Any) -> None:
    """Arrays, objects, JSON and choices of types come typed."""
    head = "components: {schemas: {Loop: {allOf: [{$ref: '#/components/schemas/Loop'}]}}}\n"
    client, taken = reading(tmp_path, f"{{name: p, in: query, {parameter}}}", head=head)
    assert client.get(f"/x?{query}").status == 204
    assert taken == [{"p": value}]


@pytest.mark.parametrize(
    ("parameter", "query"),
    [
        (f"schema: {NUMBERS}", "p=1&p=x"),
        (f"schema: {OBJECT}, style: deepObject", "p[b]=x"),
        (f"schema: {OBJECT}, style: deepObject", "p=1"),
        (f"schema: {OBJECT}", "b=x"),
        (f"schema: {OBJECT}, required: true", "c=x"),
        (f"schema: {OBJECT}, style: deepObject, required: true", "c=x"),
        ("content: {application/json: {schema: {type: object}}}", "p=%7B"),
        ("content: {application/json: {schema: {type: object}}}", "p=1"),
        ("schema: {type: integer}", "p=1.5"),
        ("schema: {oneOf: [{type: boolean}, {type: number}]}", "p=1e999"),
        ("schema: {type: string}, required: true", ""),
    ],
)
def test_a_query_parameter_that_does_not_fit_is_refused(tmp_path: Path, parameter: str, query: str) -> None:
    """Each refusal names the parameter."""
    client, taken = reading(tmp_path, f"{{name: p, in: query, {parameter}}}")
    response = client.get(f"/x?{query}")
    assert (response.status, taken) == (400, [])
    assert "p" in response.json()["detail"].split(":")[0]


@pytest.mark.parametrize(
    ("parameter", "segment", "value"),
    [
        ("schema: {type: integer}", "7", 7),
        ("schema: {type: string}", "a%2Fb", "a/b"),
        (f"schema: {NUMBERS}", "1,2", [1, 2]),
        (f"schema: {NUMBERS}, style: label", ".1,2", [1, 2]),
        (f"schema: {NUMBERS}, style: label, explode: true", ".1.2", [1, 2]),
        (f"schema: {NUMBERS}, style: matrix", ";p=1,2", [1, 2]),
        (f"schema: {NUMBERS}, style: matrix, explode: true", ";p=1;p=2", [1, 2]),
        (f"schema: {OBJECT}", "a,1,b,x", {"a": 1, "b": "x"}),
        (f"schema: {OBJECT}, explode: true", "a=1,b=x", {"a": 1, "b": "x"}),
        ("content: {application/json: {schema: {type: integer}}}", "7", 7),
    ],
)
def test_a_path_parameter_is_read_by_its_style(tmp_path: Path, parameter: str, segment: str, value: Any) -> None:
    """Also label and matrix, which begin with their own sign."""
    client, taken = reading(tmp_path, f"{{name: p, in: path, required: true, {parameter}}}", path="/x/{p}")
    assert client.get(f"/x/{segment}").status == 204
    assert taken == [{"p": value}]
    assert client.get("/x/%00").status in (204, 400)


def test_headers_and_cookies_are_read_and_refused(tmp_path: Path) -> None:
    """They are typed, required and checked; those that OpenAPI leaves to other parts are ignored."""
    parameters = (
        "{name: X-Tenant, in: header, required: true, schema: {type: integer}}, "
        f"{{name: X-List, in: header, schema: {NUMBERS}}}, "
        "{name: X-Default, in: header, schema: {type: string, default: d}}, "
        "{name: theme, in: cookie, schema: {type: string, enum: [dark]}}, "
        "{name: Accept, in: header, required: true, schema: {enum: [no]}}"
    )
    client, taken = reading(tmp_path, parameters)
    assert client.get("/x", x_tenant="3", x_list="1, 2", cookie="a=b; theme=dark").status == 204
    assert taken == [{"X-Tenant": 3, "X-List": [1, 2], "X-Default": "d", "theme": "dark"}]
    for headers in (
        {},
        {"x_tenant": "a"},
        {"x_tenant": "1", "x_list": "a"},
        {"x_tenant": "1", "cookie": "theme=light"},
    ):
        assert client.get("/x", **headers).status == 400, headers


def test_a_parameter_of_the_operation_goes_before_that_of_the_path(tmp_path: Path) -> None:
    """Name and location together tell them apart; references are followed."""
    client = written(
        tmp_path,
        """
paths:
  /x/{id}:
    parameters:
    - {name: id, in: path, required: true, schema: {type: integer}}
    - {$ref: '#/components/parameters/Page'}
    get:
      parameters: [{name: id, in: path, required: true, schema: {type: string}}, {name: id, in: query, schema: {}}]
      responses: {'204': {description: ok}}
components: {parameters: {Page: {name: page, in: query, required: true, schema: {type: integer}}}}
""",
    )
    assert client.get("/x/a?page=1").status == 204
    assert client.get("/x/a").status == 400


@pytest.mark.parametrize(
    ("parameter", "text"),
    [
        ("{in: query}", "a parameter needs a name; it is left out"),
        ("3", "a parameter needs a name; it is left out"),
        ("{name: p, in: body, schema: {}}", "'body' is none of path, query, header, cookie; p is left out"),
        ("{name: p, in: {}, schema: {}}", "{} is none of path, query, header, cookie; p is left out"),
        ("{name: p, in: query, style: bold}", "'bold' is no style in the query (known: form, spaceDelimited"),
        ("{name: p, in: query, type: string}", "type, format and the like belong into its schema"),
        ("{name: q, in: path, schema: {}}", "the path has no parameter 'q'; it is left out"),
        ("{$ref: '#/nowhere'}", "own.yaml#/nowhere leads nowhere; what it stands for is left out"),
    ],
)
def test_a_parameter_that_cannot_be_is_reported(tmp_path: Path, parameter: str, text: str) -> None:
    """The operation is served without it."""
    client, _ = reading(tmp_path, parameter)
    assert [found for found in client.texts() if text in found]
    assert client.get("/x").status == 204


def test_what_the_path_names_and_nothing_declares_is_any_text(tmp_path: Path) -> None:
    """It is reported."""
    client, taken = reading(tmp_path, "", path="/x/{id}")
    assert client.texts() == ["the path's {id} is not declared; any text is taken"]
    assert (client.get("/x/7").status, taken) == (204, [{"id": "7"}])


def test_unknown_query_parameters_are_ignored(tmp_path: Path) -> None:
    """A document does not forbid them; a helpful server warns."""
    client, taken = reading(tmp_path, "{name: limit, in: query, schema: {type: integer}}")
    response = client.get("/x?limti=3")
    assert (response.status, taken) == (204, [{}])
    assert "did you mean limit?" in (response.header("x-mock-warning") or "")
