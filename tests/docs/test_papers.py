"""The papers as a whole: links lead somewhere, README is short, every page is reachable."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import generate
import pytest
from papers import PAPERS, ROOT, text_of

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)


def links(paper: str) -> list[str]:
    """Where a paper's links lead, those to the web left out."""
    text = FENCED.sub("", text_of(paper))
    return [link for link in LINK.findall(text) if not re.match("[a-z]+:", link)]


def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings."""
    headings = re.findall(r"^#+ (.*)$", FENCED.sub("", path.read_text()), re.MULTILINE)
    return {generate.anchor(heading) for heading in headings}


@pytest.mark.parametrize("paper", PAPERS)
def test_links_lead_somewhere(paper: str) -> None:
    """Every link inside the project leads to a file, and its anchor to a heading there."""
    for link in links(paper):
        name, _, anchor = link.partition("#")
        path = (ROOT / paper).parent / name if name else ROOT / paper
        assert path.exists(), f"{link}: no such file"
        assert not anchor or anchor in anchors(path), f"{link}: no such heading"


@pytest.mark.parametrize("paper", PAPERS)
def test_files_that_are_named_exist(paper: str) -> None:
    """Every path of this project that a paper names in code quotes is there."""
    tops = "mock_server|contract_tests|tests|benchmarks|openapi|docs"
    named = re.findall(rf"`((?:{tops})/[A-Za-z0-9_./-]*)`", FENCED.sub("", text_of(paper)))
    assert [name for name in named if not (ROOT / name).exists() and "notes" not in name] == []


def test_readme_is_short() -> None:
    """README has at most 150 lines."""
    assert len(text_of("README.md").splitlines()) <= 150


def test_every_page_is_listed() -> None:
    """Each page of docs stands in its table of contents, `docs/README.md`."""
    paths = [(ROOT / "docs" / link.partition("#")[0]).resolve() for link in links("docs/README.md")]
    listed = {str(path.relative_to(ROOT)) for path in paths}
    assert {paper for paper in PAPERS if paper.startswith("docs/")} - listed == {"docs/README.md"}


def test_pictures_are_pictures() -> None:
    """Every SVG of docs can be read."""
    for path in (ROOT / "docs").rglob("*.svg"):
        assert ElementTree.parse(path).getroot().tag == "{http://www.w3.org/2000/svg}svg"
