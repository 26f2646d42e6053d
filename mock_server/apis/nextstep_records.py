"""What NextStep keeps of each team: its collections, their order, the lists that filters read.

Public records fit a schema of the document and are stored as served; the others fit a schema of their own.
"""

from __future__ import annotations

from collections.abc import Mapping

from mock_server.api import Json
from mock_server.clock import milliseconds
from mock_server.store import Layout, Record

# a template task as it is kept: like TemplateTask of the document, but the assignee may be the workflow runner
_TASK: Json = {
    "type": "object",
    "required": ["id", "title", "order", "section_id", "assignee", "is_essential", "type", "due_date",
                 "webhook_enabled", "custom_elements", "created_at"],
    "properties": {
        "id": {"type": "string"},
        "title": {"type": "string"},
        "assignee": {"type": ["string", "null", "object"]},
        "is_essential": {"type": "boolean"},
        "type": {"enum": ["task", "approval"]},
        "webhook_enabled": {"type": "boolean"},
        "custom_elements": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "type", "label", "required", "display_only"],
                "if": {"properties": {"type": {"enum": ["dropdown", "multichoice"]}}},
                "then": {"required": ["options"]},
            },
        },
    },
}  # fmt: skip


def _created(record: Record) -> int:
    return milliseconds(record["created_at"])


_TEXT = {"type": "string"}
LAYOUTS: Mapping[str, Layout] = {
    "team": Layout({"type": "object", "required": ["id", "timezone"]}),
    "members": Layout(
        {"type": "object", "required": ["id", "email", "active"], "properties": {"email": _TEXT}},
        at=lambda member: 0,
        lists=lambda member: (member["email"].lower(),),
    ),
    "templates": Layout(
        "ProcessTemplate",
        at=_created,
        lists=lambda template: ("all", "published") if template["is_published"] else ("all",),
    ),
    # a template's newest edition, and the one that new runs start from
    "definitions": Layout({"type": "object", "required": ["id", "edition", "live"]}),
    "editions": Layout(
        {
            "type": "object",
            "required": ["id", "tasks"],
            "properties": {"tasks": {"type": "array", "items": _TASK}},
        }
    ),
    "runs": Layout(
        "ProcessRun",
        at=_created,
        lists=lambda run: (
            (None, None),
            (run["status"], None),
            (None, run["template_id"]),
            (run["status"], run["template_id"]),
        ),
    ),
    # what a run does not show: its edition, its workflow runner, how many tasks are open, ids given by a fixture
    "progress": Layout({"type": "object", "required": ["id", "edition", "runner", "open", "ids"]}),
    "tasks": Layout("RunTask"),  # only those that differ from the edition
    "outbox": Layout(
        {"type": "object", "required": ["id", "kind", "to", "at"]}, at=lambda mail: milliseconds(mail["at"])
    ),
}
