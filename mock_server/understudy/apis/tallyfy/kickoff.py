"""The operations on the kick-off form of a Tallyfy process, and on all form fields of one.

Source: Processes > Complete or re-open the kick-off form.
"""

from __future__ import annotations

from understudy.apis.tallyfy import includes as tallyfy_includes
from understudy.apis.tallyfy.envelope import single
from understudy.apis.tallyfy.fields import demand_kept
from understudy.apis.tallyfy.life_cycle import update_status
from understudy.apis.tallyfy.records import find, my_number, stamp
from understudy.apis.tallyfy.runs import changeable_run, run_reply
from understudy.apis.tallyfy.triggers import check_kickoff
from understudy.engine.call import Call, Reply


def complete_kickoff(call: Call) -> Reply:
    """POST /organizations/{org_id}/runs/{run_id}/complete-prerun (Complete or re-open the kick-off form)."""
    run = changeable_run(call)
    evaluated, changed = run["_"]["kickoff_open"], {}
    if evaluated:
        fields = call.store["templates"].require(run["checklist_id"])["prerun"]
        demand_kept(call, fields, run["prerun"])
        run["_"]["kickoff_open"] = False
        run |= {"prerun_completed_at": stamp(call.now), "prerun_completed_by": my_number(call)}
        changed = check_kickoff(call, run)
        update_status(call, run)
    return run_reply(call, run, more={"tasks_changed_by_rules": changed, "rules_evaluated": evaluated})


def reopen_kickoff(call: Call) -> Reply:
    """DELETE /organizations/{org_id}/runs/{run_id}/complete-prerun: reopens a complete run, too."""
    run = changeable_run(call)
    run["_"] |= {"kickoff_open": True, "closed": False}
    run |= {"prerun_completed_at": None, "prerun_completed_by": None}
    return run_reply(call, update_status(call, run))


def get_form_fields(call: Call) -> Reply:
    """GET /organizations/{org_id}/runs/{run_id}/form-fields."""
    run = find(call, "runs", call.arguments["run_id"])
    fields = tallyfy_includes.form_fields(call, run), tallyfy_includes.kickoff_fields(call, run)
    return Reply(single(dict(zip(("form_fields", "ko_form_fields"), fields, strict=True))))
