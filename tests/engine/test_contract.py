"""A document is compiled as a whole, or refused with every problem, its JSON pointer and a remedy."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import hypothesis.vendor.pretty
import pytest

import toy
from understudy import data
from understudy.document.compile import ContractError, load
from understudy.document.compile import compile as contract_compile
from understudy.document.contract import Contract
from understudy.document.memory import MAX_KEY_LENGTH
from understudy.document.model import Assumed
from understudy.document.pointer import find
from understudy.engine.exchange import Response

JSON = ((b"content-type", b"application/json; charset=utf-8"),)


@pytest.fixture(scope="module")
def known() -> Contract:
    """The toy document, compiled once."""
    return contract_compile(toy.document(), "toy", source="toy.yaml")


# What is understood


def test_a_document_becomes_operations(known: Contract) -> None:
    """Methods, paths, prefixes, security, success and paging are as declared."""
    assert known.prefixes == ("/api", "/toys/v1")
    assert [(o.method, o.path, o.secured) for o in known.operations.values()] == [
        ("GET", "/toys", True), ("POST", "/toys", True), ("GET", "/toys/{id}", False), ("DELETE", "/toys/{id}", True),
    ]  # fmt: skip
    assert known.operations["makeToy"].success == Assumed("toy.errors.status")
    assert known.operations["breakToy"].success == 204
    pagination = known.operations["listToys"].pagination
    assert pagination is not None
    assert (pagination.style, pagination.order, pagination.name("limit")) == (
        "cursor",
        Assumed("toy.pages.order"),
        "size",
    )
    assert [scheme.header for scheme in known.schemes] == ["x-toy"]
    assert [rule.id for rule in known.rules] == ["toy.keys.known", "toy.toys.made"]
    assert repr(known.operations["getToy"]) == "<GET /toys/{id}>"
    assert hypothesis.vendor.pretty.pretty(known.operations["getToy"]) == "<GET /toys/{id}>"


@pytest.mark.parametrize(
    ("query", "arguments", "faults"),
    [
        ("", {"size": 2, "kind": "car"}, []),
        ("size=3&new=true&weight=-1.5e2&kind=ball&after=a+b%20c", {"size": 3, "new": True, "weight": -150.0,
        "kind": "ball", "after": "a b c"},
         [("weight", "value")]),
        ("new=false&weight=2", {"size": 2, "kind": "car", "new": False, "weight": 2.0}, []),
        ("new=yes&weight=x&size=1.0", {"kind": "car"}, [("size", "type"), ("new", "type"), ("weight", "type")]),
        ("size=4", {"size": 4, "kind": "car"}, [("size", "value")]),
        ("size=1&size=2", {"kind": "car"}, [("size", "duplicate")]),
        ("sise=1&other=2", {"size": 2, "kind": "car"}, [("sise", "unknown"), ("other", "unknown")]),
    ],
)  # fmt: skip
def test_queries_are_typed(known: Contract, query: str, arguments: Any, faults: Any) -> None:
    """Each parameter is parsed by its type, defaults are filled in, invalid values are reported."""
    read, issues = known.operations["listToys"].read((), query)
    assert read == arguments
    assert [(issue.parameter, issue.kind) for issue in issues] == faults


def test_a_missing_parameter_is_told(known: Contract) -> None:
    """A missing required parameter is an issue."""
    _, issues = known.operations["getToy"].read(("a",), "")
    assert [(issue.kind, issue.message) for issue in issues] == [("missing", "must is required")]


def test_an_unknown_parameter_has_a_hint(known: Contract) -> None:
    """An unknown parameter is reported with the nearest declared one."""
    _, issues = known.operations["listToys"].read((), "sise=1")
    assert issues[0].message == "unknown parameter 'sise'; did you mean size?"


def test_good_arguments_are_remembered_but_not_for_ever(known: Contract) -> None:
    """Parsed arguments are cached up to a bound, and each caller gets a copy."""
    operation = known.operations["listToys"]
    first, _ = operation.read((), "after=0")
    first["after"] = "changed"
    assert operation.read((), "after=0") == ({"size": 2, "kind": "car", "after": "0"}, ())
    for number in range(3_000):
        operation.read((), f"after={number}")
    assert 0 < len(operation._known) <= 1024
    for forgotten in ("size=x", "after=" + "x" * MAX_KEY_LENGTH):
        operation.read((), forgotten)
        assert ((), forgotten) not in operation._known


def test_path_parameters_are_checked(known: Contract) -> None:
    """A path parameter that violates its schema is an issue."""
    operation = known.operations["getToy"]
    assert operation.read(("ab%2Fc",), "must=1") == ({"id": "ab/c", "must": 1}, ())
    wrong = operation.read(("A",), "must=1")[1]
    assert [(issue.parameter, issue.kind) for issue in wrong] == [("id", "path")]
    assert wrong[0].message.startswith("id: ")


@pytest.mark.parametrize(
    ("operation", "response", "message"),
    [
        ("getToy", Response(200, (*JSON, (b"x-age", b"3")), b'{"id": "a", "name": "B"}'), None),
        ("breakToy", Response(204), None),
        ("breakToy", Response(204, (), b"x"), "breakToy: 204: a body where none is documented"),
        ("breakToy", Response(200), "breakToy: status 200 is not documented (known: 204)"),
        ("listToys", Response(418, JSON, b'{"wrong": 1}'), None),
        ("makeToy", Response(500, JSON, b'{"wrong": 1}'), None),
        ("listToys", Response(400, JSON, b"{}"), 'listToys: 400: : "wrong" is a required property'),
        ("listToys", Response(200, JSON, b"{"), "listToys: 200: the body is not JSON: Input data was truncated"),
        ("listToys", Response(200, JSON, b"\xff"), "listToys: 200: the body is not JSON: "),
        ("listToys", Response(200, (), b"{}"), "listToys: 200: content type None is not documented"),
        ("getToy", Response(200, JSON, b"{}"), "getToy: 200: the header x-age is missing"),
        ("getToy", Response(200, (*JSON, (b"x-age", b"-1")), b"{}"),
        "getToy: 200: the header x-age is '-1', which does not fit its schema"),
        ("getToy", Response(200, (*JSON, (b"x-age", b"old")), b"{}"),
        "getToy: 200: the header x-age is 'old', which does not fit its schema"),
        ("makeToy", Response(201, JSON, b'{"id": "a", "name": "B", "made": "x"}'),
        'makeToy: 201: /made: "x" is not a "date-time"'),
    ],
)  # fmt: skip
def test_answers_are_held_against_the_document(
    known: Contract, operation: str, response: Response, message: str | None
) -> None:
    """Status, headers, media type and body of a response are validated; a mismatch is one line."""
    mismatch = known.operations[operation].mismatch(response)
    assert mismatch == message if message is None else str(mismatch).startswith(message)


def test_long_values_are_cut_in_messages(known: Contract) -> None:
    """Messages truncate long values."""
    _, issues = known.operations["listToys"].read((), "size=" + "x" * 1_000)
    assert len(issues[0].message) < 150
    body = known.operations["makeToy"].body
    assert body is not None
    assert len(body.first_error({"id": 1, "name": "x" * 1_000})) < 350
    assert body.first_error({"id": "a", "name": ""}).startswith("name: ")
    assert body.first_error([]).startswith("[] is not")


@pytest.mark.parametrize("name", ["nextstep", "control"])
def test_our_own_documents_are_understood(name: str) -> None:
    """Every built-in document compiles, by name and by path."""
    loaded = load(name)
    assert load(name, data.path(f"openapi/{name}.yaml")).operations.keys() == loaded.operations.keys()


# What is refused


def _rename(document: Any, pointer: str, old: str, new: str) -> None:
    place = find(document, pointer)
    place[new] = place.pop(old)


BROKEN: list[tuple[str, Callable[[Any], Any], str, str]] = [
    ("root key", lambda d: d.update({"x-ruls": []}), "/x-ruls",
    "x-ruls is not understood on a document; did you mean x-rules?"),
    ("operation key", lambda d: d["paths"]["/toys"]["get"].update(zzz=1), "/paths/~1toys/get/zzz",
    "zzz is not understood on an operation; take it out"),
    ("schema keyword", lambda d: d["components"]["schemas"]["Toy"].update(nullable=True),
    "/components/schemas/Toy/nullable", "nullable is not understood on a schema"),
    ("deep keyword", lambda d: d["components"]["schemas"]["Toy"]["properties"]["id"].update(minlength=1),
     "/components/schemas/Toy/properties/id/minlength", "did you mean minLength?"),
    ("missing root key", lambda d: d.pop("servers"), "", "servers is missing on this document; add it"),
    ("missing member", lambda d: d["x-rules"][0].pop("source"), "/x-rules/0", "source is missing on this rule; add it"),
    ("choice", lambda d: d["x-rules"][0].update(basis="guessed"), "/x-rules/0/basis",
    "'guessed' is none of documented, implied"),
    ("reason", lambda d: d["x-errors"]["internal"].update(reason="bug"), "/x-errors/internal/reason",
    "'bug' is none of auth, "),
    ("parameter place", lambda d: d["components"]["parameters"]["Size"].update({"in": "cookie"}),
    "/components/parameters/Size/in", "'cookie' is none of"),
    ("no alternatives", lambda d: d["x-assumptions"][0].update(alternatives=[]), "/x-assumptions/0/alternatives",
    "is a claim; add at least one alternative"),
    ("list", lambda d: d.update({"x-rules": {}}), "/x-rules", "must be a list"),
    ("mapping", lambda d: d.update({"paths": []}), "/paths", "must be a mapping"),
    ("operation as text", lambda d: d["paths"]["/toys"].update(get="x"), "/paths/~1toys/get", "must be a mapping"),
    ("value", lambda d: d["paths"]["/toys"]["post"].update({"x-success": 201}), "/paths/~1toys/post/x-success",
    "must be {assumption: <id>}"),
    ("reference elsewhere", lambda d: d["components"]["headers"].update(Age={"$ref": "other.yaml#/a"}),
    "/components/headers/Age", "leads nowhere"),
    ("reference to nothing", lambda d: d["components"]["schemas"].update(Any={"$ref": "#/components/schemas/No"}),
    "/components/schemas/Any", "leads nowhere"),
    ("reference into a text", lambda d: d["components"]["schemas"].update(Any={"$ref": "#/info/title/x"}),
    "/components/schemas/Any", "leads nowhere"),
    ("no operationId", lambda d: d["paths"]["/toys"]["get"].pop("operationId"), "/paths/~1toys/get",
    "operationId is missing on this operation; add it"),
    ("operationId twice", lambda d: d["paths"]["/toys"]["get"].update(operationId="getToy"),
    "/paths/~1toys~1{id}/get", "operationId getToy is used twice"),
    ("id twice", lambda d: d["x-rules"].append(dict(d["x-rules"][0])), "/x-rules/1",
    "toy.keys.known is declared twice"),
    ("id of another form", lambda d: d["x-rules"][0].update(id="keys.known"), "/x-rules/0",
    "keys.known is no toy.<area>.<slug>"),
    ("unknown assumption", lambda d: d["x-errors"]["invalid"].update(status={"assumption": "toy.errors.statu"}),
    "/x-errors/invalid/status",
     "unknown assumption toy.errors.statu; did you mean toy.errors.status?"),
    ("unknown as", lambda d: d["x-errors"]["unknown-route"].update({"as": "x"}), "/x-errors/unknown-route/as",
    "unknown assumption x"),
    ("unknown rule", lambda d: d["x-errors"]["internal"].update(rule="toy.keys.know"), "/x-errors/internal/rule",
    "unknown rule toy.keys.know; did you mean toy.keys.known?"),
    ("missing kind", lambda d: d["x-errors"].pop("internal"), "/x-errors", "internal is missing; every API needs it"),
    ("paging without style", lambda d: d["x-pagination"].pop("style"), "/x-pagination", "style is missing"),
    ("paging without root", lambda d: d.pop("x-pagination"), "/paths/~1toys/get", "needs x-pagination at the root"),
    ("setting of another style", lambda d: d["x-pagination"].update({"page-fill": "full"}), "/x-pagination/page-fill",
     "page-fill is of the style token; take it out"),
    ("no server", lambda d: d["servers"].clear(), "/servers", "there is none; name at least one"),
    ("status", lambda d: _rename(d, "/paths/~1toys/get/responses", "200", "2000"), "/paths/~1toys/get/responses/2000",
     "is no status"),
    ("number as name", lambda d: _rename(d, "/paths/~1toys/get/responses", "200", 200), "/paths/~1toys/get/responses",
     "must have texts as names; put them in quotes"),
    ("part of a segment", lambda d: _rename(d, "/paths", "/toys/{id}", "/toys/x{id}"), "/paths/~1toys~1x{id}/get",
     "a parameter as a whole segment"),
    ("beside a reference", lambda d: d["paths"]["/toys"]["get"]["responses"]["4XX"].update(description="No"),
     "/paths/~1toys/get/responses/4XX/description", "description beside $ref is not understood"),
    ("reference in a circle", lambda d: d["components"]["headers"].update(Age={"$ref": "#/components/headers/Age"}),
     "/components/headers/Age", "leads nowhere"),
    ("flag", lambda d: d["components"]["headers"]["Age"].update(required="yes"), "/components/headers/Age/required",
     "must be true or false"),
    ("error without status", lambda d: d["x-errors"]["internal"].pop("status"), "/x-errors/internal",
     "an error needs a status, or `as`"),
    ("answer that is none", lambda d: d["x-errors"]["internal"].update({"as": "toy.errors.status"}),
     "/x-errors/internal/as", "toy.errors.status must be {status, code}"),
    ("count", lambda d: d["x-rate-limit"].update(requests=0), "/x-rate-limit/requests", "from 1 on"),
    ("refusal of a limit", lambda d: d["x-rate-limit"].update(refusal="slower"), "/x-rate-limit/refusal",
     "slower is no kind of x-errors"),
    ("limit without seconds", lambda d: d["x-rate-limit"].pop("seconds"), "/x-rate-limit",
     "a limit has requests and seconds, or is `as` an assumption says"),
    ("error status", lambda d: d["x-errors"]["internal"].update(status=99), "/x-errors/internal/status",
     "must be an HTTP status"),
    ("fraction", lambda d: d["x-errors"]["internal"].update(status=500.0), "/x-errors/internal/status",
     "must be an HTTP status, without a fraction"),
    ("misspelt word", lambda d: d["x-pagination"].update({"cursor-form": "opaqe"}), "/x-pagination/cursor-form",
     "'opaqe' is none of item-id, opaque"),
    ("word of another kind", lambda d: d["x-unknown"].update({"body-fields": 1}), "/x-unknown/body-fields",
     "must be a text"),
    ("misspelt assumption", lambda d: d["x-unknown"].update({"body-fields": {"asumption": "toy.pages.cursor"}}),
     "/x-unknown/body-fields", "must be {assumption: <id>}"),
    ("list of operations", lambda d: d["paths"]["/toys"].update(parameters={}), "/paths/~1toys/parameters",
     "must be a list"),
    ("text", lambda d: d["info"].update(title=None), "/info/title", "must be a text"),
    ("security scheme", lambda d: d["components"]["securitySchemes"]["key"].update({"in": "body"}),
    "/components/securitySchemes/key",
     "is not understood; use http bearer, or apiKey in a header"),
    ("parameter type", lambda d: d["components"]["parameters"]["Size"]["schema"].update(type="array"),
    "/components/parameters/Size", "type array is not supported"),
    ("example", lambda d: d["paths"]["/toys"]["get"]["parameters"][0].update(example="yes"),
     "/paths/~1toys/get/parameters/0/example", "does not fit its schema: : "),
    ("named example", lambda d: d["components"]["examples"]["Page"]["value"].pop("more"),
     "/paths/~1toys/get/responses/200/content/application~1json/examples/one", "does not fit its schema"),
    ("schema example", lambda d: d["components"]["schemas"]["Toy"]["properties"]["id"].update(examples=["a", 1]),
    "/components/schemas/Toy/properties/id/examples/1", "1 is not of type"),
    ("default", lambda d: d["components"]["parameters"]["Size"]["schema"].update(default=9),
    "/components/parameters/Size/schema/default", "9 is greater than the maximum"),
    ("header example", lambda d: d["components"]["headers"]["Age"].update(example=-1),
    "/components/headers/Age/example", "-1 is less than the minimum"),
    ("not a schema", lambda d: d["components"]["schemas"]["Toy"].update(type="objekt"),
    "/components/schemas/Toy/type", "is no JSON schema: "),
    ("pattern", lambda d: d["components"]["schemas"]["Toy"]["properties"]["id"].update(pattern="["),
    "/components/schemas/Toy/properties/id/pattern", "is no JSON schema: "),
    ("other body", lambda d: _rename(d, "/paths/~1toys/post/requestBody/content", "application/json", "text/csv"),
    "/paths/~1toys/post/requestBody/content",
     "only bodies of application/json, multipart/form-data or application/x-www-form-urlencoded are understood"),
    ("header without schema", lambda d: d["components"]["headers"]["Age"].pop("schema"), "/components/headers/Age",
    "schema is missing on this header; add it"),
    ("page style", lambda d: d["x-pagination"].update(style="books"), "/x-pagination/style",
    "'books' is none of cursor"),
    ("page setting", lambda d: d["x-pagination"].pop("items"), "/x-pagination", "items is missing"),
    ("setting of the style", lambda d: d["x-pagination"].pop("cursor-form"), "/x-pagination",
    "cursor-form is missing on this pagination of the style cursor; add it"),
    ("setting of another style", lambda d: d["x-pagination"].update({"page-fill": "full"}), "/x-pagination/page-fill",
    "page-fill is of the style token; take it out"),
    ("page parameter", lambda d: d["x-pagination"].update(limit="sise"), "/x-pagination/limit",
    "listToys has no query parameter sise; did you mean size?"),
    ("unknown scheme", lambda d: d.update(security=[{"token": []}]), "/security",
    "token is no security scheme of this document"),
    ("path parameter", lambda d: d["paths"]["/toys/{id}"].update(parameters=[]), "/paths/~1toys~1{id}/get",
    "the path's {id} is not declared"),
    ("path parameter of another path", lambda d: d["paths"]["/toys"]["get"]["parameters"].append({"name": "id",
    "in": "path", "required": True, "schema": {"type": "string"}}),
     "/paths/~1toys/get", "id is not in the path"),
]  # fmt: skip


@pytest.mark.parametrize(("breaks", "pointer", "advice"), [pytest.param(*row[1:], id=row[0]) for row in BROKEN])
def test_what_is_not_understood_is_refused(breaks: Callable[[Any], Any], pointer: str, advice: str) -> None:
    """Each kind of problem is reported with its pointer and a remedy."""
    document = toy.document()
    breaks(document)
    with pytest.raises(ContractError) as error:
        contract_compile(document, "toy", source="toy.yaml")
    assert [text for where, text in error.value.diagnostics if where == pointer and advice in text], error.value


def test_every_problem_is_told_at_once() -> None:
    """One start reports all problems, one line each with file and pointer."""
    document = toy.document()
    document["x-ruls"] = []
    document["paths"]["/toys"]["get"]["zzz"] = 1
    del document["info"]
    with pytest.raises(ContractError) as error:
        contract_compile(document, "toy", source="toy.yaml")
    lines = str(error.value).splitlines()
    assert len(lines) == len(error.value.diagnostics) == 3
    assert all(line.startswith("toy.yaml#") for line in lines)


def test_every_misfit_is_told_at_once() -> None:
    """One start reports all problems of the compiler, too."""
    document = toy.document()
    del document["x-errors"]["internal"]
    document["x-errors"]["invalid"]["status"] = {"assumption": "x"}
    document["components"]["headers"]["Age"]["example"] = -1
    with pytest.raises(ContractError) as error:
        contract_compile(document, "toy", source="toy.yaml")
    assert len(error.value.diagnostics) == 3


@pytest.mark.parametrize("document", [None, [], "openapi", 3, True, {}])
def test_what_is_no_document_is_refused(document: Any) -> None:
    """Only a mapping with an OpenAPI version is a document."""
    with pytest.raises(ContractError):
        contract_compile(document, "toy", source="toy.yaml")


def changed(document: Any) -> Iterator[tuple[tuple[str | int, ...], Any, Any]]:
    """Yield the document with one member removed or of another type: the pointer, the new value, the document."""
    for place in places(document, ()):
        for replacement in ("DELETE", None, "x", 1, True, [], {}, ["x"], {"x": {}}, {"$ref": "#/info"}, {"$ref": 1}):
            copy = json.loads(json.dumps(document))
            parent = copy
            for part in place[:-1]:
                parent = parent[part]
            if replacement == "DELETE":
                del parent[place[-1]]
            else:
                parent[place[-1]] = replacement
            yield place, replacement, copy


def places(value: Any, at: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    """Yield the pointer to each member."""
    for name, child in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield (*at, name)
        yield from places(child, (*at, name))


@pytest.mark.parametrize("part", [pytest.param(n, marks=[pytest.mark.deep] if n else []) for n in range(20)])
def test_no_document_crashes_the_compiler(part: int) -> None:
    """Any document compiles or raises ContractError."""
    for number, (place, replacement, document) in enumerate(changed(toy.document())):
        if number % 20 == part:
            try:
                contract_compile(document, "toy", source="toy.yaml")
            except ContractError:
                continue
            except Exception as error:
                raise AssertionError((place, replacement)) from error
