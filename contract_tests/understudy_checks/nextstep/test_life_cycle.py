"""Random sequences: runs are started, worked on and completed while templates are published and time passes.

A plain model predicts what the API shows. It knows documented behaviour only: where the documentation leaves a choice
(when a run completes, how runs of equal time are ordered), it accepts each.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, run_state_machine_as_test
from hypothesis.stateful import rule as step

from understudy_checks.client import Client
from understudy_checks.nextstep.driver import (
    Json,
    await_completed,
    complete_task,
    fill_elements,
    publish_template,
    published_templates,
    read_run,
    read_task,
    read_template,
    request_update,
    require,
    rule_of_element,
    run_tasks,
    same_value,
    sample_value,
    simple_tasks,
    skip_task,
    start_run,
    template_tasks,
    update_task,
    value_of,
    writable_elements,
)
from understudy_checks.pagination import pages
from understudy_checks.refusals import assert_problem
from understudy_checks.rules import rule
from understudy_checks.target.target import Target
from understudy_checks.wording import show

TEMPLATES = 3
NUMBERS = st.integers(0, 5)
VERBS = ("complete", "complete", "reopen", "skip", "fill")


@dataclass(slots=True)
class Task:
    """The model of a task: its record at the start of the run, its state, the values set since."""

    initial: Json
    state: str = "open"
    is_reopened: bool = False
    values: dict[str, Json] = field(default_factory=dict)


@dataclass(slots=True)
class Run:
    """The model of a run that the machine started."""

    id: str
    template: str
    title: str
    tasks: list[Task]

    @property
    def status(self) -> str:
        """`completed` when no task is open."""
        return "active" if any(task.state == "open" for task in self.tasks) else "completed"


class LifeCycle(RuleBasedStateMachine):
    """Changes target and model side by side; each step compares them."""

    def __init__(self, target: Target) -> None:
        super().__init__()
        self.client: Client = target.open()
        self.events = "events" in self.client.world.capabilities
        self.templates: dict[str, bool] = {}
        self.runs: list[Run] = []

    @initialize(number=NUMBERS)
    def begin(self, number: int) -> None:
        """Choose up to three published templates with simple tasks, and start a run of one."""
        for template in published_templates(self.client):
            if len(self.templates) < TEMPLATES and simple_tasks(1, 4)(template_tasks(self.client, template["id"])):
                self.templates[template["id"]] = True
        require(list(self.templates), "published template with simple tasks")
        self.start_a_run(number, "First")

    @step(number=NUMBERS, title=st.sampled_from(("A", "0", "Same title")))
    def start_a_run(self, number: int, title: str) -> None:
        """Start a run: of a published template it has open tasks, of an unpublished one it is refused."""
        id = self._template(number)
        if not self.templates[id]:
            response = self.client.call("createProcessRun", json={"template_id": id, "name": title})
            with self.client.about("nextstep.creation.published-only"):
                assert_problem(self.client, response, "template-not-published")
            return
        made = start_run(self.client, id, name=title)
        tasks = run_tasks(self.client, made["id"])
        with self.client.about("nextstep.creation.tasks-are-open"):
            assert not any(task["completed"] for task in tasks), (
                f"the tasks of a new run must be open; run {made['id']} has completed ones"
            )
        self.runs.append(Run(made["id"], id, title, [Task(task) for task in tasks]))

    @step(number=NUMBERS, deeds=st.lists(st.tuples(st.sampled_from(VERBS), NUMBERS), min_size=1, max_size=8))
    def work_on_a_run(self, number: int, deeds: list[tuple[str, int]]) -> None:
        """Complete, reopen, skip and fill tasks of a run; the last one completes the run."""
        run = self.runs[number % len(self.runs)]
        for verb, position in deeds:
            task = run.tasks[position % len(run.tasks)]
            if run.status == "completed":
                response = request_update(self.client, task.initial, completed=verb == "complete")
                with self.client.depending_on("nextstep.completion.locked"):
                    assert_problem(self.client, response, "run-locked")
                continue
            self._work(task, verb, position)
            if run.status == "completed":
                await_completed(self.client, run.id)

    @step(number=NUMBERS, flag=st.booleans())
    def publish_a_template(self, number: int, flag: bool) -> None:
        """Publish or unpublish a template."""
        id = self._template(number)
        if self.templates[id] != flag:
            publish_template(self.client, id, flag=flag)
            self.templates[id] = flag
        with self.client.about(f"nextstep.publishing.{'publish-again' if flag else 'unpublish'}"):
            assert (got := read_template(self.client, id)["is_published"]) is flag, (
                f"template {id} must have `is_published: {flag}`, not {show(got)}"
            )

    @step(
        limit=st.integers(1, 100),
        status=st.sampled_from((None, "active", "completed")),
        number=st.one_of(st.none(), NUMBERS),
        seconds=st.sampled_from((0.0, 1.0, 5.0)),
    )
    def list_runs(self, limit: int, status: str | None, number: int | None, seconds: float) -> None:
        """Let time pass, then list runs in pages of any size: each matching run appears once.

        Real time is not spent: other checks wait for late effects, each once.
        """
        self.client.advance(seconds if "advance" in self.client.world.capabilities else 0)
        template = None if number is None else self._template(number)
        filters = {"status": status, "template_id": template}
        least = max(1, len(self.runs) // 10)
        listing = self.client.contract.operations["listProcessRuns"]
        walked = pages(self.client, listing, filters, limits=repeat(max(limit, least)))
        seen = [entry["id"] for page in walked for entry in page.items]
        for run in self.runs:
            expected = status in (None, run.status) and template in (None, run.template)
            with self.client.about(_rule_of_list(status, template)):
                assert seen.count(run.id) == expected, (
                    f"run {run.id} must be listed {int(expected)} times with {filters}, not {seen.count(run.id)} times"
                )

    @invariant()
    def runs_are_as_the_model_says(self) -> None:
        """The newest three runs have the status, title and tasks of the model."""
        for run in self.runs[-3:]:
            seen = read_run(self.client, run.id)
            with self.client.depending_on(_rule_of_status(run)):
                assert seen["status"] == run.status, (
                    f"run {run.id} must be {show(run.status)}, not {show(seen['status'])}"
                )
            with self.client.about("nextstep.creation.name"):
                assert seen["title"] == run.title, (
                    f"the title of run {run.id} must be {show(run.title)}, not {show(seen['title'])}"
                )
            with self.client.about("nextstep.runs.completed-at"):
                assert (seen["completed_at"] is None) == (run.status == "active"), (
                    f"a run that is {run.status} must not have `completed_at: {seen['completed_at']}`"
                )
            for task in run.tasks:
                self._assert_as_modelled(task)

    def teardown(self) -> None:
        """Publish the templates again."""
        for id, flag in self.templates.items():
            if not flag:
                publish_template(self.client, id)
        self.client.world.close()

    def _template(self, number: int) -> str:
        return list(self.templates)[number % len(self.templates)]

    def _work(self, task: Task, verb: str, which: int) -> None:
        if verb == "complete" and task.state == "open":
            self._complete(task)
        elif verb == "reopen" and task.state == "completed":
            with self.client.about("nextstep.updates.uncomplete"):
                assert (got := update_task(self.client, task.initial, completed=False)["completed"]) is False, (
                    f"a reopened task must have `completed: false`, not {show(got)}"
                )
            task.state, task.is_reopened = "open", True
        elif verb == "skip" and task.state == "open" and self.events and not task.initial["is_essential"]:
            skip_task(self.client, task.initial)
            task.state = "skipped"
        elif verb == "fill":
            self._fill(task, which)

    def _complete(self, task: Task) -> None:
        task.values |= {e["id"]: sample_value(e) for e in task.initial["custom_elements"] if e["required"]}
        with self.client.about("nextstep.updates.complete"):
            assert (got := complete_task(self.client, task.initial)["completed"]) is True, (
                f"a completed task must have `completed: true`, not {show(got)}"
            )
        task.state = "completed"

    def _fill(self, task: Task, which: int) -> None:
        for _, element in writable_elements([task.initial])[: which + 1]:
            value = sample_value(element, which % 2)
            fill_elements(self.client, task.initial, {element["id"]: value})
            task.values[element["id"]] = value

    def _assert_as_modelled(self, task: Task) -> None:
        seen: Any = read_task(self.client, task.initial)
        with self.client.about("nextstep.completion.skipped-is-shown"):
            assert bool(seen.get("skipped")) == (task.state == "skipped"), (
                f"a task that is {task.state} must not have `skipped: {seen.get('skipped')}`"
            )
        with self.client.about("nextstep.updates.persisted"):
            assert task.state == "skipped" or seen["completed"] is (task.state == "completed"), (
                f"a task that is {task.state} must not have `completed: {seen['completed']}`"
            )
        for element in task.initial["custom_elements"]:
            if element["id"] in task.values:
                value = value_of(seen, element["id"])
                with self.client.about(rule_of_element(element)):
                    assert same_value(element, value, task.values[element["id"]]), (
                        f"element {element['id']} must be {show(task.values[element['id']])}, not {show(value)}"
                    )


def _rule_of_list(status: str | None, template: str | None) -> str:
    """The rule about the runs in a list with these filters."""
    if status is not None:
        return "nextstep.completion.filters-follow"
    return "nextstep.pagination.walk-is-complete" if template is None else "nextstep.runs.template-filter"


def _rule_of_status(run: Run) -> str:
    """The rule about the status of a run."""
    if run.status == "completed":
        return "nextstep.completion.last-task"
    reopened = any(task.is_reopened and task.state == "open" for task in run.tasks)
    return f"nextstep.completion.{'uncompleted-task-counts-as-open' if reopened else 'open-task-keeps-active'}"


@rule(
    "nextstep.completion.last-task",
    "nextstep.completion.open-task-keeps-active",
    "nextstep.completion.uncompleted-task-counts-as-open",
    "nextstep.completion.locked",
    "nextstep.completion.filters-follow",
    needs=("write",),
)
def test_runs_live_as_documented(target: Target) -> None:
    """Runs and templates agree with a model of the documentation after any sequence of steps."""
    # a factory will do, though hypothesis declares a class
    run_state_machine_as_test(lambda: LifeCycle(target), settings=settings.default)  # type: ignore[arg-type]
