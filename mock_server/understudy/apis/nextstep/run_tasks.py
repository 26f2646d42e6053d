"""The tasks of a NextStep run: those of its edition, with the changed ones laid over them.

A task's id follows from the run and the position, so an untouched task needs no record. Must not know what
changes a task.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from understudy.apis.nextstep.editions import edition
from understudy.engine.call import Call, Json
from understudy.engine.ids import BASE62, digest
from understudy.engine.store import ComputedListing, Record, SharedRecord, Store, encode

_DIGITS = bytes(BASE62[:62]).decode()
_SPACE = 62**4
_FACTOR = 7_340_033  # a prime, so it has an inverse: scatters the positions, reversibly
_INVERSE = pow(_FACTOR, -1, _SPACE)


class RunTasks:
    """The tasks of one run, by position; `run` and `progress` are its records in the collections of these names."""

    __slots__ = ("edition", "progress", "run", "store")

    def __init__(self, store: Store, run: SharedRecord, progress: SharedRecord) -> None:
        self.store = store
        self.run = run
        self.progress = progress
        self.edition = edition(store, progress["edition"])

    def __len__(self) -> int:
        return len(self.edition.tasks)

    def id(self, position: int) -> str:
        """Return the id of the task at a position."""
        seeded: dict[str, int] = self.progress["ids"]
        if seeded:
            for id, number in seeded.items():
                if number == position:
                    return id
        return _task_id(self.run["id"], position)

    def position(self, id: str) -> int | None:
        """Return the position of the task `id`; None for a task of another run."""
        known = self.progress["ids"].get(id)
        if known is not None:
            return int(known)
        position = _position(self.run["id"], id) if len(id) == 20 else None
        return position if position is not None and position < len(self) and self.id(position) == id else None

    def get_shared(self, position: int) -> SharedRecord:
        """Return the task at a position; values that were never set are None. Do not mutate it."""
        return self.store["tasks"].get_shared(self.id(position)) or self._untouched(position)

    def filled(self, position: int, values: Mapping[str, Json]) -> Record:
        """Return a copy of the task at a position with these `values`, by element id."""
        task = self.get_shared(position)
        elements = task["custom_elements"]
        return {**task, "custom_elements": [{**e, "value": values.get(e["id"], e["value"])} for e in elements]}

    def listing(self, call: Call) -> ComputedListing:
        """Return the served tasks, ordered by position."""
        omitted = call.assumed("nextstep.tasks.list-omits")
        return ComputedListing(len(self), lambda n: self.served(call, n, omitted=omitted), self.id, self.position)

    def served(self, call: Call, position: int, *, omitted: Sequence[str] = ()) -> bytes:
        """Return the encoded task under the world's assumptions, without the `omitted` members."""
        unset = call.assumed("nextstep.tasks.unset-value")
        skipped_is_completed = call.assumed("nextstep.tasks.skipped-counts-as-completed")
        row = self.store["tasks"].row(self.id(position))
        if row is not None and unset is None and not omitted and not skipped_is_completed:
            return row
        task = {**self.get_shared(position)}
        if unset is not None:
            task["custom_elements"] = [with_unset_value(element, unset) for element in task["custom_elements"]]
        if skipped_is_completed and task["skipped"]:
            task["completed"] = True
        return encode({key: value for key, value in task.items() if key not in omitted} if omitted else task)

    def _untouched(self, position: int) -> Record:
        task = self.edition.tasks[position]
        runner = position in self.edition.runner_positions
        return {
            "id": self.id(position),
            "instance_id": self.run["id"],
            "template_task_id": task["id"],
            "title": task["title"],
            "completed": False,
            "completed_at": None,
            "completed_by": None,
            "order": position,
            "section_id": task["section_id"],
            "assignee": self.progress["runner"] if runner else task["assignee"],
            "is_essential": task["is_essential"],
            "skipped": False,
            "type": task["type"],
            "due_date": task["due_date"],
            "webhook_enabled": task["webhook_enabled"],
            "custom_elements": [_blank(element) for element in task["custom_elements"]],
            "created_at": self.run["created_at"],
        }


def find_run_tasks(call: Call, run_id: str) -> RunTasks:
    """Find the tasks of a run; raises Problem run-not-found or foreign-object."""
    run = call.find_shared("runs", run_id)
    return RunTasks(call.store, run, call.store["progress"].require_shared(run_id))


def is_done(task: SharedRecord) -> bool:
    """Whether a task is completed or skipped (Tasks > Completing a Task)."""
    return bool(task["completed"] or task["skipped"])


def element_of(task: SharedRecord, id: str) -> Record | None:
    """Return the element `id` of a task; None without one."""
    return next((element for element in task["custom_elements"] if element["id"] == id), None)


def with_unset_value(element: Record, unset: Json) -> Record:
    """Return an element with `unset` for a value that was never set."""
    return {**element, "value": unset} if element["value"] is None else element


@lru_cache(maxsize=4096)
def _task_id(run_id: str, position: int) -> str:
    head = digest(run_id, 16)
    code = (position * _FACTOR + int.from_bytes(head[:3].encode())) % _SPACE
    tail = ""
    for _ in range(4):
        code, digit = divmod(code, 62)
        tail += _DIGITS[digit]
    return head + tail


@lru_cache(maxsize=4096)
def _position(run_id: str, id: str) -> int | None:
    """The position for which `_task_id` makes this id; the caller checks that it does."""
    if not all(digit in _DIGITS for digit in id[16:]):
        return None
    code: int = sum(_DIGITS.index(digit) * 62**n for n, digit in enumerate(id[16:]))
    head = digest(run_id, 16)
    return (code - int.from_bytes(head[:3].encode())) * _INVERSE % _SPACE


def _blank(element: Record) -> dict[str, Any]:
    blank = {
        "id": element["id"],
        "type": element["type"],
        "label": element["label"],
        "value": None,
        "required": element["required"],
        "display_only": element["display_only"],
    }
    if "options" in element:
        blank["options"] = element["options"]
    return blank
