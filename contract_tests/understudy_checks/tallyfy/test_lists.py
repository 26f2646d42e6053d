"""Tallyfy: the result of each filter value, and what is stored of each member of a request."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime

from hypothesis import example, given
from hypothesis import strategies as st

from understudy.document.operation import Operation
from understudy_checks.client import Skipped
from understudy_checks.discovery import FoundArguments, call, find_arguments
from understudy_checks.rules import rule
from understudy_checks.tallyfy.driver import (
    COMPLETED_STATUS,
    Json,
    Organization,
    complete_task,
    first_organization,
    included_tag_id,
    is_plain_template,
    launch,
    open_tasks,
    read_run,
    run_tasks,
    template_steps,
    template_where,
    unwrap_item,
    unwrap_items,
)
from understudy_checks.target.target import Target
from understudy_checks.wording import show

INCLUDES = ("assets", "folders", "roles", "activities", "issues", "comments", "threads_count")
DUE: dict[str, Callable[[str, str], bool]] = {
    "deadline_on": lambda at, day: at == day,
    "deadline_before": lambda at, day: at < day,
    "deadline_after": lambda at, day: at > day,
    "deadline_start_range": lambda at, day: at >= day,
    "deadline_end_range": lambda at, day: at <= day,
}


@rule("tallyfy.errors.documented-values")
def test_documented_values_are_accepted(target: Target, reading: Operation) -> None:
    """Every documented value of a query parameter is accepted."""
    with target.open() as client:
        known = find_arguments(client, reading).arguments
        for parameter in (parameter for parameter in reading.parameters if parameter.location == "query"):
            for value in parameter.schema.get("enum", ()):
                response = call(client, reading, FoundArguments({**known, parameter.name: value}, None))
                assert response.status < 300, (
                    f"{reading.id} must accept {parameter.name}={show(value)}, not answer {show(response.status)}"
                )


@rule("tallyfy.tasks.organization-owners")
def test_tasks_of_the_organization_are_found_by_guest_and_group(target: Target) -> None:
    """`guests` and `groups` list exactly the tasks that a guest or group owns."""
    with target.open() as client:
        org = first_organization(client)
        everything = org.list_all("/tasks")
        for name in ("guests", "groups"):
            known = sorted({str(one) for task in everything for one in task["owners"][name]})
            for one in known[:4]:
                wanted = [t for t in everything if one in map(str, t["owners"][name])]
                assert (got := _ids(org.list_all("/tasks", **{name: one}))) == _ids(wanted), (
                    f"`{name}={show(one)}` must list exactly the tasks that it owns, not {show(got)}"
                )
            if not known:
                raise Skipped(f"no task belongs to {name}")


@rule("tallyfy.tasks.organization-deadlines")
def test_tasks_of_the_organization_are_found_by_deadline(target: Target) -> None:
    """Each of the five deadline parameters lists the organization's tasks on its side of a day."""
    with target.open() as client:
        org = first_organization(client)
        _assert_due(org, "/tasks", org.list_all("/tasks"))


@rule("tallyfy.tasks.deadline-range", needs=("write",))
def test_tasks_of_a_process_are_found_by_deadline(target: Target) -> None:
    """A range of deadlines includes both its days, and `deadline_on` wins over a range."""
    with target.open() as client:
        org = first_organization(client)
        template = template_where(
            org, lambda t: is_plain_template(t) and len(template_steps(t)) > 2, "with three plain steps"
        )
        days = [f"2031-01-0{6 + number}" for number, _ in enumerate(template_steps(template)[:3])]
        given = {
            s["id"]: {"deadline": f"{day}T12:00:00Z"} for s, day in zip(template_steps(template), days, strict=False)
        }
        run = launch(org, template, tasks=given)
        path, tasks = f"/runs/{run['id']}/tasks", run_tasks(org, run)
        _assert_due(org, path, tasks)
        both = org.list_all(path, deadline_start_range=days[0], deadline_end_range=days[1])
        assert (got := _days(both)) == days[:2], f"a range of deadlines must include both days, not {show(got)}"
        assert (got := _days(org.list_all(path, deadline_on=days[2], deadline_end_range=days[1]))) == [days[2]], (
            f"`deadline_on` must win over a range of days; the tasks are due on {show(got)}"
        )


