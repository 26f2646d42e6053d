"""What a recording shows of a Tallyfy organization: its objects as they were at first, and what belongs to them.

Answers hold objects within each other (`with=`), so each object is read wherever it stands.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from understudy.engine.call import Json
from understudy.recording.objects import EARLIER, READ, Objects, Shown, member, objects_in

_READS = {
    **dict.fromkeys(("listTemplates", "getTemplate"), "templates"),
    **dict.fromkeys(("listRuns", "getRun", "updateRun"), "runs"),
    **dict.fromkeys(("listRunTasks", "getRunTask", "listTasks", "getTask", "listMyTasks"), "tasks"),
    **dict.fromkeys(("listUserTasks", "listGuestTasks", "updateTask", "updateOneOffTask"), "tasks"),
    **dict.fromkeys(("listGroups", "getGroup", "updateGroup"), "groups"),
    **dict.fromkeys(("listTags", "getTag", "updateTag"), "tags"),
    **dict.fromkeys(("listFolders", "getFolder", "updateFolder"), "folders"),
    **dict.fromkeys(("listMembers", "getMember", "updateMember", "getMe", "getOrganizationMe"), "people"),
    **dict.fromkeys(("listMemberNames", "updateMemberRole"), "people"),
    **dict.fromkeys(("listGuests", "getGuest", "updateGuest"), "guests"),
    **dict.fromkeys(("listMyOrganizations", "getOrganization"), "organization"),
    **dict.fromkeys(("listSteps", "getStep", "updateStep"), "steps"),
}
_CHANGES = ("updateRun", "updateTask", "updateOneOffTask", "updateGroup", "updateTag", "updateFolder", "updateMember")
_CREATES = {
    "launchRun": "runs",
    "createTask": "tasks",
    "createGroup": "groups",
    "createTag": "tags",
    "createFolder": "folders",
    "inviteMember": "people",
    "createGuest": "guests",
    "createStep": "steps",
}
_COMPLETIONS = ("completeTask", "completeOneOffTask")
_ARGUMENTS = {
    "run_id": "runs",
    "task_id": "tasks",
    "checklist_id": "templates",
    "group_id": "groups",
    "tag_id": "tags",
    "folder_id": "folders",
    "user_id": "people",
    "guest_email": "guests",
}
LISTED = ("runs", "templates")
"""The kinds whose lists are counted."""

_PEOPLE = ("owner_id", "started_by", "created_by", "starter_id", "completer_id", "prerun_completed_by")
_OPEN = {"status": "not-started", "completed_at": None, "completer_id": None, "is_approved": None}


@dataclass(slots=True)
class Reading:
    """What the exchanges showed so far: `me` is the caller, `launched` are the first runs of templates."""

    objects: Objects = field(default_factory=Objects)
    organization: dict[str, Json] = field(default_factory=dict)
    me: str = ""
    steps: defaultdict[str, dict[str, Json]] = field(default_factory=lambda: defaultdict(dict))
    launched: dict[str, Mapping[str, Json]] = field(default_factory=dict)
    totals: dict[str, tuple[int, set[str], Mapping[str, Json]]] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)

    def take(self, one: Shown) -> None:
        """Take an exchange."""
        self.organization.setdefault("id", one.arguments.get("org_id"))
        self._arguments(one)
        data = member(one.answer, "data")
        kind = _READS.get(one.operation)
        if one.operation in _CREATES:
            self._created(one, data)
        elif one.operation in _COMPLETIONS:
            self._completed(one, data)
        elif kind is not None:
            for item in objects_in(data):
                self.read(kind, item, one, text=READ)
            if isinstance(data, list):
                self.objects.rank(kind, [_id(kind, item) for item in objects_in(data)])
            self._total(one, kind, data)
            if one.operation in _CHANGES:
                self._change(one, kind, data)
        elif one.operation in ("reopenTask", "reopenOneOffTask"):
            self._reopened(one, data)

    def _arguments(self, one: Shown) -> None:
        """Note what the path names; a one-off task and that of a run are told apart by what is read later."""
        for name, kind in _ARGUMENTS.items():
            if name in one.arguments and not (kind == "tasks" and "run_id" not in one.arguments):
                self.objects.name(kind, one.arguments[name], one.place, run_id=one.arguments.get("run_id"))

    def read(self, kind: str, item: Mapping[str, Json], one: Shown, *, text: str) -> None:
        """Take an object of an answer, and those within it."""
        if kind == "organization":
            self.organization |= {**item, **{k: v for k, v in self.organization.items() if v is not None}}
            return
        if kind == "steps":
            self._step(one.arguments.get("checklist_id", item.get("checklist_id")), item)
            return
        if one.operation in ("getMe", "getOrganizationMe"):
            self.me = self.me or str(item["id"])
        for name in _PEOPLE:
            self.person(item.get(name), one)
        getattr(self, f"_{kind}", lambda item, one: None)(item, one)
        self.objects.read(kind, _id(kind, item), one.place, self._as_it_was(kind, item), text=text)

    def person(self, id: Json, one: Shown) -> None:
        """Note a person who is named."""
        if isinstance(id, int):
            self.objects.name("people", id, one.place)

    def _as_it_was(self, kind: str, item: Mapping[str, Json]) -> Mapping[str, Json]:
        """A run, still active where it is first seen after one of its tasks was completed."""
        if kind == "runs" and str(item["id"]) in self.touched and item.get("status") == "complete":
            return {**item, "status": "active", "completed_at": None}
        return item

    def _runs(self, run: Mapping[str, Json], one: Shown) -> None:
        template = run.get("checklist_id")
        self.objects.name("templates", template, one.place, title=run.get("checklist_title"), type=run.get("type"))
        if "checklist" in run:
            self._within("templates", run["checklist"], one)
        self._within("tasks", run.get("tasks"), one, run_id=run["id"], checklist_id=template)
        self._within("tags", run.get("tags"), one)
        for each in objects_in(_list(run.get("form_fields"))):
            self._field(str(template), each)
        found = self.objects.get("templates", template)
        if found is not None:
            for each in objects_in(_list(run.get("ko_form_fields"))):
                _add(found.guessed.setdefault("prerun", []), each)
            for id in run["prerun"] if isinstance(run.get("prerun"), dict) else ():
                _add(found.guessed.setdefault("prerun", []), {"id": id, "label": "Not read", "field_type": "text"})

    def _tasks(self, task: Mapping[str, Json], one: Shown) -> None:
        owners = task.get("owners")
        for id in member(owners, "users") or ():
            self.person(id, one)
        for id in member(owners, "groups") or ():
            self.objects.name("groups", id, one.place)
        for id in member(owners, "guests") or ():
            self.objects.name("guests", id, one.place)
        self._within("runs", task.get("run"), one)
        template, step = task.get("checklist_id"), task.get("step_id")
        if self.objects.is_made("runs", task.get("run_id")):
            self.objects.make("tasks", task["id"])
        if task.get("run_id") and isinstance(template, str) and isinstance(step, str):
            self.objects.name("templates", template, one.place)
            self.objects.name("runs", task["run_id"], one.place, checklist_id=template)
            self._step(template, {"id": step, "of": task})
            for each in objects_in(_list(task.get("step"))):
                self._step(template, each)
            for each in objects_in(_list(task.get("form_fields"))):
                self._field(template, {"step_id": step, **each})
            for id in task["taskdata"] if isinstance(task.get("taskdata"), dict) else ():
                self._field(template, {"id": id, "step_id": step, "label": "Not read", "field_type": "text"})

    def _templates(self, template: Mapping[str, Json], one: Shown) -> None:
        for each in objects_in(_list(template.get("steps"))):
            self._step(template["id"], each)
        self._within("tags", template.get("tags"), one)
        self._within("folders", template.get("folder"), one)
        self.objects.name("folders", template.get("folder_id"), one.place)

    def _groups(self, group: Mapping[str, Json], one: Shown) -> None:
        for id in group.get("members") or ():
            self.person(id, one)

    def _folders(self, folder: Mapping[str, Json], one: Shown) -> None:
        self.objects.name("folders", folder.get("parent_id"), one.place)

    def _within(self, kind: str, value: Json, one: Shown, **more: Json) -> None:
        for item in objects_in(_list(value)):
            own = (
                {"id": item["tag_id"]} if "tag_id" in item else {}
            )  # an included tag has the number of its association
            self.read(kind, {**more, **item, **own}, one, text=READ)

    def _step(self, template: Json, step: Mapping[str, Json]) -> None:
        """Note a step: what the template shows of it stands before what a task of it shows."""
        known = self.steps[str(template)].setdefault(str(step["id"]), {"id": step["id"], "captures": []})
        for each in objects_in(_list(step.get("captures"))):
            _add(known["captures"], each)
        for name, value in step.items():
            if name != "captures":
                known.setdefault(name, value)

    def _field(self, template: str, given: Mapping[str, Json]) -> None:
        known = self.steps[template].get(str(given.get("step_id")))
        if known is not None:
            _add(known["captures"], given)

    def _created(self, one: Shown, data: Json) -> None:
        for item in objects_in(data):
            self.objects.make(_CREATES[one.operation], _id(_CREATES[one.operation], item))
            if one.operation == "launchRun":
                self.launched.setdefault(str(item.get("checklist_id")), item)
                self._runs(item, one)
                if not member(one.sent, "user_id") and isinstance(item.get("started_by"), int):
                    self.me = self.me or str(item["started_by"])
                for name in _PEOPLE:
                    self.person(item.get(name), one)
                for task in objects_in(_list(item.get("tasks"))):
                    self.objects.make("tasks", task["id"])

    def _completed(self, one: Shown, data: Json) -> None:
        for item in objects_in(data):
            self.read("tasks", {**item, **_OPEN}, one, text=EARLIER)
        self._change(one, "tasks", data)

    def _reopened(self, one: Shown, data: Json) -> None:
        for item in objects_in(data):
            done = {"status": "completed", "completed_at": item.get("completed_at") or item.get("last_updated")}
            self.read("tasks", {**item, **done}, one, text=EARLIER)
        self._change(one, "tasks", data)

    def _change(self, one: Shown, kind: str, data: Json) -> None:
        for item in objects_in(data):
            self.objects.change(kind, item["id"])
            run = item.get("run_id") if kind == "tasks" else None
            if run:
                self.touched.add(str(run))
                self.objects.change("runs", run)

    def _total(self, one: Shown, kind: str, data: Json) -> None:
        """Note how many objects an unfiltered list has, and which were read."""
        pagination = member(member(one.answer, "meta"), "pagination")
        total, filters = member(pagination, "total"), {"org_id", "per_page", "page", "with", "sort"}
        items = objects_in(data)
        if (
            not isinstance(total, int)
            or not items
            or one.arguments.keys() - filters
            or kind not in ("runs", "templates")
        ):
            return
        first, ids, last = self.totals.get(kind, (total, set[str](), items[-1]))
        self.totals[kind] = first, ids | {str(item["id"]) for item in items}, items[-1] if last else last


def _id(kind: str, item: Mapping[str, Json]) -> str:
    """What an object is known by: a guest by the address."""
    return str(item.get("email", item["id"]) if kind == "guests" else item["id"])


def _list(value: Json) -> Json:
    """What an include holds: its `data`, or itself."""
    return value["data"] if isinstance(value, dict) and "data" in value else value


def _add(fields: list[Json], given: Mapping[str, Json]) -> None:
    """Add a form field that is not there yet; one that only was named is replaced."""
    for number, one in enumerate(fields):
        if one["id"] == given["id"]:
            fields[number] = {**given, **one} if one.get("label") != "Not read" else {**one, **given}
            return
    fields.append({**given})
