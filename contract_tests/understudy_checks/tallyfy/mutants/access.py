"""Mutants of Tallyfy's access: tokens, client header, organizations, envelopes, errors, limits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import structs

from understudy.engine.api import Step
from understudy.engine.call import Call, Handler, Reply
from understudy.engine.exchange import Response
from understudy.engine.problem import Problem
from understudy_checks.mutation import Breakage, Table
from understudy_checks.mutation.operators import (
    as_tenant,
    listing,
    map_answer,
    map_error,
    owner,
    patch_document,
    reject_when,
    replace_handler,
    replace_step,
    set_members,
    swap_error,
    without,
)
from understudy_checks.mutation.steps import accept_as_first, accept_state, count_for, map_retry_after, presented

COMMENT = "/paths/~1organizations~1{org_id}~1tasks~1{task_id}~1comment/post/x-rate-limit"
INVITE = "/paths/~1organizations~1{org_id}~1guests/post/x-rate-limit"
ERRORS = "/x-errors"
Headers = tuple[tuple[bytes, bytes], ...]


def reads_headers(change: Callable[[Headers], Headers]) -> Breakage:
    """Read requests as if they had other headers."""

    def authenticate(step: Step, call: Call) -> Response | None:
        call.request = structs.replace(call.request, headers=change(call.request.headers))
        return step(call)

    return replace_step("authenticate", authenticate)


def _ignore_the_gap(headers: Headers) -> Headers:
    return tuple(
        (name, b"Bearer " + value.removeprefix(b"Bearer").lstrip(b" \t,:="))
        if name == b"authorization" and value.startswith(b"Bearer")
        else (name, value)
        for name, value in headers
    )


def _name_the_client(headers: Headers) -> Headers:
    name = b"x-tallyfy-client"
    return ((name, b"anybody"), *(header for header in headers if header[0] != name))


def _refuse_other_clients(step: Step, call: Call) -> Response | None:
    if call.request.header("x-tallyfy-client") != "APIClient":
        raise Problem("missing-client")
    return step(call)


def _list_all_tasks(handler: Handler, call: Call) -> Reply:
    return Reply(listing([without(task, "_") for store in call.tenants.values() for task in store["tasks"]]))


def _list_all_organizations(handler: Handler, call: Call) -> Reply:
    return Reply(listing([record for store in call.tenants.values() for record in store["organization"]]))


def _show_the_first_member(refusal: Any, body: Any) -> Any:
    return {**body, "errors": dict(list(body["errors"].items())[:1])} if "errors" in body else body


MUTANTS: Table = {
    "authentication.bearer-key": {
        "Reading oneself in an organization is forbidden to every token.": reject_when(
            "getOrganizationMe", lambda call: True, "forbidden"
        ),
    },
    "authentication.missing-key": {
        "A request without a token is served as one with the first token.": accept_as_first("missing-credential"),
    },
    "authentication.unknown-key": {
        "An unknown token is served as the first one.": accept_as_first(
            "invalid-credential", when=lambda call: presented(call) is None
        ),
    },
    "authentication.revoked-key": {
        "A revoked token is accepted.": accept_state("revoked"),
    },
    "authentication.one-space": {
        "Spaces, commas and colons may stand between Bearer and the token.": reads_headers(_ignore_the_gap),
    },
    "authentication.client-header": {
        "A request without `X-Tallyfy-Client` is served.": reads_headers(_name_the_client),
    },
    "authentication.any-client-name": {
        "Only clients that call themselves APIClient are served.": replace_step("authenticate", _refuse_other_clients),
    },
    "authentication.foreign-organization": {
        "A path of a foreign organization is served with the first token's data.": accept_as_first(
            "foreign-organization"
        ),
    },
    "authentication.lists-show-the-own-team": {
        "The list of tasks holds those of all organizations.": replace_handler("listTasks", _list_all_tasks),
    },
    "authentication.foreign-objects-stay-hidden": {
        "Any token reads any organization's task.": as_tenant("getTask", owner("tasks", "task_id")),
    },
    "authentication.foreign-objects-stay-unchanged": {
        "Any token updates any organization's process.": as_tenant("updateRun", owner("runs", "run_id")),
    },
    "envelope.single": {
        "A process that is read is not under `data`.": map_answer("getRun", lambda call, body: body["data"]),
    },
    "envelope.list": {
        "The processes are under `runs`.": map_answer(
            "listRuns", lambda call, page: {"runs": page["data"], "meta": page["meta"]}
        ),
        "A page of tasks has no `meta`.": map_answer("listTasks", lambda call, page: {"data": page["data"]}),
    },
    "envelope.error": {
        "An error has neither a message nor errors.": map_error(lambda refusal, body: {"problem": refusal.message}),
    },
    "envelope.timestamps": {
        "The `created_at` of a process ends in +00:00.": set_members(
            "getRun", created_at=lambda run: run["created_at"].replace("Z", "+00:00")
        ),
    },
    "envelope.same-in-list-and-single": {
        "In the list the names of processes are in capitals.": set_members(
            "listRuns", name=lambda run: run["name"].upper()
        ),
    },
    "envelope.ids": {
        "`started_by` is a text.": set_members(("getRun", "listRuns"), started_by=lambda run: str(run["started_by"])),
        "All processes of a list have the same `increment_id`.": set_members("listRuns", increment_id=1),
    },
    "errors.unknown-path": {
        "The code of an unknown path is that of an unknown object.": patch_document(
            f"{ERRORS}/unknown-route/code", "RESOURCE_NOT_FOUND"
        ),
        "The message of an unknown path is another one.": patch_document(
            f"{ERRORS}/unknown-route/message", "Not Found"
        ),
    },
    "errors.unknown-object": {
        "The 404 of an object has no code.": patch_document(f"{ERRORS}/not-found/code", ""),
    },
    "errors.by-member": {
        "A 422 has a message and no `errors`.": map_error(
            lambda refusal, body: {"error": True, "message": refusal.message}
        ),
        "A 422 names only one of the members that are wrong.": map_error(_show_the_first_member),
    },
    "me.same-person": {
        "The `id` of a person in an organization is not that of `GET /me`.": set_members(
            "getOrganizationMe", id=lambda person: person["id"] + 1
        ),
    },
    "me.organizations": {
        "The list of one's own organizations holds all organizations.": replace_handler(
            "listMyOrganizations", _list_all_organizations
        ),
    },
    "rate-limit.retry-after-is-told": {
        "A 429 has no `Retry-After`.": map_retry_after(lambda seconds: None),
        "`Retry-After` is not a whole number.": map_retry_after(lambda seconds: f"{seconds}.5"),
    },
    "comments.hourly-limit": {
        "An organization makes 121 comments within an hour.": patch_document(f"{COMMENT}/requests", 121),
        "The 120th comment within an hour is refused.": patch_document(f"{COMMENT}/requests", 119),
        "The 429 of comments has no code.": patch_document(f"{ERRORS}/comments-limited/code", ""),
    },
    "guests.hourly-limit": {
        "An organization invites 31 guests within an hour.": patch_document(f"{INVITE}/requests", 31),
        "The 30th guest within an hour is refused.": patch_document(f"{INVITE}/requests", 29),
        "The 429 of guests has no code.": patch_document(f"{ERRORS}/guests-limited/code", ""),
    },
    "comments.after-the-wait": {
        "`Retry-After` is one second, and the limit lasts longer.": map_retry_after(lambda seconds: "1"),
    },
    "comments.limit-per-organization": {
        "Comments are limited for each token.": patch_document(f"{COMMENT}/per", "credential"),
        "Comments of all organizations count together.": count_for(lambda call: call.credential._replace(tenant="all")),
    },
    "comments.unknown-task": {
        "Commenting on a task that does not exist is 422.": swap_error("addComment", "not-found", "invalid"),
    },
}
