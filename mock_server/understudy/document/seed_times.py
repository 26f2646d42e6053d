"""Times of a seed that are relative to now: `$now`, `$now - 3d`, `$now + 90m`. Must not know what a seed holds."""

from __future__ import annotations

import re
from typing import Any

from understudy.document.seed_file import SeedError, SeedPath
from understudy.engine.clock import BEGIN, END, rfc3339

Json = Any
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_TIME = re.compile(r"\$now(?: *([+-]) *([0-9]{1,12}) *([smhdw]))?", re.ASCII)


def moment(text: str, now: int) -> int | None:
    """The milliseconds of a text that begins with `$now`; None for another text. Raises ValueError for a wrong one."""
    if not text.startswith("$now"):
        return None
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text[:80]} is no time; write it as $now, $now - 3d or $now + 90m, with s, m, h, d or w")
    sign, number, unit = found.groups()
    at = now if unit is None else now + (-1 if sign == "-" else 1) * int(number) * _UNITS[unit] * 1000
    if not BEGIN <= at <= END:
        raise ValueError(f"{text} is not in the years 1 to 9999")
    return at


def with_times(content: Json, now: int) -> Json:
    """A seed with each relative time as text in UTC; raises SeedError with all wrong ones."""
    errors: list[tuple[SeedPath, str]] = []
    made = _with_times(content, now, (), errors)
    if errors:
        raise SeedError(errors)
    return made


def _with_times(value: Json, now: int, place: SeedPath, errors: list[tuple[SeedPath, str]]) -> Json:
    if isinstance(value, dict):
        return {name: _with_times(child, now, (*place, name), errors) for name, child in value.items()}
    if isinstance(value, list):
        return [_with_times(child, now, (*place, number), errors) for number, child in enumerate(value)]
    try:
        at = moment(value, now) if isinstance(value, str) else None
    except ValueError as error:
        errors.append((place, str(error)))
        return value
    return value if at is None else rfc3339(at)
