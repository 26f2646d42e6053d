"""The kit on a server that is none of ours: no false alarm where it is right, and each thing noticed that is wrong."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from elsewhere import MINUTE, PREFIX, QUOTA, TELL, Clock, Elsewhere, Refused, serving, without, wrong
from understudy.engine.exchange import Request, Response
from understudy_checks import check
from understudy_checks.budget import Budget
from understudy_checks.check import Report
from understudy_checks.discovery import FoundArguments
from understudy_checks.pagination import assert_unchanged, unknown_ids
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


@pytest.mark.parametrize("area", sorted({rule.id.split(".")[1] for rule in installed.document("nextstep").rules}))
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


@pytest.fixture(scope="module")
def served() -> Iterator[str]:
    """The server on a port, with the clock that `elsewhere.advance` moves and that goes on by itself."""
    with serving(Elsewhere()) as url:
        yield url


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


def test_a_limit_by_the_clock_passes() -> None:
    """Minutes that end while the kit counts its requests are no reason to fail."""
    rules = ["*.rate-limit.next-is-429", "*.rate-limit.refused-does-nothing"]
    report = check.check_target(target(told(writes=True), ByTheClock), profile="gate", only=rules)
    assert failed(report) == []
    assert unchecked(report) == set()


# Each of these is wrong in one thing that real servers get wrong.


class LimitPerTeam(Elsewhere):
    rule = "nextstep.rate-limit.per-key"

    def pot(self, key: str) -> str:
        return "everybody"


class OneTooMany(Elsewhere):
    rule = "nextstep.rate-limit.next-is-429"
    quota = QUOTA + 1


class OneTooFew(Elsewhere):
    rule = "nextstep.rate-limit.hundred-requests"
    quota = QUOTA - 1


class WaitInMilliseconds(Elsewhere):
    rule = "nextstep.rate-limit.retry-after"

    def too_many(self, seconds: float) -> Refused:
        return super().too_many(seconds * 1000)


class WaitAsDate(Elsewhere):
    rule = "nextstep.rate-limit.retry-after"

    def too_many(self, seconds: float) -> Refused:
        return Refused(429, "rate_limited", "Easy!", RETRY_AFTER="Tue, 17 May 2033 11:43:07 GMT")


class WaitTooShort(Elsewhere):
    rule = "nextstep.rate-limit.admitted-after-the-wait"

    def too_many(self, seconds: float) -> Refused:
        return super().too_many(seconds / 2)


class DoneAllTheSame(Elsewhere):
    rule = "nextstep.rate-limit.refused-does-nothing"

    def serve(self, method: str, path: str, query: str, headers: Any, body: bytes) -> Any:
        try:
            return super().serve(method, path, query, headers, body)
        except Refused as no:
            if no.status == 429 and method != "GET":
                handler, ids = self.route(method, path)
                with suppress(Refused):
                    self.do(handler, "garden", ids, {}, body)
            raise


class MoreAtTheEnd(Elsewhere):
    rule = "nextstep.pagination.has-more-is-exact"

    def goes_on(self, rows: list[Any], size: int) -> bool:
        return len(rows) >= size


class LastItemAgain(Elsewhere):
    rule = "nextstep.pagination.cursor-continues"

    def is_behind(self, mark: int, since: int | None) -> bool:
        return since is None or mark >= since


class FilterOnTheFirstPage(Elsewhere):
    rule = "nextstep.pagination.filters-are-kept"

    def passes(self, row: Any, query: Any) -> bool:
        return "cursor" in query or super().passes(row, query)


class PagesOfFifty(Elsewhere):
    rule = "nextstep.pagination.limit-sets-the-page-size"

    def page(self, kind: str, query: Any, *rest: Any) -> Any:
        limit = min(int(query.get("limit", 20)), 50) if query.get("limit", "20").isdecimal() else 20
        return super().page(kind, {**query, "limit": str(limit)}, *rest)


class StaleLists(Elsewhere):
    rule = "nextstep.completion.filters-follow"

    def passes(self, row: Any, query: Any) -> bool:
        late = row["ended"] is not None and self.clock.now() < row["ended"] + 5
        return super().passes({**row, "ended": None} if late else row, query)


class OthersTasks(Elsewhere):
    rule = "nextstep.authentication.foreign-objects-stay-unchanged"

    def patch_task(self, team: str, body: Any, run: str, id: str) -> Any:
        return super().patch_task(self.runs[run]["team"] if run in self.runs else team, body, run, id)


class OthersTemplates(Elsewhere):
    rule = "nextstep.authentication.foreign-objects-stay-hidden"

    def list_steps(self, team: str, query: Any, id: str) -> Any:
        return super().list_steps(self.templates.get(id, {}).get("team", team), query, id)


class OtherWords(Elsewhere):
    rule = "nextstep.authentication.revoked-key"

    def unknown(self, message: str) -> Refused:
        return Refused(401, "unauthorized", "Unauthorized")


class BadInsteadOfUnknown(Elsewhere):
    rule = "nextstep.templates.unknown-template"

    def template(self, team: str, id: str) -> Any:
        if id not in self.templates:
            raise wrong("There is no such template", 400)
        return super().template(team, id)


class CompletionByCount(Elsewhere):
    rule = "nextstep.completion.open-task-keeps-active"

    def mark(self, task: Any, body: Any) -> None:
        super().mark(task, body)
        task["run"]["count"] = task["run"].get("count", 0) + body["completed"]

    def is_over(self, run: Any) -> bool:
        return run.get("count", 0) >= len(run["tasks"]) or super().is_over(run)


class RunsOfOneStayActive(Elsewhere):
    rule = "nextstep.completion.last-task"

    def close(self, run: Any, now: float) -> None:
        if len(run["tasks"]) != 1:
            super().close(run, now)


class NoCompletionTime(Elsewhere):
    rule = "nextstep.runs.completed-at"

    def get_run(self, team: str, id: str) -> Any:
        found = super().get_run(team, id)
        return {"data": {**found["data"], "completed_at": None}}


class LockedLate(Elsewhere):
    rule = "nextstep.completion.locked"

    def patch_task(self, team: str, body: Any, run: str, id: str) -> Any:
        task = self.task(team, run, id)
        if self.values(task, body.get("custom_elements", [])):
            self.change(team, task, without(body, ["completed", "assignee"]))
        return super().patch_task(team, body, run, id)


class KeptThoughRefused(Elsewhere):
    rule = "nextstep.updates.refused-value-is-not-kept"

    def check(self, team: str, task: Any, body: Any) -> None:
        for item in body.get("custom_elements", []):
            for field in task["fields"]:
                if isinstance(item, dict) and field["id"] == item.get("id") and field["type"] != "text":
                    field["value"] = item.get("value")
        super().check(team, task, body)


class ZeroIsNothing(Elsewhere):
    rule = "nextstep.elements.number"

    def values(self, task: Any, items: Any) -> Any:
        return {id: value or "" for id, value in super().values(task, items).items()}


class FalseIsNothing(ZeroIsNothing):
    rule = "nextstep.elements.checkbox"


class SharedFields(Elsewhere):
    rule = "nextstep.creation.prefill"

    def copied(self, run: Any, step: Any) -> Any:
        return {**super().copied(run, step), "fields": step["fields"]}


class SharedTasks(Elsewhere):
    rule = "nextstep.tasks.unique-to-the-run"

    def copied(self, run: Any, step: Any) -> Any:
        return {**super().copied(run, step), "id": step["id"]}


class StillSomebodys(Elsewhere):
    rule = "nextstep.updates.uncomplete"

    def mark(self, task: Any, body: Any) -> None:
        task["by"] = body.get("actor_email", "api")
        task["ended"] = self.clock.now() if body["completed"] else None


class DueInUtc(Elsewhere):
    rule = "nextstep.creation.due-date"

    def made(self, template: Any, body: Any) -> Any:
        due = body.get("due_date")
        return super().made(template, {**body, "due_date": due and due[:19] + "Z"})


class NoAlias(Elsewhere):
    rule = "nextstep.creation.title-alias"

    def made(self, template: Any, body: Any) -> Any:
        return super().made(template, without(body, ["title"]))


class DraftsRun(Elsewhere):
    rule = "nextstep.creation.published-only"

    def startable(self, team: str, body: Any) -> Any:
        return self.template(team, body["template_id"])


class PositionsFromOne(Elsewhere):
    rule = "nextstep.tasks.by-position"

    def list_tasks(self, team: str, query: Any, id: str) -> Any:
        page = super().list_tasks(team, query, id)
        return {**page, "data": [{**task, "order": task["order"] + 1} for task in page["data"]]}


WRONG = [
    made
    for made in globals().values()
    if isinstance(made, type) and issubclass(made, Elsewhere) and hasattr(made, "rule")
]


@pytest.mark.parametrize("made", WRONG, ids=lambda made: made.__name__)
def test_what_is_wrong_is_found(made: Any) -> None:
    """A server that is wrong in one thing fails the rule that says so."""
    report = check.check_target(target(told(writes=True), made), profile="gate", only=[made.rule])
    assert [checked.outcome for checked in report.rules] == ["failed"], report.rules
