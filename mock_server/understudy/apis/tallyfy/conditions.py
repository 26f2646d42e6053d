"""The conditions of Tallyfy's automated actions: whether each holds in a process, and what they come to together.

Sources: Automations > Conditionals explained, Logic operations explained; the names are those of the official clients.
Must not change any record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from understudy.apis.tallyfy.includes import run_tasks
from understudy.apis.tallyfy.records import DAY
from understudy.apis.tallyfy.template_records import live_steps
from understudy.engine.call import Call, Json
from understudy.engine.clock import milliseconds
from understudy.engine.store import Record

ANY_TIME = (None, "", "any_time")
Texts = Sequence[str]


@dataclass(frozen=True, slots=True)
class Process:
    """A process as its automated actions see it: tasks and steps by the ids of the steps."""

    run: Record
    tasks: Mapping[str, Record]
    steps: Mapping[str, Record]
    kickoff: Sequence[Record]

    def field(self, kind: str, id: str | None) -> tuple[Record, Json] | None:
        """Return a kick-off field (`kind` is Prerun) or one of a step's task (Capture), and its answer."""
        if kind == "Prerun":
            return next(((field, self.run["prerun"].get(id)) for field in self.kickoff if field["id"] == id), None)
        for step in self.steps.values():
            for field in step["captures"]:
                if field["id"] == id and step["id"] in self.tasks:
                    return field, self.tasks[step["id"]]["taskdata"].get(id)
        return None


def process_of(call: Call, run: Record) -> Process:
    """Read a process with its tasks, steps and kick-off fields."""
    tasks = {task["step_id"]: task for task in run_tasks(call, run["id"]) if task["step_id"]}
    steps = {step["id"]: step for step in live_steps(call.store["definitions"].require(run["checklist_id"]))}
    return Process(run, tasks, steps, call.store["templates"].require(run["checklist_id"])["prerun"])


def kind_of(named: Record, member: str = "conditionable_type") -> str:
    """Return Step, Capture or Prerun, also from the name of a class with its namespaces."""
    return str(named.get(member) or "").rpartition("\\")[2]


def in_order(parts: Sequence[Record]) -> list[Record]:
    """Return conditions or actions by their positions; one without a position stands where it is listed."""
    return [part for _, part in sorted(enumerate(parts, 1), key=lambda at: (at[1].get("position") or at[0], at[0]))]


def results(call: Call, process: Process, rule: Record) -> list[bool]:
    """Return for each condition of an automated action whether it holds, in their order."""
    return [_holds(call, process, condition) for condition in in_order(rule["conditions"])]


def together(rule: Record, held: Sequence[bool]) -> bool:
    """Join the results from left to right, each by the `logic` of its condition (Logic operations > Mixing)."""
    met = bool(held) and held[0]
    for condition, one in list(zip(in_order(rule["conditions"]), held, strict=True))[1:]:
        either = str(condition.get("logic")).lower() == "or"
        met = met or one if either else met and one
    return met


def texts_of(value: Json) -> list[str]:
    """Return what an answer says, as texts: of options their texts, of files their names; none for no answer."""
    if isinstance(value, dict):
        named = [value[name] for name in ("text", "filename", "full_url", "url") if value.get(name)][:1]
        return texts_of(named or [part for part in value.values() if isinstance(part, list)])
    if isinstance(value, list):
        chosen = [one for one in value if not (isinstance(one, dict) and one.get("selected") is False)]
        return [text for one in chosen for text in texts_of(one)]
    return [] if value is None or not str(value).strip() else [str(value)]


def _holds(call: Call, process: Process, condition: Record) -> bool:
    kind, id, operation = kind_of(condition), condition.get("conditionable_id"), condition["operation"]
    if kind == "Step":
        task, asked = process.tasks.get(str(id)), STEP.get(operation)
        return bool(task and asked and asked(task, condition.get("statement")))
    found, compare = process.field(kind, id), FIELD.get(operation)
    if found is None or compare is None:
        return False
    said, statement = _said(condition, *found), condition.get("statement")
    wanted = [str(one) for one in statement] if isinstance(statement, list) else [str(statement or "")]
    if call.assumed("tallyfy.automations.text-case") == "insensitive":
        said, wanted = [one.lower() for one in said], [one.lower() for one in wanted]
    return compare(said, wanted)


def _said(condition: Record, field: Record, value: Json) -> list[str]:
    """The texts of an answer; of a table those of one column, where the condition names it."""
    column = condition.get("column_contains_name")
    if column is not None and isinstance(value, list):
        labels = [one.get("label") for one in field["columns"]]
        value = [cell for label, cell in zip(labels, value, strict=False) if label == column]
    return texts_of(value)


def _any_of(said: Texts, wanted: Texts) -> bool:
    """Whether a text is in the list; a single text separates its values by commas."""
    values = [one.strip() for part in wanted for one in (part.split(",") if len(wanted) == 1 else [part])]
    return any(one in values for one in said)


def _contains(said: Texts, wanted: Texts) -> bool:
    return any(part in one for one in said for part in wanted)


def _compare(sign: int) -> Callable[[Texts, Texts], bool]:
    """Greater (1) or less (-1); false where one of both is no number, as an empty field is none."""

    def compare(said: Texts, wanted: Texts) -> bool:
        left, right = (_number(texts[0]) if texts else None for texts in (said, wanted))
        return left is not None and right is not None and sign * left > sign * right

    return compare


def _number(text: str) -> float | None:
    try:
        return float(text.strip().lstrip("$€£").replace(",", ""))
    except ValueError:
        return None


FIELD: Mapping[str, Callable[[Texts, Texts], bool]] = {
    "equals": lambda said, wanted: wanted[0] in said,
    "not_equals": lambda said, wanted: wanted[0] not in said,
    "equals_any": _any_of,
    "contains": _contains,
    "not_contains": lambda said, wanted: not _contains(said, wanted),
    "greater_than": _compare(1),
    "less_than": _compare(-1),
    "is_empty": lambda said, wanted: not said,
    "is_not_empty": lambda said, wanted: bool(said),
}


def _completed(task: Record, statement: Json) -> bool:
    """Whether a task is completed, and at the time that the statement names: counted from its deadline."""
    if task["status"] != "completed" or statement in ANY_TIME:
        return bool(task["status"] == "completed")
    if task["deadline"] is None:
        return False
    late = milliseconds(task["completed_at"]) - milliseconds(task["deadline"])
    return {"on-time": late <= 0, "early_24": late <= -DAY, "late_24": late >= DAY}.get(str(statement), False)


def _expiry(task: Record, *, expired: bool) -> bool:
    done = task["task_type"].startswith("expiring") and task["status"] == "completed"
    return bool(done and (task["is_approved"] is False) == expired)


def _decided(task: Record, *, approved: bool) -> bool:
    done = task["task_type"] == "approval" and task["status"] == "completed"
    return bool(done and task["is_approved"] is approved)


STEP: Mapping[str, Callable[[Record, Json], bool]] = {
    "completed": _completed,
    "reopened": lambda task, statement: bool(task["_"].get("reopened")),
    "approved": lambda task, statement: _decided(task, approved=True),
    "rejected": lambda task, statement: _decided(task, approved=False),
    "acknowledged": lambda task, statement: _expiry(task, expired=False),
    "expired": lambda task, statement: _expiry(task, expired=True),
    "not_assigned": lambda task, statement: not any(task["owners"].values()),
}
