"""NextStep's start state as a recording shows it, in the form of its seed file.

What no answer shows is made up: tasks between those that were read, members of the team, a template's own members.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from understudy.engine.call import Json
from understudy.engine.clock import milliseconds, rfc3339
from understudy.recording.objects import EARLIER, PARTLY, READ, Found, Objects, Shown, member, objects_in

_TEMPLATE = (
    *("id", "title", "description", "cover_image", "icon", "icon_type", "visibility", "is_published", "version"),
    *("sections", "created_at", "updated_at"),
)
_RUN = (
    *("id", "template_id", "title", "status", "started_by", "due_date", "is_shared", "created_at", "updated_at"),
    *("completed_at", "sections"),
)
_STEP = ("title", "section_id", "is_essential", "type", "due_date", "webhook_enabled")
_CHANGE = ("id", "completed", "completed_at", "completed_by", "skipped", "assignee", "created_at")
_SECTION = ("id", "title", "description", "order", "color")
_ELEMENT = ("id", "type", "label", "required", "display_only", "options")
_OPEN = {"completed": False, "completed_at": None, "completed_by": None}
_MADE = "2025-01-01T00:00:00.000Z"  # where no answer says when
_USUAL, _MOST = 20, 100  # items of a page (REST API > Pagination)
_READS = {
    "listProcessTemplates": "templates",
    "getProcessTemplate": "templates",
    "listProcessRuns": "runs",
    "getProcessRun": "runs",
}


class _Page(NamedTuple):
    """A page of a list that goes on: the last item that was shown, and how many more the page had."""

    kind: str
    last: Mapping[str, Json]
    cursor: Json
    left: int


@dataclass(slots=True)
class _Reading:
    """What the exchanges showed so far. `steps` are tasks of templates by position, `touched` are changed runs.

    `listed` are the ids of a template's tasks in the order of their list, `whole` has what was read to its end.
    """

    objects: Objects = field(default_factory=Objects)
    steps: defaultdict[str, dict[int, Json]] = field(default_factory=lambda: defaultdict(dict))
    listed: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    whole: set[str] = field(default_factory=set)
    made_runs: dict[str, str] = field(default_factory=dict)  # the templates of runs that exchanges made
    of_made: defaultdict[str, dict[int, Json]] = field(default_factory=lambda: defaultdict(dict))
    touched: set[str] = field(default_factory=set)
    more: set[str] = field(default_factory=set)  # runs whose tasks go on behind what was read
    lengths: dict[str, int] = field(default_factory=dict)  # the tasks of such a run, at least
    pages: dict[str, list[_Page]] = field(default_factory=dict)  # by list
    ended: set[str] = field(default_factory=set)  # lists that were read to their end
    emails: dict[str, str] = field(default_factory=dict)  # of members, by user id
    addresses: dict[str, None] = field(default_factory=dict)  # of members whose ids may not be known
    team: dict[str, Json] = field(default_factory=dict)
    oldest_first: bool = False  # the order of the list of templates

    def take(self, one: Shown) -> None:
        """Take an exchange."""
        data = member(one.answer, "data")
        if one.operation in _READS:
            for item in objects_in(data):
                self._record(_READS[one.operation], item, one.place)
            self._end_of(one, _READS[one.operation], data)
        elif one.operation == "listTemplateTasks":
            self._template_tasks(one, data)
        elif one.operation in ("listRunTasks", "getRunTask"):
            self._run_tasks(one, data)
        elif one.operation == "createProcessRun":
            self._created(one, data)
        elif one.operation == "updateRunTask":
            self._updated(one, data)
        else:  # publishProcessTemplate
            self._published(one, data)

    def _record(self, kind: str, item: Mapping[str, Json], place: str) -> None:
        text = READ
        if kind == "runs":
            item, text = self._as_it_was(item)
            self.team.setdefault("id", item.get("team_id"))
            self.team.setdefault("timezone", item.get("timezone"))
            self._person(item.get("started_by"))
            self.objects.name("templates", item.get("template_id"), place, title=item.get("title"))
        self.objects.read(kind, item["id"], place, item, text=text)

    def _as_it_was(self, run: Mapping[str, Json]) -> tuple[Mapping[str, Json], str]:
        """A run, still active where it is first seen after its last task was completed."""
        known = self.objects.get("runs", run["id"])
        if str(run["id"]) not in self.touched or (known is not None and "status" in known.members):
            return run, READ
        if run.get("status") != "completed":
            return run, READ
        return {**run, "status": "active", "completed_at": None, "updated_at": run.get("created_at")}, EARLIER

    def _end_of(self, one: Shown, name: str, data: Json) -> None:
        """Note whether a list goes on behind what was read of it."""
        paging = member(one.answer, "pagination")
        if not isinstance(data, list) or not isinstance(paging, dict):
            return
        if not data and isinstance(paging.get("next_cursor"), str):  # a page that was cut names its last item
            data = [{"id": paging["next_cursor"]}]
            self.objects.name(name, paging["next_cursor"], one.place)
        key = f"{name} {one.arguments.get('status')} {one.arguments.get('template_id')}"
        items = objects_in(data)
        self.objects.rank(name, [item["id"] for item in items])
        times = [str(item.get("created_at")) for item in items]
        if name == "templates" and times[:1] < times[-1:] and times == sorted(times):
            self.oldest_first = True
        if paging.get("has_more") is True and items:
            page = _Page(name, items[-1], paging.get("next_cursor"), max(0, _limit(one) - len(data)))
            self.pages.setdefault(key, []).append(page)
        elif paging.get("has_more") is False:
            self.ended.add(key)

    def _template_tasks(self, one: Shown, data: Json) -> None:
        id = one.arguments["id"]
        self.objects.name("templates", id, one.place)
        known, listed = self.steps[id], self.listed[id]
        for task in objects_in(data):  # whatever they count as their `order`
            if task["id"] not in listed:
                listed.append(task["id"])
            known.setdefault(listed.index(task["id"]), _step_of(task, task["id"]))
        if member(member(one.answer, "pagination"), "has_more") is False:
            self.whole.add(id)

    def _run_tasks(self, one: Shown, data: Json) -> None:
        run = one.arguments.get("runId", one.arguments.get("id", ""))
        self.objects.name("runs", run, one.place)
        for task in objects_in(data):
            self._run_task(run, task, one.place, READ)
        paging = member(one.answer, "pagination")
        if member(paging, "has_more") is True and not self.objects.is_made("runs", run):
            self.more.add(run)
            self.lengths[run] = max(self.lengths.get(run, 0), _limit(one))
        elif one.operation == "listRunTasks":
            self.whole.add(run)

    def _run_task(self, run: str, task: Mapping[str, Json], place: str, text: str) -> None:
        position = task.get("order")
        if not isinstance(position, int) or not task.get("template_task_id"):
            return
        for name in ("assignee", "completed_by"):
            self._person(task.get(name))
        if self.objects.is_made("runs", run):
            self.of_made[run][position] = {**task, **self.of_made[run].get(position, {})}
        else:
            self.objects.read("tasks", task["id"], place, {**task, "instance_id": run}, text=text)

    def _created(self, one: Shown, data: Json) -> None:
        sent = one.sent if isinstance(one.sent, dict) else {}
        template, run = sent.get("template_id"), member(data, "id")
        self.objects.name("templates", template, one.place, is_published=True)
        self.objects.make("runs", run)
        self.made_runs[str(run)] = str(template)
        self.team.setdefault("id", member(data, "team_id"))
        self.team.setdefault("timezone", member(data, "timezone"))
        self._person(member(data, "started_by"), sent.get("actor_email"))
        found = self.objects.get("templates", template)
        if found is not None:
            found.guessed.setdefault("prefilled", []).extend(sent.get("custom_elements") or [])
            found.guessed.setdefault("sections", member(data, "sections"))
            if not (sent.get("name") or sent.get("title")):
                found.guessed["title"] = member(data, "title")

    def _updated(self, one: Shown, data: Json) -> None:
        run, sent = one.arguments["runId"], one.sent if isinstance(one.sent, dict) else {}
        self.objects.name("runs", run, one.place)
        self._person(member(data, "completed_by"), sent.get("actor_email"))
        if isinstance(sent.get("assignee"), str):
            self._person(member(data, "assignee"), sent["assignee"] if "@" in sent["assignee"] else None)
        for task in objects_in(data):
            self._run_task(run, _before(task, sent), one.place, EARLIER)
            self.objects.change("tasks", task["id"])
        self.touched.add(run)
        self.objects.change("runs", run)

    def _published(self, one: Shown, data: Json) -> None:
        for item in objects_in(data):
            known = self.objects.get("templates", item["id"])
            if known is None or "is_published" not in known.members:
                now = item.get("is_published") is True
                version = item.get("version", 1) - (1 if now and item.get("version", 1) > 1 else 0)
                item = {**item, "is_published": not now, "version": version}
            self.objects.read("templates", item["id"], one.place, item, text=EARLIER)
            self.objects.change("templates", item["id"])

    def _person(self, id: Json, email: Json = None) -> None:
        if isinstance(id, str) and "@" in id:
            self.addresses[id] = None
        elif isinstance(id, str) and id not in ("", "api"):
            self.emails.setdefault(id, "")
            if isinstance(email, str):
                self.emails[id] = email


def imported(exchanges: Iterable[Shown], usual: Json) -> tuple[Json, list[Found]]:
    """The seed of what exchanges show, and the objects in it; keys are those of the usual seed's first team."""
    reading = _Reading()
    for one in exchanges:
        reading.take(one)
    objects = reading.objects
    _fill_lists(reading)
    objects.settle()
    for task in objects.of("tasks"):
        objects.name("runs", task.members["instance_id"], task.place)
    for run in objects.of("runs"):
        template = run.members.get("template_id", f"template-of-{run.id}")
        run.members["template_id"] = template
        objects.name("templates", template, run.place, title=run.members.get("title", "Not read"))
    objects.settle()
    for run in objects.of("runs"):
        run.members.setdefault("tasks", _tasks_of(objects, run.id))
    for made, template in reading.made_runs.items():
        _learn_steps(reading.steps[template], reading.of_made.get(made, {}))
    for run in objects.of("runs"):
        _fill_tasks(reading, run)
    for run in objects.of("runs"):
        _complete(reading, run)
    unlisted_at = _unlisted_at(reading)
    home, *others = usual["teams"]
    team = {
        "id": reading.team.get("id") or home["id"],
        "timezone": reading.team.get("timezone") or home["timezone"],
        "members": list(_members(reading)),
        "keys": home["keys"],
        "templates": [_template(one, reading, unlisted_at) for one in _from_oldest(reading)],
        "runs": [_run(reading, one) for one in reversed(objects.of("runs"))],
    }
    return {"teams": [team, *(one for one in others if one["id"] != team["id"])]}, [
        one for one in objects.found.values() if one.kind != "tasks"
    ]


