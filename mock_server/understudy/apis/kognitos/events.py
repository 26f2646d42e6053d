"""The actions of people in Kognitos' app, as events of the control API."""

from __future__ import annotations

from collections.abc import Callable

from understudy.apis.kognitos.life_cycle import ended, resumed, status_at, store_run, waiting
from understudy.apis.kognitos.records import FINAL, WAITING
from understudy.apis.kognitos.runs import shown_run
from understudy.engine.call import Call, Json
from understudy.engine.lookup import find_for_event
from understudy.engine.problem import Problem
from understudy.engine.store import Record


def end_run(outcome: str) -> Callable[[Call], Json]:
    """Return the event that ends a run with this outcome."""

    def end(call: Call) -> Json:
        return _changed(call, ended(_open_run(call), outcome, call.now))

    return end


def wait_for_person(call: Call) -> Json:
    """Raise an exception: the run waits for a person (Platform Capacities > Concurrency)."""
    run = _open_run(call)
    if status_at(run, call.now) == WAITING:
        raise Problem("refused", f"run {run['id']} waits for a person already")
    return _changed(call, waiting(run, _course(call, run), call.now))


def resume_run(call: Call) -> Json:
    """Answer the exception of a waiting run, which resumes."""
    run = _open_run(call)
    if status_at(run, call.now) != WAITING:
        raise Problem("refused", f"run {run['id']} waits for nobody")
    return _changed(call, resumed(run, _course(call, run), call.now))


def _open_run(call: Call) -> Record:
    """Find the run that an event names; it must not have ended."""
    run = find_for_event(call, "runs", call.body["run_id"], "run")
    state = status_at(run, call.now)
    if state in FINAL:
        raise Problem("refused", f"run {run['id']} is {state}")
    return run


def _changed(call: Call, run: Record) -> Json:
    store_run(call.store, run)
    return shown_run(call)(run)


def _course(call: Call, run: Record) -> Json:
    return call.store["processes"].require(run["process_id"])["course"]
