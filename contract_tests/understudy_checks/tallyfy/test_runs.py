"""Tallyfy: processes: members, filters, updates, archiving and deletion."""

from __future__ import annotations

from itertools import combinations

from hypothesis import example, given
from hypothesis import strategies as st

from understudy_checks.client import Skipped
from understudy_checks.rules import rule
from understudy_checks.tallyfy.driver import (
    UNKNOWN_ID,
    Json,
    Organization,
    as_no_administrator,
    first_organization,
    included_tag_id,
    launch,
    launch_body,
    read_run,
    run_tasks,
    sample_answers,
    template_where,
    unwrap_items,
)
from understudy_checks.target.target import Target
from understudy_checks.wording import show

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
    """A process has its documented members in their types, right after its launch too."""
    with target.open() as client:
        org = first_organization(client)
        for listed in org.list_all("/runs")[:20]:
            _assert_fields(read_run(org, listed))
        if "write" in client.world.capabilities:
            _assert_fields(read_run(org, launch(org)))


@rule("tallyfy.runs.listed-fields")
def test_a_listed_process_has_its_fields(target: Target) -> None:
    """A listed process has its documented members."""
    with target.open() as client:
        for run in first_organization(client).list_all("/runs"):
            assert set(LISTED) <= run.keys(), f"a listed process must have the members {show(set(LISTED) - run.keys())}"


@rule("tallyfy.runs.unknown-run", "tallyfy.archive.unknown-run", "tallyfy.purge.unknown-run", needs=("write",))
def test_an_unknown_process_is_not_there(target: Target) -> None:
    """Every operation on an unknown process answers 404 or 403; its deletion answers 404."""
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
    """A process has `completed_at` exactly if it is complete, and `archived_at` exactly if it is archived."""
    with target.open() as client:
        org = first_organization(client)
        live, archived = org.list_all("/runs"), org.list_all("/runs", archived="only")
        for run in (*(read_run(org, run) for run in live), *live, *archived):
            if run["status"] in ("active", "complete"):
                assert (run["completed_at"] is not None) == (run["status"] == "complete"), (
                    f"a process must have `completed_at` exactly if it is complete: {show(run)}"
                )
            assert (run["archived_at"] is not None) == (run["status"] == "archived"), (
                f"a process must have `archived_at` exactly if it is archived: {show(run)}"
            )
        if not archived or not {"active", "complete"} <= {run["status"] for run in live}:
            raise Skipped("not every status is there")


@rule("tallyfy.runs.archived-are-hidden", "tallyfy.runs.archived-filter")
def test_archived_processes_are_listed_on_request(target: Target) -> None:
    """Archived processes are listed with `archived` only."""
    with target.open() as client:
        org = first_organization(client)
        live, archived, both = (org.list_all("/runs", archived=value) for value in (None, "only", "true"))
        if not archived:
            raise Skipped("no process is archived")
        assert all(run["status"] == "archived" and run["archived_at"] for run in archived), (
            "`archived=only` must list archived processes alone"
        )
        assert all(run["status"] != "archived" and not run["archived_at"] for run in live), (
            "a list must not hold archived processes"
        )
        assert (got := sorted(_ids(both))) == sorted([*_ids(live), *_ids(archived)]), (
            f"`archived=true` must list archived and live processes, not {show(got)}"
        )
        for query in ({"status": "active"}, {"q": ""}, {"sort": "name"}, {"starred": "false"}):
            assert not {run["id"] for run in org.list_all("/runs", **query)} & set(_ids(archived)), (
                f"an archived process must not be listed with {show(query)}"
            )