@rule("tallyfy.tasks.organization-process")
def test_tasks_are_found_by_tag_and_folder_of_their_process(target: Target) -> None:
    """`tag` and `folder` list exactly the tasks of the processes that have them."""
    with target.open() as client:
        org = first_organization(client)
        everything, runs = org.list_all("/tasks"), org.list_all("/runs", with_="tags,folders")
        for name, member in (("tag", "tags"), ("folder", "folders")):
            owners = {run["id"]: {included_tag_id(one) for one in unwrap_items(run[member])} for run in runs}
            known = sorted({one for found in owners.values() for one in found})
            for one in known:
                wanted = [task for task in everything if one in owners.get(task["run_id"], ())]
                assert (got := _ids(org.list_all("/tasks", **{name: one}))) == _ids(wanted), (
                    f"`{name}={show(one)}` must list exactly the tasks of the processes that have it, not {show(got)}"
                )
            if not known:
                raise Skipped(f"no process has a {name}")


@rule("tallyfy.tasks.organization-created")
def test_tasks_are_found_by_the_day_of_their_creation(target: Target) -> None:
    """`created` lists what was created on a day, or from one day to another with a colon between."""
    with target.open() as client:
        org = first_organization(client)
        everything = org.list_all("/tasks")
        days = sorted({task["created_at"][:10] for task in everything})
        if len(days) < 3:
            raise Skipped("the tasks were created on too few days")
        for first, last in ((days[0], days[0]), (days[1], days[-2]), (days[-1], days[-1])):
            asked = first if first == last else f"{first}:{last}"
            wanted = [task for task in everything if first <= task["created_at"][:10] <= last]
            assert (got := _ids(org.list_all("/tasks", created=asked))) == _ids(wanted), (
                f"`created={show(asked)}` must list exactly the tasks created then, not {show(got)}"
            )


@rule("tallyfy.tasks.organization-archived", needs=("write",))
def test_tasks_of_archived_processes_are_listed_on_request(target: Target) -> None:
    """Tasks of an archived process are listed with `archived=true` only."""
    with target.open() as client:
        org = first_organization(client)
        run = launch(org)
        own = set(_ids(run_tasks(org, run)))
        org.call("DELETE", f"/runs/{run['id']}")
        assert not own & set(_ids(org.list_all("/tasks"))), "tasks of an archived process must not be listed"
        assert own <= set(_ids(org.list_all("/tasks", archived="true"))), (
            "tasks of an archived process must be listed with `archived=true`"
        )


@rule("tallyfy.tasks.organization-sort", "tallyfy.tasks.personal-sort", needs=("write",))
def test_lists_of_tasks_are_sorted(target: Target) -> None:
    """Tasks can be sorted by deadline in both directions, newest first, and with issues first."""
    with target.open() as client:
        org = first_organization(client)
        me = org.get("/me")["id"]
        for task in org.list_all("/tasks", owners=me, status="incomplete")[1:3]:
            org.call("POST", f"/tasks/{task['id']}/problem", {"content": "A fault"})
        for path, name in (("/tasks", "sort"), ("/me/tasks", "sort_by"), (f"/users/{me}/tasks", "sort_by")):
            plain = {} if path == "/tasks" else {"status": "all"}
            up, down, newest = (org.list_all(path, **plain, **{name: by}) for by in ("deadline", "-deadline", "newest"))
            dated = [task["deadline"] for task in up if task["deadline"]]
            assert dated == sorted(dated), (
                f"tasks must be sorted by deadline, earliest first; the deadlines are {show(dated)}"
            )
            assert (got := [task["deadline"] for task in down if task["deadline"]]) == dated[::-1], (
                f"tasks must be sorted by deadline, latest first; the deadlines are {show(got)}"
            )
            created = [task["created_at"] for task in newest]
            assert created == sorted(created, reverse=True), (
                f"tasks must be sorted by creation, newest first; the times are {show(created)}"
            )
            assert (actual := len({*_ids(up)})) == len({*_ids(down)}) == len({*_ids(newest)}) == len(up), (
                f"each order must list each task once; the orders have {show(actual)} different tasks"
            )
            if len(set(dated)) < 2 or len(set(created)) < 2:
                raise Skipped("the tasks are too much alike")
        held = [task["problem"] for task in org.list_all("/tasks", sort="problems")]
        assert held == sorted(held, reverse=True), "tasks with issues must be listed first"


