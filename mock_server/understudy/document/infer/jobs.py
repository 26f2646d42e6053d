"""Records that are jobs: they stand for what an operation does, and go on by themselves.

Must not know how what is found is written down.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from understudy.document.infer.found import Action, Found
from understudy.document.infer.schemas import Schemas
from understudy.document.infer.states import Progress, progress, state_after, state_of
from understudy.document.infer.words import plain, thing, words

Json = Any
_JOBS = ("job", "task", "operation", "action", "process", "batch", "run", "export", "import", "request")
_ENDS = ("succeeded", "success", "completed", "complete", "done", "finished", "ready")


class Jobs:
    """The jobs among the resources that were found; `verbs` are those of operations below an item, by resource."""

    def __init__(self, schemas: Schemas, found: Mapping[str, Found], verbs: Mapping[str, list[str]]) -> None:
        self.schemas, self.found = schemas, found
        self.progress = {name: self._progress(one, verbs.get(name, [])) for name, one in found.items()}

    def stands_for(self, found: Found) -> None:
        """Let a job stand for what an operation does, where its answer names one that can be read."""
        for action in found.actions.values():
            if action.do not in ("list", "read"):
                self.stand_for(action, found)

    def stand_for(self, action: Action, found: Found) -> None:
        """The same for one operation: its `x-operation` gets a job."""
        alone = {name: one for name, one in self.found.items() if not one.parts and not one.single}
        jobs = {name: one for name, one in alone.items() if one is not found and thing(one.family.word) in _JOBS}
        for name in sorted(jobs, key=lambda one: jobs[one].family.root.count("{")) if action.op.answer else ():
            job = jobs[name]
            entry = self._job(action, job, found)
            if entry is not None:
                kept = {key: one for key, one in action.entry.items() if key not in ("answer", "envelope")}
                done = {} if self.progress[name] else self._done(job)
                set_ = {**done, **dict(self._about(action, job, found))}
                made = {"resource": name, "at-once": True, **({"set": set_} if set_ else {})}
                action.entry = {**kept, **entry, "job": made}
                break

    def _progress(self, found: Found, verbs: list[str]) -> Progress | None:
        """How the records of a resource go on; None where they do not, or where a request may say their state."""
        states = state_of(self.schemas, found.record)
        if states is None or any(one.do == "patch" for one in found.actions.values()):
            return None
        if any(states.member in self._sent(action) for action in found.actions.values()):
            return None
        led = [state_after(verb, states.values) for verb in verbs]
        return progress(states, led=[one for one in led if one is not None])

    def _sent(self, action: Action) -> set[str]:
        """The members of a record that a request may hold."""
        if action.do in ("list", "read", "delete", "delete-many") or action.op.body is None:
            return set()
        body, names = action.op.body, action.entry.get("names", {})
        for name in str(action.entry.get("body", "")).split("/")[1:]:
            body = self.schemas.members(body)[name.replace("~1", "/").replace("~0", "~")].schema
        if action.do == "create-many":
            body = self.schemas.items(body)
        members = self.schemas.members(body).items()
        return {names.get(name, name) for name, one in members if not self.schemas.first(one.schema, "readOnly")}

    def _job(self, action: Action, job: Found, found: Found) -> dict[str, Json] | None:
        """What of an answer is a job: the whole, a member, or the member with its id; None where nothing is."""
        answer, known = action.op.answer, self.schemas.component(job.record)
        is_own = known == self.schemas.component(found.record)
        if known is not None and self.schemas.component(answer) == known and not is_own:
            return {"envelope": ""}
        if action.entry.get("answer") != "$example":
            return None
        for spot in self.schemas.spots(answer) if known is not None and not is_own else ():
            if spot.depth == 1 and not spot.many and self.schemas.component(spot.schema) == known:
                return {"envelope": spot.pointer}
        noun = thing(job.family.word)
        names = {plain(job.family.parameter), f"{noun}id", f"{noun}{plain(job.key_member)}"} - {"id"}
        member = next((name for name in self.schemas.members(answer) if plain(name) in names), None)
        return None if member is None else {"answer": {member: "$id"}}

    def _done(self, job: Found) -> dict[str, Json]:
        """The state of a job whose work is done."""
        for name, member in self.schemas.members(job.record).items():
            known = self.schemas.first(member.schema, "enum") or ()
            state = next((one for one in known if isinstance(one, str) and one.lower() in _ENDS), None)
            if plain(name) in ("status", "state") and state is not None:
                return {name: state}
        return {}

    def _about(self, action: Action, job: Found, found: Found) -> Iterator[tuple[str, Json]]:
        """The members of a job that name what its operation is on."""
        noun, key = thing(found.family.word), plain(found.key.member or found.family.parameter)
        own = {f"{noun}id", f"{noun}{key}", f"{noun}{plain(found.family.parameter)}", plain(found.family.parameter)}
        above = {plain(name): name for name in action.op.parameters("path")}
        for name, member in self.schemas.members(job.record).items():
            kinds = self.schemas.kinds(member.schema)
            if name == job.key.member or plain(name) == "id":
                continue
            if plain(name) in own and self.schemas.is_scalar(member.schema):
                yield name, "$id"
            elif plain(name) in above and len(words(name)) > 1 and self.schemas.is_scalar(member.schema):
                yield name, f"$request.path.{above[plain(name)]}"
            elif kinds == {"array"} and set(self.schemas.members(self.schemas.items(member.schema))) == {"id", "type"}:
                yield name, [{"id": "$id", "type": noun}]
