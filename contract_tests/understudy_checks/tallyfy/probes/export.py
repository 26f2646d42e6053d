"""Tallyfy: what an export of a process has."""

from __future__ import annotations

from typing import Any

from understudy_checks.client import Client
from understudy_checks.probes import probe
from understudy_checks.tallyfy.driver import first_organization, read_run, unwrap_items
from understudy_checks.tallyfy.probes.access import process

Json = Any
NAMES = ("checklist", "tasks", "tasks.threads", "tasks.form_fields", "ko_form_fields", "form_fields", "tags")


@probe("tallyfy.export.includes", needs=("write",))
def export_includes(client: Client) -> Json:
    """Return what an export has that the process has only when it is asked for."""
    org = first_organization(client)
    with process(org) as run:
        exported, plain = org.call("POST", f"/runs/{run['id']}/export"), read_run(org, run)
    more = exported.keys() - plain.keys()
    tasks = unwrap_items(exported["tasks"]) if "tasks" in more else []
    more |= {f"tasks.{name}" for name in ("threads", "form_fields") if tasks and name in tasks[0]}
    return [name for name in NAMES if name in more]
