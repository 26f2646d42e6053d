"""Hints and warnings of a helpful server about keys, paths, parameters and members; a strict server sends none."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_keys import BASIC, BEARER, COOKIE, HEADER, QUERY, api, ask, basic, serve, token

import toy
from conftest import KEY, Client
from own_document import written
from understudy.document import closed as members
from understudy.engine import hints
from understudy.engine.exchange import Exchange, Headers, Request
from understudy.engine.pipeline import handle
from understudy.engine.worlds import Worlds
from understudy.http.log import FORMATS
from understudy_checks.target import installed

RUNS = "/api/v1/process-runs"
START = {"template_id": "CcIJXVzRuiP5HvI26FTE"}
PRINTABLE = re.compile(rb"[ -~]{1,300}")
AUTH = b"authorization"


def hint(exchange: Exchange) -> str:
    """Return the X-Mock-Hint of a response."""
    value = exchange.response.header("x-mock-hint")
    assert value is not None
    assert token(exchange_world(exchange)) not in value, "a key is never shown"
    return value


def exchange_world(exchange: Exchange) -> Any:
    """Return the world that recorded an exchange, in one of the two servers of this file."""
    return next(w for w in SERVED if exchange in list(w.default.journal)).default


SERVED: list[Worlds] = []


def asked(scheme: dict[str, Any], headers: Headers = (), query: str = "") -> str:
    """Return the hint of a response of the toy API with a security scheme."""
    worlds = serve(api(scheme))
    SERVED[:] = [worlds]
    exchange = ask(worlds, headers, query)
    assert exchange.response.status == 401
    assert exchange.reason == "auth"
    return hint(exchange)


@pytest.mark.parametrize(
    ("scheme", "headers", "query", "message"),
    [
        (BEARER, (), "", "no key was sent; send the header `Authorization: Bearer KEY`"),
        (HEADER, (), "", "no key was sent; send the header `x-notes-key: KEY`"),
        (HEADER, (), "page=2", "no key was sent; send the header `x-notes-key: KEY`"),
        (QUERY, (), "", "no key was sent; send the query parameter `api_key=KEY`"),
        (COOKIE, (), "", "no key was sent; send the cookie `session=KEY`"),
        (COOKIE, ((b"cookie", b"a=b"),), "", "no key was sent; send the cookie `session=KEY`"),
        (BASIC, (), "", "no key was sent; send the header `Authorization: Basic BASE64`"),
        (BEARER, ((AUTH, b""),), "", "a key was sent in the header authorization"),
        (BEARER, ((AUTH, b"user:k1"),), "", "Authorization has no Bearer before the key; send the header"),
        (BEARER, ((AUTH, b"xyz"),), "", "Authorization has no Bearer before the key; send the header"),
        (BEARER, ((AUTH, b"Token user:k1"),), "", "Authorization does not begin with Bearer and a blank"),
        (BEARER, ((AUTH, b"Bearer: user:k1"),), "", "Authorization does not begin with Bearer and a blank"),
        (BEARER, ((AUTH, b"Bearer"),), "", "no key stands behind Bearer"),
        (BEARER, ((AUTH, b"bearer  "),), "", "no key stands behind bearer"),
        (BEARER, (), "api_key=user:k1", "a key was sent in the query parameter api_key; send the header"),
        (BEARER, (), "x=user%3Ak1", "a key was sent in the query parameter x; send the header"),
        (BEARER, (), "token=zzz", "a key was sent in the query parameter token; send the header"),
        (BEARER, ((b"x-key", b"Bearer user:k1"),), "", "a key was sent in the header x-key; send the header"),
        (HEADER, ((AUTH, b"Bearer zzz"),), "", "a key was sent in the header authorization; send the header `x-notes"),
        (HEADER, ((b"x-notes-key", b'"user:k1"'),), "", "known without the blanks or punctuation around it"),
        (BEARER, ((AUTH, b"Bearer  user:k1"),), "", "known without the blanks or punctuation around it"),
        (BEARER, ((AUTH, b"Bearer USER:K1"),), "", "known in another case"),
        (BEARER, ((AUTH, b"Bearer user:k2"),), "", "differs little from a known one"),
        (BEARER, ((AUTH, b"Bearer YOUR_KEY"),), "", "this key is unknown; GET /, POST /__mock__/worlds"),
        (QUERY, (), "api_key=YOUR_KEY", "this key is unknown; GET /, POST /__mock__/worlds"),
        (COOKIE, ((b"cookie", b"session=YOUR_KEY"),), "", "this key is unknown"),
        (BASIC, ((AUTH, basic("user:zz")),), "", "user and password are not known here, or not in base64"),
        (BASIC, ((AUTH, b"Basic user:k1"),), "", "user and password are not known here, or not in base64"),
    ],
)
def test_a_refused_key_is_explained(scheme: dict[str, Any], headers: Headers, query: str, message: str) -> None:
    """The hint distinguishes a missing, a misplaced and an unknown key, and names the world of the journal."""
    text = asked(scheme, headers, query)
    assert message in text
    assert text.endswith("; recorded in world default")


def test_every_way_to_send_a_key_is_named() -> None:
    """The hint judges the scheme that is used; without any it names all schemes."""
    worlds = serve(api(BEARER, QUERY))
    assert "`Authorization: Bearer KEY` or the query parameter `api_key=KEY`" in str(
        ask(worlds).response.header("x-mock-hint")
    )
    assert "this key is unknown" in str(ask(worlds, query="api_key=YOUR_KEY").response.header("x-mock-hint"))


def test_a_key_that_is_no_good_here_is_explained(client: Client) -> None:
    """The hint explains revoked and lapsed keys, and those of another API or world."""
    worlds = client.worlds
    entry, made = worlds.access_info(worlds.default, "nextstep"), worlds.create()
    for key, told in (
        (entry["revoked_key"], "this key was revoked; recorded in world default"),
        (entry["lapsed_key"], "the subscription of this key has lapsed; recorded in world default"),
        (
            worlds.access_info(made, "nextstep")["api_key"],
            f"this key is one of world {made.id}, and X-Mock-World names another",
        ),
    ):
        answer = client.send("GET", RUNS, authorization=f"Bearer {key}", x_mock_world="default")
        assert str(answer.header("x-mock-hint")).startswith(told), answer
        assert client.last()["hint"] == answer.header("x-mock-hint")
    revoked = client.send("GET", RUNS, authorization=f"Bearer {worlds.access_info(made, 'nextstep')['revoked_key']}")
    assert str(revoked.header("x-mock-hint")).endswith(f"recorded in world {made.id}")


def test_a_key_of_another_api_is_explained() -> None:
    """The hint names the API of a key."""
    document = toy.document()
    document["servers"] = [{"url": "https://other.example/other"}]
    contract = replace(toy.api(document).contract, name="other")
    other = toy.api(document, name="other", contract=contract, seed=lambda content, known: ())
    worlds = Worlds([toy.api(), other], seeds={"toy": toy.TOYS, "other": []})
    exchange = handle(Request("GET", "/other/toys", headers=((b"x-toy", b"k1"),)), worlds.default, worlds)
    assert str(exchange.response.header("x-mock-hint")).startswith("this key is one of toy, not of other; recorded")


@pytest.mark.parametrize(
    ("token", "sources"),
    [(None, "GET /, POST /__mock__/worlds and the ready file"), ("secret", "POST /__mock__/worlds and the ready file")],
)
def test_an_unknown_key_hint_names_where_keys_are_listed(client: Client, token: str | None, sources: str) -> None:
    """The index is named where it shows keys: not where the control API needs a token."""
    client.worlds.server.token = token
    answer = client.send("GET", RUNS, authorization="Bearer something-else-altogether")
    assert str(answer.header("x-mock-hint")).startswith(f"this key is unknown; {sources} name good ones; recorded")


def test_the_case_of_bearer_is_explained(client: Client) -> None:
    """The hint explains a wrong case of `Bearer` where the world accepts one case only."""
    client.control("PUT", "/assumptions", {"nextstep.authentication.scheme-case": "sensitive"})
    answer = client.send("GET", RUNS, authorization=f"bearer {KEY}")
    assert str(answer.header("x-mock-hint")).startswith(
        "bearer is not written as here; send the header `Authorization: B"
    )


@pytest.mark.parametrize(
    ("method", "path", "message"),
    [
        ("GET", "/api/v1/process-run", "did you mean /api/v1/process-runs?"),
        ("GET", f"{RUNS}/", "did you mean /api/v1/process-runs?"),
        ("POST", "/api/v1/process_runs", "did you mean /api/v1/process-runs?"),
        ("GET", "/api/v1/process-run/krjb6boRAdEZX17PHDQJ/task", "did you mean /api/v1/process-runs/{id}/tasks?"),
        ("GET", "/api/v1/Process-Templates/x", "did you mean /api/v1/process-templates/{id}?"),
    ],
)
def test_a_wrong_path_names_the_nearest(client: Client, method: str, path: str, message: str) -> None:
    """The hint about a wrong path names the nearest one, ids aside; the vendor's body stays the same."""
    answer = client.send(method, path)
    assert (answer.status, answer.header("x-mock-hint")) == (404, message)
    assert sorted(answer.json()["error"]) == ["code", "message"]
    assert client.last()["hint"] == message


