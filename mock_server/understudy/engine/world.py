"""A World: all that can change between two requests. A world forks in microseconds: collections share rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from heapq import heapify, heappop, heappush
from typing import Any, NamedTuple

from understudy.engine.assumptions import Assumptions
from understudy.engine.clock import Clock, rfc3339
from understudy.engine.credential import Credential
from understudy.engine.faults import Faults
from understudy.engine.ids import Ids
from understudy.engine.journal import Journal
from understudy.engine.server import Server
from understudy.engine.store import Record, Store
from understudy.engine.window import Window

Json = Any
Tenants = dict[str, dict[str, Store]]  # by API, by tenant
_AT_ONCE = -1 << 62  # less than any store has bytes: the next write is looked at


class Job(NamedTuple):
    """A timer of an API, scheduled for a tenant at a time in milliseconds."""

    at: int
    number: int
    api: str
    tenant: str
    timer: str
    payload: Record


class Numbers:
    """The numbers of the jobs in `due`: a new one is one more than the highest that waits, found without a search.

    It follows from what waits alone, so that a restored world goes on with the same numbers.
    """

    __slots__ = ("_highest", "_waiting", "due")

    def __init__(self, due: list[Job]) -> None:
        self.due = due
        self._waiting = {job.number for job in due}
        self._highest = [-number for number in self._waiting]  # also numbers that wait no longer
        heapify(self._highest)

    def take(self) -> int:
        """The number of a new job."""
        while self._highest and -self._highest[0] not in self._waiting:
            heappop(self._highest)
        number = 1 - self._highest[0] if self._highest else 1
        heappush(self._highest, -number)
        self._waiting.add(number)
        return number

    def free(self, number: int) -> None:
        """Let go of the number of a job that waits no longer."""
        self._waiting.remove(number)


@dataclass(slots=True)
class World:
    """One isolated world. `origin` is what `reset` goes back to: the same world as it was made, never written to.

    `windows` are those of rate limits, by the limit and the credential or tenant that it is for. Worlds share
    assumptions and limits: to change them is to replace them.
    """

    id: str
    server: Server = field(repr=False)
    clock: Clock
    ids: Ids
    tenants: Tenants
    credentials: dict[tuple[str, str], Credential]
    assumptions: Assumptions
    limits: Mapping[str, int | None]
    due: list[Job] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)
    windows: defaultdict[tuple[str, str], Window] = field(default_factory=partial(defaultdict, Window))
    journal: Journal = field(init=False)
    origin: World | None = None
    numbers: Numbers | None = None
    brought: int = 0  # bytes of the keys and jobs that came with a restored state

    def __post_init__(self) -> None:
        self.journal = Journal(self.server.bounds, self.server.room)

    def fork(self, id: str, *, tenants: Tenants, ids: Ids | None = None, clock: Clock | None = None) -> World:
        """A world with the same credentials and assumptions, and nothing behind it: no journal, no windows."""
        return World(
            id=id,
            server=self.server,
            clock=clock or self.clock.fork(),
            ids=ids or self.ids.fork(),
            tenants=tenants,
            credentials=self.credentials.copy(),
            assumptions=self.assumptions,
            limits=self.limits,
            due=self.due.copy(),
        )

    def begin(self) -> World:
        """Remember this moment as the one that `reset` goes back to: the data so far are not written to any more."""
        self.origin = self.fork(self.id, tenants=self.tenants)
        self.origin.journal, self.origin.windows = self.journal, self.windows  # nothing happens in an origin
        self.tenants = _forked(self.tenants)
        return self

    def reset(self) -> None:
        """Go back to how the world was made: data, clock, ids, credentials, assumptions; journal and faults empty."""
        assert self.origin is not None, "worlds of the registry have begun"
        self.adopt(self.origin.fork(self.id, tenants=_forked(self.origin.tenants)))

    def adopt(self, other: World) -> None:
        """Become like `other`, a world that nobody else uses; nothing of what happened is kept."""
        self.clock, self.ids, self.tenants = other.clock, other.ids, other.tenants
        self.credentials, self.assumptions, self.limits = other.credentials, other.assumptions, other.limits
        self.due, self.faults, self.windows, self.journal = other.due, other.faults, other.windows, other.journal
        self.brought = other.brought
        assert self.origin is not None, "worlds of the registry have begun"
        self.origin.journal, self.origin.windows = self.journal, self.windows

    def schedule(self, at: int, api: str, tenant: str, timer: str, payload: Record) -> None:
        """Schedule a timer of an API at `at` (milliseconds)."""
        number = self._numbers().take()  # equal times keep their order
        heappush(self.due, Job(at, number, api, tenant, timer, payload))
        if len(self.due) >= self.server.bounds.jobs:
            self.tenants[api][tenant].meter.next = _AT_ONCE

    def take_job(self) -> Job:
        """Remove the job that is due first; raises IndexError when there is none."""
        numbers, job = self._numbers(), heappop(self.due)
        numbers.free(job.number)
        return job

    def _numbers(self) -> Numbers:
        """The numbers of the jobs that wait; begun anew where `due` was replaced."""
        if self.numbers is None or self.numbers.due is not self.due:
            self.numbers = Numbers(self.due)
        return self.numbers

    def size(self) -> int:
        """Bytes of the records beyond those that the world was made with, and of a restored state's keys and jobs."""
        return self.brought + sum(store.meter.bytes for stores in self.tenants.values() for store in stores.values())

    def export(self) -> dict[str, Json]:
        """All that can change, as JSON: what `restore` takes. Journal, faults and rate windows stay behind."""
        return {
            "clock": {"now": rfc3339(self.clock.now()), "frozen": self.clock.frozen},
            "ids": {"seed": self.ids.seed, "count": self.ids.count},
            "assumptions": dict(self.assumptions),
            "credentials": [credential._asdict() for credential in self.credentials.values()],
            "due": [due._replace(number=n)._asdict() for n, due in enumerate(sorted(self.due), 1)],
            "apis": {
                api: {tenant: store.dump() for tenant, store in tenants.items()}
                for api, tenants in self.tenants.items()
            },
        }


def _forked(tenants: Tenants) -> Tenants:
    return {api: {id: store.fork() for id, store in stores.items()} for api, stores in tenants.items()}
