"""Tallyfy: reopening and submitting the kick-off form, and the status of its process."""

from __future__ import annotations

from understudy_checks.rules import rule
from understudy_checks.tallyfy.driver import (
    Json,
    Organization,
    complete_run,
    complete_task,
    first_organization,
    launch,
    open_tasks,
    read_run,
    submit_kickoff,
    template_where,
    unwrap_items,
)
from understudy_checks.target.target import Target
from understudy_checks.wording import show


@rule("tallyfy.kickoff.reopened", "tallyfy.kickoff.submitted", "tallyfy.kickoff.submitted-once", needs=("write",))
def test_the_kickoff_form_is_reopened_and_submitted(target: Target) -> None:
    """A reopened kick-off form has no submission; a submitted one has time and person, once."""
    with target.open() as client:
        org = first_organization(client)
        run = launch(org, _optional(org))
        opened = org.call("DELETE", f"/runs/{run['id']}/complete-prerun")
        assert opened["id"] == run["id"], (
            f"reopening the kick-off form must return the process, not {show(opened['id'])}"
        )
        for shown in (opened, read_run(org, run)):
            assert (got := (shown["prerun_completed_at"], shown["prerun_completed_by"])) == (None, None), (
                f"a reopened kick-off form must have no submission; time and person are {show(got)}"
            )
            assert shown["prerun_status"] != "complete", "a reopened kick-off form must not be complete"
        submitted = org.call("POST", f"/runs/{run['id']}/complete-prerun")
        assert submitted["id"] == run["id"], (
            f"submitting the kick-off form must return the process, not {show(submitted['id'])}"
        )
        for shown in (submitted, read_run(org, run)):
            assert shown["prerun_status"] == "complete", (
                f"a submitted kick-off form must be complete, not {show(shown['prerun_status'])}"
            )
            assert shown["prerun_completed_at"] is not None, "a submitted kick-off form must have a time"
            assert shown["prerun_completed_by"] == org.get("/me")["id"], (
                f"a kick-off form must be submitted by the token's owner, not by {show(shown['prerun_completed_by'])}"
            )
        before = read_run(org, run)
        client.tick(5)
        org.call("POST", f"/runs/{run['id']}/complete-prerun")
        assert (got := read_run(org, run)) == before, (
            f"submitting a complete kick-off form must not change the process; it is now {show(got)}"
        )


@rule("tallyfy.kickoff.rules-evaluated", needs=("write",))
def test_submitting_tells_whether_rules_were_evaluated(target: Target) -> None:
    """Submitting a kick-off form evaluates rules only if it was open."""
    with target.open() as client:
        org = first_organization(client)
        run = launch(org, _optional(org))
        org.call("DELETE", f"/runs/{run['id']}/complete-prerun")
        for evaluated in (True, False):
            submitted = org.call("POST", f"/runs/{run['id']}/complete-prerun")
            assert isinstance(submitted["tasks_changed_by_rules"], dict), (
                f"`tasks_changed_by_rules` must be an object, not {show(submitted['tasks_changed_by_rules'])}"
            )
            assert submitted["rules_evaluated"] is evaluated, (
                f"`rules_evaluated` must be {show(evaluated)}, not {show(submitted['rules_evaluated'])}"
            )


@rule("tallyfy.kickoff.completes-the-run", "tallyfy.kickoff.reactivates", needs=("write",))
def test_a_process_waits_for_its_kickoff_form(target: Target) -> None:
    """A process with an open kick-off form completes only when the form is submitted."""
    with target.open() as client:
        org = first_organization(client)
        run = launch(org, _optional(org))
        submit_kickoff(org, run)
        assert (got := complete_run(org, run)["status"]) == "complete", (
            f"a process whose tasks are completed must be complete, not {show(got)}"
        )
        assert (got := org.call("DELETE", f"/runs/{run['id']}/complete-prerun")["status"]) == "active", (
            f"a process with a reopened kick-off form must be active, not {show(got)}"
        )
        assert (got := read_run(org, run)["completed_at"]) is None, (
            f"a process with a reopened kick-off form must have `completed_at: null`, not {show(got)}"
        )
        assert (got := org.call("POST", f"/runs/{run['id']}/complete-prerun")["status"]) == "complete", (
            f"a process must be complete after its kick-off form is submitted, not {show(got)}"
        )
        assert read_run(org, run)["completed_at"] is not None, "a complete process must have a `completed_at`"
        other = launch(org, _optional(org))
        org.call("DELETE", f"/runs/{other['id']}/complete-prerun")
        for task in open_tasks(org, other):
            complete_task(org, other, task)
        assert (got := read_run(org, other)["status"]) == "active", (
            f"a process with an open kick-off form must be active, not {show(got)}"
        )
        assert (got := submit_kickoff(org, other)["status"]) == "complete", (
            f"a process must be complete after its kick-off form is submitted, not {show(got)}"
        )


def _optional(org: Organization) -> Json:
    return template_where(
        org,
        lambda t: t["prerun"] and not any(f["required"] for f in t["prerun"]) and unwrap_items(t["steps"]),
        "with steps and a kick-off form whose fields are optional",
    )
