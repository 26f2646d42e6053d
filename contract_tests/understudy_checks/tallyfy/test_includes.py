"""Tallyfy: the includes of `with`, the next task, and the progress of a process."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from understudy_checks.client import Skipped
from understudy_checks.rules import rule
from understudy_checks.tallyfy.driver import (
    Json,
    Organization,
    answer_fields,
    complete_run,
    complete_task,
    field_answer,
    first_organization,
    included_tag_id,
    launch,
    launch_body,
    launch_with_field,
    open_tasks,
    read_run,
    run_tasks,
    sample_answers,
    template_steps,
    template_where,
    unwrap_item,
    unwrap_items,
    visible_tasks,
)
from understudy_checks.target.target import Target
from understudy_checks.wording import show

NAMES = (
    "checklist", "tasks", "tags", "assets", "next_task", "permissions", "tasks_meta", "ko_form_fields",
    "form_fields", "stages",
    "folders", "member_watchers", "guest_watchers",
)  # fmt: skip


@rule("tallyfy.includes.on-request", "tallyfy.includes.each")
@given(names=st.sets(st.sampled_from(NAMES)))
@example(names=set())
@example(names=set(NAMES))
@example(names={"tasks"})
def test_includes_are_what_was_asked_for(target: Target, names: set[str]) -> None:
    """A process has exactly the includes that `with` names."""
    with target.open() as client:
        org = first_organization(client)
        for run in org.list_all("/runs")[-5:]:
            shown = read_run(org, run, **({"with_": ",".join(sorted(names))} if names else {}))
            assert (got := set(NAMES) & shown.keys()) == names, (
                f"a process must have exactly the includes {show(sorted(names))} that `with` names, not {show(got)}"
            )


@rule("tallyfy.includes.each")
def test_each_include_alone(target: Target) -> None:
    """Each include appears when `with` names it alone."""
    with target.open() as client:
        org = first_organization(client)
        run = org.list_all("/runs")[0]
        for name in NAMES:
            assert (got := set(NAMES) & read_run(org, run, with_=name).keys()) == {name}, (
                f"a process must have exactly the include {name} that `with` names, not {show(got)}"
            )


@rule("tallyfy.includes.collections", "tallyfy.next-task.collection")
def test_collections_have_data(target: Target) -> None:
    """Tasks, tags and the next task are lists in `data`."""
    with target.open() as client:
        org = first_organization(client)
        for run in org.list_all("/runs", with_="tasks,tags,next_task"):
            for name in ("tasks", "tags", "next_task"):
                assert isinstance(run[name]["data"], list), (
                    f"the include {name} must be a list in `data`, not {show(run[name])}"
                )
                assert isinstance(read_run(org, run, with_=name)[name]["data"], list), (
                    f"the include {name} must be a list in `data`"
                )


@rule("tallyfy.includes.checklist")
def test_the_checklist_is_the_template(target: Target) -> None:
    """The included template is that of the process."""
    with target.open() as client:
        org = first_organization(client)
        for run in org.list_all("/runs")[-10:]:
            template = unwrap_item(read_run(org, run, with_="checklist")["checklist"])
            assert (got := (template["id"], template["title"])) == (run["checklist_id"], run["checklist_title"]), (
                f"the included template must be that of the process; id and title are {show(got)}"
            )


@rule("tallyfy.includes.tasks", needs=("write", "events"))
def test_included_tasks_leave_hidden_ones_out(target: Target) -> None:
    """The included tasks are all tasks but the hidden ones."""
    with target.open() as client:
        org = first_organization(client)
        run = launch(org)
        first, *others = run_tasks(org, run)
        assert (got := _ids(read_run(org, run, with_="tasks")["tasks"])) == _ids([first, *others]), (
            f"the included tasks must be all tasks of the process, not {show(got)}"
        )
        client.event("hide-task", run_id=run["id"], task_id=first["id"])
        assert (got := _ids(read_run(org, run, with_="tasks")["tasks"])) == _ids(others), (
            f"the included tasks must not contain the hidden task; they are {show(got)}"
        )
        client.event("show-task", run_id=run["id"], task_id=first["id"])
        assert (got := sorted(_ids(read_run(org, run, with_="tasks")["tasks"]))) == sorted(_ids([first, *others])), (
            f"the included tasks must contain the task that is shown again; they are {show(got)}"
        )
        for task in others:
            complete_task(org, run, task)
        assert (got := sorted(_ids(read_run(org, run, with_="tasks")["tasks"]))) == sorted(_ids([first, *others])), (
            f"the included tasks must contain a completed task; they are {show(got)}"
        )


@rule("tallyfy.includes.tags", needs=("write",))
def test_included_tags_are_those_of_the_process(target: Target) -> None:
    """The included tags are the ones given when the process was launched, each with title and color."""
    with target.open() as client:
        org = first_organization(client)
        known = {
            included_tag_id(tag): tag for run in org.list_all("/runs", with_="tags") for tag in run["tags"]["data"]
        }
        if len(known) < 2:
            raise Skipped("there are no two tags")
        for some in (list(known)[:1], list(known)[:2], []):
            run = launch(org, tags=some)
            tags = read_run(org, run, with_="tags")["tags"]["data"]
            assert (got := sorted(included_tag_id(tag) for tag in tags)) == sorted(some), (
                f"the included tags must be those of the launch, not {show(got)}"
            )
            assert all(isinstance(tag["title"], str) and tag["title"] and "color" in tag for tag in tags), (
                f"an included tag must have a title and a color; the tags are {show(tags)}"
            )


@rule("tallyfy.includes.task-threads", needs=("write",))
def test_included_tasks_have_their_threads(target: Target) -> None:
    """Included tasks have comments and issues exactly with `tasks.threads`."""
    with target.open() as client:
        org = first_organization(client)
        run = launch(org)
        first, second = run_tasks(org, run)[:2]
        org.call("POST", f"/tasks/{first['id']}/comment", {"content": "A remark"})
        org.call("POST", f"/tasks/{second['id']}/problem", {"content": "A fault"})
        shown = {task["id"]: task for task in read_run(org, run, with_="tasks,tasks.threads")["tasks"]["data"]}
        assert (got := [thread["content"] for thread in unwrap_items(shown[first["id"]]["threads"])]) == ["A remark"], (
            f"the first task must have its comment as a thread, not {show(got)}"
        )
        assert (got := [thread["content"] for thread in unwrap_items(shown[second["id"]]["threads"])]) == ["A fault"], (
            f"the second task must have its issue as a thread, not {show(got)}"
        )
        assert all("threads" in task and "form_fields" not in task for task in shown.values()), (
            "with `tasks.threads`, each task must have threads and no form fields"
        )
        assert all("threads" not in task for task in read_run(org, run, with_="tasks")["tasks"]["data"]), (
            "without `tasks.threads`, no task must have threads"
        )


@rule("tallyfy.includes.task-form-fields", needs=("write",))
def test_included_tasks_have_their_form_fields(target: Target) -> None:
    """Included tasks have the fields of their steps exactly with `tasks.form_fields`."""
    with target.open() as client:
        org = first_organization(client)
        template = template_where(
            org, lambda t: any(s["captures"] for s in template_steps(t)), "with a form field in a step"
        )
        run = launch(org, template)
        asked = {step["id"]: [f["id"] for f in step["captures"]] for step in template_steps(template)}
        for task in read_run(org, run, with_="tasks,tasks.form_fields")["tasks"]["data"]:
            assert (got := [f["id"] for f in unwrap_items(task["form_fields"])]) == asked[task["step_id"]], (
                f"the form fields of a task must be those of its step, not {show(got)}"
            )
            assert "threads" not in task, "with `tasks.form_fields` alone, a task must have no threads"
        assert all("form_fields" not in task for task in read_run(org, run, with_="tasks")["tasks"]["data"]), (
            "without `tasks.form_fields`, no task must have form fields"
        )


@rule("tallyfy.includes.form-fields")
def test_included_fields_are_those_of_the_template(target: Target) -> None:
    """`form_fields` are the fields of all steps, `ko_form_fields` those of the kick-off form."""
    with target.open() as client:
        org = first_organization(client)
        templates = {t["id"]: t for t in org.templates()}
        with_fields = [
            run
            for run in org.list_all("/runs")
            if any(s["captures"] for s in template_steps(templates[run["checklist_id"]]))
        ]
        for run in (*with_fields[:5], *org.list_all("/runs")[-5:]):
            template = templates[run["checklist_id"]]
            shown = read_run(org, run, with_="form_fields,ko_form_fields")
            assert (got := [f["id"] for f in unwrap_items(shown["ko_form_fields"])]) == [
                f["id"] for f in template["prerun"]
            ], f"`ko_form_fields` must be the fields of the kick-off form, not {show(got)}"
            wanted = sorted((f["id"], f["field_type"]) for step in template_steps(template) for f in step["captures"])
            assert (got := sorted((f["id"], f["field_type"]) for f in unwrap_items(shown["form_fields"]))) == wanted, (
                f"`form_fields` must be the fields of all steps, not {show(got)}"
            )


@rule("tallyfy.includes.values", needs=("write",))
def test_included_fields_tell_their_answers(target: Target) -> None:
    """With `form_fields_values=true`, fields have the answers of tasks and launch."""
    with target.open() as client:
        org = first_organization(client)
        run, task, field = launch_with_field(org, "dropdown")
        for wanted in sample_answers(field):
            answer_fields(org, run, task, {field["id"]: wanted})
            shown = read_run(org, run, with_="form_fields,tasks,tasks.form_fields", form_fields_values="true")
            assert (
                got := {f["id"]: field_answer(f) for f in unwrap_items(shown["form_fields"])}[field["id"]]
            ) == wanted, f"the field {field['id']} must have the answer {show(wanted)}, not {show(got)}"
        template = template_where(
            org, lambda t: len(t["prerun"]) > 1 and t["type"] == "procedure", "with a kick-off form"
        )
        answers = {f["id"]: next(iter(sample_answers(f))) for f in template["prerun"]}
        run = launch(org, template, prerun={**launch_body(template).get("prerun", {}), **answers})
        shown = read_run(org, run, with_="ko_form_fields", form_fields_values="true")
        assert (got := {f["id"]: field_answer(f) for f in unwrap_items(shown["ko_form_fields"])}) == answers, (
            f"the kick-off fields must have the answers of the launch, not {show(got)}"
        )


@rule("tallyfy.includes.encoded-comma")
def test_commas_may_be_encoded(target: Target) -> None:
    """An encoded comma separates names in `with` like a plain one."""
    with target.open() as client:
        org = first_organization(client)
        run = org.list_all("/runs")[0]
        path = f"/organizations/{org.id}/runs/{run['id']}"
        plainly = client.send("GET", path, query="with=tasks,tags,next_task")
        encoded = client.send("GET", path, query="with=tasks%2Ctags%2Cnext_task")
        assert (got := encoded.json()) == plainly.json(), (
            f"an encoded comma in `with` must give the same answer as a plain one, not {show(got)}"
        )
        assert {"tasks", "tags", "next_task"} <= encoded.json()["data"].keys(), (
            "all three includes that `with` names must be there"
        )


@rule("tallyfy.next-task.earliest-deadline", "tallyfy.next-task.in-progress-counts", needs=("write",))
@given(order=st.permutations((1, 2, 3)), started=st.booleans())
@example(order=[3, 2, 1], started=True)
@example(order=[2, 3, 1], started=False)
def test_the_next_task_is_due_first(target: Target, order: list[int], started: bool) -> None:
    """The next task is the open one with the earliest deadline, in progress or not."""
    with target.open() as client:
        org = first_organization(client)
        template = template_where(org, _has_three, "with three plain steps")
        due = {
            step["id"]: f"2031-01-{7 + day:02d}T10:00:00Z"
            for step, day in zip(template_steps(template), order, strict=False)
        }
        run = launch(org, template, tasks={id: {"deadline": deadline} for id, deadline in due.items()})
        tasks = sorted(run_tasks(org, run), key=lambda task: str(due[task["step_id"]]))
        for task in tasks:
            if started:
                complete_task(org, run, task)
                org.call("DELETE", f"/runs/{run['id']}/completed-tasks/{task['id']}")
            assert (got := _next(org, run)[0]["id"]) == task["id"], (
                f"the next task must be the one with the earliest deadline, {task['id']}, not {show(got)}"
            )
            complete_task(org, run, task)
        assert (got := _next(org, run)) == [], f"a process without open tasks must have no next task, not {show(got)}"


@rule("tallyfy.next-task.no-hidden-task", needs=("write", "events"))
def test_a_hidden_task_is_not_next(target: Target) -> None:
    """A hidden task is not the next one until it is shown again."""
    with target.open() as client:
        org = first_organization(client)
        run = launch(org, template_where(org, _has_three, "with three plain steps"))
        first = _next(org, run)[0]
        client.event("hide-task", run_id=run["id"], task_id=first["id"])
        assert first["id"] not in [task["id"] for task in _next(org, run)], (
            f"a hidden task must not be the next one; it is {first['id']}"
        )
        client.event("show-task", run_id=run["id"], task_id=first["id"])
        assert (got := _next(org, run)[0]["id"]) == first["id"], (
            f"a task that is shown again must be the next one, {first['id']}, not {show(got)}"
        )


@rule("tallyfy.next-task.empty", needs=("write",))
def test_nothing_is_next_in_the_end(target: Target) -> None:
    """A process whose tasks are all completed has no next task."""
    with target.open() as client:
        org = first_organization(client)
        for run in org.list_all("/runs", status="complete", with_="next_task"):
            assert run["next_task"]["data"] == [], (
                f"a complete process must have no next task, not {show(run['next_task']['data'])}"
            )
        run = launch(org)
        assert _next(org, run), "a process with open tasks must have a next task"
        complete_run(org, run)
        assert (got := _next(org, run)) == [], (
            f"a process whose tasks are completed must have no next task, not {show(got)}"
        )


@rule("tallyfy.next-task.fields")
def test_the_next_task_has_its_fields_only(target: Target) -> None:
    """The next task has exactly six members, with the values of the task."""
    with target.open() as client:
        org = first_organization(client)
        seen = 0
        for run in org.list_all("/runs", with_="next_task,tasks"):
            tasks = {task["id"]: task for task in run["tasks"]["data"]}
            for task in run["next_task"]["data"]:
                assert (got := set(task)) == {"id", "increment_id", "title", "alias", "owners", "deadline"}, (
                    f"the next task must have exactly its six members, not {show(got)}"
                )
                assert all(isinstance(task["owners"][name], list) for name in ("users", "guests", "groups")), (
                    f"the owners of the next task must be three lists, not {show(task['owners'])}"
                )
                assert all(task[name] == tasks[task["id"]][name] for name in task), (
                    "the members of the next task must have the values of the task"
                )
                seen += 1
        if not seen:
            raise Skipped("no process has a next task")


@rule("tallyfy.progress.shape", "tallyfy.progress.counts-tasks")
def test_progress_counts_the_tasks(target: Target) -> None:
    """The progress counts visible and completed tasks; the percentage is their ratio within 1."""
    with target.open() as client:
        org = first_organization(client)
        for run in org.list_all("/runs"):
            tasks = visible_tasks(run_tasks(org, run))
            done = [task for task in tasks if task["status"] == "completed"]
            for shown in (run, read_run(org, run)):
                progress = shown["progress"]
                assert (got := (progress["complete"], progress["total"])) == (len(done), len(tasks)), (
                    f"the progress of {show(run['name'])} must count completed and visible tasks, not {show(got)}"
                )
                for counts in (progress, shown["whole_progress"]):
                    exact = 100 * counts["complete"] / counts["total"] if counts["total"] else counts["percent"]
                    assert abs(counts["percent"] - exact) <= 1, (
                        f"the percentage must be {exact:.1f} within 1: {show(counts)}"
                    )


@rule("tallyfy.progress.hidden-tasks", needs=("write", "events"))
def test_hidden_tasks_leave_the_progress(target: Target) -> None:
    """A hidden task does not count in the progress until it is shown again."""
    with target.open() as client:
        org = first_organization(client)
        run = launch(org)
        done, hidden = open_tasks(org, run)[:2]
        complete_task(org, run, done)
        total = read_run(org, run)["progress"]["total"]
        for name, wanted in (("hide-task", total - 1), ("show-task", total)):
            client.event(name, run_id=run["id"], task_id=hidden["id"])
            progress = read_run(org, run)["progress"]
            assert (got := (progress["complete"], progress["total"])) == (1, wanted), (
                f"the progress must count 1 of {show(wanted)} visible tasks as completed, not {show(got)}"
            )
            assert abs(progress["percent"] - 100 / wanted) <= 1, (
                f"the percentage must be {100 / wanted:.1f} within 1, not {show(progress['percent'])}"
            )


def _has_three(template: Json) -> bool:
    made = template_steps(template)
    bare = all(s["step_type"] == "task" and not s["captures"] for s in made)
    return (
        len(made) == 3
        and not template["prerun"]
        and (bare or not any(f["required"] for s in made for f in s["captures"]))
    )


def _next(org: Organization, run: Json) -> list[Json]:
    found = read_run(org, run, with_="next_task")["next_task"]["data"]
    assert isinstance(found, list), f"`next_task` must be a list in `data`, not {show(found)}"
    return found


def _ids(collection: Json) -> list[str]:
    return [one["id"] for one in unwrap_items(collection)]
