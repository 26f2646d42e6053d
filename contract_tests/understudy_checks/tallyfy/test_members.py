"""Tallyfy: the people of an organization."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from understudy_checks.measurements import skip_unless
from understudy_checks.rules import rule
from understudy_checks.tallyfy.driver import Json, Organization, first_organization, launch, run_tasks
from understudy_checks.tallyfy.test_groups import group
from understudy_checks.target.target import Target
from understudy_checks.wording import show

NOBODY = 999_999_999
INVITATION = {"first_name": "Nora", "last_name": "Quist", "role": "standard", "message": "Welcome"}


def administered(org: Organization) -> Organization:
    """The organization with a token of an administrator."""
    keys = [
        key for key in (org.key, *org.client.access.api_keys) if _role(Organization(org.client, org.id, key)) == "admin"
    ]
    skip_unless(keys, "no key of an administrator is known")
    return Organization(org.client, org.id, keys[0])


def ordinary(org: Organization) -> Organization:
    """The organization with a token of somebody who is no administrator."""
    keys = [key for key in org.client.access.api_keys if _role(Organization(org.client, org.id, key)) != "admin"]
    skip_unless(keys, "no key of somebody who is no administrator is known")
    return Organization(org.client, org.id, keys[0])


@contextmanager
def member(org: Organization, email: str = "nora@acme.example", **members: Json) -> Iterator[Json]:
    """Invite and approve a member, and delete it after the block."""
    made = org.call("POST", "/users/invite", {**INVITATION, "email": email, **members})
    org.call("PUT", f"/users/{made['id']}/approve")
    try:
        yield made
    finally:
        org.send("DELETE", f"/users/{made['id']}/disable")
        org.send("DELETE", f"/users/{made['id']}/delete")


def groups_of(org: Organization, person: Json) -> list[str]:
    """The ids of the groups of a member."""
    return [one["id"] for one in org.get(f"/users/{person['id']}", with_="groups")["groups"]]


@rule("tallyfy.members.listed", "tallyfy.members.names", "tallyfy.members.groups", "tallyfy.members.stats")
def test_members_are_listed_with_includes(target: Target) -> None:
    """The lists have everybody, as read by the id, with groups and counts of tasks on request only."""
    with target.open() as client:
        org = first_organization(client)
        me = org.get("/me")
        with group(org, members=[me["id"]]) as own:
            people = org.list_all("/users")
            assert me["id"] in [one["id"] for one in people], "whom the token acts for must be listed"
            for person in people:
                read = org.get(f"/users/{person['id']}")
                assert read == person, f"a member must be read as listed, not {show(read)}"
                assert not {"groups", "stats"} & read.keys(), f"includes must be asked for: {show(read)}"
            short = org.get("/users-list")
            assert sorted(one["id"] for one in short) == sorted(one["id"] for one in people), "all must be listed"
            assert {(one["id"], one["email"], one["full_name"]) for one in short} == {
                (one["id"], one["email"], one["full_name"]) for one in people
            }, "the short list must have the same people"
            for shown in (org.get(f"/users/{me['id']}", with_="groups"), *org.list_all("/users", with_="groups")):
                names = {one["id"]: one["name"] for one in shown["groups"]}
                assert (own["id"] in names) == (shown["id"] == me["id"]), f"`groups` must be its own: {show(names)}"
                assert names.get(own["id"], own["name"]) == own["name"], f"a group must have its name: {show(names)}"
        tasks = [task for task in org.list_all(f"/users/{me['id']}/tasks") if task["status"] != "auto-skipped"]
        done = sum(task["status"] == "completed" for task in tasks)
        stats = org.get(f"/users/{me['id']}", with_="stats")["stats"]
        got, wanted = (stats["active_tasks"], stats["completed_tasks"]), (len(tasks) - done, done)
        assert got == wanted, f"`stats` must count {wanted} active and completed tasks, not {got}"


@rule("tallyfy.members.updated", "tallyfy.members.unknown-member")
def test_a_member_is_changed(target: Target) -> None:
    """A profile is changed in what is given, and the full name follows; an unknown person is not found."""
    with target.open() as client:
        org = administered(first_organization(client))
        with member(org) as made:
            path = f"/users/{made['id']}"
            changes: tuple[Json, ...] = (
                *({"first_name": "Norma"}, {"last_name": "Quirke"}, {"job_title": "Lead"}, {"phone": "+1-555"}),
                *({"job_description": "Leads"}, {"team": "North"}, {"timezone": "Europe/London"}, {"country_id": 4}),
                {"date_format": "dd/mm/yyyy"},
            )
            for change in changes:
                before, changed = org.get(path), org.call("PUT", path, change)
                wanted = {name: value for name, value in before.items() if name not in ("full_name", "last_updated")}
                assert changed | wanted | change == changed, f"{show(change)} must be all that changes: {show(changed)}"
                full = f"{changed['first_name']} {changed['last_name']}"
                assert changed["full_name"] == full, f"`full_name` must be {full}, not {changed['full_name']}"
                assert org.get(path) == changed, "an updated member must read as it was answered"
        org.assert_missing("GET", f"/users/{NOBODY}")
        org.assert_missing("PUT", f"/users/{NOBODY}", {"team": "North"})


@rule(
    *("tallyfy.members.invited", "tallyfy.members.invitation-required", "tallyfy.members.invitation-lengths"),
    *("tallyfy.members.invited-already", "tallyfy.members.approved"),
)
def test_a_member_is_invited(target: Target) -> None:
    """An invitation makes a person with the status invited; a wrong one, or one of a member, is refused."""
    with target.open() as client:
        org = administered(first_organization(client))
        body = {**INVITATION, "email": "invited@acme.example"}
        response = org.send("POST", "/users/invite", json=body)
        assert response.status == 200, f"an invitation must answer 200, not {response.status}"
        made = org.data_of(response)
        path = f"/users/{made['id']}"
        try:
            wanted = {"status": "invited", "role": "standard", "full_name": "Nora Quist", "email": body["email"]}
            for shown in (made, org.get(path)):
                assert shown | wanted == shown, f"an invited person must have {show(wanted)}, not {show(shown)}"
            before = org.list_all("/users")
            wrong: tuple[Json, ...] = (
                *({name: value for name, value in body.items() if name != left} for left in body),
                *({**body, "email": "other@acme.example", **one} for one in ({"role": "owner"}, {"email": "nobody"})),
                *({**body, "email": "other@acme.example", name: "n" * 33} for name in ("first_name", "last_name")),
                {**body, "email": "other@acme.example", "message": "n" * 5001},
                {**body, "email": org.get("/me")["email"]},
            )
            for one in wrong:
                org.assert_refused("POST", "/users/invite", one, status=422)
            assert org.list_all("/users") == before, "nobody must be invited by a refused request"
            state = org.call("PUT", f"{path}/approve")
            assert (state["status"], state["active"]) == ("active", True), f"approval must activate: {show(state)}"
            org.assert_refused("POST", "/users/invite", body, status=422)
        finally:
            org.send("DELETE", f"{path}/disable")
            org.send("DELETE", f"{path}/delete")
        longest = {"first_name": "f" * 32, "last_name": "l" * 32, "message": "m" * 5000}
        with member(org, **longest) as long, member(org, "s@acme.example", first_name="f", last_name="l", role="light"):
            assert long["first_name"] == "f" * 32, "a name of 32 characters must be kept"


@rule("tallyfy.members.invited-administrator", "tallyfy.members.only-administrators")
def test_only_administrators_change_members(target: Target) -> None:
    """Who is no administrator invites no administrator, and changes nobody's role or state."""
    with target.open() as client:
        org = administered(first_organization(client))
        other = ordinary(org)
        with member(org) as made:
            path = f"/users/{made['id']}"
            before = org.list_all("/users")
            invitation = {**INVITATION, "email": "chief@acme.example", "role": "admin"}
            other.assert_refused("POST", "/users/invite", invitation)
            with member(org, "deputy@acme.example", role="admin") as deputy:
                assert deputy["role"] == "admin", "an administrator must be able to invite another"
            other.assert_refused("PUT", f"{path}/role", {"role": "light"}, status=403)
            for method, end in (("DELETE", "/disable"), ("PUT", "/enable"), ("DELETE", ""), ("DELETE", "/delete")):
                other.assert_refused(method, f"{path}{end}", status=403)
            assert org.list_all("/users") == before, "a refused change must change nothing"


