"""NextStep's seed file: its schema, the records that it makes, and the consistency of a team's records.

Omitted members get their defaults here; inconsistent ones are refused with their path. `seed_check` checks
single records against the document afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from understudy.apis.nextstep.editions import fill_tasks
from understudy.apis.nextstep.records import run_sections
from understudy.apis.nextstep.run_tasks import RunTasks, is_done
from understudy.document.contract import Contract
from understudy.document.seed_entries import closed, many, of_schema
from understudy.document.seed_file import SeedErrors, SeedPath
from understudy.engine.api import SeededTenant
from understudy.engine.call import Json
from understudy.engine.credential import Credential
from understudy.engine.seed import dangling, read_tenants
from understudy.engine.store import Layout, Record, Store
from understudy.messages import suggest

Entry = Callable[[str, Mapping[str, Json]], Record]  # makes the record of a resource complete

_TEXT: Json = {"type": "string"}
_FLAG: Json = {"type": "boolean"}
_SECTION = ("id", "title", "description", "order", "color")
# what a task of a run has of its template and its run
_FIXED = (
    *("instance_id", "title", "order", "section_id", "is_essential", "type", "due_date", "webhook_enabled"),
    "custom_elements",
)
_REFERENCES = (
    ("templates", "id", "definitions"),
    ("definitions", "edition", "editions"),
    ("definitions", "live", "editions"),
    ("runs", "id", "progress"),
    ("progress", "id", "runs"),
    ("progress", "edition", "editions"),
    ("tasks", "instance_id", "runs"),
)


def schema(document: Json) -> Json:
    """Return the schema of a seed file; `document` is the API's."""
    section = of_schema(document, "Section", "id title order")
    element = of_schema(document, "TemplateElement", "id type label")
    task = of_schema(document, "TemplateTask", "id title", assignee=True, custom_elements=many(element))
    template = of_schema(
        document,
        "ProcessTemplate",
        "id title is_published version created_at",
        sections=many(section),
        tasks=many(task),
    )
    change = of_schema(document, "RunTask", "template_task_id", without=_FIXED, values={"type": "object"})
    run = of_schema(
        document,
        "ProcessRun",
        "id template_id created_at",
        without=("team_id", "timezone"),
        sections=many(section),
        edition=many(task),
        tasks=many(change),
    )
    team = closed(
        "id timezone",
        id=_TEXT,
        timezone=_TEXT,
        subscription={"enum": ["active", "lapsed"]},
        members=many(closed("user_id email active", user_id=_TEXT, email=_TEXT, name=_TEXT, active=_FLAG)),
        keys=many(closed("key", key=_TEXT, state={"enum": ["valid", "revoked"]})),
        templates=many(template),
        runs=many(run),
    )
    return closed("teams", teams=many(team, minItems=1))


def seed(content: Json, contract: Contract, *, layouts: Mapping[str, Layout], entry: Entry) -> Sequence[SeededTenant]:
    """Read the tenants of a seed file; raises SeedError with all schema errors or, without any, all inconsistencies."""
    fits, read = contract.fits(schema(contract.document)), partial(_team, entry=entry)
    return read_tenants(content, "teams", fits=fits, layouts=layouts, read=read)


def inconsistencies(tenant: str, store: Store) -> Iterator[str]:
    """Describe each inconsistency between a team's records as `<collection> <id>: ...`."""
    if [team["id"] for team in store["team"]] != [tenant]:
        yield f"team: there must be {tenant} and no other"
    missing = list(dangling(store, _REFERENCES))
    yield from missing or _task_inconsistencies(store)


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


def _team(team: Json, store: Store, errors: SeedErrors, path: SeedPath, *, entry: Entry) -> SeededTenant:
    for name, member in (("members", "user_id"), ("templates", "id"), ("runs", "id")):
        errors.unique(team.get(name, ()), member, *path, name)
    store["team"].put({"id": team["id"], "timezone": team["timezone"]})
    for member in team.get("members", ()):
        store["members"].put({"id": member["user_id"], **_without(member, "user_id")})
    for number, template in enumerate(team.get("templates", ())):
        with errors.at(*path, "templates", number):
            _template(template, store, entry)
    for number, run in enumerate(team.get("runs", ())):
        with errors.at(*path, "runs", number):
            _run(run, team, store, entry)
    return SeededTenant(team["id"], store.dump(), tuple(_keys(team)))


def _keys(team: Json) -> Iterator[Credential]:
    lapsed = team.get("subscription", "active") == "lapsed"
    for key in team.get("keys", ()):
        state = key.get("state", "valid")
        yield Credential(key["key"], "nextstep", team["id"], "lapsed" if lapsed and state == "valid" else state)


def _template(given: Json, store: Store, entry: Entry) -> None:
    sections = [{name: section.get(name) for name in _SECTION} for section in given.get("sections", ())]
    record = entry("templates", {**_without(given, "tasks"), "sections": sections})
    edition = f"{given['id']}.1"
    store["templates"].put(record)
    store["definitions"].put({"id": given["id"], "edition": edition, "live": edition})
    numbers = iter(range(len(given.get("tasks", ()))))
    tasks = fill_tasks(given.get("tasks", ()), record, new_id=lambda: f"{given['id']}-{next(numbers)}")
    store["editions"].put({"id": edition, "tasks": tasks})


def _run(given: Json, team: Json, store: Store, entry: Entry) -> None:
    template = store["templates"].get(given["template_id"])
    if template is None:
        raise ValueError(f"{team['id']}: run {given['id']}: there is no template {given['template_id']}")
    copied = {"title": template["title"], "team_id": team["id"], "timezone": team["timezone"]}
    sections = run_sections(given if "sections" in given else template)
    run = entry("runs", {**copied, **_without(given, "tasks", "edition"), "sections": sections})
    runner = None if run["started_by"] == "api" else run["started_by"]
    progress = {"id": run["id"], "edition": _edition(given, template, store), "runner": runner, "open": 0, "ids": {}}
    run_tasks = RunTasks(store, run, progress)
    for change in given.get("tasks", ()):
        store["tasks"].put(_changed(change, run_tasks))
    progress["open"] = sum(not is_done(run_tasks.get_shared(position)) for position in range(len(run_tasks)))
    if len(run_tasks) and (run["status"] == "completed") != (progress["open"] == 0):  # without tasks it may be either
        raise ValueError(f"{team['id']}: run {run['id']} is {run['status']} with {progress['open']} open tasks")
    store["runs"].put(run)
    store["progress"].put(progress)


def _edition(given: Json, template: Record, store: Store) -> str:
    """The id of the edition of a run: its own one, where the template had other tasks when it was started."""
    if "edition" not in given:
        return f"{template['id']}.1"
    id, numbers = f"{given['id']}.1", iter(range(len(given["edition"])))
    tasks = fill_tasks(given["edition"], template, new_id=lambda: f"{given['id']}-{next(numbers)}")
    store["editions"].put({"id": id, "tasks": tasks})
    return id


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
    return {**tasks.filled(position, values), **_without(change, "id", "template_task_id", "values")}


def _without(given: Json, *names: str) -> Record:
    return {name: value for name, value in given.items() if name not in names}
