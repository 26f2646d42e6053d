"""NextStep with keys that open too much or too little: missing, unknown, revoked, lapsed, another team's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from contract_tests.mutants import handled, mutant, stepped
from mock_server.api import Api, Call, Credential, Handler, Problem, Reply
from mock_server.exchange import Response
from mock_server.store import decode

Step = Callable[[Call], Response | None]
WRITING = ("createProcessRun", "updateRunTask", "publishProcessTemplate")


@mutant("nextstep.authentication.bearer-key")
def publishing_is_for_no_key(api: Api) -> Api:
    """Publishing a template is forbidden to every key."""
    return handled(api, publishProcessTemplate=_refuse("forbidden"))


@mutant("nextstep.authentication.bearer-key")
def tasks_are_for_no_key(api: Api) -> Api:
    """Reading a single task is answered 401 to every key."""
    return handled(api, getRunTask=_refuse("invalid-credential"))


@mutant("nextstep.authentication.missing-key")
def no_key_is_the_first_key(api: Api) -> Api:
    """A request without a key is treated as one with the first key of the world."""

    def authenticate(call: Call) -> Response | None:
        if call.request.header("authorization") is None:
            return _as(call, next(iter(call.world.credentials.values())))
        return api.steps.authenticate(call)

    return stepped(api, authenticate=authenticate)


@mutant("nextstep.authentication.missing-key")
def no_key_may_read_tasks(api: Api) -> Api:
    """Listing tasks needs no key."""

    def authenticate(call: Call) -> Response | None:
        if call.operation.id == "listRunTasks" and call.request.header("authorization") is None:
            return _as(call, next(iter(call.world.credentials.values())))
        return api.steps.authenticate(call)

    return stepped(api, authenticate=authenticate)


@mutant("nextstep.authentication.missing-key")
def no_key_is_forbidden(api: Api) -> Api:
    """A request without a key is answered 403."""
    return stepped(api, authenticate=_renamed(api, "missing-credential", "forbidden"))


@mutant("nextstep.authentication.missing-key")
def another_scheme_is_a_key(api: Api) -> Api:
    """Whatever is in the header passes for the first key, whatever its scheme."""

    def authenticate(call: Call) -> Response | None:
        if (call.request.header("authorization") or "").startswith("Basic "):
            return _as(call, next(iter(call.world.credentials.values())))
        return api.steps.authenticate(call)

    return stepped(api, authenticate=authenticate)


@mutant("nextstep.authentication.missing-key")
def the_key_is_asked_for_last(api: Api) -> Api:
    """A write without a key is done, and answered 401 then."""

    def authenticate(call: Call) -> Response | None:
        try:
            return api.steps.authenticate(call)
        except Problem as problem:
            if problem.kind == "missing-credential" and call.operation.id in WRITING:
                _as(call, next(iter(call.world.credentials.values())))
                api.steps.validate(call)
                api.handlers[call.operation.id](call)
            raise

    return stepped(api, authenticate=authenticate)


@mutant("nextstep.authentication.unknown-key")
def the_beginning_of_a_key_is_enough(api: Api) -> Api:
    """A key that lacks its last character is accepted."""
    return _matching(api, lambda token, key: len(key) > 20 and token.startswith(key))


@mutant("nextstep.authentication.unknown-key")
def what_follows_a_key_is_ignored(api: Api) -> Api:
    """A key with something behind it is accepted."""
    return _matching(api, lambda token, key: key.startswith(token))


@mutant("nextstep.authentication.unknown-key")
def keys_are_compared_in_any_case(api: Api) -> Api:
    """A key in other letter case is accepted."""
    return _matching(api, lambda token, key: token.lower() == key.lower())


@mutant("nextstep.authentication.unknown-key")
def an_unknown_key_is_forbidden(api: Api) -> Api:
    """An unknown key is answered 403."""
    return stepped(api, authenticate=_renamed(api, "invalid-credential", "forbidden"))


@mutant("nextstep.authentication.unknown-key", "nextstep.authentication.revoked-key")
def the_documented_401_text_is_another(api: Api) -> Api:
    """A 401 says something else than documented."""
    return replace(api, error_body=lambda call, told: _error(told.code, "No" if told.status == 401 else told.message))


@mutant("nextstep.authentication.revoked-key")
def a_revoked_key_still_reads(api: Api) -> Api:
    """A revoked key is refused for writing only."""
    return _letting(api, "revoked", lambda call: call.request.method == "GET")


@mutant("nextstep.authentication.revoked-key", "nextstep.authentication.revocation-is-immediate")
def a_revoked_key_still_writes(api: Api) -> Api:
    """A revoked key is refused for reading only."""
    return _letting(api, "revoked", lambda call: call.request.method != "GET")


@mutant("nextstep.authentication.revoked-key")
def a_revoked_key_is_forbidden(api: Api) -> Api:
    """A revoked key is answered 403, as if it were known still."""

    def authenticate(call: Call) -> Response | None:
        known = _presented(call)
        if known is not None and known.state == "revoked":
            raise Problem("forbidden")
        return api.steps.authenticate(call)

    return stepped(api, authenticate=authenticate)


@mutant("nextstep.authentication.revocation-is-immediate")
def a_key_that_was_used_stays_good(api: Api) -> Api:
    """Keys are looked up once and remembered: revoking one that was used has no effect."""
    used: set[tuple[str, str]] = set()

    def authenticate(call: Call) -> Response | None:
        known = _presented(call)
        if known is not None and known.state == "valid":
            used.add((call.world.id, known.token))
        good = known is not None and (call.world.id, known.token) in used
        return _as(call, known) if good and known else api.steps.authenticate(call)

    return stepped(api, authenticate=authenticate)


@mutant("nextstep.authentication.lapsed-subscription")
def a_lapsed_subscription_still_reads(api: Api) -> Api:
    """A key of a team without a subscription is refused for writing only."""
    return _letting(api, "lapsed", lambda call: call.request.method == "GET")


@mutant("nextstep.authentication.lapsed-subscription")
def a_lapsed_subscription_still_publishes(api: Api) -> Api:
    """A key of a team without a subscription may publish templates."""
    return _letting(api, "lapsed", lambda call: call.operation.id == "publishProcessTemplate")


@mutant("nextstep.authentication.lapsed-subscription")
def a_lapsed_subscription_is_unauthorized(api: Api) -> Api:
    """A key of a team without a subscription is answered 401."""
    return stepped(api, authenticate=_renamed(api, "forbidden", "invalid-credential"))


@mutant("nextstep.authentication.lists-show-the-own-team")
def template_lists_show_the_first_team(api: Api) -> Api:
    """Every key lists the templates of the first team."""
    return _inside(api, "listProcessTemplates", lambda call: next(iter(_stores(call))))


@mutant("nextstep.authentication.lists-show-the-own-team")
def run_lists_show_the_first_team(api: Api) -> Api:
    """Every key lists the runs of the first team."""
    return _inside(api, "listProcessRuns", lambda call: next(iter(_stores(call))))


@mutant("nextstep.authentication.lists-show-the-own-team")
def a_filter_shows_every_team(api: Api) -> Api:
    """Runs filtered by another team's template are shown."""
    return _inside(api, "listProcessRuns", lambda call: _owner(call, "templates", call.arguments.get("template_id")))


