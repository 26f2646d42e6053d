"""The marks of an exchange, and runs of checks on the unchanged mock that are traced once for all uses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from understudy.engine.exchange import Exchange
from understudy_checks import mutation
from understudy_checks.client import Client
from understudy_checks.mutation import TracedRun, traced_runs
from understudy_checks.mutation.marks import Mark, marks_of
from understudy_checks.rules import check_of, rule
from understudy_checks.target.mock import mock

FORM = b'--b\r\ncontent-disposition: form-data; name="content"; filename="a.txt"\r\n\r\ntext\r\n--b--\r\n'


@pytest.fixture
def exchanges() -> list[Exchange]:
    """What the mock did."""
    return []


@pytest.fixture
def client(exchanges: list[Exchange]) -> Iterator[Client]:
    """A client of NextStep."""
    with mock("nextstep", watch=exchanges.append).open() as client:
        yield client


def marks(client: Client, exchanges: list[Exchange], *request: str, **given: Any) -> set[Mark]:
    """The marks of one request's exchange."""
    client.send(*request, **given)
    return set(marks_of(exchanges[-1]))


def test_a_read_shows_its_query_and_its_members(client: Client, exchanges: list[Exchange]) -> None:
    """A parameter counts also without a value; members count at any depth."""
    found = marks(client, exchanges, "GET", "/process-runs", query="limit=2&other=")
    queries = {("query", "listProcessRuns", "limit"), ("query", "listProcessRuns", "other")}
    assert found >= {("any",), ("call", "listProcessRuns"), *queries}
    assert ("answer", "listProcessRuns", "template_id") in found
    assert {mark[0] for mark in found} == {"any", "call", "query", "answer"}


def test_a_refusal_shows_its_reason_and_no_answer(client: Client, exchanges: list[Exchange]) -> None:
    """What no operation takes has the marks of its error alone."""
    found = marks(client, exchanges, "GET", "/nothing")
    assert found >= {("any",), ("refused", "route"), ("error", "message")}
    assert {mark[0] for mark in found} == {"any", "refused", "error"}


@pytest.mark.parametrize(
    ("body", "type", "name"),
    [(b'{"name": [{"of": 1}]}', "application/json", "of"), (FORM, "multipart/form-data; boundary=b", "content")],
)
def test_a_write_shows_what_it_sends(
    client: Client, exchanges: list[Exchange], body: bytes, type: str, name: str
) -> None:
    """Members of JSON at any depth, and the parts of a form."""
    found = marks(client, exchanges, "POST", "/process-runs", body=body, headers={"content-type": type})
    assert ("body", "createProcessRun", name) in found


def test_a_run_is_traced_once_for_mutants_and_alternatives(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which assumptions the mock read, the marks and the number of exchanges come from the same run."""
    ran: list[int] = []

    @rule("nextstep.pagination.default-limit")
    def reads(target: Any) -> None:
        """Read the runs twice, one of them out of range."""
        ran.append(1)
        with target.open() as client:
            client.send("GET", "/process-runs", query={"limit": 0})
            client.send("GET", "/process-runs")

    monkeypatch.setattr(mutation, "checks", lambda: (check_of(reads),))
    traced_runs.cache_clear()
    (traced,), again = traced_runs("nextstep"), traced_runs("nextstep")
    nothing = traced_runs("nextstep", exploratory=True)
    traced_runs.cache_clear()
    assert again == (traced,)
    assert (nothing, ran, traced.check, traced.exchanges) == ((), [1], check_of(reads), 2)
    assert "nextstep.pagination.limit-out-of-range" in traced.read
    assert traced.marks >= {("query", "listProcessRuns", "limit"), ("answer", "listProcessRuns", "template_id")}
    assert isinstance(traced, TracedRun)
