"""Learns from pytest which tests failed: by an environment variable that makes it write JUnit XML.

The user's own options come after ours, so that theirs hold. Must not know what is tested.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

VARIABLE = "PYTEST_ADDOPTS"


class FailedTest(NamedTuple):
    """A failed test and the first line of its message."""

    name: str
    message: str


def options(file: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment variable by which pytest, if it is run, writes its results to a file."""
    ours = f"--junitxml={shlex.quote(str(file))}"
    return {VARIABLE: f"{ours} {environment.get(VARIABLE, '')}".strip()}


def failed_tests(file: Path) -> tuple[FailedTest, ...]:
    """The failed tests of a JUnit file; empty where there is none that can be read."""
    try:
        root = ElementTree.fromstring(file.read_bytes())  # noqa: S314 - of the user's own tests
    except (OSError, ElementTree.ParseError):
        return ()
    return tuple(_failed(root))


def _failed(root: ElementTree.Element) -> Iterator[FailedTest]:
    for test in root.iter("testcase"):
        reason = next((each for each in test if each.tag in ("failure", "error")), None)
        if reason is not None:
            name = "::".join(filter(None, (test.get("classname"), test.get("name"))))
            message = (reason.get("message") or reason.text or "").strip()
            yield FailedTest(name, message.partition("\n")[0])
