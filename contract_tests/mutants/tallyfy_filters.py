"""Tallyfy that overlooks filters of its lists, and members of what it is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from contract_tests.mutants import mutant
from contract_tests.mutants.changes import before, lacking, members, refusing, showing
from mock_server.api import Api, Call

Json = Any
PERSONAL = ("listMyTasks", "listUserTasks")
DEADLINES = ("deadline_start_range", "deadline_end_range")


@mutant("tallyfy.errors.documented-values")
def starred_is_no_status(api: Api) -> Api:
    """`status=starred` is refused with 422."""
    return refusing(api, lambda call: call.arguments.get("status") == "starred", "listRuns")


@mutant("tallyfy.tasks.organization-owners")
def guests_of_the_organization_are_overlooked(api: Api) -> Api:
    """`guests` has no effect on the tasks of an organization."""
    return _overlooking(api, "guests", "listTasks")


@mutant("tallyfy.tasks.organization-status")
def tasks_in_progress_are_not_told_apart(api: Api) -> Api:
    """`status=inprogress` lists all open tasks of an organization."""
    return _asking(api, _meaning("inprogress", "incomplete"), "listTasks")


@mutant("tallyfy.tasks.organization-deadlines")
def the_last_day_of_a_range_is_not_in_it(api: Api) -> Api:
    """`deadline_end_range` leaves the day itself out."""
    return _asking(api, lambda call, given: _renamed(given, "deadline_end_range", "deadline_before"), "listTasks")


@mutant("tallyfy.tasks.organization-process")
def folders_of_tasks_are_overlooked(api: Api) -> Api:
    """`folder` has no effect on the tasks of an organization."""
    return _overlooking(api, "folder", "listTasks")


@mutant("tallyfy.tasks.organization-created")
def only_the_first_day_counts(api: Api) -> Api:
    """Of two days in `created` only the first counts."""

    def first(call: Call, given: Json) -> Json:
        return {"created": given["created"].partition(":")[0]} if "created" in given else {}

    return _asking(api, first, "listTasks")


@mutant("tallyfy.tasks.organization-archived")
def tasks_of_archived_processes_are_never_listed(api: Api) -> Api:
    """`archived` has no effect on the tasks of an organization."""
    return _overlooking(api, "archived", "listTasks")


@mutant("tallyfy.tasks.organization-sort")
def issues_do_not_come_first(api: Api) -> Api:
    """`sort=problems` lists the newest tasks first."""

    def newest(call: Call, given: Json) -> Json:
        return {"sort": "newest"} if given.get("sort") == "problems" else {}

    return _asking(api, newest, "listTasks")


@mutant("tallyfy.tasks.list-includes")
def listed_tasks_include_nothing(api: Api) -> Api:
    """`with` has no effect on one's own tasks."""
    return _overlooking(api, "with", "listMyTasks")


@mutant("tallyfy.tasks.deadline-range")
def a_range_counts_beside_a_day(api: Api) -> Api:
    """`deadline_on` counts no more than a range that is given with it."""

    def range_only(call: Call, given: Json) -> Json:
        return {"deadline_on": None} if any(name in given for name in DEADLINES) else {}

    return _asking(api, range_only, "listRunTasks")


@mutant("tallyfy.tasks.open-filters")
def due_soon_means_anything(api: Api) -> Api:
    """`status=due_soon` lists all tasks of a process."""
    return _asking(api, _meaning("due_soon", None), "listRunTasks")


@mutant("tallyfy.tasks.personal-status")
def issues_of_a_person_are_overlooked(api: Api) -> Api:
    """`status=hasproblem` lists all open tasks of a person."""
    return _asking(api, _meaning("hasproblem", "incomplete"), *PERSONAL)


@mutant("tallyfy.tasks.personal-sort")
def tasks_of_a_person_are_not_sorted(api: Api) -> Api:
    """`sort_by` has no effect on the tasks of a person."""
    return _overlooking(api, "sort_by", *PERSONAL)


@mutant("tallyfy.templates.archived-filter")
def only_archived_templates_means_all(api: Api) -> Api:
    """`archived=only` lists all templates."""

    def everything(call: Call, given: Json) -> Json:
        return {"archived": "true"} if given.get("archived") == "only" else {}

    return _asking(api, everything, "listTemplates")


@mutant("tallyfy.templates.folder-tree")
def folders_of_templates_stay_unknown(api: Api) -> Api:
    """`entire_folder_tree` has no effect."""
    return _overlooking(api, "entire_folder_tree", "getTemplate")


@mutant("tallyfy.runs.more-statuses")
def late_processes_are_not_told_apart(api: Api) -> Api:
    """`status=delayed` lists all active processes."""
    return _asking(api, _meaning("delayed", "active"), "listRuns")


