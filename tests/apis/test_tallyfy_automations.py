"""Automated actions of the Tallyfy mock: what the checks leave alone, and what worlds may assume."""

from __future__ import annotations

from typing import Any

import pytest
from test_tallyfy_alternatives import Assuming, Tallyfy, assuming, client, declared

from understudy.apis.tallyfy.conditions import FIELD, texts_of

__all__ = ["assuming", "client", "declared"]  # fixtures

TABLE = {"label": "table", "field_type": "table", "columns": [{"label": "Item"}, {"label": "Price"}]}
FIELDS = [
    {"label": "text", "field_type": "text"},
    {"label": "file", "field_type": "file"},
    {"label": "date", "field_type": "date"},
    {"label": "time", "field_type": "date", "collect_time": True},
    {"label": "mail", "field_type": "email"},
    TABLE,
]


class Made:
    """A template of three steps, the first with fields, and its newest process."""

    def __init__(self, client: Tallyfy, *types: str) -> None:
        """Make the template."""
        self.client = client
        self.id = client.data("POST", "/checklists", {"title": "Made", "type": "procedure"})["id"]
        self.path = f"/checklists/{self.id}"
        named = [{"title": f"Step {at}", "step_type": kind} for at, kind in enumerate(types or ("task",) * 3)]
        self.steps = [client.data("POST", f"{self.path}/steps", body)["id"] for body in named]
        captures = f"{self.path}/steps/{self.steps[0]}/captures"
        made = [client.data("POST", captures, {"required": False, **field}) for field in FIELDS]
        self.fields = {field["label"]: field["id"] for field in made}

    def when(self, named: int | str, operation: str, statement: Any = None, **more: Any) -> dict[str, Any]:
        """A condition on a step or a field."""
        kind, id = ("Step", self.steps[named]) if isinstance(named, int) else ("Capture", self.fields[named])
        return {
            "conditionable_type": kind,
            "conditionable_id": id,
            "operation": operation,
            "statement": statement,
            **more,
        }

    def hide(self, step: int = 1) -> dict[str, Any]:
        """An action that hides a task."""
        return {"action_type": "visibility", "action_verb": "hide", "target_step_id": self.steps[step]}

    def date(self, **start: Any) -> dict[str, Any]:
        """An action that gives the second task a deadline of a day later than something."""
        deadline = {"value": 1, "unit": "days", "option": "from"}
        target = {"action_type": "deadline", "action_verb": "deadline", "target_step_id": self.steps[1]}
        return {**target, "deadline": deadline, **start}

    def rule(self, condition: dict[str, Any], *actions: dict[str, Any]) -> Any:
        """Add an automated action."""
        body = {"conditions": [condition], "then_actions": list(actions) or [self.hide()]}
        return self.client.data("POST", f"{self.path}/automated-actions", body)

    def launch(self) -> None:
        """Launch a process."""
        self.run = self.client.data("POST", "/runs", {"checklist_id": self.id})["id"]

    def tasks(self) -> list[Any]:
        """The tasks of the process."""
        return list(self.client.data("GET", f"/runs/{self.run}/tasks"))

    def say(self, **answers: Any) -> None:
        """Answer fields of the first step."""
        given = {self.fields[name]: value for name, value in answers.items()}
        self.client.data("PUT", f"/runs/{self.run}/tasks/{self.tasks()[0]['id']}", {"taskdata": given})

    def complete(self, step: int = 0, **body: Any) -> Any:
        """Complete a task; returns what changed."""
        given = {"task_id": self.tasks()[step]["id"], **body}
        return self.client.data("POST", f"/runs/{self.run}/completed-tasks", given)["tasks_changed_by_rules"]

    def hidden(self) -> list[int]:
        """The steps whose tasks are hidden."""
        return [at for at, task in enumerate(self.tasks()) if task["status"] == "auto-skipped"]


@pytest.fixture
def made(client: Tallyfy) -> Made:
    """A template in a world under the default assumptions."""
    return Made(client)


def holds(made: Made, condition: dict[str, Any], **answers: Any) -> bool:
    """Whether a condition holds once the first task is completed with these answers."""
    made.rule(condition)
    made.launch()
    made.say(**answers)
    made.complete()
    return made.hidden() == [1]


