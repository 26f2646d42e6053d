"""The event that revokes a key, for every API. Must not know the form of any API's keys."""

from __future__ import annotations

from understudy.engine.call import Call, Json
from understudy.engine.problem import Problem


def revoke_key(call: Call) -> Json:
    """The event that revokes a key, with immediate effect."""
    api, token = call.contract.name, call.body["key"]
    credential = call.world.credentials.get((api, token))
    if credential is None:
        raise Problem("not-found", f"this world has no key {token}")
    call.world.credentials[api, token] = credential._replace(state="revoked")
    return {"key": token, "state": "revoked"}
