"""Checks as values: what `@rule` makes of a test, how it is repeated and run by hand, and what proves it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from understudy.engine.problem import Problem
from understudy_checks import mutation, profiles, rules
from understudy_checks.client import Skipped
from understudy_checks.findings import Finding, Met
from understudy_checks.mutation import (
    Alternative,
    Breakage,
    Mutant,
    Table,
    alternatives,
    false_positives,
    mutants_in,
    survivors,
    with_handlers,
    with_steps,
)
from understudy_checks.rules import Check, attempt, check_of, checks, checks_for, expand, rule, run
from understudy_checks.target import installed
from understudy_checks.target.mock import mock

CONTRACT = installed.document("nextstep")
RULE = "nextstep.pagination.default-limit"


class Place:
    """A target that is never opened."""

    patience = None

    contract = CONTRACT
    capabilities: frozenset[Any] = frozenset({"write"})


def made(function: Any, *names: str, needs: Any = ()) -> Check:
    """The check that `@rule` makes of a function."""
    check = check_of(rule(*names or (RULE,), needs=needs)(function))
    assert check is not None
    return check


def test_a_rule_makes_a_check_of_a_test() -> None:
    """The decorated test stays the same function, and carries its rules and needs."""

    def test(target: Any) -> None:
        """Nothing."""

    check = made(test, "a.b.c", "*.d", needs=("write",))
    assert check == Check(test, ("a.b.c", "*.d"), ("write",))
    assert check.name == "test_kit_rules.test"
    assert [check.covers(id) for id in ("a.b.c", "x.d", "a.b", "d")] == [True, True, False, False]


def test_only_rules_make_checks() -> None:
    """A function without `@rule`, or with something else called check, is none."""
    assert check_of(len) is None
    assert check_of(profiles) is None
    assert check_of(type("Thing", (), {"check": 1})) is None


def test_the_checks_of_a_rule_are_found_by_pattern() -> None:
    """A rule's checks are those that name it and those whose pattern it fits."""
    assert {check.name for check in checks_for(RULE)} == {
        "generic.test_pagination.test_the_default_page_is_of_the_documented_size"
    }
    assert set(checks_for(RULE)) < set(checks())


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("operation", set(CONTRACT.operations)),
        ("secured", set(CONTRACT.operations)),
        ("limited", set(CONTRACT.operations)),
        ("listing", {"listProcessTemplates", "listTemplateTasks", "listProcessRuns", "listRunTasks"}),
        ("growing", {"listProcessRuns"}),
        ("filtered", {"listProcessRuns"}),
        ("single", {"getProcessTemplate", "getProcessRun", "getRunTask"}),
        ("writing", {"publishProcessTemplate", "createProcessRun", "updateRunTask"}),
        ("demanding", {"createProcessRun"}),
        ("reading", {id for id, operation in CONTRACT.operations.items() if operation.method == "GET"}),
    ],
)
def test_a_check_is_repeated_for_what_it_is_about(subject: str, expected: set[str]) -> None:
    """An argument with the name of a subject stands for each operation that declares the thing."""
    assert {operation.id for operation in rules.SUBJECTS[subject](CONTRACT)} == expected


def test_nothing_is_limited_without_a_limit() -> None:
    """Where the document gives no limit, no operation is limited."""
    assert rules.SUBJECTS["limited"](replace(CONTRACT, rate_limit=None)) == ()


def test_arguments_are_combined() -> None:
    """A check about two things is run for each pair; one of another API not at all."""
    check = made(lambda target, growing, writing: None)
    assert [tuple(operation.id for operation in row.values()) for row in expand(check, CONTRACT)] == [
        ("listProcessRuns", "publishProcessTemplate"),
        ("listProcessRuns", "createProcessRun"),
        ("listProcessRuns", "updateRunTask"),
    ]
    assert expand(made(lambda target: None, "kognitos.runs.created"), CONTRACT) == []


