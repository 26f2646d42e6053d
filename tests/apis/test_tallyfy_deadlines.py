"""Deadlines of the Tallyfy mock: what the checks leave alone."""

from __future__ import annotations

from typing import Any

import pytest
from test_tallyfy import Tallyfy, assuming, client, declared

from understudy.apis.tallyfy.deadlines import due_after
from understudy.apis.tallyfy.records import moment, stamp

__all__ = ["assuming", "client", "declared"]  # fixtures


def launched(client: Tallyfy, *rules: Any) -> tuple[str, list[Any]]:
    """Launch a process whose steps have these deadlines; 0 in place of a step is that of the last step."""
    template = client.data("POST", "/checklists", {"title": "A", "type": "procedure"})["id"]
    path = f"/checklists/{template}/steps"
    steps = [client.data("POST", path, {"title": f"Step {at}"}) for at, _ in enumerate(rules)]
    for step, rule in zip(steps, rules, strict=True):
        named = rule and {**rule, "step": steps[rule["step"]]["id"] if "step" in rule else "start_run"}
        client.data("PUT", f"{path}/{step['id']}", {"title": step["title"], "deadline": named})
    run = client.data("POST", "/runs", {"checklist_id": template})["id"]
    return run, client.data("GET", f"/runs/{run}/tasks")


def automatic(client: Tallyfy, run: str, task: Any) -> Any:
    """The automatic deadline of a task."""
    return client.data("GET", f"/runs/{run}/tasks/{task['id']}/automatic-deadline")


@pytest.mark.parametrize(
    ("rule", "due"),
    [
        ({"value": 1, "unit": "months"}, "2031-02-28T10:00:00Z"),
        ({"value": 13, "unit": "months"}, "2032-02-29T10:00:00Z"),
        ({"value": 2, "unit": "months", "option": "prior_to"}, "2030-11-30T10:00:00Z"),
        ({"value": 2, "unit": "weeks", "option": "before"}, "2031-01-17T10:00:00Z"),
        ({"value": 90, "unit": "minutes", "option": "from"}, "2031-01-31T11:30:00Z"),
        ({"value": 95627, "unit": "months"}, "9999-12-31T10:00:00Z"),
        ({"value": 100_000, "unit": "months"}, "9999-12-31T23:59:59Z"),
        ({"value": 10**9, "unit": "weeks"}, "9999-12-31T23:59:59Z"),
        ({"value": 100_000, "unit": "months", "option": "prior_to"}, "0001-01-08T00:00:00Z"),
    ],
)
def test_rules_count_from_a_time(rule: Any, due: str) -> None:
    """Months are those of the calendar and end with its last day; some options count backwards; no date is too far."""
    assert stamp(due_after(rule, moment("2031-01-31T10:00:00Z"))) == due


def test_reasons_are_sentences(client: Tallyfy) -> None:
    """A reason has the gap, its direction, and what it counts from."""
    first = {"value": 1, "unit": "days", "option": "from"}
    run, tasks = launched(client, first, {"value": 2, "unit": "hours", "option": "prior_to", "step": 0})
    reasons = [automatic(client, run, task)["reason"] for task in tasks]
    assert reasons == ["1 day after launch", "2 hours before Step 1: Step 0"]


def test_without_a_rule_there_is_no_date(client: Tallyfy) -> None:
    """Neither a step without a rule gives one, nor what counts from such a step; a reset takes the date away."""
    run, tasks = launched(client, None, {"value": 1, "unit": "days", "option": "from", "step": 0})
    told = [automatic(client, run, task) for task in tasks]
    assert [(one["date"], one["source"]) for one in told] == [(None, "launch"), (None, "step")]
    path = f"/runs/{run}/tasks/{tasks[0]['id']}"
    client.data("PUT", path, {"deadline": "2031-01-08T10:00:00Z"})
    assert client.data("POST", f"{path}/reset-deadline")["deadline"] is None


def test_a_step_that_is_newer_than_the_process_is_no_anchor(client: Tallyfy) -> None:
    """The process has no task of it: the deadline counts from the launch, as if it had been launched with that rule."""
    rule = {"value": 1, "unit": "days", "option": "from"}
    run, (task,) = launched(client, rule)
    steps = f"/checklists/{client.run(run)['checklist_id']}/steps"
    anchor = client.data("POST", steps, {"title": "Newer"})["id"]
    client.data("PUT", f"{steps}/{task['step_id']}", {"title": "A", "deadline": {**rule, "step": anchor}})
    assert automatic(client, run, task) == {
        "date": task["deadline"],
        "reason": "1 day after launch",
        "source": "launch",
    }


def test_steps_that_count_from_each_other(client: Tallyfy) -> None:
    """A circle of steps has no dates at first, and an edit goes round once."""
    rules = [{"value": 1, "unit": "days", "option": "from", "step": other} for other in (1, 0)]
    run, tasks = launched(client, *rules)
    assert [task["deadline"] for task in tasks] == [None, None]
    client.data("PUT", f"/runs/{run}/tasks/{tasks[0]['id']}", {"deadline": "2031-01-08T10:00:00Z"})
    shown = [task["deadline"] for task in client.data("GET", f"/runs/{run}/tasks")]
    assert shown == ["2031-01-08T10:00:00Z", "2031-01-09T10:00:00Z"]


def test_a_task_that_is_done_counts_from_its_completion(client: Tallyfy) -> None:
    """Its time of completion takes the place of its deadline, and it does not move any more."""
    rule = {"value": 1, "unit": "days", "option": "from"}
    run, (first, second, _) = launched(client, rule, {**rule, "step": 0}, {**rule, "step": 0})
    client.complete(run, second["id"])
    client.data("PUT", f"/runs/{run}/tasks/{first['id']}", {"deadline": "2031-01-08T10:00:00Z"})
    assert client.data("GET", f"/tasks/{second['id']}")["deadline"] == second["deadline"]
    client.complete(run, first["id"])
    third = client.data("GET", f"/runs/{run}/tasks")[2]
    assert automatic(client, run, third)["date"] == "2026-04-08T10:00:00Z"


def test_nothing_is_reset_in_an_archived_process(client: Tallyfy) -> None:
    """The automatic date can still be seen."""
    run, (task,) = launched(client, {"value": 1, "unit": "days", "option": "from"})
    client.data("DELETE", f"/runs/{run}")
    assert automatic(client, run, task)["source"] == "launch"
    assert client.ask("POST", f"/runs/{run}/tasks/{task['id']}/reset-deadline").status == 422
