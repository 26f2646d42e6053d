"""The operations on the automated actions of Tallyfy's templates.

Source: the official clients. They are kept and shown; no process acts on them.
"""

from __future__ import annotations

from collections.abc import Sequence

from understudy.apis.tallyfy.envelope import nothing, single
from understudy.apis.tallyfy.records import find, new_id, stamp
from understudy.apis.tallyfy.template_records import store_template
from understudy.engine.call import Call, Reply
from understudy.engine.problem import Problem
from understudy.engine.store import Record

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
    for name in ("conditions", "then_actions"):
        if name in given:
            given[name] = [one if "id" in one else {"id": new_id(call), **one} for one in given[name]]
    return given


def _stored(call: Call, template: Record, rules: Sequence[Record], shown: Record) -> Reply:
    now = stamp(call.now)
    store_template(call, {**template, "automated_actions": list(rules), "last_updated": now})
    return Reply(single(shown))
