"""NextStep's errors: the envelope (REST API > Response Format), and the error for an object that is not there."""

from __future__ import annotations

from understudy.engine.call import Call, Json
from understudy.engine.lookup import missing_record
from understudy.engine.problem import Problem, Refusal


def error_body(call: Call, refusal: Refusal) -> Json:
    """Build the error envelope (REST API > Response Format)."""
    return {"error": {"code": refusal.code, "message": refusal.message}}


def missing(call: Call, collection: str, id: str, kind: str) -> Problem:
    """Return the error for an object that the team does not have: `kind`, or by assumption forbidden."""
    return missing_record(call, collection, id, kind, forbidden="This object belongs to another team")
