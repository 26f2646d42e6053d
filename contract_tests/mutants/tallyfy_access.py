"""Tallyfy with wrong doors: tokens, the client's name, organizations, envelopes, errors, limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from msgspec import structs

from contract_tests.mutants import handled, mutant, stepped
from contract_tests.mutants.changes import answered, before, listed, members, mistaken, refusing, respecified, showing
from mock_server.api import Api, Call, Problem, Refusal, Reply
from mock_server.exchange import Response
from mock_server.store import encode

Json = Any
COMMENT = "/paths/~1organizations~1{org_id}~1tasks~1{task_id}~1comment/post/x-rate-limit"


@mutant("tallyfy.authentication.bearer-key")
def a_valid_token_is_not_enough(api: Api) -> Api:
    """Who one is in an organization is not told to valid tokens."""
    return refusing(api, lambda call: True, "getOrganizationMe", kind="forbidden")


@mutant("tallyfy.authentication.missing-key")
def a_token_is_not_needed(api: Api) -> Api:
    """Without a token one is served as the default one."""
    return _letting_in(api, lambda call, problem: problem.kind == "missing-credential")


@mutant("tallyfy.authentication.unknown-key")
def any_token_will_do(api: Api) -> Api:
    """A token that does not exist is served as the default one."""
    return _letting_in(api, lambda call, problem: problem.kind == "invalid-credential" and _state(call) is None)


@mutant("tallyfy.authentication.revoked-key")
def an_ended_token_is_good(api: Api) -> Api:
    """A token that was ended is served."""
    return _letting_in(api, lambda call, problem: problem.kind == "invalid-credential" and _state(call) == "revoked")


@mutant("tallyfy.authentication.one-space")
def any_gap_will_do(api: Api) -> Api:
    """Whatever stands between Bearer and the token is overlooked."""

    def tidied(name: bytes, value: bytes) -> tuple[bytes, bytes]:
        if name != b"authorization" or not value.startswith(b"Bearer"):
            return name, value
        return name, b"Bearer " + value.removeprefix(b"Bearer").lstrip(b" \t,:=")

    return _reading(api, lambda call: tuple(tidied(*header) for header in call.request.headers))


@mutant("tallyfy.authentication.client-header")
def the_client_needs_no_name(api: Api) -> Api:
    """Requests are served whether they name their client or not."""
    name = b"x-tallyfy-client"
    return _reading(api, lambda call: ((name, b"anybody"), *(h for h in call.request.headers if h[0] != name)))


@mutant("tallyfy.authentication.any-client-name")
def only_one_client_is_known(api: Api) -> Api:
    """Only clients that call themselves APIClient are served."""

    def known(call: Call) -> Response | None:
        if call.request.header("x-tallyfy-client") != "APIClient":
            raise Problem("missing-client")
        return api.steps.authenticate(call)

    return stepped(api, authenticate=known)


@mutant("tallyfy.authentication.foreign-organization")
def the_organization_is_overlooked(api: Api) -> Api:
    """Whatever organization is named, one's own is meant."""
    return _letting_in(api, lambda call, problem: problem.kind == "foreign-organization")


@mutant("tallyfy.authentication.lists-show-the-own-team")
def lists_show_everything(api: Api) -> Api:
    """The list of tasks holds those of all organizations."""

    def everything(call: Call) -> Reply:
        rows = [
            {k: v for k, v in task.items() if k != "_"} for store in call.tenants.values() for task in store["tasks"]
        ]
        return Reply(listed(rows))

    return handled(api, listTasks=everything)


@mutant("tallyfy.authentication.foreign-objects-stay-hidden")
def any_task_is_shown(api: Api) -> Api:
    """A task is found in whatever organization it is."""
    return before(api, lambda call: _elsewhere(call, "tasks", call.arguments["task_id"]), "getTask")


@mutant("tallyfy.authentication.foreign-objects-stay-unchanged")
def any_process_is_changed(api: Api) -> Api:
    """A process is changed in whatever organization it is."""
    return before(api, lambda call: _elsewhere(call, "runs", call.arguments["run_id"]), "updateRun")


