"""NextStep: the list of templates, publishing, and what a run takes from its template."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

from understudy_checks.client import Client, NotChecked
from understudy_checks.generic import probes
from understudy_checks.generic.probes import UNKNOWN, is_refused, refused
from understudy_checks.nextstep import driver
from understudy_checks.probes import observes

Json = Any


@contextmanager
def unpublished(client: Client) -> Iterator[Json]:
    """A template that was published and is not for the time of the block; as it was before."""
    template = next(driver.published_templates(client))
    driver.publish_template(client, template["id"], flag=False)
    try:
        yield template
    finally:
        if not driver.read_template(client, template["id"])["is_published"]:
            driver.publish_template(client, template["id"])


@contextmanager
def draft(client: Client) -> Iterator[str]:
    """The id of a template that is not published: one that is listed, else one that is unpublished for the block."""
    listed = next((template for template in driver.templates(client) if not template["is_published"]), None)
    if listed is not None:
        yield listed["id"]
        return
    with unpublished(client) as template:
        yield template["id"]


def owned_by_the_runner(client: Client) -> Json:
    """A template's task that belongs to the workflow runner: in an attributed run to that member, not by the template.

    Raises NotChecked when no such task is found.
    """
    member = driver.active_members(client)[0]
    for template in islice(_with_shared_tasks(client), driver.MAX_ATTEMPTS):
        run = driver.start_run(client, template["id"], actor_email=member.email)
        owners = {task["template_task_id"]: task["assignee"] for task in driver.run_tasks(client, run["id"])}
        for task in driver.template_tasks(client, template["id"]):
            if owners[task["id"]] == member.user_id != task.get("assignee"):
                return {**task, "template_id": template["id"]}
    raise NotChecked("no published template with a task of the workflow runner on this target")


@observes("nextstep.templates.order")
def order(client: Client) -> Json:
    """How the list of templates is ordered."""
    return probes.order(client, client.contract.operations["listProcessTemplates"], {})


@observes("nextstep.templates.drafts-listed")
def drafts_listed(client: Client) -> Json:
    """Whether an unpublished template is in the list."""
    with draft(client) as id:
        return any(template["id"] == id for template in driver.templates(client))


@observes("nextstep.templates.workflow-runner", needs=("write", "members"))
def workflow_runner(client: Client) -> Json:
    """The assignee of a template's task that goes to whoever starts the run."""
    return owned_by_the_runner(client).get("assignee")


@observes("nextstep.templates.publish-success", needs=("write",))
def publish_success(client: Client) -> Json:
    """The status when a template is published that was not."""
    with unpublished(client) as template:
        return client.call("publishProcessTemplate", {"id": template["id"]}, json={"published": True}).status


@observes("nextstep.templates.publish-without-flag", needs=("write",))
def publish_without_flag(client: Client) -> Json:
    """What an empty object means for a template that is not published."""
    with unpublished(client) as template:
        if is_refused(client.call("publishProcessTemplate", {"id": template["id"]}, json={})):
            return "reject"
        return "publish" if driver.read_template(client, template["id"])["is_published"] else "unpublish"


@observes("nextstep.templates.version-step", needs=("write",))
def version_step(client: Client) -> Json:
    """By how much the version grows when a template is unpublished and published again."""
    with unpublished(client) as template:
        pass
    return driver.read_template(client, template["id"])["version"] - template["version"]


@observes("nextstep.templates.republish", needs=("write",))
def republish(client: Client) -> Json:
    """What publishing a published template changes."""
    before = driver.read_template(client, next(driver.published_templates(client))["id"])
    if is_refused(client.call("publishProcessTemplate", {"id": before["id"]}, json={"published": True})):
        return "reject"
    after = driver.read_template(client, before["id"])
    return "unchanged" if after == before else sorted(name for name in after if after[name] != before.get(name))


@observes("nextstep.templates.edits-go-live", needs=("write", "events"))
def edits_go_live(client: Client) -> Json:
    """Whether a run shows an edit that was made to its published template and not published."""
    template = next(driver.published_templates(client))
    client.event("edit-template", template_id=template["id"], tasks=[{"title": UNKNOWN}])
    run = driver.start_run(client, template["id"])
    titles = [task["title"] for task in driver.run_tasks(client, run["id"])]
    return "at-once" if titles == [UNKNOWN] else "on-publish"


@observes("nextstep.runs.unpublished-template", needs=("write",))
def unpublished_template(client: Client) -> Json:
    """What a run of an unpublished template gets."""
    with draft(client) as id:
        return refused(client.call("createProcessRun", json={"template_id": id}))


@observes("nextstep.runs.unknown-template", needs=("write",))
def unknown_template(client: Client) -> Json:
    """What a run gets of a template that there is not."""
    return refused(client.call("createProcessRun", json={"template_id": UNKNOWN}))


def _with_shared_tasks(client: Client) -> Iterator[Json]:
    """The published templates with a task whose assignee is no known member."""
    people = {member.user_id for member in client.members}
    for template in driver.published_templates(client):
        if any(task.get("assignee") not in people for task in driver.template_tasks(client, template["id"])):
            yield template
