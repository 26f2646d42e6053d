"""How a run of Kognitos is started, and what answers show of it.

Source: the page Runs. Documented behaviour is a rule in `openapi/kognitos.yaml`, the rest
an assumption there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from understudy.apis.kognitos.life_cycle import count_active, new_run, status_at, store_run
from understudy.apis.kognitos.records import WAITING, new_id
from understudy.engine.call import Call, Json, Reply
from understudy.engine.clock import rfc3339
from understudy.engine.problem import Problem
from understudy.engine.store import Record, SharedRecord, encode


def create_run(call: Call) -> Reply:
    """POST /runs: starts a run, which proceeds with the clock (Runs > Start a Run)."""
    body, store = call.body, call.store
    process = call.find_shared("processes", body["process_id"], having={"agent_id": body["agent_id"]})
    _check_stage(call, process["stage"], body["stage"])
    unreadable = [id for id in body.get("file_ids") or () if not _check_file(call, process["agent_id"], id)]
    _check_inputs(call, process, body.get("inputs"))
    cap = call.assumed("kognitos.runs.concurrency-cap")
    if cap is not None and count_active(store, call.now) >= cap:
        raise Problem("over-capacity")
    run = new_run(call, process, body) | {"id": new_id(call.ids)}
    if unreadable:
        run["outcome"] = "Failed"
    store_run(store, run)
    return Reply(encode({**shown_run(call)(run), "status": "Created"}))


def shown_run(call: Call) -> Callable[[Record], Record]:
    """Return a function from a stored run to the one that answers show, at the call's time."""
    now = call.now
    waiting, distinct, no_outputs, no_files, form = (
        call.assumed(f"kognitos.runs.{slug}")
        for slug in ("waiting-status", "created-is-distinct", "no-outputs", "no-files", "created-at-form")
    )

    def shown(run: Record) -> Record:
        state = status_at(run, now)
        outputs = run["outputs"] if state == "Succeeded" else None
        served: dict[str, Any] = {
            "id": run["id"],
            "agent_id": run["agent_id"],
            "process_id": run["process_id"],
            "name": run["name"],
            "created_at": rfc3339(run["created"]) if form == "utc" else _naive(run["created"]),
            "stage": run["stage"],
            "status": _printed_status(state, waiting, distinct=distinct),
            "file_ids": no_files if run["file_ids"] is None else run["file_ids"],
        }
        if outputs is not None or no_outputs != "absent":
            served["outputs"] = [] if outputs is None and no_outputs == "empty" else outputs
        return served

    return shown


def _printed_status(state: str, waiting: str, *, distinct: bool) -> str:
    if state == WAITING:
        return waiting
    return "Pending" if state == "Created" and not distinct else state


def _naive(moment: int) -> str:
    """A time without an offset, as in the vendor's example: `2021-01-01T12:00:00`."""
    whole = datetime.fromtimestamp(moment // 1000, UTC).replace(tzinfo=None)
    return whole.replace(microsecond=int(moment) % 1000 * 1000).isoformat()


def _check_stage(call: Call, own: str, wanted: str) -> None:
    usable = call.assumed("kognitos.runs.usable-stages")
    if wanted != own and usable != "any" and (usable == "own" or wanted != "Draft"):
        raise Problem("stage-not-found")


def _check_file(call: Call, agent_id: str, id: str) -> bool:
    """Whether a run can read a file; raises Problem where the request is refused."""
    file = call.store["files"].get(id)
    if file is None:
        unknown = call.assumed("kognitos.runs.unknown-file")
        if unknown == "invalid":
            raise Problem("invalid", "file_ids: there is no such file")
        if unknown == "not-found":
            call.find_shared("files", id)
        return True
    elsewhere = file["agent_id"] not in (None, agent_id)
    if elsewhere and call.credential.scope is not None:
        raise Problem("out-of-scope")
    if elsewhere and call.assumed("kognitos.runs.file-of-another-agent") == "not-found":
        raise Problem("file-not-found")
    if file["uploaded"]:
        return True
    unread = call.assumed("kognitos.runs.file-not-uploaded")
    if unread == "not-found":
        raise Problem("file-not-found")
    return bool(unread == "accept")


def _check_inputs(call: Call, process: SharedRecord, inputs: Json) -> None:
    """Check the inputs of a run, a list of names and values; no response holds them (Runs > Start a Run)."""
    if isinstance(inputs, dict):
        if call.assumed("kognitos.runs.inputs-map") == "reject":
            raise Problem("invalid", "inputs must be a list of names and values")
        inputs = [{"name": name, "value": value} for name, value in inputs.items()]
    if not inputs or not call.assumed("kognitos.runs.inputs-checked"):
        return
    for number, item in enumerate(inputs):
        name = item.get("name") if isinstance(item, dict) else None
        if not isinstance(name, str) or not name or "value" not in item:
            raise Problem("invalid", f"inputs.{number} must be an object with a name and a value")
        if name not in process["inputs"] and call.assumed("kognitos.runs.unknown-input") == "reject":
            raise Problem("invalid", f"inputs.{number}: the process has no input {name[:80]!r}")