@rule("tallyfy.runs.status-filter", "tallyfy.runs.problem-filter")
def test_processes_are_filtered_by_status(target: Target) -> None:
    """Each `status` lists exactly its processes; `problem` lists those with an issue of either kind."""
    with target.open() as client:
        org = first_organization(client)
        everything = org.list_all("/runs")
        shown = {
            status: _ids(r for r in everything if r["status"] == status) for status in ("complete", "problem", "issue")
        }
        assert all(run["status"] == "active" for run in org.list_all("/runs", status="active")), (
            "`status=active` must list active processes alone"
        )
        assert org.list_all("/runs", status="active"), "`status=active` must list the active processes, but lists none"
        assert (got := _ids(org.list_all("/runs", status="complete"))) == shown["complete"], (
            f"`status=complete` must list exactly the complete processes, not {show(got)}"
        )
        assert (got := _ids(org.list_all("/runs", status="issue"))) == shown["issue"], (
            f"`status=issue` must list exactly the processes with an issue of their own, not {show(got)}"
        )
        wanted = [run["id"] for run in everything if run["status"] in ("problem", "issue")]
        assert (got := _ids(org.list_all("/runs", status="problem"))) == wanted, (
            f"`status=problem` must list exactly the processes with an issue of either kind, not {show(got)}"
        )
        if not all(shown.values()):
            raise Skipped("not every status is there")


@rule("tallyfy.runs.template-filter")
def test_processes_are_filtered_by_template(target: Target) -> None:
    """`checklist_id`, or `blueprint_id`, lists exactly the processes of a template."""
    with target.open() as client:
        org = first_organization(client)
        everything = org.list_all("/runs")
        for template in sorted({run["checklist_id"] for run in everything})[:8]:
            wanted = [run["id"] for run in everything if run["checklist_id"] == template]
            assert (got := _ids(org.list_all("/runs", checklist_id=template))) == wanted, (
                f"`checklist_id` must list exactly the processes of template {show(template)}, not {show(got)}"
            )
            assert (got := _ids(org.list_all("/runs", blueprint_id=template))) == wanted, (
                f"`blueprint_id` must list exactly the processes of template {show(template)}, not {show(got)}"
            )
        assert (got := org.list_all("/runs", checklist_id=UNKNOWN_ID)) == [], (
            f"an unknown `checklist_id` must list nothing, not {show(got)}"
        )


@rule("tallyfy.runs.owners-filter", "tallyfy.runs.groups-filter")
def test_processes_are_filtered_by_people_and_groups(target: Target) -> None:
    """`owners` lists what people own or have tasks in, `groups` where groups have tasks."""
    with target.open() as client:
        org = first_organization(client)
        everything = org.list_all("/runs", with_="tasks")
        people = {run["id"]: {run["owner_id"], *_owners(org, run, "users")} for run in everything}
        known = sorted({person for found in people.values() for person in found})
        for some in [(one,) for one in known] + list(combinations(known, 2))[:2]:
            wanted = [run["id"] for run in everything if people[run["id"]] & set(some)]
            assert (got := _ids(org.list_all("/runs", owners=",".join(map(str, some))))) == wanted, (
                f"`owners` must list exactly the processes of the people {show(some)}, not {show(got)}"
            )
        groups = {run["id"]: _owners(org, run, "groups") for run in everything}
        named = sorted({group for found in groups.values() for group in found})
        for group in named:
            assert (got := _ids(org.list_all("/runs", groups=group))) == [
                r["id"] for r in everything if group in groups[r["id"]]
            ], f"`groups={group}` must list exactly the processes with tasks of the group, not {show(got)}"
        if len(known) < 2 or not named:
            raise Skipped("the tasks of this target belong to too few")