@rule(
    "tallyfy.tasks.open-filters", "tallyfy.tasks.organization-status", "tallyfy.tasks.personal-status", needs=("write",)
)
def test_statuses_list_their_tasks(target: Target) -> None:
    """Each `status` lists exactly its tasks, in every list of tasks."""
    with target.open() as client:
        org = first_organization(client)
        me = org.get("/me")["id"]
        template = template_where(
            org, lambda t: is_plain_template(t) and len(template_steps(t)) > 2, "with three plain steps"
        )
        run = launch(org, template, tasks={s["id"]: {"owners": {"users": [me]}} for s in template_steps(template)})
        first, second, third = open_tasks(org, run)[:3]
        complete_task(org, run, first)
        complete_task(org, run, second)
        org.call("DELETE", f"/runs/{run['id']}/completed-tasks/{second['id']}")
        org.call("POST", f"/tasks/{third['id']}/problem", {"content": "A fault"})
        for path in ("/tasks", "/me/tasks", f"/users/{me}/tasks", f"/runs/{run['id']}/tasks"):
            _assert_told_apart(org, path, {first["id"], second["id"], third["id"]})


@rule("tallyfy.tasks.list-includes")
@given(names=st.sets(st.sampled_from(("step", "run", "summary"))))
@example(names=set())
@example(names={"step", "run", "summary"})
def test_listed_tasks_include_what_was_asked_for(target: Target, names: set[str]) -> None:
    """Listed tasks have step, process and summary exactly when `with` names them."""
    with target.open() as client:
        org = first_organization(client)
        me = org.get("/me")["id"]
        query = {"with_": ",".join(sorted(names))} if names else {}
        for path in ("/tasks", "/me/tasks", f"/users/{me}/tasks"):
            tasks = org.list_all(path, status="all", **query)
            made = [task for task in tasks if task["run_id"] is not None]
            for task in made:
                assert (got := {"step", "run", "summary"} & task.keys()) == names, (
                    f"a task at {path} must have exactly the includes {show(sorted(names))} of `with`, not {show(got)}"
                )
                assert "step" not in names or unwrap_item(task["step"])["id"] == task["step_id"], (
                    f"an included step must be that of its task {task['id']}"
                )
                assert "run" not in names or unwrap_item(task["run"])["id"] == task["run_id"], (
                    f"an included process must be that of its task {task['id']}"
                )
            if not made:
                raise Skipped(f"no task of a process is in {path}")


@rule("tallyfy.templates.archived-filter", needs=("events",))
def test_archived_templates_are_listed_on_request(target: Target) -> None:
    """An archived template is listed with `archived=only` and `archived=true` only."""
    with target.open() as client:
        org = first_organization(client)
        before = _ids(org.list_all("/checklists"))
        client.event("archive-template", checklist_id=before[0])
        for value in (None, "false", "0"):
            assert (got := _ids(org.list_all("/checklists", archived=value))) == before[1:], (
                f"`archived={show(value)}` must list exactly the templates that are not archived, not {show(got)}"
            )
        only = _ids(org.list_all("/checklists", archived="only"))
        assert before[0] in only, "an archived template must be listed with `archived=only`"
        assert not set(only) & set(before[1:]), (
            "templates that are not archived must not be listed with `archived=only`"
        )
        for value in ("true", "1"):
            assert sorted(_ids(org.list_all("/checklists", archived=value))) == sorted(only + before[1:]), (
                f"`archived={show(value)}` must list all templates, archived or not"
            )


