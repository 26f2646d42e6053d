"""What a test talks through: requests to one API with one tenant's keys, each answer judged on the way.

A Client keeps the exchanges of its example, so that a failure shows the curl lines of the calls made. It
obeys 429, waits on the world's clock where there is one, and must not know any API by name.
"""

from __future__ import annotations

import json as texts
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Literal, NoReturn, Protocol, Self, TypeVar
from unittest import SkipTest
from urllib.parse import quote, urlencode

from understudy.document.contract import Contract
from understudy.document.model import Quota, Scheme
from understudy.document.operation import Operation
from understudy.engine.exchange import Exchange, Request, Response
from understudy_checks.projection import shown
from understudy_checks.target.transport import NoAnswer, TooLate, Transport

T = TypeVar("T")
Json = Any
Memory = dict[Any, Any]
Query = Mapping[str, object] | str | None
Capability = Literal[
    "write",
    "fresh",
    "advance",
    "documented-limit",
    "events",
    "second-key",
    "spare-key",
    "revoked-key",
    "lapsed-key",
    "other-tenant",
    "members",
    "requests",
    "waiting",
]

PATIENCE = 3
CALLS_MADE = "Calls made:"
"""What the note of an error begins with that shows the calls of its example."""

SHOWN = 20
UNTOLD = 60.0
"""Seconds to wait after a 429 that does not say how long, where the document does not either."""
_READING = ("GET", "HEAD", "OPTIONS")
_ABSENT: Any = object()

LACKS: Mapping[Capability, str] = {
    "write": "writing is not allowed on this target",
    "fresh": "this target gives no world of its own to each test",
    "advance": "this target's clock cannot be advanced",
    "documented-limit": "this target's rate limit is told not to be the documented one",
    "events": "what people do in the vendor's own app cannot be done on this target",
    "second-key": "no second key of the same tenant is known",
    "spare-key": "no key is known that may be revoked",
    "revoked-key": "no revoked key is known",
    "lapsed-key": "no key of a tenant without a subscription is known",
    "other-tenant": "no key of another tenant is known",
    "members": "no members of the tenant are known",
    "requests": "it takes more requests than the budget has left",
    "waiting": "it takes more waiting than is allowed",
}

REMEDIES: Mapping[Capability, str] = {
    "write": "allow it with --allow-writes, or `writes = true` in the target file",
    "fresh": "only a server of Understudy gives fresh worlds",
    "advance": 'name a function that moves the target\'s clock: `advance = "module:function"` in the target file',
    "documented-limit": "check a target that has the documented rate limit, without `rate_limit` in the target file",
    "events": 'name a function that does it: `event = "module:function"` in the target file',
    "second-key": "give a second key of the same tenant: --api-key twice, or `api_keys` in the target file",
    "spare-key": "give some, one for each operation: `spare_keys` in the target file",
    "revoked-key": "give one: `revoked_key` in the target file",
    "lapsed-key": "give one: `lapsed_key` in the target file",
    "other-tenant": "give one: `other_tenant_key` in the target file",
    "members": "tell some: [[members]] with email, user_id and active in the target file",
    "requests": "allow more of them: --budget",
    "waiting": "allow more of it (`max_wait` in the target file), or give more keys: --api-key twice, or more often",
}
"""How a target comes by a capability."""


class NotChecked(SkipTest):
    """A rule that could not be checked here, and why. unittest, pytest and hypothesis all read it as skipped."""

    def __init__(self, reason: str, *lacking: Capability) -> None:
        self.reason = reason
        self.lacking = lacking
        super().__init__(f"not checked: {reason}")


class Broken(NotChecked):
    """No whole answer arrived: nobody knows what it would have been. `late` when it was waited for in vain."""

    def __init__(self, reason: str, *, late: bool) -> None:
        super().__init__(f"no whole answer arrived: {reason}")
        self.late = late


class Violation(AssertionError):
    """An answer that the document does not allow; names the operation and the JSON pointer of what differs."""


