"""Mutants of NextStep's authentication: missing, unknown, revoked, lapsed and foreign keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from understudy.engine.api import Api, Step
from understudy.engine.call import Call, Handler, Reply
from understudy.engine.exchange import Response
from understudy.engine.problem import Problem, Refusal
from understudy.engine.store import Store
from understudy_checks.mutation import Breakage, Table, with_handlers, with_steps
from understudy_checks.mutation.operators import (
    answered,
    as_tenant,
    map_error,
    on_request,
    on_step_refusal,
    owner,
    perform,
    reject_when,
    replace_handler,
    replace_step,
)
from understudy_checks.mutation.steps import (
    accept_as_first,
    accept_similar,
    accept_state,
    act_as,
    first,
    presented,
    swap_denial,
)


def keeps_to_the_first_key(when: Callable[[Call], object]) -> Breakage:
    """Forbid calls for which `when` is true to all keys of a team but its first one."""

    def authenticate(step: Step, call: Call) -> Response | None:
        answer = step(call)
        own = (known for known in call.world.credentials.values() if known.tenant == call.credential.tenant)
        if when(call) and call.credential != next(own):
            raise Problem("forbidden")
        return answer

    return replace_step("authenticate", authenticate)


def first_team(call: Call) -> Store:
    """Return the data of the first team."""
    return next(iter(call.tenants.values()))


def _write_as_the_first(call: Call) -> None:
    if call.request.method != "GET":
        act_as(call, first(call))
        perform(call)


def _forbid_revoked(step: Step, call: Call) -> Response | None:
    known = presented(call)
    if known is not None and known.state == "revoked":
        raise Problem("forbidden")
    return step(call)


def _remember_used_keys(api: Api) -> Api:
    used: set[tuple[str, str]] = set()

    def authenticate(call: Call) -> Response | None:
        known = presented(call)
        if known is not None and known.state == "valid":
            used.add((call.world.id, known.token))
        if known is None or (call.world.id, known.token) not in used:
            return api.steps.authenticate(call)
        act_as(call, known)
        return None

    return with_steps(api, authenticate=authenticate)


def _say_no(refusal: Refusal, body: Any) -> Any:
    return {"error": {"code": refusal.code, "message": "No"}} if refusal.status == 401 else body


def _reveal_the_title(call: Call) -> None:
    for store in call.tenants.values():
        run = store["runs"].get(call.arguments["id"])
        if run is not None and store is not call.store:
            raise Problem("forbidden", f"{run['title']} belongs to another team")


def _update_elsewhere(handler: Handler, call: Call) -> Reply:
    own, call.store = call.store, owner("runs", "runId")(call)
    reply = handler(call)
    if call.store is not own:
        raise Problem("run-not-found")
    return reply


def _keep_runs_for_their_key(api: Api) -> Api:
    started: dict[str, str] = {}

    def create(call: Call) -> Reply:
        reply = api.handlers["createProcessRun"](call)
        started[answered(call, reply)["data"]["id"]] = call.credential.token
        return reply

    def get_run(call: Call) -> Reply:
        if started.get(call.arguments["id"], call.credential.token) != call.credential.token:
            raise Problem("run-not-found")
        return api.handlers["getProcessRun"](call)

    return with_handlers(api, createProcessRun=create, getProcessRun=get_run)


MUTANTS: Table = {
    "authentication.bearer-key": {
        "Publishing a template is forbidden to every key.": reject_when(
            "publishProcessTemplate", lambda call: True, "forbidden"
        ),
        "Reading a single task is answered 401 to every key.": reject_when(
            "getRunTask", lambda call: True, "invalid-credential"
        ),
    },
    "authentication.missing-key": {
        "A request without a key is treated as one with the first key of the world.": accept_as_first(
            "missing-credential"
        ),
        "Listing tasks needs no key.": accept_as_first(
            "missing-credential", when=lambda call: call.operation.id == "listRunTasks"
        ),
        "A request without a key is answered 403.": swap_denial("missing-credential", "forbidden"),
        "Whatever is in the header passes for the first key, whatever its scheme.": accept_as_first(
            "invalid-credential", when=lambda call: (call.request.header("authorization") or "").startswith("Basic ")
        ),
        "A write without a key is done, and answered 401 then.": on_step_refusal(
            "authenticate", _write_as_the_first, kind="missing-credential"
        ),
    },
    "authentication.unknown-key": {
        "A key that lacks its last character is accepted.": accept_similar(
            lambda token, key: len(key) > 20 and token.startswith(key)
        ),
        "A key with something behind it is accepted.": accept_similar(lambda token, key: key.startswith(token)),
        "A key in other letter case is accepted.": accept_similar(lambda token, key: token.lower() == key.lower()),
        "An unknown key is answered 403.": swap_denial("invalid-credential", "forbidden"),
    },
    ("authentication.unknown-key", "authentication.revoked-key"): {
        "A 401 says something else than documented.": map_error(_say_no),
    },
    "authentication.revoked-key": {
        "A revoked key is refused for writing only.": accept_state(
            "revoked", when=lambda call: call.request.method == "GET"
        ),
        "A revoked key is answered 403, as if it were known still.": replace_step("authenticate", _forbid_revoked),
    },
    ("authentication.revoked-key", "authentication.revocation-is-immediate"): {
        "A revoked key is refused for reading only.": accept_state(
            "revoked", when=lambda call: call.request.method != "GET"
        ),
    },
    "authentication.revocation-is-immediate": {
        "Keys are looked up once and remembered: revoking one that was used has no effect.": _remember_used_keys,
    },
    "authentication.lapsed-subscription": {
        "A key of a team without a subscription is refused for writing only.": accept_state(
            "lapsed", when=lambda call: call.request.method == "GET"
        ),
        "A key of a team without a subscription may publish templates.": accept_state(
            "lapsed", when=lambda call: call.operation.id == "publishProcessTemplate"
        ),
        "A key of a team without a subscription is answered 401.": swap_denial("forbidden", "invalid-credential"),
    },
    "authentication.lists-show-the-own-team": {
        "Every key lists the templates of the first team.": as_tenant("listProcessTemplates", first_team),
        "Every key lists the runs of the first team.": as_tenant("listProcessRuns", first_team),
        "Runs filtered by another team's template are shown.": as_tenant(
            "listProcessRuns", owner("templates", "template_id")
        ),
    },
    "authentication.foreign-objects-stay-hidden": {
        "Any key reads any team's template.": as_tenant("getProcessTemplate", owner("templates", "id")),
        "Any key lists the tasks of any team's template.": as_tenant("listTemplateTasks", owner("templates", "id")),
        "Any key reads any team's run.": as_tenant("getProcessRun", owner("runs", "id")),
        "Any key lists the tasks of any team's run.": as_tenant("listRunTasks", owner("runs", "id")),
        "Any key reads any team's task.": as_tenant("getRunTask", owner("runs", "runId")),
        "The refusal to show another team's run tells its title.": on_request("getProcessRun", _reveal_the_title),
    },
    "authentication.foreign-objects-stay-unchanged": {
        "Any key publishes and unpublishes any team's template.": as_tenant(
            "publishProcessTemplate", owner("templates", "id")
        ),
        "Any key starts runs of any team's template.": as_tenant("createProcessRun", owner("templates", "template_id")),
        "Any key updates any team's task.": as_tenant("updateRunTask", owner("runs", "runId")),
        "An update of another team's task is answered 404 and done all the same.": replace_handler(
            "updateRunTask", _update_elsewhere
        ),
    },
    "authentication.keys-of-a-team-share": {
        "A run that was started with one key is unknown to the others.": _keep_runs_for_their_key,
        "Keys other than a team's first one may only read.": keeps_to_the_first_key(
            lambda call: call.request.method != "GET"
        ),
        "Only the first key of a team reads; every other one gets 403.": keeps_to_the_first_key(
            lambda call: call.request.method == "GET"
        ),
    },
}
