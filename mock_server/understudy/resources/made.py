"""Made records of a seed: always the same ones, with values that fit the schemas of their members.

Must not know what else a seed holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from understudy.document.sample import NoValue, Samples
from understudy.document.texts import Numbers
from understudy.engine.call import Call
from understudy.engine.store import Record
from understudy.resources.layouts import text_of
from understudy.resources.records import Records
from understudy.resources.schemas import Member
from understudy.resources.values import in_form_of

Json = Any
_HOUR = 3_600_000
_ATTEMPTS = 20  # of a value that no other record has
_FIXED = ("example", "examples", "default")  # would be the same in each record


class Made:
    """Makes the records of one resource. `values` are members that each of them has, `ids` those of each resource."""

    def __init__(
        self, records: Records, values: Mapping[str, Json], call: Call, ids: Mapping[str, Sequence[Json]]
    ) -> None:
        self._records = records
        self._values = values
        self._now = call.now
        self._ids = ids
        self._seed = f"{call.contract.name}/{records.name}"
        self._used: dict[str, set[str]] = {member: set() for member in records.resource.unique}
        self._targets = {
            **records.resource.refers,
            **{member: records.owners[name].name for name, member in records.parents if name in records.owners},
        }
        self._members = {name: one for name, one in records.resource.members.items() if self._is_made(name, one)}
        schemas = records.document["components"]["schemas"]
        self._samples, self._validators = Samples(schemas), {}
        for name, one in self._members.items():
            self._validators[name] = records.fits(_alone(name, one.schema))

    def record(self, number: int, count: int) -> Record:
        """The record of a number from 0 to `count` - 1; raises ValueError where no value fits a member.

        The times of a record are one hour before those of the next.
        """
        at = self._now - (count - number) * _HOUR
        made = {name: self._value(name, one, number, at) for name, one in self._members.items()}
        created = self._records.resource.create.computed
        times = {name for name, _ in created if _is_time(self._records.resource.members[name])}
        made |= {name: in_form_of(self._records.resource.members[name].schema)(at) for name in times}
        return {**made, **self._values}

    def _is_made(self, name: str, one: Member) -> bool:
        """Whether a member gets a value: not where a default, null, or the resource itself gives one."""
        resource = self._records.resource
        created = {*resource.create.constants, *(member for member, _ in resource.create.computed)}
        if name in self._values or name in created or name == resource.key or name == resource.deleted:
            return False
        if name in self._targets:
            return one.required or name not in resource.refers
        usual = "default" in one.schema or "null" in one.types or one.has("writeOnly")
        return not usual and (one.required or not one.has("readOnly"))

    def _value(self, name: str, one: Member, number: int, at: int) -> Json:
        if name in self._targets:
            return self._reference(name, number)
        if _is_time(one):
            return in_form_of(one.schema)(at)
        for attempt in range(_ATTEMPTS):
            value = self._sample(name, one, f"{self._seed}/{number}/{attempt}/{name}")
            used = self._used.get(name)
            if used is None or text_of(value) not in used:
                if used is not None:
                    used.add(text_of(value))
                return value
        raise ValueError(f"no further value of {name} was found that no other record has; ask for fewer")

    def _sample(self, name: str, one: Member, seed: str) -> Json:
        choices = one.schema.get("enum")
        if choices:
            return choices[Numbers(seed).below(len(choices))]
        try:
            made = self._samples.value(_alone(name, one.schema), self._validators[name], seed=seed, direction="")
        except NoValue as error:
            raise ValueError(f"no value of {name} was found ({error}); give it in values") from error
        return made[name]

    def _reference(self, name: str, number: int) -> Json:
        target = self._targets[name]
        ids = self._ids[target]
        if not ids:
            raise ValueError(f"{name} leads to {target}, and there are none; give some, or {name} in values")
        chosen = ids[Numbers(f"{self._seed}/{number}/{name}").below(len(ids))]
        return [chosen] if "array" in self._records.resource.members[name].types else chosen


def _alone(name: str, schema: Mapping[str, Json]) -> Json:
    """The schema of an object with one member, whose own examples are left out where values should differ."""
    kinds = schema.get("type", ())
    plain = "object" not in kinds and "array" not in kinds and "$ref" not in schema
    own = {key: value for key, value in schema.items() if key not in _FIXED} if plain else schema
    return {"type": "object", "properties": {name: own}, "required": [name]}


def _is_time(one: Member) -> bool:
    return one.schema.get("format") in ("date-time", "date")
