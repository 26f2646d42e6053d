"""How long the kit waits: what a 429 asks for, and for effects that do not come."""

from __future__ import annotations

import pytest
from hypothesis.errors import UnsatisfiedAssumption

from understudy.engine.exchange import Response
from understudy_checks.waits import SHORT, Patience, http_date, poll, retry_after

NOON, LATER = "Tue, 17 May 2033 12:00:00 GMT", "Tue, 17 May 2033 12:00:30 GMT"


def refusal(**headers: str) -> Response:
    """A 429 with headers."""
    given = tuple((name.replace("_", "-").encode(), value.encode()) for name, value in headers.items())
    return Response(429, given, b"")


@pytest.mark.parametrize(
    ("response", "seconds"),
    [
        (refusal(retry_after="7"), 7),
        (refusal(retry_after=LATER, date=NOON), 30),
        (refusal(retry_after=NOON, date=LATER), None),
        (refusal(retry_after="soon"), None),
        (refusal(retry_after="Tue, 17 May 1983 12:00:00 GMT"), None),
        (refusal(), None),
    ],
)
def test_retry_after_is_a_number_or_a_date(response: Response, seconds: float | None) -> None:
    """A date counts from the date of the response, or from now; whatever gives no wait is none."""
    assert retry_after(response) == seconds


def test_a_date_without_a_zone_is_in_utc() -> None:
    """`-0000` says that the zone is unknown, and HTTP has only one."""
    assert http_date("Tue, 17 May 2033 12:00:00 -0000") == http_date(NOON)


def tried(patience: Patience | None, *values: object, within: float = 10.0) -> list[float]:
    """The waits of polling for the first true value; raises AssertionError where all are false."""
    following, waits = iter(values), []

    def probe() -> object:
        return next(following, None)

    poll(probe, waits.append, patience, within=within, subject="it")
    return waits


def test_an_effect_is_polled_for_until_it_comes() -> None:
    """Polls lie further apart each time and end after the time that is given, with or without patience."""
    for patience in (None, Patience()):
        assert tried(patience, 0, 0, 1) == [0.06, 0.12]
        with pytest.raises(AssertionError, match=r"^10 s later it still says null$"):
            tried(patience)


def test_what_did_not_come_is_not_waited_for_again() -> None:
    """The whole time is spent once for each cause; afterwards twice as long as the longest wait that was of use."""
    patience = Patience()
    assert patience.limit("runs", 10) == 10
    patience.did_not_come("runs")
    assert (patience.limit("runs", 10), patience.limit("tasks", 10)) == (SHORT, 10)
    patience.came(2)
    patience.came(1)
    assert patience.limit("runs", 10) == 4


def test_a_second_wait_in_vain_says_how_long_the_first_was() -> None:
    """So that nobody takes half a second for all that the kit waited."""
    patience, waits = Patience(), []

    def never() -> bool:
        return False

    for text in (r"^10 s later it still says false$", r"^0.5 s later it still says false, as another did 10 s later$"):
        with pytest.raises(AssertionError, match=text):
            poll(never, waits.append, patience, within=10.0, subject="it")
    assert sum(waits) == pytest.approx(10.5)


def test_a_shorter_example_is_looked_for_without_waiting() -> None:
    """An example that would have to be waited for longer than any before is none, and fails nothing."""
    patience = Patience(is_shrinking=True)
    with pytest.raises(UnsatisfiedAssumption):
        tried(patience, 0, 1)
    patience.came(0.1)
    assert tried(patience, 0, 0, 1) == [0.06, 0.12] or tried(patience, 0, 1) == [0.06]
