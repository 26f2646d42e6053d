"""How long an answer asks to wait before the next request. Must not know who waits."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

from understudy.engine.exchange import Response

USUAL = 60.0
"""Seconds to wait where an answer does not say how long: the usual window of a rate limit."""


def retry_after(response: Response, now: int) -> float:
    """The seconds that Retry-After asks for, as a number or a date; `now` is in milliseconds since the epoch.

    A date counts from the answer's own Date, or else from now.
    """
    text = response.header("retry-after") or ""
    if text.isdecimal():
        return float(text)  # infinite, if it is too long for a number
    until = _moment(text)
    if until is None:
        return USUAL
    date = _moment(response.header("date") or "")
    return max(until - (now / 1000 if date is None else date), 0.0)


def _moment(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None
