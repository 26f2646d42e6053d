"""Tallyfy: one-off tasks, which are made by themselves, and comments that are changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from understudy_checks.rules import rule
from understudy_checks.tallyfy.driver import (
    UNKNOWN_ID,
    Json,
    Organization,
    first_organization,
    included_tag_id,
    launch,
    run_tasks,
    sample_answer,
    unwrap_items,
)
from understudy_checks.tallyfy.test_groups import group
from understudy_checks.tallyfy.test_guests import guest
from understudy_checks.tallyfy.test_tags import tag
from understudy_checks.target.target import Target
from understudy_checks.wording import show

TYPES = ("approval", "expiring", "email", "expiring_email", "task")
FIELD_TYPES = ["text", "textarea", "radio", "dropdown", "multiselect", "date", "email", "file", "table"]
FIELD_TYPES += ["assignees_form"]
BODY = {"title": "Checked", "task_type": "task", "deadline": "2031-01-06T09:00:00Z"}


def body(org: Organization, **members: Json) -> Json:
    """The body of a new one-off task of whom the token acts for."""
    return {**BODY, "owners": {"users": [org.get("/me")["id"]], "guests": [], "groups": []}, **members}


@contextmanager
def task(org: Organization, **members: Json) -> Iterator[Json]:
    """Make a one-off task, and delete it after the block unless that is done."""
    made = org.call("POST", "/tasks", body(org, **members))
    try:
        yield made
    finally:
        org.send("DELETE", f"/tasks/{made['id']}/delete")


def people(shown: Json) -> list[int]:
    """The people who own a task, whether they are shown by their numbers or as objects."""
    return [one["id"] if isinstance(one, dict) else one for one in shown["owners"]["users"]]


@rule("tallyfy.one-off.created", "tallyfy.one-off.long-title", "tallyfy.one-off.updated")
def test_a_one_off_task_is_made_and_changed(target: Target) -> None:
    """A task has what was given, is of no process, and is changed in what is given."""
    with target.open() as client:
        org = first_organization(client)
        plain: Json = {
            "title": "t" * 600,
            "task_type": "approval",
            "max_assignable": 3,
            "prevent_guest_comment": True,
            "everyone_must_complete": True,
            "can_complete_only_assignees": True,
            "webhook": "https://h.example/x",
            "top_secret": True,
            "started_at": "2031-01-02T09:00:00Z",
            "deadline": "2031-01-06T09:00:00Z",
        }
        response = org.send("POST", "/tasks", json=body(org, **plain, description="In detail", status="not-started"))
        assert response.status == 201, f"creating a task must answer 201, not {response.status}"
        made = org.data_of(response)
        path = f"/tasks/{made['id']}"
        try:
            wanted = {**plain, "summary": "In detail", "run_id": None, "step_id": None, "is_oneoff_task": True}
            for shown in (made, org.get(path)):
                got = {name: shown[name] for name in wanted}
                assert got == wanted, f"a new task must have {show(wanted)}, not {show(got)}"
                assert (shown["status"], people(shown)) == (made["status"], people(body(org))), "it must be the same"
            assert made["status"] in ("not-started", "active"), f"a new task must not be {made['status']}"
            assert made["id"] in [one["id"] for one in org.list_all("/me/tasks", status="all")], "it must be listed"
            for change in (
                *({"title": "Renamed"}, {"deadline": "2031-01-07T09:00:00Z"}, {"summary": "Otherwise"}),
                *({"description": "In other words"}, {"max_assignable": 2}, {"prevent_guest_comment": False}),
                *(
                    {"webhook": None},
                    {"task_type": "task"},
                    {"top_secret": False},
                    {"started_at": "2031-01-03T09:00:00Z"},
                ),
                {"owners": {"users": [], "guests": ["a@guest.example"], "groups": []}},
            ):
                before = org.get(path)
                required = {name: before[name] for name in ("title", "deadline")}
                owners = {**before["owners"], "users": people(before)}
                changed = org.call("PUT", path, {**required, "owners": owners, **change})
                renamed = {"summary" if name == "description" else name: value for name, value in change.items()}
                expected = {**before, **renamed, "last_updated": changed["last_updated"]}
                assert changed == expected, f"{show(change)} must lead to {show(expected)}, not {show(changed)}"
                assert org.get(path) == changed, "an updated task must read as it was answered"
        finally:
            org.send("DELETE", f"{path}/delete")


@rule("tallyfy.one-off.required", "tallyfy.one-off.long-title", "tallyfy.one-off.update-required")
def test_a_one_off_task_needs_its_members(target: Target) -> None:
    """Without a member that is required, or with a wrong one, no task is made and none is changed."""
    with target.open() as client:
        org = first_organization(client)
        with task(org) as made:
            before = org.list_all("/tasks")
            whole = body(org)
            for left in whole:
                wrong = {name: value for name, value in whole.items() if name != left}
                org.assert_refused("POST", "/tasks", wrong, status=422)
                if left != "task_type":
                    org.assert_refused("PUT", f"/tasks/{made['id']}", wrong, status=422)
            for change in ({"title": "t" * 601}, {"task_type": "chore"}, {"deadline": "someday"}):
                org.assert_refused("POST", "/tasks", {**whole, **change}, status=422)
                org.assert_refused("PUT", f"/tasks/{made['id']}", {**whole, **change}, status=422)
            assert org.list_all("/tasks") == before, "a refused task must neither be made nor be changed"
            org.call("PUT", f"/tasks/{made['id']}", {**whole, "title": "t" * 600})


@rule("tallyfy.one-off.created", "tallyfy.one-off.updated", "tallyfy.one-off.form-fields")
def test_a_one_off_task_has_what_else_is_given(target: Target) -> None:
    """A task has any listed type, a summary, tags, a group, and form fields of all types as they were given."""
    with target.open() as client:
        org = first_organization(client)
        with tag(org) as own_tag, group(org) as own_group:
            owners = {"users": [], "guests": [], "groups": [own_group["id"]]}
            given: Json = {"title": "t", "summary": "In short", "tags": [own_tag["id"]], "owners": owners}
            with task(org, **given) as made:
                shown = org.get(f"/tasks/{made['id']}", with_="tags")
                got = (shown["summary"], [included_tag_id(one) for one in unwrap_items(shown["tags"])], shown["owners"])
                assert got == ("In short", [own_tag["id"]], owners), f"a task must have what was given, not {show(got)}"
                whole = body(org)
                for kind in TYPES:
                    changed = org.call("PUT", f"/tasks/{made['id']}", {**whole, "title": "u", "task_type": kind})
                    assert changed["task_type"] == kind, f"the type must be {kind}, not {show(changed['task_type'])}"
                moved = org.call("PUT", f"/tasks/{made['id']}", {**whole, "owners": owners})
                assert moved["owners"] == owners, f"the owners must be {show(owners)}, not {show(moved['owners'])}"
        for kind in TYPES:
            with task(org, task_type=kind) as made:
                assert made["task_type"] == kind, f"the type must be {kind}, not {show(made['task_type'])}"
        settings: Json = {
            "guidance": "How",
            "default_value": "x",
            "default_value_enabled": True,
            "collect_time": True,
            "use_wysiwyg_editor": True,
            "field_validation": ["email"],
        }
        options, columns = [{"id": 7, "text": "Air", "value": "a"}], [{"id": 3, "label": "Name"}]
        fields: list[Json] = [
            {"label": "f", "field_type": kind, "position": 20 - at, "options": options, "columns": columns, **settings}
            for at, kind in enumerate(FIELD_TYPES)
        ]
        with task(org, form_fields=fields) as made:
            found = unwrap_items(org.get(f"/tasks/{made['id']}", with_="form_fields")["form_fields"])
            for field, wanted in zip(found, fields, strict=True):
                kept = {name: field.get(name) for name in wanted}
                assert kept == wanted, f"a form field must be {show(wanted)}, not {show(kept)}"


@rule("tallyfy.one-off.completed")
def test_an_approval_of_its_own_is_completed_for_somebody(target: Target) -> None:
    """A one-off approval keeps the decision, and who is recorded as having completed it."""
    with target.open() as client:
        org = first_organization(client)
        me = org.get("/me")["id"]
        other = next((one["id"] for one in org.list_all("/users") if one["active"] and one["id"] != me), me)
        with task(org, task_type="approval") as made:
            given = {"task_id": made["id"], "is_approved": True, "override_user": other}
            done = org.call("POST", "/completed-tasks", given)
            got = (done["is_approved"], done["completer_id"])
            assert got == (True, other), f"the decision and who made it must be kept, not {show(got)}"


@rule(
    *("tallyfy.one-off.only-one-off", "tallyfy.comments.unknown-comment", "tallyfy.guests.unknown-guest"),
    needs=("other-tenant", "write"),
)
def test_one_off_tasks_of_another_organization_are_closed(target: Target) -> None:
    """Nothing of another organization is archived, restored, deleted, commented or disabled."""
    with target.open() as client:
        org, foreign = first_organization(client), first_organization(client, key=client.other_tenant_key)
        closed = Organization(client, foreign.id, org.key)
        with task(org) as own:
            closed.assert_refused("POST", f"/tasks/{own['id']}/bot-comment", {"content": "First"})
            closed.assert_refused("POST", f"/tasks/{own['id']}/clone")
        with task(foreign) as made, guest(foreign, "far@guest.example"):
            path = f"/tasks/{made['id']}"
            said = foreign.call("POST", f"{path}/comment", {"content": "First"})
            for method, end in (("DELETE", ""), ("PUT", "/restore"), ("DELETE", "/delete")):
                org.assert_refused(method, f"{path}{end}")
            org.assert_refused("PUT", f"{path}/comment/{said['id']}", {"content": "Then"})
            org.assert_refused("DELETE", f"{path}/comment/{said['id']}")
            org.assert_missing("DELETE", "/guests/far%40guest.example/disable")
            kept = foreign.get(path, with_="threads")
            texts = [(one["id"], one["content"]) for one in unwrap_items(kept["threads"])]
            assert texts == [(said["id"], "First")], f"the task must stay as it was: {show(kept)}"


@rule("tallyfy.one-off.separate-tasks", "tallyfy.one-off.of-a-process")
def test_one_off_tasks_are_made_apart_and_for_a_process(target: Target) -> None:
    """Each assignee has a task of one's own on request; a task with a process is among its tasks."""
    with target.open() as client:
        org = first_organization(client)
        before = {one["id"] for one in org.list_all("/tasks")}
        owners = {"users": [org.get("/me")["id"]], "guests": ["a@guest.example"], "groups": []}
        org.call("POST", "/tasks", body(org, owners=owners, separate_task_for_each_assignee=True))
        made = [one for one in org.list_all("/tasks") if one["id"] not in before]
        got = sorted((len(one["owners"]["users"]), len(one["owners"]["guests"])) for one in made)
        assert got == [(0, 1), (1, 0)], f"each assignee must have a task of one's own, not {show(got)}"
        for one in made:
            org.send("DELETE", f"/tasks/{one['id']}/delete")
        run = launch(org)
        added = org.call("POST", "/tasks", body(org, run_id=run["id"]))
        assert added["run_id"] == run["id"], f"the task must be of the process, not of {show(added['run_id'])}"
        assert added["id"] in [one["id"] for one in run_tasks(org, run)], "the process must list it"
        org.assert_refused("POST", "/tasks", body(org, run_id=UNKNOWN_ID))


