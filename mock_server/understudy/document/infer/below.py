"""What an operation below an item does, which no resource has: `POST /animals/{id}/feed`, `GET /animals/{id}/weight`.

It is on the item: a change of it, a job for it, or an example where the item is there. Must not know how that is
written down.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from understudy.document.infer.finder import Finder
from understudy.document.infer.found import Action, Found
from understudy.document.infer.jobs import Jobs
from understudy.document.infer.model import Alternative
from understudy.document.infer.operations import Op
from understudy.document.infer.states import leads, state_after, state_of
from understudy.document.infer.words import plain, thing, words
from understudy.document.pointer import at

Json = Any
_COPIES = frozenset(("duplicate", "copy", "clone", "fork", "replicate"))
_GENERIC = ("id", "uuid", "guid", "uid", "sid", "key", "name", "slug", "code", "identifier")
_STAYS = Alternative("take", "it leaves the status as it is")
_UNCHANGED = Alternative("read", "it answers the record, and changes nothing")
_LOOSE = Alternative("example", "it answers an example, whether the record is there or not")


@dataclass(frozen=True, slots=True)
class Below:
    """What an operation does to the resource `name`: its `x-operation` without resource and action, and why."""

    op: Op
    name: str
    kind: str  # of inference: action, or below
    do: str
    entry: Mapping[str, Json]
    reason: str
    alternatives: tuple[Alternative, ...]


class BelowItems:
    """The operations below the items of the resources that were found."""

    def __init__(self, finder: Finder, found: Mapping[str, Found], ops: Iterable[Op]) -> None:
        self.schemas, self.finder, self.found = finder.schemas, finder, found
        items = ((name, one.family.item) for name, one in found.items())
        self.by_item = {_shape(f"{item.head}/{{{item.parameter}}}"): name for name, item in items if item is not None}
        self.jobs = Jobs(finder.schemas, found, self._verbs(ops))

    def of(self, op: Op, reason: str | None) -> Below | None:
        """What an operation does that is no resource for a reason; None for one that stands below no item."""
        owner = self._owner(op.path)
        if owner is None:
            return None
        name, parameter = owner
        is_last = op.path.endswith(f"{{{parameter}}}") or op.path.rpartition("{")[2].partition("}")[0] == parameter
        plain_last = is_last and f"{{{parameter}}}:" not in op.path
        entry: dict[str, Json] = {} if plain_last else {"id": f"$request.path.{parameter}"}
        is_action = op.method != "get" and not op.path.endswith("}")
        made = self._action(op, self.found[name], name, entry) if is_action else None
        if made is not None:
            return made
        echo = dict(self._echoes(op, self.found[name], parameter))
        entry |= {"echo": echo} if echo else {}
        reason = reason or f"its path goes on from an item of {name}, and what it answers is no resource"
        return Below(op, name, "below", "example-below", entry, reason, (_LOOSE,))

    def _owner(self, path: str) -> tuple[str, str] | None:
        """The resource of the longest item's path that a path begins with, and the parameter that names the item."""
        parts = path.replace("}:", "}/:").split("/")
        for end in range(len(parts), 0, -1):
            name = self.by_item.get(_shape("/".join(parts[:end])))
            if name is not None:
                return name, parts[end - 1][1:-1]
        return None

    # actions

    def _action(self, op: Op, found: Found, name: str, entry: Mapping[str, Json]) -> Below | None:
        """A change of the item; None where nothing tells that there is one."""
        verb, state = self._state(op, found)
        done = {"set": state} if state else {}
        same = None if op.answer is None else self._same(op, found)
        job = self._job(op, found) if same is None else None
        body = self.finder.request(found, op)
        if same is not None and verb not in _COPIES:
            answer, why = {"envelope": same}, f"it is below an item of {name}, and answers one"
        elif job is not None:
            answer, why = job, f"its answer holds a record of {job['job']['resource']}, which stands for what it does"
        elif state:
            answer = {} if op.silent else {"answer": "$example"}
            why = f"it is below an item of {name}"
        else:
            return None
        does = {**entry, **body, **answer, **done}
        if state:
            member, value = next(iter(state.items()))
            why += f"; {verb!r} is how {member} becomes {value!r}"
            return Below(op, name, "action", "act", does, why, (_STAYS,))
        other = Alternative("example-below", "it answers an example") if job else _UNCHANGED
        return Below(op, name, "action", "take", does, why, (other,))

    def _state(self, op: Op, found: Found) -> tuple[str, dict[str, Json]]:
        """The verb of an action, and the member that it sets with the value; empty where none fits."""
        verbs = _verbs_of(op)
        status = state_of(self.schemas, found.record)
        for verb in verbs:
            value = None if status is None else state_after(verb, status.values)
            if status is not None and value is not None:
                return verb, {status.member: value}
        return next(iter(verbs), ""), {}

    def _verbs(self, ops: Iterable[Op]) -> dict[str, list[str]]:
        """The verbs of the operations below the items of each resource."""
        found: dict[str, list[str]] = {}
        for op in ops:
            owner = self._owner(op.path)
            if owner is not None and op.method != "get" and not op.path.endswith("}"):
                found.setdefault(owner[0], []).extend(_verbs_of(op))
        return found

    def _same(self, op: Op, found: Found) -> str | None:
        """Where the item stands in an answer; None where it does not."""
        known = self.schemas.component(found.record)
        members = set(self.schemas.members(found.record))
        for spot in self.schemas.spots(op.answer):
            if spot.many or spot.depth > 2:
                continue
            if known is not None and self.schemas.component(spot.schema) == known:
                return spot.pointer
            if known is None and members and members == set(self.schemas.members(spot.schema)):
                return spot.pointer
        return None

    def _job(self, op: Op, found: Found) -> dict[str, Json] | None:
        """The job that an answer holds, as members of `x-operation`."""
        action = Action(op, "update", {"answer": "$example"}, "")
        self.jobs.stand_for(action, found)
        return {key: one for key, one in action.entry.items() if one != "$example"} if "job" in action.entry else None

    # what an example says of the request

    def _echoes(self, op: Op, found: Found, parameter: str) -> Iterator[tuple[str, str]]:
        """JSON pointers into an answer where ids, and other members of the request, stand; each with the value."""
        if op.answer is None or self.schemas.is_list(op.answer):
            return
        noun, key = thing(found.family.word), found.key.member
        names = {f"{noun}id": parameter, f"{noun}{plain(parameter)}": parameter}
        names |= {plain(one): one for one in op.parameters("path") if plain(one) not in _GENERIC}
        sent = {} if op.body is None or self.schemas.is_list(op.body) else self.schemas.members(op.body)
        bodies = {plain(one): one for one in sent}
        for name, member in self.schemas.members(op.answer).items():
            inner = self.schemas.members(member.schema)
            if plain(name) in names and self.schemas.is_scalar(member.schema):
                yield at(name), f"$request.path.{names[plain(name)]}"
            elif plain(name) in bodies and self._alike(sent[bodies[plain(name)]].schema, member.schema):
                yield at(name), f"$request.body#{at(bodies[plain(name)])}"
            elif thing(name) == noun and key in inner and not self.schemas.is_list(member.schema):
                yield at(name, key), f"$request.path.{parameter}"

    def _alike(self, first: Json, second: Json) -> bool:
        kinds = self.schemas.kinds(first)
        return bool(kinds) and kinds <= self.schemas.kinds(second) and self.schemas.is_scalar(first)


def _verbs_of(op: Op) -> tuple[str, ...]:
    """What an operation below an item may be a verb for: the last part of its path, else the start of its id."""
    last = words(op.path.replace("}:", "}/").rpartition("/")[2])
    named = ("".join(last), *last[:1]) if op.method != "delete" and last else ()
    return tuple(dict.fromkeys((*named, *(one for one in words(op.id)[:1] if leads(one)))))


def _shape(path: str) -> str:
    return "/".join("{}" if part.startswith("{") and part.endswith("}") else part for part in path.split("/"))