@rule("tallyfy.templates.folder-tree")
def test_a_template_shows_its_folders(target: Target) -> None:
    """A template in a folder shows that folder with `entire_folder_tree=1` only."""
    with target.open() as client:
        org = first_organization(client)
        templates = [template for template in org.list_all("/checklists", with_="folder") if template["folder_id"]]
        if not templates:
            raise Skipped("no template is in a folder")
        name, path = unwrap_item(templates[0]["folder"])["name"], f"/checklists/{templates[0]['id']}"
        mentions = [_whole(org, path, entire_folder_tree=value).count(json.dumps(name)) for value in ("1", "0")]
        assert mentions[0] > mentions[1], "a template must show its folder with `entire_folder_tree=1` only"


@rule("tallyfy.runs.more-statuses")
def test_processes_are_found_by_further_statuses(target: Target) -> None:
    """`status=starred` lists exactly the starred processes; `delayed` lists none that is complete."""
    with target.open() as client:
        org = first_organization(client)
        everything = org.list_all("/runs")
        starred = [run for run in everything if run["starred"]]
        assert (got := _ids(org.list_all("/runs", status="starred"))) == _ids(starred), (
            f"`status=starred` must list exactly the starred processes, not {show(got)}"
        )
        delayed = org.list_all("/runs", status="delayed")
        assert all(run["late_tasks"] > 0 and run["status"] != "complete" for run in delayed), (
            "`status=delayed` must list processes with late tasks that are not complete"
        )
        if not starred or not delayed:
            raise Skipped("no process is starred, or none is late")


@rule("tallyfy.envelope.same-in-list-and-single")
def test_included_fields_are_the_same_in_a_list(target: Target) -> None:
    """A process includes the same form fields and answers in the list and by its id."""
    with target.open() as client:
        org = first_organization(client)
        query = {"with_": "form_fields,ko_form_fields", "form_fields_values": "true"}
        listed = org.list_all("/runs", **query)
        answered = [run for run in listed if run["prerun"]][:5]
        for run in (*listed[:5], *answered):
            single = read_run(org, run, **query)
            assert {name: run[name] for name in ("form_fields", "ko_form_fields")} == {
                name: single[name] for name in ("form_fields", "ko_form_fields")
            }, f"the form fields of process {run['id']} must be the same in the list and by id"
        if not answered:
            raise Skipped("no process has answers")


@rule("tallyfy.runs.late-tasks", needs=("write", "advance"))
def test_late_tasks_are_counted(target: Target) -> None:
    """`late_tasks` counts the open tasks whose deadline has passed."""
    with target.open() as client:
        org = first_organization(client)
        template = template_where(
            org, lambda t: is_plain_template(t) and len(template_steps(t)) > 2, "with three plain steps"
        )
        year = int(org.list_all("/runs", sort="-created_at")[0]["created_at"][:4]) + 10
        given = {
            step["id"]: {"deadline": f"{year + (n > 1)}-06-06T12:00:00Z"}
            for n, step in enumerate(template_steps(template))
        }
        run = launch(org, template, tasks=given)
        assert run["late_tasks"] == 0, (
            f"a process without late tasks must have `late_tasks: 0`, not {show(run['late_tasks'])}"
        )
        client.advance(_seconds(run["created_at"], f"{year}-07-06T12:00:00Z"))
        assert (got := read_run(org, run)["late_tasks"]) == 2, (
            f"a process with two late tasks must have `late_tasks: 2`, not {show(got)}"
        )
        complete_task(org, run, open_tasks(org, run)[0])
        assert (got := read_run(org, run)["late_tasks"]) == 1, (
            f"a completed task must not count as late; `late_tasks` is {show(got)}"
        )


@rule("tallyfy.runs.collaborators", "tallyfy.runs.last-deadline", needs=("write",))
def test_a_process_tells_of_its_tasks(target: Target) -> None:
    """`collaborators` are the people with a task in the process; `max_task_deadline` is its latest deadline."""
    with target.open() as client:
        org = first_organization(client)
        for run in org.list_all("/runs")[:10]:
            tasks = run_tasks(org, run)
            people = {person for task in tasks for person in task["owners"]["users"]}
            assert (got := set(read_run(org, run)["collaborators"])) == people, (
                f"`collaborators` must be the people with a task in the process, not {show(got)}"
            )
            dated = [task["deadline"] for task in tasks if task["deadline"] and task["status"] != "auto-skipped"]
            assert (got := read_run(org, run)["max_task_deadline"]) == max(dated, default=None), (
                f"`max_task_deadline` must be the latest deadline of the tasks, not {show(got)}"
            )