def _learn_steps(steps: dict[int, Json], tasks: Mapping[int, Json]) -> None:
    """Complete the tasks of a template by those of a run that was started from it."""
    if not steps:
        steps |= {n: _step_of(task) for n, task in tasks.items()}
    for n, task in tasks.items():
        if n in steps and steps[n]["id"] == task["template_task_id"]:
            steps[n] = {**_step_of(task), **steps[n]}


def _from_oldest(reading: _Reading) -> list[Found]:
    """The templates, such that a list shows them in the order in which they were seen."""
    found = reading.objects.of("templates")
    return found if reading.oldest_first else found[::-1]


def _before(task: Mapping[str, Json], sent: Mapping[str, Json]) -> dict[str, Any]:
    """A task before an update."""
    before = {**task}
    if sent.get("completed") is True:
        before |= _OPEN
    set_ids = {item.get("id") for item in sent.get("custom_elements") or () if isinstance(item, dict)}
    elements = [one for one in task.get("custom_elements") or () if isinstance(one, dict)]
    before["custom_elements"] = [{**one, "value": None} if one.get("id") in set_ids else one for one in elements]
    return before


def _fill_lists(reading: _Reading) -> None:
    """More objects in each list that goes on: as many as its pages had, and one behind the last page."""
    for key, pages in reading.pages.items():
        if f"{pages[0].kind} None None" in reading.ended:  # the whole list was read
            continue
        for number, page in enumerate(pages, 1):
            more = number == len(pages) and key not in reading.ended
            if not reading.objects.is_made(page.kind, page.last["id"]):
                _fill_page(reading, page, page.left + more)


