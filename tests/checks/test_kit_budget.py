"""The budget of a run: counted requests, shares and waiting time."""

from __future__ import annotations

import pytest

from understudy_checks.budget import Budget, BudgetSpent


def test_requests_are_counted_up_to_the_budget() -> None:
    """The budget is the number of requests in all."""
    budget = Budget(2)
    budget.spend()
    budget.spend()
    with pytest.raises(BudgetSpent, match="the budget of 2 requests is used up"):
        budget.spend()
    assert (budget.requests, budget.left) == (2, 0)


def test_a_share_is_a_part_of_the_budget() -> None:
    """Each step has its own share of the requests."""
    budget = Budget(10)
    budget.share(1)
    budget.spend()
    with pytest.raises(BudgetSpent, match="more than its share of the budget of 10 requests"):
        budget.spend()
    budget.share(None)
    budget.spend()
    assert (budget.requests, budget.left) == (2, 8)


def test_without_a_budget_everything_is_counted() -> None:
    """There need not be a budget."""
    budget = Budget()
    budget.spend()
    budget.record_response("getIt", 200)
    budget.record_response("getIt", 200)
    assert (budget.requests, budget.left, budget.calls) == (1, None, {("getIt", 200): 2})


def test_waits_are_bounded_in_all() -> None:
    """All waits together take as long as is allowed; one that would take longer is not begun."""
    waits: list[float] = []
    budget = Budget(max_wait=10, sleep=waits.append)
    budget.wait(4)
    budget.wait(6)
    with pytest.raises(BudgetSpent, match=r"more than the 10 seconds of waiting that are allowed \(max_wait\)"):
        budget.wait(0.5)
    assert (waits, budget.waited) == ([4, 6], 10)