@rule("tallyfy.launch.starter", needs=("write",))
def test_somebody_else_starts_a_process(target: Target) -> None:
    """A process is started by the person in `user_id`."""
    with target.open() as client:
        org = first_organization(client)
        me = org.get("/me")["id"]
        others = sorted({run["owner_id"] for run in org.list_all("/runs")} - {me})
        if not others:
            raise Skipped("all processes belong to one person")
        for given in (others[0], str(others[0])):
            assert (got := read_run(org, launch(org, user_id=given))["started_by"]) == others[0], (
                f"a process must be started by the person in `user_id`, {others[0]}, not by {show(got)}"
            )


@rule("tallyfy.launch.flags", needs=("write",))
@given(starred=st.booleans(), public=st.booleans())
@example(starred=True, public=True)
def test_a_process_is_launched_as_told(target: Target, starred: bool, public: bool) -> None:
    """A process has the star, publicity, parent, people and folders of its launch."""
    with target.open() as client:
        org = first_organization(client)
        everything = org.list_all("/runs", with_="folders")
        me, parent = org.get("/me")["id"], everything[0]["id"]
        folders = sorted({folder["id"] for run in everything for folder in unwrap_items(run["folders"])})[:1]
        members = {"starred": starred, "is_public": public, "parent_id": parent, "users": [me]}
        run = read_run(org, launch(org, name="N", folders=folders, **members), with_="folders")
        assert (got := {name: run[name] for name in members}) == members, (
            f"a process must have the members of its launch, not {show(got)}"
        )
        assert (actual := _ids(unwrap_items(run["folders"]))) == folders, (
            f"a process must be in the folders of its launch, not {show(actual)}"
        )
        assert (got := org.call("PUT", f"/runs/{run['id']}", {"name": "R"})["name"]) == "R", (
            f"a process must be renamed after its launch, but is called {show(got)}"
        )
        if not folders:
            raise Skipped("no process is in a folder")


@rule("tallyfy.launch.override-places", needs=("write",))
def test_a_task_gets_another_place(target: Target) -> None:
    """A task has the position and number of assignees that the launch gives for its step."""
    with target.open() as client:
        org = first_organization(client)
        template = template_where(
            org, lambda t: is_plain_template(t) and len(template_steps(t)) > 1, "with two plain steps"
        )
        last = template_steps(template)[-1]
        run = launch(org, template, tasks={last["id"]: {"position": 1, "max_assignable": 3}})
        task = next(task for task in run_tasks(org, run) if task["step_id"] == last["id"])
        assert (got := (task["position"], task["max_assignable"])) == (1, 3), (
            f"position and number of assignees of a task must be 1 and 3 as in the launch, not {show(got)}"
        )


@rule("tallyfy.task-update.place", "tallyfy.task-update.type", needs=("write",))
@given(kind=st.sampled_from(("task", "approval", "expiring", "email", "expiring_email")), secret=st.booleans())
@example(kind="task", secret=True)
@example(kind="approval", secret=True)
@example(kind="expiring", secret=True)
@example(kind="email", secret=True)
@example(kind="expiring_email", secret=False)
def test_a_task_changes_its_place_and_type(target: Target, kind: str, secret: bool) -> None:
    """A task has the start, position, type and secrecy of its update; a title may be one letter."""
    with target.open() as client:
        org = first_organization(client)
        run = launch(org)
        path = f"/runs/{run['id']}/tasks/{run_tasks(org, run)[-1]['id']}"
        members = {"position": 1, "task_type": kind, "top_secret": secret, "title": "T"}
        org.call("PUT", path, {**members, "started_at": "2031-01-06T08:00:00Z"})
        task = org.get(path)
        assert (got := {name: task[name] for name in members}) == members, (
            f"a task must have the members of its update, not {show(got)}"
        )
        assert task["started_at"][:19] == "2031-01-06T08:00:00", (
            f"a task must start when its update says, not at {show(task['started_at'])}"
        )


