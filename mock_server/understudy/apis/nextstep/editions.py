"""Editions of a NextStep template: the frozen states of its tasks that runs are made from.

A run keeps the edition that it started from, so later edits never reach it (Process Runs > Create a Run).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

from understudy.engine.call import Json
from understudy.engine.store import Record, Store, decode


class Edition(NamedTuple):
    """The tasks of a template at one moment.

    `positions` maps task ids to positions; `elements` maps element ids to positions, one mapping a task.
    """

    id: str
    tasks: Sequence[Record]
    positions: dict[str, int]
    elements: Sequence[dict[str, int]]
    runner_positions: frozenset[int]  # of the tasks whose assignee is the workflow runner


@lru_cache(maxsize=4096)
def _decode_edition(row: bytes) -> Edition:
    record = decode(row)
    tasks = record["tasks"]
    runner_positions = frozenset(n for n, task in enumerate(tasks) if isinstance(task["assignee"], dict))
    elements = [{element["id"]: n for n, element in enumerate(task["custom_elements"])} for task in tasks]
    return Edition(record["id"], tasks, {task["id"]: n for n, task in enumerate(tasks)}, elements, runner_positions)


def edition(store: Store, id: str) -> Edition:
    """Return the edition `id`, decoded once."""
    row = store["editions"].row(id)
    assert row is not None, "editions are never removed"
    return _decode_edition(row)


def fill_tasks(given: Sequence[Json], template: Record, *, new_id: Callable[[], str]) -> list[Record]:
    """Make the tasks of a template from those given: in order, with ids and defaults for omitted members."""
    return [
        {
            "id": task.get("id") or new_id(),
            "title": task["title"],
            "description": task.get("description"),
            "order": position,
            "section_id": task.get("section_id"),
            "assignee": task.get("assignee"),
            "is_essential": task.get("is_essential", False),
            "type": task.get("type", "task"),
            "due_date": task.get("due_date"),
            "webhook_enabled": task.get("webhook_enabled", False),
            "custom_elements": [
                {"required": False, "display_only": False, **element} for element in task.get("custom_elements", ())
            ],
            "created_at": task.get("created_at", template["created_at"]),
        }
        for position, task in enumerate(given)
    ]
