"""How an API is declared: a contract, handlers by operationId, and what its data and credentials look like.

Handlers are plain functions over a Call: no HTTP, no I/O, so each request is atomic. An operation without
a handler, or a handler without an operation, stops the server at start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from understudy.document.contract import Contract
from understudy.engine.call import Call, Handler, Json
from understudy.engine.credential import Credential
from understudy.engine.exchange import Response
from understudy.engine.faults import Fault
from understudy.engine.ids import Ids
from understudy.engine.problem import Refusal
from understudy.engine.store import Layout, Record, Store
from understudy.messages import suggest


class Timer(NamedTuple):
    """Something that happens by itself when its time comes, and the schema of the payload that it is given."""

    run: Callable[[Call], None]
    payload: Mapping[str, Json]


Step = Callable[[Call], Response | None]


@dataclass(frozen=True, slots=True)
class Steps:
    """The pipeline between route and run, one function a step; each may answer, refuse or let pass."""

    fault: Callable[[Call], Fault | None]
    authenticate: Step
    limit_rate: Step
    validate: Step


class SeededTenant(msgspec.Struct, frozen=True):
    """One tenant of a seed: its data and its credentials."""

    tenant: str
    data: Mapping[str, Sequence[Record]]
    credentials: tuple[Credential, ...]


@dataclass(frozen=True, slots=True)
class Api:
    """All that the pipeline needs to serve one API. Changed, for a mutant, with `dataclasses.replace`.

    `error_body` shapes an error (of media type `error_type`). `layouts` are the collections of a tenant,
    `inconsistencies` tells what does not fit together in them. `seed` reads the content of a seed file, `new_key` makes
    a credential in the vendor's shape, `access_info` is what the ready file says of a world. `events` are what a person
    does in the vendor's own app, `timers` what the API does by itself at a time. A body of more than `most_bytes`, or
    of JSON with more than `most_depth` levels, is refused; `larger_bodies` has the bounds of operations that take more.
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

    def __post_init__(self) -> None:
        operations = set(self.contract.operations)
        faults = [f"operation {id} has no handler" for id in sorted(operations - set(self.handlers))]
        unknown = sorted(set(self.handlers) - operations)
        faults += [f"handler {id} has no operation{suggest(id, operations)}" for id in unknown]
        faults += [f"event {name} is not in both" for name in sorted(set(self.events) ^ set(self.contract.events))]
        if faults:
            raise ValueError(f"{self.contract.source}: {'; '.join(faults)}")

    def body_bound(self, operation: str) -> int:
        """The most bytes that the body of an operation may have."""
        return self.larger_bodies.get(operation, self.most_bytes)
