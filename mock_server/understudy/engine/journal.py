"""The journal: the last exchanges of a world, bounded, and how one is told to a person.

A trace is worked out when somebody asks. Must not judge: findings and rules do.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from understudy.document.contract import Contract
from understudy.engine.bounds import Bounds
from understudy.engine.clock import rfc3339
from understudy.engine.exchange import Exchange, Headers

STEPS = ("route", "fault", "authenticate", "admit", "validate", "run", "page")
LARGE = 1 << 14  # bytes of an exchange that is counted for its size
_SAMPLE = 7  # of so many exchanges with small bodies one is counted: to count all takes 8 % of a read
_CAREFUL = 64
_OVERHEAD = 1 << 10  # bytes that Python needs for an exchange, about


class Room:
    """The bytes that all journals of a server may take together; where there are more, idle worlds lose theirs.

    Looked at each time that an eighth of `most` was written, so that no request pays for it.
    """

    __slots__ = ("_journals", "left", "most")

    def __init__(self, most: int, journals: Callable[[], Iterable[Journal]]) -> None:
        self.most = most
        self._journals = journals
        self.left = most // 8  # bytes until the next look

    def tidy(self) -> None:
        """Clear the journals that nothing was added to for longest until half of the room is free, where it is full."""
        self.left = self.most // 8
        journals = list(self._journals())
        sizes = [journal.size() for journal in journals]
        for journal in journals:
            journal.grow_older()
        total = sum(sizes)
        if total > self.most:
            idle = [pair for pair in zip(journals, sizes, strict=True) if pair[0].idle]
            for journal, size in sorted(idle, key=lambda pair: -pair[0].idle):
                if total <= self.most // 2:
                    break
                journal.clear()
                total -= size
        for journal in journals if total > self.most else ():
            journal.halve()


class Journal:
    """The last exchanges, oldest first: `bounds` says how many, and how many bytes the large ones may take."""

    __slots__ = ("_careful", "_exchanges", "_large", "_most_bytes", "_room", "_seen", "_taken", "count", "idle")

    def __init__(self, bounds: Bounds, room: Room) -> None:
        self._exchanges: deque[Exchange] = deque(maxlen=bounds.journal)
        self._most_bytes = bounds.journal_bytes
        self._room = room
        self._large: list[tuple[int, int]] = []  # their numbers and bytes, oldest first
        self._taken = 0
        self._careful = 0  # exchanges still to be counted each
        self._seen = 0  # exchanges made when the room was last tidied
        self.idle = 0  # how often the room was tidied since an exchange was added
        self.count = 0

    def __iter__(self) -> Iterator[Exchange]:
        return iter(self._exchanges)

    def __len__(self) -> int:
        return len(self._exchanges)

    def keep(self, exchange: Exchange) -> None:
        """Append an exchange; the oldest go when there are too many, or too large ones."""
        self._exchanges.append(exchange)
        if (
            self._careful
            or exchange.id % _SAMPLE == 0
            or len(exchange.request.body) + len(exchange.response.body) > LARGE
        ):
            self._weigh(exchange)

    def find(self, id: int) -> Exchange | None:
        """The exchange `id`, None when it is gone or never was."""
        return next((exchange for exchange in self._exchanges if exchange.id == id), None)

    def clear(self) -> None:
        """Forget all exchanges; numbers go on."""
        self._exchanges.clear()
        self._large.clear()
        self._taken = 0

    def halve(self) -> None:
        """Forget the older half of the exchanges, but never the last one."""
        for _ in range(len(self._exchanges) // 2):
            self._exchanges.popleft()
        self._large = [(id, size) for id, size in self._large if id >= self._exchanges[0].id]
        self._taken = sum(size for _, size in self._large)

    def size(self) -> int:
        """Bytes of all exchanges, about."""
        return sum(map(size_of, self._exchanges))

    def grow_older(self) -> None:
        """Note that the room is tidied."""
        self.idle = 0 if self.count != self._seen else self.idle + 1
        self._seen = self.count

    def _weigh(self, exchange: Exchange) -> None:
        """Count the bytes of an exchange. Large ones come in crowds: after one, the next ones are all counted."""
        size, room = size_of(exchange), self._room
        room.left -= size if self._careful else size * _SAMPLE
        self._careful = max(0, self._careful - 1)
        if size > LARGE:
            self._careful = _CAREFUL
            self._large.append((exchange.id, size))
            self._taken += size
            if self._taken > self._most_bytes:
                self._make_room()
        if room.left < 0:
            room.tidy()

    def _make_room(self) -> None:
        """Let the oldest go until half of the room is free, but never the last one."""
        while self._taken > self._most_bytes // 2 and len(self._large) > 1:
            id, size = self._large.pop(0)
            self._taken -= size
            while self._exchanges[0].id <= id:
                self._exchanges.popleft()


def size_of(exchange: Exchange) -> int:
    """Bytes of an exchange, about: both bodies and heads, and what Python needs for it."""
    request, response = exchange.request, exchange.response
    size = _OVERHEAD + len(request.body) + len(response.body) + len(request.path) + len(request.query)
    for name, value in request.headers:
        size += len(name) + len(value)
    for name, value in response.headers:
        size += len(name) + len(value)
    return size if exchange.error is None else size + len(exchange.error)


def summary(exchange: Exchange) -> dict[str, Any]:
    """One exchange in a line: number, time, method, path, status, reason, and what a person is told about it."""
    return {
        "id": exchange.id,
        "at": rfc3339(exchange.at),
        "api": exchange.api,
        "operation": exchange.operation,
        "method": exchange.request.method,
        "path": exchange.request.path,
        "query": exchange.request.query,
        "status": exchange.response.status,
        "reason": exchange.reason,
        "hint": exchange.response.header("x-mock-hint"),
        "warning": exchange.response.header("x-mock-warning"),
    }


def describe(exchange: Exchange, contract: Contract | None) -> dict[str, Any]:
    """One exchange whole, with its trace: the steps that ran and the rules and assumptions that decided."""
    return {
        **summary(exchange),
        "request": {"headers": _headers(exchange.request.headers), "body": _text(exchange.request.body)},
        "response": {"headers": _headers(exchange.response.headers), "body": _text(exchange.response.body)},
        "trace": {
            "steps": list(STEPS[: STEPS.index(exchange.stop) + 1]),
            "decided": [_trace_entry(id, contract) for id in dict.fromkeys(exchange.trace)],
        },
        "error": exchange.error,
    }


def _trace_entry(id: str, contract: Contract | None) -> dict[str, str]:
    assumption = contract.assumptions.get(id) if contract else None
    if assumption is not None:
        return {"id": id, "basis": "assumed", "text": assumption.text}
    rule = next(rule for rule in contract.rules if rule.id == id) if contract else None
    return {"id": id, "basis": rule.basis if rule else "", "text": rule.text if rule else ""}


def _headers(headers: Headers) -> list[list[str]]:
    return [[name.decode("latin-1"), value.decode("latin-1")] for name, value in headers]


def _text(body: bytes) -> str:
    return body.decode("utf-8", "backslashreplace")
