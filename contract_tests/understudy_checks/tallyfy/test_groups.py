"""Tallyfy: groups of people and guests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from understudy_checks.rules import rule
from understudy_checks.tallyfy.driver import (
    UNKNOWN_ID,
    Json,
    Organization,
    first_organization,
    launch,
    read_run,
    run_tasks,
)
from understudy_checks.target.target import Target
from understudy_checks.wording import show

GUEST = "liaison@partner.example"


@contextmanager
def group(org: Organization, name: str = "Group of the check", **members: Json) -> Iterator[Json]:
    """Make a group, and delete it after the block unless that is done."""
    made = org.call("POST", "/groups", {"name": name, "description": "Made by a check", **members})
    try:
        yield made
    finally:
        org.send("DELETE", f"/groups/{made['id']}")


def member(org: Organization) -> int:
    """Return the id of whom the token acts for."""
    return int(org.get("/me")["id"])


@rule("tallyfy.groups.created", "tallyfy.groups.updated")
def test_a_group_is_made_and_changed(target: Target) -> None:
    """A group is made with what is given, and changed in what is given alone; its lists are replaced."""
    with target.open() as client:
        org = first_organization(client)
        me = member(org)
        given = {"description": "Who checks", "members": [me], "guests": [GUEST]}
        before = {one["id"] for one in org.list_all("/groups")}
        response = org.send("POST", "/groups", json={"name": "Checkers", **given})
        assert response.status == 201, f"creating a group must answer 201, not {response.status}"
        made = org.data_of(response)
        path = f"/groups/{made['id']}"
        try:
            for shown in (made, org.get(path)):
                wanted = {"name": "Checkers", **given}
                assert shown | wanted == shown, f"a group must have what was given, not {show(shown)}"
            assert {one["id"] for one in org.list_all("/groups")} - before == {made["id"]}, "a group must be listed"
            changes: tuple[Json, ...] = ({"name": "New"}, {"description": "Changed"}, {"members": []}, {"guests": []})
            for change in changes:
                old, new = org.get(path), org.call("PUT", path, change)
                read = org.get(path)
                for shown in (new, read):
                    got = {name: shown[name] for name in ("name", *given)}
                    wanted = {name: old[name] for name in got} | change
                    assert got == wanted, f"an update by {show(change)} must lead to {show(wanted)}, not {show(got)}"
        finally:
            org.send("DELETE", path)


@rule("tallyfy.groups.required", "tallyfy.groups.unique-name", "tallyfy.groups.long-name")
def test_a_group_needs_a_name_and_a_description(target: Target) -> None:
    """A group without name or description, with a name that is taken or too long, is refused and not made."""
    with target.open() as client:
        org = first_organization(client)
        body = {"name": "Only once", "description": "Made by a check"}
        with group(org, name=body["name"]), group(org, name="n" * 200):
            before = org.list_all("/groups")
            for wrong in ({"name": "No text"}, {"description": "No name"}, body, {**body, "name": "n" * 201}):
                org.assert_refused("POST", "/groups", wrong, status=422)
            assert org.list_all("/groups") == before, "a refused group must not be made"
        with group(org, "s") as made:
            for name in ("u" * 200, "u"):
                org.call("PUT", f"/groups/{made['id']}", {"name": name})
            org.assert_refused("PUT", f"/groups/{made['id']}", {"name": "u" * 201}, status=422)


@rule("tallyfy.groups.search", "tallyfy.groups.sort", "tallyfy.groups.includes")
def test_groups_are_searched_sorted_and_shown_with_includes(target: Target) -> None:
    """`q`, `sort_by` and `with` list the groups that they say, in the order and with the members that they say."""
    with target.open() as client:
        org = first_organization(client)
        with group(org, "Zebra"), group(org, "Aardvark", members=[member(org)]) as last:
            org.call("PUT", f"/groups/{last['id']}", {"description": "Unheard of"})
            everything = org.list_all("/groups")
            for text in ("zebra", "unheard", "nowhere at all"):
                wanted = [one["id"] for one in everything if text in f"{one['name']}\n{one['description']}".lower()]
                got = [one["id"] for one in org.list_all("/groups", q=text)]
                assert sorted(got) == sorted(wanted), f"`q={text}` must list {show(wanted)}, not {show(got)}"
            for sort, by in (("name", "name"), ("created_at", "created_at"), ("updated_at", "last_updated")):
                for query in ({"sort_by": sort}, {} if sort == "created_at" else {"sort_by": sort}):
                    keys = [one[by] for one in org.list_all("/groups", **query)]
                    assert keys == sorted(keys), f"the list by {sort} must be sorted, not {show(keys)}"
            for wanted_names in ([], ["assets"], ["users"], ["assets", "users"]):
                query = {"with_": ",".join(wanted_names)} if wanted_names else {}
                for shown in (org.get(f"/groups/{last['id']}", **query), org.list_all("/groups", **query)[0]):
                    found = sorted({"assets", "users"} & shown.keys())
                    assert found == wanted_names, f"with {show(query)} a group must have {wanted_names}, not {found}"
            users = org.get(f"/groups/{last['id']}", with_="users")["users"]
            ids = [one["id"] for one in (users["data"] if isinstance(users, dict) else users)]
            assert ids == [member(org)], f"`users` must hold the members of the group, not {show(ids)}"


@rule("tallyfy.groups.deleted", "tallyfy.groups.deleted-from-tasks", "tallyfy.groups.unknown-group")
def test_a_deleted_group_leaves_everything(target: Target) -> None:
    """A deleted group is not found, and its tasks belong to its members and guests."""
    with target.open() as client:
        org = first_organization(client)
        me = member(org)
        with group(org, "Going", members=[me], guests=[GUEST]) as going:
            run = launch(org, groups=[going["id"]])
            task = run_tasks(org, run)[0]
            owners = {"users": [], "guests": [], "groups": [going["id"]]}
            org.call("PUT", f"/runs/{run['id']}/tasks/{task['id']}", {"owners": owners})
            response = org.send("DELETE", f"/groups/{going['id']}")
            assert (response.status, response.body) == (204, b""), (
                f"deleting a group must answer 204 with no body, not {response.status}"
            )
        assert going["id"] not in [one["id"] for one in org.list_all("/groups")], "a deleted group must not be listed"
        left = org.get(f"/tasks/{task['id']}")["owners"]
        people = [one["id"] if isinstance(one, dict) else one for one in left["users"]]
        assert (people, left["guests"], left["groups"]) == ([me], [GUEST], []), (
            f"a task of a deleted group must belong to its members and guests, not {show(left)}"
        )
        assert read_run(org, run)["groups"] == [], "a process must not have a deleted group"
        for id in (going["id"], UNKNOWN_ID):
            org.assert_missing("GET", f"/groups/{id}")
            org.assert_missing("PUT", f"/groups/{id}", {"name": "Renamed"})
            org.assert_missing("DELETE", f"/groups/{id}")
