"""The built-in APIs by name, and their seed files. Must not know any API's records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from understudy import cache, data
from understudy.apis.seed_check import check_records
from understudy.document import kinds
from understudy.document.contract import Contract
from understudy.document.read import Unreadable, read
from understudy.document.seed_file import SeedError, check_json
from understudy.document.seed_times import with_times
from understudy.engine.api import Api
from understudy.engine.call import Json
from understudy.engine.clock import Clock
from understudy.engine.credential import Credential
from understudy.engine.seed import SeededData, fill_store, load_seed
from understudy.messages import suggest

NAMES = tuple(sorted(file.parent.name for file in data.path("fixtures").glob("*/seed.yaml")))
"""The built-in APIs: each has a start state, a document and a module of its name, and an entry point as a package has.

They are not looked up by their entry points, since that takes 40 ms.
"""
EVENT_KINDS = ("invalid", "not-found", "refused")  # how the control API refuses an event


def declare(name: str) -> Api:
    """Declare the API `name` (one of NAMES) and compile its document.

    Raises ContractError for a document that is not understood, ValueError for a Problem of an unknown kind.
    """
    api: Api = import_module(f"understudy.apis.{name}").declare()
    check_kinds(name, api.contract, events=api.events.values())
    return api


def check_kinds(name: str, contract: Contract, *, events: Iterable[Callable[..., Any]] = ()) -> None:
    """Raise ValueError for the Problems of the API `name` whose kinds its document does not declare."""
    wrong = kinds.unknown(name, sources(name), known=contract.errors, events=events, event_kinds=EVENT_KINDS)
    if wrong:
        raise ValueError(f"{contract.source}: {'; '.join(wrong)}")


def sources(name: str) -> list[Path]:
    """Return the source files of the API `name`: `<name>.py`, or all files of the folder `<name>`."""
    folder = Path(__file__).parent
    module = folder / f"{name}.py"
    return [module] if module.exists() else sorted((folder / name).glob("*.py"))


def seeds(names: Sequence[str], folder: Path | None = None) -> dict[str, Json]:
    """Return the content of each API's seed file by name: the one in `folder` if it exists, else the built-in one.

    Raises Unreadable, also for a folder without any seed file or with one of an unknown API.
    """
    own = {} if folder is None else own_seeds(names, folder)
    ours = [name for name in names if name in NAMES and name not in own]
    return {
        **{name: read(file) for name, file in own.items()},
        **{name: _cached(data.path("fixtures") / name / "seed.yaml") for name in ours},
    }


def own_seeds(names: Sequence[str], folder: Path) -> dict[str, Path]:
    """Return the seed files of a user's folder by the name of their API; raises Unreadable."""
    if not folder.is_dir():
        raise Unreadable(f"{folder}: there is no such folder")
    for file in sorted(folder.glob("*/seed.yaml")):
        if file.parent.name not in NAMES:
            hint = suggest(file.parent.name, NAMES)
            raise Unreadable(f"{file}: there is no API {file.parent.name}{hint}; known: {', '.join(NAMES)}")
    own = {name: folder / name / "seed.yaml" for name in names if name in NAMES and (folder / name).exists()}
    if not own:
        paths = ", ".join(f"{name}/seed.yaml" for name in names)
        raise Unreadable(f"{folder}: there is no seed file in it; looked for {paths}")
    return own


def seeder(names: Sequence[str], folder: Path | None, clock: Clock | None = None) -> Callable[[Api, Json], SeededData]:
    """Return a function that loads a seed; a user's own is checked each time, and its errors name file and line.

    Times of a user's seed such as `$now - 3d` are relative to `clock`.
    """
    own = {} if folder is None else own_seeds(names, folder)
    now = (clock or Clock()).now()
    return lambda api, seed: (
        load_own_seed(api, seed, own[api.name], now) if api.name in own else load_checked_seed(api, seed)
    )


def load_own_seed(api: Api, seed: Json, file: Path, now: int) -> SeededData:
    """Load a user's seed as `load_seed` does; raises Unreadable with all errors of the file."""
    try:
        check_json(seed)
        seed = with_times(seed, now)
        seeded = api.seed(seed, api.contract)
        check_records(api, seed, seeded)
        return load_seed(api, seed)
    except SeedError as error:
        raise Unreadable(error.report(file)) from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:  # from an API whose `seed` checks less
        text = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
        raise Unreadable(f"{file}: {' '.join(text.split())}") from error


def load_checked_seed(api: Api, seed: Json) -> SeededData:
    """Load a built-in seed as `load_seed` does; the check against the document is cached. A user's API has none."""
    if api.name not in NAMES:
        return load_seed(api, seed)

    def checked() -> Json:
        load_seed(api, seed)
        return msgspec.to_builtins(api.seed(seed, api.contract))

    contents = msgspec.json.encode(seed), data.path(f"openapi/{api.name}.yaml").read_bytes()
    known = cache.cached(f"{api.name}-seed-data", checked, *contents)
    stores = {one["tenant"]: fill_store(api, one["data"]) for one in known}
    return stores, tuple(Credential(*credential) for one in known for credential in one["credentials"])


def _cached(file: Path) -> Json:
    return cache.cached(f"{file.parent.name}-seed", lambda: read(file), file.read_bytes())
