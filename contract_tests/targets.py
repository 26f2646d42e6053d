"""What the tests run against: our mock (in process or behind a URL), or any other URL.

A Target gives clients and says what can be checked there; nothing else knows which kind it is. Our mock
gives every client a world of its own, through the control API, in process and over HTTP alike.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from typing import Any, Protocol
from urllib.parse import urlsplit

from contract_tests.client import LACKS, Access, Capability, Client, NotChecked
from contract_tests.transport import Transport, in_process, over_http
from mock_server import apis
from mock_server.api import Api
from mock_server.clock import Clock, milliseconds
from mock_server.contract import Contract
from mock_server.exchange import Exchange, Request
from mock_server.server import App
from mock_server.world import Planted, Worlds, planted

Json = Any

CONTROL = "/__mock__"
LONGEST_WAIT = 75.0
START = "2030-01-01T09:00:00Z"
"""Where the clock of an in-process mock stands: later than anything in the fixtures, the same on every run."""


class Target(Protocol):
    """Something that claims to follow a contract. `capabilities` are what a test may need of it."""

    @property
    def contract(self) -> Contract:
        """The document that it is judged by."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What can be done there; see `client.LACKS` for each."""

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


def plant(api: Api, seed: Json) -> Planted:
    """Plant a seed. The installed one is planted once for all APIs that would plant it alike: most mutants do."""
    if seed is not seeds().get(api.name):
        return planted(api, seed)
    own, parts = declared(api.name), ("contract", "layouts", "misfits", "seed")
    if any(getattr(api, part) is not getattr(own, part) for part in parts):
        return planted(api, seed)
    stores, credentials = _installed(api.name)
    return {tenant: store.fork() for tenant, store in stores.items()}, credentials


def document(api: str) -> Contract:
    """The contract of an API as it is installed: what every target is judged by."""
    return declared(api).contract


def mock(
    api: str | Api,
    *,
    assumptions: Mapping[str, Json] | None = None,
    watch: Callable[[Exchange], None] | None = None,
) -> Target:
    """Our mock in process: `api` by name, or a declared one that differs (a mutant).

    It is always judged by the document as it is installed. `assumptions` are set in every world; `watch` sees each
    exchange as the mock records it, with all that decided.
    """
    served = declared(api) if isinstance(api, str) else api
    name = served.name
    worlds = Worlds(
        [served, declared("control")],
        seeds=seeds(),
        clock=Clock(milliseconds(START), frozen=True),
        assume=assumptions,
        plant=plant,
    )
    return Mock(document(name), in_process(App(worlds, watch=watch)), memory={})


def url(api: str, base_url: str, api_keys: Sequence[str] = (), *, given: Mapping[str, Json] | None = None) -> Target:
    """The server whose API answers under `base_url`; raises ValueError when it is not ours and no key is given.

    One that answers `GET /__mock__/health` is ours and gives fresh worlds. `given` are ids that no operation lists.
    """
    known = document(api)
    parts = urlsplit(base_url)
    transport = over_http(f"{parts.scheme}://{parts.netloc}")
    if transport(Request("GET", f"{CONTROL}/health")).status == 200:
        return Mock(known, transport, prefix=parts.path.rstrip("/"))
    if not api_keys:
        raise ValueError("it is no mock of ours, so it takes an API key")
    access = Access(tuple(api_keys), given=given or {})
    return Server(known, transport, parts.path.rstrip("/"), access, writes=is_loopback(base_url))


