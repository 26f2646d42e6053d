"""Kognitos' start state as a recording shows it, in the form of its seed file.

A run proceeds by itself: the moments at which its status was another one become those of its course, so that it
goes the same way again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from understudy.apis.kognitos.records import FINAL
from understudy.engine.call import Json
from understudy.engine.clock import milliseconds, rfc3339
from understudy.recording.objects import PARTLY, Found, Objects, Shown, member, objects_in

_STATES = ("Created", "Pending", "Running")
_ENDS = ("pending_at", "running_at", "ends_at")
_RUN = ("id", "process_id", "name", "stage", "created_at", "status", "file_ids", "outputs")
_MADE = "2025-01-01T00:00:00"  # where no answer says when
_SECOND = 1000


@dataclass(slots=True)
class _Reading:
    """What the exchanges showed so far. `states` are the statuses of each run, with the times at which they showed."""

    objects: Objects = field(default_factory=Objects)
    states: dict[str, list[tuple[int | None, str]]] = field(default_factory=dict)
    started: dict[str, Mapping[str, Json]] = field(default_factory=dict)  # runs that exchanges made
    outputs: dict[str, Json] = field(default_factory=dict)  # of runs that succeeded
    more: dict[str, tuple[str, Mapping[str, Json]]] = field(default_factory=dict)  # lists that go on
    ended: set[str] = field(default_factory=set)  # lists that were read to their end

    def take(self, one: Shown) -> None:
        """Take an exchange."""
        if one.operation in ("listProcesses", "getProcess"):
            self._processes(one)
        elif one.operation in ("listRuns", "getRun"):
            self._runs(one)
        elif one.operation == "createRun":
            self._started(one)
        elif one.operation == "createFile":
            self.objects.make("files", member(one.answer, "id"))
            self.objects.name("agents", member(one.sent, "agent_id"), one.place)

    def _processes(self, one: Shown) -> None:
        agent = one.arguments.get("agent_id")
        self.objects.name("agents", agent, one.place)
        for item in _items(one.answer):
            self.objects.name("agents", item.get("agent_id"), one.place)
            self.objects.read("processes", item["id"], one.place, {"agent_id": agent, **item})
        self._end_of(one, "processes", f"processes {agent}")

    def _runs(self, one: Shown) -> None:
        agent, process = one.arguments.get("agent_id"), one.arguments.get("process_id")
        self._process(process, agent, one.place)
        for item in _items(one.answer):
            given = {"agent_id": agent, "process_id": process, **item}
            self._process(given["process_id"], given["agent_id"], one.place, stage=given.get("stage"))
            self._files(given.get("file_ids"), given["agent_id"], one.place)
            self.objects.read("runs", item["id"], one.place, given)
            if "status" in item:
                self.states.setdefault(str(item["id"]), []).append((one.at, str(item["status"])))
            if item.get("outputs") is not None:
                self.outputs.setdefault(str(item["id"]), item["outputs"])
        self._end_of(one, "runs", f"runs {process} {one.arguments.get('stage')}")

    def _process(self, id: Json, agent: Json, place: str, **members: Json) -> None:
        self.objects.name("agents", agent, place)
        self.objects.name("processes", id, place, **{"agent_id": agent, **members} if agent else members)

    def _files(self, ids: Json, agent: Json, place: str) -> None:
        for id in ids if isinstance(ids, list) else ():
            self.objects.name("files", id, place, firm=False, agent_id=agent)

    def _started(self, one: Shown) -> None:
        sent = one.sent if isinstance(one.sent, dict) else {}
        self._process(sent.get("process_id"), sent.get("agent_id"), one.place, stage=sent.get("stage"))
        self._files(sent.get("file_ids"), sent.get("agent_id"), one.place)
        process = self.objects.get("processes", sent.get("process_id"))
        inputs = sent.get("inputs")
        if process is not None and isinstance(inputs, list):
            names = [member(each, "name") for each in inputs]
            known = process.guessed.setdefault("inputs", [])
            known += [name for name in names if isinstance(name, str) and name not in known]
        for item in objects_in(one.answer):
            self.objects.make("runs", item["id"])
            self.started[str(item["id"])] = {**item, "at": one.at, "process_id": sent.get("process_id")}

    def _end_of(self, one: Shown, kind: str, key: str) -> None:
        items = _items(one.answer)
        if not one.operation.startswith("list"):
            return
        self.objects.rank(kind, [item["id"] for item in items])
        if isinstance(one.answer, dict) and one.answer.get("continuation_token") and items:
            self.more[key] = kind, {**one.arguments, **items[-1]}
        else:
            self.ended.add(key)


def imported(exchanges: Iterable[Shown], usual: Json) -> tuple[Json, list[Found]]:
    """The seed of what exchanges show, and the objects in it; keys are those of the usual seed's first organization."""
    reading = _Reading()
    for one in exchanges:
        reading.take(one)
    objects = reading.objects
    objects.settle()
    for key, (kind, last) in reading.more.items():
        if not reading.ended & {key, f"{key.rpartition(' ')[0]} None"} and not objects.is_made(kind, last["id"]):
            more = {**last, "created_at": _earlier(last.get("created_at"))} if kind == "runs" else last
            objects.read(kind, f"next{last['id']}"[:25], "", {**more, "name": "Not read"}, text=PARTLY)
    for kind in ("processes", "files"):
        for found in objects.of(kind):
            found.members["agent_id"] = found.members.get("agent_id") or f"agentof{found.id}"[:25]
            objects.name("agents", found.members["agent_id"], found.place)
    home, *others = usual["organizations"]
    agents = [one.id for one in objects.of("agents")]
    organization = {
        "id": home["id"],
        "keys": list(_keys(home["keys"], agents)),
        "agents": [{"id": id, "name": "Not read"} for id in agents] or home["agents"][:1],
        "processes": [_process(reading, one) for one in objects.of("processes")],
        "files": [
            {"id": one.id, "agent_id": one.members["agent_id"], "file_name": "not-read.pdf"}
            for one in objects.of("files")
        ],
        "runs": [_run(reading, one) for one in reversed(objects.of("runs"))],
    }
    return {"organizations": [organization, *others]}, list(objects.found.values())


