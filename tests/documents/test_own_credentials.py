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
