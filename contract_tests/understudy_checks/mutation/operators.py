"""Mutation operators: each makes a breakage, a function from Api to Api, and knows no vendor.

A line of a table is `"A name is cut after nine characters.": map_body("createRun", "name", lambda name: name[:9])`.
Operations come first, by operationId: one, or a tuple of them. `when` limits a breakage to some calls or objects. What
changes a whole object is given the call and the object; what changes one value is given that value alone.
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
from understudy.engine.store import Listing, Positions, Record, Store, decode, encode
from understudy_checks.mutation import Breakage, handled, stepped
from understudy_checks.target import targets

Json = Any
Operations = str | tuple[str, ...]
Rows = list[Json]
Act = Callable[[Call], object]
When = Callable[[Call], object]
Event = Callable[[Call], Json]
FREE: Json = {}
"""A schema that everything fits."""


def chain(*breakages: Breakage) -> Breakage:
    """Several breakages, each around the one before it: the last sees a request first, and its answer last."""

    def breaks(api: Api) -> Api:
        for breakage in breakages:
            api = breakage(api)
        return api

    return breaks


def with_notes(make: Callable[[dict[str, Json]], Breakage]) -> Breakage:
    """The breakage `make(notes)`, with notes of its own for each API that it breaks, which are empty at first."""
    return lambda api: make({})(api)


# --- what an operation answers


def map_item(operations: Operations, change: Callable[[Call, Json], Json]) -> Breakage:
    """Each object, listed or single, is shown as `change(call, object)` makes it."""

    def shown(call: Call, body: Json) -> Json:
        data = _data(call, body)
        items = [change(call, item) for item in data] if isinstance(data, list) else change(call, data)
        return _with_data(call, body, items)

    return map_answer(operations, shown)


def set_members(operations: Operations, *, when: Callable[[Json], object] | None = None, **values: Json) -> Breakage:
    """Each object shows these members: a value, or a function that makes it from the object."""

    def change(call: Call, item: Json) -> Json:
        if when is not None and not when(item):
            return item
        return {**item, **{name: value(item) if callable(value) else value for name, value in values.items()}}

    return map_item(operations, change)


def drop_members(operations: Operations, *names: str, when: Callable[[Json], object] | None = None) -> Breakage:
    """Each object lacks these members."""

    def change(call: Call, item: Json) -> Json:
        return without(item, *names) if when is None or when(item) else item

    return map_item(operations, change)


def map_answer(operations: Operations, change: Callable[[Call, Json], Json]) -> Breakage:
    """The body of a success is what `change(call, body)` makes of it; a list is one page by then."""

    def answer(handler: Handler, call: Call) -> Reply:
        reply = handler(call)
        return structs.replace(reply, body=encode(change(call, answered(call, reply))))

    return replace_handler(operations, answer)


def map_bytes(operations: Operations, change: Callable[[bytes], bytes]) -> Breakage:
    """The bytes of a success are what `change` makes of them."""

    def answer(handler: Handler, call: Call) -> Reply:
        reply = handler(call)
        return structs.replace(reply, body=change(_bytes(call, reply)))

    return replace_handler(operations, answer)


def map_page(operations: Operations, change: Callable[[Call, Rows], Rows]) -> Breakage:
    """The items of each page are what `change(call, items)` makes of them."""
    return map_answer(operations, lambda call, body: _with_data(call, body, change(call, _data(call, body))))


def map_list(operations: Operations, change: Callable[[Call, Rows], Rows]) -> Breakage:
    """The whole list, of which pages are cut, is what `change(call, items)` makes of it."""

    def list_items(handler: Handler, call: Call) -> Reply:
        reply = handler(call)
        return structs.replace(reply, body=listing(change(call, rows(reply))))

    return replace_handler(operations, list_items)


def set_status(operations: Operations, status: int) -> Breakage:
    """A success has this HTTP status."""
    return replace_handler(operations, lambda handler, call: structs.replace(handler(call), status=status))


def set_error_type(content_type: bytes) -> Breakage:
    """Errors are declared to have another content type."""
    return lambda api: replace(api, error_type=content_type)


def map_error(change: Callable[[Refusal, Json], Json]) -> Breakage:
    """The body of every error is what `change(refusal, body)` makes of it."""

    def breaks(api: Api) -> Api:
        return replace(api, error_body=lambda call, refusal: change(refusal, api.error_body(call, refusal)))

    return breaks


# --- what an operation reads


def ignore_query(operations: Operations, *names: str, when: When | None = None) -> Breakage:
    """These parameters have no effect: as if they were not given, they have their defaults."""

    def ignore(call: Call) -> None:
        declared = {parameter.name: parameter.default for parameter in call.operation.parameters}
        defaults = {name: declared.get(name) for name in names if declared.get(name) is not None}
        call.arguments = {**without(call.arguments, *names), **defaults}

    return on_request(operations, ignore, when=when)


def map_query(
    operations: Operations, name: str, change: Callable[[Json], Json], *, when: When | None = None
) -> Breakage:
    """A parameter that is given, or has a default, is read as `change(value)`."""

    def read(call: Call) -> None:
        if name in call.arguments:
            call.arguments = {**call.arguments, name: change(call.arguments[name])}

    return on_request(operations, read, when=when)


def set_query(operations: Operations, *, when: When | None = None, **values: Json) -> Breakage:
    """These parameters are read as these values, whatever is given."""

    def read(call: Call) -> None:
        call.arguments = {**call.arguments, **values}

    return on_request(operations, read, when=when)


def default_query(operations: Operations, **values: Json) -> Breakage:
    """These parameters have these values where the query does not give them; a function makes one from the call."""

    def read(call: Call) -> None:
        missing = {name: value for name, value in values.items() if name not in query_names(call)}
        made = {name: value(call) if callable(value) else value for name, value in missing.items()}
        call.arguments = {**call.arguments, **made}

    return on_request(operations, read)


def ignore_body(operations: Operations, *names: str, when: When | None = None) -> Breakage:
    """These members of a request have no effect."""

    def ignore(call: Call) -> None:
        call.body = without(call.body or {}, *names)

    return on_request(operations, ignore, when=when)


def map_body(
    operations: Operations, name: str, change: Callable[[Json], Json], *, when: When | None = None
) -> Breakage:
    """A member of a request that is given is read as `change(value)`."""

    def read(call: Call) -> None:
        if name in (call.body or {}):
            call.body = {**call.body, name: change(call.body[name])}

    return on_request(operations, read, when=when)


def set_body(operations: Operations, *, when: When | None = None, **values: Json) -> Breakage:
    """These members of a request are read as these values, whatever is given; a function makes one from the call."""

    def read(call: Call) -> None:
        made = {name: value(call) if callable(value) else value for name, value in values.items()}
        call.body = {**(call.body or {}), **made}

    return on_request(operations, read, when=when)


def default_body(operations: Operations, *, when: When | None = None, **values: Json) -> Breakage:
    """These members of a request have these values where they are not given; a function makes one from the call."""

    def read(call: Call) -> None:
        missing = {name: value for name, value in values.items() if name not in (call.body or {})}
        made = {name: value(call) if callable(value) else value for name, value in missing.items()}
        call.body = {**(call.body or {}), **made}

    return on_request(operations, read, when=when)


def coerce_body(operations: Operations, pointer: str, change: Callable[[Json], Json], schema: Json = FREE) -> Breakage:
    """A member of a request, by the pointer to its schema, has another schema, and is read as `change(value)`."""
    return chain(patch_document(pointer, schema), map_body(operations, pointer.rpartition("/")[2], change))


def optional_body(operations: Operations, pointer: str, **values: Json) -> Breakage:
    """Members of a request, whose schema stands at `pointer`, may be missing and have these values then."""
    required = map_document(f"{pointer}/required", lambda names: [name for name in names if name not in values])
    return chain(required, default_body(operations, **values))


def ignore_wrong_type(operations: Operations, pointer: str, kind: type) -> Breakage:
    """A member of a request, by the pointer to its schema, has no effect when it is not of this Python type."""
    name = pointer.rpartition("/")[2]
    other = ignore_body(operations, name, when=lambda call: not isinstance((call.body or {}).get(name), kind))
    return chain(patch_document(pointer, {}), other)


def patch_document(pointer: str, value: Json) -> Breakage:
    """The API follows a document in which `value` stands at a JSON pointer."""
    return map_document(pointer, lambda known: value)


def map_document(pointer: str, change: Callable[[Json], Json]) -> Breakage:
    """The API follows a document in which `change(value)` stands at a JSON pointer; a missing value is None."""

    def breaks(api: Api) -> Api:
        document = deepcopy(api.contract.document)
        parent, _, name = pointer.rpartition("/")
        place = dialect_find(document, parent)
        place[name] = change(place.get(name))
        return replace(api, contract=contract.compile(document, api.name, source=api.contract.source))

    return breaks


# --- what an operation refuses


def reject_when(operations: Operations, when: When, kind: str = "invalid", message: str | None = None) -> Breakage:
    """Calls that should succeed are refused with an error of `kind`."""

    def refuse(call: Call) -> None:
        if when(call):
            raise Problem(kind, message)

    return on_request(operations, refuse)


def reject_item(operations: Operations, when: Callable[[Json], object], kind: str) -> Breakage:
    """An object that fulfils `when` is refused with an error of `kind`, after all that was asked is done."""

    def refuse(call: Call, item: Json) -> None:
        if when(item):
            raise Problem(kind)

    return on_success(operations, refuse)


def accept_when(
    operations: Operations, kind: str, answer: Callable[[Call], Reply], *, when: When | None = None
) -> Breakage:
    """Calls that should be refused with an error of `kind` get what `answer(call)` replies."""

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
    """An error of `kind` is answered as one of another kind, or with another message."""

    def swap(handler: Handler, call: Call) -> Reply:
        try:
            return handler(call)
        except Problem as problem:
            if problem.kind != kind or (when is not None and not when(call)):
                raise
            raise Problem(other, message) from problem

    return replace_handler(operations, swap)


def complete_id(operations: Operations, collection: str, parameter: str = "id") -> Breakage:
    """The beginning of an id is enough to find a record."""

    def complete(call: Call) -> None:
        given = call.arguments[parameter]
        known = (record["id"] for record in records(call, collection) if record["id"].startswith(given))
        call.arguments = {**call.arguments, parameter: next(known, given)}

    return on_request(operations, complete)


def override_record(
    operations: Operations, collection: str, id: Callable[[Call], str], *, when: When | None = None, **values: Json
) -> Breakage:
    """While operations run, the record `id(call)` has these values; then, if it had others, it is put back."""

    def run(handler: Handler, call: Call) -> Reply:
        record = call.store[collection].get(id(call))
        if record is None or {**record, **values} == record or (when is not None and not when(call)):
            return handler(call)
        call.store[collection].put({**record, **values})
        reply = handler(call)
        call.store[collection].put(record)
        return reply

    return replace_handler(operations, run)


# --- what happens beside


def on_request(operations: Operations, act: Act, *, when: When | None = None) -> Breakage:
    """Before an operation runs, `act(call)` is done: it may change call and store."""

    def run(handler: Handler, call: Call) -> Reply:
        if when is None or when(call):
            act(call)
        return handler(call)

    return replace_handler(operations, run)


def on_success(operations: Operations, act: Callable[[Call, Json], object], *, when: When | None = None) -> Breakage:
    """After an operation succeeded, `act(call, data)` is done; `data` is the object or the page's items."""

    def run(handler: Handler, call: Call) -> Reply:
        reply = handler(call)
        if when is None or when(call):
            act(call, _data(call, answered(call, reply)))
        return reply

    return replace_handler(operations, run)