def _items(answer: Json) -> list[dict[str, Json]]:
    """The objects of an answer: of a list, or the one that it is."""
    listed = member(answer, "items")
    return objects_in(listed if isinstance(listed, list) else answer)


def _keys(keys: Sequence[Json], agents: Sequence[str]) -> Iterator[Json]:
    """The usual keys; one of an agent becomes that of the first agent here."""
    for key in keys:
        if "agent_id" not in key:
            yield key
        elif agents:
            yield {**key, "agent_id": agents[0]}


def _process(reading: _Reading, found: Found) -> dict[str, Any]:
    given = {name: found.members[name] for name in ("name", "stage", "inputs") if found.members.get(name) is not None}
    course = _course(reading, found.id)
    return {
        "name": "Not read",
        "stage": "Published",
        **given,
        "id": found.id,
        "agent_id": found.members["agent_id"],
        **course,
    }


def _course(reading: _Reading, process: str) -> dict[str, Any]:
    """How the runs of a process proceed, as those did that exchanges made."""
    course: dict[str, Any] = {}
    for id, run in reading.started.items():
        states, at = reading.states.get(id, []), run["at"]
        if run["process_id"] != process or at is None:
            continue
        moments = _moments([(at, "Created"), *states])
        begun = at
        for name, end in zip(("created", "pending", "running"), _ENDS, strict=True):
            until = moments.get(end)
            if until is not None:
                course.setdefault("seconds", {}).setdefault(name, max(0, until - begun) / _SECOND)
                begun = max(begun, until)
        last = states[-1] if states else (at, "Created")
        if last[1] in FINAL:
            course.setdefault("outcome", last[1])
        elif last[0] is not None and last[1] in _STATES:
            name = last[1].lower()
            course.setdefault("seconds", {}).setdefault(name, max(5, (last[0] - begun) / _SECOND + 1))
        if id in reading.outputs:
            course.setdefault("outputs", reading.outputs[id])
    return course


def _run(reading: _Reading, found: Found) -> dict[str, Any]:
    states = reading.states.get(found.id, [])
    given = {name: found.members[name] for name in _RUN if found.members.get(name) is not None}
    first = found.members.get("status")
    moments = _moments(states) if first in _STATES else {}
    later = {name: rfc3339(at) for name, at in moments.items()}
    if later and states[-1][1] in FINAL:
        later["outcome"] = states[-1][1]
    known = first if first in (*_STATES, *FINAL, "Waiting") else "Running"
    outputs = {} if found.id not in reading.outputs else {"outputs": reading.outputs[found.id]}
    run = {"name": "Not read", "created_at": _MADE, "process_id": "", **given, "id": found.id, "status": known}
    return {**run, "outputs": None, **outputs, **later}


def _moments(states: Sequence[tuple[int | None, str]]) -> dict[str, int]:
    """When each of the first statuses ended: when a later one first showed."""
    order = (*_STATES, "")
    moments: dict[str, int] = {}
    for at, state in states:
        rank = order.index(state) if state in _STATES else len(_STATES) if state in FINAL else 0
        if at is not None:
            for end in _ENDS[:rank]:
                moments.setdefault(end, at)
    first = states[0][1] if states else ""
    past = _ENDS[: order.index(first)] if first in _STATES else ()
    return {name: at for name, at in moments.items() if name not in past}


def _earlier(time: Json) -> str:
    """A time before another one."""
    try:
        return rfc3339(milliseconds(str(time)) - 86_400_000)
    except (ValueError, OverflowError):
        return _MADE
