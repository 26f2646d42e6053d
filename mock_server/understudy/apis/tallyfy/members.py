"""The served form of a person of a Tallyfy organization.

Sources: Members > *, the official clients. A person's id is a number when served, and text in the store.
"""

from __future__ import annotations

from understudy.engine.store import Record


def shown_member(person: Record) -> Record:
    """Return the served form of a person."""
    return {**{name: value for name, value in person.items() if name != "_"}, "id": int(person["id"])}
