"""Tallyfy: updating, completing and commenting on tasks.

A probe deletes each process that it launches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from understudy.document.model import Quota
from understudy.engine.exchange import Response
from understudy_checks.client import Client
from understudy_checks.generic import probes
from understudy_checks.measurements import by_status, measure_bound, skip
from understudy_checks.probes import probe
from understudy_checks.tallyfy.driver import (
    HIDDEN_STATUS,
    Organization,
    complete_task,
    first_organization,
    launch_with_field,
    open_tasks,
    run_tasks,
    task_of_step,
    template_steps,
    template_where,
)
from understudy_checks.tallyfy.probes.access import NOBODY, discard, first, member, process, refusal, the

Json = Any
Answer = Callable[[Json], Response]

GUEST = "guest@company.example"
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@probe("tallyfy.fields.text-length", needs=("write",))
def text_length(client: Client) -> Json:
    """Return the maximum length of an answer to a text field."""
    return _longest(client, "text")


@probe("tallyfy.fields.textarea-length", needs=("write",))
def textarea_length(client: Client) -> Json:
    """Return the maximum length of an answer to a textarea."""
    return _longest(client, "textarea")


@probe("tallyfy.fields.email-checked", needs=("write",))
def email_checked(client: Client) -> Json:
    """Return whether an email field refuses text that is no address."""
    with field(client, "email") as answer:
        return by_status(answer("no address"), False, True)


@probe("tallyfy.task-update.completed-task", needs=("write",))
def update_of_a_completed_task(client: Client) -> Json:
    """Return the answer to updating a completed task."""
    with own_task(client) as (org, run, task):
        complete_task(org, run, task)
        return refusal(change(org, task, title="Another title"))


@probe("tallyfy.task-update.missing-bucket", needs=("write",))
def missing_bucket(client: Client) -> Json:
    """Return whether a missing list of owners is cleared or kept."""
    with own_task(client) as (org, _, task):
        org.data_of(change(org, task, owners={"users": [], "guests": [GUEST], "groups": []}))
        owners = org.data_of(change(org, task, owners={"users": []}))["owners"]
        return "kept" if owners["guests"] else "emptied"


@probe("tallyfy.task-update.unknown-owner", needs=("write",))
def unknown_owner(client: Client) -> Json:
    """Return whether an owner from outside the organization is refused or dropped."""
    with own_task(client) as (org, _, task):
        return by_status(change(org, task, owners={"users": [NOBODY]}), "ignore", "reject")


@probe("tallyfy.task-update.working-days", needs=("write",))
def working_days(client: Client) -> Json:
    """Return in which direction a deadline on a day off is moved."""
    days = (datetime(2031, 1, 6, 12, tzinfo=UTC) + timedelta(days=n) for n in range(7))
    with own_task(client) as (org, _, task):
        working = org.get("").get("working_days") or {}
        off = (day for day in days if not working.get(WEEK[day.weekday()], True))
        wanted = next(off, None) or skip("the organization has no day off")
        text = org.data_of(change(org, task, deadline=f"{wanted:%Y-%m-%dT%H:%M:%SZ}"))["deadline"]
    moved = datetime.fromisoformat(text).astimezone(UTC)
    return "next" if moved > wanted else "previous" if moved < wanted else "kept"


@probe("tallyfy.task-update.first-answer", needs=("write",))
def first_answer(client: Client) -> Json:
    """Return the status of a task after its first answer."""
    with field(client, "text") as answer:
        status = Organization.data_of(answer("An answer"))["status"]
        return {"active": "not-started"}.get(status, status)


@probe("tallyfy.task-update.status", needs=("write",))
def status_of_an_update(client: Client) -> Json:
    """Return whether a `status` in an update is ignored or refused."""
    with own_task(client) as (org, _, task):
        return by_status(change(org, task, status="in-progress"), "ignore", "reject")


@probe("tallyfy.completion.already-completed", needs=("write",))
def already_completed(client: Client) -> Json:
    """Return the answer to completing a completed task."""
    with own_task(client) as (org, run, task):
        complete_task(org, run, task)
        return refusal(completion(org, task))


@probe("tallyfy.completion.not-an-assignee", needs=("write", "second-key"))
def not_an_assignee(client: Client) -> Json:
    """Return the answer to a completion by a member who is not allowed to complete the task."""
    org, other = (member(client, administrator=holds) for holds in (True, False))
    people = {org.get("/me")["id"], other.get("/me")["id"]}

    def closed(template: Json) -> list[Json]:
        return [
            s
            for s in template_steps(template)
            if s.get("can_complete_only_assignees") and not people & set(s["assignees"])
        ]

    template = template_where(org, closed, "with a step for its assignees only")
    with process(org, template) as run:
        return refusal(completion(other, task_of_step(org, run, closed(template)[0])))


@probe("tallyfy.completion.hidden-task", needs=("write",))
def hidden_task(client: Client) -> Json:
    """Return the answer to completing a hidden task."""
    org = first_organization(client)
    template = template_where(
        org, lambda t: any(s.get("starts_hidden") for s in template_steps(t)), "with a hidden step"
    )
    with process(org, template) as run:
        hidden = (task for task in run_tasks(org, run) if task["status"] == HIDDEN_STATUS)
        return refusal(completion(org, next(hidden, None) or skip("no task of a new process is hidden")))


@probe("tallyfy.completion.unresolved-issue", needs=("write",))
def unresolved_issue(client: Client) -> Json:
    """Return the answer to completing a task with an open issue."""
    with own_task(client) as (org, _, task):
        org.call("POST", f"/tasks/{task['id']}/problem", {"content": "Something is wrong."})
        return refusal(completion(org, task))


@probe("tallyfy.completion.unknown-completer", needs=("write",))
def unknown_completer(client: Client) -> Json:
    """Return whether a completion for a person from outside the organization is refused."""
    with own_task(client) as (org, _, task):
        return by_status(completion(org, task, override_user=NOBODY), "ignore", "reject")


@probe("tallyfy.reopening.not-completed", needs=("write",))
def not_completed(client: Client) -> Json:
    """Return the answer to reopening a task that is not completed."""
    with own_task(client) as (org, run, task):
        return refusal(org.send("DELETE", f"/runs/{run['id']}/completed-tasks/{task['id']}"))


@probe("tallyfy.comments.success", needs=("write",))
def comment_success(client: Client) -> Json:
    """Return the status of a new comment."""
    with own_task(client) as (org, _, task):
        return comment(org, task).status


@probe("tallyfy.comments.window", needs=("write", "fresh", "advance"))
def comments_window(client: Client) -> Json:
    """Return when the hour of the limit of comments starts."""
    limit = the(client, "addComment").rate_limit
    quota = limit.quota if limit and isinstance(limit.quota, Quota) else skip("the document limits no comments")
    with own_task(client) as (_, _, task):
        without_retries = first_organization(client.without_retries())
        return probes.window_of(client, lambda: comment(without_retries, task), quota)


@probe("tallyfy.comments.bot", needs=("write",))
def bot(client: Client) -> Json:
    """Return whom the comment of a bot is of."""
    with own_task(client) as (org, _, task):
        return org.call("POST", f"/tasks/{task['id']}/bot-comment", {"content": "A comment"}).get("author_type")


@probe("tallyfy.comments.problem-label", needs=("write",))
def problem_label(client: Client) -> Json:
    """Return whether a comment with the label `problem` reports an issue."""
    with own_task(client) as (org, _, task):
        org.data_of(comment(org, task, label="problem"))
        return "issue" if org.get(f"/tasks/{task['id']}")["problem"] else "comment"


@probe("tallyfy.issues.without-thread", needs=("write",))
def issues_without_thread(client: Client) -> Json:
    """Return whether resolving without a thread resolves all issues of the task or none."""
    with own_task(client) as (org, _, task):
        org.call("POST", f"/tasks/{task['id']}/problem", {"content": "Something is wrong."})
        return by_status(org.send("POST", f"/tasks/{task['id']}/resolved-threads", json={}), "all", "reject")


@probe("tallyfy.issues.held-process", needs=("write",))
def held_process(client: Client) -> Json:
    """Return the answer to a change that an open issue of the process forbids."""
    org = first_organization(client)
    run = first(org, "/runs", status="issue")
    task = next(iter(open_tasks(org, run)), None) or skip("no process with an issue has an open task")
    return refusal(change(org, task, title=task["title"]))


@contextmanager
def own_task(client: Client) -> Iterator[tuple[Organization, Json, Json]]:
    """Launch a process for the block; yields the organization, the process and its first task."""
    org = first_organization(client)
    with process(org) as run:
        yield org, run, open_tasks(org, run)[0]


@contextmanager
def field(client: Client, kind: str) -> Iterator[Answer]:
    """Launch a process; yields a function that answers a form field of type `kind`."""
    org = first_organization(client)
    run, task, asked = launch_with_field(org, kind)
    try:
        yield lambda value: change(org, task, taskdata={asked["id"]: value})
    finally:
        discard(org, run)


def change(org: Organization, task: Json, **body: Json) -> Response:
    """Request an update of a task."""
    return org.send("PUT", f"/runs/{task['run_id']}/tasks/{task['id']}", json=body)


def completion(org: Organization, task: Json, **body: Json) -> Response:
    """Request the completion of a task."""
    return org.send("POST", f"/runs/{task['run_id']}/completed-tasks", json={"task_id": task["id"], **body})


def comment(org: Organization, task: Json, **body: Json) -> Response:
    """Comment on a task."""
    return org.send("POST", f"/tasks/{task['id']}/comment", json={"content": "A comment", **body})


def _longest(client: Client, kind: str) -> Json:
    assumption = client.contract.assumptions[f"tallyfy.fields.{kind}-length"]
    with field(client, kind) as answer:
        known = (assumption.default, *assumption.alternatives)
        return measure_bound(known, lambda length: not probes.is_refused(answer("x" * length)))


@probe("tallyfy.one-off.separate", needs=("write",))
def separate_tasks(client: Client) -> Json:
    """Return whether the answer to several new tasks shows the first or all of them."""
    org = first_organization(client)
    owners = {"users": [], "guests": ["probed@guest.example"], "groups": []}
    body = {"title": "Probed", "task_type": "task", "owners": owners, "deadline": "2031-01-06T09:00:00Z"}
    made = org.call("POST", "/tasks", {**body, "separate_task_for_each_assignee": True})
    for task in made if isinstance(made, list) else [made]:
        org.send("DELETE", f"/tasks/{task['id']}/delete")
    return "all" if isinstance(made, list) else "first"
