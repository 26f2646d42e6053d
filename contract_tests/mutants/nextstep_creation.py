"""NextStep with runs that start wrong: whether they do, under which title, with which date, for whom."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from typing import Any

from msgspec import structs

from contract_tests.mutants import handled, mutant
from contract_tests.mutants.changes import (
    RUNS,
    after,
    again,
    before,
    lacking,
    members,
    put,
    records,
    refused,
    refusing,
    respecified,
    showing,
)
from mock_server.api import Api, Call, Reply
from mock_server.apis.nextstep_elements import is_iso_8601
from mock_server.store import Record

CREATE = "createProcessRun"
FIELDS = "/components/schemas/CreateRun"


@mutant("nextstep.creation.created")
def a_created_run_is_just_ok(api: Api) -> Api:
    """Starting a run answers 200."""
    return handled(api, createProcessRun=lambda call: structs.replace(api.handlers[CREATE](call), status=200))


@mutant("nextstep.creation.created")
def a_created_run_is_accepted(api: Api) -> Api:
    """Starting a run answers 202."""
    return handled(api, createProcessRun=lambda call: structs.replace(api.handlers[CREATE](call), status=202))


@mutant("nextstep.creation.created")
def a_created_run_is_pending(api: Api) -> Api:
    """A new run has a status of its own."""
    return showing(api, members(status="pending"), CREATE)


@mutant("nextstep.creation.created")
def a_created_run_shows_no_timezone(api: Api) -> Api:
    """The answer to starting a run lacks one of the printed fields."""
    return showing(api, lacking("timezone"), CREATE)


@mutant("nextstep.creation.created")
def a_created_run_is_completed_already(api: Api) -> Api:
    """The answer to starting a run has a time of completion."""
    return showing(api, lambda call, run: {**run, "completed_at": run["created_at"]}, CREATE)


@mutant("nextstep.creation.created")
def runs_take_over_from_the_last(api: Api) -> Api:
    """A run starts with the status of the last run of its template."""

    def take_over(call: Call, data: Any) -> None:
        known = [run for run in records(call, "runs", template_id=data["template_id"]) if run["id"] != data["id"]]
        if known:
            put(call, "runs", data["id"], status=known[-1]["status"], completed_at=known[-1]["completed_at"])

    changed = after(api, take_over, CREATE)
    return showing(changed, lambda call, run: call.store["runs"].get(run["id"]), CREATE)


@mutant("nextstep.creation.template-id-is-required")
def the_first_template_is_the_default(api: Api) -> Api:
    """Without a template id a run of some template is started."""
    relaxed = respecified(api, f"{FIELDS}/required", [])
    return before(relaxed, lambda call: call.body.setdefault("template_id", _some_template(call)), CREATE)


@mutant("nextstep.creation.template-id-is-required")
def a_missing_template_is_not_found(api: Api) -> Api:
    """Without a template id the answer is 404."""
    relaxed = respecified(api, f"{FIELDS}/required", [])
    return before(relaxed, lambda call: call.body.setdefault("template_id", ""), CREATE)


@mutant("nextstep.creation.template-id-is-required")
def a_run_without_template_is_refused_too_late(api: Api) -> Api:
    """Without a template id the call is refused, and a run is started all the same."""
    return refused(_demanding(api, ("template_id",)), _start_some, CREATE)


@mutant("nextstep.creation.published-only")
def unpublished_templates_are_run(api: Api) -> Api:
    """Whether a template is published is not looked at."""
    return handled(api, createProcessRun=lambda call: _published(api, call))


@mutant("nextstep.creation.published-only")
def templates_with_runs_are_run(api: Api) -> Api:
    """A template that has runs already is not looked at."""

    def create(call: Call) -> Reply:
        known = any(records(call, "runs", template_id=call.body["template_id"]))
        return _published(api, call) if known else api.handlers[CREATE](call)

    return handled(api, createProcessRun=create)


@mutant("nextstep.creation.published-only")
def drafts_that_never_ran_are_run(api: Api) -> Api:
    """Whether a template is published is looked at only when it has runs."""

    def create(call: Call) -> Reply:
        known = any(records(call, "runs", template_id=call.body["template_id"]))
        return api.handlers[CREATE](call) if known else _published(api, call)

    return handled(api, createProcessRun=create)


@mutant("nextstep.creation.published-only")
def unpublished_templates_are_run_for_people(api: Api) -> Api:
    """Whether a template is published is not looked at when the run is attributed to somebody."""

    def create(call: Call) -> Reply:
        return _published(api, call) if "actor_email" in call.body else api.handlers[CREATE](call)

    return handled(api, createProcessRun=create)


@mutant("nextstep.creation.published-only")
def a_refused_template_is_run(api: Api) -> Api:
    """Starting a run of an unpublished template is refused, after the run was started."""
    return refused(api, lambda call: _published(api, call), CREATE)


@mutant("nextstep.creation.wrong-types")
def an_object_is_a_name(api: Api) -> Api:
    """An object as the name becomes text."""
    return before(respecified(api, f"{FIELDS}/properties/name", {}), _textual("name"), CREATE)


@mutant("nextstep.creation.wrong-types")
def an_object_as_a_due_date_is_dropped(api: Api) -> Api:
    """A due date that is no text is ignored."""
    return before(respecified(api, f"{FIELDS}/properties/due_date", {}), _only(str, "due_date"), CREATE)


@mutant("nextstep.creation.wrong-types")
def text_as_elements_is_dropped(api: Api) -> Api:
    """Elements to pre-fill that are no list are ignored."""
    return before(respecified(api, f"{FIELDS}/properties/custom_elements", {}), _only(list, "custom_elements"), CREATE)


@mutant("nextstep.creation.wrong-types")
def an_object_as_an_actor_is_nobody(api: Api) -> Api:
    """An actor that is no text is nobody."""
    return before(respecified(api, f"{FIELDS}/properties/actor_email", {}), _only(str, "actor_email"), CREATE)


@mutant("nextstep.creation.wrong-types")
def an_object_is_an_unknown_template(api: Api) -> Api:
    """A template id that is an object is answered 404."""
    return before(respecified(api, f"{FIELDS}/properties/template_id", {}), _textual("template_id"), CREATE)


@mutant("nextstep.creation.wrong-types")
def an_object_is_refused_too_late(api: Api) -> Api:
    """An object as the title is refused after the run was started."""
    relaxed = respecified(api, f"{FIELDS}/properties/title", {})
    strict = refusing(relaxed, lambda call: not isinstance(call.body.get("title", ""), str), CREATE)
    return refused(strict, lambda call: _without(call, "title") and api.handlers[CREATE](call), CREATE)


@mutant("nextstep.creation.name")
def the_name_is_ignored(api: Api) -> Api:
    """A run has its template's title whatever it was named."""
    return before(api, lambda call: call.body.pop("name", None), CREATE)