def is_loopback(base_url: str) -> bool:
    """Whether a URL leads to this machine, where writing does no harm."""
    host = urlsplit(base_url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def require(target: Target, needs: Iterable[Capability]) -> None:
    """Raises NotChecked, with the reasons, when the target lacks something of `needs`."""
    lacking = [LACKS[need] for need in needs if need not in target.capabilities]
    if lacking:
        raise NotChecked("; ".join(lacking))


class Mock:
    """Our mock, behind a transport. Every client gets a fresh world whose clock stands still."""

    def __init__(
        self,
        contract: Contract,
        transport: Transport,
        *,
        prefix: str | None = None,
        memory: dict[Any, Any] | None = None,
    ) -> None:
        self.contract = contract
        self._transport = transport
        self._prefix = contract.prefixes[0] if prefix is None else prefix
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
        world = MockWorld(self.contract.name, self._transport, made["id"])
        world.control("PUT", "/clock", {"frozen": True})
        access = Access.read(made["apis"][self.contract.name])
        return Client(self.contract, self._transport, self._prefix, access, world, memory=self._memory)


@dataclass(frozen=True, slots=True)
class MockWorld:
    """One world of our mock, driven through the control API."""

    api: str
    transport: Transport
    id: str

    @property
    def capabilities(self) -> frozenset[Capability]:
        """See World."""
        return frozenset({"write", "fresh", "advance", "events"})

    @property
    def headers(self) -> Mapping[str, str]:
        """See World: a request without a good key happens in this world too, not in the default one."""
        return {"x-mock-world": self.id}

    def wait(self, seconds: float) -> None:
        """See World."""
        self.control("POST", "/clock/advance", {"seconds": seconds})

    def event(self, name: str, fields: Mapping[str, Json]) -> None:
        """See World."""
        self.control("POST", "/events", {"api": self.api, "event": name, **fields})

    def close(self) -> None:
        """See World."""
        self.control("DELETE", f"/worlds/{self.id}")

    def control(self, method: str, path: str, body: Json = None) -> Json:
        """Call the control API in this world; the decoded answer."""
        return control(self.transport, method, path, body, world=self.id)


class Server:
    """Any other server: one shared world, reached with the given keys. Its clock is the real one."""

    def __init__(
        self,
        contract: Contract,
        transport: Transport,
        prefix: str,
        access: Access,
        *,
        writes: bool,
        sleep: Callable[[float], None] = time.sleep,  # noqa: TID251 - a server without our clock is waited for
    ) -> None:
        self.contract = contract
        self._transport = transport
        self._prefix = prefix
        self._access = access
        self._writes = writes
        self._sleep = sleep

    def __repr__(self) -> str:
        return f"<a server of {self.contract.name}>"

    @property
    def capabilities(self) -> frozenset[Capability]:
        """See Target; see World."""
        return self._access.capabilities | (frozenset({"write"}) if self._writes else frozenset())

    @property
    def headers(self) -> Mapping[str, str]:
        """See World."""
        return {}

    def open(self) -> Client:
        """See Target."""
        return Client(self.contract, self._transport, self._prefix, self._access, self)

    def wait(self, seconds: float) -> None:
        """See World."""
        if seconds > LONGEST_WAIT:
            raise NotChecked(f"this target asks to wait {seconds} seconds, {LONGEST_WAIT} are allowed")
        self._sleep(seconds)

    def event(self, name: str, fields: Mapping[str, Json]) -> None:
        """See World."""
        raise NotChecked(LACKS["events"])

    def close(self) -> None:
        """See World."""


def control(transport: Transport, method: str, path: str, body: Json = None, *, world: str | None = None) -> Json:
    """Call the control API of our mock; the decoded answer, None for an empty one. Raises RuntimeError on refusal."""
    headers = [] if world is None else [(b"x-mock-world", world.encode())]
    encoded = b"" if body is None else json.dumps(body).encode()
    if encoded:
        headers.append((b"content-type", b"application/json"))
    response = transport(Request(method, CONTROL + path, "", tuple(headers), encoded))
    if response.status >= 300:
        raise RuntimeError(f"{method} {CONTROL}{path}: {response.status} {response.body.decode(errors='replace')}")
    return response.json() if response.body else None


@cache
def _installed(name: str) -> Planted:
    return planted(declared(name), seeds()[name])
