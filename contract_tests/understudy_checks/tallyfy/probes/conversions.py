"""Tallyfy: what a guest is that becomes a member, where the pages leave it open."""

from __future__ import annotations

from typing import Any

from understudy_checks.client import Client
from understudy_checks.probes import probe
from understudy_checks.tallyfy.driver import first_organization
from understudy_checks.tallyfy.test_conversions import ADDRESS, members_called
from understudy_checks.tallyfy.test_groups import group
from understudy_checks.tallyfy.test_guests import at, guest
from understudy_checks.tallyfy.test_members import administered

Json = Any


@probe("tallyfy.guests.converted-role", needs=("write",))
def converted_role(client: Client) -> Json:
    """Return the role of a guest that became a member."""
    org = administered(first_organization(client))
    with guest(org, ADDRESS):
        org.send("POST", f"{at(ADDRESS)}/to/member")
        (made,) = members_called(org, ADDRESS)
        org.send("PUT", f"/users/{made['id']}/to/guest")
        return made["role"]


@probe("tallyfy.guests.converted-tasks", needs=("write",))
def converted_tasks(client: Client) -> Json:
    """Return whether a guest that became a member is in the group as before."""
    org = administered(first_organization(client))
    with guest(org, ADDRESS), group(org, guests=[ADDRESS]) as own:
        org.send("POST", f"{at(ADDRESS)}/to/member")
        (made,) = members_called(org, ADDRESS)
        members = org.get(f"/groups/{own['id']}")["members"]
        org.send("PUT", f"/users/{made['id']}/to/guest")
        return "kept" if made["id"] in members else "dropped"
