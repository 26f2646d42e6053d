"""Mutants of NextStep's templates: members, lists, publishing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from understudy.engine.call import Call, Handler, Reply
from understudy.engine.store import encode
from understudy_checks.mutation import Breakage, Table
from understudy_checks.mutation.operators import (
    Event,
    accept_when,
    ask,
    at_event,
    chain,
    complete_id,
    drop_members,
    listing,
    map_item,
    map_list,
    map_page,
    on_refusal,
    on_request,
    on_success,
    patch_document,
    put,
    records,
    reject_when,
    replace_handler,
    set_body,
    set_members,
    swap_error,
)

LIST = "listProcessTemplates"
GET = "getProcessTemplate"
TASKS = "listTemplateTasks"
PUBLISH = "publishProcessTemplate"
BY_ID = (GET, TASKS, PUBLISH)
START = "createProcessRun"
ANY_TYPE = patch_document("/components/schemas/PublishTemplate/properties/published", {})


def ignores_publishing(published: bool) -> Breakage:
    """Answer publishing or unpublishing with the unchanged template."""

    def publish(handler: Handler, call: Call) -> Reply:
        if asked(call) is not published:
            return handler(call)
        return Reply(encode({"data": ask(call, GET, call.arguments)}))

    return replace_handler(PUBLISH, publish)


def starts_from_edition(number: int) -> Breakage:
    """Start runs from another edition of their template, by its index in order of creation."""

    def turn(call: Call) -> None:
        id = call.body["template_id"]
        editions = [record["id"] for record in records(call, "editions") if record["id"].startswith(f"{id}.")]
        if editions:
            put(call, "definitions", id, live=editions[number if -number <= len(editions) else 0])

    return on_request(START, turn)


def on_publishing(published: bool, act: Callable[[Call, Any], object]) -> Breakage:
    """Run `act(call, run)` for each active run of a template that is published or unpublished."""

    def each(call: Call, template: Any) -> None:
        if template["is_published"] is published:
            for run in records(call, "runs", template_id=template["id"], status="active"):
                act(call, run)

    return on_success(PUBLISH, each)


def asked(call: Call) -> Any:
    """Return `published` of the body; None without it."""
    return (call.body or {}).get("published")


def is_no_flag(call: Call) -> bool:
    """Return whether `published` is neither true nor false nor missing."""
    return not isinstance(asked(call), bool | None)


def was_published_here(call: Call, id: str) -> bool:
    """Return whether a template was published or unpublished through the API."""
    template = call.store["templates"].get(id)
    return template is not None and template["updated_at"] > "2030"


def _show_as_asked(call: Call, template: Any) -> Any:
    return template if asked(call) is None else {**template, "is_published": asked(call)}


def _keep_old_elements(event: Event, call: Call) -> Any:
    known = {task["id"]: task["custom_elements"] for edition in call.store["editions"] for task in edition["tasks"]}
    for task in call.body.get("tasks", ()):
        task["custom_elements"] = known.get(task.get("id"), task.get("custom_elements", ()))
    return event(call)


def _keep_old_title(event: Event, call: Call) -> Any:
    call.body.pop("title", None)
    return event(call)


def _touch_runs(call: Call, template: Any) -> None:
    for run in records(call, "runs", template_id=template["id"]):
        put(call, "runs", run["id"], updated_at=template["updated_at"])


def _reopen_tasks(call: Call, run: Any) -> None:
    for task in records(call, "tasks", instance_id=run["id"]):
        put(call, "tasks", task["id"], completed=False, completed_at=None, completed_by=None)


def _template_is_unpublished(call: Call) -> bool:
    run = call.store["runs"].get(call.arguments["id"])
    template = call.store["templates"].get(run["template_id"]) if run else None
    return template is not None and not template["is_published"]


MUTANTS: Table = {
    "templates.fields": {
        "The list of templates leaves out cover image and icon.": drop_members(
            LIST, "cover_image", "icon", "icon_type"
        ),
        "The list of templates shows the visibility of published ones only.": drop_members(
            LIST, "visibility", when=lambda template: not template["is_published"]
        ),
        "A template that is read by its id does not show its version.": drop_members(GET, "version"),
        "Sections without a color do not show that member.": set_members(
            GET,
            sections=lambda template: [
                {name: value for name, value in section.items() if value is not None}
                for section in template["sections"]
            ],
        ),
    },
    "templates.unknown-template": {
        "The task list of an unknown template is empty.": accept_when(
            TASKS, "template-not-found", lambda call: Reply(listing([]))
        ),
        "An unknown template id is answered as a value that is not allowed.": swap_error(
            BY_ID, "template-not-found", "invalid"
        ),
        "An unknown template is answered with another message than the documented one.": swap_error(
            GET, "template-not-found", "template-not-found", "Not found"
        ),
        "Publishing an unknown template is answered with the message for runs.": swap_error(
            PUBLISH, "template-not-found", "run-not-found"
        ),
        "A template is found by the beginning of its id.": complete_id(BY_ID, "templates"),
    },
    "templates.published-are-listed": {
        "A template that was published through the API is not listed.": map_page(
            LIST, lambda call, templates: [known for known in templates if known["updated_at"] < "2030"]
        ),
        "A template with runs is not listed.": map_page(
            LIST,
            lambda call, templates: [
                known for known in templates if not any(records(call, "runs", template_id=known["id"]))
            ],
        ),
        "The list ends after forty templates.": map_page(
            LIST,
            lambda call, templates: [known for known in templates if known in list(records(call, "templates"))[-40:]],
        ),
    },
    "templates.tasks-by-position": {
        "A template's tasks are listed in the order of their titles.": map_list(
            TASKS, lambda call, tasks: sorted(tasks, key=lambda task: task["title"])
        ),
        "A template's tasks are listed from the last to the first.": map_list(TASKS, lambda call, tasks: tasks[::-1]),
        "The order of a template's tasks starts again on every page.": map_page(
            TASKS, lambda call, tasks: [{**task, "order": order} for order, task in enumerate(tasks)]
        ),
    },
    "templates.task-elements": {
        "All elements of a template's task show the id of the first one.": set_members(
            TASKS,
            custom_elements=lambda task: [
                {**element, "id": task["custom_elements"][0]["id"]} for element in task["custom_elements"]
            ],
        ),
        "A template's task without elements lacks that member.": drop_members(
            TASKS, "custom_elements", when=lambda task: not task["custom_elements"]
        ),
        "The elements of a template's task are shown by their labels only.": set_members(
            TASKS, custom_elements=lambda task: [{"label": element["label"]} for element in task["custom_elements"]]
        ),
    },
    "publishing.unpublish": {
        "Unpublishing is answered as a success and does nothing.": ignores_publishing(False),
        "Unpublishing answers a template that is not published, and leaves it published.": chain(
            ignores_publishing(False), map_item(PUBLISH, _show_as_asked)
        ),
        "The list goes on showing an unpublished template as published.": set_members(LIST, is_published=True),
        "`published` false counts as not given, and so publishes.": set_body(
            PUBLISH, published=True, when=lambda call: asked(call) is False
        ),
    },
    "publishing.publish-again": {
        "Publishing is answered as a success and does nothing.": ignores_publishing(True),
        "Publishing answers a published template, and leaves it unpublished.": chain(
            ignores_publishing(True), map_item(PUBLISH, _show_as_asked)
        ),
        "No run is started of a template that was unpublished once, though it is published again.": reject_when(
            START, lambda call: was_published_here(call, call.body["template_id"]), "template-not-published"
        ),
        "A template can be published once, and not a second time.": reject_when(
            PUBLISH, lambda call: asked(call) and was_published_here(call, call.arguments["id"])
        ),
    },
    "publishing.edits-reach-new-runs": {
        "New runs start from the tasks that the template had when it was made.": starts_from_edition(0),
        "New runs start from the tasks that the template had before the last edit.": starts_from_edition(-2),
        "An edit reaches new runs with its tasks, but their elements stay as they were.": at_event(
            "edit-template", _keep_old_elements
        ),
        "An edit reaches new runs with its tasks, but under the old title.": at_event("edit-template", _keep_old_title),
    },
    "publishing.runs-are-unaffected": {
        "Unpublishing a template completes its active runs.": on_publishing(
            False,
            lambda call, run: put(call, "runs", run["id"], status="completed", completed_at=run["created_at"]),
        ),
        "Unpublishing a template sets the `updated_at` of its runs.": on_success(PUBLISH, _touch_runs),
        "Publishing a template opens all tasks of its active runs again.": on_publishing(True, _reopen_tasks),
        "A run is unknown while its template is unpublished.": reject_when(
            "getProcessRun", _template_is_unpublished, "run-not-found"
        ),
    },
    "publishing.wrong-type": {
        "Anything but false as `published` publishes.": chain(
            ANY_TYPE,
            set_body(
                PUBLISH, published=lambda call: asked(call) is not False, when=lambda call: asked(call) is not None
            ),
        ),
        "An empty object or array as `published` is false, any other is true.": chain(
            ANY_TYPE,
            set_body(PUBLISH, published=lambda call: bool(asked(call)), when=lambda call: asked(call) is not None),
        ),
        "An object as `published` is refused, and unpublishes the template all the same.": chain(
            ANY_TYPE,
            reject_when(PUBLISH, is_no_flag),
            on_refusal(PUBLISH, lambda call: put(call, "templates", call.arguments["id"], is_published=False)),
        ),
        "An object as `published` is answered 404.": chain(
            ANY_TYPE, reject_when(PUBLISH, is_no_flag, "template-not-found")
        ),
    },
}
