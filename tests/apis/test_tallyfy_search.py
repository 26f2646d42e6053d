"""Pages of Tallyfy's search, and numbers of steps that are written with a fraction."""

from __future__ import annotations

from typing import Any

import pytest
from test_tallyfy_alternatives import Assuming, Tallyfy, assuming, client, declared

__all__ = ["assuming", "client", "declared"]  # fixtures


@pytest.mark.parametrize(("policy", "size"), [("clamp", 100), ("default", 10)])
def test_too_many_results(assuming: Assuming, policy: str, size: int) -> None:
    """A page that is too large is cut as in lists."""
    client = assuming({"pagination.limit-out-of-range": policy})
    found = client.ask("GET", "/search?on=task&search=e&per_page=500").json()["task"]
    assert found["meta"]["pagination"]["per_page"] == size


def test_too_many_results_are_refused(assuming: Assuming) -> None:
    """A page that is too large is refused, in worlds that refuse it in lists."""
    wrong = assuming({"pagination.limit-out-of-range": "reject"}).wrong("GET", "/search?on=task&search=e&per_page=101")
    assert list(wrong) == ["per_page"]


@pytest.mark.parametrize("position", [1.0, 10**30, 1e30])
def test_positions_are_whole_numbers(client: Tallyfy, position: Any) -> None:
    """`1.0` is 1, and a position behind the end is the last one."""
    steps = "/checklists/template_timeline_id/steps"
    number = len(client.data("GET", f"{steps}?per_page=100"))
    moved = client.data("PUT", f"{steps}/step_id_welcome/reorder", {"position": position})
    assert (moved["position"], type(moved["position"])) == (1 if position == 1 else number, int)
