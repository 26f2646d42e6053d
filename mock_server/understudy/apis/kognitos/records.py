"""The collections of a Kognitos organization that are no resources of its document."""

from __future__ import annotations

from collections.abc import Mapping

from understudy.document.seed_entries import closed
from understudy.engine.call import Json
from understudy.engine.clock import BEGIN
from understudy.engine.ids import BASE36, Ids
from understudy.engine.store import Layout

FINAL = ("Succeeded", "Failed", "Cancelled", "TimedOut")
WAITING = "Waiting"
ACTIVE = "active"

_TEXT: Json = {"type": "string"}
NEVER = 1 << 51  # milliseconds; later than any clock
_TIME: Json = {"type": "integer", "minimum": BEGIN, "maximum": NEVER}
OUTCOME: Json = {"enum": [*FINAL, WAITING]}


def new_id(ids: Ids) -> str:
    """Make an id in the printed shape: 25 digits and small letters (Runs > Get Run)."""
    return ids.take(25, BASE36)


LAYOUTS: Mapping[str, Layout] = {
    # the time until which a run counts as active: an index, so that the cap need not visit every run
    "activity": Layout(
        closed("id until counts", id=_TEXT, until=_TIME, counts={"type": "boolean"}),
        sort_key=lambda activity: int(activity["until"]),
        indexes=lambda activity: (ACTIVE,) if activity["counts"] else (),
    ),
}
