"""Tallyfy: files, where the pages leave open what a download is."""

from __future__ import annotations

from typing import Any

from understudy_checks.client import Client
from understudy_checks.measurements import by_status
from understudy_checks.probes import probe
from understudy_checks.tallyfy.driver import first_organization
from understudy_checks.tallyfy.probes.access import process
from understudy_checks.tallyfy.test_files import of_run, uploaded

Json = Any


@probe("tallyfy.files.archived-content", needs=("write",))
def archived_content(client: Client) -> Json:
    """Return whether an archived file can be downloaded."""
    org = first_organization(client)
    with process(org) as run, uploaded(org, of_run(run)) as asset:
        org.send("DELETE", f"/assets/{asset['id']}")
        return by_status(org.send("GET", f"/file/{asset['id']}/dl"), "downloaded", "not-found")


@probe("tallyfy.files.download-type", needs=("write",))
def download_type(client: Client) -> Json:
    """Return what decides the media type of a download."""
    org = first_organization(client)
    with process(org) as run, uploaded(org, of_run(run), name="a.png") as asset:
        shown = org.send("GET", f"/file/{asset['id']}/dl").header("content-type")
        return {"application/octet-stream": "octet-stream", "image/png": "guessed"}.get(shown or "", shown)
