"""A plugin of pytest, which the gate loads: of a large family of tests, the first of each API are measured.

A family is what one function is parametrized with. All of it runs; the tracer, which doubles the time, is off for the
members that go the same ways through the code. Were a line or a branch missed by that, the report would name it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from coverage import Coverage

MEASURED = 6
"""How many of a family are measured for each API, or for each first parameter."""

_seen: Counter[str] = Counter()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Run a test without the tracer when enough of its family were measured."""
    coverage = Coverage.current()
    family = item.nodeid.partition("-")[0]
    _seen[family] += 1
    if coverage is None or _seen[family] <= MEASURED:
        return (yield)
    coverage.stop()
    try:
        return (yield)
    finally:
        coverage.start()
