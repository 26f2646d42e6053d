"""Tallyfy: when automated actions are checked, and what their conditions say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from understudy_checks.rules import rule
from understudy_checks.tallyfy.automated import Automated, assert_hidden, automated
from understudy_checks.tallyfy.driver import Json, first_organization, read_run
from understudy_checks.tallyfy.test_deadlines import moment
from understudy_checks.target.target import Target
from understudy_checks.wording import show

Answer = tuple[str, Json]  # the label of a field, and what it says
Case = tuple[str, str, Json, bool]  # the label of a field, an operation, a statement, whether it holds

SAID: Sequence[Case] = (
    *(("amount", "equals", "1200", True), ("amount", "equals", "120", False), ("amount", "not_equals", "120", True)),
    *(("amount", "not_equals", "1200", False), ("amount", "contains", "20", True), ("amount", "contains", "21", False)),
    *(("amount", "not_contains", "21", True), ("amount", "not_contains", "20", False)),
    *(("amount", "greater_than", "1199", True), ("amount", "greater_than", "1200", False)),
    *(
        ("amount", "less_than", "1201", True),
        ("amount", "less_than", "1200", False),
        ("amount", "less_than", "9", False),
    ),
    *(("plan", "equals", "Gold", True), ("plan", "equals", "Basic", False), ("plan", "not_equals", "Basic", True)),
    *(("plan", "equals_any", ["Basic", "Gold"], True), ("plan", "equals_any", ["Basic", "Silver"], False)),
    *(("many", "equals", "Basic", True), ("many", "equals", "Gold", True), ("many", "contains", "Silver", False)),
    *(("amount", "is_empty", None, False), ("amount", "is_not_empty", None, True), ("who", "is_empty", None, False)),
)
ANSWERS: dict[str, Json] = {
    "amount": "1200",
    "plan": "Gold",
    "many": ["Basic", "Gold"],
    "who": {"users": [], "guests": ["a@company.example"], "groups": []},
}
EMPTY: Sequence[Case] = (
    *(
        ("amount", "equals", "1200", False),
        ("amount", "not_equals", "1200", True),
        ("plan", "not_equals", "Gold", True),
    ),
    *(
        ("amount", "greater_than", "-1", False),
        ("amount", "less_than", "1", False),
        ("many", "contains", "Gold", False),
    ),
    *(("plan", "equals_any", ["Gold"], False), ("many", "not_equals", "Gold", True), ("many", "equals", "Gold", False)),
    *(("amount", "is_empty", None, True), ("amount", "is_not_empty", None, False), ("plan", "is_empty", None, True)),
    *(("who", "is_empty", None, True), ("starts", "is_not_empty", None, False)),
)


def assert_cases(of: Automated, cases: Sequence[Case], answers: dict[str, Json]) -> None:
    """Assert of conditions on the first step's fields whether they hold once it is completed."""
    for name, operation, statement, holds in cases:
        made = of.rule([of.when(name, operation, statement)], [of.then(1, "hide")])
        started = of.launch()
        if answers:
            started.say(**answers)
        started.complete(0)
        of.org.send("DELETE", f"/checklists/{of.template['id']}/automated-actions/{made['id']}")
        why = f"{show(answers.get(name))} {operation} {show(statement)}"
        assert_hidden(started, *([1] if holds else []), why=why)


@rule("tallyfy.automations.moments")
def test_completion_and_reopening_are_checked(target: Target) -> None:
    """What names a task or its form field is checked when that is completed or reopened, not before."""
    with target.open() as client, automated(first_organization(client)) as of:
        of.rule([of.when("plan", "equals", "Gold")], [of.then(1, "hide")])
        of.rule([of.when(2, "completed")], [of.then(0, "hide")])
        started = of.launch()
        started.say(plan="Gold")
        assert_hidden(started, why="a saved answer")
        started.complete(1)
        started.reopen(1)
        assert_hidden(started, why="another task")
        started.complete(0)
        assert_hidden(started, 1, why="the task of the form field")
        started.reopen(0)
        started.say(plan="Basic")
        assert_hidden(started, 1, why="a reopened task")
        started.complete(0)
        assert_hidden(started, why="another answer")
        other = of.launch()
        other.complete(2)
        assert_hidden(other, 0, why="the completed step")
        other.reopen(2)
        assert_hidden(other, why="the reopened step")


