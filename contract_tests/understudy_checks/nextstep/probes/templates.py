"""NextStep: the list of templates, publishing, and what a run copies from its template."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

from understudy_checks.client import Client, Skipped
from understudy_checks.generic.probes import UNKNOWN, is_refused, status_and_code
from understudy_checks.nextstep import driver
from understudy_checks.probes import probe

Json = Any


@contextmanager
def unpublished(client: Client) -> Iterator[Json]:
    """Keep a published template unpublished for the duration of the block; yields it as it was."""
    template = next(driver.published_templates(client))
    driver.publish_template(client, template["id"], flag=False)
    try:
        yield template
    finally:
        if not driver.read_template(client, template["id"])["is_published"]:
            driver.publish_template(client, template["id"])


@contextmanager
def draft(client: Client) -> Iterator[str]:
    """Yield the id of an unpublished template: a listed one, else one unpublished for the duration of the block."""
    listed = next((template for template in driver.templates(client) if not template["is_published"]), None)
    if listed is not None:
        yield listed["id"]
        return
    with unpublished(client) as template:
        yield template["id"]


def owned_by_the_runner(client: Client) -> Json:
    """Return a template task that is assigned to the workflow runner.

    Its assignee is the actor in a run with an actor, and another in its template. Raises Skipped when there is none.
    """
    member = driver.active_members(client)[0]
    for template in islice(_with_shared_tasks(client), driver.MAX_ATTEMPTS):
        run = driver.start_run(client, template["id"], actor_email=member.email)
        owners = {task["template_task_id"]: task["assignee"] for task in driver.run_tasks(client, run["id"])}
        for task in driver.template_tasks(client, template["id"]):
            if owners[task["id"]] == member.user_id != task.get("assignee"):
                return {**task, "template_id": template["id"]}
    raise Skipped("no published template with a task of the workflow runner on this target")


@probe("nextstep.templates.drafts-listed")
def drafts_listed(client: Client) -> Json:
    """Return whether the list shows unpublished templates."""
    with draft(client) as id:
        return any(template["id"] == id for template in driver.templates(client))


@probe("nextstep.templates.workflow-runner", needs=("write", "members"))
def workflow_runner(client: Client) -> Json:
    """Return the assignee of a template task that belongs to the workflow runner."""
    return owned_by_the_runner(client).get("assignee")


@probe("nextstep.templates.publish-success", needs=("write",))
def publish_success(client: Client) -> Json:
    """Return the status of publishing an unpublished template."""
    with unpublished(client) as template:
        return client.call("publishProcessTemplate", {"id": template["id"]}, json={"published": True}).status


@probe("nextstep.templates.publish-without-flag", needs=("write",))
def publish_without_flag(client: Client) -> Json:
    """Return the effect of publishing an unpublished template with an empty object."""
    with unpublished(client) as template:
        if is_refused(client.call("publishProcessTemplate", {"id": template["id"]}, json={})):
            return "reject"
        return "publish" if driver.read_template(client, template["id"])["is_published"] else "unpublish"


@probe("nextstep.templates.version-step", needs=("write",))
def version_step(client: Client) -> Json:
    """Return by how much the version grows when a template is unpublished and published again."""
    with unpublished(client) as template:
        pass
    return driver.read_template(client, template["id"])["version"] - template["version"]


@probe("nextstep.templates.republish", needs=("write",))
def republish(client: Client) -> Json:
    """Return what publishing a published template changes."""
    before = driver.read_template(client, next(driver.published_templates(client))["id"])
    if is_refused(client.call("publishProcessTemplate", {"id": before["id"]}, json={"published": True})):
        return "reject"
    after = driver.read_template(client, before["id"])
    return "unchanged" if after == before else sorted(name for name in after if after[name] != before.get(name))


@probe("nextstep.templates.edits-go-live", needs=("write", "events"))
def edits_go_live(client: Client) -> Json:
    """Return whether a run has an edit of its published template that was not published."""
    template = next(driver.published_templates(client))
    client.event("edit-template", template_id=template["id"], tasks=[{"title": UNKNOWN}])
    run = driver.start_run(client, template["id"])
    titles = [task["title"] for task in driver.run_tasks(client, run["id"])]
    return "at-once" if titles == [UNKNOWN] else "on-publish"


@probe("nextstep.runs.unpublished-template", needs=("write",))
def unpublished_template(client: Client) -> Json:
    """Return the answer to starting a run of an unpublished template."""
    with draft(client) as id:
        return status_and_code(client.call("createProcessRun", json={"template_id": id}))


@probe("nextstep.runs.unknown-template", needs=("write",))
def unknown_template(client: Client) -> Json:
    """Return the answer to starting a run of an unknown template."""
    return status_and_code(client.call("createProcessRun", json={"template_id": UNKNOWN}))


def _with_shared_tasks(client: Client) -> Iterator[Json]:
    """Return the published templates with a task whose assignee is no known member."""
    people = {member.user_id for member in client.members}
    for template in driver.published_templates(client):
        if any(task.get("assignee") not in people for task in driver.template_tasks(client, template["id"])):
            yield template
