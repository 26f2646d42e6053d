"""A world's own URL: what is sent below it is answered and recorded in this world, and what is answered stays there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import KEY, MANY, Client
from own_document import Served, written
from understudy import apis
from understudy.apis import control
from understudy.engine.exchange import Request, Response
from understudy.engine.pipeline import handle
from understudy.engine.root_path import enter
from understudy.engine.worlds import Worlds
from understudy.http.app import App, call
from understudy_checks.target import installed

MakeWorlds = Callable[..., Worlds]
PAGE = "http://localhost:3000"
FIRST = {"nextstep": "/api/v1/process-runs", "kognitos": "/v2/runs", "tallyfy": "/organizations/o1/checklists"}


@pytest.fixture
def worlds() -> Worlds:
    """All built-in APIs."""
    served = [*map(installed.declared, apis.NAMES), control.declare]
    return Worlds(served, seeds=installed.seeds(), seeder=installed.load_seed_once, limits=dict.fromkeys(apis.NAMES))


@pytest.fixture
def client(make_worlds: MakeWorlds, small: dict[str, Any]) -> Client:
    """A client of the small world."""
    return Client(make_worlds(seeds=small, limits={"nextstep": MANY}))


def below(client: Client, method: str, world: str, target: str, body: Any = None, **headers: str) -> Response:
    """One request below the URL of a world."""
    return client.send(method, f"/@{world}{target}", body, **headers)


def journal(worlds: Worlds, id: str) -> list[tuple[str, int]]:
    """Path and status of what a world has answered."""
    return [(one.request.path, one.response.status) for one in worlds.all[id].journal]


@pytest.mark.parametrize("api", apis.NAMES)
@pytest.mark.parametrize("key", [None, "nobody", "another world's"])
def test_a_request_without_a_good_key_is_the_worlds(worlds: Worlds, api: str, key: str | None) -> None:
    """A request without a key, with an unknown one or another world's is refused and recorded in its world."""
    mine, other = worlds.create(), worlds.create()
    given = worlds.access_info(other, api)["api_key"] if key == "another world's" else key
    scheme = worlds.apis[api].contract.schemes[0]
    headers = {} if given is None else scheme.carry(given)[0]
    fields = tuple((name.encode(), value.encode()) for name, value in (*headers.items(), ("x-tallyfy-client", "x")))
    answer = call(App(worlds), Request("GET", f"/@{mine.id}{FIRST[api]}", headers=fields))
    assert (answer.status, answer.header("x-mock-reason")) == (401, "auth")
    assert journal(worlds, mine.id) == [(FIRST[api], 401)]
    assert journal(worlds, other.id) == journal(worlds, "default") == []
    hint = answer.header("x-mock-hint") or ""
    assert hint.endswith(f"recorded in world {mine.id}")
    if key == "another world's":
        assert f"this key is one of world {other.id}, and the URL is that of world {mine.id}" in hint


def test_data_clock_and_faults_are_the_worlds(client: Client) -> None:
    """Below its URL a world's own key writes its data; its clock and faults are moved there, too."""
    made = client.done("POST", "/worlds")
    key, base = made["apis"]["nextstep"]["api_key"], f"/@{made['id']}"
    assert made["apis"]["nextstep"]["base_url"] == f"{made['url']}/api/v1"
    assert made["url"] == made["world_url"] == f"http://understudy{base}"
    authorized = {"authorization": f"Bearer {key}"}
    assert client.send("POST", f"{base}/api/v1/process-runs", {"template_id": "T1"}, **authorized).status == 201
    assert len(client.send("GET", f"{base}/api/v1/process-runs", **authorized).json()["data"]) == 3
    assert len(client.get("/process-runs").json()["data"]) == 2
    client.send("POST", f"{base}/__mock__/clock/advance", {"seconds": 60})
    assert client.done("GET", "/clock")["now"] == "2026-04-07T10:00:00.000Z"
    assert client.send("GET", f"{base}/__mock__/clock").json()["now"] == "2026-04-07T10:01:00.000Z"
    client.send("POST", f"{base}/__mock__/faults", {"status": 503})
    assert [client.send("GET", f"{root}/api/v1/process-runs").status for root in ("", base)] == [200, 503]
    listed = client.done("GET", "/worlds")["worlds"]
    assert [one["url"] for one in listed] == ["http://understudy", made["url"]]
    assert client.send("DELETE", f"{base}/__mock__/worlds/{made['id']}").status == 204


