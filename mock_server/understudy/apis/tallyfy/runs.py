"""The life of a Tallyfy process: launched, worked on, complete, archived, activated, deleted; and its kick-off form.

Sources: Processes > *, Process lifecycle. A status follows from what is open (STATUS); `settle` is called after
whatever may have changed that. Must not know HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from understudy.apis.tallyfy import includes as tallyfy_includes
from understudy.apis.tallyfy.fields import accept, demand, demand_kept
from understudy.apis.tallyfy.includes import HIDDEN, asked, is_late, run_status, run_tasks, shown_row, single
from understudy.apis.tallyfy.records import existing, find, listed, me, my_number, new_id, number, person_id, stamp
from understudy.apis.tallyfy.tasks import made_tasks
from understudy.engine.call import Call, Reply
from understudy.engine.paging import descending
from understudy.engine.problem import Problem
from understudy.engine.store import Ordered, Positions, Projected, Record, decode

Groups = list[Sequence[Hashable]]


class Facts(NamedTuple):
    """What decides about the status of a run that is not archived."""

    process_issues: int
    task_issues: int
    done: bool


# The first that holds (Processes > List processes; Reporting issues; Process lifecycle).
STATUS: tuple[tuple[str, Callable[[Facts], bool]], ...] = (
    ("issue", lambda facts: facts.process_issues > 0),
    ("problem", lambda facts: facts.task_issues > 0),
    ("complete", lambda facts: facts.done),
    ("active", lambda facts: True),
)


def is_done(call: Call, run: Record) -> bool:
    """Whether nothing is left: all tasks that are not hidden are completed and the kick-off form is submitted."""
    hidden = run["_"]
    if hidden["kickoff_open"]:
        return False
    if not hidden["counts"]["all"]:
        return bool(call.assumed("tallyfy.runs.without-tasks") == "complete")
    return bool(hidden["closed"] or 0 < hidden["counts"]["visible"] == hidden["counts"]["done"])


def settle(call: Call, run: Record) -> Record:
    """Work out what follows from the tasks of a run, and keep it: progress, status, completion."""
    count(run, run_tasks(call, run["id"]))
    hidden = run["_"]
    facts = Facts(hidden["process_issues"], hidden["task_issues"], is_done(call, run))
    run["status"] = next(status for status, holds in STATUS if holds(facts))
    now = stamp(call.now)
    if run["status"] == "complete":
        call.trace.append("tallyfy.completion.completes-the-run")
        run["completed_at"] = run["completed_at"] or now
    else:
        run["completed_at"] = None
    run["last_updated"] = now
    call.store["runs"].put(run)
    return run


def count(run: Record, tasks: Sequence[Record]) -> None:
    """Fill in what a run remembers about its tasks."""
    hidden = run["_"]
    visible = [task for task in tasks if task["status"] != HIDDEN]
    done = [task for task in visible if task["status"] == "completed"]
    dated = [task for task in visible if task["deadline"]]
    hidden["counts"] = {"done": len(done), "visible": len(visible), "all": len(tasks)}
    hidden["task_issues"] = sum(task["_"]["issues"] for task in tasks)
    hidden["deadlines"] = sorted(task["deadline"] for task in dated if task["status"] != "completed")
    hidden["task_owners"] = sorted({person for task in tasks for person in task["owners"]["users"]})
    hidden["task_groups"] = sorted({str(group) for task in tasks for group in task["owners"]["groups"]})
    hidden["task_statuses"] = sorted({task["status"] for task in visible})
    run["collaborators"] = hidden["task_owners"]
    run["max_task_deadline"] = max((task["deadline"] for task in dated), default=None)


def list_runs(call: Call) -> Reply:
    """GET /organizations/{org_id}/runs."""
    includes = asked(call, tallyfy_includes.RUN_INCLUDES)
    ordered = call.store["runs"].matching(*_groups(call), descending=_descends(call))
    return Reply(Projected(_sorted(call, _sifted(call, ordered)), shown_row(tallyfy_includes.run, call, includes)))


def get_run(call: Call) -> Reply:
    """GET /organizations/{org_id}/runs/{run_id}."""
    run = find(call, "runs", call.arguments["run_id"])
    if run["archived_at"] and call.assumed("tallyfy.archive.read-by-id") == "not-found":
        raise Problem("not-found")
    return _run(call, run, asked(call, tallyfy_includes.RUN_INCLUDES))


def launch_run(call: Call) -> Reply:
    """POST /organizations/{org_id}/runs: all of it or nothing (Processes > Launch process)."""
    body, store = call.body, call.store
    template = _launchable(call)
    starter = _member(call, "user_id", my_number(call))
    answers = accept(call, template["prerun"], body.get("prerun"), "prerun")
    demand(call, template["prerun"], answers, "prerun")
    now = stamp(call.now)
    form = bool(template["prerun"])
    submitted = not form or bool(answers) or call.assumed("tallyfy.launch.kickoff") == "submitted"
    run = fresh_run(template) | {
        "name": body.get("name") or _default_name(call, template),
        "summary": body.get("summary"),
        "started_by": starter,
        "owner_id": _member(call, "owner_id", starter),
        "prerun": answers,
        "prerun_completed_at": now if form and submitted else None,
        "prerun_completed_by": starter if form and submitted else None,
        "starred": body.get("starred", False),
        "created_at": now,
        "started_at": now,
        "last_updated": now,
        "parent_id": _parent(call),
        "assign_someone_else": body.get("assign_someone_else", False),
        "is_public": body.get("is_public", False),
        "users": _members(call, "users"),
        "groups": _known(call, "groups", "groups"),
    }
    run["_"] |= {
        "kickoff_open": not submitted,
        "tags": _known(call, "tags", "tags"),
        "folders": _known(call, "folders", "folders"),
    }
    tasks = made_tasks(call, run, existing(store["definitions"].get(template["id"]))["steps"])
    run |= {"id": new_id(call), "increment_id": number(store, "runs")}  # what is refused takes no id
    for task in tasks:
        task |= {"id": new_id(call), "run_id": run["id"]}
    for task in sorted(tasks, key=lambda task: int(task["position"])):
        task["increment_id"] = number(store, "tasks")
        store["tasks"].put(task)
    return _run(call, settle(call, run))


def fresh_run(template: Record) -> Record:
    """A run of a template with nothing in it yet."""
    return {
        "id": "",
        "increment_id": 0,
        "checklist_id": template["id"],
        "checklist_title": template["title"],
        "name": "",
        "summary": None,
        "status": "active",
        "progress": {},
        "whole_progress": {},
        "started_by": 0,
        "owner_id": 0,
        "prerun": {},
        "prerun_status": "complete",
        "prerun_completed_at": None,
        "prerun_completed_by": None,
        "prerun_length": len(template["prerun"]),
        "starred": False,
        "created_at": "",
        "started_at": "",
        "last_updated": "",
        "archived_at": None,
        "completed_at": None,
        "max_task_deadline": None,
        "collaborators": [],
        "parent_id": None,
        "can_add_oot": True,
        "assign_someone_else": False,
        "type": template["type"],
        "is_public": False,
        "users": [],
        "groups": [],
        "custom_fields": None,
        "_": {
            "kickoff_open": False,
            "closed": False,
            "counts": {"done": 0, "visible": 0, "all": 0},
            "tags": [],
            "folders": [],
            "task_owners": [],
            "task_groups": [],
            "task_statuses": [],
            "deadlines": [],
            "improvements": 0,
            "process_issues": 0,
            "task_issues": 0,
            "assets": [],
            "member_watchers": [],
            "guest_watchers": [],
        },
    }


def update_run(call: Call) -> Reply:
    """PUT /organizations/{org_id}/runs/{run_id}: only what is given changes (Processes > Update process)."""
    run, body = _live(call), call.body
    fields = existing(call.store["templates"].get(run["checklist_id"]))["prerun"]
    answers = run["prerun"] | accept(call, fields, body.get("prerun"), "prerun")
    if body.get("prerun"):
        demand(call, [field for field in fields if field["id"] in body["prerun"]], answers, "prerun")
    given = {name: body[name] for name in ("name", "summary", "starred", "is_public") if name in body}
    if "owner_id" in body:
        given["owner_id"] = _member(call, "owner_id", 0)
    if "users" in body:
        given["users"] = _members(call, "users")
    if "groups" in body:
        given["groups"] = _known(call, "groups", "groups")
    run |= {**given, "prerun": answers, "last_updated": stamp(call.now)}
    call.store["runs"].put(run)
    return _run(call, run)


def archive_run(call: Call) -> Reply:
    """DELETE /organizations/{org_id}/runs/{run_id}."""
    run = find(call, "runs", call.arguments["run_id"])
    if run["archived_at"]:
        return _again(call, run)
    return _run(call, _shelve(call, run, stamp(call.now)))


def activate_run(call: Call) -> Reply:
    """PUT /organizations/{org_id}/runs/{run_id}/activate: the status of before, which was kept, shows again."""
    run = find(call, "runs", call.arguments["run_id"])
    if not run["archived_at"]:
        return _again(call, run)
    return _run(call, _shelve(call, run, None))


def purge_run(call: Call) -> Reply:
    """DELETE /organizations/{org_id}/runs/{run_id}/delete: for good, with all that belongs to it."""
    if me(call)["role"] != "admin":
        raise Problem("not-an-administrator")
    run, store = find(call, "runs", call.arguments["run_id"]), call.store
    if not run["archived_at"]:
        raise Problem("not-archived")
    for name in ("threads", "tasks"):
        for id in list(store[name].matching([("run", run["id"])]).ids):
            store[name].remove(id)
    store["runs"].remove(run["id"])
    return Reply(b"", 200)


def complete_kickoff(call: Call) -> Reply:
    """POST /organizations/{org_id}/runs/{run_id}/complete-prerun (Complete or re-open the kick-off form)."""
    run = _live(call)
    evaluated = run["_"]["kickoff_open"]
    if evaluated:
        fields = existing(call.store["templates"].get(run["checklist_id"]))["prerun"]
        demand_kept(call, fields, run["prerun"])
        run["_"]["kickoff_open"] = False
        run |= {"prerun_completed_at": stamp(call.now), "prerun_completed_by": my_number(call)}
        settle(call, run)
    return _run(call, run, more={"tasks_changed_by_rules": {}, "rules_evaluated": evaluated})


def reopen_kickoff(call: Call) -> Reply:
    """DELETE /organizations/{org_id}/runs/{run_id}/complete-prerun: a complete run is active again."""
    run = _live(call)
    run["_"] |= {"kickoff_open": True, "closed": False}
    run |= {"prerun_completed_at": None, "prerun_completed_by": None}
    return _run(call, settle(call, run))


def get_form_fields(call: Call) -> Reply:
    """GET /organizations/{org_id}/runs/{run_id}/form-fields."""
    run = find(call, "runs", call.arguments["run_id"])
    fields = tallyfy_includes.form_fields(call, run), tallyfy_includes.kickoff_fields(call, run)
    return Reply(single(dict(zip(("form_fields", "ko_form_fields"), fields, strict=True))))


def _run(call: Call, run: Record, includes: frozenset[str] = frozenset(), more: dict[str, Any] | None = None) -> Reply:
    return Reply(single(tallyfy_includes.run(call, run, includes) | (more or {})))


def _live(call: Call) -> Record:
    """The run of the call, which must not be archived to be changed."""
    run = find(call, "runs", call.arguments["run_id"])
    if run["archived_at"]:
        raise Problem("run-archived")
    return run


def _again(call: Call, run: Record) -> Reply:
    if call.assumed("tallyfy.archive.again") == "not-found":
        raise Problem("not-found")
    return _run(call, run)


def _shelve(call: Call, run: Record, archived_at: str | None) -> Record:
    """Archive a run with its tasks, or bring it back."""
    for task in run_tasks(call, run["id"]):
        call.store["tasks"].put(task | {"archived_at": archived_at})
    run |= {"archived_at": archived_at, "last_updated": stamp(call.now)}
    call.store["runs"].put(run)
    return run


def _launchable(call: Call) -> Record:
    template = call.store["templates"].get(call.body["checklist_id"])
    if template is None or template["archived_at"]:
        fields = {"checklist_id": ["The selected checklist id is invalid."]}
        raise Problem("unknown-template", fields=fields)
    return template


def _default_name(call: Call, template: Record) -> str:
    today = datetime.fromtimestamp(call.now // 1000, UTC)
    return f"{template['title']} - {today.strftime(call.assumed('tallyfy.launch.name-date'))}"[:550]


def _member(call: Call, name: str, default: int) -> int:
    """The person that a member of the body names; raises Problem invalid when the organization has no such person."""
    if call.body.get(name) is None:
        return default
    id = person_id(call.store, call.body[name])
    if id is None:
        raise Problem("invalid", fields={name: [f"The selected {name.replace('_', ' ')} is invalid."]})
    return id


def _members(call: Call, name: str) -> list[int]:
    given = call.body.get(name, ())
    found = [(value, person_id(call.store, value)) for value in given]
    _refuse_unknown(call, name, [value for value, id in found if id is None])
    return [id for _, id in found if id is not None]


def _known(call: Call, name: str, collection: str) -> list[str]:
    """The ids of a list of the body that exist."""
    given = [str(value) for value in call.body.get(name, ())]
    unknown = [id for id in given if call.store[collection].row(id) is None]
    _refuse_unknown(call, name, unknown)
    return list(dict.fromkeys(id for id in given if id not in unknown))


def _parent(call: Call) -> str | None:
    id: str | None = call.body.get("parent_id")
    if id is None or call.store["runs"].row(id) is not None:
        return id
    _refuse_unknown(call, "parent_id", [id])
    return None


def _refuse_unknown(call: Call, name: str, unknown: Sequence[object]) -> None:
    if unknown and call.assumed("tallyfy.runs.unknown-references") == "reject":
        raise Problem("invalid", fields={name: [f"The selected {name.replace('_', ' ')} is invalid."]})


def _sort(call: Call) -> str:
    return str(call.arguments.get("sort") or call.arguments.get("sort_by") or "")


def _descends(call: Call) -> bool:
    sort = _sort(call)
    return sort == "-created_at" if sort in ("created_at", "-created_at") else descending(call)


def _groups(call: Call) -> Groups:
    """The documented filters as lists of the collection: all groups must match, in each group any list."""
    given = call.arguments
    plain: tuple[tuple[str, str], ...] = (
        ("owner", "owners"), ("template", "checklist_id"), ("template", "blueprint_id"), ("folder", "folder"),
        ("tag", "tag"), ("tag", "tag_ids"), ("group", "groups"), ("type", "type"),
    )  # fmt: skip
    groups: Groups = [_scope(call), *_status(call)]
    groups += [[(kind, value) for value in listed(given[name])] for kind, name in plain if name in given]
    if "starred" in given:
        groups.append([("starred", given["starred"])])
    if given.get("untagged"):
        groups.append([("tag", None)])
    if given.get("task_status", "all") != "all":
        groups.append([("task-status", given["task_status"])])
    return groups


def _scope(call: Call) -> Sequence[Hashable]:
    archived, status = call.arguments.get("archived"), call.arguments.get("status")
    if archived == "only" or (status == "archived" and call.assumed("tallyfy.runs.status-archived") == "archived"):
        return [("archived",)]
    return [("archived",), ("live",)] if archived == "true" else [("live",)]


def _status(call: Call) -> Groups:
    """What each value of `status` lists (Processes > List processes > Query parameters)."""
    lists: dict[str, Groups] = {
        "active": [[("status", "active")]],
        "delayed": [[("status", "active")]],
        "complete": [[("status", "complete")]],
        "problem": [[("status", "problem"), ("status", "issue")]],
        "issue": [[("status", "issue")]],
        "improvement": [[("improvement",)]],
        "starred": [[("starred", True)]],
    }
    status = call.arguments.get("status")
    if status == "archived":
        return [] if call.assumed("tallyfy.runs.status-archived") == "archived" else [[("status", "archived")]]
    return lists[status] if status else []


def _sifted(call: Call, ordered: Ordered) -> Ordered | Positions:
    """What no list can tell: free text, and what depends on the time."""
    q, status = call.arguments.get("q", "").lower(), call.arguments.get("status")
    timed = status == "delayed" or (status == "active" and call.assumed("tallyfy.runs.delayed") == "delayed")
    if not q and not timed and call.arguments.get("archived") not in ("only", "true"):
        return ordered
    rows = [row for row in ordered.slice(0, ordered.size()) if _fits(call, decode(row), q, status if timed else None)]
    return positions(rows)


def _fits(call: Call, run: Record, q: str, status: str | None) -> bool:
    if q not in run["name"].lower():
        return False
    return is_late(call, run) if status == "delayed" else status is None or run_status(call, run) == status


def _sorted(call: Call, rows: Ordered | Positions) -> Ordered | Positions:
    sort = _sort(call)
    if sort.lstrip("-") != "name":
        return rows
    named = sorted(rows.slice(0, rows.size()), key=lambda row: decode(row)["name"].lower(), reverse=sort[0] == "-")
    return positions(named)


def positions(rows: Sequence[bytes]) -> Positions:
    """A listing of rows that are known already."""
    return Positions(len(rows), rows.__getitem__, lambda place: str(decode(rows[place])["id"]), lambda wanted: None)
