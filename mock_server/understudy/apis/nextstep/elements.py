"""NextStep's form fields: the values that each of the nine writable types accepts.

Source: Tasks > Writable Element Types and Tasks > Validation. Must not know whether a value belongs to a run's
pre-fill or a task's update.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from understudy.engine.call import Call
from understudy.engine.clock import milliseconds
from understudy.engine.problem import Problem
from understudy.engine.store import Record

READ_ONLY = {"text": "text", "image": "image", "video": "video", "lineBreak": "line-break"}
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_WEBSITE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s/]\S*")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}.*", re.ASCII | re.DOTALL)
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,15})?", re.ASCII)


def accept(call: Call, element: Record, value: Any) -> Any:
    """Return the value to store for an element; raises Problem display-only-element or invalid."""
    if element["display_only"]:
        kind = READ_ONLY.get(element["type"], "text")
        message = f'"{element["label"]}" is display-only and cannot be updated'
        raise Problem("display-only-element", message, rule_id=f"nextstep.elements.{kind}-is-read-only")
    if value is None:
        if call.assumed("nextstep.tasks.null-value") == "clears":
            return None
        raise _refusal(element, "a value, not null")
    check = TYPES.get(element["type"])
    return value if check is None else check(call, element, value)


def is_unset(value: Any) -> bool:
    """Whether an element has no value yet (0 and false are values)."""
    return value is None or value == "" or value == []


def is_iso_8601(text: str) -> bool:
    """Whether a text is an ISO 8601 calendar date, or such a date with a time."""
    try:
        return bool(_DAY.fullmatch(text)) and milliseconds(text) is not None
    except ValueError:
        return False


def _text(call: Call, element: Record, value: Any) -> Any:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float) and _coerces(call):
        return str(value).lower() if isinstance(value, bool) else str(value)
    raise _refusal(element, "a string")


def _number(call: Call, element: Record, value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _NUMBER.fullmatch(value) and _coerces(call):
        return float(value) if "." in value else int(value)
    raise _refusal(element, "a number")


def _checkbox(call: Call, element: Record, value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if value in ("true", "false") and _coerces(call):
        return value == "true"
    raise _refusal(element, "true or false")


def _matching(pattern: Callable[[str], object], wanted: str) -> Callable[[Call, Record, Any], Any]:
    def check(call: Call, element: Record, value: Any) -> Any:
        text = _text(call, element, value)
        if not pattern(text) and call.assumed("nextstep.tasks.format-checks"):
            raise _refusal(element, wanted)
        return text

    return check


def _dropdown(call: Call, element: Record, value: Any) -> Any:
    options = element["options"]
    text = _text(call, element, value) if not isinstance(value, list | dict) else None
    if text not in options:
        raise _refusal(element, f"one of: {', '.join(options)}", "nextstep.elements.dropdown-options")
    return text


def _multichoice(call: Call, element: Record, value: Any) -> Any:
    options = element["options"]
    if not isinstance(value, list) or any(item not in options for item in value):
        raise _refusal(element, f"one of: {', '.join(options)}", "nextstep.elements.multichoice-options")
    if not value and call.assumed("nextstep.tasks.empty-multichoice") == "reject":
        raise _refusal(element, f"one of: {', '.join(options)}")
    return value


def _coerces(call: Call) -> bool:
    return bool(call.assumed("nextstep.tasks.scalar-values") == "coerce")


def _refusal(element: Record, wanted: str, rule_id: str | None = None) -> Problem:
    # The wording is documented for dropdowns (Tasks > Validation > Error Example); the others follow it.
    message = f'Invalid value for {element["type"]} "{element["label"]}". Must be {wanted}'
    return Problem("invalid", message, rule_id=rule_id)


TYPES: dict[str, Callable[[Call, Record, Any], Any]] = {
    "shortText": _text,
    "longText": _text,
    "number": _number,
    "email": _matching(_EMAIL.fullmatch, "an email address"),
    "website": _matching(_WEBSITE.fullmatch, "a URL"),
    "date": _matching(is_iso_8601, "an ISO 8601 date"),
    "checkbox": _checkbox,
    "dropdown": _dropdown,
    "multichoice": _multichoice,
}
