"""Hostile input to every operation is refused: never a 5xx."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import MANY, NOW
from understudy import apis
from understudy.apis import control
from understudy.document.body import FORM, JSON
from understudy.document.compile import load
from understudy.document.operation import Operation
from understudy.engine.assumptions import Assumptions
from understudy.engine.clock import Clock, milliseconds
from understudy.engine.exchange import Exchange, Headers, Request
from understudy.engine.ids import digest
from understudy.engine.pipeline import handle
from understudy.engine.validation import is_nested_deeper
from understudy.engine.worlds import Worlds
from understudy_checks.target import installed

NAMES = (*apis.NAMES, "control")
OPERATIONS = [(name, operation) for name in NAMES for operation in load(name).operations.values()]
WITH_BODY = [pytest.param(*one, id=f"{one[0]}-{one[1].id}") for one in OPERATIONS if one[1].body is not None]
DEPTHS = (199, 200, 201, 249, 250, 251, 253, 254, 255, 256, 500, 900, 990, 1_000, 1_100, 3_000)
LIFETIME = "kognitos.pagination.token-lifetime"


@pytest.fixture(scope="module")
def served() -> Worlds:
    """All APIs in one server that validates its responses."""
    clock, limits = Clock(milliseconds(NOW), frozen=True), dict.fromkeys(NAMES, MANY)
    declared = [*map(installed.declared, apis.NAMES), control.declare]
    return Worlds(
        declared, seeds=installed.seeds(), clock=clock, limits=limits, seeder=installed.load_seed_once, checked=True
    )


@pytest.fixture(autouse=True)
def as_it_was(served: Worlds) -> Iterator[None]:
    """Reset the server before each test."""
    yield
    served.reset(served.default)


def send(worlds: Worlds, name: str, operation: Operation, **given: Any) -> Exchange:
    """Send a request with a valid key; `path` are parameters, `query` is raw, `body` of the operation's media type."""
    contract = worlds.apis[name].contract
    path = contract.prefixes[0] + operation.path
    for parameter in operation.parameters:
        if parameter.location == "path":
            value = given.get("path", {}).get(parameter.name, parameter.example or "x")
            path = path.replace(f"{{{parameter.name}}}", quote(str(value), safe="%"))
    headers: Headers = tuple((key.lower().encode(), value.encode()) for key, value in contract.headers.items())
    if operation.body is not None:
        headers += ((b"content-type", given.get("type", operation.body.sent_as)),)
    for scheme in contract.schemes:
        key = worlds.access_info(worlds.default, name)["api_key"]
        headers += ((scheme.field, f"{'Bearer ' if scheme.kind == 'bearer' else ''}{key}".encode()),)
    request = Request(operation.method, path, given.get("query", ""), headers, given.get("body", b""))
    exchange = handle(request, worlds.default, worlds)
    assert exchange.response.status < 500, (exchange.error, request)
    return exchange


def nested(depth: int) -> list[bytes]:
    """Bodies of this depth that are also invalid otherwise."""
    lists, objects = b"[" * depth + b"]" * depth, b'{"a":' * depth + b"1" + b"}" * depth
    inside = (b"[" * (depth - 1) + b"]" * (depth - 1)) if depth > 1 else b"1"
    members = b",".join(b'"%b":%b' % (name, inside) for name in (b"status", b"now", b"api", b"completed", b"name"))
    return [lists, objects, b'{"zzz":%b}' % inside, b"{%b}" % members]


@pytest.mark.parametrize(("name", "operation"), WITH_BODY)
def test_deeply_nested_bodies_are_refused(served: Worlds, name: str, operation: Operation) -> None:
    """A body that is nested deeper than the bound is malformed, never a 5xx."""
    assert operation.body is not None
    known = json.dumps(_example(served, name, operation))
    for depth in DEPTHS:
        for body in (*nested(depth), known[:-1].encode() + b', "zzz": %b}' % nested(depth)[0]):
            exchange = send(served, name, operation, body=body)
            too_deep = depth > served.apis[name].most_depth and operation.body.media_type == JSON
            if too_deep and exchange.stop == "validate":
                assert exchange.reason == "validation", (depth, exchange)
                assert b"nested deeper" in exchange.response.body or b"valid JSON" in exchange.response.body


