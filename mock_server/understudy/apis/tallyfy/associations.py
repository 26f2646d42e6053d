"""The numbers of associations: of a tag with a template or a run, and of a folder with a run.

Clients remove an association by its number. It follows from the two ids, so that no record has to hold it.
"""

from __future__ import annotations

from collections.abc import Iterable

from understudy.engine.call import Call
from understudy.engine.ids import HEX, digest
from understudy.engine.store import Record, Store, decode

_DIGITS = 12  # of a hexadecimal number that JavaScript's numbers can hold


def association_number(subject_id: str, target_id: str) -> int:
    """Return the number of an association, the same in every world."""
    return int(digest(f"{subject_id}/{target_id}", _DIGITS, HEX), 16)


def associated(store: Store, collection: str, kind: str, target_id: str) -> list[Record]:
    """Return copies of the records of a collection that have a tag (`kind` is `tag`) or are in a folder (`folder`)."""
    rows = store[collection].query([(kind, target_id)])
    return [decode(row) for row in rows.slice(0, rows.size())]


def find_association(
    store: Store, collections: Iterable[str], kind: str, number: str, *, targets: Iterable[str]
) -> tuple[str, Record, str] | None:
    """Return collection, record and target of the association with this number; None without one."""
    for target in targets:
        for collection in collections:
            for record in associated(store, collection, kind, target):
                if str(association_number(record["id"], target)) == number:
                    return collection, record, target
    return None


def included_tags(call: Call, subject_id: str, ids: Iterable[str]) -> list[Record]:
    """Return the tags of a template or run as `with=tags` includes them."""
    tags = [tag for id in ids if (tag := call.store["tags"].get(id)) is not None]
    if call.assumed("tallyfy.tags.included") == "tag":
        return tags
    return [{**tag, "id": association_number(subject_id, tag["id"]), "tag_id": tag["id"]} for tag in tags]
