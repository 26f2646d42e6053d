"""Tallyfy: what automated actions do to tasks, once and again."""

from __future__ import annotations

from datetime import timedelta

from understudy_checks.client import Skipped
from understudy_checks.rules import rule
from understudy_checks.tallyfy.automated import Automated, Started, assert_hidden, automated
from understudy_checks.tallyfy.driver import COMPLETED_STATUS, Json, first_organization
from understudy_checks.tallyfy.test_deadlines import assert_after, moment
from understudy_checks.tallyfy.test_groups import group, member
from understudy_checks.target.target import Target
from understudy_checks.wording import show

NOBODY: Json = {"users": [], "guests": [], "groups": []}
GUEST, OTHER = "one@company.example", "other@company.example"
SATURDAY, SUNDAY, LATER = "2031-01-11T12:00:00Z", "2031-01-12T12:00:00Z", "2031-02-05T12:00:00Z"


def assert_due(started: Started, step: int, wanted: str | None, *, days: int = 0) -> None:
    """Assert the deadline of a task, as days after a time; null is none."""
    got = started.task(step)["deadline"]
    due = None if wanted is None else moment(wanted) + timedelta(days=days)
    assert (got and moment(got)) == due, f"the deadline of step {step} must be {show(due)}, not {show(got)}"


def assert_owners(started: Started, step: int, **wanted: Json) -> None:
    """Assert who owns a task."""
    got = started.task(step)["owners"]
    users = [one["id"] if isinstance(one, dict) else one for one in got["users"]]
    found = {**got, "users": users}
    assert found == {**NOBODY, **wanted}, f"the owners must be {show({**NOBODY, **wanted})}, not {show(found)}"


@rule("tallyfy.automations.assignment")
def test_tasks_are_assigned(target: Target) -> None:
    """People, guests and groups are added, replace all, or go; a completed task keeps its own."""
    with target.open() as client, automated(first_organization(client)) as of:
        me = member(of.org)
        with group(of.org, members=[me]) as team:
            first = {"users": [me], "guests": [GUEST], "groups": []}
            named = {"users": [], "guests": [OTHER], "groups": [team["id"]]}
            some = {"users": [me], "guests": [], "groups": []}
            cases: tuple[tuple[str, Json, Json], ...] = (
                ("assign", named, {"users": [me], "guests": [GUEST, OTHER], "groups": [team["id"]]}),
                ("assign_only", named, named),
                ("unassign", some, {"guests": [GUEST]}),
                ("clear_assignees", None, {}),
            )
            for verb, given, wanted in cases:
                made = of.rule(
                    [of.when(0, "completed")], [of.then(1, verb, assignees=given), of.then(2, verb, assignees=given)]
                )
                started = of.launch()
                for step in (1, 2):
                    started.update(step, owners=first)
                started.complete(2)
                changed = started.complete(0)
                assert_owners(started, 1, **wanted)
                assert_owners(started, 2, **first)
                types = [one["triggered_actions"] for one in changed.values()]
                assert types == [["assignment"]], f"one task has changed, not {show(changed)}"
                of.org.send("DELETE", f"/checklists/{of.template['id']}/automated-actions/{made['id']}")


@rule("tallyfy.automations.picked")
def test_whoever_was_picked_is_assigned(target: Target) -> None:
    """The people of a form field are assigned, or those of the action where nobody was picked."""
    with target.open() as client, automated(first_organization(client), kickoff=True) as of:
        field = {"actionable_type": "Prerun", "actionable_id": of.fields["who"]["id"]}
        own = {"assignees": {"users": [], "guests": [OTHER], "groups": []}}
        of.rule([of.when("amount", "is_not_empty")], [of.then(1, "assign_only", **field, **own)])
        picked = {"users": [], "guests": [GUEST], "groups": []}
        assert_owners(of.launch(amount="1", who=picked), 1, guests=[GUEST])
        assert_owners(of.launch(amount="1"), 1, guests=[OTHER])