def _fill_page(reading: _Reading, page: _Page, count: int) -> None:
    """Some more objects than a page shows: before the last one where the cursor names that, else behind it."""
    time, before = str(page.last.get("created_at", _MADE)), page.cursor == page.last["id"]
    is_turned = page.kind == "templates" and reading.oldest_first
    for number in range(count):
        is_newer = (before and number < page.left) != is_turned
        more = {
            "id": f"{page.last['id']}-{number}",
            "title": "Not read",
            "created_at": _moved(time, 1 if is_newer else -1),
        }
        reading.objects.read(page.kind, more["id"], "", {**page.last, **more}, text=PARTLY)


def _limit(one: Shown) -> int:
    text = one.arguments.get("limit", "")
    return int(text) if text.isdigit() and 0 < int(text) <= _MOST else _USUAL


def _moved(time: str, length: int) -> str:
    """A time some milliseconds later."""
    try:
        return rfc3339(milliseconds(time) + length)
    except (ValueError, OverflowError):
        return _MADE


def _tasks_of(objects: Objects, run: str) -> dict[int, Json]:
    found = [one.members for one in objects.of("tasks") if one.members["instance_id"] == run]
    return {task["order"]: task for task in found}


def _fill_tasks(reading: _Reading, run: Found) -> None:
    """Give a run all its tasks: those between the ones that were read, and one that is open while it is active."""
    tasks, template = run.members["tasks"], run.members["template_id"]
    if tasks and template not in reading.steps:
        reading.steps[template] |= {n: _step_of(task) for n, task in tasks.items()}
    known = reading.steps[template]
    count = max((*tasks, *known), default=-1) + 1
    if run.id in reading.more and not reading.whole & {run.id, template}:
        count = max(count, reading.lengths[run.id]) + 1
    is_completed = run.members.get("status") == "completed"
    everything_done = all(n in tasks and _is_done(tasks[n]) for n in range(count))
    if is_completed and not count and template not in reading.whole:
        count = 1
    elif not is_completed and count and everything_done:
        count += 1
    for position in range(count):
        known.setdefault(position, {"id": f"{template}-{position}", "title": "Not read"})


