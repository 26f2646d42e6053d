"""What the tests run against: our mock (in process or behind a URL), an ASGI app, or any other URL.

A Target gives clients and says what can be checked there; nothing else knows which kind it is. Our mock
gives every client a world of its own, through the control API, in process and over HTTP alike.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol
from urllib.parse import urlsplit

import msgspec

from understudy import apis
from understudy.apis.control import declare as declare_control
from understudy.document.contract import Contract
from understudy.engine.api import Api
from understudy.engine.clock import Clock, milliseconds
from understudy.engine.exchange import Exchange, Request, Response
from understudy.engine.seed import SeededData, load_seed
from understudy.engine.worlds import Worlds
from understudy.http.app import App
from understudy_checks.budget import Guest
from understudy_checks.client import Access, Capability, Client, Memory, NotChecked, fetch, lacking
from understudy_checks.target.asgi import NotStarted, hosted
from understudy_checks.target.credentials import revealed, signed_in
from understudy_checks.target.settings import BadSettings, Settings, imported, read
from understudy_checks.target.transport import NoAnswer, Transport, in_process, is_loopback, over_http

Json = Any

CONTROL = "/__mock__"
_EVERYTHING: frozenset[Capability] = frozenset({"write", "fresh", "advance", "events", "spare-key", "documented-limit"})
Person = Callable[[str, Mapping[str, Json]], None]
"""Does as people do in the vendor's app: the name of an event and its fields."""
IN_PROCESS = "mock in process"
START = "2030-01-01T09:00:00Z"
"""Where the clock of an in-process mock stands: later than anything in the fixtures, the same on every run."""

MOMENT = 0.05
"""Seconds that are really waited, at most, for what a target with a clock that can be moved does in real time."""

NOTHING = Settings()
NONE: Mapping[str, Json] = MappingProxyType({})


class Declined(NotChecked, RuntimeError):
    """An app refused what a person wanted to do there, as the control API of our mock does with a RuntimeError."""


class Unreachable(Exception):
    """The target cannot be talked to."""


class Target(Protocol):
    """Something that claims to follow a contract. `capabilities` are what a test may need of it."""

    @property
    def contract(self) -> Contract:
        """The document that it is judged by."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What can be done there; see `client.LACKS` for each."""

    @property
    def name(self) -> str:
        """Where it is: a URL, a place to import, or words."""

    @property
    def guest(self) -> Guest:
        """What may be done to it, and what was."""

    def open(self) -> Client:
        """A client in a world of its own where the target has such, else in the one that all share."""


@cache
def declared(name: str) -> Api:
    """An API as it is installed; mutants are made of it."""
    return apis.declare(name)


@cache
def seeds() -> Mapping[str, Json]:
    """The start state as it is installed; not to be changed."""
    return apis.seeds(apis.NAMES)


def load_seed_once(api: Api, seed: Json) -> SeededData:
    """Plant a seed. The installed one is planted once for all APIs that would plant it alike: most mutants do."""
    if seed is not seeds().get(api.name):
        return load_seed(api, seed)
    own, parts = declared(api.name), ("contract", "layouts", "inconsistencies", "seed")
    if any(getattr(api, part) is not getattr(own, part) for part in parts):
        return load_seed(api, seed)
    stores, credentials = _installed(api.name)
    return {tenant: store.fork() for tenant, store in stores.items()}, credentials


def document(api: str) -> Contract:
    """The contract of an API as it is installed: what every target is judged by."""
    return declared(api).contract


@cache
def tellable(api: str) -> Mapping[str, Json]:
    """What the entry of a ready file tells of an API that is no key and nobody's name, with an example of each."""
    with mock(api).open() as client:
        own = {"base_url", "api_key", *Settings.__struct_fields__}
        return {name: value for name, value in client.access.given.items() if name not in own}


def told(
    api: str, file: Path | None, words: Iterable[str], keys: Sequence[str], own: Mapping[str, Json] = NONE
) -> Settings:
    """What a TOML file, `NAME=VALUE` words, keys and other settings tell about a target, the later ones first.

    Values that name variables of the environment are looked up. Raises BadSettings.
    """
    known = tellable(api)
    settings = (NOTHING if file is None else read(file, known)).told(words, known)
    more = {**own, "headers": {**settings.headers, **own.get("headers", {})}}
    return revealed(msgspec.structs.replace(settings, **more, **({"api_keys": tuple(keys)} if keys else {})))


def mock(
    api: str | Api,
    *,
    assumptions: Mapping[str, Json] | None = None,
    watch: Callable[[Exchange], None] | None = None,
    budget: int | None = None,
    writes: bool = True,
) -> Mock:
    """Our mock in process: `api` by name, or a declared one that differs (a mutant).

    It is always judged by the document as it is installed. `assumptions` are set in every world; `watch` sees each
    exchange as the mock records it, with all that decided.
    """
    served = declared(api) if isinstance(api, str) else api
    name = served.name
    worlds = Worlds(
        [served, declare_control],
        seeds=seeds(),
        clock=Clock(milliseconds(START), frozen=True),
        assume=assumptions,
        seeder=load_seed_once,
    )
    transport = in_process(App(worlds, watch=watch))
    return Mock(document(name), transport, writes=writes, guest=Guest(budget), memory={})


