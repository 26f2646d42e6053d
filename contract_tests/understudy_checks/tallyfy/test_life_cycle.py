"""Tallyfy, random sequences: tasks are completed, reopened and hidden, issues reported and resolved, forms reopened.

A plain model predicts what the API shows. It knows documented behaviour only: whether a complete process is active
again once a task of it is reopened is open, so the model accepts both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, run_state_machine_as_test
from hypothesis.stateful import rule as step

from understudy_checks.rules import rule
from understudy_checks.tallyfy.driver import Json, first_organization, launch, read_run, run_tasks, submit_kickoff
from understudy_checks.target.target import Target
from understudy_checks.wording import show

NUMBERS = st.integers(0, 1000)


@dataclass(slots=True)
class Known:
    """The model of a task: whether it is completed or hidden, and its unresolved issues."""

    id: str
    done: bool = False
    hidden: bool = False
    issues: int = 0


class LifeCycle(RuleBasedStateMachine):
    """A process and its model; `status_is_known` is false while the documents leave open whether it is complete."""

    run: Json
    tasks: list[Known]
    submitted: bool
    status_is_known: bool

    def __init__(self, target: Target) -> None:
        super().__init__()
        self.client = target.open()
        self.org = first_organization(self.client)

    @initialize()
    def begin(self) -> None:
        """Launch a process and submit its kick-off form."""
        self.run = launch(self.org)
        submit_kickoff(self.org, self.run)
        self.tasks = [Known(task["id"]) for task in run_tasks(self.org, self.run)]
        self.submitted = self.status_is_known = True

    @step(number=NUMBERS)
    def complete_task(self, number: int) -> None:
        """Complete a task; refused if it is completed, hidden or has an issue."""
        task = self.tasks[number % len(self.tasks)]
        response = self.org.send("POST", f"/runs/{self.run['id']}/completed-tasks", json={"task_id": task.id})
        if task.done or task.hidden or task.issues:
            assert 400 <= response.status < 500, (
                f"completing {show(task)} must be refused, not answer {response.status}"
            )
        else:
            assert response.status == 200, (
                f"completing {show(task)} must answer 200, not {response.status}: {show(response.body)}"
            )
            task.done = True

    @step(number=NUMBERS)
    def reopen_task(self, number: int) -> None:
        """Reopen a task; refused unless it is completed."""
        task = self.tasks[number % len(self.tasks)]
        self.status_is_known = self.status_is_known and not self._is_over()
        response = self.org.send("DELETE", f"/runs/{self.run['id']}/completed-tasks/{task.id}")
        assert (response.status == 200) == task.done, (
            f"a task must be reopened exactly if it is completed; {show(task)} answers {response.status}"
        )
        task.done = False

    @step(number=NUMBERS)
    def hide_or_show(self, number: int) -> None:
        """Hide a task that is not completed, or show it again."""
        task = self.tasks[number % len(self.tasks)]
        if not task.done:
            self.client.event("show-task" if task.hidden else "hide-task", run_id=self.run["id"], task_id=task.id)
            task.hidden = not task.hidden

    @step(number=NUMBERS)
    def report(self, number: int) -> None:
        """Report an issue of a task, which reopens it."""
        task = self.tasks[number % len(self.tasks)]
        if not task.hidden:
            self.status_is_known = self.status_is_known and not (task.done and self._is_over())
            self.org.call("POST", f"/tasks/{task.id}/problem", {"content": "Fault"})
            task.issues, task.done = task.issues + 1, False

    @precondition(lambda self: any(task.issues for task in self.tasks))
    @step()
    def resolve(self) -> None:
        """Resolve one issue."""
        task = next(task for task in self.tasks if task.issues)
        threads = self.org.get(f"/tasks/{task.id}", with_="issues")["issues"]["data"]
        unresolved = next(thread for thread in threads if thread["resolve_id"] is None)
        self.org.call("POST", f"/tasks/{task.id}/resolved-threads", {"thread_id": unresolved["id"]})
        task.issues -= 1

    @step()
    def reopen_or_submit(self) -> None:
        """Reopen the kick-off form, or submit it again."""
        self.org.call("DELETE" if self.submitted else "POST", f"/runs/{self.run['id']}/complete-prerun")
        self.submitted, self.status_is_known = not self.submitted, True

    @step()
    def archive_and_activate(self) -> None:
        """Archive the process and activate it; its status stays the same."""
        status = read_run(self.org, self.run)["status"]
        assert (got := self.org.call("DELETE", f"/runs/{self.run['id']}")["status"]) == "archived", (
            f"an archived process must be in status `archived`, not {show(got)}"
        )
        assert (got := self.org.call("PUT", f"/runs/{self.run['id']}/activate")["status"]) == status, (
            f"an activated process must be in its earlier status {show(status)}, not {show(got)}"
        )

    @invariant()
    def shows_what_it_is(self) -> None:
        """Status, progress, next task and tasks equal the model."""
        shown = read_run(self.org, self.run, with_="next_task,tasks")
        seen = [task for task in self.tasks if not task.hidden]
        progress = shown["progress"]
        assert (got := (progress["complete"], progress["total"])) == (sum(task.done for task in seen), len(seen)), (
            f"the progress must count the completed and the visible tasks of {show(self.tasks)}, not {show(got)}"
        )
        if any(task.issues for task in self.tasks):
            assert shown["status"] == "problem", (
                f"a process with an open issue must be in status `problem`, not {show(shown['status'])}"
            )
        elif self.status_is_known and seen:
            assert (shown["status"] == "complete") == self._is_over(), (
                f"a process with {show(self.tasks)} must not have the status {shown['status']}"
            )
            assert (shown["completed_at"] is not None) == self._is_over(), (
                f"a process in status {shown['status']} must not have `completed_at: {show(shown['completed_at'])}`"
            )
        left = {task.id for task in seen if not task.done}
        assert (actual := {task["id"] for task in shown["next_task"]["data"]}) <= left, (
            f"the next tasks must be open ones, not {show(actual)}"
        )
        assert bool(shown["next_task"]["data"]) == bool(left), (
            f"a process must have a next task exactly while tasks are open; it has {show(shown['next_task']['data'])}"
        )
        assert (actual := {task["id"] for task in shown["tasks"]["data"]}) == {task.id for task in seen}, (
            f"the included tasks must be the visible ones, not {show(actual)}"
        )

    def _is_over(self) -> bool:
        seen = [task for task in self.tasks if not task.hidden]
        return (
            self.submitted and bool(seen) and all(task.done for task in seen) and not any(t.issues for t in self.tasks)
        )

    def teardown(self) -> None:
        """Close the world."""
        self.client.world.close()


@rule(
    "tallyfy.completion.completes-the-run", "tallyfy.completion.not-before-the-last", "tallyfy.progress.counts-tasks",
    "tallyfy.kickoff.completes-the-run", "tallyfy.issues.all-must-be-resolved", "tallyfy.next-task.no-hidden-task",
    "tallyfy.archive.activated", needs=("write", "fresh", "events"),
)  # fmt: skip
def test_a_process_lives(target: Target) -> None:
    """A process agrees with a model of the documentation after any sequence of steps."""
    machine: Any = lambda: LifeCycle(target)  # noqa: E731 - hypothesis wants something that makes machines
    run_state_machine_as_test(machine, settings=settings.default)