@mutant("nextstep.creation.name")
def a_name_of_zero_is_none(api: Api) -> Api:
    """The name `0` counts as none."""
    return before(api, lambda call: call.body.get("name") == "0" and call.body.pop("name"), CREATE)


@mutant("nextstep.creation.name")
def names_are_short(api: Api) -> Api:
    """A name is cut after sixteen characters."""
    return _naming(api, lambda name: name[:16])


@mutant("nextstep.creation.name")
def names_are_escaped(api: Api) -> Api:
    """A name is kept as HTML."""
    return _naming(api, escape)


@mutant("nextstep.creation.name")
def names_are_ascii(api: Api) -> Api:
    """Characters beyond ASCII become question marks in a name."""
    return _naming(api, lambda name: name.encode("ascii", "replace").decode())


@mutant("nextstep.creation.name")
def names_have_characters_of_16_bits(api: Api) -> Api:
    """A name loses the characters that do not fit in 16 bits."""
    return _naming(api, lambda name: "".join(character for character in name if ord(character) < 1 << 16))


@mutant("nextstep.creation.name")
def names_are_only_answered(api: Api) -> Api:
    """The answer to starting a run shows its name, which is then forgotten."""

    def forget(call: Call, data: Any) -> None:
        put(call, "runs", data["id"], title=str(_template(call, data)["title"]))

    return after(api, forget, CREATE)


@mutant("nextstep.creation.title-alias")
def the_alias_is_unknown(api: Api) -> Api:
    """A run is named by `name` only."""
    return before(api, lambda call: call.body.pop("title", None), CREATE)


@mutant("nextstep.creation.title-alias")
def the_alias_is_in_addition(api: Api) -> Api:
    """A title that is given is put behind the template's."""

    def join(call: Call) -> None:
        template = call.store["templates"].get(call.body["template_id"])
        if template and "title" in call.body:
            call.body["title"] = f"{template['title']} - {call.body['title']}"

    return before(api, join, CREATE)


@mutant("nextstep.creation.default-title")
def runs_are_untitled(api: Api) -> Api:
    """A run that is not named is called Untitled."""
    return before(api, lambda call: "title" in call.body or call.body.setdefault("name", "Untitled"), CREATE)


@mutant("nextstep.creation.default-title")
def the_last_name_is_the_default(api: Api) -> Api:
    """A run that is not named is called as the last run of its template."""

    def repeat(call: Call) -> None:
        known = list(records(call, "runs", template_id=call.body["template_id"]))
        if known and "title" not in call.body:
            call.body.setdefault("name", known[-1]["title"])

    return before(api, repeat, CREATE)