def test_a_path_that_is_like_none_has_no_hint(client: Client) -> None:
    """A path unlike any other has no hint; that of an unowned path is in the body."""
    assert client.send("GET", "/api/v1/zzzzzzzzzzzzzzzzzzzzzzzzzzzzz").header("x-mock-hint") is None
    assert client.send("GET", "/api/v1/" + "x" * 100_000).header("x-mock-hint") is None
    assert client.send("GET", "/__mock__/world").header("x-mock-hint") == "did you mean /__mock__/worlds?"
    assert client.send("GET", "/api/v2/process-runs").json()["detail"].endswith("did you mean /api/v1/process-runs?")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("statuss=active", "unknown parameter 'statuss'; did you mean status?"),
        ("zzz=1&limit=5&Limit=3", "unknown parameter 'zzz'; unknown parameter 'Limit'; did you mean limit?"),
        ("%0d%0aX-Evil:%201=1", "unknown parameter '\\r\\nX-Evil: 1'"),
        ("limit=5", None),
        ("&".join(f"z{n}=1" for n in range(500)), "; ".join(f"unknown parameter 'z{n}'" for n in range(5))),
    ],
)
def test_an_unknown_parameter_is_named(client: Client, query: str, message: str | None) -> None:
    """An unknown parameter that the vendor ignores is reported with the nearest known one."""
    answer = client.send("GET", f"{RUNS}?{query}")
    assert (answer.status, answer.header("x-mock-warning")) == (200, message)
    assert client.last()["warning"] == message


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (START | {"nam": "x"}, "unknown member 'nam'; did you mean name?"),
        (START | {"custom_elements": []}, None),
        (START | {"zz\n\u20ac": 1}, "unknown member 'zz\\n\\u20ac'"),
        (
            START
            | {
                "custom_elements": [
                    {"task_id": "Y9Rxzi3uDOvGAYojkHti", "element_id": "elem_001", "value": "x", "valeu": 1}
                ]
            },
            "unknown member 'valeu' in custom_elements.0; did you mean value?",
        ),
        (START | {f"z{n}": 1 for n in range(9)}, "; ".join(f"unknown member 'z{n}'" for n in range(5))),
    ],
)
def test_an_unknown_member_is_named(client: Client, body: Any, message: str | None) -> None:
    """An unknown member at any depth is reported with its pointer."""
    answer = client.post("/process-runs", body)
    assert (answer.status, answer.header("x-mock-warning")) == (201, message), answer


