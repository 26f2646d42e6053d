"""Strategies of Hypothesis: plausible worlds, for the properties of a client.

`understudy.strategies.worlds(NAME)` draws one for each example. It needs hypothesis, the extra of this name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

try:
    from hypothesis import note, reject
    from hypothesis import strategies as st
    from hypothesis.control import cleanup
except ImportError as error:
    raise ImportError("understudy.strategies needs Hypothesis: pip install 'understudy[hypothesis]'") from error

from understudy import apis
from understudy.document.read import read_bytes
from understudy.engine.exchange import Request
from understudy.testing.assumptions import Assumption
from understudy.testing.errors import ControlError
from understudy.testing.running import running_server
from understudy.testing.server import MockServer
from understudy.testing.thinning import Stock, stock_of_seed, stock_of_state
from understudy.testing.world import WorldHandle

Json = Any
Contents = st.SearchStrategy[tuple[Mapping[str, int], Json]]
Assumed = st.SearchStrategy[dict[str, Json]]
Failures = st.SearchStrategy[list[Mapping[str, Json]]]
FEW = 5  # records that are picked one by one
MOST_MADE = 30  # records of a resource that has none at the start
MOST_SWITCHED = 3
MOST_FAULTS = 2
METHODS = ("get", "put", "post", "patch", "delete", "head", "options")
OUTAGES: tuple[Mapping[str, Json], ...] = (
    {"status": 503},
    {"status": 500},
    {"status": 429, "headers": {"Retry-After": "1"}},
)


@dataclass(frozen=True)
class Plan:
    """How a drawn world begins: records, assumptions that take another value, failures to come."""

    api: str
    kept: Mapping[str, int] = field(default_factory=dict)
    assume: Mapping[str, Json] = field(default_factory=dict)
    faults: Sequence[Mapping[str, Json]] = ()

    def __str__(self) -> str:
        records = ", ".join(f"{count} {name}" for name, count in self.kept.items() if count) or "no records"
        parts = [f"{self.api} with {records}"]
        parts += [f"assume {id}={value!r}" for id, value in self.assume.items()]
        return "; ".join([*parts, *(f"fault {fault!r}" for fault in self.faults)])


class DrawnWorld(WorldHandle):
    """A world of a strategy; `plan` says how it began."""

    plan: Plan

    @classmethod
    def begun(cls, world: WorldHandle, plan: Plan) -> DrawnWorld:
        """The handle of a world that has begun as planned."""
        drawn = cls._of(world._control, world._known)
        drawn._name, drawn.plan = plan.api, plan
        return drawn

    def __repr__(self) -> str:
        return f"<world of {self.plan}>"


@st.composite
def worlds(
    draw: st.DrawFn,
    api: str,
    document: str | Path | None = None,
    *,
    records: bool = True,
    alternatives: bool = True,
    faults: bool = True,
    clock: datetime | str = "frozen",
) -> DrawnWorld:
    """Draw a fresh world of an API: a built-in one, or one of `document` under the name `api`.

    `records` draws which start records there are: few, many or none, in any state; `alternatives` draws values where
    the documents are silent; `faults` draws failures that pass. Each may be switched off. `clock` is the world's.
    Shrinks to the fewest records, the usual assumptions and no fault. Worlds are of one server for the process, or of
    the one that UNDERSTUDY_READY_FILE or UNDERSTUDY_URL names. Raises ValueError for what cannot be served.
    """
    server = _server(api, document)
    contents, assumed, failures = _strategies(server, api, own=document is not None)
    kept, content = draw(contents) if records else ({}, None)
    assume = draw(assumed) if alternatives else {}
    plan = Plan(api, kept, assume, draw(failures) if faults else [])
    world = _world(server, plan, content, clock)
    cleanup(world.close)
    note(f"The world: {plan}")  # other plugins may hide what is drawn
    return world


@cache
def _server(api: str, document: str | Path | None) -> MockServer:
    running = running_server()
    return (running or MockServer(api if document is None else f"{api}={document}")).start()


@cache
def _strategies(server: MockServer, api: str, *, own: bool) -> tuple[Contents, Assumed, Failures]:
    """Strategies of what a world of an API begins with."""
    stock = stock_of_state(server.api(api).state) if own else stock_of_seed(apis.seeds([api])[api])
    assumptions = [one for one in server.assumptions.list() if one.id.startswith(f"{api}.") and one.alternatives]
    return _contents(stock), _assumed(assumptions), _failures(_operations(server, api))


def _operations(server: MockServer, api: str) -> list[str]:
    """The operationIds of the document that a server serves."""
    served = server._control.link(Request("GET", f"/__mock__/openapi/{api}.yaml")).body
    paths = read_bytes(served, api)["paths"].values()
    found = (one.get("operationId") for item in paths for method, one in item.items() if method in METHODS)
    return [id for id in found if id is not None]


def _contents(stock: Stock) -> Contents:
    """Start records, and how many of each list that are."""

    def made(places: dict[str, Any]) -> tuple[Mapping[str, int], Json]:
        new = {name: found for name, found in places.items() if isinstance(found, int)}
        chosen = stock.closed({name: set(found) for name, found in places.items() if name not in new})
        content = stock.content(chosen) | {name: {"count": count} for name, count in new.items()}
        return {name: new.get(name, len(chosen.get(name, ()))) for name in stock.lists}, content

    return st.fixed_dictionaries({name: _places(len(found)) for name, found in stock.lists.items()}).map(made)


def _places(count: int) -> st.SearchStrategy[Any]:
    """Some of so many records by their places: a few anywhere, or a run of any length. Of none: how many are made."""
    if not count:
        return st.integers(0, MOST_MADE)
    few = st.lists(st.integers(0, count - 1), unique=True, max_size=min(FEW, count))
    return few | st.integers(0, count).map(range)


def _assumed(known: Sequence[Assumption]) -> Assumed:
    if not known:
        return st.just({})
    switched = [st.tuples(st.just(one.id), st.sampled_from(list(one.alternatives))) for one in known]
    return st.lists(st.one_of(switched), max_size=MOST_SWITCHED, unique_by=lambda one: one[0]).map(dict)


def _failures(operations: Sequence[str]) -> Failures:
    if not operations:
        return st.just([])
    fault = st.builds(
        lambda operation, outage, times: {"operation": operation, **outage, "times": times},
        st.sampled_from(operations),
        st.sampled_from(OUTAGES),
        st.integers(1, 2),
    )
    return st.lists(fault, max_size=MOST_FAULTS)


def _world(server: MockServer, plan: Plan, content: Json, clock: datetime | str) -> DrawnWorld:
    """The world of a plan; one that the server refuses is no example."""
    seed_data = None if content is None else {plan.api: content}
    try:
        made = server.world(seed_data=seed_data, assume=plan.assume, clock=clock)
    except ControlError:
        reject()
    world = DrawnWorld.begun(made, plan)
    for fault in plan.faults:
        world.faults.add(**fault)
    return world
