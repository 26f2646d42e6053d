"""The worlds of one server: finds the world of a request by its key, and makes, resets, restores and removes worlds.

Must not know any API's records.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from understudy.document.model import Quota
from understudy.document.read import Unreadable
from understudy.document.seed_file import SeedError, check_json
from understudy.document.seed_times import with_times
from understudy.engine import auth, keys
from understudy.engine.api import Api
from understudy.engine.assumptions import Assumptions
from understudy.engine.bounds import Bounds, Full
from understudy.engine.call import Json
from understudy.engine.clock import Clock, milliseconds
from understudy.engine.credential import Credential
from understudy.engine.exchange import Request
from understudy.engine.ids import Ids
from understudy.engine.jobs import internal_call, run_due_jobs
from understudy.engine.journal import Journal, MemoryLimit
from understudy.engine.masking import Mask
from understudy.engine.router import Router
from understudy.engine.seed import SeededData, load_seed, load_store
from understudy.engine.server import Server
from understudy.engine.store import Record, Store, encode
from understudy.engine.world import Job, Tenants, World
from understudy.messages import suggest

_ADVANCE = "run some with POST /__mock__/clock/advance, or reset the world"

MakeApi = Callable[["Worlds"], Api]  # makes the control API, whose handlers act on the worlds


class Worlds:
    """All worlds of one server. The default one is made from the fixtures; `create` makes more.

    An API that declares resources adds its own start records where `seeds` has none.

    `assume` sets assumptions and `limits` rate limits by API (None: unlimited), both for every world. `seeder` loads
    the seed of an API.
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
    ) -> None:
        """Raises ValueError for an unknown assumption or value, or a seed that does not fit its document."""
        served = [api if isinstance(api, Api) else api(self) for api in apis]
        self.apis = {api.name: api for api in served}
        self.router = Router(served)
        self.all: dict[str, World] = {}
        chosen = bounds or Bounds()
        mask = Mask((api.contract for api in served), seed=seed, tokens=self._tokens, show=show_secrets)
        memory = MemoryLimit(chosen.all_journals_bytes, self._journals)
        self.server = Server(chosen, memory, mask, helpful=helpful, checked=checked)
        self._ids = Ids(seed)
        schemes = [scheme for api in served for scheme in api.contract.schemes]
        self._key_headers = frozenset((b"x-mock-world", *(scheme.field for scheme in schemes)))
        self._key_cookies = frozenset(scheme.header for scheme in schemes if scheme.location == "cookie")
        self._key_parameters = frozenset(scheme.header for scheme in schemes if scheme.location == "query")
        self._by_token: dict[bytes, World] = {}  # by the token as a header carries it
        self._other_owners: defaultdict[bytes, dict[str, None]] = defaultdict(dict)  # ids, in order
        known = {id: known for api in served for id, known in api.contract.assumptions.items()}
        assumptions = {id: assumption.default for id, assumption in known.items()}
        assumptions |= check_assumptions(assume or {}, known)
        documented = {api.name: api.contract.rate_limit for api in served if api.contract.rate_limit}
        declared = {name: limit.quota.requests for name, limit in documented.items() if isinstance(limit.quota, Quota)}
        started = [api for api in served if api.name in seeds or api.add is not None]
        seeded = {api.name: (seeder or load_seed)(api, seeds.get(api.name)) for api in started}
        initial = World(
            id="default",
            server=self.server,
            clock=clock or Clock(),
            ids=Ids(seed),
            tenants={api.name: seeded[api.name][0] if api.name in seeded else {} for api in served},
            credentials={(one.api, one.token): one for _, credentials in seeded.values() for one in credentials},
            assumptions=Assumptions(assumptions),
            limits={**declared, **(limits or {})},
        )
        for api in served:
            self._start(initial, api, seeds.get(api.name))
        self.default = initial.mark_origin()
        self.all["default"] = self.default
        self._register(self.default)

    def create(self, seed_data: Mapping[str, Json] | None = None) -> World:
        """A new world with the data of the fixtures, keys and ids of its own, and the default world's time.

        `seed_data` replaces the data of an API by the content of another seed. Raises Full, and ValueError (SeedError
        where the seed has places) for a seed that does not fit.
        """
        assert self.default.origin is not None, "the default world has an origin"
        if len(self.all) >= self.server.bounds.worlds:
            raise Full(f"there are {len(self.all)} worlds", "remove one with DELETE /__mock__/worlds/{id}", "worlds")
        id = f"w_{self._ids.take(12)}"
        origin = self.default.origin
        ids, clock = Ids(f"{self._ids.seed}/{id}"), self.default.clock.fork()
        world = origin.fork(id, tenants=origin.tenants, ids=ids, clock=clock)
        for name, content in (seed_data or {}).items():
            self._replace_data(world, self.apis[name], content)
        credentials, world.credentials = world.credentials, {}
        for credential in credentials.values():
            token = self._new_token(credential, world.ids)
            world.credentials[credential.api, token] = credential._replace(token=token)
        self.check_state_bytes(world.seeded_bytes)
        self.all[id] = world.mark_origin()
        self._register(world)
        return world

    def add(self, world: World, api: str, tenant: str, content: Json) -> Sequence[Record]:
        """Add records by resource to a tenant of an API that declares resources; raises SeedError."""
        declared = self.apis[api]
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
        world = self.all.pop(id)
        self._unregister(world, _tokens_of(world))

    def find(self, request: Request) -> World | None:
        """The world of a request: by X-Mock-World (None when unknown), else by its key, else the default one."""
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
        known = {id: a for api in self.apis.values() for id, a in api.contract.assumptions.items()}
        try:
            clock = world.clock.at(milliseconds(state["clock"]["now"]), frozen=state["clock"]["frozen"])
        except ValueError as error:
            raise ValueError(f"clock.now: {error}") from None
        ids = Ids(state["ids"]["seed"], int(state["ids"]["count"]))
        other = world.fork(world.id, tenants={}, ids=ids, clock=clock)
        other.assumptions = Assumptions({**other.assumptions, **check_assumptions(state["assumptions"], known)})
        credentials = [Credential(**credential) for credential in state["credentials"]]
        if len({(credential.api, credential.token) for credential in credentials}) < len(credentials):
            raise ValueError("credentials: two of an API have the same token")
        other.jobs = sorted((_read_job(entry) for entry in state["due"]), key=lambda job: job[:2])
        other.tenants = self._tenants(state["apis"])
        owners = [(c.api, c.tenant) for c in credentials] + [(job.api, job.tenant) for job in other.jobs]
        for api, tenant in owners:
            if tenant not in other.tenants.get(api, {}):
                raise ValueError(f"{api} has no tenant {tenant}")
        self._check_jobs(other.jobs)
        other.jobs = [job._replace(number=number) for number, job in enumerate(other.jobs, 1)]
        own = list(world.credentials.values())
        merged = keys.merge_keys(own, credentials, old_tenants=world.tenants, new_tenants=other.tenants)
        other.credentials = {(credential.api, credential.token): credential for credential in merged}
        other.restored_bytes = len(encode([state["ids"], state["credentials"], state["due"]]))
        self.check_state_bytes(other.size() - world.size())
        old_tokens = _tokens_of(world)
        world.replace_with(other)
        self._register(world)
        self._unregister(world, old_tokens - _tokens_of(world))

    def run_due_jobs(self, world: World) -> None:
        """Run the jobs of a world that are due by its clock."""
        run_due_jobs(world, self.apis, world.clock.now())

    def advance(self, world: World, seconds: float) -> None:
        """Move a world's clock forward and run the jobs due by then; raises ValueError for a negative number."""
        world.clock.advance(seconds)
        self.run_due_jobs(world)

    def access_info(self, world: World, api: str) -> dict[str, Json]:
        """The entry of the ready file for an API in a world: base_url, keys, members."""
        declared = self.apis[api]
        credentials = [credential for credential in world.credentials.values() if credential.api == api]
        base_url = self.server.url + declared.contract.prefixes[0]
        return {"base_url": base_url, **declared.access_info(credentials, world.tenants[api])}

    def ready_info(self, world: World) -> dict[str, Json]:
        """The ready file of a world: url, pid, and an entry for each API."""
        apis = {name: self.access_info(world, name) for name in self.apis if name != "control"}
        return {"url": self.server.url, "pid": os.getpid(), "apis": apis}

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

    def _tokens(self, id: str) -> list[str]:
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

    def _tenants(self, dumps: Mapping[str, Any]) -> Tenants:
        for name in sorted(dumps.keys() ^ self.apis.keys()):
            problem = "is missing" if name in self.apis else f"is not served here{suggest(name, self.apis)}"
            raise ValueError(f"apis: {name} {problem}")
        for name, tenants in dumps.items():
            if self.apis[name].layouts and not tenants:
                raise ValueError(f"apis: {name} has no tenant")
        return {
            name: {tenant: load_store(self.apis[name], tenant, dump) for tenant, dump in tenants.items()}
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


def _tokens_of(world: World) -> set[bytes]:
    return {_header_bytes(token) for _, token in world.credentials}


def _header_bytes(token: str) -> bytes:
    return token.encode("latin-1", "backslashreplace")  # a token that no header can carry finds no world


def _read_job(entry: Mapping[str, Json]) -> Job:
    # JSON has no integer type: 1.0 is one, too
    return Job(**{**entry, "at": int(entry["at"]), "number": int(entry["number"])})
