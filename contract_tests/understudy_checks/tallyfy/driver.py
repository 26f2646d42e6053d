"""Steps that Tallyfy's checks share: find an organization, launch processes, fill and complete tasks.

Objects are found through the API alone. The documents leave open whether an include has `data` around it, and which
of two names holds the value of a field: both forms are read here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from understudy.document.operation import Operation
from understudy.engine.exchange import Response
from understudy_checks.client import Client, Skipped
from understudy_checks.refusals import assert_envelope
from understudy_checks.wording import show

Json = Any

HIDDEN_STATUS = "auto-skipped"
COMPLETED_STATUS = "completed"
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
UNKNOWN_ID = "0123456789abcdef0123456789abcdef"


@dataclass(slots=True)
class Organization:
    """One organization and the token that acts in it."""

    client: Client
    id: str
    key: str
    _templates: list[Json] = field(default_factory=list)

    def send(self, method: str, path: str, *, query: Mapping[str, object] | None = None, json: Json = None) -> Response:
        """Send a request to a path of the organization; `json=None` sends no body."""
        body = {} if json is None else {"json": json}
        return self.client.send(method, f"/organizations/{self.id}{path}", query=query, key=self.key, **body)

    def get(self, path: str, **query: object) -> Json:
        """Read a path of the organization and return its `data`; `with_` is the parameter `with`."""
        return self.data_of(self.send("GET", path, query=_query(query)))

    def call(self, method: str, path: str, json: Json = None) -> Json:
        """Send a request and return the `data` of its response; asserts that it is accepted."""
        return self.data_of(self.send(method, path, json=json))

    def assert_refused(self, method: str, path: str, json: Json = None, *, status: int | None = None) -> Json:
        """Assert that a request is refused, with `status` if given; returns the decoded body."""
        response = self.send(method, path, json=json)
        body = assert_envelope(self.client, response)
        assert status in (None, response.status), (
            f"{method} {path} must answer {status}, not {response.status}: {show(body)}"
        )
        return body

    def assert_missing(self, method: str, path: str, json: Json = None) -> None:
        """Assert that a request is refused with 404 or 403, as for an object that does not exist."""
        response = self.send(method, path, json=json)
        assert response.status in (403, 404), f"{method} {path} must answer 404 or 403, not {response.status}"
        assert_envelope(self.client, response)

    def list_all(self, path: str, **query: object) -> list[Json]:
        """Read all pages of a list and return its items."""
        first = self.get_body(path, **query, page=1, per_page=100)
        last = min(first["meta"]["pagination"]["total_pages"], 200)
        more = [self.get_body(path, **query, page=page, per_page=100)["data"] for page in range(2, last + 1)]
        return [found for page in (first["data"], *more) for found in page]

    def get_body(self, path: str, **query: object) -> Json:
        """Read a path of the organization and return the whole body, envelope included."""
        response = self.send("GET", path, query=_query(query))
        assert response.status < 300, (
            f"GET {path} {show(query)} must succeed, not answer {response.status}: {show(response.body)}"
        )
        return response.json()

    @staticmethod
    def data_of(response: Response) -> Json:
        """Return the `data` of a response; asserts that the request was accepted."""
        assert response.status < 300, f"the request must succeed, not answer {response.status}: {show(response.body)}"
        return response.json()["data"]

    def templates(self) -> list[Json]:
        """List all templates with their steps; read once."""
        if not self._templates:
            self._templates = self.list_all("/checklists", with_="steps")
        return self._templates


def first_organization(client: Client, *, key: str | None = None) -> Organization:
    """Return the first organization of a token, by default of the target's own token."""
    key = key or client.key
    found = Organization.data_of(client.send("GET", "/me/organizations", key=key))
    if not found:
        raise Skipped("the token belongs to no organization")
    return Organization(client, found[0]["id"], key)


def as_no_administrator(client: Client, org: Organization) -> Organization:
    """Return the same organization for the second token; raises Skipped where that is an administrator's, too."""
    other = first_organization(client, key=client.second_key)
    if other.id != org.id or other.get("/me").get("role") == "admin":
        raise Skipped("the second token is an administrator's, too")
    return other


