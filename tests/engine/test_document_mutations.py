"""Mutated documents are compiled, or refused with pointers; the compiler never crashes."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import toy
from effort import examples
from understudy import data
from understudy.document.compile import ContractError, load
from understudy.document.compile import compile as contract_compile
from understudy.document.model import Assumed
from understudy.document.pointer import at, find
from understudy.document.read import read
from understudy.engine.call import Call, Reply
from understudy.engine.clock import Clock
from understudy.engine.exchange import Request
from understudy.engine.pipeline import handle
from understudy.engine.router import Router
from understudy.engine.worlds import Worlds

DOCUMENTS = {
    "toy": toy.document(),
    **{n: read(data.path(f"openapi/{n}.yaml")) for n in ("control", "kognitos")},
}
VALUES: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    1,
    200,
    1.5,
    math.nan,
    math.inf,
    10**400,
    "",
    "x",
    "2XX",
    "default",
    "{x}",
    "\ud800",
    "(",
    "http://[::1",
    "a/b",
    "object",
    "toy.errors.status",
    "calendar",
    [],
    {},
    [[]],
    [{}],
    [None],
    ["x"],
    {"a": 1},
    {1: 2},
    {None: 1},
    b"x",
    (1, 2),
    {"$ref": 1},
    {"$ref": "#"},
    {"$ref": "#/components/schemas/Toy"},
    {"$ref": "#/components/schemas/Any"},
    {"$ref": "#/components/parameters/Size"},
    {"assumption": "toy.errors.status"},
    {"assumption": "x"},
    {"assumption": []},
    {"type": "object"},
    {"type": ["string", 1]},
    {"pattern": "("},
]
NAMES = ["x", "2XX", "4XX", "default", "$ref", "", "/", "{a}", "/{a}/{a}", 1, None, "a/b", "~1", "in", "as", "items"]


def places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the pointer to each node of a document."""
    if place:
        yield place
    for key, child in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(child, (*place, key))


PLACES = {name: list(places(document)) for name, document in DOCUMENTS.items()}


def changed(draw: st.DataObject, name: str) -> Any:
    """A document with one to three nodes removed, replaced, renamed or moved."""
    document = copy.deepcopy(DOCUMENTS[name])
    for _ in range(draw.draw(st.integers(1, 3))):
        *parents, key = draw.draw(st.sampled_from(PLACES[name]))
        node = document
        for parent in parents:
            node = node[parent] if _has(node, parent) else {}
        if not _has(node, key):
            continue
        how = draw.draw(st.sampled_from(["remove", "replace", "copy", "rename"]))
        if how == "remove":
            del node[key]
        elif how == "rename" and isinstance(node, dict):
            node[draw.draw(st.sampled_from(NAMES))] = node.pop(key)
        elif how == "copy":
            alike = [place for place in PLACES[name] if place[-1] == key or isinstance(key, int)]
            value: Any = DOCUMENTS[name]
            for part in draw.draw(st.sampled_from(alike)):
                value = value[part]
            node[key] = copy.deepcopy(value)
        else:
            node[key] = draw.draw(st.sampled_from(VALUES))
    return document


def _has(node: Any, key: Any) -> bool:
    return (
        key in node if isinstance(node, dict) else isinstance(node, list) and isinstance(key, int) and key < len(node)
    )


def assert_told(document: Any, error: ContractError) -> None:
    """Assert that each diagnostic has a text, and a pointer to a node or to a missing child of one."""
    assert error.diagnostics
    assert "cannot be compiled" not in str(error), error
    for pointer, text in error.diagnostics:
        assert text
        try:
            find(document, pointer)
        except LookupError:
            find(document, pointer.rpartition("/")[0])


@pytest.mark.parametrize(("name", "examples"), [("toy", examples(200, 700)), ("control", 30), ("kognitos", 30)])
def test_a_mutated_document_is_compiled_or_refused(name: str, examples: int) -> None:
    """A document with any node removed, replaced, renamed or moved compiles or is refused."""

    @settings(max_examples=examples, derandomize=True, database=None, deadline=None)
    @given(st.data())
    def check(draw: st.DataObject) -> None:
        document = changed(draw, name)
        try:
            contract_compile(document, name, source=f"{name}.yaml")
        except ContractError as error:
            assert_told(document, error)

    check()


