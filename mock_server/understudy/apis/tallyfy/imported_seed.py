"""What a recording shows of a Tallyfy organization, in the form of the seed file. What it does not show is made up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from understudy.apis.tallyfy.reading import Reading
from understudy.engine.call import Json
from understudy.engine.clock import milliseconds
from understudy.recording.objects import Found, count_of, member, objects_in

_MOST_MINUTES = 100_000
_MADE = "2025-01-01T00:00:00Z"  # where no answer says when
_PERSON = ("email", "first_name", "last_name", "role", "timezone", "active", "created_at")
_ORGANIZATION = ("name", "description", "timezone", "created_on", "last_updated")
_GROUP = ("id", "name", "description", "logo", "members", "guests", "created_at", "last_updated")
_TAG = ("id", "title", "color", "auto_generated", "created_at", "deleted_at")
_FOLDER = ("id", "name", "parent_id", "folder_type", "position", "created_at")
_TEMPLATE = (
    *("id", "title", "summary", "starred", "webhook", "guidance", "alias", "folder_id", "created_by"),
    *("owner_id", "kickoff_title", "kickoff_description", "created_at", "last_updated", "archived_at", "is_public"),
    *("is_pinned", "icon", "type", "is_public_kickoff", "default_process_name_format", "explanation_video"),
)
_STEP = (
    *("id", "alias", "title", "summary", "step_type", "position", "assignees", "guests", "groups", "deadline"),
    *("start_date", "allow_guest_owners", "max_assignable", "can_complete_only_assignees", "everyone_must_complete"),
    *(
        "assign_run_starter",
        "starts_hidden",
        "webhook",
        "prevent_guest_comment",
        "created_at",
        "last_updated",
        "archived_at",
    ),
)
_FIELD = (
    *("id", "alias", "label", "field_type", "guidance", "position", "required", "options", "columns"),
    *("field_validation", "use_wysiwyg_editor", "collect_time", "default_value_enabled", "default_value"),
    *("created_at", "last_updated"),
)
_RUN = (
    *("id", "increment_id", "name", "summary", "starred", "archived_at", "is_public", "users", "parent_id"),
    *("created_at", "started_at", "type", "checklist_title", "prerun_completed_at", "prerun_completed_by"),
    *("can_add_oot", "assign_someone_else", "custom_fields", "started_by", "owner_id", "prerun", "groups"),
    "last_updated",
)
_TASK = (
    *("id", "increment_id", "title", "is_approved", "taskdata", "alias", "max_assignable", "created_at"),
    *("original_title", "last_updated", "started_at", "archived_at", "starter_id", "completer_guest_id", "webhook"),
    *("everyone_must_complete", "can_complete_only_assignees", "top_secret", "prevent_guest_comment", "status"),
    *("deadline_set_by_hand", "completed_at", "completer_id", "deadline", "owners", "position", "task_type", "summary"),
)
_OF_TASK = {"title": "original_title", "alias": "alias", "step_type": "task_type", "position": "position"}
_STATES = ("not-started", "in-progress", "completed", "auto-skipped")


def organization(reading: Reading, home: Json) -> dict[str, Any]:
    """The seed of the organization; `home` is that of the usual seed, whose token it keeps."""
    objects = reading.objects
    own = {name: reading.organization[name] for name in _ORGANIZATION if reading.organization.get(name) is not None}
    days = reading.organization.get("working_days")
    if isinstance(days, dict):
        own["working_days"] = [day for day, works in days.items() if works]
    token = next(one for one in home["tokens"] if one.get("state", "valid") == "valid")
    people = [_person_seed(one) for one in objects.of("people")]
    me = reading.me or (people[0]["id"] if people else str(token["user"]))
    if all(one["id"] != me for one in people):
        people.append(_person_seed(Found("people", me, "", {"role": "admin"})))
    _fill_templates(reading)
    runs = [_run_seed(reading, one) for one in reversed(objects.of("runs"))]
    return {
        "name": home["name"],
        **own,
        "id": reading.organization.get("id") or home["id"],
        "people": people,
        "tokens": [{"token": token["token"], "user": me}],
        "guests": [_guest_seed(one) for one in objects.of("guests")],
        "groups": [{"name": "Not read", "members": [], **_some(one, _GROUP)} for one in objects.of("groups")],
        "folders": [{"name": "Not read", **_some(one, _FOLDER)} for one in objects.of("folders")],
        "tags": [{"title": "Not read", "color": None, **_some(one, _TAG)} for one in objects.of("tags")],
        "templates": [_template_seed(reading, one) for one in _named_templates(reading)],
        "runs": runs,
        "tasks": [_one_off_seed(one) for one in objects.of("tasks") if not one.members.get("run_id")],
    }


def _some(found: Found, names: tuple[str, ...]) -> dict[str, Any]:
    return {**{name: found.members[name] for name in names if name in found.members}, "id": found.id}


def _person_seed(found: Found) -> dict[str, Any]:
    given = {name: found.members[name] for name in _PERSON if found.members.get(name) is not None}
    made = {"email": f"person{found.id}@example.com", "first_name": "Not", "last_name": "Read", "role": "admin"}
    return {**made, **given, "id": found.id}


def _guest_seed(found: Found) -> dict[str, Any]:
    names = {name: found.members[name] for name in ("first_name", "last_name") if found.members.get(name)}
    return {**names, "email": found.members.get("email", found.id)}


def _named_templates(reading: Reading) -> list[Found]:
    """The templates, and one for each run whose template is not named."""
    for run in reading.objects.of("runs"):
        id = run.members.setdefault("checklist_id", f"template-of-{run.id}")
        reading.objects.name("templates", id, run.place, title=run.members.get("checklist_title"))
    reading.objects.settle()
    return reading.objects.of("templates")


def _template_seed(reading: Reading, found: Found) -> dict[str, Any]:
    given = {name: found.members[name] for name in _TEMPLATE if found.members.get(name) is not None}
    prerun = [_field_seed(one) for one in objects_in(found.members.get("prerun"))]
    lengths = [count_of(one.members.get("prerun_length")) for one in reading.objects.of("runs") if _is_of(one, found)]
    prerun += [_field_seed({"id": f"{found.id}-form-{n}"}) for n in range(len(prerun), max(lengths, default=0))]
    _fill_steps(reading, found)
    steps = [_step_seed(one, number) for number, one in enumerate(reading.steps[found.id].values(), 1)]
    return {
        "title": "Not read",
        "created_at": _MADE,
        **given,
        "id": found.id,
        "prerun": prerun,
        "steps": sorted(steps, key=lambda step: int(step["position"])),
        "tags": _tags(found),
    }


def _is_of(run: Found, template: Found) -> bool:
    return bool(run.members.get("checklist_id") == template.id)


def _tags(found: Found) -> list[str]:
    """The ids of the included tags of a template or run."""
    included = found.members.get("tags")
    items = included.get("data") if isinstance(included, dict) else included
    known = items if isinstance(items, list) else []
    return [str(one.get("tag_id", one.get("id"))) for one in known if isinstance(one, dict)]


def _step_seed(step: Mapping[str, Json], number: int) -> dict[str, Any]:
    """A step as its template shows it, or else as a task of it does."""
    task = step.get("of") or {}
    of_task = {name: task[other] for name, other in _OF_TASK.items() if task.get(other) is not None}
    given = {name: step[name] for name in _STEP if step.get(name) is not None}
    given = {**_deadline(task), **of_task, **given}
    place = given.pop("position", number)
    captures = [{**_field_seed(one), "step_id": step["id"]} for one in step["captures"]]
    made = {"title": "Not read", "position": place if isinstance(place, int) else number}
    return {**made, **given, "captures": captures}


def _fill_templates(reading: Reading) -> None:
    """Give the template of each run as many steps as that counts, one at least where it is completed."""
    for run in reading.objects.of("runs"):
        template, shown = run.members.setdefault("checklist_id", f"template-of-{run.id}"), run.members
        least = int(_is_complete(run))
        total = max(_total(shown.get("progress")), _total(shown.get("whole_progress")), least)
        for number in range(len(reading.steps[template]), total):
            reading.steps[template][f"{template}-{number}"] = {"id": f"{template}-{number}", "captures": []}


def _is_complete(run: Found) -> bool:
    return run.members.get("status") in ("complete", "completed") or bool(run.members.get("completed_at"))


def _fill_steps(reading: Reading, template: Found) -> None:
    """Give a template as many steps as it counts, or as a run that was launched has."""
    steps, run = reading.steps[template.id], reading.launched.get(template.id, {})
    total = max(
        _total(run.get("progress")), _total(run.get("whole_progress")), count_of(template.members.get("steps_count"))
    )
    for number in range(len(steps), total):
        latest = {"deadline": run.get("max_task_deadline"), "started_at": run.get("started_at")}
        steps[f"{template.id}-{number}"] = {"id": f"{template.id}-{number}", "captures": [], "of": latest}


def _total(progress: Json) -> int:
    return count_of(member(progress, "total"))


def _deadline(task: Mapping[str, Json]) -> dict[str, Any]:
    """The deadline of the step that a task was made from: as long after the launch as that of the task."""
    try:
        length = milliseconds(str(task.get("deadline"))) - milliseconds(str(task.get("started_at")))
    except ValueError:
        return {}
    minutes, rest = divmod(length, 60_000)
    if rest or not 0 <= minutes <= _MOST_MINUTES:
        return {}
    return {"deadline": {"value": minutes, "unit": "minutes", "option": "from", "step": "start_run"}}


def _field_seed(field: Mapping[str, Json]) -> dict[str, Any]:
    given = {name: field[name] for name in _FIELD if field.get(name) is not None}
    return {"label": "Not read", "field_type": "text", **given, "id": field["id"]}


def _run_seed(reading: Reading, found: Found) -> dict[str, Any]:
    given = {name: found.members[name] for name in _RUN if name in found.members}
    template = found.members["checklist_id"]
    status = found.members.get("status")
    if _is_complete(found):
        given["completed_at"] = found.members.get("completed_at") or given.get("last_updated", _MADE)
    if found.members.get("prerun_status") not in (None, "complete"):
        given["kickoff"] = "open"
    if status == "issue" or found.members.get("has_open_issue") is True:
        given["issue"] = "Not read"
    given["tags"] = _tags(found)
    tasks = list(_task_seeds(reading, found, str(template), done="completed_at" in given))
    made = {"increment_id": 0, "name": "Not read", "created_at": _MADE}
    return {**made, **given, "id": found.id, "template": template, "tasks": tasks}


def _task_seeds(reading: Reading, run: Found, template: str, *, done: bool) -> Iterator[dict[str, Any]]:
    """The tasks of a run; as many of those that were not read are completed as its progress says."""
    known = {
        one.members.get("step_id"): one for one in reading.objects.of("tasks") if one.members.get("run_id") == run.id
    }
    problems = [one.members.get("problem") for one in known.values()]
    steps = reading.steps[template]
    progress = run.members.get("progress")
    read_done = sum(one.members.get("status") == "completed" for one in known.values())
    left = len(steps) if done else count_of(member(progress, "complete")) - read_done
    at = run.members.get("completed_at") or run.members.get("last_updated") or _MADE
    unread = [id for id in steps if id not in known]
    finished, waiting = unread[: max(left, 0)], unread[max(left, 0) :]
    late, last = count_of(run.members.get("late_tasks")), run.members.get("max_task_deadline")
    for number, id in enumerate(steps):
        if id in known:
            yield _task_seed(known[id].members, id)
            continue
        is_due = id in waiting[: max(late, 1)] if waiting else number == 0
        task: dict[str, Any] = {"step": id, "deadline": last if is_due else None, "deadline_set_by_hand": False}
        if id in finished:
            task |= {"status": "completed", "completed_at": at}
        if "collaborators" in run.members and not known:
            task["owners"] = {"users": run.members["collaborators"], "guests": [], "groups": []}
        if run.members.get("status") == "problem" and id == (waiting or unread)[0] and True not in problems:
            task["problem"] = "Not read"
        yield task


def _task_seed(members: Mapping[str, Json], step: str) -> dict[str, Any]:
    given = {name: members[name] for name in _TASK if name in members}
    if given.get("status") not in _STATES:
        given["status"] = "not-started"
    if (given["status"] == "completed") != (given.get("completed_at") is not None):
        given["completed_at"] = (members.get("last_updated") or _MADE) if given["status"] == "completed" else None
    if members.get("problem") is True:
        given["problem"] = "Not read"
    return {**given, "step": step}


def _one_off_seed(found: Found) -> dict[str, Any]:
    task = {name: value for name, value in _task_seed(found.members, "").items() if name != "step"}
    return {"increment_id": 0, "title": "Not read", "created_at": _MADE, **task, "id": found.id}
