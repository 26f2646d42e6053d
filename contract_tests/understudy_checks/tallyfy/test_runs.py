"""Tallyfy: processes as they are shown, listed, changed, archived, activated and deleted; and their kick-off form."""

from __future__ import annotations

from itertools import combinations

from hypothesis import example, given
from hypothesis import strategies as st

from understudy_checks.client import NotChecked
from understudy_checks.rules import rule
from understudy_checks.tallyfy.driver import (
    UNKNOWN_ID,
    Json,
    Organization,
    complete_run,
    complete_task,
    first_organization,
    launch,
    launch_body,
    open_tasks,
    read_run,
    run_tasks,
    sample_answers,
    submit_kickoff,
    template_where,
    unwrap_items,
)
from understudy_checks.target.targets import Target

FIELDS: dict[str, type | tuple[type, ...]] = {
    "id": str, "increment_id": int, "checklist_id": str, "checklist_title": str, "name": str,
    "summary": (str, type(None)),
    "status": str, "progress": dict, "whole_progress": dict, "started_by": int, "owner_id": int, "prerun": dict,
    "prerun_status": (str, type(None)), "starred": bool, "created_at": str, "started_at": str, "last_updated": str,
    "archived_at": (str, type(None)), "completed_at": (str, type(None)), "type": str, "is_public": bool, "users": list,
    "groups": list,
}  # fmt: skip
LISTED = (
    "id", "increment_id", "checklist_id", "checklist_title", "name", "summary", "status", "progress",
    "started_by", "created_at",
    "last_updated", "due_date", "owner_id",
)  # fmt: skip


@rule("tallyfy.runs.fields")
def test_a_process_has_its_fields(target: Target) -> None:
    """A process by its id has the printed fields in their types, also one that was just launched."""
    with target.open() as client:
        org = first_organization(client)
        for listed in org.list_all("/runs")[:20]:
            _assert_fields(read_run(org, listed))
        if "write" in client.world.capabilities:
            _assert_fields(read_run(org, launch(org)))


@rule("tallyfy.runs.listed-fields")
def test_a_listed_process_has_its_fields(target: Target) -> None:
    """A listed process has the printed fields."""
    with target.open() as client:
        for run in first_organization(client).list_all("/runs"):
            assert set(LISTED) <= run.keys(), set(LISTED) - run.keys()


@rule("tallyfy.runs.unknown-run", "tallyfy.archive.unknown-run", "tallyfy.purge.unknown-run", needs=("write",))
def test_an_unknown_process_is_not_there(target: Target) -> None:
    """Every call about a process that does not exist is 404 or 403; deleting it is 404."""
    with target.open() as client:
        org = first_organization(client)
        for id in (UNKNOWN_ID, "no-such-run"):
            for method, end in (
                ("GET", ""),
                ("GET", "/tasks"),
                ("GET", "/form-fields"),
                ("DELETE", ""),
                ("PUT", "/activate"),
            ):
                org.assert_missing(method, f"/runs/{id}{end}")
            org.assert_refused("DELETE", f"/runs/{id}/delete", status=404)


@rule("tallyfy.runs.completed-at", "tallyfy.runs.archived-at")
def test_times_go_with_the_status(target: Target) -> None:
    """A complete process has a `completed_at`, an active one none; `archived_at` goes with being archived."""
    with target.open() as client:
        org = first_organization(client)
        live, archived = org.list_all("/runs"), org.list_all("/runs", archived="only")
        for run in (*(read_run(org, run) for run in live), *live, *archived):
            if run["status"] in ("active", "complete"):
                assert (run["completed_at"] is not None) == (run["status"] == "complete"), run
            assert (run["archived_at"] is not None) == (run["status"] == "archived"), run
        if not archived or not {"active", "complete"} <= {run["status"] for run in live}:
            raise NotChecked("not every status is there")


