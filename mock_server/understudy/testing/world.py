"""A world of any server, as a handle: what a test reads, moves and asserts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from understudy.messages import suggest
from understudy.testing.assumptions import WorldAssumptions
from understudy.testing.clock import WorldClock
from understudy.testing.control import Control, door, given
from understudy.testing.errors import ControlError
from understudy.testing.faults import WorldFaults
from understudy.testing.in_process import WorldApp, transport
from understudy.testing.journal import Calls, Journal
from understudy.testing.links import OverHttp
from understudy.testing.records import Resources, resources_of

if TYPE_CHECKING:
    import httpx

Json = Any


class WorldHandle:
    """One world of a server. All that a test does to it leaves every other world alone.

    `WorldHandle(url)` is the default world of a server that runs already, or the world whose URL it is; `world="w_..."`
    is another one. `token` is its control token, off loopback; `ca_file` the certificate of its issuer, for https.
    `api` is the API that `base_url`, `api_key`, `state` and `calls` speak of: the only one that is served, else one
    that `world.api(NAME)` chooses. It ends with `close()` or a `with` block.
    """

    def __init__(
        self,
        url: str,
        *,
        world: str = "default",
        api: str | None = None,
        token: str | None = None,
        ca_file: str | Path | None = None,
    ) -> None:
        """Raises ValueError for what is no URL, OSError for a file that cannot be read."""
        own = url.partition("/@")[2].partition("/")[0]
        self._control = Control(OverHttp(url, ca_file), world=own or world, token=token)
        self._name, self._access, self._clock = api, None, WorldClock(self._control)

    @classmethod
    def _of(cls, control: Control, access: Json = None) -> Self:
        """The handle of a world whose `control` is known; `access` has its addresses and keys."""
        made = cls.__new__(cls)
        made._control, made._name, made._access, made._clock = control, None, access, WorldClock(control)
        return made

    _control: Control
    _name: str | None
    _access: Json
    _clock: WorldClock

    def __repr__(self) -> str:
        return f"<world {self.id}{f' of {self._name}' if self._name else ''}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # What a client is given

    @property
    def id(self) -> str:
        """The id of the world."""
        return self._control.world

    @door("getWorld")
    def ready(self) -> Json:
        """Addresses and keys of the world, in the shape of a ready file with its `id`."""
        return self._control.call("getWorld", id=self.id)

    @property
    def apis(self) -> Sequence[str]:
        """The names of the served APIs."""
        return tuple(self._known["apis"])

    def api(self, name: str) -> WorldHandle:
        """The same world, for one of its APIs. Raises ValueError for one that is not served."""
        if name not in self.apis:
            raise ValueError(f"{name} is not served here{suggest(name, self.apis)}; served: {', '.join(self.apis)}")
        made = WorldHandle._of(self._control, self._known)
        made._name, made._clock = name, self._clock
        return made

    @property
    def access(self) -> Mapping[str, Json]:
        """The API's entry of the ready file: `base_url`, keys, people, and the ids that an API gives no way to find."""
        entry: Mapping[str, Json] = self._known["apis"][self._served]
        return entry

    @property
    def base_url(self) -> str:
        """What a client takes in place of the vendor's base URL."""
        url: str = self.access["base_url"]
        return url

    @property
    def api_key(self) -> str:
        """A valid key of this world. Raises ValueError where there is none, as of an API without keys."""
        if self.access["api_key"] is None:
            raise ValueError(f"this world has no valid key of {self._served}")
        key: str = self.access["api_key"]
        return key

    @property
    def api_keys(self) -> Sequence[str]:
        """All valid keys of the same tenant."""
        return tuple(self.access["api_keys"])

    @property
    def asgi(self) -> WorldApp:
        """The world as an ASGI application, without a network. Raises ValueError for a server elsewhere."""
        if isinstance(self._control.link, OverHttp):
            raise ValueError(f"the server at {self._control.link.url} is not in this process: use base_url")
        return WorldApp(self._control.link, self.id)

    @property
    def transport(self) -> httpx.MockTransport:
        """A transport for `httpx.Client(transport=...)` and AsyncClient, without a network; as `asgi`."""
        return transport(self.asgi)

    # What a test does and asserts

    @property
    def clock(self) -> WorldClock:
        """The time of the world."""
        return self._clock

    @property
    def faults(self) -> WorldFaults:
        """The injected failures, of this API where one is chosen."""
        return WorldFaults(self._control, self._name)

    @property
    def assumptions(self) -> WorldAssumptions:
        """What the server takes where the documents are silent."""
        return WorldAssumptions(self._control)

    @property
    def journal(self) -> Journal:
        """The exchanges of the world, with this API where one is chosen."""
        return Journal(self._control, self._name)

    def calls(self, operation: str | None = None) -> Calls:
        """The exchanges of an operation, oldest first. Raises ControlError for an operation that does not exist."""
        return self.journal.list(operation=operation)

    @property
    def state(self) -> Resources:
        """The records as they are kept now: `state["pets"]["7"]["name"]`. Of the tenant of `api_key`."""
        return resources_of(self.snapshot(), self._served, self.access["api_key"])

    @door("exportState")
    def snapshot(self) -> Json:
        """Data, clock, ids, keys and assumptions of the world, of all tenants; `restore` takes it."""
        return self._control.call("exportState")

    @door("importState")
    def restore(self, state: Json) -> None:
        """Put a snapshot back, also one of another world; keys stay. Raises ControlError, and changes nothing."""
        self._control.call("importState", state)

    @door("resetWorld")
    def reset(self) -> None:
        """Put the world back to how it was made."""
        self._control.call("resetWorld")

    def fork(self) -> WorldHandle:
        """A new world with the data, clock, ids and assumptions of this one, and keys of its own; for the same API."""
        made = new_world(self._control, from_world=self)
        return made if self._name is None else made.api(self._name)

    @door("addRecord")
    def add_record(self, resource: str, record: Mapping[str, Json] | None = None, *, api: str | None = None) -> Json:
        """Add a record of a resource that the document declares; returns it as it is kept.

        What it leaves out gets what a new record gets. Raises ControlError for one that does not fit.
        """
        body = {"api": api or self._served, "resource": resource, "record": dict(record or {})}
        return self._control.call("addRecord", body)["record"]

    @door("causeEvent")
    def event(self, event: str, *, tenant: str | None = None, api: str | None = None, **payload: Json) -> Json:
        """Do what a person does in the vendor's own app; returns the result.

        `payload` are the members of the event. Raises ControlError for an event that does not exist or fit.
        """
        named = {"api": api or self._served, "event": event, "tenant": tenant}
        return self._control.call("causeEvent", {**payload, **given(named)})["result"]

    @door("listOutbox")
    def mails(self, *, api: str | None = None) -> Sequence[Mapping[str, Json]]:
        """The mails that the service would have sent, oldest first: `kind`, `to`, `at` and more."""
        found = self._control.call("listOutbox", query=given({"api": api or self._name}))
        return tuple(found["messages"])

    @door("removeWorld")
    def remove(self) -> None:
        """Remove the world and its keys. Raises ControlError for the default world."""
        self._control.of("default").call("removeWorld", id=self.id)

    def close(self) -> None:
        """End what drives on its clock, and remove the world, if it is still there; the default world stays."""
        self._clock.stop_driving()
        if self.id == "default":
            return
        try:
            self.remove()
        except ControlError as refused:
            if refused.status != 404:
                raise

    @property
    def _known(self) -> Json:
        if self._access is None:
            self._access = self.ready()
        return self._access

    @property
    def _served(self) -> str:
        """The API that is chosen, or the only one. Raises ValueError where there are several."""
        if self._name is None and len(self.apis) != 1:
            raise ValueError(f"this world has several APIs; choose one with world.api(NAME): {', '.join(self.apis)}")
        return self._name or self.apis[0]


def new_world(
    control: Control,
    *,
    from_world: WorldHandle | None = None,
    seed: str | None = None,
    seed_data: Mapping[str, Json] | None = None,
    assume: Mapping[str, Json] | None = None,
    clock: datetime | str | None = None,
) -> WorldHandle:
    """A new world of a server; see `MockServer.world`. Raises ControlError."""
    source = None if from_world is None else from_world.id
    time = clock.isoformat() if isinstance(clock, datetime) else clock
    starts = {"from": source, "seed": seed, "seed_data": seed_data, "assume": assume, "clock": time}
    access = control.of("default").call("createWorld", given(starts))
    return WorldHandle._of(control.of(access["id"]), access)
