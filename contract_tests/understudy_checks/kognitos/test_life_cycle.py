"""Kognitos' runs as time goes by: where they come to, what people do to them, what stays the same."""

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
from understudy_checks.target.targets import Target

MOMENTS = st.sampled_from((0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0))
ENDS = {"cancel-run": "Cancelled", "fail-run": "Failed", "time-out-run": "TimedOut"}
RANKS = {status: rank for rank, status in enumerate((*ACTIVE_STATUSES, "final"))}


@rule("kognitos.life-cycle.statuses", needs=("write",))
def test_a_run_has_a_documented_status(target: Target) -> None:
    """A run that waits for nobody has one of the seven statuses, all the time."""
    with target.open() as client:
        for seen in _histories(client):
            assert {run["status"] for run in seen} <= {*ACTIVE_STATUSES, *FINAL_STATUSES}, (
                f"a run must have a documented status; it had {[run['status'] for run in seen]}"
            )


@rule("kognitos.life-cycle.never-backwards", needs=("write",))
def test_a_run_never_goes_back(target: Target) -> None:
    """A run goes on from status to status, and never back."""
    with target.open() as client:
        for seen in _histories(client):
            ranks = [_rank(run) for run in seen]
            assert ranks == sorted(ranks), [run["status"] for run in seen]


@rule("kognitos.life-cycle.final", needs=("write",))
def test_a_run_that_is_over_stays_so(target: Target) -> None:
    """A run that is over has the same status and outputs however much later it is read."""
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
                    ), f"status and outputs of a run must not change after its end; they are now {got!r:.200}"


@rule("kognitos.life-cycle.goes-on-by-itself", needs=("write",))
def test_a_run_comes_to_its_end(target: Target) -> None:
    """A run that nobody touches comes to a final status."""
    with target.open() as client:
        assert is_final(await_final_status(client, start_run(client))), "a run must reach a final status by itself"


@rule("kognitos.life-cycle.outputs-follow-success", needs=("write",))
def test_only_a_success_has_outputs(target: Target) -> None:
    """A run shows no outputs unless it has succeeded, in the list and by its id."""
    with target.open() as client:
        for seen in _histories(client):
            for run in seen:
                assert run["status"] == "Succeeded" or shows_no_outputs(run), run
        for body in sample_run_bodies(client):
            for run in runs(client, {"id": body["process_id"], "agent_id": body["agent_id"]}):
                assert run["status"] == "Succeeded" or shows_no_outputs(run), run


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
    """A run's ids, name, time, stage and files are the same at every time."""
    with target.open() as client:
        for seen in _histories(client):
            for run in seen:
                assert (got := {name: run.get(name) for name in CONSTANT_MEMBERS}) == {
                    name: seen[0].get(name) for name in CONSTANT_MEMBERS
                }, f"ids, name, time, stage and files of a run must not change; they are now {got!r:.200}"


@rule("kognitos.life-cycle.list-and-single-agree", needs=("write",))
def test_the_list_follows_the_run(target: Target) -> None:
    """At every moment the list shows a run as reading it by its id does."""
    with target.open() as client:
        made = start_run(client)
        for _ in range(24):
            before, listed, after = read_run(client, made["id"]), listed_run(client, made), read_run(client, made["id"])
            shown = (listed["status"], listed.get("outputs"))
            assert shown in [(run["status"], run.get("outputs")) for run in (before, after)], (
                f"status and outputs must be the same in the list and by id; the list shows {shown!r:.200}"
            )
            client.advance(0.5)


@rule("kognitos.life-cycle.cancelled", needs=("write", "events"))
@given(moment=MOMENTS)
@example(moment=0.0)
@example(moment=1.5)
@example(moment=4.0)
def test_a_run_is_cancelled(target: Target, moment: float) -> None:
    """A run that a person cancels is Cancelled from then on, in the list too."""
    _assert_ends(target, "cancel-run", moment)


@rule("kognitos.life-cycle.failed", needs=("write", "events"))
@given(moment=MOMENTS)
@example(moment=0.0)
@example(moment=4.0)
def test_a_run_fails(target: Target, moment: float) -> None:
    """A run that hits an error is Failed from then on, in the list too."""
    _assert_ends(target, "fail-run", moment)


@rule("kognitos.life-cycle.timed-out", needs=("write", "events"))
@given(moment=MOMENTS)
@example(moment=0.0)
@example(moment=4.0)
def test_a_run_times_out(target: Target, moment: float) -> None:
    """A run that takes too long is TimedOut from then on, in the list too."""
    _assert_ends(target, "time-out-run", moment)


@rule("kognitos.life-cycle.waits-for-a-person", needs=("write", "events"))
@given(moment=MOMENTS, hours=st.integers(0, 100))
@example(moment=0.0, hours=1)
@example(moment=4.0, hours=1)
def test_a_waiting_run_is_not_over(target: Target, moment: float, hours: int) -> None:
    """A run that waits for a person is not over, however long that takes, and shows no outputs."""
    with target.open() as client:
        made = start_run(client)
        client.advance(moment)
        client.event("wait-for-person", run_id=made["id"])
        for seconds in (0, 10, hours * 3600):
            client.advance(seconds)
            for run in (read_run(client, made["id"]), listed_run(client, made)):
                assert run["status"] not in FINAL_STATUSES, (
                    f"a run that waits for a person must not have a final status, but it is {run['status']!r:.200}"
                )
                assert shows_no_outputs(run), (
                    f"a run that waits for a person must show no outputs, not {run.get('outputs')!r:.200}"
                )


