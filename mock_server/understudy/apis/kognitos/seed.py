"""Kognitos' seed file: its schema, the records that it makes, and the consistency of an organization's records.

Omitted members get their defaults here; inconsistent ones are refused with their path. `seed_check` checks
single records against their schemas afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from understudy.apis.kognitos.life_cycle import LIFE_CYCLE, activity_id, seeded, store_run
from understudy.apis.kognitos.records import FINAL, OUTCOME, WAITING
from understudy.document.contract import Contract
from understudy.document.seed_entries import closed, many
from understudy.document.seed_file import SeedErrors, SeedPath
from understudy.engine.api import SeededTenant
from understudy.engine.call import Json
from understudy.engine.clock import milliseconds
from understudy.engine.credential import Credential
from understudy.engine.seed import dangling, read_tenants
from understudy.engine.store import Layout, Record, Store
from understudy.messages import suggest

References = Sequence[tuple[str, str, str]]

_TEXT: Json = {"type": "string"}
_SECONDS: Json = {"type": "number", "minimum": 0}
_OUTPUTS: Json = {"type": ["array", "null"]}
_STATUS: Json = {"enum": [*(name for name, _ in LIFE_CYCLE), *FINAL, WAITING]}
_DURATIONS = {"created": 1, "pending": 2, "running": 5}


_PROCESS = closed(
    "id agent_id name stage", id=_TEXT, agent_id=_TEXT, name=_TEXT, stage=_TEXT, inputs=many(_TEXT), outputs=_OUTPUTS,
    outcome=OUTCOME, then=OUTCOME, seconds=closed("", created=_SECONDS, pending=_SECONDS, running=_SECONDS),
)  # fmt: skip
_RUN = closed(
    "id process_id name created_at status", id=_TEXT, process_id=_TEXT, name=_TEXT, stage=_TEXT, status=_STATUS,
    created_at=_TEXT, file_ids={"type": ["array", "null"], "items": _TEXT}, outputs=_OUTPUTS,
    pending_at=_TEXT, running_at=_TEXT, ends_at=_TEXT, outcome=OUTCOME,
)  # fmt: skip
_ORGANIZATION = closed(
    "id agents", id=_TEXT,
    keys=many(closed("key", key=_TEXT, agent_id=_TEXT, state={"enum": ["valid", "revoked"]})),
    agents=many(closed("id name", id=_TEXT, name=_TEXT)),
    processes=many(_PROCESS),
    files=many(
        closed("id agent_id file_name", id=_TEXT, agent_id=_TEXT, file_name=_TEXT, uploaded={"type": "boolean"})
    ),
    runs=many(_RUN),
)  # fmt: skip
SEED = closed("organizations", organizations=many(_ORGANIZATION, minItems=1))


def seed(content: Json, contract: Contract, *, layouts: Mapping[str, Layout]) -> Sequence[SeededTenant]:
    """Read the tenants of a seed file; raises SeedError with all schema errors or, without any, all inconsistencies."""
    return read_tenants(content, "organizations", fits=contract.fits(SEED), layouts=layouts, read=_organization)


def inconsistencies(tenant: str, store: Store, *, references: References) -> Iterator[str]:
    """Describe each inconsistency between an organization's records as `<collection> <id>: ...`."""
    if not len(store["agents"]):
        yield "agents: there must be at least one"
    yield from dangling(store, references)
    for run in store["runs"]:
        process = store["processes"].get(run["process_id"])
        if process and process["agent_id"] != run["agent_id"]:
            yield f"runs {run['id']}: agent_id: process {process['id']} is of agent {process['agent_id']}"
        if store["activity"].row(activity_id(run)) is None:
            yield f"runs {run['id']}: counted: there is no {activity_id(run)} in activity"


def _organization(given: Json, store: Store, errors: SeedErrors, path: SeedPath) -> SeededTenant:
    for name in ("agents", "processes", "files", "runs"):
        errors.unique(given.get(name, ()), "id", *path, name)
    for agent in given["agents"]:
        store["agents"].put(agent)
    for process in given.get("processes", ()):
        store["processes"].put(_process(process))
    for file in given.get("files", ()):
        store["files"].put({"uploaded": True, **file})
    for number, run in enumerate(given.get("runs", ())):
        with errors.at(*path, "runs", number):
            _put_run(run, store, f"{given['id']}: run {run['id']}")
    return SeededTenant(given["id"], store.dump(), tuple(_keys(given, store, errors, path)))


def _put_run(run: Json, store: Store, where: str) -> None:
    process = _known(store, "processes", run["process_id"], where)
    for id in run.get("file_ids") or ():
        _known(store, "files", id, where)
    store_run(store, _run(run, process))


def _keys(given: Json, store: Store, errors: SeedErrors, path: SeedPath) -> Iterator[Credential]:
    for number, key in enumerate(given.get("keys", ())):
        with errors.at(*path, "keys", number):
            if "agent_id" in key:
                _known(store, "agents", key["agent_id"], f"{given['id']}: key {key['key']}")
            yield Credential(key["key"], "kognitos", given["id"], key.get("state", "valid"), scope=key.get("agent_id"))


def _process(given: Json) -> Record:
    seconds: Mapping[str, float] = {**_DURATIONS, **given.get("seconds", {})}
    return {
        "id": given["id"],
        "agent_id": given["agent_id"],
        "name": given["name"],
        "stage": given["stage"],
        "inputs": given.get("inputs", []),
        "course": {
            **{name: round(value * 1000) for name, value in seconds.items()},
            "outcome": given.get("outcome", "Succeeded"),
            "then": given.get("then", "Succeeded"),
            "outputs": given.get("outputs"),
        },
    }


def _run(given: Json, process: Record) -> Record:
    course = process["course"]
    run: Record = {
        "id": given["id"],
        "agent_id": process["agent_id"],
        "process_id": process["id"],
        "name": given["name"],
        "stage": given.get("stage", process["stage"]),
        "file_ids": given.get("file_ids"),
        "created": milliseconds(given["created_at"]),
        "outcome": course["outcome"],
        "then": course["then"],
        "outputs": given.get("outputs", course["outputs"]),
        "left": None,
        "counted": 0,
    }
    ends = {name: milliseconds(given[name]) for _, name in LIFE_CYCLE if name in given}
    run |= {"outcome": given.get("outcome", run["outcome"])}
    return seeded(run, given["status"]) | ends


def _known(store: Store, collection: str, id: str, where: str) -> Record:
    """Find the record `id`; raises ValueError, with the place `where` in the seed, for an unknown one."""
    record = store[collection].get(id)
    if record is None:
        hint = suggest(id, [known["id"] for known in store[collection]])
        raise ValueError(f"{where}: there is no {id} among the {collection}{hint}")
    return record
