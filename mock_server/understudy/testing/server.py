"""A mock server for tests and scripts: on a thread, in process, or one that runs elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from understudy.engine.exchange import Request, Response
from understudy.testing.clock import WorldClock
from understudy.testing.control import Control, door, read
from understudy.testing.hosting import Hosting
from understudy.testing.links import Link
from understudy.testing.world import WorldHandle, new_world

if TYPE_CHECKING:
    from understudy.cli.recordings import Imported
    from understudy.engine.api import Api
    from understudy.engine.clock import Clock
    from understudy.engine.worlds import Worlds

Json = Any
DOCUMENTED: Literal["documented"] = "documented"


@dataclass(frozen=True, slots=True)
class Health:
    """What a server says of itself: its version, the served APIs, the number of worlds."""

    status: str
    version: str
    apis: Sequence[str]
    worlds: int


@dataclass(frozen=True, slots=True)
class WorldSummary:
    """One world of a server: its own URL, its time (RFC 3339) and the number of requests that it has answered."""

    id: str
    url: str
    now: str
    exchanges: int


class MockServer(WorldHandle):
    """A mock server, which is also the handle of its default world.

    `MockServer("petstore.yaml")` serves documents, folders and built-in APIs (all of them when none is named) on a
    free loopback port, on a thread of this process, from `start()` to `stop()` or in a `with` block. With
    `listen=False` no port is opened: `asgi` and `transport` are its doors. `MockServer(url=...)` is a server that runs
    already, and goes on running; `token` is its control token, off loopback, `ca_file` the certificate of its issuer.

    `seed` is the seed of ids and keys, `clock` is `real`, `frozen` or a time to stand still at, `assume` has
    assumptions by id, `rate_limit` is a number of requests in place of the documented one, or None for no limit.
    `overlay`, or several `overlays` in order, a `seed_file` and `handlers` (a Python file, or the name of a module) are
    for the one document that is served. The objects of `recordings` (cassettes, HAR files) are the start state, and the
    clock stands where the first began. `notices` tell what is not understood, and what was inferred from recordings.
    """

    def __init__(
        self,
        *apis: str | Path,
        url: str | None = None,
        token: str | None = None,
        ca_file: str | Path | None = None,
        listen: bool = True,
        seed: str = "understudy",
        clock: datetime | str | None = None,
        assume: Mapping[str, Json] | None = None,
        rate_limit: int | Literal["documented"] | None = DOCUMENTED,
        overlay: str | Path | None = None,
        overlays: Sequence[str | Path] = (),
        seed_file: str | Path | None = None,
        handlers: str | Path | None = None,
        recordings: Sequence[str | Path] = (),
    ) -> None:
        """Raises ValueError for what cannot be served, with all that is wrong in a document, and for a wrong URL."""
        self._hosting: Hosting | None = None
        self._serve: Callable[[], Hosting] | None = None
        self.notices: list[str] = []
        if url is not None:
            super().__init__(url, token=token, ca_file=ca_file)
            return
        flags = {
            "--overlay": [*([] if overlay is None else [overlay]), *overlays],
            "--seed-file": [] if seed_file is None else [seed_file],
            "--handlers": [] if handlers is None else [handlers],
        }
        served = _declared(tuple(map(str, apis)), flags, self.notices.append)
        with _imported(served, recordings, self.notices.append) as imported:
            worlds = _worlds(served, imported, seed=seed, clock=clock, assume=assume, rate_limit=rate_limit)
        self._serve = partial(_serve, worlds, listen=listen)
        self._attach(not_started)

    def start(self) -> Self:
        """Start serving. A `with` block does."""
        if self._serve is not None and self._hosting is None:
            self._hosting = self._serve()
            self._attach(self._hosting.link)
        return self

    def stop(self) -> None:
        """Stop serving; what ran already before stays. A `with` block does."""
        self._clock.stop_driving()
        if self._hosting is not None:
            self._hosting.stop()
            self._hosting = None
            self._attach(not_started)

    def close(self) -> None:
        """As `stop`."""
        self.stop()

    def __enter__(self) -> Self:
        return self.start()

    @property
    def url(self) -> str:
        """The address of the server, without any API's path."""
        url: str = self._known["url"]
        return url

    @door("createWorld")
    def world(
        self,
        *,
        from_world: WorldHandle | None = None,
        seed: str | None = None,
        seed_data: Mapping[str, Json] | None = None,
        assume: Mapping[str, Json] | None = None,
        clock: datetime | str | None = None,
    ) -> WorldHandle:
        """A new world with keys of its own, which starts as the default world did, or as `from_world` is now.

        `seed` is the seed of its ids. `seed_data` holds start records by API. `assume` switches assumptions, by id.
        `clock` is `real`, `frozen`, or a time to stand still at. Raises ControlError for what does not fit, and makes
        no world then.
        """
        return new_world(
            self._control, from_world=from_world, seed=seed, seed_data=seed_data, assume=assume, clock=clock
        )

    @door("listWorlds")
    def worlds(self) -> Sequence[WorldSummary]:
        """All worlds, the default one first."""
        return tuple(read(WorldSummary, one) for one in self._control.call("listWorlds")["worlds"])

    @door("getHealth")
    def health(self) -> Health:
        """The health of the server, and the APIs that it serves."""
        return read(Health, self._control.call("getHealth"))

    def _attach(self, link: Link) -> None:
        self._name, self._access = None, None
        self._control = Control(link)
        self._clock = WorldClock(self._control)


