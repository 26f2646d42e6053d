"""HTTP on one connection: parsing, refusals, and the order of responses."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from email.utils import formatdate, parsedate_to_datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import KEY, MANY, Client
from understudy import data
from understudy.engine.api import Api
from understudy.engine.clock import Clock, milliseconds
from understudy.engine.exchange import Exchange
from understudy.engine.worlds import Worlds
from understudy.http.app import App
from understudy.http.protocol import Protocol, Unreadable, head_of
from understudy.http.server import Server, serving
from wire import (
    CLOSE,
    GET,
    HOST,
    JSON,
    KEYED,
    POST,
    RUN,
    START,
    Wire,
    answers,
    connect,
    exchanged,
    sent,
    spoken,
)

UPGRADES = (
    "connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n",
    "upgrade: websocket\r\nconnection: upgrade\r\n",
    "connection: keep-alive, upgrade\r\nupgrade: TLS/1.0, h2c\r\n",
)


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


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("hello\r\n", 400), ("GET  HTTP/1.1\r\n", 400), ("GET / HTTP/9.9\r\n", 400),
        (f"GET {RUN}\xc3\xa9 HTTP/1.1\r\n{CLOSE}", 400), (f"GET {RUN}\x00 HTTP/1.1\r\n{CLOSE}", 400),
        (f"GET {RUN} b HTTP/1.1\r\n{CLOSE}", 400), (f"GET {RUN}?a=\xff HTTP/1.1\r\n{CLOSE}", 400),
        (f"GET {RUN} HTTP/1.1\r\nno colon\r\n{CLOSE}", 400), (f"FROB {RUN} HTTP/1.1\r\n{CLOSE}", 400),
        (f"POST {RUN} HTTP/1.1\r\ncontent-length: x\r\n{CLOSE}", 400),
        (f"CONNECT localhost:80 HTTP/1.1\r\n{CLOSE}", 501),
        (f"GET {RUN} HTTP/1.1\r\n\r\n", 400), (f"GET {RUN} HTTP/1.1\r\n{HOST}{CLOSE}", 400),
        (f"GET {RUN} HTTP/1.1\r\nhost: a b\r\n\r\n", 400), (f"GET {RUN} HTTP/1.1\r\nhost: x@[::1]:80\r\n\r\n", 400),
        (f"GET {RUN} HTTP/1.1\r\nhost:\r\nconnection: close\r\n", 401),
        (f"GET {RUN} HTTP/1.1\r\nhost: [::1]:80\r\nconnection: close\r\n", 401),
        (f"POST {RUN} HTTP/1.1\r\ntransfer-encoding: gzip, chunked\r\n{CLOSE}", 501),
        (f"POST {RUN} HTTP/1.1\r\ntransfer-encoding: chunked\r\ncontent-length: 1\r\n{CLOSE}", 400),
        (f"GET http://elsewhere HTTP/1.1\r\n{CLOSE}", 200), (f"GET http://elsewhere?a=b HTTP/1.1\r\n{CLOSE}", 200),
        (f"GET http://elsewhere:99999999 HTTP/1.1\r\n{CLOSE}", 400),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n", 400),
        (f"GET {RUN} HTTP/1.1\r\n{CLOSE}", 200), (f"GET http://elsewhere{RUN}#x HTTP/1.1\r\n{CLOSE}", 200),
        (f"GET {RUN}#x?y HTTP/1.1\r\n{CLOSE}", 200),
        (f"GET {RUN} HTTP/1.0\r\nauthorization: Bearer {KEY}\r\n", 200), (f"GET * HTTP/1.1\r\n{CLOSE}", 404),
        (f"PROPFIND {RUN} HTTP/1.1\r\n{CLOSE}", 405), (f"TRACE {RUN} HTTP/1.1\r\n{CLOSE}", 405),
        (f"GET {RUN} HTTP/1.1\r\nx-long: {'a' * 60_000}\r\n{CLOSE}", 200),
        (f"GET {RUN}?{'a' * 60_000} HTTP/1.1\r\n{CLOSE}", 200),
        (f"GET {RUN}?{'a' * 100_000} HTTP/1.1\r\n{CLOSE}", 414),
        (f"GET //{RUN} HTTP/1.1\r\n{CLOSE}", 404), (f"GET {RUN} HTTP/1.1\r\nauthorization: Bearer x\r\n{CLOSE}", 401),
    ],
)  # fmt: skip
def test_whatever_arrives_is_answered_in_json(served: Worlds, head: str, status: int) -> None:
    """Invalid HTTP answers 400 and unusual HTTP the API's own response, always as JSON."""
    got, headers, body = sent(served, head)
    assert got == status
    assert headers["content-type"] in ("application/json", "application/problem+json")
    assert headers["content-length"] == str(len(body))
    assert json.loads(body)


