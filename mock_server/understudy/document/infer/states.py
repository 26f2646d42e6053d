"""The states of a record: which member holds them, which one an action leads to, and how a job goes on by itself.

Must not know operations.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from understudy.document.infer.schemas import Schemas
from understudy.document.infer.words import plain

Json = Any
_MEMBERS = ("status", "state", "phase", "lifecyclestate", "jobstatus", "taskstatus", "runstatus", "currentstatus")
_LEADS: Mapping[str, tuple[str, ...]] = {
    "activate": ("active", "enabled"),
    "deactivate": ("inactive", "disabled"),
    "enable": ("active",),
    "disable": ("inactive",),
    "cancel": ("canceled", "cancelled"),
    "abort": ("canceled", "cancelled"),
    "archive": (),
    "unarchive": ("active", "open"),
    "restore": ("active", "open"),
    "publish": ("live",),
    "unpublish": ("draft",),
    "complete": ("complete", "done", "finished"),
    "finish": ("completed", "complete", "done"),
    "close": (),
    "open": ("open",),
    "reopen": ("open", "opened", "active", "inprogress"),
    "pause": (),
    "resume": ("active", "running", "inprogress", "started"),
    "unpause": ("active", "running", "inprogress"),
    "start": ("queued", "running", "inprogress", "active", "processing"),
    "run": ("queued", "running", "inprogress"),
    "stop": ("canceled", "cancelled", "off"),
    "submit": ("pending", "inreview"),
    "reject": ("declined", "denied"),
    "decline": ("rejected",),
    "deny": ("rejected",),
    "send": ("sent",),
    "pay": ("paid",),
    "hold": ("onhold", "held"),
    "void": ("void",),
    "poweron": ("running", "on", "started"),
    "poweroff": ("off", "stopped"),
    "shutdown": ("off", "stopped"),
    "retry": ("queued", "pending", "enqueued"),
    "withdraw": ("withdrawn",),
    "freeze": ("frozen",),
    "block": (),
    "unblock": ("active",),
    "unsuspend": ("active",),
    "begin": ("started", "running", "inprogress"),
}
_WAITS = ("queued", "enqueued", "pending", "submitted", "scheduled", "accepted", "waiting", "notstarted", "requested",
          "received", "created", "new")  # fmt: skip
_RUNS = ("running", "processing", "inprogress", "started", "executing", "working", "building", "rendering")
_ENDS = ("succeeded", "success", "successful", "completed", "complete", "done", "finished", "ready")
_NOT_YET = ("created", "new", "notstarted")  # states that an operation may have to lead out of


class States(NamedTuple):
    """The member that holds the state of a record, and its values."""

    member: str
    values: Sequence[str]


class Step(NamedTuple):
    """One step of a job: its name, the state before, and the one after."""

    name: str
    before: str
    to: str


class Progress(NamedTuple):
    """How a job goes on: the member with its state, the first state, and the steps that time brings."""

    member: str
    first: str
    steps: tuple[Step, ...]


def state_of(schemas: Schemas, record: Json) -> States | None:
    """The states of a record: an enum of texts below a usual name; None without one."""
    by_name: dict[str, str] = {}
    for name in schemas.members(record):
        by_name.setdefault(plain(name), name)
    for name in (by_name[one] for one in _MEMBERS if one in by_name):
        known = schemas.first(schemas.members(record)[name].schema, "enum")
        values = [one for one in known if isinstance(one, str)] if isinstance(known, list) else []
        if len(values) > 1:
            return States(name, values)
    return None


def state_after(verb: str, values: Sequence[str]) -> str | None:
    """The one of some states that an action with this verb leads to; None where no name fits."""
    by_name = {plain(one): one for one in reversed(values)}
    return next((by_name[one] for one in _results(verb) if one in by_name), None) if verb else None


def leads(word: str) -> bool:
    """Whether a word alone says that it leads to a state."""
    return word in _LEADS


def _results(verb: str) -> Iterator[str]:
    """What a thing is after a verb: `archived`, and other usual words."""
    if verb.endswith("e"):
        yield f"{verb}d"
    elif verb.endswith("y"):
        yield f"{verb[:-1]}ied"
    else:
        yield from (f"{verb}ed", f"{verb}{verb[-1]}ed")
    yield from _LEADS.get(verb, ())


def progress(states: States, *, led: Collection[str] = ()) -> Progress | None:
    """How a record goes on by itself that is a job by its states; None for one that is none.

    `led` are the states that operations lead to: with one that runs or waits, a new record stays until it is started.
    """
    by_name = {plain(one): one for one in reversed(states.values)}
    waits, runs, ends = ([by_name[one] for one in kind if one in by_name] for kind in (_WAITS, _RUNS, _ENDS))
    if not ends or not (waits or runs):
        return None
    started = {plain(one) for one in led} & {*_WAITS, *_RUNS} - {*_NOT_YET}
    idle = [one for one in waits if plain(one) in _NOT_YET] if started else []
    moving = [one for one in waits if one not in idle]
    first = (idle or moving or runs)[0]
    then = runs[0] if runs else ends[0]
    steps = [Step(f"from-{plain(one)}", one, then) for one in moving]
    steps += [Step(f"from-{plain(one)}", one, ends[0]) for one in runs]
    return Progress(states.member, first, tuple(steps))
