"""Waits: how long a response asks to wait. Must not wait."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from understudy.engine.exchange import Response


def retry_after(response: Response) -> float | None:
    """The seconds that Retry-After gives, as a number or as an HTTP date; None without a usable one.

    A date counts from the date of the response, or else from now.
    """
    text = response.header("retry-after") or ""
    if text.isdecimal():
        return float(int(text))
    until, now = http_date(text), http_date(response.header("date") or "") or datetime.now(UTC)  # noqa: TID251 - the server's date is of the real world
    seconds = 0.0 if until is None else (until - now).total_seconds()
    return seconds if seconds > 0 else None


def http_date(text: str) -> datetime | None:
    """The moment of an HTTP date (RFC 9110, 5.6.7); None for any other text."""
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
