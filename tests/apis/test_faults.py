"""Faults: selection, refusals, and no cost for other operations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import MANY, Client
from understudy.apis import NAMES, control
from understudy.engine.faults import Fault, Faults
from understudy.engine.worlds import Worlds
from understudy_checks.target import installed


@pytest.fixture
def client() -> Client:
    """A client of a server of all APIs."""
    apis = [*map(installed.declared, NAMES), control.declare]
    return Client(
        Worlds(apis, seeds=installed.seeds(), seeder=installed.load_seed_once, limits=dict.fromkeys(NAMES, MANY))
    )


def detail(client: Client, fault: Any) -> str:
    """Return the reason why a fault is refused; asserts that none is added."""
    response = client.control("POST", "/faults", fault)
    assert response.status == 400, response
    assert client.done("GET", "/faults") == {"faults": []}
    return str(response.json()["detail"])


def operations() -> Iterator[tuple[str, str]]:
    """All operations of all APIs, each with its API."""
    return ((name, id) for name in NAMES for id in installed.declared(name).contract.operations)


@pytest.mark.parametrize(("api", "operation"), [*operations()])
def test_an_operation_is_known_in_its_own_api_alone(client: Client, api: str, operation: str) -> None:
    """A fault for an operation is accepted with its API or none; with another API the refusal names the owner."""
    for owner in (api, None):
        assert client.control("POST", "/faults", {"api": owner, "operation": operation, "status": 500}).status == 201
    client.done("DELETE", "/faults")
    owners = [name for name, id in operations() if id == operation]
    for other in {*NAMES}.difference(owners):
        told = detail(client, {"api": other, "operation": operation, "status": 500})
        assert told == f"operation: {other} has no {operation}; {' and '.join(owners)} has"


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (
            {"api": "control"},
            "api: calls of the control API are neither faulted nor recorded; known: " + ", ".join(NAMES),
        ),
        ({"api": "control", "operation": "getHealth"}, "api: calls of the control API"),
        ({"api": ""}, "api:  is not served here"),
        ({"api": "kognito"}, "api: kognito is not served here; did you mean kognitos?"),
        ({"operation": "listWorlds"}, "operation: unknown listWorlds"),
        ({"operation": ""}, "operation: unknown "),
        ({"api": "nextstep", "operation": "listProcessRun"}, "no listProcessRun; did you mean listProcessRuns?"),
        ({"operation": "launchRuns"}, "operation: unknown launchRuns; did you mean launchRun?"),
        ({"status": 101}, "101"),
        ({"status": 503.5}, "503.5"),
        ({"status": True}, "true"),
        ({"times": 0}, "times"),
        ({"times": 1.5}, "times"),
        ({"times": 1e300}, "times"),
        ({"headers": {"X-Mock-Reason": "auth"}}, "headers: X-Mock-Reason is the server's own to set"),
        ({"headers": {"Date": "today"}}, "headers: Date is the server's own to set"),
        ({"headers": {"retry-after": "1", "Retry-After": "2"}}, "headers: Retry-After is given twice"),
        ({"headers": {"Retry-After": "1", "retry-after": "2"}}, "headers: retry-after is given twice"),
        ({"headers": {"A": "1\n"}}, "headers"),
        ({"headers": {"A\n": "1"}}, "headers"),
        ({"headers": {"A": "\u20ac"}}, "headers"),
        ({"headers": {"\xe9": "1"}}, "headers"),
        ({"headers": {"A": 1}}, "headers"),
        ({"method": "GET"}, "method"),
    ],
)
def test_a_fault_that_can_never_be_sent_is_refused(client: Client, fault: Any, message: str) -> None:
    """A fault that no request can match, or no response can hold, answers 400 and names the member."""
    assert message in detail(client, {"status": 503, **fault})


@pytest.mark.parametrize("status", [200, 204, 205, 299, 304, 404, 429, 500, 599])
def test_any_final_status_can_be_sent(client: Client, status: int) -> None:
    """A fault may have any final status; 204, 205 and 304 have no content."""
    client.done("POST", "/faults", {"status": float(status), "times": 1.0})
    response = client.get("/process-runs")
    assert (response.status, response.body == b"") == (status, status in (204, 205, 304))
    assert client.done("GET", "/faults") == {"faults": []}


class _Line:
    """A plain list of faults that is searched from its start, as a model of the index."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def find(self, api: str, operation: str) -> Fault | None:
        return next((f for f in self.faults if f.api in (None, api) and f.operation in (None, operation)), None)


SCOPES = st.tuples(st.sampled_from([None, "a", "b"]), st.sampled_from([None, "x", "y"]))


@settings(derandomize=True, database=None, deadline=None)
@given(st.lists(st.one_of(SCOPES, st.integers(0, 30)), max_size=40))
def test_the_index_finds_what_a_search_finds(steps: list[Any]) -> None:
    """The first matching fault answers an operation, after any additions and removals."""
    faults, line = Faults(), _Line()
    for number, step in enumerate(steps):
        if isinstance(step, tuple):
            fault = Fault(str(number), *step, 500, (), b"x" * number, None)
            faults.add(fault)
            line.faults.append(fault)
        elif line.faults:
            faults.remove(line.faults.pop(step % len(line.faults)).id)
        assert list(faults) == line.faults
        assert (len(faults), faults.size) == (len(line.faults), sum(fault.size for fault in line.faults))
        for api in "abc":
            for operation in "xyz":
                assert faults.find(api, operation) is line.find(api, operation)


def test_faults_for_other_operations_are_not_looked_at(client: Client) -> None:
    """A request reads no fault of other operations."""
    faults = client.worlds.default.faults
    for number in range(1000):
        faults.add(Fault(str(number), "nextstep", "getProcessRun", 500, (), None, None))
    looked = faults.index["nextstep", "getProcessRun"] = _Untouchable(faults.index["nextstep", "getProcessRun"])  # type: ignore[assignment]
    assert client.get("/process-runs").status == 200
    assert looked.asked == 0
    assert client.get("/process-runs/R1").status == 500
    assert looked.asked == 1


class _Untouchable(dict[int, Fault]):
    """A queue that counts its reads."""

    asked = 0

    def items(self) -> Any:
        self.asked += 1
        return super().items()
