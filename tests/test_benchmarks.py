"""The benchmarks' own arithmetic; nothing is timed here."""

import sys

import pytest

from benchmarks import __main__ as benchmarks
from benchmarks.figures import GOALS, Figure, Goal, growth, missed, ratio, summed_up, table
from benchmarks.load import Ask, read_wrk, wire
from benchmarks.requests import ASKS, as_requests

WRK = """Running 1s test @ http://127.0.0.1:8629
  Latency Distribution
     50%  750.00us
     75%    1.20ms
     90%    1.50ms
     99%    2.50ms
  20100 requests in 1.00s, 3.02MB read
  Socket errors: connect 0, read 2, write 0, timeout 1
  Non-2xx or 3xx responses: 4
Requests/sec:  20099.50
"""


def test_rounds_become_a_median_with_its_spread():
    """A figure is the middle round, between the lowest and the highest."""
    assert summed_up("x", [3, 1, 2], "ms") == Figure("x", 2, 1, 3, "ms")


def test_ratios_are_taken_round_by_round():
    """Rounds that were measured side by side are compared with each other."""
    assert ratio("x", [1, 9], [2, 10]) == Figure("x", 0.7, 0.5, 0.9, "")


def test_growth_is_told_by_the_slowest_size():
    """The size whose median is worst is compared with the first one."""
    assert growth("x", [[2, 2], [6, 8], [3, 3]]).value == 3.5


@pytest.mark.parametrize(("goal", "value", "holds"), [
    (Goal(least=0.7), 0.7, True), (Goal(least=0.7), 0.69, False), (Goal(most=1), 1, True), (Goal(most=1), 1.1, False),
])  # fmt: skip
def test_a_goal_is_reached_up_to_its_bound(goal, value, holds):
    """The bound itself still counts."""
    assert goal.holds(Figure("x", value, value, value, "")) is holds


def test_only_figures_with_a_goal_can_miss_it():
    """A figure that is below its goal is named, one without a goal never."""
    low = Figure("GET one run: ratio", 0.1, 0.1, 0.1, "")
    assert missed([low, Figure("anything else", 0, 0, 0, "")]) == [
        "GET one run: ratio is 0.1 [0.1 .. 0.1], and should be >= 0.7"
    ]
    assert "MISSED" in table([low])


def test_each_request_has_its_goal():
    """Every request that is measured is also judged."""
    assert {f"{ask.name}: ratio" for ask in ASKS} <= GOALS.keys()


def test_report_of_wrk_is_read():
    """Rates, latencies in milliseconds, and every kind of failure."""
    assert read_wrk(WRK) == (20100, 20099.5, 0.75, 2.5, 7)
    with pytest.raises(ValueError, match="something else"):
        read_wrk("unable to connect")


def test_request_on_the_wire_is_whole():
    """A body comes with its length, a request without one has none."""
    with_body, without = wire(Ask("x", "POST", "/a?b=c", {"A": "b"}, ("é", "")))
    assert with_body == "POST /a?b=c HTTP/1.1\r\nHost: 127.0.0.1\r\nA: b\r\nContent-Length: 2\r\n\r\né".encode()
    assert without.endswith(b"A: b\r\n\r\n")


def test_pipeline_gets_the_same_requests():
    """Path, query and key are those of the wire."""
    listing = as_requests(ASKS[1])[0]
    assert (listing.path, listing.query) == ("/api/v1/process-runs", "limit=20")
    assert listing.header("authorization") == "Bearer nxs_live_your_key"


def test_a_missed_goal_is_exit_code_1(monkeypatch, capsys):
    """The command fails when a figure misses its goal, and says which."""
    late = Figure("--help", 301, 301, 301, "ms")
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--quick"])
    monkeypatch.setattr(benchmarks, "sections", lambda *, quick: {"Starting": iter([late])})
    assert benchmarks.main() == 1
    assert "MISSED: --help is 301" in capsys.readouterr().out
    monkeypatch.setattr(benchmarks, "sections", lambda *, quick: {"Starting": iter([late.__class__("x", 1, 1, 1, "")])})
    assert benchmarks.main() == 0