def test_the_default_world_has_its_url_too(client: Client) -> None:
    """A key of another world is refused below `/@default`, where the plain URL would find that world."""
    key = client.done("POST", "/worlds")["apis"]["nextstep"]["api_key"]
    authorization = f"Bearer {key}"
    assert client.get("/process-runs", authorization=authorization).status == 200
    assert below(client, "GET", "default", "/api/v1/process-runs", authorization=authorization).status == 401
    assert below(client, "GET", "default", "/api/v1/process-runs").status == 200


def test_the_mark_may_be_percent_encoded(client: Client) -> None:
    """`%40` is `@`."""
    id = client.done("POST", "/worlds")["id"]
    assert client.send("GET", f"/%40{id}/api/v1/process-runs").status == 401
    assert journal(client.worlds, id) == [("/api/v1/process-runs", 401)]


# Worlds that are none


def test_an_unknown_world_is_named_with_the_nearest(client: Client) -> None:
    """A URL of no world is a 404 that names it and the nearest one, and leaves no trace."""
    id = client.done("POST", "/worlds")["id"]
    wrong = id[:-1] + ("x" if id[-1] != "x" else "y")
    for method, target in (("GET", "/api/v1/process-runs"), ("POST", "/__mock__/reset"), ("GET", "/"), ("GET", "")):
        answer = below(client, method, wrong, target)
        assert (answer.status, answer.header("x-mock-reason")) == (404, "not-found")
        expected = (
            f"The URL names no world of this server: '{wrong}'; did you mean {id}?; GET /__mock__/worlds lists all"
        )
        assert answer.json()["detail"] == expected
    assert journal(client.worlds, id) == journal(client.worlds, "default") == []
    named = client.get("/process-runs", x_mock_world=id.upper()).json()["detail"]
    assert named.startswith(f"X-Mock-World names no world of this server: '{id.upper()}'; did you mean {id}?")


def test_a_world_that_ended_is_told(client: Client) -> None:
    """A removed world, and an expired one, say how they ended."""
    removed, expired = (client.done("POST", "/worlds")["id"] for _ in range(2))
    client.done("DELETE", f"/worlds/{removed}")
    client.worlds.expire(0)
    client.worlds.expire(3600)
    assert list(client.worlds.all) == ["default"]
    told = [below(client, "GET", id, "/api/v1/process-runs").json()["detail"] for id in (removed, expired)]
    assert f"'{removed}'; it was removed;" in told[0]
    assert f"'{expired}'; it got no request for 3600 seconds;" in told[1]
    assert "it was removed" in client.control("DELETE", f"/worlds/{removed}").json()["detail"]


def test_url_and_header_must_agree(client: Client) -> None:
    """X-Mock-World may name the world of the URL; another one is refused, and nothing is done in either."""
    one, other = (client.done("POST", "/worlds")["id"] for _ in range(2))
    assert below(client, "GET", one, "/__mock__/clock", x_mock_world=one).status == 200
    answer = below(client, "POST", one, "/__mock__/reset", x_mock_world=other)
    assert (answer.status, answer.header("x-mock-reason")) == (400, "route")
    assert (
        answer.json()["detail"]
        == f"The URL is that of world {one}, but X-Mock-World names {other}; send one of the two"
    )
    unknown = below(client, "GET", one, "/__mock__/clock", x_mock_world="w").json()["detail"]
    assert unknown.startswith("X-Mock-World names no world of this server: 'w'")


def test_worlds_do_not_nest(client: Client) -> None:
    """A world's URL behind another one is an unknown path of the first world."""
    id = client.done("POST", "/worlds")["id"]
    assert below(client, "GET", id, "/@default/api/v1/process-runs").status == 404
    assert journal(client.worlds, id) == [("/@default/api/v1/process-runs", 404)]


def test_a_document_may_have_such_paths(tmp_path: Path) -> None:
    """A path of a document that begins with `@` is served, but for ids of worlds; below a world's URL, too."""
    one = written(
        tmp_path,
        "paths:\n  /@{user}/posts:\n    get: {responses: {'200': {description: ok}}}\n",
    )
    made = one.worlds.create()
    assert one.get("/@ann/posts").status == 200
    assert one.get(f"/@{made.id}/@ann/posts").status == 200
    assert one.get("/@ann/nothing").status == 404
    assert "names no world" in one.get("/@ann/nothing").json()["detail"]
    one.worlds.remove(made.id)
    assert "it was removed" in one.get(f"/@{made.id}/posts").json()["detail"]
    assert [exchange.request.path for exchange in one.worlds.default.journal] == ["/@ann/posts"]


# What is answered stays below the URL


