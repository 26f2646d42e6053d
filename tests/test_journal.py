"""The journal: bounded, numbered, told to people."""

from __future__ import annotations

import asyncio
import json

import pytest
import toy

from mock_server.exchange import Exchange, Request, Response
from mock_server.journal import BOUND, Journal, told
from mock_server.log import Log


def exchange(number: int, *, decided: tuple[str, ...] = ()) -> Exchange:
    """An exchange of the toy API."""
    request = Request("GET", "/api/toys", "size=0", ((b"x-toy", b"\xe9"),))
    return Exchange(number, "w", "toy", "listToys", 0, request, Response(400), "validate", "validation", decided, None)


def test_the_journal_keeps_the_last_exchanges() -> None:
    """The oldest goes when there are too many; a number is found while it is there."""
    journal = Journal()
    for number in range(BOUND + 5):
        journal.keep(exchange(number))
    assert [kept.id for kept in journal][:2] == [5, 6]
    assert journal.find(4) is None
    assert journal.find(5) == exchange(5)
    journal.clear()
    assert list(journal) == []


def test_an_exchange_is_told_with_rules_and_assumptions() -> None:
    """Each that decided is named once, with its basis and text; headers are text."""
    decided = ("toy.keys.known", "toy.errors.status", "toy.keys.known")
    story = told(exchange(1, decided=decided), toy.api().contract)
    assert story["trace"]["decided"] == [
        {"id": "toy.keys.known", "basis": "documented", "text": "A key is known"},
        {"id": "toy.errors.status", "basis": "assumed", "text": "No page says it"},
    ]
    assert story["trace"]["steps"] == ["route", "fault", "authenticate", "admit", "validate"]
    assert story["request"]["headers"] == [["x-toy", "é"]]


def test_without_a_document_ids_are_all_there_is() -> None:
    """An exchange of an API that is not served here is told without texts."""
    assert told(exchange(1, decided=("toy.x",)), None)["trace"]["decided"] == [{"id": "toy.x", "basis": "", "text": ""}]


@pytest.mark.parametrize(
    ("format", "line"),
    [
        ("text", "00:00:00.000 400 GET /api/toys?size=0 [validation]"),
        ("json", {"id": 1, "world": "w", "status": 400, "reason": "validation", "at": "1970-01-01T00:00:00.000Z"}),
    ],
)
def test_the_log_writes_many_lines_at_once(format: str, line: object) -> None:
    """Lines are written together a little later, or when asked; each is one exchange."""
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
