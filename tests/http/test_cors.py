"""Cross-origin requests: the CORS headers of vendor paths, and the refusal of control requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from conftest import KEY, Client
from understudy.engine.exchange import Request, Response
from understudy.engine.worlds import Worlds
from understudy.http.app import App, call
from understudy_checks.target import installed

PAGE = "http://localhost:3000"
ASKS = {"access-control-request-method": "PATCH", "access-control-request-headers": "authorization"}


def ask(app: App, method: str, path: str, **headers: str) -> Response:
    """Send one request in process; `_` in a header's name is `-`."""
    fields = tuple((name.replace("_", "-").encode(), value.encode()) for name, value in headers.items())
    return call(app, Request(method, path, headers=fields))


def allowed(response: Response) -> list[str]:
    """Return the names of the response's CORS headers."""
    return sorted(name.decode() for name, _ in response.headers if name.startswith(b"access-control-"))


def test_a_preflight_of_a_vendors_path_lets_any_page_in(worlds: Worlds) -> None:
    """A preflight allows every method, the key and the content type, is empty and is not recorded."""
    response = ask(App(worlds), "OPTIONS", "/api/v1/process-runs/x/tasks/y", origin=PAGE, **ASKS)
    assert (response.status, response.body) == (204, b"")
    assert response.header("access-control-allow-origin") == "*"
    assert "PATCH" in (response.header("access-control-allow-methods") or "")
    assert {"Authorization", "Content-Type"} <= set((response.header("access-control-allow-headers") or "").split(", "))
    assert response.header("access-control-allow-private-network") is None
    assert int(response.header("access-control-max-age") or 0) > 0
    assert worlds.default.journal.count == 0


def test_a_preflight_for_a_private_network_is_granted_where_it_asks(worlds: Worlds) -> None:
    """A preflight grants access from a public page to this machine (Private Network Access)."""
    asked = {**ASKS, "access-control-request-private-network": "true"}
    response = ask(App(worlds), "OPTIONS", "/api/v1/process-runs", origin="https://app.example", **asked)
    assert response.header("access-control-allow-private-network") == "true"


@pytest.mark.parametrize(("name", "needed"), [
    ("nextstep", "authorization"), ("kognitos", "x-api-key"), ("tallyfy", "x-tallyfy-client"),
])  # fmt: skip
def test_a_preflight_allows_what_the_documents_ask_for(name: str, needed: str, control: Any, seeds: Any) -> None:
    """A preflight allows the headers of the documents' keys and those that operations require."""
    worlds = Worlds([installed.declared(name), control], seeds=seeds, seeder=installed.load_seed_once)
    response = ask(App(worlds), "OPTIONS", "/", origin=PAGE, **ASKS)
    listed = (response.header("access-control-allow-headers") or "").lower().split(", ")
    assert needed in listed
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize("helpful", [True, False])
@pytest.mark.parametrize(("key", "status"), [(KEY, 200), ("nobody", 401)])
def test_a_page_may_read_every_answer(make_worlds: Callable[..., Worlds], helpful: bool, key: str, status: int) -> None:
    """A page may read every response, refusals and those of strict servers too, with the headers that clients need."""
    app = App(make_worlds(helpful=helpful))
    response = ask(app, "GET", "/api/v1/process-runs", origin=PAGE, authorization=f"Bearer {key}")
    assert response.status == status
    assert response.header("access-control-allow-origin") == "*"
    exposed = (response.header("access-control-expose-headers") or "").split(", ")
    assert {"Retry-After", "Location", "Link", "X-RateLimit-Remaining"} <= set(exposed)
    assert ("X-Mock-Reason" in exposed) is helpful


@pytest.mark.parametrize(("target", "key"), [
    ("/api/v1/process-runs", "nobody"), ("/api/v1/nowhere", KEY), ("/api/v1/process-runs?limt=1", KEY),
])  # fmt: skip
def test_a_page_may_read_all_that_a_helpful_server_says(worlds: Worlds, target: str, key: str) -> None:
    """A page may read reason, hint and warning of a response."""
    response = ask(App(worlds), "GET", target, origin=PAGE, authorization=f"Bearer {key}")
    exposed = (response.header("access-control-expose-headers") or "").lower().split(", ")
    added = [name.decode() for name, _ in response.headers if name.startswith(b"x-mock-")]
    assert added
    assert set(added) <= set(exposed)


