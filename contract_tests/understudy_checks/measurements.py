"""Measurements that the probes of several APIs share: a value from a status, a duration, a bound.

Must not know any API.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from understudy.engine.exchange import Response
from understudy_checks.client import Client, Skipped

Json = Any

MARGIN = 0.05
"""The tolerance of a measured duration, as a fraction of it."""


def skip(reason: str) -> NoReturn:
    """Raise Skipped: the target's data do not allow the measurement."""
    raise Skipped(reason)


def skip_unless(holds: object, reason: str) -> None:
    """Raise Skipped with the reason unless `holds` is true."""
    if not holds:
        raise Skipped(reason)


def by_status(response: Response, accepted: Json, refused: Json) -> Json:
    """Return `accepted` for a success and `refused` for a refusal. Raises Skipped for a 429."""
    skip_unless(response.status != 429, "this target allows too few requests to measure it")
    return accepted if response.status < 300 else refused


def measure_lifetime(client: Client, known: Iterable[int], holds: Callable[[], bool]) -> Json:
    """Measure for how many seconds from now `holds` stays true: one of `known`, or None for ten times the longest."""
    passed, last = 0.0, 0
    for seconds in sorted(known):
        for moment in (seconds * (1 - MARGIN), seconds * (1 + MARGIN)):
            client.advance(moment - passed)
            passed = moment
            if not holds():
                return seconds if moment > seconds else f"between {last} and {seconds}"
        last = seconds
    client.advance(last * 10 - passed)
    return None if holds() else f"more than {last}"


def measure_bound(known: Iterable[int], holds: Callable[[int], bool]) -> Json:
    """Measure the largest number for which `holds` is true: one of `known`, each tested with its successor."""
    last = 0
    for number in sorted(known):
        if not holds(number):
            return f"between {last} and {number}"
        if not holds(number + 1):
            return number
        last = number
    return f"more than {last}"
