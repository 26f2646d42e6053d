"""The collections of a Tallyfy organization: their schemas, sort keys and indexes; and how records are found.

A record holds the served members and, under `_`, internal ones. `includes` projects templates, runs and tasks,
since their served form depends on the call.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence

from understudy.engine.call import Call, Json
from understudy.engine.clock import END, milliseconds, rfc3339
from understudy.engine.ids import HEX, LAST
from understudy.engine.lookup import find_record
from understudy.engine.store import ComputedListing, Layout, Record, SharedRecord, Store, decode

DAY = 86_400_000
_FOREVER = 1 << 50  # later than any time in milliseconds

Keys = tuple[Hashable, ...]
Groups = list[Sequence[Hashable]]
"""A query: records with at least one key of each group."""


def stamp(now: int) -> str:
    """Format a time (milliseconds) as Tallyfy does: UTC, whole seconds (Processes > Get process > Response)."""
    return f"{rfc3339(min(now, END))[:19]}Z"


def moment(text: str) -> int:
    """Parse `YYYY-MM-DD HH:MM:SS` or ISO 8601 to milliseconds; raises ValueError for other texts, and before 1970."""
    at = milliseconds(text)
    if at < 0:
        raise ValueError(f"{text} is before 1970")
    return at


def new_id(call: Call) -> str:
    """Make an id: 32 hex digits."""
    return call.ids.take(32, HEX)


def number(store: Store, kind: str) -> int:
    """Count up and return the next `increment_id` of a kind (`runs` or `tasks`)."""
    counter = store["counters"].get(kind) or {"id": kind, "last": 0}
    last = min(int(counter["last"]) + 1, LAST)
    store["counters"].put({**counter, "last": last})
    return last


def find(call: Call, collection: str, id: str) -> Record:
    """Return a copy of a record of the caller's organization; raises Problem not-found or forbidden."""
    return find_record(call, collection, id, "not-found")


def subject(call: Call) -> str:
    """Return the name of the member or path parameter that identifies the operation's subject."""
    operation = call.operation
    path = [parameter.name for parameter in operation.parameters if parameter.location == "path"]
    members: frozenset[str] = operation.body.properties if operation.body else frozenset()
    return "task_id" if "task_id" in members else path[-1]


def me(call: Call) -> Record:
    """Return the caller; in an event, which has no token, the organization's first person."""
    person = call.store["people"].get(call.credential.subject)
    return person or next(iter(call.store["people"]))


def my_number(call: Call) -> int:
    """Return the caller's id, a number as in responses."""
    return int(me(call)["id"])


def person_id(store: Store, given: Json) -> int | None:
    """Return the id of an active person of the organization, `given` as a number or text; None for anybody else."""
    person = store["people"].get(str(given))
    return int(person["id"]) if person and person["active"] else None


def listed(text: str | None) -> list[str]:
    """Split the comma-separated values of a query parameter."""
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def listing_of(rows: Sequence[bytes]) -> ComputedListing:
    """Return a listing of these rows."""
    return ComputedListing(
        len(rows), rows.__getitem__, lambda position: str(decode(rows[position])["id"]), lambda wanted: None
    )


def _created(record: SharedRecord) -> int:
    return milliseconds(record["created_at"])


def _template_rank(template: SharedRecord) -> int:
    """The sort key: pinned templates first, then the last updated (Templates > List templates)."""
    return (0 if template["is_pinned"] else _FOREVER) + _FOREVER - milliseconds(template["last_updated"])


def _template_keys(template: SharedRecord) -> Keys:
    return (
        ("archived",) if template["archived_at"] else ("live",),
        ("type", template["type"]),
        ("starred", template["starred"]),
        ("owner", str(template["owner_id"])),
        ("folder", template["folder_id"]),
        *(("tag", tag) for tag in template["_"]["tags"]),
    )


def _run_keys(run: SharedRecord) -> Keys:
    hidden = run["_"]
    people = {run["owner_id"], *hidden["task_owners"]}
    return (
        ("archived",) if run["archived_at"] else ("live",),
        ("status", run["status"]),
        ("template", run["checklist_id"]),
        ("type", run["type"]),
        ("starred", run["starred"]),
        *(("owner", str(person)) for person in sorted(people)),
        *(("tag", tag) for tag in hidden["tags"] or (None,)),
        *(("folder", folder) for folder in hidden["folders"]),
        *(("group", group) for group in hidden["task_groups"]),
        *(("task-status", status) for status in hidden["task_statuses"]),
        *((("improvement",),) if hidden["improvements"] else ()),
    )