def _list(call: Call) -> Reply:
    """List the toys as a page, if the operation still has pages; a document without keys has no caller."""
    toys = call.tenants["one"]["toys"]
    return Reply(toys.listing(descending=True) if call.operation.pagination else b"[]")


HANDLERS = {"listToys": _list, **dict.fromkeys(("makeToy", "getToy", "breakToy"), lambda call: Reply(b"{}"))}


@settings(max_examples=examples(200, 700), derandomize=True, database=None, deadline=None)
@given(st.data())
def test_a_mutated_document_that_compiles_can_be_served(draw: st.DataObject) -> None:
    """A document that compiles can be served without a 500."""
    try:
        api = toy.api(changed(draw, "toy"), handlers=HANDLERS)
        worlds = Worlds([api], seeds={"toy": toy.TOYS}, clock=Clock(0, frozen=True))
    except (ContractError, ValueError):  # or operations, events and records that do not go with the rest
        return
    for prefix in api.contract.prefixes:
        for method, target in (
            ("GET", "toys"),
            ("GET", "toys?size=0&size=7"),
            ("GET", "toys?kind=x&x=1&after=zz"),
            ("POST", "toys"),
            ("GET", "toys/a?must=1"),
            ("DELETE", "toys/a"),
            ("PUT", "x"),
        ):
            for headers in ((), ((b"x-toy", b"k1"), (b"content-type", b"application/json"))):
                path, _, query = target.partition("?")
                request = Request(method, f"{prefix}/{path}", query, headers, b'{"id": "z"}')
                exchange = handle(request, worlds.default, worlds)
                assert exchange.error is None, exchange.error


def _only_range(document: Any) -> None:
    responses = document["paths"]["/toys/{id}"]["get"]["responses"]
    responses["2XX"] = responses.pop("200")


def _nest(document: Any) -> None:
    schema: Any = {"type": "string"}
    for _ in range(3_000):
        schema = {"items": schema}
    document["components"]["schemas"]["Any"] = schema


def _loop(document: Any) -> None:
    document["components"]["schemas"]["Any"] = {"properties": {}}
    document["components"]["schemas"]["Any"]["properties"]["a"] = document["components"]["schemas"]["Any"]


LIMIT, ROOT = "/x-rate-limit", "/servers/0/url"


@pytest.mark.parametrize(
    ("change", "pointer", "message"),
    [
        (_only_range, "/paths/~1toys~1{id}/get/responses/2XX", "2XX names no one status that is answered"),
        (_nest, "/components/schemas/Any" + "/items" * 98, "is nested deeper than 100 levels"),
        (_loop, "/components/schemas/Any" + "/properties/a" * 49, "is nested deeper than 100 levels"),
        (lambda d: d["info"].update(title=math.nan), "/info/title", "nan is no JSON value"),
        (lambda d: d["info"].update(title=b"x"), "/info/title", "b'x' is no JSON value"),
        (lambda d: d["info"].update(title="\ud800"), "/info/title", "'\\ud800' is no JSON value"),
        (lambda d: d["x-assumptions"][0].update(default={1: 2}), "/x-assumptions/0/default", "texts as names"),
        (lambda d: d["servers"][0].update(url="http://[::1"), ROOT, "is no URL with a plain path"),
        (lambda d: d["servers"][0].update(url="https://a/{version}"), ROOT, "is no URL with a plain path"),
        (lambda d: d["servers"][0].update(url="toys.example"), ROOT, "'toys.example' is no URL with a plain path"),
        (lambda d: d["x-rate-limit"].update(window="moon"), f"{LIMIT}/window", "'moon' is none of fixed, calendar"),
        (lambda d: d["x-assumptions"][6].update(alternatives=["all"]), f"{LIMIT}/counts", "'all' is none of admitted"),
        (lambda d: d["x-assumptions"][6].update(alternatives=[[]]), f"{LIMIT}/counts", "may be [], and must be a text"),
        (
            lambda d: d["x-assumptions"][4].update(default=422.0),
            "/x-errors/invalid/status",
            "may be 422.0, and must be an HTTP status, without a fraction",
        ),
        (
            lambda d: d["x-assumptions"][4].update(default="x"),
            "/x-errors/invalid/status",
            "may be 'x', and must be an HTTP",
        ),
        (
            lambda d: d["x-assumptions"][4].update(default=700),
            "/paths/~1toys/post/x-success",
            "may be 700, and must be",
        ),
        (
            lambda d: d["x-assumptions"][2].update(default=True),
            "/components/securitySchemes/key/x-challenge",
            "may be True, and must be a text or null",
        ),
        (
            lambda d: d.update(
                {
                    "x-rate-limit": {
                        "as": "toy.limit.window",
                        **{
                            key: value for key, value in d["x-rate-limit"].items() if key not in ("requests", "seconds")
                        },
                    }
                }
            ),
            f"{LIMIT}/as",
            "must be {requests, seconds}",
        ),
        (
            lambda d: d["components"]["parameters"]["Size"]["schema"].pop("default"),
            "/paths/~1toys/get",
            "size needs a default",
        ),
    ],
)
def test_what_would_crash_is_a_complaint(change: Callable[[Any], Any], pointer: str, message: str) -> None:
    """A problem that would crash the compiler or a request is reported with its pointer."""
    document = toy.document()
    change(document)
    with pytest.raises(ContractError) as error:
        contract_compile(document, "toy", source="toy.yaml")
    assert [text for place, text in error.value.diagnostics if place == pointer and message in text], (
        error.value.diagnostics
    )