@rule("tallyfy.automations.kickoff", "tallyfy.automations.changed-tasks")
def test_the_kickoff_form_is_checked(target: Target) -> None:
    """Its answers are checked at the launch, and again once the form is reopened and completed."""
    with target.open() as client, automated(first_organization(client), kickoff=True) as of:
        of.rule([of.when("plan", "equals", "Gold")], [of.then(1, "hide")])
        of.rule([of.when("plan", "equals", "Basic"), of.when(0, "completed", logic="or")], [of.then(2, "hide")])
        started = of.launch(plan="Gold")
        assert_hidden(started, 1, why="a launch")
        assert_hidden(of.launch(plan="Basic"), 2, why="a launch with a condition on a step, too")
        changed = started.answer_again(plan="Basic")
        assert_hidden(started, 2, why="the completed form")
        tasks = started.tasks()
        wanted = {
            task["id"]: {
                **{name: task[name] for name in ("id", "title", "status")},
                "triggered_actions": ["visibility"],
            }
            for task in tasks[1:]
        }
        got = {
            id: {name: one[name] for name in ("id", "title", "status", "triggered_actions")}
            for id, one in changed.items()
        }
        assert got == wanted, f"the changed tasks must be {show(wanted)}, not {show(changed)}"
        again = started.answer_again(plan="Basic")
        assert again == {}, f"nothing must change for the same answer, not {show(again)}"


@rule("tallyfy.automations.logic")
def test_conditions_are_joined_from_left_to_right(target: Target) -> None:
    """`a or b and c` needs c, and `a and b or c` does not need a; the first word says nothing."""
    with target.open() as client, automated(first_organization(client)) as of:
        holds, fails = of.when(0, "completed"), of.when("plan", "equals", "Gold")
        cases: Sequence[tuple[list[Json], bool]] = (
            ([holds, {**fails, "logic": "and"}], False),
            ([fails, {**holds, "logic": "or"}], True),
            ([holds, {**holds, "logic": "or"}, {**fails, "logic": "and"}], False),
            ([fails, {**fails, "logic": "and"}, {**holds, "logic": "or"}], True),
            ([{**fails, "logic": "or"}, {**holds, "logic": "and"}], False),
        )
        for conditions, met in cases:
            made = of.rule(conditions, [of.then(1, "hide")])
            started = of.launch()
            started.complete(0)
            of.org.send("DELETE", f"/checklists/{of.template['id']}/automated-actions/{made['id']}")
            assert_hidden(started, *([1] if met else []), why=show([one.get("logic") for one in conditions]))


@rule("tallyfy.automations.field-conditions")
def test_answers_are_compared(target: Target) -> None:
    """Each operation compares what a form field says."""
    with target.open() as client, automated(first_organization(client)) as of:
        assert_cases(of, SAID, ANSWERS)


@rule("tallyfy.automations.empty-answers")
def test_empty_answers_are_compared(target: Target) -> None:
    """Nothing equals, contains or exceeds a value, and it differs from each."""
    with target.open() as client, automated(first_organization(client)) as of:
        assert_cases(of, EMPTY, {})


@rule("tallyfy.automations.step-conditions")
def test_what_became_of_a_step_is_asked(target: Target) -> None:
    """Approved and rejected, reopened, and not assigned are told apart."""
    with target.open() as client, automated(first_organization(client), types=("approval", "task", "task")) as of:
        for operation, ways in (("approved", (True,)), ("rejected", (False,)), ("completed", (True, False))):
            made = of.rule([of.when(0, operation)], [of.then(1, "hide")])
            for approved in (True, False):
                started = of.launch()
                started.complete(0, is_approved=approved)
                assert_hidden(started, *([1] if approved in ways else []), why=f"{operation} of {approved}")
            of.org.send("DELETE", f"/checklists/{of.template['id']}/automated-actions/{made['id']}")
        of.rule([of.when(1, "reopened")], [of.then(2, "hide")])
        of.rule([of.when(2, "not_assigned")], [of.then(0, "hide")])
        started = of.launch()
        started.complete(1)
        assert_hidden(started, why="a completed step is not reopened")
        started.reopen(1)
        assert_hidden(started, 2, why="a reopened step")
        started = of.launch()
        started.complete(2)
        assert_hidden(started, why="an assigned step")
        started.reopen(2)
        started.update(2, owners={"users": [], "guests": [], "groups": []})
        started.complete(2)
        assert_hidden(started, 0, why="a step of nobody")


