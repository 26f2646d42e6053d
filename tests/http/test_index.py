"""The index at `/`: a page for browsers, JSON for programs."""

from __future__ import annotations

import json
import shlex
from copy import deepcopy

import requests

import toy
from understudy import apis
from understudy.apis import control
from understudy.engine.api import Api
from understudy.engine.exchange import Request
from understudy.engine.worlds import Worlds
from understudy.http.app import App, call
from understudy.http.server import serving
from understudy_checks.target import targets

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def worlds() -> Worlds:
    """All APIs, as they are served."""
    declared = [*map(targets.declared, apis.NAMES), control.declare]
    return Worlds(declared, seeds=targets.seeds(), seeder=targets.load_seed_once)


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
            told = answer.json()
            assert list(told["apis"]) == list(apis.NAMES)
            assert told["apis"]["kognitos"] == {
                "title": "Kognitos REST API v2",
                "base_url": f"{known.server.url}/v2",
                "document": f"{known.server.url}/__mock__/openapi/kognitos.yaml",
                "api_key": "YOUR_API_KEY",
            }
        assert requests.head(root, timeout=5).status_code == 200
        assert requests.post(root, timeout=5).status_code == 404


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
    assert ("GET", "/") not in app.page_requests
    assert json.loads(call(app, Request("GET", "/")).body)["wrong"]["code"] == "who"
