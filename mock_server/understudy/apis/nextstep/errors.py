"""NextStep's errors: the envelope (REST API > Response Format), and the errors for objects that are not there."""

from __future__ import annotations

from understudy.engine.call import Call, Json
from understudy.engine.problem import Problem, Refusal


def error_body(call: Call, refusal: Refusal) -> Json:
    """Build the error envelope (REST API > Response Format)."""
    return {"error": {"code": refusal.code, "message": refusal.message}}


def run_not_found(call: Call, id: str) -> Problem:
    """Return the error for an unknown run; raises Problem forbidden as `refuse_foreign` does."""
    refuse_foreign(call, "runs", id)
    return Problem("run-not-found")


def refuse_foreign(call: Call, collection: str, id: str) -> None:
    """Raise Problem forbidden for another team's object, in worlds that do not answer not found."""
    if call.assumed("nextstep.errors.foreign-object") == "forbidden" and call.exists_for_other_tenant(collection, id):
        raise Problem("forbidden", "This object belongs to another team")