def test_a_range_beside_a_status_is_fine() -> None:
    """A literal status wins over a range; a range alone leaves the status to the assumption."""
    document = toy.document()
    responses = document["paths"]["/toys/{id}"]["get"]["responses"]
    responses["2XX"] = {"description": "Else"}
    document["paths"]["/toys"]["post"]["responses"] = {"2XX": {"description": "Made"}}
    operations = contract_compile(document, "toy", source="toy.yaml").operations
    assert operations["getToy"].success == 200
    assert operations["makeToy"].success == Assumed("toy.errors.status")


def test_a_quota_may_be_assumed() -> None:
    """An assumed limit is a pair of requests and seconds, or null."""
    document = toy.document()
    limit = document["x-rate-limit"]
    del limit["requests"], limit["seconds"]
    limit["as"] = "toy.limit.quota"
    quota = {
        "text": "No page says it",
        "source": "Limits",
        "default": None,
        "alternatives": [{"requests": 1, "seconds": 2}],
    }
    document["x-assumptions"].append({"id": "toy.limit.quota", **quota})
    assert contract_compile(document, "toy", source="toy.yaml").rate_limit is not None
    limit["as"] = "toy.limit.none"
    with pytest.raises(ContractError, match="unknown assumption"):
        contract_compile(document, "toy", source="toy.yaml")


def test_a_gap_in_the_grammar_is_told_with_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """An internal error of the compiler becomes a diagnostic with its pointer and cause."""

    def body(compiler: Any, entry: Any, pointer: str) -> None:
        raise ZeroDivisionError("boom")

    monkeypatch.setattr("understudy.document.compile.Compiler.body", body)
    with pytest.raises(ContractError, match="cannot be compiled: ZeroDivisionError: boom") as error:
        contract_compile(toy.document(), "toy", source="toy.yaml")
    assert [pointer for pointer, _ in error.value.diagnostics] == [at("paths", "/toys", "get")]
    assert isinstance(error.value.__cause__, ZeroDivisionError)


def test_a_limit_without_bounds_is_clamped_to_those_there_are() -> None:
    """The policy `clamp` works with a maximum alone."""
    document = toy.document()
    del document["components"]["parameters"]["Size"]["schema"]["minimum"]
    worlds = Worlds([toy.api(document)], seeds={"toy": toy.TOYS}, clock=Clock(0, frozen=True))
    exchange = handle(Request("GET", "/api/toys", "size=9", ((b"x-toy", b"k1"),)), worlds.default, worlds)
    assert len(exchange.response.json()["page"]["items"]) == 3


def test_paths_of_all_documents_can_be_routed() -> None:
    """All built-in documents compile from their files and can be served together."""
    assert [Router([toy.api()]).find("/api/toys").operations.keys()] == [{"GET", "POST"}]
    for name in ("control", "kognitos", "nextstep", "tallyfy"):
        assert load(name, data.path(f"openapi/{name}.yaml")).operations