def _task_keys(task: SharedRecord) -> Keys:
    owners = task["owners"]
    return (
        ("archived",) if task["archived_at"] else ("live",),
        ("run", task["run_id"]),
        ("status", task["status"]),
        *(("owner", str(person)) for person in owners["users"]),
        *(("guest", guest) for guest in owners["guests"]),
        *(("group", str(group)) for group in owners["groups"]),
        *((("unassigned",),) if not any(owners.values()) else ()),
        *((("problem",),) if task["problem"] else ()),
    )


def _object(*names: str, **properties: Json) -> Record:
    return {"type": "object", "required": ["id", *names], "properties": {"id": {"type": "string"}, **properties}}


def _with_hidden(name: str, names: tuple[str, ...], **hidden: Json) -> Record:
    """The schema of a record: a schema of the document, these required members, and hidden ones."""
    own = {"type": "object", "required": [*hidden], "properties": hidden}
    return {"allOf": [{"$ref": f"#/components/schemas/{name}"}, _object("_", *names, _=own)]}


_FLAG, _NUMBER, _TEXT = {"type": "boolean"}, {"type": "integer"}, {"type": "string"}
_IDS = {"type": "array", "items": _TEXT}
_LIST, _OBJECT, _MAYBE = {"type": "array"}, {"type": "object"}, {"type": ["string", "null"]}
_NUMBERS = {"type": "array", "items": _NUMBER}
_FIELDS = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["id", "label", "field_type", "required", "options", "columns"],
        "properties": {
            "label": _TEXT,
            "options": {"type": "array", "items": {"type": "object", "required": ["id", "text"]}},
            "columns": _LIST,
        },
    },
}
_STEP = {
    "allOf": [
        {"$ref": "#/components/schemas/Step"},
        {
            "type": "object",
            "required": [
                *("alias", "summary", "step_type", "position", "assignees", "guests", "groups", "captures", "deadline"),
                *("can_complete_only_assignees", "everyone_must_complete", "assign_run_starter", "max_assignable"),
                *("webhook", "prevent_guest_comment"),
            ],
            "properties": {
                "step_type": _TEXT,
                "captures": _FIELDS,
                "deadline": {
                    "properties": {
                        "value": {"type": "integer", "minimum": 0, "maximum": 100_000},
                        "unit": {"enum": ["minutes", "hours", "days", "weeks", "months"]},
                    },
                    "required": ["value", "unit"],
                },
            },
        },
    ]
}
_PERSON = _object(
    *("email", "active", "role", "first_name", "last_name"),
    id={"type": "string", "pattern": "^[0-9]{1,18}$"},
    active=_FLAG,
    role=_TEXT,
)
_TEMPLATE = (
    *("is_pinned", "archived_at", "type", "owner_id", "folder_id", "prerun", "status"),
    *("steps_count", "users", "groups", "automated_actions"),
)
_RUN = (
    *("progress", "prerun", "prerun_length", "prerun_completed_at", "prerun_completed_by", "starred", "started_at"),
    *(
        "archived_at",
        "completed_at",
        "max_task_deadline",
        "collaborators",
        "parent_id",
        "type",
        "is_public",
        "users",
        "groups",
    ),
)
_TASK = (
    *(
        "original_title",
        "run_id",
        "checklist_id",
        "step_id",
        "alias",
        "task_type",
        "is_oneoff_task",
        "is_approved",
        "owners",
    ),
    *(
        "started_at",
        "deadline",
        "deadline_set_by_hand",
        "created_at",
        "last_updated",
        "completed_at",
        "archived_at",
        "starter_id",
        "completer_id",
    ),
    *(
        "completer_guest_id",
        "can_complete_only_assignees",
        "max_assignable",
        "webhook",
        "problem",
        "taskdata",
        "summary",
    ),
)
_THREAD = ("label", "state", "task_id", "resolve_id", "created_at", "updated_at")
_ASSET = ("filename", "uploaded_at", "subject")
_COUNTS = {**_object(done=_NUMBER, visible=_NUMBER, all=_NUMBER), "required": ["done", "visible", "all"]}