@rule(
    "tallyfy.runs.tag-filter", "tallyfy.runs.starred-filter", "tallyfy.runs.type-filter", "tallyfy.runs.folder-filter"
)
def test_processes_are_filtered_by_what_they_show(target: Target) -> None:
    """Tags, folders, stars and types list exactly the processes that have them."""
    with target.open() as client:
        org = first_organization(client)
        everything = org.list_all("/runs", with_="tags,folders")
        tags = {run["id"]: {included_tag_id(tag) for tag in unwrap_items(run["tags"])} for run in everything}
        known = sorted({tag for found in tags.values() for tag in found})
        with client.about("tallyfy.runs.tag-filter"):
            for tag in known:
                assert (got := _ids(org.list_all("/runs", tag=tag))) == [
                    r["id"] for r in everything if tag in tags[r["id"]]
                ], f"`tag={tag}` must list exactly the processes with the tag, not {show(got)}"
            assert (got := _ids(org.list_all("/runs", tag_ids=",".join(known)))) == [
                r["id"] for r in everything if tags[r["id"]]
            ], f"`tag_ids` with all tags must list exactly the processes with a tag, not {show(got)}"
            assert (got := _ids(org.list_all("/runs", untagged="true"))) == [
                r["id"] for r in everything if not tags[r["id"]]
            ], f"`untagged=true` must list exactly the processes without a tag, not {show(got)}"
        folders = {run["id"]: {folder["id"] for folder in unwrap_items(run["folders"])} for run in everything}
        with client.about("tallyfy.runs.folder-filter"):
            for folder in sorted({folder for found in folders.values() for folder in found}):
                assert (got := _ids(org.list_all("/runs", folder=folder))) == [
                    r["id"] for r in everything if folder in folders[r["id"]]
                ], f"`folder={folder}` must list exactly the processes in the folder, not {show(got)}"
        with client.about("tallyfy.runs.starred-filter"):
            assert (got := _ids(org.list_all("/runs", starred="true"))) == [
                r["id"] for r in everything if r["starred"]
            ], f"`starred=true` must list exactly the starred processes, not {show(got)}"
        with client.about("tallyfy.runs.type-filter"):
            for kind in ("procedure", "form", "document"):
                assert (got := _ids(org.list_all("/runs", type=kind))) == [
                    r["id"] for r in everything if r["type"] == kind
                ], f"`type={kind}` must list exactly the processes of the type, not {show(got)}"
        if not known or not any(folders.values()) or len({run["type"] for run in everything}) < 2:
            raise Skipped("the processes of this target are too much alike")


@rule("tallyfy.runs.search")
def test_processes_are_searched(target: Target) -> None:
    """`q` lists exactly the processes with the text in their name, upper or lower case."""
    with target.open() as client:
        org = first_organization(client)
        everything = org.list_all("/runs")
        for word in {max(run["name"].split(), key=len) for run in everything[:15]}:
            wanted = [run["id"] for run in everything if word.lower() in run["name"].lower()]
            assert (got := _ids(org.list_all("/runs", q=word))) == wanted, (
                f"`q={word}` must list exactly the processes with the word in their name, not {show(got)}"
            )
        assert (got := org.list_all("/runs", q="no process is called this")) == [], (
            f"a search without a match must list nothing, not {show(got)}"
        )


@rule("tallyfy.runs.filters-combine")
@given(data=st.data())
def test_filters_combine(target: Target, data: st.DataObject) -> None:
    """Filters together list exactly what each of them lists."""
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
        assert (got := _ids(org.list_all("/runs", **{name: known[name] for name in names}))) == wanted, (
            f"the filters {show(names)} together must list exactly what each of them lists, not {show(got)}"
        )


@rule("tallyfy.runs.sort", needs=("write",))
def test_processes_are_sorted(target: Target) -> None:
    """`sort` orders by name or creation, ascending, or descending with a minus."""
    with target.open() as client:
        org = first_organization(client)
        for name in ("Beta process", "Alpha process", "Gamma process"):
            client.tick(2)
            launch(org, name=name)
        for parameter in ("sort", "sort_by"):
            for member in ("name", "created_at"):
                up, down = (org.list_all("/runs", **{parameter: f"{sign}{member}"}) for sign in ("", "-"))
                values = [run[member].lower() for run in up]
                assert values == sorted(values), (
                    f"`{parameter}={show(member)}` must list the processes in ascending order"
                )
                assert (got := [run[member].lower() for run in down]) == values[::-1], (
                    f"`sort=-{show(member)}` must list the processes the other way round, not {show(got)}"
                )
                assert (got := sorted(_ids(up))) == sorted(_ids(down)) == sorted(_ids(org.list_all("/runs"))), (
                    f"each order must list all processes once, not {show(got)}"
                )


