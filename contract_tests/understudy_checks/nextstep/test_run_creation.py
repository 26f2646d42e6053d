"""Starting runs: what a new run copies from its template, who it belongs to, and which edits it must not get."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import example, given
from hypothesis import strategies as st

from understudy_checks.client import Client
from understudy_checks.nextstep.driver import (
    Json,
    Tasks,
    active_members,
    complete_run,
    listed_run,
    parse_time,
    published_templates,
    read_run,
    redesign_template,
    require,
    run_tasks,
    runs,
    same_value,
    sample_templates,
    sample_value,
    simple_tasks,
    start_run,
    start_run_where,
    template_tasks,
    templates,
    unpublished,
    values_of,
    writable_elements,
)
from understudy_checks.refusals import assert_problem
from understudy_checks.rules import rule
from understudy_checks.target.target import Target
from understudy_checks.wording import show

TITLES = st.text(
    st.characters(min_codepoint=33, max_codepoint=0x17F, categories=("L", "N", "P", "S")), min_size=1, max_size=60
)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2099, 1, 1)).map(lambda time: time.replace(microsecond=0))
OFFSETS = st.integers(-12 * 60, 14 * 60)
NOBODY = "nobody.at.all@example.invalid"


@rule("nextstep.creation.created", needs=("write",))
def test_a_created_run_is_active(target: Target) -> None:
    """Starting a run answers 201 with an active run in its documented members."""
    with target.open() as client:
        first, tasks = start_run_where(client, simple_tasks(), "tasks")
        complete_run(client, tasks)
        for run in (first, start_run(client, first["template_id"])):
            for name in ("id", "title", "started_by", "team_id", "timezone", "created_at"):
                assert isinstance(run[name], str), f"`{name}` of a new run must be a string, not {show(run[name])}"
            assert run["template_id"] == first["template_id"], (
                f"a new run must have the `template_id` {first['template_id']}, not {show(run['template_id'])}"
            )
            assert run["status"] == "active", f"a new run must be `active`, not {show(run['status'])}"
            assert run["completed_at"] is None, (
                f"a new run must have `completed_at: null`, not {show(run['completed_at'])}"
            )
            assert (got := read_run(client, run["id"])["template_id"]) == first["template_id"], (
                f"a new run, read by its id, must have the `template_id` {first['template_id']}, not {show(got)}"
            )


@rule("nextstep.creation.published-only", needs=("write",))
def test_drafts_cannot_be_started(target: Target) -> None:
    """A run of an unpublished template from the list cannot be started."""
    with target.open() as client:
        drafts = [template["id"] for template in templates(client) if not template["is_published"]]
        for id in require(drafts, "unpublished template that is listed")[:5]:
            _assert_not_started(client, id)


@rule("nextstep.creation.published-only", needs=("write",))
def test_an_unpublished_template_cannot_be_started(target: Target) -> None:
    """A run of a template that was unpublished cannot be started, although earlier runs exist."""
    with target.open() as client:
        run, _ = start_run_where(client, simple_tasks(), "tasks")
        with unpublished(client, run["template_id"]):
            _assert_not_started(client, run["template_id"])


@rule("nextstep.creation.name", needs=("write",))
@given(name=TITLES)
@example(name="0")
@example(name="false")
@example(name="A title that is longer than most titles are, and still no reason to cut it")
@example(name="Zoë & <Söhne> 東京 😀")
def test_the_name_becomes_the_title(target: Target, name: str) -> None:
    """A run that is started with a name has it as its title."""
    with target.open() as client:
        _assert_title(client, start_run(client, next(published_templates(client))["id"], name=name), name)


@rule("nextstep.creation.title-alias", needs=("write",))
@given(title=TITLES)
@example(title="0")
def test_title_is_an_alias_of_name(target: Target, title: str) -> None:
    """A run that is started with a title and without a name has that title."""
    with target.open() as client:
        _assert_title(client, start_run(client, next(published_templates(client))["id"], title=title), title)


@rule("nextstep.creation.default-title", needs=("write",))
def test_the_title_is_the_templates_by_default(target: Target) -> None:
    """A run that is started without a name has the title of its template."""
    with target.open() as client:
        for template in list(published_templates(client))[:3]:
            start_run(client, template["id"], name="Named before")
            _assert_title(client, start_run(client, template["id"]), template["title"])


@rule("nextstep.creation.due-date", needs=("write",))
@given(time=MOMENTS, minutes=OFFSETS)
@example(time=datetime(2026, 5, 1), minutes=0)
@example(time=datetime(2026, 12, 31, 23, 59, 59), minutes=-330)
@example(time=datetime(2028, 2, 29, 0, 30), minutes=780)
def test_a_due_date_names_the_same_moment(target: Target, time: datetime, minutes: int) -> None:
    """A run keeps the moment of its due date, whatever the offset of the text."""
    with target.open() as client:
        due = time.replace(tzinfo=timezone(timedelta(minutes=minutes)))
        for text in (due.isoformat(), due.astimezone(UTC).isoformat().replace("+00:00", "Z")):
            run = start_run(client, next(published_templates(client))["id"], due_date=text)
            for seen in (listed_run(client, run), read_run(client, run["id"]), run):
                due_date = seen.get("due_date", text)
                assert due_date is not None, f"a run must have the due date {text}, not null"
                assert parse_time(due_date) == due, f"a run must have the due date {text}, not {show(due_date)}"


@rule("nextstep.creation.started-by-api", needs=("write",))
def test_a_run_is_started_by_api_by_default(target: Target) -> None:
    """A run without `actor_email` is started by `api`."""
    with target.open() as client:
        id = next(published_templates(client))["id"]
        if client.access.members:
            start_run(client, id, actor_email=active_members(client)[0].email)
        _assert_started_by(client, start_run(client, id), "api")


@rule("nextstep.creation.started-by-member", needs=("write", "members"))
def test_a_run_is_started_by_the_member_named(target: Target) -> None:
    """A run whose `actor_email` names an active member is started by that member's user id."""
    with target.open() as client:
        id = next(published_templates(client))["id"]
        for member in active_members(client):
            _assert_started_by(client, start_run(client, id, actor_email=member.email), member.user_id)


