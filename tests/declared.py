"""APIs whose operations have no handlers: what a document declares of its resources is all that they do."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from understudy.apis.control import declare as declare_control
from understudy.document.compile import compile as contract_compile
from understudy.engine import auth
from understudy.engine.api import Api, SeededTenant
from understudy.engine.call import Call
from understudy.engine.clock import Clock, milliseconds
from understudy.engine.credential import NOBODY, Credential
from understudy.engine.exchange import Request, Response
from understudy.engine.pipeline import STEPS
from understudy.engine.world import World
from understudy.engine.worlds import Worlds
from understudy.http.app import App
from understudy.http.app import call as send
from understudy.resources import access, declare

NOW = "2026-04-07T10:00:00.000Z"
ROOT = Path(__file__).parents[1]
_KINDS = """
missing-credential 401 auth
invalid-credential 401 auth
forbidden 403 auth
rate-limited 429 rate-limit
unknown-route 404 route
method-not-allowed 405 route
malformed-body 400 validation
unsupported-media-type 415 validation
body-too-large 413 validation
invalid 400 validation
internal 500 internal
not-found 404 not-found
conflict 409 state
"""
ERRORS = {
    kind: {"status": int(status), "code": kind, "message": kind.replace("-", " ").capitalize(), "reason": reason}
    for kind, status, reason in (line.split() for line in _KINDS.strip().splitlines())
}
REFUSED = {"description": "Refused", "content": {"application/json": {"schema": {"type": "object"}}}}


def workshop() -> dict[str, Any]:
    """The document of the page on resources, to be changed at will."""
    page = (ROOT / "docs/how-to/declare-resources.md").read_text()
    found = re.search(r"<!-- file: workshop.yaml -->\n```yaml\n(.*?)```", page, re.DOTALL)
    assert found is not None
    document: dict[str, Any] = yaml.safe_load(found[1])
    return document


def document(
    paths: Mapping[str, Any], schemas: Mapping[str, Any], resources: Mapping[str, Any], **others: Any
) -> dict[str, Any]:
    """A document without security; operations are written as `{"get": operation(...)}` by path."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Small", "version": "1"},
        "servers": [{"url": "https://small.example/v1"}],
        "x-errors": ERRORS,
        "x-unknown": dict.fromkeys(("body-fields", "query-parameters"), "ignore")
        | {"duplicate-query-parameters": "last"},
        "x-resources": resources,
        "paths": paths,
        "components": {"schemas": schemas},
        **others,
    }


def operation(
    id: str,
    answer: Any = None,
    *,
    status: str = "200",
    body: Any = None,
    path: str = "",
    query: Mapping[str, Any] | None = None,
    **others: Any,
) -> dict[str, Any]:
    """An operation; `answer` and `body` are schemas, or names of them; `path` and `query` are parameters."""
    parameters = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in path.split()]
    for name, entry in (query or {}).items():
        own = entry if "schema" in entry else {"schema": entry}
        parameters.append({"name": name, "in": "query", **own})
    response: dict[str, Any] = {"description": "Done"}
    if answer is not None:
        response["content"] = {"application/json": {"schema": named(answer)}}
    made = {"operationId": id, "parameters": parameters, "responses": {status: response, "4XX": REFUSED}, **others}
    if body is not None:
        made["requestBody"] = {"required": True, "content": {"application/json": {"schema": named(body)}}}
    return made


def named(schema: Any) -> Any:
    """A schema, or the reference to the one of this name; a list of it in brackets."""
    if isinstance(schema, str) and schema.startswith("["):
        return {"type": "array", "items": named(schema[1:-1])}
    return {"$ref": f"#/components/schemas/{schema}"} if isinstance(schema, str) else schema


def api(document: Mapping[str, Any], name: str = "declared", **members: Any) -> Api:
    """The API of a document with resources, for two tenants with the keys `one` and `two`."""
    contract = contract_compile(document, name, source=f"{name}.yaml")
    handlers = members.pop("handlers", {})
    resources = declare(contract, replaced=handlers)
    usual: dict[str, Any] = {
        "name": name,
        "contract": contract,
        "handlers": {**resources.handlers, **handlers},
        "steps": replace(STEPS, authenticate=authenticate),
        "error_body": resources.error_body,
        "error_type": access.error_type(contract),
        "layouts": resources.layouts,
        "inconsistencies": lambda tenant, store: (),
        "seed": lambda content, known: [
            SeededTenant(tenant, content.get(tenant, {}), (Credential(tenant, name, tenant),))
            for tenant in ("one", "two")
        ],
        "new_key": access.new_key(contract)[0],
        "access_info": lambda credentials, tenants: {"keys": [one.token for one in credentials]},
        "events": {},
        "timers": resources.timers,
    }
    return Api(**{**usual, **members})


def authenticate(call: Call) -> Response | None:
    """Authenticate a call; whoever calls an operation without security acts for the first tenant."""
    response = auth.authenticate(call)
    if call.credential is NOBODY:
        tenant = next(iter(call.tenants))
        call.credential, call.store = Credential("", call.contract.name, tenant), call.tenants[tenant]
    return response


def worlds(served: Api, seed: Mapping[str, Any] | None = None, **options: Any) -> Worlds:
    """Worlds of an API and the control API, whose clock stands still."""
    clock = Clock(milliseconds(NOW), frozen=True)
    return Worlds([served, declare_control], seeds={served.name: seed or {}}, clock=clock, checked=True, **options)


class Caller:
    """Calls an API in process; every answer is held against the document."""

    def __init__(
        self, served: Worlds, *, prefix: str = "/v1", key: str = "one", header: str = "x-workshop-key"
    ) -> None:
        self.worlds = served
        self.app = App(served)
        self.prefix = prefix
        self.key = key
        self.header = header
        self.world: World | None = None

    def send(self, method: str, target: str, body: Any = None, **headers: str) -> Response:
        """One request below the API's prefix."""
        return self.raw(method, f"{self.prefix}{target}", body, **headers)

    def raw(self, method: str, target: str, body: Any = None, **headers: str) -> Response:
        """One request to any path."""
        path, _, query = target.partition("?")
        given = {"host": "localhost", self.header: self.key, "content-type": "application/json"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        if self.world is not None:
            given["x-mock-world"] = self.world.id
        content = b"" if body is None else json.dumps(body).encode()
        fields = tuple((name.encode(), value.encode()) for name, value in given.items())
        return send(self.app, Request(method, path, query, fields, content))

    def ok(self, method: str, target: str, body: Any = None, **headers: str) -> Any:
        """The decoded answer of a request that must succeed; None without a body."""
        response = self.send(method, target, body, **headers)
        assert response.status < 300, (response, self.error())
        return response.json() if response.body else None

    def refused(self, method: str, target: str, body: Any = None, **headers: str) -> int:
        """The status of a request that must be refused, but not by a failure of ours."""
        response = self.send(method, target, body, **headers)
        assert 400 <= response.status < 500, (response, self.error())
        return response.status

    def advance(self, seconds: float) -> None:
        """Let time pass in the default world."""
        self.worlds.advance(self.worlds.default, seconds)

    def error(self) -> str | None:
        """The traceback of the last exchange."""
        journal = self.worlds.default.journal
        last = journal.find(journal.count)
        return last.error if last else None