def _example(worlds: Worlds, name: str, operation: Operation) -> Any:
    document = worlds.apis[name].contract.document
    entry = document["paths"][operation.path][operation.method.lower()]["requestBody"]
    media = entry.get("content", {}).get(JSON, {})
    examples = [one.get("value") for one in media.get("examples", {}).values()]
    return next((one for one in (media.get("example"), *examples) if one), {"zz": 1})


@pytest.mark.parametrize(
    ("value", "most", "deeper"),
    [
        (1, 0, False),
        ("[[[", 0, False),
        ([], 0, True),
        ([], 1, False),
        ({"a": []}, 1, True),
        ([[1], {"a": 2}], 2, False),
        ([1, {"a": [{}]}], 3, True),
        ([1, {"a": [{}]}], 4, False),
        (None, 200, False),
    ],
)
def test_levels_are_counted(value: Any, most: int, deeper: bool) -> None:
    """Each array and each object is a level; brackets in texts are not."""
    assert is_nested_deeper(value, most) is deeper


def test_many_brackets_are_not_deep(served: Worlds) -> None:
    """A flat body of many objects, or a text full of brackets, is accepted."""
    operation = served.apis["nextstep"].contract.operations["createProcessRun"]
    for value in ([{}] * 1_000, "[{" * 1_000):
        body = json.dumps({"template_id": "CcIJXVzRuiP5HvI26FTE", "zzz": value}).encode()
        assert send(served, "nextstep", operation, body=body).response.status == 201


def _form(depth: int) -> bytes:
    head = b"--B%d\r\nContent-Disposition: form-data; name=a\r\nContent-Type: multipart/mixed; boundary=B%d\r\n\r\n"
    tail = b"--B%d--\r\n"
    return b"".join(head % (n, n + 1) for n in range(depth)) + b"".join(tail % n for n in range(depth, -1, -1))


def test_nested_forms_are_refused(served: Worlds) -> None:
    """A part with parts of its own is malformed; for an unknown upload it is not read."""
    operation = served.apis["kognitos"].contract.operations["uploadFile"]
    made = send(
        served,
        "kognitos",
        served.apis["kognitos"].contract.operations["createFile"],
        body=b'{"agent_id": "%b", "file_name": "a.pdf"}' % _agent(served),
    ).response
    assert made.status == 201, made.body
    token = made.json()["upload_url"].rpartition("/")[2]
    for depth in (1, 2, 50, 150, 300, 1_000):
        for path in ("nope", token):
            exchange = send(
                served,
                "kognitos",
                operation,
                path={"token": path},
                body=_form(depth),
                type=b"multipart/form-data; boundary=B0",
            )
            assert exchange.reason == ("auth" if path == "nope" else "validation"), (depth, path, exchange)


def test_one_nested_part_spoils_a_good_form(served: Worlds) -> None:
    """A valid form with one nested part is refused; without that part it is accepted."""
    operations = served.apis["kognitos"].contract.operations
    made = b'{"agent_id": "%b", "file_name": "a.pdf"}' % _agent(served)
    upload = send(served, "kognitos", operations["createFile"], body=made).response.json()
    head = '--B\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    good = "".join(head.format(name, value) for name, value in {**upload["upload_fields"], "file": "x"}.items())
    nested = "--B\r\nContent-Disposition: form-data; name=a\r\nContent-Type: multipart/mixed; boundary=C\r\n\r\n"
    nested += "--C\r\n\r\nx\r\n--C--\r\n"
    for form, status in ((good + nested, 400), (good, 204)):
        path, body = {"token": upload["upload_url"].rpartition("/")[2]}, f"{form}--B--\r\n".encode()
        media_type = b"multipart/form-data; boundary=B"
        exchange = send(served, "kognitos", operations["uploadFile"], path=path, body=body, type=media_type)
        assert exchange.response.status == status, exchange


def _agent(worlds: Worlds) -> bytes:
    return str(worlds.access_info(worlds.default, "kognitos")["agent_id"]).encode()


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from(
            [
                b"--B",
                b"--B--",
                b"\r\n",
                b"\r\n\r\n",
                b"\xff",
                b"\x00",
                b"; ",
                b"=",
                b'"',
                b"''",
                b"%41",
                b"Content-Disposition: form-data; name=",
                b"name*=utf-8''a",
                b"name*0=a",
                b"Content-Type: ",
                b"message/rfc822",
                b"multipart/mixed; boundary=B",
                b"Content-Transfer-Encoding: base64",
                b"quoted-printable",
                b"x",
            ]
        ),
        max_size=30,
    ),
    st.sampled_from(
        [
            b"multipart/form-data; boundary=B",
            b"multipart/form-data",
            b"multipart/form-data; boundary=\xff",
            b"multipart/form-data; boundary*=utf-8''B",
            b'multipart/form-data; boundary="',
            b"multipart/form-data; boundary=",
        ]
    ),
)
def test_forms_of_any_bytes_are_refused(served: Worlds, parts: list[bytes], media_type: bytes) -> None:
    """A body that is no form, or a form for an unknown upload, is refused."""
    operation = served.apis["kognitos"].contract.operations["uploadFile"]
    assert send(served, "kognitos", operation, body=b"".join(parts), type=media_type).response.status >= 400


