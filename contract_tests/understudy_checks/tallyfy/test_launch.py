"""Tallyfy: launching a process: name, owner, kick-off answers, tasks and deadlines."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from understudy_checks.client import Skipped
from understudy_checks.rules import rule
from understudy_checks.tallyfy.driver import (
    UNKNOWN_ID,
    Json,
    Organization,
    first_organization,
    is_working_day,
    launch,
    launch_body,
    plain_template,
    read_run,
    run_tasks,
    sample_answers,
    task_of_step,
    template_steps,
    template_where,
    visible_tasks,
)
from understudy_checks.target.target import Target
from understudy_checks.wording import show

TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=60).filter(
    lambda text: text == text.strip()
)
WEDNESDAY = datetime(2031, 1, 8, 10, 30)


@rule("tallyfy.launch.created", "tallyfy.launch.template", needs=("write",))
def test_a_launched_process_can_be_read(target: Target) -> None:
    """A launch answers 201 with the process, which names its template and is listed."""
    with target.open() as client:
        org = first_organization(client)
        for template in [t for t in org.templates() if t["type"] == "procedure"][:6]:
            response = org.send("POST", "/runs", json=launch_body(template, name="Launched"))
            assert response.status == 201, f"a launch must answer 201, not {show(response.status)}"
            run = Organization.data_of(response)
            read = read_run(org, run)
            assert (got := (read["id"], read["name"])) == (run["id"], "Launched"), (
                f"a launched process must be read by its id under its name; id and name are {show(got)}"
            )
            for shown in (run, read):
                assert (got := (shown["checklist_id"], shown["checklist_title"])) == (
                    template["id"],
                    template["title"],
                ), f"a process must name its template; id and title are {show(got)}"
            assert run["id"] in [listed["id"] for listed in org.list_all("/runs", checklist_id=template["id"])], (
                f"a launched process must be listed under its template; it is {run['id']}"
            )


@rule("tallyfy.launch.name", needs=("write",))
@given(name=TEXTS, summary=TEXTS)
@example(name="0", summary="x")
@example(name="Größe / 100 % <b>", summary="A summary of more than a few words")
def test_a_process_has_its_name_and_summary(target: Target, name: str, summary: str) -> None:
    """A process has the name and summary of its launch."""
    with target.open() as client:
        org = first_organization(client)
        run = launch(org, name=name, summary=summary)
        assert (got := (run["name"], run["summary"])) == (name, summary), (
            f"a new process must have the name and summary of its launch, not {show(got)}"
        )
        assert (got := (read_run(org, run)["name"], read_run(org, run)["summary"])) == (name, summary), (
            f"the process, read by its id, must have the name and summary of its launch, not {show(got)}"
        )


@rule("tallyfy.launch.default-name", needs=("write",))
def test_a_process_without_a_name_is_called_after_its_template(target: Target) -> None:
    """A process without a name is called by its template's title, a dash and a date."""
    with target.open() as client:
        org = first_organization(client)
        template = plain_template(org)
        name = launch(org, template)["name"]
        assert (got := name.startswith(f"{template['title']} - ")), (
            f"a process without a name must be called by its template and a dash, not {show(got)}"
        )
        assert any(c.isdigit() for c in name.removeprefix(f"{template['title']} - ")), (
            f"a process without a name must have a date in its name, not {show(name)}"
        )


@rule("tallyfy.launch.long-name", needs=("write",))
@given(more=st.integers(1, 400))
@example(more=1)
def test_a_long_name_is_refused(target: Target, more: int) -> None:
    """A name of 550 characters is accepted; a longer one is refused and starts no process."""
    with target.open() as client:
        org = first_organization(client)
        template = plain_template(org)
        assert (got := len(launch(org, template, name="n" * 550)["name"])) == 550, (
            f"a name of 550 characters must be kept whole, but has {show(got)}"
        )
        before = len(org.list_all("/runs"))
        org.assert_refused("POST", "/runs", launch_body(template, name="n" * (550 + more)), status=422)
        assert (got := len(org.list_all("/runs"))) == before, (
            f"a refused launch must start no process; the list has {show(got)}"
        )


@rule("tallyfy.launch.owner", needs=("write",))
def test_a_process_has_its_owner(target: Target) -> None:
    """A process is owned by the person of the launch, else by the token's owner, who started it."""
    with target.open() as client:
        org = first_organization(client)
        me = org.get("/me")["id"]
        run = launch(org)
        assert (got := (run["owner_id"], run["started_by"])) == (me, me), (
            f"a process must be owned and started by the token's owner {me}; they are {show(got)}"
        )
        others = {listed["owner_id"] for listed in org.list_all("/runs")} - {me}
        if not others:
            raise Skipped("nobody else owns a process here")
        for other in others:
            run = launch(org, owner_id=other)
            assert (got := (read_run(org, run)["owner_id"], run["started_by"])) == (other, me), (
                f"a process must be owned by the named person {show(other)} and started by {me}; they are {show(got)}"
            )


