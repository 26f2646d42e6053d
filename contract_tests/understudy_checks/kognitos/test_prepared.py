"""Kognitos' rules about what people do in the app, checked on runs that a person prepared there."""

from __future__ import annotations

from typing import Any

from understudy_checks.client import Client
from understudy_checks.kognitos.driver import (
    FINAL_STATUSES,
    await_final_status,
    is_final,
    listed_run,
    shows_no_outputs,
    start_run,
)
from understudy_checks.prepared import prepared, read_prepared
from understudy_checks.rules import rule
from understudy_checks.target.target import Target
from understudy_checks.wording import show

Json = Any
AN_HOUR_OR_MORE = 4000.0
"""The seconds that pass after an event, where nobody has to wait for them."""


@rule("kognitos.life-cycle.cancelled")
def test_a_prepared_run_is_cancelled(target: Target) -> None:
    """A run that a person cancelled is Cancelled, by its id and in the list."""
    _assert_status(target, "cancelled_run", "cancel-run", "Cancelled")


@rule("kognitos.life-cycle.failed")
def test_a_prepared_run_failed(target: Target) -> None:
    """A run that hit an error is Failed, by its id and in the list."""
    _assert_status(target, "failed_run", "fail-run", "Failed")


@rule("kognitos.life-cycle.timed-out")
def test_a_prepared_run_timed_out(target: Target) -> None:
    """A run that took longer than it may is TimedOut, by its id and in the list."""
    _assert_status(target, "timed_out_run", "time-out-run", "TimedOut")


@rule("kognitos.life-cycle.waits-for-a-person")
def test_a_prepared_waiting_run_is_not_over(target: Target) -> None:
    """A run that waits for a person has no final status and no outputs, by its id and in the list."""
    with target.open() as client:
        run = _run(client, "waiting_run", "wait-for-person")
        for shown in (run, listed_run(client, run)):
            assert (got := shown["status"]) not in FINAL_STATUSES, (
                f"a run that waits for a person must not have a final status, but it is {show(got)}"
            )
            with client.about("kognitos.life-cycle.outputs-follow-success"):
                assert shows_no_outputs(shown), (
                    f"a run that waits for a person must show no outputs, not {show(shown.get('outputs'))}"
                )


@rule("kognitos.life-cycle.goes-on-when-resumed")
def test_a_prepared_resumed_run_comes_to_its_end(target: Target) -> None:
    """A run whose person has answered reaches a final status."""
    with target.open() as client:
        run = await_final_status(client, _run(client, "resumed_run", "wait-for-person", "resume-run"))
        assert is_final(run), "a resumed run must reach a final status"


def _assert_status(target: Target, name: str, event: str, status: str) -> None:
    with target.open() as client:
        run = _run(client, name, event)
        for shown in (run, listed_run(client, run)):
            assert (got := shown["status"]) == status, f"the `{name}` must be {status}, not {show(got)}"


def _run(client: Client, name: str, *events: str) -> Json:
    """The prepared run, or a new one after these events."""

    def prepare() -> str:
        made: str = start_run(client)["id"]
        for event in events:
            client.event(event, run_id=made)
            if "fresh" in client.world.capabilities:
                client.advance(AN_HOUR_OR_MORE)
        return made

    id = prepared(client, name, prepare)
    shown = read_prepared(client, name, "getRun", {"run_id": id})
    with client.depending_on("kognitos.runs.by-id"):
        assert (got := shown["id"]) == id, f"a run must be read by its own id; {id} returns {show(got)}"
    return shown