def url(api: str, base_url: str, settings: Settings = NOTHING, *, budget: int | None = None) -> Target:
    """The server whose API answers under `base_url`; raises Unreachable when nothing answers there.

    One that answers `GET /__mock__/health` is ours and gives fresh worlds; any other takes a key (BadSettings).
    """
    try:
        parts = urlsplit(base_url)
        parts.port  # noqa: B018 - it is read only now
    except ValueError as error:
        raise BadSettings(f"{base_url} is no URL: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadSettings(f"{base_url} is no URL; it looks like http://127.0.0.1:8629/api/v1")
    if "@" in parts.netloc:
        raise BadSettings(f"the URL of {parts.hostname} holds a user name, which would be sent in place of the key")
    if parts.query or parts.fragment:
        raise BadSettings(f"{base_url} is no base URL: paths are put behind it, so it has no query and no fragment")
    transport = over_http(f"{parts.scheme}://{parts.netloc}", settings.trust())
    writes = is_loopback(base_url) if settings.writes is None else settings.writes
    told = msgspec.structs.replace(settings, writes=writes)
    try:
        return _found(api, transport, parts.path.rstrip("/"), told, budget, base_url)
    except NoAnswer as error:
        raise Unreachable(f"nothing answers at {base_url}: {error}") from error


@contextmanager
def app(api: str, place: str, settings: Settings = NOTHING, *, budget: int | None = None) -> Iterator[Target]:
    """The ASGI app, or what the factory makes, at `module:attribute`, at the API's own paths, while the block runs.

    Raises BadSettings, and Unreachable when it does not start.
    """
    told = msgspec.structs.replace(settings, writes=settings.writes is not False)
    try:
        with hosted(imported(place, "app")) as transport:
            yield _found(api, transport, document(api).prefixes[0], told, budget, place)
    except (NotStarted, NoAnswer) as error:
        raise Unreachable(f"{place}: {error}") from error


def _found(
    api: str, transport: Transport, prefix: str, settings: Settings, budget: int | None, name: str
) -> Mock | Server:
    """A target of ours, or any other."""
    known = document(api)
    guest = Guest(budget, settings.max_wait)
    guest.spend()
    headers = tuple((header.encode(), value.encode()) for header, value in settings.headers.items())
    if _is_ours(transport(Request("GET", f"{CONTROL}/health", "", headers))):
        return Mock(known, transport, prefix=prefix, name=name, writes=settings.writes is True, guest=guest)
    settings, transport = signed_in(settings, known, transport)
    if not settings.api_keys:
        raise BadSettings(f"{name} is no server of Understudy, so it takes a key: --api-key, or `api_keys`")
    return Server(
        known, transport, prefix, settings, name=name, guest=guest, clock=settings.clock(), person=settings.person()
    )


def _is_ours(health: Response) -> bool:
    """Whether our mock said this of its health: others may answer any path with a page."""
    try:
        told = health.json()
    except ValueError:
        return False
    return health.status == 200 and isinstance(told, dict) and {"status", "version", "apis", "worlds"} <= told.keys()


def require(target: Target, needs: Iterable[Capability]) -> None:
    """Raises NotChecked, with the reasons, when the target lacks something of `needs`."""
    missing = [need for need in needs if need not in target.capabilities]
    if missing:
        lacking(*missing)


class Mock:
    """Our mock, behind a transport. Every client gets a fresh world whose clock stands still."""

    def __init__(
        self,
        contract: Contract,
        transport: Transport,
        *,
        name: str = IN_PROCESS,
        guest: Guest | None = None,
        prefix: str | None = None,
        writes: bool = True,
        memory: Memory | None = None,
    ) -> None:
        self.contract = contract
        self.name = name
        self.guest = Guest() if guest is None else guest
        self._transport = transport
        self._prefix = contract.prefixes[0] if prefix is None else prefix
        self._writes = writes
        self._capabilities: frozenset[Capability] | None = None
        self._memory = memory

    def __repr__(self) -> str:
        return f"<our mock of {self.contract.name}>"

    @property
    def capabilities(self) -> frozenset[Capability]:
        """See Target."""
        if self._capabilities is None:
            with self.open() as client:
                self._capabilities = client.access.capabilities | client.world.capabilities
        return self._capabilities

    def open(self) -> Client:
        """See Target."""
        made = control(self._transport, "POST", "/worlds")
        world = MockWorld(self.contract.name, self._transport, made["id"], self._writes)
        world.control("PUT", "/clock", {"frozen": True})
        access = Access.read(made["apis"][self.contract.name])
        account = self.guest
        return Client(self.contract, self._transport, self._prefix, access, world, account, memory=self._memory)


@dataclass(frozen=True, slots=True)
class MockWorld:
    """One world of our mock, driven through the control API."""

    api: str
    transport: Transport
    id: str
    writes: bool

    @property
    def capabilities(self) -> frozenset[Capability]:
        """See World."""
        return _EVERYTHING if self.writes else _EVERYTHING - {"write"}

    @property
    def headers(self) -> Mapping[str, str]:
        """See World: a request without a good key happens in this world too, not in the default one."""
        return {"x-mock-world": self.id}

    def wait(self, seconds: float) -> None:
        """See World."""
        self.control("POST", "/clock/advance", {"seconds": seconds})

    linger = wait

    def event(self, name: str, fields: Mapping[str, Json]) -> None:
        """See World."""
        self.control("POST", "/events", {"api": self.api, "event": name, **fields})

    def spare_key(self) -> str:
        """See World."""
        lacking("spare-key")

    def close(self) -> None:
        """See World."""
        self.control("DELETE", f"/worlds/{self.id}")

    def control(self, method: str, path: str, body: Json = None) -> Json:
        """Call the control API in this world; the decoded answer."""
        return control(self.transport, method, path, body, world=self.id)


class Server:
    """Any other server: one shared world, reached with the given keys in turn. Its clock is the real one, or told."""

    def __init__(
        self,
        contract: Contract,
        transport: Transport,
        prefix: str,
        settings: Settings,
        *,
        name: str,
        guest: Guest,
        clock: Callable[[float], None] | None = None,
        person: Person | None = None,
    ) -> None:
        self.contract = contract
        self.name = name
        self.guest = guest
        self.headers: Mapping[str, str] = settings.headers
        self._person = person
        self._spare_keys = list(settings.spare_keys)
        self._transport = transport
        self._prefix = prefix
        self._access = settings.access
        self._clock = clock
        told: dict[Capability, bool] = {
            "write": settings.writes is True,
            "advance": self._clock is not None,
            "documented-limit": settings.rate_limit is None,
            "events": person is not None,
            "spare-key": settings.spare_keys != (),
        }
        self.capabilities = self._access.capabilities | {capability for capability, holds in told.items() if holds}
        self._memory: Memory | None = None if settings.writes else {}
        self._opened = 0

    def __repr__(self) -> str:
        return f"<a server of {self.contract.name}>"

    def open(self) -> Client:
        """See Target. Each client has another one of the keys for its usual one."""
        keys = self._access.api_keys
        turn = self._opened % len(keys)
        self._opened += 1
        access = replace(self._access, api_keys=keys[turn:] + keys[:turn])
        return Client(self.contract, self._transport, self._prefix, access, self, self.guest, memory=self._memory)

    def wait(self, seconds: float) -> None:
        """See World."""
        if self._clock is None:
            self.guest.wait(seconds)
        else:
            self._clock(seconds)

    def linger(self, seconds: float) -> None:
        """See World. Where the clock is moved, a moment really passes too: not everything need follow that clock."""
        self.wait(seconds)
        if self._clock is not None:
            self.guest.wait(min(seconds, MOMENT))

    def event(self, name: str, fields: Mapping[str, Json]) -> None:
        """See World. A person raises NotImplementedError for what cannot be done, RuntimeError for what is refused."""
        if self._person is None:
            lacking("events")
        try:
            self._person(name, fields)
        except NotImplementedError as error:
            raise NotChecked(f"the event {name} cannot be done on this target") from error
        except Exception as error:  # it may be anything, and says nothing about the server
            kind = Declined if isinstance(error, RuntimeError) else NotChecked
            raise kind(
                f"the event {name} was not done: {type(error).__name__}: {' '.join(str(error).split())}"
            ) from error

    def spare_key(self) -> str:
        """See World. Each is given once."""
        return self._spare_keys.pop(0) if self._spare_keys else lacking("spare-key")

    def close(self) -> None:
        """See World."""


def control(transport: Transport, method: str, path: str, body: Json = None, *, world: str | None = None) -> Json:
    """Call the control API of our mock; the decoded answer, None for an empty one. Raises RuntimeError on refusal."""
    headers = [] if world is None else [(b"x-mock-world", world.encode())]
    encoded = b"" if body is None else json.dumps(body).encode()
    if encoded:
        headers.append((b"content-type", b"application/json"))
    response = fetch(transport, Request(method, CONTROL + path, "", tuple(headers), encoded))
    if response.status >= 300:
        raise RuntimeError(f"{method} {CONTROL}{path}: {response.status} {response.body.decode(errors='replace')}")
    return response.json() if response.body else None


@cache
def _installed(name: str) -> SeededData:
    return apis.load_checked_seed(declared(name), seeds()[name])
