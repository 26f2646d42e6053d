"""Tallyfy: filters and includes of lists.

These probes only read.
"""

from __future__ import annotations

from typing import Any

from understudy_checks.client import Client
from understudy_checks.measurements import by_status, skip, skip_unless
from understudy_checks.probes import probe
from understudy_checks.tallyfy.driver import (
    HIDDEN_STATUS,
    UNKNOWN_ID,
    Organization,
    first_organization,
    run_tasks,
    template_steps,
    template_where,
    unwrap_item,
    unwrap_items,
)
from understudy_checks.tallyfy.probes.access import first

Json = Any

ANSWERS = ("value", "field_value")
FORMS = "form_fields,ko_form_fields"


@probe("tallyfy.includes.unknown")
def unknown_include(client: Client) -> Json:
    """Return whether an unknown name in `with` is ignored or refused."""
    return by_status(
        first_organization(client).send("GET", "/runs", query={"with": UNKNOWN_ID, "per_page": 1}), "ignore", "reject"
    )


@probe("tallyfy.includes.item")
def included_item(client: Client) -> Json:
    """Return whether a single included object has `data` around it."""
    return _wrapping(first(first_organization(client), "/runs", with_="checklist")["checklist"])


@probe("tallyfy.includes.undescribed")
def undescribed_include(client: Client) -> Json:
    """Return whether an include that no example shows has `data` around it."""
    return _wrapping(first(first_organization(client), "/runs", with_="folders")["folders"])


@probe("tallyfy.includes.template-collections")
def template_collections(client: Client) -> Json:
    """Return whether the steps of a template have `data` around them."""
    return _wrapping(first(first_organization(client), "/checklists", with_="steps")["steps"])


@probe("tallyfy.fields.answer-name")
def answer_name(client: Client) -> Json:
    """Return which members of a form field hold its answer."""
    shown = next(iter(_fields(first_organization(client), form_fields_values=True)), None) or skip(
        "no process has a form field"
    )
    return [name for name in ANSWERS if name in shown]


@probe("tallyfy.fields.without-values")
def without_values(client: Client) -> Json:
    """Return the answers of included form fields when `form_fields_values` is missing."""
    org = first_organization(client)
    answered = [any(_answers(field)) for field in _fields(org, form_fields_values=True)]
    fields = [field for field, holds in zip(_fields(org), answered, strict=True) if holds]
    answers = _answers(fields[0]) if fields else skip("no process has a form field that is answered")
    return "absent" if not answers else "shown" if any(answers) else "null"


@probe("tallyfy.progress.whole")
def whole_progress(client: Client) -> Json:
    """Return whether `whole_progress` counts hidden tasks."""
    run = with_hidden(first_organization(client))
    return "all-tasks" if run["whole_progress"]["total"] > run["progress"]["total"] else "visible-tasks"


@probe("tallyfy.runs.delayed")
def delayed(client: Client) -> Json:
    """Return the status of a process with late tasks."""
    return first(first_organization(client), "/runs", status="delayed")["status"]


@probe("tallyfy.runs.due-date")
def due_date(client: Client) -> Json:
    """Return the `due_date` of a process whose tasks have deadlines."""
    runs = first_organization(client).get_body("/runs", per_page=100)["data"]
    run = next((run for run in runs if run.get("max_task_deadline")), None) or skip("no process has a deadline")
    return "latest-deadline" if run["due_date"] == run["max_task_deadline"] else run["due_date"]


@probe("tallyfy.runs.status-archived")
def status_archived(client: Client) -> Json:
    """Return whether `status=archived` lists archived processes."""
    org = first_organization(client)
    first(org, "/runs", archived="only")
    return "archived" if org.get_body("/runs", status="archived")["data"] else "nothing"


@probe("tallyfy.tasks.fresh-status")
def fresh_status(client: Client) -> Json:
    """Return the status of a task that nobody has begun."""
    shown = {task["status"] for task in first_organization(client).get_body("/tasks", per_page=100)["data"]}
    return next(iter(shown & {"not-started", "active"}), None) or skip("no task is listed that is fresh")


@probe("tallyfy.tasks.hidden-among-active")
def hidden_among_active(client: Client) -> Json:
    """Return whether `status=active` lists hidden tasks."""
    org = first_organization(client)
    return any(task["status"] == HIDDEN_STATUS for task in run_tasks(org, with_hidden(org), status="active"))


@probe("tallyfy.tasks.default-status")
def default_status(client: Client) -> Json:
    """Return which of one's own tasks are listed without `status`."""
    org = first_organization(client)
    usual, active, every = (_own_tasks(org, status=status) for status in (None, "active", "all"))
    skip_unless(active != every, "whom the key is of has no task that is not active")
    return {active: "active", every: "all"}.get(usual, f"{usual} of {every}")


@probe("tallyfy.templates.archived")
def archived_template(client: Client) -> Json:
    """Return whether an archived template can be read by its id."""
    org = first_organization(client)
    template = first(org, "/checklists", archived="only")
    return by_status(org.send("GET", f"/checklists/{template['id']}"), "shown", "not-found")


@probe("tallyfy.archive.read-by-id")
def archived_run(client: Client) -> Json:
    """Return whether an archived process can be read by its id."""
    org = first_organization(client)
    run = first(org, "/runs", archived="only")
    return by_status(org.send("GET", f"/runs/{run['id']}"), "shown", "not-found")


@probe("tallyfy.next-task.entries")
def next_task_entries(client: Client) -> Json:
    """Return whether `next_task` holds one task or also those after it."""
    runs = first_organization(client).get_body("/runs", status="active", with_="next_task", per_page=100)["data"]
    busy = [run for run in runs if run["progress"]["total"] - run["progress"]["complete"] > 1]
    run = next(iter(busy), None) or skip("no active process has two open tasks")
    return "one" if len(unwrap_items(run["next_task"])) == 1 else "all"


def with_hidden(org: Organization) -> Json:
    """Return a process with a hidden task; raises NotChecked when there is none."""
    template = template_where(
        org, lambda t: any(s.get("starts_hidden") for s in template_steps(t)), "with a hidden step"
    )
    runs = org.get_body("/runs", checklist_id=template["id"])["data"]
    found = (run for run in runs if any(task["status"] == HIDDEN_STATUS for task in run_tasks(org, run)))
    return next(found, None) or skip("no process has a hidden task")


def _wrapping(included: Json) -> str:
    return "bare" if unwrap_item(included) is included else "wrapped"


def _fields(org: Organization, **query: Json) -> list[Json]:
    """Return the form fields of the first listed processes."""
    runs = org.get_body("/runs", with_=FORMS, per_page=100, sort="created_at", **query)["data"]
    return [field for run in runs for name in FORMS.split(",") for field in unwrap_items(run[name])]


def _answers(field: Json) -> list[Json]:
    """Return the answer of a field under each name."""
    return [field[name] for name in ANSWERS if name in field]


def _own_tasks(org: Organization, **query: Json) -> int:
    return int(org.get_body("/me/tasks", per_page=1, **query)["meta"]["pagination"]["total"])
