"""The edge: a real server on a thread, raw HTTP, and the in-process ways to call the application."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import types
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from conftest import KEY, MANY, Client

from mock_server import data
from mock_server.api import Api
from mock_server.exchange import Exchange, Request
from mock_server.server import App, Protocol, Server, call, listen, ready_file, serving, step, url_of
from mock_server.world import Worlds

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
    """The served worlds, the default one as it was made."""
    shared.reset(shared.default)
    return shared


def sent(worlds: Worlds, head: str, body: bytes = b"", *, cut: bool = False) -> tuple[int, dict[str, str], bytes]:
    """Send raw bytes, read until the server closes: status (0 without an answer), headers, body."""
    parts = urlsplit(worlds.url)
    with socket.create_connection((parts.hostname, parts.port), 5) as connection:
        connection.sendall(head.encode("latin-1") + b"\r\n" + body)
        if cut:
            connection.shutdown(socket.SHUT_WR)
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    top, _, content = received.partition(b"\r\n\r\n")
    lines = top.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    return int(lines[0].split()[1]) if lines[0] else 0, headers, content


class Wire(asyncio.Transport):
    """A connection that only notes what is written, until it is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.closed = False
        self.reading = True

    def write(self, data: Any) -> None:
        assert not self.closed
        self.written.append(data)

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


def spoken(app: App, *turns: str | Callable[[Protocol], object], wire: Wire | None = None) -> Wire:
    """What is written, and whether we close, when the turns arrive or happen, each in a turn of the event loop."""
    server, wire = Server(app, sockets=[], ready=lambda: None), wire or Wire()

    async def talk() -> None:
        protocol = Protocol(server.config, server.server_state, {})
        protocol.connection_made(wire)
        for turn in turns:
            if callable(turn):
                turn(protocol)
            else:
                protocol.data_received(turn.encode())
            await asyncio.sleep(0)
        closed = wire.closed
        protocol.connection_lost(None)  # closes in any case
        wire.closed = closed

    asyncio.run(talk())
    return wire


def test_a_real_client_gets_what_the_application_answers(served: Worlds) -> None:
    """Over HTTP come the same bytes, status and reason as in process."""
    for target in ("/process-runs", "/process-runs/R9", "/nope"):
        over_http = requests.get(f"{served.url}/api/v1{target}", headers={"Authorization": f"Bearer {KEY}"}, timeout=5)
        in_process = Client(served).get(target)
        assert (over_http.status_code, over_http.content) == (in_process.status, in_process.body)
        assert over_http.headers.get("x-mock-reason") == in_process.header("x-mock-reason")
        assert "server" not in over_http.headers


def test_many_requests_share_a_connection(served: Worlds) -> None:
    """A session writes and reads its own writes."""
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {KEY}"
        for number in range(5):
            made = session.post(
                f"{served.url}/api/v1/process-runs", json={"template_id": "T1", "name": str(number)}, timeout=5
            )
            assert made.status_code == 201
        titles = [run["title"] for run in session.get(f"{served.url}/api/v1/process-runs", timeout=5).json()["data"]]
    assert titles == ["4", "3", "2", "1", "0", "Two", "One"]


