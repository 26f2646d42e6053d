"""How a key stands in the header of its scheme, and whether another one saves waiting. Must not know a request."""

from __future__ import annotations

from understudy.document.contract import Contract
from understudy.document.model import Quota, Scheme


def names_scheme(key: str, scheme: Scheme) -> bool:
    """Whether a key includes its own scheme (`Basic ...`), so that it is sent unchanged."""
    return scheme.kind == "bearer" and key.startswith("Basic ")


def header_value(key: str, scheme: Scheme) -> str:
    """The value of the credential header for a key."""
    return key if names_scheme(key, scheme) else scheme.carry(key)[0].get(scheme.header, key)


def each_has_a_quota(contract: Contract) -> bool:
    """Whether the document gives each key a quota of its own; elsewhere keys may be of people with other rights."""
    limit = contract.rate_limit
    return limit is not None and isinstance(limit.quota, Quota) and limit.per == "credential"