def _complete(reading: _Reading, run: Found) -> None:
    """Complete the tasks of a completed run that were not read."""
    if run.members.get("status") == "completed":
        for n in reading.steps[run.members["template_id"]]:
            run.members["tasks"].setdefault(n, {"completed": True, "completed_at": run.members.get("completed_at")})


def _is_done(task: Mapping[str, Json]) -> bool:
    return bool(task.get("completed") or task.get("skipped"))


def _step_of(task: Mapping[str, Json], id: Json = None) -> dict[str, Any]:
    """The task of a template that a run's task is a copy of."""
    elements = [
        {name: one[name] for name in _ELEMENT if name in one}
        for one in task.get("custom_elements") or ()
        if isinstance(one, dict)
    ]
    own = {name: task[name] for name in _STEP if name in task}
    more = {name: task[name] for name in ("description", "assignee", "created_at") if id is not None and name in task}
    return {"id": id or task["template_task_id"], "title": "Not read", **own, **more, "custom_elements": elements}


def _unlisted_at(reading: _Reading) -> str:
    """When a template was made that no list shows: its place is behind all those that were read."""
    times = sorted(
        str(one.members["created_at"]) for one in reading.objects.of("templates") if "created_at" in one.members
    )
    if reading.oldest_first:
        return _moved(times[-1], 1)
    return min([_MADE, *(_moved(time, -1) for time in times[:1])])


