"""The edge: a real server on a thread, raw HTTP, and the application in process."""

from __future__ import annotations

import json
import socket
import threading
import types
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import requests

from conftest import KEY, MANY, Client
from understudy import data
from understudy.engine.api import Api
from understudy.engine.exchange import Exchange, Request
from understudy.engine.worlds import Worlds
from understudy.http.app import App, call, step
from understudy.http.server import listen, listen_all, ready_file, serving, url_of

RUN = "/api/v1/process-runs/R1"
GET = f"GET {RUN} HTTP/1.1\r\nauthorization: Bearer {KEY}\r\n"
CLOSE = f"authorization: Bearer {KEY}\r\nhost: localhost\r\nconnection: close\r\n"
JSON = "content-type: application/json\r\n"


@pytest.fixture(scope="module")
def shared(nextstep: Api, control: Api, small: dict[str, Any]) -> Iterator[Worlds]:
    """Worlds that a server on a thread serves while this module runs."""
    worlds = Worlds([nextstep, control], seeds=small, limits={"nextstep": MANY})
    with serving(worlds):
        yield worlds


@pytest.fixture
def served(shared: Worlds) -> Worlds:
    """The served worlds, with the default one reset."""
    shared.reset(shared.default)
    return shared


def test_a_real_client_gets_what_the_application_answers(served: Worlds) -> None:
    """A response over HTTP has the same bytes, status and reason as in process."""
    url = served.server.url
    for target in ("/process-runs", "/process-runs/R9", "/nope"):
        over_http = requests.get(f"{url}/api/v1{target}", headers={"Authorization": f"Bearer {KEY}"}, timeout=5)
        in_process = Client(served).get(target)
        assert (over_http.status_code, over_http.content) == (in_process.status, in_process.body)
        assert over_http.headers.get("x-mock-reason") == in_process.header("x-mock-reason")
        assert "server" not in over_http.headers


def test_many_requests_share_a_connection(served: Worlds) -> None:
    """A session reads its own writes."""
    url = served.server.url
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {KEY}"
        for number in range(5):
            made = session.post(
                f"{url}/api/v1/process-runs", json={"template_id": "T1", "name": str(number)}, timeout=5
            )
            assert made.status_code == 201
        titles = [run["title"] for run in session.get(f"{url}/api/v1/process-runs", timeout=5).json()["data"]]
    assert titles == ["4", "3", "2", "1", "0", "Two", "One"]


def test_threads_lose_no_write(served: Worlds) -> None:
    """Concurrent requests all take effect, each with its own id."""
    url = served.server.url
    ids: list[str] = []

    def start() -> None:
        for _ in range(10):
            body = {"template_id": "T1"}
            made = requests.post(
                f"{url}/api/v1/process-runs",
                json=body,
                headers={"Authorization": f"Bearer {KEY}"},
                timeout=5,
            )
            ids.append(made.json()["data"]["id"])

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(ids)) == 40
    assert len(list(served.default.tenants["nextstep"]["t1"]["runs"])) == 42


def test_the_control_api_steers_the_server(served: Worlds) -> None:
    """A world that is created over HTTP is selected by its keys."""
    url = served.server.url
    made = requests.post(f"{url}/__mock__/worlds", timeout=5)
    entry = made.json()["apis"]["nextstep"]
    assert made.status_code == 201
    assert entry["base_url"] == f"{made.json()['url']}/api/v1"
    runs = requests.get(
        f"{entry['base_url']}/process-runs", headers={"Authorization": f"Bearer {entry['api_key']}"}, timeout=5
    )
    assert [run["id"] for run in runs.json()["data"]] == ["R2", "R1"]
    assert requests.delete(f"{url}/__mock__/worlds/{made.json()['id']}", timeout=5).status_code == 204


# Pages


def test_people_get_pages(served: Worlds) -> None:
    """The documents are served as files, and a page lists operations, rules and assumptions."""
    url = served.server.url
    page = requests.get(f"{url}/__mock__/docs", timeout=5)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    for text in ("updateRunTask", "nextstep.runs.unknown-run", "nextstep.tasks.unset-value", "/__mock__/clock"):
        assert text in page.text
    assert requests.post(f"{url}/__mock__/docs", timeout=5).json()["status"] == 405
    for name in ("nextstep", "control"):
        document = requests.get(f"{url}/__mock__/openapi/{name}.yaml", timeout=5)
        own = next(line for line in document.content.splitlines(keepends=True) if url.encode() in line)
        assert document.content.replace(own, b"", 1) == data.path(f"openapi/{name}.yaml").read_bytes()


# Without a network


def test_an_application_that_waits_needs_a_loop() -> None:
    """Running a coroutine that waits without an event loop is an error."""

    @types.coroutine
    def pause() -> Iterator[None]:
        yield

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await pause()

    with pytest.raises(RuntimeError, match="needs an event loop"):
        call(app, Request("GET", "/"))


