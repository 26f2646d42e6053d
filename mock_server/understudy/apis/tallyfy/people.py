"""The served form of a person of a Tallyfy organization, and what an address of one is.

Sources: Members > *, the official clients.
"""

from __future__ import annotations

import re

from understudy.engine.store import Record

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


def shown_member(person: Record) -> Record:
    """Return the served form of a person, whose `status` follows from `active` unless it was set."""
    served = {name: value for name, value in person.items() if name != "_"}
    usual = "active" if person["active"] else "disabled"
    names = f"{person['first_name']} {person['last_name']}"
    return {**served, "id": int(person["id"]), "full_name": names, "status": person.get("status", usual)}


def is_address(text: str) -> bool:
    """Whether a text is an address of a mailbox."""
    return _ADDRESS.fullmatch(text) is not None
