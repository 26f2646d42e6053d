"""Kognitos' runs over time: statuses, events in the app, and what stays constant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, run_state_machine_as_test
from hypothesis.stateful import rule as step

from understudy_checks.client import Client
from understudy_checks.kognitos.driver import (
    ACTIVE_STATUSES,
    CONSTANT_MEMBERS,
    FINAL_STATUSES,
    Json,
    await_final_status,
    is_final,
    listed_run,
    read_run,
    run_history,
    runs,
    sample_run_bodies,
    shows_no_outputs,
    start_run,
    valid_run_body,
)
from understudy_checks.rules import rule
from understudy_checks.target.target import Target
from understudy_checks.wording import show

MOMENTS = st.sampled_from((0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0))
ENDS = {"cancel-run": "Cancelled", "fail-run": "Failed", "time-out-run": "TimedOut"}
RANKS = {status: rank for rank, status in enumerate((*ACTIVE_STATUSES, "final"))}


@rule("kognitos.life-cycle.statuses", needs=("write",))
def test_a_run_has_a_documented_status(target: Target) -> None:
    """A run that waits for nobody always has one of the seven documented statuses."""
    with target.open() as client:
        for seen in _histories(client):
            assert {run["status"] for run in seen} <= {*ACTIVE_STATUSES, *FINAL_STATUSES}, (
                f"a run must have a documented status; it had {show([run['status'] for run in seen])}"
            )


@rule("kognitos.life-cycle.never-backwards", needs=("write",))
def test_a_run_never_goes_back(target: Target) -> None:
    """The status of a run never goes back to an earlier one."""
    with target.open() as client:
        for seen in _histories(client):
            ranks = [_rank(run) for run in seen]
            assert ranks == sorted(ranks), (
                f"the status of a run must never go back, but it was {show([run['status'] for run in seen])}"
            )


@rule("kognitos.life-cycle.final", needs=("write",))
def test_a_run_that_is_over_stays_so(target: Target) -> None:
    """A run with a final status keeps its status and outputs."""
    with target.open() as client:
        for seen in _histories(client):
            over = [run for run in seen if is_final(run)]
            if over:
                client.advance(3600 if "fresh" in client.world.capabilities else 5)
                last = read_run(client, over[0]["id"])
                for run in (*over, last):
                    assert (got := (run["status"], run.get("outputs"))) == (
                        over[0]["status"],
                        over[0].get("outputs"),
                    ), f"status and outputs of a run must not change after its end; they are now {show(got)}"


@rule("kognitos.life-cycle.goes-on-by-itself", needs=("write",))
def test_a_run_comes_to_its_end(target: Target) -> None:
    """A run that nobody touches reaches a final status."""
    with target.open() as client:
        assert is_final(await_final_status(client, start_run(client))), "a run must reach a final status by itself"


@rule("kognitos.life-cycle.outputs-follow-success", needs=("write",))
def test_only_a_success_has_outputs(target: Target) -> None:
    """A run shows outputs only if it has succeeded, by its id and in the list."""
    with target.open() as client:
        for seen in _histories(client):
            for run in seen:
                assert run["status"] == "Succeeded" or shows_no_outputs(run), (
                    f"a run that has not succeeded must show no outputs: {show(run)}"
                )
        for body in sample_run_bodies(client):
            for run in runs(client, {"id": body["process_id"], "agent_id": body["agent_id"]}):
                assert run["status"] == "Succeeded" or shows_no_outputs(run), (
                    f"a run that has not succeeded must show no outputs: {show(run)}"
                )


@rule("kognitos.life-cycle.outputs-follow-success", needs=("write", "events"))
@given(moment=MOMENTS, event=st.sampled_from(sorted(ENDS)))
@example(moment=4.0, event="cancel-run")
@example(moment=6.0, event="fail-run")
def test_a_run_that_was_ended_has_no_outputs(target: Target, moment: float, event: str) -> None:
    """A run that is cancelled, fails or times out shows no outputs, then and later."""
    with target.open() as client:
        for body in sample_run_bodies(client)[:3]:
            made = start_run(client, body)
            client.advance(moment)
            if not is_final(read_run(client, made["id"])):
                client.event(event, run_id=made["id"])
                for _ in range(2):
                    assert shows_no_outputs(read_run(client, made["id"])), f"a run must show no outputs after {event}"
                    client.advance(100)


@rule("kognitos.life-cycle.identity-stays", needs=("write",))
def test_a_run_stays_what_it_is(target: Target) -> None:
    """Ids, name, time, stage and files of a run never change."""
    with target.open() as client:
        for seen in _histories(client):
            for run in seen:
                assert (got := {name: run.get(name) for name in CONSTANT_MEMBERS}) == {
                    name: seen[0].get(name) for name in CONSTANT_MEMBERS
                }, f"ids, name, time, stage and files of a run must not change; they are now {show(got)}"


@rule("kognitos.life-cycle.list-and-single-agree", needs=("write",))
def test_the_list_follows_the_run(target: Target) -> None:
    """The list shows status and outputs of a run as they are by its id, at any time."""
    with target.open() as client:
        made = start_run(client)
        for _ in range(24):
            before, listed, after = read_run(client, made["id"]), listed_run(client, made), read_run(client, made["id"])
            shown = (listed["status"], listed.get("outputs"))
            assert shown in [(run["status"], run.get("outputs")) for run in (before, after)], (
                f"status and outputs must be the same in the list and by id; the list shows {show(shown)}"
            )
            client.advance(0.5)


@rule("kognitos.life-cycle.cancelled", needs=("write", "events"))
@given(moment=MOMENTS)
@example(moment=0.0)
@example(moment=1.5)
@example(moment=4.0)
def test_a_run_is_cancelled(target: Target, moment: float) -> None:
    """A cancelled run has the status Cancelled from then on, by its id and in the list."""
    _assert_ends(target, "cancel-run", moment)


@rule("kognitos.life-cycle.failed", needs=("write", "events"))
@given(moment=MOMENTS)
@example(moment=0.0)
@example(moment=4.0)
def test_a_run_fails(target: Target, moment: float) -> None:
    """A failed run has the status Failed from then on, by its id and in the list."""
    _assert_ends(target, "fail-run", moment)


@rule("kognitos.life-cycle.timed-out", needs=("write", "events"))
@given(moment=MOMENTS)
@example(moment=0.0)
@example(moment=4.0)
def test_a_run_times_out(target: Target, moment: float) -> None:
    """A timed-out run has the status TimedOut from then on, by its id and in the list."""
    _assert_ends(target, "time-out-run", moment)


@rule("kognitos.life-cycle.waits-for-a-person", needs=("write", "events"))
@given(moment=MOMENTS, hours=st.integers(0, 100))
@example(moment=0.0, hours=1)
@example(moment=4.0, hours=1)
def test_a_waiting_run_is_not_over(target: Target, moment: float, hours: int) -> None:
    """A run that waits for a person has no final status and no outputs, however long it waits."""
    with target.open() as client:
        made = start_run(client)
        client.advance(moment)
        client.event("wait-for-person", run_id=made["id"])
        for seconds in (0, 10, hours * 3600):
            client.advance(seconds)
            for run in (read_run(client, made["id"]), listed_run(client, made)):
                assert run["status"] not in FINAL_STATUSES, (
                    f"a run that waits for a person must not have a final status, but it is {show(run['status'])}"
                )
                with client.about("kognitos.life-cycle.outputs-follow-success"):
                    assert shows_no_outputs(run), (
                        f"a run that waits for a person must show no outputs, not {show(run.get('outputs'))}"
                    )


@rule("kognitos.life-cycle.goes-on-when-resumed", needs=("write", "events"))
@given(moment=MOMENTS, waited=st.sampled_from((0, 1, 60, 100_000)))
@example(moment=0.0, waited=60)
@example(moment=4.0, waited=60)
def test_a_resumed_run_comes_to_its_end(target: Target, moment: float, waited: int) -> None:
    """A run that is resumed reaches the same final status as a run that never waited."""
    with target.open() as client:
        body = valid_run_body(client)
        made, other = start_run(client, body), start_run(client, body)
        client.advance(moment)
        client.event("wait-for-person", run_id=made["id"])
        client.advance(waited)
        client.event("resume-run", run_id=made["id"])
        assert is_final(await_final_status(client, made)), "a resumed run must reach a final status"
        assert is_final(await_final_status(client, other)), "a run that never waited must reach a final status"


@dataclass(slots=True)
class Run:
    """The model of a run: its last reading, and whether it was ended or waits."""

    shown: Json
    end: str | None = None
    waits: bool = False
    waited: bool = False


class LifeCycle(RuleBasedStateMachine):
    """Starts runs, lets time pass and sends events; compares each run with its last reading."""

    def __init__(self, target: Target) -> None:
        super().__init__()
        self.client: Client = target.open()
        self.bodies: list[dict[str, Json]] = []
        self.runs: list[Run] = []

    @initialize()
    def find_processes(self) -> None:
        """Choose some processes."""
        self.bodies = sample_run_bodies(self.client)[:4]

    @step(number=st.integers(0, 3), name=st.sampled_from(("A", "0", "Same name")))
    def start_a_run(self, number: int, name: str) -> None:
        """Start a run; it has the status Created and its name."""
        made = start_run(self.client, self.bodies[number % len(self.bodies)], name=name)
        assert (got := (made["status"], made["name"])) == ("Created", name), (
            f"status and name of a new run must be Created and {show(name)}, not {show(got)}"
        )
        self.runs.append(Run(made))

    @step(seconds=st.sampled_from((0.5, 1.0, 2.5, 10.0)))
    def let_time_pass(self, seconds: float) -> None:
        """Advance the clock."""
        self.client.advance(seconds)

    @precondition(lambda self: self.runs)
    @step(number=st.integers(0, 1000), event=st.sampled_from(sorted(ENDS)))
    def end_a_run(self, number: int, event: str) -> None:
        """End a run that has no final status."""
        run = self._open(number)
        if run is not None:
            self.client.event(event, run_id=run.shown["id"])
            run.end, run.waits = ENDS[event], False

    @precondition(lambda self: self.runs)
    @step(number=st.integers(0, 1000))
    def let_a_run_wait(self, number: int) -> None:
        """Let a run wait for a person, or resume it if it waits."""
        run = self._open(number)
        if run is not None and not run.waits:
            self.client.event("wait-for-person", run_id=run.shown["id"])
            run.waits = run.waited = True
        elif run is not None:
            self.client.event("resume-run", run_id=run.shown["id"])
            run.waits = False

    @invariant()
    def runs_only_go_on(self) -> None:
        """The newest runs never go back, have no final status while they wait, and keep the one that ended them."""
        for run in self.runs[-5:]:
            seen: Any = read_run(self.client, run.shown["id"])
            assert (got := {name: seen.get(name) for name in CONSTANT_MEMBERS}) == {
                name: run.shown.get(name) for name in CONSTANT_MEMBERS
            }, f"ids, name, time, stage and files of a run must not change; they are now {show(got)}"
            assert seen["status"] == "Succeeded" or shows_no_outputs(seen), (
                f"a run that is {seen['status']} must show no outputs, not {show(seen.get('outputs'))}"
            )
            assert run.waits <= (not is_final(seen)), f"a run that waits for a person must not be {seen['status']}"
            if run.end is not None:
                assert seen["status"] == run.end, (
                    f"a run that was ended as {show(run.end)} must stay so, but it is {show(seen['status'])}"
                )
            elif is_final(run.shown):
                assert seen == run.shown, f"a run must not change after its end; it is now {show(seen)}"
            elif not run.waited:
                assert _rank(seen) >= _rank(run.shown), (
                    f"the status of a run must not go back from {run.shown['status']} to {seen['status']}"
                )
            run.shown = seen

    def teardown(self) -> None:
        """Close the world."""
        self.client.world.close()

    def _open(self, number: int) -> Run | None:
        """Return the run of a number, or None if its status is final."""
        run = self.runs[number % len(self.runs)]
        run.shown = read_run(self.client, run.shown["id"])
        return None if is_final(run.shown) else run


@rule(
    "kognitos.life-cycle.never-backwards",
    "kognitos.life-cycle.final",
    "kognitos.life-cycle.identity-stays",
    "kognitos.life-cycle.waits-for-a-person",
    needs=("write", "events", "fresh"),
)
def test_runs_live_as_documented(target: Target) -> None:
    """Runs obey the documented life cycle after any sequence of events."""
    machine: Any = lambda: LifeCycle(target)  # noqa: E731 - hypothesis wants something that makes machines
    run_state_machine_as_test(machine, settings=settings.default)


def _histories(client: Client) -> list[list[Json]]:
    """Yield the readings of runs of several processes, from the start until after the end.

    Skips runs, other than the first, that do not end in time: they may wait for a person.
    """
    first, *others = [run_history(client, start_run(client, body)) for body in sample_run_bodies(client)]
    return [first, *(seen for seen in others if is_final(seen[-1]))]


def _rank(run: Json) -> int:
    return RANKS["final"] if is_final(run) else RANKS.get(run["status"], -1)


def _assert_ends(target: Target, event: str, moment: float) -> None:
    """Assert that an event ends a run with its final status, some time after the start."""
    with target.open() as client:
        made = start_run(client)
        client.advance(moment)
        client.event(event, run_id=made["id"])
        for seconds in (0, 1, 10, 10_000):
            client.advance(seconds)
            for run in (read_run(client, made["id"]), listed_run(client, made)):
                assert run["status"] == ENDS[event], (
                    f"a run must be {show(ENDS[event])} {seconds} seconds after {event}, not {run['status']}"
                )
