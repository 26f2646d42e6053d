"""Virtual time: set, frozen, running, never backwards."""

from __future__ import annotations

from itertools import count

import pytest

from understudy.engine.clock import Clock, milliseconds, rfc3339


def test_a_frozen_clock_stands_still_until_advanced() -> None:
    """A frozen clock shows its time and moves only by `advance`."""
    clock = Clock(1_000, frozen=True)
    assert (clock.now(), clock.frozen) == (1_000, True)
    clock.advance(1.5)
    assert clock.now() == 2_500
    clock.move_to(2_500)
    assert clock.now() == 2_500


def test_a_running_clock_follows_real_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A running clock starts at real time and follows it; freezing keeps the time."""
    real = [5_000_000_000]
    monkeypatch.setattr("time.time_ns", lambda: 7_000_000)
    monkeypatch.setattr("time.monotonic_ns", lambda: real[0])
    clock = Clock()
    assert (clock.now(), clock.frozen) == (7, False)
    real[0] += 2_000_000_000
    assert clock.now() == 2_007
    clock.run(frozen=True)
    real[0] += 1_000_000_000
    assert clock.now() == 2_007
    clock.run(frozen=False)
    real[0] += 1_000_000_000
    assert clock.now() == 3_007


@pytest.mark.parametrize("seconds", [-0.001, -1e9])
def test_time_never_goes_back(seconds: float) -> None:
    """A step back is refused and leaves the time unchanged."""
    clock = Clock(milliseconds("2026-04-07"), frozen=True)
    with pytest.raises(ValueError, match="never goes back"):
        clock.advance(seconds)
    assert rfc3339(clock.now()) == "2026-04-07T00:00:00.000Z"


def test_a_fork_follows_the_same_ticks() -> None:
    """A clock with ticks of its own runs with these, and so do its forks."""
    ticks = [0]
    clock = Clock(1_000, ticks=lambda: ticks[0])
    fork, other = clock.fork(), clock.at(5, frozen=False)
    ticks[0] += 2_000_000
    assert (clock.now(), fork.now(), other.now()) == (1_002, 1_002, 7)


def test_time_ends_with_the_year_9999() -> None:
    """A clock stops at the last time that a timestamp can show."""
    ticks = [0]
    clock = Clock(milliseconds("9999-12-31T23:59:59.999Z"), frozen=True, ticks=lambda: ticks[0])
    with pytest.raises(ValueError, match="9999"):
        clock.advance(0.001)
    clock.run(frozen=False)
    ticks[0] = 1 << 62
    assert rfc3339(clock.now()) == "9999-12-31T23:59:59.999Z"


def test_a_fork_goes_its_own_way() -> None:
    """A forked clock starts at the same time and moves separately."""
    clock = Clock(0, frozen=True)
    fork = clock.fork()
    clock.advance(1)
    assert (fork.now(), fork.frozen) == (0, True)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-03-27T02:08:05.224Z", "2026-03-27T02:08:05.224Z"),
        ("2026-03-27", "2026-03-27T00:00:00.000Z"),
        ("2026-03-27T02:08:05+13:00", "2026-03-26T13:08:05.000Z"),
        ("0001-01-01", "0001-01-01T00:00:00.000Z"),
        ("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"),
        ("2026-03-27T02:08:05.9999Z", "2026-03-27T02:08:06.000Z"),
    ],
)
def test_times_are_written_in_utc_with_milliseconds(text: str, shown: str) -> None:
    """Text without an offset is UTC; years have four digits."""
    assert rfc3339(milliseconds(text)) == shown


@pytest.mark.parametrize("text", ["", "soon", "2026-02-30", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01"])
def test_what_is_no_time_is_refused(text: str) -> None:
    """Text that is no time, or outside the years 1 to 9999 in UTC, is refused."""
    with pytest.raises(ValueError):  # noqa: PT011 - Python's own message, where it has one
        milliseconds(text)


def test_no_time_at_all_can_be_advanced_while_time_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """`advance` by 0 is accepted while a clock runs."""
    ticks = count(0, 1_000_000)
    monkeypatch.setattr("understudy.engine.clock.time.monotonic_ns", lambda: next(ticks))
    clock = Clock(0)
    clock.advance(0)
    clock.advance(0.001)
    with pytest.raises(ValueError, match="time never goes back"):
        clock.advance(-0.001)
