"""A Call: one request in the pipeline, with all that a handler may read and do. A Reply: what a handler returns."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from understudy.document.contract import Contract
from understudy.document.model import Assumed
from understudy.document.operation import UNROUTED, Operation
from understudy.engine.credential import NOBODY
from understudy.engine.exchange import Headers, Request
from understudy.engine.forms import Parts
from understudy.engine.ids import Ids
from understudy.engine.store import Listing, Record, SharedRecord, Store, decode, encode
from understudy.engine.window import Window
from understudy.engine.world import World

Json = Any
NO_STORE = Store({})  # of a call without a credential
NOTHING_WRITTEN: list[Any] = []  # never written to
NO_PARTS: Parts = {}  # of a body that is no multipart form
_HOST = re.compile(r"[A-Za-z0-9.:_\[\]-]+", re.ASCII)
JSON: Headers = ((b"content-type", b"application/json"),)


class Reply(msgspec.Struct, frozen=True, gc=False):
    """The result of a handler: a body, or a listing from which the page step cuts a page.

    `head` holds the headers that say what the body is: JSON, if nothing else is said.
    """

    body: bytes | Listing
    status: int | None = None  # None: the operation's documented success
    head: Headers = JSON


class Call:
    """One request in the pipeline, and all that a handler may read and do.

    Made once the route is known. `arguments` are the typed path and query parameters, `body` is the decoded JSON (None
    without a body), `parts` are those of a multipart form by name, with their bytes, `now` is the world's time in
    milliseconds, `store` holds the records of the caller's tenant. Events and jobs have the operation UNROUTED. `world`
    is for pipeline steps only: handlers use the other members.
    """

    __slots__ = (
        "arguments",
        "body",
        "buckets",
        "contract",
        "credential",
        "headers",
        "max_bytes",
        "max_depth",
        "message",
        "now",
        "operation",
        "parts",
        "refundable",
        "request",
        "segments",
        "step",
        "store",
        "trace",
        "world",
        "writes",
    )

    def __init__(
        self,
        request: Request,
        world: World,
        contract: Contract,
        operation: Operation = UNROUTED,
        *,
        segments: tuple[str, ...] = (),
    ) -> None:
        self.request = request
        self.world = world
        self.contract = contract
        self.operation = operation
        self.segments = segments
        self.max_bytes = 0  # of the body
        self.max_depth = 0  # levels of arrays and objects in it
        self.now = world.clock.now()
        self.arguments: dict[str, Json] = {}
        self.body: Json = None
        self.parts: Parts = NO_PARTS
        self.credential = NOBODY
        self.store = NO_STORE
        self.headers: Headers = ()
        self.step = "route"
        self.trace: list[str] = []
        self.refundable: tuple[Window, ...] = ()  # that count this request only if it succeeds
        self.message: str | None = None  # of a refusal
        self.buckets: tuple[Any, ...] = ()  # flat: see Exchange
        self.writes: list[Any] = NOTHING_WRITTEN  # flat: see Exchange

    @property
    def ids(self) -> Ids:
        """The world's stream of ids."""
        return self.world.ids

    def assumed(self, id: str) -> Json:
        """Return the value that this world uses for the assumption `id`; adds the id to the trace."""
        self.trace.append(id)
        return self.world.assumptions[id]

    def value(self, value: Json) -> Json:
        """`value` itself, or the world's value where the document has `{assumption: id}`."""
        return self.assumed(value.id) if type(value) is Assumed else value

    @property
    def origin(self) -> str:
        """The URL by which the caller reaches this server, or a world of it, such as `http://127.0.0.1:8629`."""
        host, known = self.request.header("host"), self.world.server.url
        reached = f"{known.partition('://')[0]}://{host}" if host and _HOST.fullmatch(host) else known
        return reached + self.request.root_path

    @property
    def tenants(self) -> Mapping[str, Store]:
        """The stores of all tenants of this API, for callers that belong to several."""
        return self.world.tenants[self.contract.name]

    def find(
        self, resource: str, id: Json, *, having: Mapping[str, Json] | None = None, kind: str | None = None
    ) -> Record:
        """A copy of the record `id` of a declared resource, as `find_shared` finds it."""
        return decode(encode(self.find_shared(resource, id, having=having, kind=kind)))

    def find_shared(
        self, resource: str, id: Json, *, having: Mapping[str, Json] | None = None, kind: str | None = None
    ) -> SharedRecord:
        """The record `id` of a declared resource, which has the members `having`; read-only.

        Raises the Problem that the document declares for one that is not there, or of this `kind`, and that of a record
        which `having` names.
        """
        assert self.world.server.find is not None, "worlds know how"
        found: SharedRecord = self.world.server.find(self, resource, id, having or {}, kind)
        return found

    def exists_for_other_tenant(self, collection: str, id: str) -> bool:
        """Whether another tenant of this API has a record `id`."""
        tenants = self.world.tenants[self.contract.name].values()
        return any(store is not self.store and store[collection].row(id) is not None for store in tenants)

    def owner_store(self, collection: str, id: str) -> Store | None:
        """The store of the tenant that has a record `id`, None without one; for operations without a credential."""
        tenants = self.world.tenants[self.contract.name].values()
        return next((store for store in tenants if store[collection].row(id) is not None), None)

    def url_token(self, length: int) -> str:
        """An unguessable token for a URL; a request whose path contains it finds this world."""
        return f"{self.world.id}.{self.ids.take(length)}"

    def url(self, path: str) -> str:
        """The absolute URL of a path of this API (such as `/files`), at the host of this request."""
        return self.origin + self.contract.prefixes[0] + path

    def mail(self, record: Record) -> None:
        """Put a mail into the tenant's outbox; drop the oldest ones where it is full."""
        outbox = self.store["outbox"]
        outbox.put(record)
        outbox.trim(self.world.server.bounds.outbox)

    def schedule(self, seconds: float, timer: str, payload: Record) -> None:
        """Schedule the API's `timer` for this tenant, to run in `seconds` of the world's time."""
        at = self.now + round(seconds * 1000)
        self.world.schedule(at, self.contract.name, self.credential.tenant, timer, payload)


Handler = Callable[[Call], Reply]