@mutant("nextstep.authentication.foreign-objects-stay-hidden")
def templates_are_read_by_anybody(api: Api) -> Api:
    """Any key reads any team's template."""
    return _inside(api, "getProcessTemplate", lambda call: _owner(call, "templates", call.arguments["id"]))


@mutant("nextstep.authentication.foreign-objects-stay-hidden")
def template_tasks_are_listed_by_anybody(api: Api) -> Api:
    """Any key lists the tasks of any team's template."""
    return _inside(api, "listTemplateTasks", lambda call: _owner(call, "templates", call.arguments["id"]))


@mutant("nextstep.authentication.foreign-objects-stay-hidden")
def runs_are_read_by_anybody(api: Api) -> Api:
    """Any key reads any team's run."""
    return _inside(api, "getProcessRun", lambda call: _owner(call, "runs", call.arguments["id"]))


@mutant("nextstep.authentication.foreign-objects-stay-hidden")
def run_tasks_are_listed_by_anybody(api: Api) -> Api:
    """Any key lists the tasks of any team's run."""
    return _inside(api, "listRunTasks", lambda call: _owner(call, "runs", call.arguments["id"]))


@mutant("nextstep.authentication.foreign-objects-stay-hidden")
def tasks_are_read_by_anybody(api: Api) -> Api:
    """Any key reads any team's task."""
    return _inside(api, "getRunTask", lambda call: _owner(call, "runs", call.arguments["runId"]))


@mutant("nextstep.authentication.foreign-objects-stay-hidden")
def a_refusal_tells_the_title(api: Api) -> Api:
    """The refusal to show another team's run tells its title."""

    def get_run(call: Call) -> Reply:
        for store in _stores(call):
            run = store["runs"].get(call.arguments["id"])
            if run is not None and store is not call.store:
                raise Problem("forbidden", f"{run['title']} belongs to another team")
        return api.handlers["getProcessRun"](call)

    return handled(api, getProcessRun=get_run)


@mutant("nextstep.authentication.foreign-objects-stay-unchanged")
def templates_are_published_by_anybody(api: Api) -> Api:
    """Any key publishes and unpublishes any team's template."""
    return _inside(api, "publishProcessTemplate", lambda call: _owner(call, "templates", call.arguments["id"]))


