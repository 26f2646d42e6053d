"""Tallyfy's seed file, read into records.

Omitted members get their defaults here; inconsistent ones are refused with their path. `seed_check` checks
single records against the document afterwards.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence

from understudy.apis.tallyfy.assets import ASSET_DEFAULTS
from understudy.apis.tallyfy.deadlines import step_deadlines
from understudy.apis.tallyfy.guests import new_guest
from understudy.apis.tallyfy.includes import HIDDEN
from understudy.apis.tallyfy.launch import new_run
from understudy.apis.tallyfy.life_cycle import STATUS, Facts, summarize_tasks
from understudy.apis.tallyfy.records import moment, stamp
from understudy.apis.tallyfy.seed_schema import schema
from understudy.apis.tallyfy.task_records import new_task, oneoff_task
from understudy.apis.tallyfy.template_records import TEMPLATE_DEFAULTS, alias, new_field, new_step
from understudy.document.contract import Contract
from understudy.document.seed_file import SeedErrors, SeedPath
from understudy.engine.api import SeededTenant
from understudy.engine.call import Json
from understudy.engine.credential import Credential
from understudy.engine.ids import HEX, digest
from understudy.engine.seed import read_tenants
from understudy.engine.store import Layout, Record, Store
from understudy.messages import suggest

_STATES = ("valid", "revoked")
_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MADE = "2024-01-01T00:00:00Z"  # where a seed does not say when
_GROUP: Record = {"description": None, "logo": None, "guests": [], "created_at": _MADE, "last_updated": _MADE}
_FOLDER = {"parent_id": None, "folder_type": None, "position": 1, "created_at": _MADE}
_ORGANIZATION = ("id", "name", "description", "timezone", "working_days", "created_on", "last_updated")


def seed(content: Json, contract: Contract, *, layouts: Mapping[str, Layout]) -> Sequence[SeededTenant]:
    """Read the tenants of a seed file into collections of these layouts.

    Raises SeedError with all schema errors or, without any, all inconsistencies.
    """
    return read_tenants(
        content, "organizations", fits=contract.fits(schema(contract.document)), layouts=layouts, read=_organization
    )


def _organization(given: Json, store: Store, errors: SeedErrors, path: SeedPath) -> SeededTenant:
    where = f"organization {given['id']}"
    for name in ("people", "guests", "groups", "folders", "tags", "templates", "runs", "tasks", "assets"):
        errors.unique(given.get(name, ()), "email" if name == "guests" else "id", *path, name)
    days = given.get("working_days", _WEEK[:5])
    store["organization"].put(
        {
            "description": None,
            "timezone": "UTC",
            "created_on": _MADE,
            "last_updated": _MADE,
            **{name: given[name] for name in _ORGANIZATION if name in given},
            "working_days": {day: day in days for day in _WEEK},
        }
    )
    for person in given["people"]:
        store["people"].put(_person(person))
    for nth, guest in enumerate(given.get("guests", ()), 4001):
        known = new_guest(guest["email"], nth, digest(f"{given['id']}/{guest['email']}", 32, HEX), _MADE)
        store["guests"].put({**known, **guest})
    for group in given.get("groups", ()):
        store["groups"].put({**_GROUP, **group})
    for folder in given.get("folders", ()):
        store["folders"].put({**_FOLDER, **folder})
    for tag in given.get("tags", ()):
        store["tags"].put({"auto_generated": False, "created_at": _MADE, "deleted_at": None, **tag})
    for number, template in enumerate(given.get("templates", ())):
        with errors.at(*path, "templates", number):
            _template(template, store)
    for number, run in enumerate(given.get("runs", ())):
        with errors.at(*path, "runs", number):
            _run(run, store, f"{where}: run {run['id']}")
    for number, task in enumerate(given.get("tasks", ())):
        with errors.at(*path, "tasks", number):
            _oneoff_task(task, store, f"{where}: task {task['id']}")
    for asset in given.get("assets", ()):
        _asset(asset, store)
    store["counters"].put({"id": "guests", "last": 4000 + len(store["guests"])})
    for kind in ("templates", "runs", "tasks"):
        last = max((record["increment_id"] for record in store[kind]), default=0)
        store["counters"].put({"id": kind, "last": last})
    return SeededTenant(given["id"], store.dump(), tuple(_tokens(given, store, errors, path)))


def _tokens(given: Json, store: Store, errors: SeedErrors, path: SeedPath) -> Iterator[Credential]:
    for number, token in enumerate(given.get("tokens", ())):
        with errors.at(*path, "tokens", number):
            yield _token(token, given["id"], store)


def _token(token: Json, organization: str, store: Store) -> Credential:
    state, person = token.get("state", "valid"), str(token["user"])
    if state not in _STATES:
        raise ValueError(f"token {token['token']}: {state} is none of {', '.join(_STATES)}")
    if store["people"].row(person) is None:
        raise ValueError(f"token {token['token']}: there is no person {person}")
    return Credential(token["token"], "tallyfy", organization, state, subject=person)


def _person(given: Json) -> Record:
    created = given.get("created_at", _MADE)
    return {
        "role": "standard",
        "active": True,
        "timezone": "UTC",
        **given,
        "id": str(given["id"]),
        "username": given["email"].partition("@")[0],
        "full_name": f"{given['first_name']} {given['last_name']}",
        "created_at": created,
        "last_updated": created,
    }


def _template(given: Json, store: Store) -> None:
    id, created = given["id"], given["created_at"]
    steps = [_step(step, number, id, created) for number, step in enumerate(given.get("steps", ()), 1)]
    own = {name: value for name, value in given.items() if name not in ("steps", "prerun", "tags", "stages")}
    store["templates"].put(
        {
            **TEMPLATE_DEFAULTS,
            "increment_id": len(store["templates"]) + 1,
            "alias": alias(given["title"]).replace("_", "-"),
            "last_updated": created,
            "status": "archived" if given.get("archived_at") else "active",
            "steps_count": len(steps),
            **own,
            "prerun": [_field(field, number, id, created) for number, field in enumerate(given.get("prerun", ()), 1)],
            "_": {"tags": given.get("tags", [])},
        }
    )
    store["definitions"].put({"id": id, "steps": steps, "stages": given.get("stages", [])})


def _step(given: Json, number: int, template: str, created: str) -> Record:
    captures = [_field(field, nth, template, created) for nth, field in enumerate(given.get("captures", ()), 1)]
    step = new_step(template, given["title"], created)
    return step | {"position": number, **given, "captures": [{**field, "step_id": given["id"]} for field in captures]}


def _field(given: Json, number: int, template: str, created: str) -> Record:
    return {**new_field(template, given["label"], created), "position": number, **given}


def _run(given: Json, store: Store, where: str) -> None:
    template = store["templates"].get(given["template"])
    if template is None:
        raise ValueError(f"{where}: there is no template {given['template']}")
    created = given["created_at"]
    names = (
        "id",
        "increment_id",
        "name",
        "summary",
        "started_by",
        "prerun",
        "starred",
        "archived_at",
        "is_public",
        "users",
        "groups",
        "parent_id",
        "type",
        "checklist_title",
        "can_add_oot",
        "assign_someone_else",
        "custom_fields",
    )
    starter = given.get("started_by", 1002)
    run = new_run(template) | {"started_by": starter, "owner_id": given.get("owner_id", starter)}
    run |= {"created_at": created, "started_at": given.get("started_at", created)}
    run |= {"last_updated": given.get("last_updated", created)}
    run |= {name: given[name] for name in names if name in given}
    hidden = ("tags", "folders", "assets", "member_watchers", "guest_watchers")
    run["_"] |= {name: given[name] for name in hidden if name in given}
    if given.get("kickoff") == "open":
        run["_"]["kickoff_open"] = True
    elif template["prerun"]:
        run |= {"prerun_completed_at": created, "prerun_completed_by": starter}
    run |= {name: given[name] for name in ("prerun_completed_at", "prerun_completed_by") if name in given}
    tasks = _tasks(given, run, store["definitions"].require(template["id"])["steps"], where)
    for task, overrides in tasks:
        _threads(store, run, task, overrides)
        store["tasks"].put(task)
    if "issue" in given:
        store["threads"].put(_thread(f"{run['id']}/issue", run, None, "problem", given["issue"]))
        run["_"]["process_issues"] = 1
    summarize_tasks(run, [task for task, _ in tasks])
    _set_status(run, given, where)
    store["runs"].put(run)


def _set_status(run: Record, given: Json, where: str) -> None:
    """Set the derived status, and the time of completion; raises ValueError where one contradicts the other."""
    hidden = run["_"]
    counts = hidden["counts"]
    done = 0 < counts["visible"] == counts["done"] and not hidden["kickoff_open"]
    facts = Facts(hidden["process_issues"], hidden["task_issues"], done)
    run["status"] = next(status for status, holds in STATUS if holds(facts))
    if (run["status"] == "complete") != ("completed_at" in given):
        raise ValueError(f"{where}: is {run['status']} {'with' if 'completed_at' in given else 'without'} completed_at")
    run["completed_at"] = given.get("completed_at")


def _tasks(given: Json, run: Record, steps: Sequence[Record], where: str) -> list[tuple[Record, Json]]:
    """The tasks of a run, each with its entry in the seed file."""
    overrides = {task["step"]: task for task in given.get("tasks", ())}
    known = {step["id"] for step in steps}
    for id in overrides.keys() - known:
        raise ValueError(f"{where}: the template has no step {id}{suggest(id, known)}")
    start = moment(run["started_at"])
    given_deadlines = {id: task["deadline"] for id, task in overrides.items() if "deadline" in task}
    fixed = {id: moment(deadline) if deadline else None for id, deadline in given_deadlines.items()}
    deadlines = step_deadlines(steps, start, fixed, move=lambda at: at)
    tasks = []
    for position, step in enumerate(sorted(steps, key=lambda step: int(step["position"]))):
        own = overrides.get(step["id"], {})
        task = new_task(run, step)
        at = deadlines[step["id"]]
        task["deadline"] = None if at is None else stamp(at)
        if not any(task["owners"].values()) and step["assign_run_starter"]:
            task["owners"] = {"users": [run["started_by"]], "guests": [], "groups": []}
        task |= {"id": digest(f"{run['id']}/{position}", 32, HEX), "increment_id": run["increment_id"] * 100 + position}
        tasks.append((_override(task, own, f"{where}: task {step['id']}"), own))
    return tasks


def _override(task: Record, own: Json, where: str) -> Record:
    """Apply the entry of a task in the seed file."""
    task |= {name: value for name, value in own.items() if name not in ("step", "problem", "comment")}
    task["deadline_set_by_hand"] = own.get("deadline_set_by_hand", "deadline" in own and task["step_id"] is not None)
    if (task["status"] == "completed") != (task["completed_at"] is not None):
        raise ValueError(f"{where}: is {task['status']} with completed_at {task['completed_at']}")
    if task["status"] == HIDDEN:
        task["_"]["before"] = "not-started"
    if "problem" in own:
        task["problem"], task["_"]["issues"] = True, 1
    return task


def _threads(store: Store, run: Record | None, task: Record, own: Json) -> None:
    for label in ("problem", "comment"):
        for number, content in enumerate(_texts(own.get(label))):
            store["threads"].put(_thread(f"{task['id']}/{label}{number}", run, task, label, content))


def _thread(name: str, run: Record | None, task: Record | None, label: str, content: str) -> Record:
    at = (task or run or {})["created_at"]
    return {
        "id": digest(name, 32, HEX),
        "content": content,
        "label": label,
        "state": "open",
        "task_id": task["id"] if task else None,
        "author_id": run["started_by"] if run else (task or {})["starter_id"],
        "author_type": "user",
        "resolve_id": None,
        "sent_to": [],
        "created_at": at,
        "updated_at": at,
        "archived_at": None,
        "_": {"run_id": run["id"] if run else None},
    }


def _oneoff_task(given: Json, store: Store, where: str) -> None:
    """Put a one-off task, whose run, checklist and step are null (Tasks > Get task)."""
    task = _override(oneoff_task(given["title"], given["created_at"], 1002), given, where)
    _threads(store, None, task, given)
    store["tasks"].put(task)


def _asset(given: Json, store: Store) -> None:
    content = b64encode(given["content"].encode()).decode()
    store["contents"].put({"id": given["id"], "base64": content})
    own = {name: value for name, value in given.items() if name != "content"}
    store["assets"].put({**ASSET_DEFAULTS, "uploaded_at": _MADE, **own, "_": {"archived_at": None}})


def _texts(value: Json) -> Iterable[str]:
    return value if isinstance(value, list) else [value] if value else []