@pytest.mark.parametrize(
    ("name", "operation", "statement", "more", "answer", "met"),
    [
        ("file", "contains", "offer", {}, [{"id": "a" * 32, "filename": "offer.pdf"}], True),
        ("file", "contains", "a.example", {}, [{"url": "https://a.example/x"}], True),
        ("file", "is_empty", None, {}, [], True),
        ("table", "contains", "12", {"column_contains_name": "Price"}, ["Pen", "12"], True),
        ("table", "contains", "Pen", {"column_contains_name": "Price"}, ["Pen", "12"], False),
        ("table", "contains", "Pen", {}, ["Pen", "12"], True),
        ("text", "equals_any", "a, b ,c", {}, "b", True),
        ("text", "equals_any", ["a, b"], {}, "b", True),
        ("text", "equals_any", ["a,b", "c"], {}, "b", False),
        ("text", "greater_than", "$10,000", {}, "10001", True),
        ("text", "greater_than", "many", {}, "10001", False),
        ("text", "is_empty", None, {}, "  ", True),
        ("text", "equals", 7, {}, 7, True),
    ],
)
def test_answers_say_texts(
    made: Made, name: str, operation: str, statement: Any, more: Any, answer: Any, met: bool
) -> None:
    """Files say their names, tables their cells, numbers are read with their currency, and blanks say nothing."""
    assert holds(made, made.when(name, operation, statement, **more), **{name: answer}) is met


def test_options_that_are_not_selected_say_nothing() -> None:
    """Of several options those count that are chosen."""
    assert texts_of([{"id": 1, "text": "A", "selected": False}, {"id": 2, "text": "B", "selected": True}]) == ["B"]
    assert texts_of({"id": 1, "text": "A", "value": None}) == ["A"]
    assert FIELD["equals"](texts_of(None), ["A"]) is False


@pytest.mark.parametrize(
    "condition", [{"operation": "approved"}, {"conditionable_id": "x" * 32}, {"statement": "soon"}]
)
def test_what_cannot_be_asked_does_not_hold(made: Made, condition: Any) -> None:
    """A step that is no approval, one that is unknown, and a time that nobody knows."""
    made.rule({**made.when(0, "completed"), **condition})
    made.rule({**made.when(0, "completed"), "conditionable_type": "Capture", **condition}, made.hide(2))
    made.launch()
    made.complete()
    assert made.hidden() == []


@pytest.mark.parametrize(("operation", "expired"), [("expired", False), ("acknowledged", None)])
def test_expiring_steps_are_told_apart(client: Tallyfy, operation: str, expired: Any) -> None:
    """A step expires where its completion is not approved, else it is acknowledged."""
    met = []
    for approved in (False, None):
        made = Made(client, "expiring", "task", "task")
        made.rule(made.when(0, operation))
        made.launch()
        made.complete(**({} if approved is None else {"is_approved": approved}))
        met.append(approved if made.hidden() == [1] else "unmet")
    assert [one for one in met if one != "unmet"] == [expired]


def test_a_step_without_a_deadline_is_never_on_time(made: Made) -> None:
    """There is nothing to be early for."""
    assert not holds(made, made.when(0, "completed", "on-time"))


def test_webhooks_are_kept_and_not_sent(made: Made) -> None:
    """The action is in the template and changes no task."""
    hook = {"action_type": "webhook", "action_verb": "emit_webhook", "target_step_id": made.steps[1]}
    kept = made.rule(made.when(0, "completed"), {**hook, "webhook_url": "https://hooks.example/a"})
    assert kept["then_actions"][0]["webhook_url"] == "https://hooks.example/a"
    made.launch()
    assert made.complete() == {}


def test_an_issue_reopens_and_checks(made: Made) -> None:
    """A completed task that an issue reopens is checked like one that a person reopens."""
    made.rule(made.when(0, "completed"))
    made.launch()
    made.complete()
    assert made.hidden() == [1]
    made.client.data("POST", f"/tasks/{made.tasks()[0]['id']}/problem", {"content": "Wrong"})
    assert made.hidden() == []


def test_what_another_rule_still_hides_stays_hidden(made: Made) -> None:
    """A hide is taken back only where no other automated action hides the same task."""
    made.rule(made.when(0, "completed"))
    made.rule(made.when(2, "completed"))
    made.launch()
    for step in (0, 2):
        made.complete(step)
    for step, hidden in ((0, [1]), (2, [1])):
        made.client.data("DELETE", f"/runs/{made.run}/completed-tasks/{made.tasks()[step]['id']}")
        assert made.hidden() == hidden