@dataclass(frozen=True, slots=True)
class Member:
    """A person of the tenant."""

    user_id: str
    email: str
    active: bool


@dataclass(frozen=True, slots=True)
class Access:
    """What a target is reached with: keys, and what nobody can find out through the API. Names as in a ready file."""

    api_keys: tuple[str, ...]
    revoked_key: str | None = None
    lapsed_key: str | None = None
    other_tenant_key: str | None = None
    members: tuple[Member, ...] = ()
    given: Mapping[str, Json] = field(default_factory=dict, compare=False)
    """All that the entry tells: ids that no operation lists, by the name of the parameter that wants them."""

    @classmethod
    def read(cls, entry: Mapping[str, Json]) -> Access:
        """From an API's entry of a ready file."""
        return cls(
            api_keys=tuple(entry["api_keys"]),
            revoked_key=entry.get("revoked_key"),
            lapsed_key=entry.get("lapsed_key"),
            other_tenant_key=entry.get("other_tenant_key"),
            members=tuple(Member(m["user_id"], m["email"], m["active"]) for m in entry.get("members", ())),
            given=entry,
        )

    def ids(self, key: str | None) -> Mapping[str, Json]:
        """What is given to the holder of a key (None: the default one) to begin with."""
        foreign = key is not None and key == self.other_tenant_key
        return self.given.get("other_tenant", {}) if foreign else self.given

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What these keys and members make checkable."""
        known: dict[Capability, object] = {
            "second-key": self.api_keys[1:],
            "revoked-key": self.revoked_key,
            "lapsed-key": self.lapsed_key,
            "other-tenant": self.other_tenant_key,
            "members": self.members,
        }
        return frozenset(capability for capability, value in known.items() if value)


class Account(Protocol):
    """Who is told of each request: before it is made, and how it was answered."""

    def spend(self) -> None:
        """A request is about to be made; raises NotChecked when it may not be."""

    def saw(self, operation: str, status: int) -> None:
        """A documented operation was answered."""

    @property
    def made(self) -> list[str]:
        """The paths of the objects that were made on a target that others use too."""


class World(Protocol):
    """Where a client's requests happen: what can be done there beside sending requests."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What this world offers."""

    @property
    def headers(self) -> Mapping[str, str]:
        """What every request to this world carries beside its own headers."""

    def wait(self, seconds: float) -> None:
        """Let `seconds` pass; raises NotChecked when that is too long to wait for."""

    def linger(self, seconds: float) -> None:
        """Let `seconds` pass in which something is expected to happen by itself; raises NotChecked as `wait` does."""

    def event(self, name: str, fields: Mapping[str, Json]) -> None:
        """Do what a person does in the vendor's own app; raises NotChecked where that cannot be done."""

    def spare_key(self) -> str:
        """A key that may be revoked, another one each time; raises NotChecked when there is none left."""

    def close(self) -> None:
        """Give the world back."""