def test_threads_lose_no_write(served: Worlds) -> None:
    """Requests that come at once are all done, each with an id of its own."""
    ids: list[str] = []

    def start() -> None:
        for _ in range(10):
            body = {"template_id": "T1"}
            made = requests.post(
                f"{served.url}/api/v1/process-runs", json=body, headers={"Authorization": f"Bearer {KEY}"}, timeout=5
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
    """A world made over HTTP is reached by its keys there."""
    made = requests.post(f"{served.url}/__mock__/worlds", timeout=5)
    entry = made.json()["apis"]["nextstep"]
    assert made.status_code == 201
    assert entry["base_url"] == f"{served.url}/api/v1"
    runs = requests.get(
        f"{entry['base_url']}/process-runs", headers={"Authorization": f"Bearer {entry['api_key']}"}, timeout=5
    )
    assert [run["id"] for run in runs.json()["data"]] == ["R2", "R1"]
    assert requests.delete(f"{served.url}/__mock__/worlds/{made.json()['id']}", timeout=5).status_code == 204


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("hello\r\n", 400), ("GET  HTTP/1.1\r\n", 400), ("GET / HTTP/9.9\r\n", 400),
        (f"GET {RUN}\xc3\xa9 HTTP/1.1\r\n{CLOSE}", 400), (f"GET {RUN}\x00 HTTP/1.1\r\n{CLOSE}", 400),
        (f"GET {RUN} b HTTP/1.1\r\n{CLOSE}", 400), (f"GET {RUN}?a=\xff HTTP/1.1\r\n{CLOSE}", 400),
        (f"GET {RUN} HTTP/1.1\r\nno colon\r\n{CLOSE}", 400), (f"FROB {RUN} HTTP/1.1\r\n{CLOSE}", 400),
        (f"POST {RUN} HTTP/1.1\r\ncontent-length: x\r\n{CLOSE}", 400), (f"CONNECT localhost:80 HTTP/1.1\r\n{CLOSE}",
        400),
        (f"GET {RUN} HTTP/1.1\r\n{CLOSE}", 200), (f"GET http://elsewhere{RUN}#x HTTP/1.1\r\n{CLOSE}", 200),
        (f"GET {RUN} HTTP/1.0\r\nauthorization: Bearer {KEY}\r\n", 200), (f"OPTIONS * HTTP/1.1\r\n{CLOSE}", 404),
        (f"PROPFIND {RUN} HTTP/1.1\r\n{CLOSE}", 405), (f"TRACE {RUN} HTTP/1.1\r\n{CLOSE}", 405),
        (f"GET {RUN} HTTP/1.1\r\nx-long: {'a' * 100_000}\r\n{CLOSE}", 200),
        (f"GET {RUN}?{'a' * 60_000} HTTP/1.1\r\n{CLOSE}", 200),
        (f"GET {RUN}?{'a' * 100_000} HTTP/1.1\r\n{CLOSE}", 414),
        (f"GET //{RUN} HTTP/1.1\r\n{CLOSE}", 404), (f"GET {RUN} HTTP/1.1\r\nauthorization: Bearer x\r\n{CLOSE}", 401),
    ],
)  # fmt: skip
def test_whatever_arrives_is_answered_in_json(served: Worlds, head: str, status: int) -> None:
    """What is no HTTP is a 400, what is odd HTTP the API's own answer; no framework's text reaches a client."""
    got, headers, body = sent(served, head)
    assert got == status
    assert headers["content-type"] in ("application/json", "application/problem+json")
    assert headers["content-length"] == str(len(body))
    assert json.loads(body)


def test_head_has_no_body(served: Worlds) -> None:
    """HEAD is answered with headers alone."""
    status, headers, body = sent(served, f"HEAD {RUN} HTTP/1.1\r\n{CLOSE}")
    assert (status, headers["allow"], body) == (405, "GET", b"")


def test_no_content_has_no_length(served: Worlds) -> None:
    """A 204 carries neither body nor content length."""
    status, headers, body = sent(served, f"POST /__mock__/reset HTTP/1.1\r\ncontent-length: 0\r\n{CLOSE}")
    assert (status, body) == (204, b"")
    assert "content-length" not in headers


def test_chunks_make_one_body(served: Worlds) -> None:
    """A chunked body is read whole."""
    head = f"POST /api/v1/process-runs HTTP/1.1\r\n{JSON}transfer-encoding: chunked\r\n{CLOSE}"
    chunks = b'8\r\n{"templa\r\nd\r\nte_id": "T1"}\r\n0\r\n\r\n'
    assert sent(served, head, chunks)[0] == 201


def test_a_body_that_is_cut_off_is_no_request(served: Worlds) -> None:
    """Where the client goes away before the end of its body, nothing is done and nothing recorded."""
    head = f"POST /api/v1/process-templates/T2/publish HTTP/1.1\r\n{JSON}content-length: 99\r\n{CLOSE}"
    for body in (b"", b"{}"):
        assert sent(served, head, body, cut=True)[0] == 0
    assert served.default.journal.count == 0


def test_an_answer_is_one_write(served: Worlds) -> None:
    """Head and body leave in one system call; what two requests are answered, in two."""
    first, second = spoken(App(served), f"{GET}\r\n", f"{GET}\r\n").written
    assert first == second
    assert first.startswith(b"HTTP/1.1 200 OK\r\n")
    assert first.endswith(b"}")