def not_started(request: Request) -> Response:
    """The link of a server that does not serve. Raises RuntimeError."""
    raise RuntimeError("the server is not started: use `with MockServer(...) as server:`, or start()")


def _serve(worlds: Worlds, *, listen: bool) -> Hosting:
    from understudy.http.app import App

    return Hosting(App(worlds), listen=listen)


def _declared(
    texts: Sequence[str], flags: Mapping[str, Sequence[str | Path]], report: Callable[[str], None]
) -> list[Api]:
    """The APIs of names and documents; `flags` are for the one document, `report` gets what is not understood in one.

    Raises ValueError.
    """
    from understudy.cli.arguments import check_api, declared, is_document
    from understudy.cli.exits import UsageError

    given = {flag: tuple(map(str, values)) for flag, values in flags.items() if values}
    try:
        for text in texts:
            check_api(text)
        documents = [text for text in texts if is_document(text)]
        if given and len(documents) != 1:
            names = ", ".join(flag.removeprefix("--").replace("-", "_") for flag in given)
            raise ValueError(f"{names}: for one document, and {len(documents) or 'none'} is named")
        return declared(texts, report=report, flags=dict.fromkeys(documents, given))
    except UsageError as error:
        raise ValueError(str(error)) from error


@contextmanager
def _imported(
    apis: Sequence[Api], files: Sequence[str | Path], report: Callable[[str], None]
) -> Iterator[tuple[Imported, int | None]]:
    """Recordings, and when they began. Raises ValueError for those that cannot be used, also within the block."""
    from understudy.cli.exits import UsageError
    from understudy.cli.recordings import Imported

    try:
        imported = Imported([Path(one) for one in files], report)
        yield imported, imported.began(apis)
    except UsageError as error:
        raise ValueError(str(error).removeprefix("--import ")) from error


def _worlds(
    apis: Sequence[Api],
    recorded: tuple[Imported, int | None],
    *,
    seed: str,
    clock: datetime | str | None,
    assume: Mapping[str, Json] | None,
    rate_limit: int | Literal["documented"] | None,
) -> Worlds:
    """The worlds of a new server. Raises ValueError."""
    from understudy.apis import control, seeder, seeds
    from understudy.apis.start_states import is_choice
    from understudy.document.read import Unreadable
    from understudy.engine.worlds import Worlds

    imported, began = recorded
    names, time, values = [api.name for api in apis], _clock(clock, began), assume or {}
    try:
        worlds = Worlds(
            [*apis, control.declare],
            seeds=imported.starts(apis, {**dict.fromkeys(names), **seeds(names)}, values),
            clock=time,
            seed=seed,
            assume={id: value for id, value in values.items() if not is_choice(id)},
            limits=None if rate_limit == DOCUMENTED else dict.fromkeys(names, rate_limit),
            seeder=seeder(names, None, time),
        )
    except Unreadable as error:
        raise ValueError(str(error)) from error
    imported.prepare(worlds)
    return worlds


def _clock(given: datetime | str | None, began: int | None) -> Clock:
    """The clock that is given; without one it stands where recordings began, or runs. Raises ValueError."""
    from understudy.engine.clock import Clock, milliseconds

    if given is None:
        return Clock(began, frozen=began is not None)
    if given in ("real", "frozen"):
        return Clock(frozen=given == "frozen")
    text = given.isoformat() if isinstance(given, datetime) else given
    try:
        return Clock(milliseconds(text), frozen=True)
    except ValueError:
        raise ValueError(f"clock {text!r} is neither real nor frozen nor an ISO 8601 time") from None
