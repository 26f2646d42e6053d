"""A thousand answers that no server should give: none of them is more than a line of a report."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO
from itertools import cycle, islice, product
from typing import Any

import pytest
from msgspec.structs import replace
from rich.console import Console

from raw_server import CUT, wired
from understudy.engine.exchange import Request, Response
from understudy.engine.worlds import Worlds
from understudy.http.app import App
from understudy_checks import check
from understudy_checks.budget import Budget
from understudy_checks.check import Report
from understudy_checks.report import html_page, json_report, junit_xml, terminal
from understudy_checks.target import installed
from understudy_checks.target.server import Server
from understudy_checks.target.settings import Settings, settings_of_entry
from understudy_checks.target.transport import NoAnswer, Transport, in_process, over_http

pytestmark = pytest.mark.beside

STATUSES = (
    "200 OK",
    "201 ",
    "204 No Content",
    "206 Partial Content",
    "299 \xff",
    "304 Not Modified",
    "301 Moved Permanently",
    "404 Not Found",
    "422",
    "429 Too Many Requests",
    "500 Oh",
    "103 Early Hints",
    "101 Switching Protocols",
    "999 Beyond",
    "99 Below",
    "two hundred",
)
HEADERS = (
    ("Content-Type: application/json",),
    ("Content-Type: APPLICATION/json ; Charset=UTF-8  ", "Set-Cookie: =;;;", "Set-Cookie: a=b"),
    ("Content-Type: text/html", "Content-Type: application/json"),
    ("Content-Type: application/json", "Content-Encoding: gzip"),
    ("Content-Type: application/json", "Content-Encoding: br, deflate"),
    ("Content-Type: application/json", "Content-Encoding: zstd"),
    ("Content-Type: application/json", "Transfer-Encoding: chunked"),
    ("Content-Type: application/json", "Location: http://[", "Retry-After: -1"),
    ("Content-Type:", "Retry-After: Tue, 31 Feb 2033 99:99:99 GMT"),
    ("no colon at all",),
    ("Content-Type: application/json", *(f"X-{number}: {number}" for number in range(200))),
    ("X-Long: " + "x" * 70_000,),
    ("X-Odd: \xff\xfe\x00\x07",),
    (),
)
ITEM = b'{"id":{"id":[]},"data":7,"status":null,"tasks":"none","created_at":-1}'
BODIES = (
    b"{}",
    b"",
    b"[]",
    b"null",
    b"0",
    b'"data"',
    b"NaN",
    b"1e999",
    b"-" + b"9" * 400,
    b'{"data":',
    b"\xff\xfe\x00 binary \x80",
    b'{"data":"\\ud800","pagination":7}',
    b"[" * 100_000,
    b'{"data":' * 400 + b"1" + b"}" * 400,
    b'{"data":[' + ITEM + b'],"pagination":{"next_cursor":[],"has_more":"yes"}}',
    b'{"data":[1,null,[],{}],"pagination":{"next_cursor":"again","has_more":true}}',
    b'{"data":[],"pagination":{"next_cursor":"\\u0000\\r\\n","has_more":true}}',
    b'{"data":' + ITEM + b"}",
    b'{"error":{"message":[],"code":7}}',
    b'{"data":"' + b"x" * 200_000 + b'"}',
)
LENGTHS = (0, 7, -1, "many")
RULES = ("nextstep.runs.unknown-run", "nextstep.pagination.default-limit", "nextstep.creation.created")


def odd() -> list[bytes]:
    """A thousand answers, each unlike the others, as bytes: every part of one beside every part of another kind."""
    everything = list(product(range(len(BODIES)), range(len(HEADERS)), range(len(STATUSES)), range(len(LENGTHS))))
    step = len(everything) // 1000
    return [_bytes(*parts) for parts in islice(everything, 0, 1000 * step, step)]


def _bytes(body: int, headers: int, status: int, length: int) -> bytes:
    # the numbers of the last two follow one another so slowly that each is paired with all: hence the sums
    wrong = LENGTHS[(length + body + headers) % len(LENGTHS)]
    size = len(BODIES[body]) + wrong if isinstance(wrong, int) else wrong
    lines = (f"HTTP/1.1 {STATUSES[(status + body) % len(STATUSES)]}", *HEADERS[headers], f"Content-Length: {size}")
    return "\r\n".join((*lines, "", "")).encode("latin-1") + BODIES[body] + CUT


def arrived() -> list[Response | NoAnswer]:
    """What the kit makes of each of them, over a connection."""
    found: list[Response | NoAnswer] = []
    answers = odd()
    with wired(lambda request: answers[len(found)]) as wire:
        send = over_http(wire.origin)
        for _ in answers:
            try:
                found.append(send(Request("POST", "/", "", (), b"{}")))
            except NoAnswer as error:
                found.append(error)
    return found


@pytest.fixture(scope="module")
def answers() -> list[Response | NoAnswer]:
    """What the kit makes of each of them, over a connection."""
    return arrived()


def test_there_are_a_thousand(answers: list[Any]) -> None:
    """They are all different, and some arrive whole, some do not."""
    assert len(set(odd())) == 1000
    whole = sum(isinstance(answer, Response) for answer in answers)
    assert 200 < whole < 800


def test_what_does_not_arrive_says_why_in_one_line(answers: list[Any]) -> None:
    """No reason is empty or a page long."""
    reasons = {str(answer) for answer in answers if isinstance(answer, NoAnswer)}
    assert all(reason and "\n" not in reason and len(reason) < 300 for reason in reasons)


@pytest.mark.parametrize("step", [7, pytest.param(1, marks=pytest.mark.deep)])
def test_each_gives_a_report(answers: list[Any], step: int) -> None:
    """A server that answers everything like this is told about in every form, and nothing of it is taken for right."""
    for answer in answers[::step]:
        found = report(lambda _, answer=answer: given(answer), Settings(api_keys=("key",)), "nextstep", only=RULES)
        assert found.count("passed") == 0 or found.count("failed") > 0, answer


@pytest.mark.parametrize("api", ["nextstep", "kognitos", pytest.param("tallyfy", marks=pytest.mark.deep)])
def test_odd_answers_between_right_ones_give_a_report(answers: list[Any], api: str, monkeypatch: Any) -> None:
    """Whatever a check knows by then, an odd answer is no more than its failure, or why it was not checked."""
    monkeypatch.setattr(check, "MAX_SILENT_CHECKS", 10**9)
    worlds = Worlds([installed.declared(api)], seeds=installed.seeds(), limits={api: 10**9})
    ours, turn, odd_ones = in_process(App(worlds)), cycle((False, False, True, False)), cycle(answers)

    def send(request: Request) -> Response:
        return given(next(odd_ones)) if next(turn) else ours(request)

    found = report(send, settings_of_entry(worlds.access_info(worlds.default, api)), api, only=())
    assert found.ended is None
    assert (found.count("passed") > 0, found.count("failed") > 0, found.count("not_checked") > 0) == (True, True, True)


def given(answer: Response | NoAnswer) -> Response:
    """An answer again, or the error that came in place of one."""
    if isinstance(answer, NoAnswer):
        raise answer
    return answer


def report(send: Transport, told: Settings, api: str, *, only: Sequence[str]) -> Report:
    """What is said of a server behind this transport, in every form."""
    known, moved = installed.document(api), replace(told, writes=True)
    budget = Budget(max_wait=10**9, sleep=lambda _: None)
    target = Server(known, send, known.prefixes[0], moved, name="odd", budget=budget, clock=lambda _: None)
    found = check.check_target(target, profile="minimal", only=only)
    for form in (json_report.text, junit_xml.junit, html_page.html):
        assert form(found)
    terminal.table(found, Console(file=StringIO()))
    return found