@rule("nextstep.creation.no-active-member", needs=("write",))
@given(name=st.from_regex(r"[a-z][a-z0-9.]{0,20}[a-z]", fullmatch=True))
@example(name="nobody")
def test_a_run_of_nobody_is_started_by_api(target: Target, name: str) -> None:
    """A run whose `actor_email` names nobody is started by `api`."""
    with target.open() as client:
        id = next(published_templates(client))["id"]
        _assert_started_by(client, start_run(client, id, actor_email=f"{name}@example.invalid"), "api")


@rule("nextstep.creation.no-active-member", needs=("write", "members"))
def test_a_run_of_an_inactive_member_is_started_by_api(target: Target) -> None:
    """A run whose `actor_email` names an inactive member is started by `api`."""
    with target.open() as client:
        inactive = [member for member in client.members if not member.active]
        for member in require(inactive, "inactive member that is known"):
            _assert_started_by(
                client, start_run(client, next(published_templates(client))["id"], actor_email=member.email), "api"
            )


@rule("nextstep.creation.workflow-runner", needs=("write", "members"))
def test_runner_tasks_follow_the_attribution(target: Target) -> None:
    """Tasks of the workflow runner are assigned to the member of `actor_email`; others never are."""
    with target.open() as client:
        members = {member.user_id for member in client.members}
        first, *others = active_members(client)
        runners = 0
        for template in sample_templates(client):
            wanted = [task.get("assignee") for task in template_tasks(client, template["id"])]
            marked = {n for n, assignee in enumerate(wanted) if assignee in _markers(client)}
            assigned = [_assignees(client, template["id"], member.email) for member in (first, *others[:1])]
            runner = {n for n, assignee in enumerate(assigned[0]) if assignee != assigned[-1][n]} | marked
            for member, seen in zip((first, *others[:1]), assigned, strict=True):
                for n, assignee in enumerate(seen):
                    if n in runner:
                        assert assignee == member.user_id, (
                            f"task {n} of {template['id']} must be assigned to {member.user_id}, not {show(assignee)}"
                        )
                    elif wanted[n] in members:
                        assert assignee == wanted[n], (
                            f"task {n} of {template['id']} must be assigned to {show(wanted[n])}, not {show(assignee)}"
                        )
            runners += len(runner)
        require(range(runners), "published template with tasks of the workflow runner")


