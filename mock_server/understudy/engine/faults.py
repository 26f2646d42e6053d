"""Faults: responses that a user asked for in advance (a 503, a 429 with Retry-After), some times or always.

Must not know why: whoever tests a client does.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

import msgspec

from understudy.engine.exchange import Headers

WITHOUT_CONTENT = (204, 205, 304)  # RFC 9110, 15.3.5, 15.3.6 and 15.4.5
Scope = tuple[str | None, str | None]  # API and operation; None: any


class Fault(msgspec.Struct):
    """One fault: what it is for (None: everything), what it answers, and how often still (None: always).

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
    """The faults of a world in the order in which they were added, with an index by API and operation."""

    __slots__ = ("_added", "_numbered", "index", "size")

    def __init__(self) -> None:
        self._added = 0
        self._numbered: dict[str, tuple[int, Fault]] = {}
        self.index: dict[Scope, OrderedDict[int, Fault]] = {}  # by number; without empty ones
        self.size = 0  # bytes of all bodies and headers

    def __len__(self) -> int:
        return len(self._numbered)

    def __iter__(self) -> Iterator[Fault]:
        return (fault for _, fault in self._numbered.values())

    def add(self, fault: Fault) -> None:
        """Append a fault."""
        self._added += 1
        self._numbered[fault.id] = self._added, fault
        self.index.setdefault((fault.api, fault.operation), OrderedDict())[self._added] = fault
        self.size += fault.size

    def remove(self, id: str) -> None:
        """Remove the fault `id`; raises KeyError when there is none."""
        number, fault = self._numbered.pop(id)
        scope = fault.api, fault.operation
        del self.index[scope][number]
        if not self.index[scope]:
            del self.index[scope]
        self.size -= fault.size

    def take(self, api: str, operation: str) -> Fault | None:
        """The fault that concerns a request of an operation; one that is used up by it is removed."""
        fault = self.find(api, operation)
        if fault is not None and fault.times is not None:
            fault.times -= 1
            if fault.times == 0:
                self.remove(fault.id)
        return fault

    def find(self, api: str, operation: str) -> Fault | None:
        """The fault that was added first of those that concern an operation."""
        scopes = ((api, operation), (api, None), (None, operation), (None, None))
        queues = [self.index[scope] for scope in scopes if scope in self.index]
        firsts = [next(iter(queue.items())) for queue in queues]
        return min(firsts, key=lambda first: first[0])[1] if firsts else None
