"""The injected failures of a world."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from understudy.testing.control import Control, door, given, read

Json = Any


@dataclass(frozen=True, slots=True)
class Fault:
    """One injected failure. `times` is how often it still answers; None: always."""

    id: str
    api: str | None
    operation: str | None
    status: int
    headers: Mapping[str, str]
    body: Json
    times: int | None


class WorldFaults:
    """The faults of a world, in the order in which they are matched."""

    def __init__(self, control: Control, api: str | None) -> None:
        self._control, self._api = control, api

    def __iter__(self) -> Iterator[Fault]:
        return iter(self.list())

    def __len__(self) -> int:
        return len(self.list())

    @door("listFaults")
    def list(self) -> Sequence[Fault]:
        """The active faults."""
        return tuple(read(Fault, fault) for fault in self._control.call("listFaults")["faults"])

    @door("addFault")
    def add(
        self,
        operation: str | None = None,
        *,
        status: int,
        headers: Mapping[str, str] | None = None,
        body: Json = None,
        times: int | None = None,
        api: str | None = None,
    ) -> Fault:
        """Answer matching requests with `status` in place of the API, `times` often (None: always).

        `operation` is an operationId (None: any operation), `body` JSON (None: an error in the API's own shape). Raises
        ControlError for a fault that could never be sent, such as one for an operation that does not exist.
        """
        scope = {"api": api or self._api, "operation": operation}
        answer = {"status": status, "headers": headers, "body": body, "times": times}
        found = self._control.call("addFault", given({**scope, **answer}))
        return read(Fault, found)

    @door("removeFault")
    def remove(self, fault: Fault | str) -> None:
        """Remove a fault, or the one with an id. Raises ControlError where it is gone."""
        self._control.call("removeFault", id=fault.id if isinstance(fault, Fault) else fault)

    @door("clearFaults")
    def clear(self) -> None:
        """Remove all faults."""
        self._control.call("clearFaults")