def _template(found: Found, reading: _Reading, unlisted_at: str) -> dict[str, Any]:
    made = {"title": "Not read", "is_published": True, "version": 1, "created_at": unlisted_at}
    given = {name: value for name, value in found.members.items() if name in _TEMPLATE and value is not None}
    steps = reading.steps[found.id]
    _prefilled(steps, found.members.get("prefilled") or ())
    for position in range(max(steps, default=-1) + 1):
        steps.setdefault(position, {"id": f"{found.id}-{position}", "title": "Not read"})
    tasks = [{"title": "Not read", **steps[position]} for position in sorted(steps)]
    return {**made, **given, "id": found.id, "sections": list(_sections(given)), "tasks": tasks}


def _prefilled(steps: dict[int, Json], items: Iterable[Json]) -> None:
    """Give a template the form fields that a start fills, where they were not read."""
    for item in items:
        step = next((one for one in steps.values() if one["id"] == item["task_id"]), None)
        if step is None:
            step = steps[max(steps, default=-1) + 1] = {"id": item["task_id"], "title": "Not read"}
        elements = step.setdefault("custom_elements", [])
        if all(one["id"] != item.get("element_id") for one in elements):
            elements.append({"id": item.get("element_id"), "label": "Not read", **_kind(item.get("value"))})


def _kind(value: Json) -> dict[str, Any]:
    """The type of a form field that takes a value."""
    if isinstance(value, list):
        return {"type": "multichoice", "options": value}
    kind = "checkbox" if isinstance(value, bool) else "number" if isinstance(value, int | float) else "shortText"
    return {"type": kind}


def _sections(given: Mapping[str, Json]) -> Iterator[Json]:
    for number, one in enumerate(given.get("sections") or ()):
        yield {"title": "Not read", "order": number, **{n: one[n] for n in _SECTION if n in one}}


def _run(reading: _Reading, found: Found) -> dict[str, Any]:
    given = {name: value for name, value in found.members.items() if name in _RUN}
    tasks = found.members["tasks"]
    known = reading.steps[found.members["template_id"]]
    steps = [
        {**known[n], **(_step_of(tasks[n]) if "template_task_id" in tasks.get(n, {}) else {})} for n in sorted(known)
    ]
    steps = [{**one, "assignee": known[n].get("assignee")} for n, one in enumerate(steps)]
    run = {"created_at": _MADE, **given, "id": found.id, "tasks": [_change(steps[n], tasks[n]) for n in sorted(tasks)]}
    if "sections" in run:
        run["sections"] = list(_sections(run))
    if any(_differs(one, known[n]) for n, one in enumerate(steps)):
        run["edition"] = steps
    return run


def _differs(step: Mapping[str, Json], known: Mapping[str, Json]) -> bool:
    return any(step.get(name) != known.get(name) for name in ("id", *_STEP, "custom_elements") if name in known)


def _change(step: Mapping[str, Json], task: Mapping[str, Json]) -> dict[str, Any]:
    own = {name: task[name] for name in _CHANGE if name in task}
    elements = [one for one in task.get("custom_elements") or () if isinstance(one, dict)]
    values = {one["id"]: one.get("value") for one in elements if "id" in one}
    return {**own, "template_task_id": step["id"], "values": values}


def _members(reading: _Reading) -> Iterator[Json]:
    nameless = (email for email in reading.addresses if email not in reading.emails.values())
    members = {**reading.emails, **{f"member-{number}": email for number, email in enumerate(nameless, 1)}}
    for id, email in members.items():
        yield {"user_id": id, "email": email or f"{id}@example.com", "active": True}
