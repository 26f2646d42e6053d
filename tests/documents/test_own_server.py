"""A served document names this server first: the address that was asked, then the document's own servers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import own_document
from understudy import data
from understudy.apis import control
from understudy.document.read import read_bytes
from understudy.engine.exchange import Request
from understudy.engine.worlds import Worlds
from understudy.http.app import App
from understudy_checks.target import installed

HEAD = "openapi: 3.1.0\ninfo: {title: Own, version: '1'}"
GET = "get: {responses: {'200': {description: fine}}}"
PATHS = f"paths: {{/x: {{{GET}}}}}"
HERE = {"url": "http://127.0.0.1:9000", "description": "This mock server"}
OWN = {"url": "https://api.example.com/v1"}


def shown(client: own_document.Served) -> tuple[str, Any]:
    """The served text of a user's document; the same document, as its JSON says it."""
    answers = [client.get(f"/__mock__/openapi/own.{form}", host="127.0.0.1:9000") for form in ("yaml", "json")]
    assert [answer.header("content-type") for answer in answers] == ["application/yaml", "application/json"]
    assert read_bytes(answers[0].body, "") == json.loads(answers[1].body)
    return answers[0].body.decode(), json.loads(answers[1].body)


@pytest.mark.parametrize("name", ["kognitos", "nextstep", "tallyfy", "control"])
def test_our_documents_name_this_server_first_and_stay_as_they_are(name: str) -> None:
    """One line more, with the address that was asked and the base path; every other byte is that of the file."""
    file = data.path(f"openapi/{name}.yaml").read_bytes()
    declared = control.declare if name == "control" else installed.declared(name)
    worlds = Worlds([declared], seeds=installed.seeds(), seeder=installed.load_seed_once)
    headers = ((b"host", b"mock.test:81"),)
    body = App(worlds).answer(Request("GET", f"/__mock__/openapi/{name}.yaml", headers=headers)).body
    added = [line for line in body.splitlines(keepends=True) if b"mock.test:81" in line]
    assert len(added) == 1
    assert body.replace(added[0], b"") == file
    servers = read_bytes(body, name)["servers"]
    prefix = worlds.apis[name].contract.prefixes[0]
    assert servers == [HERE | {"url": f"http://mock.test:81{prefix}"}, *read_bytes(file, name)["servers"]]


FORMS = {
    "a list": (f"{HEAD}\nservers:\n  # ours\n  - url: https://api.example.com/v1\n{PATHS}\n", [OWN], "- ENTRY\n  "),
    "a list that is not indented": (
        f"{HEAD}\nservers:\n- url: https://api.example.com/v1\n{PATHS}\n",
        [OWN],
        "- ENTRY\n",
    ),
    "brackets": (f"{HEAD}\nservers: [{{url: 'https://api.example.com/v1'}}]\n{PATHS}\n", [OWN], "ENTRY, "),
    "empty brackets": (f"{HEAD}\nservers: [ ]\n{PATHS}\n", [], "ENTRY"),
    "nothing": (f"{HEAD}\nservers:\n{PATHS}\n", [], " [ENTRY]"),
    "no servers": (f"{HEAD}\n{PATHS}\n", [], "servers:\n- ENTRY\n"),
    "no servers, lines of Windows": (f"{HEAD}\n{PATHS}\n".replace("\n", "\r\n"), [], "servers:\n- ENTRY\n"),
    "no servers, in braces": (f"{{ {HEAD.replace(chr(10), ', ')}, {PATHS} }}", [], ", servers: [ENTRY]"),
    "other letters": (
        f"{HEAD}\nx-a: größe 😀\nservers:\n- url: https://api.example.com/v1\n{PATHS}\n",
        [OWN],
        "- ENTRY\n",
    ),
}


@pytest.mark.parametrize(("text", "servers", "added"), FORMS.values(), ids=FORMS)
def test_a_yaml_text_stays_as_it_is(tmp_path: Path, text: str, servers: list[Any], added: str) -> None:
    """Whatever form its servers have: without what was added it is the same text."""
    (tmp_path / "own.yaml").write_bytes(text.encode())
    body, document = shown(own_document.served(tmp_path / "own.yaml"))
    own = HERE | {"url": HERE["url"] + ("/v1" if servers else "")}
    assert document["servers"] == [own, *servers]
    assert body.replace(added.replace("ENTRY", json.dumps(own)), "") == text


def test_servers_that_are_null_are_replaced(tmp_path: Path) -> None:
    """A document may say that it has none."""
    body, document = shown(own_document.written(tmp_path, f"{HEAD}\nservers: null\n{PATHS}\n"))
    assert document["servers"] == [HERE]
    assert body == f"{HEAD}\nservers:  [{json.dumps(HERE)}]\n{PATHS}\n"


def test_a_json_text_stays_as_it_is(tmp_path: Path) -> None:
    """Tabs, and escapes that YAML has not, included; its JSON is the same text."""
    own = {
        "openapi": "3.1.0",
        "info": {"title": "\U0001f600", "version": "1"},
        "paths": {"/x": {"get": {"responses": {}}}},
    }
    for servers in ([OWN], [], None):
        text = json.dumps(own if servers is None else own | {"servers": servers}, indent="\t")
        body, document = shown(own_document.written(tmp_path, text))
        assert document["servers"][1:] == (servers or [])
        added = json.dumps(document["servers"][0])
        assert added in body
        left = body.replace(f"{added}, ", "") if servers else body.replace(added, "")
        assert left.replace(', "servers": []', "") == text


