"""Templates and their tasks: members, order, and the answer to an unknown id."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from understudy_checks.nextstep.driver import (
    published_templates,
    read_template,
    require,
    runs,
    template_tasks,
    templates,
    unpublished,
)
from understudy_checks.pagination import assert_no_repetition, ids, pages, unknown_ids
from understudy_checks.refusals import assert_problem, message_of
from understudy_checks.rules import rule
from understudy_checks.target.target import Target
from understudy_checks.wording import show

FIELDS = ("id", "title", "description", "is_published", "version", "sections", "created_at", "updated_at")
LISTED = ("cover_image", "icon", "icon_type", "visibility")
SECTION = ("id", "title", "order", "color")
IDS = st.text(st.characters(min_codepoint=48, max_codepoint=122, categories=("L", "N")), min_size=9, max_size=30)
MESSAGE = "Process template not found"


@rule("nextstep.templates.fields")
def test_a_template_has_its_fields(target: Target) -> None:
    """A template has its documented members, four more in the list; its sections have theirs."""
    with target.open() as client:
        listed = templates(client)
        for template in listed:
            assert not {*FIELDS, *LISTED} - template.keys(), (
                f"template {template['id']} must be listed with all its members"
            )
        for template in [*listed[:10], *(read_template(client, entry["id"]) for entry in listed[:10])]:
            assert not set(FIELDS) - template.keys(), (
                f"template {template['id']} must have the members {', '.join(FIELDS)}"
            )
            for section in template["sections"]:
                assert not set(SECTION) - section.keys(), (
                    f"a section must have the members {', '.join(SECTION)}: {show(section)}"
                )


@rule("nextstep.templates.unknown-template")
@given(id=IDS)
@example(id="x")
@example(id="publish")
def test_an_unknown_template_is_not_found(target: Target, id: str) -> None:
    """Every path below an unknown template id answers 404 with the documented message."""
    with target.open() as client:
        known = require(ids(templates(client)), "template")
        for other in unknown_ids(known, id):
            calls: list[tuple[str, dict[str, Any]]] = [("getProcessTemplate", {}), ("listTemplateTasks", {})]
            if "write" in client.world.capabilities:
                calls += [("publishProcessTemplate", {"json": {"published": flag}}) for flag in (True, False)]
            for operation, options in calls:
                body = assert_problem(client, client.call(operation, {"id": other}, **options), "template-not-found")
                assert message_of(body) == MESSAGE, f"the message must be {show(MESSAGE)}, as documented: {show(body)}"


@rule("nextstep.templates.published-are-listed")
def test_published_templates_are_listed(target: Target) -> None:
    """A published template that has runs is listed."""
    with target.open() as client:
        listed = ids(templates(client))
        assert len(set(listed)) == len(listed), "the list must hold each template once"
        for id in sorted({run["template_id"] for run in runs(client)})[:60]:
            response = client.call("getProcessTemplate", {"id": id})
            is_published = response.status < 300 and response.json()["data"]["is_published"]
            assert id in listed or not is_published, f"template {id} is published and must be listed"


@rule("nextstep.templates.published-are-listed", needs=("write",))
def test_a_template_published_again_is_listed(target: Target) -> None:
    """A template that is published again is listed with all others."""
    with target.open() as client:
        before = {template["id"] for template in published_templates(client)}
        for id in sorted(before)[:3]:
            with unpublished(client, id):
                pass
            assert (got := {template["id"] for template in published_templates(client)}) == before, (
                f"a template that is published again must be listed with all others; listed: {show(got)}"
            )


@rule("nextstep.templates.tasks-by-position")
@given(limit=st.integers(1, 10))
@example(limit=1)
@example(limit=3)
def test_template_tasks_are_listed_by_position(target: Target, limit: int) -> None:
    """Template tasks that show an `order` are sorted by it, across pages."""
    with target.open() as client:
        listing = client.contract.operations["listTemplateTasks"]
        for template in templates(client)[:10]:
            whole = template_tasks(client, template["id"])
            size = max(limit, len(whole) // 20)
            walked = [
                task
                for page in pages(client, listing, {"id": template["id"]}, limits=iter([size] * 1000))
                for task in page.items
            ]
            assert_no_repetition(client, walked)
            for tasks in (whole, walked):
                shown = [task["order"] for task in tasks if "order" in task]
                assert all(before < after for before, after in pairwise(shown)), (
                    f"the tasks of template {template['id']} must be sorted by `order`, not {show(shown)}"
                )


@rule("nextstep.templates.task-elements")
def test_template_tasks_have_elements(target: Target) -> None:
    """A template task has an id, and its elements have different ids."""
    with target.open() as client:
        for template in templates(client)[:20]:
            tasks = template_tasks(client, template["id"])
            assert len(set(ids(tasks))) == len(tasks), f"the tasks of template {template['id']} must have different ids"
            for task in tasks:
                assert len({*ids(task["custom_elements"])}) == len(task["custom_elements"]), (
                    f"the elements of task {task['id']} must have different ids"
                )
