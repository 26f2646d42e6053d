"""Authentication of Tallyfy's callers by token, client and organization, and the access information of a world.

Source: Open API > Required headers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import unquote

from understudy.engine import auth
from understudy.engine.call import Call, Json
from understudy.engine.credential import Credential
from understudy.engine.exchange import Response
from understudy.engine.problem import Problem
from understudy.engine.store import Store


def authenticate(call: Call) -> Response | None:
    """Authenticate token, client and organization of a call (Open API > Required headers).

    Raises the Problems missing-client, wrong-accept, those of `auth` and foreign-organization.
    """
    if not (call.request.header("x-tallyfy-client") or "").strip():
        raise Problem("missing-client")
    accepted = call.request.header("accept") or ""
    if "application/json" not in accepted and call.assumed("tallyfy.authentication.accept") == "required":
        raise Problem("wrong-accept")
    response = auth.authenticate(call)
    in_path = call.operation.path.startswith("/organizations/{org_id}")
    organization = unquote(call.segments[0]) if in_path else call.credential.tenant
    if not is_active_member(call, organization):
        raise Problem("foreign-organization")
    call.store = call.tenants[organization]
    call.credential = call.credential._replace(tenant=organization)
    return response


def access_info(credentials: Sequence[Credential], tenants: Mapping[str, Store]) -> dict[str, Json]:
    """Return one token of each kind, the default organization and its people."""
    home = next(iter(tenants))
    valid = [c.token for c in credentials if c.tenant == home and c.state == "valid"]
    others = [c.token for c in credentials if c.tenant != home and c.state == "valid"]
    people = tenants[home]["people"]
    return {
        "api_key": valid[0] if valid else None,
        "api_keys": valid,
        "revoked_key": next((c.token for c in credentials if c.state == "revoked"), None),
        "lapsed_key": None,
        "other_tenant_key": next(iter(others), None),
        "members": [{"user_id": p["id"], "email": p["email"], "active": p["active"]} for p in people],
        "organization_id": home,
    }


def is_active_member(call: Call, organization: str) -> bool:
    """Whether the caller is an active member of an organization."""
    store = call.tenants.get(organization)
    person = store["people"].get(call.credential.subject) if store else None
    return bool(person and person["active"])
