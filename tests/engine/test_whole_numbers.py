"""Which bodies are looked through for whole numbers with a fraction."""

from __future__ import annotations

import pytest

from understudy.document.integers import may_hold_fractions


@pytest.mark.parametrize(
    ("text", "may"),
    [
        ("1.0", True),
        ('{"a":1.0}', True),
        ('{"a": -20.00}', True),
        ("[1,2.50e1]", True),
        ('{"a":3E2}', True),
        ('{"a":1.5,"b":10}', False),
        ('{"id":"J80e43k","version":"1.0"}', False),
        ('{"a":true}', False),
    ],
)
def test_texts_are_told_from_numbers(text: str, may: bool) -> None:
    """Most ids and versions cost no second look."""
    assert may_hold_fractions(text.encode()) is may
