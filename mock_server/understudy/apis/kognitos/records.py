"""The collections of a Kognitos organization: their schemas, sort keys and indexes.

No record is served as stored: the status of a run depends on the clock, and a process holds the course of its runs.
"""

from __future__ import annotations

from collections.abc import Mapping

from understudy.document.seed_entries import closed
from understudy.engine.call import Json
from understudy.engine.clock import BEGIN, END
from understudy.engine.ids import BASE36, Ids
from understudy.engine.store import Layout, SharedRecord

FINAL = ("Succeeded", "Failed", "Cancelled", "TimedOut")
WAITING = "Waiting"
ACTIVE = "active"

_ID: Json = {"$ref": "#/components/schemas/Id"}
_STAGE: Json = {"$ref": "#/components/schemas/Stage"}
_NAME: Json = {"type": "string", "minLength": 1, "maxLength": 100}
_TEXT: Json = {"type": "string"}
NEVER = 1 << 51  # milliseconds; later than any clock
_LENGTH: Json = {"type": "integer", "minimum": 0, "maximum": END}
_LEFT: Json = {"type": ["integer", "null"], "minimum": 0, "maximum": 2 * NEVER}
_PAST: Json = {"type": "integer", "minimum": BEGIN, "maximum": END}
_TIME: Json = {"type": "integer", "minimum": BEGIN, "maximum": NEVER}
_TIME_OR_NULL: Json = {"type": ["integer", "null"], "minimum": BEGIN, "maximum": NEVER}
_OUTPUTS: Json = {"type": ["array", "null"], "items": {"$ref": "#/components/schemas/NamedValue"}}
OUTCOME: Json = {"enum": [*FINAL, WAITING]}


def new_id(ids: Ids) -> str:
    """Make an id in the printed shape: 25 digits and small letters (Runs > Get Run)."""
    return ids.take(25, BASE36)


def _run_keys(run: SharedRecord) -> tuple[tuple[str, str | None], ...]:
    return (run["process_id"], None), (run["process_id"], run["stage"])


# The course of a process's runs: milliseconds in each status, the outcome (`then`: after a wait), the outputs.
COURSE = closed(
    "created pending running outcome then outputs",
    created=_LENGTH, pending=_LENGTH, running=_LENGTH, outcome=OUTCOME, then=OUTCOME, outputs=_OUTPUTS,
)  # fmt: skip

LAYOUTS: Mapping[str, Layout] = {
    "agents": Layout(closed("id name", id=_ID, name=_NAME)),
    "processes": Layout(
        closed(
            "id agent_id name stage inputs course",
            id=_ID, agent_id=_ID, name=_NAME, stage=_STAGE, inputs={"type": "array", "items": _TEXT}, course=COURSE,
        ),
        sort_key=lambda process: 0,
        indexes=lambda process: (process["agent_id"],),
    ),
    # `pending_at`, `running_at`, `ends_at`: the start of the next status, null for never; `left`: the rest of a waiting
    # run, in milliseconds; `counted`: the number of its record in `activity`
    "runs": Layout(
        closed(
            "id agent_id process_id name stage file_ids created pending_at running_at ends_at outcome then outputs "
            "left counted",
            id=_ID, agent_id=_ID, process_id=_ID, name=_NAME, stage=_STAGE,
            file_ids={"type": ["array", "null"], "items": _TEXT}, created=_PAST, pending_at=_TIME_OR_NULL,
            running_at=_TIME_OR_NULL, ends_at=_TIME_OR_NULL, outcome=OUTCOME, then=OUTCOME, outputs=_OUTPUTS,
            left=_LEFT, counted={"type": "integer", "minimum": 0},
        ),
        sort_key=lambda run: int(run["created"]),
        indexes=_run_keys,
    ),
    # the time until which a run counts as active: an index, so that the cap need not visit every run
    "activity": Layout(
        closed("id until counts", id=_TEXT, until=_TIME, counts={"type": "boolean"}),
        sort_key=lambda activity: int(activity["until"]),
        indexes=lambda activity: (ACTIVE,) if activity["counts"] else (),
    ),
    "files": Layout(
        closed(
            "id agent_id file_name uploaded",
            id={"type": "string", "minLength": 1}, agent_id={"anyOf": [_ID, {"type": "null"}]},
            file_name={"type": "string", "minLength": 1}, uploaded={"type": "boolean"},
            size={"type": "integer", "minimum": 0}, sha256=_TEXT,
        )
    ),
    # the id is the token of the upload URL
    "uploads": Layout(closed("id file_id fields made", id=_TEXT, file_id=_TEXT, fields={"type": "object"}, made=_PAST)),
}  # fmt: skip
