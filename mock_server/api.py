"""How an API is declared: a contract, handlers by operationId, and what its data and credentials look like.

Handlers are plain functions over a Call: no HTTP, no I/O, so each request is atomic. An operation without
a handler, or a handler without an operation, stops the server at start.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from mock_server.contract import LONGEST_KNOWN, Assumed, Contract, Operation, remember
from mock_server.exchange import Headers, Request, Response
from mock_server.grammar import closest, nearest
from mock_server.ids import Ids
from mock_server.store import Layout, Listing, Record, Store

if TYPE_CHECKING:
    from mock_server.world import World

Json = Any
_LONGEST_COMPARED = 200  # characters of a path
_HOST = re.compile(r"[A-Za-z0-9.:_\[\]-]+", re.ASCII)
Fields = Mapping[str, Sequence[str]]  # what is wrong with which member: its dotted name, and messages


class Problem(Exception):
    """A refusal: the kind of error (a key of the document's `x-errors`), and a message where it needs its own.

    `because` is the id of the rule that decided, for the trace; `fields` tells what is wrong with which member.
    Caught once, in `pipeline`, and rendered in the API's own shape.
    """

    def __init__(
        self,
        kind: str,
        message: str | None = None,
        *,
        because: str | None = None,
        headers: Headers = (),
        fields: Fields | None = None,
    ) -> None:
        self.kind = kind
        self.message = message
        self.because = because
        self.headers = headers
        self.fields = fields or {}
        super().__init__(kind, message)


class Refusal(NamedTuple):
    """A problem with the status, code (empty without one) and message that the document gives its kind."""

    status: int
    code: str
    message: str
    fields: Fields


class Credential(NamedTuple):
    """A key or token: the tenant that it belongs to, and its state (`valid`, `revoked`; `lapsed`: may do nothing).

    `subject` is whom it acts for, by the tenant's own id, where that matters; `scope` the id of what it is good
    for, where that is less than the whole tenant.
    """

    token: str
    api: str
    tenant: str
    state: str = "valid"
    scope: str | None = None
    subject: str = ""


NOBODY = Credential("", "", "")  # who calls where no credential is needed


class Reply(msgspec.Struct, frozen=True, gc=False):
    """What a handler returns: encoded JSON, or a listing that the page step cuts a page from."""

    body: bytes | Listing
    status: int | None = None  # None: the operation's documented success


class Timer(NamedTuple):
    """Something that happens by itself when its time comes, and the schema of the payload that it is given."""

    happen: Callable[[Call], None]
    payload: Mapping[str, Json]


class Assumptions(dict[str, Json]):
    """What is taken for each assumption, by id. Never changed: worlds share it, and `settled` keeps what it comes to.

    That is by operation, so that no request asks again what the same assumptions always answer.
    """

    __slots__ = ("settled",)

    def __init__(self, values: Mapping[str, Json]) -> None:
        super().__init__(values)
        self.settled: dict[Operation, Any] = {}


class Window:
    """The requests that one credential was granted, as times in milliseconds (a fixed window needs only some)."""

    __slots__ = ("granted", "start", "times")

    def __init__(self) -> None:
        self.start = -(1 << 62)  # a window that ended before any time that a clock shows
        self.granted = 0
        self.times: deque[int] = deque()


class Call:
    """One request on its way through the pipeline, and all that a handler may read.

    `arguments` are the typed path and query parameters, `body` the decoded JSON (None without one), `now`
    the world's time in milliseconds, `store` the caller's tenant's data, `ids` the world's stream of ids.
    `world` is for the steps and the control API only: an API's handlers keep to the members above.
    """

    __slots__ = (
        "api", "arguments", "body", "credential", "decided", "headers", "now", "operation", "provisional",
        "request", "segments", "step", "store", "world",
    )  # fmt: skip

    api: Api
    operation: Operation
    arguments: dict[str, Json]
    body: Json
    store: Store
    segments: tuple[str, ...]
    credential: Credential

    def __init__(self, request: Request, world: World) -> None:
        self.request = request
        self.world = world
        self.now = world.clock.now()
        self.decided: list[str] = []
        self.credential = NOBODY
        self.headers: Headers = ()
        self.step = "route"
        self.provisional: tuple[Window, ...] = ()  # where this request is counted only if it succeeds

    @property
    def ids(self) -> Ids:
        """The world's stream of ids."""
        return self.world.ids

    def assumed(self, id: str) -> Json:
        """The value that this world takes for an assumption; the trace tells that it was asked."""
        self.decided.append(id)
        return self.world.assumptions[id]

    def value(self, value: Json) -> Json:
        """`value`, or the world's where the document says `{assumption: id}`."""
        return self.assumed(value.id) if type(value) is Assumed else value

    @property
    def origin(self) -> str:
        """The URL of the host that the caller reaches this server by."""
        host, known = self.request.header("host"), self.world.registry.url
        return f"{known.partition('://')[0]}://{host}" if host and _HOST.fullmatch(host) else known

    @property
    def tenants(self) -> Mapping[str, Store]:
        """All tenants' data of this API: for a caller who belongs to several."""
        return self.world.tenants[self.api.name]

    def exists_elsewhere(self, collection: str, id: str) -> bool:
        """Whether another tenant of this API has a record `id`."""
        tenants = self.world.tenants[self.api.name].values()
        return any(store is not self.store and store[collection].row(id) is not None for store in tenants)

    def owner(self, collection: str, id: str) -> Store | None:
        """The store of the tenant that has a record `id`: for operations that need no credential."""
        tenants = self.world.tenants[self.api.name].values()
        return next((store for store in tenants if store[collection].row(id) is not None), None)

    def ticket(self, length: int) -> str:
        """A text that nobody guesses, for a URL that is handed out: a request to it finds back to this world."""
        return f"{self.world.id}.{self.ids.take(length)}"

    def url(self, path: str) -> str:
        """The absolute URL of a path of this API (`/files`), at the host that the caller reaches it by."""
        return self.origin + self.api.contract.prefixes[0] + path

    def mail(self, record: Record) -> None:
        """Put a mail into the tenant's outbox; the oldest one goes where it is full."""
        outbox = self.store["outbox"]
        outbox.put(record)
        outbox.trim(self.world.registry.bounds.outbox)

    def later(self, seconds: float, timer: str, payload: Record) -> None:
        """Let the API's `timer` happen to this tenant in `seconds` of world time."""
        at = self.now + round(seconds * 1000)
        self.world.schedule(at, self.api.name, self.credential.tenant, timer, payload)


Handler = Callable[[Call], Reply]
Step = Callable[[Call], Response | None]


@dataclass(frozen=True, slots=True)
class Steps:
    """The pipeline between route and run, one function a step; each may answer, refuse or let pass."""

    fault: Step
    authenticate: Step
    admit: Step
    validate: Step


class Seeded(msgspec.Struct, frozen=True):
    """One tenant of a seed: its data and its credentials."""

    tenant: str
    data: Mapping[str, Sequence[Record]]
    credentials: tuple[Credential, ...]


@dataclass(frozen=True, slots=True)
class Api:
    """All that the pipeline needs to serve one API. Changed, for a mutant, with `dataclasses.replace`.

    `error_body` shapes an error (of media type `error_type`), `layouts` the collections of a tenant, `misfits`
    tells what does not fit together in them, `seed` reads the fixture's content, `new_key` makes a credential in
    the vendor's shape, `entry` what the ready file tells of a world. `events` are what a person does in the
    vendor's own app; `timers` what happens by itself when its time comes. A body of more than `most_bytes`, or of
    JSON with more than `most_depth` levels, is refused; `larger_bodies` has the bounds of operations that take more.
    """

    name: str
    contract: Contract
    handlers: Mapping[str, Handler]
    steps: Steps
    error_body: Callable[[Call, Refusal], Json]
    error_type: bytes
    layouts: Mapping[str, Layout]
    misfits: Callable[[str, Store], Iterable[str]]
    seed: Callable[[Json, Contract], Sequence[Seeded]]
    new_key: Callable[[Ids], str]
    entry: Callable[[Sequence[Credential], Mapping[str, Store]], dict[str, Json]]
    events: Mapping[str, Callable[[Call], Json]]
    timers: Mapping[str, Timer]
    most_bytes: int = 1 << 20
    most_depth: int = 200
    larger_bodies: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        operations = set(self.contract.operations)
        faults = [f"operation {id} has no handler" for id in sorted(operations - set(self.handlers))]
        unknown = sorted(set(self.handlers) - operations)
        faults += [f"handler {id} has no operation{nearest(id, operations)}" for id in unknown]
        faults += [f"event {name} is not in both" for name in sorted(set(self.events) ^ set(self.contract.events))]
        if faults:
            raise ValueError(f"{self.contract.source}: {'; '.join(faults)}")

    def body_bound(self, operation: str) -> int:
        """The most bytes that the body of an operation may have."""
        return self.larger_bodies.get(operation, self.most_bytes)


class Match(NamedTuple):
    """Where a path leads: the API that owns it, its operations by method, the path's parameters as given."""

    api: Api | None
    operations: Mapping[str, Operation]
    segments: tuple[str, ...]


class _Node:
    __slots__ = ("children", "operations", "owner", "wildcard")

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.wildcard: _Node | None = None
        self.operations: dict[str, Operation] = {}
        self.owner: Api | None = None


def _filled(known: str, given: Sequence[str]) -> str:
    """A known path with its parameters as the `given` segments have them: a long id must not hide what is alike."""
    parts = known.split("/")
    for number, segment in enumerate(given[: len(parts)]):
        if segment and parts[number].startswith("{"):
            parts[number] = segment
    return "/".join(parts)


class Router:
    """One tree of path segments over all APIs; the longest match wins, a literal segment before a parameter."""

    def __init__(self, apis: Sequence[Api]) -> None:
        """Raises ValueError when two APIs claim the same path."""
        self._root = _Node()
        self._paths: list[tuple[Api, str]] = []
        self._nearest: dict[tuple[str, str], str] = {}
        self._known: dict[str, Match] = {}
        for api in apis:
            for prefix in api.contract.prefixes:
                self._add(api, prefix)

    def find(self, path: str) -> Match:
        """Where a raw path leads. Those that were asked for before are remembered (at most 1024, and no long ones)."""
        match = self._known.get(path)
        if match is None:
            match = self._find(path)
            if len(path) <= LONGEST_KNOWN:
                remember(self._known, path, match)
        return match

    def _find(self, path: str) -> Match:
        node, owner, segments = self._root, self._root.owner, []
        for segment in path.split("/")[1:]:
            child = node.children.get(segment)
            if child is None:
                if node.wildcard is None or not segment:
                    return Match(owner, {}, ())
                child = node.wildcard
                segments.append(segment)
            node, owner = child, child.owner or owner
        return Match(owner, node.operations, tuple(segments))

    def nearest(self, path: str, api: Api | None = None) -> str:
        """`; did you mean ...?` for the known path, of one API if given, that is most like a raw `path`, or nothing."""
        path = path[:_LONGEST_COMPARED]
        key = (path, api.name if api else "")
        if key not in self._nearest:
            given = path.split("/")
            filled = {_filled(known, given): known for owner, known in self._paths if api in (None, owner)}
            match = closest(path, filled)
            remember(self._nearest, key, "" if match is None else f"; did you mean {filled[match]}?")
        return self._nearest[key]

    def _add(self, api: Api, prefix: str) -> None:
        shared = prefix in ("", "/api")  # several vendors live here: a path is owned by its first segment
        if not shared:
            self._claim(api, self._grow(prefix))
        for operation in api.contract.operations.values():
            if shared:
                self._claim(api, self._grow(f"{prefix}/{operation.path.split('/')[1]}"))
            node = self._grow(prefix + operation.path)
            if operation.method in node.operations:
                raise ValueError(f"{prefix}{operation.path}: two operations answer {operation.method}; rename one")
            node.operations[operation.method] = operation
            self._paths.append((api, prefix + operation.path))

    def _grow(self, path: str) -> _Node:
        node = self._root
        for segment in path.split("/")[1:]:
            if segment.startswith("{"):
                node.wildcard = node.wildcard or _Node()
                node = node.wildcard
            else:
                node = node.children.setdefault(segment, _Node())
        return node

    def _claim(self, api: Api, node: _Node) -> None:
        if node.owner not in (None, api):
            raise ValueError(f"{api.name} and {node.owner.name} claim the same paths; serve them one by one")
        node.owner = api
