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
        return f"{_shown(self.value)} [{_shown(self.low)} .. {_shown(self.high)}] {self.unit}".rstrip()


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


GOALS = {
    # requests per second of CPU time, as a share of a bare Starlette route on the same uvicorn flags
    "GET one run: ratio": Goal(least=0.7),
    "list of 20: ratio": Goal(least=0.7),
    "POST a run: ratio": Goal(least=0.7),
    "PATCH a task: ratio": Goal(least=0.7),
    # the slowest page of any store size, as a multiple of the same page in the smallest store
    "first page: growth": Goal(most=1.5),
    "last page: growth": Goal(most=1.5),
    "first page, filtered: growth": Goal(most=1.5),
    "last page, filtered: growth": Goal(most=1.5),
    "fresh world": Goal(most=1.0),  # ms
    "fresh world: growth": Goal(most=1.5),  # with a hundred times the data
    "cold start to first answer": Goal(most=400.0),  # ms
    "--help": Goal(most=300.0),  # ms
}


def summed_up(name: str, rounds: Sequence[float], unit: str = "") -> Figure:
    """The figure of several rounds."""
    return Figure(name, median(rounds), min(rounds), max(rounds), unit)


def ratio(name: str, ours: Sequence[float], theirs: Sequence[float]) -> Figure:
    """The figure of the ratios of rounds that were measured side by side."""
    return summed_up(name, [mine / other for mine, other in zip(ours, theirs, strict=True)])


def growth(name: str, by_size: Sequence[Sequence[float]]) -> Figure:
    """How often the first size's time the slowest other size takes; each size has as many rounds, side by side."""
    slowest = max(by_size, key=median)
    return ratio(name, slowest, by_size[0])


def missed(figures: Iterable[Figure]) -> list[str]:
    """One line for each figure that misses its goal."""
    return [
        f"{figure.name} is {figure}, and should be {GOALS[figure.name]}"
        for figure in figures
        if figure.name in GOALS and not GOALS[figure.name].holds(figure)
    ]


def table(figures: Sequence[Figure]) -> str:
    """The figures in lines: name, value with its spread, goal and whether it holds."""
    width = max(len(figure.name) for figure in figures)
    return "\n".join(f"  {figure.name:<{width}}  {figure!s:<44}{_verdict(figure)}".rstrip() for figure in figures)


def _verdict(figure: Figure) -> str:
    goal = GOALS.get(figure.name)
    return "" if goal is None else f"{goal}: {'ok' if goal.holds(figure) else 'MISSED'}"


def _shown(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
