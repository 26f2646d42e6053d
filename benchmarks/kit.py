"""The kit in process: requests per second of CPU time of the directed checks, and of plain schemathesis beside them.

Both judge NextStep by the same document. Must not know what a check does.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks import mock
from benchmarks.figures import Figure, ratio, summed_up
from benchmarks.requests import KEY
from understudy.engine.exchange import Exchange
from understudy_checks.mutation import EXPLORATORY, mutants, survivors
from understudy_checks.rules import checks, run
from understudy_checks.target.mock import mock as our_mock

API = "nextstep"


def measure(*, rounds: int, cases: int, every: int) -> Iterator[Figure]:
    """Directed checks, so many schemathesis cases an operation, and each so manieth mutant."""
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(_directed())
        theirs.append(_schemathesis(cases))
    yield ratio("directed rules / plain schemathesis", ours, theirs)
    yield summed_up("directed rules", ours, "requests/s of CPU")
    yield summed_up("plain schemathesis", theirs, "requests/s of CPU")
    yield from _gate(every)


def _directed() -> float:
    """Requests per second of CPU time of every check that is not one of trying whatever there is."""
    seen: list[Exchange] = []
    target = our_mock(API, watch=seen.append)
    begin = time.process_time()
    for check in checks():
        if check.name not in EXPLORATORY:
            for outcome in run(check, target):
                assert outcome.result != "failed", outcome
    spent = time.process_time() - begin
    return sum(exchange.api == API for exchange in seen) / spent


def _schemathesis(cases: int) -> float:
    """Requests per second of CPU time of schemathesis as its own documentation starts it on an ASGI application."""
    import schemathesis
    from hypothesis import HealthCheck, Phase, given, settings

    app, sent = mock.app(), 0
    schema = schemathesis.openapi.from_asgi("/__mock__/openapi/nextstep.yaml", app)
    quietly = settings(
        max_examples=cases, deadline=None, database=None, derandomize=True,
        phases=(Phase.generate,), suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    left_open = [schemathesis.checks.positive_data_acceptance]  # a cursor that nobody gave out may be refused
    begin = time.process_time()
    for found in schema.get_all_operations():

        def judge(case: Any) -> None:
            nonlocal sent
            sent += 1
            case.call_and_validate(headers={"Authorization": f"Bearer {KEY}"}, excluded_checks=left_open)

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            quietly(given(case=found.ok().as_strategy())(judge))()
    return sent / (time.process_time() - begin)


def _gate(every: int) -> Iterator[Figure]:
    chosen = list(mutants(API))[::every]
    spent = [_spent(mutant) for mutant in chosen]
    yield summed_up(f"time per mutant, {len(chosen)} of {len(list(mutants(API)))}", spent, "ms of CPU")
    yield summed_up("time per mutant, mean", [sum(spent) / len(spent)], "ms of CPU")


def _spent(mutant: Any) -> float:
    begin = time.process_time()
    left: Sequence[str] = survivors(mutant)
    assert not left, f"{mutant.name} survives"
    return (time.process_time() - begin) * 1000
