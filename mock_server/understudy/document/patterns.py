"""Matches the `pattern` of schemas in linear time where possible, otherwise with a backtracking limit.

Documents hold ECMA-262 regular expressions; the two regex engines of jsonschema-rs understand most of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import jsonschema_rs

from understudy.document.pointer import Json

_MOST_BYTES = 4 << 20  # of a compiled pattern
_MOST_STEPS = 10_000  # of a pattern that looks around, for one text
LINEAR = jsonschema_rs.RegexOptions(size_limit=_MOST_BYTES)
BOUNDED = jsonschema_rs.FancyRegexOptions(backtrack_limit=_MOST_STEPS, size_limit=_MOST_BYTES)


@lru_cache(maxsize=4096)
def engine(pattern: str) -> jsonschema_rs.RegexOptions | jsonschema_rs.FancyRegexOptions | None:
    """The engine that matches a pattern: the linear one, else the bounded one; None for neither."""
    for options in (LINEAR, BOUNDED):
        try:
            jsonschema_rs.Draft202012Validator({"pattern": pattern}, pattern_options=options)
        except (jsonschema_rs.ValidationError, ValueError):
            continue
        return options
    return None


def matches(pattern: str, text: str) -> bool:
    """Whether a text matches a pattern that `engine` knows."""
    options = engine(pattern)
    return bool(jsonschema_rs.Draft202012Validator({"pattern": pattern}, pattern_options=options).is_valid(text))


def engine_of(schema: Json) -> jsonschema_rs.RegexOptions | jsonschema_rs.FancyRegexOptions:
    """The engine that matches all patterns of a schema, each of which `engine` knows."""
    return BOUNDED if any(engine(pattern) is BOUNDED for pattern in _patterns(schema)) else LINEAR


def _patterns(schema: Json) -> Iterator[str]:
    waiting = [schema]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if isinstance(value.get("pattern"), str):
                yield value["pattern"]
            if isinstance(value.get("patternProperties"), dict):
                yield from value["patternProperties"]
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
