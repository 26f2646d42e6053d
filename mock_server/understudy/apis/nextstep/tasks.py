"""The tasks of a NextStep run: the template's own, shared, with the changed ones laid over them.

An Edition is one frozen state of a template's tasks; a run keeps the edition that it started from, so
later edits never reach it (Process Runs > Create a Run). A task's id follows from the run and the position,
so an untouched task needs no record. Must not know HTTP, nor what changes a task.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from understudy.engine.call import Call, Json
from understudy.engine.ids import BASE62, digest
from understudy.engine.store import Positions, Record, SharedRecord, Store, decode, encode

_DIGITS = bytes(BASE62[:62]).decode()
_SPACE = 62**4
_FACTOR = 7_340_033  # a prime that 62 does not divide: positions are scattered, and can be found again
_INVERSE = pow(_FACTOR, -1, _SPACE)


class Edition(NamedTuple):
    """The tasks of a template as they were at one moment.

    `positions` finds a task by its template task id, `elements` an element by its id, for each task.
    """

    id: str
    tasks: Sequence[Record]
    positions: dict[str, int]
    elements: Sequence[dict[str, int]]
    runners: frozenset[int]  # where the assignee is whoever the run belongs to


@lru_cache(maxsize=4096)
def _edition(row: bytes) -> Edition:
    record = decode(row)
    tasks = record["tasks"]
    runners = frozenset(n for n, task in enumerate(tasks) if isinstance(task["assignee"], dict))
    elements = [{element["id"]: n for n, element in enumerate(task["custom_elements"])} for task in tasks]
    return Edition(record["id"], tasks, {task["id"]: n for n, task in enumerate(tasks)}, elements, runners)


def edition(store: Store, id: str) -> Edition:
    """The edition `id`; each is decoded once."""
    row = store["editions"].row(id)
    assert row is not None, "editions are never removed"
    return _edition(row)


class RunTasks:
    """All tasks of one run. `run` and `progress` are the run's records of those collections."""

    __slots__ = ("edition", "progress", "run", "store")

    def __init__(self, store: Store, run: SharedRecord, progress: SharedRecord) -> None:
        self.store = store
        self.run = run
        self.progress = progress
        self.edition = edition(store, progress["edition"])

    def __len__(self) -> int:
        return len(self.edition.tasks)

    def id(self, position: int) -> str:
        """The id of the task at a position."""
        given: dict[str, int] = self.progress["ids"]
        if given:
            for id, at in given.items():
                if at == position:
                    return id
        return _task_id(self.run["id"], position)

    def position(self, id: str) -> int | None:
        """Where the task `id` stands; None when it is not of this run."""
        known = self.progress["ids"].get(id)
        if known is not None:
            return int(known)
        position = _position(self.run["id"], id) if len(id) == 20 else None
        return position if position is not None and position < len(self) and self.id(position) == id else None

    def get_shared(self, position: int) -> SharedRecord:
        """The task at a position; its unset values are None."""
        return self.store["tasks"].get_shared(self.id(position)) or self._untouched(position)

    def filled(self, position: int, values: Mapping[str, Json]) -> Record:
        """The task at a position with values, by element id, laid over those that it has."""
        task = self.get_shared(position)
        elements = task["custom_elements"]
        return {**task, "custom_elements": [{**e, "value": values.get(e["id"], e["value"])} for e in elements]}

    def listing(self, call: Call) -> Positions:
        """The tasks by position, as served."""
        omitted = call.assumed("nextstep.tasks.list-omits")
        return Positions(len(self), lambda n: self.served(call, n, omitted=omitted), self.id, self.position)

    def served(self, call: Call, position: int, *, omitted: Sequence[str] = ()) -> bytes:
        """The encoded task as the API shows it in this world."""
        unset = call.assumed("nextstep.tasks.unset-value")
        skipped_is_completed = call.assumed("nextstep.tasks.skipped-counts-as-completed")
        row = self.store["tasks"].row(self.id(position))
        if row is not None and unset is None and not omitted and not skipped_is_completed:
            return row
        task = {**self.get_shared(position)}
        if unset is not None:
            task["custom_elements"] = [shown(element, unset) for element in task["custom_elements"]]
        if skipped_is_completed and task["skipped"]:
            task["completed"] = True
        return encode({key: value for key, value in task.items() if key not in omitted} if omitted else task)

    def _untouched(self, position: int) -> Record:
        task = self.edition.tasks[position]
        runner = position in self.edition.runners
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
    """Where `_task_id` made this id, if it did at all."""
    if not all(digit in _DIGITS for digit in id[16:]):
        return None
    code: int = sum(_DIGITS.index(digit) * 62**n for n, digit in enumerate(id[16:]))
    head = digest(run_id, 16)
    return (code - int.from_bytes(head[:3].encode())) * _INVERSE % _SPACE


def is_done(task: SharedRecord) -> bool:
    """Whether a task no longer holds its run up (Tasks > Completing a Task: completed or skipped)."""
    return bool(task["completed"] or task["skipped"])


def element_of(task: SharedRecord, id: str) -> Record | None:
    """The element `id` of a task, or None."""
    return next((element for element in task["custom_elements"] if element["id"] == id), None)


def shown(element: Record, unset: Json) -> Record:
    """An element as served: a value that was never set reads `unset`."""
    return {**element, "value": unset} if element["value"] is None else element


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