@pytest.mark.parametrize(
    "text",
    [
        f"servers: &all\n- url: https://api.example.com/v1\n{PATHS}\nx-a: *all\n",
        f"x-a: &all\n- url: https://api.example.com/v1\n{PATHS}\nservers: *all\n",
        f"servers: &all [{{url: 'https://api.example.com/v1'}}]\n{PATHS}\nx-a: *all\n",
        f"servers: &all [{{url: 'https://api.example.com/v1'}}]\n{PATHS}\n",
    ],
)
def test_a_text_behind_an_anchor_is_written_anew(tmp_path: Path, text: str) -> None:
    """Where one list stands in two places, the document is shown as JSON; its values are the same."""
    body, document = shown(own_document.written(tmp_path, f"{HEAD}\n{text}"))
    assert body.startswith("{\n")
    assert document["servers"] == [HERE | {"url": HERE["url"] + "/v1"}, OWN]
    assert document.get("x-a", [OWN]) == [OWN]


def test_paths_and_operations_with_servers_of_their_own_name_this_server_too(tmp_path: Path) -> None:
    """Each with its own base path: a client would reach for the live service otherwise."""
    other, third = {"url": "https://other.example.com/o"}, {"url": "https://third.example.com/t"}
    responses = {"responses": {"200": {"description": "fine"}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Own", "version": "1"},
        "servers": [OWN],
        "paths": {
            "/a": {"servers": [other], "get": responses, "put": {"servers": [third], **responses}},
            "/b": {"get": responses},
            "/c": {"$ref": "#/components/pathItems/c"},
            "/d": {"$ref": "#/components/pathItems/c"},
        },
        "components": {"pathItems": {"c": {"servers": [other], "get": responses}}},
    }
    _, found = shown(own_document.written(tmp_path, json.dumps(document)))
    a, c = found["paths"]["/a"], found["components"]["pathItems"]["c"]
    assert found["servers"] == [HERE | {"url": HERE["url"] + "/v1"}, OWN]
    assert a["servers"] == c["servers"] == [HERE | {"url": HERE["url"] + "/o"}, other]
    assert a["put"]["servers"] == [HERE | {"url": HERE["url"] + "/t"}, third]
    assert "servers" not in a["get"]
    assert "servers" not in found["paths"]["/b"]["get"]
    client = own_document.written(tmp_path, json.dumps(found))
    assert [
        client.send(*one).status for one in (("GET", "/o/a"), ("PUT", "/t/a"), ("GET", "/v1/b"), ("GET", "/o/d"))
    ] == [200] * 4
    yaml = "servers:\n- url: /v1\npaths:\n  /a:\n    servers:\n    - url: https://other.example.com/o\n    "
    text, found = shown(own_document.written(tmp_path, f"{HEAD}\n{yaml}{GET}\n"))
    assert f"    - {json.dumps(HERE | {'url': HERE['url'] + '/o'})}\n    - url: https://other" in text


def test_the_address_is_the_one_that_was_asked(tmp_path: Path) -> None:
    """A world's own URL and TLS included; where the Host header is no address, it is the server's own."""
    text = f"{HEAD}\n{PATHS}\n"
    client = own_document.written(tmp_path, text)

    def url(path: str = "", **headers: str) -> str:
        fields = tuple((name.encode(), value.encode()) for name, value in headers.items())
        request = Request("GET", f"{path}/__mock__/openapi/own.json", headers=fields)
        return str(client.app.answer(request).json()["servers"][0]["url"])

    world = client.send("POST", "/__mock__/worlds").json()["id"]
    assert url(host="mock:81") == "http://mock:81"
    assert url(host="[::1]:81") == "http://[::1]:81"
    assert url(f"/@{world}", host="mock:81") == f"http://mock:81/@{world}"
    assert url() == url(host='x"\\y') == url(host="a b") == client.worlds.server.url
    client.worlds.server.url = "https://mock.test"
    assert url(host="mock:81") == "https://mock:81"


def test_a_document_of_several_files_names_this_server_at_its_operations(tmp_path: Path) -> None:
    """It is shown as one, whose operations know their base paths, not their servers."""
    (tmp_path / "item.yaml").write_text(f"servers: [{{url: /o}}]\n{GET}\n")
    _, document = shown(own_document.written(tmp_path, f"{HEAD}\npaths: {{/x: {{$ref: item.yaml}}}}\n"))
    assert document["servers"][0] == HERE
    assert document["paths"]["/x"]["get"]["servers"] == [HERE | {"url": HERE["url"] + "/o"}]


def test_a_text_in_another_coding_is_written_anew(tmp_path: Path) -> None:
    """YAML may be UTF-16; what is shown is UTF-8."""
    file = tmp_path / "own.yaml"
    file.write_bytes(f"{HEAD}\n{PATHS}\n".encode("utf-16"))
    client = own_document.served(file)
    assert client.get("/__mock__/openapi/own.yaml").json()["servers"][0]["url"] == client.worlds.server.url