def set_record(operations: Operations, collection: str, id: str = "id", **values: Json) -> Breakage:
    """After a success, the record that the member `id` of the object names has these values.

    A function makes a value from the call and the object.
    """

    def act(call: Call, item: Json) -> None:
        made = {name: value(call, item) if callable(value) else value for name, value in values.items()}
        put(call, collection, item[id], **made)

    return on_success(operations, act)


def on_refusal(operations: Operations, act: Act, *, kind: str | None = None) -> Breakage:
    """An operation that refuses (with an error of `kind`, or any) does `act(call)` all the same."""

    def run(handler: Handler, call: Call) -> Reply:
        try:
            return handler(call)
        except Problem as problem:
            if kind in (None, problem.kind):
                act(call)
            raise

    return replace_handler(operations, run)


def at_event(names: Operations, change: Callable[[Event, Call], Json]) -> Breakage:
    """What a person does in the vendor's app is done by `change(event, call)`."""

    def breaks(api: Api) -> Api:
        return replace(api, events={**api.events, **{name: partial(change, api.events[name]) for name in _each(names)}})

    return breaks


def ignore_event(*names: str) -> Breakage:
    """What a person does in the vendor's app has no effect."""
    return at_event(names, lambda event, call: {})


def do_though_refused(operations: Operations, repair: Breakage, *, kind: str | None = None) -> Breakage:
    """An operation that refuses (with an error of `kind`, or any) is then done by the API that `repair` makes."""

    def breaks(api: Api) -> Api:
        repaired = repair(api).handlers

        def run(call: Call) -> None:
            with suppress(Problem):
                repaired[call.operation.id](call)

        return on_refusal(operations, run, kind=kind)(api)

    return breaks


