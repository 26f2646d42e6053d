"""Tallyfy's errors: their body by status."""

from __future__ import annotations

from understudy.apis.tallyfy.records import subject
from understudy.engine.call import Call, Json
from understudy.engine.problem import Refusal


def error_body(call: Call, refusal: Refusal) -> Json:
    """Build the body of an error by its status (Postman > Troubleshooting; Open API > Rate limits)."""
    body: dict[str, Json] = {"error": True, "message": refusal.message}
    code = refusal.code
    if refusal.status == 401 and not code:
        code = call.assumed("tallyfy.errors.unauthenticated-code")
    if code:
        body["code"] = code
    if refusal.status == 429:
        del body["error"]
    if refusal.status != 422:
        return body
    body["errors"] = {name or "body": messages for name, messages in refusal.fields.items()}
    if not refusal.fields:  # the error concerns the whole body, or the state of the operation's subject
        body["errors"] = {"body" if call.step == "validate" else subject(call): [refusal.message]}
    return {name: body[name] for name in call.assumed("tallyfy.errors.validation-members")}
