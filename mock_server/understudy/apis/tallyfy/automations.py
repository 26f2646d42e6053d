"""The operations on the automated actions of Tallyfy's templates.

Source: the official clients. What a process does by them is in `triggers`.
"""

from __future__ import annotations

from collections.abc import Sequence

from understudy.apis.tallyfy.envelope import nothing, single
from understudy.apis.tallyfy.records import find, new_id, stamp
from understudy.apis.tallyfy.template_records import live_steps, store_template
from understudy.engine.call import Call, Reply
from understudy.engine.problem import Problem
from understudy.engine.store import Record

VERBS = {
    "visibility": ("show", "hide"),
    "deadline": ("deadline",),
    "status": ("reopen",),
    "assignment": ("assign", "assign_only", "unassign", "clear_assignees"),
    "webhook": ("emit_webhook",),
}
"""The verbs of each type of action, as the official clients send them."""
_NAMING = ("assign", "assign_only", "unassign")
_MEMBERS = ("automated_alias", "conditions", "then_actions", "condition_logic")


def create_automation(call: Call) -> Reply:
    """POST /organizations/{org_id}/checklists/{checklist_id}/automated-actions."""
    template = _template(call)
    rule = {"automated_alias": None, "condition_logic": None, **_described(call), "id": new_id(call)}
    return _stored(call, template, [*template["automated_actions"], rule], rule)


def update_automation(call: Call) -> Reply:
    """PUT /organizations/{org_id}/checklists/{checklist_id}/automated-actions/{automation_id}."""
    template = _template(call)
    rule = {**_rule(call, template), **_described(call)}
    rules = [rule if other["id"] == rule["id"] else other for other in template["automated_actions"]]
    return _stored(call, template, rules, rule)


def delete_automation(call: Call) -> Reply:
    """DELETE /organizations/{org_id}/checklists/{checklist_id}/automated-actions/{automation_id}."""
    template = _template(call)
    gone = _rule(call, template)
    _stored(call, template, [rule for rule in template["automated_actions"] if rule["id"] != gone["id"]], gone)
    return Reply(nothing(call))


def _template(call: Call) -> Record:
    template = find(call, "templates", call.arguments["checklist_id"])
    if template["archived_at"]:
        raise Problem("not-found")
    return template


def _rule(call: Call, template: Record) -> Record:
    for rule in template["automated_actions"]:
        if rule["id"] == call.arguments["automation_id"]:
            found: Record = rule
            return found
    raise Problem("not-found")


def _described(call: Call) -> Record:
    """What the body says; each condition and action gets an id."""
    given = {name: call.body[name] for name in _MEMBERS if name in call.body}
    _refuse(_wrong_actions(given.get("then_actions", ())) | _unknown_references(call, given))
    for name in ("conditions", "then_actions"):  # a refused request takes no id
        if name in given:
            given[name] = [one if "id" in one else {"id": new_id(call), **one} for one in given[name]]
    return given


def _wrong_actions(actions: Sequence[Record]) -> dict[str, list[str]]:
    """Say which actions have a verb of another type, or lack what their verb needs."""
    wrong = {}
    for at, action in enumerate(actions):
        kind, verb, name = action["action_type"], action["action_verb"], f"then_actions.{at}"
        if verb not in VERBS[kind]:
            wrong[f"{name}.action_verb"] = [f"The action verb only accepts {', '.join(VERBS[kind])}."]
        elif kind == "deadline" and action.get("deadline") is None:
            wrong[f"{name}.deadline"] = ["The deadline field is required."]
        elif verb in _NAMING and not action.get("assignees") and not action.get("actionable_id"):
            wrong[f"{name}.assignees"] = ["The assignees field is required."]
    return wrong


def _unknown_references(call: Call, given: Record) -> dict[str, list[str]]:
    """Say which steps and fields the template does not have, in worlds that refuse them."""
    if call.assumed("tallyfy.automations.unknown-references") == "ignore":
        return {}
    steps = live_steps(call.store["definitions"].require(call.arguments["checklist_id"]))
    template = call.store["templates"].require(call.arguments["checklist_id"])
    known = {part["id"] for step in steps for part in (step, *step["captures"])}
    known |= {field["id"] for field in template["prerun"]}
    named = [
        (f"{list_}.{at}.{member}", one.get(member))
        for list_, member in (("conditions", "conditionable_id"), ("then_actions", "target_step_id"))
        for at, one in enumerate(given.get(list_, ()))
    ]
    return {path: ["The selected id is invalid."] for path, id in named if id not in known}


def _refuse(wrong: dict[str, list[str]]) -> None:
    if wrong:
        raise Problem("invalid", fields=wrong)


def _stored(call: Call, template: Record, rules: Sequence[Record], shown: Record) -> Reply:
    now = stamp(call.now)
    store_template(call, {**template, "automated_actions": list(rules), "last_updated": now})
    return Reply(single(shown))