def test_without_an_origin_nothing_is_added(client: Client) -> None:
    """A request without Origin gets no CORS header."""
    assert allowed(client.get("/process-runs")) == []


def test_one_origin_can_be_named(worlds: Worlds) -> None:
    """A configured origin is the only one allowed, and `Vary` says so."""
    app = App(worlds, cors="http://LOCALHOST:80")
    response = ask(app, "GET", "/api/v1/process-runs", origin="http://localhost")
    assert response.header("access-control-allow-origin") == "http://localhost"
    assert response.header("vary") == "Origin"
    for other in ("https://localhost", "http://localhost:81", "http://evil", "null", "http://[", ""):
        assert allowed(ask(app, "GET", "/api/v1/process-runs", origin=other)) == []
        refused = ask(app, "OPTIONS", "/api/v1/process-runs", origin=other, **ASKS)
        assert (allowed(refused), refused.header("allow")) == ([], "GET, HEAD, OPTIONS, POST")


def test_off_lets_no_page_in(worlds: Worlds) -> None:
    """With `off` a response has no CORS header."""
    app = App(worlds, cors="off")
    assert allowed(ask(app, "GET", "/api/v1/process-runs", origin=PAGE)) == []
    assert allowed(ask(app, "OPTIONS", "/api/v1/process-runs", origin=PAGE, **ASKS)) == []


@pytest.mark.parametrize(
    "text", ["", "localhost", "http://", "http://a/b", "http://a?b", "http://a:x", "http://[", "On"]
)
def test_what_is_no_origin_is_refused(worlds: Worlds, text: str) -> None:
    """An invalid origin (with a path, without scheme, bad port) is refused at start."""
    with pytest.raises(ValueError, match="is no origin"):
        App(worlds, cors=text)


@pytest.mark.parametrize("path", ["/__mock__/worlds", "/__mock__/docs", "/__mock__/nope"])
def test_the_control_api_is_never_shared(worlds: Worlds, path: str) -> None:
    """A page of another origin can neither call nor read the control API."""
    app = App(worlds)
    for method, more in (("GET", {}), ("POST", {}), ("OPTIONS", ASKS)):
        assert allowed(ask(app, method, path, origin=PAGE, **more)) == []


@pytest.mark.parametrize(("url", "host", "origin", "status"), [
    ("http://127.0.0.1:8629", "127.0.0.1:8629", "http://127.0.0.1:8629", 200),
    ("http://127.0.0.1:8629", "localhost:8629", "http://LOCALHOST:8629", 200),
    ("http://127.0.0.1:80", "localhost", "http://localhost:80", 200),
    ("http://127.0.0.1:80", "localhost:80", "http://localhost", 200),
    ("http://127.0.0.1:8629", "localhost:8629", "https://localhost:8629", 403),
    ("http://127.0.0.1:8629", "localhost:8629", "http://localhost:8630", 403),
    ("http://127.0.0.1:8629", "localhost:8629", "http://localhost", 403),
    ("http://127.0.0.1:8629", "localhost:8629", "ftp://localhost:8629", 403),
    ("http://127.0.0.1:8629", "localhost:8629", "http://localhost:8629.evil.example", 403),
    ("http://127.0.0.1:8629", "localhost:8629", "null", 403),
    ("http://127.0.0.1:8629", "", "http://", 403),
])  # fmt: skip
def test_only_its_own_origin_steers(worlds: Worlds, url: str, host: str, origin: str, status: int) -> None:
    """The control API accepts the server's own origin alone: scheme, host and port."""
    worlds.server.url = url
    assert ask(App(worlds), "GET", "/__mock__/health", host=host, origin=origin).status == status


def test_a_fault_may_set_the_header_itself(client: Client) -> None:
    """A fault's own Access-Control-Allow-Origin is the only one sent."""
    fault = {"status": 503, "headers": {"Access-Control-Allow-Origin": "https://one.example"}, "times": 1}
    client.done("POST", "/faults", fault)
    response = client.get("/process-runs", origin=PAGE, authorization=f"Bearer {KEY}")
    assert [value for name, value in response.headers if name == b"access-control-allow-origin"] == [
        b"https://one.example"
    ]
