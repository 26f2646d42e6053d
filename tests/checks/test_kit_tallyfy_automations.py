"""The kit's checks of Tallyfy's automated actions and single answers, on targets unlike our mock."""

from __future__ import annotations

from typing import Any

import pytest
from test_kit_tallyfy import changed

from understudy_checks.client import Skipped
from understudy_checks.tallyfy import test_automated_tasks as automated_tasks
from understudy_checks.tallyfy import test_form_values as form_values
from understudy_checks.tallyfy.probes import automations
from understudy_checks.target.mock import mock


def test_steps_may_begin_visible() -> None:
    """Work that has started is kept where no step begins hidden, too."""
    target = mock("tallyfy", assumptions={"tallyfy.automations.awaited-steps": "visible"})
    automated_tasks.test_work_that_has_started_is_kept(target)


def test_evenings_are_left_to_organizations_in_utc() -> None:
    """Another time zone is not checked."""

    def zone(path: str, body: Any) -> Any:
        data = body["data"] if isinstance(body, dict) else body
        return {**body, "data": {**data, "timezone": "Asia/Tokyo"}} if "timezone" in data else body

    with pytest.raises(Skipped, match="UTC"):
        automated_tasks.test_a_date_counts_from_the_evening(changed(zone))


def test_answers_without_ids_are_left_alone() -> None:
    """Where nothing shows the id of an answer, none is set."""
    target = mock("tallyfy", assumptions={"tallyfy.form-values.id": "unknown"})
    with pytest.raises(Skipped, match="id of an answer"):
        form_values.test_one_answer_is_set(target)


def test_deadlines_of_all_tasks_hide_what_undated_ones_do() -> None:
    """A target that gives each task a deadline shows no undated one."""
    target = mock("tallyfy", assumptions={"tallyfy.launch.default-deadline": {"value": 5, "unit": "days"}})
    with target.open() as client, pytest.raises(Skipped, match="has a deadline"):
        automations.undated(client)
