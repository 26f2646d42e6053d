"""Mutants of the deadlines of Tallyfy's tasks."""

from __future__ import annotations

from understudy.engine.call import Call, Handler, Reply
from understudy.engine.store import encode
from understudy_checks.mutation import Table
from understudy_checks.mutation.operators import (
    accept_when,
    map_answer,
    on_success,
    replace_handler,
    set_members,
    set_record,
)

BOTH = ("getAutomaticDeadline", "resetDeadline")


def _keep(handler: Handler, call: Call) -> Reply:
    """Answer as usual, and leave the tasks of the process as they were."""
    kept = call.store["tasks"].query([("run", call.arguments["run_id"])])
    records = [call.store["tasks"].require(id) for id in list(kept.ids)]
    reply = handler(call)
    for record in records:
        call.store["tasks"].put(record)
    return reply


def _keep_others(handler: Handler, call: Call) -> Reply:
    """Change only the task itself."""
    kept = call.store["tasks"].query([("run", call.arguments["run_id"])])
    records = [call.store["tasks"].require(id) for id in list(kept.ids) if id != call.arguments["task_id"]]
    reply = handler(call)
    for record in records:
        call.store["tasks"].put(record)
    return reply


def _nothing(call: Call) -> Reply:
    told = {"date": None, "reason": "no deadline", "source": "launch"}
    return Reply(encode({"data": told, "meta": {"automatic_deadline": told, "deadline_reset": False}}))


MUTANTS: Table = {
    "deadlines.automatic": {
        "Every deadline counts from the launch.": set_members("getAutomaticDeadline", source="launch"),
        "A deadline is worked out without a reason.": set_members("getAutomaticDeadline", reason=""),
    },
    "deadlines.errors": {
        "A completed task has an automatic deadline.": accept_when(BOTH, "invalid", _nothing),
        "A task of another process has an automatic deadline.": accept_when(BOTH, "not-found", _nothing),
    },
    "deadlines.set-by-hand": {
        "No deadline is marked.": set_record("updateTask", "tasks", deadline_set_by_hand=False),
        "Every change of a task marks its deadline.": set_members("updateTask", deadline_set_by_hand=True),
    },
    "deadlines.reset": {
        "A reset is not kept.": replace_handler("resetDeadline", _keep),
        "A reset always tells that it did something.": map_answer(
            "resetDeadline", lambda call, body: {**body, "meta": {**body["meta"], "deadline_reset": True}}
        ),
    },
    "deadlines.chain": {
        "A task moves alone.": replace_handler("updateTask", _keep_others),
        "A task is reset alone.": replace_handler("resetDeadline", _keep_others),
        "A date that was set by hand moves, too.": on_success(
            "updateTask",
            lambda call, data: [
                call.store["tasks"].put({**call.store["tasks"].require(id), "deadline": data["deadline"]})
                for id in list(call.store["tasks"].query([("run", data["run_id"])]).ids)
            ],
        ),
    },
}
