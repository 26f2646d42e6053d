"""Tallyfy: guests that become members, and members that become guests."""

from __future__ import annotations

from understudy_checks.rules import rule
from understudy_checks.tallyfy.driver import Json, Organization, first_organization
from understudy_checks.tallyfy.test_groups import group
from understudy_checks.tallyfy.test_guests import UNKNOWN, at, guest
from understudy_checks.tallyfy.test_members import NOBODY, administered, member, ordinary
from understudy_checks.target.target import Target
from understudy_checks.wording import show

ADDRESS = "gia@guest.example"


def members_called(org: Organization, email: str) -> list[Json]:
    """The members with an address."""
    return [one for one in org.list_all("/users") if one["email"] == email]


def names(person: Json) -> list[Json]:
    """The names of a person."""
    return [person["first_name"], person["last_name"]]


@rule("tallyfy.guests.to-member", "tallyfy.members.to-guest")
def test_a_guest_becomes_a_member_and_a_guest_again(target: Target) -> None:
    """The names and the address stay, and the person is either a guest or a member."""
    with target.open() as client:
        org = administered(first_organization(client))
        with guest(org, ADDRESS, first_name="Gia", last_name="Gast"), group(org, guests=[ADDRESS]):
            response = org.send("POST", f"{at(ADDRESS)}/to/member")
            assert response.status < 300, f"a guest must become a member, not answer {response.status}"
            made = members_called(org, ADDRESS)
            assert [names(one) for one in made] == [["Gia", "Gast"]], f"there must be one such member: {show(made)}"
            org.assert_missing("GET", at(ADDRESS))
            path = f"/users/{made[0]['id']}"
            response = org.send("PUT", f"{path}/to/guest")
            assert response.status < 300, f"a member must become a guest, not answer {response.status}"
            assert members_called(org, ADDRESS) == [], "a guest must be no member"
            back = org.get(at(ADDRESS))
            assert names(back) == ["Gia", "Gast"], f"a guest must keep the names, not have {show(names(back))}"
            assert org.send("PUT", f"{path}/to/guest").status >= 400, "who is no member must not become a guest"
        assert org.send("POST", f"{at(UNKNOWN)}/to/member").status >= 400, "nobody must not become a member"
        assert org.send("PUT", f"/users/{NOBODY}/to/guest").status >= 400, "nobody must not become a guest"


@rule("tallyfy.members.only-administrators")
def test_only_administrators_make_guests_of_members(target: Target) -> None:
    """Who is no administrator gets 403, and the only administrator stays one."""
    with target.open() as client:
        org = administered(first_organization(client))
        me = org.get("/me")
        ordinary(org).assert_refused("PUT", f"/users/{me['id']}/to/guest", status=403)
        assert members_called(org, me["email"]) != [], "a refused change must leave the member"


@rule("tallyfy.guests.to-member", "tallyfy.members.to-guest", needs=("other-tenant", "write"))
def test_people_of_another_organization_stay_what_they_are(target: Target) -> None:
    """A guest or a member of another organization is not converted."""
    with target.open() as client:
        org, foreign = first_organization(client), first_organization(client, key=client.other_tenant_key)
        with guest(foreign, ADDRESS):
            org.assert_refused("POST", f"{at(ADDRESS)}/to/member")
            assert foreign.get(at(ADDRESS))["email"] == ADDRESS, "the guest must stay one"
        org.assert_refused("PUT", f"/users/{foreign.get('/me')['id']}/to/guest")
        org = administered(org)
        with member(org) as own:
            Organization(client, foreign.id, org.key).assert_refused("PUT", f"/users/{own['id']}/to/guest")
