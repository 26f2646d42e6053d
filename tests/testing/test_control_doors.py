"""The Python API beside the document of the control API: each operation has one door, which takes all that it takes."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import pytest

from understudy import MockServer, WorldHandle, testing
from understudy.apis import control
from understudy.engine.exchange import Request, Response
from understudy.testing.assumptions import Assumption
from understudy.testing.control import MARK, OPERATIONS
from understudy.testing.faults import Fault
from understudy.testing.journal import RecordedExchange
from understudy.testing.server import WorldSummary

DOCUMENT = control.contract().document
METHODS = ("get", "put", "post", "delete", "patch")
WHOLE = ("importState", "setAssumptions")  # their doors take the body as it is
PYTHON = {"from": "from_world", "id": "self"}  # members whose names are no names in Python, or stand for a handle
DECLARED = {
    one["operationId"]: (method.upper(), path, one)
    for path, item in DOCUMENT["paths"].items()
    for method, one in item.items()
    if method in METHODS
}
RECORD = {"id": "own_1", "name": "Ann"}


def doors() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Each door of the package, with its operation."""
    for found in pkgutil.iter_modules(testing.__path__, f"{testing.__name__}."):
        module = import_module(found.name)
        for noun in vars(module).values():
            if isinstance(noun, type) and noun.__module__ == found.name:
                for member in vars(noun).values():
                    if hasattr(member, MARK):
                        yield getattr(member, MARK), member


DOORS = tuple(doors())


def test_each_operation_has_exactly_one_door() -> None:
    """An operation that is new in the document fails here until Python offers it, too."""
    assert sorted(operation for operation, _ in DOORS) == sorted(DECLARED)


def test_the_paths_are_those_of_the_document() -> None:
    """Methods and paths are known without reading the document, and are the same."""
    assert dict(OPERATIONS) == {id: (method, path) for id, (method, path, _) in DECLARED.items()}


@pytest.mark.parametrize("operation", DECLARED)
def test_a_door_takes_all_that_its_operation_takes(operation: str) -> None:
    """Each parameter and each member of the body has an argument of its name."""
    (_, _, declared), (door,) = DECLARED[operation], [one for id, one in DOORS if id == operation]
    body = declared.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    if "$ref" in body:
        body = DOCUMENT["components"]["schemas"][body["$ref"].rpartition("/")[2]]
    members = {one["name"] for one in declared.get("parameters", ())}
    members |= set() if operation in WHOLE else set(body.get("properties", {}))
    taken = set(inspect.signature(door).parameters)
    names = {PYTHON.get(name, name) for name in members}
    assert names - taken - ({"self"} if operation in ("getExchange", "removeFault") else set()) == set()


@pytest.mark.parametrize("door", [door for _, door in DOORS], ids=[operation for operation, _ in DOORS])
def test_a_door_is_typed_and_told(door: Callable[..., Any]) -> None:
    """It has a docstring, and a type for each argument and for what it returns."""
    assert inspect.getdoc(door)
    signature = inspect.signature(door)
    assert signature.return_annotation is not inspect.Signature.empty
    assert [one for one in list(signature.parameters.values())[1:] if one.annotation is one.empty] == []


def test_an_exchange_has_all_that_the_journal_tells() -> None:
    """What a list tells, and as further members what one exchange tells."""
    told = DOCUMENT["components"]["schemas"]
    (_, more) = told["Exchange"]["allOf"]
    known = set(dir(RecordedExchange)) | set(RecordedExchange.__dataclass_fields__) | {"trace"}
    assert (set(told["ExchangeSummary"]["properties"]) | set(more["properties"])) - known == set()


@pytest.mark.parametrize("kind", [Assumption, Fault, WorldSummary], ids=lambda kind: kind.__name__)
def test_a_value_has_all_that_the_server_tells(kind: type) -> None:
    """Its members are those of the document's schema of the same name."""
    assert set(kind.__dataclass_fields__) == set(DOCUMENT["components"]["schemas"][kind.__name__]["properties"])


CALLS: dict[str, Callable[[MockServer, WorldHandle], object]] = {
    "getHealth": lambda server, world: server.health(),
    "listWorlds": lambda server, world: server.worlds(),
    "createWorld": lambda server, world: server.world(seed_data={"registry": {"owners": [RECORD]}}),
    "getWorld": lambda server, world: world.ready(),
    "removeWorld": lambda server, world: server.world().remove(),
    "resetWorld": lambda server, world: world.reset(),
    "getClock": lambda server, world: world.clock.read(),
    "setClock": lambda server, world: world.clock.set(frozen=True),
    "advanceClock": lambda server, world: world.clock.advance(1),
    "exportState": lambda server, world: world.snapshot(),
    "importState": lambda server, world: world.restore(world.snapshot()),
    "listExchanges": lambda server, world: world.journal.list(status=200, limit=1),
    "clearJournal": lambda server, world: world.journal.clear(),
    "exportJournal": lambda server, world: world.journal.export(),
    "getExchange": lambda server, world: world.journal.get(len(world.journal)),
    "listAssumptions": lambda server, world: world.assumptions.list(),
    "setAssumptions": lambda server, world: world.assumptions.set({"nextstep.tasks.unset-value": ""}),
    "listOutbox": lambda server, world: world.mails(),
    "listFaults": lambda server, world: world.faults.list(),
    "addFault": lambda server, world: world.faults.add(
        status=503, headers={"retry-after": "1"}, body={"a": 1}, times=1
    ),
    "clearFaults": lambda server, world: world.faults.clear(),
    "removeFault": lambda server, world: world.faults.remove(world.faults.add(status=500)),
    "addRecord": lambda server, world: world.add_record("owners", RECORD, api="registry"),
    "causeEvent": lambda server, world: world.event("lapse-subscription", api="nextstep"),
}


def test_every_door_is_tried_here() -> None:
    """The table above leaves none out."""
    assert set(CALLS) == set(DECLARED)


@pytest.mark.parametrize("operation", CALLS)
def test_a_door_calls_its_operation(operation: str, server: MockServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last request that it sends has the operation's method and path, and succeeds."""
    world = server.world()
    world.asgi.answer(Request("GET", "/api/v1/process-runs", "", ((b"authorization", b"Bearer x"),)))
    sent: list[tuple[Request, Response]] = []
    link = server._control.link

    def watched(request: Request) -> Response:
        sent.append((request, link(request)))
        return sent[-1][1]

    for handle in (server, world):
        monkeypatch.setattr(handle._control, "link", watched)
    CALLS[operation](server, world)
    request, response = sent[-1]
    method, path, _ = DECLARED[operation]
    assert (request.method, request.path.split("/")[2]) == (method, path.split("/")[1])
    assert (request.path.count("/") - 1, response.status < 300) == (path.count("/"), True)
