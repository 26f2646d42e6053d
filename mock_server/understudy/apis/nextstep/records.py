"""What NextStep keeps of each team: its collections, their order, the lists that filters read.

Public records fit a schema of the document and are stored as served; the others fit a schema of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

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


# as they are kept: like those of the document, but a task's assignee may be the workflow runner
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


@lru_cache(maxsize=256)
def _filters(status: str, template_id: str) -> tuple[tuple[str | None, str | None], ...]:
    """The lists of runs that a run stands in: one for each choice of the two filters."""
    return ((None, None), (status, None), (None, template_id), (status, template_id))


_moment = lru_cache(maxsize=256)(milliseconds)  # many runs are created at one moment


def run_sections(template: SharedRecord) -> list[Record]:
    """The sections of a template as its runs have them: without their descriptions (Process Runs > Response Fields)."""
    return [
        {"id": section["id"], "title": section["title"], "order": section["order"], "color": section["color"]}
        for section in template["sections"]
    ]


def _created(record: SharedRecord) -> int:
    return _moment(record["created_at"])


# the payload of a timer that is about a run
RUN_NAMED: Json = {
    "type": "object",
    "required": ["run_id"],
    "properties": {"run_id": _TEXT},
    "additionalProperties": False,
}
LAYOUTS: Mapping[str, Layout] = {
    "team": Layout(_record(timezone=_TEXT)),
    "members": Layout(
        _record(email=_TEXT, active=_FLAG),
        at=lambda member: 0,
        lists=lambda member: (member["email"].lower(),),
    ),
    "templates": Layout(
        "ProcessTemplate",
        at=_created,
        lists=lambda template: ("all", "published") if template["is_published"] else ("all",),
    ),
    # a template's newest edition, and the one that new runs start from
    "definitions": Layout(_record(edition=_TEXT, live=_TEXT)),
    "editions": Layout(_record(tasks={"type": "array", "items": _TASK})),
    "runs": Layout(
        "ProcessRun",
        at=_created,
        lists=lambda run: _filters(run["status"], run["template_id"]),
    ),
    # what a run does not show: its edition, its workflow runner, how many tasks are open, ids given by a fixture
    "progress": Layout(
        _record(
            edition=_TEXT, runner=_TEXT_OR_NULL, open=_COUNT, ids={"type": "object", "additionalProperties": _COUNT}
        )
    ),
    # only those that differ from the edition
    "tasks": Layout(
        {
            "allOf": [{"$ref": "#/components/schemas/RunTask"}],
            "properties": {"custom_elements": {"items": _OPTIONS}},
            "required": ["skipped", "due_date", "webhook_enabled"],
        }
    ),
    "outbox": Layout(_record(kind=_TEXT, to=_TEXT, at=_TEXT), at=lambda mail: milliseconds(mail["at"])),
}
