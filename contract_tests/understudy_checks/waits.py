"""Waits: how long a response asks to wait, and polling for an effect no longer than makes sense."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NoReturn, TypeVar

from hypothesis.errors import UnsatisfiedAssumption

from understudy.engine.exchange import Response
from understudy_checks.wording import show

T = TypeVar("T")

SHORT = 0.5
"""Seconds to wait for an effect that did not come before, unless it takes longer where it comes."""


@dataclass(slots=True)
class Patience:
    """Limits real waits for effects: what did not come once within the whole time is not waited for so long again."""

    longest: float = 0.0
    """The longest wait in seconds after which an effect came."""
    is_shrinking: bool = False
    """Whether the running check has failed, so that hypothesis is looking for a shorter example."""
    _in_vain: set[object] = field(default_factory=set)

    def limit(self, cause: object, within: float) -> float:
        """The most seconds to wait for the effect that a cause has."""
        if self.is_shrinking:
            return min(within, 2 * self.longest)
        return min(within, max(SHORT, 2 * self.longest)) if cause in self._in_vain else within

    def spend(self, cause: object, within: float) -> float:
        """The seconds to wait for an effect that must not come; the whole time is spent once for each cause."""
        seconds = self.limit(cause, within)
        self.did_not_come(cause)
        return seconds

    def came(self, seconds: float) -> None:
        """Note that an effect came after these seconds."""
        self.longest = max(self.longest, seconds)

    def did_not_come(self, cause: object) -> None:
        """Note that an effect did not come."""
        self._in_vain.add(cause)


def poll(
    probe: Callable[[], T], wait: Callable[[float], None], patience: Patience | None, *, within: float, subject: str
) -> T:
    """Call `probe` until it returns a true value, for at most `within` seconds, less where `patience` has an end.

    Raises AssertionError, or UnsatisfiedAssumption where hypothesis looks for a shorter example.
    """
    passed, step, cause = 0.0, 0.03, getattr(probe, "__code__", probe)
    limit = within if patience is None else patience.limit(cause, within)
    while not (value := probe()):
        if passed >= limit:
            earlier = "" if limit == within else f", as another did {within:g} s later"
            said = value if isinstance(value, str) else show(value)
            _give_up(patience, cause, f"{passed:g} s later {subject} still says {said}{earlier}")
        step = min(step * 2, limit - passed)
        wait(step)
        passed += step
    if patience is not None:
        patience.came(passed)
    return value


def _give_up(patience: Patience | None, cause: object, text: str) -> NoReturn:
    if patience is not None and patience.is_shrinking:
        raise UnsatisfiedAssumption
    if patience is not None:
        patience.did_not_come(cause)
    raise AssertionError(text)


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