def test_lifespan_is_answered(client: Client) -> None:
    """Startup and shutdown complete."""
    incoming, answers = ["lifespan.startup", "lifespan.shutdown"], []

    async def receive() -> dict[str, Any]:
        return {"type": incoming.pop(0)}

    async def send(message: Any) -> None:
        answers.append(message["type"])

    step(client.app({"type": "lifespan"}, receive, send))
    assert answers == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_a_watch_sees_every_exchange(make_worlds: Callable[..., Worlds], small: dict[str, Any]) -> None:
    """A watcher gets each exchange after it is made."""
    seen: list[Exchange] = []
    app = App(make_worlds(seeds=small), watch=seen.append)
    call(app, Request("GET", RUN))
    call(app, Request("GET", RUN, headers=((b"x-mock-world", b"nope"),)))
    assert [(exchange.request.path, exchange.response.status) for exchange in seen] == [(RUN, 401)]


def test_checked_answers_fit_their_document(make_worlds: Callable[..., Worlds], small: dict[str, Any]) -> None:
    """With `--check` a response that violates its document becomes a 500; the journal has the reason."""
    client = Client(make_worlds(seeds=small, checked=True))
    assert client.get("/process-runs").status == 200
    client.done("POST", "/faults", {"status": 200, "body": "a", "times": 1})
    assert client.get("/process-runs").json() == "a", "a fault is meant to differ"
    runs = client.worlds.default.tenants["nextstep"]["t1"]["runs"]
    runs._rows["R1"] = b'{"id": 1}'
    assert client.get("/process-runs/R1").status == 500
    assert client.last()["error"].startswith("getProcessRun: 200: /data")


def test_strict_servers_say_nothing_of_the_mock(make_worlds: Callable[..., Worlds], small: dict[str, Any]) -> None:
    """A strict server sends no X-Mock header."""
    client = Client(make_worlds(seeds=small, helpful=False))
    for target in ("/process-runs?limit=0", "/nope", "/process-runs/x"):
        assert not [name for name, _ in client.get(target).headers if name.startswith(b"x-mock")]
    assert client.get("/process-runs", x_mock_world="nope").header("x-mock-reason") is None


# Sockets


def test_a_taken_port_is_an_error() -> None:
    """A port in use raises OSError and leaves no socket open."""
    with listen("127.0.0.1", 0) as taken, pytest.raises(OSError, match="in use"):
        listen("127.0.0.1", taken.getsockname()[1])


@pytest.mark.parametrize(
    ("host", "reached"), [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::1", "[::1]"), ("::", "[::1]")]
)
def test_urls_lead_to_the_socket(host: str, reached: str) -> None:
    """The URL names a reachable address."""
    try:
        listener = listen(host, 0)
    except OSError:
        pytest.skip(f"this machine has no {host}")
    with listener:
        assert url_of(listener) == f"http://{reached}:{listener.getsockname()[1]}"


def resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Resolve every name to these addresses."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: found)


def test_a_name_is_served_at_each_of_its_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """All addresses of a name are bound at one port, IPv4 first."""
    resolving(monkeypatch, "127.0.0.2", "127.0.0.1", "127.0.0.1")
    listeners = listen_all("localhost", 0)
    with ExitStack() as stack:
        for listener in listeners:
            stack.enter_context(listener)
        names = [listener.getsockname() for listener in listeners]
    assert [host for host, _ in names] == ["127.0.0.1", "127.0.0.2"]
    assert len({port for _, port in names}) == 1


def test_a_family_that_is_missing_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address that this machine lacks is skipped if another is left."""
    nowhere = "192.0.2.1"  # RFC 5737: for documentation
    resolving(monkeypatch, "127.0.0.1", nowhere)
    (listener,) = listen_all("localhost", 0)
    assert listener.getsockname()[0] == "127.0.0.1"
    listener.close()
    resolving(monkeypatch, nowhere)
    with pytest.raises(OSError, match="Cannot assign"):
        listen_all("localhost", 0)


def test_a_port_that_is_taken_on_one_address_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port in use on one address stops the start and leaves no socket open."""
    with listen("127.0.0.2", 0) as taken:
        resolving(monkeypatch, "127.0.0.1", "127.0.0.2")
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            listen_all("localhost", port)
        listen("127.0.0.1", port).close()


def test_both_families_of_localhost_are_served() -> None:
    """IPv4 and IPv6 have a socket each, where this machine has both."""
    listeners = listen_all("localhost", 0)
    families = [listener.family for listener in listeners]
    for listener in listeners:
        listener.close()
    assert families in ([socket.AF_INET], [socket.AF_INET, socket.AF_INET6])


def test_the_ready_file_tells_how_to_reach_the_world(client: Client) -> None:
    """The ready file has both URLs, pid, an entry for each API, and the control token only if one is needed."""
    told = json.loads(ready_file(client.worlds))
    assert set(told) == {"url", "world_url", "pid", "apis"}
    assert told["world_url"] == f"{told['url']}/@default"
    assert told["apis"]["nextstep"]["api_key"] == KEY
    client.worlds.server.token = "secret"
    assert json.loads(ready_file(client.worlds))["control_token"] == "secret"
