"""A World: all that can change between two requests.

A fork takes microseconds: worlds share records until one writes.
"""

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
_ALWAYS = -1 << 62  # below any store's bytes: the next write checks the bounds


class Job(NamedTuple):
    """A timer of an API, scheduled for a tenant at `at` (milliseconds)."""

    at: int
    number: int
    api: str
    tenant: str
    timer: str
    payload: Record


class JobNumbers:
    """Numbers new jobs in the heap `jobs`: each gets one more than the highest number in it, without a search.

    Numbers follow from the scheduled jobs alone, so that a restored world continues with the same ones.
    """

    __slots__ = ("_highest", "_used", "jobs")

    def __init__(self, jobs: list[Job]) -> None:
        self.jobs = jobs
        self._used = {job.number for job in jobs}
        self._highest = [-number for number in self._used]  # negated; may hold released numbers, too
        heapify(self._highest)

    def take(self) -> int:
        """Reserve and return the number of a new job."""
        while self._highest and -self._highest[0] not in self._used:
            heappop(self._highest)
        number = 1 - self._highest[0] if self._highest else 1
        heappush(self._highest, -number)
        self._used.add(number)
        return number

    def release(self, number: int) -> None:
        """Release the number of a job that is no longer scheduled."""
        self._used.remove(number)


@dataclass(slots=True)
class World:
    """One isolated world. `origin` is a copy of its initial state, never written to; `reset` restores it.

    `jobs` is a heap of the scheduled jobs. `windows` are keyed by limit and credential or tenant. Worlds share
    `assumptions` and `limits`: replace them, do not mutate them.
    """

    id: str
    server: Server = field(repr=False)
    clock: Clock
    ids: Ids
    tenants: Tenants
    credentials: dict[tuple[str, str], Credential]
    assumptions: Assumptions
    limits: Mapping[str, int | None]
    jobs: list[Job] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)
    windows: defaultdict[tuple[str, str], Window] = field(default_factory=partial(defaultdict, Window))
    journal: Journal = field(init=False)
    origin: World | None = None
    job_numbers: JobNumbers | None = None
    restored_bytes: int = 0  # of the keys and jobs of a restored state
    seeded_bytes: int = 0  # of the records that the world was made with, beside those of the fixtures

    def __post_init__(self) -> None:
        self.journal = Journal(self.server.bounds, self.server.memory)

    def fork(self, id: str, *, tenants: Tenants, ids: Ids | None = None, clock: Clock | None = None) -> World:
        """An independent world with the same data, credentials, assumptions and jobs, but without journal or faults."""
        return World(
            id=id,
            server=self.server,
            clock=clock or self.clock.fork(),
            ids=ids or self.ids.fork(),
            tenants=tenants,
            credentials=self.credentials.copy(),
            assumptions=self.assumptions,
            limits=self.limits,
            jobs=self.jobs.copy(),
            seeded_bytes=self.seeded_bytes,
        )

    def branches(self) -> Tenants:
        """Independent stores with the same records, for a fork of a world that goes on."""
        return {api: {id: store.branch() for id, store in stores.items()} for api, stores in self.tenants.items()}

    def mark_origin(self) -> World:
        """Save the present state as the one that `reset` restores. Do not write to the present stores afterwards."""
        self.origin = self.fork(self.id, tenants=self.tenants)
        self.origin.journal, self.origin.windows = self.journal, self.windows  # never used: shared to save memory
        self.tenants = _fork_all(self.tenants)
        return self

    def reset(self) -> None:
        """Restore the initial state: data, clock, ids, credentials, assumptions, jobs; empty the journal and faults."""
        assert self.origin is not None, "worlds of the registry have an origin"
        self.replace_with(self.origin.fork(self.id, tenants=_fork_all(self.origin.tenants)))

    def replace_with(self, other: World) -> None:
        """Take over all state of `other`, a world that nothing else uses."""
        self.clock, self.ids, self.tenants = other.clock, other.ids, other.tenants
        self.credentials, self.assumptions, self.limits = other.credentials, other.assumptions, other.limits
        self.jobs, self.faults, self.windows, self.journal = other.jobs, other.faults, other.windows, other.journal
        self.restored_bytes, self.seeded_bytes = other.restored_bytes, other.seeded_bytes
        assert self.origin is not None, "worlds of the registry have an origin"
        self.origin.journal, self.origin.windows = self.journal, self.windows

    def schedule(self, at: int, api: str, tenant: str, timer: str, payload: Record) -> None:
        """Schedule a timer of an API at `at` (milliseconds)."""
        number = self._job_numbers().take()  # breaks ties: jobs of the same time run in order of scheduling
        heappush(self.jobs, Job(at, number, api, tenant, timer, payload))
        if len(self.jobs) >= self.server.bounds.jobs:
            self.tenants[api][tenant].meter.next = _ALWAYS

    def take_job(self) -> Job:
        """Remove and return the earliest job; raises IndexError when none is scheduled."""
        job_numbers, job = self._job_numbers(), heappop(self.jobs)
        job_numbers.release(job.number)
        return job

    def _job_numbers(self) -> JobNumbers:
        """The numbers of the scheduled jobs; counted anew after `jobs` was replaced."""
        if self.job_numbers is None or self.job_numbers.jobs is not self.jobs:
            self.job_numbers = JobNumbers(self.jobs)
        return self.job_numbers

    def size(self) -> int:
        """Bytes of the records added since the world was made, and of the keys and jobs of a restored state."""
        stores = (store for tenants in self.tenants.values() for store in tenants.values())
        return self.restored_bytes + self.seeded_bytes + sum(store.meter.bytes for store in stores)

    def export(self) -> dict[str, Json]:
        """All state as JSON, for `Worlds.restore`; without journal, faults and rate-limit windows."""
        return {
            "clock": {"now": rfc3339(self.clock.now()), "frozen": self.clock.frozen},
            "ids": {"seed": self.ids.seed, "count": self.ids.count},
            "assumptions": dict(self.assumptions),
            "credentials": [credential._asdict() for credential in self.credentials.values()],
            "due": [job._replace(number=n)._asdict() for n, job in enumerate(sorted(self.jobs), 1)],
            "apis": {
                api: {tenant: store.dump() for tenant, store in tenants.items()}
                for api, tenants in self.tenants.items()
            },
        }


def _fork_all(tenants: Tenants) -> Tenants:
    return {api: {id: store.fork() for id, store in stores.items()} for api, stores in tenants.items()}
