"""The kit's own code for NextStep, where no check on a well-behaved target would lead."""

from __future__ import annotations

import pytest

from understudy_checks.client import Skipped
from understudy_checks.nextstep.driver import has_element_of, start_run_where
from understudy_checks.nextstep.mutants.elements import map_elements
from understudy_checks.nextstep.test_life_cycle import LifeCycle
from understudy_checks.target import installed
from understudy_checks.target.mock import mock

_SHOWS_NO_TYPES = map_elements("listTemplateTasks", lambda element: {"id": element["id"]})
"""A server that does not say in its templates what type an element is of."""


def test_types_that_templates_do_not_show_are_found_in_runs() -> None:
    """Where templates do not show the types of elements, runs are started until one has an element of the type."""
    target = mock(_SHOWS_NO_TYPES(installed.declared("nextstep")))
    with target.open() as client:
        _, tasks = start_run_where(client, has_element_of("date"), "a date")
        assert has_element_of("date")(tasks)
        with pytest.raises(Skipped, match="no published template with a signature"):
            start_run_where(client, has_element_of("signature"), "a signature")


def test_the_life_cycle_knows_what_is_refused() -> None:
    """The model of the life cycle expects refusals of unpublished templates and of completed runs, and finds them."""
    machine = LifeCycle(mock("nextstep"))
    machine.begin(0)
    machine.publish_a_template(0, flag=False)
    machine.start_a_run(0, "Refused")
    assert len(machine.runs) == 1
    machine.work_on_a_run(0, [("fill", 0), ("complete", 0), ("reopen", 0), ("skip", 1), ("skip", 1), ("reopen", 1)])
    machine.work_on_a_run(0, [("complete", position) for position in range(5)])
    assert machine.runs[0].status == "completed"
    machine.work_on_a_run(0, [("reopen", 0)])
    machine.list_runs(1, "completed", 0, 1.0)
    machine.runs_are_as_the_model_says()
    machine.teardown()
