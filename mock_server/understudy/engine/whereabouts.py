"""Where an id is that a request names and its tenant's records do not have: another kind, tenant or world.

Looks only at ids, in a bounded number of worlds. Must not decide any response.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from urllib.parse import unquote

from understudy.engine.call import Call
from understudy.engine.worlds import Worlds

_MOST_WORLDS = 200  # the newest ones
_MOST_IDS = 20  # of a request
_LONGEST = 200  # characters of an id


def owner_of_missing(call: Call, worlds: Worlds) -> str:
    """Where the first of a request's ids is that its tenant does not have; empty where none is found."""
    for id, may_be_of_another_kind in islice(_ids(call), _MOST_IDS):
        kind = call.store.collection_of(id)
        if kind is None:
            found = _tenant(call, id) or _world(call, worlds, id)
        else:
            found = f"is one of {kind}" if may_be_of_another_kind else None
        if found:
            return f"{id} {found}"
    return ""


def _ids(call: Call) -> Iterator[tuple[str, bool]]:
    """The ids that a request names: the last one of its path, those in its body, the parents in its path.

    Each with whether it may be the one that was not found although there is a record of another kind.
    """
    *parents, last = ("", *(unquote(segment)[:_LONGEST] for segment in call.segments))
    yield last, True
    if isinstance(call.body, dict):
        texts = (value for value in call.body.values() if isinstance(value, str) and len(value) <= _LONGEST)
        yield from ((text, True) for text in texts)
    yield from ((id, False) for id in reversed(parents))


def _tenant(call: Call, id: str) -> str | None:
    tenants = call.tenants.items()
    other = next((name for name, store in tenants if store is not call.store and store.collection_of(id)), None)
    return None if other is None else f"is one of {other}, another tenant"


def _world(call: Call, worlds: Worlds, id: str) -> str | None:
    name = call.contract.name
    others = (world for world in islice(reversed(worlds.all.values()), _MOST_WORLDS) if world is not call.world)
    found = (world.id for world in others if any(store.has_written(id) for store in world.tenants[name].values()))
    other = next(found, None)
    return None if other is None else f"is one of world {other}; this is world {call.world.id}"