@rule("nextstep.creation.workflow-runner", needs=("write", "members", "events"))
def test_only_runner_tasks_follow_the_attribution(target: Target) -> None:
    """In a run with an actor, only the workflow runner's tasks are the actor's; others stay as designed."""
    with target.open() as client:
        owner, *others = active_members(client)
        runner = {"workflow_runner": True}
        designed = [runner, None, owner.user_id, runner, *(member.user_id for member in others)]
        id = redesign_template(client, [{"title": f"Task {n}", "assignee": who} for n, who in enumerate(designed)])
        for member in (owner, *others):
            expected = [member.user_id if who == runner else who for who in designed]
            assert (got := _assignees(client, id, member.email)) == expected, (
                f"in a run for {member.email} the assignees must be {show(expected)}, not {show(got)}"
            )


@rule("nextstep.creation.prefill", needs=("write",))
@given(data=st.data())
def test_prefilling_sets_what_it_names(target: Target, data: st.DataObject) -> None:
    """Pre-filling sets the named elements and no other."""
    with target.open() as client:
        plain, tasks = start_run_where(client, lambda tasks: len(writable_elements(tasks)) > 1, "two writable elements")
        chosen_elements = writable_elements(tasks)
        numbers = st.integers(0, len(chosen_elements) - 1)
        chosen = data.draw(st.lists(numbers, min_size=1, max_size=5, unique=True), label="elements")
        _assert_prefilled(
            client, plain, [chosen_elements[n] for n in chosen], data.draw(st.integers(0, 1), label="values")
        )


@rule("nextstep.creation.prefill", needs=("write",))
def test_each_element_can_be_prefilled_alone(target: Target) -> None:
    """Pre-filling one element leaves all others as in a plain run, those of its task included."""
    with target.open() as client:
        plain, tasks = start_run_where(client, lambda tasks: len(writable_elements(tasks)) > 1, "two writable elements")
        for pair in writable_elements(tasks):
            _assert_prefilled(client, plain, [pair], 1)


@rule("nextstep.creation.prefill", needs=("write",))
def test_everything_can_be_prefilled(target: Target) -> None:
    """All writable elements of a template can be pre-filled in one call, with 0 and false too."""
    with target.open() as client:
        plain, tasks = start_run_where(client, _varied, "four types of elements")
        for number in (0, 1):
            _assert_prefilled(client, plain, writable_elements(tasks), number)


@rule("nextstep.creation.prefill", needs=("write", "events"))
def test_prefilling_heeds_the_task(target: Target) -> None:
    """Pre-filling sets the element of the named task alone, where two tasks share an element id."""
    with target.open() as client:
        element = {"id": "same", "type": "shortText", "label": "Same"}
        id = redesign_template(client, [{"title": f"Task {n}", "custom_elements": [element]} for n in range(3)])
        plain = start_run(client, id)
        for pair in writable_elements(run_tasks(client, plain["id"])):
            _assert_prefilled(client, plain, [pair], 0)


