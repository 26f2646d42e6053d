"""An API: a contract, handlers by operationId, and the shapes of its records, seeds and credentials.

Handlers are plain functions over a Call: no HTTP, no I/O, so each request is atomic. An operation without
a handler, or a handler without an operation, stops the server at start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from understudy.document.contract import Contract
from understudy.document.seed_file import Start
from understudy.engine.call import Call, Handler, Json
from understudy.engine.credential import Credential
from understudy.engine.exchange import Headers, Response
from understudy.engine.faults import Fault
from understudy.engine.ids import Ids
from understudy.engine.problem import Refusal
from understudy.engine.store import Layout, Record, SharedRecord, Store
from understudy.messages import suggest


def none_is_declared(call: Call, resource: str, *others: Json) -> SharedRecord:
    """Raise LookupError: an API without resources has no record to find."""
    raise LookupError(f"there is no resource {resource}; {call.contract.name} declares none")


class Timer(NamedTuple):
    """A function that a scheduled job runs, and the JSON schema of its payload."""

    run: Callable[[Call], None]
    payload: Mapping[str, Json]


Step = Callable[[Call], Response | None]
Refuse = Callable[[Call, str, Refusal], tuple[int, Headers, bytes]]
Add = Callable[[Call, Json], Sequence[Record]]
Find = Callable[..., SharedRecord]


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of the pipeline between route and run. Each returns a response, raises a Problem, or returns None."""

    fault: Callable[[Call], Fault | None]
    authenticate: Step
    limit_rate: Step
    validate: Step


class SeededTenant(msgspec.Struct, frozen=True):
    """One tenant of a seed: its records by collection, and its credentials."""

    tenant: str
    data: Mapping[str, Sequence[Record]]
    credentials: tuple[Credential, ...]


@dataclass(frozen=True, slots=True)
class Readings:
    """Other readings of a document. `defaults` are those of the assumptions that decide how it is read, by id.

    `make` compiles the API anew for other values of some of them, and memoizes it; it raises ValueError.
    """

    defaults: Mapping[str, Json]
    make: Callable[[Mapping[str, Json]], Api]


@dataclass(frozen=True, slots=True)
class Api:
    """All that the pipeline needs to serve one API. Mutants change it with `dataclasses.replace`.

    `error_body` renders an error (of media type `error_type`); `refuse`, if given, renders a kind of problem with a
    status and headers of its own. `layouts` declare the collections of a tenant, `inconsistencies` describes
    contradictions between its records, `seed` reads the content of a seed file, `new_key` makes a credential in the
    vendor's format, `access_info` is the API's entry in the ready file. `events` are actions of a person in the
    vendor's own app, `timers` are actions of the API itself. A body larger than `most_bytes`, or JSON deeper than
    `most_depth` levels, is refused; `larger_bodies` holds higher bounds by operation. `add` adds records by resource to
    the tenant of a call, all or none, and raises SeedError; `start` are those of the API's own seed file, `ran` names
    the files of a user that were run for it. `roles` are what operations without a handler do, by operationId,
    `understood` says in one line what was understood of a user's document, `readings` are other ones of it.
    `served` are functions that make of a stored record, by resource, what answers show. `find` finds a record of a
    declared resource, or refuses as declared.
    """

    name: str
    contract: Contract
    handlers: Mapping[str, Handler]
    steps: Steps
    error_body: Callable[[Call, Refusal], Json]
    error_type: bytes
    layouts: Mapping[str, Layout]
    inconsistencies: Callable[[str, Store], Iterable[str]]
    seed: Callable[[Json, Contract], Sequence[SeededTenant]]
    new_key: Callable[[Ids], str]
    access_info: Callable[[Sequence[Credential], Mapping[str, Store]], dict[str, Json]]
    events: Mapping[str, Callable[[Call], Json]]
    timers: Mapping[str, Timer]
    most_bytes: int = 1 << 20
    most_depth: int = 200
    larger_bodies: Mapping[str, int] = field(default_factory=dict)
    refuse: Refuse | None = None
    add: Add | None = None
    start: Start | None = None
    ran: tuple[str, ...] = ()
    roles: Mapping[str, Json] = field(default_factory=dict)
    understood: str = ""
    readings: Readings | None = None
    served: Mapping[str, Json] = field(default_factory=dict)
    find: Find = none_is_declared

    def __post_init__(self) -> None:
        operations = set(self.contract.operations)
        problems = [f"operation {id} has no handler" for id in sorted(operations - set(self.handlers))]
        unknown = sorted(set(self.handlers) - operations)
        problems += [f"handler {id} has no operation{suggest(id, operations)}" for id in unknown]
        problems += [f"event {name} is not in both" for name in sorted(set(self.events) ^ set(self.contract.events))]
        if problems:
            raise ValueError(f"{self.contract.source}: {'; '.join(problems)}")

    def read_as(self, values: Mapping[str, Json]) -> Api:
        """The API by these values of assumptions: this one, or another reading of its document. Raises ValueError."""
        if self.readings is None:
            return self
        known = self.readings.defaults
        chosen = {id: values[id] for id in known if id in values and values[id] != known[id]}
        return self.readings.make(chosen) if chosen else self

    def body_bound(self, operation: str) -> int:
        """The most bytes that a request body of an operation may have."""
        return self.larger_bodies.get(operation, self.most_bytes)