def on_event(names: Operations, act: Act) -> Breakage:
    """After what a person does in the vendor's app, `act(call)` is done."""

    def change(event: Event, call: Call) -> Json:
        result = event(call)
        act(call)
        return result

    return at_event(names, change)


def as_tenant(operations: Operations, store: Callable[[Call], Store]) -> Breakage:
    """Operations work on the data that `store(call)` finds, not on the caller's; see `owner`."""

    def move(call: Call) -> None:
        call.store = store(call)

    return on_request(operations, move)


def replace_handler(operations: Operations, answer: Callable[[Handler, Call], Reply]) -> Breakage:
    """Operations are answered by `answer(handler, call)`."""

    def breaks(api: Api) -> Api:
        return handled(api, **{id: partial(answer, api.handlers[id]) for id in _each(operations)})

    return breaks


def swap_handler(operation: str, other: str) -> Breakage:
    """An operation does what another one does."""
    return lambda api: handled(api, **{operation: api.handlers[other]})


def replace_step(name: str, act: Callable[[Step, Call], Response | None]) -> Breakage:
    """A step of the pipeline (`authenticate`, `limit_rate`, `validate`) is done by `act(step, call)`."""
    return lambda api: stepped(api, **{name: partial(act, getattr(api.steps, name))})


def swap_step_error(name: str, kind: str, change: Callable[[Call, Problem], Problem]) -> Breakage:
    """An error of `kind` in a step of the pipeline is `change(call, problem)`."""

    def swap(step: Step, call: Call) -> Response | None:
        try:
            return step(call)
        except Problem as problem:
            if problem.kind != kind:
                raise
            raise change(call, problem) from problem

    return replace_step(name, swap)


