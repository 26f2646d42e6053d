"""NextStep with templates that are wrong: what they show, where they are listed, what publishing does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from msgspec import structs

from contract_tests.mutants import handled, mutant
from contract_tests.mutants.changes import (
    after,
    again,
    answered,
    before,
    lacking,
    listed,
    members,
    mistaken,
    put,
    records,
    refused,
    respecified,
    showing,
)
from mock_server.api import Api, Call, Problem, Reply
from mock_server.store import encode

PUBLISHED = "/components/schemas/PublishTemplate/properties/published"
ROUTES = ("getProcessTemplate", "listTemplateTasks", "publishProcessTemplate")


@mutant("nextstep.templates.fields")
def listed_templates_have_no_icon(api: Api) -> Api:
    """The list of templates leaves out cover image and icon."""
    return showing(api, lacking("cover_image", "icon", "icon_type"), "listProcessTemplates")


@mutant("nextstep.templates.fields")
def drafts_are_seen_by_nobody(api: Api) -> Api:
    """The list of templates shows the visibility of published ones only."""
    hide = lacking("visibility")
    return showing(api, lambda call, item: item if item["is_published"] else hide(call, item), "listProcessTemplates")


@mutant("nextstep.templates.fields")
def a_single_template_has_no_version(api: Api) -> Api:
    """A template that is read by its id does not show its version."""
    return showing(api, lacking("version"), "getProcessTemplate")


@mutant("nextstep.templates.fields")
def sections_have_no_color(api: Api) -> Api:
    """Sections without a color do not show that member."""

    def bleach(call: Call, item: Any) -> Any:
        return {**item, "sections": [{k: v for k, v in s.items() if v is not None} for s in item["sections"]]}

    return showing(api, bleach, "getProcessTemplate")


@mutant("nextstep.templates.unknown-template")
def an_unknown_template_has_no_tasks(api: Api) -> Api:
    """The task list of an unknown template is empty."""

    def list_tasks(call: Call) -> Reply:
        if call.store["templates"].row(call.arguments["id"]) is None:
            return Reply(listed([]))
        return api.handlers["listTemplateTasks"](call)

    return handled(api, listTemplateTasks=list_tasks)


@mutant("nextstep.templates.unknown-template")
def an_unknown_template_is_invalid(api: Api) -> Api:
    """An unknown template id is answered as a value that is not allowed."""
    return mistaken(api, "template-not-found", "invalid", *ROUTES)


@mutant("nextstep.templates.unknown-template")
def an_unknown_template_is_just_not_found(api: Api) -> Api:
    """An unknown template is answered with another message than the documented one."""
    return mistaken(api, "template-not-found", "template-not-found", "getProcessTemplate", message="Not found")


@mutant("nextstep.templates.unknown-template")
def publishing_an_unknown_template_tells_of_a_run(api: Api) -> Api:
    """Publishing an unknown template is answered with the message for runs."""
    return mistaken(api, "template-not-found", "run-not-found", "publishProcessTemplate")


@mutant("nextstep.templates.unknown-template")
def the_beginning_of_an_id_is_enough(api: Api) -> Api:
    """A template is found by the beginning of its id."""

    def complete(call: Call) -> None:
        given = call.arguments["id"]
        call.arguments["id"] = next((r["id"] for r in records(call, "templates") if r["id"].startswith(given)), given)

    return before(api, complete, *ROUTES)


@mutant("nextstep.templates.published-are-listed")
def templates_published_here_are_not_listed(api: Api) -> Api:
    """A template that was published through the API is not listed."""
    return _listing(api, lambda call, item: item["updated_at"] < "2030")


@mutant("nextstep.templates.published-are-listed")
def templates_that_were_run_are_not_listed(api: Api) -> Api:
    """A template with runs is not listed."""
    return _listing(api, lambda call, item: not any(records(call, "runs", template_id=item["id"])))


@mutant("nextstep.templates.published-are-listed")
def old_templates_are_not_listed(api: Api) -> Api:
    """The list ends after forty templates."""
    return _listing(api, lambda call, item: item["id"] in [r["id"] for r in records(call, "templates")][-40:])


@mutant("nextstep.templates.tasks-by-position")
def template_tasks_are_listed_by_title(api: Api) -> Api:
    """A template's tasks are listed in the order of their titles."""
    return _arranged(api, lambda item: item["title"])


@mutant("nextstep.templates.tasks-by-position")
def template_tasks_are_listed_backwards(api: Api) -> Api:
    """A template's tasks are listed from the last to the first."""
    return _arranged(api, lambda item: -item["order"])


@mutant("nextstep.templates.tasks-by-position")
def template_tasks_are_counted_by_page(api: Api) -> Api:
    """The order of a template's tasks starts again on every page."""

    def list_tasks(call: Call) -> Reply:
        reply = api.handlers["listTemplateTasks"](call)
        body = answered(call, reply)
        body["data"] = [{**item, "order": number} for number, item in enumerate(body["data"])]
        return Reply(encode(body))

    return handled(api, listTemplateTasks=list_tasks)


