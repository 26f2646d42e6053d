"""The access information of a world of NextStep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from understudy.engine.call import Json
from understudy.engine.credential import Credential
from understudy.engine.store import Store


def access_info(credentials: Sequence[Credential], tenants: Mapping[str, Store]) -> dict[str, Json]:
    """Return the members and the keys of a world, one key of each kind; the first team is the default one."""
    home, lapsed = next(iter(tenants)), {c.tenant for c in credentials if c.state == "lapsed"}
    valid = [c.token for c in credentials if c.tenant == home and c.state == "valid"]
    others = [c.token for c in credentials if c.tenant not in (home, *lapsed) and c.state == "valid"]
    members = tenants[home]["members"]
    return {
        "api_key": valid[0] if valid else None,
        "api_keys": valid,
        "revoked_key": next((c.token for c in credentials if c.state == "revoked"), None),
        "lapsed_key": next((c.token for c in credentials if c.state == "lapsed"), None),
        "other_tenant_key": next(iter(others), None),
        "members": [{"user_id": m["id"], "email": m["email"], "active": m["active"]} for m in members],
    }
