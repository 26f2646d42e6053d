"""The parameters of an operation: reads typed values from the raw path and query, and collects issues."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote_plus

import msgspec

from understudy.document.model import Assumed, Json, Validator
from understudy.document.styles import Style
from understudy.messages import shorten, suggest

INTEGER = re.compile(r"-?[0-9]{1,40}", re.ASCII)
NUMBER = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?", re.ASCII)
_BOOLEANS = {"true": True, "false": False}


class Issue(NamedTuple):
    """A problem with one parameter: `kind` is missing, type, value, unknown, duplicate or path."""

    parameter: str
    kind: str
    values: tuple[str, ...]
    message: str


class Parameter(msgspec.Struct, frozen=True):
    """One path, query, header or cookie parameter, with its compiled schema."""

    name: str
    location: str
    required: bool
    kind: str
    schema: Mapping[str, Json]
    default: Json
    validator: Validator
    invalid: Assumed | None
    example: Json = None
    style: Style | None = None  # of an array, an object, JSON or several types; None for one plain type

    def read(self, text: str) -> Json:
        """The typed value of `text`; raises ValueError for another type."""
        if self.kind == "string":
            return text
        if self.kind == "boolean" and text in _BOOLEANS:
            return _BOOLEANS[text]
        if self.kind == "integer" and INTEGER.fullmatch(text):
            return int(text)
        if self.kind == "number" and NUMBER.fullmatch(text):
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
        if parameter.style is not None and _read_apart(parameter, parameter.style, texts, given, arguments, issues):
            continue
        if texts is None:
            if parameter.required:
                issues.append(Issue(parameter.name, "missing", (), f"{parameter.name} is required"))
            elif parameter.default is not None:
                arguments[parameter.name] = parameter.default
            continue
        if len(texts) > 1 and parameter.style is None:
            issues.append(Issue(parameter.name, "duplicate", tuple(texts), f"{parameter.name} is given twice"))
        else:
            read_texts(parameter, texts, arguments, issues)
    for name in given.keys() - keys if keys else given:
        hint = suggest(name, [parameter.name for parameter in declared])
        issues.append(Issue(name, "unknown", tuple(given[name]), f"unknown parameter {shorten(name)}{hint}"))
    return arguments, tuple(issues)


def read_fields(
    fields: Mapping[str, list[str]], declared: tuple[Parameter, ...]
) -> tuple[dict[str, Json], tuple[Issue, ...]]:
    """The typed values of the declared headers or cookies in `fields`, and the issues found."""
    arguments: dict[str, Json] = {}
    issues: list[Issue] = []
    for parameter in declared:
        texts = fields.get(parameter.name.lower() if parameter.location == "header" else parameter.name)
        if texts:
            read_texts(parameter, texts, arguments, issues)
        elif parameter.required:
            text = f"the {parameter.location} {parameter.name} is required"
            issues.append(Issue(parameter.name, "missing", (), text))
        elif parameter.default is not None:
            arguments[parameter.name] = parameter.default
    return arguments, tuple(issues)


def read_texts(parameter: Parameter, texts: list[str], arguments: dict[str, Json], issues: list[Issue]) -> None:
    """Read the texts of a parameter of any style into `arguments`; issues are appended to `issues`."""
    if parameter.style is None:
        read_value(parameter, texts[-1], arguments, issues)
        return
    try:
        candidates = parameter.style.candidates(texts)
    except ValueError as error:
        issues.append(Issue(parameter.name, "type", tuple(texts), f"{parameter.name}: {error}"))
        return
    _take_valid(parameter, candidates, arguments, issues)


def _read_apart(
    parameter: Parameter,
    style: Style,
    texts: list[str] | None,
    given: dict[str, list[str]],
    arguments: dict[str, Json],
    issues: list[Issue],
) -> bool:
    """Read an object whose members are query parameters themselves; whether there was one."""
    if style.style == "deepObject":
        value = style.deep(given)
    elif texts is None and style.explode and style.style == "form" and not style.media_type:
        value = style.spread(given)
    else:
        return False
    if value is None:
        return False
    _take_valid(parameter, [value], arguments, issues)
    return True


def _take_valid(parameter: Parameter, candidates: list[Json], arguments: dict[str, Json], issues: list[Issue]) -> None:
    """Put the first valid candidate into `arguments`; without one, the first, and an issue."""
    valid = [value for value in candidates if parameter.validator.is_valid(value)]
    arguments[parameter.name] = value = (valid or candidates)[0]
    if not valid:
        issues.append(Issue(parameter.name, "value", (str(value),), describe_invalid(parameter, value)))


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
