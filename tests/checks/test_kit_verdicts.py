"""The kit on servers with one bug and with three: each report names the broken rules, and no rule that is kept."""

from __future__ import annotations

from typing import Any

import pytest
from test_kit_elsewhere import target, told

from bugs import (
    SINGLE,
    TRIPLES,
    CompletedAlone,
    CreatedIs200,
    FalseIsNothing,
    NoWait,
    ZeroIsNothing,
)
from understudy_checks import check
from understudy_checks.check import Report
from understudy_checks.defects import defects

IN_GATE = (NoWait,)
"""The bugs that are looked for each time; the others in the long profile."""


def checked(made: Any) -> Report:
    """The report on a server of which everything is told."""
    return check.check_target(target(told(writes=True), made), profile="gate")


def failed(report: Report) -> set[str]:
    """The failed rules, without the name of the API."""
    return {entry.rule.id.partition(".")[2] for entry in report.rules if entry.outcome == "failed"}


def heads(report: Report) -> set[str]:
    """The first rule of each defect, without the name of the API."""
    return {defect.rules[0].id.partition(".")[2] for defect in defects(report)}


def marked(made: Any, name: str, *, is_quick: bool) -> Any:
    """A parameter of a test, which only the long profile runs unless it is quick."""
    return pytest.param(made, id=name, marks=() if is_quick else pytest.mark.deep(one_in=4))


@pytest.mark.beside
@pytest.mark.parametrize("made", [marked(made, made.__name__, is_quick=made in IN_GATE) for made in SINGLE])
def test_one_bug_fails_the_rules_that_it_breaks(made: Any) -> None:
    """Of a server with one bug, exactly the broken rules fail."""
    assert failed(checked(made)) == set(made.rules)


@pytest.mark.beside
@pytest.mark.parametrize(
    "bugs",
    [
        marked(bugs, "-".join(made.__name__ for made in bugs), is_quick=number == 0)
        for number, bugs in enumerate(TRIPLES)
    ],
)
def test_no_bug_hides_another(bugs: tuple[Any, ...]) -> None:
    """Of a server with three bugs, exactly the rules fail that one of them breaks, and each bug has a defect."""
    report = checked(type("Three", bugs, {}))
    assert failed(report) == {rule for made in bugs for rule in made.rules}
    assert heads(report) >= {made.rules[0] for made in bugs}


@pytest.mark.parametrize(
    ("made", "only"),
    [
        (CompletedAlone, "updates.together"),
        (ZeroIsNothing, "updates.together"),
        (FalseIsNothing, "updates.complete"),
        (CreatedIs200, "creation.name"),
    ],
)
def test_a_step_on_the_way_blames_its_own_rule(made: Any, only: str) -> None:
    """A check that only meets a wrong value or status on its way names the rule about it, and not its own."""
    wanted = [f"nextstep.{name}" for name in (only, *made.rules)]
    report = check.check_target(target(told(writes=True), made), profile="minimal", only=wanted)
    assert failed(report) == set(made.rules)
