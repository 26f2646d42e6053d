"""Which rule a refused update, or a quota of another size, is blamed on."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from test_kit_elsewhere import target, told

from bugs import OneTooFew, OneTooMany
from understudy_checks import check
from understudy_checks.nextstep import driver
from understudy_checks.target.mock import mock

TASK = {
    "instance_id": "r",
    "completed": False,
    "custom_elements": [{"id": "a", "type": "number"}, {"id": "b", "type": "checkbox"}],
}
REFUSED = SimpleNamespace(response=SimpleNamespace(status=429))
ANSWERED = SimpleNamespace(response=SimpleNamespace(status=400))


def values(*ids: str) -> list[Any]:
    """A value for each of these elements."""
    return [{"id": id, "value": 1} for id in ids]


@pytest.mark.parametrize(
    ("fields", "status", "log", "rule"),
    [
        ({"completed": True}, "active", [REFUSED, ANSWERED], "rate-limit.refused-does-nothing"),
        ({"completed": True}, "completed", [ANSWERED, ANSWERED], "completion.open-task-keeps-active"),
        ({"completed": True, "custom_elements": values("a")}, "active", [], "updates.together"),
        ({"completed": True}, "active", [], "updates.complete"),
        ({"completed": False}, "active", [], "updates.uncomplete"),
        ({"assignee": "a@b.example"}, "active", [], "updates.assign-by-email"),
        ({"assignee": "u1"}, "active", [], "updates.assign-by-user-id"),
        ({"custom_elements": values("a")}, "active", [], "elements.number"),
        ({"custom_elements": values("a", "b")}, "active", [], "updates.together"),
        ({"custom_elements": values("unknown")}, "active", [], "updates.together"),
    ],
)
def test_a_refused_update_is_about_the_rule_that_accepts_it(
    fields: dict[str, Any], status: str, log: list[Any], rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sent members name the rule, unless the quota or the state of the run refused the update."""
    monkeypatch.setattr(driver, "read_run", lambda client, run_id: {"status": status})
    assert driver._rule_of_update(SimpleNamespace(log=log), TASK, fields) == rule  # type: ignore[arg-type]


def test_a_completed_task_can_be_updated_in_a_completed_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The run is not read for a task that is completed itself."""
    monkeypatch.setattr(driver, "read_run", None)
    client: Any = SimpleNamespace(log=[])
    assert driver._rule_of_update(client, {**TASK, "completed": True}, {"assignee": "u1"}).startswith("updates.assign")


def test_a_refused_update_fails_where_one_failure_ends_a_check() -> None:
    """The message is that of the response."""
    with mock("nextstep").open() as client:
        task = driver.run_tasks(client, driver.runs(client)[0]["id"])[0]
        with pytest.raises(AssertionError, match="400"):
            driver.update_task(client, task, completed="no boolean")


@pytest.mark.parametrize("made", [OneTooFew, OneTooMany])
def test_a_quota_of_another_size_fails_no_other_rule_about_the_limit(made: Any) -> None:
    """A wait is measured and a refusal observed whenever the refusal comes."""
    only = ["nextstep.rate-limit.retry-after", "nextstep.rate-limit.refused-does-nothing"]
    report = check.check_target(target(told(writes=True), made), profile="gate", only=only)
    assert {entry.rule.id for entry in report.rules if entry.outcome == "failed"} & set(only) == set()
