"""Mutants of what Tallyfy's automated actions do in processes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from understudy.engine.call import Call, Handler, Json, Reply
from understudy.engine.store import Record, encode
from understudy_checks.mutation import Breakage, Table
from understudy_checks.mutation.operators import (
    accept_when,
    on_request,
    on_success,
    replace_handler,
    set_members,
)

CREATE, COMPLETE, REOPEN, LAUNCH = "createAutomation", "completeTask", "reopenTask", "launchRun"
SATURDAY = "2031-01-11T12:00:00Z"


def misread(change: Callable[[Record], object]) -> Breakage:
    """Answer an automated action as it was given, and keep another one."""

    def keep(handler: Handler, call: Call) -> Reply:
        reply = handler(call)
        template = call.store["templates"].require(call.arguments["checklist_id"])
        change(template["automated_actions"][-1])
        call.store["templates"].put(template)
        return reply

    return replace_handler(CREATE, keep)


def rename(part: str, member: str, names: Mapping[str, str]) -> Breakage:
    """Take a word of each condition or action for another one."""

    def change(rule: Record) -> None:
        for one in rule[part]:
            one[member] = names.get(one.get(member, ""), one.get(member))

    return misread(change)


def operations(**names: str) -> Breakage:
    """Take an operation for another one."""
    return rename("conditions", "operation", names)


def verbs(**names: str) -> Breakage:
    """Take a verb for another one."""
    return rename("then_actions", "action_verb", names)


def each(part: str, **values: object) -> Breakage:
    """Give each condition or action these values."""
    return misread(lambda rule: [one.update(values) for one in rule[part]])


def with_run(operation: str, change: Callable[[Record], object]) -> Breakage:
    """Change a process before an operation on it."""

    def act(call: Call) -> None:
        run = call.store["runs"].get(call.arguments["run_id"])
        if run and "rules" in run["_"]:
            change(run["_"]["rules"])
            call.store["runs"].put(run)

    return on_request(operation, act)


def with_tasks(operation: str, change: Callable[[Record], Record]) -> Breakage:
    """Change the tasks of a process after an operation on it."""

    def act(call: Call, data: Record) -> None:
        for task in _tasks(call, data.get("run_id") or data["id"]):
            call.store["tasks"].put({**task, **change(task)})

    return on_success(operation, act)


def _tasks(call: Call, run: str) -> list[Record]:
    return [call.store["tasks"].require(id) for id in list(call.store["tasks"].query([("run", run)]).ids)]


def _keep_others(handler: Handler, call: Call) -> Reply:
    """Change only the task that the request names."""
    before = _tasks(call, call.arguments["run_id"])
    reply = handler(call)
    named = call.arguments.get("task_id") or (call.body or {}).get("task_id")
    for task in before:
        if task["id"] != named:
            call.store["tasks"].put(task)
    return reply


def _launch_unchecked(handler: Handler, call: Call) -> Reply:
    """Launch as if the template had no automated actions."""
    template = call.store["templates"].get(call.body["checklist_id"])
    if template is None:
        return handler(call)
    call.store["templates"].put({**template, "automated_actions": []})
    reply = handler(call)
    call.store["templates"].put(template)
    return reply


def _accept(call: Call) -> Reply:
    return Reply(encode({"data": {"id": "a", **call.body}}), 201)


def _time_of_day(call: Call) -> None:
    for one in call.body.get("prerun", ()):
        one["collect_time"] = True


def _without_hand(call: Call) -> None:
    for task in _tasks(call, call.arguments["run_id"]):
        task["_"].pop("by_hand", None)
        call.store["tasks"].put(task)


def _forget(rules: Record) -> None:
    rules["seen"] = {}


def _only_new(rules: Record) -> None:
    rules["kept"] = [rule for rule in rules["kept"] if not rules["seen"].get(rule["id"], {}).get("ran")]


def _alone(task: Record) -> Record:
    return {"deadline": None} if task["position"] == 3 else {}


def _hide(task: Record) -> Record:
    return {"status": "auto-skipped"} if task["status"] in ("not-started", "in-progress") else {}


def _counting(**values: Json) -> Callable[[Json], None]:
    """Read the deadlines of an automated action with other values."""

    def change(rule: Json) -> None:
        for action in rule["then_actions"]:
            if action.get("deadline"):
                action["deadline"].update(values)

    return change


MUTANTS: Table = {
    "automations.verbs": {"Any verb is accepted.": accept_when(CREATE, "invalid", _accept)},
    "automations.moments": {
        "Completing a task checks nothing.": replace_handler(COMPLETE, _keep_others),
        "Reopening a task checks nothing.": replace_handler(REOPEN, _keep_others),
    },
    "automations.kickoff": {
        "A launch checks nothing.": replace_handler(LAUNCH, _launch_unchecked),
        "Completing the kick-off form again checks nothing.": replace_handler("completeKickoff", _keep_others),
    },
    "automations.logic": {
        "All conditions must hold.": each("conditions", logic="and"),
        "One condition is enough.": each("conditions", logic="or"),
        "Conditions are joined from right to left.": misread(lambda rule: rule["conditions"].reverse()),
    },
    "automations.field-conditions": {
        "Equal is taken for contained.": operations(equals="contains"),
        "Contained is taken for equal.": operations(contains="equals"),
        "Not equal is taken for equal.": operations(not_equals="equals"),
        "Not contained is taken for not equal.": operations(not_contains="not_equals"),
        "Any answer is greater.": operations(greater_than="is_not_empty"),
        "Any answer is less.": operations(less_than="is_not_empty"),
        "Any answer is one of several.": operations(equals_any="is_not_empty"),
    },
    "automations.empty-answers": {
        "An empty answer is not different.": operations(not_equals="is_not_empty"),
        "An empty answer is a small number.": operations(less_than="is_empty"),
        "An empty answer contains everything.": operations(contains="is_empty"),
        "Empty is taken for not empty.": operations(is_empty="is_not_empty"),
    },
    "automations.step-conditions": {
        "Each completed approval is approved.": operations(approved="completed"),
        "Each completed approval is rejected.": operations(rejected="completed"),
        "A completed step is reopened.": operations(reopened="completed"),
        "Each completed step is assigned to nobody.": operations(not_assigned="completed"),
    },
    "automations.time-clauses": {
        "A completed step is completed at any time.": each("conditions", statement="any_time"),
        "On time is early enough.": rename("conditions", "statement", {"early_24": "on-time"}),
        "Without words there is no time.": rename("conditions", "statement", {"any_time": "never"}),
    },
    "automations.visibility": {
        "Hide is taken for show.": verbs(hide="show"),
        "Show is taken for hide.": verbs(show="hide"),
        "A hidden task keeps its process from completion.": set_members(
            "getRun", when=lambda run: run["status"] == "complete", status="active"
        ),
    },
    "automations.assignment": {
        "Added assignees replace all.": verbs(assign="assign_only"),
        "New assignees are added.": verbs(assign_only="assign"),
        "Everybody goes in place of some.": verbs(unassign="clear_assignees"),
        "Nobody is taken off.": verbs(clear_assignees="unassign"),
        "A completed task is assigned, too.": with_tasks(
            COMPLETE, lambda task: {"owners": {"users": [], "guests": [], "groups": []}}
        ),
    },
    "automations.picked": {
        "Nobody is picked in a form field.": each("then_actions", actionable_id=None),
        "Without anybody picked nobody is assigned.": each("then_actions", assignees=None),
    },
    "automations.deadline": {
        "Each deadline counts from its own.": each("then_actions", actionable_id=None),
        "Before is taken for after.": misread(_counting(option="from")),
        "Nothing is counted.": misread(_counting(value=0)),
    },
    "automations.evening": {"A date counts from midnight.": on_request("createTemplate", _time_of_day)},
    "automations.kept-deadlines": {
        "Every deadline is moved.": with_tasks(COMPLETE, lambda task: {"deadline": SATURDAY}),
    },
    "automations.chain": {"An automated action moves a task alone.": with_tasks(LAUNCH, _alone)},
    "deadlines.by-automation": {
        "No date is an automated action's.": set_members("getAutomaticDeadline", source="step"),
        "Every date is an automated action's.": set_members("getAutomaticDeadline", source="automation"),
    },
    "automations.reopening": {
        "Nothing is reopened.": misread(lambda rule: rule["then_actions"].clear()),
        "The completed task is reopened itself.": with_tasks(
            COMPLETE, lambda task: {"status": "in-progress", "completed_at": None}
        ),
    },
    "automations.once": {"A process forgets what was done.": with_run(COMPLETE, _forget)},
    "automations.follows": {
        "Nothing is done again.": with_run(COMPLETE, _only_new),
        "What counts from itself is done again.": with_run(COMPLETE, _forget),
    },
    "automations.kept-work": {
        "Work that has started is hidden.": with_tasks(REOPEN, _hide),
        "Nothing is taken back.": with_run(REOPEN, _only_new),
    },
    "automations.by-hand": {"Nobody remembers who hid a task.": on_request(COMPLETE, _without_hand)},
    "automations.changed-tasks": {
        "No changed task is told.": set_members((COMPLETE, "completeKickoff"), tasks_changed_by_rules={}),
    },
}
