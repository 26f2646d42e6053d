"""A credential: a key or token, and the tenant that it belongs to."""

from __future__ import annotations

from typing import NamedTuple


class Credential(NamedTuple):
    """A key or token: the tenant that it belongs to, and its state (`valid`, `revoked`; `lapsed`: may do nothing).

    `subject` is whom it acts for, by the tenant's own id, where that matters; `scope` the id of what it is good
    for, where that is less than the whole tenant.
    """

    token: str
    api: str
    tenant: str
    state: str = "valid"
    scope: str | None = None
    subject: str = ""


NOBODY = Credential("", "", "")  # who calls where no credential is needed
