"""A whole run on a target: outcomes, failures, budgets, and created objects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import chain, repeat
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from understudy.document.model import Rule
from understudy.engine.exchange import Request, Response
from understudy.engine.worlds import Worlds
from understudy.http.app import App
from understudy_checks import check, plan
from understudy_checks.budget import Budget, BudgetSpent
from understudy_checks.check import Report, RuleResult, Run, check_target, clean_up
from understudy_checks.client import NoResponse, Skipped
from understudy_checks.mutation import mutants
from understudy_checks.rules import attempt, check_of, rule
from understudy_checks.target import installed
from understudy_checks.target.mock import mock
from understudy_checks.target.server import Server
from understudy_checks.target.settings import Settings, settings_of_entry
from understudy_checks.target.target import Target
from understudy_checks.target.transport import in_process

KEY = "nxs_live_your_key"
PAGES = "nextstep.pagination.*"


@pytest.fixture
def elsewhere(make_worlds: Callable[..., Worlds], nextstep: Any) -> Callable[..., Server]:
    """Makes a server that is none of ours to the kit, with a budget; waits there take no time."""

    def make(settings: Settings | None = None, *, max_requests: int | None = None, api: str = "nextstep") -> Server:
        worlds = make_worlds(apis=[installed.declared(api)])
        told = settings or Settings(api_keys=(KEY,), writes=False)
        budget = Budget(max_requests, max_wait=10**9, sleep=partial(worlds.advance, worlds.default))
        known = installed.document(api)
        return Server(known, in_process(App(worlds)), known.prefixes[0], told, name="elsewhere", budget=budget)

    return make


def mutant(name: str) -> Target:
    """A mutant of NextStep as a target."""
    found = next(known for known in mutants("nextstep") if known.name == name)
    return mock(found.breaks(installed.declared("nextstep")))


def run(outcome: Any, **fields: Any) -> Run:
    """A run of a check."""
    usual: dict[str, Any] = {
        "check": "test_x.test_y",
        "subject": "",
        "rules": ("a.b.c",),
        "reason": None,
        "lacking": (),
        "failure": None,
        "examples": 1,
        "requests": 1,
        "calls": Counter({("getIt", 200): 1}),
    }
    return Run(outcome=outcome, **{**usual, **fields})


def checked(*runs: Run) -> RuleResult:
    """A rule with these runs."""
    return RuleResult("a", Rule("a.b.c", "It is so.", "Page", "documented"), runs)


def report(*rules: RuleResult) -> Report:
    """A report on these rules."""
    return Report("somewhere", ("a",), "quick", rules, (), requests=1, waited=0, seconds=0.1)


def test_a_rule_fails_when_anything_does_and_passes_when_anything_could_be_checked() -> None:
    """A rule fails with one failed run, passes with one passed run, and otherwise has each reason once."""
    failure = check.Failure("it was not", (), ())
    lacks = run("not_checked", reason="no key; no clock"), run("not_checked", reason="no clock")
    assert checked(run("passed"), run("failed", failure=failure), *lacks).outcome == "failed"
    assert checked(run("failed", failure=failure)).reason == "it was not"
    assert (checked(run("passed"), *lacks).outcome, checked(run("passed"), *lacks).reason) == ("passed", None)
    assert (checked(*lacks).outcome, checked(*lacks).reason) == ("not_checked", "no key; no clock")
    assert checked().reason == "the document has no operation that it applies to"


def test_a_report_holds_when_something_passed_and_nothing_failed() -> None:
    """Nothing checked at all is a failure; when strict, anything not checked is."""
    good, bad, open_ = checked(run("passed")), checked(run("failed")), checked(run("not_checked", reason="no key"))
    assert [report(*rules).holds() for rules in ((good,), (good, open_), (good, bad), (open_,), ())] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert [report(*rules).holds(strict=True) for rules in ((good,), (good, open_))] == [True, False]


def test_a_report_counts_each_run_once() -> None:
    """A run that checks several rules is one run."""
    both = run("passed")
    found = report(checked(both), checked(both, run("passed")))
    assert found.calls == {("getIt", 200): 2}
    assert found.count("passed") == 2


def test_the_mock_holds_what_it_promises() -> None:
    """Chosen rules pass on our mock, with their runs, requests and responses; progress is reported."""
    told: list[tuple[int, int, str]] = []
    found = check_target(
        mock("nextstep"),
        profile="gate",
        only=["nextstep.pagination.default-limit", "nextstep.runs.unknown-run"],
        progress=lambda *step: told.append(step),
    )
    assert {entry.rule.id: entry.outcome for entry in found.rules} == {
        "nextstep.pagination.default-limit": "passed",
        "nextstep.runs.unknown-run": "passed",
    }
    assert (found.target, found.apis, found.profile, found.probe_results) == (
        "mock in process",
        ("nextstep",),
        "gate",
        (),
    )
    assert found.requests == sum(entry.requests for entry in found.runs) == sum(found.calls.values())
    assert found.holds(strict=True)
    assert [step[0] for step in told] == list(range(len(told)))
    assert told[0][2] == "generic.test_pagination.test_the_default_page_is_of_the_documented_size"


@pytest.mark.beside
def test_a_failure_says_what_was_seen_and_how_to_see_it_again() -> None:
    """A failed rule has its message, the shortest example and the calls that reproduce it."""
    found = check_target(mutant("no-page-holds-more-than-50-items"), profile="quick", only=[PAGES])
    failed = {entry.rule.id: entry for entry in found.rules if entry.outcome == "failed"}
    assert "nextstep.pagination.limit-sets-the-page-size" in failed
    assert not found.holds()
    failure = next(run.failure for run in failed["nextstep.pagination.limit-sets-the-page-size"].runs if run.failure)
    assert "<= 50" in failure.seen or "limit = 99" in failure.seen  # as pytest tells it, or as we do
    assert failure.example == ("limit = 99",)
    assert any(line.endswith('"$BASE_URL/process-runs?limit=99"') for line in failure.curl)


def test_a_violation_is_told_by_name() -> None:
    """A violation names the operation, the status and the JSON pointer."""
    found = check_target(
        mutant("the-answer-to-starting-a-run-lacks-one-of-the-printed-fields"),
        profile="quick",
        only=["nextstep.creation.created"],
    )
    assert found.rules[0].reason == 'createProcessRun: 201: /data: "timezone" is missing'


def test_a_property_that_spends_its_share_passes_with_the_examples_it_had() -> None:
    """It has held for them; without one whole example it was not checked."""
    target = mock("nextstep", max_requests=100)

    @rule("nextstep.runs.fields")
    @given(number=st.integers())
    def takes_two(target: Target, number: int) -> None:
        target.budget.spend()
        target.budget.spend()

    assert check_of(takes_two) is not None
    target.budget.share(5)
    outcome = attempt(check_of(takes_two), target, {})
    assert (outcome.result, outcome.examples) == ("passed", 2)
    target.budget.share(1)
    outcome = attempt(check_of(takes_two), target, {})
    assert (outcome.result, outcome.examples) == ("not checked", 0)
    assert isinstance(outcome.error, BudgetSpent)


def test_a_failure_is_not_forgotten_when_the_share_is_spent() -> None:
    """What failed has failed, however little was left to shrink it with."""
    target = mock("nextstep", max_requests=100)

    @rule("nextstep.runs.fields")
    @given(number=st.integers(10, 10**6))
    def fails(target: Target, number: int) -> None:
        target.budget.spend()
        raise AssertionError(f"seen with {number}")

    target.budget.share(1)
    outcome = attempt(check_of(fails), target, {}, profile="quick")
    assert outcome.result == "failed"
    assert str(outcome.error) == f"seen with {outcome.example['number']}"


def test_a_failure_that_was_seen_is_kept_when_a_connection_breaks() -> None:
    """What is learned afterwards, while the example is shrunk, cannot undo it."""
    errors = chain([AssertionError("seen")], repeat(NoResponse("reset", late=False)))

    @rule("nextstep.runs.fields")
    @given(number=st.integers())
    def fails_once(target: Target, number: int) -> None:
        raise next(errors)

    outcome = attempt(check_of(fails_once), mock("nextstep"), {}, profile="quick")
    assert (outcome.result, str(outcome.error)) == ("failed", "seen")


def test_what_fails_only_once_has_failed() -> None:
    """On a server that others use, the same calls need not fail again."""

    @rule("nextstep.runs.fields")
    @given(number=st.integers())
    def fails_once(target: Target, number: int) -> None:
        if not times:
            times.append(number)
            raise AssertionError("seen once")

    times: list[int] = []
    outcome = attempt(check_of(fails_once), mock("nextstep"), {}, profile="quick")
    assert (outcome.result, str(outcome.error)) == ("failed", "seen once")


def test_a_reason_not_to_check_ends_a_property() -> None:
    """It is not a failure, and not an example."""

    @rule("nextstep.runs.fields")
    @given(number=st.integers())
    def lacks(target: Target, number: int) -> None:
        raise Skipped("nothing there")

    outcome = attempt(check_of(lacks), mock("nextstep"), {})
    assert (outcome.result, outcome.examples) == ("not checked", 0)


def test_a_budget_is_kept_and_spent_on_what_tells_most(elsewhere) -> None:
    """No request more than allowed is made, and many rules are checked with few."""
    found = check_target(elsewhere(max_requests=40), profile="quick", only=["nextstep.runs.*", "nextstep.envelope.*"])
    assert found.requests <= 40
    assert found.count("failed") == 0
    assert found.count("passed") >= 8
    reasons = {entry.reason for entry in found.rules if entry.outcome == "not_checked"}
    assert any("budget of 40 requests" in str(reason) for reason in reasons)


def test_what_tells_more_for_less_comes_first(elsewhere) -> None:
    """Steps are sorted by new rules per request; the share of each is a multiple of its cost on our mock."""
    target = elsewhere(max_requests=40)
    ids = [rule.id for rule in target.contract.rules if rule.id.startswith("nextstep.runs.")]
    steps = plan.plan_steps(target, ids)
    assert target.budget.requests == 0
    assert all(step.share >= plan.MIN_SHARE for step in steps)
    assert {step.check.name for step in plan.plan_steps(elsewhere(), ids)} == {step.check.name for step in steps}
    assert {step.share for step in plan.plan_steps(elsewhere(), ids)} == {None}


def test_a_rehearsal_offers_what_the_target_offers(elsewhere) -> None:
    """Whatever a target has or lacks, the mock that stands in for it has or lacks too."""
    everything = settings_of_entry(mock("nextstep").open().access.given)
    for settings in (
        Settings(api_keys=(KEY,)),
        replace(everything, writes=True, rate_limit=7),
        replace(everything, revoked_key=None),
    ):
        target = elsewhere(settings)
        assert plan.rehearsal_target(target).capabilities == target.capabilities
    moved = Server(target.contract, lambda request: None, "", settings, name="", budget=Budget(), clock=lambda _: None)
    assert "advance" in plan.rehearsal_target(moved).capabilities


def test_what_was_made_is_told_and_removed_where_it_can_be(elsewhere) -> None:
    """Created objects stay and are listed in NextStep, which has no DELETE; Tallyfy archives them."""
    target = elsewhere(Settings(api_keys=(KEY,), writes=True))
    found = check_target(target, profile="gate", only=["nextstep.creation.created"])
    assert found.left_behind
    assert all(path.startswith("/api/v1/process-runs/") for path in found.left_behind)
    target = elsewhere(
        Settings(
            api_keys=("YOUR_PERSONAL_ACCESS_TOKEN",), writes=True, given={"organization_id": "YOUR_ORGANIZATION_ID"}
        ),
        api="tallyfy",
    )
    found = check_target(target, profile="gate", only=["tallyfy.launch.created"])
    assert found.count("passed") == 1
    assert target.budget.calls["archiveRun", 200] > 0
    assert found.left_behind == ()


def test_what_cannot_be_removed_after_all_is_told(elsewhere) -> None:
    """A failed deletion of a created object is reported and does not end the run."""
    settings = Settings(api_keys=("YOUR_PERSONAL_ACCESS_TOKEN",), writes=True)
    target = elsewhere(replace(settings, given={"organization_id": "YOUR_ORGANIZATION_ID"}), api="tallyfy")
    target.budget.made.append(f"{target.contract.prefixes[0]}/organizations/YOUR_ORGANIZATION_ID/runs/r1")
    target.budget.max_requests = 0
    assert list(clean_up(target)) == ["/api/organizations/YOUR_ORGANIZATION_ID/runs/r1"]
    assert target.budget.made == []


def test_a_target_that_is_gone_in_the_end_loses_nothing_that_was_found(elsewhere) -> None:
    """Created objects stay and are listed when the target stops responding."""

    def gone(request: Request) -> Response:
        raise OSError("connection reset")

    known = elsewhere(Settings(api_keys=("k",), writes=True), api="tallyfy")
    target = Server(known.contract, gone, "/api", Settings(api_keys=("k",), writes=True), name="", budget=Budget())
    target.budget.made.append("/api/organizations/o/runs/r1")
    assert list(clean_up(target)) == ["/api/organizations/o/runs/r1"]


@pytest.mark.beside
def test_what_was_made_is_removed_when_somebody_interrupts(elsewhere) -> None:
    """The share of the check that was interrupted does not keep the kit from it."""
    settings = Settings(api_keys=("YOUR_PERSONAL_ACCESS_TOKEN",), writes=True)
    target = elsewhere(
        replace(settings, given={"organization_id": "YOUR_ORGANIZATION_ID"}), api="tallyfy", max_requests=200
    )

    def interrupt(done: int, total: int, name: str) -> None:
        if target.budget.made:
            target.budget.share(0)
            raise KeyboardInterrupt

    report = check_target(target, profile="gate", only=["tallyfy.launch.*"], progress=interrupt)
    assert report.ended == "interrupted"
    assert target.budget.made == []
    assert target.budget.calls["archiveRun", 200] > 0


@pytest.mark.beside
def test_a_wrong_shape_fails_the_rule_that_says_it_and_no_other() -> None:
    """A missing member fails the rule about the members; the checks that meet it go on to verdicts of their own."""
    found = check_target(
        mutant("the-answer-to-starting-a-run-lacks-one-of-the-printed-fields"),
        profile="gate",
        only=["nextstep.envelope.single", "nextstep.creation.*", "nextstep.runs.unknown-run"],
    )
    outcomes = {entry.rule.id: entry.outcome for entry in found.rules}
    assert outcomes.pop("nextstep.creation.created") == "failed"
    assert set(outcomes.values()) == {"passed"}
