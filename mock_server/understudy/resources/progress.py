"""Steps of a life cycle that take no time in a world, and those that never come.

Must not know how records are kept.
"""

from __future__ import annotations

from collections.abc import Callable

from understudy.engine.call import Call
from understudy.engine.store import Record
from understudy.resources.declaration import LifeCycle, Transition

NEVER = "never"
"""The time of a step that does not come, as an assumption says it."""


def done_at_once(
    cycle: LifeCycle, move: Callable[[Call, Record, Transition], Record], call: Call, record: Record
) -> Record:
    """A record after the steps of its life cycle that take no time; each is taken once."""
    seen = set()
    while (step := cycle.timed(record.get(cycle.member))) is not None and step.name not in seen:
        if call.value(step.after) != 0:
            break
        seen.add(step.name)
        record = move(call, record, step)
    return record
