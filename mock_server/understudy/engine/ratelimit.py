"""The rate-limit step: counts requests for each credential or tenant, and refuses those over the quota.

A world holds its windows, which read its clock. Must not know which API is limited: the document declares it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NoReturn

import msgspec

from understudy.document.model import Assumed, Quota, RateLimit
from understudy.engine.call import Call, Json
from understudy.engine.credential import NOBODY
from understudy.engine.exchange import Response
from understudy.engine.problem import Problem
from understudy.engine.window import Window

_UNLIMITED = {"requests": 0, "seconds": 60}


def fixed(window: Window, now: int, most: int, span: int) -> int:
    """Count a request in a window of `span` ms that starts with a request; returns the wait in ms, 0 if granted."""
    if now - window.start >= span:
        window.start, window.granted = now, 0
    if window.granted >= most:
        return window.start + span - now
    window.granted += 1
    return 0


def calendar(window: Window, now: int, most: int, span: int) -> int:
    """Count a request in a window of `span` ms aligned with the clock; returns the wait in ms, 0 if granted."""
    if now - window.start >= span:
        window.start, window.granted = now - now % span, 0
    if window.granted >= most:
        return window.start + span - now
    window.granted += 1
    return 0


def sliding(window: Window, now: int, most: int, span: int) -> int:
    """Count a request in the window of the last `span` ms; returns the wait in ms, 0 if granted."""
    times = window.times
    while times and times[0] <= now - span:
        times.popleft()
    window.granted = len(times)
    if window.granted >= most:
        return times[window.granted - most] + span - now  # not always the oldest: the limit may have been lowered
    window.granted += 1
    times.append(now)
    return 0


WINDOWS: dict[str, Callable[[Window, int, int, int], int]] = {
    "fixed": fixed,
    "calendar": calendar,
    "sliding": sliding,
}


class Limit(msgspec.Struct, frozen=True):
    """A RateLimit with the values of a world's assumptions, whose ids are `assumptions`.

    Its windows are keyed by `name`, which contains the kind of window: another kind starts with empty windows.
    """

    name: str
    declared: RateLimit
    most: int  # requests
    span: int  # milliseconds
    count: Callable[[Window, int, int, int], int]
    successful: bool
    headers: bool
    assumptions: tuple[str, ...]


def limit_rate(call: Call) -> Response | None:
    """Count the request against each limit; raises the Problem of an exceeded limit, by default with `Retry-After`."""
    override = call.world.limits.get(call.contract.name, 0)
    if override is None or call.credential is NOBODY:
        return None
    resolved = call.world.assumptions.resolved
    limits = resolved.get(call.operation)
    if limits is None:
        limits = resolved[call.operation] = tuple(_limits(call))
    for limit in limits:
        most = limit.most if limit.declared.name else override or limit.most
        call.trace += limit.assumptions if most else limit.assumptions[:1]  # without a limit, only the quota counts
        if most:
            owner = call.credential.token if limit.declared.per == "credential" else call.credential.tenant
            window = call.world.windows[limit.name, owner]
            wait = limit.count(window, call.now, most, limit.span)
            call.buckets += (limit.declared.per, limit.span, most, window.granted, limit.successful)
            if limit.successful and not wait:
                call.refundable += (window,)
            if limit.headers:
                _add_headers(call, most, limit.span, window)
            if wait:
                _refuse(call, limit.declared, wait)
    return None


def refund(call: Call) -> None:
    """Take a failed request out of the windows that count successful requests only."""
    for window in call.refundable:
        window.granted -= 1
        if window.times:
            window.times.pop()


def _limits(call: Call) -> Iterator[Limit]:
    """The limits of the document and of the operation, with the values of the world's assumptions."""
    for declared in (call.contract.rate_limit, call.operation.rate_limit):
        if declared is not None:
            parts = (declared.quota, declared.window, declared.counts, declared.headers)
            assumptions = tuple(part.id for part in parts if isinstance(part, Assumed))
            quota, kind, counts, headers = (_resolve(call, part) for part in parts)
            most, seconds = quota if isinstance(quota, Quota) else Quota(**(quota or _UNLIMITED))
            name, successful = f"{call.contract.name}/{declared.name}/{kind}", counts == "successful"
            yield Limit(name, declared, most, seconds * 1000, WINDOWS[kind], successful, headers, assumptions)


def _resolve(call: Call, part: Json) -> Json:
    return call.world.assumptions[part.id] if isinstance(part, Assumed) else part


def _refuse(call: Call, limit: RateLimit, wait: int) -> NoReturn:
    seconds = str(-(-wait // 1000)).encode()
    raise Problem(limit.refusal, headers=((b"retry-after", seconds),) if call.value(limit.retry_after) else ())


def _add_headers(call: Call, most: int, span: int, window: Window) -> None:
    first = window.times[0] if window.times else window.start  # a sliding window frees its requests one by one
    reset = -(-(first + span - call.now) // 1000)
    call.headers += (
        (b"x-ratelimit-limit", str(most).encode()),
        (b"x-ratelimit-remaining", str(max(0, most - window.granted)).encode()),
        (b"x-ratelimit-reset", str(reset).encode()),
    )