@dataclass(slots=True)
class Client:
    """Requests to one API in one world. Use it as a context manager: a failure inside then shows its curl lines."""

    contract: Contract = field(repr=False)
    transport: Transport = field(repr=False)
    prefix: str
    access: Access = field(repr=False)
    world: World
    account: Account = field(repr=False)
    log: list[Exchange] = field(default_factory=list, repr=False)
    patience: int = PATIENCE
    memory: Memory | None = field(default=None, repr=False)
    """What was found in worlds that were like this one when they were fresh, or in this one where nobody writes;
    None when it cannot be relied on."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Exception) and not isinstance(error, NotChecked) and self.log:
            error.add_note("\n".join((CALLS_MADE, *self.curl())))
        self.world.close()

    @property
    def pristine(self) -> Memory | None:
        """The memory, as long as nothing was done in this world but reading."""
        reading = all(exchange.request.method in _READING for exchange in self.log)
        return self.memory if reading else None

    @property
    def is_alone(self) -> bool:
        """Whether nobody else is in this world."""
        return "fresh" in self.world.capabilities

    def hasty(self) -> Client:
        """The same client, but one that takes a 429 for an answer: for tests of the limit itself."""
        return replace(self, patience=0)

    @property
    def key(self) -> str:
        """The key that is sent unless another is named."""
        return self.access.api_keys[0]

    @property
    def second_key(self) -> str:
        """Another valid key of the same tenant."""
        return self.access.api_keys[1] if self.access.api_keys[1:] else lacking("second-key")

    @property
    def revoked_key(self) -> str:
        """A key that was valid once."""
        return self.access.revoked_key or lacking("revoked-key")

    @property
    def lapsed_key(self) -> str:
        """A key of a tenant whose subscription has lapsed."""
        return self.access.lapsed_key or lacking("lapsed-key")

    @property
    def other_tenant_key(self) -> str:
        """A valid key of another tenant."""
        return self.access.other_tenant_key or lacking("other-tenant")

    @property
    def members(self) -> tuple[Member, ...]:
        """The people of the tenant, as far as they are known."""
        return self.access.members or lacking("members")

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Query = None,
        json: Json = _ABSENT,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        key: str | None = _ABSENT,
    ) -> Response:
        """Send a request, again when a 429 names a wait that passes, and return the judged answer.

        `path` is relative to the API's server path (`/process-runs`) and raw: encode what needs it. `query` is
        a mapping (None values are left out) or raw text; `json` is sent as JSON, else `body` as it is; `key` is
        another key than the default one, or None for no credential at all. Raises Violation when the answer to
        a documented operation is not what the document allows. Where others are too, of a successful answer's body
        there is what the document names; the log keeps the rest.
        """
        request = self.request(method, path, query=query, json=json, body=body, headers=headers, key=key)
        response = self.exchange(request).response
        for _ in range(self.patience):
            if response.status != 429:
                break
            self.world.wait(self._pause(response))
            response = self.exchange(request).response
        if self.is_alone:  # our mock shows nothing that its document does not name
            return response
        return shown(self.contract, find(self.contract, method, path), response)

    def call(
        self,
        operation: str | Operation,
        arguments: Mapping[str, object] | None = None,
        *,
        json: Json = _ABSENT,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        key: str | None = _ABSENT,
    ) -> Response:
        """Send an operation (or its id) with `arguments` for its path and query parameters, by name."""
        known = self.contract.operations[operation] if isinstance(operation, str) else operation
        path, query = locate(known, arguments or {})
        return self.send(known.method, path, query=query, json=json, body=body, headers=headers, key=key)

    def _pause(self, response: Response) -> float:
        """How long to wait after a 429: as it says, or else the limit's whole time."""
        wait = response.header("retry-after") or ""
        limit = self.contract.rate_limit
        window = limit.quota.seconds if limit is not None and isinstance(limit.quota, Quota) else UNTOLD
        return float(int(wait)) if wait.isdecimal() else window

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Query = None,
        json: Json = _ABSENT,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        key: str | None = _ABSENT,
    ) -> Request:
        """The request that `send` would send."""
        key = self.key if key is _ABSENT else key
        given = {**self.world.headers, **self.usual, **self.credential(key)}
        if json is not _ABSENT:
            body, given["content-type"] = texts.dumps(json).encode(), "application/json"
        given |= {name.lower(): value for name, value in (headers or {}).items()}
        encoded = tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in given.items())
        whole = "&".join(part for part in (_query(query), _query(self._carried(key)[1])) if part)
        return Request(method, self.prefix + path, whole, encoded, body)

    def exchange(self, request: Request) -> Exchange:
        """Send `request` as it is, once; keep it in the log; judge the answer. Raises Violation."""
        if request.method not in _READING and "write" not in self.world.capabilities:
            lacking("write")
        operation = find(self.contract, request.method, request.path.removeprefix(self.prefix))
        if not self.is_alone and request.method == "DELETE":
            self._spare(request.path)
        self.account.spend()
        response = fetch(self.transport, request)
        if operation is not None:
            self.account.saw(operation.id, response.status)
            if not self.is_alone and response.status < 300 and adds(self.contract, operation):
                self.account.made.extend(f"{request.path}/{quote(id, safe='')}" for id in ids_in(response))
        seen = Exchange(
            id=len(self.log),
            world="",
            api=self.contract.name,
            operation=operation.id if operation else None,
            at=0,
            request=request,
            response=response,
            stop="",
            reason=None,
            trace=(),
            error=None,
        )
        self.log.append(seen)
        _judge(operation, response)
        return seen

    def _spare(self, path: str) -> None:
        """Raises NotChecked when something would be removed that was not made here, on a target that others use."""
        if not any(path == own or path.startswith(f"{own}/") for own in self.account.made):
            raise NotChecked("it would remove what others made on this target")

    @property
    def usual(self) -> dict[str, str]:
        """The headers that every request has: what it accepts, and what operations require, by the examples."""
        required = {name.lower(): example for name, example in self.contract.headers.items()}
        return {"accept": "application/json", **required}

    def credential(self, key: str | None) -> dict[str, str]:
        """The headers that carry `key`, as the document's security scheme says."""
        return self._carried(key)[0]

    def _carried(self, key: str | None) -> tuple[dict[str, str], dict[str, str]]:
        """The headers and the query parameters that carry `key`."""
        if key is None or not self.contract.schemes:
            return {}, {}
        scheme = self.contract.schemes[0]
        return ({scheme.header: key}, {}) if is_whole(key, scheme) else scheme.carry(key)

    @property
    def spare_key(self) -> str:
        """A valid key of the same tenant that may be revoked: in a world of one's own every key may."""
        return self.second_key if self.is_alone else self.world.spare_key()

    def eventually(self, probe: Callable[[], T], within: float = 10.0) -> T:
        """Ask `probe` until its answer is true, for at most `within` seconds of the world's time; that answer.

        Where the document does not promise that something has happened when an answer arrives, ask like this.
        """
        passed, step = 0.0, 0.03
        while not (seen := probe()):
            assert passed < within, f"still {seen!r} after {within} seconds"
            step = min(step * 2, within - passed)
            self.world.linger(step)
            passed += step
        return seen

    def advance(self, seconds: float) -> None:
        """Let time pass on the world's clock (really waits on a target without one)."""
        if seconds:
            self.memory = None
            self.world.wait(seconds)

    def event(self, name: str, **fields: Json) -> None:
        """Do what a person does in the vendor's own app (`skip-task`, `revoke-key` ...)."""
        self.memory = None
        self.world.event(name, fields)

    def curl(self) -> list[str]:
        """The calls made, as shell lines with the status they got; keys are shown as variables."""
        dropped = [f"# {len(self.log) - SHOWN} earlier calls are left out"] if len(self.log) > SHOWN else []
        return dropped + [self._line(exchange) for exchange in self.log[-SHOWN:]]

    def _line(self, exchange: Exchange) -> str:
        request = exchange.request
        words = ["curl"] if request.method == "GET" else ["curl", "-X", request.method]
        for name, value in request.headers:
            if name.startswith(b"x-mock-"):
                continue
            if name.decode("latin-1") in self.world.headers:
                words += ["-H", f'"{name.decode()}: ${_variable(name.decode())}"']
                continue
            words += ["-H", self._quoted(f"{name.decode('latin-1')}: {value.decode('latin-1')}")]
        if request.body:
            words += ["--data-binary", shlex.quote(request.body.decode("utf-8", "backslashreplace"))]
        place = request.path.removeprefix(self.prefix) + (f"?{request.query}" if request.query else "")
        return f'{" ".join(words)} "$BASE_URL"{shlex.quote(place)}  # {exchange.response.status}'

    def _quoted(self, text: str) -> str:
        access = self.access
        names = {key: f"API_KEY_{number}" for number, key in enumerate(access.api_keys[1:], 2)}
        names |= {self.key: "API_KEY", access.revoked_key or "": "REVOKED_KEY", access.lapsed_key or "": "LAPSED_KEY"}
        names |= {access.other_tenant_key or "": "OTHER_TENANT_KEY"}
        for key, name in names.items():
            if key and text.endswith(key):
                return f'"{text.removesuffix(key)}${name}"'
        return shlex.quote(text)