def test_head_has_no_body(served: Worlds) -> None:
    """HEAD has the headers of GET, the length among them, and no body."""
    get = sent(served, f"GET {RUN} HTTP/1.1\r\n{CLOSE}")
    head = sent(served, f"HEAD {RUN} HTTP/1.1\r\n{CLOSE}")
    assert (head.status, head.body) == (200, b"")
    own = dict.fromkeys(("date", "x-mock-exchange", "x-mock-assumed"))
    assert {**head.headers, **own} == {**get.headers, **own}
    assert head.headers["content-length"] == str(len(get.body))


def test_no_content_has_no_length(served: Worlds) -> None:
    """A 204 has neither body nor Content-Length."""
    status, headers, body = sent(served, f"POST /__mock__/reset HTTP/1.1\r\ncontent-length: 0\r\n{CLOSE}")
    assert (status, body) == (204, b"")
    assert "content-length" not in headers


def test_chunks_make_one_body(served: Worlds) -> None:
    """A chunked body is read whole."""
    head = f"POST /api/v1/process-runs HTTP/1.1\r\n{JSON}transfer-encoding: chunked\r\n{CLOSE}"
    chunks = b'8\r\n{"templa\r\nd\r\nte_id": "T1"}\r\n0\r\n\r\n'
    assert sent(served, head, chunks)[0] == 201


def test_a_body_that_is_cut_off_is_no_request(served: Worlds) -> None:
    """A request whose client disconnects before the end of its body has no effect and is not recorded."""
    head = f"POST /api/v1/process-templates/T2/publish HTTP/1.1\r\n{JSON}content-length: 99\r\n{CLOSE}"
    for body in (b"", b"{}"):
        assert sent(served, head, body, cut=True)[0] == 0
    assert served.default.journal.count == 0


def test_an_answer_is_one_write(served: Worlds) -> None:
    """Head and body of a response are one write."""
    first, second = spoken(App(served), f"{GET}\r\n", f"{GET}\r\n").written
    assert first.replace(b"x-mock-exchange: 1\r\n", b"x-mock-exchange: 2\r\n") == second
    assert first.startswith(b"HTTP/1.1 200 OK\r\n")
    assert first.endswith(b"}")


def test_what_a_closed_connection_would_get_is_dropped(served: Worlds) -> None:
    """A response to a closed connection is dropped."""
    wire = Wire()

    def ask_and_go(protocol: Protocol) -> None:
        protocol.data_received(f"{GET}\r\n".encode())
        wire.close()

    assert spoken(App(served), ask_and_go, wire=wire).written == []


def test_many_answers_are_one_write_but_not_all(served: Worlds) -> None:
    """Pipelined responses share one write up to a bound."""
    written = spoken(App(served), f"{GET}\r\n" * 70).written
    assert [data.count(b"HTTP/1.1 200 OK") for data in written] == [64, 6]


def test_where_we_close_the_answer_is_whole(served: Worlds) -> None:
    """The last response is written completely before the connection is closed, as always in HTTP/1.0."""
    for head in (f"{GET}connection: close\r\n", GET.replace("1.1", "1.0") + "connection: keep-alive\r\n"):
        wire = spoken(App(served), f"{head}\r\n")
        assert wire.closed
        assert [data[-1:] for data in wire.written] == [b"}"]