def is_working_day(org: Organization, at: datetime) -> bool:
    """Return whether a time is on a working day of an organization, where that tells its working days."""
    days = org.get("").get("working_days") or {}
    if days and days.keys() != set(WEEK):
        raise Skipped("the organization does not tell its working days")
    return bool(days.get(WEEK[at.weekday()], True))


def harmless_write(client: Client) -> tuple[Operation, Json, Json]:
    """Return an operation that takes JSON, with arguments and body of an update that changes nothing.

    A launch is none: the kick-off form of the first template may have to be filled.
    """
    org = first_organization(client)
    runs = org.get_body("/runs", per_page=1, status="active")["data"]
    if not runs:
        raise Skipped("no active process on this target")
    arguments = {"org_id": org.id, "run_id": runs[0]["id"]}
    return client.contract.operations["updateRun"], arguments, {"name": runs[0]["name"]}


def unwrap_items(collection: Json) -> list[Json]:
    """Return the items of an included collection, with or without `data` around it."""
    return list(collection["data"] if isinstance(collection, dict) else collection)


def included_tag_id(tag: Json) -> str:
    """Return the id of an included tag, beside which the number of the association may stand."""
    return str(tag.get("tag_id", tag["id"]))


def unwrap_item(included: Json) -> Json:
    """Return an included object, with or without `data` around it."""
    return included["data"] if isinstance(included, dict) and set(included) == {"data"} else included


def field_answer(shown: Json) -> Json:
    """Return the answer in a form field, whether it is called `value` or `field_value`."""
    return shown.get("value", shown.get("field_value"))


def template_steps(template: Json) -> list[Json]:
    """Return the steps of a template that was read with them."""
    return unwrap_items(template["steps"])


def template_where(org: Organization, holds: Callable[[Json], object], what: str) -> Json:
    """Return the first template that satisfies `holds`; raises Skipped, which names `what`, without one."""
    found = next((template for template in org.templates() if holds(template)), None)
    if found is None:
        raise Skipped(f"no template {what} on this target")
    return found


def is_plain_template(template: Json) -> bool:
    """Return whether a template has two steps or more, all plain tasks, and nothing that must be filled in."""
    made = template_steps(template)
    special = [s for s in made if s["step_type"] != "task" or s.get("can_complete_only_assignees")]
    return len(made) > 1 and not special and not template["prerun"] and not required_fields(made) and not _hides(made)


def plain_template(org: Organization) -> Json:
    """Return a template whose processes complete once each task is completed, with nothing else to do."""
    return template_where(org, is_plain_template, "with two steps, no kick-off form and nothing special")


def required_fields(made: Sequence[Json]) -> list[Json]:
    """List the required form fields of steps."""
    return [capture for step in made for capture in step["captures"] if capture["required"]]


def launch(org: Organization, template: Json | None = None, **body: Json) -> Json:
    """Launch a process, by default of a plain template, with its required kick-off fields answered."""
    return org.call("POST", "/runs", launch_body(template or plain_template(org), **body))


def launch_body(template: Json, **body: Json) -> Json:
    """Return the body of a launch that answers all required kick-off fields; `body` adds members."""
    answers = {f["id"]: sample_answer(f) for f in template["prerun"] if f["required"]}
    return {"checklist_id": template["id"], **({"prerun": answers} if answers else {}), **body}


def read_run(org: Organization, run: Json, **query: object) -> Json:
    """Read a process again."""
    return org.get(f"/runs/{run['id']}", **query)


def run_tasks(org: Organization, run: Json, **query: object) -> list[Json]:
    """List all tasks of a process."""
    return org.list_all(f"/runs/{run['id']}/tasks", **query)


def visible_tasks(tasks: Sequence[Json]) -> list[Json]:
    """Return the tasks that are not hidden."""
    return [task for task in tasks if task["status"] != HIDDEN_STATUS]


def open_tasks(org: Organization, run: Json) -> list[Json]:
    """List the tasks of a process that are neither hidden nor completed."""
    return [task for task in visible_tasks(run_tasks(org, run)) if task["status"] != COMPLETED_STATUS]


