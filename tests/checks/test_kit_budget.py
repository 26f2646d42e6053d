"""The budget of a run: counted requests, shares and waiting time."""

from __future__ import annotations

import pytest

from understudy_checks.budget import BudgetSpent, Guest


def test_requests_are_counted_up_to_the_budget() -> None:
    """The budget is the number of requests in all."""
    guest = Guest(2)
    guest.spend()
    guest.spend()
    with pytest.raises(BudgetSpent, match="the budget of 2 requests is used up"):
        guest.spend()
    assert (guest.requests, guest.left) == (2, 0)


def test_a_share_is_a_part_of_the_budget() -> None:
    """Each step has its own share of the requests."""
    guest = Guest(10)
    guest.share(1)
    guest.spend()
    with pytest.raises(BudgetSpent, match="more than its share of the budget of 10 requests"):
        guest.spend()
    guest.share(None)
    guest.spend()
    assert (guest.requests, guest.left) == (2, 8)


def test_without_a_budget_everything_is_counted() -> None:
    """There need not be a budget."""
    guest = Guest()
    guest.spend()
    guest.record_response("getIt", 200)
    guest.record_response("getIt", 200)
    assert (guest.requests, guest.left, guest.calls) == (1, None, {("getIt", 200): 2})


def test_waits_are_bounded_in_all() -> None:
    """All waits together take as long as is allowed; one that would take longer is not begun."""
    waits: list[float] = []
    guest = Guest(max_wait=10, sleep=waits.append)
    guest.wait(4)
    guest.wait(6)
    with pytest.raises(BudgetSpent, match=r"more than the 10 seconds of waiting that are allowed \(max_wait\)"):
        guest.wait(0.5)
    assert (waits, guest.waited) == ([4, 6], 10)