@rule("tallyfy.run-update.partial", needs=("write",))
@given(names=st.sets(st.sampled_from(("name", "summary", "starred", "is_public"))))
@example(names=set())
@example(names={"name", "summary", "starred", "is_public"})
def test_an_update_changes_what_is_given(target: Target, names: set[str]) -> None:
    """An update changes the named members and no others."""
    with target.open() as client:
        org = first_organization(client)
        known = [run for run in org.list_all("/runs") if run["users"] or run["groups"]]
        run = read_run(org, known[0] if known else launch(org, users=[org.get("/me")["id"]]))
        values: dict[str, Json] = {"name": "Another name", "summary": "Another summary", "starred": not run["starred"],
                                   "is_public": not run["is_public"]}  # fmt: skip
        body = {name: values[name] for name in names}
        answered = org.call("PUT", f"/runs/{run['id']}", body)
        for shown in (answered, read_run(org, run)):
            assert (got := {**shown, "last_updated": ""}) == {**run, **body, "last_updated": ""}, (
                f"an update must change the named members and no others; the process is now {show(got)}"
            )


@rule("tallyfy.run-update.long-name", needs=("write",))
@given(more=st.integers(1, 300))
@example(more=1)
def test_a_process_cannot_get_a_long_name(target: Target, more: int) -> None:
    """A new name of more than 550 characters is refused and changes nothing."""
    with target.open() as client:
        org = first_organization(client)
        run = launch(org)
        assert (got := len(org.call("PUT", f"/runs/{run['id']}", {"name": "n" * 550})["name"])) == 550, (
            f"a name of 550 characters must be kept whole, but has {show(got)}"
        )
        before = read_run(org, run)
        org.assert_refused("PUT", f"/runs/{run['id']}", {"name": "n" * (550 + more), "starred": True}, status=422)
        assert (got := read_run(org, run)) == before, (
            f"a refused update must not change the process; it is now {show(got)}"
        )


@rule("tallyfy.run-update.owner", needs=("write",))
def test_a_process_gets_another_owner(target: Target) -> None:
    """A process can be given to a member of the organization and to nobody else."""
    with target.open() as client:
        org = first_organization(client)
        run = launch(org)
        others = {listed["owner_id"] for listed in org.list_all("/runs")}
        for owner in sorted(others):
            assert (got := org.call("PUT", f"/runs/{run['id']}", {"owner_id": owner})["owner_id"]) == owner, (
                f"the owner of the process must be {owner}, not {show(got)}"
            )
        before = read_run(org, run)
        org.assert_refused("PUT", f"/runs/{run['id']}", {"owner_id": 987_654_321}, status=422)
        assert (got := read_run(org, run)) == before, (
            f"a refused update must not change the process; it is now {show(got)}"
        )


@rule("tallyfy.run-update.replaces-lists", needs=("write",))
def test_people_and_groups_are_replaced(target: Target) -> None:
    """A list of people or groups replaces the one before; an empty list clears it."""
    with target.open() as client:
        org = first_organization(client)
        people = sorted({run["owner_id"] for run in org.list_all("/runs")})
        groups = sorted({group for run in org.list_all("/runs") for group in run["groups"]})
        run = launch(org, users=people[:1], groups=groups[:1])
        for users in (people, people[1:], people[:1], []):
            read = org.call("PUT", f"/runs/{run['id']}", {"users": users})
            assert (got := (read["users"], read["groups"])) == (users, groups[:1]), (
                f"people and groups must be those of the update, not {show(got)}"
            )
        assert (got := org.call("PUT", f"/runs/{run['id']}", {"users": people[:1], "groups": []})["groups"]) == [], (
            f"an empty list must remove all groups, but {show(got)} are left"
        )
        assert (got := read_run(org, run)["users"]) == people[:1], (
            f"people must be those of the last update, not {show(got)}"
        )
        assert (got := read_run(org, run)["groups"]) == [], f"the process must have no groups, not {show(got)}"


