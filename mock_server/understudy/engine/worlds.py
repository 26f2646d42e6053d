"""The worlds of one server: finds the world of a request, by its URL or key; makes, resets, restores, removes worlds.

Must not know any API's records.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from understudy.document.memory import memoize
from understudy.document.model import Assumption, Quota
from understudy.document.read import Unreadable
from understudy.document.seed_file import SeedError, check_json
from understudy.document.seed_times import with_times
from understudy.engine import auth, keys, root_path
from understudy.engine.api import Api
from understudy.engine.assumptions import Assumptions
from understudy.engine.bounds import Bounds, Full, TooManyWorlds
from understudy.engine.call import Call, Json
from understudy.engine.clock import Clock, milliseconds
from understudy.engine.credential import Credential
from understudy.engine.decision import Decisions
from understudy.engine.exchange import Exchange, Request, Response
from understudy.engine.fallback import Fallback
from understudy.engine.ids import Ids
from understudy.engine.jobs import internal_call, run_due_jobs
from understudy.engine.journal import Journal, MemoryLimit
from understudy.engine.masking import Mask
from understudy.engine.router import Router
from understudy.engine.seed import SeededData, load_seed, load_store
from understudy.engine.server import Server
from understudy.engine.store import Record, SharedRecord, Store, encode
from understudy.engine.world import Job, Tenants, World
from understudy.messages import shorten, suggest

_MOST_START_STATES = 8  # of times that worlds begin at
_MOST_READINGS = 16  # that no world has
_MOST_GONE = 1000  # worlds whose end is remembered
_MOST_COMPARED = 200  # ids of worlds
_WORLD_ID = re.compile("w_[0-9A-Za-z]{12}")
_ADVANCE = "run some with POST /__mock__/clock/advance, or reset the world"

MakeApi = Callable[["Worlds"], Api]  # makes the control API, whose handlers act on the worlds


class Served(NamedTuple):
    """The APIs of worlds that read their documents alike, by name, and the routes to them."""

    apis: dict[str, Api]
    router: Router


class Worlds:
    """All worlds of one server. The default one is made from the fixtures; `create` makes more.

    An API that declares resources adds its own start records where `seeds` has none.

    `assume` sets assumptions and `limits` rate limits by API (None: unlimited), both for every world. `seeder` loads
    the seed of an API, `fallback` answers what no operation takes. A world that gets no request for `idle_timeout`
    seconds (None: ever) is removed by `expire`.
    """

    def __init__(
        self,
        apis: Sequence[Api | MakeApi],
        *,
        seeds: Mapping[str, Json],
        clock: Clock | None = None,
        seed: str = "understudy",
        assume: Mapping[str, Json] | None = None,
        limits: Mapping[str, int | None] | None = None,
        helpful: bool = True,
        checked: bool = False,
        seeder: Callable[[Api, Json], SeededData] | None = None,
        bounds: Bounds | None = None,
        show_secrets: bool = False,
        idle_timeout: float | None = 3600,
    ) -> None:
        """Raises ValueError for an unknown assumption or value, or a seed that does not fit its document."""
        served = [api if isinstance(api, Api) else api(self) for api in apis]
        self._declared = served
        known = {id: known for api in served for id, known in api.contract.assumptions.items()}
        assumptions = {id: assumption.default for id, assumption in known.items()}
        assumptions |= check_assumptions(assume or {}, known)
        self.readings: dict[int, Served] = {}
        self._assumptions = self.assumed(assumptions, {})
        self.apis, self.router = self.readings[0]
        self.fallback: Fallback | None = None
        self.all: dict[str, World] = {}
        self.idle_timeout = idle_timeout
        self._next_check = 0.0
        self._last_seen: dict[str, tuple[Journal, int, float]] = {}  # journal, its count, and since when it is the same
        self.gone: dict[str, str] = {}  # ids of worlds that were removed, and how
        chosen = bounds or Bounds()
        mask = Mask((api.contract for api in served), seed=seed, tokens=self.tokens, show=show_secrets)
        memory = MemoryLimit(chosen.all_journals_bytes, self._journals)
        self.server = Server(chosen, memory, mask, helpful=helpful, checked=checked, find=self._found)
        self._ids = Ids(seed)
        schemes = [scheme for api in served for scheme in api.contract.schemes]
        self._decisions = Decisions()
        self._key_headers = frozenset((b"x-mock-world", *(scheme.field for scheme in schemes)))
        self._key_cookies = frozenset(scheme.header for scheme in schemes if scheme.location == "cookie")
        self._key_parameters = frozenset(scheme.header for scheme in schemes if scheme.location == "query")
        self._by_token: dict[bytes, World] = {}  # by the token as a header carries it
        self._other_owners: defaultdict[bytes, dict[str, None]] = defaultdict(dict)  # ids, in order
        documented = {api.name: api.contract.rate_limit for api in served if api.contract.rate_limit}
        declared = {name: limit.quota.requests for name, limit in documented.items() if isinstance(limit.quota, Quota)}
        self._seeds, self._seeder = seeds, seeder or load_seed
        self._limits = {**declared, **(limits or {})}
        self._start_states: dict[tuple[int | None, int], World] = {}  # by time and reading; but for the default one's
        begun = clock or Clock()
        seeded = {
            api.name: self._seeder(api, seeds.get(api.name))
            for api in self.apis.values()
            if api.name in seeds or api.add is not None
        }
        self.default = self._made("default", begun, seeded, self._assumptions).mark_origin()
        self.all["default"] = self.default
        self._register(self.default)

    def create(
        self,
        seed_data: Mapping[str, Json] | None = None,
        *,
        source: World | None = None,
        assume: Mapping[str, Json] | None = None,
        clock: str | None = None,
        seed: str | None = None,
    ) -> World:
        """A new world with keys of its own: as the default world began, at its time; or a fork of `source`.

        `seed_data` replaces the data of an API by the content of another seed. `assume` switches assumptions. `clock`
        is `real`, `frozen`, or an ISO 8601 time at which the clock stands still. `seed` is another source of ids.
        Raises Full, and ValueError (SeedError where the seed has places) for what does not fit.
        """
        if len(self.all) >= self.server.bounds.worlds:
            raise TooManyWorlds(f"there are {len(self.all)} worlds", self._how_to_make_room())
        assumptions = self.switched(source, assume or {})
        time = self.clock_of(clock, source)
        id, ids = f"w_{self._ids.take(12)}", None if seed is None else Ids(seed)
        if source is None:
            origin = self._start_state(time if clock not in (None, "real", "frozen") else None, assumptions)
            world = origin.fork(id, tenants=origin.tenants, ids=ids, clock=time)
        else:
            world = source.fork(id, tenants=source.branches(), ids=ids, clock=time)
            world.seeded_bytes = source.size()
        world.assumptions = assumptions
        for name, content in (seed_data or {}).items():
            self._replace_data(world, self.apis_of(world)[name], content)
        credentials, world.credentials = world.credentials, {}
        new_keys = Ids(f"{self._ids.seed}/{id}")
        for credential in credentials.values():
            token = self._new_token(credential, new_keys)
            world.credentials[credential.api, token] = credential._replace(token=token)
        self.check_state_bytes(world.seeded_bytes)
        self.all[id] = world.mark_origin()
        self._register(world)
        return world

    def apis_of(self, world: World) -> Mapping[str, Api]:
        """The APIs that a world is served by: its assumptions say how their documents are read."""
        return self.readings[world.assumptions.reading].apis

    def _found(self, call: Call, *arguments: Json) -> SharedRecord:
        """A record of a declared resource, for a handler."""
        return self.apis_of(call.world)[call.contract.name].find(call, *arguments)

    def switched(self, world: World | None, values: Mapping[str, Json]) -> Assumptions:
        """The assumptions of a world (None: of a new one) after some are switched.

        Raises ValueError for an unknown id or value, and for one by which records of the world are kept.
        """
        before = self._assumptions if world is None else world.assumptions
        check_assumptions(values, self.assumptions())
        after = self.assumed(before, values) if values else before
        if world is not None and after.reading != before.reading:
            self._check_kept(before, after, values)
        return after

    def assumed(self, before: Mapping[str, Json], values: Mapping[str, Json]) -> Assumptions:
        """Assumptions after some are switched, with the number of their reading. Raises ValueError."""
        after = {**before, **values}
        apis = [api.read_as(after) for api in self._declared]
        for number, known in self.readings.items():
            if all(known.apis[api.name] is api for api in apis):
                return Assumptions(after, reading=number)
        number = max(self.readings, default=-1) + 1
        self._forget_readings()
        self.readings[number] = Served({api.name: api for api in apis}, Router(apis))
        return Assumptions(after, reading=number)

    def _forget_readings(self) -> None:
        """Forget the readings that no world has, where there are many."""
        if len(self.readings) < _MOST_READINGS:
            return
        kept = [one for world in self.all.values() for one in (world, world.origin) if one is not None]
        used = {0, *(one.assumptions.reading for one in kept)}
        self.readings = {number: one for number, one in self.readings.items() if number in used}
        self._start_states = {key: one for key, one in self._start_states.items() if key[1] in self.readings}

    def _check_kept(self, before: Assumptions, after: Assumptions, values: Mapping[str, Json]) -> None:
        """Raise ValueError where records that are there are kept otherwise under other assumptions."""
        old, new = self.readings[before.reading].apis, self.readings[after.reading].apis
        for name, api in new.items():
            layouts = ((one.schema, one.key, old[name].layouts[key]) for key, one in api.layouts.items())
            if any((schema, key) != (one.schema, one.key) for schema, key, one in layouts):
                names = ", ".join(id for id in values if id.startswith(f"{name}."))
                how = "switch it where a world begins: POST /__mock__/worlds without `from`, or serve --assume"
                raise ValueError(f"{names} decides how records are kept; {how}")

    def assumptions(self) -> dict[str, Assumption]:
        """All assumptions of the served documents by id."""
        return {id: known for api in self.apis.values() for id, known in api.contract.assumptions.items()}

    def clock_of(self, text: str | None, source: World | None = None) -> Clock:
        """The clock of a new world: `real`, `frozen`, or an ISO 8601 time; None: as in `source` or the default world.

        Raises ValueError for another text, and for a time before that of `source`.
        """
        clock = (source or self.default).clock.fork()
        if text in ("real", "frozen"):
            clock.run(frozen=text == "frozen")
        elif text is not None:
            then = _time(text)
            if source is not None:
                clock.move_to(then)
            return clock.at(then, frozen=True)
        return clock

    def expire(self, now: float) -> None:
        """Remove the worlds that got no request for `idle_timeout` seconds; `now` is any clock's time in seconds.

        Call it often: it looks at the worlds ten times in that time, at most ten times a second.
        """
        if self.idle_timeout is None or now < self._next_check:
            return
        self._next_check = now + max(self.idle_timeout / 10, 0.1)
        seen, self._last_seen = self._last_seen, {}
        for id, world in list(self.all.items()):
            journal, count, since = seen.get(id, (None, 0, now))
            if journal is not world.journal or count != world.journal.count:
                since = now
            self._last_seen[id] = world.journal, world.journal.count, since
            if now - since >= self.idle_timeout and world is not self.default:
                self._drop(world, f"it got no request for {self.idle_timeout:g} seconds")

    def why_unknown(self, id: str) -> str:
        """What is known of an id that is no world's: how the world ended, or the id that is most similar."""
        if id in self.gone:
            return f"; {self.gone[id]}"
        near = [known for known in self.all if known[:5] == id[:5] or known.lower() == id.lower()]
        return suggest(id[:80], (near or list(self.all))[:_MOST_COMPARED])

    def _how_to_make_room(self) -> str:
        timeout = self.idle_timeout
        expiry = "" if timeout is None else f", wait until one got no request for {timeout:g} seconds"
        return f"remove one with DELETE /__mock__/worlds/{{id}}{expiry}"

    def _made(self, id: str, clock: Clock, seeded: Mapping[str, SeededData], assumptions: Assumptions) -> World:
        """A world that begins at the time of `clock`, with the seeds that were loaded and the resources' own."""
        world = World(
            id=id,
            server=self.server,
            clock=clock,
            ids=Ids(self._ids.seed),
            tenants={name: seeded[name][0] if name in seeded else {} for name in self.apis},
            credentials={(one.api, one.token): one for _, credentials in seeded.values() for one in credentials},
            assumptions=assumptions,
            limits=self._limits,
        )
        for api in self.apis_of(world).values():
            self._start(world, api, self._seeds.get(api.name))
        return world

    def _start_state(self, clock: Clock | None, assumptions: Assumptions) -> World:
        """How a world begins at the time of a clock (None: of the default world). Never written to."""
        first, reading = self.default.origin, assumptions.reading
        assert first is not None, "the default world has an origin"
        if clock is None and reading == first.assumptions.reading:
            return first
        time = clock or first.clock.fork()
        key = None if clock is None else time.now(), reading
        origin = self._start_states.get(key)
        if origin is None:
            apis = self.readings[reading].apis.values()
            served = [api for api in apis if api.name in self._seeds or api.add is not None]
            seeded = {api.name: self._seeded_at(api, time.now()) for api in served}
            began = Assumptions(self._assumptions, reading=reading)
            origin = self._made("default", time, seeded, began).mark_origin().origin
            assert origin is not None, "it was made just now"
            memoize(self._start_states, key, origin, _MOST_START_STATES)
        return origin

    def _seeded_at(self, api: Api, now: int) -> SeededData:
        """The seed of an API, its relative times counted from `now`."""
        content = self._seeds.get(api.name)
        made = with_times(content, now)
        return self._seeder(api, content) if made == content else load_seed(api, made)

    def add(self, world: World, api: str, tenant: str, content: Json) -> Sequence[Record]:
        """Add records by resource to a tenant of an API that declares resources; raises SeedError."""
        declared = self.apis_of(world)[api]
        if declared.add is None:
            raise ValueError(f"{api} declares no resources")
        return declared.add(internal_call(world, declared, tenant, None), content)

    def _start(self, world: World, api: Api, content: Json) -> None:
        """Add the start records of an API that declares resources. Raises SeedError, Unreadable for those of a file."""
        if api.add is None:
            return
        tenant = next(iter(world.tenants[api.name]))
        if content is not None:
            self.add(world, api.name, tenant, content)
        elif api.start is not None:
            try:
                self.add(world, api.name, tenant, api.start.content)
            except SeedError as error:
                raise Unreadable(error.report(api.start.file)) from error

    def _replace_data(self, world: World, api: Api, content: Json) -> None:
        """Replace the data of an API in a new world by that of a seed."""
        world.jobs = [job for job in world.jobs if job.api != api.name]
        if api.add is not None:
            stores = {tenant: Store.empty(api.layouts) for tenant in world.tenants[api.name]}
            world.tenants = {**world.tenants, api.name: stores}
            self.add(world, api.name, next(iter(stores)), content)
        else:
            check_json(content)
            stores, credentials = load_seed(api, with_times(content, world.clock.now()))
            world.tenants = {**world.tenants, api.name: stores}
            kept = {key: one for key, one in world.credentials.items() if one.api != api.name}
            world.credentials = {**kept, **{(one.api, one.token): one for one in credentials}}
        world.seeded_bytes += sum(store.meter.bytes for store in stores.values())

    def _new_token(self, like: Credential, ids: Ids) -> str:
        """A new token in the form of another: a key, or user and password."""
        new_key = self.apis[like.api].new_key
        return f"{new_key(ids)}:{new_key(ids)}" if ":" in like.token else new_key(ids)

    def remove(self, id: str) -> None:
        """Remove a world and its keys; raises KeyError for an unknown id, ValueError for the default world."""
        if id == "default":
            raise ValueError("the default world cannot be removed; reset it instead")
        self._drop(self.all[id], "it was removed")

    def _drop(self, world: World, how: str) -> None:
        del self.all[world.id]
        self._unregister(world, _tokens_of(world))
        memoize(self.gone, world.id, how, _MOST_GONE)

    def enter(self, request: Request) -> Request:
        """A request as the world of its URL gets it, known or not; the request itself where it names no world.

        The path of an operation stays as it is, unless it begins with a world's id.
        """
        parts = root_path.split(request.path)
        if parts is None or request.root_path:
            return request
        id, path = parts
        known = id in self.all or _WORLD_ID.fullmatch(id)
        if not known and self.router.find(request.path, request.method).operations:
            return request
        return root_path.enter(request, id, path)

    def find(self, request: Request) -> World | None:
        """The world of a request: by its URL or X-Mock-World (None when unknown), by its key, else the default one.

        None, too, where the URL and X-Mock-World disagree.
        """
        if request.root_path:
            id = request.root_path[2:]
            return self.all.get(id) if request.header("x-mock-world") in (None, id) else None
        world, carriers = None, self._key_headers
        for name, value in request.headers:
            if name in carriers:
                if name == b"x-mock-world":
                    return self.all.get(value.decode("latin-1"))
                if world is None:  # of any scheme: authentication checks it later
                    world = self._by_token.get(value.rpartition(b" ")[2]) or self._by_encoded_key(name, value)
        if world is None and request.query and self._key_parameters:
            world = self._by_query(request.query)
        if request.path.startswith("/__mock__/"):
            return self.default
        return world or self._by_url_token(request.path) or self.default

    def find_by_key(self, token: str) -> World | None:
        """The world that has a key; None for an unknown key."""
        return self._by_token.get(_header_bytes(token))

    def reset(self, world: World) -> None:
        """Reset a world to its initial state, keys included."""
        old_tokens = _tokens_of(world)
        world.reset()
        self._register(world)
        self._unregister(world, old_tokens - _tokens_of(world))

    def restore(self, world: World, state: Mapping[str, Any]) -> None:
        """Replace the state of a world by one that `World.export` returned; `keys` decides which keys it has then.

        Raises ValueError for an invalid state and Full for one that is too large; nothing is changed then.
        """
        try:
            clock = world.clock.at(milliseconds(state["clock"]["now"]), frozen=state["clock"]["frozen"])
        except ValueError as error:
            raise ValueError(f"clock.now: {error}") from None
        ids = Ids(state["ids"]["seed"], int(state["ids"]["count"]))
        other = world.fork(world.id, tenants={}, ids=ids, clock=clock)
        values = check_assumptions(state["assumptions"], self.assumptions())
        other.assumptions = self.assumed(other.assumptions, values)
        credentials = [Credential(**credential) for credential in state["credentials"]]
        if len({(credential.api, credential.token) for credential in credentials}) < len(credentials):
            raise ValueError("credentials: two of an API have the same token")
        other.jobs = sorted((_read_job(entry) for entry in state["due"]), key=lambda job: job[:2])
        other.tenants = self._tenants(state["apis"], self.apis_of(other))
        owners = [(c.api, c.tenant) for c in credentials] + [(job.api, job.tenant) for job in other.jobs]
        for api, tenant in owners:
            if tenant not in other.tenants.get(api, {}):
                raise ValueError(f"{api} has no tenant {tenant}")
        self._check_jobs(other.jobs)
        other.jobs = [job._replace(number=number) for number, job in enumerate(other.jobs, 1)]
        own = list(world.credentials.values())
        merged = keys.merge_keys(own, credentials, old_tenants=world.tenants, new_tenants=other.tenants)
        other.credentials = {(credential.api, credential.token): credential for credential in merged}
        assert world.origin is not None, "worlds of the registry have an origin"
        other.seeded_bytes = world.origin.seeded_bytes
        other.restored_bytes = len(encode([state["ids"], state["credentials"], state["due"]]))
        self.check_state_bytes(other.size() - world.size())
        old_tokens = _tokens_of(world)
        world.replace_with(other)
        self._register(world)
        self._unregister(world, old_tokens - _tokens_of(world))

    def run_due_jobs(self, world: World) -> None:
        """Run the jobs of a world that are due by its clock."""
        run_due_jobs(world, self.apis_of(world), world.clock.now())

    def advance(self, world: World, seconds: float) -> None:
        """Move a world's clock forward and run the jobs due by then; raises ValueError for a negative number."""
        world.clock.advance(seconds)
        self.run_due_jobs(world)

    def access_info(self, world: World, api: str) -> dict[str, Json]:
        """The entry of the ready file for an API in a world: base_url, keys, members."""
        declared = self.apis[api]
        credentials = [credential for credential in world.credentials.values() if credential.api == api]
        base_url = self.url_of(world) + declared.contract.prefixes[0]
        return {"base_url": base_url, **declared.access_info(credentials, world.tenants[api])}

    def ready_info(self, world: World) -> dict[str, Json]:
        """The ready file of a world: url, world_url, pid, and an entry for each API."""
        apis = {name: self.access_info(world, name) for name in self.apis if name != "control"}
        own_url = self.server.url + root_path.root_path(world.id)
        ca_file = {} if self.server.ca_file is None else {"ca_file": self.server.ca_file}
        return {"url": self.url_of(world), "world_url": own_url, "pid": os.getpid(), **ca_file, "apis": apis}

    def url_of(self, world: World) -> str:
        """The URL below which a world's APIs and its control API stand: the server's own for the default world."""
        return self.server.url + ("" if world is self.default else root_path.root_path(world.id))

    def noted(self, exchange: Exchange) -> Response:
        """The response of an exchange as it is sent: with its id and what decided it, unless the server is strict.

        Not kept so: two more objects of each exchange would be work for the garbage collector.
        """
        if not self.server.helpful or exchange.api == "control":
            return exchange.response
        return self._decisions.noted(exchange, self.apis)

    def check_room(self, world: World, store: Store) -> None:
        """Raise Full where a bound forbids another record or job in a store of a world."""
        if len(world.jobs) >= self.server.bounds.jobs:
            raise Full(f"{len(world.jobs)} jobs are scheduled in this world", _ADVANCE, "jobs")
        free = self.check_state_bytes(0)
        store.meter.next = store.meter.bytes + max(free // (16 * len(self.all)), 1 << 16)

    def check_state_bytes(self, added: int) -> int:
        """The bytes left for records after `added` more; raises Full where they exceed the bound."""
        held = added + sum(world.size() for world in self.all.values())
        if held >= self.server.bounds.state_bytes:
            held_by = f"the records of all worlds would take {held} bytes of {self.server.bounds.state_bytes}"
            raise Full(held_by, "remove worlds, or put them back with POST /__mock__/reset", "state-bytes")
        return self.server.bounds.state_bytes - held

    def _journals(self) -> list[Journal]:
        return [world.journal for world in self.all.values()]

    def tokens(self, id: str) -> list[str]:
        """The keys of the world `id`; none of an unknown one."""
        world = self.all.get(id)
        return [] if world is None else [token for _, token in world.credentials]

    def _check_jobs(self, jobs: list[Job]) -> None:
        if len({job.number for job in jobs}) != len(jobs):
            raise ValueError("due: two have the same number")
        for at, number, api, _, name, payload in jobs:
            timer = self.apis[api].timers.get(name)
            if timer is None:
                raise ValueError(f"due: {api} has no timer {name}{suggest(name, self.apis[api].timers)}")
            for error in self.apis[api].contract.fits(timer.payload).iter_errors(payload):
                raise ValueError(f"due: {number} at {at}: {error.message}")

    def _by_encoded_key(self, name: bytes, value: bytes) -> World | None:
        """The world of a key that has a space, is a Basic credential, or is sent as a cookie."""
        text = value.decode("latin-1")
        if name == b"cookie":
            tokens = [one for cookie, one in auth.cookies(text) if cookie in self._key_cookies]
        else:
            credentials = text.partition(" ")[2]  # RFC 9110, 11.4
            tokens = [text, credentials, auth.decoded(credentials) or ""]
        return next(filter(None, map(self.find_by_key, tokens)), None)

    def _by_query(self, query: str) -> World | None:
        """The world of a key in the query."""
        tokens = (_header_bytes(text) for name, text in auth.pairs(query) if name in self._key_parameters)
        return next((self._by_token[token] for token in tokens if token in self._by_token), None)

    def _by_url_token(self, path: str) -> World | None:
        """The world whose id a segment of the path begins with (see Call.url_token)."""
        if "." not in path:
            return None
        worlds = (self.all.get(segment.partition(".")[0]) for segment in path.split("/") if "." in segment)
        return next((world for world in worlds if world is not None), None)

    def _tenants(self, dumps: Mapping[str, Any], apis: Mapping[str, Api]) -> Tenants:
        for name in sorted(dumps.keys() ^ self.apis.keys()):
            problem = "is missing" if name in self.apis else f"is not served here{suggest(name, self.apis)}"
            raise ValueError(f"apis: {name} {problem}")
        for name, tenants in dumps.items():
            if self.apis[name].layouts and not tenants:
                raise ValueError(f"apis: {name} has no tenant")
        return {
            name: {tenant: load_store(apis[name], tenant, dump) for tenant, dump in tenants.items()}
            for name, tenants in dumps.items()
        }

    def _register(self, world: World) -> None:
        """Index a world by its present keys; a key that another world holds already stays with that one."""
        for token in _tokens_of(world):
            if self._by_token.setdefault(token, world) is not world:
                self._other_owners[token][world.id] = None

    def _unregister(self, world: World, tokens: Iterable[bytes]) -> None:
        """Remove these keys of a world from the index; each passes to the next world that has it."""
        for token in tokens:
            others = self._other_owners[token]
            if self._by_token[token] is not world:
                del others[world.id]
            elif others:
                id = next(iter(others))
                del others[id]
                self._by_token[token] = self.all[id]
            else:
                del self._by_token[token]
            if not others:
                del self._other_owners[token]


def check_assumptions(values: Mapping[str, Json], known: Mapping[str, Any]) -> Mapping[str, Json]:
    """`values`, each checked against the known assumptions; raises ValueError for an unknown id or value."""
    for id, value in values.items():
        if id not in known:
            raise ValueError(f"unknown assumption {id}{suggest(id, known)}")
        if not known[id].allows(value):
            choices = [known[id].default, *known[id].alternatives]
            raise ValueError(f"{id} cannot be {value!r}; it is one of {', '.join(map(repr, choices))}")
    return values


def _time(text: str) -> int:
    """The milliseconds of an ISO 8601 time. Raises ValueError."""
    try:
        return milliseconds(text)
    except (ValueError, OverflowError) as error:
        near = suggest(text.lower(), ("real", "frozen"))
        raise ValueError(f"{shorten(text)} is neither real nor frozen nor an ISO 8601 time{near}") from error


def _tokens_of(world: World) -> set[bytes]:
    return {_header_bytes(token) for _, token in world.credentials}


def _header_bytes(token: str) -> bytes:
    return token.encode("latin-1", "backslashreplace")  # a token that no header can carry finds no world


def _read_job(entry: Mapping[str, Json]) -> Job:
    # JSON has no integer type: 1.0 is one, too
    return Job(**{**entry, "at": int(entry["at"]), "number": int(entry["number"])})
