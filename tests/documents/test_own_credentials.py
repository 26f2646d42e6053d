"""Credentials of a user's document, by its security schemes."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from own_document import Served, written
from understudy.http import index


def secured(folder: Path, schemes: str, security: str, *, own: str = "", **options: Any) -> Served:
    """An operation that these schemes secure; `own` is the security of the operation itself."""
    get = f"{{get: {{{own}responses: {{'204': {{description: ok}}}}}}}}"
    text = f"security: {security}\npaths: {{/x: {get}}}\ncomponents: {{securitySchemes: {{{schemes}}}}}\n"
    return written(folder, text, **options)


def basic(text: str) -> str:
    """The value of an Authorization header."""
    return f"Basic {b64encode(text.encode()).decode()}"


@pytest.mark.parametrize(
    ("scheme", "good", "bad", "query"),
    [
        ("{type: http, scheme: Bearer}", {"authorization": "bearer x"}, {"authorization": "Token x"}, ""),
        ("{type: http, scheme: bearer}", {"authorization": "Bearer x"}, {"authorization": "Bearer "}, ""),
        ("{type: http, scheme: basic}", {"authorization": basic("u:p")}, {"authorization": basic("up")}, ""),
        ("{type: http, scheme: basic}", {"authorization": basic("u:")}, {"authorization": "Basic %"}, ""),
        ("{type: http, scheme: digest}", {"authorization": "Digest a"}, {"authorization": "Bearer a"}, ""),
        ("{type: oauth2, flows: {}}", {"authorization": "Bearer x"}, {"authorization": basic("u:p")}, ""),
        ("{type: openIdConnect}", {"authorization": "Bearer x"}, {}, ""),
        ("{type: apiKey, in: header, name: X-Key}", {"x-key": "k"}, {"x-other": "k"}, ""),
        ("{type: apiKey, in: header, name: Authorization}", {"authorization": "k"}, {}, ""),
        ("{type: apiKey, in: cookie, name: sid}", {"cookie": "a=b; sid=k"}, {"cookie": "a=b"}, ""),
        ("{type: apiKey, in: query, name: 'k[1]'}", {}, {}, "?k[1]=v"),
    ],
)
def test_a_credential_of_the_declared_form_is_needed(
    tmp_path: Path, scheme: str, good: dict[str, str], bad: dict[str, str], query: str
) -> None:
    """Without one, and with one of another form, it is 401."""
    client = secured(tmp_path, f"s: {scheme}", "[{s: []}]")
    assert client.notices == []
    assert client.get(f"/x{query}", **good).status == 204
    assert client.get("/x", **bad).status == 401
    response = client.get("/x")
    assert response.status == 401
    assert (response.header("www-authenticate") is None) == ("apiKey" in scheme)


def test_a_credential_in_the_query_is_shown_as_it_is_sent(tmp_path: Path) -> None:
    """Beside another scheme, each has its line."""
    schemes = "q: {type: apiKey, in: query, name: k}, c: {type: apiKey, in: cookie, name: s}"
    client = secured(tmp_path, schemes, "[{q: []}, {c: []}]")
    token = client.worlds.access_info(client.worlds.default, "own")["api_key"]
    assert index.others(client.worlds, "own") == [f"q: ?k={token}", f"c: -H 'Cookie: s={token}'"]


TWO = "a: {type: apiKey, in: header, name: X-A}, b: {type: http, scheme: basic}"


@pytest.mark.parametrize(
    ("security", "own", "sent", "status"),
    [
        ("[{a: [], b: []}]", "", "ab", 204),
        ("[{a: [], b: []}]", "", "a", 401),
        ("[{a: []}, {b: []}]", "", "b", 204),
        ("[{a: []}, {b: []}]", "", "", 401),
        ("[{a: []}, {}]", "", "", 204),
        ("[{}]", "", "", 204),
        ("[]", "", "", 204),
        ("[{a: []}]", "security: [], ", "", 204),
        ("[{a: []}]", "security: [{b: []}], ", "b", 204),
        ("[{a: []}]", "security: [{b: []}], ", "a", 401),
    ],
)
def test_requirements_are_alternatives_of_sets(tmp_path: Path, security: str, own: str, sent: str, status: int) -> None:
    """All schemes of one set are needed; the operation's own list goes before the document's."""
    client = secured(tmp_path, TWO, security, own=own)
    headers = {"x_a": "k"} if "a" in sent else {}
    headers |= {"authorization": basic("u:p")} if "b" in sent else {}
    assert client.get("/x", **headers).status == status


@pytest.mark.parametrize(
    ("schemes", "security", "text"),
    [
        ("s: {type: mutualTLS}", "[{s: []}]", "mutual TLS is not served; no certificate is asked for"),
        ("s: {type: magic}", "[{s: []}]", "this security scheme is not understood; no credential is asked for by it"),
        ("s: 3", "[{s: []}]", "this security scheme is not understood"),
        ("s: {type: http, scheme: 'a b'}", "[{s: []}]", "this security scheme is not understood"),
        ("s: {type: apiKey, in: header, name: 'a b'}", "[{s: []}]", "this security scheme is not understood"),
        ("s: {type: apiKey, in: body, name: k}", "[{s: []}]", "this security scheme is not understood"),
        ("s: {type: apiKey, in: query}", "[{s: []}]", "this security scheme is not understood"),
        ("s: {$ref: '#/nowhere'}", "[{s: []}]", "leads nowhere; what it stands for is left out"),
        ("", "[{oauth: []}]", "'oauth' is no security scheme of this document; no credential is asked for by it"),
        ("", "[oauth]", "a security requirement must be a mapping; it is left out"),
        ("", "{oauth: []}", "security must be a list; it is left out"),
    ],
)
def test_a_scheme_that_is_not_understood_asks_for_nothing(
    tmp_path: Path, schemes: str, security: str, text: str
) -> None:
    """The operation is served, and the scheme reported."""
    client = secured(tmp_path, schemes, security)
    assert text in client.texts()[0]
    assert client.get("/x").status == 204


def test_a_working_credential_of_each_form_is_minted(tmp_path: Path) -> None:
    """They stand in the ready file by scheme, and in the curl line; the same on every start."""
    client = secured(tmp_path, TWO, "[{b: []}, {a: []}]")
    entry = client.worlds.ready_info(client.worlds.default)["apis"]["own"]
    assert entry["credentials"].keys() == {"a", "b"}
    assert entry["credentials"]["b"].startswith("user:")
    assert entry["api_key"] == entry["credentials"]["a"]
    line = index.curl(client.worlds, "own", entry["api_key"])
    assert line == f"curl -H 'Authorization: {basic(entry['credentials']['b'])}' 'http://understudy/x'"
    b = basic(entry["credentials"]["b"])
    assert index.others(client.worlds, "own") == [f"a: -H 'X-A: {entry['api_key']}'", f"b: -H 'Authorization: {b}'"]
    assert index.others(secured(tmp_path, "q: {type: apiKey, in: query, name: k}", "[{q: []}]").worlds, "own") == []
    again = secured(tmp_path, TWO, "[{b: []}, {a: []}]")
    assert again.worlds.ready_info(again.worlds.default) == client.worlds.ready_info(client.worlds.default)


def test_only_minted_credentials_open_it_by_assumption(tmp_path: Path) -> None:
    """Which credentials are valid is in no document: an alternative takes the minted ones alone."""
    client = secured(tmp_path, TWO, "[{a: []}]", assume={"own.security.credentials": "minted"})
    minted = client.worlds.ready_info(client.worlds.default)["apis"]["own"]["credentials"]
    assert client.get("/x", x_a=minted["a"]).status == 204
    assert client.get("/x", x_a="other").status == 401


def test_a_scheme_of_another_name_is_sent_by_its_name(tmp_path: Path) -> None:
    """The curl line and the hint name it."""
    client = secured(tmp_path, "s: {type: http, scheme: digest}", "[{s: []}]")
    assert index.curl(client.worlds, "own", "k").startswith("curl -H 'Authorization: Digest ")
    assert "send the header `Authorization: Digest KEY`" in (client.get("/x").header("x-mock-hint") or "")


def test_a_credential_that_is_one_of_two_is_not_called_bad(tmp_path: Path) -> None:
    """Where two are needed, the hint names both, and a good one that is alone leaves one missing."""
    client = secured(tmp_path, TWO, "[{a: [], b: []}]")
    refused = client.get("/x", x_a="good")
    both = "send the header `x-a: KEY` and the header `Authorization: Basic BASE64`; recorded in world default"
    assert refused.header("x-mock-hint") == f"a second credential is missing; {both}"
    assert refused.json()["detail"] == "A credential is needed"
    assert client.get("/x", x_a="good", authorization="Basic %").json()["detail"] == "The credential is not valid"
    assert client.get("/x", x_a="good", authorization=basic("u:p")).status == 204
    entry = client.worlds.access_info(client.worlds.default, "own")["credentials"]
    line = index.curl(client.worlds, "own", "k")
    assert line.startswith(f"curl -H 'X-A: {entry['a']}' -H 'Authorization: {basic(entry['b'])}' ")


def test_a_credential_of_a_scheme_that_an_operation_does_not_take_is_named(tmp_path: Path) -> None:
    """The hint says where it was found, and what the operation takes; not that it was revoked."""
    client = secured(tmp_path, TWO, "[{a: []}]", own="security: [{b: []}], ")
    key = client.worlds.ready_info(client.worlds.default)["apis"]["own"]["api_key"]
    hint = "a key was sent in the header x-a; send the header `Authorization: Basic BASE64`"
    assert client.get("/x", x_a=key).header("x-mock-hint") == f"{hint}; recorded in world default"


def test_the_curl_line_has_what_its_own_operation_needs(tmp_path: Path) -> None:
    """Headers, cookies and query parameters with a value that fits, and none of another operation."""
    needs = (
        "{name: X-N, in: header, required: true, schema: {type: integer, enum: [3]}},"
        "{name: s, in: cookie, required: true, schema: {type: string, enum: [it's]}},"
        "{name: l, in: query, required: true, schema: {type: array, items: {enum: [a b]}, minItems: 1}},"
        "{name: o, in: query, required: true, schema: {type: string, not: {}}},"
        "{name: free, in: query, schema: {type: string}}"
    )
    more = "".join(f", {{name: p{number}, in: query, required: true}}" for number in range(6))
    other = f"/y: {{get: {{parameters: [{{name: X-Y, in: header, required: true, schema: {{}}}}{more}]}}}}"
    client = written(
        tmp_path, f"paths: {{/x: {{get: {{parameters: [{needs}], responses: {{'204': {{}}}}}}}}, {other}}}"
    )
    line = index.curl(client.worlds, "own", None)
    assert line == """curl -H 'X-N: 3' -b 's=it'"'"'s' 'http://understudy/x?l=a+b&o=VALUE'"""


def test_a_new_world_has_credentials_of_the_same_forms(tmp_path: Path) -> None:
    """A request with one of them is the new world's."""
    client = secured(tmp_path, TWO, "[{a: []}, {b: []}]")
    world = client.worlds.create()
    tokens = client.worlds.access_info(world, "own")["credentials"]
    assert ":" in tokens["b"]
    assert client.get("/x", x_a=tokens["a"]).status == 204
    assert client.get("/x", authorization=basic(tokens["b"])).status == 204
    assert [exchange.world for exchange in world.journal] == [world.id, world.id]


def test_a_document_without_security_has_no_credential(tmp_path: Path) -> None:
    """The curl line has no header, and fills what the operation needs."""
    text = (
        "paths: {'/x/{id}': {post: {responses: {'204': {}}, parameters: ["
        "{name: id, in: path, required: true, schema: {type: string}},"
        "{name: q, in: query, required: true, schema: {type: string}, example: e}]}}}"
    )
    client = written(tmp_path, text)
    assert client.worlds.ready_info(client.worlds.default)["apis"]["own"]["api_key"] is None
    assert index.curl(client.worlds, "own", None) == "curl -X POST 'http://understudy/x/{id}?q=e'"