@rule(
    "tallyfy.one-off.form-fields",
    "tallyfy.one-off.completed",
    "tallyfy.one-off.completed-once",
    "tallyfy.one-off.reopened",
)
def test_a_one_off_task_is_answered_completed_and_reopened(target: Target) -> None:
    """A required field is answered before the task is completed, once, and reopened."""
    with target.open() as client:
        org = first_organization(client)
        fields = [
            {"label": "Way", "field_type": "radio", "required": True, "options": [{"text": "Air"}, {"text": "Sea"}]}
        ]
        with task(org, form_fields=fields) as made:
            path, done = f"/tasks/{made['id']}", {"task_id": made["id"]}
            field, *more = unwrap_items(org.get(path, with_="form_fields")["form_fields"])
            got = {name: field[name] for name in ("label", "field_type", "required")}
            assert (got, more) == ({name: fields[0][name] for name in got}, []), (
                f"the field must be there: {show(field)}"
            )
            org.assert_refused("POST", "/completed-tasks", done, status=422)
            answer = {field["id"]: sample_answer(field)}
            whole = {name: made[name] for name in ("title", "deadline")} | {"owners": body(org)["owners"]}
            changed = org.call("PUT", path, {**whole, "taskdata": answer})
            assert changed["taskdata"] == answer, f"the answer must be kept, not {show(changed['taskdata'])}"
            complete = org.call("POST", "/completed-tasks", done)
            for shown in (complete, org.get(path)):
                state = (shown["status"], bool(shown["completed_at"]), shown["completer_id"])
                wanted = ("completed", True, org.get("/me")["id"])
                assert state == wanted, f"a completed task must be {show(wanted)}, not {show(state)}"
            assert "tasks_changed_by_rules" not in complete, "only the answer about a process has that"
            for wrong in (done, {"task_id": UNKNOWN_ID}, {}):
                org.assert_refused("POST", "/completed-tasks", wrong)
            again = org.call("DELETE", f"/completed-tasks/{made['id']}")
            left = (again["status"] == "completed", again["completed_at"], again["completer_id"])
            assert left == (False, None, None), f"a reopened task must not be completed: {show(again)}"
            org.assert_refused("DELETE", f"/completed-tasks/{made['id']}")


