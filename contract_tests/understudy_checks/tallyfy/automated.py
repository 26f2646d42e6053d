"""Processes that automated actions change: a template with a kick-off form, three steps and a form field each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from understudy_checks.tallyfy.driver import HIDDEN_STATUS, Json, Organization, answer_fields, run_tasks
from understudy_checks.tallyfy.test_template_changes import made_template
from understudy_checks.wording import show

TEXT: Json = {"field_type": "text", "required": False}
PLAN: Json = {"field_type": "dropdown", "required": False, "options": [{"text": "Basic"}, {"text": "Gold"}]}
DATE: Json = {"field_type": "date", "required": False, "collect_time": True}
DAY: Json = {"field_type": "date", "required": False}
PICKER: Json = {"field_type": "assignees_form", "required": False}
FIELDS: dict[str, Json] = {
    "amount": TEXT,
    "plan": PLAN,
    "many": {**PLAN, "field_type": "multiselect"},
    "starts": DATE,
    "day": DAY,
    "who": PICKER,
}


@dataclass(frozen=True, slots=True)
class Automated:
    """A template of three steps with these fields on its kick-off form (`on` Prerun) or its first step (Capture)."""

    org: Organization
    template: Json
    steps: tuple[Json, ...]
    fields: dict[str, Json]
    on: str

    def when(self, named: int | str, operation: str, statement: Json = None, **more: Json) -> Json:
        """A condition on a step (its number) or a field (its label)."""
        kind, id = ("Step", self.steps[named]["id"]) if isinstance(named, int) else (self.on, self.fields[named]["id"])
        wanted = {} if statement is None else {"statement": statement}
        return {"conditionable_type": kind, "conditionable_id": id, "operation": operation, **wanted, **more}

    def then(self, step: int, verb: str, **more: Json) -> Json:
        """An action on the task of a step."""
        kinds = {"show": "visibility", "hide": "visibility", "deadline": "deadline", "reopen": "status"}
        kind = kinds.get(verb, "assignment")
        return {"action_type": kind, "action_verb": verb, "target_step_id": self.steps[step]["id"], **more}

    def dated(self, step: int, days: int, source: int | str | None, option: str = "from") -> Json:
        """A deadline action that counts from a step, a field or the deadline of its own task."""
        start: Json = {}
        if isinstance(source, int):
            start = {"actionable_type": "Step", "actionable_id": self.steps[source]["id"]}
        elif source is not None:
            start = {"actionable_type": self.on, "actionable_id": self.fields[source]["id"]}
        return self.then(step, "deadline", deadline={"value": days, "unit": "days", "option": option}, **start)

    def rule(self, conditions: list[Json], actions: list[Json]) -> Json:
        """Add an automated action to the template."""
        body = {"automated_alias": "Checked", "conditions": conditions, "then_actions": actions}
        return self.org.call("POST", f"/checklists/{self.template['id']}/automated-actions", body)

    def launch(self, each: Json = None, **answers: Json) -> Started:
        """Launch a process with answers to the kick-off form, and what is different in its tasks (`each`)."""
        given = {self.fields[name]["id"]: self.answer(name, value) for name, value in answers.items()}
        body = {"checklist_id": self.template["id"], **({"prerun": given} if given else {})}
        made = self.org.call("POST", "/runs", {**body, **({"tasks": each} if each else {})})
        return Started(self, made["id"])

    def answer(self, name: str, value: Json) -> Json:
        """An answer to a field, from the texts of its options."""
        options = {
            one["text"]: {"id": one["id"], "text": one["text"]} for one in self.fields[name].get("options") or ()
        }
        if self.fields[name]["field_type"] == "multiselect":
            return [{**options[text], "selected": True} for text in value]
        return {**options[value], "value": None} if isinstance(value, str) and value in options else value


@dataclass(frozen=True, slots=True)
class Started:
    """A process of an automated template."""

    of: Automated
    id: str

    def tasks(self) -> list[Json]:
        """The tasks of the three steps, in their order."""
        found = {task["step_id"]: task for task in run_tasks(self.of.org, {"id": self.id})}
        return [found[step["id"]] for step in self.of.steps]

    def task(self, step: int) -> Json:
        """The task of a step."""
        return self.tasks()[step]

    def hidden(self) -> list[int]:
        """The numbers of the steps whose tasks are hidden."""
        return [at for at, task in enumerate(self.tasks()) if task["status"] == HIDDEN_STATUS]

    def complete(self, step: int, **body: Json) -> Json:
        """Complete a task; returns `tasks_changed_by_rules`."""
        given = {"task_id": self.task(step)["id"], **body}
        return self.of.org.call("POST", f"/runs/{self.id}/completed-tasks", given)["tasks_changed_by_rules"]

    def reopen(self, step: int) -> Json:
        """Reopen a task; returns `tasks_changed_by_rules`."""
        path = f"/runs/{self.id}/completed-tasks/{self.task(step)['id']}"
        return self.of.org.call("DELETE", path)["tasks_changed_by_rules"]

    def update(self, step: int, **body: Json) -> Json:
        """Update a task."""
        return self.of.org.call("PUT", f"/runs/{self.id}/tasks/{self.task(step)['id']}", body)

    def say(self, **answers: Json) -> None:
        """Answer fields of the first step."""
        given = {self.of.fields[name]["id"]: self.of.answer(name, value) for name, value in answers.items()}
        answer_fields(self.of.org, {"id": self.id}, self.task(0), given)

    def answer_again(self, **answers: Json) -> Json:
        """Reopen the kick-off form, answer it otherwise and complete it; returns `tasks_changed_by_rules`."""
        form = f"/runs/{self.id}/complete-prerun"
        before = self.hidden()
        self.of.org.send("DELETE", form)
        given = {self.of.fields[name]["id"]: self.of.answer(name, value) for name, value in answers.items()}
        self.of.org.call("PUT", f"/runs/{self.id}", {"prerun": given})
        assert self.hidden() == before, "reopening and answering the form must change nothing"
        return self.of.org.call("POST", form)["tasks_changed_by_rules"]


@contextmanager
def automated(
    org: Organization, *, kickoff: bool = False, types: tuple[str, ...] = ("task",) * 3
) -> Iterator[Automated]:
    """Make a template whose fields are on the kick-off form, or on the first step."""
    form = [{"label": name, **field} for name, field in FIELDS.items()] if kickoff else []
    with made_template(org, prerun=form) as template:
        path = f"/checklists/{template['id']}"
        titled = [{"title": f"Step {at}", "step_type": kind} for at, kind in enumerate(types)]
        steps = [org.call("POST", f"{path}/steps", body) for body in titled]
        fields = {one["label"]: one for one in template["prerun"]}
        if not form:
            captures = f"{path}/steps/{steps[0]['id']}/captures"
            fields = {name: org.call("POST", captures, {"label": name, **field}) for name, field in FIELDS.items()}
        yield Automated(org, template, tuple(steps), fields, "Prerun" if kickoff else "Capture")


def assert_hidden(started: Started, *steps: int, why: str) -> None:
    """Assert that just the tasks of these steps are hidden."""
    found = started.hidden()
    assert found == list(steps), f"{why}: the hidden tasks must be {show(list(steps))}, not {show(found)}"