SHOP = """
x-resources: {pets: {schema: Pet, id: "{base62:4}"}}
paths:
  /pets:
    get:
      x-pagination:
        style: page-number
        page: page
        limit: size
        items: /data
        next-url: /next
        self-url: /self
        link-header: true
        default-limit: 1
      parameters:
      - {name: page, in: query, schema: {type: integer}}
      - {name: size, in: query, schema: {type: integer}}
      responses:
        '200':
          description: ok
          content: {application/json: {schema: {$ref: '#/components/schemas/Page'}}}
    post:
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}
      responses:
        '201':
          description: made
          headers: {Location: {schema: {type: string}}}
          content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}
  /pets/{id}:
    get:
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {'200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}}
components:
  schemas:
    Pet: {type: object, properties: {id: {type: string, readOnly: true}, name: {type: string}}}
    Page:
      type: object
      properties:
        data: {type: array, items: {$ref: '#/components/schemas/Pet'}}
        next: {type: string, nullable: true}
        self: {type: string}
"""


def followed(served: Served, url: str) -> Any:
    """The decoded answer at an absolute URL of the server."""
    scheme, _, rest = url.partition("://")
    host, slash, target = rest.partition("/")
    assert (scheme, host) == ("http", "localhost:8629")
    answer = served.get(slash + target, host=host)
    assert answer.status == 200, (url, answer)
    return answer.json()


def test_urls_that_are_answered_stay_below(tmp_path: Path) -> None:
    """Location, a link to the next page in header or body, lead to the same world."""
    shop = written(tmp_path, SHOP)
    made = shop.worlds.create()
    root = f"http://localhost:8629/@{made.id}"
    sent = {"host": "localhost:8629"}
    locations = [
        shop.send("POST", f"/@{made.id}/pets", {"name": name}, **sent).header("location") or "" for name in "ab"
    ]
    assert [followed(shop, f"{root}{url.removeprefix(root)}")["name"] for url in locations] == ["a", "b"]
    assert all(url.startswith((root, f"/@{made.id}/")) for url in locations)
    page = shop.get(f"/@{made.id}/pets?size=1", **sent)
    assert page.json()["self"].startswith(f"{root}/pets?")
    assert followed(shop, page.json()["next"])["data"][0]["name"] in "ab"
    assert f"<{root}/pets?" in (page.header("link") or "")
    assert shop.get("/pets", **sent).json()["data"] == []


def test_links_of_the_built_in_apis_stay_below(worlds: Worlds) -> None:
    """Tallyfy's next page and Kognitos' upload URL lead to the same world."""
    made = worlds.create()
    app, host = App(worlds), (b"host", b"localhost:8629")
    entry, root = worlds.access_info(made, "tallyfy"), f"http://localhost:8629/@{made.id}"
    tallyfy = (host, (b"authorization", f"Bearer {entry['api_key']}".encode()), (b"x-tallyfy-client", b"x"))
    path = f"/@{made.id}/organizations/{entry['organization_id']}/checklists"
    page = call(app, Request("GET", path, "per_page=1", tallyfy)).json()
    assert page["meta"]["pagination"]["links"]["next"].startswith(f"{root}/organizations/")
    entry = worlds.access_info(made, "kognitos")
    kognitos = (host, (b"x-api-key", entry["api_key"].encode()), (b"content-type", b"application/json"))
    body = json.dumps({"agent_id": entry["agent_id"], "file_name": "a.txt"}).encode()
    upload = call(app, Request("POST", f"/@{made.id}/v2/files", "", kognitos, body))
    assert upload.json()["upload_url"].startswith(f"{root}/v2/uploads/"), upload


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("Location", "/api/v1/x", "{root}/api/v1/x"),
        ("Location", "http://h:1/x", "http://h:1{root}/x"),
        ("Location", "https://H:1/x", "https://H:1{root}/x"),
        ("Location", "http://h:1{root}/x", "http://h:1{root}/x"),
        ("Location", "{root}/x", "{root}/x"),
        ("Location", "http://h:11/x", "http://h:11/x"),
        ("Location", "http://h:1", "http://h:1"),
        ("Location", "//cdn/x", "//cdn/x"),
        ("Location", "x/y", "x/y"),
        ("Content-Location", "/a", "{root}/a"),
        (
            "Link",
            '</a?p=2>; rel="next", <http://h:1/b>; rel="last"',
            '<{root}/a?p=2>; rel="next", <http://h:1{root}/b>; rel="last"',
        ),
        ("Set-Cookie", "s=1; Path=/; HttpOnly", "s=1; Path={root}/; HttpOnly"),
        ("Set-Cookie", "s=/x; path=/api", "s=/x; path={root}/api"),
        ("Set-Cookie", "s=1; Path={root}", "s=1; Path={root}"),
        ("Set-Cookie", "s=1", "s=1"),
        ("X-Other", "/api", "/api"),
    ],
)
def test_headers_with_paths_stay_below(client: Client, name: str, value: str, expected: str) -> None:
    """A path of this server in a header is below the world's URL, once; other servers' URLs stay."""
    id = client.done("POST", "/worlds")["id"]
    fault = {"status": 302, "headers": {name: value.replace("{root}", f"/@{id}")}}
    below(client, "POST", id, "/__mock__/faults", fault)
    answer = below(client, "GET", id, "/api/v1/process-runs", host="h:1")
    assert answer.header(name.lower()) == expected.replace("{root}", f"/@{id}")
    recorded = list(client.worlds.all[id].journal)[-1].response
    assert recorded.header(name.lower()) == answer.header(name.lower()), "the journal holds what was sent"


