"""The journal: the last exchanges of a world, within bounds, and their JSON for the control API.

A trace is rendered on request. Must not judge exchanges: findings and rules do.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from understudy.document.contract import Contract
from understudy.engine.bounds import Bounds
from understudy.engine.clock import rfc3339
from understudy.engine.exchange import Exchange, Headers

STEPS = ("route", "fault", "authenticate", "admit", "validate", "run", "page")
LARGE = 1 << 14  # bytes of an exchange that counts as large
_SAMPLE = 7  # one of so many small exchanges is measured: measuring each takes 8 % of a read
_MEASURED_AFTER_LARGE = 64  # exchanges
_OVERHEAD = 1 << 10  # bytes of the Python objects of an exchange, estimated


class MemoryLimit:
    """Limits the bytes of all journals of a server to `most`; the worlds idle longest lose their exchanges first.

    Checked each time an eighth of `most` was written, so that no single request pays for it.
    """

    __slots__ = ("_journals", "most", "remaining")

    def __init__(self, most: int, journals: Callable[[], Iterable[Journal]]) -> None:
        self.most = most
        self._journals = journals
        self.remaining = most // 8  # bytes until the next check

    def enforce(self) -> None:
        """Over the limit, clear the journals that were idle longest until half of `most` is free.

        Where that is not enough, drop the older half of each journal.
        """
        self.remaining = self.most // 8
        journals = list(self._journals())
        for journal in journals:
            journal.note_check()
        if sum(journal.highest_size() for journal in journals) > self.most:
            self._shrink(journals, [journal.size() for journal in journals])

    def _shrink(self, journals: list[Journal], sizes: list[int]) -> None:
        total = sum(sizes)
        if total > self.most:
            idle = [pair for pair in zip(journals, sizes, strict=True) if pair[0].idle_checks]
            for journal, size in sorted(idle, key=lambda pair: -pair[0].idle_checks):
                if total <= self.most // 2:
                    break
                journal.clear()
                total -= size
        for journal in journals if total > self.most else ():
            journal.drop_older_half()


class Journal:
    """The last exchanges, oldest first. `bounds` limits their number, and the bytes of the large ones."""

    __slots__ = (
        "_count_at_check",
        "_exchanges",
        "_large",
        "_large_bytes",
        "_measure_next",
        "_memory",
        "_most_bytes",
        "count",
        "idle_checks",
    )

    def __init__(self, bounds: Bounds, memory: MemoryLimit) -> None:
        self._exchanges: deque[Exchange] = deque(maxlen=bounds.journal)
        self._most_bytes = bounds.journal_bytes
        self._memory = memory
        self._large: list[tuple[int, int]] = []  # numbers and bytes of the large ones, oldest first
        self._large_bytes = 0
        self._measure_next = 0  # exchanges that are all measured, sample or not
        self._count_at_check = 0  # exchanges made at the last check
        self.idle_checks = 0  # checks since an exchange was added
        self.count = 0

    def __iter__(self) -> Iterator[Exchange]:
        return iter(self._exchanges)

    def __len__(self) -> int:
        return len(self._exchanges)

    def append(self, exchange: Exchange) -> None:
        """Append an exchange; drop the oldest where a bound is exceeded."""
        self._exchanges.append(exchange)
        if (
            self._measure_next
            or exchange.id % _SAMPLE == 0
            or len(exchange.request.body) + len(exchange.response.body) > LARGE
        ):
            self._measure(exchange)

    def find(self, id: int) -> Exchange | None:
        """The exchange `id`; None when it was dropped or never existed."""
        return next((exchange for exchange in self._exchanges if exchange.id == id), None)

    def clear(self) -> None:
        """Remove all exchanges; numbering continues."""
        self._exchanges.clear()
        self._large.clear()
        self._large_bytes = 0

    def drop_older_half(self) -> None:
        """Remove the older half of the exchanges; a single one stays."""
        for _ in range(len(self._exchanges) // 2):
            self._exchanges.popleft()
        self._large = [(id, size) for id, size in self._large if id >= self._exchanges[0].id]
        self._large_bytes = sum(size for _, size in self._large)

    def highest_size(self) -> int:
        """An upper bound of `size`, but for large exchanges that the sample missed; looks at no exchange."""
        return len(self._exchanges) * LARGE + self._large_bytes

    def size(self) -> int:
        """Bytes of all exchanges, estimated."""
        return sum(map(size_of, self._exchanges))

    def note_check(self) -> None:
        """Note a check of the memory limit: the journal is idle when nothing was added since the last one."""
        self.idle_checks = 0 if self.count != self._count_at_check else self.idle_checks + 1
        self._count_at_check = self.count

    def _measure(self, exchange: Exchange) -> None:
        """Count the bytes of an exchange. Large ones come in bursts, so the exchanges after one are all measured."""
        size, memory = size_of(exchange), self._memory
        memory.remaining -= size if self._measure_next else size * _SAMPLE
        self._measure_next = max(0, self._measure_next - 1)
        if size > LARGE:
            self._measure_next = _MEASURED_AFTER_LARGE
            self._large.append((exchange.id, size))
            self._large_bytes += size
            if self._large_bytes > self._most_bytes:
                self._drop_oldest_large()
        if memory.remaining < 0:
            memory.enforce()

    def _drop_oldest_large(self) -> None:
        """Drop exchanges up to the oldest large ones until half of the bound is free; the last one stays."""
        while self._large_bytes > self._most_bytes // 2 and len(self._large) > 1:
            id, size = self._large.pop(0)
            self._large_bytes -= size
            while self._exchanges[0].id <= id:
                self._exchanges.popleft()


def size_of(exchange: Exchange) -> int:
    """Bytes of an exchange, estimated: bodies, headers, path, query, records, traceback and Python objects."""
    request, response = exchange.request, exchange.response
    size = _OVERHEAD + len(request.body) + len(response.body) + len(request.path) + len(request.query)
    for name, value in request.headers:
        size += len(name) + len(value)
    for name, value in response.headers:
        size += len(name) + len(value)
    if exchange.flat_writes:
        size += sum(len(row) for write in exchange.writes for row in write[2:] if row is not None)
    return size if exchange.error is None else size + len(exchange.error)


def summary(exchange: Exchange) -> dict[str, Any]:
    """One exchange as a row of a list: number, time, method, path, status, reason, message, hint and warning."""
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
        "message": exchange.message,
        "hint": exchange.response.header("x-mock-hint"),
        "warning": exchange.response.header("x-mock-warning"),
    }


def describe(exchange: Exchange, contract: Contract | None) -> dict[str, Any]:
    """One exchange whole, with its trace: the steps that ran, and the rules and assumptions consulted."""
    return {
        **summary(exchange),
        "request": {"headers": _headers(exchange.request.headers), "body": _text(exchange.request.body)},
        "response": {"headers": _headers(exchange.response.headers), "body": _text(exchange.response.body)},
        "trace": {
            "steps": list(STEPS[: STEPS.index(exchange.stop) + 1]),
            "decided": [trace_entry(id, contract, exchange.assumptions) for id in dict.fromkeys(exchange.trace)],
        },
        "error": exchange.error,
    }


def trace_entry(id: str, contract: Contract | None, values: Mapping[str, Any]) -> dict[str, Any]:
    """A rule or an assumption with basis and source; an assumption also with its value in the world."""
    assumption = contract.assumptions.get(id) if contract else None
    if assumption is not None:
        told = {"id": id, "basis": "assumed", "text": assumption.text, "source": assumption.source}
        return {**told, "value": values.get(id, assumption.default), "alternatives": list(assumption.alternatives)}
    rule = next(rule for rule in contract.rules if rule.id == id) if contract else None
    text, basis, source = (rule.text, rule.basis, rule.source) if rule else ("", "", "")
    return {"id": id, "basis": basis, "text": text, "source": source}


def _headers(headers: Headers) -> list[list[str]]:
    return [[name.decode("latin-1"), value.decode("latin-1")] for name, value in headers]


def _text(body: bytes) -> str:
    return body.decode("utf-8", "backslashreplace")
