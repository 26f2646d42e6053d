"""The body of Kognitos' errors."""

from __future__ import annotations

from understudy.engine.call import Call, Json
from understudy.engine.problem import Refusal


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
