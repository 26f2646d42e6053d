"""Tallyfy with wrong lists: pages, links, filters, order; and templates shown wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from contract_tests.mutants import handled, mutant
from contract_tests.mutants.changes import answered, before, lacking, listed, mistaken, respecified, showing
from mock_server.api import Api, Call, Reply
from mock_server.store import decode, encode

Json = Any
LISTS = (
    "listMyOrganizations",
    "listTemplates",
    "listRuns",
    "listRunTasks",
    "listTasks",
    "listMyTasks",
    "listUserTasks",
)


@mutant("tallyfy.pagination.default-limit")
def pages_hold_eleven(api: Api) -> Api:
    """A page of processes holds 11 items unless told otherwise."""
    return _asking(api, "listRuns", lambda call, given: {} if "per_page" in call.request.query else {"per_page": 11})


@mutant("tallyfy.pagination.limit-sets-the-page-size")
def pages_hold_at_most_fifty(api: Api) -> Api:
    """A page of processes never holds more than 50 items."""
    return _asking(api, "listRuns", lambda call, given: {"per_page": min(given["per_page"], 50)})


@mutant("tallyfy.pagination.never-over-a-hundred")
def pages_are_as_large_as_asked(api: Api) -> Api:
    """Any size of a page is granted."""
    return respecified(api, "/components/parameters/PerPage/schema/maximum", 1_000_000)


@mutant("tallyfy.pagination.walk-is-complete")
def later_pages_of_tasks_run_backwards(api: Api) -> Api:
    """From the second page on a list of tasks is read from its end."""

    def turned(call: Call) -> Reply:
        reply = api.handlers["listTasks"](call)
        if isinstance(reply.body, bytes) or call.arguments["page"] == 1:
            return reply
        return Reply(listed([decode(row) for row in reply.body.slice(0, reply.body.size())][::-1]))

    return handled(api, listTasks=turned)


@mutant("tallyfy.pagination.totals")
def the_total_is_that_of_the_page(api: Api) -> Api:
    """`total` counts the items of the page."""
    return _telling(api, lambda told: {**told, "total": told["count"]})


@mutant("tallyfy.pagination.totals")
def pages_count_from_zero(api: Api) -> Api:
    """`current_page` is one less."""
    return _telling(api, lambda told: {**told, "current_page": told["current_page"] - 1})


@mutant("tallyfy.pagination.next-link")
def links_forget_everything(api: Api) -> Api:
    """The link to the next page has its number only."""

    def forget(told: Json) -> Json:
        links = dict(told["links"] or {})
        if "next" in links:
            links["next"] = f"{links['next'].partition('?')[0]}?page={told['current_page'] + 1}"
        return {**told, "links": links or []}

    return _telling(api, forget)


@mutant("tallyfy.pagination.next-link")
def links_stay_where_they_are(api: Api) -> Api:
    """The link to the next page leads to the same one."""

    def stay(told: Json) -> Json:
        links = dict(told["links"] or {})
        if "next" in links:
            links["next"] = links["next"].replace(f"page={told['current_page'] + 1}", f"page={told['current_page']}")
        return {**told, "links": links or []}

    return _telling(api, stay)


@mutant("tallyfy.pagination.last-page-has-no-next")
def the_last_page_links_on(api: Api) -> Api:
    """The last page links to one that is not there."""
    return _telling(
        api, lambda told: {**told, "links": {"next": "http://understudy/api/me", **dict(told["links"] or {})}}
    )


@mutant("tallyfy.pagination.everything")
def lists_are_always_paged(api: Api) -> Api:
    """`without_pagination` has no effect."""
    return _asking(api, LISTS, lambda call, given: {"without_pagination": None})


@mutant("tallyfy.templates.listed-fields")
def a_listed_template_has_no_summary(api: Api) -> Api:
    """A listed template lacks `summary`."""
    return showing(api, lacking("summary"), "listTemplates")


@mutant("tallyfy.templates.fields")
def a_template_has_no_guidance(api: Api) -> Api:
    """A template lacks `guidance`."""
    return showing(api, lacking("guidance"), "getTemplate")


@mutant("tallyfy.templates.kickoff-is-included")
def automations_are_left_out(api: Api) -> Api:
    """A template lacks `automated_actions`."""
    return showing(api, lacking("automated_actions"), "getTemplate")


@mutant("tallyfy.templates.kickoff-is-included")
def kickoff_fields_have_no_alias(api: Api) -> Api:
    """The fields of a kick-off form lack `alias`."""
    return showing(
        api, lambda call, t: {**t, "prerun": [lacking("alias")(call, field) for field in t["prerun"]]}, "getTemplate"
    )


@mutant("tallyfy.templates.includes-on-request")
def steps_are_always_included(api: Api) -> Api:
    """A template has its steps whether they are asked for or not."""
    return _asking(api, "getTemplate", lambda call, given: {"with": f"steps,{given.get('with', '')}"})


@mutant("tallyfy.templates.includes-on-request")
def tags_are_never_included(api: Api) -> Api:
    """A template never has its tags."""
    return showing(api, lacking("tags"), "getTemplate")


@mutant("tallyfy.templates.steps")
def steps_do_not_name_their_template(api: Api) -> Api:
    """The `checklist_id` of a step is another one."""
    return _stepping(api, lambda step: {**step, "checklist_id": "another"})


@mutant("tallyfy.templates.steps")
def steps_have_no_fields(api: Api) -> Api:
    """Included steps have no form fields."""
    return _stepping(api, lambda step: {**step, "captures": []})


@mutant("tallyfy.templates.unknown-template")
def an_unknown_template_is_forbidden(api: Api) -> Api:
    """A template that does not exist is 403."""
    return mistaken(api, "not-found", "forbidden", "getTemplate", "getTemplateFormFields")


@mutant("tallyfy.templates.form-fields")
def fields_change_places(api: Api) -> Api:
    """Kick-off fields and fields of steps change places."""
    return showing(api, _swapped, "getTemplateFormFields")


@mutant("tallyfy.templates.search")
def templates_are_not_searched(api: Api) -> Api:
    """`q` has no effect on templates."""
    return _overlooking(api, "listTemplates", "q")


@mutant("tallyfy.templates.filters")
def stars_of_templates_are_overlooked(api: Api) -> Api:
    """`starred` has no effect on templates."""
    return _overlooking(api, "listTemplates", "starred")


@mutant("tallyfy.templates.filters")
def tags_of_templates_are_overlooked(api: Api) -> Api:
    """`tag` has no effect on templates."""
    return _overlooking(api, "listTemplates", "tag")


@mutant("tallyfy.runs.archived-are-hidden")
def archived_processes_are_listed(api: Api) -> Api:
    """Archived processes are in the list unless told otherwise."""
    return _asking(api, "listRuns", lambda call, given: {"archived": given.get("archived", "true")})


@mutant("tallyfy.runs.archived-filter")
def only_archived_means_all(api: Api) -> Api:
    """`archived=only` lists live processes too."""
    return _asking(api, "listRuns", lambda call, given: {"archived": "true"} if given.get("archived") == "only" else {})


@mutant("tallyfy.runs.status-filter")
def complete_means_any(api: Api) -> Api:
    """`status=complete` lists everything."""
    return _asking(api, "listRuns", lambda call, given: {"status": None} if given.get("status") == "complete" else {})


@mutant("tallyfy.runs.problem-filter")
def problems_are_not_issues(api: Api) -> Api:
    """`status=problem` lists processes with an issue of their own only."""
    return _asking(api, "listRuns", lambda call, given: {"status": "issue"} if given.get("status") == "problem" else {})


@mutant("tallyfy.runs.template-filter")
def blueprints_are_unknown(api: Api) -> Api:
    """`blueprint_id` has no effect."""
    return _overlooking(api, "listRuns", "blueprint_id")


@mutant("tallyfy.runs.owners-filter")
def only_one_owner_counts(api: Api) -> Api:
    """Of several people only the first counts."""
    return _asking(
        api, "listRuns", lambda call, given: {"owners": given["owners"].split(",")[0]} if "owners" in given else {}
    )


@mutant("tallyfy.runs.owners-filter")
def owners_are_overlooked(api: Api) -> Api:
    """`owners` has no effect on processes."""
    return _overlooking(api, "listRuns", "owners")


@mutant("tallyfy.runs.groups-filter")
def groups_are_overlooked(api: Api) -> Api:
    """`groups` has no effect on processes."""
    return _overlooking(api, "listRuns", "groups")


@mutant("tallyfy.runs.tag-filter")
def untagged_is_overlooked(api: Api) -> Api:
    """`untagged` has no effect."""
    return _overlooking(api, "listRuns", "untagged")


@mutant("tallyfy.runs.tag-filter")
def only_one_tag_counts(api: Api) -> Api:
    """Of several tags only the first counts."""
    return _asking(
        api, "listRuns", lambda call, given: {"tag_ids": given["tag_ids"].split(",")[0]} if "tag_ids" in given else {}
    )


@mutant("tallyfy.runs.starred-filter")
def stars_are_overlooked(api: Api) -> Api:
    """`starred` has no effect on processes."""
    return _overlooking(api, "listRuns", "starred")


@mutant("tallyfy.runs.type-filter")
def types_are_overlooked(api: Api) -> Api:
    """`type` has no effect on processes."""
    return _overlooking(api, "listRuns", "type")


@mutant("tallyfy.runs.folder-filter")
def folders_are_overlooked(api: Api) -> Api:
    """`folder` has no effect on processes."""
    return _overlooking(api, "listRuns", "folder")


@mutant("tallyfy.runs.search")
def only_beginnings_are_searched(api: Api) -> Api:
    """`q` finds names that begin with that text."""

    def beginning(call: Call) -> Reply:
        reply, q = api.handlers["listRuns"](call), call.arguments.get("q", "").lower()
        if isinstance(reply.body, bytes) or not q:
            return reply
        rows = [decode(row) for row in reply.body.slice(0, reply.body.size())]
        return Reply(listed([row for row in rows if row["name"].lower().startswith(q)]))

    return handled(api, listRuns=beginning)


@mutant("tallyfy.runs.filters-combine")
def the_second_filter_is_overlooked(api: Api) -> Api:
    """With several filters only the first by name counts."""
    names = ("checklist_id", "owners", "q", "starred", "status", "type")

    def first(call: Call, given: Json) -> Json:
        return dict.fromkeys([name for name in names if name in given][1:])

    return _asking(api, "listRuns", first)


@mutant("tallyfy.runs.sort")
def the_minus_is_overlooked(api: Api) -> Api:
    """`sort` always orders upwards."""
    return _asking(api, "listRuns", lambda call, given: {"sort": given["sort"].lstrip("-")} if "sort" in given else {})


@mutant("tallyfy.runs.sort")
def sort_by_is_unknown(api: Api) -> Api:
    """`sort_by` has no effect."""
    return _overlooking(api, "listRuns", "sort_by")


@mutant("tallyfy.tasks.by-position")
def tasks_are_not_sorted(api: Api) -> Api:
    """`sort` has no effect on tasks."""
    return _overlooking(api, "listRunTasks", "sort")


@mutant("tallyfy.tasks.hidden-are-listed")
def hidden_tasks_are_not_listed(api: Api) -> Api:
    """The tasks of a process are listed without the hidden ones."""

    def shown(call: Call) -> Reply:
        body = answered(call, api.handlers["listRunTasks"](call))
        body["data"] = [task for task in body["data"] if task["status"] != "auto-skipped"]
        return Reply(encode(body))

    return handled(api, listRunTasks=shown)


@mutant("tallyfy.tasks.status-filter")
def completed_tasks_are_not_told_apart(api: Api) -> Api:
    """`status=complete` lists all tasks."""
    return _asking(
        api, "listRunTasks", lambda call, given: {"status": None} if given.get("status") == "complete" else {}
    )


@mutant("tallyfy.tasks.status-filter")
def incomplete_tasks_are_not_told_apart(api: Api) -> Api:
    """`status=incomplete` lists all tasks."""
    return _asking(
        api, "listRunTasks", lambda call, given: {"status": None} if given.get("status") == "incomplete" else {}
    )


@mutant("tallyfy.tasks.problem-filter")
def issues_are_overlooked(api: Api) -> Api:
    """`status=hasproblem` lists all tasks."""
    return _asking(
        api, "listRunTasks", lambda call, given: {"status": None} if given.get("status") == "hasproblem" else {}
    )


@mutant("tallyfy.tasks.overdue-filter")
def overdue_means_incomplete(api: Api) -> Api:
    """`status=overdue` lists tasks whose deadline lies ahead."""
    return _asking(
        api, "listRunTasks", lambda call, given: {"status": "incomplete"} if given.get("status") == "overdue" else {}
    )


@mutant("tallyfy.tasks.owners-filter")
def unassigned_is_overlooked(api: Api) -> Api:
    """`unassigned` has no effect on the tasks of a process."""
    return _overlooking(api, "listRunTasks", "unassigned")


@mutant("tallyfy.tasks.owners-filter")
def guests_are_overlooked(api: Api) -> Api:
    """`guests` has no effect on the tasks of a process."""
    return _overlooking(api, "listRunTasks", "guests")


@mutant("tallyfy.tasks.deadline-filter")
def before_includes_the_day(api: Api) -> Api:
    """`deadline_before` lists what is due on the day itself, too."""
    return _asking(
        api,
        "listRunTasks",
        lambda call, given: (
            {"deadline_before": None, "deadline_end_range": given["deadline_before"]}
            if "deadline_before" in given
            else {}
        ),
    )


@mutant("tallyfy.tasks.deadline-filter")
def on_a_day_means_until(api: Api) -> Api:
    """`deadline_on` lists what is due before the day, too."""
    return _asking(
        api,
        "listRunTasks",
        lambda call, given: (
            {"deadline_on": None, "deadline_end_range": given["deadline_on"]} if "deadline_on" in given else {}
        ),
    )


@mutant("tallyfy.tasks.step-include")
def steps_are_in_every_task(api: Api) -> Api:
    """Listed tasks show their step whether it is asked for or not."""
    return _asking(api, "listRunTasks", lambda call, given: {"with": f"step,{given.get('with', '')}"})


@mutant("tallyfy.tasks.of-the-run")
def tasks_do_not_name_their_process(api: Api) -> Api:
    """Listed tasks name another process."""
    return showing(api, lambda call, task: {**task, "run_id": "another"}, "listRunTasks")


@mutant("tallyfy.tasks.of-the-organization")
def oneoff_tasks_are_not_listed(api: Api) -> Api:
    """Tasks of no process are not listed."""

    def without(call: Call) -> Reply:
        reply = api.handlers["listTasks"](call)
        if isinstance(reply.body, bytes):
            return reply
        rows = [decode(row) for row in reply.body.slice(0, reply.body.size())]
        return Reply(listed([row for row in rows if row["run_id"]]))

    return handled(api, listTasks=without)


@mutant("tallyfy.tasks.organization-filters")
def owners_of_tasks_are_overlooked(api: Api) -> Api:
    """`owners` has no effect on the tasks of an organization."""
    return _overlooking(api, "listTasks", "owners")


@mutant("tallyfy.tasks.search")
def tasks_are_not_searched(api: Api) -> Api:
    """`q` has no effect on tasks."""
    return _overlooking(api, "listTasks", "q")


@mutant("tallyfy.tasks.mine")
def my_completed_tasks_are_gone(api: Api) -> Api:
    """One's own tasks are only those that are not completed."""
    return _asking(api, "listMyTasks", lambda call, given: {"status": "active"})


