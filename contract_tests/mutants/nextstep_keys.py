"""NextStep with keys that open too much or too little: missing, unknown, revoked, lapsed, another team's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from contract_tests.mutants import Breakage, Table, handled, stepped
from contract_tests.mutants.operators import (
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
    swap_step_error,
)
from mock_server.api import Api, Call, Credential, Handler, Problem, Refusal, Reply, Step
from mock_server.exchange import Response
from mock_server.store import Store


def accepts(when: Callable[[Call, str], Credential | None]) -> Breakage:
    """Requests are let in as those of the credential that `when(call, header)` names, if any."""

    def authenticate(step: Step, call: Call) -> Response | None:
        credential = when(call, call.request.header("authorization") or "")
        if credential is None:
            return step(call)
        act_as(call, credential)
        return None

    return replace_step("authenticate", authenticate)


def accepts_state(state: str, when: Callable[[Call], object]) -> Breakage:
    """Keys in a state that is to be refused are accepted for some calls."""

    def known(call: Call, header: str) -> Credential | None:
        credential = presented(call)
        return credential if credential and credential.state == state and when(call) else None

    return accepts(known)


def matches(same: Callable[[str, str], object]) -> Breakage:
    """An unknown key is accepted when it is the same, by `same(token, key)`, as the token of a valid one."""

    def known(call: Call, header: str) -> Credential | None:
        key = header.partition(" ")[2]
        valid = [credential for credential in call.world.credentials.values() if credential.state == "valid"]
        if not key or presented(call) is not None:
            return None
        return next((credential for credential in valid if same(credential.token, key)), None)

    return accepts(known)


def swap_denial(kind: str, other: str) -> Breakage:
    """A key is refused with an error of another kind."""
    return swap_step_error("authenticate", kind, lambda call, problem: Problem(other))


def act_as(call: Call, credential: Credential) -> None:
    """Let a request pass as one with this credential."""
    call.credential = credential
    call.store = call.world.tenants[call.api.name][credential.tenant]


def presented(call: Call) -> Credential | None:
    """The credential that a request presents, whatever its state."""
    _, _, token = (call.request.header("authorization") or "").partition(" ")
    return call.world.credentials.get((call.api.name, token))


def first(call: Call) -> Credential:
    """The first credential of the world."""
    return next(iter(call.world.credentials.values()))


def first_team(call: Call) -> Store:
    """The data of the first team."""
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

    return stepped(api, authenticate=authenticate)


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

    return handled(api, createProcessRun=create, getProcessRun=get_run)


def _let_the_first_key_write(step: Step, call: Call) -> Response | None:
    answer = step(call)
    keys = call.world.credentials.values()
    if call.request.method != "GET" and call.credential != next(k for k in keys if k.tenant == call.credential.tenant):
        raise Problem("forbidden")
    return answer


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
        "A request without a key is treated as one with the first key of the world.": accepts(
            lambda call, header: None if header else first(call)
        ),
        "Listing tasks needs no key.": accepts(
            lambda call, header: first(call) if call.operation.id == "listRunTasks" and not header else None
        ),
        "A request without a key is answered 403.": swap_denial("missing-credential", "forbidden"),
        "Whatever is in the header passes for the first key, whatever its scheme.": accepts(
            lambda call, header: first(call) if header.startswith("Basic ") else None
        ),
        "A write without a key is done, and answered 401 then.": on_step_refusal(
            "authenticate", _write_as_the_first, kind="missing-credential"
        ),
    },
    "authentication.unknown-key": {
        "A key that lacks its last character is accepted.": matches(
            lambda token, key: len(key) > 20 and token.startswith(key)
        ),
        "A key with something behind it is accepted.": matches(lambda token, key: key.startswith(token)),
        "A key in other letter case is accepted.": matches(lambda token, key: token.lower() == key.lower()),
        "An unknown key is answered 403.": swap_denial("invalid-credential", "forbidden"),
    },
    ("authentication.unknown-key", "authentication.revoked-key"): {
        "A 401 says something else than documented.": map_error(_say_no),
    },
    "authentication.revoked-key": {
        "A revoked key is refused for writing only.": accepts_state(
            "revoked", lambda call: call.request.method == "GET"
        ),
        "A revoked key is answered 403, as if it were known still.": replace_step("authenticate", _forbid_revoked),
    },
    ("authentication.revoked-key", "authentication.revocation-is-immediate"): {
        "A revoked key is refused for reading only.": accepts_state(
            "revoked", lambda call: call.request.method != "GET"
        ),
    },
    "authentication.revocation-is-immediate": {
        "Keys are looked up once and remembered: revoking one that was used has no effect.": _remember_used_keys,
    },
    "authentication.lapsed-subscription": {
        "A key of a team without a subscription is refused for writing only.": accepts_state(
            "lapsed", lambda call: call.request.method == "GET"
        ),
        "A key of a team without a subscription may publish templates.": accepts_state(
            "lapsed", lambda call: call.operation.id == "publishProcessTemplate"
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
        "Keys other than a team's first one may only read.": replace_step("authenticate", _let_the_first_key_write),
    },
}
