"""Rate-limit windows of each kind, at any clock time, against a plain list of granted requests."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import toy
from understudy.engine.clock import Clock, milliseconds, rfc3339
from understudy.engine.exchange import Request, Response
from understudy.engine.pipeline import handle
from understudy.engine.ratelimit import WINDOWS
from understudy.engine.window import Window
from understudy.engine.worlds import Worlds

pytestmark = pytest.mark.beside

SPAN = 10_000
ODD = [
    milliseconds("0001-01-01"), milliseconds("1969-12-31T23:59:57.001Z"), -1, 0, 1, 4_999, SPAN,
    milliseconds("2026-04-07T10:00:00.500Z"), milliseconds("9999-12-31T23:59:00Z"),
]  # fmt: skip
KINDS = pytest.mark.parametrize("kind", ["fixed", "calendar", "sliding"])


def first_free(kind: str, granted: list[int], now: int, most: int) -> int:
    """Return when the next request is granted by the definition of each kind: at `now` or later."""
    if kind == "sliding":
        counted = [time for time in granted if time > now - SPAN]
        return now if len(counted) < most else counted[-most] + SPAN
    starts: list[int] = []
    for time in granted:
        if not starts or time >= starts[-1] + SPAN:
            starts.append(time if kind == "fixed" else time // SPAN * SPAN)
    inside = [time for time in granted if starts and time >= starts[-1] > now - SPAN]
    return now if len(inside) < most else starts[-1] + SPAN


@KINDS
@settings(max_examples=100, derandomize=True, database=None, deadline=None)
@given(
    start=st.sampled_from(ODD),
    steps=st.lists(st.integers(0, 2) | st.integers(0, SPAN + 1), max_size=25),
    limits=st.lists(st.integers(1, 4), min_size=1, max_size=3),
)
def test_a_window_grants_what_its_definition_says(kind: str, start: int, steps: list[int], limits: list[int]) -> None:
    """Each request is granted or gets the exact wait, at any time, across changes of the limit."""
    window, now, granted = Window(), start, list[int]()
    for number, step in enumerate(steps):
        now, most = now + step, limits[number * len(limits) // len(steps)]
        wait = WINDOWS[kind](window, now, most, SPAN)
        assert now + wait == first_free(kind, granted, now, most)
        if not wait:
            granted.append(now)


def ask(worlds: Worlds) -> Response:
    """Send one request that counts."""
    return handle(Request("GET", "/api/toys", headers=((b"x-toy", b"k1"),)), worlds.default, worlds).response


def header(response: Response, name: str) -> int:
    """Return an integer header."""
    return int(response.header(name) or "none")


def limited(kind: str, now: int) -> Worlds:
    """Worlds of the toy API with 3 requests in 10 seconds, limit headers, and the clock at `now`."""
    assume: dict[str, Any] = {"toy.limit.window": kind}
    clock = Clock(now, frozen=True)
    return Worlds([toy.api()], seeds={"toy": toy.TOYS}, clock=clock, assume=assume, limits={})


@KINDS
@pytest.mark.parametrize("now", ODD, ids=rfc3339)
def test_the_headers_tell_when_requests_are_free_again(kind: str, now: int) -> None:
    """Requests are granted again exactly at X-RateLimit-Reset and after Retry-After."""
    worlds = limited(kind, now)
    assert [ask(worlds).status for _ in range(3)] == [200] * 3
    refused = ask(worlds)
    assert refused.status == 429
    assert header(refused, "retry-after") == header(refused, "x-ratelimit-reset") <= SPAN // 1000
    worlds.advance(worlds.default, header(refused, "x-ratelimit-reset") - 1)
    assert ask(worlds).status == 429
    worlds.advance(worlds.default, 1)
    free = ask(worlds)
    assert (free.status, header(free, "x-ratelimit-remaining")) == (200, 2)


@pytest.mark.parametrize("now", ODD, ids=rfc3339)
def test_the_reset_of_a_sliding_window_is_when_its_oldest_request_leaves(now: int) -> None:
    """The reset of a sliding window is the time when its oldest request leaves."""
    worlds, seen = limited("sliding", now), []
    for seconds in (0, 4, 3, 3, 0):
        worlds.advance(worlds.default, seconds)
        seen.append(header(ask(worlds), "x-ratelimit-reset"))
    assert seen == [10, 6, 3, 4, 4], "the first request leaves after ten seconds, then the second is the oldest"
