"""How Tallyfy's templates are archived, restored, and deleted for good.

Source: Templates > Archive or delete template.
"""

from __future__ import annotations

from understudy.apis.tallyfy import includes as tallyfy_includes
from understudy.apis.tallyfy.assets import remove_assets
from understudy.apis.tallyfy.embeds import put_back_embeds, shown, take_out_embeds
from understudy.apis.tallyfy.records import find, me, stamp
from understudy.apis.tallyfy.runs import remove_run
from understudy.engine.call import Call, Json, Reply
from understudy.engine.problem import Problem
from understudy.engine.store import Record, encode

_DELETED = "The Template was deleted, and references were also deleted from:"


def archive_template(call: Call) -> Reply:
    """DELETE /organizations/{org_id}/checklists/{checklist_id}: hides a template; its processes go on."""
    template = find(call, "templates", call.arguments["checklist_id"])
    if not template["archived_at"]:
        return _deleted([shown(one) for one in archive(call, template)["_"]["embeds"]])
    if call.assumed("tallyfy.templates.archived") == "not-found":
        raise Problem("not-found")
    return _deleted([])


def restore_template(call: Call) -> Reply:
    """PUT /organizations/{org_id}/checklists/{checklist_id}/restore."""
    template = find(call, "templates", call.arguments["checklist_id"])
    if not template["archived_at"] and call.assumed("tallyfy.templates.restored-again") == "not-found":
        raise Problem("not-found")
    restored, others = restore(call, template) if template["archived_at"] else ([], [])
    meta = {"restored_references": restored, "unrestored_references": others}
    return Reply(encode({"data": tallyfy_includes.template(call, template), "meta": meta}))


def purge_template(call: Call) -> Reply:
    """DELETE /organizations/{org_id}/checklists/{checklist_id}/delete: deletes an archived template for good."""
    if me(call)["role"] != "admin":
        raise Problem("templates-administrators")
    template, store = find(call, "templates", call.arguments["checklist_id"]), call.store
    if not template["archived_at"]:
        raise Problem("template-not-archived")
    runs = list(store["runs"].query([("template", template["id"])]).ids)
    if runs and call.assumed("tallyfy.templates.purged-processes") == "reject":
        raise Problem("template-in-use")
    for id in runs:
        remove_run(store, id)
    for name in ("templates", "definitions"):
        store[name].remove(template["id"])
    remove_assets(store, template["id"])
    return _deleted([])


def archive(call: Call, template: Record) -> Record:
    """Archive a template, and take it out of the texts that embed it; returns it."""
    hidden = {"before": template["status"], "embeds": take_out_embeds(call, template["id"])}
    template |= {"archived_at": stamp(call.now), "status": "archived"}
    template["_"] |= hidden
    call.store["templates"].put(template)
    return template


def restore(call: Call, template: Record) -> tuple[list[Json], list[Json]]:
    """Restore an archived template, and its embeds; returns references to those that are back, and to the others."""
    hidden = template["_"]
    template |= {"archived_at": None, "status": hidden.pop("before", "active")}
    taken = hidden.pop("embeds", [])
    call.store["templates"].put(template)
    return put_back_embeds(call, taken)


def _deleted(references: list[Json]) -> Reply:
    return Reply(encode({"message": _DELETED, "deleted_references": references}))
