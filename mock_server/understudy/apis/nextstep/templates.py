"""The operations on NextStep's process templates.

Source: the page Process Templates. Documented behaviour is a rule in `openapi/nextstep.yaml`, the rest
an assumption there.
"""

from __future__ import annotations

from understudy.apis.nextstep.editions import Edition, edition
from understudy.apis.nextstep.envelope import single
from understudy.engine.call import Call, Reply
from understudy.engine.clock import rfc3339
from understudy.engine.problem import Problem
from understudy.engine.store import ComputedListing, encode


def list_template_tasks(call: Call) -> Reply:
    """GET /process-templates/{id}/tasks: by position."""
    call.find_shared("templates", call.arguments["id"])
    definition = call.store["definitions"].require(call.arguments["id"])
    return Reply(_served_tasks(edition(call.store, definition["edition"]), call))


def publish_template(call: Call) -> Reply:
    """POST /process-templates/{id}/publish: publishes or unpublishes (Process Runs > Create a Run)."""
    template = call.find("templates", call.arguments["id"])
    wanted = (call.body or {}).get("published")
    if wanted is None:
        if call.assumed("nextstep.templates.publish-without-flag") == "reject":
            raise Problem("invalid", "published is required")
        wanted = True
    if wanted == template["is_published"]:
        if call.assumed("nextstep.templates.republish") == "reject":
            raise Problem("invalid", f"The template is already {'published' if wanted else 'unpublished'}")
        return Reply(single(encode(template)))
    template |= {"is_published": wanted, "updated_at": rfc3339(call.now)}
    if wanted:
        template["version"] += call.assumed("nextstep.templates.version-step")
        definition = call.store["definitions"].require(template["id"])
        call.store["definitions"].put({**definition, "live": definition["edition"]})
    return Reply(single(call.store["templates"].put(template)))


def _served_tasks(edition: Edition, call: Call) -> ComputedListing:
    """The served tasks of an edition, by position."""
    runner = call.assumed("nextstep.templates.workflow-runner")

    def render(position: int) -> bytes:
        task = edition.tasks[position]
        return encode({**task, "assignee": runner} if position in edition.runner_positions else task)

    ids = [task["id"] for task in edition.tasks]
    return ComputedListing(len(ids), render, ids.__getitem__, edition.positions.get)