def complete_task(org: Organization, run: Json, task: Json, **body: Json) -> Json:
    """Fill the required fields of a task, then complete it; an approval is approved."""
    fill_required_fields(org, run, task)
    approval = {"is_approved": True} if task["task_type"] == "approval" else {}
    return org.call("POST", f"/runs/{run['id']}/completed-tasks", {"task_id": task["id"], **approval, **body})


def fill_required_fields(org: Organization, run: Json, task: Json) -> None:
    """Answer the required fields of a task that have no answer."""
    fields = unwrap_items(org.get(f"/runs/{run['id']}/tasks/{task['id']}", with_="form_fields")["form_fields"])
    answers = {f["id"]: sample_answer(f) for f in fields if f["required"] and field_answer(f) in (None, "", [], {})}
    if answers:
        answer_fields(org, run, task, answers)


def answer_fields(org: Organization, run: Json, task: Json, answers: Json) -> Json:
    """Set answers of a task by field id; returns the task."""
    return org.call("PUT", f"/runs/{run['id']}/tasks/{task['id']}", {"taskdata": answers})


def submit_kickoff(org: Organization, run: Json) -> Json:
    """Submit the kick-off form of a process if it is open; returns the process."""
    if read_run(org, run)["prerun_status"] == "complete":
        return read_run(org, run)
    return org.call("POST", f"/runs/{run['id']}/complete-prerun")


def complete_run(org: Organization, run: Json) -> Json:
    """Submit the kick-off form and complete all open tasks; returns the process."""
    submit_kickoff(org, run)
    for task in open_tasks(org, run):
        complete_task(org, run, task)
    return read_run(org, run)


def sample_answer(field: Json) -> Json:
    """Return a valid answer to a form field."""
    return next(iter(sample_answers(field)))


def sample_answers(field: Json) -> Iterator[Json]:
    """Yield valid answers to a form field."""
    options = field.get("options") or []
    kind = field["field_type"]
    if kind in ("dropdown", "multiselect"):
        chosen = [{"id": option["id"], "text": option["text"]} for option in options]
        yield from ({**option, "value": None} for option in chosen) if kind == "dropdown" else [[o] for o in chosen]
    elif kind == "radio":
        yield from (option["text"] for option in options)
    else:
        columns = [f"cell {n}" for n, _ in enumerate(field.get("columns") or [])]
        known: dict[str, list[Json]] = {
            "date": ["2031-05-06T07:08:09Z", "2031-05-07"],
            "email": ["someone@company.example", "else@company.example"],
            "table": [columns, [cell.upper() for cell in columns]],
            "file": [
                [{"id": UNKNOWN_ID, "filename": "a.pdf"}],
                [{"url": "https://company.example/b.pdf", "filename": "b.pdf"}],
            ],
            "assignees_form": [{"users": [], "guests": ["a@company.example"], "groups": []}],
        }
        yield from known.get(kind, ["An answer", "Another answer"])


def launch_with_field(org: Organization, kind: str) -> tuple[Json, Json, Json]:
    """Launch a process with a form field of type `kind`; returns the process, the task and the field."""

    def asks(step: Json) -> list[Json]:
        return [capture for capture in step["captures"] if capture["field_type"] == kind]

    template = template_where(
        org, lambda t: any(asks(step) for step in template_steps(t)), f"with a step that asks for {kind}"
    )
    run = launch(org, template)
    step = next(step for step in template_steps(template) if asks(step))
    return run, task_of_step(org, run, step), asks(step)[0]


def task_of_step(org: Organization, run: Json, step: Json) -> Json:
    """Return the task of a process that belongs to a step."""
    return next(task for task in run_tasks(org, run) if task["step_id"] == step["id"])


def stored_answers(org: Organization, run: Json, task: Json) -> dict[str, Json]:
    """Map field id to stored answer, for the fields of a task."""
    fields = unwrap_items(org.get(f"/runs/{run['id']}/tasks/{task['id']}", with_="form_fields")["form_fields"])
    return {f["id"]: field_answer(f) for f in fields}


def _hides(made: Sequence[Json]) -> bool:
    return any(step.get("starts_hidden") for step in made)


def _query(query: Mapping[str, object]) -> dict[str, object]:
    return {name.rstrip("_"): value for name, value in query.items()}
