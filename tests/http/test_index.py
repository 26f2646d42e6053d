"""The index at `/`: a page for browsers, JSON for programs."""

from __future__ import annotations

import json
import shlex
from copy import deepcopy

import pytest
import requests

import toy
from understudy import apis
from understudy.apis import control
from understudy.engine.api import Api
from understudy.engine.exchange import Request
from understudy.engine.worlds import Worlds
from understudy.http.app import App, call
from understudy.http.server import serving
from understudy_checks.target import installed

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def worlds() -> Worlds:
    """All APIs, as they are served."""
    declared = [*map(installed.declared, apis.NAMES), control.declare]
    return Worlds(declared, seeds=installed.seeds(), seeder=installed.load_seed_once)


def test_a_browser_gets_a_page_whose_links_and_curl_lines_work() -> None:
    """Every link of the page is answered, and every curl line of it succeeds."""
    known = worlds()
    with serving(known) as root:
        answer = requests.get(root, headers=BROWSER, timeout=5)
        page = answer.text
        assert answer.headers["content-type"].startswith("text/html")
        links = [part.partition('"')[0] for part in page.split('href="')[1:]]
        assert len(links) == 5 + len(apis.NAMES)
        assert {requests.get(root + link, timeout=5).status_code for link in links} == {200}
        lines = [part.partition("</pre>")[0].replace("&#x27;", "'") for part in page.split("<pre>")[1:]]
        for line in lines:
            _, *headers, url = [word for word in shlex.split(line) if word != "-H"]
            given = dict(header.split(": ", 1) for header in headers)
            assert requests.get(url.replace("&amp;", "&"), headers=given, timeout=5).status_code == 200
        assert len(lines) == len(apis.NAMES)


def test_a_program_gets_json() -> None:
    """A client that does not accept HTML gets base URLs and keys as JSON."""
    known = worlds()
    with serving(known) as root:
        for accept in ("*/*", "application/json", ""):
            answer = requests.get(root, headers={"accept": accept}, timeout=5)
            assert answer.headers["vary"] == "accept"
            index = answer.json()
            assert list(index["apis"]) == list(apis.NAMES)
            assert index["apis"]["kognitos"] == {
                "title": "Kognitos REST API v2",
                "base_url": f"{known.server.url}/v2",
                "document": f"{known.server.url}/__mock__/openapi/kognitos.yaml",
                "api_key": "YOUR_API_KEY",
            }
        assert requests.head(root, timeout=5).status_code == 200


@pytest.mark.parametrize("path", ["/", "/__mock__/docs", "/__mock__/openapi/kognitos.yaml"])
def test_a_page_names_its_methods(path: str) -> None:
    """OPTIONS is answered and any other method refused, both with Allow; GET and HEAD agree."""
    app = App(worlds())
    answers = {method: call(app, Request(method, path)) for method in ("GET", "HEAD", "OPTIONS", "POST", "DELETE")}
    assert {method: answer.status for method, answer in answers.items()} == {
        "GET": 200, "HEAD": 200, "OPTIONS": 204, "POST": 405, "DELETE": 405,
    }  # fmt: skip
    for method in ("OPTIONS", "POST", "DELETE"):
        assert answers[method].header("allow") == "GET, HEAD, OPTIONS"
    assert answers["OPTIONS"].header("x-mock-reason") is None
    assert answers["POST"].json()["detail"] == "POST is not allowed here; allowed: GET, HEAD, OPTIONS"
    assert answers["POST"].header("content-type") == "application/problem+json"


def test_a_refused_method_at_the_index_is_in_the_journal() -> None:
    """A client that posts to the root finds its request in the journal."""
    known = worlds()
    call(App(known), Request("POST", "/"))
    assert [(exchange.request.method, exchange.reason) for exchange in known.default.journal] == [("POST", "route")]


@pytest.mark.parametrize("path", ["/foo", "/docs", "/index.html", "/api/v3/none"])
def test_an_unowned_path_points_to_the_index(path: str) -> None:
    """Whoever guesses a path learns where the served APIs are listed."""
    detail = call(App(worlds()), Request("GET", path)).json()["detail"]
    assert detail.startswith(f"No API served here owns {path}; GET / lists what is served")


@pytest.mark.parametrize("path", ["/__mock__", "/__mock__/", "/__mock__/none"])
def test_an_unknown_control_path_points_to_its_documentation(path: str) -> None:
    """Whoever looks for the control API learns where its operations are listed."""
    answer = call(App(worlds()), Request("GET", path))
    assert answer.status == 404
    assert answer.json()["detail"] == f"GET {path} is no operation of this API; GET /__mock__/docs lists them"


def test_off_loopback_the_index_has_no_keys() -> None:
    """The index shows no keys where the control API needs a token."""
    known = worlds()
    known.server.token = "secret"
    keys = [credential.token for credential in known.default.credentials.values()]
    with serving(known) as root:
        for headers in (BROWSER, {}):
            text = requests.get(root, headers=headers, timeout=5).text
            assert [key for key in (*keys, known.server.token) if key in text] == []


def test_a_documents_own_operation_at_the_root_comes_first(control: Api) -> None:
    """An API's own `GET /` replaces the index."""
    document = deepcopy(toy.document())
    document["servers"] = [{"url": "https://toys.example"}]
    document["paths"] = {"/": document["paths"].pop("/toys"), **document["paths"]}
    own = toy.api(document)
    app = App(Worlds([own, control], seeds={"toy": []}))
    assert "/" not in app.page_paths
    assert json.loads(call(app, Request("GET", "/")).body)["wrong"]["code"] == "who"
    assert call(app, Request("PUT", "/")).json()["wrong"]["text"].startswith("PUT is not allowed here")
    assert "GET /" not in call(app, Request("GET", "/none")).json()["detail"]
