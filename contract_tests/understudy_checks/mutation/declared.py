"""Mutants of a document that states no rules: breakages of each kind of rule that follows from its declarations.

Made from the roles of its operations, so that any document of a user has them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from functools import cache, partial
from typing import Any

from msgspec import structs

from understudy.document.contract import Contract
from understudy.document.model import Assumed
from understudy.document.operation import Operation
from understudy.document.parameters import Parameter
from understudy.engine.api import Api, Step
from understudy.engine.call import Call, Handler, Reply
from understudy.engine.exchange import Response
from understudy.engine.problem import Problem
from understudy.engine.store import ComputedListing, Listing, Record, decode, encode
from understudy.resources import schemas
from understudy.resources.identity import placed
from understudy.resources.roles import Role
from understudy.resources.rules import body_schema, filters, is_declared, is_on_item, plain_queries, reading
from understudy_checks import samples
from understudy_checks.mutation import Breakage, Mutant
from understudy_checks.mutation.generated import with_operation
from understudy_checks.mutation.operators import (
    answered,
    map_answer,
    map_bytes,
    map_query,
    on_request,
    on_step_refusal,
    on_success,
    replace_handler,
    replace_step,
    rows,
    with_notes,
)
from understudy_checks.pointers import resolve_pointer
from understudy_checks.records import plain, set_by_server
from understudy_checks.target import installed

Json = Any
Rows = list[Json]
Broken = Mapping[str, Breakage]
"""Breakages by what is wrong of an operation, in words that follow its method and path."""


class Declared(Mutant):
    """A mutant of a rule that follows from a document's declarations."""

    __slots__ = ()

    def __reduce__(self) -> tuple[Callable[..., Mutant], tuple[str, str]]:
        # pickled by name, because its breakage is a closure
        return _named, (self.api, self.name)


@cache
def declared_mutants(api: str) -> tuple[Mutant, ...]:
    """The mutants of each rule of a document that states none; none of any other one."""
    return tuple({mutant.name: mutant for mutant in _mutants(api)}.values())


def _named(api: str, name: str) -> Mutant:
    return next(mutant for mutant in declared_mutants(api) if mutant.name == name)


def _mutants(api: str) -> Iterator[Mutant]:
    contract, roles = installed.document(api), installed.declared(api).roles
    if not is_declared(contract):
        return
    for operation in contract.operations.values():
        for rule in contract.document["paths"][operation.path][operation.method.lower()]["x-rules"]:
            kind = rule["id"].split(".")[1]
            for text, breaks in _BROKEN[kind](contract, operation, roles.get(operation.id)).items():
                yield Declared(f"{operation.method} {operation.path} {text}.", (rule["id"],), breaks)


def _answers(contract: Contract, operation: Operation, role: Role | None) -> Broken:
    success = next((one for status, one in operation.responses.items() if status.startswith("2")), None)
    if success is None or success.body is None or success.others:
        return {}
    return {"answers JSON that is cut off": map_bytes(operation.id, lambda body: body[:-1])}


def _required(contract: Contract, operation: Operation, role: Role | None) -> Broken:
    names = [one.name for one in operation.parameters if one.location == "query" and one.required]
    found: dict[str, Breakage] = {
        f"does not demand {name}": _with_parameter(operation.id, name, required=False) for name in names
    }
    members = samples.required(contract, operation) if body_schema(contract, operation) is not None else []
    if members and not samples.may_be_left_out(operation, members):
        found["takes what was sent before where something is missing"] = _lenient(operation.id, role)
    return found


def _constraints(contract: Contract, operation: Operation, role: Role | None) -> Broken:
    return {"takes what was sent before where a value is beyond its bounds": _lenient(operation.id, role)}


def _parameters(contract: Contract, operation: Operation, role: Role | None) -> Broken:
    anything = contract.validator({})
    return {
        f"takes any value of {name}": _with_parameter(
            operation.id, name, validator=anything, kind="string", schema={}, style=None
        )
        for name in (one.name for one in plain_queries(operation) if _is_tried(one))
    }


def _credentials(contract: Contract, operation: Operation, role: Role | None) -> Broken:
    def anyone(step: Step, call: Call) -> Response | None:
        try:
            return step(call)
        except Problem:
            if call.operation.id != operation.id:
                raise
            return None

    return {"asks nobody for a credential": replace_step("authenticate", anyone)}


def _unknown_ids(contract: Contract, operation: Operation, role: Role | None) -> Broken:
    assert role is not None, "only an operation with a role has ids"
    known = installed.declared(contract.name).roles.values()
    if not any(one.resource is role.resource and one.action in ("create", "list", "replace") for one in known):
        return {}  # a server that answers examples is no other

    def anything(handler: Handler, call: Call) -> Reply:
        try:
            return handler(call)
        except Problem:
            return Reply(body=b"{}")

    return {"answers for an id that nothing has": replace_handler(operation.id, anything)}


