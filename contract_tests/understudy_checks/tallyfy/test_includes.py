"""Tallyfy: what `with` includes in a process, which task is next, and how far the process is."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from understudy_checks.client import NotChecked
from understudy_checks.rules import rule
from understudy_checks.tallyfy.driver import (
    Json,
    Organization,
    answer_fields,
    complete_run,
    complete_task,
    field_answer,
    first_organization,
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
from understudy_checks.target.targets import Target

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
    """Of the includes exactly those appear that `with` names."""
    with target.open() as client:
        org = first_organization(client)
        for run in org.list_all("/runs")[-5:]:
            shown = read_run(org, run, **({"with_": ",".join(sorted(names))} if names else {}))
            assert set(NAMES) & shown.keys() == names


@rule("tallyfy.includes.each")
def test_each_include_alone(target: Target) -> None:
    """Each include appears when it alone is asked for."""
    with target.open() as client:
        org = first_organization(client)
        run = org.list_all("/runs")[0]
        for name in NAMES:
            assert set(NAMES) & read_run(org, run, with_=name).keys() == {name}


@rule("tallyfy.includes.collections", "tallyfy.next-task.collection")
def test_collections_have_data(target: Target) -> None:
    """Tasks, tags and the next task are in an array `data`."""
    with target.open() as client:
        org = first_organization(client)
        for run in org.list_all("/runs", with_="tasks,tags,next_task"):
            for name in ("tasks", "tags", "next_task"):
                assert isinstance(run[name]["data"], list), f"{name}: {run[name]!r}"
                assert isinstance(read_run(org, run, with_=name)[name]["data"], list)


@rule("tallyfy.includes.checklist")
def test_the_checklist_is_the_template(target: Target) -> None:
    """The included template is that of the process."""
    with target.open() as client:
        org = first_organization(client)
        for run in org.list_all("/runs")[-10:]:
            template = unwrap_item(read_run(org, run, with_="checklist")["checklist"])
            assert (template["id"], template["title"]) == (run["checklist_id"], run["checklist_title"])


@rule("tallyfy.includes.tasks", needs=("write", "events"))
def test_included_tasks_leave_hidden_ones_out(target: Target) -> None:
    """All tasks are included but those that are auto-skipped."""
    with target.open() as client:
        org = first_organization(client)
        run = launch(org)
        first, *others = run_tasks(org, run)
        assert _ids(read_run(org, run, with_="tasks")["tasks"]) == _ids([first, *others])
        client.event("hide-task", run_id=run["id"], task_id=first["id"])
        assert _ids(read_run(org, run, with_="tasks")["tasks"]) == _ids(others)
        client.event("show-task", run_id=run["id"], task_id=first["id"])
        assert sorted(_ids(read_run(org, run, with_="tasks")["tasks"])) == sorted(_ids([first, *others]))
        for task in others:
            complete_task(org, run, task)
        assert sorted(_ids(read_run(org, run, with_="tasks")["tasks"])) == sorted(_ids([first, *others]))


@rule("tallyfy.includes.tags", needs=("write",))
def test_included_tags_are_those_of_the_process(target: Target) -> None:
    """The tags that a process was launched with are included, with title and color."""
    with target.open() as client:
        org = first_organization(client)
        known = {tag["id"]: tag for run in org.list_all("/runs", with_="tags") for tag in run["tags"]["data"]}
        if len(known) < 2:
            raise NotChecked("there are no two tags")
        for some in (list(known)[:1], list(known)[:2], []):
            run = launch(org, tags=some)
            tags = read_run(org, run, with_="tags")["tags"]["data"]
            assert sorted(tag["id"] for tag in tags) == sorted(some)
            assert all(isinstance(tag["title"], str) and tag["title"] and "color" in tag for tag in tags)


@rule("tallyfy.includes.task-threads", needs=("write",))
def test_included_tasks_have_their_threads(target: Target) -> None:
    """With `tasks.threads` each task has its comments and issues, and without it none."""
    with target.open() as client:
        org = first_organization(client)
        run = launch(org)
        first, second = run_tasks(org, run)[:2]
        org.call("POST", f"/tasks/{first['id']}/comment", {"content": "A remark"})
        org.call("POST", f"/tasks/{second['id']}/problem", {"content": "A fault"})
        shown = {task["id"]: task for task in read_run(org, run, with_="tasks,tasks.threads")["tasks"]["data"]}
        assert [thread["content"] for thread in unwrap_items(shown[first["id"]]["threads"])] == ["A remark"]
        assert [thread["content"] for thread in unwrap_items(shown[second["id"]]["threads"])] == ["A fault"]
        assert all("threads" in task and "form_fields" not in task for task in shown.values())
        assert all("threads" not in task for task in read_run(org, run, with_="tasks")["tasks"]["data"])


@rule("tallyfy.includes.task-form-fields", needs=("write",))
def test_included_tasks_have_their_form_fields(target: Target) -> None:
    """With `tasks.form_fields` each task has the fields of its step, and without it none."""
    with target.open() as client:
        org = first_organization(client)
        template = template_where(
            org, lambda t: any(s["captures"] for s in template_steps(t)), "with a form field in a step"
        )
        run = launch(org, template)
        asked = {step["id"]: [f["id"] for f in step["captures"]] for step in template_steps(template)}
        for task in read_run(org, run, with_="tasks,tasks.form_fields")["tasks"]["data"]:
            assert [f["id"] for f in unwrap_items(task["form_fields"])] == asked[task["step_id"]]
            assert "threads" not in task
        assert all("form_fields" not in task for task in read_run(org, run, with_="tasks")["tasks"]["data"])


@rule("tallyfy.includes.form-fields")
def test_included_fields_are_those_of_the_template(target: Target) -> None:
    """`form_fields` are those of all steps, `ko_form_fields` those of the kick-off form."""
    with target.open() as client:
        org = first_organization(client)
        templates = {t["id"]: t for t in org.templates()}
        told = [
            run
            for run in org.list_all("/runs")
            if any(s["captures"] for s in template_steps(templates[run["checklist_id"]]))
        ]
        for run in (*told[:5], *org.list_all("/runs")[-5:]):
            template = templates[run["checklist_id"]]
            shown = read_run(org, run, with_="form_fields,ko_form_fields")
            assert [f["id"] for f in unwrap_items(shown["ko_form_fields"])] == [f["id"] for f in template["prerun"]]
            wanted = sorted((f["id"], f["field_type"]) for step in template_steps(template) for f in step["captures"])
            assert sorted((f["id"], f["field_type"]) for f in unwrap_items(shown["form_fields"])) == wanted


@rule("tallyfy.includes.values", needs=("write",))
def test_included_fields_tell_their_answers(target: Target) -> None:
    """With `form_fields_values=true` a field tells what was answered, in its task or at the launch."""
    with target.open() as client:
        org = first_organization(client)
        run, task, field = launch_with_field(org, "dropdown")
        for wanted in sample_answers(field):
            answer_fields(org, run, task, {field["id"]: wanted})
            shown = read_run(org, run, with_="form_fields,tasks,tasks.form_fields", form_fields_values="true")
            assert {f["id"]: field_answer(f) for f in unwrap_items(shown["form_fields"])}[field["id"]] == wanted
        template = template_where(
            org, lambda t: len(t["prerun"]) > 1 and t["type"] == "procedure", "with a kick-off form"
        )
        answers = {f["id"]: next(iter(sample_answers(f))) for f in template["prerun"]}
        run = launch(org, template, prerun={**launch_body(template).get("prerun", {}), **answers})
        shown = read_run(org, run, with_="ko_form_fields", form_fields_values="true")
        assert {f["id"]: field_answer(f) for f in unwrap_items(shown["ko_form_fields"])} == answers


@rule("tallyfy.includes.encoded-comma")
def test_commas_may_be_encoded(target: Target) -> None:
    """An encoded comma separates names like any other."""
    with target.open() as client:
        org = first_organization(client)
        run = org.list_all("/runs")[0]
        path = f"/organizations/{org.id}/runs/{run['id']}"
        plainly = client.send("GET", path, query="with=tasks,tags,next_task")
        encoded = client.send("GET", path, query="with=tasks%2Ctags%2Cnext_task")
        assert encoded.json() == plainly.json()
        assert {"tasks", "tags", "next_task"} <= encoded.json()["data"].keys()


@rule("tallyfy.next-task.earliest-deadline", "tallyfy.next-task.in-progress-counts", needs=("write",))
@given(order=st.permutations((1, 2, 3)), started=st.booleans())
@example(order=[3, 2, 1], started=True)
@example(order=[2, 3, 1], started=False)
def test_the_next_task_is_due_first(target: Target, order: list[int], started: bool) -> None:
    """Task by task the next one is that with the earliest deadline of those left, also when it is in progress."""
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
            assert _next(org, run)[0]["id"] == task["id"]
            complete_task(org, run, task)
        assert _next(org, run) == []


@rule("tallyfy.next-task.no-hidden-task", needs=("write", "events"))
def test_a_hidden_task_is_not_next(target: Target) -> None:
    """The next task steps aside while it is hidden."""
    with target.open() as client:
        org = first_organization(client)
        run = launch(org, template_where(org, _has_three, "with three plain steps"))
        first = _next(org, run)[0]
        client.event("hide-task", run_id=run["id"], task_id=first["id"])
        assert first["id"] not in [task["id"] for task in _next(org, run)]
        client.event("show-task", run_id=run["id"], task_id=first["id"])
        assert _next(org, run)[0]["id"] == first["id"]


@rule("tallyfy.next-task.empty", needs=("write",))
def test_nothing_is_next_in_the_end(target: Target) -> None:
    """When all tasks are completed, there is no next task."""
    with target.open() as client:
        org = first_organization(client)
        for run in org.list_all("/runs", status="complete", with_="next_task"):
            assert run["next_task"]["data"] == []
        run = launch(org)
        assert _next(org, run)
        complete_run(org, run)
        assert _next(org, run) == []


@rule("tallyfy.next-task.fields")
def test_the_next_task_has_its_fields_only(target: Target) -> None:
    """Exactly six members are shown, with the task's own values."""
    with target.open() as client:
        org = first_organization(client)
        seen = 0
        for run in org.list_all("/runs", with_="next_task,tasks"):
            tasks = {task["id"]: task for task in run["tasks"]["data"]}
            for task in run["next_task"]["data"]:
                assert set(task) == {"id", "increment_id", "title", "alias", "owners", "deadline"}
                assert all(isinstance(task["owners"][name], list) for name in ("users", "guests", "groups"))
                assert all(task[name] == tasks[task["id"]][name] for name in task), "its values differ from the task's"
                seen += 1
        if not seen:
            raise NotChecked("no process has a next task")


