"""Everything mixed: runs are started, worked on and completed while templates are published and time passes.

A plain model says what must be seen. It knows only what is documented; where more than one thing may happen
(when a run completes, in which order runs of one moment are listed) it asks for what all of them have in common.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, run_state_machine_as_test
from hypothesis.stateful import rule as step

from contract_tests.client import Client
from contract_tests.nextstep import (
    Json,
    await_completed,
    change,
    complete,
    existing,
    fill,
    fillable,
    publish,
    published,
    read_run,
    read_task,
    run_tasks,
    same_value,
    simple,
    skip,
    start,
    template_of,
    template_tasks,
    update,
    value_for,
    value_of,
)
from contract_tests.pages import pages
from contract_tests.problems import assert_problem
from contract_tests.rules import rule
from contract_tests.targets import Target

TEMPLATES = 3
NUMBERS = st.integers(0, 1000)


@dataclass(slots=True)
class Task:
    """What is known of one task: how it was when its run started, its state, the values that were set."""

    told: Json
    state: str = "open"
    values: dict[str, Json] = field(default_factory=dict)


@dataclass(slots=True)
class Run:
    """What is known of one run that the machine started."""

    id: str
    template: str
    title: str
    tasks: list[Task]

    @property
    def status(self) -> str:
        """Completed when no task is open."""
        return "active" if any(task.state == "open" for task in self.tasks) else "completed"


class LifeCycle(RuleBasedStateMachine):
    """Drives a target and the model side by side; every step says what must be seen after it."""

    def __init__(self, target: Target) -> None:
        super().__init__()
        self.client: Client = target.open()
        self.events = "events" in self.client.world.capabilities
        self.templates: dict[str, bool] = {}
        self.runs: list[Run] = []

    @initialize()
    def find_templates(self) -> None:
        """Choose some published templates whose runs can be completed through the API."""
        for template in published(self.client):
            if len(self.templates) < TEMPLATES and simple(1, 4)(template_tasks(self.client, template["id"])):
                self.templates[template["id"]] = True
        existing(list(self.templates), "published template with simple tasks")

    @step(number=NUMBERS, title=st.sampled_from(("A", "0", "Same title")))
    def start_a_run(self, number: int, title: str) -> None:
        """A run of a published template starts with open tasks; one of an unpublished template does not."""
        id = self._template(number)
        if not self.templates[id]:
            response = self.client.call("createProcessRun", json={"template_id": id, "name": title})
            assert_problem(self.client, response, "template-not-published")
            return
        made = start(self.client, id, name=title)
        tasks = run_tasks(self.client, made["id"])
        assert not any(task["completed"] for task in tasks)
        self.runs.append(Run(made["id"], id, title, [Task(task) for task in tasks]))

    @precondition(lambda self: self.runs)
    @step(number=NUMBERS, position=NUMBERS)
    def complete_a_task(self, number: int, position: int) -> None:
        """An open task is completed, and with the last one its run; a completed run refuses."""
        run, task = self._task(number, position)
        if run.status == "completed":
            assert_problem(self.client, update(self.client, task.told, completed=True), "run-locked")
        elif task.state == "open":
            task.values |= {e["id"]: value_for(e) for e in task.told["custom_elements"] if e["required"]}
            assert complete(self.client, task.told)["completed"] is True
            task.state = "completed"
            self._settle(run)

    @precondition(lambda self: self.runs)
    @step(number=NUMBERS, position=NUMBERS)
    def uncomplete_a_task(self, number: int, position: int) -> None:
        """A completed task of an active run is opened again; a completed run refuses."""
        run, task = self._task(number, position)
        if run.status == "completed":
            assert_problem(self.client, update(self.client, task.told, completed=False), "run-locked")
        elif task.state == "completed":
            assert change(self.client, task.told, completed=False)["completed"] is False
            task.state = "open"

    @precondition(lambda self: self.runs and self.events)
    @step(number=NUMBERS, position=NUMBERS)
    def skip_a_task(self, number: int, position: int) -> None:
        """An open task that is not essential is skipped, and with the last one its run completes."""
        run, task = self._task(number, position)
        if run.status == "active" and task.state == "open" and not task.told["is_essential"]:
            skip(self.client, task.told)
            task.state = "skipped"
            self._settle(run)

    @precondition(lambda self: self.runs)
    @step(number=NUMBERS, which=NUMBERS, second=st.integers(0, 1))
    def fill_an_element(self, number: int, which: int, second: int) -> None:
        """An element of an active run takes a value; one of a completed run does not."""
        run = self.runs[number % len(self.runs)]
        places = [(task, element) for task in run.tasks for _, element in fillable([task.told])]
        if not places:
            return
        task, element = places[which % len(places)]
        value = value_for(element, second)
        if run.status == "completed":
            items = [{"id": element["id"], "value": value}]
            assert_problem(self.client, update(self.client, task.told, custom_elements=items), "run-locked")
        else:
            fill(self.client, task.told, {element["id"]: value})
            task.values[element["id"]] = value

    @step(number=NUMBERS, flag=st.booleans())
    def publish_a_template(self, number: int, flag: bool) -> None:
        """A template is published or unpublished."""
        id = self._template(number)
        if self.templates[id] != flag:
            publish(self.client, id, flag=flag)
            self.templates[id] = flag
        assert template_of(self.client, id)["is_published"] is flag

    @step(
        limit=st.integers(1, 100),
        status=st.sampled_from((None, "active", "completed")),
        number=st.one_of(st.none(), NUMBERS),
    )
    def list_runs(self, limit: int, status: str | None, number: int | None) -> None:
        """A walk in pages of any size, filtered or not, gives each run that matches once, and no other of ours."""
        template = None if number is None else self._template(number)
        filters = {"status": status, "template_id": template}
        least = max(1, len(self.runs) // 10)
        listing = self.client.contract.operations["listProcessRuns"]
        walked = pages(self.client, listing, filters, limits=repeat(max(limit, least)))
        seen = [entry["id"] for page in walked for entry in page.items]
        for run in self.runs:
            expected = status in (None, run.status) and template in (None, run.template)
            assert seen.count(run.id) == expected, f"run {run.id} is listed {seen.count(run.id)} times with {filters}"

    @step(seconds=st.sampled_from((0.5, 1.0, 5.0)))
    def let_time_pass(self, seconds: float) -> None:
        """Time alone changes nothing."""
        self.client.advance(seconds)

    @invariant()
    def runs_are_as_the_model_says(self) -> None:
        """The newest runs show the status, title and tasks that the model has."""
        for run in self.runs[-3:]:
            seen = read_run(self.client, run.id)
            assert (seen["status"], seen["title"]) == (run.status, run.title)
            assert (seen["completed_at"] is None) == (run.status == "active")
            for task in run.tasks:
                self._assert_as_modelled(task)

    def teardown(self) -> None:
        """Leave the templates published, as they were found."""
        for id, flag in self.templates.items():
            if not flag:
                publish(self.client, id)
        self.client.world.close()

    def _template(self, number: int) -> str:
        return list(self.templates)[number % len(self.templates)]

    def _task(self, number: int, position: int) -> tuple[Run, Task]:
        run = self.runs[number % len(self.runs)]
        return run, run.tasks[position % len(run.tasks)]

    def _settle(self, run: Run) -> None:
        if run.status == "completed":
            await_completed(self.client, run.id)

    def _assert_as_modelled(self, task: Task) -> None:
        seen: Any = read_task(self.client, task.told)
        assert bool(seen.get("skipped")) == (task.state == "skipped")
        assert task.state == "skipped" or seen["completed"] is (task.state == "completed")
        for element in task.told["custom_elements"]:
            if element["id"] in task.values:
                value = value_of(seen, element["id"])
                assert same_value(element, value, task.values[element["id"]]), f"{element['id']} is {value!r}"


@rule(
    "nextstep.completion.last-task",
    "nextstep.completion.open-task-keeps-active",
    "nextstep.completion.uncompleted-task-counts-as-open",
    "nextstep.completion.locked",
    "nextstep.completion.filters-follow",
    needs=("write",),
)
def test_runs_live_as_documented(target: Target) -> None:
    """Whatever is done to runs and templates in whatever order, both show what the documentation says."""
    # a factory will do, though hypothesis declares a class
    run_state_machine_as_test(lambda: LifeCycle(target), settings=settings.default)  # type: ignore[arg-type]
