"""Kognitos with keys that open too much or too little."""

from __future__ import annotations

from typing import Any

from contract_tests.mutants import mutant, stepped
from contract_tests.mutants.changes import before, happening, refusing
from mock_server.api import Api, Call, Credential, Problem
from mock_server.exchange import Response

READING = ("listRuns", "getRun", "listProcesses", "getProcess")
ALL = (*READING, "createRun", "createFile")


@mutant("kognitos.authentication.valid-key")
def processes_need_another_key(api: Api) -> Api:
    """No key reads a process."""
    return refusing(api, lambda call: True, "getProcess", kind="invalid-credential")


@mutant("kognitos.authentication.missing-key")
def no_key_is_needed(api: Api) -> Api:
    """Without a key a request is the first organization's."""
    return _letting_in(api, lambda call, given: not given)


@mutant("kognitos.authentication.missing-key")
def runs_are_started_without_a_key(api: Api) -> Api:
    """A run is started before the key is asked for."""

    def authenticate(call: Call) -> Response | None:
        if call.request.method == "POST" and call.operation.secured and not call.request.header("x-api-key"):
            return _as_first(call)
        return api.steps.authenticate(call)

    return stepped(api, authenticate=authenticate)


@mutant("kognitos.authentication.unknown-key")
def every_key_is_good(api: Api) -> Api:
    """Any text is a key of the first organization."""
    return _letting_in(api, lambda call, given: given and ("kognitos", given) not in call.world.credentials)


@mutant("kognitos.authentication.unknown-key")
def the_end_of_a_key_does_not_count(api: Api) -> Api:
    """A key is good when it begins with a valid one."""
    return _letting_in(
        api,
        lambda call, given: any(given.startswith(token) for _, token in call.world.credentials) and given,
    )


@mutant("kognitos.authentication.revoked-key")
def deleted_keys_still_read(api: Api) -> Api:
    """A deleted key still reads."""
    return _letting_in(api, lambda call, given: call.request.method == "GET" and _is_revoked(call, given))


@mutant("kognitos.authentication.revoked-key")
def deleted_keys_still_write(api: Api) -> Api:
    """A deleted key still starts runs."""
    return _letting_in(api, lambda call, given: call.request.method == "POST" and _is_revoked(call, given))


@mutant("kognitos.authentication.revocation-is-immediate")
def deleting_a_key_does_nothing(api: Api) -> Api:
    """A key that is deleted stays good."""
    return happening(api, "revoke-key", lambda original, call: {})


@mutant("kognitos.authentication.lists-show-the-own-organization")
def lists_show_other_organizations(api: Api) -> Api:
    """The lists of another organization's agent and process are shown."""
    return before(api, _wherever, "listRuns", "listProcesses")


@mutant("kognitos.authentication.foreign-objects-stay-hidden")
def foreign_runs_are_read(api: Api) -> Api:
    """A run is read by its id, whosever it is."""

    def anywhere(call: Call) -> None:
        call.store = call.owner("runs", call.arguments["run_id"]) or call.store

    return before(api, anywhere, "getRun")


@mutant("kognitos.authentication.foreign-objects-stay-hidden")
def foreign_processes_are_read(api: Api) -> Api:
    """A process is read by its id and its agent's, whosever it is."""
    return before(api, _wherever, "getProcess")


@mutant("kognitos.authentication.foreign-objects-stay-unchanged")
def foreign_processes_are_started(api: Api) -> Api:
    """A run of another organization's process is started."""

    def anywhere(call: Call) -> None:
        call.store = call.owner("agents", call.body["agent_id"]) or call.store

    return before(api, anywhere, "createRun")


@mutant("kognitos.authentication.foreign-objects-stay-unchanged")
def files_are_made_for_foreign_agents(api: Api) -> Api:
    """A file is made for another organization's agent."""

    def anywhere(call: Call) -> None:
        call.store = call.owner("agents", call.body.get("agent_id", "")) or call.store

    return before(api, anywhere, "createFile")


@mutant("kognitos.authentication.keys-of-an-organization-share")
def runs_belong_to_a_key(api: Api) -> Api:
    """Only the organization's first key reads runs."""
    return refusing(api, lambda call: call.credential != _first(call), "getRun", kind="run-not-found")


@mutant("kognitos.authentication.keys-of-an-organization-share")
def only_the_first_key_starts_runs(api: Api) -> Api:
    """Only the organization's first key starts runs."""
    return refusing(api, lambda call: call.credential != _first(call), "createRun", kind="forbidden")


@mutant("kognitos.authentication.agent-key-works-on-its-agent")
def keys_of_an_agent_list_nothing(api: Api) -> Api:
    """A key of one agent lists no runs."""
    return refusing(api, _is_scoped, "listRuns", kind="forbidden")


@mutant("kognitos.authentication.agent-key-works-on-its-agent")
def keys_of_an_agent_only_read(api: Api) -> Api:
    """A key of one agent starts no runs."""
    return refusing(api, _is_scoped, "createRun", kind="forbidden")


@mutant("kognitos.authentication.agent-key-works-on-its-agent")
def keys_of_an_agent_make_no_files(api: Api) -> Api:
    """A key of one agent makes no files."""
    return refusing(api, _is_scoped, "createFile", kind="forbidden")


@mutant("kognitos.authentication.agent-key-stays-with-its-agent")
def keys_of_an_agent_read_everything(api: Api) -> Api:
    """A key of one agent reads what is any agent's."""
    return before(api, _unscoped, *READING)


@mutant("kognitos.authentication.agent-key-stays-with-its-agent")
def keys_of_an_agent_read_every_run(api: Api) -> Api:
    """A key of one agent reads any run by its id."""
    return before(api, _unscoped, "getRun")


@mutant("kognitos.authentication.agent-key-stays-with-its-agent")
def keys_of_an_agent_start_everything(api: Api) -> Api:
    """A key of one agent starts runs for any agent."""
    return before(api, _unscoped, "createRun")


@mutant("kognitos.authentication.agent-key-stays-with-its-agent")
def keys_of_an_agent_make_all_files(api: Api) -> Api:
    """A key of one agent makes files for any agent."""
    return before(api, _unscoped, "createFile")


def _letting_in(api: Api, when: Any) -> Api:
    """The API that takes some callers for the first organization's."""

    def authenticate(call: Call) -> Response | None:
        try:
            return api.steps.authenticate(call)
        except Problem:
            if when(call, call.request.header("x-api-key") or ""):
                return _as_first(call)
            raise

    return stepped(api, authenticate=authenticate)


def _first(call: Call) -> Credential:
    return next(c for c in call.world.credentials.values() if c.api == "kognitos")


def _as_first(call: Call) -> Response | None:
    call.credential = _first(call)
    call.store = call.world.tenants["kognitos"][call.credential.tenant]
    return None


def _is_revoked(call: Call, given: str) -> bool:
    credential = call.world.credentials.get(("kognitos", given))
    return credential is not None and credential.state == "revoked"


def _is_scoped(call: Call) -> bool:
    return call.credential.scope is not None


def _unscoped(call: Call) -> None:
    call.credential = call.credential._replace(scope=None)


def _wherever(call: Call) -> None:
    call.store = call.owner("agents", call.arguments["agent_id"]) or call.store
