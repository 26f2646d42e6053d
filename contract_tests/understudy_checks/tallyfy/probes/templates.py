"""Tallyfy: what becomes of templates, where the pages leave it open.

A probe deletes each template that it makes.
"""

from __future__ import annotations

from typing import Any

from understudy_checks.client import Client
from understudy_checks.measurements import by_status
from understudy_checks.probes import probe
from understudy_checks.tallyfy.driver import first_organization, launch, read_run
from understudy_checks.tallyfy.probes.access import refusal
from understudy_checks.tallyfy.test_template_changes import FIELD, embed, made_template

Json = Any


@probe("tallyfy.templates.fresh-status", needs=("write",))
def fresh_status(client: Client) -> Json:
    """Return the status of a new template."""
    with made_template(first_organization(client)) as template:
        return template["status"]


@probe("tallyfy.template-update.left-out-fields", needs=("write",))
def left_out_fields(client: Client) -> Json:
    """Return whether a kick-off field stays that an update leaves out."""
    org = first_organization(client)
    with made_template(org, prerun=[FIELD]) as template:
        changed = org.call("PUT", f"/checklists/{template['id']}", {"title": "Probed", "prerun": []})
        return "kept" if changed["prerun"] else "removed"


@probe("tallyfy.templates.restored-again", needs=("write",))
def restored_again(client: Client) -> Json:
    """Return what restoring a template does that is not archived."""
    org = first_organization(client)
    with made_template(org) as template:
        return by_status(org.send("PUT", f"/checklists/{template['id']}/restore"), "unchanged", "not-found")


@probe("tallyfy.templates.unrestored-resolution", needs=("write",))
def unrestored_resolution(client: Client) -> Json:
    """Return the resolution of an embed whose text was edited after the archive."""
    org = first_organization(client)
    with made_template(org) as template, made_template(org, "Holds it") as holder:
        path, holding = f"/checklists/{template['id']}", f"/checklists/{holder['id']}"
        org.call("PUT", holding, {"title": "Holds it", "summary": f"See {embed(template)}"})
        org.send("DELETE", path)
        org.call("PUT", holding, {"title": "Holds it", "summary": "Other words"})
        lost = org.send("PUT", f"{path}/restore").json()["meta"]["unrestored_references"]
        return lost[0]["resolution"] if lost else None


@probe("tallyfy.templates.not-archived", needs=("write",))
def not_archived(client: Client) -> Json:
    """Return the answer to the deletion of a template that is not archived."""
    org = first_organization(client)
    with made_template(org) as template:
        return refusal(org.send("DELETE", f"/checklists/{template['id']}/delete"))


@probe("tallyfy.templates.purged-processes", needs=("write",))
def purged_processes(client: Client) -> Json:
    """Return whether the deletion of a template deletes its processes."""
    org = first_organization(client)
    with made_template(org) as template:
        run = launch(org, template)
        org.send("DELETE", f"/checklists/{template['id']}")
        answer = by_status(org.send("DELETE", f"/checklists/{template['id']}/delete"), "deleted", "reject")
        if answer == "reject":
            org.send("DELETE", f"/runs/{read_run(org, run)['id']}")
            org.send("DELETE", f"/runs/{run['id']}/delete")
        return answer


@probe("tallyfy.templates.copy-title", needs=("write",))
def copy_title(client: Client) -> Json:
    """Return the title of a copy for which none is given."""
    org = first_organization(client)
    with made_template(org, "Probed") as template:
        copy = org.call("POST", f"/checklists/{template['id']}/clone", {"tenant": org.id})
        for end in ("", "/delete"):
            org.send("DELETE", f"/checklists/{copy['id']}{end}")
        return str(copy["title"]).replace("Probed", "{title}")
