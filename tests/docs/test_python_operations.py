"""The page on adding an API says of each operation of ours that has a handler why it has one."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from understudy_checks.target import installed

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/how-to/add-an-api.md").read_text()
TABLE = PAGE.partition("<!-- python-operations -->")[2].partition("<!-- /python-operations -->")[0]


def named() -> dict[str, Counter[str]]:
    """The operations in the first column, by API."""
    found: dict[str, Counter[str]] = {}
    for line in TABLE.splitlines():
        first = line.partition("|")[2].partition("|")[0]
        title = re.fullmatch(r" [*][*](\w+)[*][*] ", first)
        if title:
            operations = found[title[1].lower()] = Counter()
        elif "`" in first:
            operations.update(re.findall(r"`(\w+)`", first))
    return found


@pytest.mark.parametrize("name", ["nextstep", "kognitos", "tallyfy"])
def test_each_operation_with_a_handler_has_its_reason(name: str) -> None:
    """Once; none that is declared is in the table."""
    handlers = installed.declared(name).handlers
    own = [id for id, handler in handlers.items() if handler.__module__.startswith("understudy.apis.")]
    assert named()[name] == Counter(own)


def test_the_number_of_declared_operations_is_told() -> None:
    """In words, for each API."""
    words = {4: "four", 5: "five", 6: "six"}
    left = [len(installed.declared(name).handlers) - named()[name].total() for name in named()]
    first, second, third = (words[count] for count in left)
    assert f"{first} operations of NextStep, {second} of Kognitos, {third} of Tallyfy have no handler" in PAGE