@rule("tallyfy.run-update.answers", needs=("write",))
def test_kickoff_answers_are_changed(target: Target) -> None:
    """An update replaces the named kick-off answers and keeps the others."""
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
        assert (got := read_run(org, run)["prerun"]) == {**run["prerun"], **changed}, (
            f"an update of kick-off answers must change the named ones and keep the others; they are {show(got)}"
        )


@rule("tallyfy.archive.archived", "tallyfy.archive.activated", "tallyfy.archive.comes-back", needs=("write",))
def test_a_process_is_archived_and_activated(target: Target) -> None:
    """An archived process leaves the list; an activated one is as before, whatever its status."""
    with target.open() as client:
        org = first_organization(client)
        kinds = {run["status"]: run for run in org.list_all("/runs")}
        for status, run in kinds.items():
            before, tasks = read_run(org, run), run_tasks(org, run)
            archived = org.call("DELETE", f"/runs/{run['id']}")
            assert (got := (archived["id"], archived["status"])) == (run["id"], "archived"), (
                f"an archived process must keep its id and be in status `archived`; they are {show(got)}"
            )
            assert archived["archived_at"] is not None, "an archived process must have an `archived_at`"
            assert run["id"] not in _ids(org.list_all("/runs")), (
                f"an archived process must not be listed; it is {run['id']}"
            )
            activated = org.call("PUT", f"/runs/{run['id']}/activate")
            assert (got := (activated["status"], activated["archived_at"])) == (status, None), (
                f"an activated process must have its earlier status and no `archived_at`; they are {show(got)}"
            )
            assert (actual := {**read_run(org, run), "last_updated": ""}) == {**before, "last_updated": ""}, (
                f"archiving and activating a process must not change it; it is now {show(actual)}"
            )
            assert (tasks_now := run_tasks(org, run)) == tasks, (
                f"archiving and activating a process must not change its tasks; they are now {show(tasks_now)}"
            )
            assert run["id"] in _ids(org.list_all("/runs")), f"an activated process must be listed; it is {run['id']}"


@rule("tallyfy.archive.tasks-leave", "tallyfy.archive.comes-back", needs=("write",))
def test_tasks_of_an_archived_process_leave(target: Target) -> None:
    """Tasks of an archived process are listed with `archived` only."""
    with target.open() as client:
        org = first_organization(client)
        run = launch(org)
        own = set(_ids(run_tasks(org, run)))
        assert own <= set(_ids(org.list_all("/tasks"))), "the tasks of a live process must be listed"
        org.call("DELETE", f"/runs/{run['id']}")
        assert not own & set(_ids(org.list_all("/tasks"))), "the tasks of an archived process must not be listed"
        assert own <= set(_ids(org.list_all("/tasks", archived="true"))), (
            "the tasks of an archived process must be listed with `archived=true`"
        )
        org.call("PUT", f"/runs/{run['id']}/activate")
        assert own <= set(_ids(org.list_all("/tasks"))), "the tasks of an activated process must be listed"


