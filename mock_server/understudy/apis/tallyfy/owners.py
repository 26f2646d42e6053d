"""Who owns tasks: counted, and replaced where a person, a guest or a group leaves.

Sources: Members > Remove member, Guests > Delete guest, Groups > Delete group.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from understudy.apis.tallyfy.includes import run_tasks
from understudy.apis.tallyfy.life_cycle import summarize_tasks
from understudy.engine.call import Call, Json
from understudy.engine.store import Record, decode

_KEYS = {"users": "owner", "guests": "guest", "groups": "group"}
_OPEN = ("not-started", "in-progress")


def owned_tasks(call: Call, key: str, id: str) -> list[Record]:
    """Return copies of the tasks that a person (`key` is `owner`), a `guest` or a `group` owns."""
    rows = call.store["tasks"].query([(key, id)])
    return [decode(row) for row in rows.slice(0, rows.size())]


def task_stats(call: Call, key: str, id: str) -> Json:
    """Count the open and the completed tasks that a person or a guest owns."""
    states = [task["status"] for task in owned_tasks(call, key, id) if not task["archived_at"]]
    return {
        "active_tasks": sum(state in _OPEN for state in states),
        "completed_tasks": states.count("completed"),
    }


def replace_owner(call: Call, kind: str, id: Json, by: Sequence[Json], *, guests: Sequence[str] = ()) -> None:
    """Give the tasks of a member of `users`, `guests` or `groups` to these people and guests."""
    for task in owned_tasks(call, _KEYS[kind], str(id)):
        owners = {name: [one for one in ids if name != kind or one != id] for name, ids in task["owners"].items()}
        owners["users"] = list(dict.fromkeys([*owners["users"], *by]))
        owners["guests"] = list(dict.fromkeys([*owners["guests"], *guests]))
        call.store["tasks"].put({**task, "owners": owners})
        for run in _runs(call, task):
            summarize_tasks(run, run_tasks(call, run["id"]))
            call.store["runs"].put(run)


def _runs(call: Call, task: Record) -> Iterator[Record]:
    """The run of a task; none of a one-off task."""
    if task["run_id"]:
        yield call.store["runs"].require(task["run_id"])
