"""Figures, and the one table of what they must reach.

A figure is a median with its spread. Must not know how anything was measured.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value: the median of several rounds, and the lowest and highest of them."""

    name: str
    value: float
    low: float
    high: float
    unit: str

    def __str__(self) -> str:
        if self.low == self.high:
            return f"{shown(self.value)} {self.unit}".rstrip()
        return f"{shown(self.value)} [{shown(self.low)} .. {shown(self.high)}] {self.unit}".rstrip()


@dataclass(frozen=True, slots=True)
class Goal:
    """What a figure must reach: at least or at most so much (None: any)."""

    least: float | None = None
    most: float | None = None

    def holds(self, figure: Figure) -> bool:
        """Whether the figure's median reaches the goal."""
        return (self.least is None or figure.value >= self.least) and (self.most is None or figure.value <= self.most)

    def __str__(self) -> str:
        return f">= {self.least:g}" if self.least is not None else f"<= {self.most:g}"


READS, WRITES = ("GET one run", "list of 20"), ("POST a run", "PATCH two values")
LEVEL = 0.95  # two servers within the noise of each other
PEERS = (
    "@scalar/mock-server", "WireMock, journal off", "FastAPI, hand-written", "Prism", "Prism, log off", "Specmatic",
    "Mockoon",
)  # fmt: skip
_TIMES_AS_FAST = {
    "FastAPI, hand-written": (3.0, 3.0),
    "Prism": (10.0, 8.0),  # reads, writes
}

GOALS = {
    # the file alone, as its usual library reads it; the same requests alone
    "a HAR: importing beside reading the file": Goal(most=10.0),
    "a cassette in YAML: importing beside reading the file": Goal(most=2.0),
    "a HAR: replaying beside sending the requests": Goal(most=15.0),
    "a cassette in YAML: replaying beside sending the requests": Goal(most=15.0),
    # as shares of a constant that answers the same bytes and headers on the same uvicorn flags
    **{f"{name}: {by}": Goal(least=0.7) for name in READS for by in ("ratio of rates", "ratio by CPU")},
    **{f"{name}: {by}": Goal(least=0.62) for name in WRITES for by in ("ratio of rates", "ratio by CPU")},
    **{f"{name}, lean: {by}": Goal(least=0.8) for name in READS for by in ("ratio of rates", "ratio by CPU")},
    **{f"{name}: p99 / p50": Goal(most=3.0) for name in (*READS, *WRITES)},
    "POST past 1,000,000 runs: p99 / p50": Goal(most=3.0),
    # microseconds of CPU
    "GET one run: dispatch": Goal(most=4.0),
    "list of 20: dispatch": Goal(most=8.0),
    "POST a run: dispatch": Goal(most=10.0),
    "PATCH two values: dispatch": Goal(most=10.0),
    **{f"{name}: declared / built-in": Goal(most=1.3) for name in (*READS, *WRITES)},
    # our rate as a multiple of a peer's
    **{f"{name} / {peer}": Goal(least=1.0) for name in (*READS, *WRITES) for peer in PEERS},
    **{f"{name} / {peer}": Goal(least=times) for peer, (times, _) in _TIMES_AS_FAST.items() for name in READS},
    **{f"{name} / {peer}": Goal(least=times) for peer, (_, times) in _TIMES_AS_FAST.items() for name in WRITES},
    "PATCH two values / WireMock, journal off": Goal(least=LEVEL),
    # the slowest size, as a multiple of the smallest one
    "first page: growth": Goal(most=1.3),
    "last page: growth": Goal(most=1.3),
    "first page, filtered: growth": Goal(most=1.3),
    "last page, filtered: growth": Goal(most=1.3),
    "PATCH a task: growth": Goal(most=1.3),
    "fresh world": Goal(most=100.0),  # us of CPU
    "fresh world: growth": Goal(most=1.3),
    "fork of a world": Goal(most=100.0),  # us of CPU
    "fork of a world: growth": Goal(most=1.3),
    "size of a fresh world": Goal(most=20.0),  # kB
    "size of a fresh world: growth": Goal(most=1.3),
    "bytes per run: growth": Goal(most=1.3),
    "journal at its bound, 64 kB requests": Goal(most=40.0),  # MB
    "memory after many requests: growth": Goal(most=1.1),
    "cold start: ratio": Goal(most=2.5),
    "--help: ratio": Goal(most=4.0),
    "resident memory beyond a bare app's": Goal(most=40.0),  # MB
    "install size": Goal(most=50.0),  # MB; 45 until any document could be served
    **{f"a test's world, {how}": Goal(most=5.0) for how in ("on a thread", "by its URL")},  # ms
    "directed rules / plain schemathesis": Goal(least=10.0),
    "check of a foreign server / check of our mock": Goal(most=3.0),
    "100 mutants with 2 jobs / as many runs of the command / 2": Goal(most=1.3),
    "100 mutants with 2 jobs / as many runs of the command: by CPU": Goal(most=1.3),
}


def summed_up(name: str, rounds: Sequence[float], unit: str = "") -> Figure:
    """The figure of several rounds."""
    return Figure(name, median(rounds), min(rounds), max(rounds), unit)


def ratio(name: str, ours: Sequence[float], theirs: Sequence[float]) -> Figure:
    """The figure of the ratios of rounds that were measured side by side."""
    return summed_up(name, [mine / other for mine, other in zip(ours, theirs, strict=True)])


def growth(name: str, by_size: Sequence[Sequence[float]]) -> Figure:
    """How often the first size's cost the costliest other size has; each size has as many rounds, side by side."""
    costliest = max(by_size[1:], key=median)
    return ratio(name, costliest, by_size[0])


def missed(figures: Iterable[Figure]) -> list[str]:
    """One line for each figure that misses its goal."""
    return [
        f"{figure.name} is {figure}, and should be {GOALS[figure.name]}"
        for figure in figures
        if figure.name in GOALS and not GOALS[figure.name].holds(figure)
    ]


def table(figures: Sequence[Figure]) -> str:
    """The figures in lines: name, value with its spread, goal and whether it is met."""
    width = max((len(figure.name) for figure in figures), default=0)
    return "\n".join(f"  {figure.name:<{width}}  {figure!s:<44}{verdict(figure)}".rstrip() for figure in figures)


def verdict(figure: Figure) -> str:
    """The goal of a figure and whether it is met; empty for one without a goal."""
    goal = GOALS.get(figure.name)
    return "" if goal is None else f"{goal}: {'met' if goal.holds(figure) else 'MISSED'}"


def shown(value: float) -> str:
    """A number in three digits, or whole from a thousand on."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
