"""What the probes of several APIs have in common: reading a value off an answer, and off the time that passes.

Must not know any API.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from understudy.engine.exchange import Response
from understudy_checks.client import Client, NotChecked

Json = Any

MARGIN = 0.05
"""By which part of a time a target may be early or late and still be said to keep it."""


def missing(reason: str) -> NoReturn:
    """Raises NotChecked: the target's data do not let it be seen."""
    raise NotChecked(reason)


def demand(holds: object, reason: str) -> None:
    """Raises NotChecked, with the reason, unless something holds."""
    if not holds:
        raise NotChecked(reason)


def either(response: Response, accepted: Json, refused: Json) -> Json:
    """One value for an answer that is given, another for a refusal; raises NotChecked when it is for the rate limit."""
    demand(response.status != 429, "this target admits too few requests to see it")
    return accepted if response.status < 300 else refused


def lifetime(client: Client, known: Iterable[int], holds: Callable[[], bool]) -> Json:
    """How many seconds something holds that begins now: one of the `known` times, or None for ten times the longest."""
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


def bound(known: Iterable[int], holds: Callable[[int], bool]) -> Json:
    """Up to which number something holds: one of the `known` ones, where it does and does not for the next."""
    last = 0
    for number in sorted(known):
        if not holds(number):
            return f"between {last} and {number}"
        if not holds(number + 1):
            return number
        last = number
    return f"more than {last}"