def test_a_check_runs_as_a_plain_call() -> None:
    """A run passes, fails with the error, or could not be checked, with the reason."""

    def passes(target: Any) -> None:
        """Pass."""

    def fails(target: Any) -> None:
        """Fail."""
        raise KeyError("gone")

    def lacks(target: Any) -> None:
        """Find nothing."""
        raise Skipped("nothing there")

    found = [next(run(made(test), Place())) for test in (passes, fails, lacks)]
    assert [outcome.result for outcome in found] == ["passed", "failed", "not checked"]
    assert [repr(outcome.error) for outcome in found[1:]] == [
        "KeyError('gone')",
        "Skipped('not checked: nothing there')",
    ]


def test_what_a_check_needs_is_asked_first() -> None:
    """A check is not run on a target that lacks what it needs."""
    outcome = attempt(made(lambda target: 1 / 0, needs=("write", "advance")), Place(), {})
    assert outcome.result == "not checked"
    assert "clock cannot be advanced" in str(outcome.error)


def test_a_property_runs_in_the_profile_asked_for() -> None:
    """A `@given` test runs with the examples of the profile asked for, whatever it was imported under."""
    seen: list[int] = []

    @given(number=st.integers())
    def test(target: Any, number: int) -> None:
        """Count."""
        seen.append(number)

    before = hypothesis.settings.get_current_profile_name()
    for name in ("quick", "default"):
        seen.clear()
        assert attempt(made(test), Place(), {}, profile=name).result == "passed"
        assert len(seen) == profiles.PROFILES[name].max_examples
    assert hypothesis.settings.get_current_profile_name() == before


