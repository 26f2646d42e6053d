"""The life cycle of a Kognitos run: its status at a time, and the effects of a person's actions.

A run proceeds with the world's clock; its status is computed whenever it is read. Sources: Process Runs > States,
Platform Capacities. Must not know HTTP.
"""

from __future__ import annotations

from collections.abc import Sequence

from understudy.apis.kognitos.records import ACTIVE, FINAL, NEVER, WAITING
from understudy.engine.call import Call, Json
from understudy.engine.clock import BEGIN
from understudy.engine.store import Record, SharedRecord, Store

LIFE_CYCLE = (("Created", "pending_at"), ("Pending", "running_at"), ("Running", "ends_at"))
"""Each status before the outcome, with the member that holds its end."""


def status_at(run: Record, now: int) -> str:
    """Return the status of a run at `now` (milliseconds); WAITING while it waits for a person."""
    if run["left"] is not None:
        return WAITING
    for name, until in LIFE_CYCLE:
        if run[until] is None or now < run[until]:
            return name
    return str(run["outcome"])


def new_run(call: Call, process: SharedRecord, body: Record) -> Record:
    """Return a new run of a process, without an id, on the process's course."""
    course, pending_at = process["course"], call.now + process["course"]["created"]
    running_at = pending_at + course["pending"]
    return {
        "id": "",
        "agent_id": process["agent_id"],
        "process_id": process["id"],
        "name": body["name"],
        "stage": body["stage"],
        "file_ids": body.get("file_ids"),
        "created": call.now,
        "pending_at": pending_at,
        "running_at": running_at,
        "ends_at": running_at + course["running"],
        "outcome": course["outcome"],
        "then": course["then"],
        "outputs": course["outputs"],
        "left": None,
        "counted": 0,
    }


def store_run(store: Store, run: Record) -> bytes:
    """Store a run and the time until which it counts as active; returns the encoded run."""
    activity = store["activity"]
    former = activity.get(activity_id(run))
    if former is not None:  # its time, the sort key, must stay: a dump is ordered by it
        activity.put({**former, "counts": False})
    run["counted"] += 1
    until = NEVER if run["ends_at"] is None else run["ends_at"]
    activity.put({"id": activity_id(run), "until": until, "counts": run["left"] is None})
    return store["runs"].put(run)


def activity_id(run: Record) -> str:
    """Return the id of a run's current record in `activity`; each change of the run adds a record."""
    return f"{run['id']}.{run['counted']}"


def count_active(store: Store, now: int) -> int:
    """Count the runs that have neither ended nor wait for a person at `now` (Platform Capacities > Concurrency)."""
    return store["activity"].listing(ACTIVE).count_after(now)


def ended(run: Record, outcome: str, now: int) -> Record:
    """Return the run, ended at `now` with this outcome."""
    return _begun(run, now) | {"ends_at": now, "outcome": outcome, "left": None}


def waiting(run: Record, course: Json, now: int) -> Record:
    """Return the run, waiting for a person from `now` on, with its remaining time."""
    left = course["running"] if run["ends_at"] is None else run["ends_at"] - max(now, run["running_at"])
    return _begun(run, now) | {"left": max(0, left)}


def resumed(run: Record, course: Json, now: int) -> Record:
    """Return the run, resumed at `now`: for its remaining time or, where its course was to wait, towards `then`."""
    if run["left"] is not None:
        return run | {"ends_at": min(now + run["left"], NEVER), "left": None}
    return run | {"ends_at": now + course["running"], "outcome": run["then"]}


def seeded(run: Record, state: str) -> Record:
    """Return a run of the seed file, held in a status until somebody acts on it."""
    past: Sequence[str] = [until for _, until in LIFE_CYCLE]
    if state not in (*FINAL, WAITING):
        past = past[: [name for name, _ in LIFE_CYCLE].index(state)]
    held = {until: BEGIN if until in past else None for _, until in LIFE_CYCLE}
    return run | held | {"outcome": state if state in (*FINAL, WAITING) else run["outcome"]}


def _begun(run: Record, now: int) -> Record:
    """The run, past every status before Running."""
    moments = {until: now if run[until] is None else min(run[until], now) for _, until in LIFE_CYCLE[:-1]}
    return run | moments
