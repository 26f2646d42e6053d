"""Which keys open a world that takes over a state: those that the state brings, and the world's own in their roles.

A key's role is what it is good for: API, tenant, scope, whom it acts for, state. Must not know any API's keys.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

from understudy.engine.credential import Credential

Tenants = Mapping[str, Iterable[str]]  # the ids of the tenants, by API
Places = Mapping[tuple[str, str], int]  # where a tenant stands among those of its API
Role = Callable[[Credential], Hashable]


def taken_over(
    present: Sequence[Credential], brought: Sequence[Credential], *, was: Tenants, now: Tenants
) -> list[Credential]:
    """The credentials of a world with the keys `present` and the tenants `was`, once it holds the tenants `now`.

    A key that is in both means what the state says. Each other one of the world takes the role of a brought key:
    the same one, else that of the tenant in the same place. Raises ValueError when no key of an API would have a role.
    """
    own = {(key.api, key.token) for key in present}
    new = [key for key in brought if (key.api, key.token) not in own]
    continued = {key.api for key in brought if (key.api, key.token) in own}
    known = {(key.api, key.token) for key in brought}
    waiting = [key for key in present if (key.api, key.token) not in known]
    before, after = _places(was), _places(now)
    pairs = _pair(waiting, new, before, after)
    spare = [key for key in waiting if key not in pairs and key.api not in continued]
    pairs |= _share(spare, brought, before, after)
    for api in {key.api for key in present} - continued - {key.api for key in pairs}:
        raise ValueError(f"credentials: no key of this world would open {api}")
    by_role: defaultdict[Credential, list[Credential]] = defaultdict(list)
    for key, role in pairs.items():
        by_role[role].append(role._replace(token=key.token))
    return [one for key in brought for one in (*by_role.pop(key, ()), key)]


def _places(tenants: Tenants) -> Places:
    return {(api, tenant): place for api, ids in tenants.items() for place, tenant in enumerate(ids)}


def _roles(places: Places) -> tuple[Role, ...]:
    """How alike two keys can be, the closest first."""
    return (
        lambda key: key[1:],
        lambda key: (key.api, key.tenant, key.scope, key.subject),
        lambda key: (key.api, places[key.api, key.tenant], key.scope is None, key.state),
        lambda key: (key.api, places[key.api, key.tenant]),
    )


def _pair(
    keys: Sequence[Credential], roles: Sequence[Credential], before: Places, after: Places
) -> dict[Credential, Credential]:
    """Each key with a role of its own, as long as there are any: the closest first, in order."""
    pairs: dict[Credential, Credential] = {}
    for mine, theirs in zip(_roles(before), _roles(after), strict=True):
        free: defaultdict[Hashable, deque[Credential]] = defaultdict(deque)
        given = set(pairs.values())
        for role in roles:
            if role not in given:
                free[theirs(role)].append(role)
        for key in keys:
            if key not in pairs and free[mine(key)]:
                pairs[key] = free[mine(key)].popleft()
    return pairs


def _share(
    keys: Sequence[Credential], roles: Sequence[Credential], before: Places, after: Places
) -> dict[Credential, Credential]:
    """Each key with the closest role, which others may have, too."""
    pairs: dict[Credential, Credential] = {}
    for mine, theirs in zip(_roles(before), _roles(after), strict=True):
        first = {theirs(role): role for role in reversed(roles)}
        pairs |= {key: first[mine(key)] for key in keys if key not in pairs and mine(key) in first}
    return pairs