@rule("kognitos.life-cycle.goes-on-when-resumed", needs=("write", "events"))
@given(moment=MOMENTS, waited=st.sampled_from((0, 1, 60, 100_000)))
@example(moment=0.0, waited=60)
@example(moment=4.0, waited=60)
def test_a_resumed_run_comes_to_its_end(target: Target, moment: float, waited: int) -> None:
    """A run that waited comes to a final status once a person has answered, the one that it would have come to."""
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
    """What is known of one run that the machine started: how it was last seen, and what was done to it."""

    shown: Json
    end: str | None = None
    waits: bool = False
    waited: bool = False


class LifeCycle(RuleBasedStateMachine):
    """Starts runs, lets time pass, and does what people do; runs must only ever go on."""

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
        """A run starts as Created, under its name."""
        made = start_run(self.client, self.bodies[number % len(self.bodies)], name=name)
        assert (got := (made["status"], made["name"])) == ("Created", name), (
            f"status and name of a new run must be Created and {name!r}, not {got!r:.200}"
        )
        self.runs.append(Run(made))

    @step(seconds=st.sampled_from((0.5, 1.0, 2.5, 10.0)))
    def let_time_pass(self, seconds: float) -> None:
        """Time passes."""
        self.client.advance(seconds)

    @precondition(lambda self: self.runs)
    @step(number=st.integers(0, 1000), event=st.sampled_from(sorted(ENDS)))
    def end_a_run(self, number: int, event: str) -> None:
        """A run that is not over is ended, and stays as it was ended."""
        run = self._open(number)
        if run is not None:
            self.client.event(event, run_id=run.shown["id"])
            run.end, run.waits = ENDS[event], False

    @precondition(lambda self: self.runs)
    @step(number=st.integers(0, 1000))
    def let_a_run_wait(self, number: int) -> None:
        """A run that is not over waits for a person, or goes on when it did."""
        run = self._open(number)
        if run is not None and not run.waits:
            self.client.event("wait-for-person", run_id=run.shown["id"])
            run.waits = run.waited = True
        elif run is not None:
            self.client.event("resume-run", run_id=run.shown["id"])
            run.waits = False

    @invariant()
    def runs_only_go_on(self) -> None:
        """The newest runs have not gone back, are not over while they wait, and are ended as they were."""
        for run in self.runs[-5:]:
            seen: Any = read_run(self.client, run.shown["id"])
            assert (got := {name: seen.get(name) for name in CONSTANT_MEMBERS}) == {
                name: run.shown.get(name) for name in CONSTANT_MEMBERS
            }, f"ids, name, time, stage and files of a run must not change; they are now {got!r:.200}"
            assert seen["status"] == "Succeeded" or shows_no_outputs(seen), (
                f"a run that is {seen['status']} must show no outputs, not {seen.get('outputs')!r:.200}"
            )
            assert run.waits <= (not is_final(seen)), f"{seen['status']} while a person is waited for"
            if run.end is not None:
                assert seen["status"] == run.end, (
                    f"a run that was ended as {run.end} must stay so, but it is {seen['status']!r:.200}"
                )
            elif is_final(run.shown):
                assert seen == run.shown, f"a run must not change after its end; it is now {seen!r:.200}"
            elif not run.waited:
                assert _rank(seen) >= _rank(run.shown), f"{run.shown['status']}, then {seen['status']}"
            run.shown = seen

    def teardown(self) -> None:
        """Give the world back."""
        self.client.world.close()

    def _open(self, number: int) -> Run | None:
        """The run of a number, unless it is over."""
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
    """Whatever is done to runs in whatever order, they show what the documentation says."""
    machine: Any = lambda: LifeCycle(target)  # noqa: E731 - hypothesis wants something that makes machines
    run_state_machine_as_test(machine, settings=settings.default)


def _histories(client: Client) -> list[list[Json]]:
    """What is seen of runs of some processes, from the start until after the end.

    Runs beside the first that do not end in that time are left out: they may wait for a person.
    """
    first, *others = [run_history(client, start_run(client, body)) for body in sample_run_bodies(client)]
    return [first, *(seen for seen in others if is_final(seen[-1]))]


def _rank(run: Json) -> int:
    return RANKS["final"] if is_final(run) else RANKS.get(run["status"], -1)


def _assert_ends(target: Target, event: str, moment: float) -> None:
    """Assert that an event, some time after the start, ends a run as it should, for good."""
    with target.open() as client:
        made = start_run(client)
        client.advance(moment)
        client.event(event, run_id=made["id"])
        for seconds in (0, 1, 10, 10_000):
            client.advance(seconds)
            for run in (read_run(client, made["id"]), listed_run(client, made)):
                assert run["status"] == ENDS[event], f"{run['status']} {seconds} seconds later"
