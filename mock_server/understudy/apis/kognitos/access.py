"""Kognitos' API keys (the page API Keys), and the access information of a world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import unquote

from understudy.apis.kognitos.files import find_upload
from understudy.engine import auth
from understudy.engine.call import Call, Json
from understudy.engine.credential import Credential
from understudy.engine.exchange import Response
from understudy.engine.store import Store, decode


def authenticate(call: Call) -> Response | None:
    """Authenticate a call; for an upload, check its URL before its content is read.

    Raises Problem upload-refused and those of `auth`.
    """
    if call.operation.id == "uploadFile":
        find_upload(call, unquote(call.segments[0]))
    return auth.authenticate(call)


def access_info(credentials: Sequence[Credential], tenants: Mapping[str, Store]) -> dict[str, Json]:
    """Return one key of each kind and the ids that no operation lists; the first tenant is the default one."""
    home, *others = tenants
    valid = [c for c in credentials if c.state == "valid"]
    whole = [c.token for c in valid if c.tenant == home and c.scope is None]
    scoped = next((c for c in valid if c.tenant == home and c.scope is not None), None)
    agents = [agent["id"] for agent in tenants[home]["agents"]]
    own = scoped.scope if scoped and scoped.scope else next(iter(agents), None)
    return {
        "api_key": whole[0] if whole else None,
        "api_keys": whole,
        "agent_key": scoped.token if scoped else None,
        "revoked_key": next((c.token for c in credentials if c.state == "revoked"), None),
        "lapsed_key": None,
        "other_tenant_key": next((c.token for c in valid if c.tenant in others and c.scope is None), None),
        **_ids_of(tenants[home], own),
        "other_agent": _ids_of(tenants[home], next((id for id in agents if id != own), None)),
        "other_tenant": next((_ids_of(tenants[id], next(iter(_agents(tenants[id])), None)) for id in others), {}),
        "members": [],
    }


def _agents(store: Store) -> Sequence[str]:
    return [agent["id"] for agent in store["agents"]]


def _ids_of(store: Store, agent_id: str | None) -> dict[str, Json]:
    """The id of an agent, and id and input names of its first process."""
    rows = store["processes"].listing(("agent_id", agent_id)).page(None, 1).rows if agent_id else []
    process = decode(rows[0]) if rows else {"id": None, "inputs": []}
    return {"agent_id": agent_id, "process_id": process["id"], "inputs": process["inputs"]}
