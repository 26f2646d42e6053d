"""The schema of Tallyfy's seed file.

The members that a template, step, field, run or task shares with the API come from the document.
"""

from __future__ import annotations

from typing import Any

from understudy.apis.tallyfy.includes import HIDDEN
from understudy.engine.call import Json

_TEXT: Json = {"type": "string"}
_ID: Json = {"type": "string", "minLength": 1}
_FLAG: Json = {"type": "boolean"}
_NUMBER: Json = {"type": "integer", "minimum": 0, "maximum": 2**53 - 1}
_TIME: Json = {"type": "string", "format": "date-time"}
_MAYBE_TEXT: Json = {"type": ["string", "null"]}
_MAYBE_TIME: Json = {"type": ["string", "null"], "format": "date-time"}
_UNITS = ("minutes", "hours", "days", "weeks", "months")
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_TYPES = ("task", "approval", "expiring", "email", "expiring_email")


def _many(schema: Json) -> Json:
    return {"type": "array", "items": schema}


def _closed(required: str, properties: Json) -> Json:
    return {
        "type": "object",
        "required": required.split(),
        "properties": properties,
        "additionalProperties": False,
    }


def _open(required: str, **properties: Json) -> Json:
    return {"type": "object", "required": required.split(), "properties": properties}


_OWNERS = _closed("users guests groups", {"users": _many(_NUMBER), "guests": _many(_TEXT), "groups": _many(_TEXT)})
_DEADLINE: Json = {
    "type": ["object", "null"],
    "required": ["value", "unit"],
    "additionalProperties": False,
    "properties": {
        "value": {"type": "integer", "minimum": 0, "maximum": 100_000},
        "unit": {"enum": _UNITS},
        "option": _TEXT,
        "step": _MAYBE_TEXT,
    },
}
_PERSON = _closed(
    "id email first_name last_name",
    {
        "id": {"type": ["integer", "string"], "minimum": 0, "maximum": 10**18 - 1, "pattern": "^[0-9]{1,18}$"},
        **dict.fromkeys(("email", "first_name", "last_name", "role", "timezone"), _TEXT),
        "active": _FLAG,
        "created_at": _TIME,
    },
)
_TOKEN = _closed("token user", {"token": _ID, "user": _PERSON["properties"]["id"], "state": _TEXT})
_GUEST = _closed("email", dict.fromkeys(("email", "first_name", "last_name"), _TEXT))
_GROUP = _open("id name members", id=_ID, name=_TEXT, members=_many(_NUMBER))
_FOLDER = _open("id name", id=_ID, name=_TEXT, parent_id=_MAYBE_TEXT)
_NOTES: Json = {"type": ["string", "array", "null"], "items": _TEXT}


def schema(document: Json) -> Json:
    """Return the schema; `document` is the API's."""
    parts = document["components"]["schemas"]
    field = _closed("id label field_type", _field(parts["Field"]["properties"]))
    step = _closed("id title", _step(parts["Step"]["properties"], field))
    organization = {
        **dict.fromkeys(("id", "name"), _ID),
        **dict.fromkeys(("description", "timezone"), _MAYBE_TEXT),
        **dict.fromkeys(("created_on", "last_updated"), _TIME),
        "working_days": _many({"enum": _DAYS}),
        "people": {**_many(_PERSON), "minItems": 1},
        "tokens": _many(_TOKEN),
        "guests": _many(_GUEST),
        "groups": _many(_GROUP),
        "folders": _many(_FOLDER),
        "tags": _many({"$ref": "#/components/schemas/Tag"}),
        "templates": _many(_template(parts["Template"]["properties"], step, field)),
        "runs": _many(_run(parts["Run"]["properties"], parts["Task"]["properties"])),
        "assets": _many(
            _closed("id filename subject content", {**parts["Asset"]["properties"], "id": _ID, "content": _TEXT})
        ),
        "tasks": _many(_closed("id increment_id title created_at", _task(parts["Task"]["properties"]))),
    }
    organizations = {**_many(_closed("id name people", organization)), "minItems": 1}
    return _closed("organizations", {"organizations": organizations})


def _field(served: Json) -> Json:
    option = _open("id text", text=_TEXT)
    return {**served, "id": _ID, "label": _TEXT, "options": _many(option), "columns": _many({"type": "object"})}


def _step(served: Json, field: Json) -> Json:
    return {
        **served,
        "id": _ID,
        "step_type": {"enum": _TYPES},
        "position": _NUMBER,
        "starts_hidden": _FLAG,
        "assignees": _many(_NUMBER),
        "guests": _many(_TEXT),
        "groups": _many(_TEXT),
        "deadline": _DEADLINE,
        "captures": _many(field),
    }


def _template(served: Json, step: Json, field: Json) -> Json:
    own = {
        "id": _ID,
        "tags": _many(_TEXT),
        "stages": _many({"type": "object"}),
        "steps": _many(step),
        "prerun": _many(field),
    }
    return _closed("id title created_at", {name: known for name, known in served.items() if name != "folder"} | own)


def _run(served: Json, task: Json) -> Json:
    shared = (
        *("name", "summary", "starred", "archived_at", "is_public", "users", "parent_id", "created_at", "started_at"),
        *("type", "checklist_title", "prerun_completed_at", "prerun_completed_by", "can_add_oot"),
        *("assign_someone_else", "custom_fields"),
    )
    own = {
        "id": _ID,
        "increment_id": _NUMBER,
        "template": _TEXT,
        "started_by": _NUMBER,
        "owner_id": _NUMBER,
        "prerun": {"type": "object"},
        "kickoff": {"enum": ["open"]},
        "issue": _TEXT,
        "groups": _many(_TEXT),
        "tags": _many(_TEXT),
        "folders": _many(_TEXT),
        "last_updated": _TIME,
        "completed_at": _TIME,
        **dict.fromkeys(("assets", "member_watchers", "guest_watchers"), _many({"type": "object"})),
        "tasks": _many(_closed("step", {**_task(task), "step": _TEXT})),
    }
    return _closed("id increment_id template name created_at", {name: served[name] for name in shared} | own)


def _task(served: Json) -> dict[str, Any]:
    shared = (
        *("title", "summary", "is_approved", "taskdata", "alias", "max_assignable", "created_at", "original_title"),
        *("last_updated", "started_at", "archived_at", "starter_id", "completer_guest_id", "everyone_must_complete"),
        *("can_complete_only_assignees", "webhook", "top_secret", "prevent_guest_comment"),
        "deadline_set_by_hand",
    )
    return {name: served[name] for name in shared} | {
        "id": _ID,
        "increment_id": _NUMBER,
        "status": {"enum": ["not-started", "in-progress", "completed", HIDDEN]},
        "completed_at": _MAYBE_TIME,
        "completer_id": {"type": ["integer", "null"]},
        "deadline": _MAYBE_TIME,
        "owners": _OWNERS,
        "problem": _NOTES,
        "comment": _NOTES,
        "position": _NUMBER,
        "task_type": {"enum": _TYPES},
    }