def on_step_refusal(name: str, act: Act, *, kind: str | None = None) -> Breakage:
    """A step of the pipeline that refuses (with an error of `kind`, or any) does `act(call)` all the same."""

    def run(step: Step, call: Call) -> Response | None:
        try:
            return step(call)
        except Problem as problem:
            if kind in (None, problem.kind):
                act(call)
            raise

    return replace_step(name, run)


# --- for what is changed: small functions over items, calls and stores


def without(item: Mapping[str, Json], *names: str) -> dict[str, Json]:
    """The item without these members."""
    return {name: value for name, value in item.items() if name not in names}


def answered(call: Call, reply: Reply) -> Json:
    """The decoded body of a reply, a listing cut into the page that the call asks for."""
    return decode(_bytes(call, reply))


def rows(reply: Reply) -> Rows:
    """The decoded items of a reply that lists."""
    assert not isinstance(reply.body, bytes), "only lists have rows"
    return [decode(row) for row in reply.body.slice(0, reply.body.size())]


def listing(items: Sequence[Record]) -> Listing:
    """A listing of these records, by their ids."""
    ids = [item["id"] for item in items]
    places = {id: place for place, id in enumerate(ids)}
    return Positions(len(ids), lambda place: encode(items[place]), ids.__getitem__, places.get)


def ask(call: Call, operation: str, arguments: Mapping[str, Json], body: Json = None) -> Json:
    """The data that the unbroken API answers the same caller in another operation; a list is read whole."""
    inner = internal_call(call.world, targets.declared(call.contract.name), call.credential.tenant, body)
    inner.operation = call.contract.operations[operation]
    inner.arguments = {**arguments}
    reply = targets.declared(call.contract.name).handlers[operation](inner)
    return _data(inner, decode(reply.body)) if isinstance(reply.body, bytes) else rows(reply)


def perform(call: Call) -> Reply:
    """Validate a call and run its operation: for steps that do it too early."""
    api = targets.declared(call.contract.name)
    api.steps.validate(call)
    return api.handlers[call.operation.id](call)


def query_names(call: Call) -> set[str]:
    """The names of the parameters that the query of a request gives."""
    return {part.partition("=")[0] for part in call.request.query.split("&")}


def records(call: Call, collection: str, **values: Json) -> Iterator[Record]:
    """The caller's records with these values, in order."""
    for record in list(call.store[collection]):
        if all(record[name] == value for name, value in values.items()):
            yield record


def put(call: Call, collection: str, id: str, **values: Json) -> None:
    """Set members of a record, if there is such a one."""
    record = call.store[collection].get(id)
    if record is not None:
        call.store[collection].put({**record, **values})


def owner(collection: str, parameter: str) -> Callable[[Call], Store]:
    """Finds the data of the tenant that has the record which a parameter, or a member of the body, names."""

    def find(call: Call) -> Store:
        id: Any = call.arguments.get(parameter) or (call.body or {}).get(parameter)
        return next((store for store in call.tenants.values() if store[collection].row(id) is not None), call.store)

    return find


def _each(names: Operations) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else names


def _bytes(call: Call, reply: Reply) -> bytes:
    return reply.body if isinstance(reply.body, bytes) else page(call, reply.body)


def _place(call: Call, body: Json) -> str | None:
    """The member of a body under which its objects stand; None when the body is the object."""
    pagination = call.operation.pagination
    name = "data" if pagination is None else pagination.name("items").removeprefix("/")
    return name if isinstance(body, dict) and name in body else None


def _data(call: Call, body: Json) -> Json:
    place = _place(call, body)
    return body if place is None else body[place]


def _with_data(call: Call, body: Json, data: Json) -> Json:
    place = _place(call, body)
    return data if place is None else {**body, place: data}
