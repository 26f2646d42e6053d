"""The kit on a server that is none of ours: no false alarm where it is right, and each thing noticed that is wrong."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import find, settings
from hypothesis.errors import NoSuchExample

from bugs import SINGLE
from elsewhere import MINUTE, PREFIX, TELL, Clock, Elsewhere, Refused, serving
from understudy.engine.exchange import Request, Response
from understudy_checks import check
from understudy_checks.budget import Budget
from understudy_checks.check import Report
from understudy_checks.discovery import FoundArguments
from understudy_checks.generic.test_validation_errors import NAMES
from understudy_checks.pagination import assert_unchanged, may_exist, unknown_ids
from understudy_checks.rules import attempt, checks
from understudy_checks.target import connect, installed
from understudy_checks.target.server import Server
from understudy_checks.target.settings import Settings
from understudy_checks.target.transport import Transport

KEY = TELL["api_keys"][:1]
EVENTS = {
    "nextstep.authentication.revocation-is-immediate",
    "nextstep.publishing.edits-reach-new-runs",
    "nextstep.creation.snapshot",
    "nextstep.completion.skipped-counts",
    "nextstep.completion.essential-cannot-be-skipped",
    "nextstep.completion.skipped-is-shown",
}
"""What people do in the vendor's own app, which no target file can tell."""


def told(**more: Any) -> Settings:
    """All that a target file can tell of the server."""
    return Settings().merged({**TELL, **more}, {}, source="elsewhere")


def transport(server: Elsewhere) -> Transport:
    """Requests to the server without a connection."""

    def send(request: Request) -> Response:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers}
        status, given, body = server.answer(request.method, request.path, request.query, headers, request.body)
        encoded = tuple((name.lower().encode(), value.encode()) for name, value in given.items())
        return Response(status, encoded, body)

    return send


def target(settings: Settings, make: type[Elsewhere] = Elsewhere, *, moved: bool = True) -> Server:
    """A server of its own for one test, as the kit sees it; waiting for it moves its clock, so nothing really waits."""
    clock = Clock()
    budget = Budget(max_wait=10**9, sleep=clock.advance)
    known = installed.document("nextstep")
    moving = clock.advance if moved else None
    return Server(known, transport(make(clock)), PREFIX, settings, name="elsewhere", budget=budget, clock=moving)


def failed(report: Report) -> list[tuple[str, str, str]]:
    """The checks that failed, and what they saw."""
    return [(run.check, run.subject, run.failure.seen) for run in report.runs if run.failure is not None]


def unchecked(report: Report) -> set[str]:
    """The rules that were not checked."""
    return {checked.rule.id for checked in report.rules if checked.outcome == "not_checked"}


def areas() -> list[Any]:
    """The areas of NextStep's rules as parameters; only the rate limit covers what other tests do not."""
    names = sorted({rule.id.split(".")[1] for rule in installed.document("nextstep").rules})
    return [pytest.param(name, marks=() if name == "rate-limit" else pytest.mark.beside) for name in names]


@pytest.mark.parametrize("area", areas())
def test_a_server_of_which_everything_is_told_passes(area: str) -> None:
    """Every rule is checked but those about what happens in the vendor's app, and none fails."""
    report = check.check_target(target(told(writes=True)), profile="gate", only=[f"nextstep.{area}.*"])
    assert failed(report) == []
    assert unchecked(report) == {id for id in EVENTS if id.split(".")[1] == area}


@pytest.mark.deep
def test_a_server_of_which_a_key_is_told_passes() -> None:
    """With one key and no clock the rules about other keys, people and the limit are not checked, and none fails."""
    report = check.check_target(target(Settings(api_keys=KEY, writes=True), moved=False), profile="minimal")
    assert failed(report) == []
    areas = Counter(id.split(".")[1] for id in unchecked(report) - EVENTS)
    assert areas == {"authentication": 6, "rate-limit": 6, "creation": 2, "updates": 3}


def test_a_server_that_may_be_read_passes() -> None:
    """Where nothing may be written, nothing is, and what lists and objects show is checked all the same."""
    server = target(Settings(api_keys=KEY, writes=False), moved=False)
    report = check.check_target(server, profile="gate")
    assert failed(report) == []
    assert {server.contract.operations[operation].method for operation, _ in server.budget.calls} == {"GET"}
    areas = Counter(checked.rule.id.split(".")[1] for checked in report.rules if checked.outcome == "passed")
    assert areas == {
        "authentication": 3,
        "envelope": 6,
        "pagination": 8,
        "templates": 5,
        "runs": 7,
        "tasks": 4,
    }


def test_a_life_cycle_spends_no_real_time() -> None:
    """Where the clock cannot be moved, its random steps do not wait; the runs' completion is polled for."""
    unlimited = type("Unlimited", (Elsewhere,), {"quota": 10**9})
    server = target(told(writes=True), unlimited, moved=False)
    lives = next(known for known in checks() if known.name == "nextstep.test_life_cycle.test_runs_live_as_documented")
    outcome = attempt(lives, server, {}, profile="quick")
    assert outcome.result == "passed", outcome.error
    assert 0 < server.budget.waited < 5