@mutant("nextstep.creation.due-date")
def due_dates_are_lost(api: Api) -> Api:
    """A run has no due date."""
    return before(api, lambda call: call.body.pop("due_date", None), CREATE)


@mutant("nextstep.creation.due-date")
def due_dates_are_days(api: Api) -> Api:
    """A due date is cut to its day."""
    return _due(api, lambda text: f"{text[:10]}T00:00:00Z")


@mutant("nextstep.creation.due-date")
def due_dates_lose_their_offset(api: Api) -> Api:
    """The time of a due date is kept as if it was UTC."""
    return _due(api, lambda text: f"{text[:19]}Z")


@mutant("nextstep.creation.due-date")
def due_dates_lose_minutes_of_the_offset(api: Api) -> Api:
    """Only whole hours of a due date's offset count."""
    return _due(api, lambda text: text if text[-1] == "Z" else f"{text[:-2]}00")


@mutant("nextstep.creation.due-date")
def due_dates_lose_their_seconds(api: Api) -> Api:
    """The seconds of a due date are dropped."""
    return _due(
        api, lambda text: text if len(text) < 20 else f"{datetime.fromisoformat(text).astimezone(UTC):%FT%H:%M:00Z}"
    )


@mutant("nextstep.creation.due-date")
def due_dates_are_only_answered(api: Api) -> Api:
    """The answer to starting a run shows its due date, which is then forgotten."""
    return after(api, lambda call, data: put(call, "runs", data["id"], due_date=None), CREATE)


@mutant("nextstep.creation.started-by-api")
def runs_are_started_by_the_first_member(api: Api) -> Api:
    """A run that is attributed to nobody was started by the first member."""
    return before(api, lambda call: call.body.setdefault("actor_email", _members(call)[0]["email"]), CREATE)


@mutant("nextstep.creation.started-by-api")
def runs_are_started_by_the_last_starter(api: Api) -> Api:
    """A run that is attributed to nobody was started by whoever started the last run of its template."""

    def repeat(call: Call, data: Any) -> None:
        known = list(records(call, "runs", template_id=data["template_id"]))[:-1]
        if known and data["started_by"] == "api":
            put(call, "runs", data["id"], started_by=known[-1]["started_by"])

    return after(api, repeat, CREATE)


@mutant("nextstep.creation.started-by-api")
def runs_are_started_by_a_key(api: Api) -> Api:
    """A run that is attributed to nobody was started by `api_key`."""
    return showing(api, _replacing("started_by", "api", "api_key"), *RUNS)


@mutant("nextstep.creation.started-by-member")
def attribution_is_ignored(api: Api) -> Api:
    """Every run was started by `api`."""
    return before(api, lambda call: call.body.pop("actor_email", None), CREATE)


@mutant("nextstep.creation.started-by-member")
def runs_are_started_by_an_address(api: Api) -> Api:
    """An attributed run shows the address of the member who started it."""

    def keep(call: Call, data: Any) -> None:
        if data["started_by"] != "api":
            put(call, "runs", data["id"], started_by=call.body["actor_email"])

    return after(api, keep, CREATE)


@mutant("nextstep.creation.started-by-member")
def everybody_is_the_first_member(api: Api) -> Api:
    """Every attributed run was started by the first member."""
    return before(api, lambda call: _act_as(call, _members(call)[0]), CREATE)


@mutant("nextstep.creation.no-active-member")
def a_run_of_nobody_is_refused(api: Api) -> Api:
    """A run that is attributed to nobody's address is refused."""
    return refusing(api, lambda call: "actor_email" in call.body and not _actor(call), CREATE)


@mutant("nextstep.creation.no-active-member")
def a_run_of_nobody_is_started_by_the_address(api: Api) -> Api:
    """A run that is attributed to nobody's address was started by that address."""

    def keep(call: Call, data: Any) -> None:
        who = data["started_by"] if _actor(call) else call.body.get("actor_email", "api")
        put(call, "runs", data["id"], started_by=who)

    return after(api, keep, CREATE)


@mutant("nextstep.creation.no-active-member")
def inactive_members_start_runs(api: Api) -> Api:
    """A run that is attributed to an inactive member was started by that member."""

    def keep(call: Call, data: Any) -> None:
        actor = _actor(call)
        put(call, "runs", data["id"], started_by=actor["id"] if actor else "api")

    return after(api, keep, CREATE)


@mutant("nextstep.creation.no-active-member")
def runs_of_inactive_members_are_refused(api: Api) -> Api:
    """A run that is attributed to an inactive member is refused."""
    return refusing(api, lambda call: (actor := _actor(call)) and not actor["active"], CREATE)