@mutant("tallyfy.envelope.single")
def a_process_is_answered_bare(api: Api) -> Api:
    """A process that is read is not under `data`."""
    return _answering(api, "getRun", lambda body: body["data"])


@mutant("tallyfy.envelope.list")
def a_list_is_called_runs(api: Api) -> Api:
    """The processes are under `runs`."""
    return _answering(api, "listRuns", lambda body: {"runs": body["data"], "meta": body["meta"]})


@mutant("tallyfy.envelope.list")
def a_list_has_no_meta(api: Api) -> Api:
    """A page of tasks does not tell its pagination."""
    return _answering(api, "listTasks", lambda body: {"data": body["data"]})


@mutant("tallyfy.envelope.error")
def errors_are_called_problems(api: Api) -> Api:
    """An error has neither a message nor errors."""
    return replace(api, error_body=lambda call, refusal: {"problem": refusal.message})


@mutant("tallyfy.envelope.timestamps")
def times_have_an_offset(api: Api) -> Api:
    """The times of a process end in +00:00."""
    return showing(api, lambda call, run: {**run, "created_at": run["created_at"].replace("Z", "+00:00")}, "getRun")


@mutant("tallyfy.envelope.same-in-list-and-single")
def listed_names_are_shouted(api: Api) -> Api:
    """In the list the names of processes are in capitals."""
    return showing(api, lambda call, run: {**run, "name": run["name"].upper()}, "listRuns")


@mutant("tallyfy.envelope.ids")
def people_are_texts(api: Api) -> Api:
    """Who started a process is told as a text."""
    return showing(api, lambda call, run: {**run, "started_by": str(run["started_by"])}, "getRun", "listRuns")


@mutant("tallyfy.envelope.ids")
def numbers_are_given_twice(api: Api) -> Api:
    """All processes of a list have one number."""
    return showing(api, members(increment_id=1), "listRuns")


@mutant("tallyfy.errors.unknown-path")
def an_unknown_path_is_a_resource(api: Api) -> Api:
    """The code of an unknown path is that of an unknown object."""
    return respecified(api, "/x-errors/unknown-route/code", "RESOURCE_NOT_FOUND")


@mutant("tallyfy.errors.unknown-path")
def an_unknown_path_is_told_otherwise(api: Api) -> Api:
    """The message of an unknown path is another one."""
    return respecified(api, "/x-errors/unknown-route/message", "Not Found")


@mutant("tallyfy.errors.unknown-object")
def an_unknown_object_has_no_code(api: Api) -> Api:
    """The 404 of an object has no code."""
    return respecified(api, "/x-errors/not-found/code", "")


@mutant("tallyfy.errors.by-member")
def errors_are_not_by_member(api: Api) -> Api:
    """A 422 tells its message only."""
    return replace(api, error_body=lambda call, refusal: {"error": True, "message": refusal.message})


@mutant("tallyfy.errors.by-member")
def only_the_first_error_is_told(api: Api) -> Api:
    """A 422 tells only one of the members that are wrong."""

    def first(call: Call, refusal: Refusal) -> Json:
        return api.error_body(call, refusal._replace(fields=dict(list(refusal.fields.items())[:1])))

    return replace(api, error_body=first)


@mutant("tallyfy.me.same-person")
def everybody_is_somebody_else(api: Api) -> Api:
    """In an organization one has another number."""
    return showing(api, lambda call, person: {**person, "id": person["id"] + 1}, "getOrganizationMe")


@mutant("tallyfy.me.organizations")
def foreign_organizations_are_listed(api: Api) -> Api:
    """The list of one's organizations holds all there are."""

    def everything(call: Call) -> Reply:
        return Reply(listed([record for store in call.tenants.values() for record in store["organization"]]))

    return handled(api, listMyOrganizations=everything)


@mutant("tallyfy.rate-limit.retry-after-is-told")
def a_429_does_not_say_how_long(api: Api) -> Api:
    """A 429 has no `Retry-After`."""
    return _waiting(api, lambda seconds: None)