@rule("tallyfy.comments.members", needs=("write",))
@given(
    label=st.sampled_from((None, "comment", "problem", "resolve", "improvement", "advice")),
    state=st.sampled_from((None, "open", "hide-for-guests", "collapsed")),
)
@example(label=None, state="open")
@example(label="comment", state="hide-for-guests")
@example(label="problem", state="collapsed")
@example(label="resolve", state=None)
@example(label="improvement", state="open")
@example(label="advice", state="collapsed")
def test_a_comment_has_what_it_was_given(target: Target, label: str | None, state: str | None) -> None:
    """A comment shows its label, state and recipients; an issue shows state and recipients."""
    with target.open() as client:
        org = first_organization(client)
        me = org.get("/me")["id"]
        task = open_tasks(org, launch(org))[0]
        body = {"content": "C", "state": state, "sent_to": [me]}
        comment = org.call("POST", f"/tasks/{task['id']}/comment", {**body, "label": label})
        for shown in (comment, org.call("POST", f"/tasks/{task['id']}/problem", body)):
            assert shown["sent_to"] == [me], (
                f"a comment must show the person it was sent to, not {show(shown['sent_to'])}"
            )
            assert state in (None, shown["state"]), (
                f"a comment must have the state {show(state)}, not {show(shown['state'])}"
            )
        assert label in (None, comment["label"]), (
            f"a comment must have the label {show(label)}, not {show(comment['label'])}"
        )


@rule("tallyfy.issues.resolution", needs=("write",))
@given(state=st.sampled_from((None, "open", "hide-for-guests", "collapsed")))
@example(state="open")
@example(state="hide-for-guests")
@example(state="collapsed")
@example(state=None)
def test_a_resolution_has_what_it_was_given(target: Target, state: str | None) -> None:
    """A resolution returns its content and state."""
    with target.open() as client:
        org = first_organization(client)
        task = open_tasks(org, launch(org))[0]
        issue = org.call("POST", f"/tasks/{task['id']}/problem", {"content": "A fault"})
        body = {"thread_id": issue["id"], "content": "It works again", "state": state}
        resolution = org.call("POST", f"/tasks/{task['id']}/resolved-threads", body)
        assert resolution["content"] == "It works again", (
            f"a resolution must keep its content, not {show(resolution['content'])}"
        )
        assert state in (None, resolution["state"]), (
            f"a resolution must have the state {show(state)}, not {show(resolution['state'])}"
        )


@rule("tallyfy.me.members")
def test_a_person_has_the_members_that_clients_need(target: Target) -> None:
    """The token's owner has names and an address."""
    with target.open() as client:
        org = first_organization(client)
        person = org.get("/me")
        assert {"id", "email", "username", "first_name", "last_name", "full_name"} <= person.keys(), (
            f"a person must have an id, names and an address; the members are {show(sorted(person))}"
        )
        assert person["full_name"] == f"{person['first_name']} {person['last_name']}", (
            f"`full_name` must be first and last name, not {show(person['full_name'])}"
        )


@rule("tallyfy.runs.listed-more")
def test_a_listed_process_has_further_fields(target: Target) -> None:
    """A listed process shows its due date, its parent, and whether an issue is open."""
    names = {"due_date_passed", "due_soon", "late_tasks", "collaborators", "parent_id", "can_add_oot", "has_open_issue"}
    with target.open() as client:
        for run in first_organization(client).list_all("/runs"):
            assert names <= run.keys(), f"a listed process must have the members {show(names - run.keys())}"


