"""New records of Tallyfy's tasks, made from a step of a template or by themselves.

Sources: Tasks > Get task, Tasks > Create one-off task.
"""

from __future__ import annotations

from typing import Any

from understudy.apis.tallyfy.includes import HIDDEN
from understudy.apis.tallyfy.template_records import alias
from understudy.engine.store import Record


def new_task(run: Record, step: Record) -> Record:
    """Return the task of a step at the start of a run."""
    hidden = step.get("starts_hidden", False)
    return {
        "id": "",
        "increment_id": 0,
        "title": step["title"],
        "original_title": step["title"],
        "run_id": run["id"],
        "checklist_id": run["checklist_id"],
        "step_id": step["id"],
        "alias": step["alias"],
        "status": HIDDEN if hidden else "not-started",
        "status_label": "",
        "task_type": step["step_type"],
        "is_oneoff_task": False,
        "is_completable": True,
        "is_approved": None,
        "owners": {"users": step["assignees"], "guests": step["guests"], "groups": step["groups"]},
        "position": step["position"],
        "started_at": run["started_at"],
        "deadline": None,
        "deadline_set_by_hand": False,
        "created_at": run["created_at"],
        "last_updated": run["created_at"],
        "completed_at": None,
        "archived_at": run["archived_at"],
        "starter_id": run["started_by"],
        "completer_id": None,
        "completer_guest_id": None,
        "everyone_must_complete": step["everyone_must_complete"],
        "can_complete_only_assignees": step["can_complete_only_assignees"],
        "max_assignable": step["max_assignable"],
        "webhook": step["webhook"],
        "top_secret": False,
        "prevent_guest_comment": step["prevent_guest_comment"],
        "problem": False,
        "taskdata": {},
        "summary": step["summary"],
        "_": {"issues": 0, "before": "not-started" if hidden else None},
    }


def oneoff_task(title: str, created: str, starter: int) -> Record:
    """Return a one-off task with default members, whose run, checklist and step are null (Tasks > Get task)."""
    no_run = {
        "id": None,
        "checklist_id": None,
        "started_at": created,
        "created_at": created,
        "archived_at": None,
        "started_by": starter,
    }
    no_step: dict[str, Any] = {
        "id": None,
        "title": title,
        "alias": alias(title).replace("_", "-"),
        "step_type": "task",
        "assignees": [],
        "guests": [],
        "groups": [],
        "position": 1,
        "everyone_must_complete": False,
        "can_complete_only_assignees": False,
        "max_assignable": 1,
        "webhook": None,
        "prevent_guest_comment": False,
        "summary": None,
    }
    return new_task(no_run, no_step) | {"is_oneoff_task": True}