@mutant("tallyfy.rate-limit.retry-after-is-told")
def the_wait_is_told_in_words(api: Api) -> Api:
    """The wait is not a whole number."""
    return _waiting(api, lambda seconds: f"{seconds}.5")


@mutant("tallyfy.comments.hourly-limit")
def one_comment_more_is_accepted(api: Api) -> Api:
    """An organization makes 121 comments within an hour."""
    return respecified(api, f"{COMMENT}/requests", 121)


@mutant("tallyfy.comments.hourly-limit")
def one_comment_less_is_accepted(api: Api) -> Api:
    """The 120th comment within an hour is refused."""
    return respecified(api, f"{COMMENT}/requests", 119)


@mutant("tallyfy.comments.hourly-limit")
def too_many_comments_have_no_code(api: Api) -> Api:
    """The 429 of comments has no code."""
    return respecified(api, "/x-errors/comments-limited/code", "")


@mutant("tallyfy.comments.after-the-wait")
def the_wait_is_told_too_short(api: Api) -> Api:
    """`Retry-After` is one second, and the limit lasts longer."""
    return _waiting(api, lambda seconds: "1")


@mutant("tallyfy.comments.limit-per-organization")
def every_member_has_a_limit(api: Api) -> Api:
    """Comments are limited for each token."""
    return respecified(api, f"{COMMENT}/per", "credential")


@mutant("tallyfy.comments.limit-per-organization")
def all_organizations_share_a_limit(api: Api) -> Api:
    """Comments of all organizations count together."""

    def together(call: Call) -> Response | None:
        own = call.credential
        call.credential = own._replace(tenant="all")
        try:
            return api.steps.admit(call)
        finally:
            call.credential = own

    return stepped(api, admit=together)


@mutant("tallyfy.comments.unknown-task")
def a_comment_on_nothing_is_invalid(api: Api) -> Api:
    """Commenting on a task that does not exist is 422."""
    return mistaken(api, "not-found", "invalid", "addComment")


def _answering(api: Api, operation: str, change: Callable[[Json], Json]) -> Api:
    def answer(call: Call) -> Reply:
        return Reply(encode(change(answered(call, api.handlers[operation](call)))))

    return handled(api, **{operation: answer})


def _letting_in(api: Api, when: Callable[[Call, Problem], bool]) -> Api:
    """Who should be refused is served as the default token."""

    def let_in(call: Call) -> Response | None:
        try:
            return api.steps.authenticate(call)
        except Problem as problem:
            if not when(call, problem):
                raise
            call.credential = next(
                c for c in call.world.credentials.values() if c.api == api.name and c.state == "valid"
            )
            call.store = call.tenants[call.credential.tenant]
            return None

    return stepped(api, authenticate=let_in)


def _reading(api: Api, headers: Callable[[Call], tuple[tuple[bytes, bytes], ...]]) -> Api:
    """Requests are read as if they had other headers."""

    def read(call: Call) -> Response | None:
        call.request = structs.replace(call.request, headers=headers(call))
        return api.steps.authenticate(call)

    return stepped(api, authenticate=read)


def _waiting(api: Api, told: Callable[[str], str | None]) -> Api:
    """A 429 tells another wait."""

    def admit(call: Call) -> Response | None:
        try:
            return api.steps.admit(call)
        except Problem as problem:
            text = told(dict(problem.headers)[b"retry-after"].decode())
            headers = () if text is None else ((b"retry-after", text.encode()),)
            raise Problem(problem.kind, headers=headers) from problem

    return stepped(api, admit=admit)


def _state(call: Call) -> str | None:
    token = (call.request.header("authorization") or "").removeprefix("Bearer ")
    credential = call.world.credentials.get((call.api.name, token))
    return credential.state if credential else None


def _elsewhere(call: Call, collection: str, id: str) -> None:
    call.store = next((store for store in call.tenants.values() if store[collection].row(id)), call.store)
