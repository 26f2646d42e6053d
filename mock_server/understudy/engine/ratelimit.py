"""The rate-limit step: so many requests in so many seconds for each credential or tenant, then a 429.

Windows read the world's clock and are the world's. Must not know which API is limited: the document says it.
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

_NONE = {"requests": 0, "seconds": 60}


def fixed(window: Window, now: int, most: int, span: int) -> int:
    """Count a request in a window of `span` ms from the first one on; the wait in ms where there is no room, else 0."""
    if now - window.start >= span:
        window.start, window.granted = now, 0
    if window.granted >= most:
        return window.start + span - now
    window.granted += 1
    return 0


def calendar(window: Window, now: int, most: int, span: int) -> int:
    """Count a request in windows of `span` ms that start with the clock's own minutes; the wait as for `fixed`."""
    if now - window.start >= span:
        window.start, window.granted = now - now % span, 0
    if window.granted >= most:
        return window.start + span - now
    window.granted += 1
    return 0


def sliding(window: Window, now: int, most: int, span: int) -> int:
    """Count a request in the last `span` ms at every moment; the wait as for `fixed`."""
    times = window.times
    while times and times[0] <= now - span:
        times.popleft()
    window.granted = len(times)
    if window.granted >= most:
        return times[window.granted - most] + span - now  # more than the oldest, where the limit became lower
    window.granted += 1
    times.append(now)
    return 0


WINDOWS: dict[str, Callable[[Window, int, int, int], int]] = {
    "fixed": fixed,
    "calendar": calendar,
    "sliding": sliding,
}


class Limit(msgspec.Struct, frozen=True):
    """A RateLimit in a world: nothing that counts is open any more. `by` are the assumptions that it follows.

    Its windows go by `name`: to count in another way is to begin anew.
    """

    name: str
    declared: RateLimit
    most: int  # requests
    span: int  # in so many milliseconds
    count: Callable[[Window, int, int, int], int]
    successful: bool
    headers: bool
    by: tuple[str, ...]


def limit_rate(call: Call) -> Response | None:
    """Count the request, or raise the limit's Problem, by default with `Retry-After` in whole seconds."""
    chosen = call.world.limits.get(call.contract.name, 0)
    if chosen is None or call.credential is NOBODY:
        return None
    resolved = call.world.assumptions.resolved
    limits = resolved.get(call.operation)
    if limits is None:
        limits = resolved[call.operation] = tuple(_limits(call))
    for limit in limits:
        most = limit.most if limit.declared.name else chosen or limit.most
        call.note(limit.by if most else limit.by[:1])  # no limit at all is assumed, too
        if most:
            who = call.credential.token if limit.declared.per == "credential" else call.credential.tenant
            window = call.world.windows[limit.name, who]
            wait = limit.count(window, call.now, most, limit.span)
            if limit.successful and not wait:
                call.provisional += (window,)
            if limit.headers:
                _add_headers(call, most, limit.span, window)
            if wait:
                _refuse(call, limit.declared, wait)
    return None


def refund(call: Call) -> None:
    """Take a request that failed out of the count again, where only successful ones count."""
    for window in call.provisional:
        window.granted -= 1
        if window.times:
            window.times.pop()


def _limits(call: Call) -> Iterator[Limit]:
    """The document's limit and the operation's own, as this world's assumptions have them."""
    for declared in (call.contract.rate_limit, call.operation.rate_limit):
        if declared is not None:
            parts = (declared.quota, declared.window, declared.counts, declared.headers)
            by = tuple(part.id for part in parts if isinstance(part, Assumed))
            quota, kind, counts, headers = (_resolved(call, part) for part in parts)
            most, seconds = quota if isinstance(quota, Quota) else Quota(**(quota or _NONE))
            name, successful = f"{call.contract.name}/{declared.name}/{kind}", counts == "successful"
            yield Limit(name, declared, most, seconds * 1000, WINDOWS[kind], successful, headers, by)


def _resolved(call: Call, part: Json) -> Json:
    return call.world.assumptions[part.id] if isinstance(part, Assumed) else part


def _refuse(call: Call, limit: RateLimit, wait: int) -> NoReturn:
    seconds = str(-(-wait // 1000)).encode()
    raise Problem(limit.refusal, headers=((b"retry-after", seconds),) if call.value(limit.retry_after) else ())


def _add_headers(call: Call, most: int, span: int, window: Window) -> None:
    first = window.times[0] if window.times else window.start  # a sliding window frees one request after the other
    reset = -(-(first + span - call.now) // 1000)
    call.headers += (
        (b"x-ratelimit-limit", str(most).encode()),
        (b"x-ratelimit-remaining", str(max(0, most - window.granted)).encode()),
        (b"x-ratelimit-reset", str(reset).encode()),
    )
