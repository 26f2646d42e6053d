"""Mutation operators: each returns a breakage, a function from Api to Api, and knows no vendor.

A line of a table is `"A name is cut after nine characters.": map_body("createRun", "name", lambda name: name[:9])`.
`operations` are one operationId or a tuple of them. `when` limits a breakage to some calls or objects. A function
that changes an object takes the call and the object; one that changes a value takes only the value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from functools import partial
from typing import Any

from msgspec import structs

from understudy.document import compile as contract
from understudy.document.pointer import find as dialect_find
from understudy.engine.api import Api, Step
from understudy.engine.call import Call, Handler, Reply
from understudy.engine.exchange import Response
from understudy.engine.jobs import internal_call
from understudy.engine.paging import page
from understudy.engine.problem import Problem, Refusal
from understudy.engine.store import ComputedListing, Listing, Record, Store, decode, encode
from understudy_checks.mutation import Breakage, with_handlers, with_steps
from understudy_checks.target import installed

Json = Any
Operations = str | tuple[str, ...]
Rows = list[Json]
Act = Callable[[Call], object]
When = Callable[[Call], object]
Event = Callable[[Call], Json]
FREE: Json = {}
"""A schema that allows any value."""


def chain(*breakages: Breakage) -> Breakage:
    """Combine breakages, each wrapped around the previous one: the last sees a request first and its response last."""

    def breaks(api: Api) -> Api:
        for breakage in breakages:
            api = breakage(api)
        return api

    return breaks


def with_notes(make: Callable[[dict[str, Json]], Breakage]) -> Breakage:
    """Make the breakage `make(notes)` with a new, empty dict of notes for each broken API."""
    return lambda api: make({})(api)


# --- responses


def map_item(operations: Operations, change: Callable[[Call, Json], Json]) -> Breakage:
    """Replace each returned object, listed or single, by `change(call, object)`."""

    def respond(call: Call, body: Json) -> Json:
        data = _data(call, body)
        items = [change(call, item) for item in data] if isinstance(data, list) else change(call, data)
        return _with_data(call, body, items)

    return map_answer(operations, respond)


def set_members(operations: Operations, *, when: Callable[[Json], object] | None = None, **values: Json) -> Breakage:
    """Set these members in each returned object: to a value, or to the result of a function of the object."""

    def change(call: Call, item: Json) -> Json:
        if when is not None and not when(item):
            return item
        return {**item, **{name: value(item) if callable(value) else value for name, value in values.items()}}

    return map_item(operations, change)


def drop_members(operations: Operations, *names: str, when: Callable[[Json], object] | None = None) -> Breakage:
    """Remove these members from each returned object."""

    def change(call: Call, item: Json) -> Json:
        return without(item, *names) if when is None or when(item) else item

    return map_item(operations, change)


def map_answer(operations: Operations, change: Callable[[Call, Json], Json]) -> Breakage:
    """Replace the body of a success by `change(call, body)`; the body of a list is one page."""

    def answer(handler: Handler, call: Call) -> Reply:
        reply = handler(call)
        return structs.replace(reply, body=encode(change(call, answered(call, reply))))

    return replace_handler(operations, answer)


def map_bytes(operations: Operations, change: Callable[[bytes], bytes]) -> Breakage:
    """Replace the body bytes of a success by `change(bytes)`."""

    def answer(handler: Handler, call: Call) -> Reply:
        reply = handler(call)
        return structs.replace(reply, body=change(_bytes(call, reply)))

    return replace_handler(operations, answer)


def map_page(operations: Operations, change: Callable[[Call, Rows], Rows]) -> Breakage:
    """Replace the items of each page by `change(call, items)`."""
    return map_answer(operations, lambda call, body: _with_data(call, body, change(call, _data(call, body))))


def map_list(operations: Operations, change: Callable[[Call, Rows], Rows]) -> Breakage:
    """Replace the whole list, before it is paged, by `change(call, items)`."""

    def list_items(handler: Handler, call: Call) -> Reply:
        reply = handler(call)
        return structs.replace(reply, body=listing(change(call, rows(reply))))

    return replace_handler(operations, list_items)


def set_status(operations: Operations, status: int) -> Breakage:
    """Set the HTTP status of a success."""
    return replace_handler(operations, lambda handler, call: structs.replace(handler(call), status=status))


def set_error_type(content_type: bytes) -> Breakage:
    """Set the content type of errors."""
    return lambda api: replace(api, error_type=content_type)


def map_error(change: Callable[[Refusal, Json], Json]) -> Breakage:
    """Replace the body of every error by `change(refusal, body)`."""

    def breaks(api: Api) -> Api:
        return replace(api, error_body=lambda call, refusal: change(refusal, api.error_body(call, refusal)))

    return breaks


# --- requests


def ignore_query(operations: Operations, *names: str, when: When | None = None) -> Breakage:
    """Ignore these query parameters, so that they have their defaults."""

    def ignore(call: Call) -> None:
        declared = {parameter.name: parameter.default for parameter in call.operation.parameters}
        defaults = {name: declared.get(name) for name in names if declared.get(name) is not None}
        call.arguments = {**without(call.arguments, *names), **defaults}

    return on_request(operations, ignore, when=when)


def map_query(
    operations: Operations, name: str, change: Callable[[Json], Json], *, when: When | None = None
) -> Breakage:
    """Read a query parameter with a value or default as `change(value)`."""

    def read(call: Call) -> None:
        if name in call.arguments:
            call.arguments = {**call.arguments, name: change(call.arguments[name])}

    return on_request(operations, read, when=when)


def set_query(operations: Operations, *, when: When | None = None, **values: Json) -> Breakage:
    """Read these query parameters as these values, whatever is sent."""

    def read(call: Call) -> None:
        call.arguments = {**call.arguments, **values}

    return on_request(operations, read, when=when)


def default_query(operations: Operations, **values: Json) -> Breakage:
    """Set defaults for query parameters that are not sent: values, or functions of the call."""

    def read(call: Call) -> None:
        missing = {name: value for name, value in values.items() if name not in query_names(call)}
        made = {name: value(call) if callable(value) else value for name, value in missing.items()}
        call.arguments = {**call.arguments, **made}

    return on_request(operations, read)


def ignore_body(operations: Operations, *names: str, when: When | None = None) -> Breakage:
    """Ignore these members of a request body."""

    def ignore(call: Call) -> None:
        call.body = without(call.body or {}, *names)

    return on_request(operations, ignore, when=when)


def map_body(
    operations: Operations, name: str, change: Callable[[Json], Json], *, when: When | None = None
) -> Breakage:
    """Read a sent member of a request body as `change(value)`."""

    def read(call: Call) -> None:
        if name in (call.body or {}):
            call.body = {**call.body, name: change(call.body[name])}

    return on_request(operations, read, when=when)


def set_body(operations: Operations, *, when: When | None = None, **values: Json) -> Breakage:
    """Read these body members as these values (or functions of the call), whatever is sent."""

    def read(call: Call) -> None:
        made = {name: value(call) if callable(value) else value for name, value in values.items()}
        call.body = {**(call.body or {}), **made}

    return on_request(operations, read, when=when)


def default_body(operations: Operations, *, when: When | None = None, **values: Json) -> Breakage:
    """Set defaults for body members that are not sent: values, or functions of the call."""

    def read(call: Call) -> None:
        missing = {name: value for name, value in values.items() if name not in (call.body or {})}
        made = {name: value(call) if callable(value) else value for name, value in missing.items()}
        call.body = {**(call.body or {}), **made}

    return on_request(operations, read, when=when)


def coerce_body(operations: Operations, pointer: str, change: Callable[[Json], Json], schema: Json = FREE) -> Breakage:
    """Give the body member whose schema is at `pointer` another schema, and read it as `change(value)`."""
    return chain(patch_document(pointer, schema), map_body(operations, pointer.rpartition("/")[2], change))


def optional_body(operations: Operations, pointer: str, **values: Json) -> Breakage:
    """Make members of the body schema at `pointer` optional, with these values as defaults."""
    required = map_document(f"{pointer}/required", lambda names: [name for name in names if name not in values])
    return chain(required, default_body(operations, **values))


def ignore_wrong_type(operations: Operations, pointer: str, kind: type) -> Breakage:
    """Ignore the body member whose schema is at `pointer` when its value is not of this Python type."""
    name = pointer.rpartition("/")[2]
    other = ignore_body(operations, name, when=lambda call: not isinstance((call.body or {}).get(name), kind))
    return chain(patch_document(pointer, {}), other)


def patch_document(pointer: str, value: Json) -> Breakage:
    """Replace the value at a JSON pointer of the document by `value`."""
    return map_document(pointer, lambda known: value)


def map_document(pointer: str, change: Callable[[Json], Json]) -> Breakage:
    """Replace the value at a JSON pointer of the document by `change(value)`; a missing value is None."""

    def breaks(api: Api) -> Api:
        document = deepcopy(api.contract.document)
        parent, _, name = pointer.rpartition("/")
        target = dialect_find(document, parent)
        target[name] = change(target.get(name))
        return replace(api, contract=contract.compile(document, api.name, source=api.contract.source))

    return breaks


# --- refusals


def reject_when(operations: Operations, when: When, kind: str = "invalid", message: str | None = None) -> Breakage:
    """Refuse calls that should succeed with an error of `kind`."""

    def refuse(call: Call) -> None:
        if when(call):
            raise Problem(kind, message)

    return on_request(operations, refuse)


def reject_item(operations: Operations, when: Callable[[Json], object], kind: str) -> Breakage:
    """Refuse a call with an error of `kind` after it succeeded, when its object fulfils `when`."""

    def refuse(call: Call, item: Json) -> None:
        if when(item):
            raise Problem(kind)

    return on_success(operations, refuse)


def accept_when(
    operations: Operations, kind: str, answer: Callable[[Call], Reply], *, when: When | None = None
) -> Breakage:
    """Answer calls that should be refused with an error of `kind` with `answer(call)`."""

    def accept(handler: Handler, call: Call) -> Reply:
        try:
            return handler(call)
        except Problem as problem:
            if problem.kind != kind or (when is not None and not when(call)):
                raise
            return answer(call)

    return replace_handler(operations, accept)


def swap_error(
    operations: Operations, kind: str, other: str, message: str | None = None, *, when: When | None = None
) -> Breakage:
    """Replace an error of `kind` by one of another kind, or with another message."""

    def swap(handler: Handler, call: Call) -> Reply:
        try:
            return handler(call)
        except Problem as problem:
            if problem.kind != kind or (when is not None and not when(call)):
                raise
            raise Problem(other, message) from problem

    return replace_handler(operations, swap)


def complete_id(operations: Operations, collection: str, parameter: str = "id") -> Breakage:
    """Accept the beginning of an id in place of the whole id."""

    def complete(call: Call) -> None:
        given = call.arguments[parameter]
        known = (record["id"] for record in records(call, collection) if record["id"].startswith(given))
        call.arguments = {**call.arguments, parameter: next(known, given)}

    return on_request(operations, complete)


def override_record(
    operations: Operations, collection: str, id: Callable[[Call], str], *, when: When | None = None, **values: Json
) -> Breakage:
    """Give the record `id(call)` these values while operations run, and restore it afterwards."""

    def run(handler: Handler, call: Call) -> Reply:
        record = call.store[collection].get(id(call))
        if record is None or {**record, **values} == record or (when is not None and not when(call)):
            return handler(call)
        call.store[collection].put({**record, **values})
        reply = handler(call)
        call.store[collection].put(record)
        return reply

    return replace_handler(operations, run)


# --- side effects


def on_request(operations: Operations, act: Act, *, when: When | None = None) -> Breakage:
    """Call `act(call)` before an operation runs. It may change the call and the store."""

    def run(handler: Handler, call: Call) -> Reply:
        if when is None or when(call):
            act(call)
        return handler(call)

    return replace_handler(operations, run)


def on_success(operations: Operations, act: Callable[[Call, Json], object], *, when: When | None = None) -> Breakage:
    """Call `act(call, data)` after an operation succeeded. `data` is the object or the items of the page."""

    def run(handler: Handler, call: Call) -> Reply:
        reply = handler(call)
        if when is None or when(call):
            act(call, _data(call, answered(call, reply)))
        return reply

    return replace_handler(operations, run)


def set_record(operations: Operations, collection: str, id: str = "id", **values: Json) -> Breakage:
    """Set values of a record after a success. The member `id` of the returned object names the record.

    A function computes a value from the call and the object.
    """

    def act(call: Call, item: Json) -> None:
        made = {name: value(call, item) if callable(value) else value for name, value in values.items()}
        put(call, collection, item[id], **made)

    return on_success(operations, act)


def on_refusal(operations: Operations, act: Act, *, kind: str | None = None) -> Breakage:
    """Call `act(call)` after an operation refused with an error of `kind`, or with any error."""

    def run(handler: Handler, call: Call) -> Reply:
        try:
            return handler(call)
        except Problem as problem:
            if kind in (None, problem.kind):
                act(call)
            raise

    return replace_handler(operations, run)


def at_event(names: Operations, change: Callable[[Event, Call], Json]) -> Breakage:
    """Replace events (what people do in the vendor's app) by `change(event, call)`."""

    def breaks(api: Api) -> Api:
        return replace(api, events={**api.events, **{name: partial(change, api.events[name]) for name in _each(names)}})

    return breaks


def ignore_event(*names: str) -> Breakage:
    """Ignore events, which stand for what people do in the vendor's app."""
    return at_event(names, lambda event, call: {})


def do_though_refused(operations: Operations, repair: Breakage, *, kind: str | None = None) -> Breakage:
    """Run a refused operation all the same, in the API that `repair` returns, after an error of `kind` or any error."""

    def breaks(api: Api) -> Api:
        repaired = repair(api).handlers

        def run(call: Call) -> None:
            with suppress(Problem):
                repaired[call.operation.id](call)

        return on_refusal(operations, run, kind=kind)(api)

    return breaks


def on_event(names: Operations, act: Act) -> Breakage:
    """Call `act(call)` after events."""

    def change(event: Event, call: Call) -> Json:
        result = event(call)
        act(call)
        return result

    return at_event(names, change)


def as_tenant(operations: Operations, store: Callable[[Call], Store]) -> Breakage:
    """Run operations on `store(call)` instead of the caller's data; see `owner`."""

    def move(call: Call) -> None:
        call.store = store(call)

    return on_request(operations, move)


def replace_handler(operations: Operations, answer: Callable[[Handler, Call], Reply]) -> Breakage:
    """Replace the handlers of operations by `answer(handler, call)`."""

    def breaks(api: Api) -> Api:
        return with_handlers(api, **{id: partial(answer, api.handlers[id]) for id in _each(operations)})

    return breaks


def swap_handler(operation: str, other: str) -> Breakage:
    """Run the handler of another operation."""
    return lambda api: with_handlers(api, **{operation: api.handlers[other]})


def replace_step(name: str, act: Callable[[Step, Call], Response | None]) -> Breakage:
    """Replace a step of the pipeline (`authenticate`, `limit_rate`, `validate`) by `act(step, call)`."""
    return lambda api: with_steps(api, **{name: partial(act, getattr(api.steps, name))})


def swap_step_error(name: str, kind: str, change: Callable[[Call, Problem], Problem]) -> Breakage:
    """Replace an error of `kind` in a step of the pipeline by `change(call, problem)`."""

    def swap(step: Step, call: Call) -> Response | None:
        try:
            return step(call)
        except Problem as problem:
            if problem.kind != kind:
                raise
            raise change(call, problem) from problem

    return replace_step(name, swap)


def on_step_refusal(name: str, act: Act, *, kind: str | None = None) -> Breakage:
    """Call `act(call)` after a step of the pipeline refused with an error of `kind`, or with any error."""

    def run(step: Step, call: Call) -> Response | None:
        try:
            return step(call)
        except Problem as problem:
            if kind in (None, problem.kind):
                act(call)
            raise

    return replace_step(name, run)


# --- functions for use in breakages: items, calls and stores


def without(item: Mapping[str, Json], *names: str) -> dict[str, Json]:
    """Return the item without these members."""
    return {name: value for name, value in item.items() if name not in names}


def answered(call: Call, reply: Reply) -> Json:
    """Decode the body of a reply; for a list, the requested page."""
    return decode(_bytes(call, reply))


def rows(reply: Reply) -> Rows:
    """Decode all items of a reply with a list."""
    assert not isinstance(reply.body, bytes), "only lists have rows"
    return [decode(row) for row in reply.body.slice(0, reply.body.size())]


def listing(items: Sequence[Record]) -> Listing:
    """Create a listing of these records with their ids."""
    ids = [item["id"] for item in items]
    positions = {id: position for position, id in enumerate(ids)}
    return ComputedListing(len(ids), lambda position: encode(items[position]), ids.__getitem__, positions.get)


def ask(call: Call, operation: str, arguments: Mapping[str, Json], body: Json = None) -> Json:
    """Call another operation of the unbroken API as the same caller, and return its data. Lists are not paged."""
    inner = internal_call(call.world, installed.declared(call.contract.name), call.credential.tenant, body)
    inner.operation = call.contract.operations[operation]
    inner.arguments = {**arguments}
    reply = installed.declared(call.contract.name).handlers[operation](inner)
    return _data(inner, decode(reply.body)) if isinstance(reply.body, bytes) else rows(reply)


def perform(call: Call) -> Reply:
    """Validate a call and run its operation, for steps that run it too early."""
    api = installed.declared(call.contract.name)
    api.steps.validate(call)
    return api.handlers[call.operation.id](call)


def query_names(call: Call) -> set[str]:
    """The names of the parameters in the query of a request."""
    return {part.partition("=")[0] for part in call.request.query.split("&")}


def records(call: Call, collection: str, **values: Json) -> Iterator[Record]:
    """The caller's records with these values, in the order of the collection."""
    for record in list(call.store[collection]):
        if all(record[name] == value for name, value in values.items()):
            yield record


def put(call: Call, collection: str, id: str, **values: Json) -> None:
    """Set members of a record, if it exists."""
    record = call.store[collection].get(id)
    if record is not None:
        call.store[collection].put({**record, **values})


def owner(collection: str, parameter: str) -> Callable[[Call], Store]:
    """Return a function that finds the store with the record that a parameter or body member names."""

    def find(call: Call) -> Store:
        id: Any = call.arguments.get(parameter) or (call.body or {}).get(parameter)
        return next((store for store in call.tenants.values() if store[collection].row(id) is not None), call.store)

    return find


def _each(names: Operations) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else names


def _bytes(call: Call, reply: Reply) -> bytes:
    return reply.body if isinstance(reply.body, bytes) else page(call, reply.body)


def _data_member(call: Call, body: Json) -> str | None:
    """The member of a body that contains its objects; None when the body is the object."""
    pagination = call.operation.pagination
    name = "data" if pagination is None else pagination.name("items").removeprefix("/")
    return name if isinstance(body, dict) and name in body else None


def _data(call: Call, body: Json) -> Json:
    member = _data_member(call, body)
    return body if member is None else body[member]


def _with_data(call: Call, body: Json, data: Json) -> Json:
    member = _data_member(call, body)
    return data if member is None else {**body, member: data}
