"""Kognitos' errors: their body, and the error for an object that is not there."""

from __future__ import annotations

import re

from understudy.engine.call import Call, Json
from understudy.engine.lookup import missing_record
from understudy.engine.problem import Problem, Refusal

_ID = re.compile(r"[A-Za-z0-9_-]{1,26}", re.ASCII)


def error_body(call: Call, refusal: Refusal) -> Json:
    """Build the body of an error: the documented ErrorModel, or the shape that `code` names (see `x-errors`)."""
    status, code, message, _ = refusal
    if code == "gateway":
        return {"message": "Forbidden" if status == 403 else message}
    if code == "status-code":
        return {"statusCode": status, "message": message}
    body: dict[str, Json] = {"status_code": status, "message": message, "details": None}
    if code == "absent":
        del body["details"]
    if code == "list":
        body["details"] = [{"message": message}]
    return body


def missing(call: Call, collection: str, id: str, kind: str) -> Problem:
    """Return the error for an object that the organization does not have: by default `kind`."""
    if not _ID.fullmatch(id) and collection != "files" and call.assumed("kognitos.errors.malformed-id") == "invalid":
        return Problem("invalid", "An id has 1 to 26 letters, digits, hyphens and underscores")
    return missing_record(call, collection, id, kind)
