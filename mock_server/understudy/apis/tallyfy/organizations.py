"""The operations on the caller and the caller's organizations."""

from __future__ import annotations

from understudy.apis.tallyfy.access import is_active_member
from understudy.apis.tallyfy.envelope import single
from understudy.apis.tallyfy.people import shown_member
from understudy.apis.tallyfy.records import listing_of, me
from understudy.engine.call import Call, Reply
from understudy.engine.store import Record, Store, encode


def get_me(call: Call) -> Reply:
    """GET /me and GET /organizations/{org_id}/me."""
    return Reply(single(shown_member(me(call))))


def list_my_organizations(call: Call) -> Reply:
    """GET /me/organizations: the organizations of the caller, the token's own first."""
    home = call.credential.tenant
    names = [home, *(name for name in call.tenants if name != home and is_active_member(call, name))]
    return Reply(listing_of([encode(_organization(call, call.tenants[name])) for name in names]))


def get_organization(call: Call) -> Reply:
    """GET /organizations/{org_id}."""
    return Reply(single(_organization(call, call.store)))


def _organization(call: Call, store: Store) -> Record:
    person = store["people"].require(call.credential.subject)
    return {**next(iter(store["organization"])), "users_count": len(store["people"]), "user_role": person["role"]}
