"""The APIs that can be served, by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

import msgspec

from mock_server import cache, data, grammar, refusals
from mock_server.api import Api, Credential, Json
from mock_server.apis.seed_check import check_records
from mock_server.grammar import Unreadable
from mock_server.seeding import SeedError, check_json
from mock_server.world import Planted, filled, planted

NAMES = ("nextstep", "kognitos", "tallyfy")
EVENT_KINDS = ("invalid", "not-found", "refused")  # how the control API refuses an event


def declare(name: str) -> Api:
    """The API `name` (one of NAMES, or `control`), its document compiled.

    Raises ContractError for a document that is not understood, ValueError for a Problem that it does not know.
    """
    api: Api = import_module(f"mock_server.apis.{name}").declare()
    faults = refusals.unknown(
        name, sources(name), known=api.contract.errors, events=api.events.values(), told=EVENT_KINDS
    )
    if faults:
        raise ValueError(f"{api.contract.source}: {'; '.join(faults)}")
    return api


def sources(name: str) -> list[Path]:
    """The files that hold the handlers of the API `name`: `<name>.py` and `<name>_*.py`."""
    folder = Path(__file__).parent
    return [folder / f"{name}.py", *sorted(folder.glob(f"{name}_*.py"))]


def seeds(names: Sequence[str], folder: Path | None = None) -> dict[str, Json]:
    """The content of each API's seed file by name: that of the folder where there is one, else ours.

    Raises Unreadable, also for a folder without any of them, or with one of an unknown API.
    """
    own = {} if folder is None else own_seeds(names, folder)
    ours = [name for name in names if name in NAMES and name not in own]
    return {
        **{name: grammar.read(file) for name, file in own.items()},
        **{name: _kept(data.path("fixtures") / name / "seed.yaml") for name in ours},
    }


def own_seeds(names: Sequence[str], folder: Path) -> dict[str, Path]:
    """The seed files of a user's folder by the API that they are of; raises Unreadable."""
    if not folder.is_dir():
        raise Unreadable(f"{folder}: there is no such folder")
    for file in sorted(folder.glob("*/seed.yaml")):
        if file.parent.name not in NAMES:
            hint = grammar.nearest(file.parent.name, NAMES)
            raise Unreadable(f"{file}: there is no API {file.parent.name}{hint}; known: {', '.join(NAMES)}")
    own = {name: folder / name / "seed.yaml" for name in names if name in NAMES and (folder / name).exists()}
    if not own:
        places = ", ".join(f"{name}/seed.yaml" for name in names)
        raise Unreadable(f"{folder}: there is no seed file in it; looked for {places}")
    return own


def planter(names: Sequence[str], folder: Path | None) -> Callable[[Api, Json], Planted]:
    """What makes data of a seed: a user's own is checked each time, and its faults are told by file and line."""
    own = {} if folder is None else own_seeds(names, folder)
    return lambda api, seed: plant_own(api, seed, own[api.name]) if api.name in own else plant(api, seed)


def plant_own(api: Api, seed: Json, file: Path) -> Planted:
    """What grows from a user's seed, as `planted` tells; raises Unreadable with all that is wrong in the file."""
    try:
        check_json(seed)
        seeded = api.seed(seed, api.contract)
        check_records(api, seed, seeded)
        return planted(api, seed)
    except SeedError as error:
        raise Unreadable(error.located(file)) from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:  # of an API that checks less
        text = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
        raise Unreadable(f"{file}: {' '.join(text.split())}") from error


def plant(api: Api, seed: Json) -> Planted:
    """What grows from a seed, as `planted` tells; that it fits our document of the API is found out once."""

    def grown() -> Json:
        planted(api, seed)
        return msgspec.to_builtins(api.seed(seed, api.contract))

    contents = msgspec.json.encode(seed), data.path(f"openapi/{api.name}.yaml").read_bytes()
    known = cache.kept(f"{api.name}-grown", grown, *contents)
    stores = {one["tenant"]: filled(api, one["data"]) for one in known}
    return stores, tuple(Credential(*credential) for one in known for credential in one["credentials"])


def _kept(place: Path) -> Json:
    return cache.kept(f"{place.parent.name}-seed", lambda: grammar.read(place), place.read_bytes())