@rule("tallyfy.members.role")
def test_a_member_has_the_given_role(target: Target) -> None:
    """A role is one of three; another one, or none, is refused."""
    with target.open() as client:
        org = administered(first_organization(client))
        with member(org) as made:
            path = f"/users/{made['id']}"
            for role in ("light", "admin", "standard"):
                for shown in (org.call("PUT", f"{path}/role", {"role": role}), org.get(path)):
                    assert shown["role"] == role, f"the role must be {role}, not {show(shown['role'])}"
            for wrong in ({}, {"role": "owner"}, {"role": None}):
                org.assert_refused("PUT", f"{path}/role", wrong, status=422)
            assert org.get(path)["role"] == "standard", "a refused role must change nothing"


@rule(
    "tallyfy.members.disabled",
    "tallyfy.members.enabled",
    "tallyfy.members.deleted",
    "tallyfy.members.deleted-only-disabled",
)
def test_a_member_is_disabled_enabled_and_deleted(target: Target) -> None:
    """A disabled member is in no group and is shut out; enabled again, it is back; only a disabled one is deleted."""
    with target.open() as client:
        org = administered(first_organization(client))
        with member(org) as made, group(org, members=[made["id"]]) as own:
            path = f"/users/{made['id']}"
            org.assert_refused("DELETE", f"{path}/delete", status=422)
            assert org.get(path)["status"] == "active", "a refused deletion must change nothing"
            for _ in range(2):
                shown = org.call("DELETE", f"{path}/disable")
                assert (shown["status"], shown["active"]) == ("disabled", False), f"it must be off: {show(shown)}"
            assert groups_of(org, made) == [], "a disabled member must be in no group"
            shown = org.call("PUT", f"{path}/enable")
            assert (shown["status"], shown["active"]) == ("active", True), f"it must be on again: {show(shown)}"
            assert groups_of(org, made) == [own["id"]], "an enabled member must be in the groups as before"
            org.call("DELETE", f"{path}/disable")
            gone = org.call("DELETE", f"{path}/delete")
            got = (gone["last_name"], gone["email"])
            wanted = (f"{made['last_name']} (Deleted)", f"{made['email']}.deleted.{made['id']}")
            assert got == wanted, f"a deleted member must be called {show(wanted)}, not {show(got)}"
            org.assert_missing("GET", path)
            assert made["id"] not in [one["id"] for one in org.list_all("/users")], "it must not be listed"


