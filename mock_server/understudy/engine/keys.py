"""The keys of a world after a restore: those of the restored state, and the world's own ones with new roles.

A role is what a key may do: API, tenant, scope, subject, state. Must not know any API's keys.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

from understudy.engine.credential import Credential

Tenants = Mapping[str, Iterable[str]]  # the ids of the tenants, by API
TenantPositions = Mapping[tuple[str, str], int]  # index of a tenant among those of its API
Role = Callable[[Credential], Hashable]


def merge_keys(
    present: Sequence[Credential], restored: Sequence[Credential], *, old_tenants: Tenants, new_tenants: Tenants
) -> list[Credential]:
    """The credentials of a world with the keys `present` after a restore of the keys `restored`.

    `old_tenants` and `new_tenants` are the tenants before and after. A key in both lists takes the restored role. Every
    other present key takes the role of the most similar restored key. Raises ValueError where an API is left without
    a usable key.
    """
    present_tokens = {(key.api, key.token) for key in present}
    new = [key for key in restored if (key.api, key.token) not in present_tokens]
    apis_kept = {key.api for key in restored if (key.api, key.token) in present_tokens}
    known = {(key.api, key.token) for key in restored}
    unmatched = [key for key in present if (key.api, key.token) not in known]
    before, after = _tenant_positions(old_tenants), _tenant_positions(new_tenants)
    pairs = _pair(unmatched, new, before, after)
    leftover = [key for key in unmatched if key not in pairs and key.api not in apis_kept]
    pairs |= _share(leftover, restored, before, after)
    for api in {key.api for key in present} - apis_kept - {key.api for key in pairs}:
        raise ValueError(f"credentials: no key of this world would open {api}")
    by_role: defaultdict[Credential, list[Credential]] = defaultdict(list)
    for key, role in pairs.items():
        by_role[role].append(role._replace(token=key.token))
    return [one for key in restored for one in (*by_role.pop(key, ()), key)]


def _tenant_positions(tenants: Tenants) -> TenantPositions:
    return {(api, tenant): position for api, ids in tenants.items() for position, tenant in enumerate(ids)}


def _role_keys(positions: TenantPositions) -> tuple[Role, ...]:
    """Functions that map a key to its role, from the closest match to the loosest."""
    return (
        lambda key: key[1:],
        lambda key: (key.api, key.tenant, key.scope, key.subject),
        lambda key: (key.api, positions[key.api, key.tenant], key.scope is None, key.state),
        lambda key: (key.api, positions[key.api, key.tenant]),
    )


def _pair(
    keys: Sequence[Credential], roles: Sequence[Credential], before: TenantPositions, after: TenantPositions
) -> dict[Credential, Credential]:
    """Each key with a role of its own while there are any: closest matches first, in order."""
    pairs: dict[Credential, Credential] = {}
    for own_role, other_role in zip(_role_keys(before), _role_keys(after), strict=True):
        free: defaultdict[Hashable, deque[Credential]] = defaultdict(deque)
        taken = set(pairs.values())
        for role in roles:
            if role not in taken:
                free[other_role(role)].append(role)
        for key in keys:
            if key not in pairs and free[own_role(key)]:
                pairs[key] = free[own_role(key)].popleft()
    return pairs


def _share(
    keys: Sequence[Credential], roles: Sequence[Credential], before: TenantPositions, after: TenantPositions
) -> dict[Credential, Credential]:
    """Each key with its closest role; keys may share one."""
    pairs: dict[Credential, Credential] = {}
    for own_role, other_role in zip(_role_keys(before), _role_keys(after), strict=True):
        first = {other_role(role): role for role in reversed(roles)}
        pairs |= {key: first[own_role(key)] for key in keys if key not in pairs and own_role(key) in first}
    return pairs