LAYOUTS: Mapping[str, Layout] = {
    "organization": Layout("Organization"),
    "people": Layout(_PERSON),
    "guests": Layout(_object("number", "email", "code", "details", number=_NUMBER, details=_OBJECT)),
    "counters": Layout(_object("last", last={**_NUMBER, "maximum": LAST})),
    "templates": Layout(
        {"allOf": [_with_hidden("Template", _TEMPLATE, tags=_IDS), _object(prerun=_FIELDS)]},
        sort_key=_template_rank,
        indexes=_template_keys,
    ),
    "definitions": Layout(_object("steps", "stages", steps={"type": "array", "items": _STEP}, stages=_LIST)),
    "runs": Layout(
        _with_hidden(
            "Run",
            _RUN,
            kickoff_open=_FLAG,
            closed=_FLAG,
            counts=_COUNTS,
            tags=_IDS,
            folders=_IDS,
            task_owners=_NUMBERS,
            task_groups=_IDS,
            task_statuses=_IDS,
            deadlines=_IDS,
            improvements=_NUMBER,
            process_issues=_NUMBER,
            task_issues=_NUMBER,
            assets=_LIST,
            member_watchers=_LIST,
            guest_watchers=_LIST,
        ),
        sort_key=_created,
        indexes=_run_keys,
    ),
    "tasks": Layout(
        {
            "allOf": [
                _with_hidden("Task", _TASK, issues=_NUMBER, before=_MAYBE),
                _object(
                    status={"enum": ["not-started", "in-progress", "completed", "auto-skipped"]},
                    owners={"type": "object", "properties": {"users": _NUMBERS, "guests": _IDS, "groups": _IDS}},
                ),
            ]
        },
        sort_key=_created,
        indexes=_task_keys,
    ),
    "threads": Layout(
        _with_hidden("Thread", _THREAD, run_id=_MAYBE),
        sort_key=_created,
        indexes=lambda thread: (("task", thread["task_id"]), ("run", thread["_"]["run_id"])),
    ),
    "assets": Layout(
        _with_hidden("Asset", _ASSET, archived_at=_MAYBE),
        sort_key=lambda asset: milliseconds(asset["uploaded_at"]),
        indexes=lambda asset: (("subject", asset["subject"]["id"]),),
    ),
    "contents": Layout(_object("base64", base64=_TEXT)),
}

# collection, the ids in a record (None: no reference), collection that they refer to. The parent of a run is not
# listed: it may have been deleted (Processes > Delete process)
_REFERENCES: tuple[tuple[str, Callable[[Record], Iterable[str | None]], str], ...] = (
    ("folders", lambda folder: [folder.get("parent_id")], "folders"),
    ("templates", lambda template: [template["folder_id"]], "folders"),
    ("templates", lambda template: template["_"]["tags"], "tags"),
    ("templates", lambda template: [template["id"]], "definitions"),
    ("runs", lambda run: [run["checklist_id"]], "templates"),
    ("runs", lambda run: run["_"]["tags"], "tags"),
    ("runs", lambda run: run["_"]["folders"], "folders"),
    ("tasks", lambda task: [task["run_id"]], "runs"),
    ("assets", lambda asset: [asset["id"]], "contents"),
    ("threads", lambda thread: [thread["task_id"]], "tasks"),
    ("threads", lambda thread: [thread["_"]["run_id"]], "runs"),
)


def inconsistencies(tenant: str, store: Store) -> Iterator[str]:
    """Describe each inconsistency between an organization's records as `<collection> <id>: ...`."""
    if [organization["id"] for organization in store["organization"]] != [tenant]:
        yield f"organization: there must be one, with the id {tenant}"
    if not len(store["people"]):
        yield "people: there must be at least one"
    for owner, references, target in _REFERENCES:
        for record in store[owner]:
            for id in references(record):
                if id is not None and store[target].row(id) is None:
                    yield f"{owner} {record['id']}: there is no {id} in {target}"
    yield from _folder_cycles(store)
    for task in store["tasks"]:
        yield from _task_inconsistencies(store, task)


def _folder_cycles(store: Store) -> Iterator[str]:
    for folder in store["folders"]:
        seen: list[str] = []
        at: Record | None = folder
        while at is not None and at["id"] not in seen:
            seen.append(at["id"])
            at = store["folders"].get(at["parent_id"]) if at.get("parent_id") else None
        if at is not None:
            yield f"folders {folder['id']}: it is inside itself"


def _task_inconsistencies(store: Store, task: Record) -> Iterator[str]:
    run = store["runs"].get(task["run_id"]) if task["run_id"] else None
    definition = store["definitions"].get(task["checklist_id"]) if task["checklist_id"] else None
    if (run and run["checklist_id"]) != task["checklist_id"]:
        yield f"tasks {task['id']}: checklist_id: it is not that of its run"
    elif task["is_oneoff_task"]:
        pass
    elif task["step_id"] not in ([step["id"] for step in definition["steps"]] if definition else [None]):
        yield f"tasks {task['id']}: step_id: its template has no step {task['step_id']}"
    try:
        for name in ("deadline", "completed_at", "archived_at", "started_at"):
            milliseconds(task[name] or "2000-01-01")
    except (ValueError, OverflowError) as error:
        yield f"tasks {task['id']}: {error}"
