"""What a request created on a target: the paths of the objects that the kit deletes again.

Must not know why it was created.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple
from urllib.parse import quote

from understudy.document.contract import Contract
from understudy.document.operation import Operation
from understudy.engine.exchange import Request, Response
from understudy.resources.roles import Role
from understudy.resources.rules import is_declared
from understudy_checks.bodies import response_ids
from understudy_checks.pointers import resolve_pointer
from understudy_checks.routes import adds_to_list, find_operation
from understudy_checks.target import installed

Json = Any


class Creation(NamedTuple):
    """The path of an object that was created, and whether an operation deletes it."""

    path: str
    is_removable: bool


def creations(
    contract: Contract, operation: Operation, prefix: str, request: Request, response: Response
) -> list[Creation]:
    """What a request created, as it was answered; empty where it created nothing that is known."""
    if response.status >= 300:
        return []
    if is_declared(contract):
        ids = _declared_ids(contract, operation, request, response)
    else:
        ids = response_ids(response) if adds_to_list(contract, operation) else []
    paths = [f"{request.path.rstrip('/')}/{quote(id, safe='')}" for id in ids]
    return [Creation(path, _is_removable(contract, path.removeprefix(prefix))) for path in paths]


def _is_removable(contract: Contract, path: str) -> bool:
    return find_operation(contract, "DELETE", path) is not None


def _declared_ids(contract: Contract, operation: Operation, request: Request, response: Response) -> list[str]:
    role = installed.declared(contract.name).roles.get(operation.id)
    if role is None or role.action != "create":
        return []
    location = (response.header("location") or "").partition("?")[0].rstrip("/").rpartition("/")[2]
    shown, sent = _member(response.body, role.answer.pointer, role), _member(request.body, role.body, role)
    return [str(id) for id in (shown, location or None, sent) if isinstance(id, str | int)][:1]


def _member(body: bytes, pointer: str, role: Role) -> Json:
    """The id in the object at a pointer of a body."""
    record = resolve_pointer(_json(body), pointer)
    return record.get(role.resource.key) if isinstance(record, dict) else None


def _json(body: bytes) -> Json:
    try:
        return json.loads(body)
    except ValueError:  # no body, or one of another kind
        return None
