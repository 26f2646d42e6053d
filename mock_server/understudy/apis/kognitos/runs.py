"""The life cycle of a Kognitos run: where it stands at a moment, how that is shown, what a person does to it.

A run goes on with the world's clock; its status is worked out whenever it is read. Sources: the pages Runs,
Process Runs > States, Platform Capacities. Must not know HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from understudy.apis.kognitos.records import ACTIVE, FINAL, NEVER, WAITING
from understudy.engine.call import Call, Json
from understudy.engine.clock import BEGIN, rfc3339
from understudy.engine.store import Record, Store, decode, encode

LIFE_CYCLE = (("Created", "pending_at"), ("Pending", "running_at"), ("Running", "ends_at"))
"""Each status but the last, and the member that says when the next one begins; after that comes the outcome."""


def status(run: Record, now: int) -> str:
    """The status of a run at `now`; WAITING while a person is waited for."""
    if run["left"] is not None:
        return WAITING
    for name, until in LIFE_CYCLE:
        if run[until] is None or now < run[until]:
            return name
    return str(run["outcome"])


def started(call: Call, process: Record, body: Record) -> Record:
    """A new run of a process, on the course that the process' runs take."""
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


def keep(store: Store, run: Record) -> bytes:
    """Put a run, new or changed, and how long it counts as active; returns the kept form."""
    activity = store["activity"]
    former = activity.get(counted(run))
    if former is not None:  # keeps its time: an entry stays in its place, and a dump puts it where its time says
        activity.put({**former, "counts": False})
    run["counted"] += 1
    until = NEVER if run["ends_at"] is None else run["ends_at"]
    activity.put({"id": counted(run), "until": until, "counts": run["left"] is None})
    return store["runs"].put(run)


def counted(run: Record) -> str:
    """The id of a run's present entry in the index of active ones: entries stay, so each change makes a new one."""
    return f"{run['id']}.{run['counted']}"


def active(store: Store, now: int) -> int:
    """How many runs are active at `now`: neither over nor waiting for a person (Platform Capacities > Concurrency)."""
    return store["activity"].listing(ACTIVE).later_than(now)


def renderer(call: Call) -> Callable[[bytes], bytes]:
    """What makes the served form of a kept run, at the call's time and under the world's assumptions."""
    now = call.now
    waiting, distinct, no_outputs, no_files, form = (
        call.assumed(f"kognitos.runs.{slug}")
        for slug in ("waiting-status", "created-is-distinct", "no-outputs", "no-files", "created-at-form")
    )

    def render(row: bytes) -> bytes:
        run = decode(row)
        state = status(run, now)
        outputs = run["outputs"] if state == "Succeeded" else None
        shown: dict[str, Any] = {
            "id": run["id"],
            "agent_id": run["agent_id"],
            "process_id": run["process_id"],
            "name": run["name"],
            "created_at": rfc3339(run["created"]) if form == "utc" else _naive(run["created"]),
            "stage": run["stage"],
            "status": _told(state, waiting, distinct=distinct),
            "file_ids": no_files if run["file_ids"] is None else run["file_ids"],
        }
        if outputs is not None or no_outputs != "absent":
            shown["outputs"] = [] if outputs is None and no_outputs == "empty" else outputs
        return encode(shown)

    return render


def ended(run: Record, outcome: str, now: int) -> Record:
    """The run, over at `now` with this outcome."""
    return _underway(run, now) | {"ends_at": now, "outcome": outcome, "left": None}


def waiting(run: Record, course: Json, now: int) -> Record:
    """The run, waiting for a person from `now` on, with the time that it has still to go."""
    left = course["running"] if run["ends_at"] is None else run["ends_at"] - max(now, run["running_at"])
    return _underway(run, now) | {"left": max(0, left)}


def resumed(run: Record, course: Json, now: int) -> Record:
    """The run, going on from `now`: with what was left, or, where waiting was its course, with what comes then."""
    if run["left"] is not None:
        return run | {"ends_at": min(now + run["left"], NEVER), "left": None}
    return run | {"ends_at": now + course["running"], "outcome": run["then"]}


def seeded(run: Record, state: str) -> Record:
    """The members of a fixture's run that let it stand in a status: for good, or until somebody does something."""
    passed: Sequence[str] = [until for _, until in LIFE_CYCLE]
    if state not in (*FINAL, WAITING):
        passed = passed[: [name for name, _ in LIFE_CYCLE].index(state)]
    held = {until: BEGIN if until in passed else None for _, until in LIFE_CYCLE}
    return run | held | {"outcome": state if state in (*FINAL, WAITING) else run["outcome"]}


def _underway(run: Record, now: int) -> Record:
    """The run with all that lies before its end behind it."""
    moments = {until: now if run[until] is None else min(run[until], now) for _, until in LIFE_CYCLE[:-1]}
    return run | moments


def _told(state: str, waiting: str, *, distinct: bool) -> str:
    if state == WAITING:
        return waiting
    return "Pending" if state == "Created" and not distinct else state


def _naive(moment: int) -> str:
    """A time as in the vendor's example: without an offset, `2021-01-01T12:00:00`."""
    whole = datetime.fromtimestamp(moment // 1000, UTC).replace(tzinfo=None)
    return whole.replace(microsecond=int(moment) % 1000 * 1000).isoformat()
