"""Documents, checks and mutants belong together: what is promised is tested, and what is tested was promised."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from fnmatch import fnmatchcase

from understudy import apis
from understudy.resources.rules import KINDS, rule_id
from understudy_checks.mutation import mutants
from understudy_checks.rules import checks, checks_for
from understudy_checks.target.installed import document

RULES = [rule.id for api in apis.NAMES for rule in document(api).rules]
MUTANTS = [mutant for api in apis.NAMES for mutant in mutants(api)]
SENTENCE = re.compile(r"[A-Z`].*\.", re.DOTALL)


def test_every_rule_has_a_check() -> None:
    """Each rule of each document is checked by a contract test."""
    assert [rule_id for rule_id in RULES if not checks_for(rule_id)] == []


def test_every_check_names_known_rules() -> None:
    """Each id or pattern that a contract test names stands for at least one rule."""
    named = [(check.name, pattern) for check in checks() for pattern in check.rules]
    known = (*RULES, *(rule_id("pets", kind, "getPet") for kind in KINDS))
    assert [(name, pattern) for name, pattern in named if not any(fnmatchcase(id, pattern) for id in known)] == []


def test_every_check_says_what_must_be_true() -> None:
    """Each contract test has a docstring of one sentence."""
    said = {check.name: inspect.getdoc(check.function) or "" for check in checks()}
    assert [name for name, text in said.items() if not SENTENCE.fullmatch(text) or "\n\n" in text] == []


def test_every_rule_has_a_mutant() -> None:
    """Each rule is broken by at least one mutant."""
    broken = {rule_id for mutant in MUTANTS for rule_id in mutant.rules}
    assert [rule_id for rule_id in RULES if rule_id not in broken] == []


def test_every_mutant_breaks_known_rules_of_one_api() -> None:
    """Each mutant names rules that exist, all of the API that it is a mutant of."""
    for mutant in MUTANTS:
        assert set(mutant.rules) <= set(RULES), mutant.name
        assert {rule_id.partition(".")[0] for rule_id in mutant.rules} == {mutant.api}, mutant.name


def test_every_mutant_says_what_is_wrong() -> None:
    """Each mutant has a text of one sentence."""
    assert [mutant.name for mutant in MUTANTS if not SENTENCE.fullmatch(mutant.text)] == []


def test_names_are_unique() -> None:
    """No two checks, and no two mutants of an API, have one name: reports tell them apart by it."""
    names_of_mutants = Counter((mutant.api, mutant.name) for mutant in MUTANTS)
    for names in (Counter(check.name for check in checks()), names_of_mutants):
        assert [name for name, count in names.items() if count > 1] == []