@rule("tallyfy.runs.archived-are-hidden", "tallyfy.runs.archived-filter")
def test_archived_processes_are_listed_on_request(target: Target) -> None:
    """Archived processes are in the list only when it is asked for them."""
    with target.open() as client:
        org = first_organization(client)
        live, archived, both = (org.list_all("/runs", archived=value) for value in (None, "only", "true"))
        if not archived:
            raise NotChecked("no process is archived")
        assert all(run["status"] == "archived" and run["archived_at"] for run in archived)
        assert all(run["status"] != "archived" and not run["archived_at"] for run in live)
        assert sorted(_ids(both)) == sorted([*_ids(live), *_ids(archived)])
        for query in ({"status": "active"}, {"q": ""}, {"sort": "name"}, {"starred": "false"}):
            assert not {run["id"] for run in org.list_all("/runs", **query)} & set(_ids(archived))


@rule("tallyfy.runs.status-filter", "tallyfy.runs.problem-filter")
def test_processes_are_filtered_by_status(target: Target) -> None:
    """Each status lists the processes that show it; problem lists those with issues of either kind."""
    with target.open() as client:
        org = first_organization(client)
        everything = org.list_all("/runs")
        shown = {
            status: _ids(r for r in everything if r["status"] == status) for status in ("complete", "problem", "issue")
        }
        assert all(run["status"] == "active" for run in org.list_all("/runs", status="active"))
        assert org.list_all("/runs", status="active")
        assert _ids(org.list_all("/runs", status="complete")) == shown["complete"]
        assert _ids(org.list_all("/runs", status="issue")) == shown["issue"]
        wanted = [run["id"] for run in everything if run["status"] in ("problem", "issue")]
        assert _ids(org.list_all("/runs", status="problem")) == wanted
        if not all(shown.values()):
            raise NotChecked("not every status is there")


@rule("tallyfy.runs.template-filter")
def test_processes_are_filtered_by_template(target: Target) -> None:
    """`checklist_id`, also called `blueprint_id`, lists the processes of a template."""
    with target.open() as client:
        org = first_organization(client)
        everything = org.list_all("/runs")
        for template in sorted({run["checklist_id"] for run in everything})[:8]:
            wanted = [run["id"] for run in everything if run["checklist_id"] == template]
            assert _ids(org.list_all("/runs", checklist_id=template)) == wanted
            assert _ids(org.list_all("/runs", blueprint_id=template)) == wanted
        assert org.list_all("/runs", checklist_id=UNKNOWN_ID) == []


@rule("tallyfy.runs.owners-filter", "tallyfy.runs.groups-filter")
def test_processes_are_filtered_by_people_and_groups(target: Target) -> None:
    """`owners` lists what these people own or have tasks in, `groups` where these groups have tasks."""
    with target.open() as client:
        org = first_organization(client)
        everything = org.list_all("/runs", with_="tasks")
        people = {run["id"]: {run["owner_id"], *_owners(org, run, "users")} for run in everything}
        known = sorted({person for found in people.values() for person in found})
        for some in [(one,) for one in known] + list(combinations(known, 2))[:2]:
            wanted = [run["id"] for run in everything if people[run["id"]] & set(some)]
            assert _ids(org.list_all("/runs", owners=",".join(map(str, some)))) == wanted, some
        groups = {run["id"]: _owners(org, run, "groups") for run in everything}
        named = sorted({group for found in groups.values() for group in found})
        for group in named:
            assert _ids(org.list_all("/runs", groups=group)) == [
                r["id"] for r in everything if group in groups[r["id"]]
            ]
        if len(known) < 2 or not named:
            raise NotChecked("the tasks of this target belong to too few")


