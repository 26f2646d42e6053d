"""Mutants of Tallyfy's lists: pages, links, filters, order; and of its templates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from understudy.engine.call import Call
from understudy_checks.mutation import Breakage, Table
from understudy_checks.mutation.operators import (
    Operations,
    default_query,
    drop_members,
    ignore_query,
    map_answer,
    map_item,
    map_list,
    map_page,
    map_query,
    on_request,
    patch_document,
    set_members,
    set_query,
    swap_error,
    swap_handler,
    without,
)

LISTS = (
    "listMyOrganizations",
    "listTemplates",
    "listRuns",
    "listRunTasks",
    "listTasks",
    "listMyTasks",
    "listUserTasks",
)
FILTERS = ("checklist_id", "owners", "q", "starred", "status", "type")


def changes_pagination(change: Callable[[Any], Any]) -> Breakage:
    """Replace the pagination of pages by `change(pagination)`."""

    def paginate(call: Call, page: Any) -> Any:
        if "meta" not in page:
            return page
        return {**page, "meta": {**page["meta"], "pagination": change(page["meta"]["pagination"])}}

    return map_answer(LISTS, paginate)


def links_to(change: Callable[[str, int], str]) -> Breakage:
    """Replace the link to the next page by `change(link, page)`."""

    def link(pagination: Any) -> Any:
        links = dict(pagination["links"] or {})
        if "next" in links:
            links["next"] = change(links["next"], pagination["current_page"])
        return {**pagination, "links": links or []}

    return changes_pagination(link)


def includes(operations: Operations, change: Callable[[list[str]], list[str]]) -> Breakage:
    """Handle the operations as if the query parameter `with` had the names `change(names)`."""

    def read(call: Call) -> None:
        names = [name for name in call.arguments.get("with", "").split(",") if name]
        call.arguments = {**call.arguments, "with": ",".join(change(names))}

    return on_request(operations, read)


def shows_steps(**members: Any) -> Breakage:
    """Show the included steps of templates with other members."""

    def show(template: Any) -> Any:
        return {"data": [{**step, **members} for step in template["steps"]["data"]]}

    return set_members(("listTemplates", "getTemplate"), steps=show, when=lambda template: "steps" in template)


def renames(operation: str, name: str, other: str) -> Breakage:
    """Read a parameter as another one."""

    def read(call: Call) -> None:
        call.arguments = {**without(call.arguments, name), other: call.arguments[name]}

    return on_request(operation, read, when=lambda call: name in call.arguments)


def asks(**values: Any) -> Callable[[Call], bool]:
    """Return whether a call gives its parameters these values."""
    return lambda call: all(call.arguments.get(name) == value for name, value in values.items())


def first_of(names: str) -> str:
    """Return the first of several names."""
    return names.split(",")[0]


def _heed_the_first_filter(call: Call) -> None:
    call.arguments = without(call.arguments, *[name for name in FILTERS if name in call.arguments][1:])


def _swap_fields(call: Call, answer: Any) -> Any:
    return {**answer, "form_fields": answer["ko_form_fields"], "ko_form_fields": answer["form_fields"]}


MUTANTS: Table = {
    "pagination.default-limit": {
        "A page of processes without `per_page` holds 11 items.": default_query("listRuns", per_page=11),
    },
    "pagination.limit-sets-the-page-size": {
        "A page of processes never holds more than 50 items.": map_query(
            "listRuns", "per_page", lambda size: min(size, 50)
        ),
    },
    "pagination.never-over-a-hundred": {
        "Any size of a page is granted.": patch_document("/components/parameters/PerPage/schema/x-maximum", 1_000_000),
    },
    "pagination.walk-is-complete": {
        "From the second page on a list of tasks is read from its end.": map_list(
            "listTasks", lambda call, tasks: tasks if asks(page=1)(call) else tasks[::-1]
        ),
    },
    "pagination.totals": {
        "`total` counts the items of the page.": changes_pagination(
            lambda pagination: {**pagination, "total": pagination["count"]}
        ),
        "`current_page` counts from zero.": changes_pagination(
            lambda pagination: {**pagination, "current_page": pagination["current_page"] - 1}
        ),
    },
    "pagination.next-link": {
        "The link to the next page has its number only.": links_to(
            lambda link, page: f"{link.partition('?')[0]}?page={page + 1}"
        ),
        "The link to the next page leads to the same one.": links_to(
            lambda link, page: link.replace(f"page={page + 1}", f"page={page}")
        ),
    },
    "pagination.last-page-has-no-next": {
        "The last page links to one that is not there.": changes_pagination(
            lambda pagination: {
                **pagination,
                "links": {"next": "http://understudy/api/me", **dict(pagination["links"] or {})},
            }
        ),
    },
    "pagination.everything": {
        "`without_pagination` has no effect.": ignore_query(LISTS, "without_pagination"),
    },
    "templates.listed-fields": {
        "A listed template lacks `summary`.": drop_members("listTemplates", "summary"),
    },
    "templates.fields": {
        "A template lacks `guidance`.": drop_members("getTemplate", "guidance"),
    },
    "templates.kickoff-is-included": {
        "A template lacks `automated_actions`.": drop_members("getTemplate", "automated_actions"),
        "The fields of a kick-off form lack `alias`.": set_members(
            "getTemplate", prerun=lambda template: [without(field, "alias") for field in template["prerun"]]
        ),
    },
    "templates.includes-on-request": {
        "A template has its steps whether they are asked for or not.": includes(
            "getTemplate", lambda names: ["steps", *names]
        ),
        "A template never has its tags.": drop_members("getTemplate", "tags"),
    },
    "templates.steps": {
        "The `checklist_id` of a step is another one.": shows_steps(checklist_id="another"),
        "Included steps have no form fields.": shows_steps(captures=[]),
    },
    "templates.unknown-template": {
        "A template that does not exist is 403.": swap_error(
            ("getTemplate", "getTemplateFormFields"), "not-found", "forbidden"
        ),
    },
    "templates.form-fields": {
        "Kick-off fields and fields of steps change places.": map_item("getTemplateFormFields", _swap_fields),
    },
    "templates.search": {
        "`q` has no effect on templates.": ignore_query("listTemplates", "q"),
    },
    "templates.filters": {
        "`starred` has no effect on templates.": ignore_query("listTemplates", "starred"),
        "`tag` has no effect on templates.": ignore_query("listTemplates", "tag"),
    },
    "runs.archived-are-hidden": {
        "Archived processes are listed without `archived`.": default_query("listRuns", archived="true"),
    },
    "runs.archived-filter": {
        "`archived=only` lists live processes too.": set_query("listRuns", archived="true", when=asks(archived="only")),
    },
    "runs.status-filter": {
        "`status=complete` lists everything.": ignore_query("listRuns", "status", when=asks(status="complete")),
    },
    "runs.problem-filter": {
        "`status=problem` lists processes with an issue of their own only.": set_query(
            "listRuns", status="issue", when=asks(status="problem")
        ),
    },
    "runs.template-filter": {
        "`blueprint_id` has no effect.": ignore_query("listRuns", "blueprint_id"),
    },
    "runs.owners-filter": {
        "Of several people only the first counts.": map_query("listRuns", "owners", first_of),
        "`owners` has no effect on processes.": ignore_query("listRuns", "owners"),
    },
    "runs.groups-filter": {
        "`groups` has no effect on processes.": ignore_query("listRuns", "groups"),
    },
    "runs.tag-filter": {
        "`untagged` has no effect.": ignore_query("listRuns", "untagged"),
        "Of several tags only the first counts.": map_query("listRuns", "tag_ids", first_of),
    },
    "runs.starred-filter": {
        "`starred` has no effect on processes.": ignore_query("listRuns", "starred"),
    },
    "runs.type-filter": {
        "`type` has no effect on processes.": ignore_query("listRuns", "type"),
    },
    "runs.folder-filter": {
        "`folder` has no effect on processes.": ignore_query("listRuns", "folder"),
    },
    "runs.search": {
        "`q` finds names that begin with that text.": map_list(
            "listRuns",
            lambda call, runs: [
                run for run in runs if run["name"].lower().startswith(call.arguments.get("q", "").lower())
            ],
        ),
    },
    "runs.filters-combine": {
        "With several filters only the first by name counts.": on_request("listRuns", _heed_the_first_filter),
    },
    "runs.sort": {
        "`sort` always orders upwards.": map_query("listRuns", "sort", lambda order: order.lstrip("-")),
        "`sort_by` has no effect.": ignore_query("listRuns", "sort_by"),
    },
    "tasks.by-position": {
        "`sort` has no effect on tasks.": ignore_query("listRunTasks", "sort"),
    },
    "tasks.hidden-are-listed": {
        "The tasks of a process are listed without the hidden ones.": map_page(
            "listRunTasks", lambda call, tasks: [task for task in tasks if task["status"] != "auto-skipped"]
        ),
    },
    "tasks.status-filter": {
        "`status=complete` lists all tasks.": ignore_query("listRunTasks", "status", when=asks(status="complete")),
        "`status=incomplete` lists all tasks.": ignore_query("listRunTasks", "status", when=asks(status="incomplete")),
    },
    "tasks.problem-filter": {
        "`status=hasproblem` lists all tasks.": ignore_query("listRunTasks", "status", when=asks(status="hasproblem")),
    },
    "tasks.overdue-filter": {
        "`status=overdue` lists tasks whose deadline lies ahead.": set_query(
            "listRunTasks", status="incomplete", when=asks(status="overdue")
        ),
    },
    "tasks.owners-filter": {
        "`unassigned` has no effect on the tasks of a process.": ignore_query("listRunTasks", "unassigned"),
        "`guests` has no effect on the tasks of a process.": ignore_query("listRunTasks", "guests"),
    },
    "tasks.deadline-filter": {
        "`deadline_before` lists what is due on the day itself, too.": renames(
            "listRunTasks", "deadline_before", "deadline_end_range"
        ),
        "`deadline_on` lists what is due before the day, too.": renames(
            "listRunTasks", "deadline_on", "deadline_end_range"
        ),
    },
    "tasks.step-include": {
        "Listed tasks show their step whether it is asked for or not.": includes(
            "listRunTasks", lambda names: ["step", *names]
        ),
    },
    "tasks.of-the-run": {
        "Listed tasks name another process.": set_members("listRunTasks", run_id="another"),
    },
    "tasks.of-the-organization": {
        "Tasks of no process are not listed.": map_list(
            "listTasks", lambda call, tasks: [task for task in tasks if task["run_id"]]
        ),
    },
    "tasks.organization-filters": {
        "`owners` has no effect on the tasks of an organization.": ignore_query("listTasks", "owners"),
    },
    "tasks.search": {
        "`q` has no effect on tasks.": ignore_query("listTasks", "q"),
    },
    "tasks.mine": {
        "One's own tasks are only those that are not completed.": set_query("listMyTasks", status="active"),
    },
    "tasks.of-a-person": {
        "The tasks of any person are the caller's own.": swap_handler("listUserTasks", "listMyTasks"),
    },
}