@rule("tallyfy.one-off.archived", "tallyfy.one-off.restored", "tallyfy.one-off.deleted", "tallyfy.one-off.only-one-off")
def test_a_one_off_task_is_archived_restored_and_deleted(target: Target) -> None:
    """An archived task leaves the lists until it is restored; a deleted one is gone; one of a process stays."""
    with target.open() as client:
        org = first_organization(client)
        with task(org) as made:
            path = f"/tasks/{made['id']}"
            for _ in range(2):
                response = org.send("DELETE", path)
                assert (response.status, response.body) == (204, b""), f"archiving must answer 204: {response.status}"
            listed = [one["id"] for one in org.list_all("/tasks")]
            assert made["id"] not in listed, "an archived task must not be listed"
            assert made["id"] in [one["id"] for one in org.list_all("/tasks", archived="true")], "but on request"
            restored = org.call("PUT", f"{path}/restore")
            assert restored == org.get(path), "a restored task must read as it was answered"
            changed = {name for name in made if made[name] != restored[name]} - {"last_updated"}
            assert changed == set(), f"a restored task must be as it was, but {sorted(changed)} differ"
            assert made["id"] in [one["id"] for one in org.list_all("/tasks")], "a restored task must be listed"
            response = org.send("DELETE", f"{path}/delete")
            assert (response.status, response.body) == (204, b""), f"deleting must answer 204, not {response.status}"
        org.assert_missing("GET", path)
        assert made["id"] not in [one["id"] for one in org.list_all("/tasks", archived="true")], "it must be gone"
        run = launch(org)
        own = run_tasks(org, run)
        for end in ("", "/delete"):
            for id in (own[0]["id"], UNKNOWN_ID):
                org.assert_refused("DELETE", f"/tasks/{id}{end}")
        assert run_tasks(org, run) == own, "the tasks of a process must stay"


