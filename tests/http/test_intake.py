"""Reading requests: bounds of heads and bodies, and refusals before a body is read."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from conftest import KEY, MANY
from understudy.engine.api import Api
from understudy.engine.worlds import Worlds
from understudy.http.app import App, step
from understudy.http.intake import Bounds
from understudy.http.protocol import Protocol
from understudy.http.server import Server, serving
from understudy_checks.target import installed
from wire import CLOSE, GET, HOST, JSON, KEYED, POST, RUN, Answer, Wire, answers, connect, received, sent, spoken

BOUNDS = Bounds()
MB = 1 << 20


@pytest.fixture(scope="module")
def shared(nextstep: Api, control: Api, small: dict[str, Any], seeds: dict[str, Any]) -> Iterator[Worlds]:
    """Worlds of NextStep and Kognitos that a server on a thread serves while this module runs."""
    apis = [nextstep, installed.declared("kognitos"), control]
    worlds = Worlds(apis, seeds={**small, "kognitos": seeds["kognitos"]}, limits={"nextstep": MANY})
    with serving(worlds):
        yield worlds


@pytest.fixture
def served(shared: Worlds) -> Worlds:
    """The served worlds, with the default one reset."""
    shared.reset(shared.default)
    return shared


def pieces(text: str, size: int) -> list[bytes]:
    """Split bytes into segments of `size` bytes."""
    content = text.encode("latin-1")
    return [content[start : start + size] for start in range(0, len(content), size)]


def one(written: list[bytes]) -> Answer:
    """Return the only response in the output."""
    (answer,) = answers(b"".join(written))
    return answer


def headers(size: int) -> str:
    """Names and values of `size` bytes in all, each header within its bound."""
    full, rest = divmod(size, 60_000)
    return "".join(f"x-{n}: {'a' * 59_997}\r\n" for n in range(full)) + f"x-z: {'a' * (rest - 3)}\r\n"


UPGRADE = "connection: upgrade\r\nupgrade: h2c\r\n"
FIELD = "x: y\r\n"
OWN = len("host") + len("localhost") + len("authorization") + len(f"Bearer {KEY}")
HEADS = [
    ("url", f"GET {RUN}?{'a' * (BOUNDS.url - len(RUN) - 1)} HTTP/1.1\r\n{KEYED}\r\n", 200),
    ("url+", f"GET {RUN}?{'a' * (BOUNDS.url - len(RUN))} HTTP/1.1\r\n{KEYED}\r\n", 414),
    ("header", f"{GET}x: {'a' * (BOUNDS.header - 1)}\r\n\r\n", 200),
    ("header+", f"{GET}x: {'a' * BOUNDS.header}\r\n\r\n", 431),
    ("name+", f"{GET}{'a' * BOUNDS.header}: x\r\n\r\n", 431),
    ("headers", f"{GET}{headers(BOUNDS.headers - OWN)}\r\n", 200),
    ("headers+", f"{GET}{headers(BOUNDS.headers - OWN + 1)}\r\n", 431),
    ("count", f"{GET}{FIELD * (BOUNDS.header_count - 2)}\r\n", 200),
    ("count+", f"{GET}{FIELD * (BOUNDS.header_count - 1)}\r\n", 431),
    ("upgrade+", f"{GET}{UPGRADE}x: {'a' * BOUNDS.header}\r\n\r\n", 431),
    ("upgrade", f"{GET}{UPGRADE}x: {'a' * (BOUNDS.header - 1)}\r\n\r\n", 200),
    ("method+", "A" * 300_000, 400),
]


@pytest.mark.parametrize("size", [1000, 16_384, 16_385, 10**9])
@pytest.mark.parametrize(("head", "status"), [case[1:] for case in HEADS], ids=[case[0] for case in HEADS])
def test_heads_have_bounds(served: Worlds, head: str, status: int, size: int) -> None:
    """A head at a bound is read; one over it is refused with problem details, however it is split."""
    answer = one(spoken(App(served), *pieces(head, size)).written)
    assert answer.status == status
    if status != 200:
        assert answer.headers["content-type"] == "application/problem+json"
        assert (json.loads(answer.body)["status"], answer.headers["x-mock-reason"]) == (status, "http")
        assert answer.headers["connection"] == "close"


@pytest.mark.parametrize(
    ("start", "status"),
    [
        (f"GET {RUN}?", 414), (f"{GET}x: ", 431), (f"{GET}", 431),
        (f"{POST}{KEYED}transfer-encoding: chunked\r\n\r\n2;", 431),
        (f"{POST}{KEYED}transfer-encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\nx: ", 431),
    ],
    ids=["url", "header", "name", "chunk extension", "trailer"],
)  # fmt: skip
def test_what_does_not_end_is_refused_at_once(served: Worlds, start: str, status: int) -> None:
    """An endless URL, header, chunk extension or trailer is refused before it ends."""
    seen: list[int] = []
    wire_of = [start, *["a" * 10_000] * 40]

    def look(protocol: Protocol) -> None:
        seen.append(len(protocol._headers) + len(protocol._url))

    wire = spoken(App(served), *wire_of, look)
    assert one(wire.written).status == status
    assert wire.ended
    assert seen[0] <= BOUNDS.url + 16_384


def test_a_large_body_buys_no_long_trailer(served: Worlds) -> None:
    """The bound of a trailer does not grow with the body."""
    head = f"{POST}{KEYED}transfer-encoding: chunked\r\n\r\nea60\r\n{'a' * 60_000}\r\n0\r\nx: "
    assert one(spoken(App(served), head, *["a" * 10_000] * 5).written).status == 431


def test_many_trailers_are_refused(served: Worlds) -> None:
    """Trailers have the bounds of headers."""
    body = f"2\r\n{{}}\r\n0\r\n{FIELD * (BOUNDS.header_count + 1)}\r\n"
    assert one(spoken(App(served), f"{POST}{KEYED}transfer-encoding: chunked\r\n\r\n{body}").written).status == 431


def test_few_trailers_are_no_headers(served: Worlds) -> None:
    """Trailers are read and dropped."""
    body = f'15\r\n{{"template_id": "T1"}}\r\n0\r\nauthorization: Bearer {KEY}\r\n\r\n'
    for own, status in ((KEYED, 201), (HOST, 401)):
        wire = spoken(App(served), f"{POST}{own}transfer-encoding: chunked\r\n\r\n{body}")
        assert one(wire.written).status == status


def test_small_chunks_are_no_extensions(served: Worlds) -> None:
    """A body in chunks of one byte is read."""
    start = '{"template_id": "T1", "name": "' + "a" * 30_000 + '"}'
    chunks = "".join(f"1\r\n{letter}\r\n" for letter in start)
    head = f"{POST}{KEYED}transfer-encoding: chunked\r\n\r\n"
    assert one(spoken(App(served), head, *pieces(f"{chunks}0\r\n\r\n", 9000)).written).status == 201


UNREAD = [
    ("no key", "/api/v1/process-runs", JSON, 401),
    ("no such path", "/api/v1/nope", JSON + f"authorization: Bearer {KEY}\r\n", 404),
    ("nobody's path", "/nope", JSON, 404),
    ("a method that is not offered", RUN, JSON, 405),
    ("an upload address that nobody was given", "/v2/uploads/made-up", "content-type: multipart/form-data\r\n", 403),
    ("a foreign page", "/__mock__/events", JSON + "origin: https://evil.example\r\n", 403),
    ("a world that there is not", "/api/v1/process-runs", JSON + "x-mock-world: nope\r\n", 404),
    ("a body that is too large", "/api/v1/process-runs", JSON + f"authorization: Bearer {KEY}\r\n", 413),
]


@pytest.mark.parametrize(("path", "own", "status"), [case[1:] for case in UNREAD], ids=[case[0] for case in UNREAD])
@pytest.mark.parametrize("expect", ["", "expect: 100-continue\r\n"])
def test_a_body_that_is_not_wanted_is_not_read(served: Worlds, path: str, own: str, status: int, expect: str) -> None:
    """Route, credential and length are checked before the first byte of the body is read."""
    with connect(served) as connection:
        connection.sendall(f"POST {path} HTTP/1.1\r\n{HOST}{own}{expect}content-length: 99999999\r\n\r\n".encode())
        answer = one([received(connection)])
    assert (answer.status, answer.headers["connection"]) == (status, "close")
    assert json.loads(answer.body)


@pytest.mark.parametrize(("path", "own", "status"), [case[1:] for case in UNREAD], ids=[case[0] for case in UNREAD])
def test_chunks_that_are_not_wanted_are_not_kept(served: Worlds, path: str, own: str, status: int) -> None:
    """A body of unknown length is refused as soon as it exceeds its bound or the unauthenticated one."""
    app = App(served)
    held: list[int] = []
    head = f"POST {path} HTTP/1.1\r\n{HOST}{own}transfer-encoding: chunked\r\n\r\n"
    chunk = f"4000\r\n{'a' * 16_384}\r\n"
    wire = spoken(app, head, *[chunk] * 70, lambda protocol: held.append(app.edge.held))
    assert one(wire.written).status == status
    assert held == [0]


def test_an_answer_to_a_large_body_is_read_by_a_client_that_sends_first(served: Worlds) -> None:
    """A client that sends a refused body as a whole can read the response afterwards."""
    head = f"POST /nope HTTP/1.1\r\n{HOST}content-length: {30 * MB}\r\n"
    assert sent(served, head, b"a" * (30 * MB)).status == 404


def test_a_body_over_the_bound_is_a_413_in_the_vendors_envelope(served: Worlds) -> None:
    """NextStep accepts a body of one megabyte; a longer one answers 413 and is recorded."""
    for size, status in ((MB, 400), (MB + 1, 413)):
        answer = sent(served, f"{POST}content-length: {size}\r\n{CLOSE}", b" " * size)
        assert (answer.status, answer.headers["x-mock-reason"]) == (status, "validation")
        assert json.loads(answer.body)["error"]["code"] == "validation_error"
        assert [*served.default.journal][-1].response.status == status


def test_each_operation_has_its_own_bound(served: Worlds) -> None:
    """Kognitos accepts large files but no large run; the control API accepts large states."""
    key = "x-api-key: YOUR_API_KEY\r\n"
    run = f"POST /v2/runs HTTP/1.1\r\n{JSON}{key}{HOST}content-length: {2 * MB}\r\n\r\n"
    state = f"PUT /__mock__/state HTTP/1.1\r\n{JSON}{CLOSE}content-length: {2 * MB}\r\n"
    assert one(spoken(App(served), run).written).status == 413
    assert sent(served, state, b" " * (2 * MB)).status == 400


def test_a_large_file_of_short_lines_is_taken(served: Worlds) -> None:
    """An upload is read up to its own bound."""
    head = f"POST /v2/files HTTP/1.1\r\n{JSON}x-api-key: YOUR_API_KEY\r\n{HOST}connection: close\r\n"
    agent = served.access_info(served.default, "kognitos")["agent_id"]
    body = json.dumps({"agent_id": agent, "file_name": "a.txt"}).encode()
    file = json.loads(sent(served, f"{head}content-length: {len(body)}\r\n", body).body)
    fields = [f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
              for name, value in (*file["upload_fields"].items(), ("file", "a\r\n" * 10_000_000))]  # fmt: skip
    form = ("".join(fields) + "--b--\r\n").encode()
    path = urlsplit(file["upload_url"]).path
    head = f"POST {path} HTTP/1.1\r\ncontent-type: multipart/form-data; boundary=b\r\n{HOST}connection: close\r\n"
    for size, status in ((len(form), 204), ((32 << 20) + 1, 413)):
        assert sent(served, f"{head}content-length: {size}\r\n", form.ljust(size)).status == status


def test_all_bodies_together_have_a_bound(served: Worlds) -> None:
    """A body that exceeds the shared bound of all connections answers 503; earlier ones proceed."""
    app = App(served, bounds=Bounds(bodies=100_000))
    server = Server(app, sockets=[], ready=lambda: None)
    head = f"{POST}{KEYED}origin: http://page.example\r\ncontent-length: 60000\r\n\r\n".encode()
    half = b" " * 30_000
    wires = [Wire(), Wire(), Wire()]

    async def talk() -> list[int]:
        first, second, third = protocols = [Protocol(server.config, server.server_state, {}) for _ in wires]
        for protocol, wire in zip(protocols, wires, strict=True):
            protocol.connection_made(wire)
        held = []
        for protocol, data in (
            (first, head + half), (second, head + half), (third, head + half), (third, half),  # over the bound
            (first, half), (third, half),
        ):  # fmt: skip
            protocol.data_received(data)
            held.append(app.edge.held)
        await asyncio.sleep(0)  # what was written leaves
        for protocol in protocols:
            protocol.connection_lost(None)
        return [*held, app.edge.held]

    assert asyncio.run(talk()) == [30_000, 60_000, 90_000, 60_000, 30_000, 30_000, 0]
    assert one(wires[0].written).status == 400
    assert wires[1].written == []
    refused = one(wires[2].written)
    assert (refused.status, refused.headers["retry-after"], refused.headers["x-mock-reason"]) == (503, "1", "http")
    assert refused.headers["access-control-allow-origin"] == "*"


def test_what_a_get_carries_is_not_kept(served: Worlds) -> None:
    """A large body of GET or HEAD is dropped; an endless one closes the connection."""
    for size, statuses in ((MB, [200, 200]), (MB + 1, [200])):
        for method in ("GET", "HEAD"):
            head = f"{method} {RUN} HTTP/1.1\r\n{KEYED}content-length: {size}\r\n\r\n"
            wire = spoken(App(served), head, b"a" * size, f"{method} {RUN} HTTP/1.1\r\n{CLOSE}\r\n")
            found = [answer.status for answer in answers(b"".join(wire.written), bodiless=method == "HEAD")]
            assert found == statuses
            assert wire.ended is (size > MB)


def through_asgi(app: App, path: str, *parts: bytes, headers: dict[bytes, bytes]) -> tuple[list[int], int]:
    """Send a POST in parts in process; returns the statuses and the number of unread parts."""
    left, sent_back = [*parts], list[int]()

    async def receive() -> dict[str, Any]:
        if not left:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": left.pop(0), "more_body": True}

    async def send(message: Any) -> None:
        sent_back.extend([message["status"]] if "status" in message else [])

    scope = {
        "type": "http", "method": "POST", "raw_path": path.encode(), "query_string": b"", "headers": [*headers.items()],
    }  # fmt: skip
    step(app(scope, receive, send))
    return sent_back, len(left)


def test_bodies_have_the_same_bounds_in_process(served: Worlds) -> None:
    """Any ASGI server gets route, credential and bound checked before the body is read."""
    app, part = App(served), b" " * 10_000
    key, keyed = (b"authorization", f"Bearer {KEY}".encode()), (b"content-type", b"application/json")
    assert through_asgi(app, "/nope", *[part] * 200, headers={}) == ([404], 198)
    assert through_asgi(app, "/api/v1/process-runs", *[part] * 200, headers=dict([keyed])) == ([401], 198)
    assert through_asgi(app, "/api/v1/process-runs", *[part] * 200, headers=dict([key, keyed])) == ([413], 95)
    assert app.edge.held == 0


def test_a_client_that_goes_away_in_process_is_not_answered(served: Worlds) -> None:
    """A request whose client disconnects before the end of its body has no effect."""
    app = App(served)
    for parts in ((), (b"{",), (b" " * 50_000, b" " * 50_000)):
        headers = {b"authorization": f"Bearer {KEY}".encode()}
        assert through_asgi(app, "/api/v1/process-runs", *parts, headers=headers) == ([], 0)
    assert (served.default.journal.count, app.edge.held) == (0, 0)
