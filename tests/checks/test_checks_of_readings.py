"""Checks of a document under its other readings: by the rules that each has, and as it was afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from own_document import FOLDER
from understudy.apis.own import Own
from understudy_checks.mutation import Alternative, false_positives
from understudy_checks.target import installed

PAGES = "page-styles.apples.pages-list-apples"


@pytest.fixture(autouse=True)
def _installed() -> Iterator[None]:
    """The document, and no other one afterwards."""
    known = dict(installed._OWN)
    installed.install(Own(FOLDER / "traits/page-styles.yaml", "page-styles"))
    yield
    installed._OWN.clear()
    installed._OWN.update(known)
    installed.install.cache_clear()


def rules() -> set[str]:
    """What is promised of the list of apples."""
    return {one.id.split(".")[1] for one in installed.document("page-styles").rules if one.id.endswith(".listApples")}


def test_a_reading_has_rules_of_its_own() -> None:
    """Where all items come at once, none is about pages."""
    assert {"pages", "limits", "listed"} <= rules()
    with installed.read_as("page-styles", {PAGES: "all"}):
        assert rules().isdisjoint(("pages", "limits"))
        assert "listed" in rules()
    assert "pages" in rules()


def test_values_of_other_assumptions_are_no_reading() -> None:
    """The document is the same."""
    known = installed.document("page-styles")
    with installed.read_as("page-styles", {"page-styles.apples.order": "newest-first"}):
        assert installed.document("page-styles") is known


@pytest.mark.parametrize("value", ["pages", "all"])
def test_no_check_fails_under_another_reading(value: str) -> None:
    """The checks that list apples are those of the reading."""
    assert [str(one.error) for one in false_positives(Alternative(PAGES, value), profile="minimal")] == []
