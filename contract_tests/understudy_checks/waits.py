"""Waits: how long a response asks to wait, and polling for an effect no longer than makes sense."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
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

BRIEF = 0.1
"""Seconds to wait for an effect that must not come, once the whole time was spent, unless effects take longer."""

SENSIBLE, MARGIN = 1.0, 20
"""The least seconds of a whole wait for what must not come, and how many times as long as for what came it is."""

FINE, COARSE = 0.02, 1.1
"""Seconds after which two times of a target differ, where they have fractions of a second and where they have none."""

EARLIER = ", as another did "
"""Begins the end of a message about a wait that was cut short."""

_FRACTION = re.compile(rb"T\d\d:\d\d:\d\d\.\d*[1-9]")
"""A time that does not stand on a whole second."""


@dataclass(slots=True)
class Patience:
    """Limits real waits for effects: what did not come once within the whole time is not waited for so long again."""

    is_cheap: bool = False
    """Whether a wait moves a clock, so that the whole time may be waited for each example."""
    longest: float = 0.0
    """The longest wait in seconds after which an effect came."""
    is_measured: bool = False
    """Whether an effect came."""
    is_shrinking: bool = False
    """Whether the running check has failed, so that hypothesis is looking for a shorter example."""
    is_fine: bool = False
    """Whether a time of the target had a fraction of a second."""
    _in_vain: set[object] = field(default_factory=set)
    _idled: dict[object, float] = field(default_factory=dict)
    """The seconds that were waited for what must not come, by its cause."""

    def limit(self, cause: object, within: float) -> float:
        """The most seconds to wait for the effect that a cause has."""
        if self.is_shrinking:
            return min(within, 2 * self.longest)
        in_vain = cause in self._in_vain and not self.is_cheap
        return min(within, max(SHORT, 2 * self.longest)) if in_vain else within

    def spend(self, cause: object, within: float) -> float:
        """The seconds to wait for an effect that must not come: once a whole wait for each cause, then brief ones.

        Where other effects came, the whole wait is as long as theirs make sensible. All brief ones together are half
        as long. A shorter example waits as effects did.
        """
        if self.is_cheap:
            return within
        if self.is_shrinking:
            return min(within, 2 * self.longest)
        whole = min(within, max(SENSIBLE, MARGIN * self.longest)) if self.is_measured else within
        passed = self._idled.get(cause, 0.0)
        seconds = max(0.0, min(whole, max(BRIEF, 2 * self.longest), 1.5 * whole - passed)) if passed else whole
        self._idled[cause] = passed + seconds
        return seconds

    def tick(self, seconds: float, bodies: Iterable[bytes]) -> float:
        """The most of `seconds` after which two times differ, as precise as times in bodies are."""
        if self.is_cheap:
            return seconds
        self.is_fine = self.is_fine or any(_FRACTION.search(body) for body in bodies)
        return min(seconds, FINE if self.is_fine else COARSE)

    def came(self, seconds: float) -> None:
        """Note that an effect came after these seconds."""
        self.longest, self.is_measured = max(self.longest, seconds), True

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
            earlier = "" if limit == within else f"{EARLIER}{within:g} s later"
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
