"""The launch of a Tallyfy process: a run of a template, with one task for each step.

Source: Processes > Launch process.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from datetime import UTC, datetime
from functools import partial

from understudy.apis.tallyfy.deadlines import LENGTHS, on_working_day, step_deadlines
from understudy.apis.tallyfy.fields import accept, demand
from understudy.apis.tallyfy.life_cycle import update_status
from understudy.apis.tallyfy.records import my_number, new_id, number, stamp
from understudy.apis.tallyfy.references import (
    date_member,
    known_ids,
    owners_member,
    people_member,
    person_member,
    refuse_unknown,
)
from understudy.apis.tallyfy.runs import run_reply
from understudy.apis.tallyfy.task_records import new_task
from understudy.apis.tallyfy.template_records import live_steps
from understudy.apis.tallyfy.triggers import check_kickoff, hide_awaited
from understudy.engine.call import Call, Json, Reply
from understudy.engine.clock import milliseconds
from understudy.engine.problem import Problem
from understudy.engine.store import Record


def launch_run(call: Call) -> Reply:
    """POST /organizations/{org_id}/runs: launches a process, or nothing (Processes > Launch process)."""
    body, store = call.body, call.store
    template = _launchable(call)
    starter = person_member(call, "user_id", my_number(call))
    answers = accept(call, template["prerun"], body.get("prerun"), "prerun")
    demand(call, template["prerun"], answers, "prerun")
    now = stamp(call.now)
    form = bool(template["prerun"])
    submitted = not form or bool(answers) or call.assumed("tallyfy.launch.kickoff") == "submitted"
    run = new_run(template) | {
        "name": body.get("name") or _default_name(call, template),
        "summary": body.get("summary"),
        "started_by": starter,
        "owner_id": person_member(call, "owner_id", starter),
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
        "users": people_member(call, "users"),
        "groups": known_ids(call, "groups", "groups"),
    }
    run["_"] |= {
        "kickoff_open": not submitted,
        "tags": known_ids(call, "tags", "tags"),
        "folders": known_ids(call, "folders", "folders"),
    }
    tasks = launched_tasks(call, run, live_steps(store["definitions"].require(template["id"])))
    run |= {
        "id": new_id(call),
        "increment_id": number(store, "runs"),
    }  # a refused request takes no id
    for task in tasks:
        task |= {"id": new_id(call), "run_id": run["id"]}
    hide_awaited(call, run, tasks)
    for task in sorted(tasks, key=lambda task: int(task["position"])):
        task["increment_id"] = number(store, "tasks")
        store["tasks"].put(task)
    if submitted:
        check_kickoff(call, run)
    return run_reply(call, update_status(call, run))


def new_run(template: Record) -> Record:
    """Return a run of a template with default members."""
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
            **kept_rules(template),
        },
    }


def kept_rules(template: Record) -> Record:
    """Return the automated actions that a new process keeps; nothing for a template without any."""
    kept = template["automated_actions"]
    return {"rules": {"kept": deepcopy(kept), "seen": {}, "dates": {}}} if kept else {}


def launched_tasks(call: Call, run: Record, steps: Sequence[Record]) -> list[Record]:
    """Return a task without an id for each step, with the body's overrides (Launch process > Overriding tasks)."""
    given = dict(call.body.get("tasks") or {})
    start = milliseconds(run["started_at"])
    fixed = {id: date_member(f"tasks.{id}.deadline", deadline) for id, deadline in _deadlines(given)}
    deadlines = step_deadlines(steps, start, fixed, move=partial(on_working_day, call))
    tasks = []
    for step in sorted(steps, key=lambda step: int(step["position"])):
        override = given.get(step["id"], {})
        task = new_task(run, step)
        task["owners"] = _launch_owners(call, run, step, override)
        task["deadline"] = _launch_deadline(call, start, deadlines[step["id"]])
        task["deadline_set_by_hand"] = "deadline" in override and override.get("deadline_set_by_hand", False)
        task |= {name: override[name] for name in ("position", "max_assignable") if name in override}
        tasks.append(task)
    return tasks


def _launchable(call: Call) -> Record:
    template = call.store["templates"].get(call.body["checklist_id"])
    if template is None or template["archived_at"]:
        fields = {"checklist_id": ["The selected checklist id is invalid."]}
        raise Problem("unknown-template", fields=fields)
    return template


def _default_name(call: Call, template: Record) -> str:
    today = datetime.fromtimestamp(call.now // 1000, UTC)
    return f"{template['title']} - {today.strftime(call.assumed('tallyfy.launch.name-date'))}"[:550]


def _parent(call: Call) -> str | None:
    id: str | None = call.body.get("parent_id")
    if id is None or call.store["runs"].row(id) is not None:
        return id
    refuse_unknown(call, "parent_id", [id])
    return None


def _deadlines(given: dict[str, Json]) -> list[tuple[str, Json]]:
    return [(id, override["deadline"]) for id, override in given.items() if "deadline" in override]


def _launch_deadline(call: Call, start: int, at: int | None) -> str | None:
    rule = call.assumed("tallyfy.launch.default-deadline") if at is None else None
    if rule is not None:
        at = start + rule["value"] * LENGTHS[rule["unit"]]
    return None if at is None else stamp(at)


def _launch_owners(call: Call, run: Record, step: Record, override: Record) -> Record:
    if "owners" in override:
        none: Record = {"users": [], "guests": [], "groups": []}
        return owners_member(call, override["owners"], none, path=f"tasks.{step['id']}.owners")
    owners = {"users": step["assignees"], "guests": step["guests"], "groups": step["groups"]}
    if not any(owners.values()) and step["assign_run_starter"]:
        return {**owners, "users": [run["started_by"]]}
    return owners
