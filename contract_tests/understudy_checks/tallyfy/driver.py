"""What the tests of Tallyfy have in common: an organization, its templates and processes, found through the API.

Includes are read whether `data` is around them or not, answers under either of their names: what the documents
leave open is decided here once. Must not know any id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from understudy.engine.exchange import Response
from understudy_checks.client import Client, NotChecked
from understudy_checks.refusals import assert_envelope

Json = Any

HIDDEN = "auto-skipped"
DONE = "completed"
UNKNOWN = "0123456789abcdef0123456789abcdef"


@dataclass(slots=True)
class Place:
    """One organization, as one token sees it."""

    client: Client
    id: str
    key: str
    _templates: list[Json] = field(default_factory=list)

    def send(self, method: str, path: str, *, query: Mapping[str, object] | None = None, json: Json = None) -> Response:
        """Send a request to a path of the organization; None as `json` is no body."""
        body = {} if json is None else {"json": json}
        return self.client.send(method, f"/organizations/{self.id}{path}", query=query, key=self.key, **body)

    def get(self, path: str, **query: object) -> Json:
        """The `data` that a path of the organization answers; `with_` is the parameter `with`."""
        return self.data(self.send("GET", path, query=_query(query)))

    def do(self, method: str, path: str, json: Json = None) -> Json:
        """The `data` that a call answers, which must be accepted."""
        return self.data(self.send(method, path, json=json))

    def refuse(self, method: str, path: str, json: Json = None, *, status: int | None = None) -> Json:
        """The body that a call answers, which must be refused, with this status if it is settled."""
        response = self.send(method, path, json=json)
        body = assert_envelope(self.client, response)
        assert status in (None, response.status), f"{method} {path}: {response.status}, not {status}: {body}"
        return body

    def missing(self, method: str, path: str, json: Json = None) -> None:
        """Assert that a call is answered 404 or 403, as for an object that is not there."""
        response = self.send(method, path, json=json)
        assert response.status in (403, 404), f"{method} {path}: {response.status}"
        assert_envelope(self.client, response)

    def all(self, path: str, **query: object) -> list[Json]:
        """All items of a list, page by page."""
        first = self.body(path, **query, page=1, per_page=100)
        last = min(first["meta"]["pagination"]["total_pages"], 200)
        more = [self.body(path, **query, page=page, per_page=100)["data"] for page in range(2, last + 1)]
        return [found for page in (first["data"], *more) for found in page]

    def body(self, path: str, **query: object) -> Json:
        """The whole body of an answer, which must be given."""
        response = self.send("GET", path, query=_query(query))
        assert response.status < 300, f"GET {path} {query}: {response.status} {response.body[:300]!r}"
        return response.json()

    @staticmethod
    def data(response: Response) -> Json:
        """What an accepted answer holds under `data`."""
        assert response.status < 300, f"{response.status} {response.body[:500]!r}"
        return response.json()["data"]

    def templates(self) -> list[Json]:
        """All templates with their steps."""
        if not self._templates:
            self._templates = self.all("/checklists", with_="steps")
        return self._templates


def here(client: Client, *, key: str | None = None) -> Place:
    """The first organization of a token, the default one unless another is named."""
    key = key or client.key
    found = Place.data(client.send("GET", "/me/organizations", key=key))
    if not found:
        raise NotChecked("the token belongs to no organization")
    return Place(client, found[0]["id"], key)


def items(collection: Json) -> list[Json]:
    """The items of an included collection, with `data` around it or without."""
    return list(collection["data"] if isinstance(collection, dict) else collection)


def item(included: Json) -> Json:
    """An included object, with `data` around it or without."""
    return included["data"] if isinstance(included, dict) and set(included) == {"data"} else included


def answer_in(shown: Json) -> Json:
    """The answer that a form field shows, under whichever name."""
    return shown.get("value", shown.get("field_value"))


def steps(template: Json) -> list[Json]:
    """The steps of a template that was read with them."""
    return items(template["steps"])


def template_where(place: Place, holds: Callable[[Json], object], what: str) -> Json:
    """The first template for which `holds`; raises NotChecked when there is none."""
    found = next((template for template in place.templates() if holds(template)), None)
    if found is None:
        raise NotChecked(f"there is no template {what}")
    return found


def is_plain(template: Json) -> bool:
    """Whether a template has no form that must be filled, no approval and nothing special in its steps."""
    made = steps(template)
    special = [s for s in made if s["step_type"] != "task" or s.get("can_complete_only_assignees")]
    return len(made) > 1 and not special and not template["prerun"] and not required_fields(made) and not _hides(made)


def plain(place: Place) -> Json:
    """A template whose processes are complete after their tasks are completed one by one."""
    return template_where(place, is_plain, "with two steps, no kick-off form and nothing special")


def required_fields(made: Sequence[Json]) -> list[Json]:
    """The fields of steps that must have an answer."""
    return [capture for step in made for capture in step["captures"] if capture["required"]]


def launch(place: Place, template: Json | None = None, **body: Json) -> Json:
    """A new process of a template (a plain one unless given), required kick-off fields answered."""
    return place.do("POST", "/runs", launching(template or plain(place), **body))


def launching(template: Json, **body: Json) -> Json:
    """The body of a launch with all that is required."""
    answers = {f["id"]: answer_for(f) for f in template["prerun"] if f["required"]}
    return {"checklist_id": template["id"], **({"prerun": answers} if answers else {}), **body}


def run_of(place: Place, run: Json, **query: object) -> Json:
    """A process, read again."""
    return place.get(f"/runs/{run['id']}", **query)


def tasks_of(place: Place, run: Json, **query: object) -> list[Json]:
    """All tasks of a process."""
    return place.all(f"/runs/{run['id']}/tasks", **query)


def visible(tasks: Sequence[Json]) -> list[Json]:
    """The tasks that are not hidden."""
    return [task for task in tasks if task["status"] != HIDDEN]


def open_tasks(place: Place, run: Json) -> list[Json]:
    """The tasks of a process that are neither hidden nor completed."""
    return [task for task in visible(tasks_of(place, run)) if task["status"] != DONE]


def complete(place: Place, run: Json, task: Json, **body: Json) -> Json:
    """Complete a task, its required fields filled before, an approval given."""
    fill(place, run, task)
    approval = {"is_approved": True} if task["task_type"] == "approval" else {}
    return place.do("POST", f"/runs/{run['id']}/completed-tasks", {"task_id": task["id"], **approval, **body})


def fill(place: Place, run: Json, task: Json) -> None:
    """Give answers to the required fields of a task."""
    fields = items(place.get(f"/runs/{run['id']}/tasks/{task['id']}", with_="form_fields")["form_fields"])
    answers = {f["id"]: answer_for(f) for f in fields if f["required"] and answer_in(f) in (None, "", [], {})}
    if answers:
        answer(place, run, task, answers)


def answer(place: Place, run: Json, task: Json, answers: Json) -> Json:
    """Give answers to fields of a task; the task."""
    return place.do("PUT", f"/runs/{run['id']}/tasks/{task['id']}", {"taskdata": answers})


def submit(place: Place, run: Json) -> Json:
    """Submit the kick-off form of a process, if it is open; the process."""
    if run_of(place, run)["prerun_status"] == "complete":
        return run_of(place, run)
    return place.do("POST", f"/runs/{run['id']}/complete-prerun")


def finish(place: Place, run: Json) -> Json:
    """Complete everything in a process; the process."""
    submit(place, run)
    for task in open_tasks(place, run):
        complete(place, run, task)
    return run_of(place, run)


def answer_for(field: Json) -> Json:
    """A valid answer to a form field."""
    return next(iter(answers_for(field)))


def answers_for(field: Json) -> Iterator[Json]:
    """Valid answers to a form field."""
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
                [{"id": UNKNOWN, "filename": "a.pdf"}],
                [{"url": "https://company.example/b.pdf", "filename": "b.pdf"}],
            ],
            "assignees_form": [{"users": [], "guests": ["a@company.example"], "groups": []}],
        }
        yield from known.get(kind, ["An answer", "Another answer"])


def with_field(place: Place, kind: str) -> tuple[Json, Json, Json]:
    """A new process with a task that has a form field of a type: the process, the task and the field."""

    def asks(step: Json) -> list[Json]:
        return [capture for capture in step["captures"] if capture["field_type"] == kind]

    template = template_where(
        place, lambda t: any(asks(step) for step in steps(t)), f"with a step that asks for {kind}"
    )
    run = launch(place, template)
    step = next(step for step in steps(template) if asks(step))
    return run, task_of_step(place, run, step), asks(step)[0]


def task_of_step(place: Place, run: Json, step: Json) -> Json:
    """The task of a process that was made from a step."""
    return next(task for task in tasks_of(place, run) if task["step_id"] == step["id"])


def stored(place: Place, run: Json, task: Json) -> dict[str, Json]:
    """The answers of a task by the ids of its fields."""
    fields = items(place.get(f"/runs/{run['id']}/tasks/{task['id']}", with_="form_fields")["form_fields"])
    return {f["id"]: answer_in(f) for f in fields}


def _hides(made: Sequence[Json]) -> bool:
    return any(step.get("starts_hidden") for step in made)


def _query(query: Mapping[str, object]) -> dict[str, object]:
    return {name.rstrip("_"): value for name, value in query.items()}