@pytest.fixture(scope="module")
def served() -> Iterator[str]:
    """The server on a port, with the clock that `elsewhere.advance` moves and that goes on by itself."""
    with serving(Elsewhere()) as url:
        yield url


@pytest.mark.beside
@pytest.mark.parametrize("pattern", ["*.envelope.list", "*.rate-limit.retry-after", "*.completion.filters-follow"])
def test_it_passes_over_http(served: str, pattern: str) -> None:
    """By URL, with a clock that the kit imports, the same rules hold."""
    server = connect.url("nextstep", served, told(advance="elsewhere:advance"))
    report = check.check_target(server, profile="minimal", only=[pattern])
    assert failed(report) == []
    assert unchecked(report) == set()


def test_what_others_add_meanwhile_is_no_effect() -> None:
    """On a server that others use too, a list may grow by what a refused call would not have added, an object not."""
    with target(told(writes=True)).open() as client:
        create = client.contract.operations["createProcessRun"]
        own, other = (FoundArguments({}, {"template_id": id}) for id in ("39", "48"))
        with assert_unchanged(client, create, own):
            client.call(create, json=other.body)
        with (
            pytest.raises(AssertionError, match="listProcessRuns shows a change"),
            assert_unchanged(client, create, own),
        ):
            client.call(create, json=own.body)
        publish, place = client.contract.operations["publishProcessTemplate"], FoundArguments({"id": "39"}, {})
        with (
            pytest.raises(AssertionError, match="getProcessTemplate shows a change"),
            assert_unchanged(client, publish, place),
        ):
            client.call(publish, {"id": "39"}, json={"published": False})


def test_members_that_nobody_documents_are_left_out() -> None:
    """A test sees of an answer what the document names; the log keeps all, and a refusal is as it came."""
    with target(told(writes=False)).open() as client:
        seen = client.call("getProcessTemplate", {"id": "39"}).json()
        raw = client.log[-1].response.json()
        assert (raw.keys(), seen.keys()) == ({"data", "meta"}, {"data"})
        assert (raw["data"]["sections"][0]["open"], "open" in seen["data"]["sections"][0]) == (True, False)
        assert (raw["data"].keys() - seen["data"].keys()) == {"owner"}
        assert client.call("getProcessTemplate", {"id": "no"}).json().keys() == {"error", "meta"}


def test_ids_that_may_be_somebody_elses_are_not_guessed() -> None:
    """What nothing has is made of a known id, unless it might be the next number."""
    assert unknown_ids(["12", "x12"], "120", "made-up") == ["12-none", "made-up"]
    assert unknown_ids(["run_12"]) == ["21_nur", "run_12-none"]
    assert unknown_ids(["1b2c"]) == ["1b2", "1b2c-none", "1b2c0", "c2b1", "x1b2c"]
    assert unknown_ids(["a"]) == ["a-none", "xa"]
    assert [may_exist(text) for text in ("7", " 7 ", "7_0", "run_7", "7a", "x")] == [True] * 4 + [False] * 2
    with pytest.raises(NoSuchExample):
        find(NAMES, lambda name: name.strip().isdecimal(), settings=settings(max_examples=1000, database=None))


class ByTheClock(Elsewhere):
    """Counts by the clock's minutes, on a clock that goes on: one may end while a hundred requests are made."""

    def serve(self, *asked: Any) -> tuple[int, Any]:
        self.clock.advance(0.07)
        return super().serve(*asked)

    def admit(self, key: str) -> None:
        answers = self.admitted.setdefault(key, deque())
        while answers and answers[0] // MINUTE < self.clock.now() // MINUTE:
            answers.popleft()
        super().admit(key)

    def too_many(self, seconds: float) -> Refused:
        return super().too_many(MINUTE - self.clock.now() % MINUTE)


@pytest.mark.beside
def test_a_limit_by_the_clock_passes() -> None:
    """Minutes that end while the kit counts its requests are no reason to fail."""
    rules = ["*.rate-limit.next-is-429", "*.rate-limit.refused-does-nothing"]
    report = check.check_target(target(told(writes=True), ByTheClock), profile="gate", only=rules)
    assert failed(report) == []
    assert unchecked(report) == set()


@pytest.mark.beside
@pytest.mark.parametrize("made", SINGLE, ids=lambda made: made.__name__)
def test_what_is_wrong_is_found(made: Any) -> None:
    """A server that is wrong in one thing fails the rule that says so."""
    report = check.check_target(target(told(writes=True), made), profile="gate", only=[f"nextstep.{made.rules[0]}"])
    assert [checked.outcome for checked in report.rules] == ["failed"], report.rules