@rule("tallyfy.launch.unknown-owner", needs=("write",))
@given(owner=st.integers(900_000_000, 2_000_000_000))
@example(owner=987_654_321)
def test_an_unknown_owner_is_refused(target: Target, owner: int) -> None:
    """An owner from outside the organization is refused and starts no process."""
    with target.open() as client:
        org = first_organization(client)
        before = len(org.list_all("/runs"))
        org.assert_refused("POST", "/runs", launch_body(plain_template(org), owner_id=owner), status=422)
        assert (got := len(org.list_all("/runs"))) == before, (
            f"a refused launch must start no process; the list has {show(got)}"
        )


@rule("tallyfy.launch.answers", needs=("write",))
def test_kickoff_answers_are_kept(target: Target) -> None:
    """Every kick-off answer is stored as it was sent."""
    with target.open() as client:
        org = first_organization(client)
        template = _with_form(org)
        for number in range(3):
            answers = {
                f["id"]: list(sample_answers(f))[number % len(list(sample_answers(f)))] for f in template["prerun"]
            }
            run = launch(org, template, prerun=answers)
            assert run["prerun"] == answers, (
                f"a new process must have the kick-off answers of its launch, not {show(run['prerun'])}"
            )
            assert (got := read_run(org, run)["prerun"]) == answers, (
                f"the process, read by its id, must have the kick-off answers of its launch, not {show(got)}"
            )


@rule("tallyfy.launch.required-answers", needs=("write",))
def test_required_answers_are_demanded(target: Target) -> None:
    """A launch without a required kick-off answer is refused with the field's label and starts no process."""
    with target.open() as client:
        org = first_organization(client)
        template = template_where(
            org, lambda t: any(f["required"] for f in t["prerun"]), "with a required kick-off field"
        )
        before = len(org.list_all("/runs"))
        required = [f for f in template["prerun"] if f["required"]]
        empty: list[Json] = [{}, {"prerun": {}}, {"prerun": []}, {"prerun": {f["id"]: "" for f in required}}]
        empty.append({"prerun": {f["id"]: None for f in required}})
        for body in empty:
            body = org.assert_refused(
                "POST", "/runs", {"checklist_id": template["id"], "name": "Empty", **body}, status=422
            )
            texts = [text for texts in body["errors"].values() for text in texts]
            assert sorted(texts) == sorted(f"{f['label']} is required" for f in required), (
                f"each required kick-off field without an answer must be reported by its label: {show(body)}"
            )
        assert (got := len(org.list_all("/runs"))) == before, (
            f"a refused launch must start no process; the list has {show(got)}"
        )


@rule("tallyfy.launch.prerun-is-no-list", needs=("write",))
def test_answers_in_a_list_are_refused(target: Target) -> None:
    """A list of kick-off answers is refused and starts no process."""
    with target.open() as client:
        org = first_organization(client)
        template = _with_form(org)
        before = len(org.list_all("/runs"))
        answers = launch_body(template).get("prerun", {})
        for given_list in ([answers], [{id: value} for id, value in answers.items()] or [{UNKNOWN_ID: "x"}], ["text"]):
            org.assert_refused("POST", "/runs", {"checklist_id": template["id"], "prerun": given_list}, status=422)
        assert (got := len(org.list_all("/runs"))) == before, (
            f"a refused launch must start no process; the list has {show(got)}"
        )


@rule("tallyfy.launch.unknown-answers", needs=("write",))
def test_answers_to_unknown_fields_are_dropped(target: Target) -> None:
    """Answers to unknown kick-off fields are not stored."""
    with target.open() as client:
        org = first_organization(client)
        for template in (_with_form(org), plain_template(org)):
            answers = launch_body(template).get("prerun", {})
            run = launch(org, template, prerun={**answers, UNKNOWN_ID: "x", "customer_name": {"a": 1}})
            assert (got := read_run(org, run)["prerun"]) == answers, (
                f"a process must not store answers to unknown kick-off fields; it has {show(got)}"
            )


@rule("tallyfy.launch.tasks", "tallyfy.launch.tasks-are-open", needs=("write",))
def test_a_process_has_the_tasks_of_its_steps(target: Target) -> None:
    """A new process has one open task for each step, in order, and progress 0."""
    with target.open() as client:
        org = first_organization(client)
        for template in [t for t in org.templates() if template_steps(t)][:8]:
            run = launch(org, template)
            tasks = run_tasks(org, run, sort="position")
            wanted = sorted(template_steps(template), key=lambda step: int(step["position"]))
            assert (got := [(t["step_id"], t["title"], t["position"]) for t in tasks]) == [
                (s["id"], s["title"], s["position"]) for s in wanted
            ], f"a new process must have one task for each step, in order; it has {show(got)}"
            assert all(t["completed_at"] is None and t["completer_id"] is None for t in tasks), (
                "a task of a new process must have no completion"
            )
            assert not {"completed", "in-progress"} & {t["status"] for t in tasks}, (
                "a task of a new process must be neither completed nor in progress"
            )
            read = read_run(org, run)
            assert read["status"] == "active", f"a new process must be active, not {show(read['status'])}"
            progress = {name: read["progress"][name] for name in ("complete", "total", "percent")}
            assert progress == {"complete": 0, "total": len(visible_tasks(tasks)), "percent": 0}, (
                f"the progress of a new process must be 0 of {len(visible_tasks(tasks))} tasks, not {show(progress)}"
            )


