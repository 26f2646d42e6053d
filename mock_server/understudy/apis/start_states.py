"""The start state of a built-in API as recordings show it: a seed of its own form, or the usual one.

Which of the two is an assumption. Must not know any API's records.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any, Literal, NamedTuple

from understudy.apis import NAMES, load_checked_seed
from understudy.apis.seed_check import check_records
from understudy.document.seed_file import SeedError
from understudy.engine.api import Api
from understudy.engine.seed import load_seed
from understudy.engine.store import Store
from understudy.messages import suggest
from understudy.recording.objects import Found, shown
from understudy.recording.picked import Picked
from understudy.recording.prepare import Inferred, Prepared

Json = Any
Choice = Literal["recorded", "usual"]
CHOICES: tuple[Choice, ...] = ("recorded", "usual")
_ID = ".import.start"


class Start(NamedTuple):
    """The content of a seed, and what was inferred; `choice` is the start state that was taken."""

    content: Json
    prepared: Prepared
    choice: Choice


def start_of(api: Api, picked: Sequence[Picked], usual: Json, choice: Choice | None = None) -> Start:
    """How a built-in API began when its exchanges were recorded.

    Without a choice it is the usual start state where that has all that is read or named, else only what is recorded.
    """
    mine = list(shown(one for one in picked if one.api.name == api.name))
    if api.name not in NAMES or not mine:
        return Start(usual, Prepared((), ()), "usual")
    content, found = import_module(f"understudy.apis.{api.name}.imported").imported(mine, usual)
    stores, _ = load_checked_seed(api, usual)
    absent = [one for one in found if one.firm and one.place and not _is_in(stores.values(), one)]
    chosen = choice or ("recorded" if absent else "usual")
    if chosen == "usual":
        return Start(usual, Prepared((), tuple(_missing(api.name, absent))), chosen)
    content, problems = _fitting(api, content)
    other = "usual" if choice is None else f"{'usual' if absent else 'recorded'}, without --assume"
    inferred = [_start(api.name, absent, other), *(_inferred(api.name, one) for one in found)]
    return Start(content, Prepared(tuple(inferred), tuple(problems)), chosen)


def _is_in(stores: Iterable[Store], one: Found) -> bool:
    return any(store[one.kind].row(one.id) is not None for store in stores)


def _missing(api: str, absent: Sequence[Found]) -> Iterator[str]:
    """A line for the objects of each kind that the usual start state does not have."""
    for kind in dict.fromkeys(one.kind for one in absent):
        ids = ", ".join(one.id for one in absent if one.kind == kind)
        yield f"missing: {api}: {kind} {ids}: read, but never created, and not in the usual start state"


def _start(api: str, absent: Sequence[Found], other: str) -> Inferred:
    text = "only what the recording shows was there"
    if absent:
        text += f", since the usual start state lacks {absent[0].kind} {absent[0].id}"
    text += f" (--assume {api}{_ID}={other})" if other == "usual" else ""
    return Inferred(api, "start", "state", text, absent[0].place if absent else "")


def _inferred(api: str, one: Found) -> Inferred:
    text = one.text if one.place else "a list goes on behind what was read: it is made up"
    return Inferred(api, one.kind, one.id, text, one.place)


def _fitting(api: Api, content: Json) -> tuple[Json, list[str]]:
    """A seed without what does not fit, and a line for each record that is left out."""
    problems: list[str] = []
    dropped: set[tuple[Any, ...]] = set()
    while True:
        try:
            check_records(api, content, api.seed(content, api.contract))
            load_seed(api, content)
            return content, problems
        except SeedError as error:
            places = sorted(
                {place[:4] for place, _ in error.errors}, key=lambda place: (place[:3], *place[3:]), reverse=True
            )
            told = {place[:4]: text for place, text in error.errors}
            members = {place[:4]: place[4] for place, _ in error.errors if len(place) > 4}
            for place in places:
                problems += _without(api.name, content, place, members.get(place), told[place], dropped)


def _without(
    api: str, content: Json, place: tuple[Any, ...], member: Any, why: str, dropped: set[tuple[Any, ...]]
) -> Iterator[str]:
    """Leave out a member that does not fit or, where that was not enough, its record. Raises SeedError elsewhere."""
    if len(place) < 4:
        raise SeedError([(place, why)])
    tenants, number, kind, index = place
    record = content[tenants][number][kind][index]
    id = record.get("id") if isinstance(record, dict) else record
    key = (kind, str(id), member)
    if member is not None and member != "id" and key not in dropped:
        dropped.add(key)
        del record[member]
    else:
        del content[tenants][number][kind][index]
        yield f"{api}: {kind} {id} cannot be made: {' '.join(why.split())[:300]}"


def is_choice(id: str) -> bool:
    """Whether the id of an assumption is that of a start state, such as `nextstep.import.start`."""
    return id.endswith(_ID) and id.removesuffix(_ID) in NAMES


def chosen(assume: Mapping[str, Json], api: str) -> Choice | None:
    """The start state that assumptions say for an API; None without one. Raises ValueError for an unknown one."""
    value = assume.get(f"{api}{_ID}")
    if value is None:
        return None
    for one in CHOICES:
        if value == one:
            return one
    raise ValueError(f"{api}{_ID}: {value!r} is none of {', '.join(CHOICES)}{suggest(str(value), CHOICES)}")
