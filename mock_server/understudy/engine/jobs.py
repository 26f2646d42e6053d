"""Jobs and events: calls without a request. A job is run by the world's clock, an event by the control API.

Must not know any API.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping

from understudy.engine.api import Api
from understudy.engine.call import Call, Json
from understudy.engine.credential import Credential
from understudy.engine.exchange import Exchange, Request, Response
from understudy.engine.store import encode
from understudy.engine.world import Job, World


def run_due_jobs(world: World, apis: Mapping[str, Api], now: int) -> None:
    """Run the jobs scheduled for `now` (milliseconds) or earlier, in order, each at its own time.

    A job that raises stays scheduled and is retried on the next run; the journal records each failed attempt.
    """
    failed = []
    while world.jobs and world.jobs[0].at <= now:
        job = world.take_job()
        try:
            call = internal_call(world, apis[job.api], job.tenant, job.payload)
            call.now = job.at
            apis[job.api].timers[job.timer].run(call)
        except Exception:  # a programmer's error: it must not fail the present request
            failed.append(job)
            _record_failure(world, job, traceback.format_exc())
    for job in failed:
        world.schedule(job.at, job.api, job.tenant, job.timer, job.payload)


def internal_call(world: World, api: Api, tenant: str, body: Json) -> Call:
    """A Call without a request, in the name of a tenant."""
    call = Call(Request("", ""), world, api.contract)
    call.store = world.tenants[api.name][tenant]
    call.credential = Credential("", api.name, tenant)
    call.body = body
    return call


def _record_failure(world: World, job: Job, error: str) -> None:
    """Record the traceback of a failed job in the journal, as an exchange with the method TIMER."""
    world.journal.count += 1
    request = Request("TIMER", job.timer, body=encode(job.payload))
    number = world.journal.count
    failure = Exchange(number, world.id, job.api, None, job.at, request, Response(500), "run", "internal", (), error)
    world.journal.append(failure)