def test_what_a_closed_connection_would_get_is_dropped(served: Worlds) -> None:
    """Where the client went away before its answer was written, nothing is."""
    wire = Wire()

    def ask_and_go(protocol: Protocol) -> None:
        protocol.data_received(f"{GET}\r\n".encode())
        wire.close()

    assert spoken(App(served), ask_and_go, wire=wire).written == []


def test_many_answers_are_one_write_but_not_all(served: Worlds) -> None:
    """What is asked at once is answered at once, up to a bound: then it is seen whether the client reads."""
    written = spoken(App(served), f"{GET}\r\n" * 70).written
    assert [data.count(b"HTTP/1.1 200 OK") for data in written] == [64, 6]


def test_where_we_close_the_answer_is_whole(served: Worlds) -> None:
    """An answer that is the last one is written before the connection is closed; in HTTP/1.0 it always is."""
    for head in (f"{GET}connection: close\r\n", GET.replace("1.1", "1.0") + "connection: keep-alive\r\n"):
        wire = spoken(App(served), f"{head}\r\n")
        assert wire.closed
        assert [data[-1:] for data in wire.written] == [b"}"]


def test_a_fault_may_close_the_connection(served: Worlds) -> None:
    """`Connection: close` among a fault's headers does what it says: what was sent ahead is not done."""
    Client(served).done("POST", "/faults", {"status": 503, "headers": {"Connection": "Close"}, "times": 1})
    before = served.default.journal.count
    wire = spoken(App(served), f"{GET}\r\n{GET}expect: 100-continue\r\n\r\n", f"{GET}\r\n")
    assert wire.closed
    assert [data[:12] for data in wire.written] == [b"HTTP/1.1 503"]
    assert served.default.journal.count == before + 1


def test_a_slow_reader_is_not_answered_ahead(served: Worlds) -> None:
    """While a client does not read, its next request waits, and what follows is not even read."""
    wire = Wire()
    seen: list[tuple[int, bool]] = []

    def look(protocol: Protocol) -> None:
        seen.append((len(wire.written), wire.reading))

    ask, turns = f"{GET}\r\n", (look,) * 9
    spoken(App(served), Protocol.pause_writing, ask, look, ask, look, Protocol.resume_writing, *turns, ask, wire=wire)
    assert seen[:2] == [(0, True), (0, False)]
    assert seen[-1] == (2, True)
    assert b"".join(wire.written).count(b"HTTP/1.1 200 OK") == 3


def test_a_request_that_is_being_read_is_answered_before_the_server_stops(served: Worlds) -> None:
    """At shutdown a quiet connection is closed at once, a busy one behind its answer."""
    publish = f"POST /api/v1/process-templates/T2/publish HTTP/1.1\r\nauthorization: Bearer {KEY}\r\n"
    wire = spoken(App(served), f"{publish}{JSON}content-length: 2\r\n\r\n{{", Protocol.shutdown, "}")
    assert wire.closed
    assert [b"\r\nconnection: close\r\n" in data for data in wire.written] == [True]
    wire = spoken(App(served), f"{GET}\r\n", Protocol.shutdown, f"{GET}\r\n")
    assert (wire.closed, len(wire.written)) == (True, 1)


def test_what_a_get_carries_is_not_read(served: Worlds) -> None:
    """A body where none is meant to be changes nothing, and the next request is found behind it."""
    wire = spoken(App(served), f"{GET}content-length: 4\r\n\r\nGET {GET}\r\n")
    assert b"".join(wire.written).count(b"HTTP/1.1 200 OK") == 2
    assert [exchange.request.body for exchange in served.default.journal] == [b"", b""]


