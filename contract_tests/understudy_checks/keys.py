"""How a key stands in the header of its scheme. Must not know a request."""

from __future__ import annotations

from understudy.document.model import Scheme


def names_scheme(key: str, scheme: Scheme) -> bool:
    """Whether a key includes its own scheme (`Basic ...`), so that it is sent unchanged."""
    return scheme.kind == "bearer" and key.startswith("Basic ")


def header_value(key: str, scheme: Scheme) -> str:
    """The value of the credential header for a key."""
    return key if names_scheme(key, scheme) else scheme.carry(key)[0].get(scheme.header, key)
