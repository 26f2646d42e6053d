"""NextStep's error for an object that is not there."""

from __future__ import annotations

from understudy.engine.call import Call
from understudy.engine.lookup import missing_record
from understudy.engine.problem import Problem


def missing(call: Call, collection: str, id: str, kind: str) -> Problem:
    """Return the error for an object that the team does not have: `kind`, or by assumption foreign-object."""
    problem = missing_record(call, collection, id, kind)
    return problem if problem.kind == kind else Problem("foreign-object")