def fetch(transport: Transport, request: Request) -> Response:
    """The answer to a request; raises Broken."""
    try:
        return transport(request)
    except NoAnswer as error:
        raise Broken(str(error), late=isinstance(error, TooLate)) from error


def is_whole(key: str, scheme: Scheme) -> bool:
    """Whether a key names its own scheme (`Basic ...`): it is sent as it is."""
    return scheme.kind == "bearer" and key.startswith("Basic ")


def as_sent(key: str, scheme: Scheme) -> str:
    """The value of the header that carries a key."""
    return key if is_whole(key, scheme) else scheme.carry(key)[0].get(scheme.header, key)


def _variable(header: str) -> str:
    """The shell variable that stands for the value of a header that the target wants."""
    return f"HEADER_{header.upper().replace('-', '_')}"


def locate(operation: Operation, arguments: Mapping[str, object]) -> tuple[str, dict[str, object]]:
    """The path and the query of an operation with these arguments; raises KeyError for a path parameter left out."""
    path, query = operation.path, dict(arguments)
    for parameter in operation.parameters:
        if parameter.location == "path":
            path = path.replace(f"{{{parameter.name}}}", quote(str(query.pop(parameter.name)), safe=""))
    return path, query


def find(contract: Contract, method: str, path: str) -> Operation | None:
    """The documented operation behind a method and a raw path, or None. A literal segment wins over a parameter."""
    parts = path.split("/")
    routes = _routes(contract, method, len(parts))
    return next((operation for template, operation in routes if _fits(template, parts)), None)