def test_the_index_is_the_worlds(client: Client) -> None:
    """Below a world's URL the index has its base URL and key, as JSON and as a page whose links stay."""
    made = client.done("POST", "/worlds")
    entry = made["apis"]["nextstep"]
    index = below(client, "GET", made["id"], "/").json()
    assert (index["url"], index["control"]) == (made["url"], f"{made['url']}/__mock__")
    assert index["apis"]["nextstep"]["base_url"] == entry["base_url"]
    assert index["apis"]["nextstep"]["api_key"] == entry["api_key"]
    page = below(client, "GET", made["id"], "/", accept="text/html").body.decode()
    links = [part.partition('"')[0] for part in page.split('href="')[1:]]
    assert len(links) == 6
    for link in links:
        assert link.startswith(f"/@{made['id']}/__mock__/")
        assert client.send("GET", link).status == 200
    assert entry["base_url"] in page
    assert entry["api_key"] in page


# HEAD, OPTIONS, CORS


def test_methods_and_browsers_work_below_the_url(client: Client) -> None:
    """HEAD, OPTIONS and a browser's preflight are answered as on the plain URL."""
    id = client.done("POST", "/worlds")["id"]
    path = "/api/v1/process-runs"
    for method in ("HEAD", "OPTIONS"):
        plain, own = client.send(method, path), below(client, method, id, path, authorization="Bearer x")
        assert own.header("allow") == plain.header("allow")
    asks = {"origin": PAGE, "access_control_request_method": "POST"}
    assert below(client, "OPTIONS", id, "/api/v1/process-runs", **asks).header("access-control-allow-origin") == "*"
    answer = below(client, "GET", id, "/api/v1/process-runs", origin=PAGE)
    assert (answer.status, answer.header("access-control-allow-origin")) == (401, "*")
    assert journal(client.worlds, id) == [("/api/v1/process-runs", status) for status in (401, 204, 401)]


@pytest.mark.parametrize("root", ["/@{id}", "/%40{id}"])
def test_no_other_origin_reaches_the_control_api(client: Client, root: str) -> None:
    """The control API below a world's URL answers no page of another origin."""
    root = root.format(id=client.done("POST", "/worlds")["id"])
    answer = client.send("POST", f"{root}/__mock__/reset", origin=PAGE)
    assert (answer.status, answer.header("access-control-allow-origin")) == (403, None)
    asks = {"origin": PAGE, "access_control_request_method": "POST"}
    preflight = client.send("OPTIONS", f"{root}/__mock__/reset", **asks)
    assert preflight.header("access-control-allow-origin") is None


def test_a_large_body_is_checked_in_its_world(client: Client) -> None:
    """Before a large body is read, route and key are checked in the world of the URL."""
    made = client.done("POST", "/worlds")
    body = {"template_id": "T1", "name": "x" * 20_000}
    key = made["apis"]["nextstep"]["api_key"]
    for given, status in ((key, 201), (KEY, 401)):
        answer = below(client, "POST", made["id"], "/api/v1/process-runs", body, authorization=f"Bearer {given}")
        assert answer.status == status
    assert [status for _, status in journal(client.worlds, made["id"])] == [201, 401]


def test_without_the_edge_a_request_is_entered(client: Client) -> None:
    """A request that has entered a world is handled there, without an application."""
    made = client.worlds.create()
    request = enter(Request("GET", ""), made.id, "/api/v1/process-runs")
    assert client.worlds.find(request) is made
    assert handle(request, made, client.worlds).response.status == 401
    assert json.loads(client.send("GET", f"/@{made.id}/__mock__/journal").body)["exchanges"][0]["status"] == 401
