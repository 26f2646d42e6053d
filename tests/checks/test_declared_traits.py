"""Rules that documents declare, on the mock of each document with one trait: no false alarm, no mutant unnoticed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from understudy.apis.own import Own
from understudy_checks.check import check_target
from understudy_checks.mutation import alternatives, false_positives, kills
from understudy_checks.mutation.declared import declared_mutants
from understudy_checks.target import installed
from understudy_checks.target.mock import mock

DOCUMENTS = Path(__file__).parents[1] / "documents"
FILES = [DOCUMENTS / "library.yaml", *sorted((DOCUMENTS / "traits").glob("*.yaml"))]
USUAL = {"library", "twin-paths", "chosen-ids"}
"""The documents whose mutants and alternatives are tried in each run; all are with --deep."""

UNCHECKED = {
    "bulk": {"answers.removeCrates"},  # without ids, which no request has to have, it deletes nothing
    "json-patch": {"answers.changeWare"},  # a body made of its schema is no patch of what is there
    "single-records": {"answers.patchLimits"},  # as of json-patch
    "told-ids": {  # only a list tells the ids of what is made
        f"{rule}{path}"
        for path in ("crates", "keepers")
        for rule in ("created.POST-", "ids.POST-", "refused.POST-", "listed.GET-")
    }
    | {"answers.GET-crates-id", "answers.GET-keepers-id"},
    "lookalikes": {"required.login"},  # an optional form without its only member is none
}
"""The rules that cannot be checked, by document, since no request can be made that shows them."""


def documents(*, all: bool) -> list[object]:
    """The files as parameters; those that are not usual are deep."""
    return [
        pytest.param(file, id=file.stem, marks=() if all or file.stem in USUAL else pytest.mark.deep) for file in FILES
    ]


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Leave no document installed."""
    known = dict(installed._OWN)
    yield
    installed._OWN.clear()
    installed._OWN.update(known)
    installed.install.cache_clear()


@pytest.mark.parametrize("file", documents(all=True))
def test_the_mock_keeps_what_a_document_declares(file: Path) -> None:
    """Each rule passes, but for those that no request can show."""
    name = installed.install(Own(file, file.stem))
    report = check_target(mock(name), profile="quick")
    others = {one.rule.id.partition(".")[2]: one.reason for one in report.rules if one.outcome != "passed"}
    assert set(others) == UNCHECKED.get(name, set()), others


@pytest.mark.parametrize("file", documents(all=False))
def test_no_declared_mutant_goes_unnoticed(file: Path) -> None:
    """The check of a rule fails on each mutant of it."""
    name = installed.install(Own(file, file.stem))
    declared_mutants.cache_clear()
    left = [mutant.text for mutant in declared_mutants(name) if any(kill.failure is None for kill in kills(mutant))]
    assert left == []


@pytest.mark.parametrize("file", documents(all=False))
def test_no_check_fails_under_an_alternative(file: Path) -> None:
    """What was inferred may be otherwise: no rule hangs on it."""
    for alternative in alternatives(installed.install(Own(file, file.stem))):
        assert [str(one.error) for one in false_positives(alternative, everything=True)] == [], alternative.label
