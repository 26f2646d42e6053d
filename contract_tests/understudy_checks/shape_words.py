"""What is wrong with the shape of a value, in words of the kit and not of a validator's library.

Must not know where the value comes from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from understudy_checks.wording import show

TYPES = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}

FORMATS = {
    "date-time": "a date with time and offset",
    "date": "a date",
    "time": "a time with offset",
    "email": "an e-mail address",
    "uri": "a URI",
    "uuid": "a UUID",
}

WORDS: Mapping[str, Callable[[Any], str]] = {
    "Type": lambda kind: _any_of([TYPES[name] for name in kind.types]),
    "Enum": lambda kind: _any_of([show(option) for option in kind.options]),
    "Constant": lambda kind: show(kind.expected_value),
    "Format": lambda kind: FORMATS.get(kind.format, f"of the format {kind.format}"),
    "Pattern": lambda kind: f"a text that matches {kind.pattern}",
    "Minimum": lambda kind: f"at least {show(kind.limit)}",
    "Maximum": lambda kind: f"at most {show(kind.limit)}",
    "ExclusiveMinimum": lambda kind: f"more than {show(kind.limit)}",
    "ExclusiveMaximum": lambda kind: f"less than {show(kind.limit)}",
    "MultipleOf": lambda kind: f"a multiple of {show(kind.multiple_of)}",
    "MinLength": lambda kind: f"a text of {kind.limit} characters or more",
    "MaxLength": lambda kind: f"a text of no more than {kind.limit} characters",
    "MinItems": lambda kind: f"a list of {kind.limit} items or more",
    "MaxItems": lambda kind: f"a list of no more than {kind.limit} items",
    "MinProperties": lambda kind: f"an object of {kind.limit} members or more",
    "MaxProperties": lambda kind: f"an object of no more than {kind.limit} members",
    "UniqueItems": lambda _: "a list without repetitions",
    "AnyOf": lambda _: "of a documented shape",
    "OneOfNotValid": lambda _: "of a documented shape",
    "OneOfMultipleValid": lambda _: "of one documented shape alone",
}
"""What a value must be, by the kind of an error."""


def tell(error: Any) -> str:
    """An error of the validator as a sentence about the value at its place."""
    kind, name = error.kind, type(error.kind).__name__
    if name == "Required":
        return f"{show(kind.property)} is missing"
    if name in ("AdditionalProperties", "UnevaluatedProperties"):
        return f"{_any_of([show(member) for member in kind.unexpected], 'and')} must not be there"
    if name == "FalseSchema":
        return f"must not be there: {show(error.instance)}"
    wanted = WORDS[name](kind) if name in WORDS else f"as the document says ({kind.name})"
    return f"must be {wanted}, not {show(error.instance)}"


def _any_of(names: Sequence[str], word: str = "or") -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {word} {names[-1]}"