@rule(
    "tallyfy.runs.tag-filter", "tallyfy.runs.starred-filter", "tallyfy.runs.type-filter", "tallyfy.runs.folder-filter"
)
def test_processes_are_filtered_by_what_they_show(target: Target) -> None:
    """Tags, folders, stars and types each list exactly the processes that have them."""
    with target.open() as client:
        org = first_organization(client)
        everything = org.list_all("/runs", with_="tags,folders")
        tags = {run["id"]: {tag["id"] for tag in unwrap_items(run["tags"])} for run in everything}
        known = sorted({tag for found in tags.values() for tag in found})
        for tag in known:
            assert _ids(org.list_all("/runs", tag=tag)) == [r["id"] for r in everything if tag in tags[r["id"]]]
        assert _ids(org.list_all("/runs", tag_ids=",".join(known))) == [r["id"] for r in everything if tags[r["id"]]]
        assert _ids(org.list_all("/runs", untagged="true")) == [r["id"] for r in everything if not tags[r["id"]]]
        folders = {run["id"]: {folder["id"] for folder in unwrap_items(run["folders"])} for run in everything}
        for folder in sorted({folder for found in folders.values() for folder in found}):
            assert _ids(org.list_all("/runs", folder=folder)) == [
                r["id"] for r in everything if folder in folders[r["id"]]
            ]
        assert _ids(org.list_all("/runs", starred="true")) == [r["id"] for r in everything if r["starred"]]
        for kind in ("procedure", "form", "document"):
            assert _ids(org.list_all("/runs", type=kind)) == [r["id"] for r in everything if r["type"] == kind]
        if not known or not any(folders.values()) or len({run["type"] for run in everything}) < 2:
            raise NotChecked("the processes of this target are too much alike")


@rule("tallyfy.runs.search")
def test_processes_are_searched(target: Target) -> None:
    """`q` lists exactly the processes whose name holds that text, in any case."""
    with target.open() as client:
        org = first_organization(client)
        everything = org.list_all("/runs")
        for word in {max(run["name"].split(), key=len) for run in everything[:15]}:
            wanted = [run["id"] for run in everything if word.lower() in run["name"].lower()]
            assert _ids(org.list_all("/runs", q=word)) == wanted
        assert org.list_all("/runs", q="no process is called this") == []


@rule("tallyfy.runs.filters-combine")
@given(data=st.data())
def test_filters_combine(target: Target, data: st.DataObject) -> None:
    """Filters together list what each of them lists."""
    with target.open() as client:
        org = first_organization(client)
        like = data.draw(st.sampled_from(org.list_all("/runs", with_="tags")))
        known: dict[str, object] = {
            "checklist_id": like["checklist_id"],
            "owners": like["owner_id"],
            "starred": like["starred"],
            "type": like["type"],
            "q": like["name"].split()[0],
            "status": "complete" if like["status"] == "complete" else "active",
        }
        names = data.draw(st.lists(st.sampled_from(sorted(known)), min_size=2, max_size=4, unique=True))
        each = [set(_ids(org.list_all("/runs", **{name: known[name]}))) for name in names]
        wanted = [id for id in _ids(org.list_all("/runs")) if all(id in found for found in each)]
        assert _ids(org.list_all("/runs", **{name: known[name] for name in names})) == wanted, names


@rule("tallyfy.runs.sort", needs=("write",))
def test_processes_are_sorted(target: Target) -> None:
    """`sort` orders by name or by creation, upwards and with a minus downwards."""
    with target.open() as client:
        org = first_organization(client)
        for name in ("Beta process", "Alpha process", "Gamma process"):
            client.advance(2)
            launch(org, name=name)
        for parameter in ("sort", "sort_by"):
            for member in ("name", "created_at"):
                up, down = (org.list_all("/runs", **{parameter: f"{sign}{member}"}) for sign in ("", "-"))
                values = [run[member].lower() for run in up]
                assert values == sorted(values), f"{parameter}={member}"
                assert [run[member].lower() for run in down] == values[::-1]
                assert sorted(_ids(up)) == sorted(_ids(down)) == sorted(_ids(org.list_all("/runs")))


@rule("tallyfy.run-update.partial", needs=("write",))
@given(names=st.sets(st.sampled_from(("name", "summary", "starred", "is_public"))))
@example(names=set())
@example(names={"name", "summary", "starred", "is_public"})
def test_an_update_changes_what_is_given(target: Target, names: set[str]) -> None:
    """What is given changes, everything else stays, also people and groups."""
    with target.open() as client:
        org = first_organization(client)
        known = [run for run in org.list_all("/runs") if run["users"] or run["groups"]]
        run = read_run(org, known[0] if known else launch(org, users=[org.get("/me")["id"]]))
        values: dict[str, Json] = {"name": "Another name", "summary": "Another summary", "starred": not run["starred"],
                                   "is_public": not run["is_public"]}  # fmt: skip
        body = {name: values[name] for name in names}
        answered = org.call("PUT", f"/runs/{run['id']}", body)
        for shown in (answered, read_run(org, run)):
            assert {**shown, "last_updated": ""} == {**run, **body, "last_updated": ""}