def test_warnings_stay_on_a_refusal(client: Client) -> None:
    """A refused request keeps the warnings about ignored parameters."""
    answer = client.post("/process-runs?zz=1", {"template_id": "nope", "nam": 1})
    assert answer.status == 404
    assert answer.header("x-mock-warning") == "unknown parameter 'zz'; unknown member 'nam'; did you mean name?"


def test_a_misspelt_member_that_is_required_is_named(client: Client) -> None:
    """The hint names the misspelt member in place of the missing required one."""
    answer = client.post("/process-runs", {"template_idd": "x"})
    assert answer.status == 400
    assert answer.header("x-mock-warning") == "unknown member 'template_idd'; did you mean template_id?"


def test_a_strict_server_says_nothing_of_it(make_worlds: Any) -> None:
    """A strict server sends no hint and no warning, and records none."""
    client = Client(make_worlds(helpful=False))
    for answer in (
        client.send("GET", RUNS, authorization="x"),
        client.send("GET", "/api/v1/process-run"),
        client.send("GET", f"{RUNS}?statuss=x"),
        client.post("/process-runs", START | {"nam": "x"}),
    ):
        assert [name for name, _ in answer.headers if name.startswith(b"x-mock")] == []
    for line in client.done("GET", "/journal")["exchanges"]:
        assert (line["hint"], line["warning"]) == (None, None)


