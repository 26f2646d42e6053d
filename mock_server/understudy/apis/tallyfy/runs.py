"""The operations on Tallyfy's processes, which the API calls runs.

Sources: Processes > *.
"""

from __future__ import annotations

from typing import Any

from understudy.apis.tallyfy import includes as tallyfy_includes
from understudy.apis.tallyfy.assets import remove_assets
from understudy.apis.tallyfy.envelope import single
from understudy.apis.tallyfy.fields import accept, demand
from understudy.apis.tallyfy.includes import requested_includes, row_projection, run_tasks
from understudy.apis.tallyfy.records import find, me, stamp
from understudy.apis.tallyfy.references import known_ids, people_member, person_member
from understudy.apis.tallyfy.run_lists import matching_runs
from understudy.engine.call import Call, Reply
from understudy.engine.problem import Problem
from understudy.engine.store import ProjectedListing, Record, Store


def list_runs(call: Call) -> Reply:
    """GET /organizations/{org_id}/runs."""
    includes = requested_includes(call, tallyfy_includes.RUN_INCLUDES)
    return Reply(ProjectedListing(matching_runs(call), row_projection(tallyfy_includes.run, call, includes)))


def get_run(call: Call) -> Reply:
    """GET /organizations/{org_id}/runs/{run_id}."""
    run = find(call, "runs", call.arguments["run_id"])
    if run["archived_at"] and call.assumed("tallyfy.archive.read-by-id") == "not-found":
        raise Problem("not-found")
    return run_reply(call, run, requested_includes(call, tallyfy_includes.RUN_INCLUDES))


def update_run(call: Call) -> Reply:
    """PUT /organizations/{org_id}/runs/{run_id}: changes the given members (Processes > Update process)."""
    run, body = changeable_run(call), call.body
    fields = call.store["templates"].require(run["checklist_id"])["prerun"]
    answers = run["prerun"] | accept(call, fields, body.get("prerun"), "prerun")
    if body.get("prerun"):
        demand(call, [field for field in fields if field["id"] in body["prerun"]], answers, "prerun")
    given = {name: body[name] for name in ("name", "summary", "starred", "is_public") if name in body}
    if "owner_id" in body:
        given["owner_id"] = person_member(call, "owner_id", 0)
    if "users" in body:
        given["users"] = people_member(call, "users")
    if "groups" in body:
        given["groups"] = known_ids(call, "groups", "groups")
    run |= {**given, "prerun": answers, "last_updated": stamp(call.now)}
    call.store["runs"].put(run)
    return run_reply(call, run)


def archive_run(call: Call) -> Reply:
    """DELETE /organizations/{org_id}/runs/{run_id}."""
    run = find(call, "runs", call.arguments["run_id"])
    if run["archived_at"]:
        return _unchanged(call, run)
    return run_reply(call, _set_run_archived(call, run, stamp(call.now)))


def activate_run(call: Call) -> Reply:
    """PUT /organizations/{org_id}/runs/{run_id}/activate: restores an archived run with its former status."""
    run = find(call, "runs", call.arguments["run_id"])
    if not run["archived_at"]:
        return _unchanged(call, run)
    return run_reply(call, _set_run_archived(call, run, None))


def export_run(call: Call) -> Reply:
    """POST /organizations/{org_id}/runs/{run_id}/export: the run with what an assumption of the world includes."""
    return run_reply(
        call, find(call, "runs", call.arguments["run_id"]), frozenset(call.assumed("tallyfy.export.includes"))
    )


def purge_run(call: Call) -> Reply:
    """DELETE /organizations/{org_id}/runs/{run_id}/delete: deletes a run with its tasks and threads."""
    if me(call)["role"] != "admin":
        raise Problem("not-an-administrator")
    run, store = find(call, "runs", call.arguments["run_id"]), call.store
    if not run["archived_at"]:
        raise Problem("not-archived")
    remove_run(store, run["id"])
    return Reply(b"", 200)


def remove_run(store: Store, id: str) -> None:
    """Remove a run with its tasks, comments, issues and files."""
    for name in ("threads", "tasks"):
        for of_run in list(store[name].query([("run", id)]).ids):
            store[name].remove(of_run)
    store["runs"].remove(id)
    remove_assets(store, id)


def run_reply(
    call: Call, run: Record, includes: frozenset[str] = frozenset(), *, more: dict[str, Any] | None = None
) -> Reply:
    """Reply with a run, its includes and `more` members."""
    return Reply(single(tallyfy_includes.run(call, run, includes) | (more or {})))


def changeable_run(call: Call) -> Record:
    """Find the run of a call that changes it; raises Problem run-archived for an archived one."""
    run = find(call, "runs", call.arguments["run_id"])
    if run["archived_at"]:
        raise Problem("run-archived")
    return run


def _unchanged(call: Call, run: Record) -> Reply:
    if call.assumed("tallyfy.archive.again") == "not-found":
        raise Problem("not-found")
    return run_reply(call, run)


def _set_run_archived(call: Call, run: Record, archived_at: str | None) -> Record:
    """Archive a run with its tasks, or restore it."""
    for task in run_tasks(call, run["id"]):
        call.store["tasks"].put(task | {"archived_at": archived_at})
    run |= {"archived_at": archived_at, "last_updated": stamp(call.now)}
    call.store["runs"].put(run)
    return run