@pytest.mark.parametrize("lifetime", [None, 300])
@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a.b",
        "a.b.c",
        "..",
        "x.1e5.y",
        "x.9.z",
        "x.-9.z",
        f"x.{'9' * 30}.z",
        f"x.{'9' * 5_000}.z",
        "x.\u0663.y",
        "\n.0.\n",
        "x.0.",
        "x. 1.y",
        "x.1_0.y",
    ],
)
def test_forged_cursors_are_refused(served: Worlds, text: str, lifetime: int | None) -> None:
    """A token with a valid signature over invented content is refused as unknown."""
    served.default.assumptions = Assumptions({**served.default.assumptions, LIFETIME: lifetime})
    token = urlsafe_b64encode(f"{digest(text, 8)}.{text}".encode()).decode().rstrip("=")
    for name, operation in OPERATIONS:
        pagination = operation.pagination
        if pagination is not None and "cursor" in pagination.settings:
            needed = [p for p in operation.parameters if p.location == "query" and p.required]
            query = "&".join(f"{p.name}={_value(served, name, p.name)}" for p in needed)
            exchange = send(served, name, operation, query=f"{query}&{pagination.name('cursor')}={quote(token)}")
            assert exchange.response.status in (400, 404), exchange


def _value(worlds: Worlds, name: str, parameter: str) -> str:
    return str(worlds.access_info(worlds.default, name).get(parameter, "x"))


TEXTS = st.sampled_from(
    [
        "",
        "x",
        "\x00",
        "\u20ac",
        "\U0001f600",
        "x" * 3_000,
        "null",
        "true",
        "-1",
        "1e400",
        "9" * 400,
        "9" * 5_000,
        "2026-02-30",
        "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00+23:59",
        "1969-12-31",
        "a@b.c",
        "active",
        "../..",
        "a.b.c",
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | TEXTS | st.sampled_from([0, -1, 1.5, 2**63, -(2**64), 10**30, 1e308, 5e-324]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


def _hostile(data: st.DataObject, example: Any) -> Any:
    """An example with one node replaced, removed or added."""
    value = json.loads(json.dumps(example))
    for _ in range(data.draw(st.integers(1, 3))):
        node, parent, key = value, None, None
        while isinstance(node, dict | list) and node and (parent is None or data.draw(st.booleans())):
            parent, key = node, data.draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
            node = parent[key]
        if parent is None:
            return data.draw(VALUES)
        if data.draw(st.booleans()):
            parent[key] = data.draw(VALUES)
        elif isinstance(parent, dict):
            del parent[key]
        else:
            parent.append(data.draw(VALUES))
    return value


@pytest.mark.beside
@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@pytest.mark.parametrize(("name", "operation"), [pytest.param(*one, id=f"{one[0]}-{one[1].id}") for one in OPERATIONS])
@given(data=st.data())
def test_no_operation_answers_hostile_input_with_a_5xx(
    served: Worlds, name: str, operation: Operation, data: st.DataObject
) -> None:
    """Mutated bodies, odd ids and odd queries are accepted or refused; every response fits the document."""
    named = [p.name for p in operation.parameters if p.location == "query"]
    query = "&".join(f"{one}={quote(data.draw(TEXTS))}" for one in named if data.draw(st.booleans()))
    path = {p.name: data.draw(TEXTS) for p in operation.parameters if p.location == "path" and data.draw(st.booleans())}
    body = b""
    if operation.body is not None and operation.body.media_type != FORM:
        example = _example(served, name, operation)
        if operation.id == "importState":
            example = served.default.export()
        body = json.dumps(_hostile(data, example)).encode()
    send(served, name, operation, query=query, path=path, body=body)
    served.reset(served.default)