def test_a_fault_may_close_the_connection(served: Worlds) -> None:
    """A fault with `Connection: close` closes the connection and drops pipelined requests."""
    Client(served).done("POST", "/faults", {"status": 503, "headers": {"Connection": "Close"}, "times": 1})
    before = served.default.journal.count
    wire = spoken(App(served), f"{GET}\r\n{GET}expect: 100-continue\r\n\r\n", f"{GET}\r\n")
    assert wire.closed
    assert [data[:12] for data in wire.written] == [b"HTTP/1.1 503"]
    assert served.default.journal.count == before + 1


def test_what_waits_behind_a_last_answer_is_not_done(served: Worlds) -> None:
    """Requests after the last response have no effect, even if responses wait for the client."""
    Client(served).done("POST", "/faults", {"status": 503, "headers": {"Connection": "close"}, "times": 1})
    before, wire = served.default.journal.count, Wire()
    asks = f"{GET}\r\n{GET}\r\n{GET}\r\nhello\r\n\r\n"
    spoken(App(served), Protocol.pause_writing, asks, Protocol.resume_writing, wire=wire)
    assert [answer.status for answer in answers(b"".join(wire.written))] == [503]
    assert wire.closed
    assert served.default.journal.count == before + 1


def test_what_is_lost_has_a_name(served: Worlds) -> None:
    """An aborted connection reports what its client loses."""
    lost: list[str] = []
    cut = [lambda protocol: lost.append(protocol.cut())]
    for turns in (["GET /a"], [f"{GET}x: y"], ["G"], [Protocol.pause_writing, f"{GET}\r\n"], ["hello\r\n"]):
        assert spoken(App(served), *turns, *cut).aborted
    whole, answer = "that was not sent whole", "answers that were not read"
    assert lost == [f"a request for {what} {whole}" for what in ("/a", RUN, "nothing yet")] + [answer, answer]


def test_a_refusal_of_a_closed_connection_is_dropped(served: Worlds) -> None:
    """Invalid HTTP from a client that left is not answered."""
    wire = Wire()
    wire.close()
    assert spoken(App(served), "hello\r\n", wire=wire).written == []


def test_a_target_is_ascii(served: Worlds) -> None:
    """A target that is not ASCII answers 400."""
    with pytest.raises(Unreadable) as refused:
        head_of(b"GET", b"/\xff", ())
    assert refused.value.args[0] == 400


def test_a_slow_reader_is_not_answered_ahead(served: Worlds) -> None:
    """The next request of a client that does not read waits, and later ones are not read."""
    wire = Wire()
    seen: list[tuple[int, bool]] = []

    def look(protocol: Protocol) -> None:
        seen.append((len(wire.written), wire.reading))

    ask = f"{GET}\r\n"
    spoken(App(served), look, Protocol.pause_writing, ask, ask, look, Protocol.resume_writing, look, ask, wire=wire)
    assert seen == [(0, True), (0, False), (1, True)]
    assert [data.count(b"HTTP/1.1 200 OK") for data in wire.written] == [2, 1]


def test_a_request_that_is_being_read_is_answered_before_the_server_stops(served: Worlds) -> None:
    """At shutdown an idle connection closes at once, a busy one after its response."""
    publish = f"POST /api/v1/process-templates/T2/publish HTTP/1.1\r\nauthorization: Bearer {KEY}\r\n"
    wire = spoken(App(served), f"{publish}{JSON}content-length: 2\r\n\r\n{{", Protocol.shutdown, "}")
    assert wire.closed
    assert [b"\r\nconnection: close\r\n" in data for data in wire.written] == [True]
    wire = spoken(App(served), f"{GET}\r\n", Protocol.shutdown, f"{GET}\r\n")
    assert (wire.closed, len(wire.written)) == (True, 1)


