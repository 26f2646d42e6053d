"""HEAD and OPTIONS, which the vendors do not document."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from conftest import KEY, Client
from understudy.engine.exchange import Headers, Request
from understudy.engine.worlds import Worlds
from understudy.http.app import App, call
from understudy_checks.target import installed

KEYED = {"authorization": f"Bearer {KEY}"}
RUNS = "/api/v1/process-runs"


def test_head_is_get_without_its_body(client: Client) -> None:
    """HEAD has status and headers of GET, counts towards limits and is recorded like GET."""
    for path, headers in ((RUNS, KEYED), (f"{RUNS}/nope", KEYED), (RUNS, {}), (f"{RUNS}?limit=0", KEYED)):
        get, head = (client.send(method, path, **headers) for method in ("GET", "HEAD"))
        assert (head.status, vendors(head.headers), head.body) == (get.status, vendors(get.headers), b"")
        assert head.header("content-length") == str(len(get.body))
    assert client.done("GET", "/journal")["exchanges"][1]["operation"] == "listProcessRuns"


def vendors(headers: Headers) -> Headers:
    """Headers without our own, which number each exchange and name what decided it."""
    return tuple(header for header in headers if not header[0].startswith(b"x-mock-"))


def test_head_of_what_cannot_be_read_is_not_allowed(client: Client) -> None:
    """HEAD is not allowed where GET is not."""
    response = client.send("HEAD", "/api/v1/process-templates/x/publish", **KEYED)
    assert (response.status, response.header("allow")) == (405, "OPTIONS, POST")


def test_options_says_what_is_allowed(client: Client) -> None:
    """OPTIONS answers an empty 204 with `Allow` and needs no key, on the control API too."""
    for path, allow in (
        (RUNS, "GET, HEAD, OPTIONS, POST"), (f"{RUNS}/x", "GET, HEAD, OPTIONS"),
        (f"{RUNS}/x/tasks/y", "GET, HEAD, OPTIONS, PATCH"), ("/__mock__/state", "GET, HEAD, OPTIONS, PUT"),
    ):  # fmt: skip
        response = client.send("OPTIONS", path)
        assert (response.status, response.body, response.header("allow")) == (204, b"", allow)
        assert response.header("content-length") is None
    assert client.send("OPTIONS", "/api/v1/nope").status == 404
    assert client.send("OPTIONS", "/nope").status == 404


@pytest.mark.parametrize(("name", "path"), [
    ("nextstep", RUNS), ("kognitos", "/v2/health"), ("tallyfy", "/api/me"),
])  # fmt: skip
@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_every_api_assumes_them(control: Any, seeds: Any, name: str, path: str, method: str) -> None:
    """Each vendor's document declares an assumption for HEAD and OPTIONS."""
    apis = [installed.declared(name), control]
    usual = Worlds(apis, seeds=seeds, seeder=installed.load_seed_once)
    other = Worlds(
        apis,
        seeds=seeds,
        seeder=installed.load_seed_once,
        assume={f"{name}.http.{method.lower()}": "method-not-allowed"},
    )
    assert call(App(usual), Request(method, path)).status != 405
    assert call(App(other), Request(method, path)).status == 405


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_a_server_may_refuse_them(assuming: Callable[..., Client], method: str) -> None:
    """Under the alternative, HEAD and OPTIONS answer 405 and are not in `Allow`."""
    client = assuming({f"nextstep.http.{method.lower()}": "method-not-allowed"})
    response = client.send(method, RUNS, **KEYED)
    other = {"HEAD": "OPTIONS", "OPTIONS": "HEAD"}[method]
    assert response.status == 405
    assert response.header("allow") == ", ".join(sorted(["GET", "POST", other]))


def test_the_rest_is_not_allowed(client: Client) -> None:
    """Every other method answers 405 with `Allow`."""
    for method in ("PUT", "DELETE", "TRACE", "CONNECT", "PROPFIND", "get", "head"):
        response = client.send(method, RUNS, **KEYED)
        assert (response.status, response.header("allow")) == (405, "GET, HEAD, OPTIONS, POST")
