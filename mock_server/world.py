"""Worlds: all that can change between two requests, and the registry that finds a world by credential.

A world forks in microseconds because its collections share rows until written. Must not know HTTP, nor any
API's records.
"""

from __future__ import annotations

import os
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from heapq import heapify, heappop, heappush
from typing import Any, NamedTuple

from mock_server import auth, keys
from mock_server.api import Api, Assumptions, Call, Credential, Json, Router, Window
from mock_server.bounds import Bounds, Full
from mock_server.clock import Clock, milliseconds, rfc3339
from mock_server.contract import Quota
from mock_server.exchange import Exchange, Request, Response
from mock_server.faults import Faults
from mock_server.grammar import nearest
from mock_server.ids import Ids
from mock_server.journal import Journal, Room
from mock_server.masking import Mask
from mock_server.store import Record, Store, encode

Tenants = dict[str, dict[str, Store]]  # by API, by tenant
Planted = tuple[dict[str, Store], tuple[Credential, ...]]  # of one API: its tenants' data, all credentials


_AT_ONCE = -1 << 62  # less than any store has bytes: the next write is looked at
_ADVANCE = "let some happen with POST /__mock__/clock/advance, or reset the world"


class Due(NamedTuple):
    """Something that happens by itself when its time comes."""

    at: int
    number: int
    api: str
    tenant: str
    timer: str
    payload: Record


class Numbers:
    """The numbers of the jobs in `due`: a new one is one more than the highest that waits, found without a search.

    It follows from what waits alone, so that a restored world goes on with the same numbers.
    """

    __slots__ = ("_highest", "_waiting", "due")

    def __init__(self, due: list[Due]) -> None:
        self.due = due
        self._waiting = {job.number for job in due}
        self._highest = [-number for number in self._waiting]  # also numbers that wait no longer
        heapify(self._highest)

    def take(self) -> int:
        """The number of a new job."""
        while self._highest and -self._highest[0] not in self._waiting:
            heappop(self._highest)
        number = 1 - self._highest[0] if self._highest else 1
        heappush(self._highest, -number)
        self._waiting.add(number)
        return number

    def free(self, number: int) -> None:
        """Let go of the number of a job that waits no longer."""
        self._waiting.remove(number)