@rule("tallyfy.automations.deadline")
def test_deadlines_are_counted(target: Target) -> None:
    """They count from the task's own deadline, another step's or a date, also to a day off; no date changes nothing."""
    with target.open() as client, automated(first_organization(client), kickoff=True) as of:
        given = {step["id"]: {"deadline": SATURDAY} for step in of.steps}
        cases = (
            (of.dated(1, 7, None), SATURDAY, 7),
            (of.dated(1, 3, None, "before"), SATURDAY, -3),
            (of.dated(1, 1, 0), SATURDAY, 1),
            (of.dated(1, 7, "starts"), LATER, 7),
            (of.dated(1, 5, "starts", "before"), LATER, -5),
        )
        for action, start, days in cases:
            made = of.rule([of.when("amount", "is_not_empty")], [action])
            started = of.launch(given, amount="1", starts=LATER)
            assert_due(started, 1, start, days=days)
            assert started.task(1)["deadline_set_by_hand"] is False, "no person has set it"
            if "actionable_id" in action and days in (7, -5):
                assert_due(of.launch(given, amount="1"), 1, SATURDAY)
            of.org.send("DELETE", f"/checklists/{of.template['id']}/automated-actions/{made['id']}")


@rule("tallyfy.automations.evening")
def test_a_date_counts_from_the_evening(target: Target) -> None:
    """Without a time it is 17:00 in the organization's time zone."""
    with target.open() as client, automated(first_organization(client), kickoff=True) as of:
        if of.org.get("").get("timezone") not in ("UTC", "Etc/UTC"):
            raise Skipped("the organization is not in UTC")
        of.rule([of.when("amount", "is_not_empty")], [of.dated(1, 1, "day")])
        for said in ("2031-02-05", LATER):
            assert_due(of.launch(amount="1", day=said), 1, "2031-02-06T17:00:00Z")


@rule("tallyfy.automations.kept-deadlines")
def test_some_deadlines_are_kept(target: Target) -> None:
    """What a person set, and what is completed, is not moved."""
    with target.open() as client, automated(first_organization(client)) as of:
        of.rule([of.when(0, "completed")], [of.dated(1, 1, 0), of.dated(2, 1, 0)])
        given = {step["id"]: {"deadline": LATER} for step in of.steps}
        started = of.launch(given)
        started.update(1, deadline="2031-03-05T12:00:00Z")
        started.complete(2)
        started.complete(0)
        assert_due(started, 1, "2031-03-05T12:00:00Z")
        assert_due(started, 2, LATER)


@rule("tallyfy.automations.chain", "tallyfy.deadlines.by-automation")
def test_dependent_deadlines_are_moved(target: Target) -> None:
    """A task that counts from a moved one moves with it; the automatic date is that of the automated action."""
    with target.open() as client, automated(first_organization(client), kickoff=True) as of:
        path = f"/checklists/{of.template['id']}/steps/{of.steps[2]['id']}"
        counted = {"value": 1, "unit": "days", "option": "from", "step": of.steps[1]["id"]}
        of.org.call("PUT", path, {"title": "Step 2", "deadline": counted})
        of.rule([of.when("plan", "equals", "Gold")], [of.dated(1, 1, "starts")])
        of.rule([of.when("amount", "is_not_empty")], [of.dated(0, 1, None)])
        given = {of.steps[0]["id"]: {"deadline": SATURDAY}}
        started = of.launch(given, plan="Gold", starts=LATER, amount="1")
        assert_due(started, 1, LATER, days=1)
        assert_after(of.org, started.task(2)["deadline"], started.task(1)["deadline"])
        told = [_automatic(of, started, step) for step in (0, 1)]
        assert told[1]["source"] == "automation", f"the automated action has set it, not {show(told[1])}"
        assert moment(told[1]["date"]) == moment(LATER) + timedelta(days=1), f"its date is told, not {show(told[1])}"
        assert told[0]["source"] != "automation", f"a date that counts from itself is none, not {show(told[0])}"
        started.answer_again(plan="Basic")
        told = [_automatic(of, started, step) for step in (0, 1)]
        assert told[1]["source"] != "automation", f"its conditions hold no more, not {show(told[1])}"
        assert_due(started, 1, LATER, days=1)


@rule("tallyfy.automations.reopening")
def test_tasks_are_reopened(target: Target) -> None:
    """A completed task is reopened by another one; an open one and the completed one itself stay."""
    with target.open() as client, automated(first_organization(client)) as of:
        of.rule([of.when(0, "completed")], [of.then(step, "reopen") for step in range(3)])
        started = of.launch()
        before = started.task(2)["status"]
        started.complete(1)
        changed = started.complete(0)
        tasks = started.tasks()
        got = [tasks[0]["status"], tasks[1]["completed_at"], tasks[2]["status"]]
        assert got == [COMPLETED_STATUS, None, before], f"the second task alone is reopened, not {show(got)}"
        assert tasks[1]["status"] != COMPLETED_STATUS, "a reopened task is open"
        assert list(changed) == [tasks[1]["id"]], f"the reopened task has changed, not {show(changed)}"


