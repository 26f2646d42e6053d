"""Mutants of Kognitos' keys: keys that allow too much or too little."""

from __future__ import annotations

from understudy.engine.call import Call
from understudy_checks.mutation import Table
from understudy_checks.mutation.operators import as_tenant, ignore_event, on_request, owner, reject_when
from understudy_checks.mutation.steps import accept_as_first, accept_similar, accept_state, first, presented

READING = ("listRuns", "getRun", "listProcesses", "getProcess")


def is_another_key(call: Call) -> bool:
    """Return whether a call is made with a key other than the first."""
    return call.credential != first(call)


def is_scoped(call: Call) -> bool:
    """Return whether a call is made with a key of one agent."""
    return call.credential.scope is not None


def _widen_the_key(call: Call) -> None:
    call.credential = call.credential._replace(scope=None)


MUTANTS: Table = {
    "authentication.valid-key": {
        "No key reads a process.": reject_when("getProcess", lambda call: True, "invalid-credential"),
    },
    "authentication.missing-key": {
        "Without a key a request is the first organization's.": accept_as_first("missing-credential"),
        "Runs and files are created without a key.": accept_as_first(
            "missing-credential", when=lambda call: call.request.method == "POST"
        ),
    },
    "authentication.unknown-key": {
        "Any text is a key of the first organization.": accept_as_first(
            "invalid-credential", when=lambda call: presented(call) is None
        ),
        "A key is good when it begins with a valid one.": accept_similar(lambda token, key: key.startswith(token)),
    },
    "authentication.revoked-key": {
        "A deleted key still reads.": accept_state("revoked", when=lambda call: call.request.method == "GET"),
        "A deleted key still starts runs.": accept_state("revoked", when=lambda call: call.request.method == "POST"),
    },
    "authentication.revocation-is-immediate": {
        "A key that is deleted stays good.": ignore_event("revoke-key"),
    },
    "authentication.lists-show-the-own-organization": {
        "The lists of another organization's agent and process are shown.": as_tenant(
            ("listRuns", "listProcesses"), owner("agents", "agent_id")
        ),
    },
    "authentication.foreign-objects-stay-hidden": {
        "Any key reads any organization's run.": as_tenant("getRun", owner("runs", "run_id")),
        "Any key reads any organization's process.": as_tenant("getProcess", owner("agents", "agent_id")),
    },
    "authentication.foreign-objects-stay-unchanged": {
        "A run of another organization's process is started.": as_tenant("createRun", owner("agents", "agent_id")),
        "A file is made for another organization's agent.": as_tenant("createFile", owner("agents", "agent_id")),
    },
    "authentication.keys-of-an-organization-share": {
        "Only the organization's first key reads runs.": reject_when("getRun", is_another_key, "run-not-found"),
        "Only the organization's first key starts runs.": reject_when("createRun", is_another_key, "forbidden"),
    },
    "authentication.agent-key-works-on-its-agent": {
        "A key of one agent lists no runs.": reject_when("listRuns", is_scoped, "forbidden"),
        "A key of one agent starts no runs.": reject_when("createRun", is_scoped, "forbidden"),
        "A key of one agent makes no files.": reject_when("createFile", is_scoped, "forbidden"),
    },
    "authentication.agent-key-stays-with-its-agent": {
        "A key of one agent reads all agents' runs and processes.": on_request(READING, _widen_the_key),
        "A key of one agent reads any run by its id.": on_request("getRun", _widen_the_key),
        "A key of one agent starts runs for any agent.": on_request("createRun", _widen_the_key),
        "A key of one agent makes files for any agent.": on_request("createFile", _widen_the_key),
    },
}