def test_what_a_get_carries_is_not_read(served: Worlds) -> None:
    """The body of a GET is skipped, and the next request is read."""
    wire = spoken(App(served), f"{GET}content-length: 4\r\n\r\nGET {GET}\r\n")
    assert b"".join(wire.written).count(b"HTTP/1.1 200 OK") == 2
    assert [exchange.request.body for exchange in served.default.journal] == [b"", b""]


def test_a_failure_outside_of_the_pipeline_is_a_500(served: Worlds, capsys: pytest.CaptureFixture[str]) -> None:
    """An internal error of the edge answers 500 and is logged with its traceback."""

    def fail(exchange: Exchange) -> None:
        raise KeyError("edge")

    wire = spoken(App(served, watch=fail), f"{GET}\r\n")
    answer = next(answers(b"".join(wire.written)))
    assert (answer.status, json.loads(answer.body)["status"], answer.headers["x-mock-reason"]) == (500, 500, "internal")
    assert "KeyError: 'edge'" in capsys.readouterr().err


REQUESTS = [
    f"{GET}\r\n", f"HEAD {RUN} HTTP/1.1\r\n{KEYED}\r\n", f"GET /__mock__/openapi/nextstep.yaml HTTP/1.1\r\n{HOST}\r\n",
    f"{POST}{KEYED}content-length: 21\r\n\r\n{START}", f"{POST}{KEYED}{UPGRADES[0]}content-length: 21\r\n\r\n{START}",
    f"{POST}{KEYED}transfer-encoding: chunked\r\n\r\n15;a=b\r\n{START}\r\n0\r\nx: y\r\n\r\n",
    f"{POST}{KEYED}expect: 100-continue\r\ncontent-length: 21\r\n\r\n{START}",
    f"CONNECT a:1 HTTP/1.1\r\n{HOST}\r\n", f"OPTIONS * HTTP/1.1\r\n{HOST}\r\n", f"GET http://x HTTP/1.1\r\n{HOST}\r\n",
    f"GET {RUN} HTTP/1.1\r\n{CLOSE}\r\n", f"POST /nope HTTP/1.1\r\n{HOST}content-length: 40000\r\n\r\n{'a' * 40_000}",
    "hello\r\n\r\n", f"GET {RUN} HTTP/1.1\r\n\r\n",
]  # fmt: skip


@given(st.lists(st.sampled_from(REQUESTS), max_size=5), st.lists(st.integers(0, 500), max_size=6), st.booleans())
@settings(max_examples=60, derandomize=True, database=None, deadline=None)
def test_what_is_answered_does_not_hang_on_the_cuts(
    nextstep: Api, control: Api, small: dict[str, Any], requests: list[str], gaps: list[int], slow: bool
) -> None:
    """A stream of requests gets the same responses however it is split."""
    stream = "".join(requests)
    cuts = [min(sum(gaps[:count]), len(stream)) for count in range(len(gaps) + 1)]
    pieces = [stream[start:end] for start, end in zip(cuts, [*cuts[1:], len(stream)], strict=True)]
    turns = [Protocol.pause_writing, *pieces, *[Protocol.resume_writing] * 2] if slow else pieces

    def answered(*turns: Any) -> bytes:
        clock = Clock(milliseconds("2026-04-07T10:00:00.000Z"), frozen=True)
        worlds = Worlds([nextstep, control], seeds=small, limits={"nextstep": MANY}, clock=clock)
        return re.sub(rb"date: [^\r]*", b"", b"".join(spoken(App(worlds), *turns).written))

    assert answered(*turns) == answered(stream)


def test_requests_sent_ahead_are_answered_in_order(served: Worlds) -> None:
    """Pipelined requests are answered in order."""
    heads = [f"GET /api/v1/process-runs/{id} HTTP/1.1\r\n{KEYED}\r\n" for id in ("R1", "nope", "R2")]
    last = f"DELETE {RUN} HTTP/1.1\r\n{CLOSE}\r\n"
    assert [answer.status for answer in exchanged(served, "".join([*heads, last]))] == [200, 404, 200, 405]