@pytest.mark.parametrize(
    ("name", "answer", "due"),
    [
        ("date", "2031-01-05", "2031-01-06T17:00:00Z"),
        ("date", "2031-01-05T08:00:00Z", "2031-01-06T17:00:00Z"),
        ("time", "2031-01-05T08:00:00Z", "2031-01-06T08:00:00Z"),
        ("time", "9999-12-31T23:00:00Z", "9999-12-31T23:59:59Z"),
        ("text", "soon", None),
        ("text", "", None),
        ("file", [{"id": "a"}], None),
        ("mail", None, None),
    ],
)
def test_dates_are_read(made: Made, name: str, answer: Any, due: str | None) -> None:
    """A field that is no date gives none."""
    start = {"actionable_type": "Capture", "actionable_id": made.fields[name]}
    made.rule(made.when(0, "completed"), made.date(**start))
    made.launch()
    made.say(**{name: answer})
    made.complete()
    assert made.tasks()[1]["deadline"] == due


@pytest.mark.parametrize(
    ("zone", "due"), [("America/New_York", "2031-01-06T22:00:00Z"), ("Nowhere/At_All", "2031-01-06T17:00:00Z")]
)
def test_an_evening_is_that_of_the_organization(assuming: Assuming, seeds: Any, zone: str, due: str) -> None:
    """17:00 is in the organization's time zone, in UTC where that is unknown."""
    organizations = [{**one, "timezone": zone} for one in seeds["tallyfy"]["organizations"]]
    made = Made(assuming(seed={"organizations": organizations}))
    made.rule(made.when(0, "completed"), made.date(actionable_type="Capture", actionable_id=made.fields["date"]))
    made.launch()
    made.say(date="2031-01-05")
    made.complete()
    assert made.tasks()[1]["deadline"] == due


@pytest.mark.parametrize(
    "start",
    [{"actionable_type": "Capture", "actionable_id": "x" * 32}, {"actionable_type": "Step", "actionable_id": "x" * 32}],
)
def test_a_deadline_from_nothing(made: Made, start: Any) -> None:
    """What counts from an unknown field or step changes nothing."""
    made.rule(made.when(0, "completed"), made.date(**start), {**made.date(), "target_step_id": "x" * 32})
    made.launch()
    assert made.complete() == {}


def test_the_reason_of_an_automatic_deadline(made: Made) -> None:
    """It names the field or the step that the date counts from."""
    made.rule(made.when(0, "completed"), made.date(actionable_type="Capture", actionable_id=made.fields["date"]))
    made.rule(
        made.when(0, "completed"),
        {**made.date(actionable_type="Step", actionable_id=made.steps[1]), "target_step_id": made.steps[2]},
    )
    made.launch()
    made.say(date="2031-01-05")
    made.complete()
    tasks = [task["id"] for task in made.tasks()]
    told = [made.client.data("GET", f"/runs/{made.run}/tasks/{id}/automatic-deadline") for id in tasks[1:]]
    assert [one["reason"] for one in told] == ["1 day after date", "1 day after Step 2: Step 1"]
    assert [one["source"] for one in told] == ["automation"] * 2


def test_somebody_may_be_picked_by_mail(made: Made) -> None:
    """An address in a form field is a guest; who is unknown is left out."""
    assign = {"action_type": "assignment", "action_verb": "assign_only", "target_step_id": made.steps[1]}
    picked = {**assign, "actionable_type": "Capture", "actionable_id": made.fields["mail"]}
    named = {**assign, "target_step_id": made.steps[2], "assignees": {"users": [1001, 9999], "groups": ["none"]}}
    made.rule(made.when(0, "completed"), picked, named)
    made.launch()
    made.say(mail="a@company.example")
    made.complete()
    owners = [task["owners"] for task in made.tasks()[1:]]
    assert owners[0] == {"users": [], "guests": ["a@company.example"], "groups": []}
    assert owners[1] == {"users": [1001], "guests": [], "groups": []}


def test_places_are_kept(made: Made) -> None:
    """Actions are done by their positions; the last one wins."""
    show = {**made.hide(), "action_verb": "show"}
    made.rule(made.when(0, "completed"), {**made.hide(), "position": 2}, {**show, "position": 1})
    made.launch()
    made.complete()
    assert made.hidden() == [1]


