"""Jobs: what an API does by itself at a time of the world's clock, and what a person does in the vendor's own app.

Neither comes with a request: `internal_call` makes the Call. Must not know any API.
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
    """Run each job whose time is `now` (milliseconds) or earlier, in order, each at its own time.

    A job that raises stays scheduled, for another attempt the next time; the journal records each failed attempt.
    """
    failed = []
    while world.due and world.due[0].at <= now:
        job = world.take_job()
        try:
            call = internal_call(world, apis[job.api], job.tenant, job.payload)
            call.now = job.at
            apis[job.api].timers[job.timer].run(call)
        except Exception:  # a programmer's error: the request that comes now is not to blame
            failed.append(job)
            _record_failure(world, job, traceback.format_exc())
    for job in failed:
        world.schedule(job.at, job.api, job.tenant, job.timer, job.payload)


def internal_call(world: World, api: Api, tenant: str, body: Json) -> Call:
    """A Call that no request came for, in the name of a tenant."""
    call = Call(Request("", ""), world, api.contract)
    call.store = world.tenants[api.name][tenant]
    call.credential = Credential("", api.name, tenant)
    call.body = body
    return call


def _record_failure(world: World, job: Job, error: str) -> None:
    """Keep the traceback of a job that raised in the journal, as an exchange that no client sent."""
    world.journal.count += 1
    request = Request("TIMER", job.timer, body=encode(job.payload))
    number = world.journal.count
    failure = Exchange(number, world.id, job.api, None, job.at, request, Response(500), "run", "internal", (), error)
    world.journal.keep(failure)