@rule("tallyfy.members.disabled", "tallyfy.members.enabled", "tallyfy.members.removed", needs=("write",))
def test_a_disabled_member_is_shut_out(target: Target) -> None:
    """The token of a member that is disabled or removed is refused, until the member is enabled again."""
    with target.open() as client:
        org = administered(first_organization(client))
        other = ordinary(org)
        path = f"/users/{other.get('/me')['id']}"
        for end in ("/disable", ""):
            shown = org.call("DELETE", f"{path}{end}")
            assert shown["status"] == "disabled", f"the status must be disabled, not {show(shown['status'])}"
            status = other.send("GET", "/runs").status
            org.call("PUT", f"{path}/enable")
            assert status in (401, 403, 404), f"the token of a disabled member must be refused, not answered {status}"
            assert other.send("GET", "/runs").status == 200, "the token of an enabled member must be accepted"


@rule("tallyfy.members.reassigned")
def test_the_tasks_of_a_removed_member_are_given_to_another(target: Target) -> None:
    """The tasks are those of the member that the request names, without which it is refused."""
    with target.open() as client:
        org = administered(first_organization(client))
        me = int(org.get("/me")["id"])
        with member(org) as made:
            run = launch(org)
            task = run_tasks(org, run)[0]
            owners = {"users": [made["id"]], "guests": [], "groups": []}
            org.call("PUT", f"/runs/{run['id']}/tasks/{task['id']}", {"owners": owners})
            path = f"/users/{made['id']}"
            for query in ({"with_reassignment": "true"}, {"with_reassignment": "true", "to": NOBODY}):
                response = org.send("DELETE", path, query=query)
                assert response.status == 422, f"{show(query)} must be answered 422, not {response.status}"
            org.data_of(org.send("DELETE", path, query={"with_reassignment": "true", "to": me}))
            left = org.get(f"/tasks/{task['id']}")["owners"]["users"]
            people = [one["id"] if isinstance(one, dict) else one for one in left]
            assert people == [me], f"the task must be given to {me}, not {show(people)}"


@rule("tallyfy.members.last-administrator", needs=("fresh", "write"))
def test_the_only_administrator_stays(target: Target) -> None:
    """The only active administrator is neither disabled nor removed."""
    with target.open() as client:
        org = administered(first_organization(client))
        me = org.get("/me")["id"]
        others = [one for one in org.list_all("/users") if one["role"] == "admin" and one["active"] and one["id"] != me]
        for one in others:
            org.call("PUT", f"/users/{one['id']}/role", {"role": "standard"})
        org.assert_refused("DELETE", f"/users/{me}/disable", status=422)
        org.assert_refused("DELETE", f"/users/{me}", status=400)
        assert org.get("/me")["active"], "the only administrator must stay active"
        for one in others:
            org.call("PUT", f"/users/{one['id']}/role", {"role": "admin"})


def _role(org: Organization) -> Json:
    response = org.send("GET", "/me")
    return org.data_of(response)["role"] if response.status < 300 else None
