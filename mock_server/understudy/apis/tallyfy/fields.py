"""Tallyfy's form fields: the answers that each of the ten types accepts, and the projection of a field with its answer.

One validator for the kick-off form (`prerun`) and the tasks (`taskdata`): Processes > Launch process,
Tasks > Update task. Must not know where answers are stored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from understudy.apis.tallyfy.records import moment, subject
from understudy.engine.call import Call, Json
from understudy.engine.problem import Problem
from understudy.engine.store import Record

Answers = dict[str, Any]
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
DROPDOWN = "Invalid dropdown choice selected."
COLUMNS = "Number of columns does not match required columns"
TABLE = "Invalid table field"


def accept(call: Call, fields: Sequence[Record], given: Json, path: str) -> Answers:
    """Return the given answers that belong to a field, unchanged.

    `path` is the member of the body that holds them. Raises Problem invalid with every invalid answer.
    """
    known = {field["id"]: field for field in fields}
    answers = {id: value for id, value in dict(given or {}).items() if id in known}
    wrong = {id: refusal(call, known[id], value) for id, value in answers.items()}
    _refuse(call, {id: message for id, message in wrong.items() if message}, path)
    return answers


def demand(call: Call, fields: Sequence[Record], answers: Mapping[str, Any], path: str) -> None:
    """Raise Problem invalid with every required field without an answer, as a member of `path` in the body."""
    _refuse(call, _missing(fields, answers), path)


def demand_kept(call: Call, fields: Sequence[Record], answers: Mapping[str, Any]) -> None:
    """Do as `demand` for stored answers, which are no members of this body."""
    missing = list(_missing(fields, answers).values())
    if missing:
        raise Problem("invalid", "; ".join(missing), fields={subject(call): missing})


def is_empty(value: Json) -> bool:
    """Whether this is no answer (0 and false are answers)."""
    return value is None or value in ("", [], {})


def refusal(call: Call, field: Record, value: Json) -> str | None:
    """Return why a field refuses an answer, None where it accepts it. Null removes an answer."""
    check = TYPES.get(field["field_type"])
    return None if value is None or check is None else check(call, field, value)


def with_answer(call: Call, field: Record, answers: Mapping[str, Any], *, visible: bool = True) -> Record:
    """Return a field with its answer, under the names of the world's assumption; an invisible answer is hidden."""
    policy = "shown" if visible else call.assumed("tallyfy.fields.without-values")
    if policy == "absent":
        return field
    value = answers.get(field["id"]) if policy == "shown" else None
    return {**field, **dict.fromkeys(call.assumed("tallyfy.fields.answer-name"), value)}


def _missing(fields: Sequence[Record], answers: Mapping[str, Any]) -> dict[str, str]:
    missing = [field for field in fields if field["required"] and is_empty(answers.get(field["id"]))]
    return {field["id"]: f"{field['label']} is required" for field in missing}


def _refuse(call: Call, wrong: Mapping[str, str], path: str) -> None:
    if wrong:
        dotted = call.assumed("tallyfy.errors.answer-names") == "dotted"
        fields = {f"{path}.{id}" if dotted else id: [message] for id, message in wrong.items()}
        raise Problem("invalid", "; ".join(wrong.values()), fields=fields)


def _text(longest: str) -> Callable[[Call, Record, Json], str | None]:
    def check(call: Call, field: Record, value: Json) -> str | None:
        if not isinstance(value, str | int | float) or (isinstance(value, str) and len(value) > call.assumed(longest)):
            return f"{field['label']} must be a text of at most {call.assumed(longest)} characters"
        return None

    return check


def _textarea(call: Call, field: Record, value: Json) -> str | None:
    return _text("tallyfy.fields.textarea-length")(call, field, value if isinstance(value, str) else [])


def _email(call: Call, field: Record, value: Json) -> str | None:
    if not isinstance(value, str):
        return f"{field['label']} must be an email address"
    if not _EMAIL.fullmatch(value) and value and call.assumed("tallyfy.fields.email-checked"):
        return f"{field['label']} must be an email address"
    return None


def _date(call: Call, field: Record, value: Json) -> str | None:
    try:
        moment(value)
    except (ValueError, TypeError, OverflowError):
        return f"{field['label']} must be a date"
    return None


def _radio(call: Call, field: Record, value: Json) -> str | None:
    return None if value in [option["text"] for option in field["options"]] else f"{field['label']} is not an option"


def _dropdown(call: Call, field: Record, value: Json) -> str | None:
    return None if isinstance(value, dict) and _is_option(field, value) else DROPDOWN


def _multiselect(call: Call, field: Record, value: Json) -> str | None:
    right = isinstance(value, list) and all(isinstance(item, dict) and _is_option(field, item) for item in value)
    return None if right else f"{field['label']} must be a list of its options"


def _table(call: Call, field: Record, value: Json) -> str | None:
    if not isinstance(value, list):
        return TABLE
    return None if len(value) == len(field["columns"]) else COLUMNS


def _assignees(call: Call, field: Record, value: Json) -> str | None:
    right = isinstance(value, dict) and all(isinstance(part, list) for part in value.values())
    return None if right else f"{field['label']} must have lists of users, guests and groups"


def _file(call: Call, field: Record, value: Json) -> str | None:
    names = ("id", "url", "full_url")
    right = isinstance(value, list) and all(isinstance(f, dict) and any(name in f for name in names) for f in value)
    return None if right else f"{field['label']} must be a list of files"


def _is_option(field: Record, value: Mapping[str, Any]) -> bool:
    return any(option["id"] == value.get("id") and option["text"] == value.get("text") for option in field["options"])


TYPES: dict[str, Callable[[Call, Record, Json], str | None]] = {
    "text": _text("tallyfy.fields.text-length"),
    "textarea": _textarea,
    "email": _email,
    "date": _date,
    "radio": _radio,
    "dropdown": _dropdown,
    "multiselect": _multiselect,
    "table": _table,
    "assignees_form": _assignees,
    "file": _file,
}
