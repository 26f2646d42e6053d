"""Any other server as a target: one world that all clients share, and the keys that are given for it.

Functions of the settings do what no request can do there: move a clock, act as a person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from understudy.document.contract import Contract
from understudy_checks.budget import Budget
from understudy_checks.client import Capability, Client, Memo, Skipped, skip_lacking
from understudy_checks.findings import Findings
from understudy_checks.keys import each_has_a_quota
from understudy_checks.target.settings import Settings
from understudy_checks.target.transport import Transport
from understudy_checks.waits import Patience

Json = Any
Person = Callable[[str, Mapping[str, Json]], None]
"""Performs what people do in the vendor's app, given the name of an event and its fields."""

MOMENT = 0.05
"""The most seconds of real waiting on a target whose clock can be moved, for what it does in real time."""


class Declined(Skipped, RuntimeError):
    """An event that the vendor's app refused; a RuntimeError, like a refusal of the control API."""


class Server:
    """A server that is not our mock: one shared world, the given keys, real time unless `clock` moves it."""

    def __init__(
        self,
        contract: Contract,
        transport: Transport,
        prefix: str,
        settings: Settings,
        *,
        name: str,
        budget: Budget,
        clock: Callable[[float], None] | None = None,
        person: Person | None = None,
    ) -> None:
        self.contract = contract
        self.name = name
        self.budget = budget
        self.headers: Mapping[str, str] = settings.headers
        self._person = person
        self._spare_keys = list(settings.spare_keys)
        self._transport = transport
        self._prefix = prefix
        self._access = settings.access
        self._clock = clock
        offered: dict[Capability, bool] = {
            "write": settings.writes is True,
            "advance": self._clock is not None,
            "documented-limit": settings.rate_limit is None,
            "events": person is not None,
            "spare-key": settings.spare_keys != (),
        }
        self.capabilities = self._access.capabilities | {capability for capability, holds in offered.items() if holds}
        self._memo: Memo | None = None if settings.writes else {}
        self._opened = 0
        self.findings: Findings | None = None
        self.patience: Patience | None = Patience(is_cheap=clock is not None)

    def __repr__(self) -> str:
        return f"<a server of {self.contract.name}>"

    def open(self) -> Client:
        """See Target. The clients use the keys in turn where each has a quota of its own, else the first."""
        keys = self._access.api_keys
        turn = self._opened % len(keys) if keys and each_has_a_quota(self.contract) else 0
        self._opened += 1
        access = replace(self._access, api_keys=keys[turn:] + keys[:turn])
        client = Client(self.contract, self._transport, self._prefix, access, self, self.budget, memo=self._memo)
        client.findings = self.findings
        return client

    def wait(self, seconds: float) -> None:
        """See World."""
        if self._clock is None:
            self.budget.wait(seconds)
        else:
            self._clock(seconds)

    def wait_between_polls(self, seconds: float) -> None:
        """See World. Where the clock is moved, also waits MOMENT in real time: not everything follows that clock."""
        self.wait(seconds)
        if self._clock is not None:
            self.budget.wait(min(seconds, MOMENT))

    def event(self, name: str, fields: Mapping[str, Json]) -> None:
        """See World. A NotImplementedError of `person` means an unsupported event, a RuntimeError a refused one."""
        if self._person is None:
            skip_lacking("events")
        try:
            self._person(name, fields)
        except NotImplementedError as error:
            raise Skipped(f"the event {name} cannot be done on this target") from error
        except Exception as error:  # it may be anything, and proves nothing about the server
            kind = Declined if isinstance(error, RuntimeError) else Skipped
            raise kind(
                f"the event {name} was not done: {type(error).__name__}: {' '.join(str(error).split())}"
            ) from error

    def spare_key(self) -> str:
        """See World. Returns each key once."""
        return self._spare_keys.pop(0) if self._spare_keys else skip_lacking("spare-key")

    def close(self) -> None:
        """See World."""
