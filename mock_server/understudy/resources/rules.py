"""The rules of a document that states none: what its declarations promise, each under the operation that it is about.

Their ids are `<api>.<kind>.<operationId>`, their basis is `declared`, their sources are JSON pointers into the
document. Only what any server promises that follows the document: what was inferred is an assumption, and no rule.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from understudy.document.contract import Contract
from understudy.document.model import Rule
from understudy.document.operation import Operation
from understudy.document.paths import collection_of, is_item, parameters_of, shape_of
from understudy.document.pointer import at
from understudy.engine.api import Api
from understudy.resources import lists, schemas
from understudy.resources.declaration import Reader
from understudy.resources.lists import Filter
from understudy.resources.roles import Role

Json = Any
BASIS = "declared"
KINDS: Mapping[str, str] = {
    "answers": "{op} answers only what the document declares: status, headers and body.",
    "required": "{op} refuses a request without one of its required members or parameters.",
    "constraints": "{op} takes bodies up to each bound of their schema, and refuses them beyond it.",
    "parameters": "{op} takes values of parameters up to each bound of their schema, and refuses them beyond it.",
    "credentials": "{op} refuses a request without a credential.",
    "unknown-ids": "{op} refuses an id that nothing has.",
    "created": "What {op} creates can be read back as it was sent.",
    "ids": "{op} gives each record an id of its own, of the declared shape.",
    "listed": "{op} has each record that was created, once.",
    "updated": "{op} changes what is asked for, in no other record, and keeps or resets all other members alike.",
    "deleted": "What {op} deletes cannot be read any more, and nothing else is gone.",
    "refused": "A request that {op} refuses changes nothing.",
    "pages": "The pages of {op} together have each record once.",
    "limits": "A page of {op} has no more records than were asked for, and than the document allows.",
    "filters": "A filter of {op} leaves only records that match it, if it has an effect.",
}
"""Each kind of rule, with its sentence about an operation."""

BOUNDS = frozenset({
    "enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength",
    "maxLength", "pattern", "minItems", "maxItems", "uniqueItems",
})  # fmt: skip
"""The keywords of a schema that bound a value."""

_UNSAFE = re.compile(r"[^A-Za-z0-9_]+")


class Fact(NamedTuple):
    """One declared fact: its kind, its operation, and the JSON pointer of what declares it."""

    kind: str
    operation: Operation
    pointer: str


def with_rules(api: Api) -> Api:
    """An API whose document states no rule, with those that follow from its declarations; any other one unchanged."""
    if api.contract.rules:
        return api
    document = _with_rules(api.contract, api.roles)
    return replace(api, contract=replace(api.contract, document=document, rules=_rules_of(document, api.contract)))


def is_declared(contract: Contract) -> bool:
    """Whether the rules of a document follow from its declarations, since it states none."""
    return bool(contract.rules) and contract.rules[0].basis == BASIS


def stated_of(contract: Contract, operation: Operation) -> frozenset[str]:
    """The ids of the rules that stand under an operation."""
    own = contract.document["paths"][operation.path][operation.method.lower()]
    return frozenset(rule["id"] for rule in own.get("x-rules", ()))


def filters(contract: Contract, role: Role) -> list[Filter]:
    """The filters of an operation that lists."""
    source = contract.document["paths"][role.operation.path][role.operation.method.lower()]
    return lists.filters(Reader(contract), role.operation, role.resource, source)


def rule_id(api: str, kind: str, operation: str) -> str:
    """The id of a rule of a kind about an operation."""
    return f"{api}.{kind}.{_UNSAFE.sub('-', operation).strip('-')}"


def _with_rules(contract: Contract, roles: Mapping[str, Role]) -> dict[str, Json]:
    """The document with the rules of each operation under it."""
    paths = {path: dict(item) for path, item in contract.document["paths"].items()}
    known: Counter[str] = Counter()  # operationIds that differ in other signs only
    for operation in contract.operations.values():
        stated = [_numbered(_rule(contract, fact), known) for fact in _facts(contract, operation, roles)]
        own = paths[operation.path][operation.method.lower()]
        paths[operation.path][operation.method.lower()] = {**own, "x-rules": stated}
    return {**contract.document, "paths": paths}


def _rules_of(document: Mapping[str, Json], contract: Contract) -> tuple[Rule, ...]:
    return tuple(
        Rule(**rule)
        for operation in contract.operations.values()
        for rule in document["paths"][operation.path][operation.method.lower()]["x-rules"]
    )


def _numbered(rule: dict[str, Json], known: Counter[str]) -> dict[str, Json]:
    known[rule["id"]] += 1
    number = known[rule["id"]]
    return rule if number == 1 else {**rule, "id": f"{rule['id']}-{number}"}


def _rule(contract: Contract, fact: Fact) -> dict[str, Json]:
    operation = fact.operation
    text = KINDS[fact.kind].format(op=f"{operation.method} {operation.path}")
    return {"id": rule_id(contract.name, fact.kind, operation.id), "text": text, "source": f"#{fact.pointer}",
            "basis": BASIS}  # fmt: skip


def _facts(contract: Contract, operation: Operation, roles: Mapping[str, Role]) -> Iterator[Fact]:
    pointer = at("paths", operation.path, operation.method.lower())
    yield Fact("answers", operation, f"{pointer}/responses")
    if operation.secured is True and all(operation.security):
        own = "security" in contract.document["paths"][operation.path][operation.method.lower()]
        yield Fact("credentials", operation, f"{pointer}/security" if own else "/security")
    yield from _of_requests(contract, operation, pointer)
    role = roles.get(operation.id)
    if role is not None:
        yield from _of_role(role, list(roles.values()), pointer)
        beside = [find(role, list(roles.values())) for find in (creating, reading)]
        if role.action == "list" and all(beside) and filters(contract, role):
            yield Fact("filters", operation, f"{pointer}/parameters")


def _of_requests(contract: Contract, operation: Operation, pointer: str) -> Iterator[Fact]:
    body = body_schema(contract, operation)
    members = {} if body is None else schemas.members(contract.document, body)
    sent = {name: one for name, one in members.items() if not one.has("readOnly")}
    queries = [one for one in operation.parameters if one.location == "query"]
    if any(one.required for one in sent.values()):
        yield Fact("required", operation, f"{pointer}/requestBody")
    elif any(one.required for one in queries):
        yield Fact("required", operation, f"{pointer}/parameters")
    if any(_is_bounded(one.schema) for one in sent.values()):
        yield Fact("constraints", operation, f"{pointer}/requestBody")
    if any(_is_bounded(one.schema) or one.kind != "string" for one in plain_queries(operation)):
        yield Fact("parameters", operation, f"{pointer}/parameters")


def _of_role(role: Role, roles: list[Role], pointer: str) -> Iterator[Fact]:
    reader = reading(role, roles)
    is_addressed = is_item(role.operation.path) and parameters_of(role.operation.path)[-1] == role.item
    if is_addressed and (role.action in ("read", "delete") or (role.action == "update" and _partial(role))):
        yield Fact("unknown-ids", role.operation, f"{pointer}/responses")
    if role.action == "create" and reader is not None and role.job is None:
        for kind in ("created", "ids"):
            yield Fact(kind, role.operation, pointer)
    if role.action == "list" and creating(role, roles) is not None:
        yield Fact("listed", role.operation, pointer)
        yield from _of_pages(role, pointer)
    if role.action in ("update", "replace") and is_addressed and creating(role, roles) and reader and role.job is None:
        yield Fact("updated", role.operation, pointer)
    if role.action == "delete" and is_addressed and creating(role, roles) and reader and role.job is None:
        yield Fact("deleted", role.operation, pointer)
    is_change = role.action in ("update", "replace") and is_addressed
    can_compare = role.action == "create" or (is_change and creating(role, roles))
    if can_compare and is_refusable(role) and (reader if role.action != "create" else listing(role, roles)):
        yield Fact("refused", role.operation, pointer)


def _of_pages(role: Role, pointer: str) -> Iterator[Fact]:
    paging = role.operation.pagination
    if paging is None or all(one.name != paging.settings.get("limit") for one in role.operation.parameters):
        return  # pages that nobody can ask to be short
    yield Fact("limits", role.operation, f"{pointer}/parameters")
    if not paging.settings.keys().isdisjoint(("cursor", "page", "offset")):
        yield Fact("pages", role.operation, f"{pointer}/parameters")


def collection(role: Role) -> str:
    """The path of the collection that an operation is on, or on an item of."""
    path = role.operation.path
    return collection_of(path) if is_on_item(role) else path.rstrip("/")


def is_on_item(role: Role) -> bool:
    """Whether the path of an operation ends with the id of a record, and not with that of a parent."""
    path = role.operation.path
    last = parameters_of(path)[-1:]
    return is_item(path) and role.action != "list" and (last == [role.item] or last[0] not in role.resource.parent)


def reading(role: Role, roles: list[Role]) -> Role | None:
    """The operation that reads one record where another creates, changes or deletes it."""
    return _beside(role, roles, "read")


def creating(role: Role, roles: list[Role]) -> Role | None:
    """The operation that creates the records that another one lists or is about."""
    return _beside(role, roles, "create")


def listing(role: Role, roles: list[Role]) -> Role | None:
    """The operation that lists the records that another one creates or is about."""
    return _beside(role, roles, "list")


def _beside(role: Role, roles: list[Role], action: str) -> Role | None:
    """The operation of an action on the same collection."""
    wanted = _collection(role)
    return next((one for one in roles if one.action == action and _collection(one) == wanted), None)


def is_refusable(role: Role) -> bool:
    """Whether some request of an operation is invalid whatever the server: its body must be an object, or anything."""
    return role.operation.body is not None and role.operation.body.kind == "json"


def plain_queries(operation: Operation) -> list[Any]:
    """The query parameters of one plain value that are not about pages."""
    paging = set() if operation.pagination is None else set(map(str, operation.pagination.settings.values()))
    return [
        one
        for one in operation.parameters
        if one.location == "query" and one.style is None and one.name not in paging and one.name not in operation.keys
    ]


def body_schema(contract: Contract, operation: Operation) -> Json | None:
    """The schema of an operation's body in the media type that is sent; None without one."""
    if operation.body is None:
        return None
    own = contract.document["paths"][operation.path][operation.method.lower()]["requestBody"]
    content = schemas.resolve(contract.document, own)["content"]
    media = content.get(operation.body.media_type) or next(iter(content.values()))
    return media.get("schema")


def _is_bounded(schema: Mapping[str, Json]) -> bool:
    return not BOUNDS.isdisjoint(schema)


def _partial(role: Role) -> bool:
    """Whether an update cannot create: by PATCH or POST."""
    return role.operation.method != "PUT"


def _collection(role: Role) -> str:
    """The shape of the path of the collection that an operation is on, or on an item of."""
    return shape_of(collection(role))
