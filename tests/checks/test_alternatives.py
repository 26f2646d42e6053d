"""Under each alternative of each assumption the contract tests pass: none of them takes our guess for a rule."""

from __future__ import annotations

import pytest

from understudy import apis
from understudy_checks.mutation import Alternative, alternatives, false_positives

ALTERNATIVES = [alternative for api in apis.NAMES for alternative in alternatives(api)]


@pytest.mark.parametrize("alternative", ALTERNATIVES, ids=lambda known: f"{known.assumption}={known.value}")
def test_no_check_fails_under_an_alternative(alternative: Alternative) -> None:
    """No check fails that asks for the assumption, whichever of the known alternatives the server takes."""
    assert [(outcome.check.name, outcome.error) for outcome in false_positives(alternative, profile="minimal")] == []


@pytest.mark.deep(one_in=6)
@pytest.mark.parametrize("alternative", ALTERNATIVES, ids=lambda known: f"{known.assumption}={known.value}")
def test_nothing_at_all_fails_under_an_alternative(alternative: Alternative) -> None:
    """No check fails, directed or not, whether it asks for the assumption or seems not to."""
    assert [(outcome.check.name, outcome.error) for outcome in false_positives(alternative, everything=True)] == []
