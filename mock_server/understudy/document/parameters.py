"""The parameters of an operation: reads typed values from the raw path and query, and collects issues."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote_plus

import msgspec

from understudy.document.model import Assumed, Json, Validator
from understudy.messages import shorten, suggest

INTEGER = re.compile(r"-?[0-9]{1,40}", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?", re.ASCII)
_BOOLEANS = {"true": True, "false": False}


class Issue(NamedTuple):
    """A problem with one parameter: `kind` is missing, type, value, unknown, duplicate or path."""

    parameter: str
    kind: str
    values: tuple[str, ...]
    message: str


class Parameter(msgspec.Struct, frozen=True):
    """One path, query or header parameter, with its compiled schema."""

    name: str
    location: str
    required: bool
    kind: str
    schema: Mapping[str, Json]
    default: Json
    validator: Validator
    invalid: Assumed | None
    example: Json = None

    def read(self, text: str) -> Json:
        """The typed value of `text`; raises ValueError for another type."""
        if self.kind == "string":
            return text
        if self.kind == "boolean" and text in _BOOLEANS:
            return _BOOLEANS[text]
        if self.kind == "integer" and INTEGER.fullmatch(text):
            return int(text)
        if self.kind == "number" and _NUMBER.fullmatch(text):
            return float(text)
        raise ValueError(f"{self.name} must be of type {self.kind}, not {shorten(text)}")


def read_query(
    query: str, declared: tuple[Parameter, ...], keys: frozenset[str]
) -> tuple[dict[str, Json], tuple[Issue, ...]]:
    """The typed values of the declared parameters in a raw query, and the issues found.

    `keys` are parameters that carry a credential; they count as known.
    """
    given: dict[str, list[str]] = {}
    for part in query.split("&") if query else ():
        name, _, text = part.partition("=")
        if part:
            given.setdefault(unquote_plus(name), []).append(unquote_plus(text))
    arguments: dict[str, Json] = {}
    issues: list[Issue] = []
    for parameter in declared:
        texts = given.pop(parameter.name, None)
        if texts is None:
            if parameter.required:
                issues.append(Issue(parameter.name, "missing", (), f"{parameter.name} is required"))
            elif parameter.default is not None:
                arguments[parameter.name] = parameter.default
            continue
        if len(texts) > 1:
            issues.append(Issue(parameter.name, "duplicate", tuple(texts), f"{parameter.name} is given twice"))
        else:
            read_value(parameter, texts[0], arguments, issues)
    for name in given.keys() - keys if keys else given:
        hint = suggest(name, [parameter.name for parameter in declared])
        issues.append(Issue(name, "unknown", tuple(given[name]), f"unknown parameter {shorten(name)}{hint}"))
    return arguments, tuple(issues)


def read_value(parameter: Parameter, text: str, arguments: dict[str, Json], issues: list[Issue]) -> None:
    """Read `text` into `arguments`; issues are appended to `issues`. An out-of-range value goes into both."""
    try:
        value = parameter.read(text)
    except ValueError as error:
        issues.append(Issue(parameter.name, "type", (text,), str(error)))
        return
    arguments[parameter.name] = value
    if not parameter.validator.is_valid(value):
        issues.append(Issue(parameter.name, "value", (text,), describe_invalid(parameter, value)))


def describe_invalid(parameter: Parameter, value: Json) -> str:
    """The first schema error of a parameter's value, in one line."""
    error = next(parameter.validator.iter_errors(value))
    return f"{parameter.name}: {shorten(error.message, 300)}"
