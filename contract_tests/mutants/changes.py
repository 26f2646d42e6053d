"""Ways to change an API a little: what an operation is asked, answers and leaves behind, and what is declared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from functools import partial
from typing import Any

from msgspec import structs

from contract_tests.mutants import handled
from mock_server import contract, grammar
from mock_server.api import Api, Call, Handler, Problem, Reply
from mock_server.paging import page
from mock_server.store import Positions, Record, decode, encode

Json = Any
Act = Callable[[Call], object]
See = Callable[[Call, Json], object]
Change = Callable[[Call, Json], Json]
Event = Callable[[Call], Json]

TEMPLATES = ("listProcessTemplates", "getProcessTemplate", "publishProcessTemplate")
RUNS = ("listProcessRuns", "getProcessRun", "createProcessRun")
TASKS = ("listRunTasks", "getRunTask", "updateRunTask")


def answered(call: Call, reply: Reply) -> Json:
    """The decoded body of a reply, a listing cut into the page that is asked for."""
    return decode(reply.body if isinstance(reply.body, bytes) else page(call, reply.body))


def showing(api: Api, change: Change, *operations: str) -> Api:
    """Operations that show each object, listed or single, as `change` makes it from what it should be."""

    def shown(original: Handler, call: Call) -> Reply:
        reply = original(call)
        body = answered(call, reply)
        data = body["data"]
        body["data"] = [change(call, item) for item in data] if isinstance(data, list) else change(call, data)
        return structs.replace(reply, body=encode(body))

    return handled(api, **{id: partial(shown, api.handlers[id]) for id in operations})


def members(**values: Json) -> Change:
    """A change that gives an object these members."""
    return lambda call, item: {**item, **values}


def lacking(*names: str) -> Change:
    """A change that takes these members from an object."""
    return lambda call, item: {name: value for name, value in item.items() if name not in names}


def before(api: Api, act: Act, *operations: str) -> Api:
    """Operations before which something else is done, such as changing what was asked."""

    def acting(original: Handler, call: Call) -> Reply:
        act(call)
        return original(call)

    return handled(api, **{id: partial(acting, api.handlers[id]) for id in operations})


def after(api: Api, see: See, *operations: str) -> Api:
    """Operations after whose success something else is done, knowing what they answered."""

    def seeing(original: Handler, call: Call) -> Reply:
        reply = original(call)
        see(call, answered(call, reply)["data"])
        return reply

    return handled(api, **{id: partial(seeing, api.handlers[id]) for id in operations})


def refused(api: Api, act: Act, *operations: str) -> Api:
    """Operations that do something although they refuse."""

    def acting(original: Handler, call: Call) -> Reply:
        try:
            return original(call)
        except Problem:
            act(call)
            raise

    return handled(api, **{id: partial(acting, api.handlers[id]) for id in operations})


def refusing(api: Api, when: Callable[[Call], object], *operations: str, kind: str = "invalid") -> Api:
    """Operations that refuse what they should not."""

    def refuse(call: Call) -> None:
        if when(call):
            raise Problem(kind)

    return before(api, refuse, *operations)


def mistaken(api: Api, kind: str, other: str, *operations: str, message: str | None = None) -> Api:
    """Operations that answer one kind of problem as another one, or with another message."""

    def raising(original: Handler, call: Call) -> Reply:
        try:
            return original(call)
        except Problem as problem:
            if problem.kind != kind:
                raise
            raise Problem(other, message) from problem

    return handled(api, **{id: partial(raising, api.handlers[id]) for id in operations})


def happening(api: Api, name: str, event: Callable[[Event, Call], Json]) -> Api:
    """The API with another event in the app, which is given the original one."""
    return replace(api, events={**api.events, name: partial(event, api.events[name])})


def respecified(api: Api, pointer: str, value: Json) -> Api:
    """The API that follows a document in which something else stands at a pointer."""
    document = deepcopy(api.contract.document)
    parent, _, name = pointer.rpartition("/")
    grammar.find(document, parent)[name] = value
    return replace(api, contract=contract.compile(document, api.name, source=api.contract.source))


def listed(rows: Sequence[Record]) -> Positions:
    """A listing of these records."""
    ids = [row["id"] for row in rows]
    places = {id: n for n, id in enumerate(ids)}
    return Positions(len(rows), lambda n: encode(rows[n]), ids.__getitem__, places.get)


def put(call: Call, collection: str, id: str, **values: Json) -> None:
    """Change members of a record, if there is such a one."""
    record = call.store[collection].get(id)
    if record is not None:
        call.store[collection].put({**record, **values})


def records(call: Call, collection: str, **values: Json) -> Iterator[Record]:
    """The records with these values, in order."""
    for record in list(call.store[collection]):
        if all(record[name] == value for name, value in values.items()):
            yield record


def again(api: Api, call: Call, operation: str, arguments: Mapping[str, Json], body: Json = None) -> Json:
    """Do another operation on the way, for the same caller; what it answers under `data`. Lists are read whole."""
    inner = call.world.inside(call.api.name, call.credential.tenant, body)
    inner.operation = call.api.contract.operations[operation]
    inner.arguments = {"limit": 100, **arguments}
    return answered(inner, api.handlers[operation](inner))["data"]
