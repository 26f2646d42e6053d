"""NextStep's seed file: its schema, the records that it makes, and the consistency of a team's records.

Omitted members get their defaults here; inconsistent ones are refused with their path. `seed_check` checks
single records against the document afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from understudy.apis.nextstep.editions import fill_tasks
from understudy.apis.nextstep.records import run_sections
from understudy.apis.nextstep.run_tasks import RunTasks, is_done
from understudy.document.contract import Contract
from understudy.document.seed_file import SeedErrors, SeedPath
from understudy.engine.api import SeededTenant
from understudy.engine.call import Json
from understudy.engine.credential import Credential
from understudy.engine.seed import read_tenants
from understudy.engine.store import Layout, Record, Store
from understudy.messages import suggest


def _closed(required: str, /, **properties: Json) -> Json:
    """The schema of an object with these members and no others; `required` names some, separated by spaces."""
    return {
        "type": "object",
        "required": required.split(),
        "properties": properties,
        "additionalProperties": False,
    }


def _many(schema: Json) -> Json:
    return {"type": "array", "items": schema}


_ANY: Json = True
_TEXT: Json = {"type": "string"}
_FLAG: Json = {"type": "boolean"}
_TEXT_OR_NULL = {"type": ["string", "null"]}
_SECTION = _closed(
    "id title order", id=_TEXT, title=_TEXT, description=_TEXT_OR_NULL, order={"type": "integer"}, color=_TEXT_OR_NULL
)
_ELEMENT = _closed(
    "id type label", id=_TEXT, type=_TEXT, label=_TEXT, required=_FLAG, display_only=_FLAG, options=_many(_TEXT)
)
_TASK = _closed(
    "id title", id=_TEXT, title=_TEXT, description=_TEXT_OR_NULL, order={"type": "integer"}, section_id=_TEXT_OR_NULL,
    assignee=_ANY, is_essential=_FLAG, type=_TEXT, due_date=_ANY, webhook_enabled=_FLAG, created_at=_TEXT,
    custom_elements=_many(_ELEMENT),
)  # fmt: skip
_TEMPLATE = _closed(
    "id title is_published version created_at", id=_TEXT, title=_TEXT, description=_TEXT_OR_NULL,
    cover_image=_TEXT_OR_NULL, icon=_TEXT_OR_NULL, icon_type=_TEXT_OR_NULL, visibility=_TEXT, is_published=_FLAG,
    version={"type": "integer"}, sections=_many(_SECTION), created_at=_TEXT, updated_at=_TEXT_OR_NULL,
    tasks=_many(_TASK),
)  # fmt: skip
_CHANGE = _closed(
    "template_task_id", template_task_id=_TEXT, id=_TEXT, completed=_FLAG, completed_at=_TEXT_OR_NULL,
    completed_by=_TEXT_OR_NULL, skipped=_FLAG, assignee=_TEXT_OR_NULL, values={"type": "object"},
)  # fmt: skip
_RUN = _closed(
    "id template_id created_at", id=_TEXT, template_id=_TEXT, title=_TEXT, status=_TEXT, started_by=_TEXT,
    due_date=_TEXT_OR_NULL, is_shared=_FLAG, created_at=_TEXT, updated_at=_TEXT_OR_NULL, completed_at=_TEXT_OR_NULL,
    tasks=_many(_CHANGE),
)  # fmt: skip
_TEAM = _closed(
    "id timezone", id=_TEXT, timezone=_TEXT, subscription={"enum": ["active", "lapsed"]},
    members=_many(_closed("user_id email active", user_id=_TEXT, email=_TEXT, name=_TEXT, active=_FLAG)),
    keys=_many(_closed("key", key=_TEXT, state={"enum": ["valid", "revoked"]})),
    templates=_many(_TEMPLATE), runs=_many(_RUN),
)  # fmt: skip
_REFERENCES = (
    ("templates", "id", "definitions"),
    ("definitions", "edition", "editions"),
    ("definitions", "live", "editions"),
    ("runs", "id", "progress"),
    ("progress", "id", "runs"),
    ("progress", "edition", "editions"),
    ("tasks", "instance_id", "runs"),
)
SEED = _closed("teams", teams={"type": "array", "minItems": 1, "items": _TEAM})


def seed(content: Json, contract: Contract, *, layouts: Mapping[str, Layout]) -> Sequence[SeededTenant]:
    """Read the tenants of a seed file; raises SeedError with all schema errors or, without any, all inconsistencies."""
    return read_tenants(content, "teams", fits=contract.fits(SEED), layouts=layouts, read=_team)


def inconsistencies(tenant: str, store: Store) -> Iterator[str]:
    """Describe each inconsistency between a team's records as `<collection> <id>: ...`."""
    if [team["id"] for team in store["team"]] != [tenant]:
        yield f"team: there must be {tenant} and no other"
    dangling = [
        f"{owner} {record['id']}: {member}: there is no {record[member]} in {target}"
        for owner, member, target in _REFERENCES
        for record in store[owner]
        if store[target].row(record[member]) is None
    ]
    yield from dangling or _task_inconsistencies(store)


