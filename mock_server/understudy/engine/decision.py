"""What decided an answer: of the rules and assumptions that were consulted, those of the steps that made it.

X-Mock-Rule and X-Mock-Assumed name them, what was consulted last first. Must not decide any response.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from understudy.document.contract import Contract
from understudy.document.memory import memoize
from understudy.document.model import Assumed
from understudy.document.operation import Operation
from understudy.engine.api import Api
from understudy.engine.exchange import Exchange, Headers, Response
from understudy.engine.warning import printable


class Decisions:
    """The headers that name what decided, memoized by API, operation, step and trace (at most 1024)."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[tuple[str, str | None, str, tuple[str, ...]], Headers] = {}

    def noted(self, exchange: Exchange, apis: Mapping[str, Api]) -> Response:
        """The response with X-Mock-Exchange, and X-Mock-Rule and X-Mock-Assumed where something decided."""
        response, trace = exchange.response, exchange.trace
        number = b"%d" % exchange.id if exchange.world == "default" else exchange.name.encode()
        id = (b"x-mock-exchange", number)
        if not trace:
            return Response(response.status, (*response.headers, id), response.body)
        key = exchange.api, exchange.operation, exchange.stop, trace
        found = self._known.get(key)
        if found is None:
            contract = apis[exchange.api].contract
            operation = contract.operations.get(exchange.operation or "")
            found = tuple(_headers(contract, decisive(contract, operation, exchange.stop, trace)))
            memoize(self._known, key, found)
        return Response(response.status, (*response.headers, *found, id), response.body)


def decisive(contract: Contract, operation: Operation | None, step: str, trace: Sequence[str]) -> list[str]:
    """The ids in a trace that decided an answer made by `step`: rules, then assumptions, the last ones first.

    What only rate limits and credentials consult decides nothing else. What only shapes a refusal comes last.
    """
    limits = {part.id for part in _limit_parts(contract, operation) if isinstance(part, Assumed)}
    keys = {part.id for part in _key_parts(contract, operation) if isinstance(part, Assumed)}
    passed = {"authenticate": set(), "admit": keys, "fault": limits | keys}.get(step, limits | keys)
    shapes = {part.id for part in _shape_parts(contract) if isinstance(part, Assumed)}
    ids = [id for id in dict.fromkeys(reversed(trace)) if id not in passed]
    return sorted(ids, key=lambda one: (one in contract.assumptions, one in shapes))


def _headers(contract: Contract, ids: Sequence[str]) -> Iterator[tuple[bytes, bytes]]:
    rules = [id for id in ids if id not in contract.assumptions]
    assumed = [id for id in ids if id in contract.assumptions]
    for name, found in ((b"x-mock-rule", rules), (b"x-mock-assumed", assumed)):
        if found:
            yield name, printable(", ".join(found))


def _limit_parts(contract: Contract, operation: Operation | None) -> Iterator[object]:
    for limit in (contract.rate_limit, None if operation is None else operation.rate_limit):
        if limit is not None:
            yield from (limit.quota, limit.window, limit.counts, limit.headers, limit.retry_after)


def _shape_parts(contract: Contract) -> Iterator[object]:
    for kind in contract.errors.values():
        yield from (kind.status, kind.code, kind.message)
    yield from (scheme.challenge for scheme in contract.schemes)


def _key_parts(contract: Contract, operation: Operation | None) -> Iterator[object]:
    yield None if operation is None else operation.secured
    for scheme in contract.schemes:
        yield from (scheme.case, scheme.challenge)