@mutant("tallyfy.tasks.of-a-person")
def everybody_has_my_tasks(api: Api) -> Api:
    """Anybody's tasks are one's own."""
    return handled(api, listUserTasks=api.handlers["listMyTasks"])


def _asking(api: Api, operations: str | tuple[str, ...], change: Callable[[Call, Json], Json]) -> Api:
    """Lists that take what they are asked for something else; None takes a parameter away."""

    def ask(call: Call) -> None:
        changed = {**call.arguments, **change(call, call.arguments)}
        call.arguments = {name: value for name, value in changed.items() if value is not None}

    return before(api, ask, *((operations,) if isinstance(operations, str) else operations))


def _overlooking(api: Api, operation: str, name: str) -> Api:
    return _asking(api, operation, lambda call, given: {name: None})


def _telling(api: Api, change: Callable[[Json], Json]) -> Api:
    """Lists whose pages tell something else about themselves."""

    def tell(operation: str) -> Callable[[Call], Reply]:
        def answer(call: Call) -> Reply:
            body = answered(call, api.handlers[operation](call))
            if "meta" in body:
                body["meta"]["pagination"] = change(body["meta"]["pagination"])
            return Reply(encode(body))

        return answer

    return handled(api, **{operation: tell(operation) for operation in LISTS})


def _stepping(api: Api, change: Callable[[Json], Json]) -> Api:
    """Templates whose included steps are shown as `change` makes them."""

    def shown(call: Call, template: Json) -> Json:
        if "steps" not in template:
            return template
        return {**template, "steps": {"data": [change(step) for step in template["steps"]["data"]]}}

    return showing(api, shown, "listTemplates", "getTemplate")


def _swapped(call: Call, told: Json) -> Json:
    return {**told, "form_fields": told["ko_form_fields"], "ko_form_fields": told["form_fields"]}
