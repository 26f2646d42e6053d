"""How the kit behaves as somebody's guest: it counts its requests, keeps to a budget, and waits no longer than allowed.

One Guest goes with one target. Must not know what a request is about.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from understudy_checks.client import NotChecked

LONGEST_WAIT = 300.0
"""Seconds of real waiting that a run may take in all, unless it is told otherwise."""

Sleep = Callable[[float], None]
Seen = tuple[str, int]


class Spent(NotChecked):
    """The budget of requests, or of seconds to wait, is used up."""


@dataclass(slots=True)
class Guest:
    """What a run may do to its target, and what it has done so far."""

    budget: int | None = None
    """Requests in all; None for as many as it takes."""
    max_wait: float = LONGEST_WAIT
    sleep: Sleep = time.sleep  # noqa: TID251 - a server without our clock is waited for
    tell: Callable[[str], None] = lambda _: None
    """Told of each wait before it begins."""
    requests: int = 0
    waited: float = 0.0
    last: int | None = None
    """The number of the last request that what is being done now may make; None for as many as the budget allows."""
    calls: Counter[Seen] = field(default_factory=Counter)
    """How often each operation (its id) was answered with each status."""
    made: list[str] = field(default_factory=list)
    """The paths of the objects that were made where others are too, in order."""

    @property
    def left(self) -> int | None:
        """How many requests may still be made; None for any number."""
        return None if self.budget is None else self.budget - self.requests

    def share(self, requests: int | None) -> None:
        """Let what is done from now on make so many requests."""
        self.last = None if requests is None else self.requests + requests

    def spend(self) -> None:
        """Count a request that is about to be made; raises Spent when it may not be."""
        if self.left == 0:
            raise Spent(f"the budget of {self.budget} requests is used up", "requests")
        if self.last is not None and self.requests >= self.last:
            raise Spent(f"it takes more than its share of the budget of {self.budget} requests", "requests")
        self.requests += 1

    def saw(self, operation: str, status: int) -> None:
        """Remember how an operation was answered."""
        self.calls[operation, status] += 1

    def wait(self, seconds: float) -> None:
        """Really wait; raises Spent when that is longer than is allowed in all."""
        if self.waited + seconds > self.max_wait:
            raise Spent(
                f"it takes more than the {self.max_wait:g} seconds of waiting that are allowed (max_wait)", "waiting"
            )
        self.waited += seconds
        self.tell(f"waiting {seconds:g} s")
        self.sleep(seconds)