@rule("tallyfy.launch.override", needs=("write",))
def test_a_launch_overrides_its_tasks(target: Target) -> None:
    """A task has the deadline and owners that the launch gives for its step."""
    with target.open() as client:
        org = first_organization(client)
        template, me = plain_template(org), org.get("/me")["id"]
        step, other = template_steps(template)[:2]
        for deadline in (f"{WEDNESDAY:%Y-%m-%dT%H:%M:%S}Z", f"{WEDNESDAY:%Y-%m-%d %H:%M:%S}"):
            owners: Json
            for owners in (
                {"users": [me], "guests": ["a@company.example"], "groups": []},
                {"users": [], "guests": [], "groups": []},
            ):
                run = launch(org, template, tasks={step["id"]: {"deadline": deadline, "owners": owners}})
                task = task_of_step(org, run, step)
                assert task["owners"] == owners, (
                    f"the owners of a task must be those that the launch names, not {show(task['owners'])}"
                )
                assert (got := _time(task["deadline"])) == WEDNESDAY, (
                    f"the deadline of a task must be the one that the launch names, not {show(got)}"
                )
                assert task_of_step(org, run, other)["deadline"] != task["deadline"], (
                    f"the launch must not change the deadline of another task: {show(task['deadline'])}"
                )


@rule("tallyfy.launch.step-assignees", needs=("write",))
def test_tasks_belong_to_whom_their_steps_name(target: Target) -> None:
    """A task is owned by its step's assignees, by default by the launcher unless the step forbids it."""
    with target.open() as client:
        org = first_organization(client)
        me = org.get("/me")["id"]
        kinds = set()
        for template in org.templates()[:12]:
            run = launch(org, template) if template_steps(template) else None
            for step in template_steps(template):
                owners = task_of_step(org, run, step)["owners"]
                named = {"users": step["assignees"], "guests": step["guests"], "groups": step["groups"]}
                nobody = not any(named.values())
                if nobody and step.get("assign_run_starter", True):
                    named["users"] = [me]
                assert (got := {name: owners[name] for name in named}) == named, (
                    f"a task of the step {show(step['title'])} must belong to its assignees, not to {show(got)}"
                )
                kinds.add((nobody, step.get("assign_run_starter", True)))
        if len(kinds) < 3:
            raise Skipped("the steps of this target do not differ in whom they name")


@rule("tallyfy.launch.step-deadline", needs=("write",))
def test_deadlines_count_from_the_launch(target: Target) -> None:
    """A task is due after the launch by the time that its step states."""
    with target.open() as client:
        org = first_organization(client)
        seen = set()
        for template in org.templates()[:12]:
            rules = [
                (s, s["deadline"])
                for s in template_steps(template)
                if s["deadline"] and s["deadline"]["option"] == "from"
            ]
            run = launch(org, template) if rules else None
            for step, deadline in rules:
                if deadline.get("step") not in (None, "start_run", "start_process") or run is None:
                    continue
                start, due = _time(run["started_at"]), _time(task_of_step(org, run, step)["deadline"])
                wanted = start + timedelta(**{deadline["unit"]: deadline["value"]})
                assert due == wanted or not is_working_day(org, wanted), (
                    f"a deadline of {show(deadline)} must be due that long after {show(start)}, not at {show(due)}"
                )
                seen.add(deadline["unit"])
        if not seen:
            raise Skipped("no step has a deadline that counts from the launch")


@rule("tallyfy.launch.two-calls-two-runs", needs=("write",))
def test_two_launches_are_two_processes(target: Target) -> None:
    """Equal launches start separate processes, with different ids and numbers, and tasks of their own."""
    with target.open() as client:
        org = first_organization(client)
        template = plain_template(org)
        runs = [launch(org, template, name="Twice") for _ in range(2)]
        assert (got := len({run["id"] for run in runs})) == len({run["increment_id"] for run in runs}) == 2, (
            f"two launches must start processes with different ids and numbers, not {show(got)}"
        )
        tasks = [task["id"] for run in runs for task in run_tasks(org, run)]
        assert len(set(tasks)) == len(tasks) == 2 * len(template_steps(template)), (
            f"two launches must create tasks with different ids, one for each step; the ids are {show(tasks)}"
        )
        assert {run["id"] for run in runs} <= {run["id"] for run in org.list_all("/runs", q="Twice")}, (
            "both launched processes must be listed"
        )


def _with_form(org: Organization) -> Json:
    return template_where(org, lambda t: len(t["prerun"]) > 1 and t["type"] == "procedure", "with a kick-off form")


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=None)