@rule("tallyfy.automations.time-clauses")
def test_completion_in_time_is_asked(target: Target) -> None:
    """A step may have to be completed on time, a day early or a day late."""
    with target.open() as client, automated(first_organization(client)) as of:
        early, late = "2091-01-08T12:00:00Z", "2001-01-08T12:00:00Z"
        near = (moment(of.launch().task(0)["created_at"]) + timedelta(hours=12)).isoformat()
        cases = (("on-time", (early, near)), ("early_24", (early,)), ("late_24", (late,)), ("any_time", (early, late)))
        for clause, deadlines in cases:
            made = of.rule([of.when(0, "completed", clause)], [of.then(1, "hide")])
            for date in (early, near, late):
                started = of.launch()
                moved = moment(started.update(0, deadline=date)["deadline"]) != moment(date)
                started.complete(0)
                wanted = [1] if date in deadlines or clause == "any_time" else []
                assert moved or started.hidden() == wanted, f"{clause} by {date}: not {show(started.hidden())}"
            of.org.send("DELETE", f"/checklists/{of.template['id']}/automated-actions/{made['id']}")


@rule("tallyfy.automations.verbs")
def test_wrong_actions_are_refused(target: Target) -> None:
    """A verb belongs to its type, a deadline to the verb of that name, and somebody to an assignment."""
    with target.open() as client, automated(first_organization(client)) as of:
        path, conditions = f"/checklists/{of.template['id']}/automated-actions", [of.when(0, "completed")]
        for wrong in (
            {**of.then(1, "hide"), "action_verb": "assign"},
            {**of.then(1, "assign", assignees={"users": []}), "action_verb": "reopen"},
            *(of.then(1, "deadline"), of.then(1, "assign"), of.then(1, "assign_only"), of.then(1, "unassign")),
        ):
            of.org.assert_refused("POST", path, {"conditions": conditions, "then_actions": [wrong]}, status=422)
        shown = of.org.get(f"/checklists/{of.template['id']}")["automated_actions"]
        assert shown == [], f"nothing refused must be kept, not {show(shown)}"


@rule("tallyfy.automations.visibility", "tallyfy.automations.changed-tasks")
def test_tasks_are_hidden_and_shown(target: Target) -> None:
    """A hidden task can be shown, cannot be completed, and does not keep its process from completion."""
    with target.open() as client, automated(first_organization(client)) as of:
        of.rule([of.when("plan", "equals", "Gold")], [of.then(1, "hide"), of.then(2, "hide")])
        started = of.launch()
        started.complete(2)
        started.say(plan="Gold")
        changed = started.complete(0)
        assert_hidden(started, 1, why="a completed task stays")
        assert list(changed) == [started.task(1)["id"]], f"the hidden task alone has changed, not {show(changed)}"
        done = read_run(of.org, {"id": started.id})
        assert done["status"] == "complete", f"a hidden task must not keep the process {show(done['status'])}"
        other = of.launch()
        of.rule([of.when(1, "completed")], [of.then(2, "hide")])
        of.rule([of.when(0, "completed")], [of.then(2, "show")])
        other = of.launch()
        other.complete(1)
        assert_hidden(other, 2, why="hidden by its first rule")
        other.complete(0)
        assert_hidden(other, why="shown by another rule")
        waiting = read_run(of.org, {"id": other.id})
        assert waiting["status"] == "active", (
            f"a task that was shown is open, so the process is {show(waiting['status'])}"
        )
