"""The collections of a NextStep team: their schemas, sort keys and indexes.

Templates and runs are resources of the document; what is kept beside them has a schema of its own.
"""

from __future__ import annotations

from collections.abc import Mapping

from understudy.engine.call import Json
from understudy.engine.clock import milliseconds
from understudy.engine.store import Layout, Record, SharedRecord

_TEXT: Json = {"type": "string"}
_FLAG: Json = {"type": "boolean"}
_COUNT: Json = {"type": "integer", "minimum": 0}
_TEXT_OR_NULL: Json = {"type": ["string", "null"]}
_OPTIONS: Json = {
    "properties": {"options": {"type": "array", "items": _TEXT}},
    "if": {"properties": {"type": {"enum": ["dropdown", "multichoice"]}}},
    "then": {"required": ["options"]},
}


def _record(**properties: Json) -> Json:
    return {"type": "object", "required": ["id", *properties], "properties": {"id": _TEXT, **properties}}


# as stored: like the document's, but the assignee of a task may be the workflow runner
_ELEMENT: Json = {
    "allOf": [_record(type=_TEXT, label=_TEXT, required=_FLAG, display_only=_FLAG), _OPTIONS],
}
_TASK = _record(
    title=_TEXT,
    order=_COUNT,
    section_id=_TEXT_OR_NULL,
    assignee={"type": ["string", "null", "object"]},
    is_essential=_FLAG,
    type={"enum": ["task", "approval"]},
    due_date={"type": ["object", "string", "null"]},
    webhook_enabled=_FLAG,
    custom_elements={"type": "array", "items": _ELEMENT},
    created_at={"type": "string", "format": "date-time"},
)


def run_sections(template: SharedRecord) -> list[Record]:
    """Return the sections of a template for its runs, without their descriptions (Process Runs > Response Fields)."""
    return [
        {"id": section["id"], "title": section["title"], "order": section["order"], "color": section.get("color")}
        for section in template["sections"]
    ]


# the payload of the job that completes a run
COMPLETION_JOB: Json = {
    "type": "object",
    "required": ["run_id"],
    "properties": {"run_id": _TEXT},
    "additionalProperties": False,
}
LAYOUTS: Mapping[str, Layout] = {
    "team": Layout(_record(timezone=_TEXT)),
    "members": Layout(
        _record(email=_TEXT, active=_FLAG),
        sort_key=lambda member: 0,
        indexes=lambda member: (member["email"].lower(),),
    ),
    # `edition`: a template's newest one, `live`: the one that was published last
    "definitions": Layout(_record(edition=_TEXT, live=_TEXT)),
    "editions": Layout(_record(tasks={"type": "array", "items": _TASK})),
    # internal state of a run: its edition, its workflow runner, the number of open tasks, task ids of the seed file
    "progress": Layout(
        _record(
            edition=_TEXT, runner=_TEXT_OR_NULL, open=_COUNT, ids={"type": "object", "additionalProperties": _COUNT}
        )
    ),
    # only tasks that differ from the edition
    "tasks": Layout(
        {
            "allOf": [{"$ref": "#/components/schemas/RunTask"}],
            "properties": {"custom_elements": {"items": _OPTIONS}},
            "required": ["skipped", "due_date", "webhook_enabled"],
        }
    ),
    "outbox": Layout(_record(kind=_TEXT, to=_TEXT, at=_TEXT), sort_key=lambda mail: milliseconds(mail["at"])),
}
