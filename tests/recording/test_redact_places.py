"""Secrets in places that are easily overlooked: nested texts, attributes, YAML, GraphQL, OAuth URLs, named values."""

from __future__ import annotations

import json

import pytest

from understudy.engine.exchange import Request, Response
from understudy.recording.recorded import Recorded
from understudy.recording.redact import Redactor
from understudy.recording.secrets import Names

SECRET = "PLANTED-and-secret"


def redacted(kind: str, body: str, query: str = "", location: str = "") -> str:
    """All that is left of an exchange without its secrets."""
    request = Request("POST", "/v1/x", query, ((b"content-type", kind.encode()),), body.encode())
    one = Recorded(request, Response(302, ((b"location", location.encode()),)))
    redactor = Redactor()
    redactor.learn(one)
    return repr(redactor.redact(one))


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", json.dumps({"payload": json.dumps({"inner": json.dumps({"api_key": SECRET})})})),
        ("application/json", json.dumps({"payload": json.dumps([{"token": {"value": SECRET}}])})),
        ("application/json", json.dumps({"query": f'mutation {{ login(password: "{SECRET}") {{ id }} }}'})),
        ("application/json", json.dumps({"fields": [{"name": "password", "value": SECRET}]})),
        ("application/json", json.dumps({"secret": {"name": "database", "value": SECRET}})),
        ("application/json", json.dumps({"credentials": {"user": "jo", "value": SECRET}})),
        ("application/json", json.dumps({"code_verifier": SECRET})),
        ("application/xml", f"<a><b token='{SECRET}'/></a>"),
        ("application/xml", f'<a api-key = "{SECRET}">x</a>'),
        ("application/yaml", f"db:\n  password: {SECRET}\n"),
        ("text/plain", f"host: example\r\napi-key: {SECRET}\r\n"),
    ],
)
def test_secrets_are_found_in_every_place(kind: str, body: str) -> None:
    """Whatever holds the name and the value."""
    assert SECRET in repr(body)
    assert SECRET not in redacted(kind, body)


@pytest.mark.parametrize("place", ["query", "location"])
def test_grants_of_oauth_are_secrets(place: str) -> None:
    """`code` and `state` that stand in one URL; a code alone is any code."""
    url = {
        "query": f"code={SECRET}&state=x-{SECRET}",
        "location": f"https://a.example/cb?state=x-{SECRET}&code={SECRET}",
    }
    assert SECRET not in redacted("text/plain", "", **{place: url[place]})
    assert "country" in redacted("text/plain", "", query="code=country&page=2")


@pytest.mark.parametrize(
    "value",
    [
        {"message": "invalid token: expired"},
        {"message": "{not JSON, but a text}"},
        {"fields": [{"name": "City", "value": "Hamburg"}], "data": [{"name": "Secret Santa", "data": "Hamburg"}]},
        {"query": '{ pets(name: "Hamburg") { id } }', "next_page_token": "abcdef123"},
    ],
)
def test_what_is_no_secret_stays(value: object) -> None:
    """Messages, plain fields, queries and pages."""
    one = Recorded(Request("POST", "/v1/x", "", (), json.dumps(value).encode()), Response(200))
    redactor = Redactor()
    redactor.learn(one)
    assert json.loads(redactor.redact(one).request.body) == value


def test_a_declared_name_is_found_beside_its_value() -> None:
    """Names that a document declares count there, too."""
    names = Names()
    names._declared.add("x-pass")
    redactor = Redactor(names=names)
    body = json.dumps({"headers": [{"name": "X-Pass", "value": SECRET}]}).encode()
    one = Recorded(Request("POST", "/v1/x", "", (), body), Response(200))
    redactor.learn(one)
    assert SECRET not in repr(redactor.redact(one))
