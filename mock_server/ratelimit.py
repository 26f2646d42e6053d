"""The admit step: so many requests in so many seconds for each credential or tenant, then a 429.

Windows read the world's clock and are the world's. Must not know which API is limited: the document says it.
"""

from __future__ import annotations

from collections.abc import Callable

from mock_server.api import Call, Problem, Window
from mock_server.contract import RateLimit
from mock_server.exchange import Response


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
    """Count the request, or raise Problem rate-limited, by default with `Retry-After` in whole seconds."""
    limit = call.api.contract.rate_limit
    if limit is None or not call.value(call.operation.secured):
        return None
    most = call.value(call.world.limits[call.api.name])
    if most is None:
        return None
    call.step = "admit"
    kind = call.value(limit.window)
    window = call.world.window(call.credential, kind, per=limit.per)
    wait = WINDOWS[kind](window, call.now, most, limit.seconds * 1000)
    if not wait:
        window.granted += 1
        if kind == "sliding":
            window.times.append(call.now)
        if call.value(limit.counts) == "successful":
            call.provisional = window
    if call.value(limit.headers):
        _tell(call, limit, most, window)
    if wait:
        seconds = str(-(-wait // 1000)).encode()
        raise Problem("rate-limited", headers=((b"retry-after", seconds),) if call.value(limit.retry_after) else ())
    return None


def give_back(call: Call) -> None:
    """Take a request that failed out of the count again, where only successful ones count."""
    if call.provisional is not None:
        call.provisional.granted -= 1
        if call.provisional.times:
            call.provisional.times.pop()


def _tell(call: Call, limit: RateLimit, most: int, window: Window) -> None:
    reset = -(-(window.start + limit.seconds * 1000 - call.now) // 1000) if window.start else limit.seconds
    call.headers += (
        (b"x-ratelimit-limit", str(most).encode()),
        (b"x-ratelimit-remaining", str(max(0, most - window.granted)).encode()),
        (b"x-ratelimit-reset", str(reset).encode()),
    )