@rule("tallyfy.run-update.long-name", needs=("write",))
@given(more=st.integers(1, 300))
@example(more=1)
def test_a_process_cannot_get_a_long_name(target: Target, more: int) -> None:
    """More than 550 characters are refused, and nothing changes."""
    with target.open() as client:
        org = first_organization(client)
        run = launch(org)
        assert len(org.call("PUT", f"/runs/{run['id']}", {"name": "n" * 550})["name"]) == 550
        before = read_run(org, run)
        org.assert_refused("PUT", f"/runs/{run['id']}", {"name": "n" * (550 + more), "starred": True}, status=422)
        assert read_run(org, run) == before


@rule("tallyfy.run-update.owner", needs=("write",))
def test_a_process_gets_another_owner(target: Target) -> None:
    """Somebody of the organization becomes the owner; anybody else is refused."""
    with target.open() as client:
        org = first_organization(client)
        run = launch(org)
        others = {listed["owner_id"] for listed in org.list_all("/runs")}
        for owner in sorted(others):
            assert org.call("PUT", f"/runs/{run['id']}", {"owner_id": owner})["owner_id"] == owner
        before = read_run(org, run)
        org.assert_refused("PUT", f"/runs/{run['id']}", {"owner_id": 987_654_321}, status=422)
        assert read_run(org, run) == before


@rule("tallyfy.run-update.replaces-lists", needs=("write",))
def test_people_and_groups_are_replaced(target: Target) -> None:
    """A list that is given replaces the one before; an empty one empties it."""
    with target.open() as client:
        org = first_organization(client)
        people = sorted({run["owner_id"] for run in org.list_all("/runs")})
        groups = sorted({group for run in org.list_all("/runs") for group in run["groups"]})
        run = launch(org, users=people[:1], groups=groups[:1])
        for users in (people, people[1:], people[:1], []):
            read = org.call("PUT", f"/runs/{run['id']}", {"users": users})
            assert (read["users"], read["groups"]) == (users, groups[:1])
        assert org.call("PUT", f"/runs/{run['id']}", {"users": people[:1], "groups": []})["groups"] == []
        assert read_run(org, run)["users"] == people[:1]
        assert read_run(org, run)["groups"] == []


@rule("tallyfy.run-update.answers", needs=("write",))
def test_kickoff_answers_are_changed(target: Target) -> None:
    """A new answer takes the place of the old one, and the others stay."""
    with target.open() as client:
        org = first_organization(client)
        template = template_where(
            org, lambda t: len(t["prerun"]) > 1 and t["type"] == "procedure", "with two kick-off fields"
        )
        first, second = template["prerun"][:2]
        answers = {f["id"]: next(iter(sample_answers(f))) for f in (first, second)}
        run = launch(org, template, prerun={**launch_body(template).get("prerun", {}), **answers})
        changed = {second["id"]: list(sample_answers(second))[-1]}
        org.call("PUT", f"/runs/{run['id']}", {"prerun": changed})
        assert read_run(org, run)["prerun"] == {**run["prerun"], **changed}


@rule("tallyfy.archive.archived", "tallyfy.archive.activated", "tallyfy.archive.comes-back", needs=("write",))
def test_a_process_is_archived_and_activated(target: Target) -> None:
    """Archived it says so and leaves the list; activated it is as it was, whatever its status."""
    with target.open() as client:
        org = first_organization(client)
        kinds = {run["status"]: run for run in org.list_all("/runs")}
        for status, run in kinds.items():
            before, tasks = read_run(org, run), run_tasks(org, run)
            archived = org.call("DELETE", f"/runs/{run['id']}")
            assert (archived["id"], archived["status"]) == (run["id"], "archived")
            assert archived["archived_at"] is not None
            assert run["id"] not in _ids(org.list_all("/runs"))
            activated = org.call("PUT", f"/runs/{run['id']}/activate")
            assert (activated["status"], activated["archived_at"]) == (status, None)
            assert {**read_run(org, run), "last_updated": ""} == {**before, "last_updated": ""}
            assert run_tasks(org, run) == tasks
            assert run["id"] in _ids(org.list_all("/runs"))