@rule("tallyfy.comments.updated", "tallyfy.comments.deleted", "tallyfy.comments.unknown-comment")
def test_a_comment_is_changed_and_deleted(target: Target) -> None:
    """A comment has its last content, and is gone when deleted; one of another task is not found there."""
    with target.open() as client:
        org = first_organization(client)
        with task(org) as made, task(org) as other:
            path = f"/tasks/{made['id']}"
            said = org.call("POST", f"{path}/comment", {"content": "First"})
            comment = f"{path}/comment/{said['id']}"
            change = {"content": "Then", "state": "collapsed", "label": "advice", "sent_to": [org.get("/me")["id"]]}
            changed = org.call("PUT", comment, change)
            shown = unwrap_items(org.get(path, with_="threads")["threads"])
            texts = [(one["id"], one["content"]) for one in shown]
            assert texts == [(said["id"], "Then")], f"the task must have the changed comment alone, not {show(shown)}"
            wanted = {**said, **change, "updated_at": changed["updated_at"]}
            assert changed == wanted, f"a changed comment must be {show(wanted)}, not {show(changed)}"
            for wrong in (f"/tasks/{other['id']}/comment/{said['id']}", f"{path}/comment/{UNKNOWN_ID}"):
                org.assert_refused("PUT", wrong, {"content": "Nowhere"})
                org.assert_refused("DELETE", wrong)
            issue = org.call("POST", f"{path}/problem", {"content": "Broken"})
            assert org.get(path)["problem"], "an issue must hold the task up"
            for id in (said["id"], issue["id"]):
                response = org.send("DELETE", f"{path}/comment/{id}")
                assert response.status < 300, f"deleting a comment must succeed, not answer {response.status}"
            read = org.get(path, with_="threads")
            left = (unwrap_items(read["threads"]), read["problem"])
            assert left == ([], False), f"deleted comments must be gone, and the task free: {show(left)}"


@rule("tallyfy.one-off.cloned")
def test_a_one_off_task_is_duplicated(target: Target) -> None:
    """A duplicate is a task of its own with the same title, deadline and owners; it is not completed."""
    with target.open() as client:
        org = first_organization(client)
        with task(org, description="By hand") as made:
            org.call("POST", "/completed-tasks", {"task_id": made["id"]})
            copy = org.call("POST", f"/tasks/{made['id']}/clone")
            try:
                shown = org.get(f"/tasks/{copy['id']}")
                assert shown["id"] != made["id"], "a duplicate must have an id of its own"
                for name in ("title", "summary", "deadline", "owners"):
                    assert shown[name] == made[name], f"{name} must be {show(made[name])}, not {show(shown[name])}"
                assert shown["status"] != "completed", "a duplicate must be open"
                assert shown["completed_at"] is None, "a duplicate must not have been completed"
            finally:
                org.send("DELETE", f"/tasks/{copy['id']}/delete")
        org.assert_missing("POST", f"/tasks/{UNKNOWN_ID}/clone")
