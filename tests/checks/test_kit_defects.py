"""How failures become defects: one for each cause, under the rules that say it, and nothing blamed that only met it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from understudy.document.model import Rule
from understudy_checks.check import Failure, Report, RuleResult, Run, settle
from understudy_checks.defects import defects

CURSOR, WALK, FILTERS = (f"nextstep.pagination.{name}" for name in ("cursor-continues", "walk-is-complete", "x"))
ERROR = "nextstep.envelope.error"
CRASH = "getProcessRun: status 500: a server error is never the right answer"


def run(*rules: str, seen: str | None = "wrong", calls: int = 1, **more: Any) -> Run:
    """A run of a check of these rules, which failed unless nothing was seen."""
    failure = None if seen is None else Failure(seen, (), ("curl",) * calls, (), more.pop("is_verdict", True))
    counted = Counter(more.pop("statuses", {}))
    made = Run("test_a.test_b", "", rules, "passed" if seen is None else "failed", None, (), failure, 1, 1, counted)
    return replace(made, **more)


def outcomes(*runs: Run) -> list[tuple[tuple[str, ...], str]]:
    """The rules and outcomes of runs, settled."""
    return [(part.rules, part.outcome) for part in settle(runs)]


def test_a_check_of_several_rules_blames_those_that_others_blame() -> None:
    """The rest has not been checked by it; without such others all of them are blamed."""
    assert outcomes(run("a", "b")) == [(("a", "b"), "failed")]
    assert outcomes(run("a"), run("a", "b")) == [
        (("a",), "failed"),
        (("a",), "failed"),
        (("b",), "not_checked"),
    ]
    assert outcomes(run("a", seen=None), run("a", "b")) == [(("a",), "passed"), (("a", "b"), "failed")]


def test_a_check_that_could_not_go_on_blames_nothing_that_others_explain() -> None:
    """An error that is no assertion fails a rule only where nothing else has failed."""
    assert outcomes(run("a", is_verdict=False)) == [(("a",), "failed")]
    assert outcomes(run("a", is_verdict=False), run("b")) == [(("a",), "not_checked"), (("b",), "failed")]


def test_an_operation_that_never_works_is_one_defect() -> None:
    """The checks that need it are not made; one that works otherwise fails the rules of what it was asked for."""
    found = run(ERROR, seen=CRASH, found_by=("a",))
    never, sometimes = {("getProcessRun", 500): 2}, {("getProcessRun", 500): 1, ("getProcessRun", 200): 1}
    assert outcomes(run("a", seen=CRASH, statuses=never), found) == [(("a",), "not_checked"), ((ERROR,), "failed")]
    assert outcomes(run("a", seen=CRASH, statuses=sometimes), found) == [(("a",), "failed")]


def report(*runs: Run) -> Report:
    """A report with these runs."""
    rules = list(dict.fromkeys(rule for one in runs for rule in (*one.rules, *one.found_by)))
    results = [RuleResult("nextstep", Rule(id, "", "", ""), tuple(r for r in runs if id in r.rules)) for id in rules]
    return Report("somewhere", ("nextstep",), "quick", tuple(results), (), requests=1, waited=0, seconds=0)


def test_failures_of_a_rule_are_one_defect() -> None:
    """It shows the shortest failure of a check of its own, and names the rules whose checks met it."""
    found = run("a", seen="met", found_by=("b", "c"))
    (defect,) = defects(report(run("a", calls=3), run("a", seen="shorter", calls=2), found))
    assert ([rule.id for rule in defect.rules], [rule.id for rule in defect.met]) == (["a"], ["b", "c"])
    assert defect.failure.seen == "shorter"


def test_the_shortest_defect_stands_first() -> None:
    """Defects without calls come last."""
    found = defects(report(run("a", calls=0), run("b", calls=3), run("c", calls=2)))
    assert [defect.rules[0].id for defect in found] == ["c", "b", "a"]


def test_the_same_violation_is_one_defect_whatever_it_fails() -> None:
    """Rules that fail with the same violation of the document, at any index, have one cause."""
    violation = "getProcessRun: 200: /data/{}/id: 5 is not of type string"
    found = defects(report(run("a", seen=violation.format(0)), run("b", seen=violation.format(1)), run("c")))
    assert sorted(len(defect.rules) for defect in found) == [1, 2]


def test_what_follows_from_a_defect_belongs_to_it() -> None:
    """A walk cannot be complete where cursors do not continue; another failure stands alone."""
    found = defects(report(run(WALK), run(CURSOR), run(FILTERS)))
    assert sorted([rule.id for rule in defect.rules] for defect in found) == [[CURSOR], [FILTERS]]
    assert next([rule.id for rule in d.met] for d in found if d.rules[0].id == CURSOR) == [WALK]
