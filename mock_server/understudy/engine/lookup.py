"""Finds the record that a request or event names, and refuses one that the caller's tenant does not have.

Whether another tenant's record is told from an unknown one, the assumption `<api>.errors.foreign-object` says.
"""

from __future__ import annotations

from understudy.engine.call import Call
from understudy.engine.problem import Problem
from understudy.engine.store import Record


def find_record(call: Call, collection: str, id: str, kind: str) -> Record:
    """A copy of a record of the caller's tenant; raises the Problem of `missing_record`."""
    record = call.store[collection].get(id)
    if record is None:
        raise missing_record(call, collection, id, kind)
    return record


def missing_record(call: Call, collection: str, id: str, kind: str) -> Problem:
    """The refusal of a record that the caller's tenant does not have: `kind`, or `forbidden` if another one has it."""
    told = call.assumed(f"{call.contract.name}.errors.foreign-object") == "forbidden"
    if told and call.exists_for_other_tenant(collection, id):
        return Problem("forbidden")
    return Problem(kind)


def find_for_event(call: Call, collection: str, id: str, what: str) -> Record:
    """A copy of the record that an event names; raises Problem not-found, which says what there is none of."""
    record = call.store[collection].get(id)
    if record is None:
        raise Problem("not-found", f"{call.credential.tenant} has no {what} {id}")
    return record
