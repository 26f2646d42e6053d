"""The admit step: so many requests in so many seconds for each credential or tenant, then a 429.

Windows read the world's clock and are the world's. Must not know which API is limited: the document says it.
"""

from __future__ import annotations

from collections.abc import Callable

from mock_server.api import Call, Problem, Window
from mock_server.contract import Assumed, Quota, RateLimit
from mock_server.exchange import Response

_NONE = {"requests": 0, "seconds": 60}


def fixed(window: Window, now: int, most: int, span: int) -> int:
    """A window of `span` ms from the first request on; the wait in ms, 0 when there is room."""
    if now - window.start >= span:
        window.start, window.granted = now, 0
    return window.start + span - now if window.granted >= most else 0


def calendar(window: Window, now: int, most: int, span: int) -> int:
    """Windows of `span` ms that start with the clock's own minutes; the wait in ms, 0 when there is room."""
    if window.start != now - now % span:
        window.start, window.granted = now - now % span, 0
    return window.start + span - now if window.granted >= most else 0


def sliding(window: Window, now: int, most: int, span: int) -> int:
    """The last `span` ms at every moment; the wait in ms, 0 when there is room."""
    while window.times and window.times[0] <= now - span:
        window.times.popleft()
    window.granted = len(window.times)
    return window.times[0] + span - now if window.granted >= most else 0


WINDOWS: dict[str, Callable[[Window, int, int, int], int]] = {
    "fixed": fixed,
    "calendar": calendar,
    "sliding": sliding,
}


def admit(call: Call) -> Response | None:
    """Count the request, or raise the limit's Problem, by default with `Retry-After` in whole seconds."""
    if call.value(call.operation.secured):
        for limit in (call.api.contract.rate_limit, call.operation.rate_limit):
            if limit is not None and (quota := _quota(call, limit)) is not None:
                call.step = "admit"
                _count(call, limit, quota)
    return None


def give_back(call: Call) -> None:
    """Take a request that failed out of the count again, where only successful ones count."""
    for window in call.provisional:
        window.granted -= 1
        if window.times:
            window.times.pop()


def _quota(call: Call, limit: RateLimit) -> Quota | None:
    """The quota of this world: what its user chose for the API, else what the document says or assumes."""
    chosen = call.world.limits.get(call.api.name, 0)
    if chosen is None:
        return None
    quota = Quota(**(call.assumed(limit.quota.id) or _NONE)) if isinstance(limit.quota, Assumed) else limit.quota
    if chosen and not limit.name:
        return Quota(chosen, quota.seconds)
    return quota if quota.requests else None


def _count(call: Call, limit: RateLimit, quota: Quota) -> None:
    kind = call.value(limit.window)
    who = call.credential.token if limit.per == "credential" else call.credential.tenant
    window = call.world.window(call.api.name, who, f"{limit.name}/{limit.per}/{kind}")
    most, span = quota
    wait = WINDOWS[kind](window, call.now, most, span * 1000)
    if not wait:
        window.granted += 1
        if kind == "sliding":
            window.times.append(call.now)
        if call.value(limit.counts) == "successful":
            call.provisional.append(window)
    if call.value(limit.headers):
        _tell(call, quota, window)
    if wait:
        seconds = str(-(-wait // 1000)).encode()
        raise Problem(limit.refusal, headers=((b"retry-after", seconds),) if call.value(limit.retry_after) else ())


def _tell(call: Call, quota: Quota, window: Window) -> None:
    reset = -(-(window.start + quota.seconds * 1000 - call.now) // 1000) if window.start else quota.seconds
    call.headers += (
        (b"x-ratelimit-limit", str(quota.requests).encode()),
        (b"x-ratelimit-remaining", str(max(0, quota.requests - window.granted)).encode()),
        (b"x-ratelimit-reset", str(reset).encode()),
    )
