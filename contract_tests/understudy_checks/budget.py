"""The budget of a run: counts requests and waiting time against a target and enforces their limits.

One Budget belongs to one target. Must not know what a request is about.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from understudy_checks.client import Skipped
from understudy_checks.creations import Creation

MAX_WAIT = 300.0
"""The default limit of real waiting in a run, in seconds."""

Sleep = Callable[[float], None]
OperationStatus = tuple[str, int]


class BudgetSpent(Skipped):
    """The budget of requests or of waiting time is used up."""


@dataclass(slots=True)
class Budget:
    """The limits of a run on its target, and what it has used of them."""

    max_requests: int | None = None
    """The largest number of requests; None for no limit."""
    max_wait: float = MAX_WAIT
    sleep: Sleep = time.sleep  # noqa: TID251 - a server without our clock needs real time
    on_wait: Callable[[str], None] = lambda _: None
    """Called with a text before each wait."""
    requests: int = 0
    waited: float = 0.0
    last: int | None = None
    """The request count at which the current share ends; None without a share."""
    calls: Counter[OperationStatus] = field(default_factory=Counter)
    """The number of responses by operation id and status."""
    made: list[str] = field(default_factory=list)
    """The paths of the objects that the kit created on a shared target, in order."""
    reserved: int = 0
    """The number of requests that are kept to delete them again; a creation needs one more."""

    @property
    def left(self) -> int | None:
        """The number of requests left; None for no limit."""
        return None if self.max_requests is None else self.max_requests - self.requests

    def share(self, requests: int | None) -> None:
        """Limit the next step to `requests` requests; None for no limit but the budget."""
        self.last = None if requests is None else self.requests + requests

    def spend(self) -> None:
        """Count a request before it is sent. Raises BudgetSpent when no more are allowed."""
        if self.left is not None and self.left <= self.reserved + bool(self.reserved):
            raise BudgetSpent(f"the budget of {self.max_requests} requests is used up", "requests")
        if self.last is not None and self.requests >= self.last:
            raise BudgetSpent(f"it takes more than its share of the budget of {self.max_requests} requests", "requests")
        self.requests += 1

    def add(self, created: Sequence[Creation]) -> None:
        """Note what was created, and keep a request for the deletion of each that can be deleted."""
        self.made += [one.path for one in created]
        self.reserved += sum(one.is_removable for one in created)

    def record_response(self, operation: str, status: int) -> None:
        """Record the status of an operation's response."""
        self.calls[operation, status] += 1

    def wait(self, seconds: float) -> None:
        """Sleep for `seconds`. Raises BudgetSpent when the total would exceed `max_wait`."""
        if self.waited + seconds > self.max_wait:
            raise BudgetSpent(
                f"it takes more than the {self.max_wait:g} seconds of waiting that are allowed (max_wait)", "waiting"
            )
        self.waited += seconds
        self.on_wait(f"waiting {seconds:g} s")
        self.sleep(seconds)