@dataclass(slots=True)
class World:
    """One isolated world. `origin` is what `reset` goes back to: the same world as it was made, never written to.

    `windows` are those of rate limits, by the limit and the credential or tenant that it is for. Worlds share
    assumptions and limits: to change them is to replace them.
    """

    id: str
    registry: Worlds = field(repr=False)
    clock: Clock
    ids: Ids
    tenants: Tenants
    credentials: dict[tuple[str, str], Credential]
    assumptions: Assumptions
    limits: Mapping[str, int | None]
    due: list[Due] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)
    windows: defaultdict[tuple[str, str], Window] = field(default_factory=partial(defaultdict, Window))
    journal: Journal = field(init=False)
    origin: World | None = None
    numbers: Numbers | None = None
    brought: int = 0  # bytes of the keys and jobs that came with a restored state

    def __post_init__(self) -> None:
        self.journal = Journal(self.registry.bounds, self.registry.room)

    def fork(self, id: str, *, tenants: Tenants, ids: Ids | None = None, clock: Clock | None = None) -> World:
        """A world with the same credentials and assumptions, and nothing behind it: no journal, no windows."""
        return World(
            id=id,
            registry=self.registry,
            clock=clock or self.clock.fork(),
            ids=ids or self.ids.fork(),
            tenants=tenants,
            credentials=self.credentials.copy(),
            assumptions=self.assumptions,
            limits=self.limits,
            due=self.due.copy(),
        )

    def begin(self) -> World:
        """Remember this moment as the one that `reset` goes back to: the data so far are not written to any more."""
        self.origin = self.fork(self.id, tenants=self.tenants)
        self.origin.journal, self.origin.windows = self.journal, self.windows  # nothing happens in an origin
        self.tenants = _forked(self.tenants)
        return self

    def reset(self) -> None:
        """Go back to how the world was made: data, clock, ids, credentials, assumptions; journal and faults empty."""
        assert self.origin is not None, "worlds of the registry have begun"
        self.adopt(self.origin.fork(self.id, tenants=_forked(self.origin.tenants)))

    def adopt(self, other: World) -> None:
        """Become like `other`, a world that nobody else uses; nothing of what happened is kept."""
        self.clock, self.ids, self.tenants = other.clock, other.ids, other.tenants
        self.credentials, self.assumptions, self.limits = other.credentials, other.assumptions, other.limits
        self.due, self.faults, self.windows, self.journal = other.due, other.faults, other.windows, other.journal
        self.brought = other.brought
        assert self.origin is not None, "worlds of the registry have begun"
        self.origin.journal, self.origin.windows = self.journal, self.windows

    def schedule(self, at: int, api: str, tenant: str, timer: str, payload: Record) -> None:
        """Let a timer of an API happen at `at` (milliseconds)."""
        number = self._numbers().take()  # equal times keep their order
        heappush(self.due, Due(at, number, api, tenant, timer, payload))
        if len(self.due) >= self.registry.bounds.jobs:
            self.tenants[api][tenant].meter.next = _AT_ONCE

    def catch_up(self, now: int) -> None:
        """Let everything happen that was due until `now`, in order, each at its own time.

        A job that raises stays due, for another attempt the next time; the journal tells of each failed attempt.
        """
        failed = []
        while self.due and self.due[0].at <= now:
            numbers, due = self._numbers(), heappop(self.due)
            numbers.free(due.number)
            try:
                self._run(due)
            except Exception:  # a programmer's error: the request that comes now is not to blame
                failed.append(due)
                self._record_failure(due, traceback.format_exc())
        for due in failed:
            heappush(self.due, due._replace(number=self._numbers().take()))

    def _run(self, due: Due) -> None:
        call = self.inside(due.api, due.tenant, due.payload)
        call.now = due.at
        call.api.timers[due.timer].happen(call)

    def _record_failure(self, due: Due, error: str) -> None:
        """Keep the traceback of a job that raised in the journal, as an exchange that no client sent."""
        self.journal.count += 1
        request = Request("TIMER", due.timer, body=encode(due.payload))
        number, id = self.journal.count, self.id
        failure = Exchange(number, id, due.api, None, due.at, request, Response(500), "run", "internal", (), error)
        self.journal.keep(failure)

    def _numbers(self) -> Numbers:
        """The numbers of the jobs that wait; begun anew where `due` was replaced."""
        if self.numbers is None or self.numbers.due is not self.due:
            self.numbers = Numbers(self.due)
        return self.numbers

    def size(self) -> int:
        """Bytes of the records beyond those that the world was made with, and of a restored state's keys and jobs."""
        return self.brought + sum(store.meter.bytes for stores in self.tenants.values() for store in stores.values())

    def check_room(self, store: Store) -> None:
        """Raise Full where nothing more may be written or scheduled."""
        if len(self.due) >= self.registry.bounds.jobs:
            raise Full(f"{len(self.due)} jobs are scheduled in this world", _ADVANCE, "jobs")
        room = self.registry.check_state(0)
        store.meter.next = store.meter.bytes + max(room // (16 * len(self.registry.all)), 1 << 16)

    def advance(self, seconds: float) -> None:
        """Move the clock on; returns after all that was due has happened. Raises ValueError for a negative number."""
        self.clock.advance(seconds)
        self.catch_up(self.clock.now())

    def inside(self, api: str, tenant: str, body: Record) -> Call:
        """A Call for what happens in the vendor's app or by itself: no request came for it."""
        call = Call(Request("", ""), self)
        call.api = self.registry.apis[api]
        call.store = self.tenants[api][tenant]
        call.credential = Credential("", api, tenant)
        call.body = body
        return call

    def entry(self, api: str) -> dict[str, Json]:
        """What the ready file tells of an API in this world: base_url, keys, members."""
        declared = self.registry.apis[api]
        credentials = [credential for credential in self.credentials.values() if credential.api == api]
        base_url = self.registry.url + declared.contract.prefixes[0]
        return {"base_url": base_url, **declared.entry(credentials, self.tenants[api])}

    def reached(self) -> dict[str, Json]:
        """How the world is reached: url, pid, and an entry for each API."""
        apis = {name: self.entry(name) for name in self.registry.apis if name != "control"}
        return {"url": self.registry.url, "pid": os.getpid(), "apis": apis}

    def export(self) -> dict[str, Json]:
        """All that can change, as JSON: what `restore` takes. Journal, faults and rate windows stay behind."""
        return {
            "clock": {"now": rfc3339(self.clock.now()), "frozen": self.clock.frozen},
            "ids": {"seed": self.ids.seed, "count": self.ids.count},
            "assumptions": dict(self.assumptions),
            "credentials": [credential._asdict() for credential in self.credentials.values()],
            "due": [due._replace(number=n)._asdict() for n, due in enumerate(sorted(self.due), 1)],
            "apis": {
                api: {tenant: store.dump() for tenant, store in tenants.items()}
                for api, tenants in self.tenants.items()
            },
        }


class Worlds:
    """All worlds of one server. The default one is built from the fixtures; `create` makes fresh ones.

    `assume` sets assumptions, `limits` rate limits by API (None: no limit) for every world. `plant` makes data of an
    API's seed.
    """

    def __init__(
        self,
        apis: Sequence[Api],
        *,
        seeds: Mapping[str, Json],
        clock: Clock | None = None,
        seed: str = "understudy",
        assume: Mapping[str, Json] | None = None,
        limits: Mapping[str, int | None] | None = None,
        helpful: bool = True,
        checked: bool = False,
        plant: Callable[[Api, Json], Planted] | None = None,
        bounds: Bounds | None = None,
        show_secrets: bool = False,
    ) -> None:
        """Raises ValueError for an unknown assumption or value, or a seed that does not fit its document."""
        self.apis = {api.name: api for api in apis}
        self.router = Router(apis)
        self.url = "http://understudy"
        self.helpful = helpful
        self.checked = checked
        self.bounds = bounds or Bounds()
        self.room = Room(self.bounds.all_journals_bytes, self._journals)
        self.all: dict[str, World] = {}
        self.mask = Mask((api.contract for api in apis), seed=seed, tokens=self._tokens, show=show_secrets)
        self.token: str | None = None  # what the control API asks for; None on loopback
        self._ids = Ids(seed)
        schemes = [scheme for api in apis for scheme in api.contract.schemes]
        self._carriers = frozenset((b"x-mock-world", *(scheme.field for scheme in schemes)))
        self._key_cookies = frozenset(scheme.header for scheme in schemes if scheme.place == "cookie")
        self._key_parameters = frozenset(scheme.header for scheme in schemes if scheme.place == "query")
        self._by_token: dict[bytes, World] = {}  # tokens as they stand in a header
        self._next: defaultdict[bytes, dict[str, None]] = defaultdict(
            dict
        )  # other worlds with a token, by id, in order
        known = {id: known for api in apis for id, known in api.contract.assumptions.items()}
        assumptions = {id: assumption.default for id, assumption in known.items()}
        assumptions |= allowed(assume or {}, known)
        documented = {api.name: api.contract.rate_limit for api in apis if api.contract.rate_limit}
        declared = {name: limit.quota.requests for name, limit in documented.items() if isinstance(limit.quota, Quota)}
        sown = {api.name: (plant or planted)(api, seeds[api.name]) for api in apis if api.name in seeds}
        pristine = World(
            id="default",
            registry=self,
            clock=clock or Clock(),
            ids=Ids(seed),
            tenants={api.name: sown[api.name][0] if api.name in sown else {} for api in apis},
            credentials={(one.api, one.token): one for _, credentials in sown.values() for one in credentials},
            assumptions=Assumptions(assumptions),
            limits={**declared, **(limits or {})},
        )
        self.default = pristine.begin()
        self.all["default"] = self.default
        self._register(self.default)

    def create(self) -> World:
        """A fresh world: the fixtures' data, keys of its own, its own stream of ids, the default world's time.

        Raises Full.
        """
        assert self.default.origin is not None, "the default world has begun"
        if len(self.all) >= self.bounds.worlds:
            raise Full(f"there are {len(self.all)} worlds", "remove one with DELETE /__mock__/worlds/{id}", "worlds")
        id = f"w_{self._ids.take(12)}"
        origin = self.default.origin
        ids, clock = Ids(f"{self._ids.seed}/{id}"), self.default.clock.fork()
        world = origin.fork(id, tenants=origin.tenants, ids=ids, clock=clock)
        world.credentials = {}
        for credential in origin.credentials.values():
            token = self.apis[credential.api].new_key(world.ids)
            world.credentials[credential.api, token] = credential._replace(token=token)
        self.all[id] = world.begin()
        self._register(world)
        return world

    def remove(self, id: str) -> None:
        """Forget a world and its keys; raises KeyError when there is none, ValueError for the default one."""
        if id == "default":
            raise ValueError("the default world cannot be removed; reset it instead")
        world = self.all.pop(id)
        self._forget(world, _tokens_of(world))

    def of(self, request: Request) -> World | None:
        """The world of a request: the one that X-Mock-World names (None when unknown), its key's, or the default."""
        world, carriers = None, self._carriers
        for name, value in request.headers:
            if name in carriers:
                if name == b"x-mock-world":
                    return self.all.get(value.decode("latin-1"))
                if world is None:  # whatever its scheme: it only chooses
                    world = self._by_token.get(value.rpartition(b" ")[2]) or self._by_other_form(name, value)
        if world is None and request.query and self._key_parameters:
            world = self._by_query(request.query)
        if request.path.startswith("/__mock__/"):
            return self.default
        return world or self._addressed(request.path) or self.default

    def holder(self, token: str) -> World | None:
        """The world that a key leads to, None for an unknown one."""
        return self._by_token.get(_sent(token))

    def reset(self, world: World) -> None:
        """Let a world go back to how it was made, keys included."""
        former = _tokens_of(world)
        world.reset()
        self._register(world)
        self._forget(world, former - _tokens_of(world))

    def restore(self, world: World, state: Mapping[str, Any]) -> None:
        """Give a world the state that `export` told, and let its own keys open it (see `keys`).

        Raises, nothing changed, ValueError for what does not fit, and Full where there is no room for it.
        """
        known = {id: a for api in self.apis.values() for id, a in api.contract.assumptions.items()}
        try:
            clock = Clock(milliseconds(state["clock"]["now"]), frozen=state["clock"]["frozen"])
        except ValueError as error:
            raise ValueError(f"clock.now: {error}") from None
        ids = Ids(state["ids"]["seed"], int(state["ids"]["count"]))
        other = world.fork(world.id, tenants={}, ids=ids, clock=clock)
        other.assumptions = Assumptions({**other.assumptions, **allowed(state["assumptions"], known)})
        credentials = [Credential(**credential) for credential in state["credentials"]]
        if len({(credential.api, credential.token) for credential in credentials}) < len(credentials):
            raise ValueError("credentials: two of an API have the same token")
        other.due = sorted((_due(due) for due in state["due"]), key=lambda due: due[:2])
        other.tenants = self._tenants(state["apis"])
        owners = [(c.api, c.tenant) for c in credentials] + [(due.api, due.tenant) for due in other.due]
        for api, tenant in owners:
            if tenant not in other.tenants.get(api, {}):
                raise ValueError(f"{api} has no tenant {tenant}")
        self._check_due(other.due)
        other.due = [due._replace(number=number) for number, due in enumerate(other.due, 1)]
        own = list(world.credentials.values())
        opening = keys.taken_over(own, credentials, was=world.tenants, now=other.tenants)
        other.credentials = {(credential.api, credential.token): credential for credential in opening}
        other.brought = len(encode([state["ids"], state["credentials"], state["due"]]))
        self.check_state(other.size() - world.size())
        former = _tokens_of(world)
        world.adopt(other)
        self._register(world)
        self._forget(world, former - _tokens_of(world))

    def check_state(self, added: int) -> int:
        """The bytes that records may still take after `added` more; raises Full where there is no room for them."""
        held = added + sum(world.size() for world in self.all.values())
        if held >= self.bounds.state_bytes:
            of = f"the records of all worlds would take {held} bytes of {self.bounds.state_bytes}"
            raise Full(of, "remove worlds, or put them back with POST /__mock__/reset", "state-bytes")
        return self.bounds.state_bytes - held

    def _journals(self) -> list[Journal]:
        return [world.journal for world in self.all.values()]

    def _tokens(self, id: str) -> list[str]:
        """The keys of the world `id`, none when it is gone."""
        world = self.all.get(id)
        return [] if world is None else [token for _, token in world.credentials]

    def _check_due(self, due: list[Due]) -> None:
        if len({timer.number for timer in due}) != len(due):
            raise ValueError("due: two have the same number")
        for at, number, api, _, name, payload in due:
            timer = self.apis[api].timers.get(name)
            if timer is None:
                raise ValueError(f"due: {api} has no timer {name}{nearest(name, self.apis[api].timers)}")
            for error in self.apis[api].contract.fits(timer.payload).iter_errors(payload):
                raise ValueError(f"due: {number} at {at}: {error.message}")

    def _by_other_form(self, name: bytes, value: bytes) -> World | None:
        """The world of a key with a blank in it, of a Basic credential, or of a cookie."""
        text = value.decode("latin-1")
        if name == b"cookie":
            tokens = [one for cookie, one in auth.cookies(text) if cookie in self._key_cookies]
        else:
            behind = text.partition(" ")[2]
            tokens = [text, behind, auth.decoded(behind) or ""]
        return next((self._by_token[_sent(token)] for token in tokens if _sent(token) in self._by_token), None)

    def _by_query(self, query: str) -> World | None:
        """The world of a key in the query."""
        tokens = (_sent(text) for name, text in auth.pairs(query) if name in self._key_parameters)
        return next((self._by_token[token] for token in tokens if token in self._by_token), None)

    def _addressed(self, path: str) -> World | None:
        """The world that handed out a URL with this path (see Call.ticket)."""
        if "." not in path:
            return None
        worlds = (self.all.get(segment.partition(".")[0]) for segment in path.split("/") if "." in segment)
        return next((world for world in worlds if world is not None), None)

    def _tenants(self, dumps: Mapping[str, Any]) -> Tenants:
        for name in sorted(dumps.keys() ^ self.apis.keys()):
            fault = "is missing" if name in self.apis else f"is not served here{nearest(name, self.apis)}"
            raise ValueError(f"apis: {name} {fault}")
        for name, tenants in dumps.items():
            if self.apis[name].layouts and not tenants:
                raise ValueError(f"apis: {name} has no tenant")
        return {
            name: {tenant: loaded(self.apis[name], tenant, dump) for tenant, dump in tenants.items()}
            for name, tenants in dumps.items()
        }

    def _register(self, world: World) -> None:
        """Let the world's present keys lead to it; those of another world stay that one's, as long as it has them."""
        for token in _tokens_of(world):
            if self._by_token.setdefault(token, world) is not world:
                self._next[token][world.id] = None

    def _forget(self, world: World, tokens: Iterable[bytes]) -> None:
        """Let these keys lead to the world no more, but to the next one that has them."""
        for token in tokens:
            others = self._next[token]
            if self._by_token[token] is not world:
                del others[world.id]
            elif others:
                id = next(iter(others))
                del others[id]
                self._by_token[token] = self.all[id]
            else:
                del self._by_token[token]
            if not others:
                del self._next[token]


def allowed(values: Mapping[str, Json], known: Mapping[str, Any]) -> Mapping[str, Json]:
    """`values` when each is the default or an alternative of a known assumption; else raises ValueError."""
    for id, value in values.items():
        if id not in known:
            raise ValueError(f"unknown assumption {id}{nearest(id, known)}")
        if not known[id].allows(value):
            choices = [known[id].default, *known[id].alternatives]
            raise ValueError(f"{id} cannot be {value!r}; it is one of {', '.join(map(repr, choices))}")
    return values


def planted(api: Api, seed: Json) -> Planted:
    """What grows from an API's seed; raises ValueError when it does not fit the document."""
    grown = api.seed(seed, api.contract)
    stores = {seeded.tenant: loaded(api, seeded.tenant, seeded.data) for seeded in grown}
    return stores, tuple(credential for seeded in grown for credential in seeded.credentials)


def loaded(api: Api, tenant: str, dump: Mapping[str, Sequence[Record]]) -> Store:
    """A store with these records; raises ValueError naming the first one that does not fit the document."""
    for name, records in dump.items():
        layout = api.layouts.get(name)
        if layout is None:
            raise ValueError(f"{api.name}/{tenant}: there is no collection {name}{nearest(name, api.layouts)}")
        validator, seen = api.contract.fits(layout.schema), set[str]()
        for number, record in enumerate(records):
            for error in validator.iter_errors(record):
                place = ".".join(map(str, (name, number, *error.instance_path)))
                raise ValueError(f"{api.name}/{tenant}: {place}: {error.message}")
            if record["id"] in seen:
                raise ValueError(f"{api.name}/{tenant}: {name}.{number}.id: there are two with the id {record['id']}")
            seen.add(record["id"])
    store = filled(api, dump)
    for misfit in api.misfits(tenant, store):
        raise ValueError(f"{api.name}/{tenant}: {misfit}")
    return store


def filled(api: Api, dump: Mapping[str, Sequence[Record]]) -> Store:
    """A store with these records, which are known to fit."""
    store = Store.empty(api.layouts)
    for name, records in dump.items():
        for record in records:
            store[name].put(record)
    return store


def _tokens_of(world: World) -> set[bytes]:
    return {_sent(token) for _, token in world.credentials}


def _sent(token: str) -> bytes:
    return token.encode("latin-1", "backslashreplace")  # what no header can carry leads nowhere


def _due(told: Mapping[str, Json]) -> Due:
    # JSON knows no integers: 1.0 is one, too
    return Due(**{**told, "at": int(told["at"]), "number": int(told["number"])})


def _forked(tenants: Tenants) -> Tenants:
    return {api: {id: store.fork() for id, store in stores.items()} for api, stores in tenants.items()}