@lru_cache(maxsize=256)
def _routes(contract: Contract, method: str, length: int) -> list[tuple[list[str], Operation]]:
    """The operations of a method whose paths have so many segments, those with the fewest parameters first."""
    known = [(known.path.split("/"), known) for known in contract.operations.values() if known.method == method]
    fitting = [(template, operation) for template, operation in known if len(template) == length]
    return sorted(fitting, key=lambda route: route[1].path.count("{"))


def _fits(template: list[str], parts: list[str]) -> bool:
    return all(part != "" if word.startswith("{") else word == part for word, part in zip(template, parts, strict=True))


def _judge(operation: Operation | None, response: Response) -> None:
    if operation is None:
        return
    if response.status >= 500:
        raise Violation(f"{operation.id}: status {response.status}: a server error is never the right answer")
    mismatch = operation.mismatch(response)
    if mismatch is not None:
        raise Violation(mismatch)


def adds(contract: Contract, operation: Operation) -> bool:
    """Whether an operation adds to a list: by POST on its path."""
    return operation.method == "POST" and any(
        known.pagination is not None and known.path == operation.path for known in contract.operations.values()
    )


def ids_in(response: Response) -> list[str]:
    """The id of the object that an answer shows, bare or as its `data`; none without one, or without JSON."""
    try:
        body = response.json()
    except ValueError:  # it is judged as any answer is
        return []
    item = body.get("data", body) if isinstance(body, dict) else None
    return [str(item["id"])] if isinstance(item, dict) and "id" in item else []


def _query(query: Query) -> str:
    if isinstance(query, str):
        return query
    return urlencode([(name, _text(value)) for name, value in (query or {}).items() if value is not None])


def _text(value: object) -> str:
    return texts.dumps(value) if isinstance(value, bool) else str(value)


def lacking(*capabilities: Capability) -> NoReturn:
    """Raises NotChecked, with the reasons."""
    raise NotChecked("; ".join(LACKS[capability] for capability in capabilities), *capabilities)