@mutant("nextstep.authentication.foreign-objects-stay-unchanged")
def templates_are_run_by_anybody(api: Api) -> Api:
    """Any key starts runs of any team's template."""
    return _inside(api, "createProcessRun", lambda call: _owner(call, "templates", call.body["template_id"]))


@mutant("nextstep.authentication.foreign-objects-stay-unchanged")
def tasks_are_updated_by_anybody(api: Api) -> Api:
    """Any key updates any team's task."""
    return _inside(api, "updateRunTask", lambda call: _owner(call, "runs", call.arguments["runId"]))


@mutant("nextstep.authentication.foreign-objects-stay-unchanged")
def a_refused_update_is_done_elsewhere(api: Api) -> Api:
    """An update of another team's task is answered 404 and done all the same."""

    def update(call: Call) -> Reply:
        own, call.store = call.store, _owner(call, "runs", call.arguments["runId"])
        reply = api.handlers["updateRunTask"](call)
        return reply if call.store is own else _refuse("run-not-found")(call)

    return handled(api, updateRunTask=update)


@mutant("nextstep.authentication.keys-of-a-team-share")
def runs_belong_to_the_key_that_started_them(api: Api) -> Api:
    """A run that was started with one key is unknown to the others."""
    started: dict[str, str] = {}

    def create(call: Call) -> Reply:
        reply = api.handlers["createProcessRun"](call)
        started[decode(_bytes(reply))["data"]["id"]] = call.credential.token
        return reply

    def get_run(call: Call) -> Reply:
        if started.get(call.arguments["id"], call.credential.token) != call.credential.token:
            raise Problem("run-not-found")
        return api.handlers["getProcessRun"](call)

    return handled(api, createProcessRun=create, getProcessRun=get_run)


@mutant("nextstep.authentication.keys-of-a-team-share")
def only_the_first_key_writes(api: Api) -> Api:
    """Keys other than a team's first one may only read."""

    def authenticate(call: Call) -> Response | None:
        answer = api.steps.authenticate(call)
        first = next(c for c in call.world.credentials.values() if c.tenant == call.credential.tenant)
        if call.request.method != "GET" and call.credential != first:
            raise Problem("forbidden")
        return answer

    return stepped(api, authenticate=authenticate)


def _refuse(kind: str) -> Handler:
    def refuse(call: Call) -> Reply:
        raise Problem(kind)

    return refuse


def _as(call: Call, credential: Credential) -> Response | None:
    """Let a request pass as one with this credential."""
    call.credential = credential
    call.store = call.world.tenants[call.api.name][credential.tenant]
    return None


def _presented(call: Call) -> Credential | None:
    _, _, token = (call.request.header("authorization") or "").partition(" ")
    return call.world.credentials.get((call.api.name, token))


def _renamed(api: Api, kind: str, other: str) -> Step:
    """The authenticate step that raises another kind of problem in place of one."""

    def authenticate(call: Call) -> Response | None:
        try:
            return api.steps.authenticate(call)
        except Problem as problem:
            raise Problem(other if problem.kind == kind else problem.kind) from problem

    return authenticate


def _matching(api: Api, same: Callable[[str, str], bool]) -> Api:
    """Keys are not compared for equality."""

    def authenticate(call: Call) -> Response | None:
        _, _, key = (call.request.header("authorization") or "").partition(" ")
        if _presented(call) is None and key:
            for credential in call.world.credentials.values():
                if credential.state == "valid" and same(credential.token, key):
                    return _as(call, credential)
        return api.steps.authenticate(call)

    return stepped(api, authenticate=authenticate)


def _letting(api: Api, state: str, lets: Callable[[Call], bool]) -> Api:
    """Keys in a state that is to be refused are accepted for some calls."""

    def authenticate(call: Call) -> Response | None:
        known = _presented(call)
        if known is not None and known.state == state and lets(call):
            return _as(call, known)
        return api.steps.authenticate(call)

    return stepped(api, authenticate=authenticate)


def _stores(call: Call) -> list[Any]:
    return list(call.world.tenants[call.api.name].values())


def _owner(call: Call, collection: str, id: str | None) -> Any:
    """The store that has a record, whoever asks; the caller's own when none has."""
    return next((store for store in _stores(call) if store[collection].row(id) is not None), call.store)


def _inside(api: Api, operation: str, store: Callable[[Call], Any]) -> Api:
    """An operation that works in another store than the caller's."""

    def handler(call: Call) -> Reply:
        call.store = store(call)
        return api.handlers[operation](call)

    return handled(api, **{operation: handler})


def _bytes(reply: Reply) -> bytes:
    assert isinstance(reply.body, bytes), "only lists are cut into pages"
    return reply.body


def _error(code: Any, message: str) -> Any:
    return {"error": {"code": code, "message": message}}