@mutant("nextstep.creation.workflow-runner")
def runner_tasks_are_nobodys(api: Api) -> Api:
    """The workflow runner's tasks are assigned to nobody, also in an attributed run."""
    return after(api, lambda call, data: put(call, "progress", data["id"], runner=None), CREATE)


@mutant("nextstep.creation.workflow-runner")
def runner_tasks_are_the_first_members(api: Api) -> Api:
    """The workflow runner's tasks are assigned to the first member."""
    return after(api, lambda call, data: put(call, "progress", data["id"], runner=_members(call)[0]["id"]), CREATE)


@mutant("nextstep.creation.workflow-runner")
def the_runner_gets_every_task(api: Api) -> Api:
    """All tasks of an attributed run are assigned to the member."""
    return _assigning(api, lambda task, starter: starter)


@mutant("nextstep.creation.workflow-runner")
def the_runner_gets_what_is_nobodys(api: Api) -> Api:
    """Tasks of an attributed run that are nobody's are assigned to the member, too."""
    return _assigning(api, lambda task, starter: task["assignee"] or starter)


@mutant("nextstep.creation.workflow-runner")
def the_runner_gets_the_first_task(api: Api) -> Api:
    """Only the first task of an attributed run is assigned to the member."""

    def choose(task: Record, starter: str) -> Any:
        return None if task["order"] and task["assignee"] == starter else task["assignee"]

    return _assigning(api, choose)


@mutant("nextstep.creation.workflow-runner")
def runner_tasks_get_the_address(api: Api) -> Api:
    """The workflow runner's tasks show the member's address."""

    def mail(call: Call, data: Any) -> None:
        if call.body.get("actor_email"):
            put(call, "progress", data["id"], runner=call.body["actor_email"])

    return after(api, mail, CREATE)


def _some_template(call: Call) -> str:
    return str(next(records(call, "templates", is_published=True))["id"])


def _start_some(call: Call) -> Any:
    if "template_id" in call.body:
        return None
    call.body["template_id"] = _some_template(call)
    return call.api.handlers[CREATE](call)


def _demanding(api: Api, names: tuple[str, ...]) -> Api:
    """The handler, not the schema, refuses a body that lacks members."""
    relaxed = respecified(api, f"{FIELDS}/required", [])
    return refusing(relaxed, lambda call: any(name not in call.body for name in names), CREATE)


def _published(api: Api, call: Call) -> Reply:
    """Start a run as if the template was published."""
    id = call.body["template_id"]
    template = call.store["templates"].get(id)
    if template is None:
        return api.handlers[CREATE](call)
    call.store["templates"].put({**template, "is_published": True})
    reply = api.handlers[CREATE](call)
    call.store["templates"].put(template)
    return reply


def _textual(name: str) -> Any:
    return lambda call: name in call.body and call.body.update({name: str(call.body[name])})


def _only(kind: type, name: str) -> Any:
    return lambda call: isinstance(call.body.get(name), kind) or call.body.pop(name, None)


def _without(call: Call, name: str) -> bool:
    return not isinstance(call.body.pop(name, ""), str)


def _naming(api: Api, change: Any) -> Api:
    return before(api, lambda call: "name" in call.body and call.body.update(name=change(call.body["name"])), CREATE)


def _due(api: Api, change: Any) -> Api:
    def act(call: Call) -> None:
        if is_iso_8601(call.body.get("due_date", "")):
            call.body["due_date"] = change(call.body["due_date"])

    return before(api, act, CREATE)


def _members(call: Call) -> list[Record]:
    return list(call.store["members"])


def _actor(call: Call) -> Record | None:
    return next(records(call, "members", email=call.body.get("actor_email")), None)


def _act_as(call: Call, member: Record) -> None:
    actor = _actor(call) if "actor_email" in call.body else None
    if actor and actor["active"]:
        call.body["actor_email"] = member["email"]


def _replacing(name: str, value: Any, other: Any) -> Any:
    return lambda call, item: {**item, name: other if item[name] == value else item[name]}


def _template(call: Call, run: Any) -> Record:
    template = call.store["templates"].get(run["template_id"])
    assert template is not None, "templates are never removed"
    return template


def _assigning(api: Api, choose: Any) -> Api:
    """The tasks of a new attributed run are assigned to whom `choose` says."""

    def assign(call: Call, data: Any) -> None:
        if data["started_by"] != "api":
            for task in again(api, call, "listRunTasks", {"id": data["id"]}):
                call.store["tasks"].put({**task, "assignee": choose(task, data["started_by"])})

    return after(api, assign, CREATE)