def test_an_id_of_another_world_is_named(make_worlds: Any, small: dict[str, Any]) -> None:
    """The hint of a 404 names the world, the tenant or the kind that has the id, wherever the id was sent."""
    worlds = make_worlds(seeds=small)
    client, other = Client(worlds), worlds.create()
    mine = f"Bearer {worlds.access_info(other, 'nextstep')['api_key']}"
    id = client.post("/process-runs", {"template_id": "T1"}, authorization=mine).json()["data"]["id"]
    told = f"{id} is one of world {other.id}; this is world default"
    for method, target in (("GET", f"/{id}"), ("GET", f"/{id}/tasks"), ("PATCH", f"/{id}/tasks/x")):
        answer = client.send(method, RUNS + target, {"completed": True} if method == "PATCH" else None)
        assert (answer.status, answer.header("x-mock-hint")) == (404, told)
    assert client.get("/process-runs/T1").header("x-mock-hint") == "T1 is one of templates"
    assert client.post("/process-runs", {"template_id": "R1"}).header("x-mock-hint") == "R1 is one of runs"
    assert client.get("/process-templates/X1").header("x-mock-hint") == "X1 is one of t2, another tenant"
    assert client.get("/process-runs/nope").header("x-mock-hint") is None
    assert client.get("/process-runs/R1/tasks/nope").header("x-mock-hint") is None
    again = client.get(f"/process-runs/{id}", authorization=mine)
    assert (again.status, again.header("x-mock-hint")) == (200, None)


PETS = """
paths:
  /pets:
    post:
      parameters: [{name: X-Trace-Id, in: header, required: true, schema: {type: string}}]
      requestBody:
        content:
          application/json:
            schema: {type: object, required: [name], properties: {name: {type: string}, age: {type: integer}}}
          application/x-www-form-urlencoded: {schema: {type: object}}
      responses: {'201': {description: made}}
"""


@pytest.mark.parametrize(
    ("headers", "body", "told"),
    [
        ({"x_traceid": "a"}, {"name": "x"}, "the header x-traceid was sent; did you mean X-Trace-Id?"),
        ({"x_trace_id": "a"}, {"nme": "x"}, "unknown member 'nme'; did you mean name?"),
        ({"x_trace_id": "a"}, {"nme": "x", "agee": 1}, "unknown member 'nme'; did you mean name?"),
        ({"x_trace_id": "a"}, {"zzz": "x", "age": 1}, None),
        ({"x_trace_id": "a"}, ["nme"], None),
        ({"x_trace_id": "a"}, b"{", None),
        ({"x_trace_id": "a"}, {"nme": "x" * 20_000}, None),
        ({"other": "a"}, {"name": "x"}, None),
    ],
)
def test_a_misspelt_name_is_told_where_it_is_missed(
    tmp_path: Path, headers: dict[str, str], body: Any, told: str | None
) -> None:
    """A refusal names the header or the member that was sent in place of the one that is needed, if it is similar."""
    answer = written(tmp_path, PETS).send("POST", "/pets", body, **{"content_type": "application/json", **headers})
    assert (answer.status, answer.header("x-mock-hint")) == (400, told)


def test_members_of_forms_are_no_json(tmp_path: Path) -> None:
    """A form that is refused is not read as JSON."""
    form = PETS.replace("application/json", "application/x-ndjson").replace("Body:", "Body:\n        required: true")
    refused = written(tmp_path, form).send("POST", "/pets", x_trace_id="a")
    assert (refused.status, refused.header("x-mock-hint")) == (400, None)


def test_a_header_of_the_whole_api_is_told() -> None:
    """A misspelt header that an API asks for with each request is told, and not the key, which is good."""
    worlds = Worlds([installed.declared("tallyfy")], seeds=installed.seeds(), seeder=installed.load_seed_once)
    path, key = "/api/me", (AUTH, b"Bearer YOUR_PERSONAL_ACCESS_TOKEN")
    hints = []
    for header in (b"x-tallyfy-cliente", b"other"):
        exchange = handle(Request("GET", path, "", (key, (header, b"x"))), worlds.default, worlds)
        assert exchange.response.status == 401
        hints.append(exchange.response.header("x-mock-hint"))
    told = "the header x-tallyfy-cliente was sent; did you mean X-Tallyfy-Client?"
    assert hints == [f"{told}; recorded in world default", "recorded in world default"]


def test_the_log_tells_hints_and_warnings(client: Client) -> None:
    """A text log line has hints and warnings in parentheses, world and number at its end; a JSON one has members."""
    for target, told in (
        (
            "/api/v1/process-run",
            "process-run is no operation of this API (did you mean /api/v1/process-runs?) #default.1",
        ),
        (f"{RUNS}?zz=1", "200 GET /api/v1/process-runs?zz=1 (unknown parameter 'zz') #default.2"),
        (RUNS, "200 GET /api/v1/process-runs #default.3"),
    ):
        client.send("GET", target)
        exchange = list(client.worlds.default.journal)[-1]
        assert FORMATS["text"](exchange).endswith(f"{told}\n")
        assert ('"hint": null' in FORMATS["json"](exchange)) is (target != "/api/v1/process-run")


