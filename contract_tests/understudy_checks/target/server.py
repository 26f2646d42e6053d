"""Any other server as a target: one world that all clients share, and the keys that are given for it.

What no request can do there (move a clock, act as a person) is done by functions of the settings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from understudy.document.contract import Contract
from understudy_checks.budget import Guest
from understudy_checks.client import Capability, Client, Memory, NotChecked, lacking
from understudy_checks.target.settings import Settings
from understudy_checks.target.transport import Transport

Json = Any
Person = Callable[[str, Mapping[str, Json]], None]
"""Does as people do in the vendor's app: the name of an event and its fields."""

MOMENT = 0.05
"""Seconds that are really waited, at most, for what a target with a clock that can be moved does in real time."""


class Declined(NotChecked, RuntimeError):
    """An app refused what a person wanted to do there, as the control API of our mock does with a RuntimeError."""


class Server:
    """Any other server: one shared world, reached with the given keys in turn. Its clock is the real one, or told."""

    def __init__(
        self,
        contract: Contract,
        transport: Transport,
        prefix: str,
        settings: Settings,
        *,
        name: str,
        guest: Guest,
        clock: Callable[[float], None] | None = None,
        person: Person | None = None,
    ) -> None:
        self.contract = contract
        self.name = name
        self.guest = guest
        self.headers: Mapping[str, str] = settings.headers
        self._person = person
        self._spare_keys = list(settings.spare_keys)
        self._transport = transport
        self._prefix = prefix
        self._access = settings.access
        self._clock = clock
        told: dict[Capability, bool] = {
            "write": settings.writes is True,
            "advance": self._clock is not None,
            "documented-limit": settings.rate_limit is None,
            "events": person is not None,
            "spare-key": settings.spare_keys != (),
        }
        self.capabilities = self._access.capabilities | {capability for capability, holds in told.items() if holds}
        self._memory: Memory | None = None if settings.writes else {}
        self._opened = 0

    def __repr__(self) -> str:
        return f"<a server of {self.contract.name}>"

    def open(self) -> Client:
        """See Target. Each client has another one of the keys for its usual one."""
        keys = self._access.api_keys
        turn = self._opened % len(keys)
        self._opened += 1
        access = replace(self._access, api_keys=keys[turn:] + keys[:turn])
        return Client(self.contract, self._transport, self._prefix, access, self, self.guest, memory=self._memory)

    def wait(self, seconds: float) -> None:
        """See World."""
        if self._clock is None:
            self.guest.wait(seconds)
        else:
            self._clock(seconds)

    def linger(self, seconds: float) -> None:
        """See World. Where the clock is moved, a moment really passes too: not everything need follow that clock."""
        self.wait(seconds)
        if self._clock is not None:
            self.guest.wait(min(seconds, MOMENT))

    def event(self, name: str, fields: Mapping[str, Json]) -> None:
        """See World. A person raises NotImplementedError for what cannot be done, RuntimeError for what is refused."""
        if self._person is None:
            lacking("events")
        try:
            self._person(name, fields)
        except NotImplementedError as error:
            raise NotChecked(f"the event {name} cannot be done on this target") from error
        except Exception as error:  # it may be anything, and says nothing about the server
            kind = Declined if isinstance(error, RuntimeError) else NotChecked
            raise kind(
                f"the event {name} was not done: {type(error).__name__}: {' '.join(str(error).split())}"
            ) from error

    def spare_key(self) -> str:
        """See World. Each is given once."""
        return self._spare_keys.pop(0) if self._spare_keys else lacking("spare-key")

    def close(self) -> None:
        """See World."""
