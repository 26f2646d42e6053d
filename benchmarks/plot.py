"""Curves by size as an SVG: one panel beside the other, logarithmic on both axes. Must not know what they show."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from statistics import median
from typing import NamedTuple

WIDTH, HEIGHT, LEFT, TOP = 300, 200, 50, 60
COLOURS = ("#2563eb", "#dc2626", "#059669", "#d97706")


class Curve(NamedTuple):
    """The rounds that were measured at each size."""

    name: str
    rounds: Mapping[int, Sequence[float]]


class Panel(NamedTuple):
    """Curves that share their axes."""

    title: str
    curves: Sequence[Curve]


def drawn(title: str, panels: Sequence[Panel]) -> str:
    """The whole picture."""
    wide, high = len(panels) * (WIDTH + LEFT + 20), HEIGHT + TOP + 100
    inner = "\n".join(line for n, panel in enumerate(panels) for line in _panel(panel, n * (WIDTH + LEFT + 20) + LEFT))
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" font-size="11"
font-family="sans-serif">
<rect width="{wide}" height="{high}" fill="white"/>
<text x="{LEFT}" y="22" font-size="14">{escape(title)}</text>
{inner}
</svg>
"""


def _panel(panel: Panel, left: int) -> Iterator[str]:
    points = [(size, median(taken)) for curve in panel.curves for size, taken in curve.rounds.items()]
    across = _scale([size for size, _ in points], left, left + WIDTH)
    up = _scale([value for _, value in points], TOP + HEIGHT, TOP)
    yield f'<text x="{left}" y="{TOP - 12}" font-weight="bold">{escape(panel.title)}</text>'
    yield f'<rect x="{left}" y="{TOP}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#999"/>'
    for power in _powers([size for size, _ in points]):
        yield f'<text x="{across(power):.0f}" y="{TOP + HEIGHT + 16}" text-anchor="middle">{power:,.0f}</text>'
    for power in _powers([value for _, value in points]):
        y = up(power)
        yield f'<line x1="{left}" x2="{left + WIDTH}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>'
        yield f'<text x="{left - 6}" y="{y + 4:.0f}" text-anchor="end">{power:g}</text>'
    for n, curve in enumerate(panel.curves):
        path = " ".join(f"{across(size):.1f},{up(median(taken)):.1f}" for size, taken in curve.rounds.items())
        yield f'<polyline points="{path}" fill="none" stroke="{COLOURS[n]}" stroke-width="2"/>'
        yield f'<text x="{left}" y="{TOP + HEIGHT + 36 + 14 * n}" fill="{COLOURS[n]}">{escape(curve.name)}</text>'


def _powers(values: Sequence[float]) -> list[float]:
    """The powers of ten that enclose the values, at least two."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return [10.0**n for n in range(low, max(high, low + 1) + 1)]


class _Scale(NamedTuple):
    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Where a value is drawn."""
        return self.start + (self.end - self.start) * (math.log10(value) - self.low) / (self.high - self.low)


def _scale(values: Sequence[float], start: float, end: float) -> _Scale:
    powers = _powers(values)
    return _Scale(math.log10(powers[0]), math.log10(powers[-1]), start, end)
