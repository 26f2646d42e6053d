"""How a check of a server in real time loses none: waits, repetitions, acknowledgements."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_kit_elsewhere import KEY, target, told

from bugs import NoWait, OnlyTheLastInOrder
from elsewhere import Elsewhere
from raw_server import answered, wired
from understudy.engine.exchange import Request
from understudy_checks import check, plan
from understudy_checks.client import Skipped
from understudy_checks.defects import defects
from understudy_checks.nextstep import driver
from understudy_checks.rules import check_of, rule
from understudy_checks.target import sockets
from understudy_checks.target.mock import mock
from understudy_checks.target.settings import Settings
from understudy_checks.target.target import Target
from understudy_checks.target.transport import over_http
from understudy_checks.waits import BRIEF, Patience


def unlimited(made: type[Elsewhere] = Elsewhere) -> type[Elsewhere]:
    """A server without a limit."""
    return type("Unlimited", (made,), {"quota": 10**9})


def asked(made: type[Elsewhere], *names: str) -> check.Report:
    """The report on a server in real time, of which a key is told, for rules by their names without the API's."""
    server = target(Settings(api_keys=KEY, writes=True), made, moved=False)
    return check.check_target(server, profile="quick", only=[f"nextstep.{name}" for name in names])


def test_each_response_is_acknowledged_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a server that sends the head and the body one by one waits 40 ms between them, where there is the option."""
    options: list[Any] = []
    monkeypatch.setattr(socket.socket, "setsockopt", lambda *given: options.append(given[1:]))
    with wired(lambda _: answered(b"{}")) as wire:
        send = over_http(wire.origin)
        for quick in (7, None, 7):
            monkeypatch.setattr(sockets, "_QUICK", quick)
            assert send(Request("GET", "/")).body == b"{}"
    assert options.count((socket.IPPROTO_TCP, 7, 1)) == 2


def test_time_in_which_nothing_may_happen_has_an_end() -> None:
    """After the whole time a brief one each time, and half of it once more at most."""
    patience = Patience()
    assert [patience.spend("a", 0.4) for _ in range(4)] == pytest.approx([0.4, BRIEF, BRIEF, 0])
    assert Patience(is_cheap=True).spend("a", 5) == 5


def test_time_in_which_nothing_may_happen_is_measured() -> None:
    """Where effects come at once a second is enough; where they take long, it is many times as long."""
    patience = Patience()
    patience.came(0)
    assert [patience.spend("a", 5) for _ in range(2)] == [1, BRIEF]
    patience.came(0.2)
    assert [patience.spend("b", 5) for _ in range(2)] == [4, 0.4]
    patience.came(2)
    assert [patience.spend("c", 5) for _ in range(3)] == [5, 2.5, 0]
    patience.is_shrinking = True
    assert patience.spend("d", 5) == 4


def test_a_clock_that_is_moved_waits_the_whole_time_each_time() -> None:
    """It costs next to nothing, and a message says how long the effect did not come."""
    patience = Patience(is_cheap=True)
    patience.did_not_come("runs")
    assert patience.limit("runs", 10) == 10


@pytest.mark.beside
def test_a_check_without_examples_is_made_once() -> None:
    """In real time each check comes first with one example; only those whose examples a profile decides come again."""
    server = target(told(writes=True), moved=False)
    steps = plan.plan_steps(server, [known.id for known in server.contract.rules])
    again = [step.key for step in steps if step.repeats]
    assert len({step.key for step in steps}) + len(again) == len(steps)
    assert all(step.check.follows_profile is (step.profile == "minimal") for step in steps if not step.repeats)
    assert "nextstep.test_life_cycle.test_runs_live_as_documented" in again
    assert "nextstep.test_publishing.test_drafts_are_published" not in again


@pytest.mark.beside
def test_what_creates_most_comes_last() -> None:
    """Each object makes the lists of a shared target longer, which other checks walk through."""
    server = target(told(writes=True), moved=False)
    steps = plan.plan_steps(server, [known.id for known in server.contract.rules])
    again = [step.check.name for step in steps if step.repeats]
    reading = again.index("generic.test_pagination.test_the_page_size_may_change")
    assert reading < again.index("generic.test_pagination.test_a_walk_is_stable_while_items_are_added")


@pytest.mark.parametrize("refuses", [AssertionError("wrong"), Skipped("nothing", "events")])
def test_what_has_failed_is_not_made_again(refuses: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is what the target does not allow; a budget that was used up may do for a cheaper example."""
    calls = []

    @rule("nextstep.runs.fields")
    @given(number=st.integers())
    def fails(target: Target, number: int) -> None:
        calls.append(number)
        raise refuses

    made = check_of(fails)
    monkeypatch.setattr(plan, "checks", lambda: (made,))
    report = asked(Elsewhere, "runs.fields")
    runs = [run for run in report.runs if run.check == made.name]
    assert len(runs) == 1
    assert 0 < len(calls) < 10


def test_a_run_that_stays_active_is_told_in_a_sentence() -> None:
    """In which order its tasks were completed, and how long it was waited for; the longest wait is shown."""
    report = asked(unlimited(OnlyTheLastInOrder), "completion.last-task")
    (defect,) = defects(report)
    assert defect.failure.seen.endswith("; 10 s later the run still says active")
    assert defect.failure.seen.startswith("all ")
    assert " tasks are completed, in the order " in defect.failure.seen
    assert any(line == "sleep 10" for line in defect.failure.curl)


@pytest.mark.parametrize(
    ("names", "steps", "text"),
    [
        ("abc", [(2, True), (0, True), (1, True)], "all 3 tasks are completed, in the order 3, 1, 2"),
        ("abc", [(0, True), (1, True), (2, True)], "all 3 tasks are completed, in the order 1 to 3"),
        ("abcd", [(3, True), (2, True), (1, True), (0, True)], "all 4 tasks are completed, in the order 4 to 1"),
        ("abc", [(0, True), (0, False), (2, True), (1, True), (0, True)], "3 tasks are completed, in the order 3 to 1"),
        ("abc", [(0, True), (1, True), (0, True), (2, True)], "all 3 tasks are completed, in the order 2, 1, 3"),
        ("abc", [(0, True), (1, True), (1, False)], "all tasks are completed or skipped"),
        ("a", [(0, True)], "the only task is completed"),
    ],
)
def test_the_order_of_completion_is_told(names: str, steps: list[tuple[int, bool]], text: str) -> None:
    """Of a task that was completed again its latest completion counts; what else was sent does not."""
    with mock("nextstep").open() as client:
        id = driver.redesign_template(client, [{"title": name} for name in names])
        tasks = driver.run_tasks(client, driver.start_run(client, id)["id"])
        driver.request_update(client, tasks[0], completed="no boolean")
        driver.update_task(client, tasks[0], assignee=client.members[0].user_id)
        for place, completed in steps:
            driver.update_task(client, tasks[place], completed=completed)
        assert driver.completed_tasks(client, tasks[0]["instance_id"]).endswith(text)


@pytest.mark.beside
def test_a_refusal_for_the_rate_is_shown_from_a_fresh_start() -> None:
    """Clients before have used up what a server that was just started has whole: the script uses it up first."""
    report = asked(NoWait, "runs.*")
    assert report.count("failed") == 0
    whole = asked(NoWait, "runs.*", "rate-limit.*")
    (defect,) = defects(whole)
    assert defect.rules[0].id == "nextstep.rate-limit.retry-after"
    assert any("-le 100 ]" in line for line in defect.failure.curl)
