"""Tallyfy: folders and tags, whose answers the pages leave open.

A probe deletes each object that it makes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from understudy_checks.client import Client
from understudy_checks.measurements import skip
from understudy_checks.probes import probe
from understudy_checks.tallyfy.driver import Organization, first_organization, unwrap_items

Json = Any


@contextmanager
def shelf(org: Organization, path: str, **body: Json) -> Iterator[Json]:
    """Make a folder or tag, and delete it after the block."""
    made = org.call("POST", path, body)
    try:
        yield made
    finally:
        org.send("DELETE", f"{path}/{made['id']}")


@probe("tallyfy.undescribed.created", needs=("write",))
def created_status(client: Client) -> Json:
    """Return the status of a new folder."""
    org = first_organization(client)
    response = org.send("POST", "/folders", json={"name": "Probed"})
    org.send("DELETE", f"/folders/{org.data_of(response)['id']}")
    return response.status


@probe("tallyfy.undescribed.deleted", needs=("write",))
def deleted_status(client: Client) -> Json:
    """Return the status of the deletion of a folder."""
    org = first_organization(client)
    made = org.call("POST", "/folders", {"name": "Probed"})
    return org.send("DELETE", f"/folders/{made['id']}").status


@probe("tallyfy.tags.included", needs=("write",))
def included_tag(client: Client) -> Json:
    """Return whether the `id` of an included tag is that of the association, or of the tag."""
    org = first_organization(client)
    run = next((run for run in org.list_all("/runs") if run["status"] != "archived"), None) or skip("no process")
    with shelf(org, "/tags", title="Probed") as tag:
        org.call("POST", "/checklists/tags", {"subject_id": run["id"], "subject_type": "Run", "tag_id": tag["id"]})
        ids = [included["id"] for included in unwrap_items(org.get(f"/runs/{run['id']}", with_="tags")["tags"])]
    return "tag" if tag["id"] in ids else "association"


@probe("tallyfy.tags.deleted", needs=("write",))
def deleted_tag(client: Client) -> Json:
    """Return whether the answer to the deletion of a tag shows it."""
    org = first_organization(client)
    made = org.call("POST", "/tags", {"title": "Probed"})
    return "shown" if org.send("DELETE", f"/tags/{made['id']}").body else "empty"


@probe("tallyfy.folders.deleted-children", needs=("write",))
def deleted_children(client: Client) -> Json:
    """Return what becomes of the folder inside a deleted one."""
    org = first_organization(client)
    outer = org.call("POST", "/folders", {"name": "Probed"})
    with shelf(org, "/folders", name="Probed inside", parent_id=outer["id"]) as inner:
        org.send("DELETE", f"/folders/{outer['id']}")
        return "moved-up" if org.send("GET", f"/folders/{inner['id']}").status < 300 else "deleted"
