"""Mutants of Tallyfy that ignore a filter of a list or a member of a request."""

from __future__ import annotations

from understudy.engine.call import Call
from understudy_checks.mutation import Table
from understudy_checks.mutation.operators import (
    default_query,
    drop_members,
    ignore_body,
    ignore_query,
    map_body,
    map_query,
    reject_when,
    set_members,
    set_query,
    without,
)
from understudy_checks.tallyfy.mutants.lists import asks, renames

PERSONAL = ("listMyTasks", "listUserTasks")


def _gives_a_range(call: Call) -> bool:
    return not call.arguments.keys().isdisjoint(("deadline_start_range", "deadline_end_range"))


MUTANTS: Table = {
    "errors.documented-values": {
        "`status=starred` is refused with 422.": reject_when("listRuns", asks(status="starred")),
    },
    "tasks.organization-owners": {
        "`guests` has no effect on the tasks of an organization.": ignore_query("listTasks", "guests"),
    },
    "tasks.organization-status": {
        "`status=inprogress` lists all open tasks of an organization.": set_query(
            "listTasks", status="incomplete", when=asks(status="inprogress")
        ),
    },
    "tasks.organization-deadlines": {
        "`deadline_end_range` leaves the day itself out.": renames(
            "listTasks", "deadline_end_range", "deadline_before"
        ),
    },
    "tasks.organization-process": {
        "`folder` has no effect on the tasks of an organization.": ignore_query("listTasks", "folder"),
    },
    "tasks.organization-created": {
        "Of two days in `created` only the first counts.": map_query(
            "listTasks", "created", lambda days: days.partition(":")[0]
        ),
    },
    "tasks.organization-archived": {
        "`archived` has no effect on the tasks of an organization.": ignore_query("listTasks", "archived"),
    },
    "tasks.organization-sort": {
        "`sort=problems` lists the newest tasks first.": set_query(
            "listTasks", sort="newest", when=asks(sort="problems")
        ),
    },
    "tasks.list-includes": {
        "`with` has no effect on one's own tasks.": ignore_query("listMyTasks", "with"),
    },
    "tasks.deadline-range": {
        "`deadline_on` has no effect beside a range.": ignore_query("listRunTasks", "deadline_on", when=_gives_a_range),
    },
    "tasks.open-filters": {
        "`status=due_soon` lists all tasks of a process.": ignore_query(
            "listRunTasks", "status", when=asks(status="due_soon")
        ),
    },
    "tasks.personal-status": {
        "`status=hasproblem` lists all open tasks of a person.": set_query(
            PERSONAL, status="incomplete", when=asks(status="hasproblem")
        ),
    },
    "tasks.personal-sort": {
        "`sort_by` has no effect on the tasks of a person.": ignore_query(PERSONAL, "sort_by"),
    },
    "templates.archived-filter": {
        "`archived=only` lists all templates.": set_query("listTemplates", archived="true", when=asks(archived="only")),
    },
    "templates.folder-tree": {
        "`entire_folder_tree` has no effect.": ignore_query("getTemplate", "entire_folder_tree"),
    },
    "runs.more-statuses": {
        "`status=delayed` lists all active processes.": set_query(
            "listRuns", status="active", when=asks(status="delayed")
        ),
    },
    "runs.late-tasks": {
        "`late_tasks` counts the completed tasks, too.": set_members(
            "getRun", late_tasks=lambda run: run["late_tasks"] + run["progress"]["complete"]
        ),
    },
    "runs.collaborators": {
        "`collaborators` is empty.": set_members("getRun", collaborators=[]),
    },
    "runs.last-deadline": {
        "`max_task_deadline` is null.": set_members("getRun", max_task_deadline=None),
    },
    "launch.starter": {
        "`user_id` has no effect on a launch.": ignore_body("launchRun", "user_id"),
    },
    "launch.flags": {
        "`starred` has no effect on a launch.": ignore_body("launchRun", "starred"),
    },
    "launch.override-places": {
        "A `position` that a launch gives for a step has no effect.": map_body(
            "launchRun", "tasks", lambda tasks: {id: without(task, "position") for id, task in dict(tasks).items()}
        ),
    },
    "task-update.place": {
        "`position` has no effect on an update of a task.": ignore_body("updateTask", "position"),
    },
    "task-update.type": {
        "`top_secret` has no effect on an update of a task.": ignore_body("updateTask", "top_secret"),
    },
    "comments.members": {
        "`state` has no effect on a comment.": ignore_body("addComment", "state"),
    },
    "issues.resolution": {
        "`content` has no effect on a resolution.": ignore_body("resolveThreads", "content"),
    },
    "me.members": {
        "`full_name` is the first name.": set_members(
            ("getMe", "getOrganizationMe"), full_name=lambda person: person["first_name"]
        ),
    },
    "runs.listed-more": {
        "A listed process lacks `due_soon`.": drop_members("listRuns", "due_soon"),
    },
    "fields.members": {
        "The fields of a kick-off form lack `checklist_id`.": set_members(
            "listTemplates", prerun=lambda template: [without(field, "checklist_id") for field in template["prerun"]]
        ),
    },
    "tasks.client-members": {
        "Listed tasks lack `original_title`.": drop_members("listTasks", "original_title"),
    },
    "tasks.more-includes": {
        "A task has `threads_count` whether it is asked for or not.": set_members("getTask", threads_count=0),
    },
    "pagination.first-page": {
        "Without `page` the second page of processes is answered.": default_query("listRuns", page=2),
    },
}
