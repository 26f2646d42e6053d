"""Tallyfy: tasks: members, filters and updates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from understudy_checks.client import Skipped
from understudy_checks.rules import rule
from understudy_checks.tallyfy.driver import (
    COMPLETED_STATUS,
    HIDDEN_STATUS,
    UNKNOWN_ID,
    Json,
    Organization,
    answer_fields,
    complete_task,
    fill_required_fields,
    first_organization,
    launch,
    launch_with_field,
    open_tasks,
    read_run,
    run_tasks,
    sample_answers,
    stored_answers,
    template_steps,
    template_where,
    unwrap_item,
    unwrap_items,
)
from understudy_checks.target.target import Target
from understudy_checks.wording import show

FIELDS = (
    "id", "increment_id", "title", "run_id", "checklist_id", "step_id", "alias", "status", "status_label", "task_type",
    "is_oneoff_task", "is_completable", "is_approved", "owners", "position", "started_at", "deadline", "created_at",
    "last_updated", "completed_at", "archived_at", "starter_id", "completer_id", "everyone_must_complete",
    "can_complete_only_assignees", "max_assignable", "webhook", "top_secret",
)  # fmt: skip
DAYS = ("2031-01-06", "2031-01-07", "2031-01-08", "2031-01-09")
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@rule("tallyfy.tasks.of-the-run", "tallyfy.tasks.owners")
def test_tasks_name_their_process(target: Target) -> None:
    """Each listed task names its process and template and has three lists of owners."""
    with target.open() as client:
        org = first_organization(client)
        for run in org.list_all("/runs")[:25]:
            tasks = run_tasks(org, run)
            assert len({task["id"] for task in tasks}) == len(tasks), (
                f"a process must list each task once; it is {run['id']}"
            )
            assert run["progress"]["total"] <= len(tasks), (
                f"the progress must count at most the {len(tasks)} tasks, not {show(run['progress']['total'])}"
            )
            for task in tasks:
                assert (got := (task["run_id"], task["checklist_id"])) == (run["id"], run["checklist_id"]), (
                    f"a task must name its process and template; they are {show(got)}"
                )
                assert all(isinstance(task["owners"][name], list) for name in ("users", "guests", "groups")), (
                    f"the owners of a task must be three lists, not {show(task['owners'])}"
                )
            made = [task for task in org.list_all("/tasks", q=run["name"]) if task["run_id"] == run["id"]]
            assert (actual := {task["id"] for task in made}) == {task["id"] for task in tasks}, (
                f"the tasks of the process must be the same in both lists, not {show(actual)}"
            )


@rule("tallyfy.tasks.by-position", needs=("write",))
@given(order=st.permutations(DAYS))
@example(order=list(DAYS)[::-1])
def test_tasks_are_sorted(target: Target, order: list[str]) -> None:
    """`sort` orders by position or deadline, ascending, or descending with a minus."""
    with target.open() as client:
        org = first_organization(client)
        run, tasks = _dated(org, order)
        for name in ("position", "deadline"):
            wanted = sorted(tasks, key=lambda task: str(task[name]).zfill(40))
            assert (got := _ids(run_tasks(org, run, sort=name))) == _ids(wanted), (
                f"`sort={name}` must list the tasks in ascending order, not {show(got)}"
            )
            assert (got := _ids(run_tasks(org, run, sort=f"-{name}"))) == _ids(wanted)[::-1], (
                f"`sort=-{name}` must list the tasks in descending order, not {show(got)}"
            )


@rule("tallyfy.tasks.hidden-are-listed", needs=("write", "events"))
def test_hidden_tasks_are_listed(target: Target) -> None:
    """A hidden task stays in the list, with its status."""
    with target.open() as client:
        org = first_organization(client)
        run = launch(org)
        before = run_tasks(org, run)
        client.event("hide-task", run_id=run["id"], task_id=before[0]["id"])
        after = run_tasks(org, run)
        assert (got := _ids(after)) == _ids(before), f"a list must keep a hidden task in place; it has {show(got)}"
        assert (got := [task["status"] == HIDDEN_STATUS for task in after]) == [True] + [False] * (len(after) - 1), (
            f"the list must show the hidden task, and no other, as hidden; hidden: {show(got)}"
        )
        assert (got := org.get(f"/tasks/{before[0]['id']}")["status"]) == HIDDEN_STATUS, (
            f"the hidden task, read by its id, must be hidden, not {show(got)}"
        )


@rule("tallyfy.tasks.status-filter", "tallyfy.tasks.problem-filter", needs=("write",))
def test_tasks_are_filtered_by_status(target: Target) -> None:
    """`status` lists exactly the completed tasks, the others, or those with an issue."""
    with target.open() as client:
        org = first_organization(client)
        run = launch(org)
        first, second, *_ = open_tasks(org, run)
        complete_task(org, run, first)
        org.call("POST", f"/tasks/{second['id']}/problem", {"content": "A fault"})
        for one in [run, *org.list_all("/runs")[:10]]:
            tasks = run_tasks(org, one)
            assert (got := _ids(run_tasks(org, one, status="complete"))) == _ids(
                t for t in tasks if t["status"] == COMPLETED_STATUS
            ), f"`status=complete` must list exactly the completed tasks, not {show(got)}"
            assert not any(task["status"] == COMPLETED_STATUS for task in run_tasks(org, one, status="incomplete")), (
                "`status=incomplete` must list no completed task"
            )
        assert (got := _ids(run_tasks(org, run, status="complete"))) == [first["id"]], (
            f"`status=complete` must list the completed task {first['id']} alone, not {show(got)}"
        )
        assert second["id"] in _ids(run_tasks(org, run, status="incomplete")), (
            f"`status=incomplete` must list the open task {second['id']}"
        )
        assert (got := _ids(run_tasks(org, run, status="hasproblem"))) == [second["id"]], (
            f"`status=hasproblem` must list the task with an issue, {second['id']}, alone, not {show(got)}"
        )


@rule("tallyfy.tasks.overdue-filter", needs=("write", "advance"))
def test_tasks_become_overdue(target: Target) -> None:
    """An open task is overdue once its deadline has passed; a completed one never is."""
    with target.open() as client:
        org = first_organization(client)
        run, tasks = _dated(org, _coming_days(org))
        due = sorted(tasks, key=lambda task: str(task["deadline"]))
        assert (got := run_tasks(org, run, status="overdue")) == [], (
            f"no task must be overdue before its deadline, but these are: {show(got)}"
        )
        complete_task(org, run, due[0])
        client.advance((_time(due[1]["deadline"]) - _time(run["created_at"])).total_seconds() + 60)
        assert (got := _ids(run_tasks(org, run, status="overdue"))) == [due[1]["id"]], (
            f"`status=overdue` must list the overdue task {due[1]['id']} alone, not {show(got)}"
        )
        complete_task(org, run, due[1])
        assert (got := run_tasks(org, run, status="overdue")) == [], (
            f"a completed task must not be overdue, but these are: {show(got)}"
        )


@rule("tallyfy.tasks.owners-filter", needs=("write",))
def test_tasks_are_filtered_by_owners(target: Target) -> None:
    """People, guests and groups list exactly their tasks; `unassigned` lists those without owners."""
    with target.open() as client:
        org = first_organization(client)
        groups = sorted({g for task in org.list_all("/tasks") for g in task["owners"]["groups"]})
        me = org.get("/me")["id"]
        kinds: list[Json] = [
            {"users": [me], "guests": [], "groups": []},
            {"users": [], "guests": ["a@company.example"], "groups": groups[:1]},
            {"users": [], "guests": [], "groups": []},
        ]
        template = template_where(org, lambda t: len(template_steps(t)) > 2 and not t["prerun"], "with three steps")
        owners = {step["id"]: kinds[number % 3] for number, step in enumerate(template_steps(template))}
        run = launch(org, template, tasks={id: {"owners": given_owners} for id, given_owners in owners.items()})
        tasks = run_tasks(org, run)
        assert (got := _ids(run_tasks(org, run, owners=me))) == _ids(t for t in tasks if me in t["owners"]["users"]), (
            f"`owners` must list exactly the tasks of the person {me}, not {show(got)}"
        )
        wanted = _ids(t for t in tasks if "a@company.example" in t["owners"]["guests"])
        assert (got := _ids(run_tasks(org, run, guests="a@company.example"))) == wanted, (
            f"`guests` must list exactly the tasks of the guest, not {show(got)}"
        )
        assert (got := _ids(run_tasks(org, run, guests="a@company.example,b@company.example"))) == wanted, (
            f"`guests` must list the tasks of each named guest, not {show(got)}"
        )
        assert (got := run_tasks(org, run, guests="b@company.example")) == [], (
            f"a guest without tasks must have none listed, not {show(got)}"
        )
        assert (got := _ids(run_tasks(org, run, unassigned="true"))) == _ids(
            t for t in tasks if not any(t["owners"].values())
        ), f"`unassigned=true` must list exactly the tasks without owners, not {show(got)}"
        for group in groups[:1]:
            assert (got := _ids(run_tasks(org, run, groups=group))) == wanted, (
                f"`groups={group}` must list exactly the tasks of the group, not {show(got)}"
            )


@rule("tallyfy.tasks.deadline-filter", needs=("write",))
@given(day=st.sampled_from(("2031-01-05", *DAYS, "2031-01-10")))
def test_tasks_are_filtered_by_deadline(target: Target, day: str) -> None:
    """Tasks are listed by a deadline on, before or after a day; before and after exclude the day."""
    with target.open() as client:
        org = first_organization(client)
        run, tasks = _dated(org, DAYS)
        due = {task["id"]: str(task["deadline"])[:10] for task in tasks}
        tests: dict[str, Callable[[str], bool]] = {
            "deadline_on": lambda at: at == day,
            "deadline_before": lambda at: at < day,
            "deadline_after": lambda at: at > day,
        }
        for name, holds in tests.items():
            assert (got := _ids(run_tasks(org, run, **{name: day}))) == [id for id, at in due.items() if holds(at)], (
                f"`{name}` must list exactly the tasks that are due then, not {show(got)}"
            )


@rule("tallyfy.tasks.step-include", needs=("write",))
def test_tasks_include_their_steps(target: Target) -> None:
    """Tasks have their step with `with=step` only."""
    with target.open() as client:
        org = first_organization(client)
        for run in org.list_all("/runs")[:5]:
            for task in run_tasks(org, run, with_="step"):
                assert unwrap_item(task["step"])["id"] == task["step_id"], (
                    f"an included step must be that of its task {task['id']}"
                )
            assert all("step" not in task for task in run_tasks(org, run)), (
                "without `with=step`, no task must have its step"
            )


@rule("tallyfy.tasks.fields", "tallyfy.tasks.owners")
def test_a_task_has_its_fields(target: Target) -> None:
    """A task has its documented members; a one-off task has no process, template and step."""
    with target.open() as client:
        org = first_organization(client)
        tasks = org.list_all("/tasks")
        oneoff = [task for task in tasks if task["is_oneoff_task"]]
        for listed in [*oneoff[:5], *tasks[:10]]:
            task = org.get(f"/tasks/{listed['id']}")
            assert set(FIELDS) <= task.keys(), f"a task must have the members {show(set(FIELDS) - task.keys())}"
            assert set(task["owners"]) >= {"users", "guests", "groups"}, (
                f"the owners of a task must be three lists, not {show(task['owners'])}"
            )
            nothing = [task[name] is None for name in ("run_id", "checklist_id", "step_id")]
            assert all(nothing) if task["is_oneoff_task"] else not any(nothing), (
                f"exactly a one-off task must have no process, template and step; it is {task['id']}"
            )
        if not oneoff:
            raise Skipped("there is no one-off task")


@rule("tallyfy.tasks.both-paths", "tallyfy.tasks.task-of-another-run", "tallyfy.tasks.unknown-task")
def test_a_task_has_two_paths(target: Target) -> None:
    """A task is the same by both its paths, and is unknown under another process."""
    with target.open() as client:
        org = first_organization(client)
        first, second = org.list_all("/runs")[:2]
        for task in run_tasks(org, first):
            for query in ({}, {"with_": "step,form_fields,threads"}):
                read = org.get(f"/tasks/{task['id']}", **query)
                assert read == org.get(f"/runs/{first['id']}/tasks/{task['id']}", **query), (
                    f"the task {task['id']} must be the same by both paths"
                )
            org.assert_missing("GET", f"/runs/{second['id']}/tasks/{task['id']}")
        for id in (UNKNOWN_ID, "no-such-task"):
            org.assert_missing("GET", f"/tasks/{id}")
            org.assert_missing("GET", f"/runs/{first['id']}/tasks/{id}")


@rule("tallyfy.tasks.includes")
@given(names=st.sets(st.sampled_from(("form_fields", "threads", "run", "step", "tags"))))
@example(names=set())
@example(names={"form_fields", "threads", "run", "step", "tags"})
def test_a_task_includes_what_was_asked_for(target: Target, names: set[str]) -> None:
    """A task has exactly the includes that `with` names."""
    with target.open() as client:
        org = first_organization(client)
        run = org.list_all("/runs")[-1]
        for task in run_tasks(org, run)[:3]:
            shown = org.get(f"/tasks/{task['id']}", **({"with_": ",".join(sorted(names))} if names else {}))
            assert (got := {"form_fields", "threads", "run", "step", "tags"} & shown.keys()) == names, (
                f"a task must have exactly the includes that `with` names, not {show(got)}"
            )
            if "run" in names:
                assert unwrap_item(shown["run"])["id"] == run["id"], "an included process must be that of the task"
            if "step" in names:
                assert unwrap_item(shown["step"])["id"] == task["step_id"], "an included step must be that of the task"


@rule("tallyfy.tasks.of-the-organization")
def test_the_organization_lists_its_tasks(target: Target) -> None:
    """The organization lists the tasks of all processes and the one-off tasks."""
    with target.open() as client:
        org = first_organization(client)
        listed = org.list_all("/tasks")
        known = {task["id"] for run in org.list_all("/runs") for task in run_tasks(org, run)}
        assert (got := {task["id"] for task in listed if task["run_id"] is not None}) == known, (
            f"the organization must list the tasks of all its processes, not {show(got)}"
        )
        oneoff = {task["id"] for task in listed if task["run_id"] is None}
        assert all(task["is_oneoff_task"] == (task["run_id"] is None) for task in listed), (
            "exactly a task without a process must have `is_oneoff_task: true`"
        )
        mine = {task["id"] for task in org.list_all("/me/tasks", status="all") if task["is_oneoff_task"]}
        assert mine <= oneoff, "the organization must list its one-off tasks"
        if not mine:
            raise Skipped("one has no one-off task")


@rule("tallyfy.tasks.organization-filters", "tallyfy.tasks.search")
def test_tasks_of_the_organization_are_filtered(target: Target) -> None:
    """Owners, `unassigned`, `status` and `q` each list exactly their tasks."""
    with target.open() as client:
        org = first_organization(client)
        everything = org.list_all("/tasks")
        for person in sorted({person for task in everything for person in task["owners"]["users"]}):
            wanted = _ids(t for t in everything if person in t["owners"]["users"])
            assert (got := _ids(org.list_all("/tasks", owners=person))) == wanted, (
                f"`owners={person}` must list exactly the tasks of the person, not {show(got)}"
            )
        wanted = _ids(t for t in everything if not any(t["owners"].values()))
        assert (got := _ids(org.list_all("/tasks", unassigned="true"))) == wanted, (
            f"`unassigned=true` must list exactly the tasks without owners, not {show(got)}"
        )
        assert (got := _ids(org.list_all("/tasks", status="complete"))) == _ids(
            t for t in everything if t["status"] == COMPLETED_STATUS
        ), f"`status=complete` must list exactly the completed tasks, not {show(got)}"
        for task in everything[:3]:
            word = max(task["title"].split(), key=len)
            found = set(_ids(org.list_all("/tasks", q=word)))
            assert found >= {t["id"] for t in everything if word.lower() in t["title"].lower()}, (
                f"`q={word}` must list all tasks with the word in their title, not {show(found)}"
            )
            assert len(found) < len(everything), f"`q={word}` must not list all tasks"
        if not wanted:
            raise Skipped("every task belongs to somebody")


@rule("tallyfy.tasks.mine", "tallyfy.tasks.of-a-person")
def test_a_person_has_tasks(target: Target) -> None:
    """The tasks of a person, oneself or another, are those that the person owns."""
    with target.open() as client:
        org = first_organization(client)
        everything = org.list_all("/tasks")
        me = org.get("/me")["id"]
        people = sorted({person for task in everything for person in task["owners"]["users"]})
        for person in people:
            wanted = {t["id"] for t in everything if person in t["owners"]["users"]}
            assert (got := set(_ids(org.list_all(f"/users/{person}/tasks", status="all")))) == wanted, (
                f"the tasks of person {person} must be those that the person owns, not {show(got)}"
            )
        wanted = {t["id"] for t in everything if me in t["owners"]["users"]}
        assert (got := set(_ids(org.list_all("/me/tasks", status="all")))) == wanted, (
            f"one's own tasks must be those that the token's owner owns, not {show(got)}"
        )


@rule("tallyfy.task-update.partial", needs=("write",))
@given(names=st.sets(st.sampled_from(("title", "summary", "webhook", "max_assignable", "prevent_guest_comment"))))
@example(names=set())
@example(names={"title", "summary", "webhook", "max_assignable", "prevent_guest_comment"})
def test_a_task_changes_what_is_given(target: Target, names: set[str]) -> None:
    """An update changes the named members and no others."""
    with target.open() as client:
        org = first_organization(client)
        run = launch(org)
        path = f"/runs/{run['id']}/tasks/{run_tasks(org, run)[0]['id']}"
        org.call("PUT", path, {"summary": "As it was"})
        task = org.get(path)
        values: dict[str, Json] = {
            "title": "Another title", "summary": "Another summary", "webhook": "https://company.example/hook",
            "max_assignable": 3, "prevent_guest_comment": True,
        }  # fmt: skip
        body = {name: values[name] for name in names}
        answered = org.call("PUT", path, body)
        for shown in (answered, org.get(f"/tasks/{task['id']}")):
            assert (got := {**shown, "last_updated": ""}) == {**task, **body, "last_updated": ""}, (
                f"an update must change the named members and no others; the task is now {show(got)}"
            )


@rule("tallyfy.task-update.long-title", needs=("write",))
@given(more=st.integers(1, 300))
@example(more=1)
def test_a_task_cannot_get_a_long_title(target: Target, more: int) -> None:
    """A title of 600 characters is accepted; a longer one is refused and changes nothing."""
    with target.open() as client:
        org = first_organization(client)
        run = launch(org)
        path = f"/runs/{run['id']}/tasks/{run_tasks(org, run)[0]['id']}"
        assert (got := len(org.call("PUT", path, {"title": "t" * 600})["title"])) == 600, (
            f"a title of 600 characters must be kept whole, but has {show(got)}"
        )
        before = org.get(path)
        org.assert_refused("PUT", path, {"title": "t" * (600 + more), "summary": "No"}, status=422)
        assert (got := org.get(path)) == before, f"a refused update must not change the task; it is now {show(got)}"


@rule("tallyfy.task-update.deadline", "tallyfy.task-update.working-day", needs=("write",))
@given(days=st.integers(0, 700), hour=st.integers(0, 23), plainly=st.booleans())
@example(days=0, hour=12, plainly=True)
@example(days=5, hour=12, plainly=False)
@example(days=6, hour=12, plainly=True)
def test_a_task_gets_another_deadline(target: Target, days: int, hour: int, plainly: bool) -> None:
    """A deadline on a working day is kept to the second; another moves to a working day within a week."""
    with target.open() as client:
        org = first_organization(client)
        working = org.get("").get("working_days")
        if not working or working.keys() != set(WEEK) or not any(working.values()):
            raise Skipped("the organization does not tell its working days")
        wanted = datetime(2031, 1, 6, hour, 30, 15, tzinfo=UTC) + timedelta(days=days)
        text = f"{wanted:%Y-%m-%d %H:%M:%S}" if plainly else f"{wanted:%Y-%m-%dT%H:%M:%SZ}"
        run = launch(org)
        path = f"/runs/{run['id']}/tasks/{run_tasks(org, run)[0]['id']}"
        answered = org.call("PUT", path, {"deadline": text})
        for shown in (answered, org.get(path)):
            moved = _time(shown["deadline"])
            if working[WEEK[wanted.weekday()]]:
                assert moved == wanted, f"a deadline on a working day must be kept; {show(wanted)} became {show(moved)}"
            elif 10 <= hour <= 14:  # wherever the organization is, it is the same day there
                assert working[WEEK[moved.weekday()]], (
                    f"a deadline must move to a working day, not from {show(wanted)} to {show(moved)}"
                )
                assert abs(moved - wanted) < timedelta(days=7), (
                    f"a deadline must move by less than 7 days; {show(wanted)} became {show(moved)}"
                )


@rule("tallyfy.task-update.owners", needs=("write",))
def test_a_task_gets_other_owners(target: Target) -> None:
    """An update replaces the owners of a task; three empty lists remove them."""
    with target.open() as client:
        org = first_organization(client)
        run = launch(org)
        path = f"/runs/{run['id']}/tasks/{run_tasks(org, run)[0]['id']}"
        people = sorted({task["owner_id"] for task in org.list_all("/runs")})
        groups = sorted({g for task in org.list_all("/tasks") for g in task["owners"]["groups"]})
        nobody: Json = {"users": [], "guests": [], "groups": []}
        for owners in (
            {"users": people, "guests": ["a@company.example"], "groups": groups[:1]},
            {"users": people[:1], "guests": ["b@company.example"], "groups": []},
            {"users": [], "guests": [], "groups": groups[:1]},
            nobody,
        ):
            assert (got := org.call("PUT", path, {"owners": owners})["owners"]) == owners, (
                f"the owners of a task must be those of its update, not {show(got)}"
            )
            assert (got := org.get(path)["owners"]) == owners, (
                f"the owners of the task, read by its id, must be those of its update, not {show(got)}"
            )


@rule("tallyfy.task-update.answers", needs=("write",))
def test_answers_are_kept(target: Target) -> None:
    """A form answer is stored as it was sent; the other answers of the task do not change."""
    with target.open() as client:
        org = first_organization(client)
        run, task, _ = launch_with_field(org, "dropdown")
        fields = unwrap_items(org.get(f"/tasks/{task['id']}", with_="form_fields")["form_fields"])
        wanted: dict[str, Json] = {}
        for number in range(2):
            for field in fields:
                known = list(sample_answers(field))
                wanted[field["id"]] = known[number % len(known)]
                answer_fields(org, run, task, {field["id"]: wanted[field["id"]]})
                answers = stored_answers(org, run, task)
                assert (got := {id: answers[id] for id in wanted}) == wanted, (
                    f"answers must be stored as they were sent, not as {show(got)}"
                )
        assert all(answers[id] == value for id, value in wanted.items()), (
            f"answers to other fields must be kept; the answers are {show(answers)}"
        )


@rule("tallyfy.task-update.unknown-answers", needs=("write",))
def test_answers_to_unknown_fields_are_dropped(target: Target) -> None:
    """An answer to an unknown field is dropped; answers beside it are stored."""
    with target.open() as client:
        org = first_organization(client)
        run, task, field = launch_with_field(org, "text")
        before = stored_answers(org, run, task)
        answer_fields(org, run, task, {UNKNOWN_ID: "x", "no-such-field": {"a": 1}})
        assert (got := stored_answers(org, run, task)) == before, (
            f"an answer to an unknown field must not be stored; the answers are {show(got)}"
        )
        answer_fields(org, run, task, {UNKNOWN_ID: "x", field["id"]: "Kept"})
        assert (got := stored_answers(org, run, task)) == {**before, field["id"]: "Kept"}, (
            f"an answer beside one to an unknown field must be stored alone; the answers are {show(got)}"
        )
        assert UNKNOWN_ID not in repr(org.get(f"/tasks/{task['id']}")), (
            "a task must not show an answer to an unknown field"
        )


@rule("tallyfy.task-update.not-when-completed", needs=("write",))
def test_a_completed_task_takes_no_answers(target: Target) -> None:
    """Answers for a completed task are refused and not stored."""
    with target.open() as client:
        org = first_organization(client)
        run, task, field = launch_with_field(org, "text")
        fill_required_fields(org, run, task)
        answer_fields(org, run, task, {field["id"]: "Before"})
        complete_task(org, run, task)
        before = stored_answers(org, run, task)
        org.assert_refused("PUT", f"/runs/{run['id']}/tasks/{task['id']}", {"taskdata": {field["id"]: "After"}})
        assert (got := stored_answers(org, run, task)) == before, (
            f"answers for a completed task must not be stored; they are now {show(got)}"
        )


@rule("tallyfy.task-update.unknown-task", needs=("write",))
def test_an_unknown_task_is_not_updated(target: Target) -> None:
    """An unknown task, or one of another process, cannot be updated."""
    with target.open() as client:
        org = first_organization(client)
        first, second = launch(org), launch(org)
        task = run_tasks(org, second)[0]
        before = org.get(f"/tasks/{task['id']}")
        for id in (UNKNOWN_ID, "no-such-task", task["id"]):
            org.assert_missing("PUT", f"/runs/{first['id']}/tasks/{id}", {"title": "Changed"})
        assert (got := org.get(f"/tasks/{task['id']}")) == before, (
            f"a refused update must not change the task; it is now {show(got)}"
        )


def _dated(org: Organization, days: list[str] | tuple[str, ...]) -> tuple[Json, list[Json]]:
    """Launch a process whose tasks are due on the given days; returns it and its tasks."""
    template = template_where(
        org, lambda t: len(template_steps(t)) in (3, 4) and not t["prerun"] and _bare(t), "with three plain steps"
    )
    overrides = {
        s["id"]: {"deadline": f"{day}T12:00:00Z"} for s, day in zip(template_steps(template), days, strict=False)
    }
    run = launch(org, template, tasks=overrides)
    return read_run(org, run), run_tasks(org, run)


def _coming_days(org: Organization) -> list[str]:
    """Days in the year after this one, as the server has it."""
    year = int(launch(org)["created_at"][:4]) + 1
    return [f"{year}{day[4:]}" for day in DAYS]


def _bare(template: Json) -> bool:
    return all(
        s["step_type"] == "task" and not any(f["required"] for f in s["captures"]) for s in template_steps(template)
    )


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _ids(records: Json) -> list[str]:
    return [record["id"] for record in records]
