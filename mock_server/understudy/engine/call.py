"""A Call: one request on its way through the pipeline, and what a handler may read and do. A Reply: what it returns."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from understudy.document.contract import Contract
from understudy.document.model import Assumed
from understudy.document.operation import UNROUTED, Operation
from understudy.engine.credential import NOBODY
from understudy.engine.exchange import Headers, Request
from understudy.engine.ids import Ids
from understudy.engine.store import Listing, Record, Store
from understudy.engine.window import Window
from understudy.engine.world import World

Json = Any
NO_STORE = Store({})  # of a caller without a credential
_HOST = re.compile(r"[A-Za-z0-9.:_\[\]-]+", re.ASCII)


class Reply(msgspec.Struct, frozen=True, gc=False):
    """What a handler returns: encoded JSON, or a listing that the page step cuts a page from."""

    body: bytes | Listing
    status: int | None = None  # None: the operation's documented success


class Call:
    """One request on its way through the pipeline, and all that a handler may read.

    Made once the route is known. `arguments` are the typed path and query parameters, `body` the decoded JSON (None
    without one), `now` the world's time in milliseconds, `store` the caller's tenant's data. An event or a job has
    no operation: UNROUTED stands for it. `world` is for the steps only: handlers keep to the other members.
    """

    __slots__ = (
        "arguments",
        "body",
        "contract",
        "credential",
        "headers",
        "max_bytes",
        "max_depth",
        "now",
        "operation",
        "provisional",
        "request",
        "segments",
        "step",
        "store",
        "trace",
        "world",
    )

    def __init__(
        self,
        request: Request,
        world: World,
        contract: Contract,
        operation: Operation = UNROUTED,
        *,
        segments: tuple[str, ...] = (),
        max_bytes: int = 0,
        max_depth: int = 0,
    ) -> None:
        self.request = request
        self.world = world
        self.contract = contract
        self.operation = operation
        self.segments = segments
        self.max_bytes = max_bytes  # of the body
        self.max_depth = max_depth  # levels of arrays and objects in it
        self.now = world.clock.now()
        self.arguments: dict[str, Json] = {}
        self.body: Json = None
        self.credential = NOBODY
        self.store = NO_STORE
        self.headers: Headers = ()
        self.step = "route"
        self.trace: list[str] = []
        self.provisional: tuple[Window, ...] = ()  # where this request is counted only if it succeeds

    @property
    def ids(self) -> Ids:
        """The world's stream of ids."""
        return self.world.ids

    def assumed(self, id: str) -> Json:
        """The value that this world takes for an assumption; the trace tells that it was asked."""
        self.trace.append(id)
        return self.world.assumptions[id]

    def note(self, ids: Iterable[str]) -> None:
        """Add assumptions to the trace whose values were looked up before."""
        self.trace += ids

    def value(self, value: Json) -> Json:
        """`value`, or the world's where the document says `{assumption: id}`."""
        return self.assumed(value.id) if type(value) is Assumed else value

    @property
    def origin(self) -> str:
        """The URL of the host that the caller reaches this server by."""
        host, known = self.request.header("host"), self.world.server.url
        return f"{known.partition('://')[0]}://{host}" if host and _HOST.fullmatch(host) else known

    @property
    def tenants(self) -> Mapping[str, Store]:
        """All tenants' data of this API: for a caller who belongs to several."""
        return self.world.tenants[self.contract.name]

    def exists_elsewhere(self, collection: str, id: str) -> bool:
        """Whether another tenant of this API has a record `id`."""
        tenants = self.world.tenants[self.contract.name].values()
        return any(store is not self.store and store[collection].row(id) is not None for store in tenants)

    def owner(self, collection: str, id: str) -> Store | None:
        """The store of the tenant that has a record `id`: for operations that need no credential."""
        tenants = self.world.tenants[self.contract.name].values()
        return next((store for store in tenants if store[collection].row(id) is not None), None)

    def url_token(self, length: int) -> str:
        """A text that nobody guesses, for a URL that is handed out: a request to it finds back to this world."""
        return f"{self.world.id}.{self.ids.take(length)}"

    def url(self, path: str) -> str:
        """The absolute URL of a path of this API (`/files`), at the host that the caller reaches it by."""
        return self.origin + self.contract.prefixes[0] + path

    def mail(self, record: Record) -> None:
        """Put a mail into the tenant's outbox; the oldest one goes where it is full."""
        outbox = self.store["outbox"]
        outbox.put(record)
        outbox.trim(self.world.server.bounds.outbox)

    def later(self, seconds: float, timer: str, payload: Record) -> None:
        """Schedule the API's `timer` for this tenant in `seconds` of world time."""
        at = self.now + round(seconds * 1000)
        self.world.schedule(at, self.contract.name, self.credential.tenant, timer, payload)


Handler = Callable[[Call], Reply]