@settings(max_examples=300, derandomize=True, database=None, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([AUTH, b"x-api-key", b"cookie", b"x-\xff"]), st.binary(max_size=40)), max_size=3
    ),
    st.text(max_size=40),
    st.sampled_from([1, 50, 5_000]),
)
def test_whatever_is_sent_a_hint_is_printable(headers: list[tuple[bytes, bytes]], text: str, times: int) -> None:
    """A hint is printable ASCII of at most 300 characters, for any input."""
    for path, query in (("/api/toys", text * times), (f"/api/toys/{text}/x", ""), ("/api/toys", f"api_key={text}")):
        sent = tuple((name, value * times) for name, value in headers)
        exchange = handle(Request("GET", path, query, sent), ALL.default, ALL)
        assert exchange.error is None
        for name, value in exchange.response.headers:
            assert not name.startswith(b"x-mock") or PRINTABLE.fullmatch(value), value


ALL = serve(api(HEADER, QUERY, COOKIE, BEARER, BASIC))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a", b"a"),
        ("a\\b", b"a\\b"),
        ("\r\n\x7f\x00", b"\\r\\n\\x7f\\x00"),
        ("é€\U0001f600\ud800", b"\\xe9\\u20ac\\U0001f600\\ud800"),
        ("x" * 300, b"x" * 300),
        ("é" * 300, (b"\\xe9" * 75)[:297] + b"..."),
    ],
)
def test_header_values_are_printable_and_bounded(text: str, value: bytes) -> None:
    """Header values are escaped to ASCII and truncated."""
    assert hints.printable(text) == value


DOCUMENT = {
    "components": {
        "schemas": {
            "Node": {
                "type": "object",
                "properties": {"next": {"$ref": "#/components/schemas/Node"}, "name": {"type": "string"}},
            },
        }
    }
}


@pytest.mark.parametrize(
    ("schema", "closed"),
    [
        (True, True),
        ({"type": "object"}, {"type": "object"}),
        (
            {"properties": {"a": True}, "additionalProperties": True},
            {"properties": {"a": True}, "additionalProperties": True},
        ),
        (
            {"properties": {"a": True}, "oneOf": [{"properties": {"b": {}}}]},
            {"properties": {"a": True}, "oneOf": [{"properties": {"b": {}}}]},
        ),
        (
            {"anyOf": [{"type": "string"}, {"properties": {"a": {}}}]},
            {"anyOf": [{"type": "string"}, {"properties": {"a": {}}, "additionalProperties": False}]},
        ),
        (
            {"additionalProperties": {"properties": {"a": {}}}},
            {"additionalProperties": {"properties": {"a": {}}, "additionalProperties": False}},
        ),
        (
            {"$ref": "#/components/schemas/Node"},
            {
                "type": "object",
                "properties": {"next": {"$ref": "#/components/schemas/Node"}, "name": {"type": "string"}},
                "additionalProperties": False,
            },
        ),
    ],
)
def test_objects_are_closed_where_that_only_narrows(schema: Any, closed: Any) -> None:
    """A schema with named members is closed if it does not mention others; a recursive reference stays as it is."""
    assert members.closed(schema, DOCUMENT) == closed


def test_unknown_members_below_a_choice_are_named(client: Client) -> None:
    """Unknown members in a branch of anyOf are found."""
    document = toy.document()
    branches = [{"type": "number"}, {"type": "object", "properties": {"grams": {"type": "number"}}}]
    document["components"]["schemas"]["Toy"]["properties"]["weight"] = {"anyOf": branches}
    document["x-unknown"]["body-fields"] = "ignore"
    worlds = Worlds([toy.api(document)], seeds={"toy": toy.TOYS}, limits={"toy": None})
    body = b'{"id": "e", "name": "a", "weight": {"gram": 5}}'
    headers = ((b"x-toy", b"k1"), (b"content-type", b"application/json"))
    exchange = handle(Request("POST", "/api/toys", "", headers, body), worlds.default, worlds)
    assert exchange.response.status == 201, exchange
    told = "unknown member 'gram' in weight; did you mean grams?"
    assert exchange.response.header("x-mock-warning") == told
