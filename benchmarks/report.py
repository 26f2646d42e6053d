"""Figures as Markdown, and where they stand in the page on speed: between two comments that name the part."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from benchmarks.figures import GOALS, Figure, verdict

PAGE = Path(__file__).parent.parent / "docs/explanation/speed.md"


def goals_table(figures: Sequence[Figure]) -> str:
    """The figures that have a goal."""
    rows = [[figure.name, str(figure), verdict(figure)] for figure in figures if figure.name in GOALS]
    return markdown(["what", "median [lowest .. highest]", "goal"], rows)


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def put_into_page(part: str, text: str, *, page: Path = PAGE) -> None:
    """Replace a part of the page; raises ValueError when it has none of that name."""
    before = page.read_text()
    marks = re.compile(f"(<!-- {part} -->\n).*?(<!-- /{part} -->)", re.DOTALL)
    if not marks.search(before):
        raise ValueError(f"{page} has no <!-- {part} -->")
    page.write_text(marks.sub(lambda match: f"{match[1]}{text}\n{match[2]}", before))
