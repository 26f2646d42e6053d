"""Our mock as a target, in process or behind a URL: each client gets a world of its own.

Both use the control API, so that they behave alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from understudy.apis.control import declare as declare_control
from understudy.document.contract import Contract
from understudy.engine.api import Api
from understudy.engine.clock import Clock, milliseconds
from understudy.engine.exchange import Exchange
from understudy.engine.worlds import Worlds
from understudy.http.app import App
from understudy_checks.budget import Budget
from understudy_checks.client import Access, Capability, Client, Memo, skip_lacking
from understudy_checks.findings import Findings
from understudy_checks.target.control_api import control
from understudy_checks.target.installed import declared, document, load_seed_once, seeds
from understudy_checks.target.transport import Transport, in_process
from understudy_checks.waits import Patience

Json = Any
_EVERYTHING: frozenset[Capability] = frozenset({"write", "fresh", "advance", "events", "spare-key", "documented-limit"})
IN_PROCESS = "mock in process"
START = "2030-01-01T09:00:00Z"
"""The time of an in-process mock: later than anything in the fixtures, the same on every run."""


def mock(
    api: str | Api,
    *,
    assumptions: Mapping[str, Json] | None = None,
    watch: Callable[[Exchange], None] | None = None,
    max_requests: int | None = None,
    writes: bool = True,
) -> Mock:
    """Our mock in process, of an installed API by name, or of a changed one such as a mutant.

    It is always checked against the installed document. `assumptions` are set in every world; `watch` gets each
    exchange with its trace.
    """
    served = declared(api) if isinstance(api, str) else api
    name = served.name
    worlds = Worlds(
        [served, declare_control],
        seeds=seeds(),
        clock=Clock(milliseconds(START), frozen=True),
        assume=assumptions,
        seeder=load_seed_once,
    )
    transport = in_process(App(worlds, watch=watch))
    return Mock(document(name), transport, writes=writes, budget=Budget(max_requests), memo={})


class Mock:
    """Our mock behind a transport. Every client gets a fresh world with a frozen clock."""

    def __init__(
        self,
        contract: Contract,
        transport: Transport,
        *,
        name: str = IN_PROCESS,
        budget: Budget | None = None,
        prefix: str | None = None,
        writes: bool = True,
        memo: Memo | None = None,
    ) -> None:
        self.contract = contract
        self.name = name
        self.budget = Budget() if budget is None else budget
        self._transport = transport
        self._prefix = contract.prefixes[0] if prefix is None else prefix
        self._writes = writes
        self._capabilities: frozenset[Capability] | None = None
        self._memo = memo
        self.findings: Findings | None = None
        self.patience: Patience | None = None

    def __repr__(self) -> str:
        return f"<our mock of {self.contract.name}>"

    @property
    def capabilities(self) -> frozenset[Capability]:
        """See Target."""
        if self._capabilities is None:
            with self.open() as client:
                self._capabilities = client.access.capabilities | client.world.capabilities
        return self._capabilities

    def open(self) -> Client:
        """See Target."""
        made = control(self._transport, "POST", "/worlds")
        world = MockWorld(self.contract.name, self._transport, made["id"], self._writes)
        world.control("PUT", "/clock", {"frozen": True})
        access = Access.read(made["apis"][self.contract.name])
        client = Client(self.contract, self._transport, self._prefix, access, world, self.budget, memo=self._memo)
        client.findings = self.findings
        return client


@dataclass(frozen=True, slots=True)
class MockWorld:
    """One world of our mock, controlled through the control API."""

    api: str
    transport: Transport
    id: str
    writes: bool

    @property
    def capabilities(self) -> frozenset[Capability]:
        """See World."""
        return _EVERYTHING if self.writes else _EVERYTHING - {"write"}

    @property
    def headers(self) -> Mapping[str, str]:
        """See World. They select this world also for a request without a valid key."""
        return {"x-mock-world": self.id}

    @property
    def patience(self) -> None:
        """See World."""

    def wait(self, seconds: float) -> None:
        """See World."""
        self.control("POST", "/clock/advance", {"seconds": seconds})

    wait_between_polls = wait

    def event(self, name: str, fields: Mapping[str, Json]) -> None:
        """See World."""
        self.control("POST", "/events", {"api": self.api, "event": name, **fields})

    def spare_key(self) -> str:
        """See World."""
        skip_lacking("spare-key")

    def close(self) -> None:
        """See World."""
        self.control("DELETE", f"/worlds/{self.id}")

    def control(self, method: str, path: str, body: Json = None) -> Json:
        """Call the control API in this world; returns the decoded body."""
        return control(self.transport, method, path, body, world=self.id)