@rule("tallyfy.purge.gone", "tallyfy.purge.only-archived", needs=("write",))
def test_only_an_archived_process_is_deleted(target: Target) -> None:
    """A live process cannot be deleted; a deleted one is gone with its tasks."""
    with target.open() as client:
        org = first_organization(client)
        if org.get("/me").get("role") != "admin":
            raise Skipped("the token is no administrator's")
        run = launch(org)
        task = run_tasks(org, run)[0]
        refusal = org.send("DELETE", f"/runs/{run['id']}/delete")
        assert refusal.status in (404, 422), (
            f"deleting a live process must answer 404 or 422, not {show(refusal.status)}"
        )
        assert read_run(org, run)["id"] == run["id"], "a refused deletion must leave the process"
        org.call("DELETE", f"/runs/{run['id']}")
        response = org.send("DELETE", f"/runs/{run['id']}/delete")
        assert (got := (response.status, response.body)) == (200, b""), (
            f"deleting an archived process must answer 200 without a body, not {show(got)}"
        )
        for path in (f"/runs/{run['id']}", f"/runs/{run['id']}/tasks", f"/tasks/{task['id']}"):
            org.assert_missing("GET", path)
        assert run["id"] not in _ids(org.list_all("/runs", archived="true")), (
            f"a deleted process must not be listed; it is {run['id']}"
        )
        assert task["id"] not in _ids(org.list_all("/tasks", archived="true")), (
            f"a task of a deleted process must not be listed; it is {task['id']}"
        )


@rule("tallyfy.purge.only-administrators", needs=("write", "second-key"))
def test_only_an_administrator_deletes(target: Target) -> None:
    """A member who is no administrator gets 403 for a deletion, and the process stays."""
    with target.open() as client:
        org = first_organization(client)
        other = as_no_administrator(client, org)
        run = launch(org)
        org.call("DELETE", f"/runs/{run['id']}")
        other.assert_refused("DELETE", f"/runs/{run['id']}/delete", status=403)
        assert run["id"] in _ids(org.list_all("/runs", archived="only")), (
            f"a refused deletion must leave the process; it is {run['id']}"
        )


@rule("tallyfy.runs.form-fields")
def test_form_fields_of_a_process(target: Target) -> None:
    """The form fields of tasks name their task; kick-off fields are in a list of their own."""
    with target.open() as client:
        org = first_organization(client)
        forms = {t["id"]: t for t in org.templates()}
        seen = 0
        asking = [run for run in org.list_all("/runs") if _fields_of(forms[run["checklist_id"]])]
        for run in (*asking[:5], *org.list_all("/runs")[:5]):
            fields = org.get(f"/runs/{run['id']}/form-fields")
            tasks = _ids(run_tasks(org, run))
            assert all(field["task_id"] in tasks for field in fields["form_fields"]), (
                "a form field of a task must name a task of the process"
            )
            template = forms[run["checklist_id"]]
            wanted = sorted(f["id"] for step in unwrap_items(template["steps"]) for f in step["captures"])
            assert (got := sorted(f["id"] for f in fields["form_fields"])) == wanted, (
                f"`form_fields` must be the fields of all tasks, not {show(got)}"
            )
            assert (got := [f["id"] for f in fields["ko_form_fields"]]) == [f["id"] for f in template["prerun"]], (
                f"`ko_form_fields` must be the fields of the kick-off form, not {show(got)}"
            )
            seen += len(wanted)
        if not seen:
            raise Skipped("no process has a form field")


def _assert_fields(run: Json) -> None:
    for name, kind in FIELDS.items():
        assert name in run, f"a process must have {name}"
        assert isinstance(run[name], kind), f"`{name}` of a process must not be {show(run[name])}"
        assert not (kind is int and isinstance(run[name], bool)), (
            f"`{name}` of a process must be an integer, not {show(run[name])}"
        )


def _owners(org: Organization, run: Json, name: str) -> set[Json]:
    """Return the owners of a process' tasks, hidden ones included."""
    return {owner for task in run_tasks(org, run) for owner in task["owners"][name]}


def _fields_of(template: Json) -> list[Json]:
    """Return the form fields of a template's steps."""
    return [field for step in unwrap_items(template["steps"]) for field in step["captures"]]


def _ids(records: Json) -> list[str]:
    return [record["id"] for record in records]
