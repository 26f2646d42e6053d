"""The operations on Kognitos' processes, and how a request finds its agent and process.

Source: the page Processes.
"""

from __future__ import annotations

from understudy.apis.kognitos.errors import missing
from understudy.engine.call import Call, Reply
from understudy.engine.paging import descending
from understudy.engine.problem import Problem
from understudy.engine.store import ProjectedListing, Record, decode, encode


def list_processes(call: Call) -> Reply:
    """GET /processes."""
    agent_id = find_agent(call, call.arguments["agent_id"])
    listing = call.store["processes"].listing(agent_id, descending=descending(call))
    return Reply(ProjectedListing(listing, lambda row: _projection(decode(row))))


def get_process(call: Call) -> Reply:
    """GET /processes/{process_id}."""
    return Reply(_projection(find_process(call, call.arguments["agent_id"], call.arguments["process_id"])))


def find_agent(call: Call, id: str) -> str:
    """Return the id of an existing agent; raises Problem out-of-scope, agent-not-found, invalid or forbidden."""
    if call.credential.scope not in (None, id):
        raise Problem("out-of-scope")
    if call.store["agents"].row(id) is None:
        raise missing(call, "agents", id, "agent-not-found")
    return id


def find_process(call: Call, agent_id: str, id: str) -> Record:
    """Find a process of an agent; raises the Problems of `find_agent`, and process-not-found."""
    find_agent(call, agent_id)
    process = call.store["processes"].get(id)
    if process is None:
        raise missing(call, "processes", id, "process-not-found")
    if process["agent_id"] != agent_id:
        raise Problem("process-not-found")
    return process


def _projection(process: Record) -> bytes:
    return encode({name: process[name] for name in ("id", "agent_id", "name", "stage")})