def test_pages_are_answered_in_their_turn(served: Worlds) -> None:
    """Pages are sent in the order of their requests."""
    page = f"GET /__mock__/openapi/nextstep.yaml HTTP/1.1\r\n{HOST}content-length: 2\r\n\r\n{{}}"
    publish = f"POST /api/v1/process-templates/T2/publish HTTP/1.1\r\ncontent-length: 2\r\n{JSON}"
    turns = f"{GET}\r\n{page}{publish}{HOST}\r\n{{}}{page}{publish}{CLOSE}\r\n{{}}"
    got = exchanged(served, turns)
    assert [answer.status for answer in got] == [200, 200, 401, 200, 200]
    assert got[1].body == got[3].body == whole_page(served)


def test_a_client_that_asks_first_is_told_to_go_on(served: Worlds) -> None:
    """`Expect: 100-continue` gets a 100 before the body."""
    with connect(served) as connection:
        connection.sendall(f"{POST}content-length: 21\r\nexpect: 100-continue\r\n{CLOSE}\r\n".encode())
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(START.encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 201")


def test_a_client_of_http_1_0_is_not_told_to_go_on(served: Worlds) -> None:
    """An HTTP/1.0 client gets no 100 (RFC 9110, 10.1.1)."""
    head = POST.replace("1.1", "1.0")
    answer = sent(served, f"{head}content-length: 21\r\nexpect: 100-continue\r\n{CLOSE}", START.encode())
    assert answer.status == 201


@pytest.mark.parametrize("upgrade", UPGRADES)
@pytest.mark.parametrize("size", [1, 7, 4096])
def test_an_upgrade_is_ignored(served: Worlds, upgrade: str, size: int) -> None:
    """A request with `Upgrade` is answered completely, and so are later ones."""
    plain = f"{POST}{KEYED}{upgrade}content-length: 21\r\n\r\n{START}"
    chunks = f"8\r\n{START[:8]}\r\nd\r\n{START[8:]}\r\n0\r\n\r\n"
    chunked = f"{POST}{KEYED}{upgrade}transfer-encoding: chunked\r\n\r\n{chunks}"
    ask = f"{GET}{upgrade}\r\n"
    stream = (plain + chunked + ask + plain + f"GET {RUN} HTTP/1.1\r\n{CLOSE}\r\n").encode()
    pieces = [stream[start : start + size] for start in range(0, len(stream), size)]
    wire = spoken(App(served), *pieces)
    assert [answer.status for answer in answers(b"".join(wire.written))] == [201, 201, 200, 201, 200]
    bodies = [exchange.request.body.decode() for exchange in served.default.journal]
    assert bodies == [START, START, "", START, ""]


@pytest.mark.parametrize(("fault", "status"), [
    ("host: again\r\n", 400), ("transfer-encoding: gzip, chunked\r\n", 501), ("x: y\r\n" * 200, 431),
])  # fmt: skip
def test_a_bad_head_with_an_upgrade_is_refused_as_without(served: Worlds, fault: str, status: int) -> None:
    """An invalid head with `Upgrade` is refused like one without."""
    wire = spoken(App(served), f"{POST}{KEYED}{UPGRADES[0]}{fault}\r\n")
    assert [answer.status for answer in answers(b"".join(wire.written))] == [status]


def test_a_request_with_an_upgrade_is_recorded_as_it_came(served: Worlds) -> None:
    """The journal has the headers of `Upgrade`."""
    spoken(App(served), f"{GET}{UPGRADES[0]}\r\n")
    (exchange,) = served.default.journal
    assert exchange.request.header("upgrade") == "h2c"


def test_a_tunnel_is_refused_and_the_connection_goes_on(served: Worlds) -> None:
    """CONNECT answers 501, and the next request is read."""
    got = exchanged(served, f"CONNECT example.org:443 HTTP/1.1\r\n{HOST}\r\nGET {RUN} HTTP/1.1\r\n{CLOSE}\r\n")
    assert [answer.status for answer in got] == [501, 200]
    assert "no proxy" in json.loads(got[0].body)["detail"]


@pytest.mark.parametrize(("path", "readers"), [("/api/v1/process-runs", "*"), ("/__mock__/state", None)])
def test_a_page_may_read_the_refusal_of_its_headers(served: Worlds, path: str, readers: str | None) -> None:
    """A page may read the refusal of an oversized head if Origin came before the bound."""
    head = f"GET {path} HTTP/1.1\r\n{HOST}origin: http://a.example\r\n"
    (answer,) = exchanged(served, head + "x: y\r\n" * 200 + "\r\n")
    assert answer.status == 431
    assert answer.headers.get("access-control-allow-origin") == readers


def test_any_number_of_heads_that_are_read_again_may_come_at_once(served: Worlds) -> None:
    """Any number of requests with whole URLs in one segment are answered."""
    wire = spoken(App(served), "CONNECT a:1 HTTP/1.1\r\nhost:a\r\n\r\n" * 1000 + f"GET {RUN} HTTP/1.1\r\n{CLOSE}\r\n")
    assert [answer.status for answer in answers(b"".join(wire.written))] == [501] * 1000 + [200]


@pytest.mark.parametrize("blank", [" ", "\t", " \t  "])
def test_blanks_around_a_value_are_no_part_of_it(served: Worlds, blank: str) -> None:
    """Blanks around a header value are removed (RFC 9112, 5.1)."""
    head = f"GET {RUN} HTTP/1.1\r\nauthorization:{blank}Bearer {KEY}{blank}\r\n{HOST}connection: close{blank}\r\n"
    assert sent(served, head).status == 200
    (exchange,) = served.default.journal
    assert exchange.request.header("authorization") == f"Bearer {KEY}"


def test_the_host_of_a_whole_url_counts(served: Worlds) -> None:
    """The host of a whole URL replaces the Host header (RFC 9112, 3.2.2)."""
    for target, host in (("http://elsewhere:81" + RUN, "elsewhere:81"), ("http://elsewhere" + RUN, "elsewhere")):
        assert sent(served, f"GET {target} HTTP/1.1\r\n{CLOSE}").status == 200
        assert [*served.default.journal][-1].request.header("host") == host


@pytest.mark.parametrize("target", ["*", "http://elsewhere"])
def test_the_whole_server_has_options(served: Worlds, target: str) -> None:
    """`OPTIONS *`, and its form with a host, lists the methods."""
    answer = sent(served, f"OPTIONS {target} HTTP/1.1\r\n{CLOSE}")
    assert (answer.status, answer.body) == (204, b"")
    assert "PATCH" in answer.headers["allow"]


def test_the_date_is_renewed_each_second(served: Worlds) -> None:
    """The Date line is built once a second."""
    app = App(served)
    server = Server(app, sockets=[], ready=lambda: None)
    app.date = b"old"
    assert (asyncio.run(server.on_tick(9)), app.date) == (False, b"old")
    assert (asyncio.run(server.on_tick(10)), app.date[:6]) == (False, b"date: ")


def test_answers_are_dated(served: Worlds) -> None:
    """Every response has a current Date, refusals and pages too (RFC 9110, 6.6.1)."""
    for head in (f"GET {RUN} HTTP/1.1\r\n{CLOSE}", "hello\r\n", f"GET /__mock__/docs HTTP/1.1\r\n{CLOSE}"):
        before, given, after = formatdate(usegmt=True), sent(served, head).headers["date"], formatdate(usegmt=True)
        first, date, last = map(parsedate_to_datetime, (before, given, after))
        assert first - timedelta(seconds=2) <= date <= last
        assert given.endswith(" GMT")


@pytest.mark.parametrize("path", [RUN, "/__mock__/docs", "/__mock__/openapi/nextstep.yaml"])
def test_a_client_may_close_its_side_after_it_has_asked(served: Worlds, path: str) -> None:
    """Requests before a half-close are answered completely."""
    asked = f"GET {path} HTTP/1.1\r\n{KEYED}\r\n" * 3
    assert [answer.status for answer in exchanged(served, asked, half_close=True)] == [200, 200, 200]


def test_an_answer_leaves_before_a_half_closed_connection_is_closed(served: Worlds) -> None:
    """A response is written before a half-closed connection is closed."""
    wire = Wire()

    def ask_and_end(protocol: Protocol) -> None:
        protocol.data_received(f"{GET}\r\n".encode())
        if not protocol.eof_received():
            wire.close()  # as an event loop does

    spoken(App(served), ask_and_end, wire=wire)
    assert [answer.status for answer in answers(b"".join(wire.written))] == [200]


def test_a_half_closed_client_that_does_not_read_is_answered_later(served: Worlds) -> None:
    """A half-closed client that reads late gets its responses before the connection is closed."""
    wire = Wire()
    stays: list[bool] = []
    turns = (Protocol.pause_writing, f"{GET}\r\n", lambda protocol: stays.append(protocol.eof_received()))
    spoken(App(served), *turns, Protocol.resume_writing, wire=wire)
    assert stays == [True]
    assert [answer.status for answer in answers(b"".join(wire.written))] == [200]
    assert wire.closed


def whole_page(served: Worlds) -> bytes:
    """The document of NextStep as it is served at this address: as long as the file, and one line more."""
    page = sent(served, f"GET /__mock__/openapi/nextstep.yaml HTTP/1.1\r\n{CLOSE}").body
    assert len(page) > len(data.path("openapi/nextstep.yaml").read_bytes())
    return page


@pytest.mark.parametrize("range", ["bytes=0-9", "bytes=9-0", "bytes=zz", "lines=1-2", "bytes=999999999-"])
def test_a_range_of_a_page_is_the_whole_page(served: Worlds, range: str) -> None:
    """`Range` is ignored, valid or not (RFC 9110, 14.2)."""
    answer = sent(served, f"GET /__mock__/openapi/nextstep.yaml HTTP/1.1\r\nrange: {range}\r\n{CLOSE}")
    assert answer.status == 200
    assert answer.body == whole_page(served)


def test_refusals_wait_for_their_turn(served: Worlds) -> None:
    """A refusal waits behind earlier responses."""
    wire = Wire()
    early = f"POST /nope HTTP/1.1\r\n{KEYED}content-length: 99999\r\n\r\n"
    asks = f"{POST}{KEYED}content-length: 21\r\nexpect: 100-continue\r\n\r\n{START}"
    spoken(App(served), Protocol.pause_writing, GET + "\r\n" + asks + early, Protocol.resume_writing, wire=wire)
    statuses = [answer.status for answer in answers(b"".join(wire.written))]
    assert statuses == [200, 100, 201, 404]
    assert wire.ended


def test_a_client_that_reads_little_gets_its_answers_one_by_one(served: Worlds) -> None:
    """Waiting responses are written until the client stops reading again."""

    class Narrow(Wire):
        protocol: Protocol

        def write(self, data: Any) -> None:
            super().write(data)
            self.protocol.pause_writing()

    wire = Narrow()

    def begin(protocol: Protocol) -> None:
        wire.protocol = protocol

    ask = f"GET /__mock__/docs HTTP/1.1\r\n{HOST}\r\n"
    spoken(App(served), begin, ask * 400, *[Protocol.resume_writing] * 20, wire=wire)
    counts = [data.count(b"HTTP/1.1 200 OK") for data in wire.written]
    assert sum(counts) == 400
    assert max(counts) < 64
    assert wire.reading


def test_a_failure_while_reading_is_a_500(served: Worlds, capsys: pytest.CaptureFixture[str]) -> None:
    """An internal error while parsing answers 500 and is logged."""
    app = App(served)
    del app.edge.body_bound

    wire = spoken(app, f"{POST}{KEYED}content-length: 99999\r\n\r\n")
    assert [answer.status for answer in answers(b"".join(wire.written))] == [500]
    assert "AttributeError" in capsys.readouterr().err
