"""Tallyfy: deadlines that are set by hand, worked out, and handed back to the rules of steps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from understudy_checks.rules import rule
from understudy_checks.tallyfy.driver import (
    Json,
    Organization,
    first_organization,
    is_working_day,
    launch,
    run_tasks,
)
from understudy_checks.tallyfy.test_one_off_tasks import task as one_off
from understudy_checks.tallyfy.test_template_changes import made_template
from understudy_checks.target.target import Target
from understudy_checks.wording import show

WEDNESDAY, THURSDAY, FRIDAY = (f"2031-01-{day}T12:00:00Z" for day in ("08", "09", "10"))


@contextmanager
def chained(org: Organization, **body: Json) -> Iterator[tuple[Json, list[Json], list[Json]]]:
    """Launch a process of three steps, each of which counts from the one before; yields it, its steps and tasks."""
    with made_template(org) as template:
        path = f"/checklists/{template['id']}/steps"
        steps: list[Json] = []
        for title in ("First", "Second", "Third"):
            rule: Json = {"value": 1, "unit": "days", "option": "from"}
            rule["step"] = steps[-1]["id"] if steps else "start_run"
            steps.append(org.call("POST", path, {"title": title, "deadline": rule}))
        tasks = {step["id"]: value for step, value in zip(steps, body.get("each", ()), strict=False)}
        run = launch(org, template, **({"tasks": tasks} if tasks else {}))
        yield run, steps, run_tasks(org, run)


def at(run: Json, task: Json, end: str = "") -> str:
    """The path of a task of a process."""
    return f"/runs/{run['id']}/tasks/{task['id']}{end}"


def automatic(org: Organization, run: Json, task: Json) -> Json:
    """Read the automatic deadline of a task."""
    return org.get(at(run, task, "/automatic-deadline"))


def assert_after(org: Organization, told: str | None, before: str) -> None:
    """Assert that a date is a day after another one, or on the working day that takes its place."""
    assert told is not None, "there must be a date"
    wanted, got = moment(before) + timedelta(days=1), moment(told)
    if is_working_day(org, wanted):
        assert got == wanted, f"the date must be {show(wanted)}, not {show(got)}"
    else:
        assert is_working_day(org, got), f"the date must be on a working day, not {show(got)}"
        assert abs(got - wanted) < timedelta(days=7), f"the date must be near {show(wanted)}, not {show(got)}"


def moment(text: str) -> datetime:
    """Parse a time."""
    return datetime.fromisoformat(text).astimezone(UTC)


@rule("tallyfy.deadlines.automatic", "tallyfy.deadlines.chain")
def test_an_automatic_deadline_is_worked_out(target: Target) -> None:
    """It counts from the launch or from another step's task, and moves with that."""
    with target.open() as client:
        org = first_organization(client)
        with chained(org) as (run, _, (first, second, third)):
            told = [automatic(org, run, task) for task in (first, second, third)]
            sources = [one["source"] for one in told]
            assert sources == ["launch", "step", "step"], f"the sources must be launch and steps, not {show(sources)}"
            assert all(isinstance(one["reason"], str) and one["reason"] for one in told), f"no reason: {show(told)}"
            for one, base in zip(told, (run["started_at"], first["deadline"], second["deadline"]), strict=True):
                assert_after(org, one["date"], base)
            for date in (FRIDAY, WEDNESDAY):
                org.call("PUT", at(run, first), {"deadline": date})
                shown = [org.get(at(run, task)) for task in (first, second, third)]
                marks = [task["deadline_set_by_hand"] for task in shown]
                assert marks == [True, False, False], f"only the edited task must be marked, not {show(marks)}"
                for task, before in zip(shown[1:], shown, strict=False):
                    assert_after(org, task["deadline"], before["deadline"])
            org.call("PUT", at(run, third), {"deadline": WEDNESDAY})
            org.call("PUT", at(run, first), {"deadline": "2031-02-05T12:00:00Z"})
            kept, moved = (org.get(at(run, task))["deadline"] for task in (third, second))
            assert moment(kept) == moment(WEDNESDAY), f"a date that was set by hand must stay, not become {show(kept)}"
            assert_after(org, moved, "2031-02-05T12:00:00Z")


