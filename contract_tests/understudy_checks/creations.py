"""What a request created on a target: the paths of the objects that the kit deletes again.

Must not know why it was created.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from understudy.document.contract import Contract
from understudy.document.operation import Operation
from understudy.engine.exchange import Request, Response
from understudy.resources.roles import Role
from understudy.resources.rules import is_declared, is_on_item, reading
from understudy_checks.bodies import response_ids
from understudy_checks.pointers import resolve_pointer, resolve_reference
from understudy_checks.routes import adds_to_list, find_operation
from understudy_checks.target import installed

Json = Any
_ADDRESSES = ("location", "href", "url", "uri", "self")
_OF_REQUESTS = re.compile("request|trace|correlation|span|session|mock|client")


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
    path = request.path.rstrip("/")
    if is_declared(contract):
        paths = [_below(path, id) for id in _declared_ids(contract, operation, request, response)]
    else:
        known = None if operation.method != "POST" else _collection(contract, operation, path.removeprefix(prefix))
        made = [id for id in response_ids(response) if id not in path.split("/") and id.encode() not in request.body]
        paths = [_below(f"{prefix}{known}", id) for id in made if known is not None]
    return [Creation(path, _is_removable(contract, path.removeprefix(prefix))) for path in paths]


def _below(collection: str, id: str) -> str:
    return f"{collection}/{quote(id, safe='')}"


def _collection(contract: Contract, operation: Operation, path: str) -> str | None:
    """The path of the collection that a POST adds to; None where it adds to none that is known.

    That is its own path where it is a list or where one below it is deleted, or the one above where its answer is
    that of reading one of these: `/users` of `/users/invite`, and `/steps` of `/steps/1/clone`.
    """
    if adds_to_list(contract, operation) or _is_removable(contract, _below(path, "id")):
        return path
    answer = _success(contract, operation)
    for above in (path.rpartition("/")[0], path.rpartition("/")[0].rpartition("/")[0]):
        reader = find_operation(contract, "GET", _below(above, "id")) if above else None
        if reader is not None and _success(contract, reader) == answer:
            return above
    return None


def _success(contract: Contract, operation: Operation) -> Json:
    """The schemas of the first successful response of an operation, by media type."""
    responses = contract.document["paths"][operation.path][operation.method.lower()]["responses"]
    written = [response for status, response in responses.items() if status.startswith("2")]
    content = resolve_reference(contract.document, written[0]).get("content", {}) if written else {}
    return {media_type: entry.get("schema") for media_type, entry in content.items()}


def _is_removable(contract: Contract, path: str) -> bool:
    return find_operation(contract, "DELETE", path) is not None


def created_id(role: Role, roles: Sequence[Role], sent: bytes, response: Response) -> Json:
    """The id of what an operation created: in the answer, in a header, or as it was sent; None where none is shown."""
    reader, key, whole = reading(role, list(roles)), role.resource.key, _json(response.body)
    names = [key, *([str(reader.item)] if reader is not None else [])]
    own = [
        role.resource.id_in(place)
        for place in (resolve_pointer(whole, role.answer.pointer), _sent(role, sent))
        if _is_object(place)
    ]
    named = [whole.get(name) for name in names] if _is_object(whole) else []
    return next((id for id in (*own, *_in_headers(response), *named, *_alone(role, whole)) if _is_id(id)), None)


def _declared_ids(contract: Contract, operation: Operation, request: Request, response: Response) -> list[str]:
    roles = installed.declared(contract.name).roles
    role = roles.get(operation.id)
    if role is None or role.action != "create" or is_on_item(role):
        return []
    id = created_id(role, list(roles.values()), request.body, response)
    return [] if id is None else [str(id)]


def _alone(role: Role, answer: Json) -> list[Json]:
    """An answer that is an id by itself, or the end of the address that it holds, where it is not the record."""
    if role.answer.template is None or role.answer.around:
        return []
    held = [answer.get(name) for name in _ADDRESSES] if _is_object(answer) else []
    return [
        *([] if _is_object(answer) else [answer]),
        *(one.rpartition("/")[2] for one in held if isinstance(one, str)),
    ]


def _in_headers(response: Response) -> list[str]:
    """The end of Location, and the values of headers that are named after an id."""
    location = (response.header("location") or "").partition("?")[0].rstrip("/").rpartition("/")[2]
    named = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in response.headers]
    others = [value for name, value in named if name.endswith(("-id", "-identifier")) and not _OF_REQUESTS.search(name)]
    return [value for value in (location, *others) if value]


def _sent(role: Role, body: bytes) -> Json:
    return resolve_pointer(_json(body), role.body)


def _is_object(value: Json) -> bool:
    return isinstance(value, dict)


def _is_id(value: Json) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _json(body: bytes) -> Json:
    try:
        return json.loads(body)
    except ValueError:  # no body, or one of another kind
        return None