@rule("nextstep.creation.prefill-adds-no-fields", needs=("write",))
def test_prefilling_adds_no_fields(target: Target) -> None:
    """Pre-filling an unknown task or element adds neither to the run, whether refused or not."""
    with target.open() as client:
        plain, tasks = start_run_where(client, lambda tasks: bool(writable_elements(tasks)), "a writable element")
        task, element = writable_elements(tasks)[0]
        shape = _shape(tasks)
        other = next((t for t in tasks if element["id"] not in {e["id"] for e in t["custom_elements"]}), task)
        for task_id, element_id in (
            (task["template_task_id"], "no-such-element"),
            ("no-such-task", element["id"]),
            (other["template_task_id"], element["id"] if other is not task else "no-such-element"),
            (task["id"], element["id"]),
        ):
            item = {"task_id": task_id, "element_id": element_id, "value": sample_value(element)}
            known = {run["id"] for run in runs(client, template_id=plain["template_id"])}
            client.call("createProcessRun", json={"template_id": plain["template_id"], "custom_elements": [item]})
            added = {run["id"] for run in runs(client, template_id=plain["template_id"])} - known
            assert all(_shape(run_tasks(client, id)) == shape for id in added), (
                f"pre-filling with {show(item)} must not add tasks or elements"
            )


@rule("nextstep.creation.copies-the-tasks", needs=("write",))
def test_a_run_copies_the_tasks(target: Target) -> None:
    """A new run has its template's tasks, in order, with the elements that the template shows."""
    with target.open() as client:
        for template in sample_templates(client):
            designed = template_tasks(client, template["id"])
            copied = run_tasks(client, start_run(client, template["id"])["id"])
            assert (got := [task["template_task_id"] for task in copied]) == [task["id"] for task in designed], (
                f"a new run must have a copy of each template task, in order; it has copies of {show(got)}"
            )
            for task, model in zip(copied, designed, strict=True):
                pairs = zip(task["custom_elements"], model["custom_elements"], strict=True)
                differing = [
                    element["id"] for element, wanted in pairs if _told(element, wanted) != _told(wanted, wanted)
                ]
                assert not differing, (
                    f"task {task['id']} must have the elements of {model['id']}; these differ: {show(differing)}"
                )


@rule("nextstep.creation.tasks-are-open", needs=("write",))
def test_the_tasks_of_a_new_run_are_open(target: Target) -> None:
    """Every task of a new run is incomplete, although a run of its template was completed before."""
    with target.open() as client:
        run, tasks = start_run_where(client, simple_tasks(2), "two tasks or more")
        complete_run(client, tasks)
        for id in (run["template_id"], *(template["id"] for template in list(published_templates(client))[:5])):
            for task in run_tasks(client, start_run(client, id)["id"]):
                assert task["completed"] is False, (
                    f"a task of a new run must have `completed: false`, not {show(task['completed'])}"
                )
                assert (got := (task["completed_at"], task["completed_by"])) == (None, None), (
                    f"a task of a new run must have no completion; time and person are {show(got)}"
                )


@rule("nextstep.creation.snapshot", needs=("write", "events"))
def test_edits_do_not_reach_existing_runs(target: Target) -> None:
    """Editing a template, published or not, changes none of its existing runs."""
    with target.open() as client:
        run, tasks = start_run_where(client, lambda tasks: bool(writable_elements(tasks)), "a writable element")
        before = read_run(client, run["id"]), run_tasks(client, run["id"])
        edited = {
            "title": "Edited since",
            "sections": [{"id": "sec_new", "title": "New", "order": 0, "color": None}],
            "tasks": [{"id": tasks[0]["template_task_id"], "title": "Edited"}, {"title": "Added"}],
        }
        client.event("edit-template", template_id=run["template_id"], **edited)
        assert (got := (read_run(client, run["id"]), run_tasks(client, run["id"]))) == before, (
            f"an edit of an unpublished template must not change its runs; this one is now {show(got)}"
        )
        with unpublished(client, run["template_id"]):
            client.event("edit-template", template_id=run["template_id"], tasks=[])
            assert (got := (read_run(client, run["id"]), run_tasks(client, run["id"]))) == before, (
                f"an edit of a published template must not change its runs; this one is now {show(got)}"
            )
        assert (got := (read_run(client, run["id"]), run_tasks(client, run["id"]))) == before, (
            f"publishing an edited template must not change its runs; this one is now {show(got)}"
        )


