"""Tests of the client, which run against whatever server the environment names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing

import pytest
from nextstep_client import NextStep, NotFound


@pytest.fixture
def service() -> Iterator[NextStep]:
    """The service under test."""
    with closing(NextStep(os.environ["UNDERSTUDY_URL"], os.environ["UNDERSTUDY_API_KEY"])) as service:
        yield service


class TestRuns:
    """Runs are listed, read and started."""

    def test_every_page_is_followed(self, service: NextStep) -> None:
        """There are more runs than on a page."""
        assert len(list(service.runs())) == 78

    def test_an_unknown_run_is_an_exception(self, service: NextStep) -> None:
        """A run that does not exist is told from one that does."""
        with pytest.raises(NotFound):
            service.run("unknown")

    def test_a_run_is_started(self, service: NextStep) -> None:
        """A new run is there, has tasks, and is listed first."""
        known = next(service.runs())
        run = service.start(known["template_id"], "A title of our own")
        assert service.run(run["id"])["title"] == "A title of our own"
        assert service.tasks(run["id"])
        assert next(service.runs(status="active"))["id"] == run["id"]


class TestTasks:
    """Tasks are completed."""

    def test_a_task_is_completed(self, service: NextStep) -> None:
        """The first task of a run is done afterwards."""
        runs = (service.start(template["id"], "Its tasks") for template in service.templates())
        task = next(tasks[0] for run in runs if (tasks := service.tasks(run["id"])))
        assert service.complete(task)["completed"]