@pytest.mark.parametrize(("name", "same"), [("quick", True), ("deep", False)])
def test_only_the_deep_profile_draws_differently(name: str, same: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs of a `@given` test get the same examples, but for the deep profile."""
    monkeypatch.setitem(profiles.PROFILES, name, hypothesis.settings(profiles.PROFILES[name], max_examples=20))
    monkeypatch.setattr("hypothesis.core.global_force_seed", None)  # of --hypothesis-seed
    seen: list[int] = []

    @given(number=st.integers())
    def test(target: Any, number: int) -> None:
        """Keep."""
        seen.append(number)

    for _ in range(2):
        attempt(made(test), Place(), {}, profile=name)
    assert (seen[:20] == seen[20:]) is same


def test_a_property_draws_what_it_draws_under_pytest() -> None:
    """A plain call of a `@given` test gets the examples that pytest would give it."""
    seen: list[int] = []

    @given(number=st.integers())
    def test(target: Any, number: int) -> None:
        """Keep."""
        seen.append(number)

    with profiles.profile("quick", test):
        vars(test)["_hypothesis_internal_use_seed"] = None
        test(target=Place())
    attempt(made(test), Place(), {})
    assert seen[:5] == seen[5:]


def test_a_property_that_fails_tells_its_example() -> None:
    """A failure of a `@given` test is the error of the test itself."""

    @given(number=st.integers(5, 5))
    def test(target: Any, number: int) -> None:
        """Fail."""
        assert number != 5, "it is five"

    outcome = attempt(made(test), Place(), {})
    assert isinstance(outcome.error, AssertionError)
    assert "it is five" in str(outcome.error)


def test_a_property_whose_examples_meet_another_bug_is_not_checked() -> None:
    """Also where hypothesis says nothing, as it passes over such an example that was given."""

    @given(number=st.integers())
    @example(number=1)
    def meets(target: Any, number: int) -> None:
        raise Met(Finding("nextstep.envelope.list", f"it was {number}"))

    outcome = attempt(made(meets), mock("nextstep"), {}, profile="minimal")
    assert outcome.result == "not checked"
    assert str(outcome.error) == "not checked: its check met a failure of nextstep.envelope.list: it was 1"


def test_profiles_are_the_same_on_every_run() -> None:
    """Only the deep profile draws at random; none keeps a database or a deadline."""
    for name, profile in profiles.PROFILES.items():
        assert profile.derandomize is (name != "deep")
        assert profile.database is None
        assert profile.deadline is None


def test_an_unknown_profile_is_refused() -> None:
    """The refusal names the profiles that there are."""
    with pytest.raises(ValueError, match=r"'slow', known: quick, default, deep"):
        profiles.load("slow")


def test_a_mutant_is_a_line_of_a_table() -> None:
    """Its text is the sentence, its name the slug of that, its API and rules those of the table."""
    same: Breakage = lambda api: api  # noqa: E731
    table: Table = {"a.b": {"A run's page holds `2` items.": same}, ("a.b", "c.d"): {"Nothing, for ever.": same}}
    one, two = mutants_in("nextstep", table)
    assert (one.text, one.name, one.breaks) == ("A run's page holds `2` items.", "a-runs-page-holds-2-items", same)
    assert (one.api, one.rules, two.rules) == ("nextstep", ("nextstep.a.b",), ("nextstep.a.b", "nextstep.c.d"))
    assert (one.names, two.names[0]) == (("a-runs-page-holds-2-items", "nextstep.a.b"), "nothing-for-ever")


def test_a_mutant_that_breaks_nothing_survives() -> None:
    """The rules of a mutant that changes nothing are all left; a check that two rules share runs once."""
    several = (RULE, "nextstep.templates.task-elements", RULE)
    assert survivors(Mutant("same", several, lambda api: api)) == several


def test_a_mutant_that_breaks_its_rule_is_caught() -> None:
    """Of a mutant that breaks one rule of two, the other is left."""

    def broken(call: Any) -> Any:
        raise Problem("forbidden")

    both = ("nextstep.envelope.list", "nextstep.templates.task-elements")
    caught = Mutant("x", both, lambda api: with_handlers(api, listProcessRuns=broken))
    assert survivors(caught) == ("nextstep.templates.task-elements",)
    open_ = Mutant("y", ("nextstep.rate-limit.next-is-429",), lambda api: with_steps(api, limit_rate=lambda call: None))
    assert survivors(open_) == ()


def test_a_mutant_s_api_is_left_alone() -> None:
    """Changing an API for a mutant changes a copy."""
    api = installed.declared("nextstep")
    changed = with_handlers(api, listProcessRuns=len)  # type: ignore[arg-type]
    assert changed.handlers["listProcessRuns"] is len
    assert api.handlers["listProcessRuns"] is not len


def test_every_alternative_is_known() -> None:
    """There is one alternative for each that an assumption lists, each of its assumption's API."""
    listed = sum(len(assumption.alternatives) for assumption in CONTRACT.assumptions.values())
    found = list(alternatives("nextstep"))
    assert len(found) == listed
    assert {alternative.api for alternative in found} == {"nextstep"}


def test_a_check_that_leans_on_an_assumption_is_a_false_alarm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under an alternative, checks that demand the default fail; only those are run in which the mock asks for it."""
    ran: list[str] = []

    def leans(target: Any) -> None:
        """Demand that a foreign key is no key."""
        ran.append("leans")
        with target.open() as client:
            assert client.send("GET", "/process-runs", query={"limit": 0}).status == 400

    def does_not(target: Any) -> None:
        """Ask for nothing."""
        ran.append("does not")

    monkeypatch.setattr(mutation, "checks", lambda: (made(leans), made(does_not)))
    mutation.traced_runs.cache_clear()
    clamping = Alternative("nextstep.pagination.limit-out-of-range", "clamp")
    found = false_positives(clamping)
    assert [outcome.check.function for outcome in found] == [leans]
    assert ran == ["leans", "does not", "leans"]
    ran.clear()
    assert len(false_positives(clamping, everything=True)) == 1
    assert ran == ["leans", "does not"]
    mutation.traced_runs.cache_clear()


def test_hypothesis_keeps_what_it_keeps_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that no pytest runs leaves nothing in the current folder, unless the user chose a place."""
    chosen: list[Path] = []
    monkeypatch.setattr(profiles, "set_hypothesis_home_dir", chosen.append)
    monkeypatch.delenv("HYPOTHESIS_STORAGE_DIRECTORY", raising=False)
    with profiles.profile("gate", made):
        assert chosen == [profiles.HYPOTHESIS_FOLDER]
    monkeypatch.setenv("HYPOTHESIS_STORAGE_DIRECTORY", "somewhere")
    with profiles.profile("gate", made):
        assert chosen == [profiles.HYPOTHESIS_FOLDER]
