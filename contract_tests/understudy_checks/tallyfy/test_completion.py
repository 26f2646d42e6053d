"""Tallyfy: completing and reopening tasks, the effect on the process, issues and comments."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from understudy.engine.exchange import Response
from understudy_checks.client import Skipped
from understudy_checks.refusals import assert_envelope, code_of
from understudy_checks.rules import rule
from understudy_checks.tallyfy.driver import (
    COMPLETED_STATUS,
    HIDDEN_STATUS,
    UNKNOWN_ID,
    Json,
    Organization,
    answer_fields,
    complete_run,
    complete_task,
    fill_required_fields,
    first_organization,
    launch,
    launch_body,
    launch_with_field,
    open_tasks,
    read_run,
    required_fields,
    run_tasks,
    sample_answer,
    stored_answers,
    submit_kickoff,
    task_of_step,
    template_steps,
    template_where,
    unwrap_items,
    visible_tasks,
)
from understudy_checks.target.target import Target
from understudy_checks.wording import show


@rule("tallyfy.completion.completed", "tallyfy.completion.changed-by-rules", needs=("write",))
def test_a_task_is_completed(target: Target) -> None:
    """A completed task has its status, time and person, in the response and from then on."""
    with target.open() as client:
        org = first_organization(client)
        run = launch(org)
        for task in open_tasks(org, run):
            fill_required_fields(org, run, task)
            response = org.send("POST", f"/runs/{run['id']}/completed-tasks", json={"task_id": task["id"]})
            assert response.status == 200, f"completing a task must answer 200, not {show(response.status)}"
            answered = Organization.data_of(response)
            assert isinstance(answered["tasks_changed_by_rules"], dict), (
                f"`tasks_changed_by_rules` must be an object, not {show(answered['tasks_changed_by_rules'])}"
            )
            for shown in (answered, org.get(f"/tasks/{task['id']}")):
                assert (got := (shown["id"], shown["status"])) == (task["id"], COMPLETED_STATUS), (
                    f"a completed task must keep its id and be completed; id and status are {show(got)}"
                )
                assert shown["completed_at"] is not None, "a completed task must have a `completed_at`"
                assert shown["completer_id"] == org.get("/me")["id"], (
                    f"a task must be completed by the token's owner, not by {show(shown['completer_id'])}"
                )


@rule("tallyfy.completion.only-once", needs=("write",))
def test_a_task_is_completed_once(target: Target) -> None:
    """A second completion of a task is refused and changes nothing."""
    with target.open() as client:
        org = first_organization(client)
        run = launch(org)
        task = open_tasks(org, run)[0]
        complete_task(org, run, task)
        before = org.get(f"/tasks/{task['id']}"), read_run(org, run)
        client.tick(5)
        org.assert_refused("POST", f"/runs/{run['id']}/completed-tasks", {"task_id": task["id"]})
        assert (got := (org.get(f"/tasks/{task['id']}"), read_run(org, run))) == before, (
            f"a refused second completion must change neither task nor process; they are now {show(got)}"
        )


@rule("tallyfy.completion.approval", "tallyfy.completion.approval-needs-a-decision", needs=("write",))
@given(approved=st.booleans())
@example(approved=True)
@example(approved=False)
def test_an_approval_is_decided(target: Target, approved: bool) -> None:
    """An approval is completed with a decision, true or false, and keeps it."""
    with target.open() as client:
        org = first_organization(client)
        run, task = _approval(org)
        for body in ({"task_id": task["id"]}, {"task_id": task["id"], "is_approved": None}):
            org.assert_refused("POST", f"/runs/{run['id']}/completed-tasks", body, status=422)
        assert (got := org.get(f"/tasks/{task['id']}")["completed_at"]) is None, (
            f"an approval that was not decided must have `completed_at: null`, not {show(got)}"
        )
        answered = complete_task(org, run, task, is_approved=approved)
        for shown in (answered, org.get(f"/tasks/{task['id']}")):
            assert (got := (shown["status"], shown["is_approved"])) == (COMPLETED_STATUS, approved), (
                f"a decided approval must be completed with `is_approved: {show(approved)}`, not {show(got)}"
            )


@rule("tallyfy.completion.approval-only", needs=("write",))
@given(approved=st.booleans())
@example(approved=True)
def test_other_tasks_are_not_approved(target: Target, approved: bool) -> None:
    """A decision is ignored for a task that is no approval."""
    with target.open() as client:
        org = first_organization(client)
        run = launch(org)
        task = open_tasks(org, run)[0]
        assert (got := complete_task(org, run, task, is_approved=approved)["is_approved"]) is None, (
            f"a task that is no approval must have `is_approved: null` after its completion, not {show(got)}"
        )
        assert (got := org.get(f"/tasks/{task['id']}")["is_approved"]) is None, (
            f"a task that is no approval must have `is_approved: null`, not {show(got)}"
        )


@rule("tallyfy.completion.override-user", needs=("write",))
def test_somebody_else_completed_the_task(target: Target) -> None:
    """A task is completed by the person in `override_user`."""
    with target.open() as client:
        org = first_organization(client)
        me = org.get("/me")["id"]
        others = sorted({run["owner_id"] for run in org.list_all("/runs")} - {me})
        if not others:
            raise Skipped("nobody else owns a process here")
        run = launch(org)
        first, second = open_tasks(org, run)[:2]
        assert (got := complete_task(org, run, first, override_user=others[0])["completer_id"]) == others[0], (
            f"the task must be completed by the named person {others[0]}, not by {show(got)}"
        )
        assert (got := org.get(f"/tasks/{first['id']}")["completer_id"]) == others[0], (
            f"the task, read by its id, must be completed by the named person {others[0]}, not by {show(got)}"
        )
        assert (got := complete_task(org, run, second)["completer_id"]) == me, (
            f"a task must be completed by the token's owner where nobody is named, not by {show(got)}"
        )


@rule("tallyfy.completion.required-fields", needs=("write",))
def test_required_fields_come_first(target: Target) -> None:
    """A task is completed only when its required fields have answers."""
    with target.open() as client:
        org = first_organization(client)
        template = template_where(
            org, lambda t: required_fields(template_steps(t)), "with a step that has a required field"
        )
        step = next(step for step in template_steps(template) if required_fields([step]))
        run = launch(org, template)
        task = task_of_step(org, run, step)
        for field in required_fields([step]):
            org.assert_refused("POST", f"/runs/{run['id']}/completed-tasks", {"task_id": task["id"]}, status=422)
            answer_fields(org, run, task, {field["id"]: ""})
            org.assert_refused("POST", f"/runs/{run['id']}/completed-tasks", {"task_id": task["id"]}, status=422)
            answer_fields(org, run, task, {field["id"]: sample_answer(field)})
        assert (got := complete_task(org, run, task)["status"]) == COMPLETED_STATUS, (
            f"a task with all required answers must be completed, not {show(got)}"
        )


@rule("tallyfy.completion.no-answers", needs=("write",))
def test_a_completion_takes_no_answers(target: Target) -> None:
    """Answers in the body of a completion are not stored."""
    with target.open() as client:
        org = first_organization(client)
        run, task, field = launch_with_field(org, "text")
        fill_required_fields(org, run, task)
        before = stored_answers(org, run, task)
        body = {"task_id": task["id"], "is_approved": True}
        for more in ({"taskdata": {field["id"]: "Smuggled"}}, {"form_fields": {field["id"]: "Smuggled"}}):
            org.send("POST", f"/runs/{run['id']}/completed-tasks", json={**body, **more})
            assert (got := stored_answers(org, run, task)) == before, (
                f"a completion must not store answers; they are now {show(got)}"
            )


@rule("tallyfy.completion.not-hidden", needs=("write", "events"))
def test_a_hidden_task_is_not_completed(target: Target) -> None:
    """A hidden task cannot be completed; once shown again, it can."""
    with target.open() as client:
        org = first_organization(client)
        run = launch(org)
        task = open_tasks(org, run)[0]
        client.event("hide-task", run_id=run["id"], task_id=task["id"])
        org.assert_refused("POST", f"/runs/{run['id']}/completed-tasks", {"task_id": task["id"]})
        assert (got := org.get(f"/tasks/{task['id']}")["status"]) == HIDDEN_STATUS, (
            f"a refused completion must leave the hidden task hidden, but it is {show(got)}"
        )
        client.event("show-task", run_id=run["id"], task_id=task["id"])
        assert (got := complete_task(org, run, task)["status"]) == COMPLETED_STATUS, (
            f"a task that is shown again must be completed, not {show(got)}"
        )


@rule("tallyfy.completion.only-assignees", needs=("write", "second-key"))
def test_only_assignees_complete_some_tasks(target: Target) -> None:
    """A task that only its assignees may complete refuses other members, but no administrator."""
    with target.open() as client:
        org, other = first_organization(client), first_organization(client, key=client.second_key)
        me, you = org.get("/me"), other.get("/me")
        if other.id != org.id or me.get("role") != "admin" or you.get("role") == "admin":
            raise Skipped("an administrator's and another member's token are needed")

        def fits(step: Json) -> bool:
            return bool(step.get("can_complete_only_assignees")) and not {me["id"], you["id"]} & set(step["assignees"])

        template = template_where(
            org, lambda t: any(fits(s) for s in template_steps(t)), "with a step for its assignees only"
        )
        run = launch(org, template)
        task = task_of_step(org, run, next(step for step in template_steps(template) if fits(step)))
        other.assert_refused("POST", f"/runs/{run['id']}/completed-tasks", {"task_id": task["id"]})
        assert org.get(f"/tasks/{task['id']}")["status"] != COMPLETED_STATUS, (
            "a completion by a member who is no assignee must not complete the task"
        )
        assert (got := complete_task(org, run, task)["status"]) == COMPLETED_STATUS, (
            f"an administrator must be able to complete the task, but it is {show(got)}"
        )


@rule("tallyfy.completion.unknown-task", "tallyfy.reopening.only-completed", needs=("write",))
def test_an_unknown_task_is_not_completed(target: Target) -> None:
    """An unknown task, or one of another process, is neither completed nor reopened."""
    with target.open() as client:
        org = first_organization(client)
        first, second = launch(org), launch(org)
        task, done = open_tasks(org, second)[:2]
        complete_task(org, second, done)
        before = [org.get(f"/tasks/{id}") for id in (task["id"], done["id"])]
        for id in (UNKNOWN_ID, "no-such-task", task["id"], done["id"]):
            org.assert_refused("POST", f"/runs/{first['id']}/completed-tasks", {"task_id": id})
            org.assert_refused("DELETE", f"/runs/{first['id']}/completed-tasks/{id}")
        org.assert_refused("DELETE", f"/runs/{second['id']}/completed-tasks/{task['id']}")
        assert (got := [org.get(f"/tasks/{id}") for id in (task["id"], done["id"])]) == before, (
            f"refused requests must not change the tasks; they are now {show(got)}"
        )


@rule("tallyfy.completion.progress", "tallyfy.reopening.progress", needs=("write",))
def test_progress_follows_the_tasks(target: Target) -> None:
    """Each completion raises the progress by one; each reopening lowers it by one."""
    with target.open() as client:
        org = first_organization(client)
        run = launch(org)
        tasks = open_tasks(org, run)
        for number, task in enumerate(tasks):
            assert (got := read_run(org, run)["progress"]["complete"]) == number, (
                f"with {number} tasks completed, the progress must say so, not {show(got)}"
            )
            complete_task(org, run, task)
            assert (got := read_run(org, run)["progress"]["complete"]) == number + 1, (
                f"with {number + 1} tasks completed, the progress must say so, not {show(got)}"
            )
            org.call("DELETE", f"/runs/{run['id']}/completed-tasks/{task['id']}")
            assert (got := read_run(org, run)["progress"]["complete"]) == number, (
                f"after a task is reopened, the progress must say {number} completed tasks, not {show(got)}"
            )
            assert (got := complete_task(org, run, task)["status"]) == COMPLETED_STATUS, (
                f"a reopened task must be completed again, but it is {show(got)}"
            )


@rule("tallyfy.completion.completes-the-run", "tallyfy.completion.not-before-the-last", needs=("write",))
@given(data=st.data())
def test_the_last_task_completes_the_process(target: Target, data: st.DataObject) -> None:
    """A process completes with its last task, whatever the order, and not before."""
    with target.open() as client:
        org = first_organization(client)
        usable = [t for t in org.templates() if template_steps(t)]
        template = data.draw(st.sampled_from(usable), label="template")
        run = launch(org, template)
        submit_kickoff(org, run)
        tasks = data.draw(st.permutations(open_tasks(org, run)), label="order")
        for task in tasks:
            shown = read_run(org, run)
            assert (got := (shown["status"] == "complete", shown["completed_at"])) == (False, None), (
                f"a process with an open task must not be complete; complete and time are {show(got)}"
            )
            complete_task(org, run, task)
        shown = read_run(org, run)
        assert shown["status"] == "complete", (
            f"a process without open tasks must be complete, not {show(shown['status'])}"
        )
        assert shown["completed_at"] is not None, "a complete process must have a `completed_at`"
        assert shown["progress"]["complete"] == shown["progress"]["total"] == len(tasks), (
            f"a complete process must count all {len(tasks)} tasks, not {show(shown['progress'])}"
        )


@rule("tallyfy.reopening.reopened", "tallyfy.reopening.changed-by-rules", needs=("write",))
def test_a_task_is_reopened(target: Target) -> None:
    """A reopened task is in progress, without time, person and decision of a completion."""
    with target.open() as client:
        org = first_organization(client)
        run, task = _approval(org)
        for approved in (True, False):
            complete_task(org, run, task, is_approved=approved)
            response = org.send("DELETE", f"/runs/{run['id']}/completed-tasks/{task['id']}")
            assert response.status == 200, f"reopening a task must answer 200, not {show(response.status)}"
            answered = Organization.data_of(response)
            assert isinstance(answered["tasks_changed_by_rules"], dict), (
                f"`tasks_changed_by_rules` must be an object, not {show(answered['tasks_changed_by_rules'])}"
            )
            for shown in (answered, org.get(f"/tasks/{task['id']}")):
                assert (got := (shown["id"], shown["status"])) == (task["id"], "in-progress"), (
                    f"a reopened task must keep its id and be in progress; id and status are {show(got)}"
                )
                assert (actual := [shown[name] for name in ("completed_at", "completer_id", "is_approved")]) == [
                    None
                ] * 3, f"a reopened task must have no time, person and decision of a completion, not {show(actual)}"


@rule("tallyfy.issues.reported", "tallyfy.issues.resolved", "tallyfy.issues.task-is-held", needs=("write",))
def test_an_issue_holds_its_task(target: Target) -> None:
    """An open issue puts the process in status `problem` and keeps its task from being completed."""
    with target.open() as client:
        org = first_organization(client)
        run = launch(org)
        task = open_tasks(org, run)[0]
        for number in range(2):
            issue = org.call("POST", f"/tasks/{task['id']}/problem", {"content": f"Fault {number}"})
            assert issue["content"] == f"Fault {number}", (
                f"a reported issue must keep its content, not {show(issue['content'])}"
            )
            assert (got := read_run(org, run)["status"]) == "problem", (
                f"a process with an issue must be in status `problem`, not {show(got)}"
            )
            org.assert_refused("POST", f"/runs/{run['id']}/completed-tasks", {"task_id": task["id"]})
            assert org.get(f"/tasks/{task['id']}")["status"] != COMPLETED_STATUS, (
                "a task with an issue must not be completed"
            )
            org.call("POST", f"/tasks/{task['id']}/resolved-threads", {"thread_id": issue["id"], "content": "Done"})
            assert (got := read_run(org, run)["status"]) == "active", (
                f"a process whose issue is resolved must be active, not {show(got)}"
            )
        assert (got := complete_task(org, run, task)["status"]) == COMPLETED_STATUS, (
            f"a task whose issue is resolved must be completed, not {show(got)}"
        )


@rule("tallyfy.issues.all-must-be-resolved", needs=("write",))
def test_every_issue_is_resolved(target: Target) -> None:
    """A process with issues on two tasks stays in status `problem` until both are resolved."""
    with target.open() as client:
        org = first_organization(client)
        run = launch(org)
        issues = [
            (task, org.call("POST", f"/tasks/{task['id']}/problem", {"content": "Fault"}))
            for task in open_tasks(org, run)[:2]
        ]
        for number, (task, issue) in enumerate(issues):
            assert (got := read_run(org, run)["status"]) == "problem", (
                f"a process with {len(issues) - number} open issues must be in status `problem`, not {show(got)}"
            )
            org.call("POST", f"/tasks/{task['id']}/resolved-threads", {"thread_id": issue["id"]})
        assert (got := read_run(org, run)["status"]) == "active", (
            f"a process whose issues are all resolved must be active, not {show(got)}"
        )


@rule("tallyfy.issues.reopens", needs=("write",))
def test_an_issue_reopens_a_completed_task(target: Target) -> None:
    """An issue reopens its completed task and its complete process."""
    with target.open() as client:
        org = first_organization(client)
        run = launch(org)
        assert (got := complete_run(org, run)["status"]) == "complete", (
            f"a process whose tasks are all completed must be complete, not {show(got)}"
        )
        task = visible_tasks(run_tasks(org, run))[0]
        org.call("POST", f"/tasks/{task['id']}/problem", {"content": "Fault"})
        shown = org.get(f"/tasks/{task['id']}")
        assert shown["status"] != COMPLETED_STATUS, "a task with an issue must not be completed any more"
        assert shown["completed_at"] is None, (
            f"a task with an issue must have `completed_at: null`, not {show(shown['completed_at'])}"
        )
        assert (got := read_run(org, run)["status"]) == "problem", (
            f"a process with an issue must be in status `problem`, not {show(got)}"
        )


@rule("tallyfy.issues.process-is-held", needs=("write", "events"))
def test_an_issue_holds_the_process(target: Target) -> None:
    """An issue of the process sets its status and changes none of its tasks."""
    with target.open() as client:
        org = first_organization(client)
        run = launch(org)
        done, task = open_tasks(org, run)[:2]
        complete_task(org, run, done)
        assert (got := read_run(org, run)["has_open_issue"]) is False, (
            f"a process without an issue must have `has_open_issue: false`, not {show(got)}"
        )
        client.event("report-process-issue", run_id=run["id"], content="Wrong customer")
        shown = read_run(org, run)
        assert (got := (shown["status"], shown["has_open_issue"])) == ("issue", True), (
            f"a process with an issue must have status `issue` and `has_open_issue: true`, not {show(got)}"
        )
        before = run_tasks(org, run)
        org.assert_refused("POST", f"/runs/{run['id']}/completed-tasks", {"task_id": task["id"]})
        org.assert_refused("DELETE", f"/runs/{run['id']}/completed-tasks/{done['id']}")
        org.assert_refused("PUT", f"/runs/{run['id']}/tasks/{task['id']}", {"title": "Changed"})
        assert (got := run_tasks(org, run)) == before, (
            f"an issue of the process must not change its tasks; they are now {show(got)}"
        )
        client.event("resolve-process-issue", run_id=run["id"])
        assert (got := read_run(org, run)["status"]) == "active", (
            f"a process whose issue is resolved must be active, not {show(got)}"
        )
        assert (got := complete_task(org, run, task)["status"]) == COMPLETED_STATUS, (
            f"a task must be completed after the issue of its process is resolved, but it is {show(got)}"
        )


@rule("tallyfy.issues.unknown-thread", needs=("write",))
def test_an_unknown_issue_is_not_resolved(target: Target) -> None:
    """Resolving an unknown thread resolves no issue."""
    with target.open() as client:
        org = first_organization(client)
        run = launch(org)
        task = open_tasks(org, run)[0]
        org.call("POST", f"/tasks/{task['id']}/problem", {"content": "Fault"})
        org.assert_refused("POST", f"/tasks/{task['id']}/resolved-threads", {"thread_id": UNKNOWN_ID})
        assert (got := read_run(org, run)["status"]) == "problem", (
            f"resolving an unknown issue must leave the process in status `problem`, not {show(got)}"
        )


@rule("tallyfy.comments.of-a-bot", needs=("write",))
def test_a_bot_comments(target: Target) -> None:
    """Its comment is listed among the threads of the task."""
    with target.open() as client:
        org = first_organization(client)
        task = open_tasks(org, launch(org))[0]
        said = org.call("POST", f"/tasks/{task['id']}/bot-comment", {"content": "All done", "label": "advice"})
        got = said["content"], said.get("label", "advice")
        assert got == ("All done", "advice"), f"a comment must keep content and label, not be {show(got)}"
        threads = unwrap_items(org.get(f"/tasks/{task['id']}", with_="threads")["threads"])
        kept = [(thread["id"], thread["content"]) for thread in threads]
        assert kept == [(said["id"], "All done")], f"the task must have the new comment, not {show(kept)}"
        org.assert_missing("POST", f"/tasks/{UNKNOWN_ID}/bot-comment", {"content": "All done"})


@rule("tallyfy.comments.added", "tallyfy.comments.changes-no-status", needs=("write",))
@given(content=st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=80).filter(str.strip))
@example(content="0")
@example(content="Größe <b>")
def test_a_comment_is_added(target: Target, content: str) -> None:
    """A comment is listed among the threads of its task and changes neither task nor process."""
    with target.open() as client:
        org = first_organization(client)
        run = launch(org)
        task = open_tasks(org, run)[0]
        statuses = org.get(f"/tasks/{task['id']}")["status"], read_run(org, run)["status"]
        said = org.call("POST", f"/tasks/{task['id']}/comment", {"content": content})
        assert said["content"] == content, (
            f"a comment must keep its content {show(content)}, not {show(said['content'])}"
        )
        threads = unwrap_items(org.get(f"/tasks/{task['id']}", with_="threads")["threads"])
        assert (got := [(thread["id"], thread["content"]) for thread in threads]) == [(said["id"], content)], (
            f"the task must have the new comment as its only thread, not {show(got)}"
        )
        assert (actual := (org.get(f"/tasks/{task['id']}")["status"], read_run(org, run)["status"])) == statuses, (
            f"a comment must change the status of neither task nor process; they are {show(actual)}"
        )


@rule("tallyfy.comments.unknown-task", needs=("write",))
def test_an_unknown_task_takes_no_comment(target: Target) -> None:
    """A comment on an unknown task is refused."""
    with target.open() as client:
        org = first_organization(client)
        for id in (UNKNOWN_ID, "no-such-task"):
            org.assert_missing("POST", f"/tasks/{id}/comment", {"content": "Lost"})
            org.assert_missing("POST", f"/tasks/{id}/problem", {"content": "Lost"})


@rule("tallyfy.comments.hourly-limit", "tallyfy.comments.after-the-wait", needs=("write", "fresh", "advance"))
def test_comments_are_limited_by_the_hour(target: Target) -> None:
    """An hour has room for 120 comments; the next answers 429 until the wait is over."""
    with target.open() as client:
        org = first_organization(client)
        task = open_tasks(org, launch(org))[0]
        for number in range(120):
            response = _comment(org, task, f"Comment {number}")
            assert response.status < 300, (
                f"comment {number + 1} of 120 must be accepted, not answer {show(response.status)}"
            )
        response = _comment(org, task, "One too many")
        body = assert_envelope(client, response)
        assert (got := (response.status, code_of(body))) == (429, "RATE_LIMIT_EXCEEDED"), (
            f"the 121st comment of the hour must answer 429 RATE_LIMIT_EXCEEDED, not {show(got)}"
        )
        wait = int(response.header("retry-after") or 0)
        assert (actual := 1) <= wait <= 3600, f"the wait for comments must be 1 to 3600 seconds, not {show(actual)}"
        said = unwrap_items(org.get(f"/tasks/{task['id']}", with_="threads")["threads"])
        assert (actual := len(said)) == 120, f"the task must have 120 comments, not {show(actual)}"
        client.advance(wait)
        assert (actual := _comment(org, task, "After the wait").status) < 300, (
            f"a comment after the wait must be accepted, not answer {show(actual)}"
        )


@rule("tallyfy.comments.limit-per-organization", needs=("write", "fresh", "advance", "second-key", "other-tenant"))
def test_an_organization_shares_the_limit(target: Target) -> None:
    """The members of an organization share its limit of comments; other organizations have their own."""
    with target.open() as client:
        org, other = first_organization(client), first_organization(client, key=client.second_key)
        foreign = first_organization(client, key=client.other_tenant_key)
        if other.id != org.id:
            raise Skipped("the second token's first organization is another one")
        task = open_tasks(org, launch(org))[0]
        for number in range(120):
            assert (got := _comment(org, task, f"Comment {number}").status) < 300, (
                f"comment {number + 1} of 120 must be accepted, not answer {show(got)}"
            )
        assert (got := _comment(other, task, "By somebody else").status) == 429, (
            f"another member's comment must answer 429 after 120 comments of the organization, not {show(got)}"
        )
        elsewhere = foreign.list_all("/tasks")[0]
        assert (got := _comment(foreign, elsewhere, "Elsewhere").status) < 300, (
            f"another organization's comment must be accepted, not answer {show(got)}"
        )


def _comment(org: Organization, task: Json, content: str) -> Response:
    """Comment once; waits for a burst limit, but not for the limit of comments."""
    path, body = f"/organizations/{org.id}/tasks/{task['id']}/comment", {"content": content}
    for _ in range(3):
        response = org.client.without_retries().send("POST", path, json=body, key=org.key)
        if response.status != 429 or code_of(response.json()) == "RATE_LIMIT_EXCEEDED":
            break
        org.client.advance(int(response.header("retry-after") or 1))
    return response


def _approval(org: Organization) -> tuple[Json, Json]:
    """Launch a process with an approval; returns both."""
    template = template_where(
        org, lambda t: any(s["step_type"] == "approval" for s in template_steps(t)), "with an approval"
    )
    run = org.call("POST", "/runs", launch_body(template))
    task = next(task for task in visible_tasks(run_tasks(org, run)) if task["task_type"] == "approval")
    return run, task