def test_deleted_steps_are_left_alone(made: Made) -> None:
    """The task of a step that was deleted since has no fields to ask, and can still be completed."""
    made.rule(made.when("text", "is_empty"))
    made.launch()
    made.client.ask("DELETE", f"{made.path}/steps/{made.steps[0]}")
    assert made.complete() == {}


def test_a_seed_has_automated_actions(assuming: Assuming, seeds: Any) -> None:
    """A process of the seed keeps those of its template."""
    step = "e5000000000000000000000000000002"
    rule = {
        "id": "a" * 32,
        "conditions": [{"conditionable_id": step, "conditionable_type": "Step", "operation": "completed"}],
        "then_actions": [
            {
                "action_type": "visibility",
                "action_verb": "hide",
                "target_step_id": "e5000000000000000000000000000003",
            }
        ],
    }
    first, *others = seeds["tallyfy"]["organizations"]
    ruled = [
        {**one, "automated_actions": [rule]} if one["id"] == "TEMPLATE_ID_OF_RUN" else one for one in first["templates"]
    ]
    client = assuming(seed={"organizations": [{**first, "templates": ruled}, *others]})
    changed = client.data("POST", "/runs/PROCESS_RUN_ID/completed-tasks", {"task_id": "TASK_ID_TO_COMPLETE"})
    assert [one["status"] for one in changed["tasks_changed_by_rules"].values()] == ["auto-skipped"]


@pytest.mark.parametrize(("policy", "hidden"), [("hidden", [1]), ("visible", [])])
def test_awaited_steps(assuming: Assuming, policy: str, hidden: list[int]) -> None:
    """A task that may be shown begins hidden, or visible."""
    made = Made(assuming({"automations.awaited-steps": policy}))
    made.rule(made.when(0, "completed"), {**made.hide(), "action_verb": "show"})
    made.launch()
    assert made.hidden() == hidden


@pytest.mark.parametrize(("policy", "hidden"), [("launched", []), ("current", [1])])
def test_newer_automated_actions(assuming: Assuming, policy: str, hidden: list[int]) -> None:
    """A process keeps the automated actions of its launch, or follows its template."""
    made = Made(assuming({"automations.version": policy}))
    kept = made.rule(made.when(2, "completed"), made.hide(2))
    made.launch()
    made.client.data(
        "PUT",
        f"{made.path}/automated-actions/{kept['id']}",
        {"conditions": [made.when(0, "completed")], "then_actions": [made.hide()]},
    )
    made.complete()
    assert made.hidden() == hidden


@pytest.mark.parametrize(("policy", "hidden"), [("ignored", []), ("checked", [2])])
def test_cascades(assuming: Assuming, policy: str, hidden: list[int]) -> None:
    """A task that an automated action reopened is checked, or not."""
    made = Made(assuming({"automations.cascade": policy}))
    reopen = {"action_type": "status", "action_verb": "reopen", "target_step_id": made.steps[1]}
    made.rule(made.when(0, "completed"), reopen)
    made.rule(made.when(1, "reopened"), made.hide(2))
    made.launch()
    for step in (1, 0):
        made.complete(step)
    assert made.hidden() == hidden


def test_unknown_references_are_named(assuming: Assuming) -> None:
    """Each is refused under its name, in worlds that refuse them; a kick-off field is known."""
    made = Made(assuming({"automations.unknown-references": "reject"}))
    body = {"conditions": [{**made.when(0, "completed"), "conditionable_id": "x"}], "then_actions": [made.hide()]}
    body["then_actions"] = [made.hide(), {**made.hide(), "target_step_id": "y"}]
    wrong = made.client.ask("POST", f"{made.path}/automated-actions", body)
    assert (wrong.status, sorted(wrong.json()["errors"])) == (
        422,
        ["conditions.0.conditionable_id", "then_actions.1.target_step_id"],
    )
    assert made.rule(made.when("text", "is_empty"))["id"]


def test_a_condition_on_an_unknown_field_never_holds(made: Made) -> None:
    """With another one that holds, nothing is hidden."""
    unknown = {"conditionable_type": "Capture", "conditionable_id": "f" * 32, "operation": "is_empty"}
    body = {"conditions": [unknown, made.when(0, "completed", logic="and")], "then_actions": [made.hide()]}
    made.client.data("POST", f"{made.path}/automated-actions", body)
    made.launch()
    made.complete()
    assert made.hidden() == []