@rule("tallyfy.fields.members", "tallyfy.tasks.client-members")
def test_fields_and_tasks_have_the_members_that_clients_need(target: Target) -> None:
    """A form field names its template or step, id and type; a task has the title of its step."""
    with target.open() as client:
        org = first_organization(client)
        for template in org.templates():
            assert all({"id", "checklist_id", "alias", "field_type"} <= field.keys() for field in template["prerun"]), (
                "a kick-off field must have its id, template, alias and type"
            )
            fields = org.get(f"/checklists/{template['id']}/form-fields")["form_fields"]
            captures = [*fields, *(capture for step in template_steps(template) for capture in step["captures"])]
            assert all({"id", "step_id", "label", "field_type"} <= capture.keys() for capture in captures), (
                "a field of a step must have its id, step, label and type"
            )
        for task in org.list_all("/tasks"):
            assert {"id", "increment_id", "title", "original_title"} <= task.keys(), (
                f"a task must have its id, number, title and original title; the members are {show(sorted(task))}"
            )


@rule("tallyfy.tasks.more-includes")
@given(names=st.sets(st.sampled_from(INCLUDES)))
@example(names=set())
@example(names=set(INCLUDES))
def test_a_task_includes_further_things(target: Target, names: set[str]) -> None:
    """A task has exactly the further includes that `with` names, by its id and in the list."""
    with target.open() as client:
        org = first_organization(client)
        query = {"with_": ",".join(sorted(names))} if names else {}
        run = org.list_all("/runs")[0]
        task = run_tasks(org, run)[0]
        assert (got := set(INCLUDES) & org.get(f"/tasks/{task['id']}", **query).keys()) == names, (
            f"a task must have exactly the includes {show(sorted(names))} that `with` names, not {show(got)}"
        )
        listed = {"comments": "comments"} if "comments" in names else {}
        assert ("comments" in run_tasks(org, run, with_=listed.get("comments", "step"))[0]) == bool(listed), (
            "a listed task must have its comments exactly when `with` names them"
        )


def _assert_told_apart(org: Organization, path: str, own: set[str]) -> None:
    """Assert that each `status` lists exactly its tasks; `own` are tasks of every kind."""
    whole = {} if path.startswith("/runs") else {"status": "all"}
    everything = org.list_all(path, **whole)
    assert own <= set(_ids(everything)), f"the unfiltered list at {path} must hold all tasks that it should"
    done = {task["id"] for task in everything if task["status"] == COMPLETED_STATUS}
    held = {task["id"] for task in everything if task["problem"]}
    moving = {task["id"] for task in everything if task["status"] == "in-progress"}
    exactly = {"complete": done, "hasproblem": held, "inprogress": moving} | ({"completed": done} if whole else {})
    for status, wanted in exactly.items():
        assert (got := {*_ids(org.list_all(path, status=status))}) == wanted, (
            f"`status={status}` at {path} must list exactly the tasks with it, not {show(got)}"
        )
    never = ("active", "incomplete", "not-started", "overdue", "due_soon", *(() if whole else ("active_visible",)))
    for status in never:
        found = {*_ids(org.list_all(path, status=status))}
        assert found <= {*_ids(everything)} - done, f"`status={status}` at {path} must not list completed tasks"
    assert own - done <= {*_ids(org.list_all(path, status="incomplete"))}, (
        f"`status=incomplete` at {path} must list all tasks that are not completed"
    )


def _assert_due(org: Organization, path: str, everything: list[Json]) -> None:
    days = sorted({task["deadline"][:10] for task in everything if task["deadline"]})
    if len(days) < 3:
        raise Skipped("the tasks are due on too few days")
    for name, fits in DUE.items():
        for day in (days[0], days[len(days) // 2], days[-1]):
            wanted = [task for task in everything if task["deadline"] and fits(task["deadline"][:10], day)]
            assert (got := _ids(org.list_all(path, **{name: day}))) == _ids(wanted), (
                f"`{name}={day}` must list exactly the tasks that are due then, not {show(got)}"
            )


def _days(tasks: Iterable[Json]) -> list[str]:
    return sorted(task["deadline"][:10] for task in tasks)


def _whole(org: Organization, path: str, **query: str) -> str:
    """What reading a path returns as text, with members that the document does not name."""
    org.get(path, **query)
    return json.dumps(org.client.log[-1].response.json())


def _ids(records: Iterable[Json]) -> list[str]:
    return [record["id"] for record in records]


def _seconds(first: str, last: str) -> float:
    return (datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds()
