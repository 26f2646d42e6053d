"""The papers of the project: README, CONTRIBUTING and the like, and all pages of `docs/`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAPERS = tuple(
    str(path.relative_to(ROOT))
    for path in (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")))
)  # fmt: skip
_BLOCK = re.compile(r"((?:^<!-- [^\n]* -->\n)*)^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_MARK = re.compile(r"<!-- (not run|exit|file|serves|in the checkout)(?:: (.*?))? -->")


class Block(NamedTuple):
    """A fenced block, and the marks in the comments right above it: such as `not run`."""

    language: str
    text: str
    marks: dict[str, str]


def text_of(paper: str) -> str:
    """The text of a paper."""
    return (ROOT / paper).read_text()


def blocks(paper: str) -> Iterator[Block]:
    """The fenced blocks of a paper, in order."""
    for comments, language, text in _BLOCK.findall(text_of(paper)):
        yield Block(language, text, dict(_MARK.findall(comments)))
