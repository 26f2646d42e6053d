"""The life cycle of a NextStep run: its open tasks are counted, and the last one done completes it.

Source: Tasks > Completing a Task. Must not know who changes a task.
"""

from __future__ import annotations

from understudy.apis.nextstep.run_tasks import RunTasks, is_done
from understudy.engine.call import Call
from understudy.engine.clock import rfc3339
from understudy.engine.store import Record, SharedRecord


def replace_task(call: Call, tasks: RunTasks, before: SharedRecord, task: Record) -> None:
    """Store a changed task of an active run; complete the run when no open task is left (Tasks > Completing a Task)."""
    tasks.store["tasks"].put(task)
    if call.assumed("nextstep.runs.touched-by-tasks"):
        touched = {**tasks.run, "updated_at": rfc3339(call.now)}
        tasks.store["runs"].put(touched)
        tasks.run = touched
    opened = is_done(before) - is_done(task)
    if opened:
        progress = {**tasks.progress, "open": tasks.progress["open"] + opened}
        tasks.store["progress"].put(progress)
        tasks.progress = progress
    if opened < 0 and tasks.progress["open"] == 0:
        delay = call.assumed("nextstep.runs.completion-delay")
        if delay:
            call.schedule(delay, "complete-run", {"run_id": tasks.run["id"]})
        else:
            complete_run(call, tasks.run)


def complete_run(call: Call, run: SharedRecord) -> None:
    """Complete a run; no operation reopens it."""
    call.trace.append("nextstep.completion.last-task")
    now = rfc3339(call.now)
    call.store["runs"].put({**run, "status": "completed", "completed_at": now, "updated_at": now})


def complete_scheduled_run(call: Call) -> None:
    """Run the job of a delayed completion; do nothing if a task was reopened in the meantime."""
    run = call.store["runs"].get_shared(call.body["run_id"])
    progress = call.store["progress"].get_shared(call.body["run_id"])
    if run and progress and progress["open"] == 0 and run["status"] == "active":
        complete_run(call, run)