@rule("tallyfy.progress.shape", "tallyfy.progress.counts-tasks")
def test_progress_counts_the_tasks(target: Target) -> None:
    """Progress counts what is not hidden, and what of it is completed; the percentage follows."""
    with target.open() as client:
        org = first_organization(client)
        for run in org.list_all("/runs"):
            tasks = visible_tasks(run_tasks(org, run))
            done = [task for task in tasks if task["status"] == "completed"]
            for shown in (run, read_run(org, run)):
                progress = shown["progress"]
                assert (progress["complete"], progress["total"]) == (len(done), len(tasks)), run["name"]
                for told in (progress, shown["whole_progress"]):
                    exact = 100 * told["complete"] / told["total"] if told["total"] else told["percent"]
                    assert abs(told["percent"] - exact) <= 1, told


@rule("tallyfy.progress.hidden-tasks", needs=("write", "events"))
def test_hidden_tasks_leave_the_progress(target: Target) -> None:
    """Hiding takes a task out of the total, showing puts it back."""
    with target.open() as client:
        org = first_organization(client)
        run = launch(org)
        done, hidden = open_tasks(org, run)[:2]
        complete_task(org, run, done)
        total = read_run(org, run)["progress"]["total"]
        for name, wanted in (("hide-task", total - 1), ("show-task", total)):
            client.event(name, run_id=run["id"], task_id=hidden["id"])
            progress = read_run(org, run)["progress"]
            assert (progress["complete"], progress["total"]) == (1, wanted)
            assert abs(progress["percent"] - 100 / wanted) <= 1


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
    assert isinstance(found, list)
    return found


def _ids(collection: Json) -> list[str]:
    return [one["id"] for one in unwrap_items(collection)]
