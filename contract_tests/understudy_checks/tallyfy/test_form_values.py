"""Tallyfy: answers that are set one by one, and kick-off fields that go."""

from __future__ import annotations

from understudy_checks.client import Skipped
from understudy_checks.rules import rule
from understudy_checks.tallyfy.automated import automated
from understudy_checks.tallyfy.driver import UNKNOWN_ID, Json, Organization, first_organization, read_run
from understudy_checks.target.target import Target
from understudy_checks.wording import show

PATH = "/form-field/value"


def answer_id(org: Organization, holder: str, field: Json) -> str:
    """The id of an answer, as our mock has it; raises Skipped where a target shows none."""
    id = f"{holder}:{field['id']}"
    if org.send("PUT", PATH, json={"id": id, "form_value": None}).status in (403, 404):
        raise Skipped("nothing on this target shows the id of an answer")
    return id


@rule("tallyfy.form-values.set", "tallyfy.form-values.refused")
def test_one_answer_is_set(target: Target) -> None:
    """One answer of a task or of a kick-off form is set and shown; a wrong one is refused."""
    with target.open() as client, automated(first_organization(client)) as of:
        started = of.launch()
        task = started.task(0)["id"]
        started.say(amount="1")
        plan, amount = (answer_id(of.org, task, of.fields[name]) for name in ("plan", "who"))
        started.say(amount="1")
        gold = of.answer("plan", "Gold")
        of.org.call("PUT", PATH, {"id": plan, "form_value": gold})
        wanted = {of.fields["amount"]["id"]: "1", of.fields["plan"]["id"]: gold}
        got = {id: value for id, value in started.task(0)["taskdata"].items() if value is not None}
        assert got == wanted, f"the answers must be {show(wanted)}, not {show(got)}"
        of.org.assert_refused("PUT", PATH, {"id": plan, "form_value": {"id": 99, "text": "Silver"}}, status=422)
        of.org.assert_refused("PUT", PATH, {"id": plan}, status=422)
        for unknown in (UNKNOWN_ID, f"{task}:{UNKNOWN_ID}", f"{UNKNOWN_ID}:{of.fields['plan']['id']}"):
            of.org.assert_missing("PUT", PATH, {"id": unknown, "form_value": "1"})
        started.complete(0)
        of.org.assert_refused("PUT", PATH, {"id": amount, "form_value": None})
        assert started.task(0)["taskdata"][of.fields["plan"]["id"]] == gold, "a refused answer must not be kept"
    with target.open() as client, automated(first_organization(client), kickoff=True) as of:
        run = of.launch(amount="1").id
        of.org.call("PUT", PATH, {"id": answer_id(of.org, run, of.fields["plan"]), "form_value": gold})
        said = read_run(of.org, {"id": run})["prerun"]
        assert said[of.fields["plan"]["id"]]["text"] == "Gold", f"the kick-off answer must be set, not {show(said)}"
        assert said[of.fields["amount"]["id"]] == "1", f"the other answer must stay, not {show(said)}"


@rule("tallyfy.form-values.guest")
def test_an_answer_is_set_for_a_guest(target: Target) -> None:
    """Only for a guest who owns the task."""
    with target.open() as client, automated(first_organization(client)) as of:
        started = of.launch()
        task = started.task(0)
        body = {"id": answer_id(of.org, task["id"], of.fields["amount"]), "form_value": "7"}
        email = "answers@company.example"
        of.org.call("POST", "/guests", {"email": email})
        try:
            of.org.assert_missing("POST", f"/guests/{email}{PATH}", body)
            started.update(0, owners={"users": [], "guests": [email], "groups": []})
            of.org.call("POST", f"/guests/{email}{PATH}", body)
            said = started.task(0)["taskdata"][of.fields["amount"]["id"]]
            assert said == "7", f"the answer must be set, not {show(said)}"
        finally:
            started.update(0, owners={"users": [], "guests": [], "groups": []})
            of.org.send("DELETE", f"/guests/{email}")


@rule("tallyfy.kickoff-fields.deleted", "tallyfy.kickoff-fields.unknown-field")
def test_a_kickoff_field_is_deleted(target: Target) -> None:
    """It leaves the kick-off form, and the others move up."""
    with target.open() as client, automated(first_organization(client), kickoff=True) as of:
        path = f"/checklists/{of.template['id']}"
        before = of.org.get(path)["prerun"]
        gone = f"{path}/preruns/{before[1]['id']}"
        assert of.org.send("DELETE", gone).status < 300, "a kick-off field must be deleted"
        after = [(one["id"], one["position"]) for one in of.org.get(path)["prerun"]]
        wanted = [(one["id"], at) for at, one in enumerate([before[0], *before[2:]], 1)]
        assert after == wanted, f"the kick-off fields must be {show(wanted)}, not {show(after)}"
        for missing in (gone, f"{path}/preruns/{UNKNOWN_ID}", f"/checklists/{UNKNOWN_ID}/preruns/{before[0]['id']}"):
            of.org.assert_missing("DELETE", missing)


@rule("tallyfy.form-values.set", needs=("other-tenant", "write"))
def test_answers_of_another_organization_are_closed(target: Target) -> None:
    """A token of one organization sets no answer in the path of another."""
    with target.open() as client:
        org, foreign = first_organization(client), first_organization(client, key=client.other_tenant_key)
        with automated(foreign) as of:
            id = f"{of.launch().task(0)['id']}:{of.fields['amount']['id']}"  # as our mock has it
            for closed in (org, Organization(client, foreign.id, org.key)):
                closed.assert_refused("PUT", PATH, {"id": id, "form_value": "7"})