def _created(contract: Contract, operation: Operation, role: Role | None) -> Broken:
    assert role is not None, "only an operation with a role creates"
    found: dict[str, Breakage] = {"answers and forgets": replace_handler(operation.id, _forgotten)}
    for name in _own_texts(contract, operation, role)[:1]:
        found[f"keeps another {name} than it was sent"] = on_request(operation.id, partial(_spoil, role, name))
    return found


def _ids(contract: Contract, operation: Operation, role: Role | None) -> Broken:
    assert role is not None, "only an operation with a role makes ids"
    if role.answer.empty or is_on_item(role):
        return {}
    reader = reading(role, list(installed.declared(contract.name).roles.values()))
    names = (role.resource.key, *([str(reader.item)] if reader is not None else []))
    return {"answers the same id each time": map_answer(operation.id, partial(_set_id, role, names))}


def _listed(contract: Contract, operation: Operation, role: Role | None) -> Broken:
    assert role is not None, "only an operation with a role lists"
    return {
        "has nothing": _with_rows(role, lambda call, items: []),
        "has each record twice": _with_rows(role, lambda call, items: [*items, *items]),
    }


def _updated(contract: Contract, operation: Operation, role: Role | None) -> Broken:
    assert role is not None, "only an operation with a role updates"
    names = _own_texts(contract, operation, role)
    found: dict[str, Breakage] = {"answers and changes nothing": replace_handler(operation.id, _forgotten)}
    for name in names[:1]:
        found["changes all other records, too"] = on_success(operation.id, partial(_change_others, role, name))
    return found


def _deleted(contract: Contract, operation: Operation, role: Role | None) -> Broken:
    assert role is not None, "only an operation with a role deletes"
    return {
        "answers and keeps the record": replace_handler(operation.id, _forgotten),
        "deletes all other records, too": replace_handler(operation.id, partial(_delete_all, role)),
    }


def _refused(contract: Contract, operation: Operation, role: Role | None) -> Broken:
    assert role is not None, "only an operation with a role is refused"
    if role.action == "create":
        act = partial(_remove_newest, role, operation.id)
        return {"deletes a record when it refuses": on_step_refusal("validate", act)}
    return {
        f"changes {name} when it refuses": on_step_refusal("validate", partial(_change_named, role, operation.id, name))
        for name in _own_texts(contract, operation, role)[:1]
    }


def _pages(contract: Contract, operation: Operation, role: Role | None) -> Broken:
    assert role is not None, "only an operation with a role has pages"
    return {"leaves out every second record": _with_rows(role, lambda call, items: items[::2])}


def _limits(contract: Contract, operation: Operation, role: Role | None) -> Broken:
    assert operation.pagination is not None, "only a list has a limit"
    name = operation.pagination.name("limit")
    return {"has one record more than asked for": map_query(operation.id, name, lambda limit: limit + 1)}


def _filters(contract: Contract, operation: Operation, role: Role | None) -> Broken:
    assert role is not None, "only an operation with a role has filters"
    plain_names = {one.name for one in plain_queries(operation) if one.kind != "number"}  # a fraction has many forms
    names = [one.parameter for one in filters(contract, role) if one.test is None and one.parameter in plain_names]
    return {f"leaves out a record that {name} matches": _with_rows(role, partial(_less, name)) for name in names}


_BROKEN: Mapping[str, Callable[[Contract, Operation, Role | None], Broken]] = {
    "answers": _answers,
    "required": _required,
    "constraints": _constraints,
    "parameters": _parameters,
    "credentials": _credentials,
    "unknown-ids": _unknown_ids,
    "created": _created,
    "ids": _ids,
    "listed": _listed,
    "updated": _updated,
    "deleted": _deleted,
    "refused": _refused,
    "pages": _pages,
    "limits": _limits,
    "filters": _filters,
}
"""What makes the breakages of each kind of rule."""


# --- what handlers and steps do wrong


def _forgotten(handler: Handler, call: Call) -> Reply:
    """Run a handler on a copy of the data, which is thrown away."""
    kept, call.store = call.store, call.store.fork()
    try:
        reply = handler(call)
        return structs.replace(
            reply, body=reply.body if isinstance(reply.body, bytes) else encode(answered(call, reply))
        )
    finally:
        call.store = kept


def _delete_all(role: Role, handler: Handler, call: Call) -> Reply:
    reply = handler(call)
    for record in list(call.store[role.resource.name]):
        call.store[role.resource.name].remove(call.store[role.resource.name].layout.id(record))
    return reply


def _spoil(role: Role, name: str, call: Call) -> None:
    record = resolve_pointer(call.body, role.body)
    for known in [one for one in record if plain(one) == plain(name)] if isinstance(record, dict) else ():
        record[known] = f"{record[known]}x"


