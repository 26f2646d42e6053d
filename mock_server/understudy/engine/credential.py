"""A credential: a key or token of one tenant."""

from __future__ import annotations

from typing import NamedTuple


class Credential(NamedTuple):
    """A key or token of one tenant. `state` is `valid`, `revoked`, or `lapsed` (known, but forbidden everything).

    `subject` is the person it acts for, by the tenant's own id; `scope` is the id of the part of the tenant it is
    limited to (None: the whole tenant).
    """

    token: str
    api: str
    tenant: str
    state: str = "valid"
    scope: str | None = None
    subject: str = ""


NOBODY = Credential("", "", "")  # the caller of an operation without security
