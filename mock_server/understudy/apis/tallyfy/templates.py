"""The operations on Tallyfy's templates.

Sources: Templates > *.
"""

from __future__ import annotations

from understudy.apis.tallyfy import includes as tallyfy_includes
from understudy.apis.tallyfy.envelope import single
from understudy.apis.tallyfy.includes import requested_includes, row_projection
from understudy.apis.tallyfy.records import Groups, find, listed, listing_of
from understudy.apis.tallyfy.template_records import live_steps
from understudy.engine.call import Call, Reply
from understudy.engine.problem import Problem
from understudy.engine.store import ComputedListing, IndexListing, ProjectedListing, Record, Store, decode


def list_templates(call: Call) -> Reply:
    """GET /organizations/{org_id}/checklists."""
    includes = requested_includes(call, tallyfy_includes.TEMPLATE_INCLUDES)
    given = call.arguments
    indexes = {"only": [("archived",)], "true": [("live",), ("archived",)], "1": [("live",), ("archived",)]}
    groups: Groups = [indexes.get(given.get("archived", ""), [("live",)])]
    for kind, name in (("type", "type"), ("folder", "folder"), ("tag", "tag"), ("owner", "owner_id")):
        if name in given:
            groups.append([(kind, value) for value in listed(given[name])])
    if "starred" in given:
        groups.append([("starred", given["starred"])])
    listing: IndexListing | ComputedListing = call.store["templates"].query(*groups)
    if given.get("q"):
        rows = listing.slice(0, listing.size())
        listing = listing_of([row for row in rows if given["q"].lower() in str(decode(row)["title"]).lower()])
    return Reply(ProjectedListing(listing, row_projection(tallyfy_includes.template, call, includes)))


def get_template(call: Call) -> Reply:
    """GET /organizations/{org_id}/checklists/{checklist_id}."""
    template = _template_of_call(call)
    known = {**tallyfy_includes.TEMPLATE_INCLUDES, "automated_actions": None, "prerun": None}
    includes = requested_includes(call, known)
    wanted = includes & tallyfy_includes.TEMPLATE_INCLUDES.keys()
    body = tallyfy_includes.template(call, template, sorted(wanted))
    if call.arguments.get("entire_folder_tree") == "1":
        body["entire_folder_tree"] = _folder_path(call.store, template["folder_id"])
    return Reply(single(body))


def get_template_fields(call: Call) -> Reply:
    """GET /organizations/{org_id}/checklists/{checklist_id}/form-fields."""
    template = _template_of_call(call)
    steps = live_steps(call.store["definitions"].require(template["id"]))
    fields = [field for step in steps for field in step["captures"]]
    names = {"id": template["id"], "title": template["title"]}
    return Reply(single({**names, "form_fields": fields, "ko_form_fields": template["prerun"]}))


def _template_of_call(call: Call) -> Record:
    template = find(call, "templates", call.arguments["checklist_id"])
    if template["archived_at"] and call.assumed("tallyfy.templates.archived") == "not-found":
        raise Problem("not-found")
    return template


def _folder_path(store: Store, id: str | None) -> list[Record]:
    path: list[Record] = []
    while id is not None:
        folder = store["folders"].require(id)
        path.insert(0, folder)
        id = folder.get("parent_id")
    return path
