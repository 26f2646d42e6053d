"""The admit step: so many requests in so many seconds for each credential or tenant, then a 429.

Windows read the world's clock and are the world's. Must not know which API is limited: the document says it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from mock_server.api import NOBODY, Call, Json, Problem, Window
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


class Limit(msgspec.Struct, frozen=True):
    """A RateLimit in a world: nothing that counts is open any more. `by` are the assumptions that it follows.

    Its windows go by `name`: to count in another way is to begin anew.
    """

    name: str
    declared: RateLimit
    quota: Quota
    kind: str
    wait: Callable[[Window, int, int, int], int]
    successful: bool
    told: bool
    by: tuple[str, ...]


def admit(call: Call) -> Response | None:
    """Count the request, or raise the limit's Problem, by default with `Retry-After` in whole seconds."""
    chosen = call.world.limits.get(call.api.name, 0)
    if chosen is None or call.credential is NOBODY:
        return None
    settled = call.world.assumptions.settled
    limits = settled.get(call.operation)
    if limits is None:
        limits = settled[call.operation] = tuple(_limits(call))
    for limit in limits:
        most = limit.quota.requests if limit.declared.name else chosen or limit.quota.requests
        call.decided += limit.by if most else limit.by[:1]  # no limit at all is assumed, too
        if most:
            _count(call, limit, most)
    return None


def give_back(call: Call) -> None:
    """Take a request that failed out of the count again, where only successful ones count."""
    for window in call.provisional:
        window.granted -= 1
        if window.times:
            window.times.pop()


def _limits(call: Call) -> Iterator[Limit]:
    """The document's limit and the operation's own, as this world's assumptions have them."""
    for declared in (call.api.contract.rate_limit, call.operation.rate_limit):
        if declared is not None:
            parts = (declared.quota, declared.window, declared.counts, declared.headers)
            by = tuple(part.id for part in parts if isinstance(part, Assumed))
            quota, kind, counts, headers = (_taken(call, part) for part in parts)
            quota = quota if isinstance(quota, Quota) else Quota(**(quota or _NONE))
            name = f"{call.api.name}/{declared.name}/{kind}"
            yield Limit(name, declared, quota, kind, WINDOWS[kind], counts == "successful", headers, by)


def _taken(call: Call, part: Json) -> Json:
    return call.world.assumptions[part.id] if isinstance(part, Assumed) else part


def _count(call: Call, limit: Limit, most: int) -> None:
    call.step = "admit"
    declared, seconds = limit.declared, limit.quota.seconds
    who = call.credential.token if declared.per == "credential" else call.credential.tenant
    window = call.world.window(limit.name, who)
    wait = limit.wait(window, call.now, most, seconds * 1000)
    if not wait:
        window.granted += 1
        if limit.kind == "sliding":
            window.times.append(call.now)
        if limit.successful:
            call.provisional += (window,)
    if limit.told:
        _tell(call, most, seconds, window)
    if wait:
        told = str(-(-wait // 1000)).encode()
        headers = ((b"retry-after", told),) if call.value(declared.retry_after) else ()
        raise Problem(declared.refusal, headers=headers)


def _tell(call: Call, most: int, seconds: int, window: Window) -> None:
    reset = -(-(window.start + seconds * 1000 - call.now) // 1000) if window.start else seconds
    call.headers += (
        (b"x-ratelimit-limit", str(most).encode()),
        (b"x-ratelimit-remaining", str(max(0, most - window.granted)).encode()),
        (b"x-ratelimit-reset", str(reset).encode()),
    )
