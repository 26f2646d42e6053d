"""Faults: injected responses (such as a 503, or a 429 with Retry-After), for a number of requests or for all.

Must not know what a fault is to test.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

import msgspec

from understudy.engine.exchange import Headers

WITHOUT_CONTENT = (204, 205, 304)  # RFC 9110, 15.3.5, 15.3.6 and 15.4.5
Scope = tuple[str | None, str | None]  # API and operation; None: any


class Fault(msgspec.Struct):
    """One fault: its scope (None: any), its response, and the number of requests left (None: unlimited).

    `body` is encoded JSON; None stands for an error in the API's own shape.
    """

    id: str
    api: str | None
    operation: str | None
    status: int
    headers: Headers
    body: bytes | None
    times: int | None

    @property
    def size(self) -> int:
        """Bytes of the body and the headers."""
        return len(self.body or b"") + sum(len(name) + len(value) for name, value in self.headers)


class Faults:
    """The faults of a world in order of addition, indexed by API and operation."""

    __slots__ = ("_by_id", "_last_number", "index", "size")

    def __init__(self) -> None:
        self._last_number = 0
        self._by_id: dict[str, tuple[int, Fault]] = {}
        self.index: dict[Scope, OrderedDict[int, Fault]] = {}  # by number; no empty scopes
        self.size = 0  # bytes of all bodies and headers

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Fault]:
        return (fault for _, fault in self._by_id.values())

    def add(self, fault: Fault) -> None:
        """Append a fault."""
        self._last_number += 1
        self._by_id[fault.id] = self._last_number, fault
        self.index.setdefault((fault.api, fault.operation), OrderedDict())[self._last_number] = fault
        self.size += fault.size

    def remove(self, id: str) -> None:
        """Remove the fault `id`; raises KeyError when there is none."""
        number, fault = self._by_id.pop(id)
        scope = fault.api, fault.operation
        del self.index[scope][number]
        if not self.index[scope]:
            del self.index[scope]
        self.size -= fault.size

    def take(self, api: str, operation: str) -> Fault | None:
        """The fault that applies to a request of an operation, counted down and removed at zero; None without one."""
        fault = self.find(api, operation)
        if fault is not None and fault.times is not None:
            fault.times -= 1
            if fault.times == 0:
                self.remove(fault.id)
        return fault

    def find(self, api: str, operation: str) -> Fault | None:
        """The earliest fault that applies to an operation; None without one."""
        scopes = ((api, operation), (api, None), (None, operation), (None, None))
        queues = [self.index[scope] for scope in scopes if scope in self.index]
        firsts = [next(iter(queue.items())) for queue in queues]
        return min(firsts, key=lambda first: first[0])[1] if firsts else None
