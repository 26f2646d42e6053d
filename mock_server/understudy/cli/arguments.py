"""Types of command-line arguments: functions from the text of an argument to its value.

They raise UsageError with flag, value and valid range, because argparse would speak of Python's types instead.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from understudy.cli.exits import UsageError

if TYPE_CHECKING:
    from understudy.engine.api import Api

_DOCUMENT = (".yaml", ".yml", ".json")


def whole_number(flag: str, least: int, most: int, *, remedy: str = "") -> Callable[[str], int]:
    """The type of a whole number in decimal digits; `remedy` ends its error message."""
    highest = f"{most:,}" if most > 99_999 else str(most)

    def read(text: str) -> int:
        number = int(text) if re.fullmatch("-?[0-9]{1,18}", text, re.ASCII) else None
        if number is None or not least <= number <= most:
            raise UsageError(f"{flag} {quoted(text)} is not a whole number from {least} to {highest}{remedy}")
        return number

    return read


rate_limit = whole_number("--rate-limit", 1, 10**9, remedy="; --no-rate-limit switches it off")
"""The type of a number of requests."""


def seconds(flag: str, limit: int) -> Callable[[str], float]:
    """The type of a number of seconds between 0 and `limit`, both excluded."""

    def read(text: str) -> float:
        try:
            number = math.nan if "_" in text else float(text)
        except ValueError:
            number = math.nan
        if not 0 < number < limit:
            raise UsageError(f"{flag} {quoted(text)} is not a number of seconds between 0 and {limit:,}")
        return number

    return read


def file_path(flag: str) -> Callable[[str], Path]:
    """The type of a path, which `Path` alone would take for the current folder when it is empty."""

    def read(text: str) -> Path:
        if not text:
            raise UsageError(f"{flag}: the path is empty")
        return Path(text)

    return read


def check_api_name(name: str) -> None:
    """Raises UsageError, which suggests the nearest name, when there is no such API."""
    from understudy.apis import NAMES
    from understudy.messages import suggest

    if name in NAMES:
        return
    if name.lower().endswith(_DOCUMENT) or "/" in name or (name and Path(name).exists()):
        raise UsageError(
            f"{name} is a path, and only the names of built-in APIs are understood: {', '.join(NAMES)}. A document of "
            "your own is served once it has handlers: see 'Add an API' in the README"
        )
    raise UsageError(f"unknown API {name or '(empty)'}{suggest(name, NAMES)}; known: {', '.join(NAMES)}")


def declared(names: Sequence[str]) -> list[Api]:
    """The APIs of these names, each once, or all of them. Raises UsageError for a document that is not understood."""
    from understudy.apis import NAMES, declare
    from understudy.document.compile import ContractError

    try:
        return [declare(name) for name in dict.fromkeys(names or NAMES)]
    except ContractError as error:
        raise UsageError(str(error)) from error


def quoted(text: str) -> str:
    """An argument as a message shows it: in quotes, and cut, unless it is a short ASCII word."""
    from understudy.messages import shorten

    return text if re.fullmatch("[!-~]{1,80}", text) else shorten(text)