@mutant("nextstep.templates.task-elements")
def elements_of_templates_have_one_id(api: Api) -> Api:
    """All elements of a template's task show the id of the first one."""

    def repeat(call: Call, item: Any) -> Any:
        elements = item["custom_elements"]
        return {**item, "custom_elements": [{**element, "id": elements[0]["id"]} for element in elements]}

    return showing(api, repeat, "listTemplateTasks")


@mutant("nextstep.templates.task-elements")
def template_tasks_without_elements_show_none(api: Api) -> Api:
    """A template's task without elements lacks that member."""
    hide = lacking("custom_elements")
    return showing(api, lambda call, item: item if item["custom_elements"] else hide(call, item), "listTemplateTasks")


@mutant("nextstep.templates.task-elements")
def elements_of_templates_have_no_ids(api: Api) -> Api:
    """The elements of a template's task are shown by their labels only."""

    def strip(call: Call, item: Any) -> Any:
        return {**item, "custom_elements": [{"label": element["label"]} for element in item["custom_elements"]]}

    return showing(api, strip, "listTemplateTasks")


@mutant("nextstep.publishing.unpublish")
def unpublishing_is_ignored(api: Api) -> Api:
    """Unpublishing is answered as a success and does nothing."""
    return _publishing(api, lambda call: _asked(call) is False)


@mutant("nextstep.publishing.unpublish")
def unpublishing_is_only_answered(api: Api) -> Api:
    """Unpublishing answers a template that is not published, and leaves it published."""
    return showing(_publishing(api, lambda call: _asked(call) is False), _as_asked, "publishProcessTemplate")


@mutant("nextstep.publishing.unpublish")
def an_unpublished_template_is_listed_as_published(api: Api) -> Api:
    """The list goes on showing an unpublished template as published."""
    return showing(api, members(is_published=True), "listProcessTemplates")


@mutant("nextstep.publishing.unpublish")
def false_is_taken_for_nothing(api: Api) -> Api:
    """`published` false counts as not given, and so publishes."""
    return before(
        api, lambda call: _asked(call) is False and call.body.update(published=True), "publishProcessTemplate"
    )


@mutant("nextstep.publishing.publish-again")
def publishing_is_ignored(api: Api) -> Api:
    """Publishing is answered as a success and does nothing."""
    return _publishing(api, lambda call: _asked(call) is True)


@mutant("nextstep.publishing.publish-again")
def publishing_is_only_answered(api: Api) -> Api:
    """Publishing answers a published template, and leaves it unpublished."""
    return showing(_publishing(api, lambda call: _asked(call) is True), _as_asked, "publishProcessTemplate")


@mutant("nextstep.publishing.publish-again")
def an_unpublished_template_never_runs_again(api: Api) -> Api:
    """No run is started of a template that was unpublished once, though it is published again."""

    def refuse(call: Call) -> None:
        template = call.store["templates"].get(call.body["template_id"])
        if template and template["updated_at"] > "2030":
            raise Problem("template-not-published")

    return before(api, refuse, "createProcessRun")


@mutant("nextstep.publishing.publish-again")
def a_template_is_published_once(api: Api) -> Api:
    """A template can be published once, and not a second time."""

    def refuse(call: Call) -> None:
        template = call.store["templates"].get(call.arguments["id"])
        if template and _asked(call) and template["updated_at"] > "2030":
            raise Problem("invalid")

    return before(api, refuse, "publishProcessTemplate")


@mutant("nextstep.publishing.edits-reach-new-runs")
def publishing_forgets_the_edits(api: Api) -> Api:
    """New runs start from the tasks that the template had when it was made."""
    return before(api, _at_edition(0), "createProcessRun")


@mutant("nextstep.publishing.edits-reach-new-runs")
def publishing_takes_the_edits_before_the_last(api: Api) -> Api:
    """New runs start from the tasks that the template had before the last edit."""
    return before(api, _at_edition(-2), "createProcessRun")


@mutant("nextstep.publishing.edits-reach-new-runs")
def edits_of_elements_are_lost(api: Api) -> Api:
    """An edit reaches new runs with its tasks, but their elements stay as they were."""

    def edit(call: Call) -> Any:
        known = {task["id"]: task["custom_elements"] for record in call.store["editions"] for task in record["tasks"]}
        for task in call.body.get("tasks", ()):
            task["custom_elements"] = known.get(task.get("id"), task.get("custom_elements", ()))
        return api.events["edit-template"](call)

    return _with_event(api, edit)


@mutant("nextstep.publishing.edits-reach-new-runs")
def edits_of_the_title_are_lost(api: Api) -> Api:
    """An edit reaches new runs with its tasks, but under the old title."""

    def edit(call: Call) -> Any:
        call.body.pop("title", None)
        return api.events["edit-template"](call)

    return _with_event(api, edit)


@mutant("nextstep.publishing.runs-are-unaffected")
def unpublishing_completes_the_runs(api: Api) -> Api:
    """Unpublishing a template completes its active runs."""

    def close(call: Call, data: Any) -> None:
        for run in records(call, "runs", template_id=data["id"], status="active") if not data["is_published"] else ():
            put(call, "runs", run["id"], status="completed", completed_at=run["created_at"])

    return after(api, close, "publishProcessTemplate")