def test_a_failure_outside_of_the_pipeline_is_a_500(served: Worlds, capsys: pytest.CaptureFixture[str]) -> None:
    """A programmer's error in the edge is logged with its traceback, and not the client's fault."""

    def fail(exchange: Exchange) -> None:
        raise KeyError("edge")

    wire = spoken(App(served, watch=fail), f"{GET}\r\n")
    assert wire.written == [b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n"]
    assert "KeyError: 'edge'" in capsys.readouterr().err


def test_requests_sent_ahead_are_answered_in_order(served: Worlds) -> None:
    """Several requests in one segment get their answers one after the other on the same connection."""
    paths = ("R1", "nope", "R2")
    heads = [f"GET /api/v1/process-runs/{id} HTTP/1.1\r\nauthorization: Bearer {KEY}\r\n\r\n" for id in paths]
    parts = urlsplit(served.url)
    with socket.create_connection((parts.hostname, parts.port), 5) as connection:
        connection.sendall("".join([*heads, f"HEAD {RUN} HTTP/1.1\r\n{CLOSE}\r\n"]).encode())
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    assert [answer[:3] for answer in received.split(b"HTTP/1.1 ")] == [b"", b"200", b"404", b"200", b"405"]


def test_pages_are_answered_in_their_turn(served: Worlds) -> None:
    """A page takes longer than an answer; requests sent behind it wait for it all the same."""
    page = "GET /__mock__/openapi/nextstep.yaml HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}"
    publish = f"POST /api/v1/process-templates/T2/publish HTTP/1.1\r\ncontent-length: 2\r\n{JSON}"
    parts = urlsplit(served.url)
    with socket.create_connection((parts.hostname, parts.port), 5) as connection:
        connection.sendall(f"{GET}\r\n{page}{publish}\r\n{{}}{page}{publish}{CLOSE}\r\n{{}}".encode())
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    answers = [answer.partition(b"\r\n\r\n") for answer in received.split(b"HTTP/1.1 ")[1:]]
    assert [head[:3] for head, _, _ in answers] == [b"200", b"200", b"401", b"200", b"200"]
    assert answers[1][2] == answers[3][2] == data.path("openapi/nextstep.yaml").read_bytes()


def test_a_client_that_asks_first_is_told_to_go_on(served: Worlds) -> None:
    """`Expect: 100-continue` is answered before the body comes."""
    parts = urlsplit(served.url)
    head = f"POST /api/v1/process-runs HTTP/1.1\r\n{JSON}content-length: 21\r\nexpect: 100-continue\r\n{CLOSE}\r\n"
    with socket.create_connection((parts.hostname, parts.port), 5) as connection:
        connection.sendall(head.encode())
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b'{"template_id": "T1"}')
        assert connection.recv(65536).startswith(b"HTTP/1.1 201")


def test_ten_megabytes_are_refused(served: Worlds) -> None:
    """A body over the limit is a 413 in the vendor's envelope."""
    body = b" " * (10 << 20)
    status, headers, content = sent(
        served, f"POST /api/v1/process-runs HTTP/1.1\r\n{JSON}content-length: {len(body)}\r\n{CLOSE}", body
    )
    assert (status, headers["x-mock-reason"]) == (413, "validation")
    assert json.loads(content)["error"]["code"] == "validation_error"


def test_what_is_far_too_large_is_not_kept(nextstep: Api, control: Api, small: dict[str, Any]) -> None:
    """Of a body beyond every API's limit only so much is held that this can be told."""
    app = App(Worlds([nextstep, control], seeds=small))
    app._most_bytes = 10
    parts = [b"x" * 6, b"y" * 6, b"z" * 6]
    exchanges: list[Exchange] = []
    app._watch = exchanges.append

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    async def send(message: Any) -> None:
        pass

    scope = {"type": "http", "method": "POST", "path": "/x", "raw_path": b"/x", "query_string": b"", "headers": []}
    step(app(scope, receive, send))
    assert exchanges[0].request.body == b"x" * 6 + b"y" * 6


