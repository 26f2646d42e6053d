"""Tallyfy: how an answer is named that is set alone."""

from __future__ import annotations

from typing import Any

from understudy_checks.client import Client
from understudy_checks.measurements import by_status
from understudy_checks.probes import probe
from understudy_checks.tallyfy.automated import automated
from understudy_checks.tallyfy.driver import first_organization

Json = Any


@probe("tallyfy.form-values.id", needs=("write",))
def answer_id(client: Client) -> Json:
    """Return whether an answer is named by its task and its field."""
    with automated(first_organization(client)) as of:
        id = f"{of.launch().task(0)['id']}:{of.fields['amount']['id']}"
        answer = of.org.send("PUT", "/form-field/value", json={"id": id, "form_value": "1"})
        return by_status(answer, "task-and-field", "unknown")