@rule("tallyfy.deadlines.set-by-hand", "tallyfy.deadlines.reset", "tallyfy.deadlines.chain")
def test_a_deadline_is_reset(target: Target) -> None:
    """A reset gives the automatic date and takes the mark away; a second one changes nothing."""
    with target.open() as client:
        org = first_organization(client)
        by_hand = {"deadline": THURSDAY, "deadline_set_by_hand": True}
        with chained(org, each=[{"deadline": WEDNESDAY}, by_hand]) as (run, _, tasks):
            marks = [task["deadline_set_by_hand"] for task in tasks]
            assert marks == [False, True, False], f"only what the launch marks must be marked, not {show(marks)}"
            first, path = tasks[0], at(run, tasks[0])
            for change in ({"summary": "Other words"}, {"deadline": WEDNESDAY, "title": "Same date"}):
                changed = org.call("PUT", path, change)
                assert not changed["deadline_set_by_hand"], f"{show(change)} must not set the mark"
            before = org.get(path)
            response = org.send("POST", f"{path}/reset-deadline")
            meta = response.json()["meta"]
            assert meta["deadline_reset"] is False, f"nothing was set by hand: {show(meta)}"
            assert org.get(path) == before, "nothing must change without the mark"
            changed = org.call("PUT", path, {"deadline": THURSDAY})
            assert changed["deadline_set_by_hand"] is True, "another date must set the mark"
            told = automatic(org, run, first)
            body = org.send("POST", f"{path}/reset-deadline").json()
            got = (body["data"]["deadline"], body["data"]["deadline_set_by_hand"], body["meta"]["deadline_reset"])
            assert got == (told["date"], False, True), f"a reset must give {show(told)}, not {show(got)}"
            assert body["meta"]["automatic_deadline"] == told, f"the date must be told: {show(body['meta'])}"
            shown = org.get(path)
            assert (shown["deadline"], shown["deadline_set_by_hand"]) == (told["date"], False), "a reset must be kept"
            assert org.get(at(run, tasks[1]))["deadline_set_by_hand"], "another task must keep its mark"
            second = at(run, tasks[1])
            org.send("POST", f"{second}/reset-deadline")
            assert_after(org, org.get(at(run, tasks[2]))["deadline"], org.get(second)["deadline"])


@rule("tallyfy.deadlines.errors")
def test_what_has_no_automatic_deadline(target: Target) -> None:
    """A task of another process is 404; a one-off task and a completed one are 422."""
    with target.open() as client:
        org = first_organization(client)
        with chained(org) as (run, _, tasks), one_off(org, run_id=run["id"]) as alone:
            other = launch(org)
            org.call("POST", f"/runs/{run['id']}/completed-tasks", {"task_id": tasks[0]["id"]})
            for method, end in (("GET", "/automatic-deadline"), ("POST", "/reset-deadline")):
                org.assert_missing(method, at(other, tasks[1], end))
                for task in (alone, tasks[0]):
                    org.assert_refused(method, at(run, task, end), status=422)


@rule("tallyfy.deadlines.errors", needs=("other-tenant", "write"))
def test_deadlines_of_another_organization_are_closed(target: Target) -> None:
    """Nobody works out or resets the deadline of another organization's task."""
    with target.open() as client:
        org, foreign = first_organization(client), first_organization(client, key=client.other_tenant_key)
        with chained(foreign) as (run, _, tasks):
            for method, end in (("GET", "/automatic-deadline"), ("POST", "/reset-deadline")):
                org.assert_missing(method, at(run, tasks[1], end))
