"""Under each alternative of each assumption the contract tests pass: none of them takes our guess for a rule."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from understudy import apis
from understudy_checks.generic.test_conformance import schema_of
from understudy_checks.mutation import Alternative, alternatives, false_positives
from understudy_checks.target import installed

ALTERNATIVES = [alternative for api in apis.NAMES for alternative in alternatives(api)]


def _open_successes() -> Iterator[tuple[str, str, str, int]]:
    """Each operation whose success has a status that an assumption leaves open: API, path, method, another status."""
    for api in apis.NAMES:
        for path, item in installed.document(api).document["paths"].items():
            for method, entry in item.items():
                if isinstance(entry, dict) and isinstance(entry.get("x-success"), dict):
                    given = [one for one in alternatives(api) if one.assumption == entry["x-success"]["assumption"]]
                    yield from ((api, path, method, one.value) for one in given)


@pytest.mark.parametrize(("api", "path", "method", "status"), list(_open_successes()))
def test_another_success_is_no_refusal(api: str, path: str, method: str, status: int) -> None:
    """An answer with another 2xx than the written one, which an assumption leaves open, is checked as a success."""
    responses = schema_of(api)[path][method].responses
    assert responses.find_by_status_code(status) in list(responses.iter_successful_responses())


@pytest.mark.parametrize("alternative", ALTERNATIVES, ids=lambda known: f"{known.assumption}={known.value}")
def test_no_check_fails_under_an_alternative(alternative: Alternative) -> None:
    """No check fails that asks for the assumption, whichever of the known alternatives the server takes."""
    assert [(outcome.check.name, outcome.error) for outcome in false_positives(alternative, profile="minimal")] == []


@pytest.mark.deep(one_in=6)
@pytest.mark.parametrize("alternative", ALTERNATIVES, ids=lambda known: f"{known.assumption}={known.value}")
def test_nothing_at_all_fails_under_an_alternative(alternative: Alternative) -> None:
    """No check fails, directed or not, whether it asks for the assumption or seems not to."""
    assert [(outcome.check.name, outcome.error) for outcome in false_positives(alternative, everything=True)] == []