@mutant("tallyfy.runs.late-tasks")
def completed_tasks_are_late(api: Api) -> Api:
    """`late_tasks` counts the completed tasks, too."""

    def counted(call: Call, run: Json) -> Json:
        return {**run, "late_tasks": run["late_tasks"] + run["progress"]["complete"]}

    return showing(api, counted, "getRun")


@mutant("tallyfy.runs.collaborators")
def nobody_has_a_part(api: Api) -> Api:
    """`collaborators` is empty."""
    return showing(api, lambda call, run: {**run, "collaborators": []}, "getRun")


@mutant("tallyfy.runs.last-deadline")
def no_deadline_is_the_last(api: Api) -> Api:
    """`max_task_deadline` is null."""
    return showing(api, lambda call, run: {**run, "max_task_deadline": None}, "getRun")


@mutant("tallyfy.launch.starter")
def the_caller_starts_everything(api: Api) -> Api:
    """`user_id` has no effect on a launch."""
    return _losing(api, "user_id", "launchRun")


@mutant("tallyfy.launch.flags")
def nothing_is_launched_with_a_star(api: Api) -> Api:
    """`starred` has no effect on a launch."""
    return _losing(api, "starred", "launchRun")


@mutant("tallyfy.launch.override-places")
def tasks_stay_in_their_places(api: Api) -> Api:
    """A `position` that a launch gives for a step has no effect."""

    def keep(call: Call) -> None:
        for given in (call.body.get("tasks") or {}).values():
            given.pop("position", None)

    return before(api, keep, "launchRun")


@mutant("tallyfy.task-update.place")
def tasks_cannot_be_moved(api: Api) -> Api:
    """`position` has no effect on an update of a task."""
    return _losing(api, "position", "updateTask")


@mutant("tallyfy.task-update.type")
def nothing_becomes_secret(api: Api) -> Api:
    """`top_secret` has no effect on an update of a task."""
    return _losing(api, "top_secret", "updateTask")


@mutant("tallyfy.comments.members")
def every_comment_is_open(api: Api) -> Api:
    """`state` has no effect on a comment."""
    return _losing(api, "state", "addComment")


@mutant("tallyfy.issues.resolution")
def every_resolution_says_the_same(api: Api) -> Api:
    """`content` has no effect on a resolution."""
    return _losing(api, "content", "resolveThreads")


@mutant("tallyfy.me.members")
def people_have_no_full_name(api: Api) -> Api:
    """`full_name` is the first name."""
    return showing(
        api, lambda call, person: {**person, "full_name": person["first_name"]}, "getMe", "getOrganizationMe"
    )


@mutant("tallyfy.runs.listed-more")
def listed_processes_are_never_due_soon(api: Api) -> Api:
    """A listed process lacks `due_soon`."""
    return showing(api, lacking("due_soon"), "listRuns")


@mutant("tallyfy.fields.members")
def kickoff_fields_do_not_name_their_template(api: Api) -> Api:
    """The fields of a kick-off form lack `checklist_id`."""

    def shown(call: Call, template: Json) -> Json:
        return {**template, "prerun": [lacking("checklist_id")(call, field) for field in template["prerun"]]}

    return showing(api, shown, "listTemplates")


@mutant("tallyfy.tasks.client-members")
def tasks_forget_their_first_title(api: Api) -> Api:
    """Listed tasks lack `original_title`."""
    return showing(api, lacking("original_title"), "listTasks")


@mutant("tallyfy.tasks.more-includes")
def threads_are_always_counted(api: Api) -> Api:
    """A task has `threads_count` whether it is asked for or not."""
    return showing(api, members(threads_count=0), "getTask")


@mutant("tallyfy.pagination.first-page")
def lists_begin_with_their_second_page(api: Api) -> Api:
    """Without `page` the second page of processes is answered."""

    def second(call: Call, given: Json) -> Json:
        return {} if "page=" in call.request.query.replace("per_page=", "") else {"page": 2}

    return _asking(api, second, "listRuns")


def _asking(api: Api, change: Callable[[Call, Json], Json], *operations: str) -> Api:
    """Lists that take what they are asked for something else; None takes a parameter away."""

    def ask(call: Call) -> None:
        changed = {**call.arguments, **change(call, call.arguments)}
        call.arguments = {name: value for name, value in changed.items() if value is not None}

    return before(api, ask, *operations)


def _overlooking(api: Api, name: str, *operations: str) -> Api:
    return _asking(api, lambda call, given: {name: None}, *operations)


def _meaning(status: str, other: str | None) -> Callable[[Call, Json], Json]:
    return lambda call, given: {"status": other} if given.get("status") == status else {}


def _renamed(given: Json, name: str, other: str) -> Json:
    return {name: None, other: given[name]} if name in given else {}


def _losing(api: Api, name: str, operation: str) -> Api:
    return before(api, lambda call: call.body.pop(name, None), operation)
