"""Every mutant of an API is caught by the contract tests of the rules that it breaks, and every rule has a mutant."""

from __future__ import annotations

from collections import Counter

import pytest

from contract_tests import targets
from contract_tests.mutants import Mutant, mutants, survivors
from mock_server import apis

MUTANTS = [mutant for api in apis.NAMES for mutant in mutants(api)]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.api}-{mutant.name}")
def test_mutant_is_caught(mutant: Mutant) -> None:
    """Each rule that a mutant names has a check that fails on it."""
    assert survivors(mutant) == ()


@pytest.mark.parametrize("api", apis.NAMES)
def test_every_rule_has_a_mutant(api: str) -> None:
    """No rule is without a mutant, and no mutant names a rule that the document does not have."""
    assert {rule for mutant in mutants(api) for rule in mutant.rules} == {
        rule.id for rule in targets.document(api).rules
    }


@pytest.mark.parametrize("api", apis.NAMES)
def test_mutants_are_told_apart(api: str) -> None:
    """Every mutant has a name of its own and says in one sentence what is wrong with it."""
    names = Counter(mutant.name for mutant in mutants(api))
    assert [name for name, count in names.items() if count > 1] == []
    unclear = [mutant.name for mutant in mutants(api) if "\n" in mutant.text or not mutant.text.endswith(".")]
    assert unclear == []


@pytest.mark.parametrize("api", apis.NAMES)
def test_the_mock_itself_passes(api: str) -> None:
    """The checks find nothing wrong with the API as it is: a mutant that changes nothing survives."""
    rules = tuple(rule.id for rule in targets.document(api).rules)[::5]
    assert survivors(Mutant("unchanged", rules, lambda declared: declared)) == rules
