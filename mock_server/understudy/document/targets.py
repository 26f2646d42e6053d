"""Targets of an overlay's actions: RFC 9535 JSONPath queries, and the places of a document that they select.

A query is data: its length, its nesting and the time of its patterns are bounded.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any, NamedTuple

import jsonschema_rs

from understudy.document.patterns import LINEAR
from understudy.document.pointer import Json
from understudy.messages import shorten

Parts = tuple[str | int, ...]
MOST_CHARACTERS = 1_000
"""The most characters of a query: the library reads and runs it recursively."""

_MOST_DESCENTS = 3
_MOST_DEEP = 500  # levels of a document that `..` goes down


class BadQuery(ValueError):
    """A text that is no JSONPath query; the message says why, and where in it."""


class Target(NamedTuple):
    """A query, compiled by the library."""

    text: str
    query: Any


def compiled(text: str) -> Target:
    """The query in a text; raises BadQuery."""
    from jsonpath import JSONPathError  # imported late: takes 50 ms, and only overlays have queries

    if len(text) > MOST_CHARACTERS:
        raise BadQuery(f"a query has at most {MOST_CHARACTERS:,} characters")
    if not text:
        raise BadQuery("the query is empty; `$` selects the whole document")
    try:
        query = _environment().compile(text)
    except (JSONPathError, RecursionError) as error:
        raise BadQuery(f"{shorten(text)} is no JSONPath query (RFC 9535): {_reason(error, text)}") from error
    if sum(type(one).__name__ == "JSONPathRecursiveDescentSegment" for one in query.segments) > _MOST_DESCENTS:
        raise BadQuery(f"{shorten(text)} has more than {_MOST_DESCENTS} `..`, which take too long together")
    return Target(text, query)


def select(target: Target, document: Json) -> list[Parts]:
    """The places that a target selects, each once; raises BadQuery for one that cannot be run."""
    from jsonpath import JSONPathError

    try:
        return list(dict.fromkeys(match.parts for match in target.query.finditer(document)))
    except (JSONPathError, RecursionError) as error:
        raise BadQuery(f"{shorten(target.text)} cannot be run: {error.args[0]}") from error


def query_of(place: Parts) -> str:
    """The query that selects one place, in a form that any tool reads."""
    return "$" + "".join(_segment(part) for part in place)


def _segment(part: str | int) -> str:
    if isinstance(part, int):
        return f"[{part}]"
    if re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", part):
        return f".{part}"
    plain = re.fullmatch(r"[^'\\\x00-\x1f]*", part)
    return f"['{part}']" if plain else f"[{json.dumps(part, ensure_ascii=False)}]"


@cache
def _environment() -> Any:
    """The library's environment: strictly RFC 9535, with patterns that run in linear time."""
    from jsonpath import JSONPathEnvironment

    class Environment(JSONPathEnvironment):
        max_recursion_depth = _MOST_DEEP

    environment = Environment(strict=True)
    for name, form in (("match", "^(?:{})$"), ("search", "{}")):
        environment.function_extensions[name] = _pattern_function(form)
    return environment


def _pattern_function(form: str) -> Any:
    """A function of RFC 9535 that compares a text with a pattern: false for what is no text, or no pattern."""
    from jsonpath.function_extensions import ExpressionType, FilterFunction

    class Pattern(FilterFunction):
        arg_types = [ExpressionType.VALUE, ExpressionType.VALUE]  # noqa: RUF012 - as the library has it
        return_type = ExpressionType.LOGICAL

        def __call__(self, text: object, pattern: object) -> bool:
            if not isinstance(text, str) or not isinstance(pattern, str):
                return False
            validator = _validator(form.format(pattern))
            return validator is not None and bool(validator.is_valid(text))

    return Pattern()


@cache
def _validator(pattern: str) -> Any:
    try:
        return jsonschema_rs.Draft202012Validator({"pattern": pattern}, pattern_options=LINEAR)
    except (jsonschema_rs.ValidationError, ValueError):
        return None


def _reason(error: Any, text: str) -> str:
    """What the library says, in one line, with the character that it is about."""
    index = getattr(getattr(error, "token", None), "index", -1)
    place = f" at character {index + 1}" if 0 <= index < len(text) else ""
    if not text.startswith("$"):
        return "it must begin with $"
    return f"{' '.join(str(error.args[0]).split())}{place}"
