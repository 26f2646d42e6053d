"""Parents that a path names and no resource knows, above records that no request makes: `/teams/{team}/pilots`.

No record can belong to one of them, so all of them have the same records. Must not know how a resource is declared.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from understudy.document.infer.found import Found
from understudy.document.infer.model import Alternative, Inference, Update
from understudy.document.infer.paths import Family, owner_of
from understudy.document.pointer import at

Json = Any
_UNSHOWN = " (of the path)"


def is_unowned(found: Found, parents: Mapping[str, str], owners: Mapping[str, Family]) -> bool:
    """Whether no parent in the paths of a resource is one of a resource, or is shown by a record that is made."""
    if found.creatable or found.single or not parents:
        return False
    paths = {one.op.path for one in found.actions.values()}
    owned = any(owner_of(one, path, owners) is not None for path in paths for one in parents)
    return not owned and all(member.endswith(_UNSHOWN) for member in parents.values())


def unowned(id: str, name: str, found: Found, parents: Mapping[str, str]) -> Inference:
    """The inference that what a path names above a resource does not choose among its records."""
    entry = {"parent": dict(parents), "orphans": "allowed"}
    if len(found.parts) > 1:
        entry["key"] = [*(parents[one] for one in found.parts[:-1]), found.key_member]
    other = Update("", {"x-resources": {name: entry}})
    return Inference(
        id, "parent", at("paths", found.family.root),
        statement=f"A list of {name} is the same under each value of {', '.join(parents)} in the path.",
        reason="no request makes one, no record shows whose it is, and nothing says which parents there are",
        default="same",
        alternatives=(Alternative("own", "each parent has records of its own, at first none", other),),
        keys=(),
    )  # fmt: skip
