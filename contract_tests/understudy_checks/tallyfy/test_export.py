"""Tallyfy: the export of a process."""

from __future__ import annotations

from understudy_checks.rules import rule
from understudy_checks.tallyfy.driver import UNKNOWN_ID, first_organization, launch, read_run, run_tasks
from understudy_checks.target.target import Target
from understudy_checks.wording import show


@rule("tallyfy.export.process", "tallyfy.export.unknown-run")
def test_a_process_is_exported(target: Target) -> None:
    """An export is the process as it reads, in JSON; nothing changes."""
    with target.open() as client:
        org = first_organization(client)
        run = launch(org)
        before, tasks = read_run(org, run), run_tasks(org, run)
        response = org.send("POST", f"/runs/{run['id']}/export")
        assert response.status == 200, f"an export must answer 200, not {response.status}"
        exported = org.data_of(response)
        assert exported | before == exported, f"an export must have {show(before)}, not {show(exported)}"
        assert (read_run(org, run), run_tasks(org, run)) == (before, tasks), "an export must change nothing"
        org.assert_missing("POST", f"/runs/{UNKNOWN_ID}/export")
