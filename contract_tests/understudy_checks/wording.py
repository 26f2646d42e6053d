"""Words for what a person reads: values as JSON, errors as sentences. No Python notation leaves the kit.

Must not know a check.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence, Set
from typing import Any

from hypothesis.errors import Flaky, HypothesisException

LONGEST = 200
"""The length at which a value is cut."""

UNREADABLE: Mapping[type[Exception], str] = {
    KeyError: "a response lacks the member",
    IndexError: "a list in a response has too few items",
    TypeError: "a response has a value of another kind than expected",
    AttributeError: "a response has a value of another kind than expected",
    ValueError: "a response cannot be read",
}
"""What it means when a check cannot read a response, by the error."""


def show(value: object) -> str:
    """A value as JSON, shortened: `null`, `true`, `"text"`, `[1, 2]`. Sets are sorted; a body is what it holds."""
    text = json.dumps(_plain(value), ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _plain(value: object) -> Any:
    """A value as JSON has it; what JSON does not know, as text."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case bytes():
            return _decoded(value)
        case Mapping():
            return {_name(name): _plain(entry) for name, entry in value.items()}
        case Set():
            return sorted(map(_plain, value), key=str)
        case Sequence():
            return list(map(_plain, value))
    return str(value)


def _decoded(body: bytes) -> Any:
    """The JSON in a body; a body that holds none, as text."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body.decode("utf-8", "backslashreplace")


def _name(name: object) -> str:
    return name if isinstance(name, str) else show(name)


def sentence(error: Exception) -> str:
    """An error as a sentence about the target: the message of a failed assertion, or what could not be read."""
    if isinstance(error, AssertionError):
        return str(error) or "a check of the kit failed without a message"
    if isinstance(error, Flaky):
        return "the target answers the same requests in different ways: what failed once did not fail again"
    if isinstance(error, HypothesisException):
        return "no input could be found for this check"
    meaning = next((text for kind, text in UNREADABLE.items() if isinstance(error, kind)), "a response is unexpected")
    return f"{meaning}: {', '.join(map(show, error.args))}" if error.args else meaning