@mutant("nextstep.publishing.runs-are-unaffected")
def unpublishing_touches_the_runs(api: Api) -> Api:
    """Unpublishing a template sets the `updated_at` of its runs."""

    def touch(call: Call, data: Any) -> None:
        for run in records(call, "runs", template_id=data["id"]):
            put(call, "runs", run["id"], updated_at=data["updated_at"])

    return after(api, touch, "publishProcessTemplate")


@mutant("nextstep.publishing.runs-are-unaffected")
def publishing_renews_the_runs(api: Api) -> Api:
    """Publishing a template opens all tasks of its active runs again."""

    def renew(call: Call, data: Any) -> None:
        for run in records(call, "runs", template_id=data["id"], status="active") if data["is_published"] else ():
            for task in records(call, "tasks", instance_id=run["id"]):
                put(call, "tasks", task["id"], completed=False, completed_at=None, completed_by=None)

    return after(api, renew, "publishProcessTemplate")


@mutant("nextstep.publishing.runs-are-unaffected")
def runs_of_unpublished_templates_are_hidden(api: Api) -> Api:
    """A run is unknown while its template is unpublished."""

    def hide(call: Call) -> None:
        run = call.store["runs"].get(call.arguments["id"])
        template = call.store["templates"].get(run["template_id"]) if run else None
        if template and not template["is_published"]:
            raise Problem("run-not-found")

    return before(api, hide, "getProcessRun")


@mutant("nextstep.publishing.wrong-type")
def any_object_publishes(api: Api) -> Api:
    """Anything but false as `published` publishes."""
    return before(
        respecified(api, PUBLISHED, {}),
        lambda call: _asked(call) is not None and call.body.update(published=_asked(call) is not False),
        "publishProcessTemplate",
    )


@mutant("nextstep.publishing.wrong-type")
def an_empty_object_unpublishes(api: Api) -> Api:
    """An empty object or array as `published` is false, any other is true."""
    return before(
        respecified(api, PUBLISHED, {}),
        lambda call: _asked(call) is not None and call.body.update(published=bool(_asked(call))),
        "publishProcessTemplate",
    )


@mutant("nextstep.publishing.wrong-type")
def a_refused_object_unpublishes(api: Api) -> Api:
    """An object as `published` is refused, and unpublishes the template all the same."""

    def refuse(call: Call) -> None:
        if not isinstance(_asked(call), bool | None):
            raise Problem("invalid")

    checked = before(respecified(api, PUBLISHED, {}), refuse, "publishProcessTemplate")
    return refused(checked, lambda call: put(call, "templates", call.arguments["id"], is_published=False), *ROUTES[2:])


@mutant("nextstep.publishing.wrong-type")
def an_object_is_not_found(api: Api) -> Api:
    """An object as `published` is answered 404."""

    def refuse(call: Call) -> None:
        if not isinstance(_asked(call), bool | None):
            raise Problem("template-not-found")

    return before(respecified(api, PUBLISHED, {}), refuse, "publishProcessTemplate")


def _as_asked(call: Call, item: Any) -> Any:
    return item if _asked(call) is None else {**item, "is_published": _asked(call)}


def _asked(call: Call) -> Any:
    """What `published` is in the body; None without it."""
    return (call.body or {}).get("published")


def _publishing(api: Api, ignored: Any) -> Api:
    """Some calls are answered with the template as it is."""

    def publish(call: Call) -> Reply:
        if not ignored(call):
            return api.handlers["publishProcessTemplate"](call)
        return Reply(encode({"data": again(api, call, "getProcessTemplate", call.arguments)}))

    return handled(api, publishProcessTemplate=publish)


def _listing(api: Api, shown: Any) -> Api:
    """The list of templates holds only some of those that it should."""

    def list_templates(call: Call) -> Reply:
        body = answered(call, api.handlers["listProcessTemplates"](call))
        body["data"] = [item for item in body["data"] if shown(call, item)]
        return Reply(encode(body))

    return handled(api, listProcessTemplates=list_templates)


def _arranged(api: Api, key: Any) -> Api:
    """A template's tasks are listed in another order."""

    def list_tasks(call: Call) -> Reply:
        reply = api.handlers["listTemplateTasks"](call)
        tasks = again(api, call, "listTemplateTasks", {"id": call.arguments["id"]})
        return structs.replace(reply, body=listed(sorted(tasks, key=key)))

    return handled(api, listTemplateTasks=list_tasks)


def _at_edition(number: int) -> Any:
    """Make a template start its runs from one of its editions, by number in the order in which they were made."""

    def turn(call: Call) -> None:
        id = call.body["template_id"]
        editions = [record["id"] for record in call.store["editions"] if record["id"].startswith(f"{id}.")]
        if editions:
            put(call, "definitions", id, live=editions[number if -number <= len(editions) else 0])

    return turn


def _with_event(api: Api, edit: Any) -> Api:
    return replace(api, events={**api.events, "edit-template": edit})