def test_a_client_that_goes_away_in_process_is_not_answered(client: Client) -> None:
    """Where an ASGI server tells that the client left before the end of its body, nothing is done."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        raise AssertionError(message)

    scope = {"type": "http", "method": "POST", "path": RUN, "raw_path": RUN.encode()}
    step(client.app(scope, receive, send))
    assert client.worlds.default.journal.count == 0


# Pages


def test_people_get_pages(served: Worlds) -> None:
    """The documents are served as their files, and one page lists operations, rules and assumptions."""
    page = requests.get(f"{served.url}/__mock__/docs", timeout=5)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    for text in ("updateRunTask", "nextstep.runs.unknown-run", "nextstep.tasks.unset-value", "/__mock__/clock"):
        assert text in page.text
    assert requests.post(f"{served.url}/__mock__/docs", timeout=5).json()["status"] == 404
    for name in ("nextstep", "control"):
        document = requests.get(f"{served.url}/__mock__/openapi/{name}.yaml", timeout=5)
        assert document.content == data.path(f"openapi/{name}.yaml").read_bytes()


# Without a network


def test_an_application_that_waits_needs_a_loop() -> None:
    """Stepping by hand what waits for something is an error."""

    @types.coroutine
    def pause() -> Iterator[None]:
        yield

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await pause()

    with pytest.raises(RuntimeError, match="needs an event loop"):
        call(app, Request("GET", "/"))


def test_lifespan_is_answered(client: Client) -> None:
    """Startup and shutdown are completed."""
    incoming, answers = ["lifespan.startup", "lifespan.shutdown"], []

    async def receive() -> dict[str, Any]:
        return {"type": incoming.pop(0)}

    async def send(message: Any) -> None:
        answers.append(message["type"])

    step(client.app({"type": "lifespan"}, receive, send))
    assert answers == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_a_watch_sees_every_exchange(plant: Callable[..., Worlds], small: dict[str, Any]) -> None:
    """What is given to watch gets the exchanges, after they were made."""
    seen: list[Exchange] = []
    app = App(plant(seeds=small), watch=seen.append)
    call(app, Request("GET", RUN))
    call(app, Request("GET", RUN, headers=((b"x-mock-world", b"nope"),)))
    assert [(exchange.request.path, exchange.response.status) for exchange in seen] == [(RUN, 401)]


def test_checked_answers_fit_their_document(plant: Callable[..., Worlds], small: dict[str, Any]) -> None:
    """Under `--check` an answer that the document does not allow is a 500 whose journal entry says why."""
    client = Client(plant(seeds=small, checked=True))
    assert client.get("/process-runs").status == 200
    client.done("POST", "/faults", {"status": 200, "body": "a", "times": 1})
    assert client.get("/process-runs").json() == "a", "a fault is meant to differ"
    runs = client.worlds.default.tenants["nextstep"]["t1"]["runs"]
    runs._rows["R1"] = b'{"id": 1}'
    assert client.get("/process-runs/R1").status == 500
    assert client.last()["error"].startswith("getProcessRun: 200: /data")


def test_strict_servers_say_nothing_of_the_mock(plant: Callable[..., Worlds], small: dict[str, Any]) -> None:
    """With `--fidelity strict` no header begins with X-Mock."""
    client = Client(plant(seeds=small, helpful=False))
    for target in ("/process-runs?limit=0", "/nope", "/process-runs/x"):
        assert not [name for name, _ in client.get(target).headers if name.startswith(b"x-mock")]
    assert client.get("/process-runs", x_mock_world="nope").header("x-mock-reason") is None


# Sockets


def test_a_taken_port_is_an_error() -> None:
    """Listening where somebody listens raises OSError and leaves no socket behind."""
    with listen("127.0.0.1", 0) as taken, pytest.raises(OSError, match="in use"):
        listen("127.0.0.1", taken.getsockname()[1])


@pytest.mark.parametrize(
    ("host", "reached"), [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::1", "[::1]"), ("::", "[::1]")]
)
def test_urls_lead_to_the_socket(host: str, reached: str) -> None:
    """The URL names an address at which this machine is reached."""
    try:
        listener = listen(host, 0)
    except OSError:
        pytest.skip(f"this machine has no {host}")
    with listener:
        assert url_of(listener) == f"http://{reached}:{listener.getsockname()[1]}"


def test_the_ready_file_tells_how_to_reach_the_world(client: Client) -> None:
    """It holds url, pid and an entry for each API, and the control token only where one is needed."""
    told = json.loads(ready_file(client.worlds))
    assert set(told) == {"url", "pid", "apis"}
    assert told["apis"]["nextstep"]["api_key"] == KEY
    client.worlds.token = "secret"
    assert json.loads(ready_file(client.worlds))["control_token"] == "secret"
