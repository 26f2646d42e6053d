"""New records of Tallyfy's templates, their steps and form fields, with default members.

Sources: Templates > Create a template > Example response, Templates > Get template, the official clients.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from understudy.apis.tallyfy.records import new_id, stamp
from understudy.engine.call import Call
from understudy.engine.store import Record

FIELD_MEMBERS = frozenset(
    {
        *("label", "field_type", "guidance", "position", "required", "options", "columns", "default_value"),
        *("default_value_enabled", "collect_time", "use_wysiwyg_editor", "field_validation"),
    }
)
"""The members of a form field that a request may give."""

TEMPLATE_DEFAULTS: dict[str, Any] = {
    "increment_id": 0,
    "summary": None,
    "starred": False,
    "webhook": None,
    "guidance": None,
    "folder_id": None,
    "created_by": 1001,
    "owner_id": 1001,
    "kickoff_title": None,
    "kickoff_description": None,
    "archived_at": None,
    "is_public": False,
    "is_pinned": False,
    "automated_actions": [],
    "icon": None,
    "type": "procedure",
    "is_public_kickoff": False,
    "default_process_name_format": None,
    "explanation_video": None,
    "topic_tags": [],
    "industry_tags": [],
    "public_cover": None,
    "steps_count": 0,
    "dual_version_enabled": False,
    "is_published_state": False,
    "is_featured": False,
    "auto_naming": False,
    "last_updated_by": None,
    "users": [],
    "groups": [],
    "folderize_process": False,
    "tag_process": False,
    "allow_launcher_change_name": False,
    "ko_form_blueprint_id": None,
    "default_folder": None,
    "folder_changeable_by_launcher": False,
    "can_add_oot": False,
    "kickoff_sharing_user_id": None,
}
"""The members of a new template that nothing gives, as printed."""


def new_step(template: str, title: str, created: str) -> Record:
    """Return a step with default members; the caller adds id and position."""
    return {
        "checklist_id": template,
        "alias": alias(title),
        "title": title,
        "summary": None,
        "step_type": "task",
        "assignees": [],
        "guests": [],
        "groups": [],
        "deadline": None,
        "start_date": None,
        "allow_guest_owners": False,
        "max_assignable": None,
        "can_complete_only_assignees": False,
        "everyone_must_complete": False,
        "assign_run_starter": True,
        "webhook": None,
        "prevent_guest_comment": False,
        "created_at": created,
        "last_updated": created,
        "archived_at": None,
        "captures": [],
    }


def new_field(template: str, label: str, created: str) -> Record:
    """Return a form field with default members; the caller adds id, type and position."""
    return {
        "checklist_id": template,
        "alias": alias(label),
        "label": label,
        "guidance": None,
        "required": False,
        "options": [],
        "columns": [],
        "field_validation": [],
        "use_wysiwyg_editor": False,
        "collect_time": False,
        "default_value_enabled": False,
        "default_value": None,
        "created_at": created,
        "last_updated": created,
    }


def new_fields(call: Call, given: Sequence[Record]) -> list[Record]:
    """Return form fields that a request describes, each with an id and options with a number."""
    return [field_of(call, one, position) for position, one in enumerate(given, 1)]


def field_of(call: Call, given: Record, position: int) -> Record:
    """Return one form field that a request describes."""
    now = stamp(call.now)
    return {**new_field("", given["label"], now), "position": position, **described(given), "id": new_id(call)}


def described(given: Record) -> Record:
    """Return what a request says of a form field; options and columns without a number get one."""
    named = {name: value for name, value in given.items() if name in FIELD_MEMBERS}
    for name in ("options", "columns"):
        if named.get(name) is not None:
            named[name] = [{"id": at, **one} for at, one in enumerate(named[name], 1)]
        elif name in named:
            named[name] = []
    return named


def alias(text: str) -> str:
    """Return a name for URLs: the words of a text in lower case, joined by underscores."""
    return "_".join("".join(c if c.isalnum() else " " for c in text.lower()).split())


def live_steps(definition: Record) -> list[Record]:
    """Return the steps of a template that are not deleted, in their order."""
    return by_position([step for step in definition["steps"] if not step["archived_at"]])


def by_position(parts: Sequence[Record]) -> list[Record]:
    """Return steps or form fields in their order."""
    return sorted(parts, key=lambda part: int(part["position"]))


def store_template(call: Call, template: Record) -> None:
    """Store a changed template at the place in lists that its new time of change and its pin give it."""
    templates = call.store["templates"]
    templates.remove(template["id"])
    templates.put(template)
