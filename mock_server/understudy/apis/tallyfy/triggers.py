"""When Tallyfy's automated actions are checked in a process, and which of their actions are done again.

Sources: Automations > When an automation runs, Processes > Complete or re-open the kick-off form. A process keeps
its automated actions, and what the conditions of each came to at the last check.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from understudy.apis.tallyfy.actions import OPPOSITE, act, hide, keep, switch
from understudy.apis.tallyfy.automatic_dates import counts_from_itself, start_of
from understudy.apis.tallyfy.conditions import Process, in_order, kind_of, process_of, results, together
from understudy.apis.tallyfy.includes import run_tasks, task_status
from understudy.engine.call import Call, Json
from understudy.engine.store import Record


@dataclass(frozen=True, slots=True)
class _Check:
    """One check: `cause` is the step whose task was completed or reopened, empty for the kick-off form."""

    call: Call
    run: Record
    cause: str
    changed: dict[str, list[str]] = field(default_factory=dict)
    """The types of the actions that changed the tasks of these steps."""


def hide_awaited(call: Call, run: Record, tasks: Sequence[Record]) -> None:
    """Hide the tasks of a launch that an automated action may show later."""
    rules = _rules(call, run)
    if rules and call.assumed("tallyfy.automations.awaited-steps") == "hidden":
        actions = [action for rule in rules for action in rule["then_actions"]]
        awaited = {action["target_step_id"] for action in actions if action["action_verb"] == "show"}
        for task in tasks:
            if task["step_id"] in awaited:
                hide(task)


def check_kickoff(call: Call, run: Record) -> Json:
    """Check what has a condition on a kick-off field; returns the changed tasks by their ids."""
    rules = [rule for rule in _rules(call, run) if any(kind_of(one) == "Prerun" for one in rule["conditions"])]
    return _checked(_Check(call, run, ""), rules)


def check_task(call: Call, run: Record, task: Record) -> Json:
    """Check what has a condition on a task that was completed or reopened, or on a field of it; returns as above."""
    rules = _rules(call, run)
    if not rules or task["step_id"] is None:
        return {}
    step = process_of(call, run).steps.get(task["step_id"]) or {"captures": ()}
    known = {("Step", task["step_id"]), *(("Capture", one["id"]) for one in step["captures"])}
    return _checked(_Check(call, run, task["step_id"]), [rule for rule in rules if _names(rule, known)])


def _names(rule: Record, known: set[tuple[str, str]]) -> bool:
    return any((kind_of(one), one.get("conditionable_id")) in known for one in rule["conditions"])


def _rules(call: Call, run: Record) -> list[Record]:
    """The automated actions of a process: those of its launch, or those that its template has now."""
    if run["_"].get("rules") is None:
        return []
    if call.assumed("tallyfy.automations.version") == "current":
        return list(call.store["templates"].require(run["checklist_id"])["automated_actions"])
    return list(run["_"]["rules"]["kept"])


def _checked(check: _Check, rules: Sequence[Record]) -> Json:
    """Check automated actions in turn; returns what changed, as the vendor shows it."""
    call = check.call
    for rule in reversed(rules) if call.assumed("tallyfy.automations.order") == "last-first" else rules:
        call.trace.append("tallyfy.automations.kickoff" if check.cause == "" else "tallyfy.automations.moments")
        _check_rule(check, rule)
    shown = {
        task["id"]: {
            **{name: task[name] for name in ("id", "title")},
            "status": task_status(call, task),
            "triggered_actions": list(dict.fromkeys(check.changed[task["step_id"]])),
        }
        for task in run_tasks(call, check.run["id"])
        if task["step_id"] in check.changed
    }
    return {**shown, **_cascade(check)}


def _cascade(check: _Check) -> Json:
    """Check what the reopened tasks concern, in worlds where reopening by an automated action is checked, too."""
    shown: Json = {}
    reopened = [step for step, types in check.changed.items() if "status" in types]
    if reopened and check.call.assumed("tallyfy.automations.cascade") == "checked":
        tasks = process_of(check.call, check.run).tasks
        for step in reopened:
            shown |= check_task(check.call, check.run, tasks[step])
    return shown


def _check_rule(check: _Check, rule: Record) -> None:
    """Check one automated action: do it for the first time, do again what follows an answer, or take it back."""
    call, run = check.call, check.run
    seen = run["_"]["rules"]["seen"].setdefault(rule["id"], {"ran": False, "held": False, "results": [], "of": {}})
    held = results(call, process_of(call, run), rule)
    holds, news = together(rule, held), held != seen["results"]
    for number, action in enumerate(in_order(rule["then_actions"])):
        done_of = seen["of"].setdefault(str(number), {})
        process = process_of(call, run)
        if holds and not seen["ran"]:
            done = _first(check, process, rule, action, done_of)
        elif holds:
            done = _again(check, process, rule, action, done_of, news=news)
        else:
            done = seen["held"] and _back(check, process, rule, action, done_of)
        if done:
            check.changed.setdefault(action["target_step_id"], []).append(action["action_type"])
    seen |= {"results": held, "held": holds, "ran": seen["ran"] or holds}


def _first(check: _Check, process: Process, rule: Record, action: Record, done_of: Record) -> bool:
    """Do an action for the first time; a task is not reopened by its own completion."""
    if action["action_type"] == "status" and action["target_step_id"] == check.cause:
        return False
    if action["action_type"] == "deadline":
        return _date(check, process, rule, action, done_of)
    done = act(check.call, process, action)
    done_of["switched"] = done and action["action_type"] == "visibility"
    return done


def _again(check: _Check, process: Process, rule: Record, action: Record, done_of: Record, *, news: bool) -> bool:
    """Do a deadline or a visibility action again that follows an answer; anything else is done once."""
    if action["action_type"] == "deadline" and not counts_from_itself(action):
        moved = start_of(check.call, process, action) != done_of.get("start")
        return (news or moved) and _date(check, process, rule, action, done_of)
    if action["action_type"] == "visibility" and news:
        done = _switch(check, process, action, action["action_verb"])
        done_of["switched"] = done or done_of.get("switched", False)
        return done
    return False


def _back(check: _Check, process: Process, rule: Record, action: Record, done_of: Record) -> bool:
    """Take back a show or a hide whose conditions hold no more, unless another automated action does the same."""
    asks_reopened = any(one["operation"] == "reopened" for one in rule["conditions"])
    if not done_of.get("switched") or asks_reopened or _held_elsewhere(check, rule, action):
        return False
    done_of["switched"] = False
    return _switch(check, process, action, OPPOSITE[action["action_verb"]])


def _held_elsewhere(check: _Check, rule: Record, action: Record) -> bool:
    seen = check.run["_"]["rules"]["seen"]
    others = [one for one in _rules(check.call, check.run) if one["id"] != rule["id"]]
    held = [one for one in others if seen.get(one["id"], {}).get("held")]
    same = ("action_verb", "target_step_id")
    return any(all(one[name] == action[name] for name in same) for other in held for one in other["then_actions"])


def _date(check: _Check, process: Process, rule: Record, action: Record, done_of: Record) -> bool:
    """Set the deadline of the target, and keep what set it."""
    done_of["start"] = start_of(check.call, process, action)
    done = act(check.call, process, action)
    if done:
        by = {"conditions": rule["conditions"], "action": action}
        check.run["_"]["rules"]["dates"][action["target_step_id"]] = by
    return done


def _switch(check: _Check, process: Process, action: Record, verb: str) -> bool:
    task = process.tasks.get(action["target_step_id"])
    if task is None or not switch(task, verb, again=True):
        return False
    keep(check.call, task)
    return True