@rule("tallyfy.automations.once")
def test_some_actions_are_done_once(target: Target) -> None:
    """Nobody is assigned and nothing reopened a second time in a process."""
    with target.open() as client, automated(first_organization(client)) as of:
        guest = {"users": [], "guests": [GUEST], "groups": []}
        of.rule([of.when(0, "completed")], [of.then(1, "reopen"), of.then(2, "assign_only", assignees=guest)])
        started = of.launch()
        started.complete(1)
        started.complete(0)
        assert_owners(started, 2, guests=[GUEST])
        started.update(2, owners=NOBODY)
        started.complete(1)
        started.reopen(0)
        started.complete(0)
        assert_owners(started, 2)
        assert started.task(1)["status"] == COMPLETED_STATUS, "no task is reopened twice"
        of.launch().complete(0)


@rule("tallyfy.automations.follows")
def test_answers_are_followed(target: Target) -> None:
    """A date that moved moves the deadline again, but for one that counts from itself; a hide is taken back."""
    with target.open() as client, automated(first_organization(client)) as of:
        of.rule([of.when("starts", "is_not_empty")], [of.dated(1, 1, "starts"), of.dated(2, 1, None)])
        of.rule([of.when("plan", "equals", "Gold")], [of.then(1, "hide")])
        given = {of.steps[2]["id"]: {"deadline": SATURDAY}}
        started = of.launch(given)
        for date, plan, hidden in ((LATER, "Gold", [1]), (SUNDAY, "Basic", []), (LATER, "Gold", [1])):
            started.say(starts=date, plan=plan)
            started.complete(0)
            assert_due(started, 1, date, days=1)
            assert_due(started, 2, SATURDAY, days=1)
            assert_hidden(started, *hidden, why=plan)
            started.reopen(0)


@rule("tallyfy.automations.kept-work")
def test_work_that_has_started_is_kept(target: Target) -> None:
    """Checked again, a task in progress stays visible; so does what a reopened step showed."""
    with target.open() as client, automated(first_organization(client)) as of:
        path = f"/checklists/{of.template['id']}/steps/{of.steps[1]['id']}/captures"
        note = of.org.call("POST", path, {"label": "Note", "field_type": "text", "required": False})
        of.rule([of.when(0, "completed")], [of.then(1, "show")])
        of.rule([of.when(0, "reopened")], [of.then(2, "hide")])
        awaited = 1 in of.launch().hidden()
        for works in (True, False):
            started = of.launch()
            started.complete(0)
            assert 1 not in started.hidden(), "the task must be shown"
            if works:
                started.update(1, taskdata={note["id"]: "Begun"})
            started.reopen(0)
            assert (1 in started.hidden()) == (awaited and not works), (
                f"work has {'' if works else 'not '}started: {show(started.hidden())}"
            )
            assert 2 in started.hidden(), "the reopened step must hide it"
            started.complete(0)
            assert 2 in started.hidden(), "what a reopened step did must stay"


@rule("tallyfy.automations.by-hand", needs=("events",))
def test_what_a_person_hid_stays_hidden(target: Target) -> None:
    """No automated action shows a task that a person hid, or hides one that a person showed."""
    with target.open() as client, automated(first_organization(client)) as of:
        of.rule([of.when(0, "completed")], [of.then(1, "show"), of.then(2, "hide")])
        started = of.launch()
        for name, step in (("hide-task", 1), ("hide-task", 2), ("show-task", 1), ("hide-task", 1), ("show-task", 2)):
            task = started.task(step)
            if (task["status"] == "auto-skipped") == (name == "show-task"):
                client.event(name, run_id=started.id, task_id=task["id"])
        assert_hidden(started, 1, why="by hand")
        changed = started.complete(0)
        assert_hidden(started, 1, why="automated actions leave it so")
        assert changed == {}, f"nothing must change, not {show(changed)}"


def _automatic(of: Automated, started: Started, step: int) -> Json:
    return of.org.get(f"/runs/{started.id}/tasks/{started.task(step)['id']}/automatic-deadline")