def _task_inconsistencies(store: Store) -> Iterator[str]:
    """Check positions and elements of the changed tasks, and the number of open tasks of each run."""
    runs = {run["id"]: RunTasks(store, run, progress) for run, progress in _runs(store)}
    opened = {id: len(tasks) for id, tasks in runs.items()}
    for id, tasks in runs.items():
        if any(position >= len(tasks) for position in tasks.progress["ids"].values()):
            yield f"progress {id}: ids: there are only {len(tasks)} tasks"
    for task in store["tasks"]:
        tasks = runs[task["instance_id"]]
        position = tasks.position(task["id"])
        if position is None or position != task["order"]:
            yield f"tasks {task['id']}: run {task['instance_id']} has no such task at {task['order']}"
        elif _elements(task) != _elements(tasks.edition.tasks[position]):
            yield f"tasks {task['id']}: its elements are not those of {tasks.edition.id}"
        opened[task["instance_id"]] -= is_done(task)
    for id, tasks in runs.items():
        if tasks.progress["open"] != opened[id] or (opened[id] and tasks.run["status"] == "completed"):
            yield f"runs {id}: {tasks.run['status']}, {tasks.progress['open']} open tasks counted, {opened[id]} found"


def _runs(store: Store) -> Iterator[tuple[Record, Record]]:
    for run in store["runs"]:
        yield run, store["progress"].require(run["id"])


def _elements(task: Record) -> list[tuple[str, str]]:
    return [(element["id"], element["type"]) for element in task["custom_elements"]]


def _team(team: Json, store: Store, errors: SeedErrors, path: SeedPath) -> SeededTenant:
    for name, member in (("members", "user_id"), ("templates", "id"), ("runs", "id")):
        errors.unique(team.get(name, ()), member, *path, name)
    store["team"].put({"id": team["id"], "timezone": team["timezone"]})
    for member in team.get("members", ()):
        store["members"].put({"id": member["user_id"], **{k: v for k, v in member.items() if k != "user_id"}})
    for number, template in enumerate(team.get("templates", ())):
        with errors.at(*path, "templates", number):
            _template(template, store)
    for number, run in enumerate(team.get("runs", ())):
        with errors.at(*path, "runs", number):
            _run(run, team, store)
    return SeededTenant(team["id"], store.dump(), tuple(_keys(team)))


def _keys(team: Json) -> Iterator[Credential]:
    lapsed = team.get("subscription", "active") == "lapsed"
    for key in team.get("keys", ()):
        state = key.get("state", "valid")
        yield Credential(key["key"], "nextstep", team["id"], "lapsed" if lapsed and state == "valid" else state)


def _template(given: Json, store: Store) -> None:
    record = {
        "id": given["id"],
        "title": given["title"],
        "description": given.get("description"),
        "cover_image": given.get("cover_image"),
        "icon": given.get("icon"),
        "icon_type": given.get("icon_type"),
        "visibility": given.get("visibility", "team"),
        "is_published": given["is_published"],
        "version": given["version"],
        "sections": [
            {
                "id": section["id"],
                "title": section["title"],
                "description": section.get("description"),
                "order": section["order"],
                "color": section.get("color"),
            }
            for section in given.get("sections", ())
        ],
        "created_at": given["created_at"],
        "updated_at": given.get("updated_at"),
    }
    edition = f"{given['id']}.1"
    store["templates"].put(record)
    store["definitions"].put({"id": given["id"], "edition": edition, "live": edition})
    numbers = iter(range(len(given.get("tasks", ()))))
    tasks = fill_tasks(given.get("tasks", ()), record, new_id=lambda: f"{given['id']}-{next(numbers)}")
    store["editions"].put({"id": edition, "tasks": tasks})


def _run(given: Json, team: Json, store: Store) -> None:
    template = store["templates"].get(given["template_id"])
    if template is None:
        raise ValueError(f"{team['id']}: run {given['id']}: there is no template {given['template_id']}")
    run: dict[str, Any] = {
        "title": template["title"],
        "status": "active",
        "started_by": "api",
        "team_id": team["id"],
        "timezone": team["timezone"],
        "due_date": None,
        "is_shared": False,
        "sections": run_sections(template),
        "updated_at": None,
        "completed_at": None,
        **{key: value for key, value in given.items() if key != "tasks"},
    }
    runner = None if run["started_by"] == "api" else run["started_by"]
    progress = {"id": run["id"], "edition": f"{template['id']}.1", "runner": runner, "open": 0, "ids": {}}
    run_tasks = RunTasks(store, run, progress)
    for change in given.get("tasks", ()):
        store["tasks"].put(_changed(change, run_tasks))
    progress["open"] = sum(not is_done(run_tasks.get_shared(position)) for position in range(len(run_tasks)))
    if (run["status"] == "completed") != (progress["open"] == 0 and len(run_tasks) > 0):
        raise ValueError(f"{team['id']}: run {run['id']} is {run['status']} with {progress['open']} open tasks")
    order = ("id", "template_id", "title", "status", "started_by", "team_id", "timezone", "due_date", "is_shared",
             "sections", "created_at", "updated_at", "completed_at")  # fmt: skip
    store["runs"].put({key: run[key] for key in order})
    store["progress"].put(progress)


def _changed(change: Json, tasks: RunTasks) -> Record:
    where = f"run {tasks.run['id']}: task {change['template_task_id']}"
    position = tasks.edition.positions.get(change["template_task_id"])
    if position is None:
        hint = suggest(change["template_task_id"], tasks.edition.positions)
        raise ValueError(f"{where}: the template has no such task{hint}")
    if "id" in change:
        tasks.progress["ids"][change["id"]] = position
    values = change.get("values", {})
    unknown = [id for id in values if id not in tasks.edition.elements[position]]
    if unknown:
        raise ValueError(f"{where}: it has no element {', '.join(unknown)}")
    fixed = ("id", "template_task_id", "values")
    changed = {key: value for key, value in change.items() if key not in fixed}
    return {**tasks.filled(position, values), **changed}
