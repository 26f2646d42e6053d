"""The members of a NextStep team: found by e-mail, and notified."""

from __future__ import annotations

from understudy.engine.call import Call
from understudy.engine.clock import rfc3339
from understudy.engine.store import Record, SharedRecord, Store, decode


def active_member(store: Store, email: str | None) -> Record | None:
    """Return the active member with this e-mail, whatever its case; None without one."""
    rows = store["members"].listing(email.lower()).page(None, 1).rows if email else []
    member = decode(rows[0]) if rows else None
    return member if member and member["active"] else None


def notify_assignee(call: Call, member: SharedRecord | None, run_id: str, task_id: str) -> None:
    """Put the notification of an assignee into the outbox (Process Runs > Attributing the run to a person)."""
    assert member is not None, "only members are notified"
    call.mail({
        "id": call.ids.take(20),
        "kind": "assignment",
        "to": member["email"],
        "run_id": run_id,
        "task_id": task_id,
        "at": rfc3339(call.now),
    })  # fmt: skip
