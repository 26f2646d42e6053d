"""Every operation of the control API by its id, and how it is called in one world.

A method that offers an operation in Python is its *door*, marked with the id: a test holds that each operation of
`openapi/control.yaml` has exactly one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from understudy.engine.exchange import Request, Response, body_type
from understudy.testing.errors import ControlError
from understudy.testing.links import Link

Json = Any
Method = TypeVar("Method", bound=Callable[..., Any])
Value = TypeVar("Value")
MARK = "control_operation"
"""The attribute of a door that holds the id of its operation."""

OPERATIONS: Mapping[str, tuple[str, str]] = {
    "getHealth": ("GET", "/health"),
    "listWorlds": ("GET", "/worlds"),
    "createWorld": ("POST", "/worlds"),
    "getWorld": ("GET", "/worlds/{id}"),
    "removeWorld": ("DELETE", "/worlds/{id}"),
    "resetWorld": ("POST", "/reset"),
    "getClock": ("GET", "/clock"),
    "setClock": ("PUT", "/clock"),
    "advanceClock": ("POST", "/clock/advance"),
    "exportState": ("GET", "/state"),
    "importState": ("PUT", "/state"),
    "listExchanges": ("GET", "/journal"),
    "clearJournal": ("DELETE", "/journal"),
    "getExchange": ("GET", "/journal/{id}"),
    "exportJournal": ("GET", "/journal.har"),
    "listAssumptions": ("GET", "/assumptions"),
    "setAssumptions": ("PUT", "/assumptions"),
    "listOutbox": ("GET", "/outbox"),
    "listFaults": ("GET", "/faults"),
    "addFault": ("POST", "/faults"),
    "clearFaults": ("DELETE", "/faults"),
    "removeFault": ("DELETE", "/faults/{id}"),
    "addRecord": ("POST", "/records"),
    "causeEvent": ("POST", "/events"),
}


def door(operation: str) -> Callable[[Method], Method]:
    """Mark a method as the one that offers an operation of the control API."""

    def mark(method: Method) -> Method:
        setattr(method, MARK, operation)
        return method

    return mark


def given(members: Mapping[str, Json]) -> dict[str, Json]:
    """The members that are given: those that are not None."""
    return {name: value for name, value in members.items() if value is not None}


def read(kind: type[Value], members: Mapping[str, Json]) -> Value:
    """A value of a dataclass from an answer, whose other members are left out: a newer server tells more."""
    return kind(**{name: members[name] for name in kind.__dataclass_fields__ if name in members})  # type: ignore[attr-defined]


class Control:
    """The control API of one server, called in one world."""

    def __init__(self, link: Link, *, world: str = "default", token: str | None = None) -> None:
        self.link, self.world, self.token = link, world, token

    def of(self, world: str) -> Control:
        """The control API of the same server in another world."""
        return Control(self.link, world=world, token=self.token)

    def call(
        self, operation: str, body: Json = None, *, id: str | int = "", query: Mapping[str, Json] | None = None
    ) -> Json:
        """Call an operation; returns the decoded body of the answer, None without one.

        Raises ControlError where the server refuses, ConnectionError where none answers.
        """
        method, path = OPERATIONS[operation]
        content = b"" if body is None else json.dumps(body).encode()
        path, parameters = "/__mock__" + path.replace("{id}", quote(str(id), safe="")), urlencode(query or {})
        return _decoded(method, path, self.link(Request(method, path, parameters, self._headers(content), content)))

    def _headers(self, content: bytes) -> tuple[tuple[bytes, bytes], ...]:
        headers = [(b"x-mock-world", self.world.encode())]
        if self.token is not None:
            headers.append((b"x-mock-token", self.token.encode()))
        if content:
            headers.append((b"content-type", b"application/json"))
        return tuple(headers)


def _decoded(method: str, path: str, response: Response) -> Json:
    """The decoded body of an answer, or its text where it is YAML. Raises ControlError for a refusal."""
    if body_type(response) == "application/yaml":
        return response.body.decode()
    try:
        body: Json = json.loads(response.body) if response.body else None
    except ValueError:
        body = None
    if response.status < 300:
        return body
    if isinstance(body, dict) and "detail" in body:
        raise ControlError(body["detail"], response.status)
    text = f"{method} {path} was answered with {response.status}: is it an Understudy server?"
    raise ControlError(text, response.status)