@rule("nextstep.creation.two-calls-two-runs", needs=("write",))
def test_two_calls_start_two_runs(target: Target) -> None:
    """Equal calls start separate runs, and each can be read and is listed."""
    with target.open() as client:
        id = next(published_templates(client))["id"]
        made = [start_run(client, id, name="Twice")["id"] for _ in range(3)]
        assert len(set(made)) == len(made), (
            f"equal requests must start runs with different ids; the ids are {show(made)}"
        )
        assert [read_run(client, run)["id"] for run in made] == made, (
            f"each new run must be read by its own id; the ids are {show(made)}"
        )
        assert set(made) <= {run["id"] for run in runs(client)}, (
            f"each new run must be listed; the ids are {show(made)}"
        )


def _assert_not_started(client: Client, template_id: str) -> None:
    before = [run["id"] for run in runs(client, template_id=template_id)]
    for fields in ({}, {"name": "Started all the same"}, {"actor_email": NOBODY}):
        response = client.call("createProcessRun", json={"template_id": template_id, **fields})
        assert_problem(client, response, "template-not-published")
    assert (got := [run["id"] for run in runs(client, template_id=template_id)]) == before, (
        f"a refused request must start no run; the runs of the template are now {show(got)}"
    )


def _assert_title(client: Client, run: Json, title: str) -> None:
    assert run["title"] == title, f"the new run must have the title {show(title)}, not {show(run['title'])}"
    assert (got := read_run(client, run["id"])["title"]) == title, (
        f"the run, read by its id, must have the title {show(title)}, not {show(got)}"
    )
    assert (got := listed_run(client, run)["title"]) == title, (
        f"the run, in the list, must have the title {show(title)}, not {show(got)}"
    )


def _assert_started_by(client: Client, run: Json, who: str) -> None:
    assert run["started_by"] == who, f"the new run must be started by {show(who)}, not {show(run['started_by'])}"
    assert (got := read_run(client, run["id"])["started_by"]) == who, (
        f"the run, read by its id, must be started by {show(who)}, not {show(got)}"
    )


def _assignees(client: Client, template_id: str, email: str) -> list[Json]:
    return [task["assignee"] for task in run_tasks(client, start_run(client, template_id, actor_email=email)["id"])]


def _markers(client: Client) -> list[Json]:
    """Return the values that stand for the workflow runner in a template's `assignee`."""
    assumption = client.contract.assumptions["nextstep.templates.workflow-runner"]
    return [value for value in (assumption.default, *assumption.alternatives) if value is not None]


def _assert_prefilled(client: Client, plain: Json, chosen_elements: list[tuple[Json, Json]], number: int) -> None:
    """Assert that pre-filling changes the named elements alone, and that later runs have none of the values."""
    items = [
        {"task_id": task["template_task_id"], "element_id": element["id"], "value": sample_value(element, number)}
        for task, element in chosen_elements
    ]
    expected = values_of(run_tasks(client, plain["id"]))
    seen = values_of(run_tasks(client, start_run(client, plain["template_id"], custom_elements=items)["id"]))
    assert seen.keys() == expected.keys(), (
        f"pre-filling must neither add nor remove elements; the run has {show(list(seen))}"
    )
    for item, (_, element) in zip(items, chosen_elements, strict=True):
        value = seen.pop((item["task_id"], item["element_id"]))
        assert same_value(element, value, item["value"]), (
            f"the element must be pre-filled as in {show(item)}, not with {show(value)}"
        )
    assert seen == {key: value for key, value in expected.items() if key in seen}, (
        f"pre-filling must set the named elements and no other; the values are {show(seen)}"
    )
    later = start_run(client, plain["template_id"])
    assert (got := values_of(run_tasks(client, later["id"]))) == expected, (
        f"a later run without pre-filled values must have none; it has {show(got)}"
    )


def _varied(tasks: Tasks) -> bool:
    return len({element.get("type") for _, element in writable_elements(tasks)}) > 3


def _shape(tasks: list[Json]) -> list[Json]:
    return [(task["template_task_id"], [element["id"] for element in task["custom_elements"]]) for task in tasks]


def _told(element: Json, model: Json) -> Json:
    """What an element says of the members that the template's element shows, beside a value."""
    return {name: element.get(name) for name in model if name != "value"}