@rule("tallyfy.archive.tasks-leave", "tallyfy.archive.comes-back", needs=("write",))
def test_tasks_of_an_archived_process_leave(target: Target) -> None:
    """The tasks are not listed while their process is archived, unless they are asked for."""
    with target.open() as client:
        org = first_organization(client)
        run = launch(org)
        own = set(_ids(run_tasks(org, run)))
        assert own <= set(_ids(org.list_all("/tasks")))
        org.call("DELETE", f"/runs/{run['id']}")
        assert not own & set(_ids(org.list_all("/tasks")))
        assert own <= set(_ids(org.list_all("/tasks", archived="true")))
        org.call("PUT", f"/runs/{run['id']}/activate")
        assert own <= set(_ids(org.list_all("/tasks")))


@rule("tallyfy.purge.gone", "tallyfy.purge.only-archived", needs=("write",))
def test_only_an_archived_process_is_deleted(target: Target) -> None:
    """A live process is not deleted; an archived one is gone, with its tasks."""
    with target.open() as client:
        org = first_organization(client)
        if org.get("/me").get("role") != "admin":
            raise NotChecked("the token is no administrator's")
        run = launch(org)
        task = run_tasks(org, run)[0]
        refusal = org.send("DELETE", f"/runs/{run['id']}/delete")
        assert refusal.status in (404, 422)
        assert read_run(org, run)["id"] == run["id"]
        org.call("DELETE", f"/runs/{run['id']}")
        response = org.send("DELETE", f"/runs/{run['id']}/delete")
        assert (response.status, response.body) == (200, b"")
        for path in (f"/runs/{run['id']}", f"/runs/{run['id']}/tasks", f"/tasks/{task['id']}"):
            org.assert_missing("GET", path)
        assert run["id"] not in _ids(org.list_all("/runs", archived="true"))
        assert task["id"] not in _ids(org.list_all("/tasks", archived="true"))


@rule("tallyfy.purge.only-administrators", needs=("write", "second-key"))
def test_only_an_administrator_deletes(target: Target) -> None:
    """Who is no administrator gets 403, and the process stays."""
    with target.open() as client:
        org = first_organization(client)
        other = first_organization(client, key=client.second_key)
        if other.id != org.id or other.get("/me").get("role") == "admin":
            raise NotChecked("the second token is an administrator's, too")
        run = launch(org)
        org.call("DELETE", f"/runs/{run['id']}")
        other.assert_refused("DELETE", f"/runs/{run['id']}/delete", status=403)
        assert run["id"] in _ids(org.list_all("/runs", archived="only"))


@rule("tallyfy.runs.form-fields")
def test_form_fields_of_a_process(target: Target) -> None:
    """Fields of tasks name their task; kick-off fields are apart."""
    with target.open() as client:
        org = first_organization(client)
        forms = {t["id"]: t for t in org.templates()}
        seen = 0
        asking = [run for run in org.list_all("/runs") if _fields_of(forms[run["checklist_id"]])]
        for run in (*asking[:5], *org.list_all("/runs")[:5]):
            told = org.get(f"/runs/{run['id']}/form-fields")
            tasks = _ids(run_tasks(org, run))
            assert all(field["task_id"] in tasks for field in told["form_fields"])
            template = forms[run["checklist_id"]]
            wanted = sorted(f["id"] for step in unwrap_items(template["steps"]) for f in step["captures"])
            assert sorted(f["id"] for f in told["form_fields"]) == wanted
            assert [f["id"] for f in told["ko_form_fields"]] == [f["id"] for f in template["prerun"]]
            seen += len(wanted)
        if not seen:
            raise NotChecked("no process has a form field")