def _set_id(role: Role, names: Sequence[str], call: Call, body: Json) -> Json:
    record = resolve_pointer(body, role.answer.pointer)
    first = next(iter(call.store[role.resource.name]), {})
    if role.resource.inside and isinstance(record, dict):
        record |= placed(record, role.resource.inside, first.get(role.resource.key))
    for name in names if isinstance(record, dict) else ():
        if name in record:
            record[name] = first.get(role.resource.key)
    return body


def _change_others(role: Role, name: str, call: Call, item: Json) -> None:
    for record in list(call.store[role.resource.name]):
        if str(record[role.resource.key]) != str(_own_id(role, call)):
            call.store[role.resource.name].put({**record, name: "changed"})


def _change_named(role: Role, operation: str, name: str, call: Call) -> None:
    if call.operation.id != operation:
        return
    for record in list(call.store[role.resource.name]):
        call.store[role.resource.name].put({**record, name: f"{record.get(name)} changed"})


def _remove_newest(role: Role, operation: str, call: Call) -> None:
    collection = call.store[role.resource.name]
    if call.operation.id == operation:
        with suppress(LookupError, ValueError):
            collection.remove(collection.newest())


def _own_id(role: Role, call: Call) -> Json:
    return call.arguments.get(role.item) if isinstance(role.item, str) else None


def _less(name: str, call: Call, items: Rows) -> Rows:
    return items[1:] if call.arguments.get(name) is not None else items


def _own_texts(contract: Contract, operation: Operation, role: Role) -> list[str]:
    """The texts of a record that a request sends and nothing else decides."""
    resource, decided = role.resource, set_by_server(role) | set(role.resource.refers) | set(role.resource.unique)
    sent = set(map(plain, schemas.members(contract.document, role.request or {})))
    return [
        name
        for name, member in resource.members.items()
        if member.types in (("string",), ("string", "null")) and name not in decided and not member.has("readOnly")
        and plain(name) in sent
        and "format" not in member.schema and "enum" not in member.schema and "pattern" not in member.schema
        and not member.has("writeOnly")
    ]  # fmt: skip


# --- APIs with other declarations


def _with_rows(role: Role, change: Callable[[Call, Rows], Rows]) -> Breakage:
    """Replace the records of a list, before it is paged, by `change(call, records)`."""

    def listed(handler: Handler, call: Call) -> Reply:
        reply = handler(call)
        if not isinstance(reply.body, bytes):
            return structs.replace(reply, body=_listing(change(call, rows(reply)), role.resource.key))
        value = decode(reply.body)
        found = change(call, resolve_pointer(value, role.answer.pointer))
        return structs.replace(reply, body=encode(_put(value, role.answer.pointer, found)))

    return replace_handler(role.operation.id, listed)


def _listing(items: list[Record], key: str) -> Listing:
    ids = [str(item[key]) for item in items]
    places = {id: place for place, id in enumerate(ids)}
    return ComputedListing(len(ids), lambda place: encode(items[place]), ids.__getitem__, places.get)


def _put(value: Json, pointer: str, new: Json) -> Json:
    """A JSON value with another one at a pointer."""
    name, *rest = pointer.split("/")[1:] or [""]
    return new if not pointer else {**value, name: _put(value[name], "".join(f"/{one}" for one in rest), new)}


def _lenient(operation: str, role: Role | None) -> Breakage:
    """Where a body is refused, take the one that was taken before."""

    def make(notes: dict[str, Json]) -> Breakage:
        def validate(step: Step, call: Call) -> Response | None:
            try:
                answer = step(call)
            except Problem:
                if call.operation.id != operation or "body" not in notes:
                    raise
                call.body = _again(notes, role)
                return None
            if call.operation.id == operation:
                notes["body"] = deepcopy(call.body)
            return answer

        return replace_step("validate", validate)

    return with_notes(make)


def _again(notes: dict[str, Json], role: Role | None) -> Json:
    """The body that was taken before; what must be unique is another text each time."""
    record = {} if role is None else resolve_pointer(notes["body"], role.body)
    *above, own = (role.resource.inside or (role.resource.key,)) if role is not None else ("",)
    for name in above:  # an id below another member
        record = record[name] if isinstance(record, dict) and name in record else {}
    for name in (own, *role.resource.unique) if role is not None else ():
        if isinstance(record.get(name), str):
            record[name] = f"{record[name]}x"
    return deepcopy(notes["body"])


def _with_parameter(operation: str, name: str, **values: Json) -> Breakage:
    def breaks(api: Api) -> Api:
        known = api.contract.operations[operation].parameters
        changed = tuple(structs.replace(one, **values) if one.name == name else one for one in known)
        return with_operation(api, operation, parameters=changed)

    return breaks


def _is_tried(parameter: Parameter) -> bool:
    schema, is_typed = parameter.schema, parameter.kind in ("integer", "number", "boolean")
    bounded = is_typed or bool({"minimum", "maximum", "enum"} & set(schema))
    return bounded and parameter.style is None and not isinstance(parameter.invalid, Assumed)
