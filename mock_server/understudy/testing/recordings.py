"""How a world starts that a recording shows: seed data of each API, and the time at which it began."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from understudy.engine.api import Api
    from understudy.engine.worlds import Worlds

Json = Any


def start_of(files: Sequence[str], documents: Sequence[str]) -> dict[str, Json]:
    """The `seed_data` and `clock` of a world; `documents` are those that are served. Raises ValueError."""
    from understudy.apis import control, seeder, seeds
    from understudy.cli.exits import UsageError
    from understudy.cli.recordings import Imported
    from understudy.engine.clock import Clock, rfc3339
    from understudy.engine.worlds import Worlds

    apis = list(_declared(tuple(documents)))
    names = [api.name for api in apis]
    try:
        imported = Imported([Path(one) for one in files], lambda line: None)
        began = imported.began(apis)
        usual = {**dict.fromkeys(names), **seeds(names)}
        content = imported.starts(apis, usual, {})
    except UsageError as error:
        raise ValueError(str(error).removeprefix("--import ")) from error
    clock = Clock(began, frozen=True)
    worlds = Worlds([*apis, control.declare], seeds=content, clock=clock, seeder=seeder(names, None, clock))
    imported.prepare(worlds)
    shown = {name: content[name] for name in names if content[name] != usual[name]}
    own = {api.name: _records(worlds, api) for api in apis if api.add is not None}
    return {"seed_data": {**shown, **own}} | ({} if began is None else {"clock": rfc3339(began)})


def _records(worlds: Worlds, api: Api) -> dict[str, Json]:
    """The records of an API that declares resources, as a seed has them."""
    from understudy.recording.evidence import model_of

    dump = next(iter(worlds.default.tenants[api.name].values())).dump()
    return {name: list(dump[name]) for name in model_of(api).resources if dump.get(name)}


@cache
def _declared(documents: tuple[str, ...]) -> tuple[Api, ...]:
    from understudy.cli.arguments import declared

    return tuple(declared(documents, report=lambda line: None))