@rule("tallyfy.kickoff.reopened", "tallyfy.kickoff.submitted", "tallyfy.kickoff.submitted-once", needs=("write",))
def test_the_kickoff_form_is_reopened_and_submitted(target: Target) -> None:
    """Re-opened nobody has submitted it; submitted it tells when and by whom; submitting again changes nothing."""
    with target.open() as client:
        org = first_organization(client)
        run = launch(org, _optional(org))
        opened = org.call("DELETE", f"/runs/{run['id']}/complete-prerun")
        assert opened["id"] == run["id"]
        for shown in (opened, read_run(org, run)):
            assert (shown["prerun_completed_at"], shown["prerun_completed_by"]) == (None, None)
            assert shown["prerun_status"] != "complete"
        submitted = org.call("POST", f"/runs/{run['id']}/complete-prerun")
        assert submitted["id"] == run["id"]
        for shown in (submitted, read_run(org, run)):
            assert shown["prerun_status"] == "complete"
            assert shown["prerun_completed_at"] is not None
            assert shown["prerun_completed_by"] == org.get("/me")["id"]
        before = read_run(org, run)
        client.advance(5)
        org.call("POST", f"/runs/{run['id']}/complete-prerun")
        assert read_run(org, run) == before


@rule("tallyfy.kickoff.rules-evaluated", needs=("write",))
def test_submitting_tells_whether_rules_were_evaluated(target: Target) -> None:
    """Only a form that was open is evaluated when it is submitted."""
    with target.open() as client:
        org = first_organization(client)
        run = launch(org, _optional(org))
        org.call("DELETE", f"/runs/{run['id']}/complete-prerun")
        for evaluated in (True, False):
            told = org.call("POST", f"/runs/{run['id']}/complete-prerun")
            assert isinstance(told["tasks_changed_by_rules"], dict)
            assert told["rules_evaluated"] is evaluated


@rule("tallyfy.kickoff.completes-the-run", "tallyfy.kickoff.reactivates", needs=("write",))
def test_a_process_waits_for_its_kickoff_form(target: Target) -> None:
    """While the form is open the process is not complete, although its tasks are; submitting completes it."""
    with target.open() as client:
        org = first_organization(client)
        run = launch(org, _optional(org))
        submit_kickoff(org, run)
        assert complete_run(org, run)["status"] == "complete"
        assert org.call("DELETE", f"/runs/{run['id']}/complete-prerun")["status"] == "active"
        assert read_run(org, run)["completed_at"] is None
        assert org.call("POST", f"/runs/{run['id']}/complete-prerun")["status"] == "complete"
        assert read_run(org, run)["completed_at"] is not None
        other = launch(org, _optional(org))
        org.call("DELETE", f"/runs/{other['id']}/complete-prerun")
        for task in open_tasks(org, other):
            complete_task(org, other, task)
        assert read_run(org, other)["status"] == "active"
        assert submit_kickoff(org, other)["status"] == "complete"


def _assert_fields(run: Json) -> None:
    for name, kind in FIELDS.items():
        assert name in run, f"{name} is missing"
        assert isinstance(run[name], kind), f"{name} is {run[name]!r}"
        assert not (kind is int and isinstance(run[name], bool)), f"{name} is {run[name]!r}"


def _optional(org: Organization) -> Json:
    return template_where(
        org,
        lambda t: t["prerun"] and not any(f["required"] for f in t["prerun"]) and unwrap_items(t["steps"]),
        "with steps and a kick-off form whose fields are optional",
    )


def _owners(org: Organization, run: Json, name: str) -> set[Json]:
    """Whom the tasks of a process belong to, hidden ones too."""
    return {owner for task in run_tasks(org, run) for owner in task["owners"][name]}


def _fields_of(template: Json) -> list[Json]:
    """The fields of a template's steps."""
    return [field for step in unwrap_items(template["steps"]) for field in step["captures"]]


def _ids(records: Json) -> list[str]:
    return [record["id"] for record in records]
