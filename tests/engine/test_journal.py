"""The journal: bounded, numbered, rendered for people."""

from __future__ import annotations

import asyncio
import json

import pytest

import toy
from understudy.engine.bounds import Bounds
from understudy.engine.exchange import Exchange, Request, Response
from understudy.engine.journal import LARGE, Journal, MemoryLimit, describe
from understudy.http.log import Log

BOUND, ROOM = Bounds().journal, Bounds().journal_bytes


def journal_of(**bounds: int) -> Journal:
    """A journal with these bounds, the only one of its server."""
    known = Bounds(**bounds)
    journal = Journal(known, MemoryLimit(known.all_journals_bytes, lambda: [journal]))
    return journal


def exchange(number: int, *, trace: tuple[str, ...] = (), body: bytes = b"") -> Exchange:
    """An exchange of the toy API."""
    request, answer = Request("GET", "/api/toys", "size=0", ((b"x-toy", b"\xe9"),)), Response(400, (), body)
    return Exchange(number, "w", "toy", "listToys", 0, request, answer, "validate", "validation", trace, None)


def test_the_journal_keeps_the_last_exchanges() -> None:
    """A full journal drops its oldest exchange; the numbers of the others stay valid."""
    journal = journal_of()
    for number in range(BOUND + 5):
        journal.append(exchange(number))
    assert [kept.id for kept in journal][:2] == [5, 6]
    assert journal.find(4) is None
    assert journal.find(5) == exchange(5)
    journal.clear()
    assert list(journal) == []


def test_large_exchanges_go_earlier() -> None:
    """The journal keeps the last exchanges whose bodies fit its bound of bytes."""
    journal, body = journal_of(), bytes(3 * LARGE)
    for number in range(2 * BOUND):
        journal.append(exchange(number, body=body if number % 2 else b""))
        kept = list(journal)
        assert [one.id for one in kept] == list(range(number - len(kept) + 1, number + 1))
        assert sum(len(one.response.body) for one in kept) <= ROOM
    assert ROOM // len(body) // 2 < len(kept) < BOUND
    for number in range(2 * BOUND, 3 * BOUND):
        journal.append(exchange(number))
    assert len(list(journal)) == BOUND, "the large ones are gone, and make no difference any more"
    journal.append(exchange(number + 1, body=bytes(ROOM + 1)))
    assert next(reversed(list(journal))).id == number + 1, "the last one is always there"
    journal.clear()
    journal.append(exchange(number + 2, body=body))
    assert [one.id for one in journal] == [number + 2]


def test_an_exchange_is_told_with_rules_and_assumptions() -> None:
    """A rendered exchange names each rule and assumption once, with basis and text; headers are text."""
    trace = ("toy.keys.known", "toy.errors.status", "toy.keys.known")
    story = describe(exchange(1, trace=trace), toy.api().contract)
    assert story["trace"]["decided"] == [
        {"id": "toy.keys.known", "basis": "documented", "text": "A key is known", "source": "Keys"},
        {
            "id": "toy.errors.status", "basis": "assumed", "text": "No page says it", "source": "Errors", "value": 400,
            "alternatives": [422],
        },
    ]  # fmt: skip
    assert story["trace"]["steps"] == ["route", "fault", "authenticate", "admit", "validate"]
    assert story["request"]["headers"] == [["x-toy", "é"]]


def test_without_a_document_ids_are_all_there_is() -> None:
    """An exchange of an API that is not served is rendered with ids alone."""
    assert describe(exchange(1, trace=("toy.x",)), None)["trace"]["decided"] == [
        {"id": "toy.x", "basis": "", "text": "", "source": ""}
    ]


@pytest.mark.parametrize(
    ("format", "line"),
    [
        ("text", "00:00:00.000 400 GET /api/toys?size=0 [validation] #w.1"),
        ("json", {"id": 1, "world": "w", "status": 400, "reason": "validation", "at": "1970-01-01T00:00:00.000Z"}),
    ],
)
def test_the_log_writes_many_lines_at_once(format: str, line: object) -> None:
    """The log writes lines in batches, one line for each exchange."""
    written: list[str] = []

    async def note() -> None:
        log = Log(format, written.append)
        log(exchange(1))
        log(exchange(2))
        assert written == [], "the answer does not wait for the log"
        log.flush()
        log(exchange(3))
        log.flush()

    asyncio.run(note())
    assert [chunk.count("\n") for chunk in written] == [2, 1]
    first = written[0].splitlines()[0]
    if isinstance(line, dict):
        assert line.items() <= json.loads(first).items()
    else:
        assert first == line
